"""The field map: found on blocks of voxels by belief propagation, smooth where the data are ambiguous.

Water and fat are swapped where the field is off by their frequency difference, and a single voxel often cannot tell. Neighbours can: the
field is smooth. The energy Σ residual(ψ_p) + Σ w_pq min((ψ_p - ψ_q)² / T², 1) is minimised by min-sum belief propagation (Felzenszwalb
and Huttenlocher, Int J Comput Vis 2006;70:41), with whole rows, columns and slice stacks solved exactly in turn. Weights, truncation and
schedule are our choice, tuned on simulated field ramps and on cases 12, 13 and 17 of the ISMRM 2012 fat-water challenge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

SWEEPS = 3


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


def block_labels(
    cost: np.ndarray, energy: np.ndarray, step_ppm: float, circular: bool, coupling: Coupling = USUAL_COUPLING
) -> tuple[np.ndarray, np.ndarray]:
    """Field label of each block, and how clear the decision is.

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

    Returns
    -------
    labels : ndarray of int, shape (k, j, i)
    margin : ndarray, shape (k, j, i)
        By how much the best field farther away than the truncation costs more, neighbours included.
    """
    reach = max(1, min(round(coupling.truncation_ppm / step_ppm), len(cost) // 2))
    amplitude = np.sqrt(coupling.strength * (energy + coupling.floor * energy.mean())).astype(np.float32)
    axes = [axis for axis in (2, 1, 0) if cost.shape[axis + 1] > 1]
    messages = {axis: np.zeros_like(cost) for axis in axes}
    belief = cost.copy()  # the cost and all messages
    for _ in range(SWEEPS):
        for axis in axes:
            belief -= messages[axis]
            messages[axis] = _chain_messages(belief, amplitude, axis, reach, circular)
            belief += messages[axis]
    labels = np.argmin(belief, axis=0)
    distance = np.abs(np.arange(len(cost), dtype=np.int16).reshape(-1, 1, 1, 1) - labels.astype(np.int16))
    if circular:
        distance = np.minimum(distance, len(cost) - distance)
    best = belief.min(axis=0)
    belief[distance < reach] = np.inf
    return labels, belief.min(axis=0) - best


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


def _chain_messages(cost: np.ndarray, amplitude: np.ndarray, axis: int, reach: int, circular: bool) -> np.ndarray:
    """Sum of the messages from both sides along one axis, for all chains at once; shape of ``cost``."""
    n_labels = len(cost)
    nodes = np.moveaxis(cost, axis + 1, 0)
    shape = nodes.shape
    nodes = np.ascontiguousarray(nodes).reshape(shape[0], n_labels, -1)
    amplitude = np.moveaxis(amplitude, axis, 0).reshape(shape[0], -1)
    weights = amplitude[1:] * amplitude[:-1]
    total = np.zeros_like(nodes)
    last = len(nodes) - 1
    message = total[0]
    for n in range(last):
        message = _truncated_quadratic(nodes[n] + message, weights[n], reach, circular)
        total[n + 1] += message
    message = np.zeros_like(nodes[0])
    for n in range(last, 0, -1):
        message = _truncated_quadratic(nodes[n] + message, weights[n - 1], reach, circular)
        total[n - 1] += message
    return np.ascontiguousarray(np.moveaxis(total.reshape(shape), 0, axis + 1))


def _truncated_quadratic(belief: np.ndarray, weight: np.ndarray, reach: int, circular: bool) -> np.ndarray:
    """min over l' of belief(l') + weight min((l - l')² / reach², 1), less its own minimum; shape (n_labels, n)."""
    n_labels = len(belief)
    belief = belief - belief.min(axis=0)
    message = np.minimum(belief, weight)
    if circular:
        padded = np.concatenate([belief[n_labels - reach :], belief, belief[:reach]])
    else:
        border = np.full((reach, belief.shape[1]), np.inf, np.float32)
        padded = np.concatenate([border, belief, border])
    nearer = np.empty_like(belief)
    for offset in range(1, reach):
        np.minimum(padded[reach - offset :][:n_labels], padded[reach + offset :][:n_labels], out=nearer)
        nearer += weight * np.float32((offset / reach) ** 2)
        np.minimum(message, nearer, out=message)
    return message
