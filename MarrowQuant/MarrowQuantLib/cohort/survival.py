"""Time to an event: Kaplan–Meier, log-rank test, Cox's regression with the check of proportional hazards.

Sources: Kaplan and Meier, J Am Stat Assoc 1958;53:457; Greenwood, Rep Public Health Med Subj 1926;33 (variance); Mantel, Cancer Chemother
Rep 1966;50:163 (log-rank); Cox, J R Stat Soc B 1972;34:187; Efron, J Am Stat Assoc 1977;72:557 (ties); Grambsch and Therneau, Biometrika
1994;81:515, as the exact score test that R's ``cox.zph`` makes since survival 3.0 (vignette "Approximating a Cox model"); Harrell et al.,
JAMA 1982;247:2543 (concordance). lifelines has the older approximation of that test and asks for Python 3.11 and pandas before 3, so it
is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy.stats import chi2, norm

from ..model import MarrowQuantError
from .design import as_columns, check_columns

_Z = float(norm.ppf(0.975))
_TOLERANCE, _MOST_STEPS = 1e-10, 50
_LARGEST_LOG_HAZARD = 20.0
"""Per standard deviation: a coefficient beyond it belongs to a likelihood without a maximum (our choice)."""
FEWEST_EVENTS = 5


@dataclass(frozen=True)
class Curve:
    """A Kaplan–Meier curve.

    Attributes
    ----------
    n, events : int
    times, survival, standard_errors : ndarray, shape (m,)
        Each different time that occurs, in the unit of the table; the share without the event after it; Greenwood's standard error.
    low, high : ndarray, shape (m,)
        95 % interval on the scale log(−log S), as R's ``conf.type = "log-log"``; NaN where the share is 0 or 1.
    at_risk, happened : ndarray of int, shape (m,)
        Just before each time, and at it.
    median : float or None
        First time at which the share is one half or less (the middle of the flat piece if it is exactly one half); None if it is never.
    median_interval : tuple of float or None
        Where the intervals' ends pass one half.
    """

    n: int
    events: int
    times: np.ndarray
    survival: np.ndarray
    standard_errors: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_risk: np.ndarray
    happened: np.ndarray
    median: Optional[float]
    median_interval: tuple[Optional[float], Optional[float]]

    def at(self, time: float) -> float:
        """The share without the event at a time."""
        place = int(np.searchsorted(self.times, time, side="right"))
        return float(self.survival[place - 1]) if place else 1.0


@dataclass(frozen=True)
class LogRank:
    """Log-rank test: χ², degrees of freedom, p, and observed and expected events of each group, in the order of ``groups``."""

    groups: tuple[str, ...]
    statistic: float
    freedom: int
    p: float
    observed: tuple[float, ...]
    expected: tuple[float, ...]


@dataclass(frozen=True)
class CoxFit:
    """Cox's regression.

    Attributes
    ----------
    names : tuple of str
    coefficients, standard_errors, p : ndarray, shape (m,)
        Log hazard ratios per unit, Wald's tests.
    intervals : ndarray, shape (m, 2)
        95 %, of the log hazard ratios.
    covariance : ndarray, shape (m, m)
    log_likelihood, null_log_likelihood : float
    concordance : float
    proportional : tuple of (float, float)
        χ² with one degree of freedom and p of the test of proportional hazards, one for each predictor.
    proportional_together : tuple of (float, int, float)
        χ², degrees of freedom and p of all of them.
    n, events : int
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    standard_errors: np.ndarray
    p: np.ndarray
    intervals: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    null_log_likelihood: float
    concordance: float
    proportional: tuple[tuple[float, float], ...]
    proportional_together: tuple[float, int, float]
    n: int
    events: int


def kaplan_meier(time: np.ndarray, event: np.ndarray) -> Curve:
    """The curve of times, shape (n,), of which those with ``event`` (bool, shape (n,)) ended in it and the others were censored.

    Raises
    ------
    MarrowQuantError
        If a time is negative or there is no patient.
    """
    time, event = _checked(time, event)
    times = np.unique(time)
    at_risk = time.size - np.searchsorted(np.sort(time), times)
    happened = np.array([int(event[time == one].sum()) for one in times])
    survival = np.cumprod(1.0 - happened / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard_variance = np.cumsum(happened / (at_risk * (at_risk - happened)))
        errors = survival * np.sqrt(hazard_variance)
        reach = _Z * np.sqrt(hazard_variance) / np.log(survival)
        low, high = survival ** np.exp(-reach), survival ** np.exp(reach)
    inside = (survival > 0) & (survival < 1)
    low, high = np.where(inside, low, np.nan), np.where(inside, high, np.nan)
    errors = np.where(survival > 0, errors, np.nan)
    ends = _half(times, low), _half(times, high)
    return Curve(time.size, int(event.sum()), times, survival, errors, low, high, at_risk, happened, _half(times, survival), ends)


def _half(times: np.ndarray, curve: np.ndarray) -> Optional[float]:
    """Where a falling curve reaches one half, as R's ``survfit`` has it: in the middle of a piece that lies exactly there."""
    with np.errstate(invalid="ignore"):
        below = np.flatnonzero(np.where(np.isnan(curve), np.inf, curve) < 0.5 - 1e-9)
        exact = np.flatnonzero(np.abs(curve - 0.5) <= 1e-9)
    if exact.size:
        return float((times[exact[0]] + times[below[0]]) / 2.0) if below.size else float(times[exact[0]])
    return float(times[below[0]]) if below.size else None


def log_rank(time: np.ndarray, event: np.ndarray, group: Sequence[str]) -> LogRank:
    """Compare the curves of two groups or more; ``group`` holds a label for each patient.

    Raises
    ------
    MarrowQuantError
        If there is one group only, no event, or no event while patients of two groups could have had it.

    Notes
    -----
    A group of which nobody was left when the first event happened expects no event and counts for no degree of freedom, as in R's
    ``survdiff``.
    """
    time, event = _checked(time, event)
    labels = np.asarray(group)
    groups = np.unique(labels)
    if groups.size < 2 or not event.any():
        raise MarrowQuantError("A log-rank test needs two groups and an event; choose another column or add patients.")
    member = labels[:, None] == groups
    observed, expected, covariance = member[event].sum(axis=0).astype(float), np.zeros(groups.size), np.zeros((groups.size,) * 2)
    for one in np.unique(time[event]):
        risk = member[time >= one].sum(axis=0).astype(float)
        n, d = risk.sum(), float((event & (time == one)).sum())
        expected += d * risk / n
        if n > 1:
            covariance += d * (n - d) / (n - 1.0) * (np.diag(risk) / n - np.outer(risk, risk) / n**2)
    rows = np.flatnonzero(np.diag(covariance) > 1e-12)  # the others could have had no event, or all had theirs with everyone else
    freedom = int(rows.size - 1)
    if freedom < 1 or np.linalg.matrix_rank(covariance[np.ix_(rows, rows)]) < freedom:
        raise MarrowQuantError(
            "No event happened while patients of two groups were under observation, or all happened at one time, so the groups cannot be "
            "compared; choose another column or add patients."
        )
    rows, difference = rows[:-1], observed - expected
    statistic = float(difference[rows] @ np.linalg.solve(covariance[np.ix_(rows, rows)], difference[rows]))
    return LogRank(
        tuple(str(one) for one in groups), statistic, freedom, float(chi2.sf(statistic, freedom)), tuple(observed.tolist()),
        tuple(expected.tolist()),
    )  # fmt: skip


def fit_cox(time: np.ndarray, event: np.ndarray, predictors: np.ndarray, names: Sequence[str]) -> CoxFit:
    """Cox's regression with Efron's ties.

    Parameters
    ----------
    time : ndarray, shape (n,)
    event : ndarray of bool, shape (n,)
    predictors : ndarray, shape (n, m)
    names : sequence of str

    Raises
    ------
    MarrowQuantError
        If there are fewer than five events, a column cannot be used, or the likelihood has no maximum.
    """
    time, event = _checked(time, event)
    x = as_columns(predictors, time.size)
    spread = check_columns(x, names, "predictor")
    if event.sum() < max(FEWEST_EVENTS, x.shape[1] + 1):
        raise MarrowQuantError(
            "{n} events are too few for Cox's regression with {m} predictors (at least {least}); add patients or drop predictors.",
            n=int(event.sum()),
            m=x.shape[1],
            least=max(FEWEST_EVENTS, x.shape[1] + 1),
        )
    if np.unique(time[event]).size < 2:
        raise MarrowQuantError("All events happened at one time, so Cox's regression has no order to explain; use logistic regression.")
    scaled = (x - x.mean(axis=0)) / spread
    try:
        return _cox(time, event, scaled, spread, names)
    except np.linalg.LinAlgError:
        raise _ordered(names) from None


def _ordered(names: Sequence[str]) -> MarrowQuantError:
    return MarrowQuantError(
        "The predictors {names} order the events completely, so the hazard ratio is infinite; use fewer or other predictors.",
        names=list(names),
    )


def _cox(time: np.ndarray, event: np.ndarray, scaled: np.ndarray, spread: np.ndarray, names: Sequence[str]) -> CoxFit:
    """Newton's iterations on standardised predictors, and what follows from them; ``LinAlgError`` where a matrix cannot be inverted."""
    risk = _RiskSets(time, event, scaled)
    beta = np.zeros(scaled.shape[1])
    null = risk.moments(beta)[0]
    value = null
    for _ in range(_MOST_STEPS):
        value, scores, informations = risk.moments(beta)
        step = np.linalg.solve(informations.sum(axis=0), scores.sum(axis=0))
        for _halving in range(30):
            if risk.moments(beta + step)[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2.0
        beta = beta + step
        if np.abs(beta).max() > _LARGEST_LOG_HAZARD:
            raise _ordered(names)
        if np.abs(step).max() < _TOLERANCE:
            break
    value, scores, informations = risk.moments(beta)
    covariance = np.linalg.inv(informations.sum(axis=0)) / np.outer(spread, spread)
    slopes, errors = beta / spread, np.sqrt(np.diag(covariance))
    each, together = _proportional(time, event, risk, scores, informations)
    return CoxFit(
        tuple(names), slopes, errors, 2.0 * norm.sf(np.abs(slopes / errors)),
        slopes[:, None] + _Z * errors[:, None] * np.array([[-1.0, 1.0]]), covariance, value, null,
        concordance(time, event, scaled @ beta), each, together, time.size, int(event.sum()),
    )  # fmt: skip


class _RiskSets:
    """Who could have had the event at each time, and the moments of the predictors among them with Efron's weights."""

    def __init__(self, time: np.ndarray, event: np.ndarray, x: np.ndarray) -> None:
        self.x, self.times = x, np.unique(time[event])
        self.sets = [(np.flatnonzero(time >= one), np.flatnonzero(event & (time == one))) for one in self.times]

    def moments(self, beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Log partial likelihood; score, shape (times, m), and information, shape (times, m, m), of each event time."""
        eta = self.x @ beta
        eta = eta - eta.max()
        weight, value, m = np.exp(eta), 0.0, self.x.shape[1]
        scores, informations = np.zeros((len(self.sets), m)), np.zeros((len(self.sets), m, m))
        for n, (risk, dead) in enumerate(self.sets):
            all_, tied = (_sums(weight[rows], self.x[rows]) for rows in (risk, dead))
            value += float(eta[dead].sum())
            scores[n] = self.x[dead].sum(axis=0)
            for k in range(dead.size):
                share = k / dead.size
                s0, s1, s2 = all_[0] - share * tied[0], all_[1] - share * tied[1], all_[2] - share * tied[2]
                mean = s1 / s0
                value -= float(np.log(s0))
                scores[n] -= mean
                informations[n] += s2 / s0 - np.outer(mean, mean)
        return value, scores, informations


def _sums(weight: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    return float(weight.sum()), weight @ x, (x * weight[:, None]).T @ x


def _proportional(
    time: np.ndarray, event: np.ndarray, risk: _RiskSets, scores: np.ndarray, informations: np.ndarray
) -> tuple[tuple[tuple[float, float], ...], tuple[float, int, float]]:
    """Score tests of adding x·g(t), g being 1 − the Kaplan–Meier estimate just before t, centred over the events."""
    curve = kaplan_meier(time, event)
    before = np.array([1.0, *curve.survival[:-1]])[np.searchsorted(curve.times, risk.times)]
    counts = np.array([dead.size for _, dead in risk.sets])
    g = 1.0 - before
    g = g - float(np.sum(g * counts) / counts.sum())
    m = scores.shape[1]
    score = np.concatenate([np.zeros(m), g @ scores])
    plain, once, twice = (np.tensordot(weight, informations, axes=1) for weight in (np.ones_like(g), g, g**2))
    information = np.block([[plain, once], [once, twice]])

    def test(rows: Sequence[int]) -> float:
        kept = [*range(m), *(m + row for row in rows)]
        held = np.concatenate([np.zeros(m), score[[m + row for row in rows]]])
        return float(held @ np.linalg.solve(information[np.ix_(kept, kept)], held))

    each = tuple((statistic, float(chi2.sf(statistic, 1))) for statistic in (test([row]) for row in range(m)))
    whole = test(range(m))
    return each, (whole, m, float(chi2.sf(whole, m)))


def concordance(time: np.ndarray, event: np.ndarray, risk: np.ndarray) -> float:
    """Harrell's C: of the pairs whose order in time is known, the share in which the higher risk came first; equal risks count one half."""
    good = total = 0.0
    for n in np.flatnonzero(event):
        later = (time > time[n]) | ((time == time[n]) & ~event)
        total += float(later.sum())
        good += float((risk[later] < risk[n]).sum()) + 0.5 * float((risk[later] == risk[n]).sum())
    return good / total if total else float("nan")


def _checked(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    time, event = np.asarray(time, dtype=float), np.asarray(event, dtype=bool)
    if not time.size or not np.all(np.isfinite(time)) or time.min() < 0:
        raise MarrowQuantError("Times to an event must be numbers of 0 or more, with one patient at least; correct the column of times.")
    return time, event
