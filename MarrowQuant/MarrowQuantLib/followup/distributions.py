"""How the distribution of a quantity changed between two exams: of histograms, and voxel by voxel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..features.firstorder import FEW_VOXELS, FIXED_SCALES, finite_values, histogram
from ..model import DistributionChange, MarrowQuantError, finding

DOWN, UNCHANGED, UP = 1, 2, 3  # classes of a functional diffusion map; 0 is no value


@dataclass(frozen=True)
class FunctionalMap:
    """Result of :func:`functional_map`.

    Attributes
    ----------
    classes : ndarray of int8, shape of the input
        1 down, 2 unchanged, 3 up, 0 no value (outside the mask, or NaN in either exam).
    percent_down, percent_unchanged, percent_up : float
        Of the voxels with a value; they add up to 100.
    n_voxels, n_excluded : int
        Voxels with a value; voxels inside the mask without one.
    limit : float
        Larger changes than this count.
    """

    classes: np.ndarray
    percent_down: float
    percent_unchanged: float
    percent_up: float
    n_voxels: int
    n_excluded: int
    limit: float


def compare_distributions(
    before: np.ndarray, after: np.ndarray, quantity: str, unit: str, *, bins: Optional[int] = None
) -> DistributionChange:
    """Shift, overlap and distance of two distributions; the voxels need not correspond.

    Parameters
    ----------
    before, after : ndarray, any shapes
        Values of the region in the two exams; NaN and infinite values are left out and counted.
    quantity, unit : str
        "FF", "PDFF" and "ADC" are binned on their fixed scales (see :func:`histogram`), others over the range of both exams.
    bins : int, optional
        Number of bins. Coarse bins hide a shift within a bin; fine bins of small regions stay empty and do not overlap.

    Returns
    -------
    DistributionChange
        The overlap coefficient is sum(min(p, q)) over the bins (Inman and Bradley, Commun Stat Theory Methods 1989;18:3851).

    Raises
    ------
    MarrowQuantError
        An exam without a finite value.
    """
    x, x_excluded = finite_values(before)
    y, y_excluded = finite_values(after)
    scale = None
    if quantity not in FIXED_SCALES:
        low, high = min(x.min(), y.min()), max(x.max(), y.max())
        scale = (float(low), float(high)) if low < high else (float(low) - 0.5, float(high) + 0.5)
    p, q = (histogram(values, quantity, unit, range=scale, bins=bins).counts / values.size for values in (x, y))
    findings = tuple(
        finding("change.few_voxels", n=n, when=when)
        for when, n in (("before", x.size), ("after", y.size))
        if n < FEW_VOXELS
    )
    return DistributionChange(
        median_shift=float(np.median(y) - np.median(x)),
        mean_shift=float(y.mean() - x.mean()),
        overlap=float(np.minimum(p, q).sum()),
        earth_mover=_earth_mover(x, y),
        n_before=x.size,
        n_after=y.size,
        n_excluded_before=x_excluded,
        n_excluded_after=y_excluded,
        quantity=quantity,
        unit=unit,
        findings=findings,
    )


def _earth_mover(x: np.ndarray, y: np.ndarray) -> float:
    """The area between the two cumulative distributions, which is the least mean way from one to the other (Vallender, Theory Probab Appl
    1974;18:784)."""
    x, y = np.sort(x.astype(float)), np.sort(y.astype(float))
    both = np.sort(np.concatenate([x, y]))
    below = [np.searchsorted(values, both[:-1], side="right") / values.size for values in (x, y)]
    return float(np.sum(np.abs(below[0] - below[1]) * np.diff(both)))


def functional_map(before: np.ndarray, after: np.ndarray, limit: float, *, mask: Optional[np.ndarray] = None) -> FunctionalMap:
    """Which voxels went up, which down, which stayed: the functional diffusion map (Moffat et al., PNAS 2005;102:5524).

    The exams must have been brought to one grid, voxel on voxel.

    Parameters
    ----------
    before, after : ndarray, same shape
        Maps of one quantity in one unit.
    limit : float
        Changes up to ±limit, in that unit, are called unchanged. It should be the repeatability limit of a single voxel on the scanner
        in question; there is none for all, so none is assumed.
    mask : ndarray of bool, same shape, optional

    Returns
    -------
    FunctionalMap

    Raises
    ------
    MarrowQuantError
        Shapes that differ, a limit that is not a number of zero or more, no voxel with a value in both exams.
    """
    before, after = np.asarray(before, float), np.asarray(after, float)
    inside = np.ones(before.shape, bool) if mask is None else np.asarray(mask, bool)
    if before.shape != after.shape or inside.shape != before.shape:
        raise MarrowQuantError(
            "The maps have shapes {shape} and {other_shape}, the mask {shape_3}; bring them to one grid first.",
            shape=str(before.shape), other_shape=str(after.shape), shape_3=str(inside.shape),
        )
    if not (np.isfinite(limit) and limit >= 0):
        raise MarrowQuantError("A change cannot be compared with the limit {limit}; give a number of zero or more.", limit=limit)
    known = inside & np.isfinite(before) & np.isfinite(after)
    n_voxels = int(np.count_nonzero(known))
    if n_voxels == 0:
        raise MarrowQuantError("No voxel has a value in both exams; check that the maps and the mask overlap.")
    change = np.where(known, after, 0.0) - np.where(known, before, 0.0)
    classes = np.where(known, UNCHANGED + (change > limit) - (change < -limit).astype(int), 0).astype(np.int8)
    down, unchanged, up = (100.0 * int(np.count_nonzero(classes == name)) / n_voxels for name in (DOWN, UNCHANGED, UP))
    return FunctionalMap(classes, down, unchanged, up, n_voxels, int(np.count_nonzero(inside)) - n_voxels, float(limit))
