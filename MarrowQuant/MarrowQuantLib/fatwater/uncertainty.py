"""Standard deviations of the fat fraction and of R2* where the bound at the fitted values is not to be believed: near the noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import refine, varpro

CHUNK = 1 << 11  # voxels at once: fits the cache
MATTERS = 0.05  # standard deviation of R2* times the time between the first and the last echo, from which the bound changes within it
FASTER = 0.45, 0.6  # share of the bound at faster decay: at none, and per the same product; half of it for FF; chosen on seeds 3 and 4
WIDE = 0.3  # the same product, from which the likelihood of R2* is no normal distribution; chosen on seed 3
DECAYS_PER_S = np.array([-40.0, *varpro.R2STAR_PER_S])  # noise may carry it below zero
UNLIKELY = 60.0  # of the noise variance as difference of the squared misfits: such decays weigh nothing


def of_fit(echoes: np.ndarray, fit: refine.Refined, sd: np.ndarray, judged: np.ndarray, at: refine.Echoes) -> tuple[np.ndarray, np.ndarray]:
    """The standard deviation of the fat fraction for noise of one, times the square of water and fat; and that of R2* in 1/s.

    Parameters
    ----------
    echoes : ndarray of complex64, shape (n_echoes, k, j, i)
        Of order one.
    fit : refine.Refined
        Maps of shape (k, j, i).
    sd : ndarray of float32, shape (k, j, i)
        Of the noise of one echo, complex.
    judged : ndarray of bool, shape (k, j, i)
        Voxels with enough signal for :func:`_width`.
    at : refine.Echoes

    Returns
    -------
    fraction_gain, rate_sd : ndarray of float32, shape (k, j, i)
    """
    last_s, flat = np.float32(at.after_first_s[-1]), echoes.reshape(len(echoes), -1)
    of_fraction, of_rate, noise_sd = fit.fraction_gain.flatten(), (sd * fit.rate_gain).ravel(), sd.ravel()
    for here, some in _parts(fit, of_rate * last_s > MATTERS):
        of_fraction[here], of_rate[here] = _with_faster_decay(some, noise_sd[here], at)
    for here, some in _parts(fit, judged.ravel() & (of_rate * last_s > WIDE)):
        of_rate[here] = np.fmax(of_rate[here], _width(flat[:, here], some, noise_sd[here], at))
    return of_fraction.reshape(sd.shape), of_rate.reshape(sd.shape)


def _parts(fit: refine.Refined, which: np.ndarray) -> Iterator[tuple[np.ndarray, refine.Refined]]:
    """Positions of some voxels at a time, and their fit, arrays of shape (n,)."""
    voxels = np.flatnonzero(which)
    for first in range(0, voxels.size, CHUNK):
        here = voxels[first : first + CHUNK]
        yield here, refine.Refined(*(values.reshape(-1)[here] for values in fit))


def _with_faster_decay(some: refine.Refined, sd: np.ndarray, at: refine.Echoes) -> tuple[np.ndarray, np.ndarray]:
    """A mean of two bounds: at the fitted values, and at a decay that is faster by one standard deviation, which counts the more the larger
    that is. Alone the former is too small where noise has made the decay slower."""
    off = sd * some.rate_gain
    faster = refine.gains_of_faster_decay(some, off, at)
    share = np.minimum(FASTER[0] + FASTER[1] * off * np.float32(at.after_first_s[-1]), 1)
    return _between(some.fraction_gain, faster[0], share / 2), sd * _between(some.rate_gain, faster[1], share)


def _between(fitted: np.ndarray, other: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(other), fitted + weight * (other - fitted), fitted)


def _width(signal: np.ndarray, some: refine.Refined, sd: np.ndarray, at: refine.Echoes) -> np.ndarray:
    """Root mean square of what R2* may be off the fitted one, over a table of R2*, each as likely as it fits with the best water and fat.

    The likelihood falls with the squared misfit over the noise variance. It is flat where decay that is faster loses no echo that stands
    out of the noise, and has a second maximum where noise in late echoes looks like slow decay; the bound knows of neither.
    """
    field_hz, n_echoes = some.rate.imag / np.float32(2 * np.pi), len(signal)
    total, squares = np.zeros(len(sd), np.float32), np.zeros(len(sd), np.float32)
    for decay, apart in zip(DECAYS_PER_S, np.gradient(DECAYS_PER_S)):
        misfit = refine.misfits(signal, field_hz, np.full(len(sd), decay, np.float32), at)
        with np.errstate(divide="ignore", invalid="ignore"):
            worse = np.clip(n_echoes * (misfit - some.misfit) / sd**2, 0, UNLIKELY)
        weight = np.float32(apart) * np.exp(-worse)
        total += weight
        squares += weight * (np.float32(decay) + some.rate.real) ** 2
    return np.sqrt(squares / total)
