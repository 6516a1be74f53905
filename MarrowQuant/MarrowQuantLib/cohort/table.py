"""A cohort: one row a patient (or a patient-date), with everything that is odd about it said before anything is computed."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ..io.textfiles import listed
from ..model import Finding, MarrowQuantError, finding
from .cells import NO_VALUE, BadCell, is_formula, parse_number

ID_NAMES = ("record_id", "patient_id", "subject_id", "id", "patient", "subject")
"""Names of a column that tells patients apart, in the order of preference (``record_id`` is REDCap's)."""
DATE_NAMES = ("date", "exam_date", "visit_date")
_EVENT_PAIRS = (
    ("1", "0"), ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("event", "no event"), ("positive", "negative"), ("pos", "neg"),
    ("present", "absent"), ("ja", "nein"), ("oui", "non"), ("はい", "いいえ"), ("あり", "なし"), ("有", "無"), ("陽性", "陰性"), ("+", "-"),
)  # fmt: skip
_NEGATIVE_CODES = frozenset((-1.0, -8.0, -9.0, -88.0, -99.0, -888.0, -999.0, -9999.0))  # usual codes of surveys and registries
_FEWEST_VALUES, _RARE = 6, 0.1
_EVENT_WORDS = {word: n == 0 for pair in _EVENT_PAIRS for n, word in enumerate(pair)}


@dataclass(frozen=True)
class Cohort:
    """A table of text cells; numbers are made when a column is used, so that a bad cell in another column does no harm.

    Attributes
    ----------
    name : str
        File or folder it came from.
    header : tuple of str
    rows : tuple of tuple of str
        Cells without surrounding space; an empty cell is a missing value.
    lines : tuple of int
        Where each row stands in the file.
    decimal_comma : bool
        True if the cells write 12,5 for twelve and a half.
    id_column, date_column : str or None
    findings : tuple of Finding
        What was found while reading.
    part_of : Cohort or None
        The whole table, if this is a part of its rows: a value of the outcome need not occur in every part.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    decimal_comma: bool = False
    id_column: Optional[str] = None
    date_column: Optional[str] = None
    findings: tuple[Finding, ...] = field(default=())
    part_of: Optional[Cohort] = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, column: str) -> list[str]:
        """The cells of a column.

        Raises
        ------
        MarrowQuantError
            If there is no such column, or a cell holds a spreadsheet formula.
        """
        if column not in self.header:
            raise MarrowQuantError(
                "{name} has no column '{column}'; it has {header}.",
                name=self.name, column=column, header=list(self.header),
            )
        place = self.header.index(column)
        cells = [row[place] for row in self.rows]
        for line, cell in zip(self.lines, cells):
            if is_formula(cell):
                raise MarrowQuantError(
                    "Line {line} of {name}, column '{column}', holds a spreadsheet formula, which is never run; write its value.",
                    line=line, name=self.name, column=column,
                )
        missing = NO_VALUE - {"-"} if "+" in cells else NO_VALUE  # beside "+" a "-" is a finding
        return ["" if unicodedata.normalize("NFKC", cell).casefold() in missing else cell for cell in cells]

    def numbers(self, column: str) -> np.ndarray:
        """The column as numbers, shape (rows,); NaN where the cell is empty.

        Raises
        ------
        MarrowQuantError
            As :meth:`text`, and with the line of a cell that is not a number.
        """
        values = []
        for line, cell in zip(self.lines, self.text(column)):
            try:
                values.append(parse_number(cell, self.decimal_comma) if cell else np.nan)
            except BadCell as why:
                raise MarrowQuantError(
                    "Line {line} of {name}, column '{column}': {why}.",
                    line=line, name=self.name, column=column, why=why,
                ) from None
        return np.array(values, dtype=float)

    def is_event(self, column: str, events: Sequence[str] = (), one_class: bool = False) -> np.ndarray:
        """The outcome: 1 event, 0 none, NaN unknown; shape (rows,).

        Parameters
        ----------
        column : str
        events : sequence of str
            Values that count as the event, such as ("CR", "VGPR"); case does not matter. Not needed for 1/0, yes/no, true/false and the
            other pairs of ``_EVENT_PAIRS``.
        one_class : bool
            Everybody may have had the event, or nobody, as in a follow-up without censoring.

        Raises
        ------
        MarrowQuantError
            If a given value never occurs, or none is given and the column holds other words than such pairs, or one class only.
        """
        cells = [plain(cell) for cell in self.text(column)]
        present = sorted({cell for cell in cells if cell})
        wanted = [plain(event) for event in events]
        somewhere = present if self.part_of is None else {plain(cell) for cell in self.part_of.text(column)}
        unknown = [event for event in wanted if event not in somewhere]
        if unknown:
            raise MarrowQuantError(
                "No row has '{unknown}' in the column '{column}'; it holds {present}.",
                unknown=unknown[0], column=column, present=list(present),
            )
        words = {cell: cell in wanted for cell in present} if wanted else _EVENT_WORDS
        if not all(cell in words for cell in present):
            raise MarrowQuantError(
                "The outcome '{column}' holds {listed}, and it is not clear which is the event; name the values that are it.",
                column=column, listed=listed(present),
            )
        coded = np.array([float(words[cell]) if cell else np.nan for cell in cells])
        if not one_class and len(np.unique(coded[np.isfinite(coded)])) < 2:
            raise MarrowQuantError(
                "All rows have the same outcome in '{column}', so there is nothing to tell apart; choose another.",
                column=column,
            )
        return coded

    def one_row_a_patient(self) -> None:
        """Raise if a patient has several rows: these tests take every row for an independent patient."""
        lines = self.repeated()
        if lines:
            raise MarrowQuantError(
                "{name} has the same patient in lines {listed} (column '{id_column}'); keep one row a patient, or use the mixed model for "
                "repeated dates.",
                name=self.name, listed=listed(lines), id_column=self.id_column,
            )

    def repeated(self, with_date: bool = False) -> list[int]:
        """Lines whose patient (and date) occurs more than once; empty without an ID column."""
        if self.id_column is None:
            return []
        ids = self.text(self.id_column)
        keys = [(cell, self.text(self.date_column)[n] if with_date and self.date_column else "") for n, cell in enumerate(ids)]
        often = {key for key, count in Counter(key for key in keys if key[0]).items() if count > 1}
        return [line for line, key in zip(self.lines, keys) if key in often]

    def missing(self, columns: Iterable[str]) -> dict[str, int]:
        """Number of empty cells of each column."""
        return {column: sum(not cell for cell in self.text(column)) for column in columns}


def complete_rows(*columns: np.ndarray) -> np.ndarray:
    """True where every column has a value, shape (rows,)."""
    return np.all([np.isfinite(column) for column in columns], axis=0)


def findings(cohort: Cohort, columns: Sequence[str]) -> tuple[Finding, ...]:
    """What a reader must know about the columns before a number is computed, one sentence a finding."""
    said = list(cohort.findings)
    missing = cohort.missing(columns).items()
    said += [finding("cohort.missing", column=column, count=count, n=len(cohort)) for column, count in missing if count]
    said += [sentence for column in columns for sentence in _standing_out(cohort, column)]
    used = [cohort.text(column) for column in columns]
    dropped = sum(not all(cells) for cells in zip(*used))
    if dropped:
        said.append(finding("cohort.left_out", count=dropped, n=len(cohort)))
    return tuple(said)


def _standing_out(cohort: Cohort, column: str) -> list[Finding]:
    """A sentence for values far from all others, which are often codes for a missing value (999, -9) or slips of the decimal point.

    Our choice: at most a tenth of the values, farther from the others than those are apart among themselves; a negative code of nines or
    eights is told where all others are positive.
    """
    try:
        values = cohort.numbers(column)
    except MarrowQuantError:
        return []  # words, which are no numbers to judge
    values = values[np.isfinite(values)]
    distinct = np.unique(values)
    if len(distinct) < _FEWEST_VALUES:
        return []
    gaps, told = np.diff(distinct), []
    for n in np.flatnonzero(gaps > 0):
        low, high = distinct[: n + 1], distinct[n + 1 :]
        for few, many in ((low, high), (high, low)):
            rare = np.isin(values, few).sum() <= max(_RARE * len(values), 1)
            is_code = bool((many > 0).all()) and all(value in _NEGATIVE_CODES for value in few)
            if rare and (is_code or (len(many) > 2 and gaps[n] > many[-1] - many[0])):
                values_said = listed(f"{value:g}" for value in few)
                told.append(finding("cohort.far", column=column, values=values_said, low=many[0], high=many[-1]))
    return told[:1]


def plain(cell: str) -> str:
    """A word without case and width; "1.0" and "1,0" are 1."""
    cell = unicodedata.normalize("NFKC", cell).strip().casefold()
    return cell[:1] if cell in {"1.0", "0.0", "1,0", "0,0"} else cell
