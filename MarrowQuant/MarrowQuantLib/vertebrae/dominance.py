"""Which of water and fat dominates in the marrow of a level and of a patient.

Takasu et al., Medicine 2021;100(6):e24358 (doi 10.1097/MD.0000000000024358), split marrow at a fat fraction of 50 %: *water-dominant*
below, *fat-dominant* above, because the in/opposed-phase dropout ratio is largest there and falls again beyond. For the same reason
magnitudes of an in-phase and an opposed-phase image alone cannot tell the two apart: a fat fraction of 30 % and one of 70 % give the same
signals. What decides is a datum in which water and fat are separate:

1. the fat fraction of the level (the scanner's, that of complex echoes, or of water and fat images);
2. else the level's mean signal of a water image, or of a fat image, over that of the in-phase image (SI fat / SI in phase is the fat-signal
   fraction of Takasu et al., PLoS One 2015;10(2):e0116842);
3. else the magnitudes of three echoes, where only one side of 50 % explains them with a decay that is possible (``fatwater.fold``);
4. else it is *not known*, and the level says so.

A level of exactly 50 % belongs to neither. A level nearer to 50 % than a fat fraction repeats (``quantities``) says so in its ``how``.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..fatwater import side_of_fold
from ..model import ExamResult, Finding, Measurement, certain, finding, made
from ..quantities import FAT_DOMINANT, WATER_DOMINANT, Quantity, quantity
from .request import MeasureRequest, measurement
from .roi import RoiVoxels

LIMIT_FF = 50.0
"""% of fat: water-dominant below, fat-dominant above (Takasu 2021)."""
WATER, FAT = "water", "fat"
_RULE = made(finding("made.dominance", limit=LIMIT_FF))


def water_dominant(row: Quantity, request: MeasureRequest) -> Optional[Measurement]:
    """100 % for a water-dominant level, 0 % for a fat-dominant one; the mean over levels is the share of water-dominant levels.

    None where no datum tells water and fat apart (see the module), or the fat fraction is exactly 50 %.
    """
    for find in (_from_ff, _from_one_image, _from_third_echo):
        found = find(request)
        if found is not None:
            ff, voxels, how = found
            break
    else:
        return None
    if not np.isfinite(ff) or ff == LIMIT_FF:
        return None
    limit = quantity("ff").limit
    if limit is not None and abs(ff - LIMIT_FF) < limit.value:
        how = made(how, finding("made.dominance_near", points=limit.value, limit=LIMIT_FF))
    return measurement(row, WATER_DOMINANT if ff < LIMIT_FF else FAT_DOMINANT, voxels, how)


def not_known(request: MeasureRequest) -> tuple[Finding, ...]:
    """Says that the dominance of a level is not known because only in- and opposed-phase magnitudes are there; empty otherwise."""
    magnitudes_only = {"in_phase", "opposed_phase"} <= set(request.maps) and not {"ff", "water", "fat"} & set(request.maps)
    if not magnitudes_only or _from_third_echo(request) is not None:
        return ()
    code = "dominance.third_echo" if "third_echo" in request.maps else "dominance.not_known"
    return (finding(code, level=request.roi.level),)


def dominance_of(exam: ExamResult) -> str:
    """The patient's at this exam: "water" or "fat" by the lumbar mean fat fraction, else by most levels; "" where not known."""
    ff, share = (exam.lumbar.get(key) for key in ("ff", "water_dominant"))
    value = 100.0 - share.value if ff is None and share is not None else LIMIT_FF if ff is None else ff.value
    if not np.isfinite(value) or value == LIMIT_FF:
        return ""
    return WATER if value < LIMIT_FF else FAT


def _from_ff(request: MeasureRequest) -> Optional[tuple[float, RoiVoxels, Finding]]:
    voxels = request.voxels("ff", request.roi_on("ff")) if "ff" in request.maps else None
    if voxels is None:
        return None
    ff = float(np.nanmean(voxels.values)) if np.isfinite(voxels.values).any() else float("nan")
    return ff, voxels, _RULE


def _from_one_image(request: MeasureRequest) -> Optional[tuple[float, RoiVoxels, Finding]]:
    """From a water or a fat image and the in-phase one, by the ROI's mean signals."""
    if "in_phase" not in request.maps:
        return None
    whole = request.voxels("in_phase", request.roi_on("in_phase"))
    for key in ("water", "fat"):
        part = request.voxels(key, request.roi_on(key)) if key in request.maps else None
        if part is None or whole is None:
            continue
        signal = float(np.nanmean(whole.values))
        share = 100.0 * float(np.nanmean(part.values)) / signal if signal > 0 else float("nan")
        return (100.0 - share if key == "water" else share), part, made(finding("made.dominance_image", image=key), _RULE)
    return None


def _from_third_echo(request: MeasureRequest) -> Optional[tuple[float, RoiVoxels, Finding]]:
    """From the ROI's mean magnitudes in opposed phase, in phase and at a third echo."""
    keys = ("opposed_phase", "in_phase", "third_echo")
    if not set(keys) <= set(request.maps):
        return None
    roi = request.roi_on("in_phase")
    voxels = [request.voxels(key, roi) for key in keys]
    times = [request.maps[key].echo_time_s for key in keys]
    field_strength = request.maps["in_phase"].field_strength_t
    known = [one for one in voxels if one is not None]
    if len(known) < len(keys) or None in times or not field_strength:
        return None
    ff = side_of_fold([float(np.nanmean(one.values)) for one in known], [certain(time) for time in times], field_strength)
    return None if ff is None else (ff, known[1], made(finding("made.dominance_third_echo"), _RULE))
