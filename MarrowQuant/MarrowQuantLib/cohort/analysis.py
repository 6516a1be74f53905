"""The analyses as the command line, the report and the panel call them: from a cohort and column names to results and sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Optional, TypeVar, Union

import numpy as np

from ..model import Finding, MarrowQuantError, Progress, finding, no_progress
from . import factors
from .comparisons import Correlation, GroupTest, PairedTest, adjust, mann_whitney, spearman, wilcoxon
from .groups import GroupModel, fit_groups
from .linear import LinearFit, fit_linear, fit_mixed
from .logistic import LogisticFit, fit_logistic
from .procedure import Developed, Procedure
from .roc import BOOTSTRAPS, PairedRoc, Roc, compare_rocs, roc
from .table import Cohort, complete_rows, findings
from .validation import BOOTSTRAPS as VALIDATION_BOOTSTRAPS
from .validation import FEW_EVENTS, Validation, events_findings, validate


@dataclass(frozen=True)
class Selected:
    """The rows that an analysis uses: outcome (bool, shape (n,)), predictors (shape (n, m)), their names, and what was found.

    ``factors`` are columns of words, each of which became a predictor for every level but the most frequent one; ``rows`` says which rows
    of the table are used, shape (rows,).
    """

    outcome: np.ndarray
    predictors: np.ndarray
    names: tuple[str, ...]
    findings: tuple[Finding, ...]
    outcome_name: str
    events: tuple[str, ...]
    factors: tuple[str, ...] = ()
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, bool), repr=False)

    @property
    def event_in_words(self) -> str:
        """The outcome and the values that count as the event, such as "best_response = CR or VGPR"."""
        return f"{self.outcome_name} = {' or '.join(self.events)}" if self.events else self.outcome_name


@dataclass(frozen=True)
class RocAnalysis:
    """A marker, a second one and their comparison (None where there is none)."""

    first: Roc
    second: Optional[Roc]
    comparison: Optional[PairedRoc]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Comparison:
    """One index in both groups, with its p corrected for the number of indices."""

    name: str
    test: GroupTest
    adjusted_p: float


Test = TypeVar("Test", bound=Union[PairedTest, Correlation])


@dataclass(frozen=True)
class Pair(Generic[Test]):
    """Two columns of the same patients, their complete values (shape (n, 2)), the test with its corrected p, and what was found."""

    first: str
    second: str
    values: np.ndarray
    test: Test
    adjusted_p: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Several:
    """A model of several groups, with the labels (n,) and predictors (n, m) it was made from and what was found."""

    model: GroupModel
    labels: np.ndarray
    predictors: np.ndarray
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Explained:
    """A linear model of a response, with the terms (n, m) it was made from and what was found in the table."""

    response: str
    fit: LinearFit
    terms: np.ndarray
    findings: tuple[Finding, ...]


def select(cohort: Cohort, outcome: str, predictors: Sequence[str], events: Sequence[str] = ()) -> Selected:
    """The complete rows of outcome and predictors; a predictor of words becomes a factor, see :mod:`.factors`.

    Raises
    ------
    MarrowQuantError
        For all that is wrong with the columns, a patient with several rows, or if no complete row is left.
    """
    names = tuple(predictors)
    if not names or len(set(names)) != len(names) or outcome in names:
        raise MarrowQuantError("Give at least one predictor, each once, and none that is the outcome itself.")
    coded = cohort.is_event(outcome, events)
    made = [factors.coded(cohort, name, coded) for name in names]
    columns = np.column_stack([values for _, values in made])
    cohort.one_row_a_patient()
    rows = complete_rows(coded, *columns.T)
    if rows.sum() < 4:
        raise MarrowQuantError(
            "Only {rows} patients have all of {names}, too few for any statistics; add patients.",
            rows=int(rows.sum()), names=[outcome, *names],
        )
    found = findings(cohort, (outcome, *names))
    every = tuple(one for parts, _ in made for one in parts)
    words = tuple(name for name, (parts, _) in zip(names, made) if parts != (name,))
    return Selected(coded[rows] > 0, columns[rows], every, found, outcome, tuple(events), words, rows)


def numbers(cohort: Cohort, names: Sequence[str], repeated: bool = False) -> tuple[np.ndarray, np.ndarray, tuple[Finding, ...]]:
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
        raise MarrowQuantError("{cohort} has a patient with two rows of one date; keep the row that is right.", cohort=cohort.name)
    rows = complete_rows(*columns)
    return np.column_stack(columns)[rows], rows, findings(cohort, names)


def compare_pairs(cohort: Cohort, pairs: Sequence[tuple[str, str]], correction: str = "holm") -> tuple[Pair[PairedTest], ...]:
    """Wilcoxon's signed-rank test of pairs of columns (before, after), corrected for their number.

    Raises
    ------
    MarrowQuantError
        As :func:`numbers` and :func:`comparisons.wilcoxon`.
    """
    return _adjusted([(pair, wilcoxon, ()) for pair in pairs], cohort, correction)


def correlate(
    cohort: Cohort, first: str, others: Sequence[str], given: Sequence[str] = (), correction: str = "holm"
) -> tuple[Pair[Correlation], ...]:
    """Spearman's correlation of a column with others, ``given`` held constant, corrected for their number; raises as :func:`numbers`."""
    return _adjusted([((first, other), _partial(given), given) for other in others], cohort, correction)


def _partial(given: Sequence[str]) -> Callable[..., Correlation]:
    def test(first: np.ndarray, second: np.ndarray, *held: np.ndarray) -> Correlation:
        return spearman(first, second, np.column_stack(held) if held else None, given)

    return test


def _adjusted(
    tests: Sequence[tuple[tuple[str, str], Callable[..., Test], Sequence[str]]], cohort: Cohort, correction: str
) -> tuple[Pair[Test], ...]:
    """Run tests of two columns each, with columns held constant, and correct their p."""
    done: list[tuple[str, str, np.ndarray, Test, tuple[Finding, ...]]] = []
    for (first, second), test, constant in tests:
        columns = [first, second, *constant]
        if len(set(columns)) < len(columns):
            raise MarrowQuantError("The columns must differ from each other; choose each once.")
        values, _, found = numbers(cohort, columns)
        done.append((first, second, values[:, :2], test(*values.T), found))
    p = adjust([item[3].p for item in done], correction)
    return tuple(Pair(first, second, values, test, float(one), found) for (first, second, values, test, found), one in zip(done, p))


def analyse_groups(cohort: Cohort, label: str, predictors: Sequence[str], method: str) -> Several:
    """Multinomial regression or linear discriminant of three groups and more; raises as :func:`groups.fit_groups`."""
    if not predictors or label in predictors:
        raise MarrowQuantError("Give at least one predictor, and none that is the group itself.")
    labels = cohort.text(label)
    columns = [cohort.numbers(name) for name in predictors]
    cohort.one_row_a_patient()
    rows = complete_rows(*columns) & np.array([bool(cell) for cell in labels])
    kept, x = np.array(labels)[rows], np.column_stack(columns)[rows]
    return Several(fit_groups(kept, x, predictors, method=method), kept, x, findings(cohort, (label, *predictors)))


def explain(cohort: Cohort, response: str, terms: Sequence[str], mixed: bool = False) -> Explained:
    """A linear model of a response; with ``mixed`` each patient has an own level, and several rows.

    Raises
    ------
    MarrowQuantError
        As :func:`numbers`, :func:`linear.fit_linear` and :func:`linear.fit_mixed`.
    """
    if not terms or response in terms:
        raise MarrowQuantError("Give at least one term, and none that is the response itself.")
    x, rows, found = numbers(cohort, (response, *terms), repeated=mixed)
    if not mixed:
        return Explained(response, fit_linear(x[:, 0], x[:, 1:], terms), x[:, 1:], found)
    if cohort.id_column is None:
        raise MarrowQuantError(
            "A mixed model needs to know the patients; give {cohort} a column with their IDs named record_id.",
            cohort=cohort.name,
        )
    patients = [cell for cell, kept in zip(cohort.text(cohort.id_column), rows) if kept]
    if not all(patients):
        raise MarrowQuantError(
            "Rows of {cohort} have no ID, and a mixed model needs to know the patients; fill them in.",
            cohort=cohort.name,
        )
    return Explained(response, fit_mixed(x[:, 0], x[:, 1:], terms, patients), x[:, 1:], found)


def analyse_roc(chosen: Selected, *, direction: str = "auto", bootstraps: int = BOOTSTRAPS, seed: int = 1) -> RocAnalysis:
    """ROC of the first predictor, and of the second with the paired comparison if there is one."""
    curves = [roc(chosen.outcome, column, direction=direction, bootstraps=bootstraps, seed=seed) for column in chosen.predictors.T[:2]]
    paired = compare_rocs(chosen.outcome, *chosen.predictors.T[:2], direction=direction) if len(curves) > 1 else None
    return RocAnalysis(curves[0], curves[1] if len(curves) > 1 else None, paired, roc_findings(dict(zip(chosen.names, curves)), direction))


def roc_findings(curves: Mapping[str, Roc], direction: str = "auto") -> tuple[Finding, ...]:
    """What a reader must know about ROC curves, each sentence once; ``curves`` by the marker's name."""
    findings = []
    for name, curve in curves.items():
        if curve.interval is None:
            findings.append(finding("cohort.separated", name=name))
        if direction == "auto" and not curve.higher_is_event:
            findings.append(finding("cohort.direction", name=name))
        if min(curve.n_event, curve.n_no_event) < FEW_EVENTS:
            few = min(curve.n_event, curve.n_no_event)
            findings.append(finding("cohort.few", count=int(few), step=100 / few))
    return tuple(dict.fromkeys(findings))


def compare_groups(chosen: Selected, correction: str = "holm") -> tuple[Comparison, ...]:
    """Mann–Whitney test of every predictor, corrected for their number."""
    tests = [mann_whitney(chosen.outcome, column) for column in chosen.predictors.T]
    adjusted = adjust([test.p for test in tests], correction)
    return tuple(Comparison(name, test, float(p)) for name, test, p in zip(chosen.names, tests, adjusted))


def analyse_logistic(chosen: Selected, method: str = "ml") -> tuple[LogisticFit, tuple[Finding, ...]]:
    """Logistic regression on all predictors, and warnings."""
    fit = fit_logistic(chosen.outcome, chosen.predictors, chosen.names, method=method)
    return fit, events_findings(chosen.outcome, len(chosen.names))


def develop(
    chosen: Selected, procedure: Procedure, *, bootstraps: int = VALIDATION_BOOTSTRAPS, progress: Progress = no_progress
) -> tuple[Developed, Optional[Validation]]:
    """Run a procedure on the patients and, with ``bootstraps``, validate it."""
    developed = procedure.run(chosen.outcome, chosen.predictors, chosen.names, inference=True)
    if not bootstraps:
        return developed, None
    return developed, validate(procedure, chosen.outcome, chosen.predictors, chosen.names, bootstraps=bootstraps, progress=progress)
