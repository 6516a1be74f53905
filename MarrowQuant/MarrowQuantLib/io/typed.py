"""Numbers as people type them: with a decimal comma, or with the full-width digits of a Japanese keyboard."""

from __future__ import annotations

import re
import unicodedata
from typing import Optional

_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_LIKE_ASCII = str.maketrans({"−": "-", "。": ".", "｡": "."})


class Ambiguous(ValueError):
    """The text is one number for some readers and another for others."""


def plain_text(text: str) -> str:
    """Full-width characters as ASCII ones (Unicode's NFKC, UAX #15), and the minus sign and the ideographic full stop as "-" and "."."""
    return unicodedata.normalize("NFKC", text).translate(_LIKE_ASCII).strip()


def typed_number(text: str, *, thousands: bool = False) -> Optional[float]:
    """The number that was typed; None if it is none.

    Parameters
    ----------
    text : str
        "0.5", "0,5", "０．５", "-3" …; no exponent, no group separators.
    thousands : bool
        True where numbers of 1000 and more are possible: "1,400" is then 1.4 for some and 1400 for others.

    Raises
    ------
    Ambiguous
        For such a text.
    """
    plain = plain_text(text)
    if not _NUMBER.fullmatch(plain):
        return None
    if thousands and _GROUPED.fullmatch(plain):
        raise Ambiguous(text)
    return float(plain.replace(",", "."))
