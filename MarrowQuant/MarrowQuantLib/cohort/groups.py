"""Three groups and more: multinomial logistic regression and linear discriminant analysis, by scikit-learn.

For the differential diagnosis of myeloma infiltration, ineffective haematopoiesis and red marrow. The confusion table is that of repeated
stratified cross-validation, so that no patient is judged by a model that has seen them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..io.packages import need
from ..model import MarrowQuantError
from .design import check_columns

METHODS = ("multinomial", "lda")
FOLDS, REPEATS = 5, 10


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
    """

    method: str
    groups: tuple[str, ...]
    names: tuple[str, ...]
    coefficients: np.ndarray
    confusion: np.ndarray
    accuracy: float
    balanced_accuracy: float


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
            assigned = _pipeline(method).fit(x[train], truth[train]).predict(x[test])
            confusion += confusion_matrix(truth[test], assigned, labels=groups) / REPEATS
    last = _pipeline(method).fit(x, truth)[-1]
    sensitivities = np.diag(confusion) / counts
    return GroupModel(
        method, tuple(str(group) for group in groups), tuple(names), np.column_stack([last.intercept_, last.coef_]), confusion,
        float(np.trace(confusion) / truth.size), float(sensitivities.mean()),
    )  # fmt: skip


def _pipeline(method: str):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    estimator = LinearDiscriminantAnalysis() if method == "lda" else LogisticRegression(max_iter=1000)
    return make_pipeline(StandardScaler(), estimator)
