"""The lumbar Dixon exam: six complex echoes at 3 T, and what a vendor's reconstruction would deliver from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..model import UNIT_FF, UNIT_R2STAR, Role, Volume
from .patient import Body
from .sampling import Samples, sample
from .shapes import rotation
from .tissues import ADIPOSE_SPECTRUM, MARROW_SPECTRUM

FIELD_STRENGTH_T = 3.0
GAMMA_BAR_MHZ_PER_T = 42.577478518  # CODATA, proton
ECHO_TIMES_S = tuple(round(0.00115 + 0.00098 * n, 6) for n in range(6))
IN_PHASE_S, OPPOSED_PHASE_S = 0.00230, 0.00115  # echo times at 3 T for fat at -3.4 ppm, rounded to 0.05 ms
NOISE = 0.010  # standard deviation per channel of one echo; the brightest tissue has signal 1
PRODUCT_NOISE = 0.009  # of the vendor's water and fat images, about one point of fat fraction in marrow
R2STAR_NOISE = 4.0  # 1/s
FF_TEXTURE = 0.06  # standard deviation of the fat fraction within marrow, relative to its mean; our choice

SPACING_MM = (1.6, 1.6, 4.0)
SHAPE = (20, 192, 160)  # slices, rows, columns
CENTER_RAS_MM = (0.0, -2.0, 26.0)
ANGULATION_DEGREES = (0.0, 2.0, 3.0)

# Shift from water in ppm and relative amplitude. Kept apart from the fit's own table, so that a mistake there cannot hide here.
_SHIFTS_9 = (-3.80, -3.40, -3.10, -2.68, -2.46, -1.95, -0.50, 0.49, 0.59)
SPECTRA = {
    # Ren 2008 marrow, as used by the TUM spine group (BMRR fieldmapping-hmrGC, wfTFI).
    MARROW_SPECTRUM: (_SHIFTS_9, (90, 584, 60, 85, 60, 15, 40, 10, 57)),
    # ISMRM 2012 fat-water challenge.
    ADIPOSE_SPECTRUM: ((-3.80, -3.40, -2.60, -1.94, -0.39, 0.60), (0.087, 0.693, 0.128, 0.004, 0.039, 0.048)),
}


@dataclass(frozen=True)
class DixonImages:
    """What the lumbar exam gives.

    Attributes
    ----------
    products : dict of Role to Volume
        Water, fat, in-phase, opposed-phase, PDFF in %, R2* in 1/s.
    echoes : ndarray of complex64, shape (k, j, i, echo)
    echo_times_s : tuple of float
    ijk_to_ras : ndarray, shape (4, 4)
    field_hz : ndarray, shape (k, j, i)
        The true field map.
    """

    products: dict[Role, Volume]
    echoes: np.ndarray
    echo_times_s: tuple[float, ...]
    ijk_to_ras: np.ndarray
    field_hz: np.ndarray


def fat_phasor(spectrum: str, times_s: np.ndarray, field_strength_t: float = FIELD_STRENGTH_T) -> np.ndarray:
    """c(t) = Σ a_m exp(i 2π f_m t) with f_m = γ̄ B0 δ_m and Σ a_m = 1, the usual multi-peak fat model.

    Parameters
    ----------
    spectrum : str
        A key of ``SPECTRA``.
    times_s : ndarray, shape (n,)
        Echo times in seconds.
    field_strength_t : float
        Tesla.

    Returns
    -------
    ndarray of complex, shape (n,)
    """
    shifts, amplitudes = (np.asarray(column, dtype=float) for column in SPECTRA[spectrum])
    turns = GAMMA_BAR_MHZ_PER_T * field_strength_t * np.multiply.outer(np.asarray(times_s, dtype=float), shifts)
    return np.exp(2j * np.pi * turns) @ (amplitudes / amplitudes.sum())


def material_signal(body: Body, time_s: float) -> np.ndarray:
    """[W + F c(t)] exp(−R2* t) of every material, without field and phase: the spoiled gradient echo with one R2* for water and fat.

    Returns
    -------
    ndarray of complex, shape (materials,)
    """
    density, fraction, r2star = body.table("density", "ff", "r2star")
    fat = _fat_phasors(body, time_s)
    return density * ((1 - fraction / 100) + fraction / 100 * fat) * np.exp(-r2star * time_s)



def material_texture(body: Body, time_s: float) -> np.ndarray:
    """Change of :func:`material_signal` when the fat fraction of marrow grows by itself times one: fat comes, as much water goes.

    Returns
    -------
    ndarray of complex, shape (materials,)
        0 for what is not marrow.
    """
    density, fraction, r2star = body.table("density", "ff", "r2star")
    return body.is_marrow * density * fraction / 100 * (_fat_phasors(body, time_s) - 1) * np.exp(-r2star * time_s)


def _fat_phasors(body: Body, time_s: float) -> np.ndarray:
    """The fat phasor of each material's own spectrum, shape (materials,)."""
    phasor = {name: fat_phasor(name, np.array([time_s]))[0] for name in SPECTRA}
    return np.array([phasor[tissue.spectrum] for tissue in body.materials.values()])


def dixon_grid() -> np.ndarray:
    """Voxel to RAS of the sagittal slab: columns run to posterior, rows to caudal, slices from the left to the right; slightly oblique."""
    directions = rotation(ANGULATION_DEGREES) @ np.array([[0, 0, 1.0], [-1.0, 0, 0], [0, -1.0, 0]])
    matrix = np.eye(4)
    matrix[:3, :3] = directions * np.asarray(SPACING_MM)
    middle = (np.array(SHAPE[::-1]) - 1) / 2
    matrix[:3, 3] = np.asarray(CENTER_RAS_MM) - matrix[:3, :3] @ middle
    return matrix


def simulate_dixon(body: Body, rng: np.random.Generator) -> DixonImages:
    """The lumbar exam of ``body`` with partial volume, field map, receiver phase and complex Gaussian noise."""
    samples = sample(body, dixon_grid(), SHAPE)
    texture = FF_TEXTURE * samples.texture(rng)
    field = field_map_hz(samples, rng)
    phase = _receiver_phase(samples, rng)
    echoes = np.empty((*SHAPE, len(ECHO_TIMES_S)), dtype=np.complex64)
    for n, time_s in enumerate(ECHO_TIMES_S):
        turn = np.exp(1j * (phase + np.float32(2 * np.pi * time_s) * field))
        clean = _clean_signal(body, samples, texture, time_s)
        echoes[..., n] = clean * turn + NOISE * _complex_normal(rng, SHAPE)
    return DixonImages(_products(body, samples, texture, rng), echoes, ECHO_TIMES_S, samples.ijk_to_ras, field)


def _clean_signal(body: Body, samples: Samples, texture: np.ndarray, time_s: float) -> np.ndarray:
    """Voxel signal at an echo time, texture included, without field, phase and noise."""
    return samples.mean(material_signal(body, time_s)) + texture * samples.mean(material_texture(body, time_s))


def field_map_hz(samples: Samples, rng: np.random.Generator) -> np.ndarray:
    """A smooth field: shim residue of second order and the dipole-like distortion under the diaphragm, within about ±150 Hz."""
    x, y, z = samples.ras()
    tilt = rng.uniform(-1, 1, size=3)
    height = (z - CENTER_RAS_MM[2]) / 128
    field = 25 * tilt[0] * x / 40 + 30 * tilt[1] * y / 128 + 35 * tilt[2] * height + 30 * height**2 - 25 * (y / 128) ** 2
    lung = ((y - 60) ** 2 + x * x) / 70**2 + ((z - 170) / 60) ** 2
    return (field + 100 * np.exp(-lung)).astype(np.float32)


def _receiver_phase(samples: Samples, rng: np.random.Generator) -> np.ndarray:
    """Slow phase common to all echoes: a constant and a slope over the field of view."""
    x, y, z = samples.ras()
    constant, along_y, along_z = rng.uniform(-1, 1, size=3)
    return (np.pi * constant + 1.2 * along_y * y / 128 + 1.2 * along_z * z / 128 + 0.3 * x / 40).astype(np.float32)


def _complex_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    pair = rng.standard_normal((2, *shape), dtype=np.float32)
    return pair[0] + 1j * pair[1]


def _products(body: Body, samples: Samples, texture: np.ndarray, rng: np.random.Generator) -> dict[Role, Volume]:
    """The vendor's images: made from the true tissue plus noise, never by our own fit.

    In-phase and opposed-phase come from the signal equation at 2.30 and 1.15 ms, as from a dual-echo acquisition. PDFF is fat over water
    plus fat of the noisy amplitudes; where there is no signal it is 0.
    """
    density, fraction, r2star = body.table("density", "ff", "r2star")
    amplitude = samples.mean(density)
    noise = PRODUCT_NOISE * rng.standard_normal((4, *SHAPE), dtype=np.float32)
    more_fat = texture * samples.mean(body.is_marrow * density * fraction / 100)
    fat = samples.mean(density * fraction / 100) + more_fat + noise[0]
    water = samples.mean(density * (1 - fraction / 100)) - more_fat + noise[1]
    has_signal = water + fat > 6 * PRODUCT_NOISE
    pdff = np.where(has_signal, 100 * fat / np.where(has_signal, water + fat, 1), 0)
    decay = samples.mean(density * r2star) / np.maximum(amplitude, 1e-6)
    decay = np.where(has_signal, np.maximum(decay + R2STAR_NOISE * rng.standard_normal(SHAPE, dtype=np.float32), 0), 0)
    in_phase = np.abs(_clean_signal(body, samples, texture, IN_PHASE_S) + noise[2])
    opposed = np.abs(_clean_signal(body, samples, texture, OPPOSED_PHASE_S) + noise[3])
    arrays = {
        Role.WATER: (np.abs(water), "", "signal", None),
        Role.FAT: (np.abs(fat), "", "signal", None),
        Role.IN_PHASE: (in_phase, "", "signal", IN_PHASE_S),
        Role.OPPOSED_PHASE: (opposed, "", "signal", OPPOSED_PHASE_S),
        Role.PDFF: (np.clip(pdff, -100, 200), UNIT_FF, "PDFF", None),
        Role.R2STAR: (decay, UNIT_R2STAR, "R2*", None),
    }
    return {
        role: Volume(array.astype(np.float32), samples.ijk_to_ras, role, unit, quantity, role.value, echo_time_s=echo)
        for role, (array, unit, quantity, echo) in arrays.items()
    }
