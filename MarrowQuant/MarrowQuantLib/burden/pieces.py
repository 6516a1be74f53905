"""Connected pieces of a sparse mask, and what can be measured on each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial.distance import cdist

FACES = ndimage.generate_binary_structure(3, 1)
"""Voxels are connected through their faces only. On whole-body grids of some 3.5 x 3.5 x 6 mm an edge or a corner is a line or a point of
contact: joining through it would merge a rib with the spleen (our choice)."""

_MAX_PAIRS_FROM = 150  # up to this many points all distances are taken; above, only between the extreme points
_DIRECTIONS = 92  # on half a sphere: neighbours about 15° apart, so that the longest diameter is missed by less than 1 %


@dataclass(frozen=True)
class Pieces:
    """Connected pieces, the largest first; entry n of every array belongs to label n + 1.

    Attributes
    ----------
    order : ndarray, shape (m,)
        Indices into the candidate voxels, piece by piece; within a piece in raster order.
    starts : ndarray, shape (n + 1,)
        Where each piece begins in ``order``.
    centroid_ras : ndarray, shape (n, 3)
        Centre of mass in RAS mm.
    box_ras : ndarray, shape (n, 2, 3)
        Smallest and largest voxel centre along R, A, S.
    half_axes_mm : ndarray, shape (n, 3)
        Half-axes of the solid ellipsoid with the piece's second moments, shortest first.
    volume_ml : ndarray, shape (n,)
    row_end : ndarray of bool, shape (m,)
        Where ``order`` holds the first or last voxel of a run along i; the longest diameter lies between two of these.
    """

    order: np.ndarray
    starts: np.ndarray
    centroid_ras: np.ndarray
    box_ras: np.ndarray
    half_axes_mm: np.ndarray
    volume_ml: np.ndarray
    row_end: np.ndarray

    def __len__(self) -> int:
        return len(self.volume_ml)

    def labels(self) -> np.ndarray:
        """Label of each entry of ``order``."""
        return np.repeat(np.arange(1, len(self) + 1, dtype=np.int32), np.diff(self.starts))

    def members(self, label: int) -> np.ndarray:
        """Indices into the candidate voxels of one piece."""
        return self.order[self.starts[label - 1] : self.starts[label]]

    def row_ends(self, label: int) -> np.ndarray:
        """Those members that begin or end a run along i."""
        piece = slice(self.starts[label - 1], self.starts[label])
        return self.order[piece][self.row_end[piece]]

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean per piece of a value per candidate voxel."""
        return _sums(values[self.order], self.starts) / np.diff(self.starts)

    def median(self, values: np.ndarray) -> np.ndarray:
        """Median per piece of a value per candidate voxel."""
        x = values[self.order]
        x = x[np.lexsort((x, self.labels()))]
        first, count = self.starts[:-1], np.diff(self.starts)
        return (x[first + (count - 1) // 2].astype(float) + x[first + count // 2]) / 2 if len(self) else np.zeros(0)


def find_pieces(mask: np.ndarray, flat: np.ndarray, positions_ras: np.ndarray, voxel_ml: float, min_volume_ml: float) -> Pieces:
    """Connected pieces of at least ``min_volume_ml``, largest first.

    Parameters
    ----------
    mask : ndarray of bool, shape (k, j, i)
        The mask, possibly a cut-out of the volume.
    flat : ndarray, shape (m,)
        Flat indices into ``mask`` of its True voxels, ascending.
    positions_ras : ndarray, shape (m, 3)
        Their positions in RAS mm.
    voxel_ml, min_volume_ml : float
    """
    labels, count = ndimage.label(mask, FACES)
    found = labels.ravel()[flat]
    sizes = np.bincount(found, minlength=count + 1)
    sizes[0] = 0
    kept = np.flatnonzero(sizes * voxel_ml >= max(min_volume_ml, voxel_ml / 2))
    kept = kept[np.argsort(-sizes[kept], kind="stable")]
    rank = np.zeros(count + 1, dtype=np.int32)
    rank[kept] = np.arange(1, len(kept) + 1)
    label = rank[found]
    in_piece = np.flatnonzero(label)
    order = in_piece[np.argsort(label[in_piece], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(sizes[kept])])
    centroid, box, half_axes = _moments(positions_ras[order], starts)
    return Pieces(order, starts, centroid, box, half_axes, sizes[kept] * voxel_ml, _row_ends(flat[order], mask.shape[-1]))


def longest_diameter(points: np.ndarray, voxel_axes: np.ndarray) -> float:
    """Longest extent of a piece in mm, from outer face to outer face.

    The longest distance between two voxel centres plus the length of a voxel in that direction, so that a row of n voxels of 2 mm measures
    2 n mm. In large pieces only the extreme points along directions spread over the sphere are compared.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
        Voxel centres in RAS mm; those at the ends of the rows will do.
    voxel_axes : ndarray, shape (3, 3)
        Columns: the steps of a voxel along i, j, k in RAS mm.
    """
    if len(points) > _MAX_PAIRS_FROM:
        along = points @ _half_sphere(_DIRECTIONS).T.astype(points.dtype)
        points = points[np.unique(np.concatenate([along.argmax(axis=0), along.argmin(axis=0)]))]
    if len(points) == 1:
        return float(np.linalg.norm(voxel_axes, axis=0).max())
    distances = cdist(points, points)
    first, second = np.unravel_index(distances.argmax(), distances.shape)
    longest = distances[first, second]
    direction = (points[second] - points[first]) / longest
    steps = np.linalg.inv(voxel_axes) @ direction
    return float(longest + 1.0 / np.abs(steps).max())


def _half_sphere(count: int) -> np.ndarray:
    """Directions spread evenly over half a sphere on a golden spiral, shape (count, 3)."""
    n = np.arange(count) + 0.5
    z = n / count
    angle = n * np.pi * (3.0 - np.sqrt(5.0))
    return np.stack([np.sqrt(1 - z**2) * np.cos(angle), np.sqrt(1 - z**2) * np.sin(angle), z], axis=1)


def _row_ends(flat: np.ndarray, width: int) -> np.ndarray:
    """True where the run of consecutive indices is broken, or at the first and last column, where the next index is in another row."""
    broken = np.diff(flat, prepend=-2, append=-2) != 1
    column = flat % width
    return broken[:-1] | broken[1:] | (column == 0) | (column == width - 1)


def _sums(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum of each run of ``values`` between two starts."""
    if len(starts) == 1:
        return np.zeros((0, *values.shape[1:]))
    return np.add.reduceat(values, starts[:-1], axis=0, dtype=float)


def _moments(points: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre of mass, bounding box and half-axes of the equivalent ellipsoid of each piece.

    A solid ellipsoid with half-axis a has the variance a²/5 along it.
    """
    if len(starts) == 1:
        return np.zeros((0, 3)), np.zeros((0, 2, 3)), np.zeros((0, 3))
    count = np.diff(starts)[:, None]
    centroid = _sums(points, starts) / count
    deviation = points - np.repeat(centroid, count[:, 0], axis=0)
    pairs = [(a, b) for a in range(3) for b in range(a, 3)]
    products = np.stack([deviation[:, a] * deviation[:, b] for a, b in pairs], axis=1)
    covariance = np.zeros((len(centroid), 3, 3))
    for (a, b), value in zip(pairs, (_sums(products, starts) / count).T):
        covariance[:, a, b] = covariance[:, b, a] = value
    half_axes = np.sqrt(5.0 * np.maximum(np.linalg.eigvalsh(covariance), 0.0))
    low, high = (extreme.reduceat(points, starts[:-1], axis=0) for extreme in (np.minimum, np.maximum))
    return centroid, np.stack([low, high], axis=1), half_axes
