"""From stored values to displayed, floating-point and real-world values, slice by slice, with a sentence that says how.

Philips (as the vendor notes of dcm2niix document it): displayed value DV = SV·RS + RI; floating point FP = DV / (RS·SS), with RS, RI the
rescale slope and intercept and SS the private scale slope (2005,100E). Quantities are displayed values; only FP makes signals of
different images comparable when their slopes differ.

Which unit the values of a map have is decided in ``mapunits``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model import NO_FINDING, UNIT_ADC, UNIT_FF, UNIT_FIELD, UNIT_R2STAR, Finding, Role, certain, finding
from . import elements as el
from .frame import Frame

DISPLAYED, FLOATING_POINT, REAL_WORLD = "displayed value", "floating point value", "real-world value"
QUANTITIES = {
    Role.PDFF: ("PDFF", UNIT_FF), Role.ADC: ("ADC", UNIT_ADC), Role.R2STAR: ("R2*", UNIT_R2STAR), Role.FIELD_MAP: ("field map", UNIT_FIELD),
}  # fmt: skip
MAX_SCALE = 1e15  # our choice: no scanner stores values that must be scaled by more, up or down
PHASE_UNITS = ((3.3, 1.0, 0.0, "radians"), (3200.0, 1e-3, 0.0, "milliradians"), (4096.0, math.pi / 4096, 0.0, "units of π / 4096"))

AS_STORED = finding("scaled.stored")


@dataclass(frozen=True)
class Scaling:
    """How stored values become the volume's quantity.

    Attributes
    ----------
    method : str
        DISPLAYED, FLOATING_POINT or REAL_WORLD.
    factor, offset : float
        Applied after ``method``: value × factor + offset; for a reciprocal map, factor / value.
    reciprocal : bool
        The map is T2* and becomes R2*.
    zero_is_empty : bool
        Exactly 0 marks a voxel without a value (the scanner's mask).
    unit_code : str
        Which real-world mapping is used.
    unit : str
        Of the result.
    sentence : Finding
        How it was found.
    problem : Finding
        Why the values cannot be trusted, or ``NO_FINDING``.
    """

    method: str = DISPLAYED
    factor: float = 1.0
    offset: float = 0.0
    reciprocal: bool = False
    zero_is_empty: bool = False
    unit_code: str = ""
    unit: str = ""
    sentence: Finding = AS_STORED
    problem: Finding = NO_FINDING


def apply(stored: np.ndarray, frames: Sequence[Frame], scaling: Scaling) -> np.ndarray:
    """Scale stored values slice by slice.

    Parameters
    ----------
    stored : ndarray, shape (k, j, i)
    frames : sequence of Frame
        Of the same slices in the same order.
    scaling : Scaling

    Returns
    -------
    ndarray of float32, shape (k, j, i)
        NaN where the map has no value.
    """
    values = np.empty(stored.shape, np.float32)
    for k, frame in enumerate(frames):
        slope, intercept = slope_and_intercept(frame, scaling)
        values[k] = stored[k] * slope + intercept
        if frame.padding is not None and scaling.unit in (UNIT_ADC, UNIT_FF, UNIT_R2STAR):
            low, high = frame.padding
            values[k][(stored[k] >= low) & (stored[k] <= high)] = np.nan
        if scaling.method == REAL_WORLD:
            values[k][~is_mapped(stored[k], frame, scaling.unit_code)] = np.nan
    if scaling.zero_is_empty or scaling.reciprocal:
        values[values == 0] = np.nan
    if scaling.reciprocal:
        return np.float32(scaling.factor) / values
    return values * np.float32(scaling.factor) + np.float32(scaling.offset)


def is_mapped(stored: np.ndarray, frame: Frame, code: str) -> np.ndarray:
    """Which stored values the mapping of a unit holds for; the others have no real-world value (PS3.3 C.7.6.16.2.11)."""
    ranges = frame.real_world_ranges.get(code)
    if not ranges:
        return np.ones(np.shape(stored), bool)
    return np.any([(stored >= low) & (stored <= high) for low, high in ranges], axis=0)


def slope_and_intercept(frame: Frame, scaling: Scaling) -> tuple[float, float]:
    """Of one frame, before the factor."""
    if scaling.method == REAL_WORLD:
        return frame.real_world[scaling.unit_code]
    slope, intercept = 1.0 if frame.slope is None else frame.slope, frame.intercept or 0.0
    if scaling.method == FLOATING_POINT:
        scale_slope = certain(frame.scale_slope)
        return 1.0 / scale_slope, intercept / (slope * scale_slope)
    return slope, intercept


def broken_slope(frames: Sequence[Frame]) -> Finding:
    """Why images must not be measured whose header would make their values all equal or absurd, or ``NO_FINDING``."""
    for frame in frames:
        real_world = frame.real_world.values()
        slopes = [frame.slope, frame.scale_slope, *(slope for slope, _ in real_world)]
        if 0 in slopes:
            return finding("unusable.slope_zero")
        sizes = [abs(slope) for slope in slopes if slope is not None]
        offsets = [abs(frame.intercept or 0.0), *(abs(intercept) for _, intercept in real_world)]
        if any(not 1 / MAX_SCALE <= size <= MAX_SCALE for size in sizes) or max(offsets) > MAX_SCALE:
            return finding("unusable.scale_absurd")
    return NO_FINDING


def signal_scaling(frames: Sequence[Frame]) -> Scaling:
    """Scaling of images whose signals are compared with each other.

    Parameters
    ----------
    frames : sequence of Frame
        Of all images of the acquisition, since the slopes of one image alone say nothing.
    """
    slopes = {(frame.slope, frame.intercept or 0.0, frame.scale_slope) for frame in frames}
    if all(frame.vendor == el.PHILIPS and frame.slope and frame.scale_slope for frame in frames):
        if len(slopes) == 1:
            return Scaling(sentence=finding("scaled.philips_equal"))
        return Scaling(method=FLOATING_POINT, sentence=finding("scaled.philips_float"))
    if slopes == {(None, 0.0, None)} or {(s or 1.0, i) for s, i, _ in slopes} == {(1.0, 0.0)}:
        return Scaling()
    if any(frame.vendor == el.PHILIPS for frame in frames) and len({frame.slope for frame in frames}) > 1:
        return Scaling(sentence=finding("scaled.philips_lost"))
    return Scaling(sentence=finding("scaled.each_slice"))


def phase_scaling(vendor: str, samples: np.ndarray) -> Scaling:
    """Phase in radians, by the vendor's way of storing it and what the displayed values reach.

    Siemens writes 0 … 4095 for −π … π, with a rescale to −4096 … 4094 in some versions; Philips and GE write milliradians.

    Parameters
    ----------
    vendor : str
    samples : ndarray
        Displayed values of all phase images of the acquisition: those of one image need not reach the ends of the scale.
    """
    if samples.size == 0:
        return Scaling(unit="rad", sentence=finding("scaled.unknown"), problem=finding("unusable.phase_empty"))
    low, high = float(samples.min()), float(np.abs(samples).max())
    if high > 4096.0:
        return Scaling(unit="rad", sentence=finding("scaled.unknown"), problem=finding("unusable.phase_scale", high=high))
    if low >= 0 and (vendor == el.SIEMENS or high > 3200.0):
        factor, offset, word = math.pi / 2048, -math.pi, "0 … 4096 for −π … π"
    else:
        _, factor, offset, word = next(unit for unit in PHASE_UNITS if high <= unit[0])
    how = finding("scaled.phase", unit=word, low=low, high=float(samples.max()))
    return Scaling(factor=factor, offset=offset, unit="rad", sentence=how)
