"""The field map: found on blocks of voxels by belief propagation, smooth where the data are ambiguous.

Water and fat are swapped where the field is off by their frequency difference, and a single voxel often cannot tell. Neighbours can: the
field is smooth. The energy Σ residual(ψ_p) + Σ w_pq min((ψ_p - ψ_q)² / T², 1) is minimised by min-sum belief propagation (Felzenszwalb
and Huttenlocher, Int J Comput Vis 2006;70:41), with whole rows, columns and slice stacks solved exactly in turn. Weights, truncation and
schedule are our choice, tuned on simulated field ramps and on cases 12, 13 and 17 of the ISMRM 2012 fat-water challenge.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Callable

import numpy as np
from scipy import ndimage

from ..io.threads import in_threads
from ..model import Progress, no_progress

SWEEPS = 3  # over all axes; our choice
CHAINS = 256  # worked on at once: their beliefs fit the processor's cache
LARGEST_SLOPE = 1 / 8  # of the period, between neighbouring blocks; our choice
TINY = np.float32(1e-30)  # keeps quotients finite where the coupling is zero


@dataclass(frozen=True)
class Coupling:
    """Cost of a field difference between neighbouring blocks: quadratic up to a jump of ``truncation_ppm``, constant beyond.

    ``strength`` is the cost of a jump as a fraction of the geometric mean of both blocks' energies; ``floor``, a fraction of the mean
    energy, is added to the energies so that regions separated by air are still coupled, weakly.
    """

    strength: float = 0.05
    truncation_ppm: float = 1.5
    floor: float = 0.01


USUAL_COUPLING = Coupling()


def truncation(coupling: Coupling, step_ppm: float, n_labels: int) -> int:
    """The truncation of the coupling in labels ``step_ppm`` apart: solutions farther apart than that are two."""
    return max(1, min(round(coupling.truncation_ppm / step_ppm), n_labels // 2))


def block_labels(
    cost: np.ndarray,
    energy: np.ndarray,
    step_ppm: float,
    circular: bool,
    coupling: Coupling = USUAL_COUPLING,
    progress: Progress = no_progress,
) -> tuple[np.ndarray, np.ndarray]:
    """Field label of each block, and how clear the decision is.

    The coupling punishes every slope. Where the field has a strong mean slope (a shim gradient) and few echoes, a swapped region that
    takes part of the slope back can cost less than the truth; so a mean slope found in a first pass is taken out for a second one.

    Parameters
    ----------
    cost : ndarray of float32, shape (n_labels, k, j, i)
        Residual of each block at each field offset.
    energy : ndarray, shape (k, j, i)
        Signal energy of each block.
    step_ppm : float
        Distance of neighbouring labels.
    circular : bool
        The last label is a neighbour of the first.
    coupling : Coupling
    progress : callable

    Returns
    -------
    labels : ndarray of int, shape (k, j, i)
    margin : ndarray, shape (k, j, i)
        By how much the best field farther away than the truncation costs more, neighbours included.
    """
    reach = truncation(coupling, step_ppm, len(cost))
    amplitude = np.sqrt(coupling.strength * (energy + coupling.floor * energy.mean())).astype(np.float32)
    labels, margin = _propagated(cost, amplitude, reach, circular, progress)
    if not circular:
        return labels, margin
    trend = _mean_slope_trend(labels, energy, len(cost))
    if np.ptp(trend) <= reach:
        return labels, margin
    turned = np.take_along_axis(cost, (np.arange(len(cost)).reshape(-1, 1, 1, 1) + trend) % len(cost), axis=0)
    labels, margin = _propagated(turned, amplitude, reach, circular, progress)
    return (labels + trend) % len(cost), margin


def _propagated(cost: np.ndarray, amplitude: np.ndarray, reach: int, circular: bool, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Labels and margins by belief propagation."""
    axes = [axis for axis in (2, 1, 0) if cost.shape[axis + 1] > 1]
    messages = {axis: np.zeros(cost.shape, cost.dtype) for axis in axes}
    belief = cost.copy()  # the cost and all messages
    tick: Callable[[], object] = partial(progress, 0.3, "Finding the field map")  # one block alone has no neighbours
    for sweep in range(SWEEPS):
        for n, axis in enumerate(axes):
            tick = partial(progress, 0.3 + 0.2 * (sweep + n / len(axes)) / SWEEPS, "Finding the field map")
            _pass_messages(belief, messages[axis], amplitude, axis, reach, circular, tick)
    labels, margin = np.empty(cost.shape[1:], np.intp), np.empty(cost.shape[1:], cost.dtype)

    def decide(k: int) -> None:
        labels[k], margin[k] = _decided(belief[:, k], reach, circular)

    for _ in in_threads(decide, range(len(labels))):
        tick()
    return labels, margin


def _decided(belief: np.ndarray, reach: int, circular: bool) -> tuple[np.ndarray, np.ndarray]:
    """The best label, and by how much the best one at least ``reach`` away is worse, along the first axis."""
    n_labels = len(belief)
    labels = np.argmin(belief, axis=0)
    distance = np.abs(np.arange(n_labels, dtype=np.int16).reshape(-1, *[1] * labels.ndim) - labels.astype(np.int16))
    if circular:
        np.minimum(distance, n_labels - distance, out=distance)
    return labels, np.where(distance < reach, np.float32(np.inf), belief).min(axis=0) - belief.min(axis=0)


def _mean_slope_trend(labels: np.ndarray, energy: np.ndarray, n_labels: int) -> np.ndarray:
    """Linear trend of circular labels, integers of shape (k, j, i), zero at the first block.

    The slope along an axis is the energy-weighted mean difference of neighbours; larger differences are the edges of swapped regions or
    of tissue, and are left out.
    """
    trend = np.zeros(labels.shape)
    for axis, length in enumerate(labels.shape):
        if length < 2:
            continue
        difference = (np.diff(labels, axis=axis) + n_labels // 2) % n_labels - n_labels // 2
        first, second = (np.take(energy, np.arange(length - 1) + shift, axis=axis) for shift in (0, 1))
        weight = np.sqrt(first * second) * (np.abs(difference) <= n_labels * LARGEST_SLOPE)
        if weight.any():
            position = np.arange(length).reshape([-1 if n == axis else 1 for n in range(3)])
            trend = trend + position * (weight * difference).sum() / weight.sum()
    return np.round(trend).astype(int)


def upsample_labels(labels: np.ndarray, n_labels: int, circular: bool, block: int, shape: tuple[int, int, int]) -> np.ndarray:
    """Labels of voxels, as real numbers, from those of blocks: linear in-plane between block centres.

    Circular labels are interpolated as complex phasors, since their angle has a jump.
    """
    j, i = ((np.arange(n) - (block - 1) / 2) / block for n in shape[1:])
    where = np.meshgrid(j, i, indexing="ij")

    def linear(values: np.ndarray) -> np.ndarray:
        return np.stack([ndimage.map_coordinates(v, where, order=1, mode="nearest", output=np.float32) for v in values])

    if not circular:
        return linear(labels.astype(np.float32))
    angle = labels * (2 * np.pi / n_labels)
    return np.arctan2(linear(np.sin(angle)), linear(np.cos(angle))) * np.float32(n_labels / (2 * np.pi)) % n_labels


def _pass_messages(
    belief: np.ndarray, messages: np.ndarray, amplitude: np.ndarray, axis: int, reach: int, circular: bool, tick: Callable[[], None]
) -> None:
    """Renew the messages along one axis, and the belief that holds them, in place. ``tick`` may cancel.

    Chains do not depend on each other: slabs of them that fit the processor's cache are worked through on two threads.
    """
    across = 1 if axis == 0 else 0
    chains_of_one = belief[0].size // belief.shape[axis + 1] // belief.shape[across + 1]
    thickness = max(1, CHAINS // chains_of_one)

    def renew(start: int, tick: Callable[[], None] = _no_tick) -> None:
        slab = (slice(None),) * across + (slice(start, start + thickness),)
        every = (slice(None), *slab)
        known, old = belief[every], messages[every]
        known -= old
        old[...] = _chain_messages(known, amplitude[slab], axis, reach, circular, tick)
        known += old

    starts = range(0, belief.shape[across + 1], thickness)
    if len(starts) == 1:
        renew(0, tick)
        return
    for _ in in_threads(renew, starts):
        tick()


def _no_tick() -> None:
    """Progress is told by the main thread only."""


def _chain_messages(cost: np.ndarray, amplitude: np.ndarray, axis: int, reach: int, circular: bool, tick: Callable[[], None]) -> np.ndarray:
    """Sum of the messages from both sides along one axis, for all chains at once; shape of ``cost``. ``tick`` may cancel at each node."""
    nodes = np.moveaxis(cost, axis + 1, 0)
    n_nodes, n_labels, *rest = nodes.shape
    beliefs = np.stack([nodes, nodes[::-1]], axis=2).reshape(n_nodes, n_labels, -1)  # both directions are one calculation
    amplitude = np.moveaxis(amplitude, axis, 0)
    weights = (amplitude[1:] * amplitude[:-1]).reshape(n_nodes - 1, -1)
    weights = np.concatenate([weights, weights[::-1]], axis=1)
    arriving = np.empty_like(beliefs)
    arriving[0] = 0
    quadratic = _TruncatedQuadratic(n_labels, beliefs.shape[2], reach, circular)
    for n, weight in enumerate(weights):
        tick()
        beliefs[n] += arriving[n]
        quadratic.message(beliefs[n], weight, arriving[n + 1])
    arriving = arriving.reshape(n_nodes, n_labels, 2, *rest)
    return np.moveaxis(arriving[:, :, 0] + arriving[::-1, :, 1], 0, axis + 1)


class _TruncatedQuadratic:
    """The message of a node: min over l' of belief(l') + weight min((l - l')² / reach², 1), less the minimum of the belief.

    Working memory is used again for each node: ``_padded`` has ``reach`` rows more at both ends, infinite unless labels are circular.
    """

    def __init__(self, n_labels: int, n_chains: int, reach: int, circular: bool) -> None:
        padded = np.full((n_labels + 2 * reach, n_chains), np.inf, np.float32)
        self._known = padded[reach : reach + n_labels]
        self._ends = [(padded[:reach], padded[n_labels:-reach]), (padded[-reach:], padded[reach : 2 * reach])] if circular else []
        self._shifted = [
            (padded[reach - n :][:n_labels], padded[reach + n :][:n_labels], np.float32((n / reach) ** 2)) for n in range(1, reach)
        ]
        self._nearer = np.empty((n_labels, n_chains), np.float32)
        self._ones = np.ones((n_labels, n_chains), np.float32)  # numpy's minimum is faster with an array than with a number

    def message(self, belief: np.ndarray, weight: np.ndarray, out: np.ndarray) -> None:
        """Into ``out``; beliefs have shape (n_labels, n_chains), weights (n_chains,)."""
        nearer = self._nearer
        np.subtract(belief, belief.min(axis=0), out=self._known)
        self._known *= 1 / np.maximum(weight, TINY)  # in units of the weight the slopes are the same numbers in all chains
        for end, begin in self._ends:
            end[...] = begin
        np.minimum(self._known, self._ones, out=out)
        for above, below, slope in self._shifted:
            np.minimum(above, below, out=nearer)
            nearer += slope
            np.minimum(out, nearer, out=out)
        out *= weight
