"""Excel workbooks (.xlsx) as rows of text; the package openpyxl is asked for when the first one is read."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any, Optional

from ..model import Finding, MarrowQuantError, finding
from .packages import need

_LARGEST_UNPACKED = 500_000_000  # bytes; our choice: a small file that unpacks to more is an attack or no sheet that people make
_MOST_ROWS = 200_000  # our choice
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # compound file, [MS-CFB] 2.2: .xls, and .xlsx with a password
_ERRORS = frozenset(("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!"))  # ECMA-376-1, 18.17.3; "#N/A" is a missing value

Row = tuple[int, list[str]]


def is_workbook(raw: bytes) -> bool:
    """True for the bytes of any Excel file, of an old one too."""
    return raw.startswith((b"PK\x03\x04", _OLD_EXCEL))


def workbook_rows(raw: bytes, name: str, is_header: Optional[Callable[[Sequence[str]], bool]]) -> tuple[list[Row], list[Finding]]:
    """Row number and cells of every row that is not empty, and notes.

    Of several sheets the first one is taken that has a header, else the first that is filled; the others are told.

    Raises
    ------
    MarrowQuantError
        If it is an old or a locked workbook, cannot be read, or openpyxl is not installed.
    """
    if raw.startswith(_OLD_EXCEL):
        raise MarrowQuantError(
            "{file} is a workbook of an old Excel (.xls) or has a password; save it as .xlsx without one, or as 'CSV UTF-8'.", file=name
        )
    openpyxl = need("openpyxl", f"Excel workbooks such as {name} (or save the sheet as 'CSV UTF-8')")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _LARGEST_UNPACKED:
                raise MarrowQuantError("{file} unpacks to more than 500 MB, which no such sheet does; save it as 'CSV UTF-8'.", file=name)
        shown, formulas = (openpyxl.load_workbook(io.BytesIO(raw), data_only=values, keep_links=False) for values in (True, False))
        sheets = [_sheet_rows(sheet, formulas[sheet.title], name) for sheet in shown.worksheets if sheet.sheet_state == "visible"]
    except MarrowQuantError:
        raise
    except Exception as error:  # openpyxl lets many kinds through for a damaged workbook
        raise MarrowQuantError(
            "{file} cannot be read as an Excel workbook ({kind}); save it as 'CSV UTF-8'.", file=name, kind=type(error).__name__
        ) from None
    filled = [rows for rows in sheets if rows]
    if not filled:
        return [], []
    fits = [rows for rows in filled if is_header and any(is_header(cells) for _, cells in rows[:20])]
    others = [finding("sheet.other_sheets", file=name, n=len(filled) - 1)] if len(filled) > 1 else []
    return (fits or filled)[0], others


def _sheet_rows(sheet: Any, formulas: Any, name: str) -> list[Row]:
    if sheet.max_row > _MOST_ROWS:
        raise MarrowQuantError("{file} has more than {n} rows, which no such sheet has; save the part meant.", file=name, n=_MOST_ROWS)
    rows, above = [], _merged_down(sheet)
    for number, cells in enumerate(sheet.iter_rows(), 1):
        texts = [_text(cell) for cell in cells]
        for cell, text in zip(cells, texts):
            if (not text and formulas.cell(cell.row, cell.column).data_type == "f") or text in _ERRORS:
                raise MarrowQuantError(
                    "Row {line} of {file} holds a formula without a value; open and save it in Excel.", line=number, file=name
                )
        if any(texts):
            rows.append((number, [text or above.get(cell.coordinate, "") for cell, text in zip(cells, texts)]))
    width = max((n + 1 for _, texts in rows for n, text in enumerate(texts) if text), default=0)
    return [(number, texts[:width]) for number, texts in rows]


def _merged_down(sheet: Any) -> dict[str, str]:
    """Text of the cells that are merged with the one above, as a date that stands once for all its lines; by their coordinates."""
    columns = [merged for merged in sheet.merged_cells.ranges if merged.min_col == merged.max_col]
    return {
        sheet.cell(row, merged.min_col).coordinate: _text(sheet.cell(merged.min_row, merged.min_col))
        for merged in columns
        for row in range(merged.min_row + 1, merged.max_row + 1)
    }


def _text(cell: Any) -> str:
    """What the person sees in the cell, with dates as YYYY-MM-DD and numbers with all their digits."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        percent = "%" in cell.number_format
        return f"{value * 100:.12g}%" if percent else f"{value:.15g}"
    return " ".join(str(value).split())
