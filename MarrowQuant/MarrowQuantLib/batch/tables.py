"""The tables of a batch: ``cases.csv`` (how every case ended) and ``cohort.csv`` (one row a measured case, for statistics).

Both are made from the manifest and the cases' results.json alone and are ordered as the manifest is, so they are the same whichever
engine ran the cases and in which order they ended.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Union

from ..results import read_results
from ..results.measurements import cell
from ..results.record import case_record
from .job import DONE, KEPT, RESULTS, BatchOptions, Outcome, case_folder
from .manifest import Case

CASES_TABLE, COHORT_TABLE = "cases.csv", "cohort.csv"
ID = "id"  # the cohort commands find the column that tells patients apart by this name


def write_tables(cases: Sequence[Case], outcomes: Mapping[str, Outcome], options: BatchOptions) -> dict[str, Path]:
    """Write both tables into the output folder, each in one step.

    Returns
    -------
    dict
        "cases" and "cohort" to path.
    """
    status = [_status(outcomes[case.label]) for case in cases if case.label in outcomes]
    covariates = list(dict.fromkeys(name for case in cases for name in case.covariates))
    rows = []
    for case in cases:
        path = case_folder(options.out, case.label) / RESULTS
        if path.is_file() and case.label in outcomes:
            record = case_record(read_results(path))
            added = {name: _covariate(text) for name, text in case.covariates.items()}
            rows.append({ID: case.label, **record, **added})
    measured = dict.fromkeys(name for row in rows for name in row if name not in covariates)
    columns = [*(measured or [ID]), *covariates]
    return {
        "cases": _write(options.out / CASES_TABLE, [ID, "status", "sentence"], status),
        "cohort": _write(options.out / COHORT_TABLE, columns, [[row.get(name) for name in columns] for row in rows]),
    }


def _status(outcome: Outcome) -> list[str]:
    """A case that was kept from an earlier run is done; which run did it does not matter to the reader of the table."""
    return [outcome.label, DONE if outcome.status == KEPT else outcome.status, outcome.sentence]


def _covariate(text: str) -> Union[float, str]:
    """A number where the cell holds one, so that a minus sign is not taken for the start of a formula."""
    try:
        return float(text)
    except ValueError:
        return text


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    """A CSV as ``report.tables`` writes them: UTF-8 with byte-order mark, decimal points, formulas made harmless."""
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([cell(value) for value in row] for row in rows)
    os.replace(unfinished, path)
    return path
