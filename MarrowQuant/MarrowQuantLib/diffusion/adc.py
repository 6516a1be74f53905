"""Mono-exponential diffusion: S(b) = S0 exp(-b ADC).

The default is the weighted log-linear fit with weights S², the propagation of Gaussian noise through the logarithm (Salvador et al., Hum
Brain Mapp 2005;24:144 describe it for the tensor). All estimators are closed forms or a fixed number of steps, on chunks of voxels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Optional, Union

import numpy as np

from ..model import MarrowQuantError, Progress, no_progress

METHODS = ("wls", "ols", "nlls")
SMALLEST_PLAUSIBLE_MAX_B = 10.0  # s/mm²; our choice: no body protocol ends below it, and in ms/µm² all b-values do
SAME_B = 0.5  # s/mm²; b-values closer than this are the same: vendors store integers, some with rounding
GAUSS_NEWTON_STEPS = 3
CHUNK = 1 << 15  # voxels; keeps the working arrays in the processor's cache


@dataclass(frozen=True)
class AdcFit:
    """Result of :func:`fit_adc`. The maps have the shape of the signal without its last axis.

    Attributes
    ----------
    adc_um2_per_s : ndarray of float32
        ADC in µm²/s (10⁻⁶ mm²/s), not clipped: noise may make it negative. NaN where there is no valid fit.
    s0 : ndarray of float32
        Signal at b = 0 in the unit of the input, NaN where there is no valid fit.
    valid : ndarray of bool
        Voxels with a fit.
    residual : ndarray of float32
        Root mean square of measured minus fitted signal over the samples used, in the unit of the input.
    b_values : tuple of float
        The b-values used, s/mm².
    method : str
        "wls", "ols" or "nlls".
    n_excluded : int
        Voxels inside the mask that have no valid fit.
    """

    adc_um2_per_s: np.ndarray
    s0: np.ndarray
    valid: np.ndarray
    residual: np.ndarray
    b_values: tuple[float, ...]
    method: str
    n_excluded: int


def fit_adc(
    signal: np.ndarray,
    b_values: Sequence[float],
    *,
    method: str = "wls",
    b_used: Optional[Sequence[float]] = None,
    noise_floor: Optional[float] = None,
    mask: Optional[np.ndarray] = None,
    progress: Progress = no_progress,
) -> AdcFit:
    """Fit the apparent diffusion coefficient in every voxel.

    Parameters
    ----------
    signal : ndarray, shape (..., n_b)
        Magnitude images, b last; any real type.
    b_values : sequence of float, length n_b
        Diffusion weightings in s/mm², in any order, repeats allowed.
    method : {"wls", "ols", "nlls"}
        Log-linear with weights S² (default), log-linear without weights, or least squares on the signal itself: three Gauss–Newton steps
        from the weighted fit.
    b_used : sequence of float, optional
        Use only these of the b-values (for instance those above 50 s/mm², to leave out perfusion).
    noise_floor : float, optional
        Samples at or below this signal are left out, so that the Rician floor does not flatten the decay; 3 standard deviations of the
        noise is usual. Without it a voxel with a non-positive sample has no fit.
    mask : ndarray of bool, shape (...), optional
        Fit only here.
    progress : callable, optional
        ``progress(fraction, text)``.

    Returns
    -------
    AdcFit

    Raises
    ------
    MarrowQuantError
        Lengths that do not match, fewer than two distinct b-values, b-values not in s/mm², an empty mask, an unknown method.
    """
    signal = np.asarray(signal)
    b, columns = _checked_b_values(signal, b_values, b_used)
    if method not in METHODS:
        raise MarrowQuantError(f"The ADC method '{method}' is not known; use one of {', '.join(METHODS)}.")
    if noise_floor is not None and not (np.isfinite(noise_floor) and noise_floor >= 0):
        raise MarrowQuantError(f"The noise floor {noise_floor} is not a signal; give a number of zero or more, or none.")
    shape = signal.shape[:-1]
    inside = _checked_mask(mask, shape)
    samples = signal.reshape(-1, signal.shape[-1])
    adc, s0, residual = (np.full(len(samples), np.nan, np.float32) for _ in range(3))
    n_inside = len(samples) if inside is None else len(inside)

    for done, where in _chunks(n_inside, inside):
        progress(done / n_inside, "Fitting the ADC")
        with np.errstate(over="ignore"):
            chunk = samples[where][:, columns].T.astype(np.float32, order="C")
        adc[where], s0[where], residual[where] = _fit_chunk(chunk, b, method, noise_floor)
    progress(1.0, "ADC fitted")

    valid = np.isfinite(adc)
    n_excluded = n_inside - int(np.count_nonzero(valid))
    used = tuple(float(value) for value in np.asarray(b_values, float)[columns])
    return AdcFit(adc.reshape(shape), s0.reshape(shape), valid.reshape(shape), residual.reshape(shape), used, method, n_excluded)


def computed_b(s0: np.ndarray, adc_um2_per_s: np.ndarray, b: float) -> np.ndarray:
    """Image at a b-value that was not acquired: S0 exp(-b ADC) (computed DWI, Blackledge et al., Radiology 2011;261:573).

    Parameters
    ----------
    s0 : ndarray
        Signal at b = 0.
    adc_um2_per_s : ndarray, same shape
        ADC in µm²/s.
    b : float
        Wanted b-value in s/mm².

    Returns
    -------
    ndarray of float32
        NaN where an input is NaN, infinite or too large for the format.

    Raises
    ------
    MarrowQuantError
        The b-value is negative or not a number, or the shapes differ.
    """
    if not (np.isfinite(b) and b >= 0):
        raise MarrowQuantError(f"An image at b = {b} cannot be computed; give a b-value of zero or more in s/mm².")
    if np.shape(s0) != np.shape(adc_um2_per_s):
        raise MarrowQuantError(f"S0 has shape {np.shape(s0)} and the ADC {np.shape(adc_um2_per_s)}; they must be the same.")
    with np.errstate(over="ignore", invalid="ignore"):
        image = np.asarray(s0, np.float32) * np.exp(np.asarray(adc_um2_per_s, np.float32) * np.float32(-b * 1e-6))
    return np.where(np.isfinite(image), image, np.float32(np.nan))


def _checked_b_values(
    signal: np.ndarray, b_values: Sequence[float], b_used: Optional[Sequence[float]]
) -> tuple[np.ndarray, np.ndarray]:
    """The b-values used, in ms/µm² (of order one, for float32), and their columns in the signal."""
    b = np.asarray(b_values, dtype=float)
    if signal.ndim < 1 or b.ndim != 1 or signal.shape[-1] != b.size:
        raise MarrowQuantError(f"The last axis of the signal (shape {signal.shape}) must have one entry for each of the {b.size} b-values.")
    if not (np.issubdtype(signal.dtype, np.integer) or np.issubdtype(signal.dtype, np.floating)):
        raise MarrowQuantError(f"The ADC is fitted to real magnitude images, not to {signal.dtype} values.")
    if not np.all(np.isfinite(b)) or np.any(b < 0):
        raise MarrowQuantError(f"The b-values {b.tolist()} contain a negative or missing one; check the series.")
    columns = np.arange(b.size)
    if b_used is not None:
        wanted = np.asarray(b_used, dtype=float)
        is_wanted = np.abs(b[:, None] - wanted[None, :]) <= SAME_B
        if not is_wanted.any(axis=0).all():
            raise MarrowQuantError(f"Of the b-values asked for, {wanted.tolist()}, not all were acquired ({b.tolist()} s/mm²).")
        columns = np.flatnonzero(is_wanted.any(axis=1))
    used = b[columns]
    if used.size < 2 or np.ptp(used) <= SAME_B:
        raise MarrowQuantError(f"An ADC needs at least two different b-values; there is only {used.tolist()} s/mm².")
    if used.max() < SMALLEST_PLAUSIBLE_MAX_B:
        raise MarrowQuantError(f"The b-values {used.tolist()} look like ms/µm²; give them in s/mm² (1 ms/µm² = 1000 s/mm²).")
    return (used / 1000.0).astype(np.float32), columns


def _checked_mask(mask: Optional[np.ndarray], shape: tuple[int, ...]) -> Optional[np.ndarray]:
    """Flat indices of the voxels to fit, or None for all."""
    if mask is None:
        return None
    mask = np.asarray(mask, dtype=bool)
    if mask.shape != shape:
        raise MarrowQuantError(f"The mask has shape {mask.shape} but the images have {shape}; they must lie on the same grid.")
    inside = np.flatnonzero(mask)
    if inside.size == 0:
        raise MarrowQuantError("The mask is empty, so there is nothing to fit; draw a region first.")
    return inside


def _chunks(n: int, inside: Optional[np.ndarray]) -> Iterator[tuple[int, Union[slice, np.ndarray]]]:
    """How many voxels are done, and an index of the next few."""
    for start in range(0, n, CHUNK):
        part = slice(start, min(start + CHUNK, n))
        yield start, part if inside is None else inside[part]


def _fit_chunk(
    signal: np.ndarray, b: np.ndarray, method: str, noise_floor: Optional[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ADC in µm²/s, S0 and residual of (n_b, n) samples; NaN where a voxel has no fit. b in ms/µm²."""
    b = b[:, None]
    used = signal > np.float32(noise_floor or 0.0)
    valid = np.isfinite(signal).all(axis=0) & (used.all(axis=0) if noise_floor is None else _has_two_b_values(used, b))
    used |= ~valid  # a voxel without a fit is computed as the constant signal 1, so that nothing divides by zero, and dropped at the end
    signal = np.where(used & valid, signal, np.float32(1))
    # Dividing by the largest sample keeps squares within float32 whatever the unit of the signal.
    scale = np.where(used, signal, np.float32(0)).max(axis=0)
    scaled = signal / scale
    weights = used.astype(np.float32) if method == "ols" else np.where(used, scaled * scaled, np.float32(0))
    adc, s0 = _log_linear(np.log(scaled), b, weights)
    if method == "nlls":
        adc, s0 = _gauss_newton(scaled, b, used, adc, s0)
    misfit = _misfit(scaled, b, used, adc, s0)
    residual = np.sqrt((misfit * misfit).sum(axis=0) / used.sum(axis=0, dtype=np.float32)) * scale
    s0 = s0 * scale
    valid &= np.isfinite(adc) & np.isfinite(s0) & np.isfinite(residual)
    nan = np.float32(np.nan)
    return np.where(valid, adc * np.float32(1000), nan), np.where(valid, s0, nan), np.where(valid, residual, nan)


def _has_two_b_values(used: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True where the samples used have at least two different b-values."""
    lowest = np.where(used, b, np.float32(np.inf)).min(axis=0)
    highest = np.where(used, b, np.float32(-np.inf)).max(axis=0)
    return highest - lowest > SAME_B / 1000.0


def _log_linear(log_signal: np.ndarray, b: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted straight line through ln S over b: ADC and S0. Centred sums, because float32 loses the difference of large products."""
    total = weights.sum(axis=0)
    mean_b = (weights * b).sum(axis=0) / total
    mean_log = (weights * log_signal).sum(axis=0) / total
    weighted_b = weights * (b - mean_b)
    slope = (weighted_b * log_signal).sum(axis=0) / (weighted_b * b).sum(axis=0)
    with np.errstate(over="ignore"):  # an absurd slope from noise gives an infinite S0: such a voxel is not valid
        return -slope, np.exp(mean_log - slope * mean_b)


def _misfit(signal: np.ndarray, b: np.ndarray, used: np.ndarray, adc: np.ndarray, s0: np.ndarray) -> np.ndarray:
    """Measured minus fitted signal, zero for samples that are not used."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(used, signal - s0 * np.exp(-b * adc), np.float32(0))


def _gauss_newton(
    signal: np.ndarray, b: np.ndarray, used: np.ndarray, adc: np.ndarray, s0: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Least squares on the signal by Gauss–Newton steps, each kept only where it lowers the sum of squares."""
    misfit = _misfit(signal, b, used, adc, s0)
    cost = (misfit * misfit).sum(axis=0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(GAUSS_NEWTON_STEPS):
            decay = np.where(used, np.exp(-b * adc), np.float32(0))
            slope = -b * s0 * decay  # derivative with respect to the ADC; the one with respect to S0 is the decay itself
            aa, ab, bb = (decay * decay).sum(axis=0), (decay * slope).sum(axis=0), (slope * slope).sum(axis=0)
            ra, rb = (decay * misfit).sum(axis=0), (slope * misfit).sum(axis=0)
            determinant = aa * bb - ab * ab
            new_s0 = s0 + (bb * ra - ab * rb) / determinant
            new_adc = adc + (aa * rb - ab * ra) / determinant
            new_misfit = _misfit(signal, b, used, new_adc, new_s0)
            new_cost = (new_misfit * new_misfit).sum(axis=0)
            better = new_cost < cost
            adc, s0, cost = np.where(better, new_adc, adc), np.where(better, new_s0, s0), np.where(better, new_cost, cost)
            misfit = np.where(better, new_misfit, misfit)
    return adc, s0
