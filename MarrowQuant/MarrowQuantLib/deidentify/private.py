"""Private elements that measurement needs and that hold no identity: b-values, gradient directions, scale slopes, image kinds.

These are the private elements that ``dicom/elements.py`` reads, and no other. Creators and meanings are those of the vendors' conformance
statements and of the free converters named there. DICOM PS3.15 E.3.10 has a table of elements that are safe (Table E.3.10-1) and lets an
implementation retain others that it knows to be safe. Every value is looked at: numbers must be numbers, words must be known, and what is
neither is removed.
"""

from __future__ import annotations

import re
import struct
from typing import Any, NamedTuple

from ..dicom.csa import csa_numbers
from .vocabulary import clean_code_string

NUMBERS, WORDS, SEQUENCE, CSA = "numbers", "words", "sequence", "csa"


class Safe(NamedTuple):
    """What a safe element holds. ``formats`` are the binary forms that its bytes may have where the type was lost (VR UN or OB)."""

    kind: str
    meaning: str
    formats: str = ""


SAFE = {
    ("SIEMENS MR HEADER", 0x0019, 0x0A): Safe(NUMBERS, "number of images in mosaic", "H"),
    ("SIEMENS MR HEADER", 0x0019, 0x0C): Safe(NUMBERS, "b-value"),
    ("SIEMENS MR HEADER", 0x0019, 0x0D): Safe(WORDS, "diffusion directionality"),
    ("SIEMENS MR HEADER", 0x0019, 0x0E): Safe(NUMBERS, "diffusion gradient direction", "d"),
    ("SIEMENS MR HEADER", 0x0019, 0x27): Safe(NUMBERS, "b-matrix", "d"),
    ("SIEMENS MR SDI 02", 0x0021, 0x77): Safe(WORDS, "sequence name of the frame"),
    ("SIEMENS CSA HEADER", 0x0029, 0x10): Safe(CSA, "image header; only its numbers that measurement needs"),
    ("GEMS_ACQU_01", 0x0019, 0xBB): Safe(NUMBERS, "diffusion gradient direction x"),
    ("GEMS_ACQU_01", 0x0019, 0xBC): Safe(NUMBERS, "diffusion gradient direction y"),
    ("GEMS_ACQU_01", 0x0019, 0xBD): Safe(NUMBERS, "diffusion gradient direction z"),
    ("GEMS_PARM_01", 0x0043, 0x2F): Safe(NUMBERS, "complex component", "h"),
    ("GEMS_PARM_01", 0x0043, 0x39): Safe(NUMBERS, "b-value and flags"),
    ("Philips Imaging DD 001", 0x2001, 0x03): Safe(NUMBERS, "b-value", "f"),
    ("Philips Imaging DD 001", 0x2001, 0x04): Safe(WORDS, "diffusion direction"),
    ("Philips MR Imaging DD 001", 0x2005, 0x0D): Safe(NUMBERS, "scale intercept", "f"),
    ("Philips MR Imaging DD 001", 0x2005, 0x0E): Safe(NUMBERS, "scale slope", "f"),
    ("Philips MR Imaging DD 001", 0x2005, 0x11): Safe(WORDS, "image type"),
    ("Philips MR Imaging DD 001", 0x2005, 0xB0): Safe(NUMBERS, "diffusion gradient direction, right to left", "f"),
    ("Philips MR Imaging DD 001", 0x2005, 0xB1): Safe(NUMBERS, "diffusion gradient direction, anterior to posterior", "f"),
    ("Philips MR Imaging DD 001", 0x2005, 0xB2): Safe(NUMBERS, "diffusion gradient direction, feet to head", "f"),
    ("Philips MR Imaging DD 005", 0x2005, 0x0F): Safe(SEQUENCE, "private elements of a frame, inside enhanced objects"),
    ("Image Private Header", 0x0065, 0x09): Safe(NUMBERS, "b-value as applied", "d"),
    ("Image Private Header", 0x0065, 0x0A): Safe(NUMBERS, "b-value as prescribed", "d"),
    ("Image Private Header", 0x0065, 0x37): Safe(NUMBERS, "diffusion gradient direction", "d"),
    ("Image Private Header", 0x0065, 0x50): Safe(NUMBERS, "number of slices in a grid of tiles", "d"),
    ("Image Private Header", 0x0065, 0x51): Safe(SEQUENCE, "positions of the tiles"),
}
CSA_NUMBERS = ("B_value", "DiffusionGradientDirection", "NumberOfImagesInMosaic", "SliceNormalVector", "B_matrix")

_ONE_NUMBER = rb"[\s\0]*[-+]?[0-9.]{1,16}(e[-+]?[0-9]{1,3})?[\s\0]*"
_NUMBER_TEXT = re.compile(_ONE_NUMBER + rb"(\\" + _ONE_NUMBER + rb")*", re.IGNORECASE)
_LETTERS = re.compile(rb"[A-Za-z0-9 ^=,.\-]+")
LARGEST = 1e12  # our choice; GE's first b-value number is about 1e9, and text read as a number is far larger or far smaller
SMALLEST = 1e-30


def is_safe_value(safe: Safe, value: Any) -> bool:
    """True if the value of a safe element is what it should be, in whatever form it came."""
    if value is None or value in ("", b""):
        return True
    if safe.kind == NUMBERS:
        return _is_number_bytes(value, safe.formats) if isinstance(value, bytes) else all(map(_is_number, _parts(value)))
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace").strip(" \0").split("\\")
    return safe.kind == WORDS and all(clean_code_string(str(part).upper()) == str(part).upper() for part in _parts(value))


def _parts(value: Any) -> list[Any]:
    return [value] if isinstance(value, (str, int, float)) else list(value)


def _is_number(value: Any) -> bool:
    try:
        size = abs(float(value))
    except (TypeError, ValueError):
        return False
    return size == 0 or SMALLEST < size < LARGEST


def _is_number_bytes(value: bytes, formats: str) -> bool:
    """Numbers as text, or as the binary form that the element has; letters that happen to fill such a form are none."""
    if _NUMBER_TEXT.fullmatch(value):
        return True
    if not formats or _LETTERS.fullmatch(value) or len(value) % struct.calcsize(formats):
        return False
    return all(_is_number(number) for (number,) in struct.iter_unpack("<" + formats, value))


def clean_csa(header: Any) -> bytes:
    """A Siemens CSA header with nothing but the numbers that measurement needs, in the same layout (see ``dicom/csa.py``)."""
    entries = [(name, csa_numbers(header, name)) for name in CSA_NUMBERS]
    entries = [(name, numbers) for name, numbers in entries if numbers]
    if not entries:
        return b""
    tags = b"".join(_csa_tag(name, numbers) for name, numbers in entries)
    return b"SV10" + b"\4\3\2\1" + struct.pack("<II", len(entries), 77) + tags


def _csa_tag(name: str, numbers: tuple[float, ...]) -> bytes:
    """One entry: name, multiplicity, type, syngo type, number of items, 77; then the items, each padded to four bytes."""
    head = struct.pack("<64si4siii", name.encode(), len(numbers), b"FD\0\0", 4, len(numbers), 77)
    items = b""
    for number in numbers:
        text = repr(number).encode() + b"\0"
        items += struct.pack("<iiii", len(text), len(text), 77, len(text)) + text + b"\0" * (-len(text) % 4)
    return head + items
