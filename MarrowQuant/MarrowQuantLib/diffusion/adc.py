"""Mono-exponential diffusion: S(b) = S0 exp(-b ADC).

The default is the weighted log-linear fit with weights S², the propagation of Gaussian noise through the logarithm (Salvador et al., Hum
Brain Mapp 2005;24:144 describe it for the tensor). It and the fit without weights are closed forms, on chunks of voxels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Optional

import numpy as np

from .. import noise
from ..io.arguments import is_finite_number, number_array
from ..io.threads import product
from ..model import MarrowQuantError, Numbers, Progress, no_progress
from .samples import SAME_B, fit_in_chunks, prepare

METHODS = ("wls", "ols", "nlls")
GAUSS_NEWTON_STEPS = (3, 8)  # of all voxels, and again of those that still move; what moves then is searched
SETTLED = 1e-3  # relative to ADC plus 1 / highest b: a smaller last step has arrived, as each is a small part of the one before
FLAT = 4.0  # ADC times the highest b, from where the sum of squares is so flat that steps may end short of the optimum; our choice
POOR = 0.02  # of the squared signal: a misfit so large that there may be two minima; our choice
SEARCHED = (-4.0, 10.0)  # the ADC, from a rise by exp(4) over all b-values to a fall by exp(10) over the first step of b; our choice
SEARCH_GRID, SEARCH_STEPS = 48, 40  # a step of the golden section narrows to 0.62
RAISED = {"wls": 2.0, "nlls": 0.5, "ols": 0.0}  # by noise, over its variance: the signal times its weight, see :func:`_weighted_errors`
MATTERS = 0.15  # standard deviation of the ADC times the range of b, from which the bound changes within it; our choice
SHARE_OF_FASTER = 0.4  # of the standard deviation at the larger ADC; chosen on seed 77
IS_SIGNAL = 3.0  # standard deviations of noise at the lowest b: what is darker is noise; our choice
FREE_WATER_UM2_PER_S = 3000.0  # ADC at 37 °C (Holz et al., Phys Chem Chem Phys 2000;2:4740): no tissue lies above it
TISSUE = 0.5  # of the mean signal: brighter voxels tell the noise of two images; our choice
SMALLEST_DETERMINANT = 1e-5  # relative; our choice: below it float32 (6e-8) cannot tell the slope, as where signal rises 300-fold with b


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
    noise_sd : float or None
        Standard deviation of the noise where two images leave the fit nothing to tell it by, from how neighbours differ.
    """

    adc_um2_per_s: np.ndarray
    s0: np.ndarray
    valid: np.ndarray
    residual: np.ndarray
    b_values: tuple[float, ...]
    method: str
    n_excluded: int
    noise_sd: Optional[float] = None

    @cached_property
    def adc_sd_um2_per_s(self) -> np.ndarray:
        """Standard deviation of the ADC in µm²/s, float32: the noise around the voxel, propagated at the fitted signal, and the fit's bias.

        For the weighted and the non-linear fit the first is the Cramér–Rao bound of Gaussian noise; the bias is what the noise floor of
        magnitudes and noisy weights do to the slope, added in squares. Where both would be larger at an ADC that is larger by them, as near
        the noise floor, a share of those there is taken in: a fit that noise has made too slow tells too little of its error. The noise is
        told by the residuals around, so that what else spoils the fit (motion, perfusion) counts as noise. NaN where there is no fit, where
        nothing tells the noise, and where it would be larger than the ADC of free water: there nothing is known.
        """
        b = np.array(self.b_values, np.float32) / 1000
        adc = self.adc_um2_per_s * np.float32(1e-3)
        errors = _log_linear_errors if self.method == "ols" else _weighted_errors
        raised = np.float32(RAISED[self.method])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            spread, bias, freedom = errors(b, self.s0, adc, raised)
            if len(b) > 2:
                noise_sd = noise.around(len(b) * self.residual**2, freedom)
            else:
                noise_sd = np.full(self.residual.shape, np.nan if self.noise_sd is None else self.noise_sd, np.float32)
            sd = np.hypot(noise_sd * spread, noise_sd * noise_sd * bias)
            signal = self.s0 * np.exp(-b.min() * adc)
            here = np.nonzero((sd * np.ptp(b) > MATTERS) & (signal > IS_SIGNAL * noise_sd))
            if here[0].size:
                own, of_noise = sd[here], noise_sd[here]
                spread, bias, _ = errors(b, self.s0[here] * np.exp(b.min() * own), adc[here] + own, raised)
                faster = np.hypot(of_noise * spread, of_noise * of_noise * bias)
                sd[here] = np.where(np.isfinite(faster), own + SHARE_OF_FASTER * (faster - own), own)
            return noise.told(np.float32(1000) * sd, FREE_WATER_UM2_PER_S)


def fit_adc(
    signal: np.ndarray,
    b_values: Numbers,
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
        Log-linear with weights S² (default), log-linear without weights, or the optimum of least squares on the signal itself.
    b_used : sequence of float, optional
        Use only these of the b-values (for instance those above 50 s/mm², to leave out perfusion).
    noise_floor : float, optional
        Samples at or below this signal are left out; 3 standard deviations of the noise is usual. It lowers the bias of fast diffusion,
        whose last samples are nothing but Rician floor; elsewhere it keeps the samples that noise has raised, and adds bias and spread
        (Docs/accuracy-and-speed.md). Without it a voxel with a non-positive sample has no fit.
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
    if method not in METHODS:
        raise MarrowQuantError("The ADC method '{method}' is not known; use one of {methods}.", method=method, methods=list(METHODS))
    if noise_floor is not None and not (is_finite_number(noise_floor) and noise_floor >= 0):
        raise MarrowQuantError(
            "The noise floor {noise_floor} is not a signal; give a number of zero or more, or none.",
            noise_floor=noise_floor,
        )
    samples = prepare(signal, b_values, fewest=2, what="ADC", b_used=b_used, mask=mask)
    (adc, s0, residual), n_excluded = fit_in_chunks(
        samples, lambda chunk: _fit_chunk(chunk, samples.b, method, noise_floor), 3, "Fitting the ADC", progress
    )
    told = _noise_of_pair(np.asarray(signal)[..., samples.columns]) if samples.columns.size == 2 else None
    return AdcFit(adc, s0, np.isfinite(adc), residual, samples.b_values, method, n_excluded, told)


def _noise_of_pair(images: np.ndarray) -> Optional[float]:
    """The noise of two images, shape (k, j, i, 2): of the darker one, which has the less structure; None where there are no neighbours."""
    if images.ndim != 4:
        return None
    first, second = np.moveaxis(images, -1, 0).astype(np.float32)
    darker = second if np.nanmean(second) < np.nanmean(first) else first
    told = noise.of_neighbours(darker, np.isfinite(darker) & (first > TISSUE * np.nanmean(first)))
    return told or None


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
        The b-value is negative or not a number, the maps hold no real numbers, or their shapes differ.
    """
    s0, adc_um2_per_s = number_array(s0, "values of S0"), number_array(adc_um2_per_s, "values of the ADC")
    if not (is_finite_number(b) and b >= 0):
        raise MarrowQuantError("An image at b = {b} cannot be computed; give a b-value of zero or more in s/mm².", b=b)
    if s0.shape != adc_um2_per_s.shape:
        raise MarrowQuantError(
            "S0 has shape {shape} and the ADC {other_shape}; they must be the same.",
            shape=str(s0.shape), other_shape=str(adc_um2_per_s.shape),
        )
    with np.errstate(over="ignore", invalid="ignore"):
        image = s0.astype(np.float32) * np.exp(adc_um2_per_s.astype(np.float32) * np.float32(-b * 1e-6))
    return np.where(np.isfinite(image), image, np.float32(np.nan))


def _weighted_errors(b: np.ndarray, s0: np.ndarray, adc: np.ndarray, raised: np.float32) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard deviation and bias of the ADC in µm²/ms, for noise of one and its square, and the samples left to the noise.

    A magnitude S is read too high by σ² / 2S (Gudbjartsson and Patz, MRM 1995;34:910, for S well above σ). To second order the noise in
    the weights S² of the weighted fit does the same three times over: E[w (ln S - ln true)] is 3/2 σ². ``raised`` is their sum over σ².
    """
    w = wb = wbb = np.float32(0)
    for x in b - b.min():
        weight = (s0 * np.exp(adc * -(x + b.min()))) ** 2
        w, wb, wbb = w + weight, wb + x * weight, wbb + x * x * weight
    slope = w / (w * wbb - wb * wb)
    return np.sqrt(slope), raised * (np.sum(b - b.min()) - len(b) * wb / w) * slope, np.float32(len(b) - 2)


def _log_linear_errors(b: np.ndarray, s0: np.ndarray, adc: np.ndarray, raised: np.float32) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for the fit without weights, whose biases cancel to second order, so that ``raised`` is 0; noise of ln S is σ / S."""
    from_mean = (b - b.mean()) / np.sum((b - b.mean()) ** 2)
    left = np.eye(len(b)) - 1 / len(b) - np.outer(b - b.mean(), from_mean)
    inverse = [1 / (s0 * np.exp(adc * -x)) ** 2 for x in b]
    spread = np.sqrt(sum(d * d * one for d, one in zip(from_mean, inverse)))
    freedom = sum(sum(m * m * one for m, one in zip(row, inverse)) / own for row, own in zip(left, inverse))
    return spread, raised * spread, freedom


def _fit_chunk(
    signal: np.ndarray, b: np.ndarray, method: str, noise_floor: Optional[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ADC in µm²/s, S0 and residual of (n_b, n) samples; NaN where a voxel has no fit. b in ms/µm²."""
    scale = signal.max(axis=0)  # NaN stays NaN; dividing by it keeps squares within float32 whatever the unit of the signal
    used = None  # all samples
    if noise_floor is None:
        valid = (signal.min(axis=0) > 0) & (scale < np.inf)
    else:
        used = signal > np.float32(noise_floor)
        valid = (scale < np.inf) & _has_two_b_values(used, b)
    if not valid.all():  # a voxel without a fit is computed as the constant signal 1, so that nothing divides by zero, and dropped below
        signal = np.where(valid, signal, np.float32(1))
        scale = np.where(valid, scale, np.float32(1))
        used = None if used is None else used | ~valid
    scaled = signal * (np.float32(1) / scale)
    if used is not None:
        scaled = np.where(used, scaled, np.float32(0))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # an absurd slope from noise: such a voxel is not valid
        adc, s0, is_determined = _log_linear(scaled, used, b, weighted=method != "ols")
        if method == "nlls":
            adc, s0 = _least_squares(scaled, used, b, adc, s0)
        misfit = scaled - s0 * _decay(used, b, adc)
        n_used = np.float32(len(b)) if used is None else used.sum(axis=0, dtype=np.float32)
        residual = np.sqrt(_sum_of_squares(misfit) / n_used) * scale
        s0 *= scale
    valid &= is_determined & np.isfinite(adc) & np.isfinite(s0) & np.isfinite(residual)
    adc *= np.float32(1000)
    if not valid.all():
        for values in (adc, s0, residual):
            values[~valid] = np.nan
    return adc, s0, residual


def _has_two_b_values(used: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True where the samples used have at least two different b-values."""
    lowest = np.where(used, b[:, None], np.float32(np.inf)).min(axis=0)
    highest = np.where(used, b[:, None], np.float32(-np.inf)).max(axis=0)
    return highest - lowest > SAME_B / 1000.0


def _log_linear(
    signal: np.ndarray, used: Optional[np.ndarray], b: np.ndarray, weighted: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted straight line through ln S over b: ADC, S0, and where float32 can tell them. Samples not used are zero in ``signal``.

    b is counted from the lowest one, where the signal, and so the weight, is largest: there the determinant loses no digits.
    """
    log_signal = np.log(signal) if used is None else np.log(np.where(used, signal, np.float32(1)))
    if weighted:
        weights = signal * signal
    else:
        weights = np.ones_like(signal) if used is None else used.astype(np.float32)
    lowest = b.min()
    powers = np.stack([np.ones_like(b), b - lowest, (b - lowest) ** 2])
    w, wb, wbb = product(powers, weights)
    weights *= log_signal
    wl, wbl = product(powers[:2], weights)
    determinant = w * wbb - wb * wb
    slope = (w * wbl - wb * wl) / determinant
    s0 = np.exp((wl - slope * wb) / w - slope * lowest)
    return -slope, s0, determinant > np.float32(SMALLEST_DETERMINANT) * w * wbb


def _decay(used: Optional[np.ndarray], b: np.ndarray, adc: np.ndarray) -> np.ndarray:
    """exp(-b ADC), shape (n_b, n); zero for samples that are not used."""
    decay = np.multiply.outer(-b, adc)
    np.exp(decay, out=decay)
    return decay if used is None else np.where(used, decay, np.float32(0))


def _sum_of_squares(values: np.ndarray) -> np.ndarray:
    return np.einsum("bn,bn->n", values, values)


def _least_squares(
    signal: np.ndarray, used: Optional[np.ndarray], b: np.ndarray, adc: np.ndarray, s0: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Least squares on the signal: Gauss–Newton steps from the fit given, and a search of the whole range where they may not do."""
    adc, s0, settled = _gauss_newton(signal, used, b, adc, s0, GAUSS_NEWTON_STEPS[0])
    far = np.flatnonzero(~settled)
    if far.size:
        part, part_used = signal[:, far], None if used is None else used[:, far]
        adc[far], s0[far], settled = _gauss_newton(part, part_used, b, adc[far], s0[far], GAUSS_NEWTON_STEPS[1])
        far, part, part_used = far[~settled], part[:, ~settled], None if part_used is None else part_used[:, ~settled]
        adc[far], s0[far] = _search(part, part_used, b.astype(float))
    return adc, s0


def _gauss_newton(
    signal: np.ndarray, used: Optional[np.ndarray], b: np.ndarray, adc: np.ndarray, s0: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ADC and S0 after some steps, each kept only where it lowers the sum of squares; and where they have surely arrived."""
    powers = np.stack([np.ones_like(b), b, b * b])
    decay = _decay(used, b, adc)
    misfit = signal - s0 * decay
    cost = _sum_of_squares(misfit)
    for step in range(steps):
        # Derivatives of the model: the decay with respect to S0, and -b S0 decay with respect to the ADC.
        ee, bee, bbee = product(powers, decay * decay)
        misfit *= decay
        re, rbe = product(powers[:2], misfit)
        determinant = s0 * (ee * bbee - bee * bee)
        new_s0 = s0 + s0 * (bbee * re - bee * rbe) / determinant
        last = (bee * re - ee * rbe) / determinant
        new_adc = adc + last
        new_decay = _decay(used, b, new_adc)
        new_misfit = signal - new_s0 * new_decay
        new_cost = _sum_of_squares(new_misfit)
        better = new_cost < cost
        adc, s0, cost = np.where(better, new_adc, adc), np.where(better, new_s0, s0), np.where(better, new_cost, cost)
        if step < steps - 1:
            decay = np.where(better, new_decay, decay)
            misfit = signal - s0 * decay
    settled = (np.abs(last) <= SETTLED * (np.abs(adc) + 1 / b.max())) & (adc * b.max() < FLAT)
    return adc, s0, settled & (cost < POOR * _sum_of_squares(signal))


def _search(signal: np.ndarray, used: Optional[np.ndarray], b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ADC and S0 of the least sum of squares. For a given ADC the best S0 is linear, so that only the ADC is searched.

    The best of a grid, then a golden section between its neighbours (Kiefer, Proc Am Math Soc 1953;4:502). NaN where the best is the end of
    the grid: the signal of one b-value alone stands out, and tells no slope.
    """
    steps = np.diff(np.unique(b))
    low, high = SEARCHED[0] / np.ptp(b), SEARCHED[1] / steps[steps > SAME_B / 1000].min()
    grid = np.concatenate([np.linspace(low, 0, SEARCH_GRID // 4, endpoint=False), np.geomspace(0.02 / np.ptp(b), high, SEARCH_GRID)])
    signal, lowest = signal.astype(float), b.min()
    b = b - lowest
    explained = np.stack([_explained(signal, used, b, np.full(signal.shape[1], d))[0] for d in grid])
    best = np.argmax(explained, axis=0)
    inner = np.clip(best, 1, len(grid) - 2)
    left, right = grid[inner - 1], grid[inner + 1]
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(SEARCH_STEPS):
        first, second = right - golden * (right - left), left + golden * (right - left)
        is_left = _explained(signal, used, b, first)[0] > _explained(signal, used, b, second)[0]
        left, right = np.where(is_left, left, first), np.where(is_left, second, right)
    adc = np.where(best == inner, (left + right) / 2, np.nan)
    return adc, _explained(signal, used, b, adc)[1] * np.exp(lowest * adc)


def _explained(signal: np.ndarray, used: Optional[np.ndarray], b: np.ndarray, adc: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By how much the best exponential of these ADCs lowers the sum of squares, and its S0 at the lowest b."""
    decay = _decay(used, b, adc)
    energy, match = np.sum(decay * decay, axis=0), np.sum(decay * signal, axis=0)
    return np.maximum(match, 0) ** 2 / energy, match / energy
