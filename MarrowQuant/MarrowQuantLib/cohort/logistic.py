"""Logistic regression by maximum likelihood, with Firth's penalty, or with a ridge.

Sources: Firth, Biometrika 1993;80:27 (the penalty ½ log det I); Heinze and Schemper, Stat Med 2002;21:2409 (its use under separation,
profile-likelihood intervals and penalised likelihood-ratio tests; the test sets one coefficient to zero and keeps the penalty of the
full design); le Cessie and van Houwelingen, Appl Stat 1992;41:191 (ridge). scikit-learn has no Firth fit and no covariance, which the
response model needs, so the Newton iterations are our own; they serve all three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy.optimize import brentq, linprog
from scipy.special import expit, log_expit
from scipy.stats import chi2, norm

from ..model import MarrowQuantError
from .design import as_columns, check_columns

METHODS = ("ml", "firth", "ridge")
INTERCEPT = "intercept"
_MAX_STEPS = 200
_TOLERANCE = 1e-9  # of the largest step, in standard errors
_FLOOR = 1e-4  # steps below this that no longer shrink have met the rounding error
_LARGEST_STEP = 5.0  # in standard errors of the current estimate: keeps Newton from leaping onto the plateau of a separated likelihood
_MAX_PROFILE_WIDENINGS = 40
_MOST_FOR_HESSIAN = 2000  # patients: the Hessian of Firth's penalty needs a number for every pair of them


@dataclass(frozen=True)
class LogisticFit:
    """A fitted model; every array has the intercept first.

    Attributes
    ----------
    names : tuple of str
        "intercept" and the predictors.
    coefficients, standard_errors, p : ndarray, shape (1 + predictors,)
        Log odds per unit of the predictor; p is Wald's for "ml", of the penalised likelihood-ratio test for "firth", NaN for "ridge".
    intervals : ndarray, shape (1 + predictors, 2)
        95 %: Wald for "ml", profile penalised likelihood for "firth", NaN for "ridge" (a shrunken estimate has no honest one).
    covariance : ndarray, shape (1 + predictors, 1 + predictors)
        Inverse of the (for "ridge": penalised) information at the estimate.
    log_likelihood : float
        Penalised for "firth" and "ridge".
    n, n_event : int
    method : {"ml", "firth", "ridge"}
    penalty : float
        Ridge: λ on predictors scaled to unit standard deviation. 0 otherwise.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    standard_errors: np.ndarray
    p: np.ndarray
    intervals: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    n: int
    n_event: int
    method: str
    penalty: float = 0.0

    def probability(self, predictors: np.ndarray) -> np.ndarray:
        """Probability of the event, shape (n,), for predictors of shape (n, predictors)."""
        return expit(self.coefficients[0] + np.asarray(predictors) @ self.coefficients[1:])


def fit_logistic(
    outcome: np.ndarray,
    predictors: np.ndarray,
    names: Sequence[str],
    *,
    method: str = "ml",
    penalty: float = 1.0,
    inference: bool = True,
    profiles: bool = True,
) -> LogisticFit:
    """Fit a logistic regression.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    predictors : ndarray, shape (n, m)
        Finite values, each in its own unit.
    names : sequence of str
        Of the m predictors.
    method : {"ml", "firth", "ridge"}
    penalty : float
        λ of the ridge: ½ λ Σ β² is taken off the log likelihood, with predictors scaled to unit standard deviation; the intercept is free.
    inference, profiles : bool
        False leaves out p and intervals of the Firth fit, or the intervals only, which cost a fit for every point of a profile.

    Returns
    -------
    LogisticFit

    Raises
    ------
    MarrowQuantError
        One class only, too few patients, a constant predictor, predictors that determine each other, or, for "ml", complete or
        quasi-complete separation (the estimate is then infinite).
    """
    y, x, scale = _checked(outcome, predictors, names)
    try:
        return _fitted(y, x, scale, tuple(names), method, penalty, inference, profiles)
    except np.linalg.LinAlgError:  # predictors so much alike that the information has no inverse in double precision
        raise _not_converged(method == "firth") from None


def _not_converged(firth: bool) -> MarrowQuantError:
    """What to do depends on whether Firth's method is still to be tried."""
    if firth:
        return MarrowQuantError("Firth's logistic regression did not converge; use fewer predictors, or ones that are less alike.")
    return MarrowQuantError("The logistic regression did not converge; use Firth's method or fewer predictors.")


def _fitted(
    y: np.ndarray, x: np.ndarray, scale: np.ndarray, names: tuple[str, ...], method: str, penalty: float, inference: bool, profiles: bool
) -> LogisticFit:
    """The fit to columns that were checked; raises ``LinAlgError`` where a matrix cannot be inverted."""
    if method == "ml" and separation(y > 0, x):
        raise MarrowQuantError(
            "The predictors separate the two groups completely or nearly so, so that the maximum-likelihood estimate is infinite; "
            "use Firth's method."
        )
    design = np.column_stack([np.ones(y.size), x / scale])  # all units alike, so that no matrix is ill-conditioned
    ridge = np.full(design.shape[1], penalty if method == "ridge" else 0.0)
    ridge[0] = 0.0
    problem = _Problem(y, design, firth=method == "firth", ridge=ridge)
    beta = problem.maximise(problem.start())
    covariance = np.linalg.inv(problem.information(beta) + np.diag(ridge))
    errors = np.sqrt(np.diag(covariance))
    p, intervals = np.full(beta.size, np.nan), np.full((beta.size, 2), np.nan)
    if method == "ml":
        p = 2.0 * norm.sf(np.abs(beta) / errors)
        intervals = beta[:, None] + norm.ppf(0.975) * errors[:, None] * np.array([-1.0, 1.0])
    elif method == "firth" and inference:
        p = np.array([problem.lr_p(beta, j) for j in range(beta.size)])
        if profiles:
            intervals = np.array([problem.profile_interval(beta, j, errors[j]) for j in range(beta.size)])
    back = np.concatenate([[1.0], 1.0 / scale])
    value = problem.value(beta) + (np.log(scale).sum() if method == "firth" else 0.0)  # the penalty's determinant has units
    return LogisticFit(
        names=(INTERCEPT, *names), coefficients=beta * back, standard_errors=errors * back, p=p, intervals=intervals * back[:, None],
        covariance=covariance * np.outer(back, back), log_likelihood=float(value), n=y.size, n_event=int(y.sum()), method=method,
        penalty=penalty if method == "ridge" else 0.0,
    )  # fmt: skip


def separation(outcome: np.ndarray, predictors: np.ndarray) -> bool:
    """True if some combination of the predictors separates the groups completely or quasi-completely.

    Albert and Anderson, Biometrika 1984;71:1: the estimate is infinite if there is b ≠ 0 with s (x'b) ≥ 0 for all patients (s = ±1 for
    event or none) and > 0 for one; a linear programme finds the b of |b| ≤ 1 with the largest sum.
    """
    predictors = np.asarray(predictors, dtype=float)
    scaled = (predictors - predictors.mean(axis=0)) / np.maximum(predictors.std(axis=0), 1e-300)
    signed = np.where(outcome, 1.0, -1.0)[:, None] * np.column_stack([np.ones(len(scaled)), scaled])
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1.0, 1.0), method="highs")
    return bool(found.success and -found.fun > 1e-7 * len(signed))


def _checked(outcome: np.ndarray, predictors: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome as 0 and 1, the predictors, and their standard deviations."""
    y = np.asarray(outcome, dtype=bool).astype(float)
    x = as_columns(predictors, y.size)
    if y.size < x.shape[1] + 3:
        raise MarrowQuantError(
            "{y} patients are too few for {shape} predictors (at least {other_shape}); add patients or drop predictors.",
            y=y.size, shape=str(x.shape[1]), other_shape=str(x.shape[1] + 3),
        )
    if y.sum() in {0, y.size}:
        raise MarrowQuantError("All patients have the same outcome, so nothing can be predicted; choose another.")
    return y, x, check_columns(x, names, "predictor")


class _Problem:
    """The (penalised) log likelihood of one data set and its maximum, also with one coefficient held fixed."""

    def __init__(self, y: np.ndarray, design: np.ndarray, firth: bool, ridge: np.ndarray) -> None:
        self.y, self.x, self.firth, self.ridge = y, design, firth, ridge

    def start(self) -> np.ndarray:
        """Only the intercept, at the log odds of the event."""
        beta = np.zeros(self.x.shape[1])
        beta[0] = np.log(self.y.sum() / (self.y.size - self.y.sum()))
        return beta

    def information(self, beta: np.ndarray) -> np.ndarray:
        p = expit(self.x @ beta)
        return self.x.T @ (self.x * (p * (1.0 - p))[:, None])

    def value(self, beta: np.ndarray) -> float:
        eta = self.x @ beta
        value = float(np.sum(self.y * log_expit(eta) + (1.0 - self.y) * log_expit(-eta)) - 0.5 * np.sum(self.ridge * beta**2))
        if self.firth:
            sign, log_det = np.linalg.slogdet(self.information(beta))
            value += 0.5 * log_det if sign > 0 else -np.inf
        return value

    def maximise(self, beta: np.ndarray, fixed: Optional[int] = None) -> np.ndarray:
        """Newton's iterations with step halving; coefficient ``fixed`` keeps its value."""
        free = np.array([j for j in range(beta.size) if j != fixed])
        value, size = self.value(beta), np.inf
        for _ in range(_MAX_STEPS):
            score, information = self._score(beta)
            part = information[np.ix_(free, free)]
            step = np.linalg.solve(part, score[free])
            before, size = size, float((np.abs(step) * np.sqrt(np.diag(part))).max())
            if size < _TOLERANCE or (size < _FLOOR and size >= before):
                return beta
            step *= min(1.0, _LARGEST_STEP / size)
            for _halving in range(30):
                trial = beta.copy()
                trial[free] += step
                trial_value = self.value(trial)
                if trial_value >= value - 1e-12 * abs(value):
                    break
                step *= 0.5
            beta, value = trial, trial_value
        raise _not_converged(self.firth)

    def _score(self, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score and negative Hessian; Firth's score adds h (½ − p) to the residual, h the diagonal of the hat matrix."""
        p = expit(self.x @ beta)
        weights, residual = p * (1.0 - p), self.y - p
        information = self.x.T @ (self.x * weights[:, None])
        curvature = information + np.diag(self.ridge)
        if self.firth:
            solved = np.linalg.solve(information, self.x.T)
            hat = weights * np.einsum("ij,ji->i", self.x, solved)
            residual = residual + hat * (0.5 - p)
            curvature = self._firth_curvature(information, solved, p, weights, hat)
        return self.x.T @ residual - self.ridge * beta, curvature

    def _firth_curvature(
        self, information: np.ndarray, solved: np.ndarray, p: np.ndarray, weights: np.ndarray, hat: np.ndarray
    ) -> np.ndarray:
        """Negative Hessian of the penalised likelihood, by differentiating the score; ``solved`` is I⁻¹ X'.

        With the information alone the steps overshoot or crawl where the groups are separated. Where the Hessian is not definite, and for
        many patients, to whom the penalty hardly matters, every patient counts 1 + h times in the information instead.
        """
        if self.y.size <= _MOST_FOR_HESSIAN:
            tilt = weights * (1.0 - 2.0 * p)
            pairs = (self.x @ solved) ** 2
            diagonal = hat * ((1.0 - 2.0 * p) ** 2 - 2.0 * weights)
            tilted = self.x * tilt[:, None]
            curvature = information - 0.5 * (self.x.T @ (self.x * diagonal[:, None]) - tilted.T @ pairs @ tilted)
            if np.linalg.eigvalsh(curvature)[0] > 0:
                return curvature
        return self.x.T @ (self.x * (weights * (1.0 + hat))[:, None])

    def _drop(self, best: np.ndarray, j: int, value: float, start: np.ndarray) -> tuple[float, np.ndarray]:
        """Twice the fall of the maximum when coefficient j is held at ``value``, and where that maximum lies.

        The search begins where the quadratic through ``best`` or ``start`` has its maximum, whichever is higher: moving one coefficient
        alone would throw the linear predictor far off when predictors are not centred.
        """
        held = self.maximise(max((self._moved(origin, j, value) for origin in (best, start)), key=self.value), fixed=j)
        return 2.0 * (self.value(best) - self.value(held)), held

    def _moved(self, origin: np.ndarray, j: int, value: float) -> np.ndarray:
        column = np.linalg.inv(self.information(origin) + np.diag(self.ridge))[:, j]
        moved = origin + column / column[j] * (value - origin[j])
        moved[j] = value
        return moved

    def _excess(self, value: float, best: np.ndarray, j: int, start: np.ndarray, quantile: float) -> float:
        return self._drop(best, j, value, start)[0] - quantile

    def lr_p(self, best: np.ndarray, j: int) -> float:
        return float(chi2.sf(max(self._drop(best, j, 0.0, best)[0], 0.0), 1))

    def profile_interval(self, best: np.ndarray, j: int, error: float) -> tuple[float, float]:
        """Where twice the fall of the profile reaches the 95 % quantile of χ² with one degree of freedom; infinite if never."""
        return self._profile_end(best, j, -error), self._profile_end(best, j, error)

    def _profile_end(self, best: np.ndarray, j: int, step: float) -> float:
        quantile, held = chi2.ppf(0.95, 1), best
        inner, outer = best[j], best[j] + 2.0 * step
        for _ in range(_MAX_PROFILE_WIDENINGS):
            drop, held = self._drop(best, j, outer, held)
            if drop > quantile:
                return float(brentq(self._excess, inner, outer, args=(best, j, held, quantile), xtol=1e-9 * abs(step)))
            inner, outer, step = outer, outer + 2.0 * step, 1.5 * step
        return float(np.copysign(np.inf, step))
