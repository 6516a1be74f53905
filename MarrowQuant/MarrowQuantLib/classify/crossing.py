"""The same folds for every arm: repeated nested cross-validation grouped by patient, and one site left out at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from ..cohort.procedure import folds
from ..model import MarrowQuantError, Progress, no_progress
from .arms import ARMS, ask, fit_arm
from .dataset import Dataset
from .regression import Fitted

FOLDS, REPEATS = 5, 2
_EDGE = 1e-9
FEWEST_AT_A_SITE = 3
"""Patients of either disease that a site needs to be left out (our choice)."""


@dataclass(frozen=True)
class Crossed:
    """Out-of-fold answers of every arm.

    Attributes
    ----------
    probability, called : dict of arm to ndarray, shape (repeats, patients)
        NaN and False where a patient was never in a test fold.
    fold : ndarray of int, shape (repeats, patients)
    seed : int
    """

    probability: dict[str, np.ndarray]
    called: dict[str, np.ndarray]
    fold: np.ndarray
    seed: int

    def mean(self, arm: str) -> np.ndarray:
        """Mean probability of each patient over the repeats."""
        return self.probability[arm].mean(axis=0)

    def calls(self, arm: str) -> np.ndarray:
        """Whether most repeats called the event, at the cut-offs chosen inside the folds."""
        return self.called[arm].mean(axis=0) > 0.5


def make_folds(outcome: np.ndarray, count: int, repeats: int, seed: int) -> np.ndarray:
    """The fold of each patient in each repeat, shape (repeats, patients); both kinds are spread evenly.

    Raises
    ------
    MarrowQuantError
        If the smaller group has fewer patients than folds.
    """
    smaller = int(min(outcome.sum(), (~outcome).sum()))
    if smaller < count:
        raise MarrowQuantError(
            "The smaller group has {smaller} patients, but there are {folds} folds; add patients, or take fewer folds.",
            smaller=smaller,
            folds=count,
        )
    return np.array([folds(outcome, count, np.random.default_rng([seed, repeat])) for repeat in range(repeats)])


def check_folds(dataset: Dataset, fold: np.ndarray) -> None:
    """Refuse folds in which one patient or one image lies on both sides.

    Parameters
    ----------
    dataset : Dataset
    fold : ndarray of int, shape (repeats, patients)

    Raises
    ------
    MarrowQuantError
    """
    for what in ("record_id", "image_hash"):
        names = np.array([getattr(patient, what) or str(n) for n, patient in enumerate(dataset.patients)])
        for row in fold:
            for name in np.unique(names):
                if np.unique(row[names == name]).size > 1:
                    raise MarrowQuantError("One patient or image lies in two folds and would be learned by heart; make folds by patient.")


def cross_validate(
    dataset: Dataset, arms: Sequence[str], *, count: int = FOLDS, repeats: int = REPEATS, seed: int = 1, progress: Progress = no_progress
) -> Crossed:
    """Nested cross-validation: everything that is chosen, is chosen inside the training fold.

    Parameters
    ----------
    dataset : Dataset
    arms : sequence of str
        Keys of ``ARMS``.
    count, repeats, seed : int
        The same seed gives the same folds.

    Raises
    ------
    MarrowQuantError
        As :func:`make_folds`.
    """
    fold = make_folds(dataset.outcome, count, repeats, seed)
    check_folds(dataset, fold)
    n = len(dataset.patients)
    probability = {key: np.full((repeats, n), np.nan) for key in arms}
    called = {key: np.zeros((repeats, n), dtype=bool) for key in arms}
    for repeat in range(repeats):
        for number in range(count):
            progress((repeat * count + number) / (repeats * count), f"Fold {number + 1} of {count}, repeat {repeat + 1} of {repeats}")
            train, test = np.flatnonzero(fold[repeat] != number), np.flatnonzero(fold[repeat] == number)
            for key, (told, calls) in _answers(dataset, arms, train, test, seed + 101 * repeat + number).items():
                probability[key][repeat, test], called[key][repeat, test] = told, calls
    return Crossed(probability, called, fold, seed)


def _answers(
    dataset: Dataset, arms: Sequence[str], train: np.ndarray, test: np.ndarray, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Probability of each test patient, and whether the cut-off of the training patients calls it the event.

    The log odds are moved to the event's share among all patients (Saerens 2002, Neural Comput 14:21): a model takes over the share of its
    training patients, which is high just where that of its test patients is low, so that of arms that know nothing the AUC over all folds
    would fall below one half (Airola 2011, Comput Stat Data Anal 55:1828).
    """
    known, unknown = dataset.take(train), dataset.take(test)
    fitted: dict[str, Fitted] = {}
    shift = logit(dataset.outcome.mean()) - logit(known.outcome.mean())
    told = {}
    for key in arms:
        fitted[key] = fit_arm(ARMS[key], known, seed, fitted)
        probability = ask(ARMS[key], fitted[key], unknown)
        told[key] = expit(logit(np.clip(probability, _EDGE, 1 - _EDGE)) + shift), probability > fitted[key].threshold
    return told


def leave_sites_out(dataset: Dataset, arms: Sequence[str], *, seed: int = 1, progress: Progress = no_progress) -> Crossed | None:
    """Each site in turn is the test; None where fewer than two sites have enough patients of either disease."""
    sites, outcome = dataset.text("site"), dataset.outcome
    names = [name for name in sorted(set(sites)) if name and _enough(outcome[sites == name], 1) and _enough(outcome[sites != name])]
    if len(names) < 2 or min((sites == name).sum() for name in names) < 2 * FEWEST_AT_A_SITE:
        return None
    n = len(dataset.patients)
    probability = {key: np.full((1, n), np.nan) for key in arms}
    called = {key: np.zeros((1, n), dtype=bool) for key in arms}
    fold = np.full((1, n), -1)
    for number, name in enumerate(names):
        progress(number / len(names), f"Site {number + 1} of {len(names)} left out")
        train, test = np.flatnonzero(sites != name), np.flatnonzero(sites == name)
        fold[0, test] = number
        for key, (told, calls) in _answers(dataset, arms, train, test, seed + number).items():
            probability[key][0, test], called[key][0, test] = told, calls
    return Crossed(probability, called, fold, seed)


def _enough(outcome: np.ndarray, fewest: int = FEWEST_AT_A_SITE) -> bool:
    return int(min(outcome.sum(), (~outcome).sum())) >= fewest


def learning_curve(
    dataset: Dataset, arms: Sequence[str], shares: Sequence[float], *, seed: int = 1, progress: Progress = no_progress
) -> dict[float, dict[str, float]]:
    """AUC of each arm when only a share of every training fold is learned from, one repeat."""
    from ..cohort.roc import auc_of_groups

    outcome, found = dataset.outcome, {}
    fold = make_folds(outcome, FOLDS, 1, seed)[0]
    for place, share in enumerate(shares):
        told = {key: np.empty(outcome.size) for key in arms}
        for number in range(FOLDS):
            progress((place + number / FOLDS) / len(shares), f"Learning curve, {100 * share:.0f} %")
            train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            rng = np.random.default_rng([seed, place, number])
            kept = np.concatenate(
                [rng.permutation(rows)[: max(3, round(share * rows.size))] for rows in (train[outcome[train]], train[~outcome[train]])]
            )
            for key, (answer, _) in _answers(dataset, arms, kept, test, seed + number).items():
                told[key][test] = answer
        found[share] = {key: auc_of_groups(values[outcome], values[~outcome]) for key, values in told.items()}
    return found


def random_labels(
    dataset: Dataset, arms: Sequence[str], *, times: int, seed: int = 1, progress: Progress = no_progress
) -> dict[str, np.ndarray]:
    """AUC of each arm on labels that were shuffled among the patients, shape (times,): a sound evaluation gives one half on average."""
    from ..cohort.roc import auc_of_groups

    found: dict[str, list[float]] = {key: [] for key in arms}
    kinds = np.array([patient.kind for patient in dataset.patients], dtype=object)
    for n in range(times):
        progress(n / times, f"Random labels {n + 1} of {times}")
        shuffled = dataset.with_kinds(np.random.default_rng([seed, 7, n]).permutation(kinds))
        crossed = cross_validate(shuffled, arms, repeats=1, seed=seed + n)
        truth = shuffled.outcome
        for key in arms:
            found[key].append(auc_of_groups(crossed.mean(key)[truth], crossed.mean(key)[~truth]))
    return {key: np.array(values) for key, values in found.items()}
