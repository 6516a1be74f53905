"""Proposed response assessment category (RAC) of one lesion by the published ADC rules; the reader decides.

From the bone items of the MET-RADS-P table (Padhani 2017, Eur Urol 71:81; PMC5176005, table 3), after which MY-RADS is modelled. Of RAC 4
only the ADC and signal items are at hand, of RAC 5 nothing (the text was cut off), so RAC 5 is never proposed, and what needs morphology
(fat halo, sclerosis) is left to the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..model import Component, finding
from .lesions import NEW, RESOLVED, UNCERTAIN

RESPONDING_ADC, LIKELY_ADC = 1400.0, 1000.0  # µm²/s
LARGE_RISE, RISE = 40.0, 25.0  # % of the baseline ADC
SIGNAL_CHANGE = 10.0  # % of the signal ratio to muscle that counts as rising or falling; our choice, the table gives none


@dataclass(frozen=True)
class Rac:
    """A proposed category 1 (highly likely responding) … 4 (likely progressing), and the rule that gave it."""

    category: int
    why: str


def propose_rac(kind: str, before: Optional[Component], after: Optional[Component]) -> Rac:
    """The category of one matched lesion.

    Parameters
    ----------
    kind : str
        Kind of the match, see ``lesions``.
    before, after : Component or None
        The lesion at the two exams; the largest piece where there are several.
    """
    if kind == UNCERTAIN:
        return Rac(3, finding("rac.uncertain"))
    if kind == NEW or before is None:
        return Rac(4, finding("rac.new"))
    if kind == RESOLVED or after is None:
        return Rac(1, finding("rac.gone"))
    first, second = before.adc_median, after.adc_median
    rise = 100.0 * (second - first) / first
    signal = 100.0 * (after.signal_ratio - before.signal_ratio) / before.signal_ratio
    falling = signal <= -SIGNAL_CHANGE
    rules = (
        (first <= RESPONDING_ADC < second, 1, finding("rac.above", limit=RESPONDING_ADC)),
        (rise >= LARGE_RISE and falling, 1, finding("rac.large_rise", percent=LARGE_RISE)),
        (first <= LIKELY_ADC < second < RESPONDING_ADC, 2, finding("rac.from_low", low=LIKELY_ADC, limit=RESPONDING_ADC)),
        (RISE < rise < LARGE_RISE and falling, 2, finding("rac.rise", percent=RISE)),
        (signal >= SIGNAL_CHANGE and second < RESPONDING_ADC, 4, finding("rac.rising_signal", limit=RESPONDING_ADC)),
        (True, 3, finding("rac.no_change")),
    )
    category, why = next((category, why) for applies, category, why in rules if applies)
    changes = {"adc_before": first, "adc_after": second, "adc_percent": _signed(rise), "signal_percent": _signed(signal)}
    return Rac(category, finding("rac.why", **changes, rule=why))


def _signed(percent: float) -> str:
    """A whole number with its sign, a minus instead of a hyphen, and no sign on 0."""
    text = f"{percent:+.0f}".replace("-", "−")
    return "0" if text in {"+0", "−0"} else text
