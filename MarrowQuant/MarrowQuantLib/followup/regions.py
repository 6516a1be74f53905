"""How the voxels of each vertebra, and of the lumbar marrow as a whole, changed between two exams: histograms, and voxel by voxel.

Distributions are compared as they were measured, each exam on its own grid. Only the voxel-wise part interpolates the follow-up's map, at
the baseline's voxels: its shares are for looking, and no value is read from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Optional

import numpy as np
from scipy.ndimage import map_coordinates

from ..model import ExamResult, Histogram, RegionChange, Role, VertebraROI, Volume, VoxelwiseChange, certain
from ..quantities import quantity
from ..vertebrae import rasterise
from ..vertebrae.measure import HISTOGRAM_KEYS, LUMBAR
from . import index_of
from .distributions import FunctionalMap, compare_distributions, functional_map
from .registration import Rigid

LUMBAR_REGION = "lumbar"
"""Name of the region that holds the voxels of all lumbar levels that are compared."""

_Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]  # before, after; and after at the voxels of before


def region_changes(baseline: ExamResult, follow_up: ExamResult) -> tuple[RegionChange, ...]:
    """The change of the FF and ADC distributions in every level that both exams measured, then in the lumbar levels together.

    Parameters
    ----------
    baseline, follow_up : ExamResult
        With their maps; a quantity whose map one of them lacks is left out.

    Returns
    -------
    tuple of RegionChange
        FF first. Excluded levels have a change of their own but are not in the lumbar one.
    """
    changes = []
    for key in HISTOGRAM_KEYS:
        if key not in baseline.maps or key not in follow_up.maps:
            continue
        rois = _rois(baseline, follow_up, key)
        found = {level: _voxels_of(*both, baseline.maps[key], follow_up.maps[key]) for level, both in rois.items()}
        changes += [_change(level, key, *voxels) for level, voxels in found.items()]
        pooled = [found[level] for level in lumbar_levels((baseline, follow_up)) if level in found]
        if pooled:
            changes.append(_change(LUMBAR_REGION, key, *(np.concatenate(parts) for parts in zip(*pooled))))
    return tuple(changes)


def lumbar_levels(exams: Sequence[ExamResult]) -> list[str]:
    """The lumbar levels that every exam with vertebrae has and none excludes, in the order of the first of them."""
    measured = [exam.vertebrae for exam in exams if exam.vertebrae]
    included = [[v.roi.level for v in vertebrae if v.roi.level in LUMBAR and not v.roi.excluded] for vertebrae in measured]
    return [level for level in included[0] if all(level in levels for levels in included)] if included else []


def pooled_histogram(exam: ExamResult, key: str, levels: Sequence[str]) -> Optional[Histogram]:
    """The histograms of some levels added up; None if none of them has one, or their bins differ."""
    found = [v.histograms[key] for v in exam.vertebrae if v.roi.level in levels and key in v.histograms]
    if not found or any(not np.array_equal(h.edges, found[0].edges) for h in found):
        return None
    return replace(found[0], counts=np.sum([h.counts for h in found], axis=0))


def functional_volume(baseline: ExamResult, follow_up: ExamResult, key: str) -> Optional[Volume]:
    """Which voxels of the vertebrae fell (1), stayed (2) and rose (3), on the grid of the baseline's map; 0 elsewhere. For looking.

    Parameters
    ----------
    baseline, follow_up : ExamResult
        With their maps.
    key : {"ff", "adc"}

    Returns
    -------
    Volume or None
        int8 of shape (k, j, i); None where an exam lacks the map, or no voxel has a partner. The limits are those of
        :func:`region_changes`.
    """
    if key not in baseline.maps or key not in follow_up.maps:
        return None
    classes = np.zeros(baseline.maps[key].array.shape, np.int8)
    for first, second in _rois(baseline, follow_up, key).values():
        index, values, places = _inside(first, baseline.maps[key])
        found = _functional(key, values, _values_at(follow_up.maps[key], _movement(first, second).apply(places)))
        if found is not None:
            classes[tuple(index.T)] = found.classes
    if not classes.any():
        return None
    name = f"{quantity(key).name} functional map"
    return baseline.maps[key].like(classes, role=Role.UNKNOWN, quantity="class", unit="", name=name)


def _rois(baseline: ExamResult, follow_up: ExamResult, key: str) -> dict[str, tuple[VertebraROI, VertebraROI]]:
    """By level, where the map was measured in both exams."""
    before, after = (
        {v.roi.level: v.moved_rois.get(key, v.roi) for v in exam.vertebrae if key in v.measurements} for exam in (baseline, follow_up)
    )
    return {level: (roi, after[level]) for level, roi in before.items() if level in after}


def _voxels_of(before: VertebraROI, after: VertebraROI, first: Volume, second: Volume) -> _Pairs:
    _, values, places = _inside(before, first)
    return values, _inside(after, second)[1], _values_at(second, _movement(before, after).apply(places))


def _inside(roi: VertebraROI, volume: Volume) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the ROI's voxels: indices (k, j, i), values, NaN among them, and RAS positions in mm, shape (n, 3)."""
    voxels = rasterise(roi, volume)
    kji = np.argwhere(voxels.local_mask) + [part.start for part in voxels.bounds]
    return kji, volume.array[voxels.bounds][voxels.local_mask], volume.to_ras(kji[:, ::-1])


def _movement(before: VertebraROI, after: VertebraROI) -> Rigid:
    """The rigid movement that lays one ROI on the other.

    For an ROI that was carried it is the registration that carried it; for one that was placed in each exam it is as good as the placing.
    """
    rotation = np.asarray(after.axes) @ np.asarray(before.axes).T
    return Rigid(rotation, np.asarray(after.center_ras) - rotation @ np.asarray(before.center_ras))


def _values_at(volume: Volume, places_ras: np.ndarray) -> np.ndarray:
    """Linear interpolation; NaN outside the map, and where a neighbour has no value."""
    kji = volume.to_ijk(places_ras)[:, ::-1]
    return map_coordinates(volume.array, kji.T, output=np.float64, order=1, mode="constant", cval=np.nan)


def _change(region: str, key: str, before: np.ndarray, after: np.ndarray, paired: np.ndarray) -> RegionChange:
    name, unit = quantity(key).name, quantity(key).unit
    return RegionChange(region, key, compare_distributions(before, after, name, unit), _voxelwise(key, before, paired))


def _voxelwise(key: str, before: np.ndarray, paired: np.ndarray) -> Optional[VoxelwiseChange]:
    found = _functional(key, before, paired)
    if found is None:
        return None
    return VoxelwiseChange(found.limit, found.percent_down, found.percent_unchanged, found.percent_up, found.n_voxels, found.n_excluded)


def _functional(key: str, before: np.ndarray, paired: np.ndarray) -> Optional[FunctionalMap]:
    """Voxels above, within and below the limit of the index; None where no voxel has a partner.

    The limit is that of a region's mean (``longitudinal.indices``), because none is known for a single marrow voxel: voxels, which are
    noisier, pass it more often without a change. A relative limit is taken of the region's median at baseline.
    """
    if not np.any(np.isfinite(before) & np.isfinite(paired)):
        return None
    limit = certain(index_of(key).limit)
    size = limit.value * float(np.nanmedian(before)) / 100.0 if limit.relative else limit.value
    return functional_map(before, paired, abs(size))
