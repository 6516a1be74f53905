"""Simulated echoes of water and fat."""

from __future__ import annotations

import numpy as np
from MarrowQuantLib.fatwater import fat_phasor

SIX_ECHOES = 1.15e-3 + 0.98e-3 * np.arange(6)


def simulate(ff, field, r2star, times=SIX_ECHOES, tesla=3.0, snr=None, spectrum="ismrm_6", phase=0.4, fat_phase=0.0, seed=7):
    """Complex echoes of amplitude 1000; ff as a fraction, field in Hz, r2star in 1/s, all of shape (..., )."""
    times = np.asarray(times)
    water_and_fat = (1 - ff)[..., None] + (ff * np.exp(1j * fat_phase))[..., None] * fat_phasor(times, tesla, spectrum)
    rate = 2j * np.pi * np.asarray(field)[..., None] - np.asarray(r2star)[..., None]
    signal = 1000 * water_and_fat * np.exp(rate * times + 1j * phase)
    if snr is not None:
        rng = np.random.default_rng(seed)
        signal = signal + (rng.normal(size=signal.shape) + 1j * rng.normal(size=signal.shape)) * 1000 / snr / np.sqrt(2)
    return signal


def disc(n):
    y, x = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, n), indexing="ij")
    return y, x, x**2 + y**2 < 0.92


def columns(n=192):
    """Fat fraction in 16 columns, R2* 20 … 150 in rows, a smooth field: the workload that other programs were measured on."""
    y, x, inside = disc(n)
    ff = np.floor((x + 1) / 2 * 15.999) / 15
    return ff, 120 * (x**2 - 0.5 * y**2) + 20 * y, 20 + 130 * (y + 1) / 2, inside
