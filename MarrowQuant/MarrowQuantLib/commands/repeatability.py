"""``marrowquant repeatability``: a site's own limits of change from a table of repeated readings or scans."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..cohort.reading import read_cohort
from ..cohort.table import Cohort, complete_rows, findings
from ..followup.indices import INDICES, index_of
from ..followup.repeatability import FEW_SUBJECTS, Repeatability, read_limits, repeatability, write_limits
from ..model import Finding, MarrowQuantError, finding


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant repeatability``."""
    parser.add_argument("table", type=Path, metavar="TABLE.csv", help="one row a subject, one column a reading, and an ID column")
    parser.add_argument("--index", required=True, choices=[index.key for index in INDICES], help="what was read, in the unit of the report")
    parser.add_argument("--readings", type=_names, default=(), metavar="A,B,…", help="columns to compare (default: all but ID and date)")
    parser.add_argument("--how", default="", metavar="WORDS", help="what was repeated, such as 'two scans on one day'")
    parser.add_argument("--out", type=Path, metavar="FILE", help="limits.json for --limits; other indices that it holds already are kept")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(command=_repeatability)


def _repeatability(options: argparse.Namespace) -> int:
    table = read_cohort(options.table)
    columns = options.readings or [name for name in table.header if name not in (table.id_column, table.date_column)]
    found, findings = measure(table, columns, options.index, options.how)
    if options.out is not None:
        before = read_limits(options.out) if options.out.exists() else {}
        write_limits({**before, options.index: found}, options.out)
    print(_as_json(found, findings) if options.json else "\n".join([_as_text(found), *findings]))
    return 0


def measure(table: Cohort, columns: Sequence[str], index: str, how: str = "") -> tuple[Repeatability, list[Finding]]:
    """Repeatability of an index from a table, and what a reader must know about it.

    Parameters
    ----------
    table : Cohort
        One row a subject; rows with an empty reading are left out.
    columns : sequence of str
        The readings, two or more.
    index : str
        Key of the index (``longitudinal.indices``).
    how : str
        What was repeated.

    Raises
    ------
    MarrowQuantError
        If a subject stands in several rows, a cell is not a number, or the table is too small.
    """
    if len(columns) < 2:
        raise MarrowQuantError(
            "{table} has {n_columns} columns of readings where two or more are needed; add the second reading.",
            table=table.name, n_columns=len(columns),
        )
    table.one_row_a_patient()
    values = np.column_stack([table.numbers(column) for column in columns])
    found = repeatability(values[complete_rows(*values.T)], index=index, unit=index_of(index).unit, how=how)
    notes = list(findings(table, columns))
    if found.n_subjects < FEW_SUBJECTS:
        notes.append(finding("cohort.uncertain_limits", n=found.n_subjects, fewest=FEW_SUBJECTS))
    return found, notes


def _as_json(found: Repeatability, findings: Sequence[str]) -> str:
    plain = {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in asdict(found).items()}
    return json.dumps({**plain, "notes": list(findings)}, indent=1, ensure_ascii=False)


def _as_text(found: Repeatability) -> str:
    unit = found.unit
    wcv = "none, because a mean is not above zero" if math.isnan(found.wcv_percent) else f"{found.wcv_percent:.4g} %"
    lines = [
        f"{found.index}: {found.n_subjects} subjects, {found.n_readings} readings each, mean {found.mean:.4g} {unit}",
        f"repeatability coefficient (RC)  {found.rc:.4g} {unit}",
        f"within-subject SD               {found.wsd:.4g} {unit}",
        f"within-subject CV               {wcv}",
        f"ICC(2,1), ICC(3,1)              {found.icc_2_1:.4f}, {found.icc_3_1:.4f}",
    ]
    if found.n_readings == 2:
        lines.append(f"Bland–Altman bias and limits    {found.bias:.4g} ({found.lower_limit:.4g} to {found.upper_limit:.4g}) {unit}")
    return "\n".join(lines)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]
