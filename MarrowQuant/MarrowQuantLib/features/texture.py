"""Texture by grey-level co-occurrence, as the Image Biomarker Standardisation Initiative defines it (IBSI, arXiv:1612.07003, section 3.6).

Pairs lie within a slice; all four directions and their opposites are merged into one matrix. Given several slices, their matrices are
summed ("2.5D, merged" of the manual); given one, it is that slice's ("2D, slice-merged").
"""

from __future__ import annotations

import numpy as np

from ..model import MarrowQuantError

_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1))


def cooccurrence(level: np.ndarray, mask: np.ndarray, *, distance: int = 1) -> dict[str, float]:
    """Co-occurrence features of a region.

    Parameters
    ----------
    level : ndarray of int, shape (rows, columns) or (slices, rows, columns)
        Grey levels from 1.
    mask : ndarray of bool, same shape
        The region.
    distance : int
        Pixels between the two of a pair, by Chebyshev's norm.

    Returns
    -------
    dict of str to float
        ``joint_maximum``, ``joint_entropy`` (bits), ``difference_average``, ``contrast``, ``inverse_difference``,
        ``angular_second_moment``, ``correlation``, ``cluster_shade``. NaN for all where the region holds no pair; ``correlation`` is NaN
        for a constant region.

    Raises
    ------
    MarrowQuantError
        If shapes differ or a level is below 1.
    """
    level, mask = np.atleast_3d(np.asarray(level)), np.atleast_3d(np.asarray(mask, dtype=bool))
    if level.shape != mask.shape:
        raise MarrowQuantError("Grey levels and region have different shapes; give both on one grid.")
    if np.asarray(level).shape[-1] == 1:  # two dimensions became rows × columns × 1
        level, mask = np.moveaxis(level, -1, 0), np.moveaxis(mask, -1, 0)
    if mask.any() and level[mask].min() < 1:
        raise MarrowQuantError("Grey levels begin at 1.")
    n = int(level[mask].max()) if mask.any() else 1
    counts = np.zeros((n, n))
    for down, across in _DIRECTIONS:
        first, second = _pair(level, mask, distance * down, distance * across)
        np.add.at(counts, (first - 1, second - 1), 1.0)
        np.add.at(counts, (second - 1, first - 1), 1.0)
    return _features(counts)


def _pair(level: np.ndarray, mask: np.ndarray, down: int, across: int) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = level.shape[1:]
    if down >= rows or abs(across) >= columns:
        return np.zeros(0, int), np.zeros(0, int)
    one = (slice(None), slice(0, rows - down), slice(max(-across, 0), columns - max(across, 0)))
    two = (slice(None), slice(down, rows), slice(max(across, 0), columns - max(-across, 0)))
    both = mask[one] & mask[two]
    return level[one][both].astype(int), level[two][both].astype(int)


def _features(counts: np.ndarray) -> dict[str, float]:
    names = (
        "joint_maximum",
        "joint_entropy",
        "difference_average",
        "contrast",
        "inverse_difference",
        "angular_second_moment",
        "correlation",
        "cluster_shade",
    )
    if not counts.sum():
        return dict.fromkeys(names, float("nan"))
    p = counts / counts.sum()
    i, j = np.indices(p.shape) + 1.0
    mean = float((i * p).sum())
    variance = float(((i - mean) ** 2 * p).sum())
    filled = p[p > 0]
    values = (
        float(p.max()),
        float(-(filled * np.log2(filled)).sum()) + 0.0,
        float((np.abs(i - j) * p).sum()),
        float(((i - j) ** 2 * p).sum()),
        float((p / (1.0 + np.abs(i - j))).sum()),
        float((p**2).sum()),
        float(((i - mean) * (j - mean) * p).sum() / variance) if variance > 1e-12 else float("nan"),
        float(((i + j - 2.0 * mean) ** 3 * p).sum()),
    )
    return dict(zip(names, values))
