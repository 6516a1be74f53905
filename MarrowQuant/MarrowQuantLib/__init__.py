"""MarrowQuant: quantitative bone-marrow MRI in myeloma. Research use only."""

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not a medical device; not for diagnosis or treatment decisions."


class MarrowQuantError(ValueError):
    """A sentence for the reader: what is wrong, why, and what to do. Never carries patient identity."""


class Cancelled(Exception):
    """Raised from inside a progress callback when the reader pressed Cancel."""
