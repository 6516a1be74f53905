"""How numbers look in the report: as many digits as they can carry, a true minus sign, a dash where there is none."""

from __future__ import annotations

import math
from typing import Optional

from ..model import UNIT_VOLUME

NONE = "–"
# Digits after the point by unit; "whole" is for a number that is shown without any.
_DECIMALS = {
    "whole": 0, "µm²/s": 0, "1/s": 0, "%": 1, "percentage points": 1,
    "g/L": 1, "mg/L": 1, "µmol/L": 0, "mmol/L": 2, "U/L": 0, "10*9/L": 0,
}  # fmt: skip


def number(value: Optional[float], unit: str = "") -> str:
    """A value with the digits that suit its unit; three significant ones where the unit does not decide."""
    if value is None or not math.isfinite(value):
        return NONE
    text = _digits(value, unit)
    is_zero = not text.strip("-0.")
    return text.lstrip("-") if is_zero else text.replace("-", "−")


def signed(value: Optional[float], unit: str = "") -> str:
    """A change, with its sign; a change that rounds to zero has none."""
    text = number(value, unit)
    has_sign = text == NONE or text.startswith("−") or not text.strip("0.")
    return text if has_sign else "+" + text


def relative(percent: Optional[float]) -> str:
    """A relative change in whole percent."""
    return NONE if percent is None else signed(float(round(percent)), "whole") + " %"


def probability(value: float) -> str:
    """A probability in whole percent; never 0 % or 100 %, which no model can know."""
    if value < 0.01:
        return "< 1 %"
    return "> 99 %" if value > 0.99 else f"{100 * value:.0f} %"


def shown_unit(unit: str) -> str:
    """A unit as a reader writes it: 10*9/L, as UCUM has it, becomes 10⁹/L."""
    return unit.replace("10*9", "10⁹")


def _digits(value: float, unit: str) -> str:
    if unit in _DECIMALS:
        return f"{value:.{_DECIMALS[unit]}f}"
    if abs(value) >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if unit == UNIT_VOLUME or abs(value) >= 9.995 else f"{value:.2f}"
