"""What the out-of-fold answers say: discrimination, calibration, paired comparisons, readers, and what makes an arm untrustworthy.

AUC and its comparison by DeLong (:mod:`..cohort.roc`) take the mean out-of-fold probability of each patient over the repeats, as if the
models had been fixed beforehand; a second interval has what other training patients would change. Readers against an arm:
patients and readers are both drawn anew (bootstrap), so that the answer holds for other readers too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np
from scipy.special import logit
from scipy.stats import chi2_contingency

from ..cohort.roc import PairedRoc, Roc, auc_of_groups, compare_rocs, roc
from ..cohort.validation import Performance, performance
from ..model import Finding, MarrowQuantError, Progress, finding, no_progress, part
from .arms import ARMS, USUAL, usable_arms
from .crossing import FOLDS, REPEATS, Crossed, cross_validate, learning_curve, leave_sites_out, random_labels
from .dataset import Dataset, checked

BOOTSTRAPS = 2000
AS_WELL = 0.03
"""AUC by which an image arm must lead age alone, else the reader is told (our choice)."""
FALL = 0.10
"""Fall of the AUC at sites left out from which on the reader is told (our choice)."""
_TELLS = 0.15  # share of patients above chance that a site or scanner tells by itself
_TELLS_P = 0.01
CURVE_SHARES = (0.4, 0.7, 1.0)
WIDE = 0.10
_Z = 1.959963984540054


@dataclass(frozen=True)
class ArmResult:
    """One arm on all patients: its curve, and sensitivity and specificity with 95 % intervals at the cut-offs chosen inside the folds.

    ``retrained`` is the AUC's 95 % interval with what other training patients would change, see :func:`retrained_interval`.
    """

    key: str
    roc: Roc
    performance: Performance
    sensitivity: tuple[float, float, float]
    specificity: tuple[float, float, float]
    retrained: tuple[float, float]


@dataclass(frozen=True)
class ReaderComparison:
    """An arm less the readers' mean AUC, with the bootstrap's 95 % interval and two-sided p."""

    arm: str
    difference: float
    interval: tuple[float, float]
    p: float


@dataclass(frozen=True)
class Evaluation:
    """All of a comparison.

    Attributes
    ----------
    dataset : Dataset
    crossed : Crossed
    arms : dict of str to ArmResult
    readers : dict of str to Roc
    pairs : dict of (str, str) to PairedRoc
        Arms against each other, and arms against readers; a pair that orders the patients alike is not there.
    against_readers : tuple of ReaderComparison
    left_out : Crossed or None
        One site at a time; ``left_out_auc`` has the mean AUC over the sites.
    curve : dict of share to dict of arm to AUC
    random : dict of arm to ndarray
        AUCs on random labels.
    findings : tuple of Finding
    """

    dataset: Dataset
    crossed: Crossed
    arms: Mapping[str, ArmResult]
    readers: Mapping[str, Roc]
    pairs: Mapping[tuple[str, str], PairedRoc]
    against_readers: tuple[ReaderComparison, ...]
    left_out: Optional[Crossed]
    left_out_auc: Mapping[str, float]
    curve: Mapping[float, Mapping[str, float]]
    random: Mapping[str, np.ndarray]
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True)
class Plan:
    """What an evaluation does. ``slow_times`` is how often labels are shuffled for a network, ``quick_times`` for the others; 0: never."""

    arms: tuple[str, ...] = USUAL
    folds: int = FOLDS
    repeats: int = REPEATS
    seed: int = 1
    curve: bool = True
    quick_times: int = 20
    slow_times: int = 5


def evaluate(dataset: Dataset, plan: Optional[Plan] = None, progress: Progress = no_progress) -> Evaluation:
    """Compare the arms on the same patients and folds.

    Parameters
    ----------
    dataset : Dataset
    plan : Plan, optional
    progress : callable

    Raises
    ------
    MarrowQuantError
        If the data cannot be evaluated, see :func:`dataset.checked` and :func:`arms.usable_arms`.
    """
    plan = plan or Plan()
    checked(dataset)
    arms, told = usable_arms(dataset, plan.arms)
    crossed = cross_validate(dataset, arms, count=plan.folds, repeats=plan.repeats, seed=plan.seed, progress=part(progress, 0.0, 0.5))
    results = {key: arm_result(dataset.outcome, crossed, key) for key in arms}
    readers, rows = _readers(dataset)
    left_out = leave_sites_out(dataset, arms, seed=plan.seed, progress=part(progress, 0.5, 0.65))
    left_out_auc = {key: site_auc(dataset, left_out, key) for key in arms} if left_out else {}
    quick = [key for key in arms if ARMS[key].kind == "ridge"]
    slow = [key for key in arms if ARMS[key].kind == "network" and key == "network"]
    curve = (
        learning_curve(dataset, [*quick, *slow], CURVE_SHARES, seed=plan.seed, progress=part(progress, 0.65, 0.85)) if plan.curve else {}
    )
    random = random_labels(dataset, quick, times=plan.quick_times, seed=plan.seed) if plan.quick_times else {}
    if plan.slow_times and slow:
        random.update(random_labels(dataset, slow, times=plan.slow_times, seed=plan.seed, progress=part(progress, 0.85, 1.0)))
    against = tuple(_against_readers(dataset, crossed, key, rows, plan.seed) for key in arms) if readers else ()
    pairs = _pairs(dataset, crossed, arms, rows)
    evaluation = Evaluation(dataset, crossed, results, readers, pairs, against, left_out, left_out_auc, curve, random)
    findings = (*dataset.findings, *told, *doubts(evaluation))
    return Evaluation(
        dataset, crossed, results, readers, pairs, against, left_out, left_out_auc, curve, random, tuple(dict.fromkeys(findings))
    )


def arm_result(outcome: np.ndarray, crossed: Crossed, key: str) -> ArmResult:
    """The numbers of one arm."""
    told, called = crossed.mean(key), crossed.calls(key)
    log_odds = logit(np.clip(told, 1e-9, 1 - 1e-9))
    curve = roc(outcome, told, direction="higher", bootstraps=500)
    return ArmResult(
        key,
        curve,
        performance(outcome, log_odds, 0.5),
        wilson(called[outcome]),
        wilson(~called[~outcome]),
        retrained_interval(curve, int(crossed.fold.max()) + 1),
    )


def retrained_interval(curve: Roc, count: int) -> tuple[float, float]:
    """DeLong's 95 % interval, wider by what other training patients would change.

    The variance between ``count`` folds is multiplied by 1 + n K, n = 1 / (K - 1) being the test patients over the training patients
    (Nadeau and Bengio, Mach Learn 2003;52:239); that it is applied to DeLong's variance is ours.
    """
    reach = _Z * float(np.sqrt(curve.variance * (1.0 + count / (count - 1))))
    return max(curve.auc - reach, 0.0), min(curve.auc + reach, 1.0)


def wilson(right: np.ndarray) -> tuple[float, float, float]:
    """A share and its 95 % interval (Wilson, J Am Stat Assoc 1927;22:209)."""
    n, share = right.size, float(right.mean())
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return share, float(max(centre - reach, 0.0)), float(min(centre + reach, 1.0))


def site_auc(dataset: Dataset, left_out: Crossed, key: str) -> float:
    """Mean AUC within the sites that were left out, weighted by their pairs of patients; probabilities of two models are not mixed."""
    outcome, told = dataset.outcome, left_out.probability[key][0]
    total, pairs = 0.0, 0
    for number in range(int(left_out.fold.max()) + 1):
        here = left_out.fold[0] == number
        event, other = told[here & outcome], told[here & ~outcome]
        total += auc_of_groups(event, other) * event.size * other.size
        pairs += event.size * other.size
    return total / pairs if pairs else float("nan")


def doubts(evaluation: Evaluation) -> tuple[Finding, ...]:
    """What makes the numbers untrustworthy: shortcuts by site, scanner and age, the fall at other sites, few patients."""
    dataset, told = evaluation.dataset, []
    for column in ("site", "scanner"):
        told += shortcut(dataset, column)
    age = evaluation.arms.get("age")
    if age is not None and age.roc.delong_interval[0] > 0.5:
        for key in ("multiparametric", "network", "texture"):
            result = evaluation.arms.get(key)
            if result is not None and age.roc.auc >= result.roc.auc - AS_WELL:
                told.append(finding("classify.age_tells", arm=ARMS[key].title, age=age.roc.auc, auc=result.roc.auc))
    if evaluation.left_out is None and len(set(dataset.text("site"))) > 1:
        from .crossing import FEWEST_AT_A_SITE

        told.append(finding("classify.site_not_left_out", n=FEWEST_AT_A_SITE))
    for key, left_out in evaluation.left_out_auc.items():
        crossed = evaluation.arms[key].roc.auc
        if crossed - left_out > FALL:
            told.append(finding("classify.site_falls", arm=ARMS[key].title, crossed=crossed, left_out=left_out))
    widest = max((result.roc.delong_interval[1] - result.roc.delong_interval[0]) / 2 for result in evaluation.arms.values())
    if widest > WIDE:
        told.append(finding("classify.few_patients", n=len(dataset.patients), reach=widest))
    return tuple(told)


def shortcut(dataset: Dataset, column: str) -> list[Finding]:
    """Whether site or scanner tells the disease by itself, by its most frequent kind; more than chance by 15 % and p < 0.01 (χ²)."""
    names, outcome = dataset.text(column), dataset.outcome
    known = np.array([bool(name) for name in names])
    values = sorted(set(names[known]))
    if len(values) < 2:
        return []
    table = np.array([[np.sum(known & (names == value) & (outcome == group)) for group in (True, False)] for value in values])
    if (table.sum(axis=0) == 0).any():
        return []
    share, chance = table.max(axis=1).sum() / table.sum(), table.sum(axis=0).max() / table.sum()
    if share - chance < _TELLS or chi2_contingency(table)[1] > _TELLS_P:
        return []
    return [finding("classify.site_tells", column=column, percent=100 * float(share), chance=100 * float(chance))]


def _readers(dataset: Dataset) -> tuple[dict[str, Roc], dict[str, np.ndarray]]:
    """Curve of each reader, and the scores of all patients.

    Raises
    ------
    MarrowQuantError
        If a reader has not scored every patient.
    """
    curves, rows = {}, {}
    for name, scores in dataset.readers.items():
        missing = [patient.record_id for patient in dataset.patients if not np.isfinite(scores.get(patient.record_id, np.nan))]
        if missing:
            raise MarrowQuantError(
                "{reader} has no score for {n} patients; readers and arms are compared on the same patients.", reader=name, n=len(missing)
            )
        rows[name] = np.array([float(scores[patient.record_id]) for patient in dataset.patients])
        curves[name] = roc(dataset.outcome, rows[name], direction="higher", bootstraps=500)
    return curves, rows


def _pairs(dataset: Dataset, crossed: Crossed, arms: Sequence[str], readers: Mapping[str, np.ndarray]) -> dict[tuple[str, str], PairedRoc]:
    markers = {**{key: crossed.mean(key) for key in arms}, **readers}
    names, found = list(markers), {}
    for n, first in enumerate(names):
        for second in names[n + 1 :]:
            if first in readers:
                continue
            try:
                found[first, second] = compare_rocs(dataset.outcome, markers[first], markers[second], direction="higher")
            except MarrowQuantError:  # they order the patients alike
                continue
    return found


def _against_readers(dataset: Dataset, crossed: Crossed, key: str, readers: Mapping[str, np.ndarray], seed: int) -> ReaderComparison:
    outcome, told = dataset.outcome, crossed.mean(key)
    scores = np.array(list(readers.values()))

    def difference(events: np.ndarray, others: np.ndarray, drawn: np.ndarray) -> float:
        arm = auc_of_groups(told[events], told[others])
        return arm - float(np.mean([auc_of_groups(row[events], row[others]) for row in scores[drawn]]))

    events, others = np.flatnonzero(outcome), np.flatnonzero(~outcome)
    rng = np.random.default_rng([seed, 5])
    drawn = np.array(
        [
            difference(rng.choice(events, events.size), rng.choice(others, others.size), rng.integers(len(scores), size=len(scores)))
            for _ in range(BOOTSTRAPS // 2)
        ]
    )
    low, high = np.quantile(drawn, (0.025, 0.975))
    p = 2 * min(float((drawn <= 0).mean()), float((drawn >= 0).mean()))
    whole = difference(events, others, np.arange(len(scores)))
    return ReaderComparison(key, whole, (float(low), float(high)), float(np.clip(p, 1.0 / drawn.size, 1.0)))
