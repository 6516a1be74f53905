"""The laboratory sheet of the case: the whole of it here and in the scene, and with each exam the values that belong to its date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

from ...model import LabHistory, LabValue, MarrowQuantError
from ...response import Entry, cycles_between, entry_name, labs_for, read_history
from ...results import results_from_dict
from .. import records
from ..parameters import results_from_text

if TYPE_CHECKING:
    from .exam import CaseExam


class Laboratory:
    """The sheet of a case.

    Parameters
    ----------
    exams : callable
        Gives the case's exams by label.

    Attributes
    ----------
    history : LabHistory
        All of the sheet, for nadir, findings and therapy; the exams hold what belongs to their dates.
    """

    def __init__(self, exams: Callable[[], Mapping[str, CaseExam]]) -> None:
        self._exams = exams
        self.forget()

    def forget(self) -> None:
        """Forget the sheet; the scene is left alone."""
        self.history = LabHistory()

    def read(self, path: Path) -> None:
        """Take over a laboratory sheet; see ``response.read_history``."""
        self._keep(read_history(path))
        nearest = labs_for(self.history.values, [exam.maps.date for exam in self._exams().values()])
        for exam, labs in zip(self._exams().values(), nearest):
            exam.set_labs(labs)

    def enter(self, label: str, test: str, value: Optional[LabValue]) -> None:
        """Put a typed value, or none, in the place of the one that the exam had, in the whole sheet too."""
        exam = self._exams()[label]
        before = exam.labs.get(test)
        kept = tuple(v for v in self.history.values if before is None or (v.test, v.date) != (test, before.date))
        self._keep(replace(self.history, values=kept))
        exam.set_lab(test, value)

    def others(self) -> list[Entry]:
        """What the sheet holds besides the exams' own values, in order of time."""
        shown = {(value.test, value.date) for value in self._of_exams()}
        others = [value for value in self.history.values if (value.test, value.date) not in shown]
        return sorted([*others, *self.history.notes], key=lambda entry: (entry.date, entry_name(entry)))

    def cycles(self) -> int:
        """How many cycles of therapy the sheet names from the baseline until before the follow-up; 0 if that is not known."""
        return cycles_between(self.history, [exam.maps.date for exam in self._exams().values()])

    def add(self, entry: Entry) -> None:
        """Add a line to the sheet; a value becomes an exam's if it lies nearer to it than the one that the exam has.

        Raises
        ------
        MarrowQuantError
            If the same test or finding is there already on that date.
        """
        known = [*self.history.values, *self.history.notes, *self._of_exams()]
        if (entry_name(entry), entry.date) in {(entry_name(e), e.date) for e in known}:
            raise MarrowQuantError("There is an entry of this kind on {date} already; change or remove it first.", date=entry.date)
        if not isinstance(entry, LabValue):
            self._keep(replace(self.history, notes=(*self.history.notes, entry)))
            return
        self._keep(replace(self.history, values=(*self.history.values, entry)))
        rivals = [value for value in self._of_exams() if value.test == entry.test]
        nearest = labs_for([*rivals, entry], [exam.maps.date for exam in self._exams().values()])
        for exam, labs in zip(self._exams().values(), nearest):
            if labs.get(entry.test) is entry:
                exam.set_lab(entry.test, entry)

    def remove(self, entry: Entry) -> None:
        """Take a line out of the sheet."""
        values = tuple(value for value in self.history.values if value is not entry)
        self._keep(replace(self.history, values=values, notes=tuple(note for note in self.history.notes if note is not entry)))

    def restore(self) -> None:
        """Take up the sheet that the scene holds; an older scene holds it with the results only."""
        own = records.read_history()
        self.history = LabHistory() if own is None else own
        if own is None and self._older() is not None:
            self._keep(self._older())

    def _older(self) -> Optional[LabHistory]:
        """The sheet with the results of an older scene, if they are of the exams that the scene holds."""
        stored = results_from_text()
        if not stored or not stored.get("laboratory"):
            return None
        dates = [str(exam.maps.date) for exam in self._exams().values()]
        return results_from_dict(stored).history if [exam.get("date") for exam in stored["exams"]] == dates else None

    def _of_exams(self) -> list[LabValue]:
        return [value for exam in self._exams().values() for value in exam.labs.values()]

    def _keep(self, history: LabHistory) -> None:
        """Also in the scene, so that a scene saved without an export keeps what was entered."""
        self.history = history
        records.write_history(history)
