"""Response of MDS and aplastic anaemia by the blood: haematological improvement in MDS, and response in aplastic anaemia.

MDS: International Working Group 2018 (Platzbecker 2019, Blood 133:1020): platelets below 100 × 10⁹/L improve by 30 × 10⁹/L or more,
or, from below 20, to above 20 and by 100 % or more; neutrophils below 1 × 10⁹/L by 100 % or more and more than 0.5 × 10⁹/L;
haemoglobin below 100 g/L by 15 g/L or more. Each has to last for eight weeks, and transfusions have to be known. Aplastic anaemia:
Camitta 2000 (Acta Haematol 103:16): complete with haemoglobin normal for age and sex (here: 110 g/L or more, which is ours),
neutrophils above 1.5 and platelets above 150 × 10⁹/L; partial where it is severe no longer and no transfusion is needed. Severe:
two of neutrophils below 0.5, platelets below 20, reticulocytes below 20 × 10⁹/L (Camitta 1976, Blood 48:63; reticulocytes as used
since).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from ..model import Finding, LabHistory, LabValue, finding
from ..model.fields import described

COUNTS = ("haemoglobin", "neutrophils", "platelets")
DAYS_BESIDE = 30
"""Days from an exam within which a value counts for it (our choice)."""
LASTS_DAYS = 56
_COMPLETE = {"haemoglobin": 110.0, "neutrophils": 1.5, "platelets": 150.0}
_SEVERE = {"neutrophils": 0.5, "platelets": 20.0, "reticulocytes": 20.0}


@dataclass(frozen=True)
class BloodResponse:
    """Response by the blood from one date to another."""

    kind: str = described("Kind of case.", choices=("mds", "aplastic_anaemia"))
    category: str = described(
        "MDS: improved or not improved; aplastic anaemia: complete, partial or none; empty where too little is known.",
        choices=("", "improved", "not improved", "complete", "partial", "none"),
    )
    improved: tuple[str, ...] = described("Tests that improved (MDS).")
    rule: Finding = described("The rule that decided.")
    missing: tuple[str, ...] = described("Tests without a value beside one of the dates.")
    findings: tuple[Finding, ...] = described("What to know.", default=(), earlier=("notes",))


def blood_response(history: LabHistory, kind: str, start: datetime.date, end: datetime.date) -> Optional[BloodResponse]:
    """Response from ``start`` to ``end``; None for kinds other than MDS and aplastic anaemia, or without any count.

    Parameters
    ----------
    history : LabHistory
        Of any number of dates; the value nearest to either date counts.
    kind : str
    start, end : date
    """
    if kind not in ("mds", "aplastic_anaemia"):
        return None
    before, after = (_beside(history, date) for date in (start, end))
    if not before and not after:
        return None
    findings = _notes(history, kind, start, end)
    missing = tuple(test for test in COUNTS if test not in before or test not in after)
    return (_mds if kind == "mds" else _aplastic)(before, after, missing, findings, _transfused(history, end))


def blood_course(history: LabHistory, kind: str) -> tuple[tuple[datetime.date, BloodResponse], ...]:
    """Response at every date with a count, from the first such date on; empty with fewer than two dates."""
    dates = sorted({value.date for value in history.values if value.test in COUNTS})
    found = [(date, blood_response(history, kind, dates[0], date)) for date in dates[1:]]
    return tuple((date, response) for date, response in found if response is not None)


def _beside(history: LabHistory, date: datetime.date) -> dict[str, float]:
    """The value of each test nearest to a date; a limit ("<5") counts as the limit."""
    nearest: dict[str, LabValue] = {}
    for value in history.values:
        if value.test not in (*COUNTS, "reticulocytes", "blasts") or abs((value.date - date).days) > DAYS_BESIDE:
            continue
        known = nearest.get(value.test)
        if known is None or abs((value.date - date).days) < abs((known.date - date).days):
            nearest[value.test] = value
    return {test: value.value for test, value in nearest.items()}


def _transfused(history: LabHistory, end: datetime.date) -> bool:
    """Whether a transfusion stands in the eight weeks before a date."""
    return any(note.kind == "transfusion" and 0 <= (end - note.date).days <= LASTS_DAYS for note in history.notes)


def _notes(history: LabHistory, kind: str, start: datetime.date, end: datetime.date) -> tuple[Finding, ...]:
    told = []
    if (end - start).days < LASTS_DAYS:
        told.append(finding("blood.too_soon", days=(end - start).days, needed=LASTS_DAYS))
    if _transfused(history, end):
        told.append(finding("blood.transfused", days=LASTS_DAYS))
    ferritin = [value for value in history.values if value.test == "ferritin"]
    if ferritin and max(ferritin, key=lambda value: value.date).value > _IRON:
        told.append(finding("blood.iron", limit=_IRON))
    return tuple(told)


_IRON = 1000.0
"""Ferritin in µg/L above which iron is likely to shorten T2* of the marrow (our choice)."""


def _mds(
    before: Mapping[str, float], after: Mapping[str, float], missing: tuple[str, ...], findings: tuple[Finding, ...], transfused: bool
) -> BloodResponse:
    rises = {test: after[test] - before[test] for test in COUNTS if test not in missing}
    improved = [test for test, rise in rises.items() if _improves(test, before[test], after[test], rise)]
    if transfused and "haemoglobin" in improved:
        improved.remove("haemoglobin")
    asked = [test for test in rises if _is_low(test, before[test])]
    if not asked:
        return BloodResponse("mds", "", (), finding("blood.mds_nothing_low"), missing, findings)
    if improved:
        rule = finding("blood.mds_improved", tests=improved)
        return BloodResponse("mds", "improved", tuple(improved), rule, missing, findings)
    return BloodResponse("mds", "not improved", (), finding("blood.mds_not_improved", tests=asked), missing, findings)


def _is_low(test: str, value: float) -> bool:
    return value < {"haemoglobin": 100.0, "neutrophils": 1.0, "platelets": 100.0}[test]


def _improves(test: str, before: float, after: float, rise: float) -> bool:
    if not _is_low(test, before):
        return False
    if test == "haemoglobin":
        return rise >= 15.0
    if test == "neutrophils":
        return rise > 0.5 and rise >= before
    return rise >= 30.0 if before >= 20.0 else after > 20.0 and rise >= before


def _aplastic(
    before: Mapping[str, float], after: Mapping[str, float], missing: tuple[str, ...], findings: tuple[Finding, ...], transfused: bool
) -> BloodResponse:
    lacking = tuple(test for test in COUNTS if test not in after)
    if lacking:
        return BloodResponse("aplastic_anaemia", "", (), finding("blood.aa_unknown"), missing, findings)
    complete = after["haemoglobin"] >= _COMPLETE["haemoglobin"] and all(after[t] > _COMPLETE[t] for t in ("neutrophils", "platelets"))
    if complete and not transfused:
        return BloodResponse("aplastic_anaemia", "complete", (), finding("blood.aa_complete"), missing, findings)
    if not is_severe(after) and not transfused and is_severe(before):
        return BloodResponse("aplastic_anaemia", "partial", (), finding("blood.aa_partial"), missing, findings)
    return BloodResponse("aplastic_anaemia", "none", (), finding("blood.aa_none"), missing, findings)


def is_severe(counts: Mapping[str, float]) -> bool:
    """Two of neutrophils, platelets and reticulocytes below the limits of severe aplastic anaemia, in 10⁹/L."""
    return sum(test in counts and counts[test] < limit for test, limit in _SEVERE.items()) >= 2
