"""What is asked of a function that computes a quantity of one vertebra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from .. import noise
from ..model import Finding, MarrowQuantError, Measurement, VertebraROI, Volume
from ..quantities import Quantity
from .image_shift import ImageShift
from .roi import RoiVoxels, rasterise, values_inside


@dataclass(frozen=True)
class MeasureRequest:
    """One vertebra of an exam, to be measured.

    Attributes
    ----------
    maps : mapping of str to Volume
        All of the exam.
    rois : sequence of VertebraROI
        All of the exam, from cranial to caudal.
    number : int
        Which of them is asked for.
    shifts : mapping of str to ImageShift
        By key of the map: how far it shows the column elsewhere.
    primary : str or None
        Key of the map that the ROIs were drawn for: an ROI outside it is an error.
    """

    maps: Mapping[str, Volume]
    rois: Sequence[VertebraROI]
    number: int
    shifts: Mapping[str, ImageShift]
    primary: Optional[str]

    @property
    def roi(self) -> VertebraROI:
        """The vertebra's own."""
        return self.rois[self.number]

    def roi_on(self, key: str) -> VertebraROI:
        """The ROI where this map shows the vertebra."""
        shift = self.shifts.get(key)
        return shift.apply(self.roi) if shift is not None and shift.accepted else self.roi

    def voxels(self, key: str, roi: VertebraROI) -> Optional[RoiVoxels]:
        """The voxels of a region on a map; None if it holds none, and an error if that is the map that ROIs were drawn for."""
        try:
            voxels = rasterise(roi, self.maps[key])
        except MarrowQuantError:
            if key == self.primary:
                raise
            return None
        return voxels if voxels.n_voxels else None


def measurement(
    row: Quantity, value: float, voxels: RoiVoxels, how: Finding, standard_error: Optional[float] = None,
    placement_error: Optional[float] = None,
) -> Measurement:
    """The value of a quantity with the voxels that it rests on."""
    return Measurement(
        row.name, float(value), row.unit, int(voxels.n_voxels), float(voxels.fraction_inside), how, standard_error,
        placement_error,
    )


PLACEMENT_MM = 1.0
"""Standard deviation, on each of its axes, of the place of a ROI that does not know its own: that of the centres found from two clicks in
labelled spines, whose median error is 1.3 to 1.8 mm (``Docs/vertebrae.md``; 1.54 standard deviations on three axes), rounded."""


def placement_error(request: MeasureRequest, row: Quantity, roi: VertebraROI) -> Optional[float]:
    """How much the value varies because the ROI's own place is not exact: half the differences between both moves along each axis.

    In the value's unit; None where a moved ROI has no voxels on the map. It is moved by its ``place_sd_mm``, else :data:`PLACEMENT_MM`.
    """
    variance, distance = 0.0, PLACEMENT_MM if roi.place_sd_mm is None else roi.place_sd_mm
    for axis in roi.axes.T:
        ends = []
        for sign in (1.0, -1.0):
            moved = values_inside(replace(roi, center_ras=roi.center_ras + sign * distance * axis), request.maps[row.key])
            if not moved.size:
                return None
            ends.append(float(np.median(moved) if row.statistic == "median" else np.mean(moved)))
        variance += ((ends[0] - ends[1]) / 2) ** 2
    return float(np.sqrt(variance))


def standard_error(volume: Volume, voxels: RoiVoxels, statistic: str) -> Optional[float]:
    """Standard error of the mean or median of the voxels, if their noise is independent; None where no four neighbours tell the noise.

    The noise is told by how diagonal neighbours in the ROI differ, whoever made the map. A map that was interpolated or smoothed has less
    noise between neighbours than in a mean, and its error is larger than this. The median's is √(π/2) times the mean's (normal noise).
    """
    array = volume.array[voxels.bounds]
    sd = noise.of_neighbours(array, voxels.local_mask & np.isfinite(array))
    return sd / np.sqrt(voxels.n_voxels) * (np.sqrt(np.pi / 2) if statistic == "median" else 1.0) if sd else None
