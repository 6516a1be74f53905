"""From stored values to quantities: rescale, Philips' scale slope, real-world values, and the unit, with a sentence that says how.

Philips (as the vendor notes of dcm2niix document it): displayed value DV = SV·RS + RI; floating point FP = DV / (RS·SS), with RS, RI the
rescale slope and intercept and SS the private scale slope (2005,100E). Quantities are displayed values; only FP makes signals of
different images comparable when their slopes differ.

Where a map's header names no unit, it is guessed from the values, and the sentence says that it is a guess:
fat fraction by ``fatwater.check_pdff_scale``; ADC by its median, of which 500 … 3000 in µm²/s is usual in the body (the limits here are
wider, our choice, because marrow and noise lie lower and fluid higher; the candidate units are a factor 1000 apart).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..fatwater import check_pdff_scale
from ..model import UNIT_ADC, UNIT_FF, UNIT_R2STAR, MarrowQuantError, Role
from . import elements as el
from .frame import Frame

DISPLAYED, FLOATING_POINT, REAL_WORLD = "displayed value", "floating point value", "real-world value"
QUANTITIES = {Role.PDFF: ("PDFF", UNIT_FF), Role.ADC: ("ADC", UNIT_ADC), Role.R2STAR: ("R2*", UNIT_R2STAR)}
# unit code (UCUM) of a Real World Value Mapping, or a Rescale Type: factor to the unit of model.py
UNIT_FACTORS = {
    Role.PDFF: {"%": 1.0, "[ppth]": 0.1},
    Role.ADC: {"um2/s": 1.0, "mm2/s": 1e6, "10-6.mm2/s": 1.0, "10-3.mm2/s": 1e3},
    Role.R2STAR: {"/s": 1.0, "1/s": 1.0, "s-1": 1.0, "Hz": 1.0},
}
MAX_SCALE = 1e15  # our choice: no scanner stores values that must be scaled by more, up or down
PHASE_UNITS = ((3.3, 1.0, 0.0, "radians"), (3200.0, 1e-3, 0.0, "milliradians"), (4096.0, math.pi / 4096, 0.0, "units of π / 4096"))
TIME_FACTORS = {"ms": 1e3, "s": 1.0}  # of a T2* map: R2* = factor / T2*


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
    unit, sentence : str
        Unit of the result, and how it was found.
    problem : str
        Why the values cannot be trusted, or "".
    """

    method: str = DISPLAYED
    factor: float = 1.0
    offset: float = 0.0
    reciprocal: bool = False
    zero_is_empty: bool = False
    unit_code: str = ""
    unit: str = ""
    sentence: str = "stored values are used as they are"
    problem: str = ""


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
            values[k][stored[k] == frame.padding] = np.nan
    if scaling.zero_is_empty or scaling.reciprocal:
        values[values == 0] = np.nan
    if scaling.reciprocal:
        return np.float32(scaling.factor) / values
    return values * np.float32(scaling.factor) + np.float32(scaling.offset)


def slope_and_intercept(frame: Frame, scaling: Scaling) -> tuple[float, float]:
    """Of one frame, before the factor."""
    if scaling.method == REAL_WORLD:
        return frame.real_world[scaling.unit_code]
    slope = 1.0 if frame.slope is None else frame.slope
    if scaling.method == FLOATING_POINT:
        return 1.0 / frame.scale_slope, frame.intercept / (slope * frame.scale_slope)
    return slope, frame.intercept


def broken_slope(frames: Sequence[Frame]) -> str:
    """Why images must not be measured whose header would make their values all equal or absurd, or ""."""
    for frame in frames:
        real_world = frame.real_world.values()
        slopes = [frame.slope, frame.scale_slope, *(slope for slope, _ in real_world)]
        if 0 in slopes:
            return "a scaling slope in its header is 0, so that the values of its voxels are lost"
        sizes = [abs(slope) for slope in slopes if slope is not None]
        offsets = [abs(frame.intercept), *(abs(intercept) for _, intercept in real_world)]
        if any(not 1 / MAX_SCALE <= size <= MAX_SCALE for size in sizes) or max(offsets) > MAX_SCALE:
            return "the scaling in its header is absurd (a slope or intercept beyond 10¹⁵), so that its values cannot be trusted"
    return ""


def signal_scaling(frames: Sequence[Frame]) -> Scaling:
    """Scaling of images whose signals are compared with each other.

    Parameters
    ----------
    frames : sequence of Frame
        Of all images of the acquisition, since the slopes of one image alone say nothing.
    """
    slopes = {(frame.slope, frame.intercept, frame.scale_slope) for frame in frames}
    if all(frame.vendor == el.PHILIPS and frame.slope and frame.scale_slope for frame in frames):
        if len(slopes) == 1:
            return Scaling(sentence="displayed values (rescale slope and intercept; Philips' slopes are equal in all images)")
        sentence = "Philips' floating point values, DV / (RS × SS), because the slopes differ between the images"
        return Scaling(method=FLOATING_POINT, sentence=sentence)
    if slopes == {(None, 0.0, None)} or {(s or 1.0, i) for s, i, _ in slopes} == {(1.0, 0.0)}:
        return Scaling()
    if any(frame.vendor == el.PHILIPS for frame in frames) and len({frame.slope for frame in frames}) > 1:
        sentence = "displayed values; Philips' scale slope is missing, so that signals may not be comparable between images"
        return Scaling(sentence=sentence)
    return Scaling(sentence="rescale slope and intercept of each slice")


def map_scaling(role: Role, frames: Sequence[Frame], samples: np.ndarray, reciprocal: bool = False) -> Scaling:
    """Scaling and unit of a fat-fraction, ADC or R2* map: by its unit code if it has one, else by its values.

    Parameters
    ----------
    role : Role
        PDFF, ADC or R2STAR.
    frames : sequence of Frame
        All slices of the map.
    samples : ndarray
        Displayed values of some slices, for the guess.
    reciprocal : bool
        The map holds T2*.
    """
    unit = QUANTITIES[role][1]
    stated = _by_unit_code(role, frames, reciprocal, unit) or _by_rescale_type(role, frames, reciprocal, unit)
    if stated is not None:
        return stated
    values = samples[np.isfinite(samples)]
    if reciprocal:
        sentence = "T2* assumed to be in ms (no unit in the header); R2* = 1000 / T2*, empty where 0"
        return Scaling(factor=1e3, reciprocal=True, unit=unit, sentence=sentence)
    if role == Role.R2STAR:
        return Scaling(unit=unit, sentence="displayed values, assumed to be in 1/s (no unit in the header)")
    return _guess_fat_fraction(values) if role == Role.PDFF else _guess_adc(values)


def _by_unit_code(role: Role, frames: Sequence[Frame], reciprocal: bool, unit: str) -> Optional[Scaling]:
    factors = TIME_FACTORS if reciprocal else UNIT_FACTORS[role]
    for code, factor in factors.items():
        if all(code in frame.real_world for frame in frames):
            sentence = f"Real World Value Mapping in {code}{_conversion(role, factor, reciprocal)}"
            return Scaling(REAL_WORLD, factor, 0.0, reciprocal, role == Role.ADC, code, unit, sentence)
    return None


def _by_rescale_type(role: Role, frames: Sequence[Frame], reciprocal: bool, unit: str) -> Optional[Scaling]:
    types = {frame.rescale_type for frame in frames}
    factor = (TIME_FACTORS if reciprocal else UNIT_FACTORS[role]).get(types.pop()) if len(types) == 1 else None
    if factor is None:
        return None
    sentence = f"rescale slope and intercept, Rescale Type {frames[0].rescale_type}{_conversion(role, factor, reciprocal)}"
    return Scaling(DISPLAYED, factor, 0.0, reciprocal, role == Role.ADC, "", unit, sentence)


def _conversion(role: Role, factor: float, reciprocal: bool) -> str:
    if reciprocal:
        return f", R2* = {factor:g} / T2*, empty where 0"
    return "; 0 is empty" if role == Role.ADC else ""


def _guess_fat_fraction(values: np.ndarray) -> Scaling:
    usual = values[values <= np.percentile(values, 99.9)] if values.size else values  # a few wild voxels must not decide
    try:
        factor, offset, sentence = check_pdff_scale(usual)
    except MarrowQuantError as error:
        return Scaling(unit=UNIT_FF, sentence="unit unknown", problem=str(error))
    return Scaling(factor=factor, offset=offset, unit=UNIT_FF, sentence=f"no unit in the header; {sentence[0].lower()}{sentence[1:]}")


def _guess_adc(values: np.ndarray) -> Scaling:
    body = values[values > 0]
    if body.size == 0:
        return Scaling(unit=UNIT_ADC, sentence="unit unknown", problem="the ADC map is empty, its scale cannot be checked")
    middle = float(np.median(body))
    for factor, word in ((1.0, "µm²/s"), (1e3, "10⁻³ mm²/s"), (1e6, "mm²/s")):
        if 150.0 <= middle * factor <= 4500.0:
            sentence = f"displayed values taken as {word}, because their median is {middle:.4g} (no unit in the header); 0 is empty"
            return Scaling(factor=factor, zero_is_empty=True, unit=UNIT_ADC, sentence=sentence)
    problem = f"the median of the ADC map is {middle:.4g}, which fits no known unit"
    return Scaling(unit=UNIT_ADC, sentence="unit unknown", problem=problem)


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
        return Scaling(unit="rad", sentence="unit unknown", problem="the phase images are empty")
    low, high = float(samples.min()), float(np.abs(samples).max())
    if high > 4096.0:
        return Scaling(unit="rad", sentence="unit unknown", problem=f"the phase reaches {high:.4g}, which is no known scale")
    if low >= 0 and (vendor == el.SIEMENS or high > 3200.0):
        factor, offset, word = math.pi / 2048, -math.pi, "0 … 4096 for −π … π"
    else:
        factor, offset, word = next(known for limit, *known in PHASE_UNITS if high <= limit)
    sentence = f"phase in {word}, because the values of the acquisition lie between {low:.4g} and {float(samples.max()):.4g}"
    return Scaling(factor=factor, offset=offset, unit="rad", sentence=sentence)
