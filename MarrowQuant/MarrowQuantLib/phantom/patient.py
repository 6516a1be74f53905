"""One digital patient at one exam: the painted body, what each material is made of, and where things truly are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .anatomy import body_parts, marrow_regions
from .shapes import Ellipsoid, Part, rotation
from .spine import LUMBAR, Vertebra, marrow_material, vertebrae
from .stories import POSES, Lesion, Pose, Story
from .tissues import MARROW_SPECTRUM, TISSUES, Tissue

LEVELS_IN_TRUTH = ("T10", "T11", "T12", *LUMBAR, "S1")


@dataclass(frozen=True)
class PlacedLesion:
    """A lesion in the body's own RAS mm, with the tissue it has at this exam."""

    name: str
    region: str
    shape: Ellipsoid
    tissue: str


@dataclass(frozen=True)
class Body:
    """A patient at one exam.

    Attributes
    ----------
    parts : tuple of Part
        In painting order, in the body's own RAS mm.
    materials : dict of str to Tissue
        What each material is made of.
    active : frozenset of str
        Materials that are active disease.
    column : dict of str to Vertebra
    lesions : tuple of PlacedLesion
    body_to_ras : ndarray, shape (4, 4)
        The body's own mm to scanner RAS mm: how the patient lies.
    """

    parts: tuple[Part, ...]
    materials: dict[str, Tissue]
    active: frozenset[str]
    column: dict[str, Vertebra]
    lesions: tuple[PlacedLesion, ...]
    body_to_ras: np.ndarray

    @property
    def values(self) -> dict[str, int]:
        """Material to the number the painter uses; 0 is air."""
        return {name: number for number, name in enumerate(self.materials)}

    def table(self, *fields: str) -> list[np.ndarray]:
        """Columns of the table of materials, each of shape (materials,), in the order of ``values``."""
        return [np.array([getattr(tissue, name) for tissue in self.materials.values()]) for name in fields]

    @property
    def is_marrow(self) -> np.ndarray:
        """Which materials are marrow, lesions included; boolean, shape (materials,)."""
        return np.array([tissue.spectrum == MARROW_SPECTRUM for tissue in self.materials.values()])

    def to_ras(self, points: np.ndarray) -> np.ndarray:
        """Body mm to scanner RAS mm, shape (…, 3)."""
        return np.asarray(points) @ self.body_to_ras[:3, :3].T + self.body_to_ras[:3, 3]


def make_body(story: Story, exam_index: int) -> Body:
    """The patient of ``story`` at exam 0 (baseline) or 1 (follow-up)."""
    column = vertebrae()
    parts = body_parts(column)
    lesions = tuple(_place(lesion, column, exam_index) for lesion in story.lesions)
    materials = {"air": TISSUES["air"], **{n: TISSUES[n] for n in TISSUES if any(p.material == n for p in parts)}}
    active = set()
    for region in marrow_regions(parts):
        materials[region] = _healthy_marrow(region)
    for level, exams in story.diffuse.items():
        ff, kind = exams[exam_index]
        materials[marrow_material(level)] = replace(TISSUES[kind], ff=ff)
        if kind == "infiltrated":
            active.add(marrow_material(level))
    for number, lesion in enumerate(lesions):
        materials[lesion.name] = replace(TISSUES[lesion.tissue], adc=TISSUES[lesion.tissue].adc + 15.0 * (number % 5 - 2))
        parts.append(Part(lesion.shape, lesion.name))
        if lesion.tissue == "lesion":
            active.add(lesion.name)
    return Body(tuple(parts), materials, frozenset(active), column, lesions, pose_matrix(POSES[exam_index]))


def pose_matrix(pose: Pose) -> np.ndarray:
    """Body mm to scanner RAS mm, shape (4, 4)."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(pose.degrees_xyz)
    matrix[:3, 3] = pose.shift_mm
    return matrix


def _place(lesion: Lesion, column: dict[str, Vertebra], exam_index: int) -> PlacedLesion:
    offset = np.asarray(lesion.offset_mm, dtype=float)
    center = column[lesion.bone].at(*offset) if lesion.bone else offset
    axes = column[lesion.bone].axes if lesion.bone else rotation((0, 0, -42 if "ilium" in lesion.region else 0))
    shape = Ellipsoid(center, np.asarray(lesion.diameters_mm[exam_index]) / 2, axes)
    return PlacedLesion(lesion.name, lesion.region, shape, lesion.tissues[exam_index])


def _healthy_marrow(region: str) -> Tissue:
    """Normal marrow: fatty in the shafts of long bones and the skull, and fattier towards the lumbar end of the spine.

    That lower segments hold more fat is reported for healthy people (IDEAL-IQ, 321 volunteers); the numbers are our choice.
    """
    if region.endswith("shaft"):
        return TISSUES["yellow marrow"]
    if region.endswith(("skull", "femur", "humerus")):
        return replace(TISSUES["marrow"], ff=62.0, adc=360.0, dwi_ratio=2.2)
    by_level = {"C": 38.0, "T": 42.0, "L": 47.0, "S": 50.0}
    return replace(TISSUES["marrow"], ff=by_level[region[0]]) if region.endswith(" marrow") else TISSUES["marrow"]
