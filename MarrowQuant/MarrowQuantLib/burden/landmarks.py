"""Where in the skeleton a point lies: from the lumbar ROIs where they are given, else from the vertex.

The lengths are those of a usual adult in units of the distance from the centre of L1 to that of L5 (our choice, no source at hand); a
region may be wrong by a vertebra at its borders. The region of each lesion is a proposal for the list, nothing is measured with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import VertebraROI
from .physiology import BodyOutline

SKULL, CERVICAL, THORACIC, LUMBAR = "skull", "cervical spine", "thoracic spine", "lumbar spine"
PELVIS, CHEST, LONG_BONES = "pelvis and sacrum", "ribs, sternum and shoulder girdle", "long bones"
UNKNOWN = "not determined"
SPINE = (CERVICAL, THORACIC, LUMBAR)

_USUAL_L1_L5_MM = 144.0
_VERTEX_TO_ATLAS_MM = 175.0
_HALF_LEVEL, _THORACIC, _CERVICAL = 1 / 8, 2.15, 0.95  # in units of L1–L5
_COLUMN_HALF_WIDTH, _COLUMN_HALF_DEPTH = 0.30, 0.42
_ARM, _HIP_HEIGHT, _HIP_OFF, _PELVIS_HEIGHT, _ILIUM_OFF = 1.05, 0.62, 0.62, 1.2, 0.33
_COLUMN_DEPTH = (0.10, 0.58)  # between back and front, where no ROI tells how deep the column lies


@dataclass(frozen=True)
class Landmarks:
    """Heights (S, RAS mm) that divide the skeleton, and the course of the lumbar column.

    Attributes
    ----------
    unit_mm : float
        Distance from the centre of L1 to that of L5.
    atlas_mm, t1_mm, l1_mm, l5_mm : float
        Upper end of C1, of T1, of L1; lower end of L5.
    column : ndarray, shape (n, 3)
        Centres of the ROIs, RAS mm, caudal first; empty if there are none.
    """

    unit_mm: float
    atlas_mm: float
    t1_mm: float
    l1_mm: float
    l5_mm: float
    column: np.ndarray

    def forward(self, points: np.ndarray) -> Optional[np.ndarray]:
        """How far in front of the lumbar column's course each point lies in mm; None without ROIs."""
        if not len(self.column):
            return None
        return points[:, 1] - np.interp(points[:, 2], self.column[:, 2], self.column[:, 1])


def find_landmarks(rois: Sequence[VertebraROI], vertex_mm: Optional[float]) -> Optional[Landmarks]:
    """Landmarks from two or more lumbar ROIs, else from the vertex of the head, else None.

    Parameters
    ----------
    rois : sequence of VertebraROI
    vertex_mm : float or None
        S coordinate of the top of the head if it is in view.
    """
    lumbar = {int(r.level[1:]): np.asarray(r.center_ras, dtype=float) for r in rois if r.level in ("L1", "L2", "L3", "L4", "L5")}
    if len(lumbar) >= 2:
        first, last = min(lumbar), max(lumbar)
        step = (lumbar[first] - lumbar[last]) / (last - first)
        l1, unit = lumbar[first] + (first - 1) * step, 4 * float(np.linalg.norm(step))
        top = l1[2] + _HALF_LEVEL * unit
        bottom = (l1 - 4 * step)[2] - _HALF_LEVEL * unit
        t1 = top + _THORACIC * unit
        column = np.array(sorted(lumbar.values(), key=lambda center: center[2]))
        return Landmarks(unit, t1 + _CERVICAL * unit, t1, top, bottom, column)
    if vertex_mm is None:
        return None
    unit = _USUAL_L1_L5_MM
    atlas = vertex_mm - _VERTEX_TO_ATLAS_MM
    t1 = atlas - _CERVICAL * unit
    top = t1 - _THORACIC * unit
    return Landmarks(unit, atlas, t1, top, top - (1 + 2 * _HALF_LEVEL) * unit, np.zeros((0, 3)))


def regions_of(points_ras: np.ndarray, landmarks: Optional[Landmarks], outline: BodyOutline) -> list[str]:
    """Region of each point.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
        Centres of the lesions, RAS mm.
    landmarks : Landmarks or None
        None gives "not determined".
    outline : BodyOutline
        Midline, back and front of the body.
    """
    if landmarks is None or not len(points_ras):
        return [UNKNOWN] * len(points_ras)
    side, z, unit = np.abs(outline.off_midline(points_ras)), points_ras[:, 2], landmarks.unit_mm
    depth, forward = outline.depth(points_ras), landmarks.forward(points_ras)
    in_column = (side < _COLUMN_HALF_WIDTH * unit) & (depth > _COLUMN_DEPTH[0]) & (depth < _COLUMN_DEPTH[1])
    if forward is not None:
        beside_lumbar = (z > landmarks.l5_mm) & (z < landmarks.l1_mm)
        in_column = np.where(beside_lumbar, (side < _COLUMN_HALF_WIDTH * unit) & (np.abs(forward) < _COLUMN_HALF_DEPTH * unit), in_column)
    hip = (z < landmarks.l5_mm - _HIP_HEIGHT * unit) & (side > _HIP_OFF * unit)
    thigh = z < landmarks.l5_mm - _PELVIS_HEIGHT * unit
    ilium = (z < landmarks.l5_mm + 0.5 * unit) & (side > _ILIUM_OFF * unit)
    rules = (  # the first that applies
        (z > landmarks.atlas_mm, SKULL),
        (thigh | ((side > _ARM * unit) & (z < landmarks.t1_mm + 0.2 * unit)), LONG_BONES),
        (z > landmarks.t1_mm, CERVICAL),
        ((z > landmarks.l1_mm) & in_column, THORACIC),
        ((z > landmarks.l5_mm) & in_column, LUMBAR),
        (hip, LONG_BONES),
        (ilium | (z <= landmarks.l5_mm), PELVIS),
    )
    return [str(name) for name in np.select([where for where, _ in rules], [name for _, name in rules], default=CHEST)]
