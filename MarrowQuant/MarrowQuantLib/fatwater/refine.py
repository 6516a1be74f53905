"""Gauss–Newton refinement of field offset and R2*, and water and fat at the optimum.

Field ψ and R2* form one complex number z = 2πiψ - R2*, and the model s(t) = (W + F c(t)) exp(z t) is holomorphic in it, so that a step is
one complex division once W and F are projected out (Kaufman's approximation of variable projection, BIT 1975;15:49). The two-by-two
systems are solved in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEPS = 4
LARGEST_FIELD_STEP_HZ = 60.0  # keep a bad start from jumping to the swapped minimum, which is hundreds of hertz away; our choice
LARGEST_R2STAR_STEP = 150.0  # 1/s; our choice
LARGEST_GROWTH = 15.0  # of -R2* t at the last echo: float32 holds exp(4 × 15); only noise grows with time
TINY = np.float32(1e-30)


@dataclass(frozen=True)
class Echoes:
    """What depends only on the echo times: real rows act on |exp(zt)|², complex rows on conj(exp(zt)) s."""

    times_s: np.ndarray
    phasor: np.ndarray
    spacing_s: float
    on_weights: np.ndarray
    on_signal: np.ndarray


def echoes(times_s: np.ndarray, phasor: np.ndarray) -> Echoes:
    """Prepare the refinement for ascending echo times (s) and the fat phasor at these times."""
    spacing_s = float(np.diff(times_s).mean())
    # Shifting t by a constant adds a multiple of the model itself to its derivative, which is projected out; it keeps float32 accurate.
    t = (times_s - times_s.mean()) / spacing_s
    powers = [np.ones_like(t), t, t**2]
    on_weights = [row for p in powers for row in (p, p * phasor.real, p * phasor.imag, p * np.abs(phasor) ** 2)]
    on_signal = [row for p in powers[:2] for row in (p + 0j, p * np.conj(phasor))]
    return Echoes(times_s, phasor.astype(np.complex64), spacing_s, np.float32(on_weights), np.complex64(on_signal))


def refine(
    signal: np.ndarray, field_hz: np.ndarray, r2star_per_s: np.ndarray, at: Echoes
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Refine z and solve for water and fat.

    Parameters
    ----------
    signal : ndarray of complex64, shape (n_echoes, n)
        Of order one.
    field_hz, r2star_per_s : ndarray, shape (n,)
        Start values.
    at : Echoes
        From :func:`echoes`.

    Returns
    -------
    rate : ndarray of complex64, shape (n,)
        z in 1/s: R2* is minus its real part, the field its imaginary part over 2π.
    water, fat : ndarray of complex64, shape (n,)
        At t = 0.
    residual : ndarray of float32, shape (n,)
        Root mean square misfit over the echoes.
    minor_gain : ndarray of float32, shape (n,)
        Standard deviation of the smaller of water and fat over that of one echo, at the refined z.
    """
    rate = (2j * np.pi * field_hz - r2star_per_s).astype(np.complex64)
    largest = np.float32(LARGEST_GROWTH / at.times_s[-1])
    for _ in range(STEPS):
        rate = rate + _step(signal, rate, at)
        rate.real = np.minimum(rate.real, largest)
    decay = _decay(rate, at.times_s)
    sums, projected = _inner_products(signal, decay, at)
    water, fat = _solve(sums[0], projected[0], projected[1])
    misfit = signal - (water + fat * at.phasor[:, None]) * decay
    residual = np.sqrt(np.mean(misfit.real**2 + misfit.imag**2, axis=0))
    ww, wf, ff = sums[0]
    determinant = np.maximum(ww * ff - (wf.real**2 + wf.imag**2), TINY)
    minor_gain = np.sqrt(np.where(np.abs(fat) < np.abs(water), ww, ff) / determinant)  # diagonal of the inverse normal matrix
    return rate, water, fat, residual, minor_gain


def _decay(rate: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """exp(z t), by repeated multiplication where echoes are evenly spaced: the exponential is the costliest part."""
    decay = np.empty((len(times_s), rate.size), np.complex64)
    np.exp(rate * np.float32(times_s[0]), out=decay[0])
    factors: dict[float, np.ndarray] = {}
    for n, spacing in enumerate(np.round(np.diff(times_s), 9)):
        if spacing not in factors:
            factors[spacing] = np.exp(rate * np.float32(spacing))
        np.multiply(decay[n], factors[spacing], out=decay[n + 1])
    return decay


def _inner_products(signal: np.ndarray, decay: np.ndarray, at: Echoes) -> tuple[list[tuple[np.ndarray, ...]], np.ndarray]:
    """For t⁰, t¹, t²: the sums (Σ w, Σ w c, Σ w |c|²) with w = |exp(zt)|²; and Σ exp(zt)* s times 1, c*, t, t c*."""
    rows = at.on_weights @ (decay.real**2 + decay.imag**2)
    sums = [(rows[n], rows[n + 1] + 1j * rows[n + 2], rows[n + 3]) for n in (0, 4, 8)]
    return sums, at.on_signal @ (np.conj(decay) * signal)


def _solve(sums: tuple[np.ndarray, ...], right_water: np.ndarray, right_fat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solution of the normal equations [[Σw, Σwc], [Σwc*, Σw|c|²]] (W, F) = (right_water, right_fat)."""
    ww, wf, ff = sums
    determinant = np.maximum(ww * ff - (wf.real**2 + wf.imag**2), TINY)
    return (ff * right_water - wf * right_fat) / determinant, (ww * right_fat - np.conj(wf) * right_water) / determinant


def _step(signal: np.ndarray, rate: np.ndarray, at: Echoes) -> np.ndarray:
    """One Gauss–Newton step of z. The derivative of the model is g = t (W + F c) exp(zt)."""
    sums, projected = _inner_products(signal, _decay(rate, at.times_s), at)
    water, fat = _solve(sums[0], projected[0], projected[1])

    def with_water_and_fat(power: int) -> tuple[np.ndarray, np.ndarray]:
        """Inner products of exp(zt) and c exp(zt) with t^power (W + F c) exp(zt)."""
        ww, wf, ff = sums[power]
        return water * ww + fat * wf, water * np.conj(wf) + fat * ff

    first, second = with_water_and_fat(1), with_water_and_fat(2)
    model_on_g = np.conj(water) * first[0] + np.conj(fat) * first[1]
    signal_on_g = np.conj(water) * projected[2] + np.conj(fat) * projected[3]
    g_on_g = (np.conj(water) * second[0] + np.conj(fat) * second[1]).real
    g_water, g_fat = _solve(sums[0], *first)
    explained = (np.conj(first[0]) * g_water + np.conj(first[1]) * g_fat).real
    step = (signal_on_g - model_on_g) / np.maximum(g_on_g - explained, TINY) / np.float32(at.spacing_s)
    largest_field_step = 2 * np.pi * LARGEST_FIELD_STEP_HZ
    real = np.clip(step.real, -LARGEST_R2STAR_STEP, LARGEST_R2STAR_STEP)
    return (real + 1j * np.clip(step.imag, -largest_field_step, largest_field_step)).astype(np.complex64)
