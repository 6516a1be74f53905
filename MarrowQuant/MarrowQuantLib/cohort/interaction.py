"""Whether an effect differs between subgroups: the tests of interaction that ``--by`` makes beside the subgroups themselves.

Why: Altman and Bland, BMJ 2003;326:219 (doi 10.1136/bmj.326.7382.219). Regressions (logistic, Cox's, linear) with and without the products
of one predictor and the subgroups are compared by likelihood ratio, or by F (McCullagh and Nelder, Generalized Linear Models, 1989); where
groups separate, so that no maximum exists, two subgroups are compared by Firth's penalised likelihood ratio. Areas under ROC curves and
correlations are compared by Cochran's Q (Biometrics 1954;10:101), with DeLong's variances, or those of Bonett and Wright after Fisher's z:
for two subgroups this is the unpaired z test, squared. Changes within patients are compared by Kruskal and Wallis's test of the
differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

import numpy as np
from scipy import stats

from ..model import Finding, MarrowQuantError, finding
from .analysis import correlate, numbers, select
from .comparisons import adjust
from .factors import coded
from .linear import fit_linear
from .logistic import fit_logistic
from .part import Part, Table
from .roc import auc_of_groups, delong_variance
from .subgroups import chosen_rows
from .survival import fit_cox
from .table import Cohort
from .words import Words

HEADER = ("effect", "test", "statistic", "degrees of freedom", "p", "adjusted p")
TITLE = "Does it differ between the subgroups? (interaction)"
LIKELIHOOD, PENALISED, F_TEST = "likelihood ratio", "penalised likelihood ratio", "F"
HETEROGENEITY, RANKS = "Cochran's Q", "Kruskal–Wallis"


@dataclass(frozen=True)
class Interaction:
    """One effect and whether it differs between the subgroups; ``freedom_within`` is F's second number of degrees of freedom."""

    name: str
    test: str
    statistic: float
    freedom: int
    p: float
    freedom_within: Optional[int] = None


@dataclass(frozen=True)
class Interactions:
    """All of an analysis; ``refused`` are findings about those that could not be tested."""

    tests: tuple[Interaction, ...]
    refused: tuple[Finding, ...] = field(default=())

    @property
    def adjusted(self) -> tuple[float, ...]:
        """p after Holm, for the number of effects."""
        return tuple(float(p) for p in adjust([test.p for test in self.tests]))

    def answer(self) -> list[dict[str, Any]]:
        """As plain dictionaries."""
        told = ({key: value for key, value in vars(test).items() if value is not None} for test in self.tests)
        return [{**one, "adjusted_p": p} for one, p in zip(told, self.adjusted)]

    def table(self) -> Table:
        """As the table of a page."""
        rows = [(one.name, one.test, one.statistic, f"{one.freedom}, {one.freedom_within}" if one.freedom_within else one.freedom, one.p, p)
                for one, p in zip(self.tests, self.adjusted)]  # fmt: skip
        return Table(TITLE, HEADER, rows)


def with_interaction(part: Part, found: Interactions, words: Words) -> Part:
    """The part with the tests of interaction as its last table, how they were made, and what could not be tested."""
    if not found.tests:
        return replace(part, findings=(*part.findings, *found.refused))
    named = ("、" if words.language == "ja" else ", ").join(sorted({words.cell(test.test) for test in found.tests}))
    methods = words(
        "Whether an effect differs between the subgroups was tested ({tests}); p values were corrected for the number of effects after "
        "Holm.", tests=named,
    )  # fmt: skip
    tables = {**part.tables, "interaction": found.table()}
    return replace(part, tables=tables, methods=(*part.methods, methods), findings=(*part.findings, *found.refused))


def _each(names: Sequence[str], test: Callable[[int], Interaction]) -> Interactions:
    """Test one effect after the other; why one could not be is told."""
    found, refused = [], []
    for n, name in enumerate(names):
        try:
            found.append(test(n))
        except MarrowQuantError as why:
            refused.append(finding("cohort.no_interaction", name=name, why=why))
    return Interactions(tuple(found), tuple(refused))


def _known(cohort: Cohort, by: str) -> tuple[np.ndarray, np.ndarray]:
    """The subgroup of each row, shape (rows,), "" where it is not known, and whether it is known."""
    labels = np.array(cohort.text(by))
    return labels, labels != ""


def _dummies(labels: np.ndarray) -> np.ndarray:
    """0 and 1 for each subgroup but the first, shape (n, subgroups − 1)."""
    return (labels[:, None] == np.unique(labels)[1:]).astype(float)


def _two_designs(x: np.ndarray, n: int, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Predictors with the subgroups, and the same with the products of predictor ``n`` (centred) and the subgroups; columns' names."""
    groups = _dummies(labels)
    plain = np.column_stack([x, groups])
    whole = np.column_stack([plain, groups * (x[:, n] - x[:, n].mean())[:, None]])
    return plain, whole, [f"column {k + 1}" for k in range(whole.shape[1])]


def of_logistic(cohort: Cohort, by: str, outcome: str, predictors: Sequence[str], events: Sequence[str] = ()) -> Interactions:
    """Of each predictor in the logistic regression on all of them; parameters and errors as :func:`analysis.select`."""
    chosen = select(cohort, outcome, predictors, events)
    labels, known = (values[chosen.rows] for values in _known(cohort, by))
    x, y, labels = chosen.predictors[known], chosen.outcome[known], labels[known]

    def test(n: int) -> Interaction:
        plain, whole, names = _two_designs(x, n, labels)
        freedom = whole.shape[1] - plain.shape[1]
        try:
            fits = [fit_logistic(y, design, names[: design.shape[1]], method="ml") for design in (plain, whole)]
        except MarrowQuantError:
            if freedom > 1:
                raise
            p = float(fit_logistic(y, whole, names, method="firth", profiles=False).p[-1])
            return Interaction(chosen.names[n], PENALISED, float(stats.chi2.isf(p, 1)), 1, p)
        statistic = 2.0 * (fits[1].log_likelihood - fits[0].log_likelihood)
        return Interaction(chosen.names[n], LIKELIHOOD, statistic, freedom, float(stats.chi2.sf(statistic, freedom)))

    return _each(chosen.names, test)


def of_auc(cohort: Cohort, by: str, outcome: str, predictors: Sequence[str], events: Sequence[str] = ()) -> Interactions:
    """Of the AUC of each predictor, all subgroups read in the same direction; parameters and errors as :func:`analysis.select`."""
    chosen = select(cohort, outcome, predictors, events)
    labels, known = (values[chosen.rows] for values in _known(cohort, by))

    def test(n: int) -> Interaction:
        areas, variances = [], []
        for group in np.unique(labels[known]):
            rows = labels == group
            event, other = (chosen.predictors[rows & side, n] for side in (chosen.outcome, ~chosen.outcome))
            if min(event.size, other.size) < 2:
                raise MarrowQuantError("The subgroup {group} has fewer than two patients on one side; merge subgroups.", group=str(group))
            areas.append(auc_of_groups(event, other))
            variances.append(delong_variance(event, other))
        return _heterogeneity(chosen.names[n], areas, variances)

    return _each(chosen.names, test)


def of_correlation(cohort: Cohort, by: str, first: str, others: Sequence[str], given: Sequence[str] = ()) -> Interactions:
    """Of Spearman's correlation of a column with each of the others; parameters and errors as :func:`analysis.correlate`."""
    labels, known = _known(cohort, by)
    groups = np.unique(labels[known])

    def test(n: int) -> Interaction:
        found = [correlate(chosen_rows(cohort, labels == group), first, (others[n],), given)[0].test for group in groups]
        scores = [float(np.arctanh(np.clip(one.rho, -1 + 1e-15, 1 - 1e-15))) for one in found]
        variances = [(1.0 + one.rho**2 / 2.0) / (one.n - len(given) - 3) for one in found]
        return _heterogeneity(f"{first} – {others[n]}", scores, variances)

    return _each([f"{first} – {other}" for other in others], test)


def _heterogeneity(name: str, values: Sequence[float], variances: Sequence[float]) -> Interaction:
    """Cochran's Q: the squared distances from the weighted mean, each over its variance."""
    if min(variances) <= 0:
        raise MarrowQuantError("In one subgroup there is no overlap, so that its variance is not known.")
    weights = 1.0 / np.array(variances)
    mean = float(weights @ np.array(values) / weights.sum())
    statistic, freedom = float(weights @ (np.array(values) - mean) ** 2), len(values) - 1
    return Interaction(name, HETEROGENEITY, statistic, freedom, float(stats.chi2.sf(statistic, freedom)))


def of_pairs(cohort: Cohort, by: str, pairs: Sequence[tuple[str, str]]) -> Interactions:
    """Of the changes from the first to the second column of each pair; errors as :func:`analysis.numbers`."""
    labels, known = _known(cohort, by)

    def test(n: int) -> Interaction:
        values, rows, _ = numbers(cohort, pairs[n])
        used = labels[rows][known[rows]]
        change = (values[:, 1] - values[:, 0])[known[rows]]
        change = np.round(change, 12 - int(np.log10(max(np.abs(values).max(), 1e-300))))  # so that equal changes are ties
        groups = [change[used == group] for group in np.unique(used)]
        if len(groups) < 2 or np.ptp(change) == 0:
            raise MarrowQuantError("All changes are alike, or known in one subgroup only, so there is nothing to compare.")
        found = stats.kruskal(*groups)
        return Interaction(" → ".join(pairs[n]), RANKS, float(found.statistic), len(groups) - 1, float(found.pvalue))

    return _each([" → ".join(pair) for pair in pairs], test)


def of_linear(cohort: Cohort, by: str, response: str, terms: Sequence[str]) -> Interactions:
    """Of each term in the linear model on all of them; errors as :func:`analysis.numbers`."""
    values, rows, _ = numbers(cohort, (response, *terms))
    labels, known = (whole[rows] for whole in _known(cohort, by))
    y, x, labels = values[known, 0], values[known, 1:], labels[known]

    def test(n: int) -> Interaction:
        plain, whole, names = _two_designs(x, n, labels)
        fits = [fit_linear(y, design, names[: design.shape[1]]) for design in (plain, whole)]
        squares = [fit.residual_sd**2 * float(fit.freedom[0]) for fit in fits]
        freedom, within = whole.shape[1] - plain.shape[1], int(fits[1].freedom[0])
        statistic = (squares[0] - squares[1]) / freedom / (squares[1] / within)
        return Interaction(terms[n], F_TEST, statistic, freedom, float(stats.f.sf(statistic, freedom, within)), within)

    return _each(terms, test)


def of_cox(cohort: Cohort, by: str, time: str, status: str, predictors: Sequence[str], events: Sequence[str] = ()) -> Interactions:
    """Of each predictor in Cox's regression on all of them; parameters and errors as :func:`survival_part.analyse_survival`."""
    happened = cohort.is_event(status, events, one_class=True)
    made = [coded(cohort, name, happened, of_times=True) for name in predictors]
    columns, times = np.column_stack([values for _, values in made]), cohort.numbers(time)
    labels, known = _known(cohort, by)
    rows = known & np.isfinite(times) & np.isfinite(happened) & np.isfinite(columns).all(axis=1)
    x, labels, every = columns[rows], labels[rows], [one for names, _ in made for one in names]

    def test(n: int) -> Interaction:
        plain, whole, names = _two_designs(x, n, labels)
        fits = [fit_cox(times[rows], happened[rows] == 1, design, names[: design.shape[1]]) for design in (plain, whole)]
        statistic, freedom = 2.0 * (fits[1].log_likelihood - fits[0].log_likelihood), whole.shape[1] - plain.shape[1]
        return Interaction(every[n], LIKELIHOOD, statistic, freedom, float(stats.chi2.sf(statistic, freedom)))

    return _each(every, test)
