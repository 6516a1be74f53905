"""Clicks of a reader: which levels they are, in whatever order they were made, and whether one fell into the air."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable, Optional

import numpy as np

from ..model import MarrowQuantError, Volume, certain
from .levels import LEVELS, level_index
from .proportions import relative_spacing
from .propose import SPACING_MM

_NEXT = 1.5  # up to this many usual spacings the next click is the next body (our choice)
_CHOSEN = (0.6, 1.5)  # a way within these, over the usual one, is that from the first to the last level chosen (our choice)
_AIR = 0.03  # of the 99th percentile of the image: less signal is air (our choice; noise of magnitude images is about 1 %)
_NEAR_MM = 4.0  # half-width of the box whose mean signal is looked at


def way_mm(upper: str, lower: str) -> float:
    """The usual way along the column between the centres of two levels."""
    return 4 * SPACING_MM * sum(relative_spacing(level) for level in LEVELS[level_index(upper) : level_index(lower)])


def name_clicks(points_ras: np.ndarray, levels: Sequence[Optional[str]], first: str, last: str) -> list[str]:
    """Levels of clicks in any order.

    Without a level that is known the highest click is ``first``. Of two clicks far apart the lower one is ``last`` if their distance fits
    that, else the level that it fits best: these two are enough to find the bodies between them. Where levels are known, further clicks
    are counted from the nearest of them.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
        RAS mm.
    levels : sequence of str or None
        The level of each point that has one.
    first, last : str
        The levels that the reader chose.

    Raises
    ------
    MarrowQuantError
        If no level is left for a click.
    """
    named: dict[int, str] = {n: level for n, level in enumerate(levels) if level is not None}
    order = [int(n) for n in np.argsort(-points_ras[:, 2], kind="stable")]
    if not named and order:
        named[order[0]] = first
        if len(order) == 2:
            named[order[1]] = _second(float(np.linalg.norm(np.diff(points_ras[order], axis=0))), first, last)
    while len(named) < len(order):
        place = next(at for at, n in enumerate(order) if n not in named and any(m in named for m in order[max(at - 1, 0) : at + 2]))
        above = next((n for n in reversed(order[:place]) if n in named), None)
        below = next((n for n in order[place:] if n in named), None)
        named[order[place]] = _between(points_ras, order[place], above, below, named)
    return [named[n] for n in range(len(points_ras))]


def _second(distance_mm: float, first: str, last: str) -> str:
    """Level of the second of two clicks."""
    below = level_index(first) + 1
    if below < len(LEVELS) and distance_mm < _NEXT * way_mm(first, LEVELS[below]):
        return LEVELS[below]
    if level_index(last) > level_index(first) and _CHOSEN[0] < distance_mm / way_mm(first, last) < _CHOSEN[1]:
        return last
    return _nearest(distance_mm, LEVELS[below:], lambda level: way_mm(first, level))


def _between(points: np.ndarray, n: int, above: Optional[int], below: Optional[int], named: Mapping[int, str]) -> str:
    """Level of a click below the one and above the other that have names."""
    upper = -1 if above is None else level_index(named[above])
    lower = len(LEVELS) if below is None else level_index(named[below])
    free = LEVELS[upper + 1 : lower]
    if not free and above is not None and below is not None:
        raise MarrowQuantError(
            "There is no level between {upper} and {lower}: the click between them was taken back. Rename one of them to make room.",
            upper=named[above], lower=named[below],
        )
    if above is not None:
        return _nearest(_distance(points, n, above), free, lambda level: way_mm(named[above], level))
    after = certain(below)
    return _nearest(_distance(points, n, after), free, lambda level: way_mm(level, named[after]))


def _distance(points: np.ndarray, one: int, other: int) -> float:
    return float(np.linalg.norm(points[one] - points[other]))


def _nearest(distance_mm: float, levels: Sequence[str], way: Callable[[str], float]) -> str:
    if not levels:
        raise MarrowQuantError(
            "There is no level beyond C1 and S1: the click was taken back. Choose another first level if the count is off."
        )
    return min(levels, key=lambda level: abs(way(level) - distance_mm))


def in_air(maps: Mapping[str, Volume], point_ras: Sequence[float]) -> bool:
    """True for a point outside the Dixon images, or where they show no signal.

    Parameters
    ----------
    maps : mapping of str to Volume
        Of the exam.
    point_ras : sequence of three floats
        RAS mm.
    """
    image = next((maps[key] for key in ("in_phase", "water", "ff", "dwi_high") if key in maps), None)
    if image is None:
        return False
    index = np.rint(image.to_ijk(np.asarray(point_ras, dtype=float)[None])[0]).astype(int)[::-1]
    if np.any(index < 0) or np.any(index >= image.array.shape):
        return True
    if image is maps.get("ff"):  # shows no amount of tissue
        return False
    signal = image.array + maps["fat"].array if image is maps.get("water") and "fat" in maps else image.array
    spacing = np.linalg.norm(image.ijk_to_ras[:3, :3], axis=0)[::-1]
    near = np.maximum(np.floor(_NEAR_MM / spacing), 0).astype(int)
    box = signal[tuple(slice(max(at - n, 0), at + n + 1) for at, n in zip(index, near))]
    return bool(np.nanmean(box) < _AIR * np.nanpercentile(signal, 99))
