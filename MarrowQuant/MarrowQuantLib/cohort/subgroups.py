"""A part of the patients: those a condition is true of, or those of each value of a column, with the counts and what many looks cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Optional, TypeVar

import numpy as np

from ..model import Finding, MarrowQuantError, finding
from .table import Cohort
from .where import read_condition

MOST_GROUPS = 12
"""Of a column that patients are split by; one with more values is a measurement or an ID (our choice)."""
LEVEL = 0.05
T = TypeVar("T")


def chosen_rows(cohort: Cohort, rows: np.ndarray, found: Optional[Finding] = None) -> Cohort:
    """The cohort with the rows that are True only, shape (rows,), and what was found while they were chosen, if anything."""
    kept = np.flatnonzero(rows)
    return replace(
        cohort,
        rows=tuple(cohort.rows[n] for n in kept),
        lines=tuple(cohort.lines[n] for n in kept),
        findings=(*cohort.findings, found) if found else cohort.findings,
        part_of=cohort.part_of or cohort,
    )


def where(cohort: Cohort, condition: str, *outcomes: str) -> Cohort:
    """The patients that a condition is true of, see :mod:`.where`; how many they are stands among the notes.

    Parameters
    ----------
    cohort : Cohort
    condition : str
    *outcomes : str
        The columns that are to be explained (time and status of a survival): a condition on one is refused, because it would decide the
        answer.

    Raises
    ------
    MarrowQuantError
        As :func:`read_condition`; if it is true of nobody, or names the outcome or a column that has the same values.
    """
    read = read_condition(condition)
    decided = read.decide(cohort)
    _refuse_outcome(cohort, read.columns, outcomes)
    chosen, unknown = decided == 1, int(np.isnan(decided).sum())
    if not chosen.any():
        raise MarrowQuantError(
            "The condition '{condition}' is true of no row of {name} ({unknown} rows lack a value that it needs); write another one.",
            condition=read.text,
            name=cohort.name,
            unknown=unknown,
        )
    code = "cohort.taken_unknown" if unknown else "cohort.taken"
    note = finding(code, count=int(chosen.sum()), n=len(cohort), condition=read.text, unknown=int(unknown))
    return chosen_rows(cohort, chosen, note)


def split(cohort: Cohort, column: str, *outcomes: str) -> dict[str, Cohort]:
    """The patients of each value of a column, by that value; those without a value are left out, and counted in the notes.

    Raises
    ------
    MarrowQuantError
        If there is no such column, it is the outcome, or it has one value only or more than twelve.
    """
    cells = np.array(cohort.text(column))
    _refuse_outcome(cohort, (column,), outcomes)
    values = sorted({cell for cell in cells.tolist() if cell})
    if not 2 <= len(values) <= MOST_GROUPS:
        raise MarrowQuantError(
            "The column '{column}' has {n} different values, and patients are split by 2 to {most}; choose another, or make groups of it.",
            column=column,
            n=len(values),
            most=MOST_GROUPS,
        )
    without = int((cells == "").sum())
    code = "cohort.subgroup_missing" if without else "cohort.subgroup"
    counts = {value: int((cells == value).sum()) for value in values}
    return {
        value: chosen_rows(
            cohort, cells == value, finding(code, column=column, value=value, count=count, n=len(cohort), missing=without)
        )
        for value, count in counts.items()
    }


def each(cohort: Cohort, column: str, outcomes: Sequence[str], analyse: Callable[[Cohort], T]) -> tuple[dict[str, T], tuple[Finding, ...]]:
    """An analysis of every subgroup.

    Returns
    -------
    found : dict
        By the value of the column.
    findings : tuple of str
        What many looks cost, and why a subgroup could not be analysed.

    Raises
    ------
    MarrowQuantError
        As :func:`split`, and if no subgroup can be analysed.
    """
    found: dict[str, T] = {}
    refused: list[Finding] = []
    groups = split(cohort, column, *outcomes)
    for value, part in groups.items():
        try:
            found[value] = analyse(part)
        except MarrowQuantError as error:
            refused.append(finding("cohort.subgroup_refused", column=column, value=value, n=len(part), why=error))
    if not found:
        raise MarrowQuantError("No subgroup by {column} could be analysed: {why}", column=column, why=refused[0])
    return found, (many_looks(column, len(groups)), *refused)


def many_looks(column: str, count: int) -> Finding:
    """What a reader must know of ``count`` subgroups: how likely a chance finding is, and that p values do not compare them.

    1 − 0.95^count for independent looks (elementary); Wang et al., N Engl J Med 2007;357:2189 (doi 10.1056/NEJMsr077003) on reporting them.
    """
    chance = 100.0 * (1.0 - (1.0 - LEVEL) ** count)
    return finding("cohort.many_looks", count=count, column=column, level=LEVEL, chance=chance)


def _refuse_outcome(cohort: Cohort, columns: tuple[str, ...], outcomes: tuple[str, ...]) -> None:
    """A column that is the outcome, or says the same in other words, decides the answer."""
    for column in columns:
        if any(outcome and (column == outcome or _same(cohort, column, outcome)) for outcome in outcomes):
            raise MarrowQuantError(
                "'{column}' is the outcome, or tells it; patients that were chosen by their outcome say nothing about it, so choose by "
                "another column.",
                column=column,
            )


def _same(cohort: Cohort, column: str, outcome: str) -> bool:
    """Whether every value of one column goes with one value of the other, in both directions."""
    if outcome not in cohort.header:
        return False
    pairs = {(a, b) for a, b in zip(cohort.text(column), cohort.text(outcome)) if a and b}
    several = len({a for a, _ in pairs}) > 1
    return several and len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) and len(pairs) < len(cohort)
