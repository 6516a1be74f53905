"""How numbers look to a reader: as many digits as they can carry, a true minus sign, a dash where there is none."""

from __future__ import annotations

import math
from typing import Optional

from ..quantities import decimals_of
from ..words.terms import term

NONE = "–"


def number(value: Optional[float], unit: str = "", digits: Optional[int] = None) -> str:
    """A value with the digits after the point that suit its unit (``quantities.DECIMALS``), or with ``digits`` of them; three significant
    ones where neither decides."""
    if value is None or not math.isfinite(value):
        return NONE
    decimals = decimals_of(unit) if digits is None else digits
    text = _significant(value) if decimals is None else f"{value:.{decimals}f}"
    is_zero = not text.strip("-0.")
    return text.lstrip("-") if is_zero else text.replace("-", "−")


def with_error(text: str, error: Optional[float], unit: str = "", digits: Optional[int] = None) -> str:
    """A shown value with its standard error behind it: with the digits of the value, or with more until the error is not zero."""
    if error is None or not math.isfinite(error) or text == NONE:
        return text
    decimals = decimals_of(unit) if digits is None else digits
    shown = number(error, unit, digits)
    if error > 0 and not shown.strip("0."):
        shown = f"{error:.{max(decimals or 0, -math.floor(math.log10(error)))}f}"
    return f"{text} ± {shown}"


def signed(value: Optional[float], unit: str = "", digits: Optional[int] = None) -> str:
    """A change, with its sign; a change that rounds to zero has none."""
    text = number(value, unit, digits)
    has_sign = text == NONE or text.startswith("−") or not text.strip("0.")
    return text if has_sign else "+" + text


def relative(percent: Optional[float]) -> str:
    """A relative change in whole percent."""
    return NONE if percent is None else signed(float(round(percent)), digits=0) + " %"


def probability(value: float) -> str:
    """A probability in whole percent; never 0 % or 100 %, which no model can know."""
    if value < 0.01:
        return "< 1 %"
    return "> 99 %" if value > 0.99 else f"{100 * value:.0f} %"


def shown_unit(unit: str, language: str = "en") -> str:
    """A unit as a reader writes it: 10*9/L, as UCUM has it, becomes 10⁹/L, percentage points become points, and a pure number has none."""
    return "" if unit == "1" else term(unit, language).replace("10*9", "10⁹")


def _significant(value: float) -> str:
    if abs(value) >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"
