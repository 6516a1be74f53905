"""How far the images of one station at different b-values lie off each other, and the images brought together.

Patients move between b-values, and strong gradients leave eddy currents that shift an echo-planar image along its phase direction
(Jezzard 1998, Magn Reson Med 39:801). Shift and turn are found by mutual information (Mattes 2003, IEEE Trans Med Imaging 22:120), which
does not mind that the contrast changes with b. Eddy currents are those of the protocol, so that they shift every station alike: where most
stations agree, their median holds for all that agree with it, and is known better than the shift of one. The limits are our choice: on a
digital patient a shift of 4 mm is found within 0.2 mm in the plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

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
_NONE = np.array([0.15, 0.15, 0.3])  # of a voxel along i, j, k: with less, what is found is the error of the search, larger across slices
_AGREES, _FEWEST_AGREEING, _SMALLEST_AGREED = 0.35, 3, 0.2  # voxels of the median, stations, and voxels from which their median is undone
_TRIED_DEG, _LEAST_TURN_DEG, _LARGEST_DEG = 1.5, 2.0, 15.0  # of turns: in noise, one of a degree gains by what interpolation smooths
_LEAST_TURN_GAIN = 0.02  # in mutual information, by which the turned image must match better


@dataclass(frozen=True)
class BShift:
    """Displacement of the image of one b-value against that of the lowest.

    Attributes
    ----------
    b_value : float
        s/mm².
    voxels, mm : ndarray, shape (3,)
        Along i, j, k: what is at x in the image of the lowest b-value is at x + voxels in this one, but for the turn.
    undone : bool
        True if the image was moved back; False if the shift is too small to be worth it, or not trusted.
    trusted : bool
        False if the search failed, ran away, or did not make the images match better.
    turn_deg : ndarray, shape (3,)
        About the axes i, j, k through the middle of the station, one after the other; 0 where no turn was found.
    """

    b_value: float
    voxels: np.ndarray
    mm: np.ndarray
    undone: bool
    trusted: bool
    turn_deg: np.ndarray = field(default_factory=lambda: np.zeros(3))

    @property
    def left(self) -> bool:
        """True for more than half a voxel that was not undone."""
        return not self.undone and bool(np.any(np.abs(self.voxels) > HALF))

    @property
    def turned(self) -> bool:
        """True if a turn was found."""
        return bool(np.any(self.turn_deg))


def find_shifts(images: Sequence[np.ndarray], b_values: Sequence[float], spacing_mm: np.ndarray) -> list[BShift]:
    """How far the images of one station lie off that of the lowest b-value.

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
    list of BShift
        One for each image but the first; none where the images are too small for it.
    """
    if len(images) < 2 or images[0].size < _FEWEST_VOXELS or images[0].shape[0] < _FEWEST_SLICES:
        return []
    fixed = _prepared(images[0])
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda pair: _shift(fixed, pair[0], pair[1], spacing_mm), zip(images[1:], b_values[1:])))


def agreed(stations: Sequence[Sequence[BShift]], spacing_mm: np.ndarray) -> list[list[BShift]]:
    """The shifts of all stations, after those that agree have taken their median: eddy currents are the same at every station.

    Parameters
    ----------
    stations : sequence of sequence of BShift
        Each with the same b-values; one that moved in another way keeps its own.
    spacing_mm : ndarray, shape (3,)
        Voxel size along i, j, k, that of all stations.
    """
    found = [list(shifts) for shifts in stations]
    for n in range(min(map(len, found), default=0)):
        every = np.array([shifts[n].voxels for shifts in found])
        middle = np.median(every, axis=0)
        own = [s for s, off in enumerate(np.abs(every - middle).max(axis=1)) if off < _AGREES and not found[s][n].turned]
        if len(own) < max(_FEWEST_AGREEING, len(found) / 2):
            continue
        middle = np.median(every[own], axis=0)
        for s in own:
            undone = bool(np.abs(middle).max() >= _SMALLEST_AGREED)
            found[s][n] = replace(found[s][n], voxels=middle, mm=middle * spacing_mm, undone=undone, trusted=True)
    return found


def moved_back(images: Sequence[np.ndarray], shifts: Sequence[BShift], spacing_mm: np.ndarray) -> list[np.ndarray]:
    """The images of one station on the place of the lowest b-value's.

    Parameters
    ----------
    images : sequence of ndarray, shape (k, j, i)
        By b-value, the lowest first.
    shifts : sequence of BShift
        Of all images but the first, as :func:`find_shifts` gives them; or none.
    spacing_mm : ndarray, shape (3,)
        Voxel size along i, j, k.

    Returns
    -------
    list of ndarray
        Images that are moved are interpolated by cubic B-splines; all others are the given arrays.
    """
    if not shifts:
        return list(images)
    return [images[0], *(_moved(image, shift, spacing_mm) if shift.undone else image for image, shift in zip(images[1:], shifts))]


def _prepared(image: np.ndarray) -> np.ndarray:
    """The logarithm of the signal above the noise, a wide range of brightness in few bins: as bins, 0 … :data:`_BINS` - 1."""
    from scipy import ndimage  # here, as fits of single images do without it

    known = ndimage.gaussian_filter(np.nan_to_num(image).astype(np.float32), (0, _SMOOTHING, _SMOOTHING))
    top = max(float(known.max()), 1e-6)
    floor = max(float(np.percentile(known, 5)), 1e-6 * top)
    height = np.log(np.maximum(known, floor) / floor)
    return height * np.float32((_BINS - 1) / max(np.log(top / floor), 1e-6))


class _Information:
    """Mutual information of both images, in nats, at a pose: the shift in voxels along k, j, i and, if given, the turn about these axes in
    degrees; looked up at voxels spread over the first."""

    def __init__(self, fixed: np.ndarray, moving: np.ndarray, spacing_mm: np.ndarray) -> None:
        index = np.arange(0, fixed.size, max(1, fixed.size // _SAMPLES))
        self._points = np.array(np.unravel_index(index, fixed.shape), dtype=np.float32)
        self._bins = np.rint(fixed.ravel()[index]).astype(np.intp) * _BINS
        self._moving, self._spacing = moving, spacing_mm

    def __call__(self, pose: np.ndarray) -> float:
        from scipy import ndimage

        points = self._points + np.reshape(pose[:3], (3, 1)).astype(np.float32)
        if len(pose) > 3:
            matrix, offset = _turn(pose[3:], self._moving.shape, self._spacing)
            points = (matrix @ points + offset[:, None]).astype(np.float32)
        there = ndimage.map_coordinates(self._moving, points, order=1, mode="nearest")
        lower = np.minimum(there.astype(np.intp), _BINS - 2)
        part = there - lower  # of the upper bin: counts that move smoothly from bin to bin make the information smooth in the shift
        joint = np.bincount(self._bins + lower, 1 - part, _BINS**2) + np.bincount(self._bins + lower + 1, part, _BINS**2)
        joint = joint.reshape(_BINS, _BINS) / joint.sum()
        alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        filled = joint > 0
        return float(np.sum(joint[filled] * np.log(joint[filled] / alone[filled])))


def _turn(degrees: np.ndarray, shape: Sequence[int], spacing_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrix and offset that turn places (k, j, i) about the middle of an image; angles about the axes k, j, i."""
    about_k, about_j, about_i = np.radians(degrees)
    turns = [
        np.array([[1, 0, 0], [0, np.cos(about_k), -np.sin(about_k)], [0, np.sin(about_k), np.cos(about_k)]]),
        np.array([[np.cos(about_j), 0, -np.sin(about_j)], [0, 1, 0], [np.sin(about_j), 0, np.cos(about_j)]]),
        np.array([[np.cos(about_i), -np.sin(about_i), 0], [np.sin(about_i), np.cos(about_i), 0], [0, 0, 1]]),
    ]
    scale = np.asarray(spacing_mm, dtype=float)[::-1]
    matrix = turns[0] @ turns[1] @ turns[2] * scale / scale[:, None]
    middle = (np.asarray(shape) - 1) / 2
    return matrix, middle - matrix @ middle


def _shift(fixed: np.ndarray, image: np.ndarray, b_value: float, spacing_mm: np.ndarray) -> BShift:
    information = _Information(fixed, _prepared(image), spacing_mm)
    here = information(np.zeros(3))
    at, there = _highest(information, here)
    at, there = _highest_turned(information, at, there)
    voxels, turn = at[2::-1].copy(), at[:2:-1].copy() if len(at) > 3 else np.zeros(3)
    better = there - here > _LEAST_GAIN
    within = np.abs(voxels * spacing_mm).max() < LARGEST_MM and np.abs(turn).max() < _LARGEST_DEG
    trusted = bool(within and (better or np.abs(voxels).max() < SMALLEST))
    voxels[np.abs(voxels) < _NONE] = 0.0
    undone = trusted and bool(np.abs(voxels).max() >= SMALLEST or np.any(turn))
    return BShift(float(b_value), voxels, voxels * spacing_mm, undone, trusted, turn)


def _highest(information: _Information, here: float) -> tuple[np.ndarray, float]:
    """The shift along k, j, i of most information, and the information there."""
    around = np.array([[information(sign * axis) for sign in (-1, 1)] for axis in np.eye(3)])
    bend = around.sum(axis=1) - 2 * here
    if np.all(around < here) and np.all(bend < 0):  # the top of a parabola along each axis
        peak = 0.5 * (around[:, 0] - around[:, 1]) / bend
        if np.abs(peak).max() < SMALLEST:
            return peak, max(here, information(peak))
    axis, side = np.unravel_index(int(np.argmax(around)), around.shape)
    start = np.eye(3)[axis] * (2 * side - 1) * (around[axis, side] > here)
    return _climbed(information, start)


def _highest_turned(information: _Information, shift: np.ndarray, there: float) -> tuple[np.ndarray, float]:
    """The pose of most information and the information there; the shift alone unless a turn of two degrees or more makes the images match
    better."""
    tried = np.array([
        [information(np.concatenate([shift, sign * axis])) for sign in (-1, 1)] for axis in _TRIED_DEG * np.eye(3)
    ])  # fmt: skip
    if np.all(tried <= there + _LEAST_TURN_GAIN / 2):
        return shift, there
    axis, side = np.unravel_index(int(np.argmax(tried)), tried.shape)
    start = np.concatenate([shift, _TRIED_DEG * np.eye(3)[axis] * (2 * side - 1)])
    pose, turned = _climbed(information, start)
    if turned - there <= _LEAST_TURN_GAIN or np.abs(pose[3:]).max() < _LEAST_TURN_DEG:
        return shift, there
    return pose, turned


def _climbed(information: _Information, start: np.ndarray) -> tuple[np.ndarray, float]:
    """The pose of most information near ``start``, and the information there."""
    from scipy import optimize  # here, as images that lie on each other do without it

    found = optimize.minimize(lambda pose: -information(pose), start, method="Powell", options={"xtol": 0.02, "ftol": 1e-5})
    return np.asarray(found.x, dtype=float), -float(found.fun)


def _moved(image: np.ndarray, shift: BShift, spacing_mm: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    known = np.nan_to_num(image).astype(np.float32)
    if not shift.turned:
        return np.maximum(ndimage.shift(known, -shift.voxels[::-1], order=3, mode="nearest"), 0.0)
    matrix, offset = _turn(shift.turn_deg[::-1], known.shape, spacing_mm)
    return np.maximum(ndimage.affine_transform(known, matrix, offset + matrix @ shift.voxels[::-1], order=3, mode="nearest"), 0.0)
