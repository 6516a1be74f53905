"""What else is known about the patient when the tumour load is measured: vertebral ROIs, fat fraction, where the stations meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from ..model import MarrowQuantError, Numbers, VertebraROI, Volume
from ..vertebrae import rasterise
from .landmarks import Landmarks, find_landmarks, regions_of
from .pattern import RoiPlace
from .physiology import BodyOutline
from .pieces import Pieces
from .softtissue import propose_soft_tissue

FF_FROM_MM = 10.0
"""Shortest lesion whose fat fraction is given: between 5 and 10 mm it varies 2.7 to 3.8 times as much (BJR 2021;94:20200682)."""

SEAM_MM = 15.0  # a piece this close to the middle of an overlap is marked; our choice, half a usual overlap of 30 mm
_FF_COVERAGE = 0.5  # part of a lesion that the fat-fraction map must show; our choice


@dataclass(frozen=True)
class BurdenContext:
    """Optional knowledge that makes the list of components richer; nothing of it changes what a component is.

    Attributes
    ----------
    rois : sequence of VertebraROI
        They tell regions and infiltrated levels.
    ff : Volume or None
        Fat fraction in %, on its own grid.
    seams_ras : sequence of (float, float, float)
        Centres of the overlaps between stations, RAS mm.
    """

    rois: Sequence[VertebraROI] = ()
    ff: Optional[Volume] = None
    seams_ras: Sequence[Numbers] = ()


class Surroundings:
    """A :class:`BurdenContext` brought onto the grid of one high-b image, once for all thresholds.

    Parameters
    ----------
    context : BurdenContext
    image : Volume
        The high-b image, shape (k, j, i).
    """

    def __init__(self, context: BurdenContext, image: Volume) -> None:
        self.context, self._image = context, image
        self.roi_voxels = _roi_voxels(context.rois, image)
        self._ff_flat, self._ff_values = _ff_on(image, context.ff)
        self._ff_near = np.arange(self._ff_flat.size)

    def narrow_to(self, flat: np.ndarray) -> None:
        """Only these voxels of the image (flat indices) can belong to a component from now on: the fat fraction need not look elsewhere."""
        near = np.zeros(self._image.array.size, dtype=bool)
        near[flat] = True
        self._ff_near = np.flatnonzero(near[self._ff_flat])

    def set_rois(self, rois: Sequence[VertebraROI]) -> None:
        """Other vertebral ROIs; fat fraction and seams stay."""
        self.context = replace(self.context, rois=tuple(rois))
        self.roi_voxels = _roi_voxels(rois, self._image)

    def landmarks(self, vertex_mm: Optional[float]) -> Optional[Landmarks]:
        """Levels of the body by the ROIs and the vertex (RAS, mm); see :func:`.landmarks.find_landmarks`."""
        return find_landmarks(self.context.rois, vertex_mm)

    def regions(self, pieces: Pieces, landmarks: Optional[Landmarks], outline: BodyOutline) -> list[str]:
        """Region of each piece; see :func:`.landmarks.regions_of`."""
        return regions_of(pieces.centroid_ras, landmarks, outline)

    def soft_tissue(self, pieces: Pieces, landmarks: Optional[Landmarks], outline: BodyOutline) -> list[str]:
        """Why each piece may be no bone, "" where nothing speaks for it; see :func:`.softtissue.propose_soft_tissue`."""
        return propose_soft_tissue(pieces.centroid_ras, landmarks, outline)

    def near_seam(self, pieces: Pieces) -> np.ndarray:
        """True where a piece reaches within ``SEAM_MM`` of the middle of an overlap, along S; shape (n,)."""
        near = np.zeros(len(pieces), dtype=bool)
        for seam in self.context.seams_ras:
            near |= (pieces.box_ras[:, 0, 2] < seam[2] + SEAM_MM) & (pieces.box_ras[:, 1, 2] > seam[2] - SEAM_MM)
        return near

    def fat_fractions(
        self, labels: np.ndarray, longest_mm: Numbers, volume_ml: Numbers
    ) -> list[tuple[Optional[float], int]]:
        """Median fat fraction in % and its number of voxels for each component; (None, 0) where it is too short or hardly in the map.

        The map is not resampled: its own voxels count to the component in whose voxel their centres lie.
        """
        found: list[tuple[Optional[float], int]] = [(None, 0)] * len(longest_mm)
        if self.context.ff is None or not self._ff_near.size:
            return found
        own = labels.ravel()[self._ff_flat[self._ff_near]]
        inside = np.flatnonzero(own)
        inside = inside[np.argsort(own[inside], kind="stable")]
        values = self._ff_values[self._ff_near[inside]]
        bounds = np.searchsorted(own[inside], np.arange(1, len(found) + 2))
        covered = np.diff(bounds) * self.context.ff.voxel_volume_ml >= _FF_COVERAGE * np.asarray(volume_ml)
        for n in np.flatnonzero(covered & (np.diff(bounds) > 0) & (np.asarray(longest_mm) > FF_FROM_MM)):
            own_values = values[bounds[n] : bounds[n + 1]]
            found[n] = (float(np.median(own_values)), own_values.size)
        return found


def _roi_voxels(rois: Sequence[VertebraROI], image: Volume) -> tuple[RoiPlace, ...]:
    places = []
    for roi in rois:
        try:
            places.append((roi, np.flatnonzero(rasterise(roi, image).mask())))
        except MarrowQuantError:  # the level lies outside the diffusion images, so they cannot tell whether it is infiltrated
            continue
    return tuple(places)


def _ff_on(image: Volume, ff: Optional[Volume]) -> tuple[np.ndarray, np.ndarray]:
    """For each voxel of the fat-fraction map that lies in the image: flat index of the image voxel, and the fat fraction."""
    if ff is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    known = np.flatnonzero(np.isfinite(ff.array))
    k, j, i = np.unravel_index(known, ff.array.shape)
    matrix = np.linalg.inv(image.ijk_to_ras) @ ff.ijk_to_ras
    index = [np.rint(row[0] * i + row[1] * j + row[2] * k + row[3]).astype(np.int64) for row in matrix[2::-1]]
    inside = np.all([(axis >= 0) & (axis < size) for axis, size in zip(index, image.array.shape)], axis=0)
    flat = np.ravel_multi_index([axis[inside] for axis in index], image.array.shape)
    return flat, ff.array.ravel()[known[inside]].astype(np.float32)
