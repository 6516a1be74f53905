"""Which vertebra a label number means, for the tools that write numbers without names.

==========================  ==========================================================  ================================================
name                        numbers                                                     source
==========================  ==========================================================  ================================================
TotalSegmentator            task total, version 2: 26 = S1, 27 = L5 … 50 = C1           totalsegmentator/map_to_binary.py, class_map
TotalSegmentator 1          task total, version 1: 18 = L5 … 41 = C1                    the same file, total_v1
TotalSegmentator (MR)       task vertebrae_mr: 2 = L5 … 25 = C1                         the same file
TotalSpineSeg               11–17 = C1–C7, 21–32 = T1–T12, 41–45 = L1–L5                README "List of Classes"; tss_map.json (L6, L7)
SPINEPS, VerSe              1–24 = C1–L5, 25 = L6, 28 = T13, 26 = sacrum or S1          TPTBox, enum Vertebra_Instance
==========================  ==========================================================  ================================================

Numbers alone can mean two things (21–24: T1–T4 or L2–L5; 27–31: L5–L1 or T8–T4). What decides is that every number must be one that the
tool writes, that the vertebrae must then follow each other from head to feet, and that they must not lie farther apart than the vertebrae
they would be. They may lie nearer to each other: a child's do. What still has two readings is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..model import MarrowQuantError
from .column import UNIT_SPACING
from .levels import LEVELS
from .proportions import relative_spacing

_PRESACRAL = LEVELS[:-1]
# Our choice: ten adult lumbar spines lie 0.94 to 1.05 times as far apart as expected, and 1.23 to 1.37 times as far as T4 to T8 would.
_TOO_WIDE = 1.2


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
    Numbering("TotalSegmentator 1", {41 - n: level for n, level in enumerate(_PRESACRAL)}, frozenset(range(1, 105)), {}),
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


def find_numbering(centers: Mapping[int, np.ndarray], file: str) -> Numbering:
    """The numbering that label numbers follow.

    Parameters
    ----------
    centers : mapping
        Label number to its centre, RAS in mm.
    file : str
        Name for the sentence.

    Raises
    ------
    MarrowQuantError
        If none fits, or more than one.
    """
    possible = [numbering for numbering in NUMBERINGS if _goes_down(numbering, centers)]
    fitting = [numbering for numbering in possible if _spread(numbering, centers) <= _TOO_WIDE]
    if len(fitting) == 1:
        return fitting[0]
    numbers = ", ".join(str(n) for n in sorted(centers)[:8]) + (" …" if len(centers) > 8 else "")
    too_wide = possible and not fitting
    why = "name vertebrae that do not lie as far apart as these" if too_wide else "do not tell which vertebrae they mean"
    raise MarrowQuantError(
        "The label numbers of {file} ({numbers}) {why}; name them in a JSON file of the same name beside it, such as {{\"41\": \"L1\", "
        "\"42\": \"L2\"}}.",
        file=file, numbers=numbers, why=why,
    )


def _goes_down(numbering: Numbering, centers: Mapping[int, np.ndarray]) -> bool:
    """True if every number is one of the tool's and two vertebrae or more follow each other from head to feet."""
    if any(n not in numbering.levels and n not in numbering.others and n not in numbering.unnamed for n in centers):
        return False
    heights = [centers[n][2] for n in _downwards(numbering, centers)]
    return len(heights) >= 2 and bool(np.all(np.diff(heights) < 0))


def _spread(numbering: Numbering, centers: Mapping[int, np.ndarray]) -> float:
    """How far apart the vertebrae lie, as a part of what is expected of the levels they would be."""
    found = _downwards(numbering, centers)
    first, last = (LEVELS.index(numbering.levels[n]) for n in (found[0], found[-1]))
    expected_mm = sum(relative_spacing(level) for level in LEVELS[first:last]) * 4 * UNIT_SPACING
    return float(np.linalg.norm(np.diff([centers[n] for n in found], axis=0), axis=1).sum() / expected_mm)


def _downwards(numbering: Numbering, numbers: Iterable[int]) -> list[int]:
    found = [n for n in numbers if n in numbering.levels]
    return sorted(found, key=lambda n: LEVELS.index(numbering.levels[n]))
