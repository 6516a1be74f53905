"""The muscle signal to which the high-b image is normalised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..model import UNIT_ADC, MarrowQuantError, Volume

MUSCLE_ADC_WINDOW = (1200.0, 1900.0)
"""ADC in µm²/s in which muscle is looked for; our choice, wide enough for the spread between scanners. Fatty marrow, suppressed fat and
most organs lie below, fluid above."""

MIN_MUSCLE_VOXELS = 200
"""Fewer voxels than this are not taken for muscle (our choice: at 3.5 x 3.5 x 6 mm about 15 mL)."""

_NOISE_FACTOR = 3.0  # of the median signal at the border of the field of view
_NEIGHBOURS = 5 / 9  # part of the 3 x 3 neighbourhood in the slice that must qualify as well: drops noise and edges
_BIN = 0.05  # width of a histogram bin in the logarithm of the signal
_AROUND_MODE = 0.25  # the median is taken over signals this close to the mode, relative


@dataclass(frozen=True)
class MuscleReference:
    """Median muscle signal of the high-b image, the number of voxels it rests on, and a sentence on how it was found."""

    signal: float
    n_voxels: int
    how: str


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
    of the signal is taken, and the median of the signals near it. The method is our own.

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
    low, high = MUSCLE_ADC_WINDOW
    candidates = tissue_mask(high_b.array) & (adc.array >= low) & (adc.array <= high)
    solid = ndimage.uniform_filter(candidates.astype(np.float32), size=(1, 3, 3), mode="constant") > _NEIGHBOURS - 1e-3
    signals = high_b.array[candidates & solid].astype(float)
    near = _near_mode(signals) if signals.size >= MIN_MUSCLE_VOXELS else signals[:0]
    if near.size < MIN_MUSCLE_VOXELS:
        raise MarrowQuantError(
            f"No muscle was found on the high-b image: {near.size} voxels with a muscle-like ADC of {low:.0f} to {high:.0f} {UNIT_ADC} "
            "are too few; place a point in muscle or give its signal."
        )
    how = (
        f"median of {near.size} voxels around the most frequent signal among tissue with an ADC of {low:.0f} to {high:.0f} {UNIT_ADC}, "
        "found automatically"
    )
    return MuscleReference(float(np.median(near)), int(near.size), how)


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
