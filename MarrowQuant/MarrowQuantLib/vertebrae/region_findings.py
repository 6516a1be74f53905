"""What makes a measured exam doubtful beyond the single ROI: small regions, and levels or discs in which water and fat look swapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..fatwater import swapped_disc, swapped_levels
from ..features import region_findings
from ..model import Finding, MarrowQuantError, VertebraResult, VertebraROI, Volume, as_finding
from ..quantities import quantity
from . import levels_between, rasterise
from .measure import HISTOGRAM_KEYS, MIN_VOXELS

DISC_RADII_MM = np.array([8.0, 5.0, 1.5])  # our choice: well inside a lumbar disc, which is some 10 mm high


def small_region_findings(vertebrae: Sequence[VertebraResult]) -> list[Finding]:
    """Sentences about levels whose distribution rests on few voxels or lost some; what an ROI's own flags say is not said again."""
    told: list[Finding] = []
    for key in HISTOGRAM_KEYS:
        regions = {v.roi.level: v.features[key] for v in vertebrae if key in v.features and v.features[key]["n"] >= MIN_VOXELS}
        told += map(as_finding, region_findings(regions, quantity(key).name))
    return told


def swap_findings(maps: Mapping[str, Volume], vertebrae: Sequence[VertebraResult]) -> list[Finding]:
    """Sentences about levels whose FF mirrors that of the others, and about discs that read as fat.

    Parameters
    ----------
    maps : mapping
        Maps of the exam; "ff" is looked at.
    vertebrae : sequence of VertebraResult
    """
    if "ff" not in maps:
        return []
    told = swapped_levels({v.roi.level: v.measurements["ff"].value for v in vertebrae if "ff" in v.measurements and not v.roi.excluded})
    for above, below in zip(vertebrae, vertebrae[1:]):
        if _are_neighbours(above.roi.level, below.roi.level):
            told += swapped_disc(above.roi.level, below.roi.level, _disc_percent(maps["ff"], above.roi, below.roi))
    return told


def _are_neighbours(first: str, second: str) -> bool:
    try:
        return len(levels_between(first, second)) == 2
    except MarrowQuantError:
        return False


def _disc_percent(ff: Volume, above: VertebraROI, below: VertebraROI) -> float:
    """Median FF of a flat ROI half-way between two vertebral bodies; NaN where it holds no voxel."""
    disc = VertebraROI(f"{above.level}/{below.level}", (above.center_ras + below.center_ras) / 2, above.axes, DISC_RADII_MM)
    try:
        values = rasterise(disc, ff).values
    except MarrowQuantError:
        return float("nan")
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else float("nan")
