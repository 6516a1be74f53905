"""How many patients a study needs: for the interval or test of an AUC, for a difference of two AUCs, and for a prediction model.

Sources: Hanley and McNeil, Radiology 1982;143:29 (variance of an AUC; test against a fixed value) and 1983;148:839 (two AUCs of the same
patients); Obuchowski, AJR 2000;175:603 (sample size from these variances); Riley et al., Stat Med 2019;38:1276 and BMJ 2020;368:m441 (a
model of two groups: the three criteria that the package pmsampsize computes); Riley, Van Calster and Collins, Stat Med 2021;40:859
(Cox–Snell R² from an expected C statistic: two normal distributions of the linear predictor).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit
from scipy.stats import norm

from ..model import MarrowQuantError

SHRINKAGE, SMALL_DIFFERENCE, MARGIN = 0.9, 0.05, 0.05
"""Riley's targets: shrinkage of 10 % at most, apparent and adjusted R² apart by 0.05 at most, overall risk to ± 0.05."""
MOST_PATIENTS = 10_000_000


@dataclass(frozen=True)
class Size:
    """Patients with the event, without it, and together, with the sentence that says by which formula."""

    events: int
    others: int
    how: str

    @property
    def total(self) -> int:
        """All patients."""
        return self.events + self.others


@dataclass(frozen=True)
class ModelSize:
    """Riley's three criteria, each as a number of patients; the largest counts.

    ``cox_snell`` is the R² that was assumed, ``largest_cox_snell`` the most it can be at this share of events.
    """

    shrinkage: int
    small_difference: int
    overall_risk: int
    cox_snell: float
    largest_cox_snell: float
    prevalence: float
    parameters: int

    @property
    def total(self) -> int:
        """Patients."""
        return max(self.shrinkage, self.small_difference, self.overall_risk)

    @property
    def events(self) -> int:
        """Of them with the event."""
        return math.ceil(self.total * self.prevalence)

    @property
    def events_per_parameter(self) -> float:
        """Events for each parameter."""
        return self.total * self.prevalence / self.parameters


def hanley_variance(auc: float, events: float, others: float) -> float:
    """Variance of an empirical AUC of so many patients with and without the event, after Hanley and McNeil 1982."""
    q1, q2 = auc / (2.0 - auc), 2.0 * auc**2 / (1.0 + auc)
    return (auc * (1.0 - auc) + (events - 1.0) * (q1 - auc**2) + (others - 1.0) * (q2 - auc**2)) / (events * others)


def size_of_interval(auc: float, width: float, ratio: float = 1.0, level: float = 0.95) -> Size:
    """Patients for a 95 % interval of an AUC that is ``width`` wide from end to end.

    Parameters
    ----------
    auc : float
        Expected.
    width : float
    ratio : float
        Patients without the event for each with it.
    level : float

    Raises
    ------
    MarrowQuantError
        If a number is not possible.
    """
    _check(auc, ratio)
    if not 0.0 < width < 1.0:
        raise MarrowQuantError("An interval of an AUC is wider than 0 and narrower than 1 from end to end; give such a width.")
    z = float(norm.ppf(0.5 + level / 2.0))
    return _smallest(lambda n: 2.0 * z * math.sqrt(hanley_variance(auc, n, ratio * n)) <= width, ratio, "interval")


def size_of_auc(auc: float, null: float = 0.5, power: float = 0.8, alpha: float = 0.05, ratio: float = 1.0) -> Size:
    """Patients for a two-sided test of an AUC against a fixed one: (z₁₋α/₂ √V₀ + z_power √V₁) ≤ |A − A₀|; raises as the others."""
    _check(auc, ratio)
    _check(null, ratio)
    _check_errors(power, alpha)
    z_alpha, z_power = float(norm.ppf(1.0 - alpha / 2.0)), float(norm.ppf(power))

    def enough(n: float) -> bool:
        first, second = (math.sqrt(hanley_variance(one, n, ratio * n)) for one in (null, auc))
        return z_alpha * first + z_power * second <= abs(auc - null)

    return _smallest(enough, ratio, "auc")


def size_of_difference(
    first: float, second: float, correlation: float, power: float = 0.8, alpha: float = 0.05, ratio: float = 1.0
) -> Size:
    """Patients for a two-sided test of two AUCs of the same patients.

    ``correlation`` is that of the two estimated areas (Hanley and McNeil 1983, table I). Under no difference both have the mean area.
    """
    for one in (first, second):
        _check(one, ratio)
    if not -1.0 < correlation < 1.0:
        raise MarrowQuantError("A correlation of {r} is not possible; give one between -1 and 1.", r=correlation)
    _check_errors(power, alpha)
    z_alpha, z_power = float(norm.ppf(1.0 - alpha / 2.0)), float(norm.ppf(power))

    def spread(a: float, b: float, n: float) -> float:
        va, vb = hanley_variance(a, n, ratio * n), hanley_variance(b, n, ratio * n)
        return math.sqrt(va + vb - 2.0 * correlation * math.sqrt(va * vb))

    middle = (first + second) / 2.0
    return _smallest(
        lambda n: z_alpha * spread(middle, middle, n) + z_power * spread(first, second, n) <= abs(first - second), ratio, "difference"
    )


def power_of_auc(auc: float, events: int, others: int, null: float = 0.5, alpha: float = 0.05) -> float:
    """Power of the two-sided test of an AUC against a fixed one, with the patients at hand."""
    first, second = (math.sqrt(hanley_variance(one, events, others)) for one in (null, auc))
    return float(norm.cdf((abs(auc - null) - float(norm.ppf(1.0 - alpha / 2.0)) * first) / second))


def size_of_model(parameters: int, prevalence: float, *, c_statistic: float = 0.0, cox_snell: float = 0.0) -> ModelSize:
    """Patients for a model of two groups.

    Parameters
    ----------
    parameters : int
        Candidate coefficients, without the intercept.
    prevalence : float
        Share of events, 0 to 1.
    c_statistic : float
        Expected; used where ``cox_snell`` is 0.
    cox_snell : float
        Expected R² after Cox and Snell.

    Raises
    ------
    MarrowQuantError
        If a number is not possible.
    """
    if parameters < 1 or not 0.0 < prevalence < 1.0 or not (cox_snell or 0.5 < c_statistic < 1.0):
        raise MarrowQuantError(
            "A model's size needs 1 parameter or more, a share of events between 0 and 1, and an expected AUC between 0.5 and 1; correct "
            "them."
        )
    largest = largest_cox_snell(prevalence)
    r2 = cox_snell or cox_snell_of(c_statistic, prevalence)
    if not 0.0 < r2 < largest:
        raise MarrowQuantError("A Cox–Snell R² of {r2:.3g} is not possible here; give one below {largest:.3g}.", r2=r2, largest=largest)
    shrink = r2 / (r2 + SMALL_DIFFERENCE * largest)
    sizes = [parameters / ((s - 1.0) * math.log(1.0 - r2 / s)) for s in (SHRINKAGE, shrink)]
    overall = (float(norm.ppf(0.975)) / MARGIN) ** 2 * prevalence * (1.0 - prevalence)
    first, second, third = (math.ceil(n - 1e-9) for n in (*sizes, overall))
    return ModelSize(first, second, third, r2, largest, prevalence, parameters)


def largest_cox_snell(prevalence: float) -> float:
    """The largest R² after Cox and Snell: 1 − (φ^φ (1 − φ)^(1 − φ))²."""
    return 1.0 - (prevalence**prevalence * (1.0 - prevalence) ** (1.0 - prevalence)) ** 2


def cox_snell_of(c_statistic: float, prevalence: float) -> float:
    """R² after Cox and Snell of a model with this C statistic.

    The linear predictor is taken as normal with equal spread in both groups, √2 Φ⁻¹(C) standard deviations apart; R² = 1 − exp(−LR / n),
    the expected likelihood ratio by numerical integration instead of the simulation in the paper.
    """
    distance = math.sqrt(2.0) * float(norm.ppf(c_statistic))
    grid = np.linspace(-10.0, 10.0 + distance, 40001)
    offset = math.log(prevalence / (1.0 - prevalence))
    log_odds = offset + distance * (grid - distance / 2.0)
    event, other = prevalence * norm.pdf(grid - distance), (1.0 - prevalence) * norm.pdf(grid)
    model = np.trapezoid(event * log_expit(log_odds) + other * log_expit(-log_odds), grid) if hasattr(np, "trapezoid") else None
    if model is None:  # NumPy before 2
        model = float(np.sum(event * log_expit(log_odds) + other * log_expit(-log_odds)) * (grid[1] - grid[0]))
    share = float(expit(offset))
    null = share * math.log(share) + (1.0 - share) * math.log(1.0 - share)
    return 1.0 - math.exp(-2.0 * (float(model) - null))


def _check(auc: float, ratio: float) -> None:
    if not 0.0 < auc < 1.0 or not 0.0 < ratio < math.inf:
        raise MarrowQuantError("An AUC lies between 0 and 1, and there must be patients on both sides; correct the numbers.")


def _check_errors(power: float, alpha: float) -> None:
    if not 0.0 < alpha < power < 1.0:
        raise MarrowQuantError(
            "A power of {power} at a level of {alpha} is not possible; give a power below 1, and a level between 0 and the power.",
            power=power,
            alpha=alpha,
        )


def _smallest(enough, ratio: float, how: str) -> Size:  # type: ignore[no-untyped-def]
    """The smallest number of events that is enough, by halving."""
    low, high = 2, 4
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST_PATIENTS:
            raise MarrowQuantError("No number of patients below {most} is enough; the difference is too small.", most=MOST_PATIENTS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    events = low if enough(low) else high
    return Size(events, math.ceil(ratio * events - 1e-9), how)
