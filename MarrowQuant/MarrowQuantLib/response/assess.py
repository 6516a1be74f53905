"""What the laboratory says about a case: stage before therapy, response category, all values with their dates, and what to be wary of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..model import ExamResult, Finding, LabHistory, Results
from .anaemia import BloodResponse, blood_response
from .cautions import event_findings
from .imwg import ImwgResponse, imwg_response
from .iss import Stage, stages_at
from .lab_findings import about_distance, about_limits, about_unknown_tests
from .labs import questions_about


@dataclass(frozen=True)
class Assessment:
    """``imwg`` is None with one exam; ``stages`` are ISS and R-ISS at the baseline; both are of myeloma only.

    ``blood`` is the response of MDS and aplastic anaemia, None with one exam and for other kinds.
    """

    history: LabHistory
    imwg: Optional[ImwgResponse]
    stages: tuple[Stage, ...]
    blood: Optional[BloodResponse] = None


def assess(results: Results) -> Assessment:
    """Stage and response category at the dates of the exams, from the sheet or, without one, from the exams' own values.

    Without two dates of which the second is later there is no category.
    """
    history = history_of(results)
    dates = [exam.date for exam in results.exams]
    known = [date for date in dates if date]
    in_order = 1 < len(known) == len(dates) and known[0] < known[1]
    kind = results.settings.kind
    if kind != "myeloma":
        blood = blood_response(history, kind, known[0], known[-1]) if in_order else None
        return Assessment(history, None, (), blood)
    imwg = imwg_response(history, *known) if in_order and history.values else None
    return Assessment(history, imwg, stages_at(history, dates[0]) if history.values and dates[0] else ())


def history_of(results: Results) -> LabHistory:
    """The whole sheet, with the values of the exams in the place of those of the same test and date: they may have been corrected since."""
    values = {(value.test, value.date): value for value in results.history.values}
    values.update({(value.test, value.date): value for exam in results.exams for value in exam.labs.values()})
    ordered = sorted(values.values(), key=lambda value: (value.date, value.test))
    return LabHistory(tuple(ordered), results.history.notes, results.history.findings)


def laboratory_findings(history: LabHistory, exams: Sequence[ExamResult]) -> tuple[Finding, ...]:
    """How the sheet was read, values that may be mistakes or belong to no exam, and therapy near an exam that changes the marrow."""
    dates = {exam.label: exam.date for exam in exams if exam.date}
    return (
        *history.findings,
        *questions_about(history.values),
        *about_limits(history),
        *about_unknown_tests(history),
        *about_distance(history, dates),
        *event_findings(history, dates),
    )
