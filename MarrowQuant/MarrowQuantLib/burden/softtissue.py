"""Pieces of the mask where no bone lies: bowel, pelvic organs, gonads, nodes of the neck.

Only places without any bone are named, so that no rule takes a lesion of the skeleton out of the tumour load; where a node lies beside a
bone (groin, armpit, along the ribs) no rule is given, and the reader decides. All limits are our choice for adults, in units of the
distance from L1 to L5.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..model import finding
from .landmarks import Landmarks
from .physiology import BodyOutline

BOWEL = finding("physiology.bowel")
PELVIC_ORGAN = finding("physiology.pelvis")
GONAD = finding("physiology.testis")
NECK = finding("physiology.neck")

_FORWARD = 0.32  # in front of the column's course, with ROIs
_DEPTH = 0.68  # between back and front, without ROIs
_CENTRAL, _NECK_OFF = 0.45, 0.24
_CAVITY_DEPTH = (0.36, 0.66)


def propose_soft_tissue(centroids: np.ndarray, landmarks: Optional[Landmarks], outline: BodyOutline) -> list[str]:
    """Why each piece is probably not bone; "" where no rule applies.

    Parameters
    ----------
    centroids : ndarray, shape (n, 3)
        RAS mm.
    landmarks : Landmarks or None
        Without them nothing is proposed.
    outline : BodyOutline
    """
    if landmarks is None or not len(centroids):
        return [""] * len(centroids)
    side, z, unit = np.abs(outline.off_midline(centroids)), centroids[:, 2], landmarks.unit_mm
    depth, forward = outline.depth(centroids), landmarks.forward(centroids)
    in_front = depth > _DEPTH if forward is None else forward > _FORWARD * unit
    below = (landmarks.l5_mm - z) / unit
    abdomen = (z < landmarks.l1_mm - 0.5 * unit) & (below < 0.3)
    cavity = (depth > _CAVITY_DEPTH[0]) & (depth < _CAVITY_DEPTH[1])
    neck = (z > landmarks.t1_mm + 0.2 * unit) & (z < landmarks.atlas_mm - 0.3 * unit)
    rules = (
        (abdomen & in_front & (side < _CENTRAL * unit), BOWEL),
        ((below > 0.45) & (below < 0.95) & cavity & (side < np.where(below > 0.6, 0.17, 0.25) * unit), PELVIC_ORGAN),
        ((below > 1.25) & (below < 1.9) & (side < 0.3 * unit) & (depth > 0.6), GONAD),
        (neck & (side > _NECK_OFF * unit), NECK),
    )
    number = np.select([where for where, _ in rules], range(1, len(rules) + 1), default=0)
    names: tuple[str, ...] = ("", *(name for _, name in rules))  # a NumPy array of them would lose their codes
    return [names[n] for n in number]
