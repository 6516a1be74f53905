"""Bounded non-linear least squares for many voxels at once (Levenberg 1944, Marquardt 1963), without a loop over voxels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np

STEPS = 1000  # at most; our choice: nearly all voxels arrive within 60, the last ones creep along a flat valley
FIRST_DAMPING, DAMPING_FACTOR = 1e-2, 5.0
SMALL_STEP = 1e-6  # relative to the parameter: a voxel that moves less has arrived
SMALL_GAIN = 1e-9  # relative to the sum of squares: so has one that gains less, as in a valley that the data leave flat

Model = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From parameters, shape (n_p, n), to the signal, shape (n_b, n), and its derivatives, shape (n_p, n_b, n)."""


def least_squares(
    model: Model, signal: np.ndarray, start: np.ndarray, lower: Sequence[float], upper: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise the sum of squares over the first axis of ``signal``.

    Parameters
    ----------
    model : callable
        The signal and its derivatives.
    signal : ndarray of float64, shape (n_b, n)
        Finite samples.
    start : ndarray of float64, shape (n_p, n)
        Where to begin; brought within the limits.
    lower, upper : sequence of float, length n_p
        Limits; infinite ones are allowed.

    Returns
    -------
    parameters : ndarray, shape (n_p, n)
    arrived : ndarray of bool, shape (n,)
        False where the steps ended before the minimum was reached.
    """
    low, high = np.asarray(lower, float)[:, None], np.asarray(upper, float)[:, None]
    parameters = np.clip(start, low, high)
    arrived = np.zeros(signal.shape[1], bool)
    moving = np.arange(signal.shape[1])  # the voxels that are still on their way
    damping = np.full(moving.size, FIRST_DAMPING)
    for _ in range(STEPS):
        here, measured = parameters[:, moving], signal[:, moving]
        fitted, derivatives = model(here)
        misfit = measured - fitted
        there = np.clip(here + _step(derivatives, misfit, damping, here <= low, here >= high), low, high)
        cost, new_cost = np.sum(misfit**2, axis=0), np.sum((measured - model(there)[0]) ** 2, axis=0)
        better = new_cost < cost
        parameters[:, moving] = np.where(better, there, here)
        damping = np.where(better, damping / DAMPING_FACTOR, damping * DAMPING_FACTOR)
        # A small step has arrived whether or not it still lowers the cost: at the minimum rounding decides.
        still = np.any(np.abs(there - here) > SMALL_STEP * np.abs(here), axis=0) & ~(better & (cost - new_cost < SMALL_GAIN * cost))
        arrived[moving[~still]] = True
        moving, damping = moving[still], damping[still]
        if moving.size == 0:
            break
    return parameters, arrived


def _step(
    derivatives: np.ndarray, misfit: np.ndarray, damping: np.ndarray, at_low: np.ndarray, at_high: np.ndarray
) -> np.ndarray:
    """Damped Gauss–Newton step, shape (n_p, n); a parameter at a limit that would be crossed stays there."""
    downhill = np.einsum("pbn,bn->pn", derivatives, misfit)
    free = ~((at_low & (downhill < 0)) | (at_high & (downhill > 0)))
    normal = np.einsum("pbn,qbn->npq", derivatives, derivatives) * (free.T[:, :, None] & free.T[:, None, :])
    diagonal = np.einsum("npp->np", normal)  # a view
    # The small term keeps the matrix regular where a parameter has no influence, as D* without perfusion.
    diagonal += damping[:, None] * diagonal + 1e-12 * diagonal.max(axis=1, keepdims=True) + ~free.T + np.finfo(float).tiny
    return np.linalg.solve(normal, (downhill * free).T[:, :, None])[:, :, 0].T
