"""The rival solution: would a whole region fit as well, or better, with water and fat exchanged?

Where fat and water are taken for each other the field is off by their distance, so that a wrong region is bordered by a jump of the field.
The regions between such jumps are judged as a whole: in voxels spread over the region the best other solution of the block is refined, too,
and the misfits of both are compared, free of the errors of the table in which the field was searched.
Where the field itself jumps by that distance, as beside air, a wrong part has no border. So connected blocks that prefer the other solution
by themselves are compared apart from their region, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .refine import Refined

MOST_SAMPLES = 1000  # voxels of a region that are refined twice; our choice
CLEAR = 4.0  # standard deviations of the summed difference of misfits, from which one solution is the better one; our choice
BETTER = 1.0  # the same, from which the rival is taken; our choice: neighbours, which the search took into account, count for something
AS_GOOD = 1.5  # of the misfit: below it a rival fits almost as well, whatever the number of voxels; our choice
FEWEST_BLOCKS = 2  # of a part: one alone has too few voxels to be clear
FAR_BETTER = 2.5  # of the misfit: a part's rival that leaves so much less over; chosen on a simulated chest, to mark little of real cases
SAME_SOLUTION = 0.1  # of fat fraction: nearer solutions are one


@dataclass(frozen=True)
class Rivals:
    """For each block of shape (k, j, i): its ``region``, -1 where it is too dark to be judged; the label of its ``rival``, -1 if none; the
    ``part`` of blocks around it that prefer their rivals, -1 if it does not."""

    region: np.ndarray
    rival: np.ndarray
    part: np.ndarray


def find(cost: np.ndarray, labels: np.ndarray, judged: np.ndarray, reach: int, circular: bool) -> Rivals:
    """Regions and rivals.

    Parameters
    ----------
    cost : ndarray, shape (n_labels, k, j, i)
        Residual of each block at each field offset, without its neighbours.
    labels : ndarray of int, shape (k, j, i)
        The field chosen.
    judged : ndarray of bool, shape (k, j, i)
        Blocks with enough signal.
    reach : int
        Labels between two solutions at least; a jump of more than half of it borders a region.
    circular : bool
        The last label is a neighbour of the first.
    """
    rival = _other_minimum(cost, labels, reach, circular)
    return Rivals(_regions(labels, judged, len(cost), max(1, reach // 2), circular), rival, _parts(cost, labels, rival, judged))


def _parts(cost: np.ndarray, labels: np.ndarray, rival: np.ndarray, judged: np.ndarray) -> np.ndarray:
    chosen, other = (np.take_along_axis(cost, np.maximum(which, 0)[None], axis=0)[0] for which in (labels, rival))
    part, _ = ndimage.label(judged & (rival >= 0) & (other < chosen))
    return np.where(np.bincount(part.ravel())[part] >= FEWEST_BLOCKS, part, 0) - 1


def _distance(difference: np.ndarray, n_labels: int, circular: bool) -> np.ndarray:
    distance = np.abs(difference, out=difference)
    return np.minimum(distance, n_labels - distance, out=distance) if circular else distance


def _regions(labels: np.ndarray, judged: np.ndarray, n_labels: int, jump: int, circular: bool) -> np.ndarray:
    number = np.arange(labels.size).reshape(labels.shape)
    pairs = []
    for axis, length in enumerate(labels.shape):
        first, second = (np.take(number, np.arange(length - 1) + shift, axis=axis).ravel() for shift in (0, 1))
        joined = _distance(labels.ravel()[first] - labels.ravel()[second], n_labels, circular) <= jump
        joined &= judged.ravel()[first] & judged.ravel()[second]
        pairs.append(np.stack([first[joined], second[joined]]))
    first, second = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(first.size, bool), (first, second)), shape=(labels.size, labels.size))
    _, region = connected_components(graph, directed=False)
    return np.where(judged, region.reshape(labels.shape), -1)


def _other_minimum(cost: np.ndarray, labels: np.ndarray, reach: int, circular: bool) -> np.ndarray:
    """Label of the lowest local minimum of the cost at least ``reach`` from ``labels``; where there is none, of the lowest cost there.

    -1 where no label is so far away.
    """
    if circular:
        before, after = np.roll(cost, 1, axis=0), np.roll(cost, -1, axis=0)
    else:
        edge = np.full((1, *cost.shape[1:]), np.inf, cost.dtype)
        before, after = np.concatenate([edge, cost[:-1]]), np.concatenate([cost[1:], edge])
    number = np.arange(len(cost), dtype=np.int16).reshape(-1, 1, 1, 1)  # small numbers: the table is as large as the cost
    far = _distance(number - labels.astype(np.int16), len(cost), circular) >= reach
    minimum = far & (cost <= before) & (cost <= after)
    candidate = np.where(np.where(minimum.any(axis=0), minimum, far), cost, np.float32(np.inf))
    return np.where(far.any(axis=0), np.argmin(candidate, axis=0), -1)


def verdict(region: np.ndarray, chosen: Refined, refit: Callable[[np.ndarray], Refined]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Regions whose rival is the better solution, and those where the data do not tell.

    Parameters
    ----------
    region : ndarray of int, shape (n,)
        Region of each voxel, -1 where it is not judged or has no rival.
    chosen : Refined
        The solution chosen, shape (n,).
    refit : callable
        ``refit(voxels)``: the rival at these positions.

    Returns
    -------
    better, doubtful, clear : ndarray of int
        Numbers of regions: of those that are better, ``clear`` are those that leave far less over.
    """
    voxels = _samples(region)
    if not voxels.size:
        return np.empty(0, int), np.empty(0, int), np.empty(0, int)
    rival = refit(voxels)
    misfit, rival_misfit = chosen.misfit[voxels].astype(float), rival.misfit.astype(float)
    apart = np.abs(fat_share(rival.water, rival.fat) - fat_share(chosen.water[voxels], chosen.fat[voxels]))
    other = np.isfinite(rival_misfit) & np.isfinite(misfit) & (apart > SAME_SOLUTION)
    numbers, where = np.unique(region[voxels[other]], return_inverse=True)

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(where, values[other], len(numbers))

    excess = total(rival_misfit - misfit)
    sd = np.sqrt(total((rival_misfit - misfit) ** 2))
    unclear = (np.abs(excess) < CLEAR * sd) | ((excess > 0) & (total(rival_misfit) < AS_GOOD * total(misfit)))
    clear = (excess < -CLEAR * sd) & (total(misfit) > FAR_BETTER * total(rival_misfit))
    return numbers[excess < -BETTER * sd], numbers[unclear], numbers[clear]


def fat_share(water: np.ndarray, fat: np.ndarray) -> np.ndarray:
    """|F| / (|W| + |F|)."""
    return np.abs(fat) / (np.abs(water) + np.abs(fat))


def _samples(region: np.ndarray) -> np.ndarray:
    """Positions of at most ``MOST_SAMPLES`` voxels of each region, evenly spread."""
    order = np.argsort(region, kind="stable")
    order = order[np.searchsorted(region[order], 0) :]
    _, first, count = np.unique(region[order], return_index=True, return_counts=True)
    rank = np.arange(order.size) - np.repeat(first, count)
    return order[rank % np.repeat(-(-count // MOST_SAMPLES), count) == 0]
