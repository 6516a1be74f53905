"""The tables of several sites as one: what differs is listed, and nothing is decided in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from ..model import Finding, MarrowQuantError, finding
from .cells import BadCell, parse_number, write_table
from .reading import read_cohort
from .table import Cohort

SITE = "site"
CONFLICT_HEADER = ("record", "column", "site", "value", "other site", "other value")
UNIT_RATIO = 5.0
"""Ratio of the medians of two sites from which another unit is suspected (our choice)."""
_FEWEST = 5


@dataclass(frozen=True)
class Merged:
    """The table of all sites.

    Attributes
    ----------
    header : tuple of str
        ``record_id``, ``site``, then every column in the order in which it first occurs.
    rows : tuple of tuple of str
    conflicts : tuple of tuple of str
        Under ``CONFLICT_HEADER``: cells in which two tables disagree about one patient. They are empty in ``rows``.
    findings : tuple of str
        Columns that a site lacks, records of several sites, units that seem to differ.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    conflicts: tuple[tuple[str, ...], ...]
    findings: tuple[Finding, ...]


def merge(paths: Sequence[Path], own_ids: bool = False) -> Merged:
    """Join tables below each other; a record of several tables becomes one row if they agree.

    Parameters
    ----------
    paths : sequence of Path
        CSV files or folders of results, two or more; a site is named by its file, without the ending.
    own_ids : bool
        Every site numbers its patients itself: equal IDs are other patients, and the site is put before the ID.

    Raises
    ------
    MarrowQuantError
        As :func:`read_cohort`; if there is one table only, a table has no ID column or one ID twice, or two have the same name.
    """
    if len(paths) < 2:
        raise MarrowQuantError("Merging needs two tables or more; name them all.")
    sites = [path.stem if path.is_file() else path.name for path in map(Path, paths)]
    if len(set(sites)) < len(sites):
        twice = next(site for site in sites if sites.count(site) > 1)
        raise MarrowQuantError("Two tables are named {site}; give them the names of their sites.", site=twice)
    cohorts = [read_cohort(Path(path)) for path in paths]
    records: dict[str, dict[str, tuple[str, str]]] = {}
    conflicts: list[tuple[str, ...]] = []
    where: dict[str, list[str]] = {}
    for site, cohort in zip(sites, cohorts):
        for record, cells in _records(cohort):
            key = f"{site}-{record}" if own_ids else record
            where.setdefault(key, []).append(site)
            conflicts += _taken(records.setdefault(key, {}), key, site, cells)
    for record, column, *_ in conflicts:
        records[record][column] = ("", "")
    columns = list(dict.fromkeys(column for cohort in cohorts for column in cohort.header if column not in {cohort.id_column, SITE}))
    named = {key: "+".join(dict.fromkeys(places)) for key, places in where.items()}
    rows = tuple((key, named[key], *(cells.get(column, ("", ""))[0] for column in columns)) for key, cells in records.items())
    shared = sum(len(set(places)) > 1 for places in where.values())
    findings = [finding("cohort.joined", count=shared)] if shared else []
    findings += [*_lacking(sites, cohorts, columns), *_units(sites, cohorts, columns)]
    return Merged(("record_id", SITE, *columns), rows, tuple(conflicts), tuple(findings))


def write_merged(merged: Merged, path: Path) -> list[Path]:
    """Write the table, and beside it ``NAME-conflicts.csv`` if there are conflicts.

    Raises
    ------
    MarrowQuantError
        If a file cannot be written.
    """
    path = Path(path)
    try:
        written = [write_table(path, merged.header, merged.rows)]
        if merged.conflicts:
            written.append(write_table(path.with_name(f"{path.stem}-conflicts.csv"), CONFLICT_HEADER, merged.conflicts))
    except OSError:
        raise MarrowQuantError("{file} cannot be written; choose a folder that exists and may be written to.", file=path.name) from None
    return written


def _records(cohort: Cohort) -> list[tuple[str, dict[str, str]]]:
    if cohort.id_column is None:
        raise MarrowQuantError("{name} has no column with IDs; give it one named record_id.", name=cohort.name)
    cohort.one_row_a_patient()
    ids = cohort.text(cohort.id_column)
    if not all(ids):
        raise MarrowQuantError("Rows of {name} have no ID, so they cannot be merged; fill them in.", name=cohort.name)
    columns = {column: _points(cohort, column) for column in cohort.header if column not in {cohort.id_column, SITE}}
    return [(record, {column: cells[n] for column, cells in columns.items()}) for n, record in enumerate(ids)]


def _points(cohort: Cohort, column: str) -> list[str]:
    """The cells with decimal points."""
    cells = cohort.text(column)
    if not cohort.decimal_comma:
        return cells
    return [cell.replace(",", ".") if _number(cell, True) is not None else cell for cell in cells]


def _number(cell: str, comma: bool = False) -> Optional[float]:
    try:
        return parse_number(cell, comma) if cell else None
    except BadCell:
        return None


def _taken(known: dict[str, tuple[str, str]], record: str, site: str, cells: dict[str, str]) -> list[tuple[str, ...]]:
    """Put a row's cells among those that are known of the record; the conflicts."""
    found: list[tuple[str, ...]] = []
    for column, cell in cells.items():
        before, where = known.get(column, ("", ""))
        if cell and before and not _same(cell, before):
            found.append((record, column, where, before, site, cell))
        elif cell and not before:
            known[column] = (cell, site)
    return found


def _same(first: str, second: str) -> bool:
    a, b = _number(first), _number(second)
    return first.casefold() == second.casefold() if a is None or b is None else bool(np.isclose(a, b, rtol=1e-9))


def _lacking(sites: Sequence[str], cohorts: Sequence[Cohort], columns: Sequence[str]) -> list[Finding]:
    told = []
    for site, cohort in zip(sites, cohorts):
        missing = [column for column in columns if column not in cohort.header]
        if missing:
            told.append(finding("cohort.no_column", site=site, columns=missing))
    return told


def _units(sites: Sequence[str], cohorts: Sequence[Cohort], columns: Sequence[str]) -> list[Finding]:
    """Columns whose medians differ so much between sites that one may be in another unit."""
    told = []
    for column in columns:
        medians: dict[str, float] = {}
        for site, cohort in zip(sites, cohorts):
            cells = cohort.text(column) if column in cohort.header else []
            numbers = [abs(value) for cell in cells if (value := _number(cell, cohort.decimal_comma))]
            if len(numbers) >= _FEWEST:
                medians[site] = float(np.median(numbers))
        if len(medians) > 1 and max(medians.values()) > UNIT_RATIO * min(medians.values()):
            values = [f"{site} {value:.3g}" for site, value in medians.items()]
            told.append(finding("cohort.other_unit", column=column, ratio=UNIT_RATIO, values=values))
    return told
