"""The study re-enacted on simulated patients: who they are, what is asked of them, and the document that holds the answers."""
