"""The muscle signal to which the high-b image is normalised."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional, Union

import numpy as np
from scipy import ndimage

from ..model import UNIT_ADC, Finding, MarrowQuantError, Volume, finding

MUSCLE_ADC_WINDOW = (1200.0, 1900.0)
"""ADC in µm²/s in which muscle is looked for; our choice, wide enough for the spread between scanners. Fatty marrow, suppressed fat and
most organs lie below, fluid above."""

MIN_MUSCLE_VOXELS = 200
"""Fewer voxels than this are not taken for muscle (our choice: at 3.5 x 3.5 x 6 mm about 15 mL)."""

POINT_RADIUS_MM = 8.0
"""Around a reader's point in muscle; our choice, inside the psoas and the muscles along the spine of an adult."""

MIN_POINT_VOXELS = 8
"""Fewer voxels around the points are refused (our choice: a quarter of a sphere at 3.5 x 3.5 x 6 mm)."""

Muscle = Union[float, Sequence[Sequence[float]]]
"""What a reader says of muscle: its high-b signal, or points in it, RAS mm."""



def read_muscle(text: str) -> Muscle:
    """What a text says of muscle: "1.5,-20,33" is a point in it (RAS mm), "140" its high-b signal.

    Raises
    ------
    MarrowQuantError
        For any other text.
    """
    try:
        numbers = [float(word) for word in re.split(r"[,;\s]+", text.strip())]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3) or not all(map(math.isfinite, numbers)):
        raise MarrowQuantError("'{text}' is neither a point R,A,S in mm nor a signal of muscle; write it as 1.5,-20,33 or 140.", text=text)
    return numbers[0] if len(numbers) == 1 else [tuple(numbers)]


_SLAB_MM = 100.0
_NOISE_FACTOR = 3.0  # of the median signal at the border of the field of view
_NEIGHBOURS = 5 / 9  # part of the 3 x 3 neighbourhood in the slice that must qualify as well: drops noise and edges
_BIN = 0.05  # width of a histogram bin in the logarithm of the signal
_AROUND_MODE = 0.25  # the median is taken over signals this close to the mode, relative
_UNEVEN_WINDOW = (0.4, 2.5)  # of the muscle signal, within which tissue with the ADC of muscle is compared; our choice
_CLEAR_SNR = 6.0  # of muscle: below, what is cut off as noise takes the darker part of muscle with it
_AIR_SNR = 1.2  # of a mean without noise: three standard deviations of air, whose squares vary by 2 SD² / √27 about nothing
_SPAN = 850e-6  # s/mm² × 10⁻⁶: between the b-values that a mean ADC is taken from; its value hardly matters


@dataclass(frozen=True)
class MuscleReference:
    """Median muscle signal of the high-b image, the number of voxels it rests on, how it was found, what to doubt about it, the standard
    deviation of the noise in each channel (0 where no air is in view), the spread of the muscle signal over the body (relative), and by
    what factor it differs between the quarters of the body's slabs (see :func:`_uneven`)."""

    signal: float
    n_voxels: int
    how: Finding
    doubt: str = ""
    noise: float = 0.0
    spread: float = 0.0
    uneven: float = 1.0


def muscle_reference(high_b: Volume, adc: Volume, muscle: Optional[Muscle] = None) -> MuscleReference:
    """The muscle signal that a reader gave or pointed at, or else the one that is found; see :func:`muscle_at` and :func:`find_muscle`.

    Raises
    ------
    MarrowQuantError
        As these; also if a signal is no positive number.
    """
    noise = noise_of(high_b.array)
    if muscle is None:
        return replace(find_muscle(high_b, adc), noise=noise)
    if not isinstance(muscle, (int, float)):
        return replace(muscle_at(high_b, adc, muscle), noise=noise)
    if not (np.isfinite(muscle) and muscle > 0):
        raise MarrowQuantError(
            "A muscle signal of {muscle} cannot be divided by; place a point in muscle, or let it be found.",
            muscle=muscle,
        )
    return MuscleReference(float(muscle), 0, finding("made.muscle_given"), noise=noise)


def noise_of(high_b: np.ndarray) -> float:
    """Standard deviation of the noise in each channel, from the median of the air along the sides of the slices: 1.177 of it for the
    Rayleigh distribution of magnitudes (Gudbjartsson 1995, Magn Reson Med 34:910); 0 where the sides are blank."""
    sides = np.concatenate([high_b[:, [0, -1], :].ravel(), high_b[:, :, [0, -1]].ravel()])
    sides = sides[np.isfinite(sides)]
    return float(np.median(sides)) / 1.177 if sides.size else 0.0


def tissue_mask(high_b: np.ndarray) -> np.ndarray:
    """Voxels well above the noise outside the body; bool, shape (k, j, i).

    The noise level is the median signal along the four sides of the slices, where a whole-body field of view shows air. Where these
    sides are blank, every voxel with a signal is tissue.
    """
    sides = np.concatenate([high_b[:, [0, -1], :].ravel(), high_b[:, :, [0, -1]].ravel()])
    sides = sides[np.isfinite(sides)]
    noise = _NOISE_FACTOR * float(np.median(sides)) if sides.size else 0.0
    return high_b > max(noise, 0.0)


def find_muscle(high_b: Volume, adc: Volume) -> MuscleReference:
    """Find the median muscle signal of the high-b image without a click.

    Muscle is the most frequent tissue with its ADC, and not a bright one: of all tissue with an ADC in :data:`MUSCLE_ADC_WINDOW` the mode
    of the signal is taken, and the median of the signals near it. Where muscle stands out of the noise by less than six standard
    deviations, or none is found, it is looked for on local means from which the noise is taken (:func:`_without_noise`): of single voxels
    only those would be left that noise made brighter, and muscle would read up to 1.6 times too bright. The method is our own.

    Parameters
    ----------
    high_b, adc : Volume
        Signal at the highest b-value and ADC in µm²/s on the same grid, shape (k, j, i).

    Raises
    ------
    MarrowQuantError
        If the grids differ, or fewer than :data:`MIN_MUSCLE_VOXELS` voxels qualify.
    """
    check_pair(high_b, adc)
    noise = noise_of(high_b.array)
    found, tissue = _muscle_like(high_b.array, adc.array, tissue_mask(high_b.array))
    if noise and (found.size < MIN_MUSCLE_VOXELS or np.median(found) < _CLEAR_SNR * noise):
        high_b, adc = _without_noise(high_b, adc, noise)
        found, tissue = _muscle_like(high_b.array, adc.array, high_b.array > _AIR_SNR * noise)
    low, high = MUSCLE_ADC_WINDOW
    if found.size < MIN_MUSCLE_VOXELS:
        raise MarrowQuantError(
            "No muscle was found on the high-b image: {near} voxels with a muscle-like ADC of {low:.0f} to {high:.0f} {unit_adc} are too "
            "few; place a point in muscle or give its signal.",
            near=found.size, low=low, high=high, unit_adc=UNIT_ADC,
        )
    spread = _spread(high_b, tissue, float(np.median(found)))
    how = finding("made.muscle_found", n=found.size, low=low, high=high, unit=UNIT_ADC)
    uneven = _uneven(high_b, tissue, float(np.median(found)))
    return MuscleReference(float(np.median(found)), int(found.size), how, spread=spread, uneven=uneven)


def _muscle_like(signal: np.ndarray, adc: np.ndarray, tissue: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signals near the mode of the tissue with the ADC of muscle, none if they are too few; and the mask of that tissue."""
    low, high = MUSCLE_ADC_WINDOW
    candidates = tissue & (adc >= low) & (adc <= high)
    solid = candidates & (ndimage.uniform_filter(candidates.astype(np.float32), size=(1, 3, 3), mode="constant") > _NEIGHBOURS - 1e-3)
    signals = signal[solid].astype(float)
    return _near_mode(signals) if signals.size >= MIN_MUSCLE_VOXELS else signals[:0], solid


def _without_noise(high_b: Volume, adc: Volume, noise: float) -> tuple[Volume, Volume]:
    """The high-b image and the ADC of local means without what noise adds to magnitudes: the square of a magnitude is, on average, that of
    the signal and twice that of the noise's standard deviation (Gudbjartsson 1995, Magn Reson Med 34:910)."""
    known = np.isfinite(high_b.array) & np.isfinite(adc.array)
    high = np.where(known, high_b.array, 0.0).astype(np.float32)
    low = high * np.exp(np.clip(np.where(known, adc.array, 0.0), -500.0, 4000.0) * _SPAN).astype(np.float32)
    high, low = (np.sqrt(np.maximum(ndimage.uniform_filter(image * image, 3) - 2 * noise * noise, 0.0)) for image in (high, low))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.log(low / high) / _SPAN
    return high_b.like(high), adc.like(np.where(known, mean, np.nan))


def _spread(high_b: Volume, muscle: np.ndarray, signal: float) -> float:
    """Standard deviation of the muscle signal from slab to slab of 100 mm, relative; 0 for a single slab."""
    near = np.argwhere(muscle & (np.abs(high_b.array - signal) <= _AROUND_MODE * signal))
    slab = near[:, 0] * float(high_b.spacing_mm[2]) // _SLAB_MM
    values = high_b.array[tuple(near.T)]
    medians = [float(np.median(values[slab == n])) for n in np.unique(slab) if np.count_nonzero(slab == n) >= MIN_MUSCLE_VOXELS]
    return float(np.std(medians) / signal) if len(medians) > 1 else 0.0


def _uneven(high_b: Volume, muscle: np.ndarray, signal: float) -> float:
    """The second brightest over the second darkest median signal of muscle among the quarters (right and left, front and back) of slabs of
    200 mm: how far dielectric shading or the coils move what the threshold means. One quarter may hold an organ or metal; our choice."""
    low, high = _UNEVEN_WINDOW
    near = np.argwhere(muscle & (high_b.array > low * signal) & (high_b.array < high * signal))
    if not len(near):
        return 1.0
    slab = (near[:, 0] * float(high_b.spacing_mm[2]) // (2 * _SLAB_MM)).astype(int)
    middle = np.median(near, axis=0)
    cell = 4 * slab + 2 * (near[:, 1] > middle[1]) + (near[:, 2] > middle[2])
    values = high_b.array[tuple(near.T)]
    medians = sorted(float(np.median(values[cell == n])) for n in np.unique(cell) if np.count_nonzero(cell == n) >= MIN_MUSCLE_VOXELS)
    return medians[-2] / medians[1] if len(medians) > 3 else 1.0


def muscle_at(high_b: Volume, adc: Volume, points_ras: Sequence[Sequence[float]]) -> MuscleReference:
    """The median signal of all voxels within :data:`POINT_RADIUS_MM` of the reader's points.

    Parameters
    ----------
    high_b, adc : Volume
        As for :func:`find_muscle`.
    points_ras : sequence of three floats
        One point or more in muscle, RAS mm.

    Raises
    ------
    MarrowQuantError
        If the grids differ, a point is no position, or too few voxels with a signal and an ADC lie around the points.
    """
    check_pair(high_b, adc)
    points = np.asarray(points_ras, dtype=float)
    if points.ndim != 2 or points.shape[1:] != (3,) or not np.isfinite(points).all():
        raise MarrowQuantError("A point in muscle needs three RAS coordinates in mm; place it again.")
    inside = np.zeros(high_b.array.shape, dtype=bool)
    for point in points:
        _mark_sphere(inside, high_b, point)
    signals, there = high_b.array[inside], adc.array[inside]
    usable = (signals > 0) & np.isfinite(signals) & np.isfinite(there)
    signals, there = signals[usable], there[usable]
    if signals.size < MIN_POINT_VOXELS:
        raise MarrowQuantError(
            "Only {signals} voxels with a signal and an ADC lie within {point_radius_mm:g} mm of the points in muscle; place them, or "
            "more of them, in muscle inside the diffusion images.",
            signals=signals.size, point_radius_mm=POINT_RADIUS_MM,
        )
    low, high = MUSCLE_ADC_WINDOW
    adc_there = float(np.median(there))
    doubt = "" if low <= adc_there <= high else finding("burden.muscle_doubt", adc=adc_there, low=low, high=high)
    how = finding("made.muscle_points", n=signals.size, radius=POINT_RADIUS_MM)
    return MuscleReference(float(np.median(signals)), int(signals.size), how, doubt)


def points_inside(volume: Volume, points_ras: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    """Those of the points that lie in a voxel of the volume."""
    inside = volume.sees(np.array(points_ras, dtype=float).reshape(-1, 3))
    return [tuple(point) for point, is_inside in zip(points_ras, inside) if is_inside]


def _mark_sphere(inside: np.ndarray, volume: Volume, point_ras: np.ndarray) -> None:
    """Set the voxels whose centres lie within the radius of a point; only their box is looked at."""
    ijk, reach = volume.to_ijk(point_ras), volume.reach(POINT_RADIUS_MM)
    shape = np.array(volume.array.shape[::-1])
    low = np.clip(np.ceil(ijk - reach), 0, shape).astype(int)
    high = np.clip(np.floor(ijk + reach) + 1, low, shape).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high)), indexing="ij"), axis=-1)
    offset = volume.to_ras(grid) - point_ras
    box = tuple(slice(a, b) for a, b in zip(low[::-1], high[::-1]))
    inside[box] |= (np.sum(offset**2, axis=-1) <= POINT_RADIUS_MM**2).transpose(2, 1, 0)


def check_pair(high_b: Volume, adc: Volume) -> None:
    """Refuse a high-b image and an ADC map that do not belong together.

    Raises
    ------
    MarrowQuantError
        If one is not three-dimensional or the grids differ.
    """
    if high_b.array.ndim != 3 or not high_b.same_grid(adc):
        raise MarrowQuantError("The high-b image and the ADC map do not lie on the same grid; compute the ADC map from the same series.")


def _near_mode(signals: np.ndarray) -> np.ndarray:
    """The signals near the peak of their smoothed histogram over the logarithm of the signal."""
    logs = np.log(signals)
    n_bins = int(np.ceil((logs.max() - logs.min()) / _BIN)) + 1
    counts, edges = np.histogram(logs, bins=n_bins, range=(logs.min(), logs.min() + n_bins * _BIN))
    peak = int(np.argmax(ndimage.gaussian_filter1d(counts.astype(float), 2.0, mode="constant")))
    mode = np.exp((edges[peak] + edges[peak + 1]) / 2)
    return signals[np.abs(signals - mode) <= _AROUND_MODE * mode]
