"""The numbers of one exam's vertebrae: every ROI on every map's own grid, and the lumbar means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

import numpy as np

from ..fatwater import dropout_ratio
from ..features import first_order, histogram
from ..model import (
    UNIT_ADC,
    UNIT_FF,
    UNIT_R2STAR,
    Finding,
    MarrowQuantError,
    Measurement,
    VertebraResult,
    VertebraROI,
    Volume,
    certain,
    finding,
)
from . import ImageShift, RoiVoxels, levels_between, rasterise
from .outliers import with_outlier_flags

LUMBAR = tuple(levels_between("L1", "L5"))

# key of the map: (name, unit, statistic that is reported as the value)
VERTEBRA_INDICES = {
    "ff": ("FF", UNIT_FF, "mean"),
    "ff_six_echo": ("FF from the echoes", UNIT_FF, "mean"),
    "ff_water_fat": ("sFF from water and fat", UNIT_FF, "mean"),
    "r2star": ("R2*", UNIT_R2STAR, "median"),
    "adc": ("ADC", UNIT_ADC, "median"),
}
HISTOGRAM_KEYS = ("ff", "adc")
MIN_VOXELS = 10  # below this an ROI's numbers are flagged (user need 34)
MIN_FRACTION_INSIDE = 0.95  # our choice: below this the reader is told that the ROI is partly outside the field of view


def measure_vertebrae(
    maps: Mapping[str, Volume], rois: Sequence[VertebraROI], shifts: Optional[Mapping[str, ImageShift]] = None
) -> tuple[tuple[VertebraResult, ...], dict[str, Measurement]]:
    """Measure every ROI on every map's own grid, and the lumbar means.

    Parameters
    ----------
    maps : mapping
    rois : sequence of VertebraROI
    shifts : mapping, optional
        By key of the map: how far its ROIs are moved, see ``vertebrae.find_shifts``; only accepted ones are applied.

    Returns
    -------
    vertebrae : tuple of VertebraResult
        One for each ROI, in the order given; one that stands out from its neighbours says so among its flags.
    lumbar : dict
        Over L1–L5 without excluded levels: mean of the levels' values for each index.

    Raises
    ------
    MarrowQuantError
        If an ROI lies outside the field of view of the map that FF (else ADC, else the dropout ratio) is read from.
    """
    vertebrae = with_outlier_flags([_measure_one(maps, roi, shifts or {}) for roi in rois])
    return vertebrae, _lumbar_means(vertebrae)


def _measure_one(maps: Mapping[str, Volume], roi: VertebraROI, shifts: Mapping[str, ImageShift]) -> VertebraResult:
    measurements: dict[str, Measurement] = {}
    features: dict[str, dict[str, float]] = {}
    histograms, moved_rois = {}, {}
    flags: list[str] = []
    primary = next((key for key in ("ff", "adc", "in_phase") if key in maps), None)
    for key, (name, unit, statistic) in VERTEBRA_INDICES.items():
        if key not in maps:
            continue
        shift = shifts.get(key)
        moved = ""
        if shift is not None and shift.accepted:
            moved_rois[key] = shift.apply(roi)
            moved = f"ROI moved by {shift.components}"
        voxels = _voxels_in(maps[key], moved_rois.get(key, roi), required=key == primary)
        if voxels is None:
            flags.append(finding("roi.outside", level=roi.level, map=name))
            continue
        values = {**first_order(voxels.values), "n_excluded": voxels.n_without_value}
        how = "; ".join([statistic, *maps[key].source, *filter(None, [moved])])
        measurements[key] = _measurement(name, values[statistic], unit, voxels, how)
        flags += _doubts(roi.level, name, voxels)
        if key in HISTOGRAM_KEYS:
            features[key], histograms[key] = values, histogram(voxels.values, name, unit)
    echoes = shifts.get("in_phase")
    dropout = _dropout(maps, echoes.apply(roi) if echoes is not None and echoes.accepted else roi, required=primary == "in_phase")
    if dropout is not None:
        measurements["dropout_ratio"] = dropout
    return VertebraResult(roi, measurements, features, histograms, tuple(dict.fromkeys(flags)), moved_rois)


def _voxels_in(volume: Volume, roi: VertebraROI, required: bool) -> Optional[RoiVoxels]:
    """The ROI's voxels, or None if it holds none on this map and the map is not the one the ROI was drawn for."""
    try:
        voxels = rasterise(roi, volume)
    except MarrowQuantError:
        if required:
            raise
        return None
    return voxels if voxels.n_voxels else None


def _measurement(name: str, value: float, unit: str, voxels: RoiVoxels, how: str) -> Measurement:
    return Measurement(name, float(value), unit, int(voxels.n_voxels), float(voxels.fraction_inside), how)


def _doubts(level: str, name: str, voxels: RoiVoxels) -> list[Finding]:
    doubts = []
    if voxels.fraction_inside < MIN_FRACTION_INSIDE:
        doubts.append(finding("roi.cut", level=level, map=name, percent=100 * voxels.fraction_inside))
    if voxels.n_voxels < MIN_VOXELS:
        doubts.append(finding("roi.few_voxels", level=level, map=name, n=voxels.n_voxels))
    return doubts


def _dropout(maps: Mapping[str, Volume], roi: VertebraROI, required: bool) -> Optional[Measurement]:
    """In/opposed-phase dropout ratio of one ROI, 100 (IP − OP) / IP, from the ROI's mean signals; see :func:`fatwater.dropout_ratio`.

    Means before the ratio, because the mean of noisy voxel ratios is biased. The value is not corrected for R2*, as in the literature;
    what the correction would give is told with it where there is an R2* map.
    """
    if "in_phase" not in maps or "opposed_phase" not in maps:
        return None
    first, second = (_voxels_in(maps[key], roi, required) for key in ("in_phase", "opposed_phase"))
    if first is None or second is None:
        return None
    in_phase, opposed = float(np.mean(first.values)), float(np.mean(second.values))
    if in_phase <= 0:
        return None
    how = "100 (IP − OP) / IP of the ROI's mean signals, not corrected for R2*; it rises with FF only below about 50 %"
    how += _corrected_dropout_told(maps, roi, in_phase, opposed)
    return _measurement("Dropout ratio", float(dropout_ratio(np.array(in_phase), np.array(opposed))), "%", first, how)


def _corrected_dropout_told(maps: Mapping[str, Volume], roi: VertebraROI, in_phase: float, opposed: float) -> str:
    """The dropout ratio with the ROI's median R2* taken out, as a clause; "" without an R2* map or echo times."""
    first, second = (maps[key].echo_time_s for key in ("in_phase", "opposed_phase"))
    if "r2star" not in maps or first is None or second is None:
        return ""
    r2star = _voxels_in(maps["r2star"], roi, required=False)
    if r2star is None:
        return ""
    median = float(np.nanmedian(r2star.values))
    corrected = float(dropout_ratio(np.array(in_phase), np.array(opposed), r2star_per_s=median, delay_s=first - second))
    return f"; with the ROI's R2* of {median:.0f} 1/s taken out it is {corrected:.1f} %"


def _lumbar_means(vertebrae: Sequence[VertebraResult]) -> dict[str, Measurement]:
    included = [v for v in vertebrae if v.roi.level in LUMBAR and not v.roi.excluded]
    means = {}
    for key in dict.fromkeys(key for v in included for key in v.measurements):
        parts = [v.measurements[key] for v in included if key in v.measurements]
        levels = ", ".join(v.roi.level for v in included if key in v.measurements)
        means[key] = Measurement(
            parts[0].name,
            float(np.mean([m.value for m in parts])),
            parts[0].unit,
            sum(certain(m.n_voxels) for m in parts),
            float(np.mean([m.fraction_inside for m in parts])),
            f"mean of the levels {levels}",
        )
    return means
