"""Predictors that are words, such as cytogenetics or a mutation: one column of 0 and 1 for each level but the most frequent one."""

from __future__ import annotations

from collections import Counter
from typing import Optional

import numpy as np

from ..model import MarrowQuantError
from .table import Cohort

MOST_LEVELS, FEWEST_EACH = 6, 5
"""Levels of a factor, and patients with and without the event that each level needs: below, its coefficient rests on single patients (our
choice, after the rule of thumb of ten events a coefficient; the estimates of rarer levels are dominated by Firth's penalty)."""


def coded(
    cohort: Cohort, column: str, outcome: Optional[np.ndarray] = None, *, of_times: bool = False
) -> tuple[tuple[str, ...], np.ndarray]:
    """A predictor as numbers.

    Parameters
    ----------
    cohort : Cohort
    column : str
    outcome : ndarray, shape (rows,), optional
        1 event, 0 none, NaN unknown: every level of a factor needs enough of both.
    of_times : bool
        The outcome is the end of a time, so that every level needs enough events only.

    Returns
    -------
    names : tuple of str
        The column's own, or "column = level" for each level but the most frequent one.
    values : ndarray, shape (rows, names)
        NaN where the cell is empty.

    Raises
    ------
    MarrowQuantError
        For a cell that is no number among numbers, more than six levels, or one with too few patients.
    """
    try:
        return (column,), cohort.numbers(column)[:, None]
    except MarrowQuantError:
        cells = cohort.text(column)
        if any(_begins_as_number(cell) for cell in cells):
            raise
    counts = Counter(cell for cell in cells if cell)
    if len(counts) > MOST_LEVELS:
        raise MarrowQuantError(
            "The column '{column}' has {n} different words, and a factor has {most} levels at most; merge some, or leave it out.",
            column=column, n=len(counts), most=MOST_LEVELS,
        )
    levels = [level for level, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    told = np.array(cells)
    if outcome is not None:
        _check(column, levels, told, outcome, of_times)
    known = told != ""
    values = [np.where(known, (told == level).astype(float), np.nan) for level in levels[1:]]
    if not values:
        raise MarrowQuantError("The {kind} {name} has the same value in every patient; leave it out.", kind="predictor", name=column)
    return tuple(f"{column} = {level}" for level in levels[1:]), np.column_stack(values)


def _begins_as_number(cell: str) -> bool:
    return bool(cell) and (cell.lstrip("<>+-−~≤≥ ")[:1].isdigit())


def _check(column: str, levels: list[str], told: np.ndarray, outcome: np.ndarray, of_times: bool) -> None:
    for level in levels:
        events, others = (int(((told == level) & (outcome == value)).sum()) for value in (1, 0))
        if of_times and events < FEWEST_EACH:
            raise MarrowQuantError(
                "{column} = {level} has {events} patients with the event, too few for a factor ({least} are needed); merge levels, or "
                "leave it out.",
                column=column, level=level, events=events, least=FEWEST_EACH,
            )  # fmt: skip
        if not of_times and min(events, others) < FEWEST_EACH:
            raise MarrowQuantError(
                "{column} = {level} has {events} patients with the event and {others} without, too few for a factor ({least} of each are "
                "needed); merge levels, or leave it out.",
                column=column, level=level, events=events, others=others, least=FEWEST_EACH,
            )  # fmt: skip
