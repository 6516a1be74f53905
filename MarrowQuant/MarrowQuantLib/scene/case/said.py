"""What the reader knows better than the files: the dates of the exams, and that both are of one patient."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Optional

from ...workflow import LABELS
from .choices import READ_FROM

if TYPE_CHECKING:
    from .case import Case

DATE_GIVEN, PATIENT_SAID = "reading.date_given", "reading.identity_said"


class Said:
    """What was said for the next reading; else what the exams of the case were read with, as their findings tell.

    Parameters
    ----------
    case : Case
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self.forget()

    def forget(self) -> None:
        """Go back to what the exams were read with."""
        self._dates: dict[str, Optional[datetime.date]] = {}
        self._same_patient: Optional[bool] = None

    def waiting(self) -> tuple[Mapping[str, Optional[datetime.date]], Optional[bool]]:
        """All that was said for the next reading."""
        return dict(self._dates), self._same_patient

    def wait_again(self, said: tuple[Mapping[str, Optional[datetime.date]], Optional[bool]]) -> None:
        """Say again what :meth:`waiting` gave."""
        self._dates, self._same_patient = dict(said[0]), said[1]

    def date(self, label: str) -> Optional[datetime.date]:
        """The date that was said of an exam, or None."""
        if label in self._dates:
            return self._dates[label]
        exam = self._case.exams.get(label)
        return None if exam is None or self._are_others(label) else _given(exam.maps.findings)

    def _are_others(self, label: str) -> bool:
        """True if another folder was chosen for the exam since it was read."""
        return any(self._case.choices.waits(name) for name in READ_FROM[: 1 + LABELS.index(label)])

    @property
    def same_patient(self) -> bool:
        """True if both exams were said to be of one patient."""
        if self._same_patient is not None:
            return self._same_patient
        return any(_with_code(PATIENT_SAID, exam.maps.findings) for label, exam in self._case.exams.items() if not self._are_others(label))

    def say_date(self, label: str, date: Optional[datetime.date]) -> None:
        """Say the date of an exam for the next reading; None leaves it to the files."""
        self._dates[label] = date

    def say_same_patient(self, same: bool) -> None:
        """Say for the next reading whether both exams are of one patient whatever the files say."""
        self._same_patient = same

    def waits(self) -> bool:
        """True if something was said since the exams were read."""
        return bool(self._dates) or self._same_patient is not None

    def arguments(self) -> dict[str, Any]:
        """The arguments of ``workflow.read_exams`` beside folders and overrides; empty if the files are believed in all."""
        dates = [self.date(label) for label in LABELS]
        return {**({"dates": dates} if any(dates) else {}), **({"same_patient": True} if self.same_patient else {})}


def was_given(findings: Iterable[Any]) -> bool:
    """True if the date of an exam with these findings was said by the reader."""
    return _given(findings) is not None


def _given(findings: Iterable[Any]) -> Optional[datetime.date]:
    found = _with_code(DATE_GIVEN, findings)
    value = found[-1].all_values["date"] if found else None
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


def _with_code(code: str, findings: Iterable[Any]) -> list[Any]:
    return [told for told in findings if getattr(told, "code", "") == code]
