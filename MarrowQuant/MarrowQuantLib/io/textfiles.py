"""Text of spreadsheets: read in whichever encoding, and written so that no cell is run as a formula."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Optional

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"


def decoded(raw: bytes, encodings: Sequence[str]) -> Optional[str]:
    """The text in the first encoding that fits; None if none does, or if it is no text (it holds a zero character)."""
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None


def starts_formula(text: str) -> bool:
    """True if a spreadsheet could run the text; signs of full width count, spaces before them do not (our choice beyond OWASP's list)."""
    return unicodedata.normalize("NFKC", text).lstrip(" ").startswith(_FORMULA_STARTS)


def without_formula(text: str) -> str:
    """The text, preceded by an apostrophe where a spreadsheet could run it (the defence that OWASP recommends)."""
    return "'" + text if starts_formula(text) else text
