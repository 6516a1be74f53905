"""Fat fraction from ready water and fat images, the two-point dropout ratio, and the scale of a fat-fraction map from the scanner."""

from __future__ import annotations

from typing import Optional, Union

import numpy as np

from ..model import Finding, MarrowQuantError, finding

# Largest value of a map in each convention: a fraction (0..1), per cent (0..100) or per mille (0..1000), with room for noise; our choice.
LARGEST_FRACTION = 1.05
LARGEST_PERCENT = 150.0
LARGEST_PERMILLE = 1100.0
# Philips stores -100 … 200 % on 0 … 4095, as the open mDixon converters read it (slope 300/4095, intercept -100).
PHILIPS_STORED_MAX = 4095.0
PHILIPS_LOW, PHILIPS_HIGH = -100.0, 200.0
LONGEST_DELAY_S = 0.1  # between echoes that are compared; in milliseconds all are longer


def fat_fraction(water: np.ndarray, fat: np.ndarray) -> np.ndarray:
    """Signal fat fraction 100 F / (W + F).

    Parameters
    ----------
    water, fat : ndarray, same shape
        Water and fat images on the same intensity scale; complex images enter with their magnitude.

    Returns
    -------
    ndarray of float32
        Fat fraction in %, not clipped; NaN where there is no signal.

    Raises
    ------
    MarrowQuantError
        The shapes differ.
    """
    water, fat = _pair("water", water, "fat", fat)
    total = water + fat
    return 100 * _ratio(fat, total, total > 0)


def dropout_ratio(
    in_phase: np.ndarray,
    opposed_phase: np.ndarray,
    *,
    noise_floor: float = 0.0,
    r2star_per_s: Optional[Union[float, np.ndarray]] = None,
    delay_s: float = 0.0,
) -> np.ndarray:
    """Signal drop between in-phase and opposed-phase images, 100 (IP - OP) / IP (Skeletal Radiol 2018, doi 10.1007/s00256-018-2999-0).

    It rises with the fat fraction only up to about one half: there one drop has two fat fractions. Without R2* the decay between both
    echoes is part of it; with ``r2star_per_s`` it is taken out: IP - OP exp(-R2* (TE_in - TE_opposed)) in place of IP - OP.

    Parameters
    ----------
    in_phase, opposed_phase : ndarray, same shape
        The two images on the same intensity scale.
    noise_floor : float
        In-phase signal at or below which there is no meaningful ratio.
    r2star_per_s : float or ndarray, optional
        R2* in 1/s.
    delay_s : float
        Echo time of the in-phase minus that of the opposed-phase image, in seconds; used with ``r2star_per_s``.

    Returns
    -------
    ndarray of float32
        Drop in %, negative where the opposed-phase image is brighter; NaN where the in-phase signal is noise.

    Raises
    ------
    MarrowQuantError
        The shapes differ, the noise floor is negative, or the delay is not in seconds.
    """
    if not noise_floor >= 0:
        raise MarrowQuantError("The noise floor {noise_floor} is not a signal; give a number of zero or more.", noise_floor=noise_floor)
    if not abs(delay_s) < LONGEST_DELAY_S:
        raise MarrowQuantError("A delay of {delay_s} between both echoes looks like milliseconds; give it in seconds.", delay_s=delay_s)
    in_phase, opposed_phase = _pair("in-phase", in_phase, "opposed-phase", opposed_phase)
    if r2star_per_s is not None:
        opposed_phase = opposed_phase * np.exp(-np.asarray(r2star_per_s, dtype=np.float32) * np.float32(delay_s))
    return 100 * _ratio(in_phase - opposed_phase, in_phase, in_phase > noise_floor)


def check_pdff_scale(values: np.ndarray) -> tuple[float, float, Finding]:
    """Guess the scale of a fat-fraction map from its values: FF in % = factor × value + offset.

    Vendors store fractions, per cent, per mille, or their own scale; the guess must be shown to the reader with its sentence.

    Parameters
    ----------
    values : ndarray
        The map as it was read.

    Returns
    -------
    factor : float
    offset : float
    how : Finding
        What was assumed, and why.

    Raises
    ------
    MarrowQuantError
        No positive value, or values that fit no known scale.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if not values.size or values.max() <= 0:
        raise MarrowQuantError("The fat-fraction map holds no positive value; choose another series.")
    low, high = float(values.min()), float(values.max())
    if high <= LARGEST_FRACTION:
        return 100.0, 0.0, finding("scaled.as_fraction", low=low, high=high)
    if high <= LARGEST_PERCENT or (high <= PHILIPS_HIGH and low < PHILIPS_LOW / 2):
        return 1.0, 0.0, finding("scaled.as_percent", low=low, high=high)
    if high <= LARGEST_PERMILLE:
        return 0.1, 0.0, finding("scaled.as_permille", low=low, high=high)
    slope = (PHILIPS_HIGH - PHILIPS_LOW) / PHILIPS_STORED_MAX
    inside = (values >= -PHILIPS_LOW / slope - 0.5) & (values <= (100 - PHILIPS_LOW) / slope + 0.5)
    if high <= PHILIPS_STORED_MAX and low >= 0 and np.count_nonzero(inside) > values.size / 2:
        return slope, PHILIPS_LOW, finding("scaled.as_philips", low=low, high=high)
    raise MarrowQuantError(
        "The scale of the fat-fraction map is not known: its values lie between {low:.4g} and {high:.4g}; choose another series, or use "
        "water and fat.",
        low=low, high=high,
    )


def _pair(name_a: str, a: np.ndarray, name_b: str, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes in float32 (so that integers cannot overflow), checked for shape."""
    a, b = (np.abs(x) if np.iscomplexobj(x) else np.asarray(x) for x in (a, b))
    if a.shape != b.shape:
        raise MarrowQuantError(
            "The {name_a} image has shape {shape} and the {name_b} image {other_shape}; they must lie on the same grid.",
            name_a=name_a, shape=str(a.shape), name_b=name_b, other_shape=str(b.shape),
        )
    return a.astype(np.float32), b.astype(np.float32)


def _ratio(numerator: np.ndarray, denominator: np.ndarray, where: np.ndarray) -> np.ndarray:
    """numerator / denominator, NaN elsewhere and where an input is not finite."""
    where = where & np.isfinite(numerator) & np.isfinite(denominator)
    return np.divide(numerator, denominator, out=np.full(np.shape(where), np.nan, np.float32), where=where)
