"""Scales that files leave unsaid: which unit echo times are in, and which number is one turn of the phase."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..io.arguments import number_array
from ..model import MarrowQuantError, Numbers

# One turn of the phase in each unit: radians; degrees; milliradians (Philips by way of dcm2niix); and the stored values of Siemens, -4096 …
# 4095 for one turn, or 0 … 4095.
TURNS = {"radians": 2 * np.pi, "degrees": 360.0, "milliradians": 2000 * np.pi, "steps of 8192": 8192.0, "steps of 4096": 4096.0}
# Refused where the values fill one of them, though radians may do so by chance: a turn from 0 to 1, from -1 to 1, and from -π/2 to π/2 (an
# arc tangent that does not know the signs of both parts).
FRACTIONS = (1.0, 2.0, np.pi)
TENTHS_OF_DEGREES = 3600.0  # refused where the values fill it, though steps of 4096 may do so by chance
COVERED = 0.8  # of a turn: the phase of images with air, or of several echoes, runs through nearly all of it; our choice
FILLED = 0.95  # of a turn: more than chance does; our choice
ROUNDING = 0.003  # of a turn
EARLIEST_S, LATEST_S = 2e-4, 0.2  # of echo times; our choice: gradient echoes of marrow lie between 0.5 and 60 ms, ultra-short ones apart


def radians(phase: np.ndarray, unit: Optional[str] = None) -> np.ndarray:
    """Phase images in radians.

    Parameters
    ----------
    phase : ndarray
        All echoes together.
    unit : str, optional
        A key of ``TURNS``. By default told from the values: see :func:`_unit`.

    Raises
    ------
    MarrowQuantError
        The values fit no scale or several, or span more than a turn of the unit given.
    """
    phase = number_array(phase, "phase images")
    finite = phase[np.isfinite(phase)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if unit is None:
        unit = _unit(low, high, whole=bool(np.all(finite == np.rint(finite))))
        if not unit:
            raise MarrowQuantError(
                "Phase values from {low:g} to {high:g} are in no known scale; convert them to radians, or give the unit.",
                low=low, high=high,
            )  # fmt: skip
    elif unit not in TURNS:
        raise MarrowQuantError("The unit '{unit}' of the phase is not known; use one of {known}.", unit=unit, known=tuple(TURNS))
    elif high - low > TURNS[unit] * (1 + ROUNDING) and unit != "radians":
        raise MarrowQuantError(
            "Phase values from {low:g} to {high:g} span more than one turn, so they are not in {unit}; check the unit.",
            low=low, high=high, unit=unit,
        )  # fmt: skip
    return phase if unit == "radians" else phase * np.float32(2 * np.pi / TURNS[unit])


def from_polar(magnitude: np.ndarray, phase_rad: np.ndarray) -> np.ndarray:
    """The complex image, complex64 of the same shape; by cosine and sine, as numpy's complex exponential is many times as slow."""
    image = np.empty(magnitude.shape, np.complex64)
    image.real, image.imag = magnitude * np.cos(phase_rad), magnitude * np.sin(phase_rad)
    return image


def _unit(low: float, high: float, whole: bool) -> str:
    """The unit of phase values between ``low`` and ``high``, "" where it cannot be told.

    Up to one turn of radians they are radians, unless they are whole numbers or fill one of ``FRACTIONS``; of more than one turn within -2π
    to 2π they may be scaled twice. Above, it is the smallest turn that holds them, from minus half a turn on or from zero on, if they cover
    most of it. Whole numbers that fit milliradians may as well be steps of 8192 that cover less; then they must fill the turn.
    """
    if max(-low, high) <= 2 * np.pi * (1 + ROUNDING):
        is_doubtful = whole or high - low > 2 * np.pi * (1 + ROUNDING) or any(_share(low, high, turn) >= FILLED for turn in FRACTIONS)
        return "" if is_doubtful else "radians"
    if _share(low, high, TENTHS_OF_DEGREES) >= FILLED:
        return ""
    for name in sorted(TURNS, key=TURNS.__getitem__):
        share = _share(low, high, TURNS[name])
        if share:
            return name if share >= (FILLED if whole and name == "milliradians" else COVERED) else ""
    return ""


def _share(low: float, high: float, turn: float) -> float:
    """Share of a turn that values between ``low`` and ``high`` span; 0 if they do not lie within it."""
    slack = ROUNDING * turn
    start = -turn / 2 if low < -slack else 0.0
    return (high - low) / turn if start - slack <= low and high <= start + turn + slack else 0.0


def echo_times_s(values: Numbers) -> np.ndarray:
    """Echo times in seconds, from seconds, milliseconds or microseconds: only one of them gives times of a gradient echo.

    Raises
    ------
    MarrowQuantError
        None of the units does, or several do.
    """
    times = number_array(values, "echo times").astype(float)
    usable = times.ndim == 1 and times.size > 0 and bool(np.all(np.isfinite(times)) and np.all(times > 0))
    fitting = [unit for unit in (1.0, 1e-3, 1e-6) if usable and EARLIEST_S <= times.min() * unit and times.max() * unit <= LATEST_S]
    if len(fitting) != 1:
        raise MarrowQuantError(
            "The echo times {times} are no times of gradient echoes in s, ms or µs, or could be so in two of them; give them in ms.",
            times=[float(t) for t in times.ravel()],
        )
    return times * fitting[0]
