"""Names of the vertebral levels and their order along the column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Optional

from ..model import MarrowQuantError, VertebraROI
from .places import PLACES, parse_place

LEVELS: tuple[str, ...] = (
    *(f"C{n}" for n in range(1, 8)),
    *(f"T{n}" for n in range(1, 13)),
    *(f"L{n}" for n in range(1, 6)),
    "S1",
)
"""From cranial to caudal: what is counted, shifted and searched for."""
MORE_LEVELS = {"T13": "T12", "L6": "L5", "S2": "S1", "S3": "S2", "S4": "S3", "S5": "S4"}
"""Levels that get an ROI where a reader names them, and the one above each: extra vertebrae, and the sacrum below S1."""


def _in_order() -> tuple[str, ...]:
    order = list(LEVELS)
    for level, above in MORE_LEVELS.items():
        order.insert(order.index(above) + 1, level)
    return (*order, *PLACES)


ORDER = _in_order()
"""All that an ROI can be of, from head to foot: the levels of the column, then the places in the pelvis."""

# What begins the name of a region, lower case: Th and D are the usual European letters, HWK, BWK, LWK the German ones.
_SHORT_REGIONS = {
    **dict.fromkeys(("c", "hwk"), "C"),
    **dict.fromkeys(("t", "th", "d", "bwk"), "T"),
    **dict.fromkeys(("l", "lwk"), "L"),
    **dict.fromkeys(("s", "swk"), "S"),
}
_WORDS = {
    "C": r"cervic\w*|zervik\w*|halswirbel\w*|頸椎|頚椎|颈椎|경추",
    "T": r"thorac\w*|thorak\w*|dorsal\w*|brustwirbel\w*|胸椎|흉추",
    "L": r"lumba\w*|lomba\w*|lendenwirbel\w*|腰椎|요추",
    "S": r"sacra\w*|sakra\w*|仙椎|骶椎|천추",
}
_KANJI = "一二三四五六七八九"
_SHORT = re.compile(rf"({'|'.join(_SHORT_REGIONS)})\s*(\d{{1,2}})")
_LONG = {
    region: re.compile(rf"(?:第|제)?\s*(\d{{1,2}})?(?:st|nd|rd|th|\.)?\s*(?:{words})\s*第?\s*(\d{{1,2}})?(?:番|번)?")
    for region, words in _WORDS.items()
}
# A trailing "-1" is the number that Slicer appends to a point's label.
_DECORATION = re.compile(
    r"\bvertebral body\b|\bv[eè]rt[eè]br\w+|\bbody\b|\bcorpus\b|\bvb\b|\bwirbelkörper\b|\broi\b|椎体|椎骨|体\b|-\d+$|[.。]$"
)
_REMARK = re.compile(r"(.+?)(?:\s*[(\[{,:;–—=、「]\s*|\s+-\s+)(.*)")
_KNOWN_REMARK = re.compile(
    r"(.+?)(?:\s+((?:(?:old|new|post|fractured?|fx|compression|collapsed?|wedged?|h(?:a)?emangioma|cement|vertebroplasty|metal|hardware|screws?|"
    r"op|normal|ok|excluded?|transitional|骨折|圧迫骨折|血管腫|術後|除外)\b\s*)+)|\s*([?*!]+))"
)
_NO_BODY = re.compile(
    r"dis[ck]|endplate|pedicle|process|facet|lamina|nerve|root|foramen|canal|cord|above|below|between|椎間|終板|椎弓|突起|神経|脊柱管"
)


def parse_level(label: str) -> Optional[str]:
    """Level that a label names; None if it names none, or more than one.

    Parameters
    ----------
    label : str
        What a reader typed, what Slicer made of a node's name, or a tool's name of a label (AAPM TG-263 writes VB_L1): "l1", "L1 vertebra",
        "vertebrae_L1", "LWK 1", "lumbar 1", "1st lumbar", "L1-1", "第1腰椎", "腰椎１"; also with a remark behind it, "L1 (fracture)".
    """
    return read_label(label)[0]


def read_label(label: str) -> tuple[Optional[str], bool]:
    """The level that a label names, and whether a remark of the reader stands behind it; see :func:`parse_level`."""
    text = " ".join(unicodedata.normalize("NFKC", label).lower().replace("_", " ").split())
    level = _plain_level(text) or parse_place(text)
    if level:
        return level, False
    remark = _REMARK.fullmatch(text) or _KNOWN_REMARK.fullmatch(text)
    level = _plain_level(remark[1]) if remark else None
    if not remark or not level or _NO_BODY.search(remark[2] or ""):
        return None, False
    named = {_plain_level(word) for word in re.findall(r"[^\s,;:/()\[\]{}]+", remark[2] or "")} - {None, level}
    return (None, False) if named else (level, True)


def _plain_level(text: str) -> Optional[str]:
    """The level of a normalised text that holds nothing else."""
    text = " ".join(_DECORATION.sub(" ", _with_digits(text)).split())
    short = _SHORT.fullmatch(text)
    if short:
        return _known(_SHORT_REGIONS[short[1]], short[2])
    for region, pattern in _LONG.items():
        long = pattern.fullmatch(text)
        if long and bool(long[1]) != bool(long[2]):
            return _known(region, long[1] or long[2])
    return None


def _known(region: str, number: str) -> Optional[str]:
    level = f"{region}{int(number)}"
    return level if level in LEVELS or level in MORE_LEVELS else None


def _with_digits(text: str) -> str:
    """Numbers up to 19 that are written as characters, as figures: 十二 is 12."""
    text = re.sub(rf"十([{_KANJI}])?", lambda found: f"1{_KANJI.index(found[1]) + 1 if found[1] else 0}", text)
    return re.sub(rf"[{_KANJI}]", lambda found: str(_KANJI.index(found[0]) + 1), text)


def level_index(level: str) -> int:
    """Position of a level in :data:`LEVELS`, cranial first.

    Raises
    ------
    MarrowQuantError
        If there is no such level.
    """
    if level not in LEVELS:
        raise MarrowQuantError("\"{level}\" is not a vertebral level; use C1 to C7, T1 to T12, L1 to L5 or S1.", level=level)
    return LEVELS.index(level)


def place_index(name: str) -> int:
    """Position in :data:`ORDER` of a level or a place in the pelvis: what lists are sorted by.

    Raises
    ------
    MarrowQuantError
        If there is none of this name.
    """
    return ORDER.index(name) if name in ORDER else level_index(name)


def is_counted(name: str) -> bool:
    """True for a level of :data:`LEVELS`; False for an extra one, a lower sacral one, and a place in the pelvis."""
    return name in LEVELS


def levels_between(first: str, last: str) -> tuple[str, ...]:
    """Levels from ``first`` to ``last``, both included, from cranial to caudal.

    Raises
    ------
    MarrowQuantError
        If one is not a level, or ``last`` is not below ``first``.
    """
    start, stop = level_index(first), level_index(last)
    if stop <= start:
        raise MarrowQuantError(
            "{last} is not below {first}; give the cranial level first and a different caudal level second.",
            last=last, first=first,
        )
    return LEVELS[start : stop + 1]


def relabel(rois: Iterable[VertebraROI], steps: int) -> list[VertebraROI]:
    """The same ROIs with every level moved along the column: +1 turns L1 into L2, −1 turns L1 into T12.

    One shift for the whole column is how a reader corrects a count from the wrong anchor, e.g. at a transitional vertebra.

    Raises
    ------
    MarrowQuantError
        If a level would leave C1 … S1.
    """
    return [replace(roi, level=moved_level(roi.level, steps)) if is_counted(roi.level) else roi for roi in rois]


def moved_level(level: str, steps: int) -> str:
    """The level ``steps`` further down the column, or further up if negative.

    Raises
    ------
    MarrowQuantError
        If it would leave C1 … S1.
    """
    index = level_index(level) + steps
    if not 0 <= index < len(LEVELS):
        raise MarrowQuantError(
            "{level} cannot move {steps} level(s) {which}: the column ends there.",
            level=level, steps=abs(steps), which="down" if steps > 0 else "up",
        )
    return LEVELS[index]
