"""How far the images of one station at different b-values lie off each other, and the images brought together.

Patients move between b-values, and strong gradients leave eddy currents that shift an echo-planar image along its phase direction
(Jezzard 1998, Magn Reson Med 39:801). A shift is found by mutual information (Mattes 2003, IEEE Trans Med Imaging 22:120), which does not
mind that the contrast changes with b. The limits are our choice: on a digital patient a shift of 4 mm is found within 0.2 mm in the plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

_BINS = 32
_SAMPLES = 12_000
_SMOOTHING = 0.7  # voxels in-plane: interpolation between voxels smooths, too, and would pass for a change of information
_FEWEST_VOXELS = 4_000  # of an image, for a shift to be looked for
_FEWEST_SLICES = 6
SMALLEST = 0.3  # of a voxel: a smaller shift is left alone, since interpolation would cost more than it mends
LARGEST_MM = 20.0  # a larger one is no movement between b-values but a failed search
HALF = 0.5  # of a voxel: a larger shift that cannot be undone is told
_LEAST_GAIN = 0.002  # in mutual information (nats) by which the moved image must match better


@dataclass(frozen=True)
class BShift:
    """Displacement of the image of one b-value against that of the lowest.

    Attributes
    ----------
    b_value : float
        s/mm².
    voxels, mm : ndarray, shape (3,)
        Along i, j, k: what is at x in the image of the lowest b-value is at x + voxels in this one.
    undone : bool
        True if the image was moved back; False if the shift is too small to be worth it, or not trusted.
    trusted : bool
        False if the search failed, ran away, or did not make the images match better.
    """

    b_value: float
    voxels: np.ndarray
    mm: np.ndarray
    undone: bool
    trusted: bool

    @property
    def left(self) -> bool:
        """True for more than half a voxel that was not undone."""
        return not self.undone and bool(np.any(np.abs(self.voxels) > HALF))


def match_b_values(
    images: Sequence[np.ndarray], b_values: Sequence[float], spacing_mm: np.ndarray
) -> tuple[list[np.ndarray], list[BShift]]:
    """The images of one station on the place of the lowest b-value's, and how far each was off.

    Parameters
    ----------
    images : sequence of ndarray, shape (k, j, i)
        By b-value, the lowest first.
    b_values : sequence of float
        s/mm².
    spacing_mm : ndarray, shape (3,)
        Voxel size along i, j, k.

    Returns
    -------
    images : list of ndarray
        Those that were off by ``SMALLEST`` voxels or more are interpolated by cubic B-splines; all others are the given arrays.
    shifts : list of BShift
        One for each image but the first.
    """
    if len(images) < 2 or images[0].size < _FEWEST_VOXELS or images[0].shape[0] < _FEWEST_SLICES:
        return list(images), []
    fixed = _prepared(images[0])
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda pair: _shift(fixed, pair[0], pair[1], spacing_mm), zip(images[1:], b_values[1:])))
    moved = [_moved(image, shift) if shift.undone else image for image, shift in zip(images[1:], found)]
    return [images[0], *moved], found


def _prepared(image: np.ndarray) -> np.ndarray:
    """The logarithm of the signal above the noise, a wide range of brightness in few bins: as bins, 0 … :data:`_BINS` - 1."""
    from scipy import ndimage  # here, as fits of single images do without it

    known = ndimage.gaussian_filter(np.nan_to_num(image).astype(np.float32), (0, _SMOOTHING, _SMOOTHING))
    top = max(float(known.max()), 1e-6)
    floor = max(float(np.percentile(known, 5)), 1e-6 * top)
    height = np.log(np.maximum(known, floor) / floor)
    return height * np.float32((_BINS - 1) / max(np.log(top / floor), 1e-6))


class _Information:
    """Mutual information of both images, in nats, at a shift in voxels along k, j, i; looked up at voxels spread over the first."""

    def __init__(self, fixed: np.ndarray, moving: np.ndarray) -> None:
        index = np.arange(0, fixed.size, max(1, fixed.size // _SAMPLES))
        self._points = np.array(np.unravel_index(index, fixed.shape), dtype=np.float32)
        self._bins = np.rint(fixed.ravel()[index]).astype(np.intp) * _BINS
        self._moving = moving

    def __call__(self, shift: np.ndarray) -> float:
        from scipy import ndimage

        there = ndimage.map_coordinates(self._moving, self._points + np.reshape(shift, (3, 1)), order=1, mode="nearest")
        lower = np.minimum(there.astype(np.intp), _BINS - 2)
        part = there - lower  # of the upper bin: counts that move smoothly from bin to bin make the information smooth in the shift
        joint = np.bincount(self._bins + lower, 1 - part, _BINS**2) + np.bincount(self._bins + lower + 1, part, _BINS**2)
        joint = joint.reshape(_BINS, _BINS) / joint.sum()
        alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        filled = joint > 0
        return float(np.sum(joint[filled] * np.log(joint[filled] / alone[filled])))


def _shift(fixed: np.ndarray, image: np.ndarray, b_value: float, spacing_mm: np.ndarray) -> BShift:
    information = _Information(fixed, _prepared(image))
    here = information(np.zeros(3))
    at, there = _highest(information, here)
    voxels = at[::-1].copy()
    mm = voxels * spacing_mm
    better = there - here > _LEAST_GAIN
    trusted = bool(np.abs(mm).max() < LARGEST_MM and (better or np.abs(voxels).max() < SMALLEST))
    return BShift(float(b_value), voxels, mm, trusted and bool(np.abs(voxels).max() >= SMALLEST), trusted)


def _highest(information: _Information, here: float) -> tuple[np.ndarray, float]:
    """The shift along k, j, i of most information, and the information there."""
    from scipy import optimize

    around = np.array([[information(sign * axis) for sign in (-1, 1)] for axis in np.eye(3)])
    bend = around.sum(axis=1) - 2 * here
    if np.all(around < here) and np.all(bend < 0):  # the top of a parabola along each axis
        peak = 0.5 * (around[:, 0] - around[:, 1]) / bend
        if np.abs(peak).max() < SMALLEST:
            return peak, max(here, information(peak))
    axis, side = np.unravel_index(int(np.argmax(around)), around.shape)
    start = np.eye(3)[axis] * (2 * side - 1) * (around[axis, side] > here)
    found = optimize.minimize(lambda shift: -information(shift), start, method="Powell", options={"xtol": 0.02, "ftol": 1e-5})
    return np.asarray(found.x, dtype=float), -float(found.fun)


def _moved(image: np.ndarray, shift: BShift) -> np.ndarray:
    from scipy import ndimage

    known = np.nan_to_num(image).astype(np.float32)
    return np.maximum(ndimage.shift(known, -shift.voxels[::-1], order=3, mode="nearest"), 0.0)
