"""Which vertebra a label number means, for the tools that write numbers without names.

==========================  ==========================================================  ================================================
name                        numbers                                                     source
==========================  ==========================================================  ================================================
TotalSegmentator            task total, version 2: 26 = S1, 27 = L5 … 50 = C1           totalsegmentator/map_to_binary.py, class_map
TotalSegmentator (MR)       task vertebrae_mr: 2 = L5 … 25 = C1                         the same file
TotalSpineSeg               11–17 = C1–C7, 21–32 = T1–T12, 41–45 = L1–L5                README "List of Classes"; tss_map.json (L6, L7)
SPINEPS, VerSe              1–24 = C1–L5, 25 = L6, 28 = T13, 26 = sacrum or S1          TPTBox, enum Vertebra_Instance
==========================  ==========================================================  ================================================

Numbers alone can mean two things (21–24: T1–T4 or L2–L5). What decides is that every number must be one that the tool writes, and that
the vertebrae must then follow each other from head to feet: the tools count in opposite directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..model import MarrowQuantError
from .levels import LEVELS

_PRESACRAL = LEVELS[:-1]


@dataclass(frozen=True)
class Numbering:
    """Label numbers of one tool: ``levels`` by number, ``others`` the numbers it gives to anything else, ``unnamed`` the extra vertebrae
    that this program has no level for."""

    name: str
    levels: Mapping[int, str]
    others: frozenset[int]
    unnamed: Mapping[int, str]


def _spine_seg_levels() -> dict[int, str]:
    start = {"C": 10, "T": 20, "L": 40}
    return {start[level[0]] + int(level[1:]): level for level in _PRESACRAL}


NUMBERINGS = (
    Numbering("TotalSegmentator", {50 - n: level for n, level in enumerate(LEVELS)}, frozenset(range(1, 118)), {}),
    Numbering("TotalSegmentator (MR)", {25 - n: level for n, level in enumerate(_PRESACRAL)}, frozenset({1}), {}),
    Numbering(
        "TotalSpineSeg",
        _spine_seg_levels(),
        frozenset({1, 2, 50, 100, *range(63, 68), *range(71, 83), *range(91, 96)}),
        {46: "L6", 47: "L7"},
    ),
    Numbering(
        "SPINEPS or VerSe",
        dict(enumerate(_PRESACRAL, start=1)),
        frozenset({26, 27, *range(29, 34), *range(101, 134), *range(201, 234)}),  # sacrum, coccyx; discs + 100, endplates + 200
        {25: "L6", 28: "T13"},
    ),
)


def find_numbering(heights: Mapping[int, float], file: str) -> Numbering:
    """The numbering that label numbers follow.

    Parameters
    ----------
    heights : mapping
        Label number to the height of its centre, RAS S in mm.
    file : str
        Name for the sentence.

    Raises
    ------
    MarrowQuantError
        If none fits, or more than one.
    """
    fitting = [numbering for numbering in NUMBERINGS if _fits(numbering, heights)]
    if len(fitting) == 1:
        return fitting[0]
    numbers = ", ".join(str(n) for n in sorted(heights)[:8]) + (" …" if len(heights) > 8 else "")
    raise MarrowQuantError(
        f"The label numbers of {file} ({numbers}) do not tell which vertebrae they mean; name them in a JSON file of the same name beside "
        'it, such as {"41": "L1", "42": "L2"}.'
    )


def _fits(numbering: Numbering, heights: Mapping[int, float]) -> bool:
    if any(n not in numbering.levels and n not in numbering.others and n not in numbering.unnamed for n in heights):
        return False
    return _go_down([heights[n] for n in _downwards(numbering, heights)])


def _downwards(numbering: Numbering, numbers: Iterable[int]) -> list[int]:
    found = [n for n in numbers if n in numbering.levels]
    return sorted(found, key=lambda n: LEVELS.index(numbering.levels[n]))


def _go_down(heights: list[float]) -> bool:
    return len(heights) >= 2 and bool(np.all(np.diff(heights) < 0))
