"""What a published AUC says about two groups, if both are normal with one variance.

Everything here follows from that model by arithmetic. The response axis of a predictor points towards response and is measured in
standard deviations within a group: non-responders lie at 0, responders at the effect size d.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtr, ndtri


def effect_size(auc: ArrayLike) -> np.ndarray:
    """Distance of the group means in within-group SD: d = √2 Φ⁻¹(AUC).

    Source: AUC = Φ(d / √2) for two normal groups of equal variance (Hanley and McNeil, Radiology 1982;143:29).
    """
    return np.sqrt(2.0) * ndtri(auc)


def auc_of(distance: ArrayLike) -> np.ndarray:
    """AUC of two normal groups of equal variance whose means lie ``distance`` SD apart: Φ(d / √2)."""
    return ndtr(np.asarray(distance) / np.sqrt(2.0))


def hanley_mcneil_se(auc: float, n_event: int, n_no_event: int) -> float:
    """Standard error of an AUC from its value and the group sizes alone.

    SE² = [A (1 − A) + (n₁ − 1)(Q₁ − A²) + (n₂ − 1)(Q₂ − A²)] / (n₁ n₂), Q₁ = A / (2 − A), Q₂ = 2 A² / (1 + A).
    Source: Hanley and McNeil, Radiology 1982;143:29.
    """
    q1, q2 = auc / (2.0 - auc), 2.0 * auc**2 / (1.0 + auc)
    variance = auc * (1.0 - auc) + (n_event - 1) * (q1 - auc**2) + (n_no_event - 1) * (q2 - auc**2)
    return float(np.sqrt(variance / (n_event * n_no_event)))


def logit_se(auc: float, n_event: int, n_no_event: int) -> float:
    """Standard error of logit(AUC), by the delta method: SE / [A (1 − A)]. On this scale the interval stays inside 0 … 1."""
    return hanley_mcneil_se(auc, n_event, n_no_event) / (auc * (1.0 - auc))


def auc_interval(auc: float, n_event: int, n_no_event: int, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of an AUC, made on the logit scale."""
    reach = ndtri(0.5 + level / 2.0) * logit_se(auc, n_event, n_no_event)
    return float(expit(logit(auc) - reach)), float(expit(logit(auc) + reach))


def discriminant(d1: ArrayLike, d2: ArrayLike, rho: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds per SD of two predictors with effect sizes ``d1``, ``d2`` and within-group correlation ``rho``.

    b₁ = (d₁ − ρ d₂) / (1 − ρ²), b₂ = (d₂ − ρ d₁) / (1 − ρ²): linear discriminant analysis, Σ⁻¹ (μ₁ − μ₀) for unit variances.
    Both axes point towards response.
    """
    d1, d2, rho = np.asarray(d1), np.asarray(d2), np.asarray(rho)
    return (d1 - rho * d2) / (1.0 - rho**2), (d2 - rho * d1) / (1.0 - rho**2)


def combined_auc(d1: ArrayLike, d2: ArrayLike, rho: ArrayLike) -> np.ndarray:
    """AUC of the best linear combination: Φ(D / √2), D² = (d₁² − 2 ρ d₁ d₂ + d₂²) / (1 − ρ²) (Mahalanobis distance)."""
    d1, d2, rho = np.asarray(d1), np.asarray(d2), np.asarray(rho)
    return auc_of(np.sqrt((d1**2 - 2.0 * rho * d1 * d2 + d2**2) / (1.0 - rho**2)))
