"""Table 1: the characteristics of the patients by group, after the conventions of the package tableone.

Pollard et al., JAMIA Open 2018;1:26 (doi 10.1093/jamiaopen/ooy012): mean (SD), or median [quartiles] where a column is skewed; counts with
per cent; missing values counted; standardised mean differences between pairs of groups. Standardised differences: Austin, Stat Med
2009;28:3083 (two numbers: difference of means over √((s₁² + s₂²) / 2)); Yang and Dalton, SAS Global Forum 2012, paper 335 (categories).
Tests: Welch's t or its analysis of variance (Welch, Biometrika 1951;38:330), Kruskal–Wallis, χ² without correction, Fisher's exact test
where an expected count of a 2 × 2 table is below 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Optional

import numpy as np
from scipy import stats

from ..model import MarrowQuantError
from .table import Cohort

SKEWED = 1.0
"""A column whose skewness in any group is beyond this is told by its median and quartiles (our choice)."""
MOST_CATEGORIES = 10
MEAN, MEDIAN, COUNT = "mean (SD)", "median [Q1, Q3]", "n (%)"


@dataclass(frozen=True)
class Line:
    """One line of Table 1.

    Attributes
    ----------
    column, category : str
        ``category`` is "" for a number.
    kind : str
        ``MEAN``, ``MEDIAN`` or ``COUNT``.
    missing : int
    overall : tuple of float
        Centre and spread: (mean, SD), (median, Q1, Q3) or (count, per cent of those with a value).
    groups : tuple of tuple of float
        The same for each group, in order.
    differences : tuple of float
        Standardised difference of each pair of groups, second minus first for numbers, never negative for categories; only on a column's
        first line.
    test : str
        Name of the test; "" on a line that has none.
    p : float or None
    """

    column: str
    category: str
    kind: str
    missing: int
    overall: tuple[float, ...]
    groups: tuple[tuple[float, ...], ...]
    differences: tuple[float, ...] = ()
    test: str = ""
    p: Optional[float] = None


@dataclass(frozen=True)
class Characteristics:
    """Table 1: the groups with their sizes, and the lines."""

    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    lines: tuple[Line, ...]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of groups that have a standardised difference."""
        return tuple(combinations(self.groups, 2))


def characteristics(cohort: Cohort, group: str, columns: Sequence[str], skewed: Sequence[str] = ()) -> Characteristics:
    """Table 1.

    Parameters
    ----------
    cohort : Cohort
    group : str
        Column of the groups; rows without a value there are left out. "" for one group of all.
    columns : sequence of str
        A column of numbers is described by its centre and spread, one with words, or with 0 and 1 only, by counts.
    skewed : sequence of str
        Columns to be told by the median whatever their skewness.

    Raises
    ------
    MarrowQuantError
        If a column is not there or has more than ten different words, or the groups are more than ten.
    """
    labels = np.array(cohort.text(group) if group else ["all"] * len(cohort))
    groups = [one for one in np.unique(labels).tolist() if one]
    if not 1 <= len(groups) <= MOST_CATEGORIES:
        raise MarrowQuantError(
            "The column '{column}' has {n} different values, and a table shows 1 to {most}; choose another, or make groups of it.",
            column=group,
            n=len(groups),
            most=MOST_CATEGORIES,
        )
    members = [labels == one for one in groups]
    lines: list[Line] = []
    for column in columns:
        numbers = _numbers(cohort, column)
        lines += [_number_line(column, numbers, members, column in skewed)] if numbers is not None else _words(cohort, column, members)
    return Characteristics(tuple(groups), tuple(int(rows.sum()) for rows in members), tuple(lines))


def _numbers(cohort: Cohort, column: str) -> Optional[np.ndarray]:
    """The column's numbers; None where it holds words, or 0 and 1 only."""
    cells = cohort.text(column)
    try:
        values = cohort.numbers(column)
    except MarrowQuantError:
        if any(_is_number(cell) for cell in cells if cell):  # numbers with a slip among them: the sentence says where
            raise
        return None
    return None if set(values[np.isfinite(values)]) <= {0.0, 1.0} else values


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number_line(column: str, values: np.ndarray, members: Sequence[np.ndarray], skewed: bool) -> Line:
    known = np.isfinite(values)
    parts = [values[rows & known] for rows in members]
    inside = np.any(members, axis=0)
    skewed = skewed or any(part.size > 2 and abs(_skewness(part)) > SKEWED for part in parts)
    differences = tuple(standardised_difference(first, second) for first, second in combinations(parts, 2))
    test, p = _number_test(parts, skewed)
    return Line(
        column, "", MEDIAN if skewed else MEAN, int((inside & ~known).sum()), _centre(values[inside & known], skewed),
        tuple(_centre(part, skewed) for part in parts), differences, test, p,
    )  # fmt: skip


def _skewness(values: np.ndarray) -> float:
    return float(stats.skew(values, bias=False)) if np.ptp(values) > 1e-9 * max(abs(float(values.mean())), 1e-300) else 0.0


def _centre(values: np.ndarray, skewed: bool) -> tuple[float, ...]:
    if not values.size:
        return (np.nan, np.nan, np.nan) if skewed else (np.nan, np.nan)
    if skewed:
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
        return float(middle), float(low), float(high)
    return float(values.mean()), float(values.std(ddof=1)) if values.size > 1 else np.nan


def standardised_difference(first: np.ndarray, second: np.ndarray) -> float:
    """(mean of second − mean of first) / √((s₁² + s₂²) / 2), finite values only; NaN for fewer than two values in a group."""
    if min(first.size, second.size) < 2:
        return float("nan")
    pooled = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2.0)
    return float((second.mean() - first.mean()) / pooled) if pooled > 0 else float("nan")


def category_difference(first: np.ndarray, second: np.ndarray) -> float:
    """Yang and Dalton's distance of two sets of shares, each of shape (categories,) and summing to 1: √(Δ' S⁻¹ Δ) without the first one."""
    a, b = first[1:], second[1:]
    covariance = (_multinomial(a) + _multinomial(b)) / 2.0
    return float(np.sqrt(max((b - a) @ np.linalg.pinv(covariance) @ (b - a), 0.0)))


def _multinomial(shares: np.ndarray) -> np.ndarray:
    return np.diag(shares) - np.outer(shares, shares)


def welch(parts: Sequence[np.ndarray]) -> float:
    """p of Welch's one-way analysis of variance; for two groups it is Welch's t test.

    ``parts`` holds each group's finite values, two or more in each.
    """
    sizes = np.array([part.size for part in parts], dtype=float)
    means, variances = np.array([part.mean() for part in parts]), np.array([part.var(ddof=1) for part in parts])
    weights = sizes / variances
    k, centre = len(parts), float((weights * means).sum() / weights.sum())
    rest = float((((1.0 - weights / weights.sum()) ** 2) / (sizes - 1.0)).sum())
    statistic = float((weights * (means - centre) ** 2).sum()) / (k - 1) / (1.0 + 2.0 * (k - 2) / (k**2 - 1) * rest)
    return float(stats.f.sf(statistic, k - 1, (k**2 - 1) / (3.0 * rest)))


def _number_test(parts: Sequence[np.ndarray], skewed: bool) -> tuple[str, Optional[float]]:
    if len(parts) < 2 or min(part.size for part in parts) < 2 or np.ptp(np.concatenate(parts)) == 0:
        return "", None
    if skewed:
        return "Kruskal–Wallis", float(stats.kruskal(*parts).pvalue)
    if min(part.var(ddof=1) for part in parts) == 0:
        return "", None
    return "Welch", welch(parts)


def _words(cohort: Cohort, column: str, members: Sequence[np.ndarray]) -> list[Line]:
    cells = np.array(cohort.text(column))
    inside = np.any(members, axis=0)
    values = [value for value in np.unique(cells[inside]).tolist() if value]
    if len(values) > MOST_CATEGORIES:
        raise MarrowQuantError(
            "The column '{column}' has {n} different words, and a table shows {most} at most; leave it out, or make groups of it.",
            column=column,
            n=len(values),
            most=MOST_CATEGORIES,
        )
    counts = np.array([[int((rows & (cells == value)).sum()) for value in values] for rows in members], dtype=float)
    missing = int((inside & (cells == "")).sum())
    differences: tuple[float, ...] = ()
    if len(values) > 1:
        shares = [row / row.sum() if row.sum() else None for row in counts]
        differences = tuple(
            category_difference(a, b) if a is not None and b is not None else float("nan") for a, b in combinations(shares, 2)
        )
    test, p = _count_test(counts)
    total = counts.sum(axis=0)
    return [
        Line(
            column, value, COUNT, missing if n == 0 else 0, _share(total, n), tuple(_share(row, n) for row in counts),
            differences if n == 0 else (), test if n == 0 else "", p if n == 0 else None,
        )
        for n, value in enumerate(values)
    ]  # fmt: skip


def _share(counts: np.ndarray, n: int) -> tuple[float, ...]:
    return float(counts[n]), float(100.0 * counts[n] / counts.sum()) if counts.sum() else np.nan


def _count_test(counts: np.ndarray) -> tuple[str, Optional[float]]:
    if min(counts.shape) < 2 or (counts.sum(axis=1) == 0).any():
        return "", None
    result = stats.chi2_contingency(counts, correction=False)
    if counts.shape == (2, 2) and result.expected_freq.min() < 5:
        return "Fisher", float(stats.fisher_exact(counts).pvalue)
    return "χ²", float(result.pvalue)
