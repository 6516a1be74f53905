"""Gauss–Newton refinement of field offset and R2*, and water and fat at the optimum.

Field ψ and R2* form one complex number z = 2πiψ - R2*, and the model s(t) = (W + F c(t)) exp(z t) is holomorphic in it, so that a step is
one complex division once W and F are projected out (Kaufman's approximation of variable projection, BIT 1975;15:49). The two-by-two
systems are solved in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEPS = 4  # Gauss and Newton; our choice: a fifth moves no fat fraction of the benchmark's workload by more than 0.015 points
LARGEST_FIELD_STEP_HZ = 60.0  # keep a bad start from jumping to the swapped minimum, which is hundreds of hertz away; our choice
LARGEST_R2STAR_STEP = 150.0  # 1/s; our choice
LARGEST_GROWTH = 15.0  # of -R2* t at the last echo: float32 holds exp(4 × 15); only noise grows with time
TINY = np.float32(1e-30)  # keeps quotients finite


@dataclass(frozen=True)
class Echoes:
    """What depends only on the echo times: real rows act on |exp(zt)|², complex rows on conj(exp(zt)) s.

    Within a step t counts from the first echo (``after_first_s``): there exp(zt) is one, and the amplitudes are those of the first echo.
    """

    times_s: np.ndarray
    after_first_s: np.ndarray
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
    products = np.array(on_weights, np.float32), np.array(on_signal, np.complex64)
    return Echoes(times_s, times_s - times_s[0], phasor.astype(np.complex64), spacing_s, *products)


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
    conjugated_decay = decays(np.conj(rate), at.after_first_s)
    sums, projected = _inner_products(signal, conjugated_decay, at)
    inverse = _inverse(sums[0])
    water, fat = _solve(inverse, projected[0], projected[1])
    misfit = signal - (water + fat * at.phasor[:, None]) * np.conj(conjugated_decay)
    residual = np.sqrt(np.mean(misfit.real**2 + misfit.imag**2, axis=0))
    to_zero = _exponential(rate, np.float32(-at.times_s[0]))
    minor_gain = np.sqrt(np.where(np.abs(fat) < np.abs(water), inverse[2], inverse[0])) * np.abs(to_zero)
    return rate, water * to_zero, fat * to_zero, residual, minor_gain


def decays(rate: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """exp(z t), complex64 of shape (n_echoes, *rate.shape), for complex z in 1/s and ascending t in s.

    By repeated multiplication where echoes are evenly spaced: the exponential is the costliest part.
    """
    decay = np.empty((len(times_s), *rate.shape), np.complex64)
    decay[0] = _exponential(rate, np.float32(times_s[0])) if times_s[0] else 1
    factors: dict[float, np.ndarray] = {}
    for n, spacing in enumerate(np.round(np.diff(times_s), 9)):
        if spacing not in factors:
            factors[spacing] = _exponential(rate, np.float32(spacing))
        np.multiply(decay[n], factors[spacing], out=decay[n + 1])
    return decay


_Sums = tuple[np.ndarray, np.ndarray, np.ndarray]


def _exponential(rate: np.ndarray, time_s: np.float32) -> np.ndarray:
    """exp(z t) from real functions, which numpy has vectorised; its complex exponential is several times as slow."""
    size, angle = np.exp(rate.real * time_s), rate.imag * time_s
    value = np.empty(rate.shape, np.complex64)
    np.multiply(size, np.cos(angle), out=value.real)
    np.multiply(size, np.sin(angle), out=value.imag)
    return value


def _inner_products(signal: np.ndarray, conjugated_decay: np.ndarray, at: Echoes) -> tuple[list[_Sums], np.ndarray]:
    """For t⁰, t¹, t²: the sums (Σ w, Σ w c, Σ w |c|²) with w = |exp(zt)|²; and Σ exp(zt)* s times 1, c*, t, t c*.

    It takes exp(zt)* = exp(z* t), which saves a pass over all echoes.
    """
    rows = at.on_weights @ (conjugated_decay.real**2 + conjugated_decay.imag**2)
    mixed = np.empty((3, rows.shape[1]), np.complex64)
    mixed.real, mixed.imag = rows[1::4], rows[2::4]
    sums = list(zip(rows[::4], mixed, rows[3::4]))
    return sums, at.on_signal @ (conjugated_decay * signal)


def _inverse(sums: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inverse [[a, b], [b*, d]] of the matrix [[Σw, Σwc], [Σwc*, Σw|c|²]] of the normal equations of water and fat, as (a, b, d)."""
    ww, wf, ff = sums
    reciprocal = 1 / np.maximum(ww * ff - (wf.real**2 + wf.imag**2), TINY)
    return ff * reciprocal, wf * -reciprocal, ww * reciprocal


def _solve(inverse: tuple[np.ndarray, ...], right_water: np.ndarray, right_fat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Water and fat from the right side of the normal equations."""
    a, b, d = inverse
    return a * right_water + b * right_fat, d * right_fat + np.conj(b) * right_water


def _step(signal: np.ndarray, rate: np.ndarray, at: Echoes) -> np.ndarray:
    """One Gauss–Newton step of z. The derivative of the model is g = t (W + F c) exp(zt)."""
    sums, projected = _inner_products(signal, decays(np.conj(rate), at.after_first_s), at)
    inverse = _inverse(sums[0])
    water, fat = _solve(inverse, projected[0], projected[1])

    def with_water_and_fat(power: int) -> tuple[np.ndarray, np.ndarray]:
        """Inner products of exp(zt) and c exp(zt) with t^power (W + F c) exp(zt)."""
        ww, wf, ff = sums[power]
        return water * ww + fat * wf, water * np.conj(wf) + fat * ff

    first, second = with_water_and_fat(1), with_water_and_fat(2)
    model_on_g = np.conj(water) * first[0] + np.conj(fat) * first[1]
    signal_on_g = np.conj(water) * projected[2] + np.conj(fat) * projected[3]
    g_on_g = (np.conj(water) * second[0] + np.conj(fat) * second[1]).real
    g_water, g_fat = _solve(inverse, *first)
    explained = (np.conj(first[0]) * g_water + np.conj(first[1]) * g_fat).real
    step = (signal_on_g - model_on_g) * (np.float32(1 / at.spacing_s) / np.maximum(g_on_g - explained, TINY))
    largest_field_step = 2 * np.pi * LARGEST_FIELD_STEP_HZ
    np.clip(step.real, -LARGEST_R2STAR_STEP, LARGEST_R2STAR_STEP, out=step.real)
    np.clip(step.imag, -largest_field_step, largest_field_step, out=step.imag)
    return step
