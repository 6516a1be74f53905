"""One laboratory entry from what a person wrote, in a line of the sheet or in a cell of the panel: one set of rules for both.

Whatever is refused is refused with a sentence; the reader of a sheet adds the line.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Union

from ..model import LabNote, LabValue, MarrowQuantError
from .lab_dates import FIRST_DATE, is_serial_number, parse_date
from .lab_notes import COVARIATE, MAX_TEXT, NOTE_KINDS, NoteKind, find_note, read_value
from .lab_numbers import NOT_DETECTED, POINT, SUPERSCRIPTS, read_written
from .lab_tests import LAB_TESTS, LabTest, find_test

Entry = Union[LabValue, LabNote]

_UNIT_PARTS = frozenset(("万", "千", "k", "%"))  # what may stand beside the number while the rest of the unit stands in its column
VANISHING = frozenset(("m_protein", "urine_m_protein", "flc_kappa", "flc_lambda", "bmpc"))
"""Tests that can be not detected: there "n.d." means that, elsewhere not done."""


def read_entry(name: str, value: str, unit: str, date: datetime.date, style: str = POINT) -> Entry:
    """A value or a note, whichever ``name`` means.

    Parameters
    ----------
    name : str
        Name of a test, or the kind of a note with its free name ("cytogenetics t(4;14)").
    value, unit : str
        As written; a test needs a unit, a note has none.
    date : date
    style : {"point", "comma", ""}
        See :func:`lab_numbers.read_written`.

    Raises
    ------
    MarrowQuantError
        If the name or the unit is not known, or the value is no number, impossible or not one of the kind's words.
    """
    note = None if find_test(name) else find_note(name)
    if note is not None:
        return _note(*note, value, unit, date)
    test = find_test(name)
    if test is None:
        known = ", ".join([*(test.label_en for test in LAB_TESTS), *(kind.label_en for kind in NOTE_KINDS)])
        raise MarrowQuantError("The test '{name}' is not known; use one of {known}, or remove the line.", name=name, known=known)
    return _value(test, value, unit or _unit_in_name(name, test), date, style)


def read_cell(text: str, test: LabTest, date: datetime.date, unit: str = "") -> LabValue:
    """A value typed into one cell: "38", in ``unit`` or else in the test's canonical unit, or with a unit of its own: "3.8 g/dL".

    Raises
    ------
    MarrowQuantError
        As :func:`read_entry`.
    """
    written = read_written(text)
    return _value(test, text.strip(), "" if written is not None and written.unit else unit or test.unit, date)


def read_date(text: str, order: str = "") -> datetime.date:
    """A date in any of the forms of ``lab_dates``, between 1980 and today.

    Raises
    ------
    MarrowQuantError
        If it is another text, or outside this span.
    """
    date = parse_date(text, order)
    if date is None and is_serial_number(text):
        raise MarrowQuantError("The date '{text}' is a spreadsheet's serial number; format the column as a date and save again.", text=text)
    if date is None:
        raise MarrowQuantError("The date '{text}' is not understood, or can mean two days; write it as YYYY-MM-DD.", text=text[:MAX_TEXT])
    if not FIRST_DATE <= date <= datetime.date.today():
        raise MarrowQuantError("The date {date} is in the future or before 1980; correct it.", date=date)
    return date


def entry_name(entry: Entry) -> str:
    """What may stand only once on one date: the test's key, or the note's kind with its free name."""
    return entry.test if isinstance(entry, LabValue) else f"{entry.kind} {entry.name}".strip()


def _value(test: LabTest, text: str, unit: str, date: datetime.date, style: str = POINT) -> LabValue:
    written = read_written(text, style)
    if written is None:
        raise _no_number(test, text)
    unit = _whole_unit(test, written.unit, unit, text)
    factor = test.factor(unit)
    if factor is None and written.censored == NOT_DETECTED and not unit:
        factor = 1.0
    if factor is None:
        units = " or ".join(known for known in test.factors if known)
        if not unit:
            raise MarrowQuantError("{test} has no unit; give the value in {units}.", test=test.label_en, units=units)
        raise MarrowQuantError(
            "The unit '{unit}' is not known for {test}; give the value in {units}.", unit=unit, test=test.label_en, units=units
        )
    if written.censored == NOT_DETECTED and test.key not in VANISHING:
        raise _no_number(test, text)
    value = written.number * factor
    if not test.low <= value <= test.high and written.censored != NOT_DETECTED:
        raise MarrowQuantError(
            "{test} {value} {unit} is not possible (expected {low:g} to {high:g} {canonical}); check the number and the unit.",
            test=test.label_en, value=text, unit=unit, low=test.low, high=test.high, canonical=test.unit,
        )  # fmt: skip
    says_all = written.censored == NOT_DETECTED or (written.unit and test.factor(written.unit) is not None)
    given = text if says_all else f"{text} {unit}".strip()
    return LabValue(test.key, value, test.unit, date, given, written.censored)


def _whole_unit(test: LabTest, beside: str, column: str, text: str) -> str:
    """The unit from beside the number and from its own column, which must not contradict each other."""
    if beside in _UNIT_PARTS and test.factor(beside) is None:
        return beside + column
    if beside and column and test.factor(beside) is None:
        raise _no_number(test, text)
    if beside and column and test.factor(beside) != test.factor(column):
        raise MarrowQuantError("'{value}' has another unit than '{unit}' beside it; leave one out.", value=text[:MAX_TEXT], unit=column)
    return beside or column


def _unit_in_name(name: str, test: LabTest) -> str:
    """The unit of the test that stands in brackets behind its name, as in "Hb (g/dL)"; empty if there is none."""
    match = re.search(r"[(\[]([^()\[\]]*)[)\]]\s*$", unicodedata.normalize("NFKC", name.translate(SUPERSCRIPTS)))
    return match[1] if match and test.factor(match[1]) is not None else ""


def _no_number(test: LabTest, text: str) -> MarrowQuantError:
    if "," in text or re.fullmatch(r"\d{1,3}\.\d{3}", text.strip()):
        return MarrowQuantError(
            "'{value}' can be read as two numbers; write it with a decimal point and without thousands separator.",
            value=text[:MAX_TEXT],
        )
    return MarrowQuantError(
        "The value '{value}' of {test} is not a number; write a plain number such as 38.5.", value=text[:MAX_TEXT], test=test.label_en
    )


def _note(kind: NoteKind, name: str, written: str, unit: str, date: datetime.date) -> LabNote:
    if kind.group == COVARIATE and not 0 < len(name) <= MAX_TEXT:
        raise MarrowQuantError(
            "{kind} needs a name of at most {n} letters behind it: '{key} t(4;14)'.", kind=kind.label_en, n=MAX_TEXT, key=kind.key
        )
    if unit.strip("-‐–— "):
        raise MarrowQuantError("{kind} takes no unit; leave the unit '{unit}' out.", kind=kind.label_en, unit=unit)
    value = read_value(kind, written)
    if value is None:
        wanted = " or ".join(kind.values) or f"a word or two, at most {MAX_TEXT} letters"
        raise MarrowQuantError(
            "The value '{value}' of {kind} is not understood; write {wanted}.", value=written[:MAX_TEXT], kind=kind.label_en, wanted=wanted
        )
    return LabNote(kind.key, name, value, date)
