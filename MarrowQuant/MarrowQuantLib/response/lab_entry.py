"""One laboratory entry from what a person wrote, in a line of the sheet or in a cell of the panel: one set of rules for both.

Whatever is refused is refused with a sentence that begins with ``where`` ("Line 4 of labs.csv"), if that is given.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Union

from ..model import LabNote, LabValue, MarrowQuantError
from .lab_notes import COVARIATE, MAX_TEXT, NOTE_KINDS, NoteKind, find_note, read_value
from .lab_tests import LAB_TESTS, LabTest, find_test

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
Entry = Union[LabValue, LabNote]

_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_CELL = re.compile(r"(\S*?\d[\d.,．，]*(?:[eE][+-]?\d+)?)\s*(.*)")  # what is meant as a number, and the unit behind it
_FIRST_DATE = datetime.date(1980, 1, 1)  # our choice: before MRI of the marrow, so a typing error


def read_entry(name: str, value: str, unit: str, date: datetime.date, where: str = "") -> Entry:
    """A value or a note, whichever ``name`` means.

    Parameters
    ----------
    name : str
        Name of a test, or the kind of a note with its free name ("cytogenetics t(4;14)").
    value, unit : str
        As written; a test needs a unit, a note has none.
    date : date
    where : str
        Begins the sentence of a refusal.

    Raises
    ------
    MarrowQuantError
        If the name or the unit is not known, or the value is no number, impossible or not one of the kind's words.
    """
    note = None if find_test(name) else find_note(name)
    if note is not None:
        return _note(*note, value, unit, date, where)
    test = find_test(name)
    if test is None:
        known = ", ".join(entry.label_en for entry in (*LAB_TESTS, *NOTE_KINDS))
        raise _refused(where, f"the test '{name}' is not known; use one of {known}, or remove the line.")
    return _value(test, value, unit, date, where)


def read_cell(text: str, test: LabTest, date: datetime.date, unit: str = "") -> LabValue:
    """A value typed into one cell: "38", in ``unit`` or else in the test's canonical unit, or with a unit of its own: "3.8 g/dL".

    Raises
    ------
    MarrowQuantError
        As :func:`read_entry`.
    """
    match = _CELL.fullmatch(text.strip())
    number, own_unit = match.groups() if match else (text.strip(), "")
    return _value(test, number, own_unit or unit or test.unit, date, "")


def read_date(text: str, where: str = "") -> datetime.date:
    """A date as YYYY-MM-DD or YYYY/MM/DD, between 1980 and today.

    Raises
    ------
    MarrowQuantError
        If it is another text, or outside this span.
    """
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    try:
        date = datetime.date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        date = None
    if date is None:
        raise _refused(where, f"the date '{text}' is not understood; write it as YYYY-MM-DD.")
    if not _FIRST_DATE <= date <= datetime.date.today():
        raise _refused(where, f"the date {date} is in the future or before 1980; correct it.")
    return date


def entry_name(entry: Entry) -> str:
    """What may stand only once on one date: the test's key, or the note's kind with its free name."""
    return entry.test if isinstance(entry, LabValue) else f"{entry.kind} {entry.name}".strip()


def _value(test: LabTest, written: str, unit: str, date: datetime.date, where: str) -> LabValue:
    factor = test.factor(unit)
    if factor is None:
        units = " or ".join(test.factors)
        raise _refused(where, f"the unit '{unit}' is not known for {test.label_en}; give the value in {units}.")
    value = _number(written, test, where) * factor
    if not test.low <= value <= test.high:
        limits = f"{test.low:g} to {test.high:g} {test.unit}"
        raise _refused(where, f"{test.label_en} {written} {unit} is not possible (expected {limits}); check the number and the unit.")
    return LabValue(test.key, value, test.unit, date, f"{written} {unit}")


def _number(written: str, test: LabTest, where: str) -> float:
    text = unicodedata.normalize("NFKC", written)  # full-width digits, as Japanese input methods write them
    if NUMBER.fullmatch(text):
        return float(text)
    if "," in text:
        raise _refused(where, f"'{written}' holds a comma; write the number with a decimal point and without thousands separator.")
    raise _refused(where, f"the value '{written}' of {test.label_en} is not a number; write a plain number such as 38.5.")


def _note(kind: NoteKind, name: str, written: str, unit: str, date: datetime.date, where: str) -> LabNote:
    if kind.group == COVARIATE and not 0 < len(name) <= MAX_TEXT:
        raise _refused(where, f"{kind.label_en} needs a name of at most {MAX_TEXT} letters behind it: '{kind.key} t(4;14)'.")
    if unit:
        raise _refused(where, f"{kind.label_en} takes no unit; leave the unit '{unit}' out.")
    value = read_value(kind, written)
    if value is None:
        wanted = " or ".join(kind.values) or f"a word or two, at most {MAX_TEXT} letters"
        raise _refused(where, f"the value '{written[:MAX_TEXT]}' of {kind.label_en} is not understood; write {wanted}.")
    return LabNote(kind.key, name, value, date)


def _refused(where: str, what: str) -> MarrowQuantError:
    """The error with its place, or as a sentence of its own."""
    return MarrowQuantError(f"{where}: {what}" if where else what[0].upper() + what[1:])
