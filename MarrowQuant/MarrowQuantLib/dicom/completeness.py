"""Scaling attributes that only a part of the images has: they were lost, and the values of the images do not compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .frame import Frame
from .units import says_nothing


class Attribute(NamedTuple):
    """How an attribute is called, what an image has of it (None: nothing), and which value is as good as none."""

    name: str
    of: Callable[[Frame], Any]
    neutral: Any = None


def _mapping(code: str) -> Attribute:
    return Attribute(f"the Real World Value Mapping in {code}", lambda frame: frame.real_world.get(code))


SLOPES = (
    Attribute("the rescale slope (0028,1053)", lambda frame: frame.slope, 1.0),
    Attribute("the rescale intercept (0028,1052)", lambda frame: frame.intercept, 0.0),
)
UNITS = (Attribute("Rescale Type (0028,1054)", lambda frame: None if says_nothing(frame.rescale_type) else frame.rescale_type),)


def lost_in_part(frames: Sequence[Frame], is_map: bool, uses_scale_slope: bool = False) -> str:
    """Which scaling attribute only a part of the slices has, naming them, or "".

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
            return f"{attribute.name} is missing in {_slices(missing, len(frames))}, and the others have it: their values do not compare"
        if attribute in UNITS and len(present) > 1:
            return f"{attribute.name} differs between the slices"
    return ""


def lost_beside(frames: Sequence[Frame], others: Sequence[Frame]) -> str:
    """Which scaling attribute all these slices lack, and the other images of the acquisition have, or ""."""
    for attribute in SLOPES:
        present = {attribute.of(frame) for frame in others} - {None, attribute.neutral}
        if present and all(attribute.of(frame) is None for frame in frames):
            return f"{attribute.name} is missing in all its slices, and the other images have it: their values do not compare"
    return ""


def _slices(numbers: Sequence[int], count: int) -> str:
    shown = ", ".join(map(str, numbers[:8])) + (" …" if len(numbers) > 8 else "")
    return f"slice{'s' if len(numbers) > 1 else ''} {shown} of {count}"
