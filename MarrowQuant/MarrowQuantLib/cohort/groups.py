"""Three groups and more: multinomial logistic regression (scikit-learn, statsmodels) and linear discriminant analysis.

For the differential diagnosis of myeloma infiltration, ineffective haematopoiesis and red marrow. The confusion table is that of repeated
stratified cross-validation, so that no patient is judged by a model that has seen them.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from scipy import stats
from scipy.special import softmax

from ..io.packages import need
from ..model import MarrowQuantError
from .design import check_columns

METHODS = ("multinomial", "lda")
FOLDS, REPEATS = 5, 10
SEPARATED = 100.0  # standard error of a log odds per standard deviation, beyond which groups separate and there is no maximum; our choice


@dataclass(frozen=True)
class Likelihood:
    """Multinomial logistic regression by maximum likelihood, without a penalty.

    Attributes
    ----------
    reference : str
        The group that the others are compared with: the first.
    groups : tuple of str
        The others.
    coefficients, standard_errors, p : ndarray, shape (groups, 1 + predictors)
        Log odds against the reference, intercept first, per unit of the predictor; Wald's tests.
    log_likelihood : float
    """

    reference: str
    groups: tuple[str, ...]
    coefficients: np.ndarray
    standard_errors: np.ndarray
    p: np.ndarray
    log_likelihood: float


@dataclass(frozen=True)
class GroupModel:
    """A model of several groups.

    Attributes
    ----------
    method : {"multinomial", "lda"}
    groups : tuple of str
        In alphabetical order.
    names : tuple of str
        Of the predictors.
    coefficients : ndarray, shape (groups, 1 + predictors)
        Intercept first, on predictors scaled to unit standard deviation. Only differences between groups have a meaning.
    confusion : ndarray, shape (groups, groups)
        Cross-validated: row the true group, column the assigned one, mean number of patients over the repeats.
    accuracy, balanced_accuracy : float
        Of the cross-validation; balanced: the mean of the groups' sensitivities.
    likelihood : Likelihood or None
        Beside the ridge the model without it; None for the linear discriminant, and where the groups separate, so that it has no maximum.
    """

    method: str
    groups: tuple[str, ...]
    names: tuple[str, ...]
    coefficients: np.ndarray
    confusion: np.ndarray
    accuracy: float
    balanced_accuracy: float
    likelihood: Optional[Likelihood] = None


def fit_groups(
    labels: Sequence[str], predictors: np.ndarray, names: Sequence[str], *, method: str = "multinomial", seed: int = 1
) -> GroupModel:
    """Fit and cross-validate a model of three or more groups.

    Parameters
    ----------
    labels : sequence of str, length n
    predictors : ndarray, shape (n, m)
    names : sequence of str
    method : {"multinomial", "lda"}
        The multinomial regression carries scikit-learn's default ridge (C = 1 on scaled predictors), because groups of this size separate.

    Raises
    ------
    MarrowQuantError
        If there are fewer than three groups, a group has fewer patients than folds, a predictor is constant, or scikit-learn is missing.
    """
    truth = np.asarray(labels)
    groups, counts = np.unique(truth, return_counts=True)
    if groups.size < 3:
        raise MarrowQuantError(
            "There are {groups} groups; with two use the logistic regression, this analysis needs three or more.",
            groups=groups.size,
        )
    if counts.min() < FOLDS:
        rare = groups[counts.argmin()]
        raise MarrowQuantError(
            "The group '{rare}' has {counts} patients, but {folds} are needed; add patients or merge groups.",
            rare=rare, counts=counts.min(), folds=FOLDS,
        )
    x = np.asarray(predictors, dtype=float).reshape(truth.size, -1)
    check_columns(x, names, "predictor")
    need("sklearn", "models of three groups")
    from sklearn.metrics import confusion_matrix
    from sklearn.model_selection import StratifiedKFold

    confusion = np.zeros((groups.size, groups.size))
    for repeat in range(REPEATS):
        for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed + repeat).split(x, truth):
            assigned = _estimator(method).fit(x[train], truth[train]).predict(x[test])
            confusion += confusion_matrix(truth[test], assigned, labels=groups) / REPEATS
    last = _estimator(method).fit(x, truth)
    last = last if method == "lda" else last[-1]
    sensitivities = np.diag(confusion) / counts
    return GroupModel(
        method, tuple(str(group) for group in groups), tuple(names), np.column_stack([last.intercept_, last.coef_]), confusion,
        float(np.trace(confusion) / truth.size), float(sensitivities.mean()),
        _likelihood(truth, groups, x) if method == "multinomial" else None,
    )  # fmt: skip


class Discriminant:
    """Linear discriminant analysis with the covariance within groups divided by n - g, as R's MASS::lda and SPSS have it.

    scikit-learn divides by n, which moves the assignments of few patients. Priors are the shares of the groups (Venables and Ripley, Modern
    Applied Statistics with S, 2002, section 12.1).
    """

    def fit(self, x: np.ndarray, labels: np.ndarray) -> Discriminant:
        """Fit to predictors of shape (n, m) and labels of shape (n,); the coefficients are per standard deviation of a predictor."""
        self._mean, self._spread = x.mean(axis=0), x.std(axis=0)
        x = (x - self._mean) / self._spread
        self.classes_, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
        means = np.stack([x[which == n].mean(axis=0) for n in range(len(counts))])
        within = x - means[which]
        self.coef_ = np.linalg.solve(within.T @ within / (len(x) - len(counts)), means.T).T
        self.intercept_ = np.log(counts / len(x)) - 0.5 * np.sum(self.coef_ * means, axis=1)
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Posterior probability of each group, shape (n, groups)."""
        return softmax((x - self._mean) / self._spread @ self.coef_.T + self.intercept_, axis=1)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The most probable group, shape (n,)."""
        return self.classes_[np.argmax(self.predict_proba(x), axis=1)]


def _estimator(method: str) -> Any:
    if method == "lda":
        return Discriminant()
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def _likelihood(labels: np.ndarray, groups: np.ndarray, x: np.ndarray) -> Optional[Likelihood]:
    """None also where statsmodels is not installed: the model with the ridge does not need it."""
    try:
        need("statsmodels", "maximum likelihood of three groups")
    except MarrowQuantError:
        return None
    from statsmodels.discrete.discrete_model import MNLogit

    mean, spread = x.mean(axis=0), x.std(axis=0)
    design = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fit = MNLogit(np.searchsorted(groups, labels), design).fit(method="newton", maxiter=100, disp=0)
            covariance = np.asarray(fit.cov_params())
        except (np.linalg.LinAlgError, ValueError):
            return None
    errors = np.sqrt(np.diag(covariance))
    if not fit.mle_retvals["converged"] or not np.all(np.isfinite(errors)) or errors.max() > SEPARATED:
        return None
    back = np.diag(np.concatenate([[1.0], 1.0 / spread]))
    back[0, 1:] = -mean / spread
    each = np.kron(np.eye(groups.size - 1), back)
    coefficients = np.asarray(fit.params).T @ back.T
    errors = np.sqrt(np.diag(each @ covariance @ each.T)).reshape(coefficients.shape)
    p = 2.0 * stats.norm.sf(np.abs(coefficients / errors))
    return Likelihood(str(groups[0]), tuple(str(group) for group in groups[1:]), coefficients, errors, p, float(fit.llf))
