"""The fat fraction of complex water and fat, without the bias that magnitudes of noise carry."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

PHASE_SMOOTHING = 2.0  # voxels: standard deviation of the Gaussian that averages the water–fat phase
PHASE_PULL = 0.25  # weight of "no phase difference" in that average
CLEAR_MINOR = 2.0  # noise standard deviations; noise alone exceeds them in exp(-4) = 2 % of pure voxels, which adds 0.04 of them


def discriminated(water: np.ndarray, fat: np.ndarray, minor_sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Magnitude-discriminated fat fraction in % (Liu et al., MRM 2007;58:354): not biased by noise at either end.

    |F| / |W + F| where fat dominates, else 1 - |W| / |W + F|. The complex sum assumes that water and fat start in phase; an error of the
    echo times, flow, or water and fat shifted against each other break that. So the phase between them is removed from the fat first (our
    addition): that of the voxel itself where the smaller of both is clear of noise, and elsewhere the average over the neighbourhood, with
    a pull towards zero where it is not coherent. With its own phase removed a voxel's value is |F| / (|W| + |F|).

    Parameters
    ----------
    water, fat : ndarray of complex64, shape (k, j, i)
        NaN where nothing was fitted.
    minor_sd : ndarray of float32, shape (k, j, i)
        Standard deviation of the smaller of both (complex noise).

    Returns
    -------
    percent, total : ndarray of float32, shape (k, j, i)
        Fat fraction, not clipped, and the size of water and fat together that it refers to; NaN where there is no fit.
    """
    product = np.where(np.isfinite(water), fat * np.conj(water), 0)
    sigma = (0, PHASE_SMOOTHING, PHASE_SMOOTHING)
    around = np.empty_like(product)
    around.real, around.imag, size = (ndimage.gaussian_filter(part, sigma) for part in (product.real, product.imag, np.abs(product)))
    around -= product * np.float32(1 / (2 * np.pi * PHASE_SMOOTHING**2))  # a voxel's own noise must not turn the phase towards itself
    around.real += np.float32(PHASE_PULL) * size
    water_size, fat_size = np.abs(water), np.abs(fat)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.minimum(water_size, fat_size) > CLEAR_MINOR * minor_sd
        total = np.where(own, water_size + fat_size, np.abs(water + fat * np.conj(around) / np.abs(around)))
        ratio = np.where(fat_size > water_size, fat_size / total, 1 - water_size / total)
    return np.where(np.isfinite(ratio), 100 * ratio, np.nan).astype(np.float32), total
