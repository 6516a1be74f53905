"""The whole-body diffusion exam: five overlapping axial stations of trace images at three b-values."""

from __future__ import annotations

import numpy as np

from ..model import Role, Volume
from .patient import Body
from .sampling import Samples, sample

B_VALUES = (50.0, 400.0, 900.0)  # s/mm²
SPACING_MM = (3.5, 3.5, 6.0)
STATIONS = 5
SLICES, OVERLAP, ROWS, COLUMNS = 40, 5, 96, 128
ALL_SLICES = STATIONS * SLICES - (STATIONS - 1) * OVERLAP
LOWEST_SLICE_MM = -372.0
GAINS = (1.0, 0.8, 1.25, 0.9, 1.1)  # of the stations, most cranial first: receivers are adjusted per table position
MUSCLE_SIGNAL = 400.0  # at b 50, arbitrary units
NOISE = MUSCLE_SIGNAL / 40  # standard deviation per channel: signal-to-noise ratio 40 in muscle at b 50
COIL_VARIATION = 0.10
ADC_TEXTURE = 0.06  # standard deviation of the ADC within marrow, relative to its mean; our choice


def dwi_grid() -> np.ndarray:
    """Voxel to RAS of the grid common to all stations: columns to the patient's left, rows to posterior, slices to cranial."""
    matrix = np.diag([-SPACING_MM[0], -SPACING_MM[1], SPACING_MM[2], 1.0])
    matrix[0, 3] = SPACING_MM[0] * (COLUMNS - 1) / 2
    matrix[1, 3] = SPACING_MM[1] * (ROWS - 1) / 2
    matrix[2, 3] = LOWEST_SLICE_MM
    return matrix


def material_signal(body: Body, b_value: float) -> np.ndarray:
    """Mono-exponential signal of every material, scaled so that muscle has ``MUSCLE_SIGNAL`` at b 50.

    The table of tissues gives the ratio to muscle at b 900 s/mm²; from there S(b) = S(900) exp(−(b − 900) ADC).

    Returns
    -------
    ndarray, shape (materials,)
    """
    adc, ratio = body.table("adc", "dwi_ratio")
    muscle = body.materials["muscle"]
    at_900 = MUSCLE_SIGNAL * np.exp(-(900.0 - 50.0) * 1e-6 * muscle.adc)
    return at_900 * ratio * np.exp(-(b_value - 900.0) * 1e-6 * adc)


def material_texture(body: Body, b_value: float) -> np.ndarray:
    """Change of :func:`material_signal` when the ADC of marrow grows by itself times one, to first order: −b ADC S(b).

    Returns
    -------
    ndarray, shape (materials,)
        0 for what is not marrow.
    """
    (adc,) = body.table("adc")
    return body.is_marrow * (-b_value * 1e-6) * adc * material_signal(body, b_value)


def first_slice(station: int) -> int:
    """Index on the common grid of the lowest slice of ``station`` (1 = most cranial)."""
    return (STATIONS - station) * (SLICES - OVERLAP)


def sample_whole_body(body: Body) -> Samples:
    """The body on the grid common to all stations."""
    return sample(body, dwi_grid(), (ALL_SLICES, ROWS, COLUMNS))


def simulate_dwi(body: Body, samples: Samples, rng: np.random.Generator) -> tuple[tuple[Volume, ...], ...]:
    """All stations, most cranial first, each with one volume per b-value: partial volume, gain, coil profile and Rician noise."""
    texture = ADC_TEXTURE * samples.texture(rng)
    clean = [samples.mean(material_signal(body, b)) + texture * samples.mean(material_texture(body, b)) for b in B_VALUES]
    stations = []
    for station, gain in enumerate(GAINS, start=1):
        start = first_slice(station)
        matrix = samples.ijk_to_ras.copy()
        matrix[:3, 3] += start * matrix[:3, 2]
        profile = gain * _coil_profile(station)
        volumes = []
        for b, image in zip(B_VALUES, clean):
            noise = NOISE * gain * rng.standard_normal((2, SLICES, ROWS, COLUMNS), dtype=np.float32)
            signal = np.hypot(image[start : start + SLICES] * profile + noise[0], noise[1])
            name = f"b {b:.0f}, station {station}"
            volumes.append(Volume(signal, matrix, Role.DWI, "", "signal", name, b_value=b, station=station))
        stations.append(tuple(volumes))
    return tuple(stations)


def _coil_profile(station: int) -> np.ndarray:
    """In-plane sensitivity, shape (j, i): one slow wave of ±10 % across the body, another for each station."""
    j, i = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    wave = np.cos(np.pi * (i / COLUMNS - 0.5) + 0.4 * station) * np.cos(np.pi * (j / ROWS - 0.5) - 0.3 * station)
    return 1 + np.float32(COIL_VARIATION) * wave
