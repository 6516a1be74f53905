"""A cut-off as a test: the 2 × 2 counts, sensitivity, specificity and predictive values with intervals.

Intervals are Wilson's (J Am Stat Assoc 1927;22:209), which keep their coverage for few patients (Brown, Cai and DasGupta, Stat Sci
2001;16:101). Predictive values are those at the share of events among these patients; :func:`predictive_values` gives them for another
prevalence by Bayes' theorem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

_Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Share:
    """A proportion with its 95 % interval, and the counts it comes from."""

    value: float
    interval: tuple[float, float]
    count: int
    total: int


@dataclass(frozen=True)
class TwoByTwo:
    """A test against the outcome: counts, and the four proportions; predictive values belong to this share of events."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    sensitivity: Share
    specificity: Share
    positive_predictive: Share
    negative_predictive: Share


def wilson(count: int, total: int) -> Share:
    """A proportion with Wilson's interval; NaN of no patients."""
    if total == 0:
        return Share(float("nan"), (float("nan"), float("nan")), 0, 0)
    share = count / total
    centre = (share + _Z**2 / (2 * total)) / (1 + _Z**2 / total)
    reach = _Z / (1 + _Z**2 / total) * float(np.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2)))
    return Share(share, (max(0.0, centre - reach), min(1.0, centre + reach)), count, total)


def two_by_two(outcome: np.ndarray, called: np.ndarray) -> TwoByTwo:
    """Counts and proportions of a call (bool, shape (n,)) against the outcome (bool, shape (n,))."""
    outcome, called = np.asarray(outcome, dtype=bool), np.asarray(called, dtype=bool)
    tp, fp = int((called & outcome).sum()), int((called & ~outcome).sum())
    fn, tn = int((~called & outcome).sum()), int((~called & ~outcome).sum())
    return TwoByTwo(tp, fp, fn, tn, wilson(tp, tp + fn), wilson(tn, tn + fp), wilson(tp, tp + fp), wilson(tn, tn + fn))


def predictive_values(sensitivity: float, specificity: float, prevalence: float) -> tuple[float, float]:
    """Positive and negative predictive value at a prevalence (0 to 1), by Bayes' theorem."""
    positive = sensitivity * prevalence / (sensitivity * prevalence + (1 - specificity) * (1 - prevalence))
    negative = specificity * (1 - prevalence) / (specificity * (1 - prevalence) + (1 - sensitivity) * prevalence)
    return positive, negative
