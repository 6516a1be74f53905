"""ROC analysis of one marker or two: empirical AUC with DeLong and bootstrap intervals, Youden's cut-off, paired comparison.

Sources: DeLong, DeLong and Clarke-Pearson, Biometrics 1988;44:837 (variance and test); Sun and Xu, IEEE Signal Process Lett 2014;21:1389
(the same from mid-ranks, in n log n); Youden, Cancer 1950;3:32 (the index). Cut-offs lie midway between neighbouring values, as in pROC.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from ..model import MarrowQuantError

LEVEL = 0.95
BOOTSTRAPS = 2000
NEAR_ONE = 0.9
"""From this AUC on the interval is made on the logit scale, because the symmetric one passes 1 (our choice of the place)."""
_Z = float(norm.ppf(0.5 + LEVEL / 2.0))
_CHUNK_CELLS = 4_000_000
_GRID = np.linspace(0.0, 1.0, 51)
_MIN_PER_GROUP = 2


@dataclass(frozen=True)
class CutOff:
    """The cut-off with the largest sensitivity + specificity − 1; the intervals are percentiles of the bootstrap.

    ``threshold`` is in the marker's unit: ``rule`` says on which side the event is called.
    """

    threshold: float
    sensitivity: float
    specificity: float
    youden: float
    rule: str
    threshold_interval: tuple[float, float]
    sensitivity_interval: tuple[float, float]
    specificity_interval: tuple[float, float]


@dataclass(frozen=True)
class Roc:
    """One marker against one outcome.

    Attributes
    ----------
    auc, variance : float
        Empirical area (ties count one half) and its DeLong variance.
    interval, scale : (float, float) or None, str
        The interval to report, and the scale on which it was made: "AUC" or "logit". None where the groups do not overlap.
    delong_interval : (float, float)
        AUC ± 1.96 √variance, cut at 0 and 1 as pROC does.
    bootstrap_interval : (float, float)
        Percentiles of the bootstrap, resampled within each group.
    higher_is_event : bool
    false_positive_rate, sensitivity : ndarray, shape (m,)
        The curve, from (0, 0) to (1, 1): the cut-off falls along it.
    cut_off : CutOff
    n_event, n_no_event : int
    band : ndarray, shape (m, 3)
        False-positive rate and the 95 % interval of the sensitivity there, point by point, from the bootstrap (as pROC's ``ci.se``).
    """

    auc: float
    variance: float
    interval: Optional[tuple[float, float]]
    scale: str
    delong_interval: tuple[float, float]
    bootstrap_interval: tuple[float, float]
    higher_is_event: bool
    false_positive_rate: np.ndarray
    sensitivity: np.ndarray
    cut_off: CutOff
    n_event: int
    n_no_event: int
    band: np.ndarray


@dataclass(frozen=True)
class PairedRoc:
    """Two markers in the same patients: difference of the AUCs (first − second), its interval, z and two-sided p (DeLong)."""

    difference: float
    interval: tuple[float, float]
    z: float
    p: float


def auc_of_groups(event: np.ndarray, no_event: np.ndarray) -> float:
    """Empirical AUC: the probability that an event has the higher value, ties counting one half (Mann–Whitney U / n₁n₂)."""
    ranks = rankdata(np.concatenate([event, no_event]))
    u = ranks[: event.size].sum() - event.size * (event.size + 1) / 2.0
    return float(u / (event.size * no_event.size))


def placements(event: np.ndarray, no_event: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong's structural components of the events, shape (n₁,), and of the others, shape (n₀,); the mean of either is the AUC."""
    n1, n0 = event.size, no_event.size
    ranks = rankdata(np.concatenate([event, no_event]))
    of_events = (ranks[:n1] - rankdata(event)) / n0
    of_others = 1.0 - (ranks[n1:] - rankdata(no_event)) / n1
    return of_events, of_others


def roc(outcome: np.ndarray, marker: np.ndarray, *, direction: str = "auto", bootstraps: int = BOOTSTRAPS, seed: int = 1) -> Roc:
    """ROC analysis of a marker.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
        True for an event.
    marker : ndarray, shape (n,)
        Finite values.
    direction : {"auto", "higher", "lower"}
        Which values speak for the event; "auto" takes the direction with an AUC of at least one half.
    bootstraps, seed : int
        Resamples for the intervals, and the start of the random numbers.

    Returns
    -------
    Roc

    Raises
    ------
    MarrowQuantError
        If a group has fewer than two patients or the marker is constant.
    """
    outcome, marker = _checked(outcome, marker)
    sign = _sign(outcome, marker, direction)
    event, no_event = sign * marker[outcome], sign * marker[~outcome]
    auc = auc_of_groups(event, no_event)
    variance = delong_variance(event, no_event)
    reach = _Z * math.sqrt(variance)
    plain = (max(0.0, auc - reach), min(1.0, auc + reach))
    interval, scale = _interval(auc, reach)
    sample = _bootstrap(event, no_event, bootstraps, seed)
    false_positive, sensitivity = _curve(event, no_event, _thresholds(event, no_event))
    return Roc(
        auc=auc,
        variance=variance,
        interval=interval,
        scale=scale,
        delong_interval=plain,
        bootstrap_interval=_percentiles(sample["auc"]),
        higher_is_event=bool(sign > 0),
        false_positive_rate=false_positive[::-1],
        sensitivity=sensitivity[::-1],
        cut_off=_cut_off(event, no_event, sign, sample),
        n_event=event.size,
        n_no_event=no_event.size,
        band=_band(sample["band"]),
    )


def compare_rocs(outcome: np.ndarray, first: np.ndarray, second: np.ndarray, *, direction: str = "auto") -> PairedRoc:
    """DeLong's test of two markers measured in the same patients; parameters as in :func:`roc`.

    Raises
    ------
    MarrowQuantError
        As :func:`roc`, and if both markers order the patients in the same way.
    """
    parts, aucs = [], []
    for marker in (first, second):
        truth, values = _checked(outcome, marker)
        sign = _sign(truth, values, direction)
        parts.append(placements(sign * values[truth], sign * values[~truth]))
        aucs.append(float(parts[-1][0].mean()))
    covariance = _covariance(parts)
    variance = covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1]
    if variance <= 1e-15:
        raise MarrowQuantError("The two predictors order the patients in the same way, so there is nothing to compare; choose another one.")
    difference, se = aucs[0] - aucs[1], math.sqrt(variance)
    reach = _Z * se
    z = difference / se
    return PairedRoc(difference, (difference - reach, difference + reach), z, float(2.0 * norm.sf(abs(z))))


def delong_variance(event: np.ndarray, no_event: np.ndarray) -> float:
    """DeLong's variance of the AUC of two groups."""
    return float(_covariance([placements(event, no_event)])[0, 0])


def youden_cut_off(event: np.ndarray, no_event: np.ndarray) -> tuple[float, float, float]:
    """Threshold, sensitivity and specificity at the largest Youden index; of several equally good thresholds the lowest."""
    thresholds = _thresholds(event, no_event)
    false_positive, sensitivity = _curve(event, no_event, thresholds)
    best = int(np.argmax(np.round(sensitivity - false_positive, 12)))
    return float(thresholds[best]), float(sensitivity[best]), float(1.0 - false_positive[best])


def _checked(outcome: np.ndarray, marker: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    outcome, marker = np.asarray(outcome, dtype=bool), np.asarray(marker, dtype=float)
    n_event, n_no_event = int(outcome.sum()), int((~outcome).sum())
    if min(n_event, n_no_event) < _MIN_PER_GROUP:
        raise MarrowQuantError(
            "A ROC curve needs at least two patients with and two without the event, but there are {n_event} and {n_no_event}; add "
            "patients or choose another outcome.",
            n_event=n_event, n_no_event=n_no_event,
        )
    if np.ptp(marker) == 0:
        raise MarrowQuantError("The predictor has the same value in every patient, so it cannot tell them apart; choose another predictor.")
    return outcome, marker


def _sign(outcome: np.ndarray, marker: np.ndarray, direction: str) -> float:
    if direction == "auto":
        return 1.0 if auc_of_groups(marker[outcome], marker[~outcome]) >= 0.5 else -1.0
    return {"higher": 1.0, "lower": -1.0}[direction]


def _covariance(parts: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """DeLong's covariance of the AUCs, shape (markers, markers): S₁₀ / n₁ + S₀₁ / n₀."""
    of_events, of_others = (np.array(group) for group in zip(*parts))
    return np.atleast_2d(np.cov(of_events)) / of_events.shape[1] + np.atleast_2d(np.cov(of_others)) / of_others.shape[1]


def _interval(auc: float, reach: float) -> tuple[Optional[tuple[float, float]], str]:
    """The interval to report: DeLong's, on the logit scale (delta method) near 1 and wherever the plain one passes 0 or 1."""
    if reach == 0 or auc in {0.0, 1.0}:
        return None, "logit"
    if auc < NEAR_ONE and auc + reach <= 1.0 and auc - reach >= 0.0:
        return (auc - reach, auc + reach), "AUC"
    on_logit = reach / (auc * (1.0 - auc))
    return (float(expit(logit(auc) - on_logit)), float(expit(logit(auc) + on_logit))), "logit"


def _thresholds(event: np.ndarray, no_event: np.ndarray) -> np.ndarray:
    """−∞, the midpoints between neighbouring values, +∞, shape (m,); a value above the threshold is called an event."""
    values = np.unique(np.concatenate([event, no_event]))
    return np.concatenate([[-np.inf], (values[1:] + values[:-1]) / 2.0, [np.inf]])


def _curve(event: np.ndarray, no_event: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False-positive rate and sensitivity at each threshold, both shape (m,), falling with the threshold."""
    above = [group.size - np.searchsorted(np.sort(group), thresholds) for group in (no_event, event)]
    return above[0] / no_event.size, above[1] / event.size


def _bootstrap(event: np.ndarray, no_event: np.ndarray, bootstraps: int, seed: int) -> dict[str, np.ndarray]:
    """AUC and Youden's cut-off of every resample, drawn within each group; arrays of shape (bootstraps,).

    A resample is a vector of how often each patient was drawn, so that all of a chunk are computed as matrix products.
    """
    rng = np.random.default_rng(seed)
    thresholds = _thresholds(event, no_event)
    above_event = (event[:, None] > thresholds).astype(float)
    above_other = (no_event[:, None] > thresholds).astype(float)
    wins = ((event[:, None] > no_event) + 0.5 * (event[:, None] == no_event)).astype(float)
    chunk = max(1, _CHUNK_CELLS // max(thresholds.size, no_event.size))
    found: dict[str, list[np.ndarray]] = {"auc": [], "threshold": [], "sensitivity": [], "specificity": [], "band": []}
    for start in range(0, bootstraps, chunk):
        size = min(chunk, bootstraps - start)
        drawn = [rng.multinomial(n, np.full(n, 1.0 / n), size) / n for n in (event.size, no_event.size)]
        sensitivity, false_positive = drawn[0] @ above_event, drawn[1] @ above_other
        best = np.argmax(np.round(sensitivity - false_positive, 12), axis=1)
        rows = np.arange(size)
        found["auc"].append(((drawn[0] @ wins) * drawn[1]).sum(axis=1))
        found["threshold"].append(thresholds[best])
        found["sensitivity"].append(sensitivity[rows, best])
        found["specificity"].append(1.0 - false_positive[rows, best])
        found["band"].append(np.array([np.interp(_GRID, fp[::-1], tp[::-1]) for fp, tp in zip(false_positive, sensitivity)]))
    return {name: np.concatenate(values) for name, values in found.items()}


def _band(sample: np.ndarray) -> np.ndarray:
    low, high = np.quantile(sample, (0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0), axis=0)
    return np.column_stack([_GRID, low, high])


def _percentiles(sample: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(sample, (0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0), method="nearest")
    return float(low), float(high)


def _cut_off(event: np.ndarray, no_event: np.ndarray, sign: float, sample: dict[str, np.ndarray]) -> CutOff:
    threshold, sensitivity, specificity = youden_cut_off(event, no_event)
    low, high = sorted(sign * edge for edge in _percentiles(sample["threshold"]))
    return CutOff(
        threshold=sign * threshold,
        sensitivity=sensitivity,
        specificity=specificity,
        youden=sensitivity + specificity - 1.0,
        rule=f"event if {'above' if sign > 0 else 'below'} the cut-off",
        threshold_interval=(low, high),
        sensitivity_interval=_percentiles(sample["sensitivity"]),
        specificity_interval=_percentiles(sample["specificity"]),
    )
