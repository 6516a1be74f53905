"""Names of the vertebral levels and their order along the column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Optional

from ..model import MarrowQuantError, VertebraROI

LEVELS: tuple[str, ...] = (
    *(f"C{n}" for n in range(1, 8)),
    *(f"T{n}" for n in range(1, 13)),
    *(f"L{n}" for n in range(1, 6)),
    "S1",
)
"""From cranial to caudal. Transitional vertebrae (T13, L6) have no name of their own: the reader anchors them by relabelling."""

# Th and D are the usual European letters, LWK and its kin the German ones; a trailing "-1" is the number Slicer appends to a point's label.
_LETTERS = {"C": "C", "HWK": "C", "T": "T", "TH": "T", "D": "T", "BWK": "T", "L": "L", "LWK": "L", "S": "S", "SWK": "S"}
_REGIONS = {"cervical": "C", "thoracic": "T", "lumbar": "L", "sacral": "S"}
_SHORT = re.compile(r"([a-z]{1,3})\s*(\d{1,2})", re.IGNORECASE)
_LONG = re.compile(r"(cervical|thoracic|lumbar|sacral)\s+(?:vertebra\s+)?(\d{1,2})", re.IGNORECASE)
_DECORATION = re.compile(r"\bvertebral body\b|\bvertebrae?\b|\bbody\b|\bcorpus\b|\bvb\b|\broi\b|-\d+$", re.IGNORECASE)


def parse_level(label: str) -> Optional[str]:
    """Level that a label names, e.g. "L1" for "l1", "L1 vertebra", "vertebrae_L1", "LWK 1", "lumbar 1" or "L1-1"; None if it names none.

    Parameters
    ----------
    label : str
        What a reader typed, what Slicer made of a node's name, or a tool's name of a label (AAPM TG-263 writes VB_L1).
    """
    text = " ".join(_DECORATION.sub(" ", label.replace("_", " ").strip()).split())
    long = _LONG.fullmatch(text)
    short = _SHORT.fullmatch(text)
    if long:
        level = _REGIONS[long.group(1).lower()] + str(int(long.group(2)))
    elif short:
        level = _LETTERS.get(short.group(1).upper(), "?") + str(int(short.group(2)))
    else:
        return None
    return level if level in LEVELS else None


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
    moved = []
    for roi in rois:
        index = level_index(roi.level) + steps
        if not 0 <= index < len(LEVELS):
            raise MarrowQuantError(
                "{level} cannot move {steps} level(s) {which}: the column ends there.",
                level=roi.level, steps=abs(steps), which="down" if steps > 0 else "up",
            )
        moved.append(replace(roi, level=LEVELS[index]))
    return moved
