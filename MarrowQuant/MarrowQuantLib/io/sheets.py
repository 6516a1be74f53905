"""Tables that people made in spreadsheets, read in one way everywhere: laboratory sheets, manifests and cohorts.

Text with commas, semicolons, tabs, bars or (as R writes it) spaces between the cells, in whichever encoding (``textfiles.decoded``), and
Excel workbooks (``workbooks``). What spreadsheets add is taken away: empty rows and columns, a ``sep=`` line, row numbers without a name.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..model import Finding, MarrowQuantError, finding
from .textfiles import decoded, listed
from .workbooks import is_workbook, workbook_rows

LARGEST_FILE = 200_000_000  # bytes; our choice: no sheet that people make is larger
UNNAMED = "unnamed_{}"  # a column with cells and without a name, by its place from 1
_HEADER_WITHIN = 20  # our choice: lines of titles that may stand above the header, where the caller knows a header when it sees one
# Characters without meaning for a table: control characters, zero-width spaces and marks, which copying from web pages and PDF leaves.
_INVISIBLE = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0x200B, 0x2010), 0x2060, 0xFEFF, 0xFFFE, 0xFFFF], " ")
_SEP_LINE = re.compile(r'\s*"?sep=(.)"?[,;\t]*\s*', re.IGNORECASE)
_SEPARATORS = ",;\t|，；、"  # the last three as a Japanese keyboard writes them

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Sheet:
    """A table of text cells.

    Attributes
    ----------
    name : str
        Of the file.
    header : tuple of str
        Names of the columns as written, without surrounding space; ``UNNAMED`` where a column with cells has none.
    rows : tuple of tuple of str
        Cells without surrounding space.
    lines : tuple of int
        Where each row stands in the file, from 1.
    separator : str
        Between cells; "" in a workbook.
    findings : tuple of Finding
        What the reader should know about how the file was read, without any cell's content.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    separator: str = ","
    findings: tuple[Finding, ...] = ()


def read_sheet(path: Path, what: str, *, is_header: Optional[Callable[[Sequence[str]], bool]] = None) -> Sheet:
    """Read a table.

    Parameters
    ----------
    path : Path
        Text or an .xlsx or .xlsm workbook.
    what : str
        What the file is meant to be, for messages: "laboratory sheet".
    is_header : callable, optional
        Knows a header when it sees one: then titles may stand above it (the first 20 lines are looked at), and of a workbook the sheet
        that has it is taken.

    Returns
    -------
    Sheet
        ``rows`` may be empty; every row is as long as the header.

    Raises
    ------
    MarrowQuantError
        If the file cannot be read, is no table, or has broken rows; all broken rows are named at once.
    """
    path = Path(path)
    raw = _bytes(path, what)
    if is_workbook(raw):
        rows, findings = workbook_rows(raw, path.name, is_header)
        separator = ""
    else:
        separator, rows, findings = _text_rows(raw, path.name, what)
    if not rows:
        raise MarrowQuantError("{file} is empty; it needs a header and at least one line below it.", file=path.name)
    start = next((n for n, (_, cells) in enumerate(rows[:_HEADER_WITHIN]) if is_header(cells)), 0) if is_header else 0
    if start:
        findings.append(finding("sheet.lines_above", file=path.name, n=start))
    return _sheet(path.name, separator, rows[start:], findings)


def _bytes(path: Path, what: str) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise MarrowQuantError("{file} is larger than 200 MB, which no {what} is; choose another file.", file=path.name, what=what)
        return path.read_bytes()
    except OSError:
        raise MarrowQuantError(
            "The {what} {file} cannot be read; check that it exists and may be read.", what=what, file=path.name
        ) from None


def _text_rows(raw: bytes, name: str, what: str) -> tuple[str, list[Row], list[Finding]]:
    """Separator, line and cells of every row that is not empty, and notes."""
    found = decoded(raw)
    if found is None:
        raise MarrowQuantError(
            "{file} is not a text file in an encoding that is known (UTF-8, UTF-16, Shift-JIS, EUC-JP, Windows-1252); save the {what} as "
            "'CSV UTF-8'.",
            file=name,
            what=what,
        )
    findings = [finding("sheet.encoding", file=name, encoding=found.encoding)] if found.is_inferred else []
    text = found.text.lstrip("\ufeff")
    first, _, rest = text.partition("\n")
    told = _SEP_LINE.fullmatch(first.rstrip("\r"))
    text, skipped = (rest, 1) if told else (text, 0)
    separator = told[1] if told else _separator(text)
    return separator, _split(text, separator, skipped, name), findings


def _separator(text: str) -> str:
    """What stands between the cells: the sign that divides the first filled line most often, spaces only if no other sign does."""
    first = next((line for line in text.splitlines() if line.strip(" " + _SEPARATORS)), "")
    counts = {sign: len(next(csv.reader([first], delimiter=sign), [])) for sign in _SEPARATORS}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] > 1 or not _is_spaced(text, first) else " "


def _is_spaced(text: str, first: str) -> bool:
    """True for a table as R's write.table makes it: quoted words with single spaces between them, the same number in every line."""
    lines = [line for line in text.splitlines() if line.strip()][:50]
    lengths = {len(next(csv.reader([line], delimiter=" "), [])) for line in lines[1:]}
    own = len(next(csv.reader([first], delimiter=" "), []))
    return own > 1 and len(lengths) == 1 and lengths <= {own, own + 1}


def _split(text: str, separator: str, skipped: int, name: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows = []
    try:
        for cells in reader:
            clean = [_clean(cell) for cell in cells]
            if any(clean):
                rows.append((reader.line_num + skipped, clean))
    except csv.Error:
        raise MarrowQuantError(
            "Line {line} of {file} is not valid CSV (is a quotation mark closed?); save the table as CSV again.",
            line=reader.line_num + skipped,
            file=name,
        ) from None
    return rows


def _clean(cell: str) -> str:
    return cell.translate(_INVISIBLE).strip()


def _sheet(name: str, separator: str, rows: Sequence[Row], findings: Sequence[Finding]) -> Sheet:
    """The table without what spreadsheets add."""
    header, body = list(rows[0][1]), [(line, list(cells)) for line, cells in rows[1:]]
    longer = body and all(len(cells) == len(header) + 1 for _, cells in body)
    if longer and (separator == " " or _are_row_numbers([cells[0] for _, cells in body])):
        header.insert(0, "")  # R's write.table gives the row names no heading
    while len(header) > 1 and not header[-1] and not any(any(cells[len(header) - 1 :]) for _, cells in body):
        header.pop()
    width = len(header)
    bad = []
    for line, cells in body:
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            bad.append(f"line {line} has {len(cells)} cells instead of {width}")
    if bad:
        raise MarrowQuantError(
            "{file} cannot be read: {lines}; cells that hold the separator need quotation marks, numbers with decimal commas need another "
            "separator, and a file that ends early was cut.",
            file=name,
            lines=listed(bad),
        )
    kept, nameless = _kept_columns(header, body)
    named = tuple(header[n] or UNNAMED.format(n + 1) for n in kept)
    values = tuple(tuple(cells[n] for n in kept) for _, cells in body)
    told = [finding("sheet.unnamed_column", file=name, place=n + 1, called=UNNAMED.format(n + 1)) for n in nameless]
    return Sheet(name, named, values, tuple(line for line, _ in body), separator, (*findings, *told))


def _kept_columns(header: Sequence[str], body: Sequence[Row]) -> tuple[list[int], list[int]]:
    """Places of the columns that say something, and of those among them without a name."""
    kept, nameless = [], []
    for n, heading in enumerate(header):
        column = [cells[n] for _, cells in body]
        if heading or (any(column) and not (n == 0 and _are_row_numbers(column))):
            kept.append(n)
            nameless += [] if heading else [n]
    return kept, nameless


def _are_row_numbers(column: Sequence[str]) -> bool:
    """0, 1, 2 … or 1, 2, 3 …, as pandas and R number rows."""
    return any(list(column) == [str(n + first) for n in range(len(column))] for first in (0, 1))


def fold_heading(text: str) -> str:
    """A heading without variants of case, width and punctuation: "Test name" and "ＴＥＳＴ＿ｎａｍｅ" are one."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def find_columns(header: Sequence[str], names: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Place of each wanted column, by any of its names; a column that is not there is absent."""
    folded = [fold_heading(heading) for heading in header]
    found = {}
    for wanted, spellings in names.items():
        known = {fold_heading(spelling) for spelling in (wanted, *spellings)}
        place = next((n for n, heading in enumerate(folded) if heading in known), None)
        if place is not None:
            found[wanted] = place
    return found
