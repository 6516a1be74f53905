"""MarrowQuant: quantitative bone-marrow MRI in myeloma. Research use only."""

__version__ = "0.1.0"
