"""The column's working frame: scale, midline and one sagittal picture, whatever the image's own grid is.

All lengths inside the frame are in "units" of :attr:`ColumnFrame.scale` mm, so that one set of priors serves lumbar, thoracic and
cervical columns of any size. The picture is standardised to its surroundings, which takes out coil shading and makes an inverted image
the exact negative: nothing that follows may depend on the sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Optional

import numpy as np
from scipy import ndimage

from ..model import MarrowQuantError, Volume
from .levels import level_index
from .roi import default_axes
from .slices import thin_slices

UNIT_SPACING = 36.6
"""Distance between two lumbar centres in units: its mean over ten lumbar spines in mm (labels of MyoSegmenTUM-spine, https://osf.io/3j54b)."""

_MARGIN = 46  # seen above the upper and below the lower click: one body and one disc more
_FORWARD = 58  # seen in front of and behind the chord between the clicks
_SIDE = 30
_X_STEP = 2
_MIDLINE = 7.0  # half-width of the slab that is averaged into the picture
_MIRROR = np.arange(-13, 14)  # shifts of the mirror plane that are tried: three standard deviations of a 4 mm click error
_MIRROR_PRIOR = 8.0
# The course of a column bent to the side, all our choice.
_COURSE = np.arange(-24, 25)  # places of the mirror plane that are tried at every height
_COURSE_STEP = 3.0  # between these heights, units
_COURSE_PRIOR = 12.0
_COURSE_STIFFNESS = 0.02  # correlation that a sideways step by one unit must gain
_COURSE_SMOOTH = 3.0  # heights
_LEAST_BEND = 5.0  # units from a straight line; less is left to the side of each body
_LEAN_OVER = 9.0  # units up and down over which a body's lean is taken
CLICK_ERROR_MM = 4.0  # of a reader's click on each axis (our choice)
PULL = 0.15
"""Correlation that a shift by 1.4 such deviations must gain (our choice)."""
_SIZE_SD = 0.08  # of the logarithm of the size from patient to patient, our choice: 0.94 to 1.05 on the ten spines
_DISTANCE_SD_MM = 5.7  # of the distance of two clicks that are 4 mm off along it
_COLUMN = 7.0  # about the curve through the clicks: what is taken for column, body or disc, in a Gaussian weight (our choice)
_ELSEWHERE = 0.01  # weight of all the rest, so that there is a surrounding everywhere
_USUAL, _PASSES = 2.0, 5  # spreads about the mean to which signals are limited before both are taken again, and how often (our choice)
_WIDE = 14.0  # blur that defines a pixel's surroundings


@dataclass(frozen=True)
class ColumnFrame:
    """Right-handed frame along the chord between the outermost clicks.

    Attributes
    ----------
    origin : ndarray, shape (3,)
        Middle of the chord on the midline, RAS mm.
    axes : ndarray, shape (3, 3)
        Columns: left–right, posterior–anterior, caudal–cranial, in RAS.
    scale : float
        mm per unit.
    course : ndarray, shape (n, 2), or None
        Of a column bent to the side: how far to the right (x) the middle of the bodies lies at heights z, rows (z, x) in units, ascending.
    """

    origin: np.ndarray
    axes: np.ndarray
    scale: float
    course: Optional[np.ndarray] = None

    def aside(self, z: np.ndarray) -> np.ndarray:
        """How far to the right the middle of the column lies at these heights, units; 0 for a straight one."""
        return np.zeros_like(z) if self.course is None else np.interp(z, *self.course.T)

    def grown(self, growth: float) -> ColumnFrame:
        """The same frame with larger units."""
        return replace(self, scale=self.scale * growth, course=None if self.course is None else self.course / growth)

    def at(self, center: np.ndarray) -> ColumnFrame:
        """A straight frame for one body at (y, z), in which it stands at the same y and z and at x = 0, upright from side to side."""
        if self.course is None:
            return self
        y, z = center
        lean = np.arctan(float(self.aside(np.array(z + _LEAN_OVER)) - self.aside(np.array(z - _LEAN_OVER))) / (2 * _LEAN_OVER))
        sideways = np.array([[np.cos(lean), 0.0, np.sin(lean)], [0.0, 1.0, 0.0], [-np.sin(lean), 0.0, np.cos(lean)]])
        axes = self.axes @ sideways
        middle = self.to_ras(np.array([float(self.aside(np.array(z))), y, z]))
        return ColumnFrame(middle - self.scale * axes @ np.array([0.0, y, z]), axes, self.scale)

    def to_units(self, ras: np.ndarray) -> np.ndarray:
        """RAS mm, shape (..., 3), as (x, y, z) in units."""
        return (np.asarray(ras, dtype=float) - self.origin) @ self.axes / self.scale

    def to_ras(self, units: np.ndarray) -> np.ndarray:
        """(x, y, z) in units, shape (..., 3), as RAS mm."""
        return self.origin + self.scale * np.asarray(units, dtype=float) @ self.axes.T


class Sampler:
    """Trilinear samples of an image at RAS positions; values without meaning are replaced by the median."""

    def __init__(self, image: Volume) -> None:
        values = np.asarray(image.array, dtype=np.float32)
        if values.ndim != 3 or min(values.shape) < 2:
            raise MarrowQuantError("The image for finding the vertebrae is not a stack of slices; choose a three-dimensional image.")
        valid = np.isfinite(values)
        complete = bool(valid.all())
        if not valid.any() or float(np.ptp(values if complete else values[valid])) == 0.0:
            raise MarrowQuantError("The image for finding the vertebrae shows nothing: all voxels have one value; choose another image.")
        self._values = values if complete else np.where(valid, values, np.float32(np.median(values[valid])))
        self._image = image.like(self._values)
        self._ras_to_ijk = np.linalg.inv(image.ijk_to_ras)

    def thinned(self, points: Iterable[np.ndarray]) -> Sampler:
        """Of the same image, with thick slices divided about these points (RAS mm); see :func:`.slices.thin_slices`."""
        thin = thin_slices(self._image, points)
        return self if thin is self._image else Sampler(thin)

    def sees(self, ras: np.ndarray) -> np.ndarray:
        """True where a position, shape (..., 3), lies inside the image."""
        ijk = self._index(ras)
        return np.all((ijk >= -0.5) & (ijk < np.array(self._values.shape[::-1]) - 0.5), axis=-1)

    def __call__(self, ras: np.ndarray) -> np.ndarray:
        """Values at positions of shape (..., 3); beyond the image its edge is repeated."""
        return ndimage.map_coordinates(self._values, np.moveaxis(self._index(ras)[..., ::-1], -1, 0), order=1, mode="nearest")

    def _index(self, ras: np.ndarray) -> np.ndarray:
        matrix = self._ras_to_ijk.astype(np.float32)
        return np.asarray(ras, dtype=np.float32) @ matrix[:3, :3].T + matrix[:3, 3]


class Views(NamedTuple):
    """One thing as seen for the endplates and for the walls."""

    ends: Any
    walls: Any


@dataclass(frozen=True)
class SagittalPicture:
    """Mid-sagittal picture in the frame: standardised signal at (z, y), one pixel a unit, in two ways.

    Attributes
    ----------
    ends : ndarray, shape (z, y)
        For the endplates, standardised to bodies and discs. First index caudal to cranial, second posterior to anterior.
    walls : ndarray, shape (z, y)
        For the walls, standardised to all that surrounds a pixel.
    z0, y0 : float
        Position of the first pixel in units.
    """

    ends: np.ndarray
    walls: np.ndarray
    z0: float
    y0: float

    def __call__(self, z: np.ndarray, y: np.ndarray) -> Views:
        """Bilinear samples of both; beyond the picture its edge is repeated."""
        place = np.stack([z - self.z0, y - self.y0])
        return Views(*(ndimage.map_coordinates(values, place, order=1, mode="nearest") for values in (self.ends, self.walls)))


def column_frame(clicks: Mapping[str, np.ndarray], expected_length: float, usual_scale: float = 1.0) -> ColumnFrame:
    """Frame through the outermost clicks.

    Parameters
    ----------
    clicks : mapping of level to ndarray, shape (3,)
        RAS mm.
    expected_length : float
        Distance between the outermost clicked levels in units on the mean curve; 0 for a single click.
    usual_scale : float
        mm a unit that are usual.

    Raises
    ------
    MarrowQuantError
        If the clicks do not go down the patient.
    """
    points = np.array([clicks[level] for level in sorted(clicks, key=level_index)], dtype=float)
    default_axes(points)  # refuses points that do not go down the patient
    ends = points[[0, -1]] if len(points) > 1 else points
    size = _relative_size(float(np.linalg.norm(ends[0] - ends[-1])), expected_length * usual_scale)
    return ColumnFrame(ends.mean(axis=0), default_axes(ends)[0], usual_scale * size)


def _relative_size(distance_mm: float, usual_mm: float) -> float:
    """How much larger than usual a column is, from the distance of two clicks, each of which is some mm off; 1 for a single click.

    The logarithm of the ratio, times the share of its variance that lies between patients: two clicks on neighbours tell little.
    """
    if not usual_mm:
        return 1.0
    share = 1 / (1 + (_DISTANCE_SD_MM / (_SIZE_SD * distance_mm)) ** 2)
    return float((distance_mm / usual_mm) ** share)


def find_midline(frame: ColumnFrame, sampler: Sampler, curve: np.ndarray) -> tuple[ColumnFrame, float]:
    """Turn and shift the frame left–right onto the mirror plane of the tissue behind the bodies.

    The canal, the spinous processes and the muscles of the back are symmetric; the vessels in front of the bodies are not. The plane is
    the pair of shifts at both ends with the highest correlation between the tissue and its mirror image.

    Parameters
    ----------
    curve : ndarray, shape (n, 3)
        Expected centres in units, cranial first.

    Returns
    -------
    frame : ColumnFrame
    certainty : float
        Correlation of the tissue with its mirror image, −1 … 1.
    """
    ends = curve[[0, -1], 2] if len(curve) > 1 else curve[0, 2] + np.array([18.0, -18.0])
    z = np.arange(ends[1] - 15, ends[0] + 15, 3.0)
    match = _mirror_behind(frame, sampler, curve, z, _MIRROR)
    t = (z - ends[1]) / (ends[0] - ends[1])
    upper, lower = np.meshgrid(_MIRROR, _MIRROR, indexing="ij")
    shift = lower[..., None] + (upper - lower)[..., None] * t
    rows = np.arange(len(z))
    position = np.clip(shift - _MIRROR[0], 0, len(_MIRROR) - 1)
    score = match[rows, np.rint(position).astype(int)].mean(axis=-1)
    pulled = score - PULL * (upper**2 + lower**2) / (2 * _MIRROR_PRIOR**2)
    best = np.unravel_index(np.argmax(pulled), pulled.shape)
    ends_x = np.array([upper[best], lower[best]], dtype=float)
    tips = frame.to_ras(np.stack([ends_x, np.zeros(2), ends], axis=1))
    middle = frame.to_ras(np.array([np.interp(0.0, ends[::-1], ends_x[::-1]), 0.0, 0.0]))
    return ColumnFrame(middle, default_axes(tips)[0], frame.scale), float(score[best])


def find_course(frame: ColumnFrame, sampler: Sampler, curve: np.ndarray) -> ColumnFrame:
    """The frame with the course of a column that is bent to the side; as it is where the column is straight.

    At every height the mirror plane of the tissue behind the bodies, along the best path (dynamic programming). What the clicks tell of the
    sides is left to :mod:`.turns`.

    Parameters
    ----------
    curve : ndarray, shape (n, 3)
        Expected centres in units, cranial first.
    """
    if len(curve) < 3:
        return frame
    z = np.arange(curve[-1, 2] - 20, curve[0, 2] + 20, _COURSE_STEP)
    match = _mirror_behind(frame, sampler, curve, z, _COURSE)
    match = ndimage.gaussian_filter1d(match, 1.5, axis=0) - PULL * _COURSE**2 / (2 * _COURSE_PRIOR**2)
    course = ndimage.gaussian_filter1d(best_path(match, _COURSE, _COURSE_STIFFNESS), _COURSE_SMOOTH)
    straight = np.polyval(np.polyfit(z, course, 1), z)
    return frame if np.abs(course - straight).max() < _LEAST_BEND else replace(frame, course=np.stack([z, course], axis=1))


def best_path(score: np.ndarray, places: np.ndarray, stiffness: float) -> np.ndarray:
    """The path through all rows, shape (z, places), with the largest sum of scores less the cost of its steps: places, shape (z,)."""
    cost = stiffness * (places[:, None] - places) ** 2
    total, pointers = score[0], []
    for row in score[1:]:
        reached = total[:, None] - cost
        pointers.append(reached.argmax(axis=0))
        total = reached.max(axis=0) + row
    path = [int(total.argmax())]
    for back in reversed(pointers):
        path.append(int(back[path[-1]]))
    return places[path[::-1]].astype(float)


def _mirror_behind(frame: ColumnFrame, sampler: Sampler, curve: np.ndarray, z: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """:func:`mirror_match` of the tissue behind the bodies at heights z, shape (z, shifts)."""
    behind = np.interp(z, curve[::-1, 2], curve[::-1, 1])[:, None] + np.arange(-58, -14, 2.0)
    x = np.arange(-2 * _SIDE, 2 * _SIDE + 1, _X_STEP) / 1.0
    grid = np.stack(np.broadcast_arrays(x, behind[..., None], z[:, None, None]), axis=-1)
    return mirror_match(standardise(sampler(frame.to_ras(grid)), (2, 3, 5)), len(x) // 2, shifts)


def mirror_match(block: np.ndarray, middle: int, shifts: np.ndarray) -> np.ndarray:
    """Correlation of every z row, shape (z, y, x), with itself mirrored at each shift, in half samples: shape (z, shifts)."""
    reach = 17  # samples of _X_STEP on either side of the mirror plane
    match = np.empty((len(block), len(shifts)))
    for n, shift in enumerate(shifts):
        # A shift of one unit is half a sample, so mirrored indices add up to 2 * middle + shift.
        right = np.arange(middle + (shift + 1) // 2, middle + (shift + 1) // 2 + reach)
        left = 2 * middle + shift - right
        a, b = block[:, :, right], block[:, :, left]
        a, b = a - a.mean(axis=(1, 2), keepdims=True), b - b.mean(axis=(1, 2), keepdims=True)
        norm = np.sqrt((a**2).sum(axis=(1, 2)) * (b**2).sum(axis=(1, 2)))
        match[:, n] = (a * b).sum(axis=(1, 2)) / np.maximum(norm, np.finfo(np.float32).tiny)
    return match


def sagittal_picture(frame: ColumnFrame, sampler: Sampler, curve: np.ndarray) -> SagittalPicture:
    """Average the midline slab and standardise it, to the column about the curve and to all that surrounds a pixel.

    Parameters
    ----------
    frame : ColumnFrame
    sampler : Sampler
    curve : ndarray, shape (n, 3)
        Expected centres in units, cranial first.
    """
    z = np.arange(np.floor(curve[-1, 2] - _MARGIN), curve[0, 2] + _MARGIN)
    y = np.arange(-_FORWARD, _FORWARD + 1.0)
    x = np.arange(-_MIDLINE, _MIDLINE + 0.1, _X_STEP)
    grid = np.stack(np.meshgrid(z, y, x, indexing="ij"), axis=-1)
    grid[..., 2] += frame.aside(z)[:, None, None]
    values = sampler(frame.to_ras(grid[..., ::-1])).mean(axis=-1)
    return SagittalPicture(_standardise_to_column(values, y - _course(curve, z)[:, None]), standardise(values, (_WIDE, _WIDE)), z[0], y[0])


def _course(curve: np.ndarray, z: np.ndarray) -> np.ndarray:
    """How far in front the curve lies at these heights; beyond its ends it goes on straight."""
    ends = [curve[0] + 2 * (curve[0] - curve[1]), *curve, curve[-1] + 2 * (curve[-1] - curve[-2])] if len(curve) > 1 else curve
    up = np.array(ends)[::-1]
    return np.interp(z, up[:, 2], up[:, 1])


def standardise(values: np.ndarray, wide: tuple[float, ...]) -> np.ndarray:
    """Deviation from the surroundings over its own spread there, limited to ±2.5 so that one bright fold does not rule an edge."""
    deviation = values - ndimage.gaussian_filter(values, wide)
    return _over_spread(deviation, ndimage.gaussian_filter(deviation**2, wide), float((deviation**2).mean()))


def _standardise_to_column(values: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Likewise, where only bodies and discs count as surroundings: beside fat or fluid their own contrast would hardly be seen.

    Parameters
    ----------
    values : ndarray, shape (z, y)
    off : ndarray, shape (z, y)
        Distance from the middle of the column, units.
    """
    weight = np.exp(-0.5 * (off / _COLUMN) ** 2).astype(np.float32) + np.float32(_ELSEWHERE)
    whole = ndimage.gaussian_filter(weight, _WIDE)
    low, high = np.percentile(values[np.abs(off) < _COLUMN], (5, 95))
    limited = np.clip(values, 2 * low - high, 2 * high - low)
    for _ in range(_PASSES):
        mean = ndimage.gaussian_filter(weight * limited, _WIDE) / whole
        variance = ndimage.gaussian_filter(weight * (limited - mean) ** 2, _WIDE) / whole
        limited = np.clip(values, mean - _USUAL * np.sqrt(variance), mean + _USUAL * np.sqrt(variance))
    return _over_spread(values - mean, variance, float((weight * variance).sum() / weight.sum()))


def _over_spread(deviation: np.ndarray, variance: np.ndarray, usual_variance: float) -> np.ndarray:
    floor = 0.1 * np.sqrt(usual_variance) + np.finfo(np.float32).tiny
    return np.clip(deviation / (np.sqrt(variance) + floor), -2.5, 2.5).astype(np.float32)
