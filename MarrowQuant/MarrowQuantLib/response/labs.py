"""Read a laboratory sheet (CSV) and give each exam the values that belong to it.

Nothing is skipped silently: a line that cannot be understood stops the reading with its number and the remedy, because a missing or
misread value would become a wrong probability.
"""

from __future__ import annotations

import csv
import datetime
import io
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..io.textfiles import decoded
from ..model import LabHistory, LabNote, LabValue, MarrowQuantError
from .lab_entry import NUMBER, Entry, entry_name, read_date, read_entry
from .lab_tests import LAB_TESTS

HEADER = ("date", "test", "value", "unit")
MAX_DAYS = 28  # our choice: within one usual cycle of therapy
_EXAMPLE = "'date,test,value,unit', for example '2025-01-14,M protein,38.0,g/L'"


def read_labs(path: Path) -> list[LabValue]:
    """The numbers of a laboratory sheet, in its order; see :func:`read_history`."""
    return list(read_history(path).values)


def read_history(path: Path) -> LabHistory:
    """Read a laboratory sheet.

    Parameters
    ----------
    path : Path
        CSV with the header ``date,test,value,unit`` (columns in any order), comma-separated, decimal point, dates as YYYY-MM-DD or
        YYYY/MM/DD; UTF-8 with or without byte-order mark, else Shift-JIS (code page 932). Full-width characters are accepted.

    Returns
    -------
    LabHistory
        ``values`` in the order of the sheet, converted to the canonical unit of each test (``test`` is the key in ``LAB_TESTS``);
        ``notes`` without a number: findings, covariates, events (``lab_notes``).

    Raises
    ------
    MarrowQuantError
        With the line number and the remedy: missing header, unknown test or unit, impossible value, decimal comma, bad or future date,
        two values of a test on one date, a cell that a spreadsheet would run as a formula, empty file.
    """
    path = Path(path)
    rows = _rows(_text(path), path.name)
    columns = _columns(rows, path.name)
    entries: list[Entry] = []
    seen: dict[tuple[str, datetime.date], int] = {}
    for line, cells in rows[1:]:
        where = f"Line {line} of {path.name}"
        if len(cells) != len(HEADER):
            raise MarrowQuantError(
                f"{where} has {len(cells)} cells instead of {len(HEADER)}; if a number was written with a decimal comma, write 38.5 "
                "instead of 38,5."
            )
        entry = _entry({name: cells[columns[name]] for name in HEADER}, where)
        name = entry_name(entry)
        earlier = seen.setdefault((name, entry.date), line)
        if earlier != line:
            raise MarrowQuantError(
                f"{where} repeats the test of line {earlier} on the same date ({name}, {entry.date}); keep the one that is right."
            )
        entries.append(entry)
    if not entries:
        raise MarrowQuantError(f"{path.name} has a header but no value; add lines such as {_EXAMPLE}, or leave the sheet out.")
    values = tuple(entry for entry in entries if isinstance(entry, LabValue))
    notes = tuple(entry for entry in entries if isinstance(entry, LabNote))
    return LabHistory(values, notes)


def questions_about(values: Iterable[LabValue]) -> tuple[str, ...]:
    """A sentence for every value that is possible but so rare that it should be looked at again."""
    tests = {test.key: test for test in LAB_TESTS}
    return tuple(
        f"{tests[v.test].label_en} {v.given or f'{v.value:g} {v.unit}'} on {v.date} is unusual (mostly {tests[v.test].ask[0]:g} to "
        f"{tests[v.test].ask[1]:g} {v.unit}); is the value right, and its unit?"
        for v in values
        if v.test in tests and not tests[v.test].ask[0] <= v.value <= tests[v.test].ask[1]
    )


def labs_for(labs: Sequence[LabValue], exam_dates: Sequence[datetime.date], max_days: int = MAX_DAYS) -> list[dict[str, LabValue]]:
    """The laboratory values of each exam: of every test the one nearest in time, at most ``max_days`` away.

    A value belongs only to the exam it is nearest to (the earlier one if equally near), so that one value cannot serve as both baseline
    and follow-up.

    Returns
    -------
    list of dict
        One for each date, in the order given: test key to value. A test without a value near enough is absent.
    """
    chosen: list[dict[str, LabValue]] = [{} for _ in exam_dates]
    if not exam_dates:
        return chosen
    for value in labs:
        days, _, n = min((abs((value.date - date).days), date, n) for n, date in enumerate(exam_dates))
        current = chosen[n].get(value.test)
        if days <= max_days and (current is None or _nearness(value, exam_dates[n]) < _nearness(current, exam_dates[n])):
            chosen[n][value.test] = value
    return chosen


def _nearness(value: LabValue, date: datetime.date) -> tuple[int, datetime.date]:
    return abs((value.date - date).days), value.date


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError:
        raise MarrowQuantError(f"The laboratory sheet {path.name} cannot be read; check that it exists and may be read.") from None
    text = decoded(raw, ("utf-8-sig", "cp932"))
    if text is None:
        raise MarrowQuantError(f"{path.name} is not a text file in UTF-8 or Shift-JIS; save the sheet as 'CSV UTF-8'.")
    return text


def _rows(text: str, name: str) -> list[tuple[int, list[str]]]:
    """Line number and normalised cells of every line that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error:
        raise MarrowQuantError(
            f"Line {reader.line_num} of {name} is not valid CSV (a quotation mark is probably not closed); save the sheet as CSV again."
        ) from None
    if not rows:
        raise MarrowQuantError(f"{name} is empty; it needs the header {_EXAMPLE}.")
    return rows


def _columns(rows: Sequence[tuple[int, Sequence[str]]], name: str) -> dict[str, int]:
    header = [unicodedata.normalize("NFKC", cell).casefold() for cell in rows[0][1]]
    if sorted(header) == sorted(HEADER):
        return {word: header.index(word) for word in HEADER}
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            raise MarrowQuantError(f"{name} is separated by {word}; save it as CSV with commas between the cells and decimal points.")
    raise MarrowQuantError(f"{name} does not begin with the header {_EXAMPLE}; add it as the first line.")


def _entry(cells: dict[str, str], where: str) -> Entry:
    for cell in cells.values():
        if cell[:1] in {"=", "+", "@"} or (cell[:1] == "-" and not NUMBER.fullmatch(cell)):
            raise MarrowQuantError(f"{where} holds a cell that a spreadsheet would run as a formula; write plain text and numbers only.")
    date = read_date(cells["date"], where)
    return read_entry(cells["test"], cells["value"], cells["unit"], date, where)
