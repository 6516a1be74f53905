"""What is known about a patient on one date, for rules that read laboratory values and findings."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from ..model import LabHistory, LabNote, LabValue
from .labs import MAX_DAYS, labs_for


@dataclass(frozen=True)
class Evidence:
    """Values and findings that belong to one date: of each the nearest, at most 28 days away."""

    values: Mapping[str, LabValue]
    findings: Mapping[str, str]

    def value(self, test: str) -> Optional[float]:
        """The value in the test's canonical unit; None if it is not known."""
        return self.values[test].value if test in self.values else None

    def flc_ratio(self) -> Optional[float]:
        """κ/λ as given, else from both chains; None if it is not known or λ is zero."""
        if "flc_ratio" in self.values:
            return self.values["flc_ratio"].value
        kappa, free_lambda = self.value("flc_kappa"), self.value("flc_lambda")
        return None if kappa is None or not free_lambda else kappa / free_lambda

    def flc_difference(self) -> Optional[float]:
        """|κ − λ| in mg/L: involved minus uninvolved chain, whichever is involved."""
        kappa, free_lambda = self.value("flc_kappa"), self.value("flc_lambda")
        return None if kappa is None or free_lambda is None else abs(kappa - free_lambda)


def evidence_at(history: LabHistory, dates: Sequence[Optional[datetime.date]]) -> list[Evidence]:
    """The evidence that belongs to each of ``dates``; nothing serves two dates (see ``labs_for``)."""
    values = labs_for(history.values, dates)
    findings: list[dict[str, LabNote]] = [{} for _ in dates]
    known = [(n, date) for n, date in enumerate(dates) if date]
    for note in history.notes if known else ():
        days, date, n = min((abs((note.date - date).days), date, n) for n, date in known)
        current = findings[n].get(note.kind)
        if days <= MAX_DAYS and (current is None or days < abs((current.date - date).days)):
            findings[n][note.kind] = note
    return [Evidence(found, {kind: note.value for kind, note in notes.items()}) for found, notes in zip(values, findings)]
