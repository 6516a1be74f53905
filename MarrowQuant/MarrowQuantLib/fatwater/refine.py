"""Gauss–Newton refinement of field offset and R2*, and water and fat at the optimum.

Field ψ and R2* form one complex number z = 2πiψ - R2*, and the model s(t) = (W + F c(t)) exp(z t) is holomorphic in it, so that a step is
one complex division once W and F are projected out (Kaufman's approximation of variable projection, BIT 1975;15:49). The two-by-two
systems are solved in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..io.threads import product

STEPS = 4  # Gauss and Newton; our choice: a fifth moves no fat fraction of the benchmark's workload by more than 0.015 points
UNFINISHED = 20.0  # 1/s: where the last step was larger, as where iron leaves little after the first echoes, more follow; our choice
MORE_ROUNDS = 3  # of as many steps again, at most
NOISE_ALONE = 0.2  # of the mean square of the signal as misfit, from which a voxel holds noise alone and no step ends; our choice
LARGEST_FIELD_STEP_HZ = 60.0  # keep a bad start from jumping to the swapped minimum, which is hundreds of hertz away; our choice
LARGEST_R2STAR_STEP = 150.0  # 1/s; our choice
LARGEST_GROWTH = 15.0  # of -R2* t at the last echo: float32 holds exp(4 × 15); only noise grows with time
TINY = np.float32(1e-30)  # keeps quotients finite


_Sums = tuple[np.ndarray, np.ndarray, np.ndarray]


class Refined(NamedTuple):
    """The optimum of each voxel, arrays of shape (n,).

    Attributes
    ----------
    rate : ndarray of complex64
        z in 1/s: R2* is minus its real part, the field its imaginary part over 2π.
    water, fat : ndarray of complex64
        At t = 0.
    misfit : ndarray of float32
        Mean square of the misfit over the echoes.
    minor_gain, fraction_gain, rate_gain : ndarray of float32
        Standard deviations over that of one echo, see :func:`_bounds`: of the smaller of water and fat; of the fat fraction (0 … 1) times
        the square of their sum; of R2* in 1/s.
    """

    rate: np.ndarray
    water: np.ndarray
    fat: np.ndarray
    misfit: np.ndarray
    minor_gain: np.ndarray
    fraction_gain: np.ndarray
    rate_gain: np.ndarray


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


def refine(signal: np.ndarray, field_hz: np.ndarray, r2star_per_s: np.ndarray, at: Echoes) -> Refined:
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
    Refined
        Not finite in voxels of noise whose R2* ran away.
    """
    found, going = begun(signal, field_hz, r2star_per_s, at)
    go_on(found, signal, np.flatnonzero(going), at)
    return found


def begun(signal: np.ndarray, field_hz: np.ndarray, r2star_per_s: np.ndarray, at: Echoes) -> tuple[Refined, np.ndarray]:
    """The first steps of :func:`refine`, whose arguments it takes; and in which voxels more must follow, by :func:`go_on`."""
    with np.errstate(over="ignore", invalid="ignore"):
        found, last = _refined(signal, _rate(field_hz, r2star_per_s), at)
        worth = found.misfit < NOISE_ALONE * np.mean(signal.real**2 + signal.imag**2, axis=0)
        return found, (last > UNFINISHED) & worth


def go_on(found: Refined, signal: np.ndarray, going: np.ndarray, at: Echoes) -> None:
    """More steps in the voxels ``going`` (positions along the last axis), put into ``found``. They are few: those of a whole image together
    take a fraction of the time that they take in small parts."""
    for _ in range(MORE_ROUNDS):
        if not going.size:
            break
        with np.errstate(over="ignore", invalid="ignore"):
            further, last = _refined(signal[:, going], found.rate[going], at)
        for values, new in zip(found, further):
            values[going] = new
        going = going[last > UNFINISHED]


def solved(signal: np.ndarray, field_hz: np.ndarray, r2star_per_s: np.ndarray, at: Echoes) -> Refined:
    """Water, fat and misfit at this field and R2*, without a step; arguments as of :func:`refine`."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _refined(signal, _rate(field_hz, r2star_per_s), at, 0)[0]


def misfits(signal: np.ndarray, field_hz: np.ndarray, r2star_per_s: np.ndarray, at: Echoes) -> np.ndarray:
    """The misfit alone of :func:`solved`, without bounds, which take as long."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _amplitudes(signal, _rate(field_hz, r2star_per_s), at).misfit


def _rate(field_hz: np.ndarray, r2star_per_s: np.ndarray) -> np.ndarray:
    return (2j * np.pi * field_hz - r2star_per_s).astype(np.complex64)


def _refined(signal: np.ndarray, rate: np.ndarray, at: Echoes, steps: int = STEPS) -> tuple[Refined, np.ndarray]:
    """The optimum after that many steps, and the size of the last one in 1/s."""
    rate, last = _stepped(signal, rate, at, steps)
    water, fat, misfit, sums, inverse = _amplitudes(signal, rate, at)
    minor_gain, fraction_gain, rate_gain = _bounds(water, fat, sums, inverse, at)
    to_zero = _exponential(rate, np.float32(-at.times_s[0]))
    grown = np.abs(to_zero)
    return Refined(rate, water * to_zero, fat * to_zero, misfit, minor_gain * grown, fraction_gain * grown**2, rate_gain), last


def _stepped(signal: np.ndarray, rate: np.ndarray, at: Echoes, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """The rate after that many steps, and the size of the last one in 1/s."""
    largest, before = np.float32(LARGEST_GROWTH / at.times_s[-1]), rate
    for _ in range(steps):
        before = rate
        rate = rate + _step(signal, rate, at)
        rate.real = np.minimum(rate.real, largest)
    return rate, np.abs(rate - before)


class _Amplitudes(NamedTuple):
    """Water and fat at the first echo, the mean square of their misfit, and what they were solved from."""

    water: np.ndarray
    fat: np.ndarray
    misfit: np.ndarray
    sums: list[_Sums]
    inverse: tuple[np.ndarray, ...]


def _amplitudes(signal: np.ndarray, rate: np.ndarray, at: Echoes) -> _Amplitudes:
    conjugated_decay = decays(np.conj(rate), at.after_first_s)
    sums, projected = _inner_products(signal, conjugated_decay, at)
    inverse = _inverse(sums[0])
    water, fat = _solve(inverse, projected[0], projected[1])
    misfit = signal - (water + fat * at.phasor[:, None]) * np.conj(conjugated_decay)
    return _Amplitudes(water, fat, np.mean(misfit.real**2 + misfit.imag**2, axis=0), sums, inverse)


def _bounds(
    water: np.ndarray, fat: np.ndarray, sums: list[_Sums], inverse: tuple[np.ndarray, ...], at: Echoes
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cramér–Rao bounds of the standard deviations of the smaller of W and F, of the fat fraction times (|W| + |F|)², and of R2* in 1/s.

    They are for complex noise of standard deviation one.
    The covariance of (W, F, z) is the inverse of JᴴJ, where the columns of J are the derivatives of the model: exp(zt), c exp(zt) and
    g = t (W + F c) exp(zt) (Kay, Fundamentals of Statistical Signal Processing: Estimation Theory, 1993, section 15.7, complex parameters).
    With 1/s the variance of z and u what W and F change with it, the covariance of W and F is that at known z plus u uᴴ / s. Half of a
    complex variance is that of a real part; the gradient of |F| / (|W| + |F|) is (-|F| w, |W| f) / (|W| + |F|)², w and f the phase factors.
    """
    _, (u_water, u_fat), free = _derivative(water, fat, sums, inverse)
    free = np.maximum(free, TINY)
    a, b, d = inverse
    water_size, fat_size = np.abs(water) + TINY, np.abs(fat) + TINY
    on_water, on_fat = water * (-fat_size / water_size), fat * (water_size / fat_size)  # times (|W| + |F|)²
    known_rate = fat_size**2 * a + water_size**2 * d + 2 * (np.conj(on_water) * b * on_fat).real
    along = np.conj(on_water) * u_water + np.conj(on_fat) * u_fat
    variance = 0.5 * (known_rate + (along.real**2 + along.imag**2) / free)
    mimicked = np.where(fat_size < water_size, u_fat, u_water)
    minor = np.where(fat_size < water_size, d, a) + (mimicked.real**2 + mimicked.imag**2) / free
    return np.sqrt(minor), np.sqrt(np.maximum(variance, 0)), np.sqrt(0.5 / free) * np.float32(1 / at.spacing_s)


def gains_of_faster_decay(found: Refined, by_per_s: np.ndarray, at: Echoes) -> tuple[np.ndarray, np.ndarray]:
    """``fraction_gain`` and ``rate_gain`` as they would be if R2* were larger by ``by_per_s``, with water and fat of the first echo kept.

    Arrays of shape (n,) as in ``found``. Where R2* is fitted too low the later echoes look better than they are, and the bound too small.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        size = np.exp(found.rate.real * np.float32(at.times_s[0]))
        faster = (found.rate.real - by_per_s).astype(np.float32)
        rows = product(at.on_weights, np.exp(np.multiply.outer(2 * at.after_first_s.astype(np.float32), faster)))
        sums = _mixed(rows)
        _, fraction_gain, rate_gain = _bounds(found.water * size, found.fat * size, sums, _inverse(sums[0]), at)
        return fraction_gain / size**2, rate_gain


def decays(rate: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """exp(z t), complex64 of shape (n_echoes, *rate.shape), for complex z in 1/s and ascending t in s.

    By repeated multiplication where echoes are evenly spaced: the exponential is the costliest part.
    """
    decay = np.empty((len(times_s), *rate.shape), np.complex64)
    decay[0] = _exponential(rate, np.float32(times_s[0])) if times_s[0] else 1
    factors: dict[float, np.ndarray] = {}
    for n, spacing in enumerate(_spacings(tuple(times_s.tolist()))):
        if spacing not in factors:
            factors[spacing] = _exponential(rate, np.float32(spacing))
        np.multiply(decay[n], factors[spacing], out=decay[n + 1])
    return decay


@lru_cache(maxsize=16)
def _spacings(times_s: tuple[float, ...]) -> tuple[float, ...]:
    """Times between the echoes in s, without the last digits, by which even ones differ."""
    return tuple(round(later - earlier, 9) for earlier, later in zip(times_s, times_s[1:]))


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
    sums = _mixed(product(at.on_weights, conjugated_decay.real**2 + conjugated_decay.imag**2))
    return sums, product(at.on_signal, conjugated_decay * signal)


def _mixed(rows: np.ndarray) -> list[_Sums]:
    """The sums of :func:`_inner_products` from the products of the real rows of :class:`Echoes`."""
    mixed = np.empty((3, rows.shape[1]), np.complex64)
    mixed.real, mixed.imag = rows[1::4], rows[2::4]
    return list(zip(rows[::4], mixed, rows[3::4]))


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

    first, _, free = _derivative(water, fat, sums, inverse)
    model_on_g = np.conj(water) * first[0] + np.conj(fat) * first[1]
    signal_on_g = np.conj(water) * projected[2] + np.conj(fat) * projected[3]
    step = (signal_on_g - model_on_g) * (np.float32(1 / at.spacing_s) / np.maximum(free, TINY))
    for part, largest in ((step.real, LARGEST_R2STAR_STEP), (step.imag, 2 * np.pi * LARGEST_FIELD_STEP_HZ)):
        np.minimum(part, largest, out=part)  # np.clip takes longer to begin than these take
        np.maximum(part, -largest, out=part)
    return step


def _derivative(
    water: np.ndarray, fat: np.ndarray, sums: list[_Sums], inverse: tuple[np.ndarray, ...]
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Of g, the derivative of the model by z: its inner products with exp(zt) and c exp(zt); the water and fat that come nearest to it;
    and its energy that they leave over."""
    first, second = ((water * ww + fat * wf, water * np.conj(wf) + fat * ff) for ww, wf, ff in sums[1:])
    nearest = _solve(inverse, *first)
    energy = (np.conj(water) * second[0] + np.conj(fat) * second[1]).real
    return first, nearest, energy - (np.conj(first[0]) * nearest[0] + np.conj(first[1]) * nearest[1]).real
