"""Proposed infiltration pattern with the rule and the numbers that led to it; the reader decides.

The words are those of the MY-RADS review PMC9935955: focal, larger than 5 mm and brighter than muscle and background marrow; diffuse, the
background itself bright with a raised ADC; micronodular, 5 mm or smaller. When a vertebra counts as infiltrated, and how many make a
diffuse pattern, is our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ..model import ACCEPTED, Component, Finding, Infiltration, VertebraROI, Volume, finding
from .landmarks import SPINE
from .setaside import INSIDE

RoiPlace = tuple[VertebraROI, np.ndarray]

FOCAL_MM = 5.0  # larger is focal: PMC9935955; IMWG asks for 5 mm
FILLED = 0.8  # part of a vertebral ROI inside the accepted mask from which on the level counts as infiltrated
VERTEBRA_ML = 15.0  # a piece of the spine from this volume on is no focal lesion in a vertebra but an infiltrated vertebra
LEAST_VERTEBRAE = 3  # infiltrated vertebrae that make a diffuse pattern
MANY_SMALL = 20  # lesions of 5 mm or less that make a micronodular pattern
IMWG_FOCAL_LESIONS = 2  # "more than one": from this number of focal lesions on the IMWG remark is made (PMC4737237)
BY_READER = ("burden.decided", "burden.painted")
_SAME_VERTEBRA_MM = (60.0, 18.0)  # across and along the column: posterior elements of an infiltrated level


def propose_pattern(components: Sequence[Component], labels: Volume, roi_voxels: Sequence[RoiPlace]) -> Infiltration:
    """Normal, focal, diffuse, combined or micronodular.

    Parameters
    ----------
    components : sequence of Component
        With regions; only accepted ones count.
    labels : Volume
        Label of each voxel, shape (k, j, i).
    roi_voxels : sequence of (VertebraROI, ndarray)
        Each ROI with the flat indices of its voxels in ``labels``. Without any, infiltrated vertebrae are told by the volume of the pieces
        in the spine alone.
    """
    accepted = [c for c in components if c.state == ACCEPTED]
    levels = _infiltrated_levels(accepted, labels, roi_voxels)
    of_levels = {c.label for c in accepted if _belongs_to(c, levels)}
    filled = [c for c in accepted if c.region in SPINE and c.volume_ml >= VERTEBRA_ML]
    beyond = {c.label for c in filled} - of_levels
    of_vertebrae = of_levels | beyond | {c.label for c in accepted if c.region in SPINE and any(_beside(c, body) for body in filled)}
    focal = [c for c in accepted if c.label not in of_vertebrae and c.longest_diameter_mm > FOCAL_MM]
    small = [c for c in accepted if c.longest_diameter_mm <= FOCAL_MM]
    n_vertebrae = len(levels) + len(beyond)
    diffuse = n_vertebrae >= LEAST_VERTEBRAE
    if not diffuse:
        focal += [c for c in accepted if c.label in of_vertebrae and c.longest_diameter_mm > FOCAL_MM]
    if diffuse:
        pattern = "combined" if focal else "diffuse"
    elif focal:
        pattern = "focal"
    else:
        pattern = "micronodular" if len(small) >= MANY_SMALL else "normal"
    return Infiltration(
        pattern=pattern,
        focal_lesions=len(focal),
        largest_focal_mm=max((c.longest_diameter_mm for c in focal), default=0.0),
        small_lesions=len(small),
        infiltrated_levels=tuple(levels),
        other_infiltrated_vertebrae=len(beyond),
        focal_labels=tuple(sorted(c.label for c in focal)),
        rule=_rule(labels, bool(roi_voxels)),
        remark=_imwg(focal),
    )


def _imwg(focal: Sequence[Component]) -> Optional[Finding]:
    """The remark on the IMWG criterion: only for pieces that the reader accepted, and that lie inside bone where that is known."""
    read = [c for c in focal if c.reason.code in BY_READER and (c.bone_share is None or c.bone_share >= INSIDE)]
    return finding("burden.imwg_focal", n=len(read)) if len(read) >= IMWG_FOCAL_LESIONS else None


def _infiltrated_levels(accepted: Sequence[Component], labels: Volume, roi_voxels: Sequence[RoiPlace]) -> dict[str, VertebraROI]:
    labels_accepted = [c.label for c in accepted]
    found = {}
    for roi, flat in roi_voxels:
        if not roi.excluded and flat.size and np.isin(labels.array.ravel()[flat], labels_accepted).mean() >= FILLED:
            found[roi.level] = roi
    return found


def _belongs_to(component: Component, levels: dict[str, VertebraROI]) -> bool:
    """A piece of an infiltrated vertebra: its body, or an element behind it."""
    if component.region not in SPINE:
        return False
    for roi in levels.values():
        off = np.abs(roi.axes.T @ (np.asarray(component.centroid_ras) - roi.center_ras))
        if off[2] < _SAME_VERTEBRA_MM[1] and np.hypot(off[0], off[1]) < _SAME_VERTEBRA_MM[0]:
            return True
    return False


def _beside(component: Component, body: Component) -> bool:
    """A piece behind an infiltrated vertebra for which there is no ROI: it lies as high, within the reach of its processes."""
    off = np.abs(np.asarray(component.centroid_ras) - np.asarray(body.centroid_ras))
    return bool(np.hypot(off[0], off[1]) < _SAME_VERTEBRA_MM[0] and off[2] < _SAME_VERTEBRA_MM[1] and component.volume_ml < body.volume_ml)


def _rule(labels: Volume, with_rois: bool) -> Finding:
    largest = float(labels.spacing_mm.max())
    code = "burden.pattern_coarse" if largest > FOCAL_MM else "burden.pattern"
    how = finding("burden.by_rois", percent=100 * FILLED) if with_rois else "no ROI was given"
    limits = {"vertebrae": LEAST_VERTEBRAE, "ml": VERTEBRA_ML, "focal_mm": FOCAL_MM, "many": MANY_SMALL}
    return finding(code, how=how, **limits, **({"voxel_mm": largest} if largest > FOCAL_MM else {}))
