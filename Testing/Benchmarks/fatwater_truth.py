"""Simulated echoes with their truth, for the fat–water benchmarks."""

from __future__ import annotations

import numpy as np
from MarrowQuantLib.fatwater import fat_phasor

SIX_ECHOES = 1.15e-3 + 0.98e-3 * np.arange(6)


def echoes(
    ff: np.ndarray, field_hz: np.ndarray, r2star: np.ndarray, times: np.ndarray, tesla: float, snr: float, seed: int, spectrum: str
) -> np.ndarray:
    """Complex echoes of amplitude 1000 with complex noise of 1000 / ``snr``; ``ff`` from 0 to 1, maps of one shape, echo last."""
    signal = (1 - ff)[..., None] + ff[..., None] * fat_phasor(times, tesla, spectrum)
    signal = 1000 * signal * np.exp((2j * np.pi * field_hz - r2star)[..., None] * times + 0.4j)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=signal.shape) + 1j * rng.normal(size=signal.shape)
    return (signal + noise * (1000 / snr / np.sqrt(2))).astype(np.complex64)


def disc(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates from -1 to 1 along j and i, and the round object."""
    y, x = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, n), indexing="ij")
    return y, x, x**2 + y**2 < 0.92


def workload(snr: float, seed: int, n: int = 192) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Signal, FF in %, R2* and mask of the peers' workload: FF in 16 columns, R2* 20 … 150 1/s in rows, field ±120 Hz, 3 T."""
    y, x, inside = disc(n)
    ff = np.floor((x + 1) / 2 * 15.999) / 15
    field_hz, r2star = 120 * (x**2 - 0.5 * y**2) + 20 * y, 20 + 130 * (y + 1) / 2
    clean = echoes(ff, field_hz, r2star, SIX_ECHOES, 3.0, snr, seed, "ismrm_6")
    empty = echoes(0 * ff, field_hz, 1e5 + 0 * ff, SIX_ECHOES, 3.0, snr, seed, "ismrm_6")  # noise alone
    return np.where(inside[..., None], clean, empty), 100 * ff, r2star, inside
