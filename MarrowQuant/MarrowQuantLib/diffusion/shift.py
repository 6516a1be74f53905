"""How far what one station shows lies off what its neighbour shows, from the slices that both acquired.

Patients move between table positions, and echo-planar images are displaced by another field at each of them. The shift is found by least
squares on the images of the overlap; the method and its limits are our choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model import Numbers

LARGEST_SHIFT_MM = 12.0  # searched for; a larger one is no longer a matter of placing
MOST_UNCERTAIN_MM = 1.0  # standard error above which an axis is not trusted: a thigh looks the same a slice further down
_STEPS = 12  # of Gauss and Newton
_SETTLED = 1e-3  # of a voxel
_LEAST_OVERLAP = 2  # slices that both stations must have acquired; our choice
_MARGIN_SLICES = 2  # slices beyond the overlap that a shift along z may bring into it
_FEWEST_VOXELS = 500  # of tissue in the overlap; our choice
_SEARCHED_VOXELS = 4000  # looked up at each whole-voxel step; the refinement uses all
_BRIGHT = 0.15  # of the 99th percentile: what is tissue, not noise
_EFFECTIVE = 8.0  # neighbouring residuals are alike (coil profile, interpolation): so many voxels count as one observation
_LEAST_CORRELATION = 0.8  # below, the two stations do not show the same thing


@dataclass(frozen=True)
class Shift:
    """Displacement of the second station's content against the first.

    Attributes
    ----------
    voxels : ndarray, shape (3,)
        Along i, j, k: what is at index x in the first station is at x + voxels in the second one, on the common grid.
    mm : ndarray, shape (3,)
        The same along i, j, k in mm.
    uncertain_mm : ndarray, shape (3,)
        Standard error; infinite where nothing could be estimated.
    correlation : float
        Between the two stations after the shift.
    """

    voxels: np.ndarray
    mm: np.ndarray
    uncertain_mm: np.ndarray
    correlation: float

    @property
    def trusted(self) -> np.ndarray:
        """Which axes may be corrected, bool, shape (3,)."""
        return (self.uncertain_mm <= MOST_UNCERTAIN_MM) & (self.correlation >= _LEAST_CORRELATION)


def no_shift() -> Shift:
    """Nothing was estimated."""
    return Shift(np.zeros(3), np.zeros(3), np.full(3, np.inf), float("nan"))


def estimate_shift(first: np.ndarray, second: np.ndarray, second_starts: int, spacing_mm: Numbers) -> Shift:
    """Shift of ``second`` against ``first`` over the slices that both show.

    A search over whole voxels on the correlation, then Gauss–Newton on a(x) = g(x) b(x + d), in which the gain g is a quadratic surface in
    the slice, so that the coils' profiles do not pass for a shift.

    Parameters
    ----------
    first, second : ndarray, shape (k, j, i)
        Signal of two stations on parallel grids; best the lowest b-value, where anatomy is clearest.
    second_starts : int
        Slice of ``first`` at which slice 0 of ``second`` is meant to lie.
    spacing_mm : (float, float, float)
        Voxel size along i, j, k.

    Returns
    -------
    Shift
        Zero and infinitely uncertain where the stations share too little.
    """
    if len(first) - second_starts < _LEAST_OVERLAP:  # no overlap, no move: stations that only touch do not show the same tissue
        return no_shift()
    size = np.asarray(spacing_mm, dtype=float)
    k0 = max(0, second_starts - _MARGIN_SLICES)
    target = np.nan_to_num(first[k0:]).astype(np.float32)
    moving = np.nan_to_num(second[: len(first) - second_starts + _MARGIN_SLICES + 1]).astype(np.float32)
    tissue = target > _BRIGHT * np.percentile(target, 99) if target.size else np.zeros(0, bool)
    index = np.argwhere(tissue)
    if len(index) < _FEWEST_VOXELS or len(moving) < 2:
        return no_shift()
    problem = _Problem(target[tissue], index, moving, k0 - second_starts, tissue.shape)
    start = _search(problem, np.floor(LARGEST_SHIFT_MM / size[::-1]).astype(int))
    return _refine(problem, start, size)


class _Problem:
    """The first station's tissue voxels and the second station to be looked up at shifted positions; axes are k, j, i."""

    def __init__(self, values: np.ndarray, index: np.ndarray, moving: np.ndarray, offset_k: int, shape: tuple[int, ...]) -> None:
        from scipy import ndimage  # here, as fits of single images do without it

        self.values, self.index = values.astype(float), index + np.array([offset_k, 0, 0])
        self.moving = moving
        self.spline = ndimage.spline_filter(moving, order=3, output=np.float32)
        self.limit = np.array(moving.shape) - 1
        y, x = (2.0 * index[:, axis] / max(shape[axis] - 1, 1) - 1 for axis in (1, 2))
        self.surface = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1)

    def holds(self, position: np.ndarray) -> np.ndarray:
        """Which positions, shape (n, 3), lie in the second station."""
        return np.all((position >= 0) & (position <= self.limit), axis=1)

    def inside(self, shift: np.ndarray) -> np.ndarray:
        return self.holds(self.index + shift)

    def look_up(self, position: np.ndarray) -> np.ndarray:
        """The second station at positions of shape (n, 3)."""
        from scipy import ndimage

        return ndimage.map_coordinates(self.spline, position.T, order=3, prefilter=False, mode="nearest")


def _search(problem: _Problem, reach: np.ndarray) -> np.ndarray:
    """Whole-voxel shift with the highest correlation."""
    best, found = -np.inf, np.zeros(3)
    every = max(1, len(problem.index) // _SEARCHED_VOXELS)
    index, looked_for = problem.index[::every], problem.values[::every]
    strides = np.array([problem.moving[0].size, problem.moving.shape[2], 1])
    flat, moving = index @ strides, problem.moving.ravel()
    held = [
        [(index[:, axis] + n >= 0) & (index[:, axis] + n <= problem.limit[axis]) for n in range(-reach[axis], reach[axis] + 1)]
        for axis in range(3)
    ]
    for step in np.ndindex(*(2 * reach + 1)):
        shift = np.array(step) - reach
        inside = held[0][step[0]] & held[1][step[1]] & held[2][step[2]]
        if every * np.count_nonzero(inside) < _FEWEST_VOXELS:
            continue
        correlation = _correlation(looked_for[inside], moving[flat[inside] + shift @ strides])
        if correlation > best:
            best, found = correlation, shift.astype(float)
    return found


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 0 else 0.0


def _refine(problem: _Problem, shift: np.ndarray, size_mm: np.ndarray) -> Shift:
    """Gauss–Newton for the shift, the gain surface solved anew at each step."""
    start = shift
    for _ in range(_STEPS):
        inside = problem.inside(shift)
        if np.count_nonzero(inside) < _FEWEST_VOXELS or np.any(np.abs(shift - start) > 1.5):
            return no_shift()
        a, position = problem.values[inside], problem.index[inside] + shift
        values = problem.look_up(position).astype(float)
        scaled = problem.surface[inside] * values[:, None]
        gain = problem.surface[inside] @ np.linalg.lstsq(scaled, a, rcond=None)[0]
        slopes = np.stack([problem.look_up(position + half) - problem.look_up(position - half) for half in 0.5 * np.eye(3)], axis=1)
        design = np.concatenate([gain[:, None] * slopes, scaled], axis=1)
        normal = design.T @ design + 1e-9 * np.trace(design.T @ design) / design.shape[1] * np.eye(design.shape[1])
        residual = a - gain * values
        step = np.clip(np.linalg.solve(normal, design.T @ residual)[:3], -1, 1)
        shift = shift + step
        if np.abs(step).max() < _SETTLED:
            break
    variance = float(residual @ residual) / max(len(a) - design.shape[1], 1)
    error = np.sqrt(_EFFECTIVE * variance * np.diag(np.linalg.inv(normal))[:3])
    voxels = shift[::-1].copy()
    return Shift(voxels, voxels * size_mm, error[::-1] * size_mm, _correlation(a, gain * values))
