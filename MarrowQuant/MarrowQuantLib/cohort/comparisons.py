"""Tests of two groups and of pairs, correlations, and the correction for looking at many indices.

The tests are SciPy's; effect sizes are computed beside them because a p value says nothing about size. Sources: Mann and Whitney, Ann Math
Stat 1947;18:50; Wilcoxon, Biometrics Bull 1945;1:80; Kerby, Compr Psychol 2014;3:1 (rank-biserial correlation); Holm, Scand J Stat
1979;6:65; Benjamini and Hochberg, J R Stat Soc B 1995;57:289; Bonett and Wright, Psychometrika 2000;65:23 (interval of Spearman's ρ).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy import stats

from ..model import MarrowQuantError
from .design import as_columns

CORRECTIONS = ("holm", "bh", "none")
_TOO_FEW = "add patients, or leave the index out."


@dataclass(frozen=True)
class GroupTest:
    """Mann–Whitney test of an index between the groups; quartiles are (25 %, median, 75 %).

    ``effect`` is the rank-biserial correlation, 2 AUC − 1: +1 if every patient with the event has the higher value. ``shift`` is the
    Hodges–Lehmann estimate: the median of all differences event − no event, in the unit of the index.
    """

    n_event: int
    n_no_event: int
    quartiles_event: tuple[float, float, float]
    quartiles_no_event: tuple[float, float, float]
    u: float
    p: float
    effect: float
    shift: float


@dataclass(frozen=True)
class PairedTest:
    """Wilcoxon signed-rank test of two values a patient.

    ``effect`` is the matched-pairs rank-biserial correlation (W₊ − W₋) / (W₊ + W₋); ``shift`` the Hodges–Lehmann estimate: the median of
    the averages of all pairs of differences. Differences of zero are left out of the test, as Wilcoxon did.
    """

    n: int
    n_zero: int
    w: float
    p: float
    effect: float
    shift: float


@dataclass(frozen=True)
class Correlation:
    """Spearman's ρ with its interval and two-sided p; ``covariates`` were held constant (partial correlation of the ranks)."""

    n: int
    rho: float
    interval: tuple[float, float]
    p: float
    covariates: tuple[str, ...] = ()


def mann_whitney(outcome: np.ndarray, values: np.ndarray) -> GroupTest:
    """Two-sided Mann–Whitney test; ``outcome`` bool and ``values`` finite, both shape (n,).

    Raises
    ------
    MarrowQuantError
        If a group has fewer than two patients.
    """
    event, no_event = values[outcome], values[~outcome]
    if min(event.size, no_event.size) < 2:
        raise MarrowQuantError(
            "A comparison needs two patients in each group, but there are {event} and {no_event}; {too_few}",
            event=event.size, no_event=no_event.size, too_few=_TOO_FEW,
        )
    result = stats.mannwhitneyu(event, no_event)
    return GroupTest(
        event.size, no_event.size, _quartiles(event), _quartiles(no_event), float(result.statistic), float(result.pvalue),
        float(2.0 * result.statistic / (event.size * no_event.size) - 1.0), float(np.median(event[:, None] - no_event)),
    )  # fmt: skip


def wilcoxon(before: np.ndarray, after: np.ndarray) -> PairedTest:
    """Two-sided Wilcoxon signed-rank test of after − before; finite arrays of shape (n,).

    Raises
    ------
    MarrowQuantError
        If fewer than three patients changed.
    """
    difference = after - before
    moved = difference[difference != 0]
    if moved.size < 3:
        raise MarrowQuantError(
            "A paired comparison needs three patients who changed, but there are {moved}; {too_few}",
            moved=moved.size, too_few=_TOO_FEW,
        )
    ranks = stats.rankdata(np.abs(moved))
    signed = float(np.sum(np.sign(moved) * ranks) / ranks.sum())
    result = stats.wilcoxon(moved)
    pairs = (difference[:, None] + difference)[np.triu_indices(difference.size)] / 2.0
    n_zero = int(difference.size - moved.size)
    return PairedTest(difference.size, n_zero, float(result.statistic), float(result.pvalue), signed, float(np.median(pairs)))


def adjust(p: Sequence[float], method: str = "holm") -> np.ndarray:
    """p values corrected for their number: "holm" (family-wise error), "bh" (false discovery rate) or "none"; shape (m,).

    Raises
    ------
    MarrowQuantError
        If there is no such method.
    """
    if method not in CORRECTIONS:
        raise MarrowQuantError(
            "There is no correction '{method}'; choose one of {corrections}.",
            method=method, corrections=list(CORRECTIONS),
        )
    values = np.asarray(p, dtype=float)
    if method == "none" or values.size == 0:
        return values
    if method == "bh":
        return stats.false_discovery_control(values)
    order = np.argsort(values)
    stepped = np.maximum.accumulate(values[order] * (values.size - np.arange(values.size)))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def spearman(
    first: np.ndarray, second: np.ndarray, covariates: Optional[np.ndarray] = None, names: Sequence[str] = ()
) -> Correlation:
    """Spearman's rank correlation, with covariates the partial one.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
    covariates : ndarray, shape (n, m), optional
        Held constant: their ranks are regressed out of the ranks of both.
    names : sequence of str
        Of the covariates.

    Raises
    ------
    MarrowQuantError
        If there are fewer than four patients more than covariates, or a column is constant (beyond what the covariates explain).
    """
    ranks = np.column_stack([stats.rankdata(first), stats.rankdata(second)])
    held = np.ones((ranks.shape[0], 1))
    if covariates is not None:
        held = np.column_stack([held, *(stats.rankdata(column) for column in as_columns(covariates, ranks.shape[0]).T)])
    n, m = ranks.shape[0], held.shape[1] - 1
    if n - m < 4:
        raise MarrowQuantError(
            "A correlation needs at least {m} patients here, but there are {n}; {too_few}",
            m=4 + m, n=n, too_few=_TOO_FEW,
        )
    rest = ranks - held @ np.linalg.lstsq(held, ranks, rcond=None)[0]
    spread = np.sqrt((rest**2).sum(axis=0))
    if spread.min() < 1e-9 * n:
        raise MarrowQuantError("A column does not vary (beyond its covariates), so it has no correlation; leave it out.")
    rho = float(np.clip(rest[:, 0] @ rest[:, 1] / spread.prod(), -1.0, 1.0))
    freedom = n - 2 - m
    p = float(2.0 * stats.t.sf(abs(rho) * np.sqrt(freedom / max(1.0 - rho**2, 1e-300)), freedom))
    reach = stats.norm.ppf(0.975) * np.sqrt((1.0 + rho**2 / 2.0) / (n - m - 3))
    centre = np.arctanh(np.clip(rho, -1 + 1e-15, 1 - 1e-15))
    return Correlation(n, rho, (float(np.tanh(centre - reach)), float(np.tanh(centre + reach))), p, tuple(names))


def _quartiles(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    return float(low), float(middle), float(high)
