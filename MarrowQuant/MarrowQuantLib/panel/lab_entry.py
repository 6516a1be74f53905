"""A laboratory value as a reader types it into one cell: a number, and a unit unless it is the usual one."""

from __future__ import annotations

import datetime
import re

from ..model import LabValue, MarrowQuantError
from ..response import LabTest

_ENTRY = re.compile(r"(\d+(?:\.\d+)?)\s*(.*)")


def parseEntry(text: str, test: LabTest, date: datetime.date) -> LabValue:
    """The laboratory value that was typed.

    Parameters
    ----------
    text : str
        For example "38" (in the test's canonical unit) or "3.8 g/dL".
    test : LabTest
    date : date
        Date of the exam that the value belongs to.

    Raises
    ------
    MarrowQuantError
        If it is no number, the unit is not known for this test, or the value is impossible.
    """
    match = _ENTRY.fullmatch(text.strip())
    if match is None:
        raise MarrowQuantError(f"'{text}' is not a value of {test.label_en}; write a number with a decimal point, like 38.5 {test.unit}.")
    unit = match.group(2) or test.unit
    factor = test.factor(unit)
    if factor is None:
        raise MarrowQuantError(f"The unit '{unit}' is not known for {test.label_en}; use one of {', '.join(test.factors)}.")
    value = float(match.group(1)) * factor
    if not test.low <= value <= test.high:
        raise MarrowQuantError(
            f"{test.label_en} {match.group(1)} {unit} is not possible (expected {test.low:g} to {test.high:g} {test.unit}); check the "
            "number and the unit."
        )
    return LabValue(test.key, value, test.unit, date, f"{match.group(1)} {unit}")
