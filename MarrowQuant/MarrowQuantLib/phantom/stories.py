"""The two invented patients: what the marrow is like at each exam, the focal lesions, the laboratory values and how the patient lies.

Everything here is our choice, so that the two exams differ by what the literature reports: fat returns to the lumbar marrow and the total
diffusion volume falls in the responder (Fig 3 of PLoS One 2020;15(2):e0229607: 201 to 21 mL, fat fraction 2 to 25 %), neither happens in
the other. Nobody's data are in it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from ..model import MarrowQuantError

BASELINE, FOLLOW_UP = 0, 1
EXAM_LABELS = ("baseline", "follow-up")
EXAM_DATES = (datetime.date(2025, 1, 14), datetime.date(2025, 3, 18))


@dataclass(frozen=True)
class Lesion:
    """A focal lesion: an ellipsoid in a bone.

    Attributes
    ----------
    name, region : str
        "F1" …, and the bone in words.
    bone : str
        A vertebral level, or "" for RAS coordinates.
    offset_mm : (float, float, float)
        Along the level's own axes from the centre of the body, or RAS.
    diameters_mm : tuple of two (float, float, float)
        At baseline and at follow-up.
    tissues : (str, str)
        Kind of tissue at the two exams: "lesion" (active) or "responding".
    """

    name: str
    region: str
    bone: str
    offset_mm: tuple[float, float, float]
    diameters_mm: tuple[tuple[float, float, float], tuple[float, float, float]]
    tissues: tuple[str, str]


@dataclass(frozen=True)
class Story:
    """One patient over two exams.

    Attributes
    ----------
    name : str
    diffuse : mapping of level to ((fat fraction, tissue), (fat fraction, tissue))
        Levels with diffuse disease at baseline, and what they are at each exam; fat fraction in %.
    lesions : tuple of Lesion
    labs : mapping of test to (baseline, follow-up, unit)
    course : tuple of (date, entry, value, unit)
        What the laboratory sheet holds between the exams: therapy, and a value that belongs to neither exam.
    """

    name: str
    diffuse: Mapping[str, tuple[tuple[float, str], tuple[float, str]]]
    lesions: tuple[Lesion, ...]
    labs: Mapping[str, tuple[float, float, str]]
    course: tuple[tuple[datetime.date, str, str, str], ...] = ()


@dataclass(frozen=True)
class Pose:
    """How the patient lies in the scanner: shift in RAS mm and turns about x, y, z in degrees."""

    shift_mm: tuple[float, float, float]
    degrees_xyz: tuple[float, float, float]


POSES = (Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), Pose((4.0, -3.0, 6.0), (1.0, -0.8, 2.0)))


def _lesions(growth: float, first: str, second: str, still_active: tuple[str, ...]) -> tuple[Lesion, ...]:
    """The same sites in both patients; ``growth`` scales the diameters at follow-up."""
    sites = (
        ("F1", "right acetabular roof", "", (90, -4, -146), (26, 38, 40)),
        ("F2", "sacrum, left wing", "S1", (-34, -9, -6), (32, 21, 30)),
        ("F3", "left femoral neck", "", (-112, -3, -207), (26, 26, 26)),
        ("F4", "right posterior ilium", "", (57, -60, -92), (17, 34, 32)),
        ("F5", "T8 vertebral body", "T8", (3, 1, 0), (20, 18, 15)),
        ("F6", "sternum", "", (0, 70, 268), (22, 12, 30)),
        ("F7", "right humeral head", "", (168, -34, 350), (24, 24, 24)),
        ("F8", "T5 vertebral body", "T5", (-3, 0, 0), (12, 12, 11)),
        ("F9", "C6 vertebral body", "C6", (0, 0, 0), (10, 9, 9)),
    )
    found = []
    for name, region, bone, offset, size in sites:
        later = first if name in still_active else second
        across, deep, high = (round(growth * d, 1) for d in size)
        found.append(Lesion(name, region, bone, offset, (size, (across, deep, high)), (first, later)))
    return tuple(found)


def _infiltrated(at_baseline: Mapping[str, float], at_follow_up: Mapping[str, float], later: str) -> dict:
    return {level: ((ff, "infiltrated"), (at_follow_up[level], later)) for level, ff in at_baseline.items()}


def _two_cycles(m_protein_between: str) -> tuple[tuple[datetime.date, str, str, str], ...]:
    """Two cycles of therapy and the M protein between them, in g/L."""
    return (
        (datetime.date(2025, 1, 20), "therapy cycle", "KRd 1", ""),
        (datetime.date(2025, 2, 14), "M protein", m_protein_between, "g/L"),
        (datetime.date(2025, 2, 17), "therapy cycle", "KRd 2", ""),
    )


STORIES = {
    "responder": Story(
        name="responder",
        diffuse=_infiltrated(
            {"T12": 4.8, "L1": 3.6, "L2": 4.4, "L3": 3.9, "L4": 4.8, "L5": 4.3},
            {"T12": 22.0, "L1": 22.6, "L2": 24.9, "L3": 23.4, "L4": 25.8, "L5": 24.3},
            "recovering",
        ),
        lesions=_lesions(0.92, "lesion", "responding", ("F1", "F2", "F9")),
        labs={
            "M protein": (38.0, 3.0, "g/L"),
            "beta2-microglobulin": (6.1, 2.4, "mg/L"),
            "haemoglobin": (88.0, 118.0, "g/L"),
            "albumin": (31.0, 39.0, "g/L"),
            "creatinine": (118.0, 84.0, "µmol/L"),
            "calcium": (2.68, 2.34, "mmol/L"),
            "LDH": (262.0, 171.0, "U/L"),
            "platelets": (148.0, 221.0, "10*9/L"),
        },
        course=_two_cycles("12.0"),
    ),
    "non-responder": Story(
        name="non-responder",
        diffuse=_infiltrated(
            {"L1": 4.6, "L2": 5.3, "L3": 4.9, "L4": 5.6, "L5": 5.1},
            {"L1": 5.8, "L2": 6.1, "L3": 5.7, "L4": 6.6, "L5": 6.0},
            "infiltrated",
        ),
        lesions=_lesions(1.16, "lesion", "lesion", ()),
        labs={
            "M protein": (35.0, 33.0, "g/L"),
            "beta2-microglobulin": (5.2, 5.6, "mg/L"),
            "haemoglobin": (94.0, 90.0, "g/L"),
            "albumin": (33.0, 32.0, "g/L"),
            "creatinine": (104.0, 112.0, "µmol/L"),
            "calcium": (2.52, 2.56, "mmol/L"),
            "LDH": (238.0, 255.0, "U/L"),
            "platelets": (162.0, 155.0, "10*9/L"),
        },
        course=_two_cycles("34.0"),
    ),
}


def find_story(name: str) -> Story:
    """The story called ``name``.

    Raises
    ------
    MarrowQuantError
        When there is no such story.
    """
    if name not in STORIES:
        raise MarrowQuantError("There is no digital patient called '{name}'; choose one of: {stories}.", name=name, stories=list(STORIES))
    return STORIES[name]
