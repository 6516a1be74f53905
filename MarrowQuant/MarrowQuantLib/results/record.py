"""One case as one row of numbers, or one row an exam, for tables over many cases: the one place that names their columns.

The names are those of the response models: ``<index>_change`` is in percentage points for an index that is a percentage itself (fat
fraction, dropout ratio) and in % of the baseline for every other; where it is in points, ``<index>_change_percent`` holds the relative one.
"""

from __future__ import annotations

from typing import Any, Optional

from ..followup import INDICES, value_of
from ..model import Change, ExamResult, Results, Settings, days_between, iso_date
from ..vertebrae.dominance import dominance_of

Value = Optional[float]


def case_record(results: Results) -> dict[str, Any]:
    """One row for a case.

    Parameters
    ----------
    results : Results

    Returns
    -------
    dict
        ``days`` between the exams; ``dominance`` ("water" or "fat", see ``vertebrae.dominance``) at the first exam and
        ``dominance_follow_up``; for every index followed ``<index>_baseline`` and ``<index>_follow_up`` in the index's unit and its
        change (see above); ``response_probability`` with ``response_low``, ``response_high`` as fractions, ``response_model``;
        ``case_kind``; ``synthetic`` (1 for simulated data); ``warnings`` (how many). None where there is no number.
    """
    exams = {exam.label: exam for exam in results.exams}
    changes = {change.name: change for change in results.changes if not change.level}
    row: dict[str, Any] = {"days": _days(results)}
    for label, name in (("baseline", "dominance"), ("follow-up", "dominance_follow_up")):
        row[name] = _dominance(exams.get(label))
    for index in INDICES:
        for label, name in (("baseline", "baseline"), ("follow-up", "follow_up")):
            row[f"{index.key}_{name}"] = value_of(exams[label], index) if label in exams else None
        row.update(_changes(index.key, index.unit == "%", changes.get(index.key)))
    response = results.response
    row["response_probability"] = response.probability if response else None
    row["response_low"], row["response_high"] = (response.interval if response else None) or (None, None)
    row["response_model"] = response.model_id if response else None
    row["case_kind"] = results.settings.kind
    row["synthetic"] = int(any(exam.synthetic for exam in results.exams))
    row["warnings"] = len(results.warnings) + sum(len(exam.warnings) for exam in results.exams)
    return row


def case_columns() -> tuple[str, ...]:
    """The columns of :func:`case_record`, in its order."""
    return tuple(case_record(Results((), (), None, Settings())))


def exam_records(results: Results) -> list[dict[str, Any]]:
    """One row for every exam of a case, oldest first, for models of repeated dates.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of dict
        ``date``, ``days`` since the first exam, ``exam`` (its label), ``dominance``, and every index followed in its unit, None where
        there is none.
    """
    dates = [exam.date for exam in results.exams]
    first = min(filter(None, dates), default=None)
    return [
        {
            "date": iso_date(exam.date) or None,
            "days": (exam.date - first).days if exam.date and first else None,
            "exam": exam.label,
            "dominance": _dominance(exam),
            **{index.key: value_of(exam, index) for index in INDICES},
        }
        for exam in results.exams
    ]


def _dominance(exam: Optional[ExamResult]) -> Optional[str]:
    return (dominance_of(exam) or None) if exam else None


def _changes(key: str, in_points: bool, change: Optional[Change]) -> dict[str, Value]:
    relative = change.relative_percent if change else None
    if in_points:
        return {f"{key}_change": change.absolute if change else None, f"{key}_change_percent": relative}
    return {f"{key}_change": relative}


def _days(results: Results) -> Optional[int]:
    dates = [exam.date for exam in results.exams]
    return days_between(*dates[:2]) if len(dates) > 1 else None
