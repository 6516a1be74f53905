"""Internal validation: how good the model looks on its own patients, and how good it can be expected to be on others.

Sources: Harrell, Lee and Mark, Stat Med 1996;15:361 (optimism by the bootstrap, repeating every step of the modelling); Cox, Biometrika
1958;45:562 (calibration slope and intercept); Brier, Mon Weather Rev 1950;78:1; Vickers and Elkin, Med Decis Making 2006;26:565 (net
benefit). The AUC of cross-validation is averaged over folds and never taken from leave-one-out, which is biased towards zero (Geroldinger
2022, as noted in the project's facts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Optional

import numpy as np
from scipy.special import expit, logit

from ..io.packages import need
from ..model import Finding, MarrowQuantError, Progress, finding, no_progress
from .logistic import fit_logistic
from .procedure import Developed, Procedure, folds, intercept_for_mean
from .roc import auc_of_groups

BOOTSTRAPS = 500
FOLDS, REPEATS = 5, 10
FEW_EVENTS = 10.0
"""Events per candidate predictor below which the reader is warned: a rule of thumb, and a weak one; the optimism is given beside it."""
LARGE_OPTIMISM = 0.05
"""Optimism of the AUC from which the reader is warned (our choice)."""
_MAX_REDRAWS = 20
_EDGE = 1e-9


@dataclass(frozen=True)
class Performance:
    """Discrimination, calibration and accuracy of probabilities.

    ``slope`` and ``intercept`` belong to the logistic recalibration of the log odds (1 and 0 are ideal; the intercept with the slope held
    at 1); ``youden`` is sensitivity + specificity − 1 at the model's own cut-off.
    """

    auc: float
    brier: float
    slope: float
    intercept: float
    youden: float


@dataclass(frozen=True)
class Validation:
    """Apparent and corrected performance of a procedure.

    Attributes
    ----------
    apparent, optimism, corrected : Performance
        On the patients it was made from; how much of it the bootstrap found to be chance; the difference of both.
    cross_validated : Performance
        Of the repeated (nested) cross-validation: means over folds for the AUC and over repeats for the others.
    out_of_fold : ndarray, shape (n,)
        Mean probability of each patient from models that had not seen them.
    bootstraps, redrawn : int
        Resamples used, and how many had to be drawn again because nothing could be fitted.
    selected : dict
        Share of the resamples that kept each predictor.
    findings : tuple of Finding
    """

    apparent: Performance
    optimism: Performance
    corrected: Performance
    cross_validated: Performance
    out_of_fold: np.ndarray
    bootstraps: int
    redrawn: int
    selected: dict[str, float]
    findings: tuple[Finding, ...]


def validate(
    procedure: Procedure,
    outcome: np.ndarray,
    predictors: np.ndarray,
    names: Sequence[str],
    *,
    bootstraps: int = BOOTSTRAPS,
    repeats: int = REPEATS,
    progress: Progress = no_progress,
) -> Validation:
    """Validate a procedure by the bootstrap and by repeated stratified cross-validation, both repeating all of it.

    Parameters
    ----------
    procedure : Procedure
    outcome : ndarray of bool, shape (n,)
    predictors : ndarray, shape (n, m)
        All candidates, before any selection.
    names : sequence of str
    bootstraps, repeats : int
    progress : callable

    Raises
    ------
    MarrowQuantError
        If the procedure cannot be run on the patients, or on almost no resample of them, or a group has fewer patients than folds.
    """
    smaller = int(min(outcome.sum(), (~outcome).sum()))
    if smaller < FOLDS:
        raise MarrowQuantError(
            "The smaller group has {smaller} patients, but the validation needs {folds}; add patients.",
            smaller=smaller, folds=FOLDS,
        )
    rng = np.random.default_rng(procedure.seed)
    developed = procedure.run(outcome, predictors, names)
    apparent = performance(outcome, developed.linear_predictor(predictors), developed.threshold)
    differences, counts, redrawn = [], np.zeros(len(names)), 0
    for n in range(bootstraps):
        progress(0.8 * n / bootstraps, f"Bootstrap {n + 1} of {bootstraps}")
        rows, model, failed = _resample(procedure, outcome, predictors, names, rng)
        redrawn += failed
        counts[list(model.kept)] += 1
        seen = performance(outcome[rows], model.linear_predictor(predictors[rows]), model.threshold)
        differences.append(_minus(seen, performance(outcome, model.linear_predictor(predictors), model.threshold)))
    optimism = _mean(differences)
    crossed, out_of_fold = _cross_validate(procedure, outcome, predictors, names, repeats, rng, progress)
    selected = {name: float(share) for name, share in zip(names, counts / max(bootstraps, 1))}
    corrected = _minus(apparent, optimism)
    findings = _warnings(outcome, len(names), optimism, apparent, redrawn, bootstraps)
    return Validation(apparent, optimism, corrected, crossed, out_of_fold, bootstraps, redrawn, selected, findings)


def performance(outcome: np.ndarray, log_odds: np.ndarray, threshold: float) -> Performance:
    """How well log odds, shape (n,), describe the outcome; ``threshold`` is a probability."""
    probability = expit(log_odds)
    called = probability > threshold
    auc = auc_of_groups(log_odds[outcome], log_odds[~outcome])
    youden = float(called[outcome].mean() - called[~outcome].mean())
    brier = float(np.mean((outcome - probability) ** 2))
    if np.ptp(log_odds) < _EDGE:
        return Performance(auc, brier, 0.0, float(logit(outcome.mean()) - log_odds[0]), youden)
    # Where the log odds separate the groups the slope by maximum likelihood is infinite; Firth's is large but finite.
    method = "firth" if auc in {0.0, 1.0} else "ml"
    try:
        slope = float(fit_logistic(outcome, log_odds, ("log odds",), method=method, inference=False).coefficients[1])
    except MarrowQuantError:  # quasi-complete separation: only a tie stands between the groups
        slope = float(fit_logistic(outcome, log_odds, ("log odds",), method="firth", inference=False).coefficients[1])
    return Performance(auc, brier, slope, intercept_for_mean(outcome, log_odds), youden)


def calibration_groups(outcome: np.ndarray, probability: np.ndarray, groups: int = 5) -> list[tuple[float, float, float, float]]:
    """Mean probability, observed share and its 95 % interval in groups of equal size, for the calibration plot.

    Interval: Wilson, J Am Stat Assoc 1927;22:209.
    """
    points = []
    for part in np.array_split(np.argsort(probability, kind="stable"), min(groups, outcome.size)):
        n, share, z = part.size, float(outcome[part].mean()), 1.959963984540054
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        points.append((float(probability[part].mean()), share, float(centre - reach), float(centre + reach)))
    return points


def smooth_calibration(outcome: np.ndarray, probability: np.ndarray) -> Optional[np.ndarray]:
    """Observed share against probability without groups, shape (m, 2), rising in probability.

    Cleveland's lowess without robust steps over two thirds of the patients (J Am Stat Assoc 1979;74:829), as ``val.prob`` of R's rms draws
    it (Austin and Steyerberg, Stat Med 2014;33:517). None where statsmodels is not installed: the groups stay.
    """
    try:
        need("statsmodels", "smooth calibration")
    except MarrowQuantError:
        return None
    from statsmodels.nonparametric.smoothers_lowess import lowess

    if np.unique(probability).size < 4:
        return None
    return np.asarray(lowess(outcome.astype(float), probability, frac=2.0 / 3.0, it=0, delta=0.0))


def net_benefit(outcome: np.ndarray, probability: np.ndarray, thresholds: np.ndarray) -> dict[str, np.ndarray]:
    """Net benefit per patient at each threshold probability, shape (t,): of the model, and of treating all; treating none has 0.

    True positives / n − false positives / n × threshold / (1 − threshold).
    """
    odds = thresholds / (1.0 - thresholds)
    called = probability[:, None] >= thresholds
    share = float(outcome.mean())
    model = called[outcome].sum(axis=0) / outcome.size - called[~outcome].sum(axis=0) / outcome.size * odds
    return {"model": model, "all": share - (1.0 - share) * odds}


def _resample(
    procedure: Procedure, outcome: np.ndarray, predictors: np.ndarray, names: Sequence[str], rng: np.random.Generator
) -> tuple[np.ndarray, Developed, int]:
    """A bootstrap sample on which the procedure can be run, what it gave, and how many could not be used before."""
    for failed in range(_MAX_REDRAWS):
        rows = rng.integers(outcome.size, size=outcome.size)
        try:
            return rows, procedure.run(outcome[rows], predictors[rows], names), failed
        except MarrowQuantError:  # one class, a constant predictor, or separation in this resample
            continue
    if procedure.method == "firth":
        raise MarrowQuantError("Firth's method cannot be fitted to resamples of these patients; use fewer predictors or add patients.")
    raise MarrowQuantError("The model cannot be fitted to resamples of these patients; use Firth's method or fewer predictors.")


def _cross_validate(procedure, outcome, predictors, names, repeats: int, rng, progress: Progress) -> tuple[Performance, np.ndarray]:
    aucs, results, sums = [], [], np.zeros(outcome.size)
    for repeat in range(repeats):
        progress(0.8 + 0.2 * repeat / repeats, f"Cross-validation {repeat + 1} of {repeats}")
        fold, log_odds, called = folds(outcome, FOLDS, rng), np.empty(outcome.size), np.empty(outcome.size, dtype=bool)
        for n in range(FOLDS):
            train, test = fold != n, fold == n
            model = procedure.run(outcome[train], predictors[train], names)
            log_odds[test] = model.linear_predictor(predictors[test])
            called[test] = model.probability(predictors[test]) > model.threshold
            aucs.append(auc_of_groups(log_odds[test & outcome], log_odds[test & ~outcome]))
        whole = performance(outcome, log_odds, 0.5)
        youden = float(called[outcome].mean() - called[~outcome].mean())
        results.append(Performance(float(np.mean(aucs[-FOLDS:])), whole.brier, whole.slope, whole.intercept, youden))
        sums += expit(log_odds)
    return _mean(results), sums / repeats


def _minus(first: Performance, second: Performance) -> Performance:
    return Performance(*(getattr(first, item.name) - getattr(second, item.name) for item in fields(Performance)))


def _mean(items: Sequence[Performance]) -> Performance:
    return Performance(*(float(np.mean([getattr(one, item.name) for one in items])) for item in fields(Performance)))


def events_findings(outcome: np.ndarray, candidates: int) -> tuple[Finding, ...]:
    """The warning of few events a candidate predictor; empty if there are enough."""
    smaller = int(min(outcome.sum(), (~outcome).sum()))
    if smaller / candidates >= FEW_EVENTS:
        return ()
    return (finding("cohort.few_events", count=smaller, n=candidates, ratio=smaller / candidates, least=FEW_EVENTS),)


def _warnings(
    outcome: np.ndarray, candidates: int, optimism: Performance, apparent: Performance, redrawn: int, bootstraps: int
) -> tuple[Finding, ...]:
    said = list(events_findings(outcome, candidates))
    if optimism.auc > LARGE_OPTIMISM:
        said.append(finding("cohort.optimism", optimism=optimism.auc))
    if apparent.auc == 1.0:
        said.append(finding("cohort.model_separates"))
    if redrawn:
        said.append(finding("cohort.redrawn", count=redrawn, n=bootstraps))
    return tuple(said)
