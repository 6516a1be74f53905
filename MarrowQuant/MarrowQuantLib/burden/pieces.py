"""Connected pieces of a sparse mask, and what can be measured on each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

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
        x = _sorted_within(values[self.order], self.labels())
        first, count = self.starts[:-1], np.diff(self.starts)
        return (x[first + (count - 1) // 2].astype(float) + x[first + count // 2]) / 2 if len(self) else np.zeros(0)


def find_pieces(
    flat: np.ndarray, shape: tuple[int, int, int], positions_ras: np.ndarray, voxel_ml: float, min_volume_ml: float
) -> Pieces:
    """Connected pieces of at least ``min_volume_ml``, largest first.

    Parameters
    ----------
    flat : ndarray, shape (m,)
        Flat indices of the candidate voxels, ascending.
    shape : (int, int, int)
        Size (k, j, i) of the volume, or of the cut-out of it, that ``flat`` counts in.
    positions_ras : ndarray, shape (m, 3)
        The voxels' positions in RAS mm.
    voxel_ml, min_volume_ml : float
    """
    found, count = connected(flat, shape)
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
    return Pieces(order, starts, centroid, box, half_axes, sizes[kept] * voxel_ml, _row_ends(flat[order], shape[-1]))


def connected(flat: np.ndarray, shape: tuple[int, int, int]) -> tuple[np.ndarray, int]:
    """Connected components of sparse voxels, the runs along i as the nodes of a graph: the fewer voxels, the faster.

    Voxels are connected through their faces only. On whole-body grids of some 3.5 x 3.5 x 6 mm an edge or a corner is a line or a point of
    contact: joining through it would merge a rib with the spleen (our choice).

    Parameters
    ----------
    flat : ndarray, shape (m,)
        Flat indices of the voxels, ascending.
    shape : (int, int, int)
        Size (k, j, i) of what ``flat`` counts in.

    Returns
    -------
    labels : ndarray of int, shape (m,)
        From 1, in the order of each component's first voxel, as ``scipy.ndimage.label`` numbers them.
    count : int
    """
    if not flat.size:
        return np.zeros(0, dtype=np.int32), 0
    height, width = shape[1:]
    begins = np.flatnonzero((np.diff(flat, prepend=-2) != 1) | (flat % width == 0))
    lengths = np.diff(begins, append=flat.size)
    start = flat[begins]
    stop = start + lengths
    below = np.flatnonzero((start // width) % height != height - 1)  # runs that have a next row in their slice
    pairs = [_touching(start, stop, below, width), _touching(start, stop, np.arange(start.size), width * height)]
    rows, columns = (np.concatenate(ends) for ends in zip(*pairs))
    graph = coo_matrix((np.ones(rows.size, dtype=np.int8), (rows, columns)), shape=(start.size, start.size))
    count, labels = connected_components(graph, directed=False)
    return np.repeat(labels + 1, lengths), int(count)


def _touching(start: np.ndarray, stop: np.ndarray, runs: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of runs that lie face to face, the second ``step`` voxels behind the first."""
    first = np.searchsorted(stop, start[runs] + step, side="right")
    count = np.searchsorted(start, stop[runs] + step, side="left") - first
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(runs, count), np.repeat(first, count) + nth


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
        along = _half_sphere(_DIRECTIONS).astype(points.dtype) @ points.T
        points = points[np.unique(np.concatenate([along.argmax(axis=1), along.argmin(axis=1)]))]
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


def _sorted_within(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Values in ascending order within each label; the labels are ascending already.

    One sort of 64-bit keys, the label above the value's bits, is eight times as fast as sorting by two columns. The bits of a float order
    like an unsigned integer once the sign bit is flipped, for negative numbers all bits (IEEE 754).
    """
    sign = np.uint32(1 << 31)
    bits = values.astype(np.float32).view(np.uint32)
    negative = bits >= sign
    ordered = np.where(negative, ~bits, bits | sign)
    keys = (labels.astype(np.uint64) << np.uint64(32)) | ordered
    keys.sort()
    ordered = keys.astype(np.uint32)
    return np.where(ordered >= sign, ordered ^ sign, ~ordered).view(np.float32)


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
