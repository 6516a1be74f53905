"""The arms of the comparison: what each looks at, and how it is fitted to some patients and asked about others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit

from ..io.packages import need
from ..model import Finding, MarrowQuantError, finding
from .dataset import Dataset
from .regression import Fitted, cut_off, fit_machine, fit_ridge, inner_folds, platt

AGE = ("age_years",)
CLINICAL = ("age_years", "platelets")
IMAGES = (
    "ff",
    "adc",
    "t1_to_discs",
    "dropout_ratio",
    "r2star",
    "ff_sd",
    "ff_p10",
    "ff_p90",
    "ff_skewness",
    "t1_sd",
    "t1_p10",
    "t1_p90",
    "t1_skewness",
)
TEXTURE = tuple(
    f"texture_{name}_{distance}"
    for distance in (1, 3)
    for name in ("joint_entropy", "contrast", "inverse_difference", "angular_second_moment", "correlation", "cluster_shade")
)
_LEAST_KNOWN = 0.7
"""Share of the patients in whom an index must be known to enter an arm (our choice)."""
NETWORK_FOLDS = 3


@dataclass(frozen=True)
class Arm:
    """One way to tell the diseases apart.

    Attributes
    ----------
    key, title : str
        ``title`` is English; its Japanese stands in :mod:`.words`.
    kind : {"ridge", "machine", "network", "average"}
    columns : tuple of str
        Of a regression.
    network : str
        Of a network, one of ``networks.KINDS``.
    of : tuple of str
        Arms that an average is made of.
    """

    key: str
    title: str
    kind: str
    columns: tuple[str, ...] = ()
    network: str = ""
    of: tuple[str, ...] = ()


ARMS: dict[str, Arm] = {
    arm.key: arm
    for arm in (
        Arm("age", "Age alone", "ridge", AGE),
        Arm("multiparametric", "Multiparametric, regression", "ridge", IMAGES),
        Arm("multiparametric_clinical", "Multiparametric, age, platelets; regression", "ridge", (*IMAGES, *CLINICAL)),
        Arm("machine", "Multiparametric, SVM", "machine", IMAGES),
        Arm("machine_clinical", "Multiparametric, age, platelets; SVM", "machine", (*IMAGES, *CLINICAL)),
        Arm("texture", "Radiomic texture", "ridge", TEXTURE),
        Arm("lenet", "CNN, LeNet", "network", network="lenet"),
        Arm("network", "CNN, small", "network", network="small"),
        Arm("densenet", "CNN, DenseNet of MONAI", "network", network="densenet"),
        Arm("average", "Average of CNN and multiparametric", "average", of=("network", "multiparametric")),
    )
}
ON_DEMAND = ("densenet",)
"""Arms that take part only where they are named."""
USUAL = tuple(key for key in ARMS if key not in ON_DEMAND)


def usable_columns(dataset: Dataset, arm: Arm) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The columns of an arm that enough patients have, and what is to be said of the others."""
    kept, told = [], []
    for name in arm.columns:
        values = dataset.column(name)
        known = np.isfinite(values)
        if known.mean() < _LEAST_KNOWN or np.ptp(values[known]) == 0:
            told.append(finding("classify.index_left_out", index=name))
            continue
        kept.append(name)
        if not known.all():
            told.append(finding("classify.index_missing", index=name, n=int((~known).sum())))
    return tuple(kept), tuple(told)


def usable_arms(dataset: Dataset, wanted: Sequence[str]) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The arms for which the data hold what they look at.

    Raises
    ------
    MarrowQuantError
        If an arm is not known, or none is left.
    """
    unknown = [key for key in wanted if key not in ARMS]
    if unknown:
        raise MarrowQuantError("There is no arm {unknown}; choose of: {arms}.", unknown=unknown, arms=list(ARMS))
    kept: list[str] = []
    told: list[Finding] = []
    for key in dict.fromkeys(part for name in wanted for part in (*ARMS[name].of, name)):  # an average needs what it is made of
        arm = ARMS[key]
        if arm.kind in ("ridge", "machine"):
            columns, said = usable_columns(dataset, arm)
            told += said
            if not columns:
                continue
        kept.append(key)
    kept = [key for key in kept if all(part in kept for part in ARMS[key].of)]
    if not kept:
        raise MarrowQuantError("No arm is left, because none of its indices was measured; prepare the patients with more of their images.")
    return tuple(kept), tuple(dict.fromkeys(told))


@dataclass(frozen=True)
class NetworkModel:
    """An ensemble: one network for each inner fold, the channels' mean and spread, and Platt's recalibration of the mean log odds."""

    kind: str
    members: tuple[Any, ...]
    mean: np.ndarray
    sd: np.ndarray
    intercept: float
    slope: float


@dataclass(frozen=True)
class Columns:
    """A fitted regression and the columns it reads."""

    names: tuple[str, ...]
    model: Any = field(repr=False)


def fit_arm(arm: Arm, dataset: Dataset, seed: int, fitted: dict[str, Fitted]) -> Fitted:
    """Fit one arm to all patients of ``dataset``, the training patients.

    Parameters
    ----------
    arm : Arm
    dataset : Dataset
    seed : int
    fitted : dict
        Arms that were fitted to the same patients before, for an average.
    """
    outcome = dataset.outcome
    if arm.kind == "average":
        parts = [fitted[key].out_of_fold for key in arm.of]
        mean = np.mean(parts, axis=0)
        return Fitted(mean, cut_off(outcome, mean), tuple(fitted[key].model for key in arm.of))
    if arm.kind == "network":
        return _fit_network(arm, dataset, seed)
    names = usable_columns(dataset, arm)[0]
    x = np.column_stack([dataset.column(name) for name in names]) if names else np.zeros((outcome.size, 0))
    found = (fit_ridge if arm.kind == "ridge" else fit_machine)(outcome, x, seed)
    return Fitted(found.out_of_fold, found.threshold, Columns(names, found.model))


def ask(arm: Arm, fitted: Fitted, dataset: Dataset) -> np.ndarray:
    """Probability of the event for every patient of ``dataset``, shape (patients,)."""
    if arm.kind == "average":
        parts = zip(arm.of, fitted.model)
        return np.mean([ask(ARMS[key], Fitted(fitted.out_of_fold, 0.5, model), dataset) for key, model in parts], axis=0)
    if arm.kind == "network":
        return expit(fitted.model.intercept + fitted.model.slope * member_log_odds(fitted.model, dataset).mean(axis=0))
    x = np.column_stack([dataset.column(name) for name in fitted.model.names])
    return expit(fitted.model.model.log_odds(x))


def member_log_odds(model: NetworkModel, dataset: Dataset) -> np.ndarray:
    """Log odds of every member for every patient, shape (members, patients)."""
    from . import networks

    stack = networks.Stack.of([p.patches for p in dataset.patients], dataset.outcome, model.mean, model.sd)
    return np.array([networks.log_odds(member, stack) for member in model.members])


def _fit_network(arm: Arm, dataset: Dataset, seed: int) -> Fitted:
    need("torch", "training a network")
    if arm.network == "densenet":
        need("monai", "the arm densenet")
    from . import networks

    outcome, pictures = dataset.outcome, [patient.patches for patient in dataset.patients]
    every = np.concatenate(pictures)
    mean, sd = every.mean(axis=(0, 2, 3)), np.maximum(every.std(axis=(0, 2, 3)), 1e-6)
    fold = inner_folds(outcome, NETWORK_FOLDS, seed)
    members, told = [], np.empty(outcome.size)
    for n in range(int(fold.max()) + 1):
        train, held = np.flatnonzero(fold != n), np.flatnonzero(fold == n)
        learned, watched = (networks.Stack.of([pictures[row] for row in rows], outcome[rows], mean, sd) for rows in (train, held))
        members.append(networks.train(arm.network, learned, watched, 1000 * seed + n))
        told[held] = networks.log_odds(members[-1], watched)
    intercept, slope = platt(outcome, told)
    probability = expit(intercept + slope * told)
    return Fitted(probability, cut_off(outcome, probability), NetworkModel(arm.network, tuple(members), mean, sd, intercept, slope))
