"""Read a laboratory sheet and give each exam the values that belong to it.

Nothing is skipped silently: lines that cannot be understood stop the reading, all at once with their numbers and remedies, because a
missing or misread value would become a wrong probability. What is not used (a test that is not known, a line without a value) is told.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Optional

from ..io.sheets import Sheet, find_columns, fold_heading, read_sheet
from ..io.textfiles import listed
from ..model import Finding, LabHistory, LabNote, LabValue, MarrowQuantError, finding
from .lab_dates import order_in, parse_date
from .lab_entry import VANISHING, Entry, entry_name, read_date, read_entry
from .lab_notes import MAX_TEXT, OTHER_TEST, find_note
from .lab_numbers import POINT, folded, is_no_value, may_mean_not_done, read_written, style_in
from .lab_tests import LAB_TESTS, find_test

HEADER = ("date", "test", "value", "unit")
MAX_DAYS = 28  # our choice: within one usual cycle of therapy
_COLUMNS = {
    "date": ("日付", "検査日", "採取日", "採血日", "実施日", "測定日", "検体採取日", "採取日時", "検査日時", "日時", "年月日",
             "検査年月日", "sample date", "test date",
             "collection date", "date of test", "date collected", "collected", "collection time", "date/time", "datetime", "datum",
             "day"),
    "test": ("検査", "検査項目", "項目", "項目名", "検査名", "検査名称", "検査項目名", "項目名称", "test name", "analyte",
             "parameter", "item", "analysis", "lab test",
             "laboratory test", "test/item", "analyse", "examination"),
    "value": ("値", "結果", "結果値", "検査値", "検査結果", "測定値", "数値", "result", "results", "test result", "result value",
              "value/result", "wert",
              "ergebnis", "valeur", "résultat"),
    "reference": ("基準値", "基準範囲", "基準値範囲", "正常値", "正常範囲", "参考値", "reference range", "reference interval",
                  "reference values", "ref", "ref range",
                  "ref interval", "normal range", "normal values", "normal", "range", "referenzbereich", "normbereich"),
    "unit": ("単位", "units", "unit of measure", "uom", "einheit", "unité", "result unit"),
}  # fmt: skip
_WHOSE = {
    "patient": ("patient id", "patient no", "patient number", "patient name", "patient code", "patient identifier", "pid", "mrn",
                "medical record number", "subject", "subject id", "case", "case id", "name", "id", "patienten-id", "patientennummer",
                "患者", "患者番号", "患者名", "患者氏名", "患者id", "氏名", "名前", "カルテ番号", "診察券番号", "登録番号",
                "症例", "症例番号", "被験者", "被験者番号", "生年月日", "birth date", "date of birth", "dob", "geburtsdatum"),
}  # fmt: skip
_EXAMPLE = "'date,test,value,unit', for example '2025-01-14,M protein,38.0,g/L'"
_MOST_FAULTS = 20  # lines named in one refusal
_RANGE = re.compile(
    r"[(\[]?(?:\s*(?:[<>≤≥]=?|[-–—~〜]|to|以上|以下|未満)?\s*\d[\d.,]*\s*(?:以上|以下|未満)?){1,2}\s*[)\]]?\s*[a-zA-Zμ%^0-9²³⁶⁹*/.]{0,16}\s*[)\]]?"
)
"""A reference range: one or two numbers with signs, and a unit; free text could name a person."""


class _Line(NamedTuple):
    """One value of the sheet as written."""

    line: int
    date: str
    test: str
    value: str
    unit: str
    reference: str = ""


def read_labs(path: Path) -> list[LabValue]:
    """The numbers of a laboratory sheet, in its order; see :func:`read_history`."""
    return list(read_history(path).values)


def read_history(path: Path) -> LabHistory:
    """Read a laboratory sheet.

    Parameters
    ----------
    path : Path
        A table (``io.sheets.read_sheet``: CSV in any encoding, or .xlsx) with one value a line under the headings ``date,test,value,unit``
        in any order, in English or Japanese; or with one line a date and one column a test; or with one line a test and one column a date.
        Dates as ``lab_dates``, values as ``lab_numbers`` says.

    Returns
    -------
    LabHistory
        ``values`` in the order of the sheet, converted to the canonical unit of each test (``test`` is the key in ``LAB_TESTS``);
        ``notes`` without a number: findings, covariates, events (``lab_notes``), and tests that are not known; ``findings`` on what was
        passed over.

    Raises
    ------
    MarrowQuantError
        With the line numbers and the remedies of all faults at once: unknown unit, impossible value, bad or future date, two different
        values of a test on one date, a cell that a spreadsheet would run as a formula; or for a sheet without header or values.
    """
    path = Path(path)
    sheet = read_sheet(path, "laboratory sheet", is_header=_is_header)
    lines, remarks = _lines_of(sheet)
    order = order_in(line.date for line in lines)
    style = style_in(line.value for line in lines) or (POINT if sheet.separator != ";" else "")
    entries: list[tuple[int, Entry]] = []
    empty: list[_Line] = []
    unread: list[int] = []
    faults: dict[int, MarrowQuantError] = {}
    for line in lines:
        try:
            entry = _entry(line, order, style)
        except MarrowQuantError as fault:
            faults.setdefault(line.line, fault)
            continue
        if entry is None:
            empty.append(line)
        elif isinstance(entry, LabValue) and line.reference:
            found = _range(line)
            entries.append((line.line, replace(entry, reference=found)))
            unread += [] if found else [line.line]
        else:
            entries.append((line.line, entry))
    kept = _without_repeats(entries, faults)
    if faults:
        raise _all_faults(faults, path.name)
    if not kept:
        raise MarrowQuantError(
            "{file} has a header but no value; add lines such as {example}, or leave the sheet out.", file=path.name, example=_EXAMPLE
        )
    if empty:
        remarks.append(finding("laboratory.no_value", n=len(empty), lines=listed(line.line for line in empty)))
    if unread:
        remarks.append(finding("laboratory.range_unread", n=len(unread), lines=listed(unread)))
    if order:
        remarks.append(finding("laboratory.date_order", order=order))
    values = tuple(entry for entry in kept if isinstance(entry, LabValue))
    notes = tuple(entry for entry in kept if isinstance(entry, LabNote))
    return LabHistory(values, notes, (*sheet.findings, *remarks))


def questions_about(values: Iterable[LabValue]) -> tuple[Finding, ...]:
    """A sentence for every value that is possible but so rare that it should be looked at again."""
    tests = {test.key: test for test in LAB_TESTS}
    return tuple(
        finding(
            "labs.unusual",
            test=tests[v.test].label_en, given=v.given or f"{v.value:g} {v.unit}", date=v.date,
            low=tests[v.test].ask[0], high=tests[v.test].ask[1], unit=v.unit,
        )
        for v in values
        if v.test in tests and not tests[v.test].ask[0] <= v.value <= tests[v.test].ask[1]
    )


def labs_for(
    labs: Sequence[LabValue], exam_dates: Sequence[Optional[datetime.date]], max_days: int = MAX_DAYS
) -> list[dict[str, LabValue]]:
    """The laboratory values of each exam: of every test the one nearest in time, at most ``max_days`` away.

    A value belongs only to the exam it is nearest to (the earlier one if equally near), so that one value cannot serve as both baseline
    and follow-up.

    Returns
    -------
    list of dict
        One for each date, in the order given: test key to value. A test without a value near enough is absent.
    """
    chosen: list[dict[str, LabValue]] = [{} for _ in exam_dates]
    known = [(n, date) for n, date in enumerate(exam_dates) if date]
    for value in labs if known else ():
        days, date, n = min((abs((value.date - date).days), date, n) for n, date in known)
        current = chosen[n].get(value.test)
        if days <= max_days and (current is None or _nearness(value, date) < _nearness(current, date)):
            chosen[n][value.test] = value
    return chosen


def _nearness(value: LabValue, date: datetime.date) -> tuple[int, datetime.date]:
    return abs((value.date - date).days), value.date


def _is_header(cells: Sequence[str]) -> bool:
    """True for the header of any of the three forms."""
    found = find_columns(cells, _COLUMNS)
    if {"date", "test", "value"} <= found.keys():
        return True
    dates = sum(parse_date(cell) is not None for cell in cells)
    tests = sum(find_test(cell) is not None for cell in cells)
    return ("test" in found and dates > 0) or ("date" in found and tests > 0)


def _refuse_two_patients(sheet: Sheet, used: set[int]) -> None:
    """Raise if a column that says whose a line is names more than one patient; numbers that count the lines are none."""
    for place, heading in enumerate(sheet.header):
        if place in used or not find_columns([heading], _WHOSE):
            continue
        written = [str(parse_date(row[place]) or fold_heading(row[place]).lstrip("0")) for row in sheet.rows]
        whose = [text for text in written if text]
        are_lines = len(whose) > 2 and whose[0].isdigit() and whose == [str(int(whose[0]) + n) for n in range(len(sheet.rows))]
        if len(set(whose)) > 1 and not are_lines:
            raise MarrowQuantError(
                "{file} holds the values of {n} patients by its column '{column}'; keep the lines of one.",
                file=sheet.name, n=len(set(whose)), column=heading[:MAX_TEXT],
            )  # fmt: skip


def _lines_of(sheet: Sheet) -> tuple[list[_Line], list[Finding]]:
    """One line for every value, from any of the three forms, and what was passed over."""
    found = find_columns(sheet.header, _COLUMNS)
    if {"date", "test", "value"} <= found.keys():
        names = (*HEADER, "reference")
        lines = [_Line(n, *(row[found[name]] if name in found else "" for name in names)) for n, row in zip(sheet.lines, sheet.rows)]
        return lines, _unused(sheet, set(found.values()))
    dated = {n: cell for n, cell in enumerate(sheet.header) if parse_date(cell) is not None}
    tests = {n: cell for n, cell in enumerate(sheet.header) if find_test(cell) is not None}
    if "test" in found and dated:  # one line a test, one column a date
        name, unit, reference = found["test"], found.get("unit"), found.get("reference")
        lines = [
            _Line(n, date, row[name], row[place], "" if unit is None else row[unit], "" if reference is None else row[reference])
            for n, row in zip(sheet.lines, sheet.rows)
            for place, date in dated.items()
        ]
        return _filled(lines), _unused(sheet, {*dated, name, *(place for place in (unit, reference) if place is not None)})
    if "date" in found and tests:  # one line a date, one column a test
        date = found["date"]
        lines = [_Line(n, row[date], test, row[place], "") for n, row in zip(sheet.lines, sheet.rows) for place, test in tests.items()]
        return _filled(lines), _unused(sheet, {*tests, date})
    raise MarrowQuantError(
        "{file} does not begin with the header {example}; add it as the first line. 検査日, 項目, 結果, 単位 are understood too.",
        file=sheet.name,
        example=_EXAMPLE,
    )


def _filled(lines: Sequence[_Line]) -> list[_Line]:
    """Without empty cells, which mean in a table of dates and tests that it was not done on that day."""
    return [line for line in lines if not is_no_value(line.value)]


def _unused(sheet: Sheet, used: set[int]) -> list[Finding]:
    _refuse_two_patients(sheet, used)
    others = [heading for n, heading in enumerate(sheet.header) if n not in used]
    columns = listed(heading[:MAX_TEXT] for heading in others)
    return [finding("laboratory.columns_unused", file=sheet.name, columns=columns)] if others else []


def _entry(line: _Line, order: str, style: str) -> Optional[Entry]:
    """The value or the note of a line; None where the line says that there is none."""
    for cell in line[1:]:
        text = folded(cell)
        if text.startswith(("=", "@", "+", "-")) and text not in {"-", "+", "--"} and read_written(cell) is None:
            raise MarrowQuantError("It holds a cell that a spreadsheet would run as a formula; write plain text and numbers only.")
    date = read_date(line.date, order)
    test = find_test(line.test)
    if test is None and find_note(line.test) is None:
        return _unknown(line, date)
    if test is not None and (is_no_value(line.value) or (may_mean_not_done(line.value) and test.key not in VANISHING)):
        return None
    return read_entry(line.test, line.value, line.unit, date, style)


def _range(line: _Line) -> str:
    """The reference range with its unit; empty if it is none."""
    text = "".join(letter if letter in "²³⁶⁹" else unicodedata.normalize("NFKC", letter) for letter in line.reference).strip()
    if len(text) > MAX_TEXT or not _RANGE.fullmatch(text):
        return ""
    return text if re.search("[a-zA-Z%]", text) else f"{text} {line.unit}".strip()


def _unknown(line: _Line, date: datetime.date) -> LabNote:
    """A test that is not known: kept, and named among the remarks on the exams."""
    if not line.test:
        raise MarrowQuantError("It names no test; write which test the value is of, or remove the line.")
    return LabNote(OTHER_TEST, line.test[:MAX_TEXT], f"{line.value} {line.unit}".strip()[:MAX_TEXT], date)


def _without_repeats(entries: Sequence[tuple[int, Entry]], faults: dict[int, MarrowQuantError]) -> list[Entry]:
    """Each entry once; two different ones of a name and date are a fault."""
    kept: list[Entry] = []
    seen: dict[tuple[str, datetime.date], tuple[int, Entry]] = {}
    for line, entry in entries:
        key = entry_name(entry), entry.date
        earlier, other = seen.setdefault(key, (line, entry))
        if other is entry:
            kept.append(entry)
        elif _content(entry) != _content(other):
            faults[line] = MarrowQuantError(
                "It repeats the test of line {earlier} on the same date ({name}, {date}) with another value; keep the one that is right.",
                earlier=earlier, name=key[0], date=entry.date,
            )  # fmt: skip
    return kept


def _content(entry: Entry) -> tuple[object, ...]:
    return (entry.value, entry.censored) if isinstance(entry, LabValue) else (entry.value,)


def _all_faults(faults: dict[int, MarrowQuantError], name: str) -> MarrowQuantError:
    told = [MarrowQuantError("Line {line}: {fault}", line=line, fault=fault) for line, fault in sorted(faults.items())]
    if len(told) == 1:
        ((line, fault),) = faults.items()
        return MarrowQuantError("Line {line} of {file}: {fault}", line=line, file=name, fault=fault)
    return MarrowQuantError("{n} lines of {file} cannot be used. {faults}", n=len(told), file=name, faults=_Together(told[:_MOST_FAULTS]))


class _Together:
    """Sentences one behind the other, in the reader's language."""

    def __init__(self, errors: Sequence[MarrowQuantError]) -> None:
        self._errors = tuple(errors)

    def in_language(self, language: str) -> str:
        return " ".join(error.in_language(language) for error in self._errors)
