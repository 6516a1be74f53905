"""Connected pieces of a sparse mask, and what can be measured on each of them."""

from __future__ import annotations

from collections.abc import Sequence
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
        own = values[self.order]
        return np.array([_median(own[start:stop]) for start, stop in zip(self.starts, self.starts[1:])])


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
    begins, lengths = _runs(flat, shape[-1])
    found, count = _connected_runs(flat[begins], lengths, shape)
    sizes = np.bincount(found, weights=lengths, minlength=count).astype(np.int64)
    kept = np.flatnonzero(sizes * voxel_ml >= max(min_volume_ml, voxel_ml / 2))
    kept = kept[np.argsort(-sizes[kept], kind="stable")]
    label = np.zeros(count, dtype=np.int32)
    label[kept] = np.arange(1, len(kept) + 1)
    of_run = label[found]
    in_piece = np.flatnonzero(of_run)
    runs = in_piece[np.argsort(of_run[in_piece], kind="stable")]
    order, row_end = _voxels_of(begins[runs], lengths[runs])
    starts = np.concatenate([[0], np.cumsum(sizes[kept])])
    centroid, box, half_axes = _moments(positions_ras.take(order, axis=0), starts)
    return Pieces(order, starts, centroid, box, half_axes, sizes[kept] * voxel_ml, row_end)


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
    begins, lengths = _runs(flat, shape[-1])
    found, count = _connected_runs(flat[begins], lengths, shape)
    return np.repeat(found + 1, lengths), count


def _runs(flat: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Where in ``flat`` each run along i begins, and how many voxels it has."""
    begins = np.flatnonzero((np.diff(flat, prepend=-2) != 1) | (flat % width == 0))
    return begins, np.diff(begins, append=flat.size)


def _voxels_of(begins: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the voxels of the runs, run by run, and which of them are the first or the last of their run."""
    stops = np.cumsum(lengths)
    firsts = stops - lengths
    voxels = np.repeat(begins - firsts, lengths) + np.arange(lengths.sum())
    at_end = np.zeros(voxels.size, dtype=bool)
    at_end[firsts] = at_end[stops - 1] = True
    return voxels, at_end


def _connected_runs(start: np.ndarray, lengths: np.ndarray, shape: tuple[int, int, int]) -> tuple[np.ndarray, int]:
    """Component of each run, from 0 in the order of each component's first run, and their number."""
    if not start.size:
        return np.zeros(0, dtype=np.int32), 0
    height, width = shape[1:]
    stop = start + lengths
    below = np.flatnonzero((start // width) % height != height - 1)  # runs that have a next row in their slice
    pairs = _touching(start, stop, below, width) + _touching(start, stop, np.arange(start.size), width * height)
    rows, columns = (np.concatenate(ends) for ends in zip(*pairs))
    graph = coo_matrix((np.ones(rows.size, dtype=np.int8), (rows, columns)), shape=(start.size, start.size))
    count, found = connected_components(graph, directed=False)
    return found, int(count)


def _touching(start: np.ndarray, stop: np.ndarray, runs: np.ndarray, step: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of runs that lie face to face, the second ``step`` voxels behind the first: the first such neighbour of each run, the second
    one, and so on."""
    neighbour = np.searchsorted(stop, start[runs] + step, side="right")
    starts = np.append(start, np.iinfo(start.dtype).max)
    pairs = []
    while True:
        meets = starts[neighbour] < stop[runs] + step
        runs, neighbour = runs[meets], neighbour[meets]
        pairs.append((runs, neighbour))
        if not runs.size:
            return pairs
        neighbour = neighbour + 1


def longest_diameters(pieces: Sequence[np.ndarray], voxel_axes: np.ndarray) -> list[float]:
    """Longest extent of each piece in mm, from outer face to outer face.

    The longest distance between two voxel centres plus the length of a voxel in that direction, so that a row of n voxels of 2 mm measures
    2 n mm. In large pieces only the extreme points along directions spread over the sphere are compared.

    Parameters
    ----------
    pieces : sequence of ndarray, shape (n, 3)
        Voxel centres in RAS mm of each piece; those at the ends of the rows will do.
    voxel_axes : ndarray, shape (3, 3)
        Columns: the steps of a voxel along i, j, k in RAS mm.
    """
    directions, to_steps = _half_sphere(_DIRECTIONS), np.linalg.inv(voxel_axes)
    one_voxel = float(np.linalg.norm(voxel_axes, axis=0).max())
    return [one_voxel if len(points) == 1 else _longest_diameter(points, directions, to_steps) for points in pieces]


def _longest_diameter(points: np.ndarray, directions: np.ndarray, to_steps: np.ndarray) -> float:
    """That of one piece of two or more points; ``to_steps`` turns mm into steps of a voxel."""
    if len(points) > _MAX_PAIRS_FROM:
        along = directions.astype(points.dtype) @ points.T
        points = points[np.unique(np.concatenate([along.argmax(axis=1), along.argmin(axis=1)]))]
    distances = cdist(points, points)
    first, second = divmod(int(distances.argmax()), len(points))
    longest = distances[first, second]
    steps = to_steps @ ((points[second] - points[first]) / longest)
    return float(longest + 1.0 / np.abs(steps).max())


def _half_sphere(count: int) -> np.ndarray:
    """Directions spread evenly over half a sphere on a golden spiral, shape (count, 3)."""
    n = np.arange(count) + 0.5
    z = n / count
    angle = n * np.pi * (3.0 - np.sqrt(5.0))
    return np.stack([np.sqrt(1 - z**2) * np.cos(angle), np.sqrt(1 - z**2) * np.sin(angle), z], axis=1)


def _median(values: np.ndarray) -> float:
    """As ``np.median``, without the checks that take longer than a small piece itself."""
    middle = [(len(values) - 1) // 2, len(values) // 2]
    low, high = np.partition(values, middle)[middle].tolist()
    return (low + high) / 2


def _sums(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum of each run of ``values`` between two starts."""
    return np.add.reduceat(values, starts[:-1], dtype=float) if len(starts) > 1 else np.zeros(0)


def _moments(points: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre of mass, bounding box and half-axes of the equivalent ellipsoid of each piece.

    A solid ellipsoid with half-axis a has the variance a²/5 along it.
    """
    if len(starts) == 1:
        return np.zeros((0, 3)), np.zeros((0, 2, 3)), np.zeros((0, 3))
    count = np.diff(starts)
    columns = np.ascontiguousarray(points.T)
    centroid = np.stack([_sums(column, starts) for column in columns], axis=1) / count[:, None]
    deviation = [column - np.repeat(center, count) for column, center in zip(columns, centroid.T)]
    covariance = np.zeros((len(count), 3, 3))
    for a in range(3):
        for b in range(a, 3):
            covariance[:, a, b] = covariance[:, b, a] = _sums(deviation[a] * deviation[b], starts) / count
    half_axes = np.sqrt(5.0 * np.maximum(np.linalg.eigvalsh(covariance), 0.0))
    extremes = [[extreme.reduceat(column, starts[:-1]) for column in columns] for extreme in (np.minimum, np.maximum)]
    return centroid, np.array(extremes).transpose(2, 0, 1), half_axes
