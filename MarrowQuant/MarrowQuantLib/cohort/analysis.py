"""The analyses as the command line, the report and the panel call them: from a cohort and column names to results and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import MarrowQuantError, Progress, no_progress
from .comparisons import GroupTest, adjust, mann_whitney
from .groups import GroupModel, fit_groups
from .logistic import LogisticFit, fit_logistic
from .procedure import Developed, Procedure
from .roc import BOOTSTRAPS, PairedRoc, Roc, compare_rocs, roc
from .table import Cohort, complete_rows, findings
from .validation import BOOTSTRAPS as VALIDATION_BOOTSTRAPS
from .validation import FEW_EVENTS, Validation, events_warning, validate


@dataclass(frozen=True)
class Selected:
    """The rows that an analysis uses: outcome (bool, shape (n,)), predictors (shape (n, m)), their names, and what was found."""

    outcome: np.ndarray
    predictors: np.ndarray
    names: tuple[str, ...]
    findings: tuple[str, ...]
    outcome_name: str
    events: tuple[str, ...]

    @property
    def event_in_words(self) -> str:
        return f"{self.outcome_name} = {' or '.join(self.events)}" if self.events else self.outcome_name


@dataclass(frozen=True)
class RocAnalysis:
    """A marker, a second one and their comparison (None where there is none)."""

    first: Roc
    second: Optional[Roc]
    comparison: Optional[PairedRoc]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """One index in both groups, with its p corrected for the number of indices."""

    name: str
    test: GroupTest
    adjusted_p: float


def select(cohort: Cohort, outcome: str, predictors: Sequence[str], events: Sequence[str] = ()) -> Selected:
    """The complete rows of outcome and predictors.

    Raises
    ------
    MarrowQuantError
        For all that is wrong with the columns, a patient with several rows, or if no complete row is left.
    """
    names = tuple(predictors)
    if not names or len(set(names)) != len(names) or outcome in names:
        raise MarrowQuantError("Give at least one predictor, each once, and none that is the outcome itself.")
    coded = cohort.is_event(outcome, events)
    columns = [cohort.numbers(name) for name in names]
    cohort.one_row_a_patient()
    rows = complete_rows(coded, *columns)
    if rows.sum() < 4:
        raise MarrowQuantError(
            f"Only {int(rows.sum())} patients have all of {', '.join((outcome, *names))}, too few for any statistics; add patients."
        )
    found = findings(cohort, (outcome, *names))
    return Selected(coded[rows] > 0, np.column_stack(columns)[rows], names, found, outcome, tuple(events))


def numbers(cohort: Cohort, names: Sequence[str], repeated: bool = False) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """The complete rows of columns without an outcome: values (n, m), which rows of the table they are (rows,), and what was found.

    Raises
    ------
    MarrowQuantError
        For a column that is not there or not numeric, and for a patient with several rows unless ``repeated``; with it, for a patient
        with two rows of one date.
    """
    columns = [cohort.numbers(name) for name in names]
    if not repeated:
        cohort.one_row_a_patient()
    elif cohort.date_column and cohort.repeated(with_date=True):
        raise MarrowQuantError(f"{cohort.name} has a patient with two rows of one date; keep the row that is right.")
    rows = complete_rows(*columns)
    return np.column_stack(columns)[rows], rows, findings(cohort, names)


def analyse_groups(cohort: Cohort, label: str, predictors: Sequence[str], method: str) -> tuple[GroupModel, tuple[str, ...]]:
    """Multinomial regression or linear discriminant of three groups and more, and what was found in the table."""
    labels = cohort.text(label)
    columns = [cohort.numbers(name) for name in predictors]
    cohort.one_row_a_patient()
    rows = complete_rows(*columns) & np.array([bool(cell) for cell in labels])
    model = fit_groups([cell for cell, kept in zip(labels, rows) if kept], np.column_stack(columns)[rows], predictors, method=method)
    return model, findings(cohort, (label, *predictors))


def analyse_roc(chosen: Selected, *, direction: str = "auto", bootstraps: int = BOOTSTRAPS, seed: int = 1) -> RocAnalysis:
    """ROC of the first predictor, and of the second with the paired comparison if there is one."""
    curves = [roc(chosen.outcome, column, direction=direction, bootstraps=bootstraps, seed=seed) for column in chosen.predictors.T[:2]]
    paired = compare_rocs(chosen.outcome, *chosen.predictors.T[:2], direction=direction) if len(curves) > 1 else None
    return RocAnalysis(curves[0], curves[1] if len(curves) > 1 else None, paired, roc_warnings(dict(zip(chosen.names, curves)), direction))


def roc_warnings(curves: Mapping[str, Roc], direction: str = "auto") -> tuple[str, ...]:
    """What a reader must know about ROC curves, each sentence once; ``curves`` by the marker's name."""
    warnings = []
    for name, curve in curves.items():
        if curve.interval is None:
            warnings.append(f"{name} separates the groups completely in these patients: the AUC has no interval, and others will be lower.")
        if direction == "auto" and not curve.higher_is_event:
            warnings.append(f"Low values of {name} speak for the event; the direction was taken from these patients.")
        if min(curve.n_event, curve.n_no_event) < FEW_EVENTS:
            few = min(curve.n_event, curve.n_no_event)
            warnings.append(f"Only {few} patients in the smaller group: sensitivity or specificity moves in steps of {100 / few:.0f} %.")
    return tuple(dict.fromkeys(warnings))


def compare_groups(chosen: Selected, correction: str = "holm") -> tuple[Comparison, ...]:
    """Mann–Whitney test of every predictor, corrected for their number."""
    tests = [mann_whitney(chosen.outcome, column) for column in chosen.predictors.T]
    adjusted = adjust([test.p for test in tests], correction)
    return tuple(Comparison(name, test, float(p)) for name, test, p in zip(chosen.names, tests, adjusted))


def analyse_logistic(chosen: Selected, method: str = "ml") -> tuple[LogisticFit, tuple[str, ...]]:
    """Logistic regression on all predictors, and warnings."""
    fit = fit_logistic(chosen.outcome, chosen.predictors, chosen.names, method=method)
    return fit, events_warning(chosen.outcome, len(chosen.names))


def develop(
    chosen: Selected, procedure: Procedure, *, bootstraps: int = VALIDATION_BOOTSTRAPS, progress: Progress = no_progress
) -> tuple[Developed, Optional[Validation]]:
    """Run a procedure on the patients and, with ``bootstraps``, validate it."""
    developed = procedure.run(chosen.outcome, chosen.predictors, chosen.names, inference=True)
    if not bootstraps:
        return developed, None
    return developed, validate(procedure, chosen.outcome, chosen.predictors, chosen.names, bootstraps=bootstraps, progress=progress)
