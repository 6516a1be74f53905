"""The laboratory sheet that goes with a de-identified patient: the same values, on the shifted dates, and nothing else of the sheet."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..model import MarrowQuantError
from ..response import read_labs

if TYPE_CHECKING:
    from .folder import Summary


def shifted_labs(source: Path, target: Path, summary: Summary) -> None:
    """Write date, test, value and unit of every value in its canonical unit.

    Raises
    ------
    MarrowQuantError
        If the dates are not shifted in this profile, there are several patients, or the sheet cannot be read.
    """
    shifts = {passed.shift_days for passed in summary.passed if passed.shift_days is not None}
    if any(passed.shift_days is None for passed in summary.passed):
        raise MarrowQuantError("A laboratory sheet needs dates, and this profile removes them; use the profile 'longitudinal'.")
    if len(summary.patients) > 1:
        raise MarrowQuantError(
            "The input holds {n_patients} patients and the sheet is of one; de-identify one at a time.",
            n_patients=len(summary.patients),
        )
    shift = datetime.timedelta(days=shifts.pop())
    with target.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["date", "test", "value", "unit"])
        rows.writerows([(lab.date + shift).isoformat(), lab.test, lab.value, lab.unit] for lab in read_labs(source))
