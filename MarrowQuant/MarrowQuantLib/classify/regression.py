"""The arms that are no network: logistic regression with a ridge, and a support vector machine, both tuned inside the training patients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit

from ..cohort.procedure import deviance, folds, intercept_for_mean
from ..cohort.roc import auc_of_groups, youden_cut_off
from ..io.packages import need
from ..model import MarrowQuantError

PENALTIES = tuple(float(value) for value in np.logspace(-1.5, 3, 10))
"""Candidates for the ridge, on predictors of unit standard deviation (our choice)."""
MACHINES = tuple((cost, width) for cost in (0.3, 3.0, 30.0) for width in (0.03, 0.15))
"""Candidates of the support vector machine: cost, and width of the radial kernel on standardised predictors (our choice)."""
INNER_FOLDS = 5
_STEPS = 60


@dataclass(frozen=True)
class Scaling:
    """How a column becomes a predictor: missing values filled with the training median, then mean 0 and standard deviation 1."""

    median: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray) -> Scaling:
        """From the training patients' columns, shape (patients, columns); NaN is missing."""
        median = np.nanmedian(x, axis=0)
        filled = np.where(np.isfinite(x), x, median)
        sd = filled.std(axis=0)
        return cls(median, filled.mean(axis=0), np.where(sd > 1e-12, sd, 1.0))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return (np.where(np.isfinite(x), x, self.median) - self.mean) / self.sd


@dataclass(frozen=True)
class Fitted:
    """A fitted arm.

    Attributes
    ----------
    out_of_fold : ndarray, shape (training patients,)
        Probability of each training patient from inner models that had not seen them: where the cut-off comes from.
    threshold : float
        Youden's cut-off of them.
    """

    out_of_fold: np.ndarray
    threshold: float
    model: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Ridge:
    """Logistic regression with a ridge: ``slopes`` on scaled columns."""

    scaling: Scaling
    intercept: float
    slopes: np.ndarray
    penalty: float

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Of rows of columns, shape (patients,)."""
        return self.intercept + self.scaling(x) @ self.slopes


def fit_ridge(outcome: np.ndarray, x: np.ndarray, seed: int) -> Fitted:
    """Logistic regression whose penalty is chosen by inner cross-validation of the deviance.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    x : ndarray, shape (n, m)
        NaN where missing.
    seed : int
        Of the inner folds.

    Raises
    ------
    MarrowQuantError
        If there is no column.
    """
    fold = _inner(outcome, x, seed)
    tried = np.empty((len(PENALTIES), outcome.size))
    for n in range(int(fold.max()) + 1):
        train, test = fold != n, fold == n
        scaling = Scaling.of(x[train])
        for place, penalty in enumerate(PENALTIES):
            intercept, slopes = ridge(outcome[train], scaling(x[train]), penalty)
            tried[place, test] = expit(intercept + scaling(x[test]) @ slopes)
    best = int(np.argmin([deviance(outcome.astype(float), p) for p in tried]))
    scaling = Scaling.of(x)
    model = Ridge(scaling, *ridge(outcome, scaling(x), PENALTIES[best]), PENALTIES[best])
    return Fitted(tried[best], cut_off(outcome, tried[best]), model)


def ridge(outcome: np.ndarray, z: np.ndarray, penalty: float) -> tuple[float, np.ndarray]:
    """Intercept and slopes that maximise the log likelihood less ½ λ Σ β² (le Cessie and van Houwelingen, Appl Stat 1992;41:191).

    By Newton's steps, halved where they overshoot.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    z : ndarray, shape (n, m)
        Scaled columns.
    penalty : float
        λ; the intercept is free.
    """
    design = np.column_stack([np.ones(len(z)), z])
    weight = np.diag([1e-9, *[penalty] * z.shape[1]])
    beta = np.zeros(design.shape[1])
    y = outcome.astype(float)

    def loss(b: np.ndarray) -> float:
        eta = design @ b
        return float(np.logaddexp(0.0, eta).sum() - y @ eta + 0.5 * b @ weight @ b)

    value = loss(beta)
    for _ in range(_STEPS):
        p = expit(design @ beta)
        step = np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]) + weight, design.T @ (y - p) - weight @ beta)
        while loss(beta + step) > value + 1e-12 * abs(value) and np.abs(step).max() > 1e-12:
            step /= 2.0
        beta = beta + step
        value = loss(beta)
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), beta[1:]


@dataclass(frozen=True)
class Machine:
    """A support vector machine with Platt's recalibration of its decision values to log odds."""

    scaling: Scaling
    machine: Any
    intercept: float
    slope: float

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Of rows of columns, shape (patients,)."""
        return self.intercept + self.slope * self.machine.decision_function(self.scaling(x))


def fit_machine(outcome: np.ndarray, x: np.ndarray, seed: int) -> Fitted:
    """A support vector machine with a radial kernel (scikit-learn), cost and width chosen by the inner AUC; parameters as the ridge.

    Decision values become probabilities by a logistic regression on the inner out-of-fold values (Platt 1999, Advances in Large Margin
    Classifiers, MIT Press).
    """
    need("sklearn", "support vector machines")
    from sklearn.svm import SVC

    fold = _inner(outcome, x, seed)
    tried = np.empty((len(MACHINES), outcome.size))
    for n in range(int(fold.max()) + 1):
        train, test = fold != n, fold == n
        scaling = Scaling.of(x[train])
        for place, (cost, width) in enumerate(MACHINES):
            machine = SVC(C=cost, gamma=width, class_weight="balanced").fit(scaling(x[train]), outcome[train])
            tried[place, test] = machine.decision_function(scaling(x[test]))
    best = int(np.argmax([auc_of_groups(values[outcome], values[~outcome]) for values in tried]))
    intercept, slope = platt(outcome, tried[best])
    probability = expit(intercept + slope * tried[best])
    scaling = Scaling.of(x)
    machine = SVC(C=MACHINES[best][0], gamma=MACHINES[best][1], class_weight="balanced").fit(scaling(x), outcome)
    return Fitted(probability, cut_off(outcome, probability), Machine(scaling, machine, intercept, slope))


def platt(outcome: np.ndarray, value: np.ndarray) -> tuple[float, float]:
    """Intercept and slope that turn values into log odds; the slope never turns the order round, and is small where nothing was learned."""
    spread = float(value.std()) or 1.0
    _, slopes = ridge(outcome, (value - value.mean())[:, None] / spread, 1.0)
    slope = max(float(slopes[0]), 0.02) / spread
    return intercept_for_mean(outcome, slope * value), slope


def cut_off(outcome: np.ndarray, probability: np.ndarray) -> float:
    """Youden's cut-off of out-of-fold probabilities; one half where they are all alike."""
    return youden_cut_off(probability[outcome], probability[~outcome])[0] if np.ptp(probability) > 0 else 0.5


def inner_folds(outcome: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The inner fold of each training patient; no more folds than the smaller group has patients."""
    smaller = int(min(outcome.sum(), (~outcome).sum()))
    if smaller < 2:
        raise MarrowQuantError("A fold holds fewer than two patients of one kind; add patients or take fewer folds.")
    return folds(outcome, min(count, smaller), np.random.default_rng(seed))


def _inner(outcome: np.ndarray, x: np.ndarray, seed: int) -> np.ndarray:
    if x.shape[1] == 0:
        raise MarrowQuantError("No index of this arm was measured in these patients; leave the arm out.")
    return inner_folds(outcome, INNER_FOLDS, seed)
