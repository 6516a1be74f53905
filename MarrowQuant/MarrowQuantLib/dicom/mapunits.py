"""The unit of a map: what the header states, in whatever spelling; where it states nothing, what the values allow, said to be a guess.

A unit that is stated is never passed over: if it is not understood, or is none of the map's kind, the map is refused by name. Where none is
stated, the fat fraction is compared with the water and fat images of the same acquisition if there are any, and is else taken from its
values by ``fatwater.check_pdff_scale``; values up to 100 are believed to be per cent only if they show both tissue without fat and fat, as
a body does, because a view of infiltrated marrow in per mille lies there too, and values up to 255 never to be per mille, because the grey
levels of a picture lie there (our choices). ADC is told by its median, of which 500 … 3000
in µm²/s is usual in the body (the limits here are wider, our choice, because marrow and noise lie lower and fluid higher; the candidates
are a factor 1000 apart).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Optional

import numpy as np

from ..fatwater import check_pdff_scale
from ..model import NO_FINDING, UNIT_ADC, UNIT_FF, Finding, MarrowQuantError, Role, finding
from .frame import Frame
from .scaling import DISPLAYED, QUANTITIES, REAL_WORLD, Scaling, is_mapped, slope_and_intercept
from .units import ANGULAR, DIFFUSIVITY, FRACTION, FREQUENCY, RATE, TIME, Unit, says_nothing, unit_of

DIMENSIONS = {
    Role.PDFF: (FRACTION,), Role.ADC: (DIFFUSIVITY,), Role.R2STAR: (RATE, FREQUENCY, TIME), Role.FIELD_MAP: (FREQUENCY, ANGULAR),
}  # fmt: skip
UNITY = "1"  # UCUM's "no units": a fraction where the values allow it, else nothing
LOW_FAT, HIGH_FAT, BODY_SHARE = 15.0, 75.0, 0.005  # %, %, share of the voxels that must show each
AGREEMENT, MUCH_WORSE = 5.0, 2.0  # percentage points from water and fat; how much worse every other scale must fit
GREY_BITS, BRIGHTEST = 8, 255.0  # of a picture made for a display
SAME_SCALE = 0.01  # our choice: by how much two statements of one scale may differ
LEAST_MAPPED = 0.5  # our choice: a mapping that leaves out more of the values that are not 0 has a wrong range
LARGEST_STATED = {Role.PDFF: 250.0, Role.ADC: 20_000.0, Role.R2STAR: 20_000.0}  # of the median's size, in the unit of the role


def map_scaling(
    role: Role, frames: Sequence[Frame], samples: np.ndarray, reciprocal: bool = False, reference: Optional[np.ndarray] = None
) -> Scaling:
    """Scaling and unit of a fat-fraction, ADC, R2* or field map.

    Parameters
    ----------
    role : Role
        One of ``DIMENSIONS``.
    frames : sequence of Frame
        All slices of the map.
    samples : ndarray
        Displayed values of some slices, for the guess.
    reciprocal : bool
        The map is called T2*; a stated unit decides.
    reference : ndarray, optional
        The fat fraction in % that water and fat give, at the voxels of ``samples``.
    """
    stored = _stored(frames, samples)
    stated = _by_real_world(role, frames, stored) or _by_rescale_type(role, frames) or _without_unit(role, frames, _typical(stored))
    if stated is not None:
        return stated if stated.problem else _checked(role, frames, samples, stated)
    unit = QUANTITIES[role][1]
    if role == Role.FIELD_MAP:
        return Scaling(sentence=finding("scaled.no_unit"))
    if reciprocal:
        return Scaling(factor=1e3, reciprocal=True, unit=unit, sentence=finding("scaled.t2star"))
    if role == Role.R2STAR:
        return Scaling(unit=unit, sentence=finding("scaled.rate"))
    if role == Role.ADC:
        return _guess_adc(samples[np.isfinite(samples)])
    return _guess_fat_fraction(samples, frames[0].pixels.bits_stored, reference)


# -------------------------------------------------------------------------------------------------------------------- stated
def _by_real_world(role: Role, frames: Sequence[Frame], stored: np.ndarray) -> Optional[Scaling]:
    codes = [code for code in frames[0].real_world if not says_nothing(code) and not (code == UNITY and not _is_fraction(role, frames))]
    for code in codes:
        unit = unit_of(code)
        if unit is not None and unit.dimension in DIMENSIONS[role]:
            scaling = _of_unit(role, unit, REAL_WORLD, code, _mapping_told(frames, code))
            return replace(scaling, problem=_unlike_rescale(frames, code, unit, _typical(stored)) or _hardly_mapped(frames, code, stored))
    return _unknown(role, "unusable.mapping_unit", codes) if codes else None


def _without_unit(role: Role, frames: Sequence[Frame], typical: float) -> Optional[Scaling]:
    """Refused if a mapping to "no units" makes another value of the map than its rescale slope does, and nothing says which holds."""
    unitless = [frame for frame in frames if UNITY in frame.real_world and not _is_fraction(role, [frame])]
    if not any(_contradicts(frame, UNITY, typical) for frame in unitless):
        return None
    return Scaling(unit=QUANTITIES[role][1], sentence=finding("scaled.not_understood"), problem=finding("unusable.no_unit"))


def _stored(frames: Sequence[Frame], samples: np.ndarray) -> np.ndarray:
    """The stored values that are not 0, from displayed values."""
    stored = (samples[np.isfinite(samples)] - (frames[0].intercept or 0.0)) / (frames[0].slope or 1.0)
    return stored[stored != 0]


def _typical(stored: np.ndarray) -> float:
    """The median; 0 where the map is empty."""
    return float(np.median(stored)) if stored.size else 0.0


def _mapping_told(frames: Sequence[Frame], code: str) -> Finding:
    ranges = dict.fromkeys(limits for frame in frames for limits in frame.real_world_ranges.get(code, ()))
    if not ranges:
        return finding("scaled.mapping", unit=code)
    return finding("scaled.mapping_range", unit=code, ranges=[f"{low:g} … {high:g}" for low, high in ranges])


def _hardly_mapped(frames: Sequence[Frame], code: str, stored: np.ndarray) -> Finding:
    """Why a mapping must not be used: the stored values that it holds for are few of those that are there."""
    share = max((float(np.mean(is_mapped(stored, frame, code))) for frame in frames), default=1.0) if stored.size else 1.0
    if share >= LEAST_MAPPED:
        return NO_FINDING
    return finding("unusable.mapping_share", unit=code, percent=100 * share)


def _unlike_rescale(frames: Sequence[Frame], code: str, unit: Unit, typical: float) -> Finding:
    """Why a mapping must not be used: Rescale Type states a unit of the same kind, and makes another value of the same pixel."""
    other = unit_of(frames[0].rescale_type)
    if other is None or other.dimension != unit.dimension or frames[0].rescale_type == UNITY:
        return NO_FINDING
    contradicting = next((frame for frame in frames if _contradicts(frame, code, typical, unit.factor, other.factor)), None)
    return NO_FINDING if contradicting is None else finding("unusable.mapping_contradicts", unit=code, other=contradicting.rescale_type)


def _contradicts(frame: Frame, code: str, typical: float, of_mapping: float = 1.0, of_rescale: float = 1.0) -> bool:
    """True if a mapping and the rescale slope make different values of a stored one, each times the factor of its unit."""
    slope, intercept = frame.real_world.get(code, (math.nan, math.nan))
    mapped = (slope * typical + intercept) * of_mapping
    displayed = ((1.0 if frame.slope is None else frame.slope) * typical + (frame.intercept or 0.0)) * of_rescale
    return abs(mapped - displayed) > SAME_SCALE * max(abs(mapped), abs(displayed))  # never for a mapping that is lost: not a number


def _is_fraction(role: Role, frames: Sequence[Frame]) -> bool:
    """True if a mapping to "no units" can mean a fraction: then no stored value is mapped far above 1."""
    slope, intercept = frames[0].real_world[UNITY]
    return role == Role.PDFF and abs(slope) * (1 << max(frames[0].pixels.bits_stored, 1)) + abs(intercept) < 100.0


def _by_rescale_type(role: Role, frames: Sequence[Frame]) -> Optional[Scaling]:
    text = frames[0].rescale_type
    if says_nothing(text) or text == UNITY:
        return None
    unit = unit_of(text)
    if unit is None or unit.dimension not in DIMENSIONS[role]:
        return _unknown(role, "unusable.rescale_unit", [text])
    return _of_unit(role, unit, DISPLAYED, "", finding("scaled.rescale_type", text=text))


def _unknown(role: Role, code: str, texts: Sequence[str]) -> Scaling:
    named = [f"'{''.join(c for c in text if c.isprintable())[:24]}'" for text in texts]
    name, unit = QUANTITIES[role]
    return Scaling(unit=unit, sentence=finding("scaled.not_understood"), problem=finding(code, unit=named, map=name))


def _of_unit(role: Role, unit: Unit, method: str, code: str, how: Finding) -> Scaling:
    name = QUANTITIES[role][1]
    if unit.dimension == TIME:
        factor = 1 / unit.factor
        return Scaling(method, factor, 0.0, True, False, code, name, finding("scaled.reciprocal", how=how, factor=factor))
    factor = unit.factor / (2 * math.pi) if unit.dimension == ANGULAR else unit.factor
    is_adc = role == Role.ADC
    return Scaling(method, factor, 0.0, False, is_adc, code, name, finding("scaled.zero_empty", how=how) if is_adc else how)


def _checked(role: Role, frames: Sequence[Frame], samples: np.ndarray, scaling: Scaling) -> Scaling:
    """Refused if the unit makes impossible numbers of the values: then the header contradicts itself."""
    if role not in LARGEST_STATED or scaling.reciprocal:
        return scaling
    slope, intercept = slope_and_intercept(frames[0], scaling)
    if scaling.method == REAL_WORLD and len({(frame.slope, frame.intercept, slope_and_intercept(frame, scaling)) for frame in frames}) > 1:
        return scaling  # the samples are displayed values, of slices that are scaled each in its own way
    values = samples[np.isfinite(samples) & (samples != 0)]
    typical = float(np.median(values)) if values.size and scaling.method == DISPLAYED else 0.0
    if scaling.method == REAL_WORLD and (stored := _typical(_stored(frames, samples))):
        typical = stored * slope + intercept
    typical *= scaling.factor
    if (0 <= typical or role == Role.PDFF) and abs(typical) <= LARGEST_STATED[role]:
        return scaling  # noise and fat shifts make some fractions negative, no rate or diffusivity is negative in most of the body
    return replace(scaling, problem=finding("unusable.impossible", how=scaling.sentence, typical=typical, unit=scaling.unit))


# -------------------------------------------------------------------------------------------------------------------- guessed
def _guess_fat_fraction(samples: np.ndarray, bits_stored: int, reference: Optional[np.ndarray]) -> Scaling:
    values = samples[np.isfinite(samples)]
    usual = values[values <= np.percentile(values, 99.9)] if values.size else values  # a few wild voxels must not decide
    by_water_and_fat = None if reference is None else _fits_water_and_fat(samples, reference)
    if by_water_and_fat is not None:
        return by_water_and_fat
    try:
        factor, offset, how = check_pdff_scale(usual)
    except MarrowQuantError as error:
        return Scaling(unit=UNIT_FF, sentence=finding("scaled.unknown"), problem=finding("unusable.error", error=error))
    problem = NO_FINDING
    if factor == 1.0 and offset == 0.0 and not _shows_a_body(usual):
        problem = finding("unusable.ff_unit", low=float(usual.min()), high=float(usual.max()))
    elif usual.max() > 100.0 and (bits_stored == GREY_BITS or (factor != 1.0 and usual.max() <= BRIGHTEST)):
        problem = finding("unusable.ff_grey", high=float(usual.max()))
    if problem:
        return Scaling(unit=UNIT_FF, sentence=finding("scaled.unknown"), problem=problem)
    return Scaling(factor=factor, offset=offset, unit=UNIT_FF, sentence=how)


def _shows_a_body(values: np.ndarray) -> bool:
    """True if per cent would make some of the values tissue without fat, and some fat."""
    return bool(min(np.mean(values <= LOW_FAT), np.mean(values >= HIGH_FAT)) >= BODY_SHARE)


def _fits_water_and_fat(samples: np.ndarray, reference: np.ndarray) -> Optional[Scaling]:
    """The scale by which the map agrees with the fat fraction of water and fat; None if none does, or two do."""
    inside = np.isfinite(samples) & np.isfinite(reference)
    if not inside.any():
        return None
    candidates = {"a fraction": (100.0, 0.0), "per cent": (1.0, 0.0), "per mille": (0.1, 0.0), "0 … 255 for 0 … 100 %": (100 / 255, 0.0),
                  "0 … 4095 for 0 … 100 %": (100 / 4095, 0.0), "0 … 4095 for −100 … 200 %": (300 / 4095, -100.0)}  # fmt: skip
    misfits = {name: float(np.median(np.abs(samples[inside] * f + o - reference[inside]))) for name, (f, o) in candidates.items()}
    best, second = sorted(misfits, key=lambda name: misfits[name])[:2]
    if misfits[best] > AGREEMENT or misfits[second] < MUCH_WORSE * max(misfits[best], 0.5):
        return None
    factor, offset = candidates[best]
    how = finding("scaled.by_water_fat", unit=best, misfit=misfits[best])
    return Scaling(factor=factor, offset=offset, unit=UNIT_FF, sentence=how)


def _guess_adc(values: np.ndarray) -> Scaling:
    body = values[values > 0]
    if body.size == 0:
        return Scaling(unit=UNIT_ADC, sentence=finding("scaled.unknown"), problem=finding("unusable.adc_empty"))
    middle = float(np.median(body))
    for factor, word in ((1.0, "µm²/s"), (1e3, "10⁻³ mm²/s"), (1e6, "mm²/s")):
        if 150.0 <= middle * factor <= 4500.0:
            how = finding("scaled.by_median", unit=word, median=middle)
            return Scaling(factor=factor, zero_is_empty=True, unit=UNIT_ADC, sentence=how)
    return Scaling(unit=UNIT_ADC, sentence=finding("scaled.unknown"), problem=finding("unusable.adc_scale", median=middle))
