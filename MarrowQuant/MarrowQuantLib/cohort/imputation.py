"""Missing predictors filled in by chained equations, and Rubin's rules over the filled-in tables.

The chained equations are scikit-learn's (``IterativeImputer`` with ``sample_posterior``; after van Buuren and Groothuis-Oudshoorn, J Stat
Softw 2011;45(3)): each column with gaps is explained by all others and the outcome in a Bayesian linear regression, and its gaps are
drawn from what that predicts. statsmodels' MICEData cannot be repeated from a seed and takes longer (41 against 12 s here). Pooling: Rubin,
Multiple Imputation for Nonresponse in Surveys, Wiley 1987, section 3.3; degrees of freedom: Barnard and Rubin, Biometrika 1999;86:948. The
outcome is among the explaining columns (Moons et al., J Clin Epidemiol 2006;59:1092) and is never filled in itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..io.packages import need
from ..model import Finding, MarrowQuantError, Progress, no_progress
from .factors import coded as factor
from .logistic import LogisticFit, fit_logistic
from .table import Cohort, findings

IMPUTATIONS, CYCLES = 20, 10
MOST_MISSING = 0.5
"""Share of a column beyond which nothing is filled in (our choice)."""


@dataclass(frozen=True)
class Pooled:
    """Estimates over several filled-in tables.

    Attributes
    ----------
    names : tuple of str
    estimates, standard_errors, freedom, p : ndarray, shape (m,)
    intervals : ndarray, shape (m, 2)
        95 %, of Student's t with ``freedom``.
    missing_information : ndarray, shape (m,)
        Fraction of missing information (Rubin's λ with the correction for few tables, as ``fmi`` of mice).
    tables : int
    """

    names: tuple[str, ...]
    estimates: np.ndarray
    standard_errors: np.ndarray
    freedom: np.ndarray
    p: np.ndarray
    intervals: np.ndarray
    missing_information: np.ndarray
    tables: int


@dataclass(frozen=True)
class Imputed:
    """Complete cases beside multiple imputation: the model of each, and how many patients and gaps there are."""

    complete: LogisticFit
    pooled: Pooled
    n: int
    n_complete: int
    missing: dict[str, int]
    findings: tuple[Finding, ...]


def pool(names: Sequence[str], estimates: np.ndarray, variances: np.ndarray, complete_freedom: float) -> Pooled:
    """Rubin's rules.

    Parameters
    ----------
    names : sequence of str
    estimates, variances : ndarray, shape (tables, m)
        Of each filled-in table: estimates and their squared standard errors.
    complete_freedom : float
        Degrees of freedom that complete data would have: patients minus coefficients.
    """
    m = len(estimates)
    mean, within, between = estimates.mean(axis=0), variances.mean(axis=0), estimates.var(axis=0, ddof=1)
    total = within + (1.0 + 1.0 / m) * between
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((1.0 + 1.0 / m) * between / total, 1e-12, 1.0)
        old = (m - 1) / share**2
        observed = (complete_freedom + 1) / (complete_freedom + 3) * complete_freedom * (1.0 - share)
        freedom = old * observed / (old + observed)
        ratio = (1.0 + 1.0 / m) * between / within
        information = (ratio + 2.0 / (freedom + 3.0)) / (ratio + 1.0)
    errors = np.sqrt(total)
    reach = stats.t.ppf(0.975, freedom) * errors
    p = 2.0 * stats.t.sf(np.abs(mean / errors), freedom)
    return Pooled(tuple(names), mean, errors, freedom, p, np.column_stack([mean - reach, mean + reach]), information, m)


def impute_logistic(
    cohort: Cohort,
    outcome: str,
    predictors: Sequence[str],
    events: Sequence[str] = (),
    *,
    tables: int = IMPUTATIONS,
    seed: int = 1,
    progress: Progress = no_progress,
) -> Imputed:
    """Logistic regression by maximum likelihood, on the complete cases and on filled-in tables.

    Raises
    ------
    MarrowQuantError
        If nothing is missing, more than half of a column is, a column of words has gaps, scikit-learn is not there, and as
        :func:`fit_logistic`.

    Notes
    -----
    Columns of words enter as factors (:mod:`.factors`) and help to explain the gaps of the others; they are not filled in themselves.
    """  # fmt: skip
    coded = cohort.is_event(outcome, events)
    made = {name: factor(cohort, name, coded) for name in predictors}
    cohort.one_row_a_patient()
    known = np.isfinite(coded)
    y, x = coded[known] > 0, np.column_stack([values[known] for _, values in made.values()])
    gaps = {name: int(np.isnan(values[known, 0]).sum()) for name, (_, values) in made.items()}
    words = [name for name, (parts, _) in made.items() if parts != (name,) and gaps[name]]
    if words:
        raise MarrowQuantError(
            "{name} is a column of words and has gaps, and only numbers are filled in; leave it out, or write it as 0 and 1.", name=words[0]
        )
    names = [one for parts, _ in made.values() for one in parts]
    if not any(gaps.values()):
        raise MarrowQuantError("No predictor has a missing value, so there is nothing to fill in; use the regression itself.")
    for name, count in gaps.items():
        if count > MOST_MISSING * len(x):
            raise MarrowQuantError(
                "{name} is missing in {count} of {n} patients, too many to fill in; leave it out.", name=name, count=count, n=len(x)
            )
    rows = np.isfinite(x).all(axis=1)
    complete = fit_logistic(y[rows], x[rows], names, method="ml")
    estimates, variances = [], []
    for n, filled in enumerate(filled_tables(x, y, tables, seed)):
        progress(n / tables, f"Imputation {n + 1} of {tables}")
        fit = fit_logistic(y, filled, names, method="ml")
        estimates.append(fit.coefficients)
        variances.append(fit.standard_errors**2)
    pooled = pool(complete.names, np.array(estimates), np.array(variances), len(y) - len(complete.names))
    return Imputed(complete, pooled, len(y), int(rows.sum()), gaps, findings(cohort, (outcome, *predictors))[:-1])


def filled_tables(x: np.ndarray, outcome: np.ndarray, tables: int, seed: int) -> list[np.ndarray]:
    """Tables of shape (n, m) without gaps, each after ten cycles of the chained equations, within the range that was observed.

    Raises
    ------
    MarrowQuantError
        If scikit-learn is not there.
    """
    need("sklearn", "multiple imputation")
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes the next import possible
    from sklearn.impute import IterativeImputer

    whole = np.column_stack([outcome.astype(float), x])
    low, high = np.nanmin(whole, axis=0), np.nanmax(whole, axis=0)
    filled = []
    for n in range(tables):
        imputer = IterativeImputer(
            sample_posterior=True, max_iter=CYCLES, random_state=seed + n, min_value=low, max_value=high, imputation_order="ascending"
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # chained draws never stand still, which scikit-learn warns of
            filled.append(imputer.fit_transform(whole)[:, 1:])
    return filled
