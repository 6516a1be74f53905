"""What a reader must know about a laboratory sheet: values that count as a limit, that belong to no exam, or whose test is not known."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from ..model import Finding, LabHistory, LabValue, finding
from .lab_notes import FINDING, NOTE_KINDS, OTHER_TEST
from .lab_tests import LAB_TESTS, nearest_test
from .labs import MAX_DAYS, labs_for

NEEDED = ("m_protein",)  # the response model's own test: without it at an exam the probability rests on the fat fraction alone
_LABELS = {test.key: test.label_en for test in LAB_TESTS}
_FINDINGS = {kind.key: kind.label_en for kind in NOTE_KINDS if kind.group == FINDING}


def about_limits(history: LabHistory) -> tuple[Finding, ...]:
    """The rule by which each censored value counts."""
    return tuple(
        finding(
            f"laboratory.{value.censored.replace(' ', '_')}",
            test=_LABELS[value.test], date=value.date, given=value.given, value=value.value, unit=value.unit,
        )
        for value in history.values
        if value.censored
    )  # fmt: skip


def about_unknown_tests(history: LabHistory) -> tuple[Finding, ...]:
    """Each test that is not known, once; with the known one that its name resembles."""
    told = []
    for name in dict.fromkeys(note.name for note in history.notes if note.kind == OTHER_TEST):
        near = nearest_test(name)
        told.append(
            finding("laboratory.misspelt_test", test=name, meant=near.label_en) if near else finding("laboratory.unknown_test", test=name)
        )
    return tuple(told)


def about_distance(history: LabHistory, exams: Mapping[str, datetime.date]) -> tuple[Finding, ...]:
    """Values and findings too far from every exam, by date; and an exam that lacks the M protein for that reason.

    Parameters
    ----------
    history : LabHistory
    exams : mapping of str to date
        Label of the exam to its date.
    """
    if not exams:
        return ()
    far: dict[datetime.date, list[str]] = {}
    for date, name in (*((v.date, _LABELS[v.test]) for v in history.values), *_dated_findings(history)):
        if min(abs((date - exam).days) for exam in exams.values()) > MAX_DAYS:
            far.setdefault(date, []).append(name)
    told = [each for test in NEEDED for each in _without(test, history.values, exams)]
    for date, names in sorted(far.items()):
        days, label = min((abs((date - exam).days), label) for label, exam in exams.items())
        tests = tuple(dict.fromkeys(names))
        told.append(finding("laboratory.far_from_exams", date=date, exam=label, days=days, most=MAX_DAYS, tests=tests))
    return tuple(told)


def _dated_findings(history: LabHistory) -> list[tuple[datetime.date, str]]:
    return [(note.date, _FINDINGS[note.kind]) for note in history.notes if note.kind in _FINDINGS]


def _without(test: str, values: Iterable[LabValue], exams: Mapping[str, datetime.date]) -> list[Finding]:
    """What to tell of each exam without a value of a test of which the sheet holds one that no exam has."""
    values = [value for value in values if value.test == test]
    found = labs_for(values, list(exams.values()))
    free = [value for value in values if not any(own.get(test) is value for own in found)]
    told = []
    for (label, exam), own in zip(exams.items(), found):
        if free and test not in own:
            nearest = min(free, key=lambda value: abs((value.date - exam).days))
            days = abs((nearest.date - exam).days)
            told.append(finding("laboratory.exam_without", test=_LABELS[test], exam=label, date=nearest.date, days=days, most=MAX_DAYS))
    return told
