"""The brightness of neighbouring stations, compared in the slices that both acquired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import Finding, finding

FEWEST_VOXELS = 50  # in an overlap, for a gain to be estimated; our choice
FACING, MOST_MISSING = 2, 2  # slices of each station that are compared where none overlap, and that may lack between them; our choice
FLAT = 1e-6  # our choice, of the largest: values that differ by less are equal but for rounding


@dataclass(frozen=True)
class Placed:
    """A station on the common grid: its first slice, and its place in the list that was given."""

    index: int
    array: np.ndarray
    first: int

    @property
    def last(self) -> int:
        """Slice of the reference's grid at which the station ends."""
        return self.first + self.array.shape[0] - 1


Overlap = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Two stations over their common slices, and which voxels there are bright."""


def overlap(a: Placed, b: Placed) -> Optional[Overlap]:
    """What both stations show of their common slices; None without any."""
    if b.first > a.last:
        return None
    stop = min(a.last, b.last) + 1
    upper = a.array[b.first - a.first : stop - a.first]
    lower = b.array[: stop - b.first]
    usable = np.isfinite(upper) & np.isfinite(lower) & (upper > 0) & (lower > 0)
    brightness = np.sqrt(np.where(usable, upper, 0)) * np.sqrt(np.where(usable, lower, 0))  # the product of large values overflows
    if np.count_nonzero(usable) < FEWEST_VOXELS:
        return upper, lower, np.zeros_like(usable)
    return upper, lower, brightness > otsu(brightness[usable])


def otsu(values: np.ndarray) -> float:
    """Threshold that separates two classes best (Otsu, IEEE Trans Syst Man Cybern 1979;9:62), on 256 bins up to the 99.9th percentile."""
    values = np.minimum(values, np.percentile(values, 99.9)).astype(float)
    if np.ptp(values) <= FLAT * np.abs(values).max():
        return -np.inf  # all voxels are equally bright
    counts, edges = np.histogram(values, bins=256)
    centres = 0.5 * (edges[:-1] + edges[1:])
    below = np.cumsum(counts)[:-1].astype(float)
    sum_below = np.cumsum(counts * centres)[:-1]
    above, sum_above = counts.sum() - below, (counts * centres).sum() - sum_below
    both = (below > 0) & (above > 0)
    between = np.zeros_like(below)
    between[both] = below[both] * above[both] * (sum_below[both] / below[both] - sum_above[both] / above[both]) ** 2
    return float(edges[1 + np.argmax(between)])


def estimate_gains(placed: Sequence[Placed], overlaps: Sequence[Optional[Overlap]], reference: int, findings: list[Finding]) -> np.ndarray:
    """Gain of each station, chained from neighbour to neighbour by their overlaps; the reference has 1."""
    gains = np.ones(len(placed))
    for a, b, shared in zip(placed, placed[1:], overlaps):
        ratio = 1.0
        pair = (a.index + 1, b.index + 1)
        if shared is None:
            missing = b.first - a.last - 1
            faced = _facing(a, b) if missing <= MOST_MISSING else None
            code = "diffusion.no_overlap" if faced is None else "diffusion.facing"
            findings.append(finding(code, station=pair, missing=missing))
            ratio = 1.0 if faced is None else faced
        else:
            left, right, bright = shared
            if np.count_nonzero(bright) >= FEWEST_VOXELS:
                ratio = float(np.exp(np.median(np.log(left[bright]) - np.log(right[bright]))))
            else:
                findings.append(finding("diffusion.dark_overlap", station=pair))
        gains[b.index] = gains[a.index] * ratio
    return gains / gains[reference]


def _facing(a: Placed, b: Placed) -> Optional[float]:
    """Gain of the second station from the slices that face each other, where none overlap; None where they show too little.

    The anatomy differs by a slice or two, and the profiles of the coils fall off at both ends: a rough match, but stations that were
    adjusted by themselves differ by tens of percent (our choice).
    """
    with np.errstate(invalid="ignore"):
        left, right = a.array[-FACING:].mean(axis=0), b.array[:FACING].mean(axis=0)
        usable = np.isfinite(left) & np.isfinite(right) & (left > 0) & (right > 0)
    if np.count_nonzero(usable) < FEWEST_VOXELS:
        return None
    both = np.sqrt(left[usable] * right[usable])
    bright = both > otsu(both)
    if np.count_nonzero(bright) < FEWEST_VOXELS:
        return None
    return float(np.exp(np.median(np.log(left[usable][bright]) - np.log(right[usable][bright]))))


def largest_step(left: np.ndarray, right: np.ndarray, bright: np.ndarray) -> float:
    """Largest over the slices of |median ratio - 1|."""
    enough = [k for k in range(len(bright)) if np.count_nonzero(bright[k]) >= FEWEST_VOXELS]
    steps = [abs(float(np.median(right[k][bright[k]] / left[k][bright[k]])) - 1.0) for k in enough]
    return max(steps, default=float("nan"))
