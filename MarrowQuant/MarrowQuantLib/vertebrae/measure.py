"""The numbers of one exam's vertebrae: every ROI on every map's own grid, and the lumbar means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Callable, Optional

import numpy as np

from ..features import first_order, histogram
from ..model import Finding, Measurement, VertebraResult, VertebraROI, Volume, certain, finding, made
from ..quantities import Quantity, of_vertebrae
from . import ImageShift, RoiVoxels, levels_between
from .dominance import not_known
from .outliers import with_outlier_findings
from .request import MeasureRequest, measurement, placement_error, standard_error

LUMBAR = tuple(levels_between("L1", "L5"))
_PLACED = ("ff", "adc")  # quantities of which is told what the place of the ROI brings

HISTOGRAM_KEYS = tuple(row.key for row in of_vertebrae() if row.has_histogram)
MIN_VOXELS = 10  # our choice: below this an ROI's numbers are flagged
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
    primary = next((key for key in ("ff", "adc", "in_phase") if key in maps), None)
    requests = [MeasureRequest(maps, rois, number, shifts or {}, primary) for number in range(len(rois))]
    vertebrae = with_outlier_findings([_measure_one(request) for request in requests])
    return vertebrae, _lumbar_means(vertebrae)


def _measure_one(request: MeasureRequest) -> VertebraResult:
    measurements: dict[str, Measurement] = {}
    features: dict[str, dict[str, float]] = {}
    histograms, moved_rois = {}, {}
    findings: list[Finding] = []
    for row in of_vertebrae():
        if not row.statistic or row.key not in request.maps:
            continue
        moves_with = row.moves_with or row.key
        roi, moved = request.roi_on(moves_with), ""
        if roi is not request.roi:
            moved_rois[row.key] = roi
            moved = finding("made.roi_moved", shift=request.shifts[moves_with].components)
        voxels = request.voxels(row.key, roi)
        if voxels is None:
            findings.append(finding("roi.outside", level=roi.level, map=row.name))
            continue
        values = {**first_order(voxels.values), "n_excluded": voxels.n_without_value}
        how = made(finding(f"made.roi_{row.statistic}"), *request.maps[row.key].source, moved)
        error = standard_error(request.maps[row.key], voxels, row.statistic)
        measurements[row.key] = measurement(row, values[row.statistic], voxels, how, error, _placement(request, row, roi))
        findings += _doubts(roi.level, row.name, voxels)
        if row.has_histogram:
            features[row.key], histograms[row.key] = values, histogram(voxels.values, row.name, row.unit)
    for row in of_vertebrae():
        computed = _function(row)(row, request) if row.computed_by else None
        if computed is not None:
            measurements[row.key] = computed
    findings += not_known(request)
    return VertebraResult(request.roi, measurements, features, histograms, tuple(dict.fromkeys(findings)), moved_rois)


def _placement(request: MeasureRequest, row: Quantity, roi: VertebraROI) -> Optional[float]:
    return placement_error(request, row, roi) if row.key in _PLACED else None


def _function(row: Quantity) -> Callable[[Quantity, MeasureRequest], Optional[Measurement]]:
    """The function that computes a quantity from more than the voxels of one map; None where the exam does not allow it."""
    module, name = row.computed_by.split(":")
    function: Callable[[Quantity, MeasureRequest], Optional[Measurement]] = getattr(import_module(f"...{module}", __name__), name)
    return function


def _doubts(level: str, name: str, voxels: RoiVoxels) -> list[Finding]:
    findings = []
    if voxels.fraction_inside < MIN_FRACTION_INSIDE:
        findings.append(finding("roi.cut", level=level, map=name, percent=100 * voxels.fraction_inside))
    if voxels.n_voxels < MIN_VOXELS:
        findings.append(finding("roi.few_voxels", level=level, map=name, n=voxels.n_voxels))
    return findings


def _lumbar_means(vertebrae: Sequence[VertebraResult]) -> dict[str, Measurement]:
    included = [v for v in vertebrae if v.roi.level in LUMBAR and not v.roi.excluded]
    means = {}
    for key in dict.fromkeys(key for v in included for key in v.measurements):
        parts = [v.measurements[key] for v in included if key in v.measurements]
        levels = [v.roi.level for v in included if key in v.measurements]
        errors = [m.standard_error for m in parts if m.standard_error is not None]
        means[key] = Measurement(
            parts[0].name,
            float(np.mean([m.value for m in parts])),
            parts[0].unit,
            sum(certain(m.n_voxels) for m in parts),
            float(np.mean([m.fraction_inside for m in parts])),
            made(finding("made.levels_mean", levels=levels)),
            float(np.sqrt(np.sum(np.square(errors)))) / len(parts) if len(errors) == len(parts) else None,
        )
    return means
