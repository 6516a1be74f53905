"""The in/opposed-phase dropout ratio of one ROI."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..fatwater import dropout_ratio
from ..model import Measurement, VertebraROI, finding, made
from ..quantities import Quantity
from .request import MeasureRequest, measurement


def dropout_of_roi(row: Quantity, request: MeasureRequest) -> Optional[Measurement]:
    """100 (IP − OP) / IP from the ROI's mean signals; see :func:`fatwater.dropout_ratio`.

    Means before the ratio, because the mean of noisy voxel ratios is biased. The value is not corrected for R2*, as in the literature;
    what the correction would give is told with it where there is an R2* map.
    """
    if "in_phase" not in request.maps or "opposed_phase" not in request.maps:
        return None
    roi = request.roi_on("in_phase")
    first, second = (request.voxels(key, roi) for key in ("in_phase", "opposed_phase"))
    if first is None or second is None:
        return None
    in_phase, opposed = float(np.mean(first.values)), float(np.mean(second.values))
    if in_phase <= 0:
        return None
    corrected = _corrected_told(request, roi, in_phase, opposed)
    how = made(finding("made.dropout"), finding("made.dropout_range"), corrected)
    return measurement(row, float(dropout_ratio(np.array(in_phase), np.array(opposed))), first, how)


def _corrected_told(request: MeasureRequest, roi: VertebraROI, in_phase: float, opposed: float) -> str:
    """The dropout ratio with the ROI's median R2* taken out, as a step; "" without an R2* map or echo times."""
    first, second = (request.maps[key].echo_time_s for key in ("in_phase", "opposed_phase"))
    if "r2star" not in request.maps or first is None or second is None:
        return ""
    r2star = request.voxels("r2star", roi)
    if r2star is None:
        return ""
    median = float(np.nanmedian(r2star.values))
    corrected = float(dropout_ratio(np.array(in_phase), np.array(opposed), r2star_per_s=median, delay_s=first - second))
    return finding("made.dropout_corrected", r2star=median, dropout=corrected)
