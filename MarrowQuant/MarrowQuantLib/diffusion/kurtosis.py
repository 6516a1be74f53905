"""Diffusion kurtosis of the trace-weighted signal: ln S(b) = ln S0 - b D + (b D)² K / 6 (Jensen et al., Magn Reson Med 2005;53:1432)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import MarrowQuantError, Progress, no_progress
from .levenberg import least_squares
from .samples import fit_in_chunks, n_different, prepare

LARGEST_B = 2500.0  # s/mm²; the expansion is of use up to about 2000 … 2500
SEEN_FROM_B = 1500.0  # s/mm²; our choice: with D near 1 µm²/ms, (b D)² K / 6 of a usual K is then some 20 % of ln S and more
LIMITS = ((0.0, 0.0, -5.0), (np.inf, 10.0, 20.0))  # S0 over the largest sample, D in µm²/ms, K; our choice: far outside tissue


@dataclass(frozen=True)
class KurtosisFit:
    """Result of :func:`fit_kurtosis`. The maps have the shape of the signal without its last axis; NaN where there is no valid fit.

    Attributes
    ----------
    d_um2_per_s : ndarray of float32
        Diffusivity at b → 0, in µm²/s; not the ADC, which the kurtosis lowers.
    kurtosis : ndarray of float32
        Excess kurtosis K, dimensionless; 0 for free diffusion, and below 0 only by noise or artefact.
    s0 : ndarray of float32
        Signal at b = 0 in the unit of the input.
    residual : ndarray of float32
        Root mean square of measured minus fitted signal, in the unit of the input.
    valid : ndarray of bool
    b_values : tuple of float
        The b-values used, s/mm².
    n_excluded : int
        Voxels inside the mask that have no valid fit.
    """

    d_um2_per_s: np.ndarray
    kurtosis: np.ndarray
    s0: np.ndarray
    residual: np.ndarray
    valid: np.ndarray
    b_values: tuple[float, ...]
    n_excluded: int


def fit_kurtosis(
    signal: np.ndarray,
    b_values: Sequence[float],
    *,
    b_used: Optional[Sequence[float]] = None,
    mask: Optional[np.ndarray] = None,
    progress: Progress = no_progress,
) -> KurtosisFit:
    """Fit diffusivity and kurtosis in every voxel, by least squares on the signal from a weighted log-linear start.

    A voxel has no valid fit where a sample is not positive or not finite, where D is not positive, where K runs into its limits (−5, 20),
    or where K ≥ 3 / (b_max D): there the parabola has its minimum within the b-values, and the fitted signal would rise with b.
    The Rician noise floor looks like kurtosis: leave out b-values whose signal is near it, by ``b_used``.

    Parameters
    ----------
    signal : ndarray, shape (..., n_b)
        Magnitude images, b last; any real type.
    b_values : sequence of float, length n_b
        s/mm²; three different ones or more, up to 2500.
    b_used : sequence of float, optional
        Use only these.
    mask : ndarray of bool, shape (...), optional
        Fit only here.
    progress : callable, optional
        ``progress(fraction, text)``.

    Returns
    -------
    KurtosisFit

    Raises
    ------
    MarrowQuantError
        Lengths that do not match, too few b-values or too large ones, b-values not in s/mm², an empty mask.
    """
    samples = prepare(signal, b_values, fewest=3, what="kurtosis", b_used=b_used, mask=mask)
    if max(samples.b_values) > LARGEST_B:
        raise MarrowQuantError(
            "Kurtosis can be fitted up to about b {largest_b:g} s/mm², and b {b_values:g} is given; leave it out (b_used).",
            largest_b=LARGEST_B, b_values=max(samples.b_values),
        )
    b = samples.b.astype(float)
    maps, n_excluded = fit_in_chunks(samples, lambda chunk: _fit_chunk(chunk, b), 4, "Fitting the kurtosis", progress)
    d, kurtosis, s0, residual = maps
    return KurtosisFit(d, kurtosis, s0, residual, np.isfinite(d), samples.b_values, n_excluded)


def shows_kurtosis(b_values: Sequence[float]) -> bool:
    """True if the b-values, s/mm², can show kurtosis: three different ones up to ``LARGEST_B``, one of them ``SEEN_FROM_B`` or more."""
    b = np.array([b for b in b_values if b <= LARGEST_B], dtype=float)
    return n_different(b) >= 3 and bool(b.max() >= SEEN_FROM_B)


def kurtosis_signal(parameters: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The signal of (S0, D, K), shape (3, n), at b, shape (n_b,), and its derivatives, shape (3, n_b, n). b D is dimensionless."""
    s0, d, k = parameters
    b = b[:, None]
    exponent = -b * d + (b * d) ** 2 * k / 6
    shape = np.exp(np.minimum(exponent, 50.0))  # a trial step may be absurd; it is refused by its cost
    signal = s0 * shape
    return signal, np.stack([shape, signal * (b * b * d * k / 3 - b), signal * (b * d) ** 2 / 6])


def _fit_chunk(signal: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    """D in µm²/s, K, S0 and residual of (n_b, n) samples. b in ms/µm²."""
    usable = (signal.min(axis=0) > 0) & (signal.max(axis=0) < np.inf)
    maps = np.full((4, signal.shape[1]), np.nan)
    measured = signal[:, usable].astype(float)
    if measured.size:
        scale = measured.max(axis=0)
        measured /= scale
        parameters, arrived = least_squares(lambda p: kurtosis_signal(p, b), measured, _start(measured, b), *LIMITS)
        s0, d, k = parameters
        residual = np.sqrt(np.mean((measured - kurtosis_signal(parameters, b)[0]) ** 2, axis=0))
        valid = arrived & (d > 0) & (k * d * b.max() < 3) & (k > LIMITS[0][2]) & (k < LIMITS[1][2])
        maps[:, usable] = np.where(valid, [d * 1000, k, s0 * scale, residual * scale], np.nan)
    return list(maps)


def _start(signal: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Log-linear parabola with weights S² (the propagation of Gaussian noise through the logarithm)."""
    powers = np.stack([np.ones_like(b), -b, b * b])
    weights = signal * signal
    normal = np.einsum("pb,qb,bn->npq", powers, powers, weights)
    normal += 1e-9 * np.eye(3)  # where the signal vanishes the parabola is not determined; any start will do
    right = powers @ (weights * np.log(signal))
    c0, d, c2 = np.linalg.solve(normal, right.T[:, :, None])[:, :, 0].T
    d = np.clip(d, 0.05, 5.0)
    return np.stack([np.exp(np.clip(c0, -5, 5)), d, np.clip(6 * c2 / d**2, -1.0, 3.0)])
