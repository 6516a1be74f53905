"""A second look at every file that was written: none of the patient's own words may stand in it.

The cleaning does not need this, because it keeps known words only. It is there in case the cleaning is wrong.
"""

from __future__ import annotations

import re

from pydicom.dataset import Dataset

from .identity import BIRTH_DATE, NUMBERS, PERSONS, PLACES, raw_text
from .marks import METHOD
from .rules import BASIC, OPTION_CODES
from .vocabulary import clean_text

MIN_LETTERS, MIN_DIGITS = 4, 8  # our choice: shorter ones occur by chance, in UIDs for instance
MIN_IN_PIXELS = 6  # our choice: in 10⁷ bytes of noise a word of six letters occurs by chance once in 10⁵ files
_OUR_WORDS = frozenset(" ".join((METHOD, *(code.meaning for code in (BASIC, *OPTION_CODES.values())))).lower().encode().split())


def words_of(dataset: Dataset) -> tuple[bytes, ...]:
    """Words of the patient, the physicians and the institution, as bytes in lower case; technical words are none."""
    tags = (*PERSONS, *NUMBERS, *PLACES, BIRTH_DATE)
    words = {part.strip(b" \0").lower() for tag in tags for part in re.split(rb"[\^= \\,;/]+", raw_text(dataset, tag))}
    return tuple(word for word in words if _is_identifying(word))


def _is_identifying(word: bytes) -> bool:
    long_enough = len(word) >= (MIN_DIGITS if word.isdigit() else MIN_LETTERS)
    return long_enough and word not in _OUR_WORDS and not clean_text(word.decode("ascii", "replace"))


def identity_left(header: bytes, words: tuple[bytes, ...]) -> bool:
    """True if one of the words stands in the bytes of a file without its pixels, in the encoding that it came in."""
    lower = header.lower()
    return any(re.search(rb"(?<![0-9a-z])" + re.escape(word) + rb"(?![0-9a-z])", lower) for word in words)


def words_in_pixels(pixels: bytes, words: tuple[bytes, ...]) -> bool:
    """True if one of the words is written into the pixels as characters: one a byte, or one a pixel of 16 or 32 bits."""
    long = [word for word in words if len(word) >= MIN_IN_PIXELS]
    if not long:
        return False
    lower = pixels.lower()
    spaced = [b"\0".join(word[n : n + 1] for n in range(len(word))) for word in long]
    wide = [b"\0\0\0".join(word[n : n + 1] for n in range(len(word))) for word in long]
    return any(form in lower for form in (*long, *spaced, *wide))
