"""Cells of a table that people typed: numbers as they are written in different countries, missing values, spreadsheet formulas."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..io.textfiles import starts_formula
from ..results.measurements import cell as report_cell

NO_VALUE = frozenset(
    ("", "na", "n/a", "n.a.", "nan", "null", "none", ".", "#n/a", "#nv", "#n/d", "#null!", "<na>", "nat", "missing", "unknown", "-", "--",
     "?", "欠測", "欠損", "不明", "未測定", "未実施")
)  # fmt: skip
"""Words for a missing value, in lower case: "." is SAS's and Stata's, "#N/A" Excel's ("#NV" in German, "#N/D" in French and Spanish),
"<NA>" R's and pandas', "NaT" pandas', "?" that of Weka."""

_SMALLEST, _LARGEST = 1e-30, 1e30  # their squares and products still fit into double precision (our choice)
_POINT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?")
_MINUS = str.maketrans({"−": "-", "\N{EN DASH}": "-", "\N{HYPHEN}": "-", "\N{NO-BREAK SPACE}": "", "\N{NARROW NO-BREAK SPACE}": ""})


class BadCell(Exception):
    """Why a cell is not a number, and what to do; the caller adds the place."""


def parse_number(cell: str, decimal_comma: bool = False) -> float:
    """A number as it is written with a decimal point (or comma); full-width digits and true minus signs are understood.

    Raises
    ------
    BadCell
        If it is anything else, such as "<0.1", "12 g/L", a thousands separator, or infinity.
    """
    text = unicodedata.normalize("NFKC", cell).translate(_MINUS).strip()
    if (_COMMA if decimal_comma else _POINT).fullmatch(text):
        value = float(text.replace(",", "."))
        if value == 0 or _SMALLEST <= abs(value) <= _LARGEST:
            return value
        raise BadCell(f"'{_short(cell)}' is too far from 1 to be computed with; correct it, or write the column in another unit")
    if "," in text or (decimal_comma and "." in text):
        raise BadCell(f"'{_short(cell)}' mixes decimal comma and point, or has a thousands separator; write plain numbers in one way")
    raise BadCell(f"'{_short(cell)}' is not a number; correct it, or leave the cell empty if the value is not known")


def is_formula(cell: str) -> bool:
    """True for a cell that a spreadsheet would run: it begins with =, +, - or @ (full-width too) and is not a number."""
    text = unicodedata.normalize("NFKC", cell).strip()
    return starts_formula(text) and not (_POINT.fullmatch(text) or _COMMA.fullmatch(text) or text in {"-", "+", "--"})


def safe_cell(value: Any) -> str:
    """A value as a cell that no spreadsheet runs, see :func:`report.tables.cell`; whole numbers keep all digits."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return str(int(value)) if isinstance(value, (int, np.integer)) else report_cell(value)


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], *, decimal_comma: bool = False) -> Path:
    """Write a CSV for spreadsheets: UTF-8 with byte-order mark; with ``decimal_comma`` 12,5 and semicolons, as a comma locale reads it."""
    with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";" if decimal_comma else ",")
        writer.writerow([safe_cell(name) for name in header])
        for row in rows:
            writer.writerow([_localised(value, decimal_comma) for value in row])
    return Path(path)


def _localised(value: Any, decimal_comma: bool) -> str:
    cell = safe_cell(value)
    return cell.replace(".", ",") if decimal_comma and isinstance(value, (float, np.floating)) else cell


def _short(cell: str) -> str:
    return cell if len(cell) <= 20 else cell[:20] + "…"
