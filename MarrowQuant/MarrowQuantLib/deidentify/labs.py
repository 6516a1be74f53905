"""The laboratory sheet that goes with a de-identified patient: the same values, on the shifted dates, and nothing else of the sheet."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..model import LabValue, MarrowQuantError
from ..response import NOTE_KINDS, read_history
from ..response.lab_notes import FINDING
from ..response.lab_numbers import NOT_DETECTED

if TYPE_CHECKING:
    from .folder import Summary


_FINDINGS = frozenset(kind.key for kind in NOTE_KINDS if kind.group == FINDING)  # their values are words of a closed list


def shifted_labs(source: Path, target: Path, summary: Summary) -> None:
    """Write date, test, value and unit of every value in its canonical unit, and the findings (positive, negative, present, absent).

    Tests that are not known, covariates and events are free text and stay behind.

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
        history = read_history(source)
        rows.writerows([(lab.date + shift).isoformat(), lab.test, _written(lab), lab.unit] for lab in history.values)
        found = [note for note in history.notes if note.kind in _FINDINGS]
        rows.writerows([(note.date + shift).isoformat(), note.kind, note.value, ""] for note in found)


def _written(lab: LabValue) -> str:
    """The value with its sign if it is a limit, as it is read back."""
    return NOT_DETECTED if lab.censored == NOT_DETECTED else f"{lab.sign}{lab.value!r}"
