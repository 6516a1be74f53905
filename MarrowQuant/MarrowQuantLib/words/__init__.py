"""What a reader reads: the templates of sentences in English, and the catalogue that says them in Japanese. Nothing here knows an image."""
