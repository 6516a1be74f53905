"""The tables of a case as a workbook (.xlsx): one sheet a table, numbers as numbers with all their digits, units in the heads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import __version__
from ..followup.lesion_rows import lesion_rows
from ..followup.region_loads import region_loads
from ..io.packages import need
from ..model import Results
from ..results import rows
from .shown import checks_and_notes, plain_sentences
from .strings import Strings

Line = Sequence[Any]
_RUN = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula


def write_workbook(results: Results, path: Path, language: str = "en") -> Path:
    """Write the workbook.

    Parameters
    ----------
    results : Results
    path : Path
    language : {"en", "ja"}
        Of the heads and words.

    Raises
    ------
    MarrowQuantError
        If the language is not known, or openpyxl is not installed.
    """
    need("openpyxl", "tables as .xlsx")
    from openpyxl import Workbook
    from openpyxl.styles import Font

    words = Strings(language)
    book = Workbook()
    book.remove(book.active)
    for title, lines in _sheets(results, words):
        sheet = book.create_sheet(title[:31])
        for line in lines:
            sheet.append([_plain(value) for value in line])
        for head in sheet[1]:
            head.font = Font(bold=True)
        for column in sheet.columns:
            longest = max((len(str(cell.value)) for cell in column if cell.value is not None), default=8)
            sheet.column_dimensions[column[0].column_letter].width = min(max(longest + 2, 8), 70)
        sheet.freeze_panes = "B2"
    book.properties.creator = f"MarrowQuant {__version__}"
    book.save(path)
    return Path(path)


def _plain(value: Any) -> Any:
    """A number, or text that no spreadsheet runs; nothing for what is no number."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else None
    text = str(value)
    return f"'{text}" if text[:1] in _RUN else text


def _sheets(results: Results, words: Strings) -> Iterable[tuple[str, list[Line]]]:
    """Title and lines of every sheet that holds something, the heads first."""
    exams = results.exams
    yield words("summary"), _summary(results, words)
    if results.changes:
        table = rows.changes(results.changes)
        heads = [column.head(words.language) for column in table.columns]
        rest = [[_value(row[column.key], words) for column in table.columns[1:]] for row in table.rows]
        named = [[rows.label_of_change(row, words.language), row["baseline"].unit] for row in table.rows]
        yield words("change"), [[heads[0], words("unit"), *heads[1:]], *([*name, *values] for name, values in zip(named, rest))]
    for exam, found in zip(exams, rows.vertebrae(exams)):
        if found.rows:
            yield f"{words('vertebrae')} {words.plain_exam(exam.label)}", _table(found, words)
    for exam in exams:
        if exam.burden is not None and exam.burden.components:
            yield f"{words('burden')} {words.plain_exam(exam.label)}", _table(rows.components(exam.burden.components), words)
    regions = region_loads(results)
    if regions:
        yield words("regions"), _region_sheet(rows.region_loads(regions), len(exams) > 1, words)
    lesions = lesion_rows(results)
    if lesions:
        yield words("lesions"), _table(rows.lesions(lesions), words)
    laboratory = rows.laboratory(exams)
    if laboratory.rows:
        lab_heads, *values = _table(laboratory, words)
        labelled = [[rows.lab_label(row, words.language), *line[1:]] for row, line in zip(laboratory.rows, values)]
        yield words("labs"), [lab_heads, *labelled]
    for title, told in zip((words("warnings"), words("to_know")), checks_and_notes(results)):
        yield title, [[title], *([text] for text in plain_sentences(told, words))]


def _summary(results: Results, words: Strings) -> list[Line]:
    lines: list[Line] = [["MarrowQuant", __version__], [words("research"), None]]
    lines += [[words.plain_exam(exam.label), words.date(exam.date)] for exam in results.exams]
    response = results.response
    if response is not None and response.probability is not None and response.interval is not None:
        lines += [[words("probability"), response.probability], [words("limits_of_probability"), *response.interval]]
        lines.append([words("name"), f"{response.model_id}: {response.label}"])
    return lines


def _region_sheet(found: rows.Table, two_exams: bool, words: Strings) -> list[Line]:
    """The region table without what needs a second exam where there is none."""
    columns = [c for c in found.columns if two_exams or c.key == "region" or c.key.endswith(rows.BEFORE)]
    columns = [c for c in columns if f"{c.key}{rows.BEFORE}" not in {other.key for other in found.columns}]
    return _table(replace(found, columns=tuple(columns)), words)


def _table(found: rows.Table, words: Strings) -> list[Line]:
    lines: list[Line] = [[column.head(words.language) for column in found.columns]]
    every = [*found.rows, *([found.mean] if found.mean else [])]
    return lines + [[_value(row[column.key], words) for column in found.columns] for row in every]


def _value(cell: rows.Cell, words: Strings) -> Any:
    """The number behind a cell, in the unit of its head; its text where it is none."""
    if cell.kind in (rows.TEXT, rows.WORD, rows.FINDING) or cell.is_word:
        return cell.text(words.language)
    if cell.value is None:
        return None
    return 100.0 * cell.value if cell.kind == rows.PERCENT else cell.value
