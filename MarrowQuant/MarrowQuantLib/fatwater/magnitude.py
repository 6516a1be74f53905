"""Water–fat separation from magnitude echoes, for scanners that give no phase.

The model is A(t) = |W + F c(t)| exp(-R2* t) with real W and F that start in phase. Without phase two solutions fit: the fat fraction
and, less well, about its mirror image beyond one half; only the smaller peaks of the fat spectrum tell them apart (Triay Bagur et al.,
MRM 2019;82:460). They are fitted, each by maximum likelihood for Rician noise, and the likeliest one is taken (the idea of Bray et al., MRM
2023;89:1173); how sure that choice is becomes part of the standard deviation that is returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Optional, Union

import numpy as np
from scipy.special import i0e, i1e

from .. import noise
from ..io.arguments import is_finite_number
from ..model import Finding, MarrowQuantError, Numbers, Progress, finding, no_progress
from .checks import checked, noise_sd, prepared, unlike_model
from .result import MOST_PERCENT, MOST_R2STAR_PER_S, FatWaterFit
from .spectra import FatSpectrum, fat_phasor, get_spectrum

FEWEST_ECHOES = 4  # three real unknowns, and one echo to tell two solutions apart
START_FF = np.linspace(0, 1, 41)  # with the R2* below the table of starts; our choice
START_R2STAR_PER_S = (0.0, 25.0, 60.0, 100.0, 150.0, 220.0, 320.0, 450.0, 650.0)
STEPS = 8  # our choice: four more move the fat fraction of one voxel in a thousand by more than 0.4 points
DAMPING = 1e-3  # of the diagonal: keeps a step finite where the signal is nulled
LARGEST_R2STAR_STEP = 150.0  # 1/s; our choice
R2STAR_LIMITS = (-200.0, 3000.0)  # 1/s; noise may carry it below zero, and float64 must hold the exponential
LEAST_NOISE = 1e-3  # of the root mean square signal: data of simulations have no noise
SUSPECT_ODDS = 20.0  # a solution less than this much likelier than the other is a swap suspect; our choice
WITHIN_TWO = 0.25  # as probability of a solution: puts it within two standard deviations of the one taken
ODDS_WITHIN_TWO = 8.0  # of solutions less than this much unlikelier than the one taken, which are counted with that; chosen on seed 7
WIDE = 2.5  # points of fat fraction as standard deviation, from which the likelihood is no normal distribution; our choice
FRACTIONS = np.linspace(-0.1, 1.1, 25)  # tried for its width: noise may carry the fat fraction off its ends
WIDTH_STEPS = 2  # our choice
TINY = 1e-12  # keeps quotients finite
CHUNK = 1 << 13  # voxels; fits the processor's cache


@dataclass(frozen=True)
class _Model:
    """What depends only on the echo times: cosine part and square of the fat phasor, and the noise of one component."""

    times: np.ndarray
    cosine: np.ndarray
    square: np.ndarray
    sigma: float


def fit_fat_water_magnitude(
    signal: np.ndarray,
    echo_times_s: Numbers,
    field_strength_t: float,
    *,
    spectrum: Union[str, FatSpectrum] = "ren_marrow_9",
    mask: Optional[np.ndarray] = None,
    sigma: Optional[float] = None,
    progress: Progress = no_progress,
) -> FatWaterFit:
    """Separate water and fat in magnitude images.

    Parameters
    ----------
    signal : ndarray, shape (k, j, i, n_echoes) or (j, i, n_echoes)
        Magnitude images, echo last.
    echo_times_s : sequence of float, length n_echoes
        Echo times in seconds, in any order; at least four.
    field_strength_t, spectrum, mask, progress
        See :func:`fit_fat_water`.
    sigma : float, optional
        Standard deviation of the noise of one component, in the unit of the signal; by default estimated from the brightest echo.

    Returns
    -------
    FatWaterFit
        ``water`` and ``fat`` are real, ``field_map_hz`` is NaN; ``pdff_sd_percent`` and ``r2star_sd_per_s`` hold the standard deviations,
        the doubt between both solutions included; ``swap_suspect`` the voxels where the solution taken is less than 20 times likelier
        than the other.

    Raises
    ------
    MarrowQuantError
        Complex, negative or empty data, lengths that do not match, fewer than four echoes, echo times not in seconds, an empty mask.
    """
    signal, times, inside = checked(signal, echo_times_s, field_strength_t, mask, FEWEST_ECHOES)
    _check_magnitudes(signal, sigma)
    chosen = get_spectrum(spectrum)
    order = np.argsort(times)
    echoes, fitted, scale = prepared(signal, order, inside, np.float32)
    phasor = fat_phasor(times[order], field_strength_t, chosen)
    of_one = noise_sd(echoes, fitted) if sigma is None else sigma / float(scale)
    model = _Model(times[order], phasor.real, np.abs(phasor) ** 2, max(of_one, LEAST_NOISE))
    maps = _fitted(echoes.reshape(len(echoes), -1), np.flatnonzero(fitted), model, progress)
    water, fat, r2star, residual, sd, rate_sd, suspect = (values.reshape(signal.shape[:-1]) for values in maps)
    unlike = unlike_model(residual.reshape(fitted.shape) ** 2, echoes, fitted, model.sigma, 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        pdff = np.float32(100) * fat / (water + fat)
    return FatWaterFit(
        pdff_percent=np.where(np.isfinite(pdff), pdff, np.float32(np.nan)),
        r2star_per_s=r2star,
        field_map_hz=np.full(signal.shape[:-1], np.nan, np.float32),
        water=water * scale,
        fat=fat * scale,
        residual=residual * scale,
        swap_suspect=suspect > 0,
        conjugated=False,
        field_period_hz=float("inf"),
        n_excluded=int(np.count_nonzero(inside) - np.count_nonzero(fitted)),
        spectrum=chosen,
        findings=(*unlike, *_doubts(suspect, fitted)),
        readout="",
        pdff_sd_percent=noise.told(sd, MOST_PERCENT),
        r2star_sd_per_s=noise.told(rate_sd, MOST_R2STAR_PER_S),
        noise_sd=np.full(signal.shape[:-1], model.sigma * scale, np.float32),
    )


def _check_magnitudes(signal: np.ndarray, sigma: Optional[float]) -> None:
    if np.iscomplexobj(signal):
        raise MarrowQuantError("These images are complex; use fit_fat_water, which does not confuse water with fat above 50 %.")
    if np.any(signal < 0):
        raise MarrowQuantError("The images hold negative values, so they are no magnitude images; choose the magnitude series.")
    if sigma is not None and not (is_finite_number(sigma) and sigma > 0):
        raise MarrowQuantError("A noise level of {sigma} is not possible; give a positive number in the unit of the images.", sigma=sigma)


def _doubts(suspect: np.ndarray, fitted: np.ndarray) -> tuple[Finding, ...]:
    return (finding("fatwater.magnitude", percent=100 * float(np.nansum(suspect)) / np.count_nonzero(fitted)),)


def _fitted(flat: np.ndarray, wanted: np.ndarray, model: _Model, progress: Progress) -> tuple[np.ndarray, ...]:
    """Water, fat, R2*, residual, standard deviations of FF in points and of R2* in 1/s, suspicion (0 or 1): float32, NaN where nothing is
    fitted."""
    maps = tuple(np.full(flat.shape[1], np.nan, np.float32) for _ in range(7))
    for first in range(0, wanted.size, CHUNK):
        progress(first / wanted.size, "Fitting water and fat")
        here = wanted[first : first + CHUNK]
        data = flat[:, here].astype(float)
        solutions = np.stack([_refined(data, start, model) for start in _starts(data, model)])
        for values, result in zip(maps, _chosen(data, solutions, model)):
            values[here] = result
    progress(1.0, "Water and fat fitted")
    return maps


def _starts(data: np.ndarray, model: _Model) -> list[np.ndarray]:
    """Best starts below one half, above it, and above the fat fraction at which an echo vanishes, from a table of fat fractions and R2*.

    Each is (W, F, R2*) of shape (3, n). A magnitude has a kink where the signal vanishes, which no step can cross.
    """
    ff, r2star = (grid.ravel() for grid in np.meshgrid(START_FF, START_R2STAR_PER_S, indexing="ij"))
    curves = _amplitude(np.stack([1 - ff, ff, r2star]), model)[0].T
    undamped = r2star == START_R2STAR_PER_S[0]
    kink = ff[undamped][np.argmin(curves[undamped].min(axis=1))]
    length = np.linalg.norm(curves, axis=1)
    match = (curves / length[:, None]) @ data  # the largest projection is the least squares fit
    starts = []
    for part in (ff <= 0.5, (ff >= 0.5) & (ff <= max(kink, 0.5)), ff >= kink):
        rows = np.flatnonzero(part)
        best = rows[np.argmax(match[rows], axis=0)]
        size = match[best, np.arange(data.shape[1])] / length[best]
        starts.append(np.stack([(1 - ff[best]) * size, ff[best] * size, r2star[best]]))
    return starts


def _amplitude(parameters: np.ndarray, model: _Model) -> tuple[np.ndarray, np.ndarray]:
    """A(t), shape (n_echoes, n), and its derivatives by W, F and R2*, shape (3, n_echoes, n)."""
    water, fat, r2star = parameters
    t, cosine, square = (values[:, None] for values in (model.times, model.cosine, model.square))
    decay = np.exp(-r2star * t)
    size = np.sqrt(np.maximum(water**2 + 2 * water * fat * cosine + fat**2 * square, TINY))
    curve = size * decay
    return curve, np.stack([(water + fat * cosine) / size * decay, (water * cosine + fat * square) / size * decay, -t * curve])


def _refined(data: np.ndarray, parameters: np.ndarray, model: _Model) -> np.ndarray:
    """Maximum likelihood for Rician noise, shape (3, n).

    Each step is a damped Gauss–Newton step of least squares to the data times I1/I0 (data A / σ²): the expectation of the component along
    the true phase, which makes the iteration an expectation–maximisation for the Rician distribution.
    """
    variance = model.sigma**2
    for _ in range(STEPS):
        curve, slopes = _amplitude(parameters, model)
        z = data * curve / variance
        misfit = data * (i1e(z) / i0e(z)) - curve
        step = np.linalg.solve(_damped(slopes), np.einsum("ptn,tn->np", slopes, misfit)[..., None])[..., 0].T
        step[2] = np.clip(step[2], -LARGEST_R2STAR_STEP, LARGEST_R2STAR_STEP)
        parameters = parameters + step
        parameters[2] = np.clip(parameters[2], *R2STAR_LIMITS)
    return parameters


def _damped(slopes: np.ndarray) -> np.ndarray:
    """Normal matrices, shape (n, 3, 3), with a little of their diagonal added."""
    normal = np.einsum("ptn,qtn->npq", slopes, slopes)
    index = np.arange(3)
    normal[:, index, index] += DAMPING * normal[:, index, index] + TINY
    return normal


def _chosen(data: np.ndarray, solutions: np.ndarray, model: _Model) -> tuple[np.ndarray, ...]:
    """The likeliest of the solutions, shape (n_solutions, 3, n), with its standard deviation; see :func:`_fitted` for the order."""
    penalties = np.stack([_penalty(data, solution, model) for solution in solutions])
    best = np.argmin(penalties, axis=0)
    water, fat, r2star = parameters = solutions[best, :, np.arange(best.size)].T
    curve, slopes = _amplitude(parameters, model)
    residual = np.sqrt(np.mean((data - curve) ** 2, axis=0))
    excess = penalties - penalties.min(axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        total = water + fat
        gradient = np.stack([-fat, water, 0 * fat], axis=-1)[..., None] / total[:, None, None] ** 2
        inverse = np.linalg.inv(_damped(slopes * np.sqrt(np.interp(curve / model.sigma, *_information()))))
        variance = model.sigma**2 * np.einsum("npx,npq,nqx->n", gradient, inverse, gradient)
        apart = solutions[:, 1] / (solutions[:, 0] + solutions[:, 1]) - fat / total
        probability = np.exp(-excess) / np.exp(-excess).sum(axis=0)  # all equally likely beforehand
        probability = np.where(excess < np.log(ODDS_WITHIN_TWO), np.maximum(probability, WITHIN_TWO), probability)
        sd = 100 * np.sqrt(np.maximum(variance, 0) + _spread(apart, probability))
        rate_sd = np.sqrt(model.sigma**2 * np.maximum(inverse[:, 2, 2], 0) + _spread(solutions[:, 2] - r2star, probability))
        rival = ((np.abs(apart) > np.sqrt(np.maximum(variance, 0))) & (excess < np.log(SUSPECT_ODDS))).any(axis=0)
    wide = np.flatnonzero(rival | (sd > WIDE))
    for values, width in zip((sd, rate_sd), _widths(data[:, wide], parameters[:, wide], model)):
        values[wide] = np.fmax(values[wide], width)
    return water, fat, r2star, residual, sd, rate_sd, rival


def _widths(data: np.ndarray, parameters: np.ndarray, model: _Model) -> tuple[np.ndarray, np.ndarray]:
    """Root mean squares of what FF in points and R2* in 1/s may be off the fitted ones, over a table of fat fractions.

    Each is as likely as it fits with its best amplitude and R2*, found from the fitted R2* as in :func:`_refined`. Between two solutions
    that run together, and beyond the vanishing echo, the likelihood is no normal distribution, and the bound at one of them is too small.
    """
    water, fat, r2star = parameters
    found = [_at_fraction(fraction, data, r2star, model) for fraction in FRACTIONS]
    penalty, rate, variance = (np.stack(values) for values in zip(*found))
    probability = np.exp(penalty.min(axis=0) - penalty)
    probability /= probability.sum(axis=0)
    off = FRACTIONS[:, None] - fat / (water + fat)
    return 100 * np.sqrt(_spread(off, probability)), np.sqrt(np.sum(probability * ((rate - r2star) ** 2 + variance), axis=0))


def _at_fraction(fraction: float, data: np.ndarray, rate: np.ndarray, model: _Model) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Penalty at this fat fraction, its best R2* and the variance of that, arrays of shape (n,)."""
    water, t = 1 - fraction, model.times[:, None]
    shape = np.sqrt(np.maximum(water**2 + 2 * water * fraction * model.cosine + fraction**2 * model.square, TINY))[:, None]
    curve = shape * np.exp(-rate * t)
    size = np.sum(curve * data, axis=0) / np.sum(curve**2, axis=0)
    for _ in range(WIDTH_STEPS):
        curve = shape * np.exp(-rate * t)
        z = data * size * curve / model.sigma**2
        misfit = data * (i1e(z) / i0e(z)) - size * curve
        energy, by_t, by_tt = (np.sum(curve**2 * power, axis=0) for power in (1, -t, t**2))
        on_size, on_rate = (np.sum(curve * misfit * power, axis=0) for power in (1, -t))
        determinant = energy * by_tt - by_t**2 + TINY**2
        step = (energy * on_rate - by_t * on_size) / (determinant * size)
        size = size + (by_tt * on_size - by_t * on_rate) / determinant
        rate = np.clip(rate + np.clip(step, -LARGEST_R2STAR_STEP, LARGEST_R2STAR_STEP), *R2STAR_LIMITS)
    penalty = _penalty(data, np.stack([water * size, fraction * size, rate]), model)
    return penalty, rate, model.sigma**2 * energy / (determinant * size**2)


@lru_cache(maxsize=1)
def _information() -> tuple[np.ndarray, np.ndarray]:
    """The Fisher information of a Rician sample on its amplitude for noise of one, over the amplitude in units of the noise: near one for
    a Gaussian sample, and its square where the signal vanishes.

    E[(s I1(s a) / I0(s a))²] - a² for the density s exp(-(s² + a²) / 2) I0(s a): the variance of the derivative of its logarithm by a.
    """
    amplitude = np.linspace(0, 10, 201)[:, None]
    s = np.linspace(0, 18, 1801)
    z = s * amplitude
    density = s * np.exp(-((s - amplitude) ** 2) / 2) * i0e(z)
    information = np.sum((s * i1e(z) / i0e(z)) ** 2 * density, axis=1) * (s[1] - s[0]) - amplitude[:, 0] ** 2
    return amplitude[:, 0], information


def _spread(values: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Mean square of what the solutions (first axis) are off the one that is taken."""
    return np.sum(probability * values**2, axis=0)


def _penalty(data: np.ndarray, parameters: np.ndarray, model: _Model) -> np.ndarray:
    """Minus the Rician log-likelihood, up to what does not depend on the parameters; shape (n,)."""
    curve, _ = _amplitude(parameters, model)
    z = data * curve / model.sigma**2
    return np.sum((data - curve) ** 2 / (2 * model.sigma**2) - np.log(i0e(z)), axis=0)
