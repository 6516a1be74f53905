"""Text that spreadsheets wrote, in whichever encoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional


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
