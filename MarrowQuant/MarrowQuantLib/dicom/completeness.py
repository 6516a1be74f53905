"""Scaling attributes that only a part of the images has: they were lost, and the values of the images do not compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..model import NO_FINDING, Finding, finding
from .frame import Frame
from .units import says_nothing

MOST_NAMED = 8


class Attribute(NamedTuple):
    """How an attribute is called, what an image has of it (None: nothing), and which value is as good as none."""

    name: str
    of: Callable[[Frame], Any]
    neutral: Any = None


def _mapping(code: str) -> Attribute:
    return Attribute(finding("recognised.mapping", unit=code), lambda frame: frame.real_world.get(code))


SLOPES = (
    Attribute("the rescale slope (0028,1053)", lambda frame: frame.slope, 1.0),
    Attribute("the rescale intercept (0028,1052)", lambda frame: frame.intercept, 0.0),
)
UNITS = (Attribute("Rescale Type (0028,1054)", lambda frame: None if says_nothing(frame.rescale_type) else frame.rescale_type),)


def lost_in_part(frames: Sequence[Frame], is_map: bool, uses_scale_slope: bool = False) -> Finding:
    """Which scaling attribute only a part of the slices has, naming them, or ``NO_FINDING``.

    Parameters
    ----------
    frames : sequence of Frame
        The slices of one volume, in order.
    is_map : bool
        A map: its units count too.
    uses_scale_slope : bool
        Philips' private scale slope is needed.
    """
    codes = sorted({code for frame in frames for code in frame.real_world}) if is_map else ()
    mappings = [_mapping(code) for code in codes]
    scale_slope = (Attribute("Philips' scale slope (2005,100E)", lambda frame: frame.scale_slope),) if uses_scale_slope else ()
    for attribute in (*SLOPES, *(UNITS if is_map else ()), *mappings, *scale_slope):
        values = [attribute.of(frame) for frame in frames]
        missing = [n for n, value in enumerate(values, start=1) if value is None]
        present = {value for value in values if value is not None}
        if missing and present - {attribute.neutral}:
            return _lost_in(attribute, missing, len(frames))
        if attribute in UNITS and len(present) > 1:
            return finding("unusable.scale_differs", what=attribute.name)
    return NO_FINDING


def lost_beside(frames: Sequence[Frame], others: Sequence[Frame]) -> Finding:
    """Which scaling attribute all these slices lack, and the other images of the acquisition have, or ``NO_FINDING``."""
    for attribute in SLOPES:
        present = {attribute.of(frame) for frame in others} - {None, attribute.neutral}
        if present and all(attribute.of(frame) is None for frame in frames):
            return finding("unusable.scale_lost", what=attribute.name)
    return NO_FINDING


def _lost_in(attribute: Attribute, missing: Sequence[int], count: int) -> Finding:
    how_many = "slice" if len(missing) == 1 else "slices" if len(missing) <= MOST_NAMED else "many"
    return finding(f"unusable.scale_of_{how_many}_lost", what=attribute.name, slices=missing[:MOST_NAMED], count=count)
