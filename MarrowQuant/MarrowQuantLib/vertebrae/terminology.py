"""SNOMED CT codes of the vertebral levels, and the text by which Slicer stores them with a segment.

Codes of C1 … L5: DICOM PS3.16, CID 7603 "Vertebra"; of "Vertebra", "Sacrum" and "Coccyx": CID 7151; a test compares them with pydicom's
copy of PS3.16. CID 7603 has no sacral vertebra: S1 … S5 are those of the value set "Radiotherapy Treatment Location" of HL7's mCODE guide,
which gives SNOMED CT codes to the names of AAPM TG-263 ("Structure of first sacral vertebra" …).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from .places import REGIONS, SIDE_CODES, is_place, region_of

LEVEL_CODES: Mapping[str, str] = {
    "C1": "14806007",
    "C2": "39976000",
    "C3": "113205007",
    "C4": "5329002",
    "C5": "36978003",
    "C6": "36054005",
    "C7": "87391001",
    "T1": "64864005",
    "T2": "53733008",
    "T3": "1626008",
    "T4": "73071006",
    "T5": "56401006",
    "T6": "45296009",
    "T7": "62487009",
    "T8": "11068009",
    "T9": "82687006",
    "T10": "7610001",
    "T11": "12989004",
    "T12": "23215003",
    "L1": "66794005",
    "L2": "14293000",
    "L3": "36470004",
    "L4": "11994002",
    "L5": "49668003",
    "S1": "65985001",
    "S2": "11808007",
    "S3": "49967005",
    "S4": "69950008",
    "S5": "21452006",
}
OTHER_CODES: Mapping[str, str] = {"Vertebra": "51282000", "Sacrum": "54735007", "Coccyx": "64688005"}
CATEGORY = "SCT^123037004^Anatomical Structure"
CONTEXT = "Segmentation category and type - MarrowQuant vertebrae"
"""Name of the list in ``Resources/Terminologies/MarrowQuant.term.json``, by which Slicer's selector finds the terms."""
REGION_CONTEXT = "Anatomic codes - DICOM master list"

_LEVEL_OF = {code: level for level, code in LEVEL_CODES.items()}
_PLACE_OF = {
    (region.code, code): f"{side} {region.name}" for region in REGIONS if region.is_own_code for side, (code, _) in SIDE_CODES.items()
}


def level_terminology(level: str) -> str:
    """Slicer's terminology entry of a level, or of a place in the pelvis with its side as modifier: context, category, type, modifier, no
    anatomic region."""
    if is_place(level):
        side, region = region_of(level)
        modifier = "^".join(("SCT", *SIDE_CODES[side]))
        return f"{CONTEXT}~{CATEGORY}~SCT^{region.code}^{region.meaning}~{modifier}~{REGION_CONTEXT}~^^~^^"
    code = LEVEL_CODES.get(level)
    term = f"SCT^{code}^{level} vertebra" if code else f"SCT^{OTHER_CODES['Vertebra']}^Vertebra"
    return f"{CONTEXT}~{CATEGORY}~{term}~^^~{REGION_CONTEXT}~^^~^^"


def segment_terminology(code: tuple[str, str, str]) -> str:
    """The terminology entry of a segment whose property type is this (value, scheme, meaning); codes that TotalSegmentator and others
    write under the older designators of SNOMED are taken for SCT where the value is that of a level."""
    value, scheme, meaning = code
    return f"{CONTEXT}~{CATEGORY}~{'SCT' if value in _LEVEL_OF else scheme}^{value}^{meaning}~^^~{REGION_CONTEXT}~^^~^^"


def level_of_terminology(entry: str) -> Optional[str]:
    """The level, or the place in the pelvis, that a terminology entry of any context names by its SNOMED CT codes, or None."""
    fields = entry.split("~")
    scheme, _, rest = fields[2].partition("^") if len(fields) > 2 else ("", "", "")
    if scheme != "SCT":
        return None
    code, side = rest.partition("^")[0], fields[3].split("^") if len(fields) > 3 else []
    return _LEVEL_OF.get(code) or (_PLACE_OF.get((code, side[1])) if len(side) > 1 and side[0] == "SCT" else None)
