"""One case as one row of numbers, or one row an exam, for tables over many cases: the one place that names their columns.

The names are those of the response models: ``<index>_change`` is in percentage points for an index that is a percentage itself (fat
fraction, dropout ratio) and in % of the baseline for every other; where it is in points, ``<index>_change_percent`` holds the relative one.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Optional

from ..followup import INDICES
from ..model import days_between

Value = Optional[float]


def case_record(results: Mapping[str, Any]) -> dict[str, Any]:
    """One row for a case.

    Parameters
    ----------
    results : mapping
        A parsed results.json.

    Returns
    -------
    dict
        ``days`` between the exams; for every index followed ``<index>_baseline`` and ``<index>_follow_up`` in the index's unit and its
        change (see above); ``response_probability`` with ``response_low``, ``response_high`` as fractions, ``response_model``;
        ``synthetic`` (1 for simulated data); ``warnings`` (how many). None where there is no number.
    """
    exams = {exam["label"]: exam for exam in results["exams"]}
    changes = {change["name"]: change for change in results["changes"]}
    row: dict[str, Any] = {"days": _days(results)}
    for index in INDICES:
        for label, name in (("baseline", "baseline"), ("follow-up", "follow_up")):
            row[f"{index.key}_{name}"] = _value(exams.get(label), index.key, index.origin)
        row.update(_changes(index.key, index.unit == "%", changes.get(index.key, {})))
    response = results["response"] or {}
    row["response_probability"] = response.get("probability")
    row["response_low"], row["response_high"] = response.get("interval") or (None, None)
    row["response_model"] = response.get("model_id")
    row["synthetic"] = int(results["synthetic"])
    row["warnings"] = len(results["warnings"]) + sum(len(exam["warnings"]) for exam in results["exams"])
    return row


def case_columns() -> tuple[str, ...]:
    """The columns of :func:`case_record`, in its order."""
    return tuple(case_record({"exams": [], "changes": [], "response": None, "synthetic": False, "warnings": []}))


def exam_records(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for every exam of a case, oldest first, for models of repeated dates.

    Parameters
    ----------
    results : mapping
        A parsed results.json.

    Returns
    -------
    list of dict
        ``date``, ``days`` since the first exam, ``exam`` (its label), and every index followed in its unit, None where there is none.
    """
    dates = _dates(results)
    first = min(filter(None, dates), default=None)
    return [
        {
            "date": exam["date"],
            "days": (date - first).days if date and first else None,
            "exam": exam["label"],
            **{index.key: _value(exam, index.key, index.origin) for index in INDICES},
        }
        for exam, date in zip(results["exams"], dates)
    ]


def _changes(key: str, in_points: bool, change: Mapping[str, Any]) -> dict[str, Value]:
    if in_points:
        return {f"{key}_change": change.get("absolute"), f"{key}_change_percent": change.get("relative_percent")}
    return {f"{key}_change": change.get("relative_percent")}


def _days(results: Mapping[str, Any]) -> Optional[int]:
    dates = _dates(results)
    return days_between(*dates[:2]) if len(dates) > 1 else None


def _dates(results: Mapping[str, Any]) -> list[Optional[datetime.date]]:
    return [datetime.date.fromisoformat(exam["date"]) if exam["date"] else None for exam in results["exams"]]


def _value(exam: Optional[Mapping[str, Any]], key: str, origin: str) -> Value:
    holder = ((exam or {}).get(origin) or {}).get(key)
    return holder["value"] if holder else None
