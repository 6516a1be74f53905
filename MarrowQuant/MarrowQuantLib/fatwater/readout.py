"""Bipolar readout: odd and even echoes differ by a smooth phase and amplitude, which is fitted and removed.

Gradients of alternating polarity carry delays and eddy currents of alternating sign (Lu et al., MRM 2008;60:198): echo n is multiplied by
exp(±a/2), + for odd and - for even ones, with a complex a that varies slowly in space. Here a is a polynomial of the position, third
order in-plane and first order across slices (our choice), fitted to all voxels at once by Gauss–Newton: in each voxel the derivative with
respect to a is freed from what water, fat, field and R2* can explain, so that these do not absorb it. The opposite chemical-shift
displacement of fat in odd and even echoes is not corrected.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .refine import decays

FEWEST_ECHOES = 5  # with fewer, the fit itself absorbs a difference of odd and even echoes
LARGEST_DEGREES = 1.0  # our choice: unipolar data, simulated and real, stay below 0.6, real bipolar data lie between 1.8 and 11
SMOOTHING = 4.0  # voxels
ORDER = 3  # of the polynomial in-plane; our choice
LARGEST_LOG_AMPLITUDE = 0.5  # keeps the polynomial finite where there is no signal; measured ratios of amplitudes are 0.90 and 0.96
LARGEST = 1e3  # of the root mean square signal: a model beyond is of a voxel whose R2* ran away; our choice
CHUNK = 1 << 13  # voxels; fits the processor's cache
TINY = np.float32(1e-12)  # keeps quotients finite


def odd_even_degrees(
    echoes: np.ndarray, rate: np.ndarray, water: np.ndarray, fat: np.ndarray, times: np.ndarray, phasor: np.ndarray
) -> float:
    """Mean absolute phase in degrees by which odd and even echoes differ over whole regions after the fit, in the brightest slice.

    ``echoes`` has shape (n_echoes, k, j, i), the fitted maps (k, j, i), echo times (s) and fat phasor (n_echoes,).
    """
    k = int(np.argmax([np.vdot(slice_, slice_).real for slice_ in np.moveaxis(echoes, 1, 0)]))
    with np.errstate(over="ignore", invalid="ignore"):  # a voxel of noise may have any R2*
        model = (water[k] + fat[k] * phasor.astype(np.complex64).reshape(-1, 1, 1)) * decays(rate[k], times)
        match = np.where(np.abs(model) < LARGEST, echoes[:, k] * np.conj(model), 0)
    difference = match[1::2].sum(axis=0) * np.conj(match[::2].sum(axis=0))
    smooth = ndimage.gaussian_filter(difference.real, SMOOTHING) + 1j * ndimage.gaussian_filter(difference.imag, SMOOTHING)
    return float(np.degrees(np.sum(np.abs(difference) * np.abs(np.angle(smooth))) / np.sum(np.abs(difference))))


def signs(n_echoes: int) -> np.ndarray:
    """+1/2 for the first echo, -1/2 for the second, and so on."""
    return np.where(np.arange(n_echoes) % 2, -0.5, 0.5).astype(np.float32)


def step(echoes: np.ndarray, rate: np.ndarray, water: np.ndarray, fat: np.ndarray, times: np.ndarray, phasor: np.ndarray) -> np.ndarray:
    """One Gauss–Newton step of the complex exponent a, complex64 of shape (k, j, i); arguments as in :func:`odd_even_degrees`."""
    shape = rate.shape
    flat, columns = echoes.reshape(len(echoes), -1), _polynomials(shape)
    rate, water, fat = rate.ravel(), water.ravel(), fat.ravel()
    normal, right = np.zeros((len(columns),) * 2), np.zeros(len(columns), complex)
    fitted = np.flatnonzero(np.isfinite(rate))
    for first in range(0, fitted.size, CHUNK):
        here = fitted[first : first + CHUNK]
        with np.errstate(over="ignore", invalid="ignore"):  # a voxel of noise may have any R2*
            gain, pull = _per_voxel(flat[:, here], rate[here], water[here], fat[here], times, phasor)
        usable = np.isfinite(gain) & np.isfinite(pull)
        here, gain, pull = here[usable], gain[usable], pull[usable]
        normal += (columns[:, here] * gain) @ columns[:, here].T
        right += columns[:, here] @ pull
    coefficients = np.linalg.lstsq(normal, right, rcond=None)[0]
    exponent = coefficients.astype(np.complex64) @ columns
    real = np.clip(exponent.real, -LARGEST_LOG_AMPLITUDE, LARGEST_LOG_AMPLITUDE)
    return (real + 1j * exponent.imag).astype(np.complex64).reshape(shape)


def remove(echoes: np.ndarray, exponent: np.ndarray) -> None:
    """Divide the echoes (in place) by exp(± exponent / 2)."""
    factor = np.exp(-exponent / 2)
    echoes[::2] *= factor
    echoes[1::2] /= factor


def _per_voxel(
    signal: np.ndarray, rate: np.ndarray, water: np.ndarray, fat: np.ndarray, times: np.ndarray, phasor: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Curvature and gradient of the misfit along a, shape (n,), free of water, fat, field and R2*."""
    t = np.float32((times - times.mean()) / np.ptp(times))[:, None]  # a constant added to t is a multiple of the model, projected out below
    decay = np.exp(rate * times.astype(np.complex64)[:, None])
    phasor = phasor.astype(np.complex64)[:, None]
    model = (water + fat * phasor) * decay
    basis: list[np.ndarray] = []
    for column in (decay, phasor * decay, t * model):
        free = _freed(column, basis)
        basis.append(free / np.sqrt(np.maximum(np.sum(np.abs(free) ** 2, axis=0), TINY)))
    free = _freed(signs(len(times))[:, None] * model, basis)
    return np.sum(np.abs(free) ** 2, axis=0), np.sum(np.conj(free) * (signal - model), axis=0)


def _freed(column: np.ndarray, basis: list[np.ndarray]) -> np.ndarray:
    """What of each column, shape (n_echoes, n), is orthogonal to the basis (Gram–Schmidt)."""
    for known in basis:
        column = column - known * np.sum(np.conj(known) * column, axis=0)
    return column


def _polynomials(shape: tuple[int, int, int]) -> np.ndarray:
    """Monomials of the position (from -1 to 1) in-plane, and the slice position; float32 of shape (n, k j i)."""
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) if n > 1 else np.zeros(1, np.float32) for n in shape), indexing="ij")
    in_plane = [x**m * y**n for m in range(ORDER + 1) for n in range(ORDER + 1 - m)]
    return np.stack([*in_plane, z]).reshape(len(in_plane) + 1, -1)
