"""One case as one row of numbers, or one row an exam, for tables over many cases: the one place that names their columns.

The names are those of the response models: ``<index>_change`` is in percentage points for an index that is a percentage itself (fat
fraction, dropout ratio) and in % of the baseline for every other; where it is in points, ``<index>_change_percent`` holds the relative one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from ..followup import INDICES, index_of, value_of
from ..model import Change, ExamResult, Results, Settings, days_between, iso_date
from ..vertebrae.dominance import dominance_of
from ..vertebrae.places import REGIONS, sides_of

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
        ``dominance_follow_up``; ``stir_pattern`` and ``stir_pattern_follow_up`` (1 to 4, see ``model.STIR_PATTERNS``; the reader's, else
        as proposed); for every index followed ``<index>_baseline`` and ``<index>_follow_up`` in the index's unit and its
        change (see above); the same of fat fraction and ADC for every region of the pelvis, the mean of the sides measured at both exams
        (``ff_iliac_wing_baseline``); ``response_probability`` with ``response_low``, ``response_high`` as fractions, ``response_model``;
        ``case_kind``; ``synthetic`` (1 for simulated data); ``warnings`` (how many). None where there is no number.
    """
    exams = {exam.label: exam for exam in results.exams}
    changes = {change.name: change for change in results.changes if not change.level}
    row: dict[str, Any] = {"days": _days(results)}
    for label, name in (("baseline", "dominance"), ("follow-up", "dominance_follow_up")):
        row[name] = _dominance(exams.get(label))
    for label, name in (("baseline", "stir_pattern"), ("follow-up", "stir_pattern_follow_up")):
        stir = exams[label].stir if label in exams else None
        row[name] = stir.pattern if stir else None
    for index in INDICES:
        for label, name in (("baseline", "baseline"), ("follow-up", "follow_up")):
            row[f"{index.key}_{name}"] = value_of(exams[label], index) if label in exams else None
        row.update(_changes(index.key, index.unit == "%", changes.get(index.key)))
    row.update(_regions(exams))
    response = results.response
    row["response_probability"] = response.probability if response else None
    row["response_low"], row["response_high"] = (response.interval if response else None) or (None, None)
    row["response_model"] = response.model_id if response else None
    row["case_kind"] = results.settings.kind
    row["synthetic"] = int(any(exam.synthetic for exam in results.exams))
    row["warnings"] = len(results.findings) + sum(len(exam.findings) for exam in results.exams)
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
        ``date``, ``days`` since the first exam, ``exam`` (its label), ``dominance``, ``stir_pattern``, and every index followed in its
        unit, None where there is none.
    """
    dates = [exam.date for exam in results.exams]
    first = min(filter(None, dates), default=None)
    return [
        {
            "date": iso_date(exam.date) or None,
            "days": (exam.date - first).days if exam.date and first else None,
            "exam": exam.label,
            "dominance": _dominance(exam),
            "stir_pattern": exam.stir.pattern if exam.stir else None,
            **{index.key: value_of(exam, index) for index in INDICES},
        }
        for exam in results.exams
    ]


def _dominance(exam: Optional[ExamResult]) -> Optional[str]:
    return (dominance_of(exam) or None) if exam else None


REGION_INDICES = ("ff", "adc")
"""Quantities that have columns of their own for every region of the pelvis."""


def _regions(exams: Mapping[str, ExamResult]) -> dict[str, Value]:
    """Fat fraction and ADC of every region of the pelvis; of the sides that all exams have, where they have one in common."""
    row: dict[str, Value] = {}
    measured = {label: {v.roi.level: v for v in exam.vertebrae if not v.roi.excluded} for label, exam in exams.items()}
    for region in REGIONS:
        for key in REGION_INDICES:
            sides = {label: {n for n in sides_of(known, region) if key in known[n].measurements} for label, known in measured.items()}
            common = set.intersection(*sides.values()) if sides else set()
            value = {
                label: float(np.mean([known[name].measurements[key].value for name in sorted(common or sides[label])]))
                for label, known in measured.items() if common or sides[label]
            }
            name = f"{key}_{region.name.replace(' ', '_')}"
            first, second = row[f"{name}_baseline"], row[f"{name}_follow_up"] = value.get("baseline"), value.get("follow-up")
            row[f"{name}_change"] = _difference(key, first, second) if common else None
    return row


def _difference(key: str, first: Value, second: Value) -> Value:
    """In points for an index in %, else in % of the first value."""
    if first is None or second is None:
        return None
    if index_of(key).unit == "%":
        return second - first
    return 100 * (second - first) / first if first > 0 else None


def _changes(key: str, in_points: bool, change: Optional[Change]) -> dict[str, Value]:
    relative = change.relative_percent if change else None
    if in_points:
        return {f"{key}_change": change.absolute if change else None, f"{key}_change_percent": relative}
    return {f"{key}_change": relative}


def _days(results: Results) -> Optional[int]:
    dates = [exam.date for exam in results.exams]
    return days_between(*dates[:2]) if len(dates) > 1 else None
