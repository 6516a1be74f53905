"""Where vertebral bodies may lie in a whole picture, without a click: boxes with an edge on all four sides.

1. :func:`midline`: at every height the mirror plane of all tissue, along the smoothest path.
2. :func:`whole_picture`: the sagittal picture along it.
3. :func:`possible_bodies`: at every place and tilt the height and depth with the best steps across the edges; the local maxima.

Nothing is assumed on what is bright: the endplates' step is looked for with either sign, the walls' without a sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy import ndimage

from ..model import Volume
from .column import Sampler, best_path, mirror_match, standardise

STEP_MM = 1.5
_SLAB_MM = np.arange(-7.0, 7.1, 2.0)  # about the midline, as for two clicks
_REACH_MM = 34  # to either side of a mirror plane
_FURTHEST_MM = 60  # of the mirror plane from the middle of the image
_BEHIND_PRIOR_MM, _BEHIND_STIFFNESS = 12.0, 0.02  # as for the course of a bent column
_HEIGHTS_MM = 6.0  # between the heights at which a mirror plane is looked for
_DEEP_MM = 3.0
_SIDE_PRIOR_MM = 25.0
_SIDE_PULL = 0.15
_STIFFNESS = 0.006  # correlation that a sideways step by one mm must gain
_TALLEST_MM = 320.0  # part of the picture that is turned at a time; a body and a disc more are seen above and below it
_OVERLAP_MM = 60.0

_BEHIND_MM, _BEFORE_MM, _BELOW_MM, _ABOVE_MM = 90.0, 55.0, 100.0, 45.0  # what surrounds a column that is known

TILTS = np.arange(-80.0, 31.0, 10.0)
"""Tilts that are tried, degrees; front raised is positive. A first sacral body is tilted by −30 to −70."""
_HEIGHTS, _DEPTHS = np.arange(18.0, 35.0, 2.0), np.arange(18.0, 45.0, 3.0)
_USUAL_HEIGHT, _HEIGHT_SD, _USUAL_DEPTH, _DEPTH_SD, _SIZE_PULL = 27.0, 3.5, 34.0, 5.0, 0.02
_WIDE_MM, _EDGE_MM = 14.0, 1.2
_ENDPLATE_MM, _WALL_MM = 22.0, 17.0  # lengths over which a step is averaged
_ENDPLATE_WEIGHT, _MOST_ENDPLATE, _MOST_WALL = 1.6, 1.0, 0.7
_LEAST_SCORE, _LEAST_ENDPLATE = 0.35, 0.1


@dataclass(frozen=True)
class WholePicture:
    """The sagittal picture along the midline of a whole image.

    Attributes
    ----------
    values : ndarray, shape (z, y)
        Signal, one pixel every :data:`STEP_MM`.
    z, y : ndarray
        RAS positions of rows (ascending) and columns (posterior to anterior), mm.
    course : ndarray, shape (n, 2)
        The midline: rows (z, x) in RAS mm, ascending.
    """

    values: np.ndarray
    z: np.ndarray
    y: np.ndarray
    course: np.ndarray

    def aside(self, z: np.ndarray) -> np.ndarray:
        """R coordinate of the midline at these heights, mm."""
        return np.interp(z, *self.course.T)


@dataclass(frozen=True)
class Candidates:
    """Boxes that may be bodies, cranial first.

    Attributes
    ----------
    center : ndarray, shape (n, 2)
        (A, S) in mm.
    tilt, height, depth : ndarray, shape (n,)
        Degrees, mm, mm.
    score : ndarray, shape (n,)
        Mean step across the edges in spreads of the surroundings, endplates weighted by 1.6.
    """

    center: np.ndarray
    tilt: np.ndarray
    height: np.ndarray
    depth: np.ndarray
    score: np.ndarray

    def take(self, chosen: np.ndarray) -> Candidates:
        """Some of them, in the order given."""
        return Candidates(*(values[chosen] for values in (self.center, self.tilt, self.height, self.depth, self.score)))

    def best(self, n: int) -> Candidates:
        """The ``n`` with the best scores, cranial first."""
        chosen = np.argsort(-self.score, kind="stable")[:n]
        return self.take(chosen[np.argsort(-self.center[chosen, 1], kind="stable")])


def whole_picture(image: Volume, sampler: Sampler, about: Optional[np.ndarray] = None) -> WholePicture:
    """Average the slab about the midline of the whole image.

    Parameters
    ----------
    image : Volume
        Shape (k, j, i).
    sampler : Sampler
        Of the same image.
    about : ndarray, shape (n, 3), optional
        Points of a column, RAS mm: only what surrounds them is looked at, and a sacrum below them.
    """
    low, high = _bounds(image)
    if about is not None:
        low[1:] = np.maximum(low[1:], about[:, 1:].min(axis=0) - np.array([_BEHIND_MM, _BELOW_MM]))
        high[1:] = np.minimum(high[1:], about[:, 1:].max(axis=0) + np.array([_BEFORE_MM, _ABOVE_MM]))
    course = midline(low, high, sampler)
    z, y = (np.arange(low[axis] + 0.5, high[axis] - 0.5, STEP_MM) for axis in (2, 1))
    values = np.zeros((len(z), len(y)), dtype=np.float32)
    aside = np.interp(z, *course.T)[:, None]
    for offset in _SLAB_MM:
        values += sampler(np.stack(np.broadcast_arrays(aside + offset, y, z[:, None]), axis=-1))
    return WholePicture(values / len(_SLAB_MM), z, y, course)


def midline(low: np.ndarray, high: np.ndarray, sampler: Sampler) -> np.ndarray:
    """The mirror plane of all tissue at every height: rows (z, x) in RAS mm, ascending.

    Parameters
    ----------
    low, high : ndarray, shape (3,)
        Corners of the image, RAS mm.
    sampler : Sampler
    """
    middle = (low[0] + high[0]) / 2
    furthest = int(np.clip((high[0] - low[0]) / 2 - _REACH_MM - 2, 4, _FURTHEST_MM))
    z, y = np.arange(low[2] + 3, high[2] - 2, _HEIGHTS_MM), np.arange(low[1] + 3, high[1] - 2, _DEEP_MM)
    half = furthest // 2 * 2 + _REACH_MM + 36
    x = np.arange(-half, half + 1, 2.0)
    block = sampler(np.stack(np.broadcast_arrays(middle + x, y[:, None], z[:, None, None]), axis=-1))
    shifts = np.arange(-furthest, furthest + 1)
    match = mirror_match(standardise(block, (2, 3, 8)), len(x) // 2, shifts)
    match = ndimage.gaussian_filter1d(match, 1.5, axis=0) - _SIDE_PULL * shifts**2 / (2 * _SIDE_PRIOR_MM**2)
    path = ndimage.gaussian_filter1d(best_path(match, shifts, _STIFFNESS), 4)
    return np.stack([z, middle + path], axis=1)


def midline_behind(centers: np.ndarray, sampler: Sampler) -> np.ndarray:
    """R of the mirror plane of the tissue behind bodies alone, at their heights, mm: truer than that of all tissue, which may lie askew.

    Parameters
    ----------
    centers : ndarray, shape (n, 3)
        Of the bodies, cranial first, RAS mm.
    sampler : Sampler
    """
    up = centers[::-1]
    z = np.arange(up[0, 2] - 15, up[-1, 2] + 15, 3.0)
    course, forward = np.interp(z, up[:, 2], up[:, 0]), np.interp(z, up[:, 2], up[:, 1])
    shifts, x = np.arange(-24, 25), np.arange(-94.0, 95.0, 2.0)
    y = forward[:, None] + np.arange(-58.0, -14.0, 2.0)
    block = sampler(np.stack(np.broadcast_arrays(course[:, None, None] + x, y[:, :, None], z[:, None, None]), axis=-1))
    match = mirror_match(standardise(block, (2, 3, 5)), len(x) // 2, shifts)
    match = ndimage.gaussian_filter1d(match, 1.5, axis=0) - _SIDE_PULL * shifts**2 / (2 * _BEHIND_PRIOR_MM**2)
    path = ndimage.gaussian_filter1d(best_path(match, shifts, _BEHIND_STIFFNESS), 3)
    return np.interp(centers[:, 2], z, course + path)


def possible_bodies(picture: WholePicture) -> dict[int, Candidates]:
    """Local maxima of the box score for discs that are brighter (1) and darker (−1) than the bodies."""
    found: dict[int, list[np.ndarray]] = {1: [], -1: []}
    standardised = standardise(picture.values, (_WIDE_MM / STEP_MM,) * 2)
    rows, overlap = int(_TALLEST_MM / STEP_MM), int(_OVERLAP_MM / STEP_MM)
    starts = range(0, max(len(picture.z) - overlap, 1), rows - overlap)
    for start in starts:
        part = standardised[start : start + rows]
        inner = (0 if start == 0 else overlap / 2, len(part) if start == starts[-1] else len(part) - overlap / 2)
        for tilt in TILTS:
            for sign, every in _boxes_at(part, tilt).items():
                boxes = every[(every[:, 1] >= inner[0]) & (every[:, 1] < inner[1])]
                boxes[:, 0] = picture.y[0] + STEP_MM * boxes[:, 0]
                boxes[:, 1] = picture.z[start] + STEP_MM * boxes[:, 1]
                found[sign].append(boxes)
    both = {}
    for sign, parts in found.items():
        rows_of = np.concatenate(parts)
        both[sign] = Candidates(rows_of[:, :2], *rows_of[:, 2:].T)
    return both


def _boxes_at(picture: np.ndarray, tilt: float) -> dict[int, np.ndarray]:
    """Rows (y, z, tilt, height, depth, score) in pixels, degrees, mm, for both signs of the endplates' step."""
    turned, seen, matrix, offset = _turned(picture, tilt)
    edge = _EDGE_MM / STEP_MM
    across = ndimage.uniform_filter1d(
        ndimage.gaussian_filter1d(turned, edge, axis=0, order=1), int(_ENDPLATE_MM / STEP_MM), axis=1
    )
    along = np.abs(
        ndimage.uniform_filter1d(ndimage.gaussian_filter1d(turned, edge, axis=1, order=1), int(_WALL_MM / STEP_MM), axis=0)
    )
    walls, depth = _best_extent(along.T, along.T, _DEPTHS, _USUAL_DEPTH, _DEPTH_SD)
    walls, depth = walls.T, depth.T
    boxes = {}
    for sign in (1, -1):
        ends, height = _best_extent(sign * across, -sign * across, _HEIGHTS, _USUAL_HEIGHT, _HEIGHT_SD)
        score = _ENDPLATE_WEIGHT * np.minimum(ends, _MOST_ENDPLATE) + np.minimum(walls, _MOST_WALL)
        peak = (score == ndimage.maximum_filter(score, 5)) & (score > _LEAST_SCORE) & seen & (ends > _LEAST_ENDPLATE)
        at = np.nonzero(peak)
        z, y = matrix @ np.array(at) + offset[:, None]
        boxes[sign] = np.stack([y, z, np.full(len(z), tilt), height[at], depth[at], score[at]], axis=1)
    return boxes


def _turned(picture: np.ndarray, tilt: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The picture in the frame of bodies of this tilt, where it lies in the picture, and the way back to its pixels (matrix, offset)."""
    cos, sin = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    matrix = np.array([[cos, sin], [-sin, cos]])
    shape = np.array(picture.shape)
    reach = np.ceil(np.abs(matrix.T) @ (shape - 1) / 2).astype(int)
    offset = (shape - 1) / 2 - matrix @ reach
    turned = ndimage.affine_transform(picture, matrix, offset, output_shape=tuple(2 * reach + 1), order=1, mode="nearest")
    v, u = np.ogrid[: 2 * reach[0] + 1, : 2 * reach[1] + 1]
    z, y = matrix[0, 0] * v + matrix[0, 1] * u + offset[0], matrix[1, 0] * v + matrix[1, 1] * u + offset[1]
    return turned, (z >= 0) & (z <= shape[0] - 1) & (y >= 0) & (y <= shape[1] - 1), matrix, offset


def _best_extent(
    after: np.ndarray, before: np.ndarray, extents_mm: np.ndarray, usual: float, sd: float
) -> tuple[np.ndarray, np.ndarray]:
    """Best score of two opposite edges along the first axis, and their distance in mm, at every centre; the weaker edge counts twice."""
    best, extent = np.full(after.shape, -np.inf, dtype=np.float32), np.full(after.shape, extents_mm[0])
    for mm in extents_mm:
        half = round(mm / STEP_MM / 2)
        upper, lower = np.full_like(after, -np.inf), np.full_like(after, -np.inf)
        if half >= len(after):
            continue
        upper[:-half], lower[half:] = after[half:], before[:-half]
        score = 0.5 * np.minimum(upper, lower) + 0.25 * (upper + lower) - _SIZE_PULL * ((mm - usual) / sd) ** 2
        better = score > best
        best[better], extent[better] = score[better], mm
    return best, extent


def _bounds(image: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the image's box in RAS, mm."""
    shape = np.array(image.array.shape[::-1])
    corners = np.array(np.meshgrid(*((-0.5, n - 0.5) for n in shape))).reshape(3, -1).T
    ras = image.to_ras(corners)
    return ras.min(axis=0), ras.max(axis=0)
