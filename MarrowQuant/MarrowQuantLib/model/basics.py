"""What every part shares: units, the sentence of an error, progress and cancel."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Callable, Optional, TypeVar, Union

import numpy as np

from .. import RESEARCH_USE_ONLY, Cancelled, MarrowQuantError  # noqa: F401 (part of the vocabulary; there, as the shell's help needs no numpy)

UNIT_FF = "%"
UNIT_FF_CHANGE = "percentage points"
UNIT_ADC = "µm²/s"
UNIT_R2STAR = "1/s"
UNIT_FIELD = "Hz"
UNIT_VOLUME = "mL"

Numbers = Union[Sequence[float], np.ndarray]
"""A point, a direction, sizes along three axes, times … : whatever is read number by number."""

_T = TypeVar("_T")

Progress = Callable[[float, str], None]
"""``progress(fraction, text)``; it may raise :class:`Cancelled`, and whoever calls it leaves nothing half-written behind."""


def certain(value: Optional[_T]) -> _T:
    """A value that may be missing elsewhere, where it cannot be; None is a mistake of ours."""
    if value is None:
        raise TypeError("A value is missing that is always there.")
    return value


def no_progress(fraction: float, text: str) -> None:
    """Progress callback that does nothing."""


def iso_date(date: Optional[datetime.date]) -> str:
    """ISO 8601, or nothing for an exam whose date is not known."""
    return date.isoformat() if date else ""


def days_between(first: Optional[datetime.date], second: Optional[datetime.date]) -> Optional[int]:
    """Days from one exam to the other; None if a date is not known, or both are the same, so that the order is only said."""
    return (second - first).days if first and second and first != second else None


def part(progress: Progress, start: float, stop: float) -> Progress:
    """The stretch of ``progress`` from ``start`` to ``stop``, as a progress callback of its own."""
    return lambda fraction, text: progress(start + (stop - start) * fraction, text)
