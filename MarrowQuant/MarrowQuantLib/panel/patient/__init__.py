"""The panel of MarrowQuant: one class a step of the reading."""
