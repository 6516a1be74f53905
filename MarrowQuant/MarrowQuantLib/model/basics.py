"""What every part shares: units, the sentence of an error, progress and cancel."""

from __future__ import annotations

from typing import Callable

from .. import RESEARCH_USE_ONLY, Cancelled, MarrowQuantError  # noqa: F401 (part of the vocabulary; there, as the shell's help needs no numpy)

UNIT_FF = "%"
UNIT_FF_CHANGE = "percentage points"
UNIT_ADC = "µm²/s"
UNIT_R2STAR = "1/s"
UNIT_VOLUME = "mL"

Progress = Callable[[float, str], None]
"""``progress(fraction, text)``; it may raise :class:`Cancelled`, and whoever calls it leaves nothing half-written behind."""


def no_progress(fraction: float, text: str) -> None:
    """Progress callback that does nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """The stretch of ``progress`` from ``start`` to ``stop``, as a progress callback of its own."""
    return lambda fraction, text: progress(start + (stop - start) * fraction, text)
