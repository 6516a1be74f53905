"""The whole modelling procedure as one object, so that validation can repeat all of it: selection, tuning, fit and cut-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, xlogy
from scipy.stats import chi2, norm

from ..model import MarrowQuantError
from .logistic import LogisticFit, fit_logistic
from .roc import youden_cut_off

STAY = 0.157
"""Backward elimination keeps a predictor with p below this: the level at which the AIC would keep it (χ² of 2 with one degree of
freedom), which Heinze, Wallisch and Dunkler, Biom J 2018;60:431, discuss as a default."""
PENALTIES = tuple(float(value) for value in np.logspace(-2, 3, 16))
"""Candidates for the ridge, on predictors of unit standard deviation (our choice)."""
TUNING_FOLDS = 5


@dataclass(frozen=True)
class Procedure:
    """What is done to a data set: fit by ``method``, after backward elimination if ``select``; ridge tuned by inner cross-validation."""

    method: str = "firth"
    select: bool = False
    seed: int = 1

    def run(self, outcome: np.ndarray, predictors: np.ndarray, names: Sequence[str], *, inference: bool = False) -> Developed:
        """Do all of it on one data set; parameters and errors as in :func:`logistic.fit_logistic`."""
        penalty = _best_penalty(outcome, predictors, names, self.seed) if self.method == "ridge" else 0.0
        kept = self._selected(outcome, predictors, names)
        chosen = [names[n] for n in kept]
        if kept:
            fit = fit_logistic(outcome, predictors[:, kept], chosen, method=self.method, penalty=penalty, inference=inference)
        else:
            fit = _intercept_only(outcome, self.method)
        corrected = intercept_for_mean(outcome, predictors[:, kept] @ fit.coefficients[1:]) if self.method == "firth" and kept else None
        intercept = fit.coefficients[0] if corrected is None else corrected
        fitted = expit(intercept + predictors[:, kept] @ fit.coefficients[1:])
        threshold = youden_cut_off(fitted[outcome], fitted[~outcome])[0] if np.ptp(fitted) > 0 else 0.5
        return Developed(fit, tuple(kept), float(intercept), threshold)

    def _selected(self, outcome: np.ndarray, predictors: np.ndarray, names: Sequence[str]) -> list[int]:
        kept = list(range(predictors.shape[1]))
        if not self.select or self.method == "ridge":
            return kept
        while kept:
            p = _drop_p(outcome, predictors, names, kept, self.method)
            worst = int(np.argmax(p))
            if p[worst] < STAY:
                break
            kept.pop(worst)
        return kept


@dataclass(frozen=True)
class Developed:
    """What a procedure gave: the fit, which predictors it kept, the intercept used for probabilities, and the cut-off of the probability.

    Firth's estimates move the mean probability towards one half; the intercept is therefore chosen so that the mean probability is the
    share of events (FLIC; Puhr, Heinze, Nold, Lusa and Geroldinger, Stat Med 2017;36:2302).
    """

    fit: LogisticFit
    kept: tuple[int, ...]
    intercept: float
    threshold: float

    @property
    def slopes(self) -> np.ndarray:
        """Coefficients of the kept predictors, shape (kept,)."""
        return self.fit.coefficients[1:]

    def linear_predictor(self, predictors: np.ndarray) -> np.ndarray:
        """Log odds, shape (n,), for all candidate predictors, shape (n, m)."""
        return self.intercept + predictors[:, list(self.kept)] @ self.slopes

    def probability(self, predictors: np.ndarray) -> np.ndarray:
        """Probability of the event for rows of predictors."""
        return expit(self.linear_predictor(predictors))


def intercept_for_mean(outcome: np.ndarray, offset: np.ndarray) -> float:
    """The intercept with which the mean probability equals the share of events, ``offset`` (n,) being the rest of the log odds."""
    share = float(outcome.mean())
    low, high = logit(share) - offset.max() - 1.0, logit(share) - offset.min() + 1.0
    return float(brentq(lambda a: expit(a + offset).mean() - share, low, high))


def folds(outcome: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The fold of each patient, shape (n,): both groups are spread evenly over the folds."""
    fold = np.empty(outcome.size, dtype=int)
    for group in (True, False):
        places = rng.permutation(np.flatnonzero(outcome == group))
        fold[places] = (np.arange(places.size) + rng.integers(count)) % count
    return fold


def deviance(outcome: np.ndarray, probability: np.ndarray) -> float:
    """Mean −2 log likelihood; a probability of exactly 0 or 1 counts as 1e-12 away from it."""
    p = np.clip(probability, 1e-12, 1.0 - 1e-12)
    return float(-2.0 * np.mean(xlogy(outcome, p) + xlogy(1.0 - outcome, 1.0 - p)))


def _drop_p(outcome: np.ndarray, predictors: np.ndarray, names: Sequence[str], kept: list[int], method: str) -> np.ndarray:
    """Likelihood-ratio p of leaving out each kept predictor: nested fits, penalised with Firth."""
    full = fit_logistic(outcome, predictors[:, kept], [names[n] for n in kept], method=method, profiles=False)
    if method == "firth":
        return full.p[1:]
    falls = []
    for n in kept:
        rest = [other for other in kept if other != n]
        labels = [names[m] for m in rest]
        nested = fit_logistic(outcome, predictors[:, rest], labels, method=method) if rest else _intercept_only(outcome, method)
        falls.append(2.0 * (full.log_likelihood - nested.log_likelihood))
    return chi2.sf(np.maximum(falls, 0.0), 1)


def _intercept_only(outcome: np.ndarray, method: str) -> LogisticFit:
    n, events = outcome.size, int(outcome.sum())
    if events in {0, n}:
        raise MarrowQuantError("All patients have the same outcome, so there is nothing to predict; choose another outcome.")
    share = events / n
    error = 1.0 / np.sqrt(n * share * (1.0 - share))
    beta = np.array([logit(share)])
    interval = beta[:, None] + norm.ppf(0.975) * error * np.array([[-1.0, 1.0]])
    value = float(xlogy(events, share) + xlogy(n - events, 1.0 - share))
    p = 2.0 * norm.sf(np.abs(beta / error))
    return LogisticFit(("intercept",), beta, np.array([error]), p, interval, np.array([[error**2]]), value, n, events, method)


def _best_penalty(outcome: np.ndarray, predictors: np.ndarray, names: Sequence[str], seed: int) -> float:
    """The ridge with the smallest cross-validated deviance."""
    fold = folds(outcome, TUNING_FOLDS, np.random.default_rng(seed))
    sums = np.zeros(len(PENALTIES))
    for n in range(TUNING_FOLDS):
        train, test = fold != n, fold == n
        for place, penalty in enumerate(PENALTIES):
            fit = fit_logistic(outcome[train], predictors[train], names, method="ridge", penalty=penalty)
            sums[place] += deviance(outcome[test].astype(float), fit.probability(predictors[test])) * test.sum()
    return PENALTIES[int(np.argmin(sums))]
