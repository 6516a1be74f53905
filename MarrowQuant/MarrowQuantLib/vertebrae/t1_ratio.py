"""T1-weighted signal of vertebral marrow over that of the neighbouring discs, and over that of muscle.

Fat makes normal marrow bright on T1-weighted spin-echo images. Marrow that is as dark as muscle or a healthy disc, or darker, has lost its
fat: of 45 foci as dark as muscle or darker 44 were infiltrated, of 41 as dark as disc or darker 40 were (Carroll, Feller and Tirman, J Magn
Reson Imaging 1997;7:394, doi 10.1002/jmri.1880070224). A signal has no scale of its own, so only such ratios compare between exams; they
still depend on the sequence and the coil, and a degenerated disc or fatty muscle moves them.

The regions are placed from the ROIs; sizes and offsets are our choice. A disc's lies half-way between two bodies. Muscle's are two, behind
and beside the body, where the erector spinae lies at lumbar levels; the darker one counts, as fat brightens muscle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ..model import Finding, MarrowQuantError, Measurement, VertebraROI, finding, made
from ..quantities import Quantity
from .levels import levels_between
from .places import is_place
from .request import MeasureRequest, measurement
from .roi import RoiVoxels

DISC_RADII_MM = np.array([8.0, 5.0, 1.5])  # well inside a lumbar disc, which is some 10 mm high
MUSCLE_OFF_MM = ((-28.0, -50.0, 0.0), (28.0, -50.0, 0.0))  # along the body's own axes: beside, in front of (so behind), above
MUSCLE_RADII_MM = np.array([7.0, 7.0, 10.0])
FEWEST_VOXELS = 10


def t1_to_discs(row: Quantity, request: MeasureRequest) -> Optional[Measurement]:
    """Median T1-weighted signal of the ROI over the mean of the medians of the discs above and below it; over one where there is one.

    None without T1-weighted images, or where no neighbouring body has an ROI or no disc holds enough voxels.
    """
    if "t1" not in request.maps:
        return None
    discs = [_disc(request.roi_on("t1"), request.rois[n]) for n in (request.number - 1, request.number + 1) if _is_next(request, n)]
    found = [voxels for voxels in (_signals(request, disc) for disc in discs) if voxels is not None]
    if not found:
        return None
    return _ratio(row, request, found, finding("made.t1_discs", n=len(found)))


def t1_to_muscle(row: Quantity, request: MeasureRequest) -> Optional[Measurement]:
    """Median T1-weighted signal of the ROI over that of the darker of two regions in the muscles behind the body.

    None without T1-weighted images, or where neither region holds enough voxels.
    """
    if "t1" not in request.maps or is_place(request.roi.level):
        return None
    roi = request.roi_on("t1")
    places = [VertebraROI(roi.level, roi.center_ras + roi.axes @ np.array(off), roi.axes, MUSCLE_RADII_MM) for off in MUSCLE_OFF_MM]
    found = [signals for signals in (_signals(request, place) for place in places) if signals is not None]
    if not found:
        return None
    return _ratio(row, request, [min(found, key=np.median)], finding("made.t1_muscle"))


def _ratio(row: Quantity, request: MeasureRequest, references: Sequence[np.ndarray], how: Finding) -> Optional[Measurement]:
    marrow: Optional[RoiVoxels] = request.voxels("t1", request.roi_on("t1"))
    signal = float(np.mean([np.median(signals) for signals in references]))
    if marrow is None or signal <= 0:
        return None
    n_voxels = sum(signals.size for signals in references)
    return measurement(row, float(np.median(marrow.values)) / signal, marrow, made(how, finding("made.voxels_there", n=n_voxels)))


def _signals(request: MeasureRequest, place: VertebraROI) -> Optional[np.ndarray]:
    voxels = request.voxels("t1", place)
    values = np.array([]) if voxels is None else voxels.values[np.isfinite(voxels.values)]
    return values if values.size >= FEWEST_VOXELS else None


def _is_next(request: MeasureRequest, number: int) -> bool:
    """Whether this ROI is that of the body next above or below."""
    if not 0 <= number < len(request.rois):
        return False
    try:
        return len(levels_between(*_cranial_first(request.rois, request.number, number))) == 2
    except MarrowQuantError:
        return False


def _cranial_first(rois: Sequence[VertebraROI], first: int, second: int) -> tuple[str, str]:
    above, below = sorted((first, second))
    return rois[above].level, rois[below].level


def _disc(roi: VertebraROI, neighbour: VertebraROI) -> VertebraROI:
    axes = roi.axes
    return VertebraROI(f"{roi.level}/{neighbour.level}", (roi.center_ras + neighbour.center_ras) / 2, axes, DISC_RADII_MM)
