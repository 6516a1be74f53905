"""Named places outside the column that get ROIs: five regions of the pelvis on either side, and the words for them.

Codes: SNOMED CT as in DICOM PS3.16, CID 7304 and 8134, with the laterality of CID 244; a test compares them with pydicom's copy. There is
none for the posterior part of the crest, the wing or the sacral ala alone: they carry the code of the crest, the ilium and the sacrum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

SIDES = ("right", "left")
SIDE_CODES = {"right": ("24028007", "Right"), "left": ("7771000", "Left")}


@dataclass(frozen=True)
class Region:
    """One region of the pelvis.

    Attributes
    ----------
    name : str
        Without its side.
    japanese : str
    words : str
        Regular expression of what readers call it, lower case.
    code, meaning : str
        SNOMED CT.
    is_own_code : bool
        False where the code is that of the bone of which the region is a part.
    """

    name: str
    japanese: str
    words: str
    code: str
    meaning: str
    is_own_code: bool = True


REGIONS = (
    Region(
        "posterior iliac crest", "後腸骨稜", r"(?:post(?:erior|\.)? )?iliac crest|psis|posterior superior iliac spine|後?腸骨稜|上後腸骨棘",
        "29850006", "Iliac crest",
    ),
    Region("iliac wing", "腸骨翼", r"iliac (?:wing|ala)|ilium|腸骨翼?", "22356005", "Ilium"),
    Region("sacral ala", "仙骨翼", r"sacral (?:ala|wing)|仙骨翼", "54735007", "Sacrum", False),
    Region("acetabulum", "寛骨臼", r"acetabulum|acetabular roof|寛骨臼|臼蓋", "37783008", "Acetabulum"),
    Region("proximal femur", "大腿骨近位部", r"(?:proximal )?femur|femoral neck|大腿骨(?:近位部?|頸部)?", "310651003", "Proximal femur"),
)
PLACES = tuple(f"{side} {region.name}" for region in REGIONS for side in SIDES)
"""Names of the ten places, as they stand in results: "right posterior iliac crest" …"""

_SIDE = {"right": r"right|rt\.?|r|右側?|右の", "left": r"left|lt\.?|l|左側?|左の"}
_SIDE_WORDS_JA = {"right": "右", "left": "左"}


def is_place(name: str) -> bool:
    """True for one of :data:`PLACES`."""
    return name in PLACES


def region_of(place: str) -> tuple[str, Region]:
    """Side and region of a place."""
    side, _, name = place.partition(" ")
    return side, next(region for region in REGIONS if region.name == name)


def said_place(name: str, language: str) -> str:
    """A place in a reader's language; a level of the column is the same in all."""
    if language != "ja" or not is_place(name):
        return name
    side, region = region_of(name)
    return _SIDE_WORDS_JA[side] + region.japanese


def parse_place(text: str) -> Optional[str]:
    """The place that a normalised label names, whichever word comes first; None if it names none."""
    for side, words in _SIDE.items():
        for region in REGIONS:
            if re.fullmatch(rf"(?:{words})[ ,]*(?:{region.words})|(?:{region.words})[ ,(]*(?:{words})\)?", text):
                return f"{side} {region.name}"
    return None


def sides_of(names: Iterable[str], region: Region) -> list[str]:
    """Those of the names that are this region, on either side."""
    return [name for name in names if is_place(name) and region_of(name)[1] is region]
