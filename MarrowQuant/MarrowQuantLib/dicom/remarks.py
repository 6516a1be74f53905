"""What the header says of an image that whoever trusts a number of it should know.

Attributes of PS3.3: Lossy Image Compression (C.7.6.1.1.5), Derivation Code Sequence (C.12.4), Contrast/Bolus Agent, its Sequence and its
Volume (C.7.6.4), Burned In Annotation (C.7.6.1), Volumetric Properties (C.8.16.2), Pixel Intensity Relationship (C.8.11.3.1.2).
"""

from __future__ import annotations

import math
import re

from pydicom.sequence import Sequence

from ..model import Finding, finding
from . import elements as el
from .syntaxes import ALWAYS_LOSSY

DERIVATION_CODES, LOSSY_CODE = 0x00089215, "113040"  # PS3.16 CID 7203
SAYS_LOSSY = re.compile(r"(?<!\bnot )(?<!\bno )(?<!\bnon-)\b(?:lossy|with loss)\b", re.IGNORECASE)
NO_AGENT = frozenset(("", "NO", "NONE", "N/A", "NA", "NULL", "UNKNOWN", "WITHOUT", "NO CONTRAST", "W/O", "-", "0"))
REFORMATTED = frozenset(("MPR", "REFORMATTED", "RESAMPLED", "MPR_THICK", "CPR"))


def remarks_of(source: el.Elements, transfer_syntax: str) -> tuple[Finding, ...]:
    """The remarks on one image.

    Parameters
    ----------
    source : Elements
        Its attributes.
    transfer_syntax : str
        UID of the syntax that its file is stored in.

    Returns
    -------
    tuple of Finding
        ``recognised.…``, what was done to the image or stands in it; empty for most images.
    """
    said = {
        "contrast_agent": _names_agent(source),
        "burned_in": source.text(0x00280301).upper() == "YES",
        "distorted": source.text(0x00089206).upper() == "DISTORTED",
        "logarithm": source.text(0x00281040).upper() == "LOG",
        "reformatted": not REFORMATTED.isdisjoint(source.texts(el.IMAGE_TYPE)),
    }
    lossy = (_lossy(source),) if _is_lossy(source, transfer_syntax) else ()
    return (*lossy, *(finding(f"recognised.{what}") for what, holds in said.items() if holds))


def _names_agent(source: el.Elements) -> bool:
    """True if an agent is named, by text or by code, or a volume of it that was given."""
    named = source.text(0x00180010).strip().upper() not in NO_AGENT
    return named or bool(source.value(0x00180012)) or (source.number(0x00181041) or 0.0) > 0.0


def _is_lossy(source: el.Elements, transfer_syntax: str) -> bool:
    """True if any attribute says so: archives fill some of them only, and few programs take all of them away together."""
    items = source.value(DERIVATION_CODES)
    codes = [str(code.get("CodeValue", "")) for code in items] if isinstance(items, Sequence) else []  # a broken remark breaks no image
    return (
        source.text(0x00282110) == "01"
        or transfer_syntax in ALWAYS_LOSSY
        or math.prod(source.numbers(0x00282112)) > 1.0
        or LOSSY_CODE in codes
        or bool(SAYS_LOSSY.search(source.text(0x00082111)))
    )


def _lossy(source: el.Elements) -> Finding:
    ratios = source.numbers(0x00282112)  # one for each step of compression, the first one first
    return finding("recognised.lossy_ratio", ratio=math.prod(ratios)) if all(ratios) and ratios else finding("recognised.lossy")
