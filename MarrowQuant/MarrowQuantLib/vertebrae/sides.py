"""How wide the bodies of one column are.

The sides of a single body are hardly seen: psoas, vessels and partial volume lie there. Over all bodies and both sides together they are:
the median place at which the signal leaves that of the body follows the labelled width from spine to spine (correlation 0.6 on ten lumbar
spines), body by body it does not (0.1 and less). So it scales the width of the mean shape, the more the better the sides agree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .chain import Box
from .column import ColumnFrame, Sampler
from .proportions import relative_width, size
from .walls import HALF_WIDTH, body_positions

_X, _U, _V = np.arange(-36.0, 37.0), np.arange(-10.0, 11.0, 2.0), np.arange(-8.0, 9.0, 2.0)
_NEAREST, _FURTHEST = 14, 34  # units from the middle between which a side is looked for
_CLEAR = 3.0  # times the largest departure within the body that a side must reach to be seen (our choice)
_FEWEST = 4  # sides of all bodies that must be seen (our choice)
_LEAST_PEAK = 0.4  # of the largest departure from the signal of the body, that the first tissue beside it must reach (our choice)
_REACHED = 0.8  # of that departure: where the side is taken to be (of 0.5 to 0.9, widths of the simulated patient agreed best)
_USUAL, _SPREAD = 25.2, 1.9  # place of the sides over ten lumbar spines and its standard deviation from spine to spine, units
_LARGEST_CHANGE = 0.2  # of the mean shape's width, our choice
_L1_WIDTH = 0.92  # over the others: mean of the ten spines; no other lumbar level is narrower in their labels and by nature

# Half the width at mid-height of the marrow itself, units, where the line of cortex is seen: means over the nine spines of :mod:`.cortex`,
# rounded; from spine to spine they differ by 1 unit alone, less than their sides can be seen.
_MARROW = {"T10": 15.0, "T11": 17.3, "T12": 18.5, "L1": 19.4, "L2": 19.9, "L3": 20.4, "L4": 21.4, "L5": 23.5}


def marrow_half_widths(levels: Sequence[str], widths: Sequence[float]) -> list[float]:
    """Half the usual width of the marrow of each body in units, by its level.

    Parameters
    ----------
    levels : sequence of str
    widths : sequence of float
        What :func:`half_widths` says; kept in the neck, of which there are no labels.
    """
    usual = _MARROW["L3"] * relative_width(levels)
    return [
        width if level.startswith("C") else float(_MARROW.get(level, other)) / size(levels)
        for level, width, other in zip(levels, widths, usual)
    ]


def half_widths(sampler: Sampler, frames: Sequence[ColumnFrame], boxes: Sequence[Box], levels: Sequence[str]) -> list[float]:
    """Half the width of each body in units: the mean shape's, scaled for the patient as far as the sides are seen.

    The weight of the patient's own sides is the variance between patients over its sum with that of their median (1.25 times the robust
    spread over the root of their number).
    """
    usual = relative_width(levels) / size(levels)
    seen = [place / part for frame, box, part in zip(frames, boxes, usual) for place in _sides(sampler, frame, box)]
    places = np.array([place for place in seen if np.isfinite(place)])
    usual = np.where(np.array(levels) == "L1", _L1_WIDTH, 1.0) * usual
    if len(places) < _FEWEST:
        return list(HALF_WIDTH * usual)
    median = float(np.median(places))
    error = 1.25 * 1.48 * float(np.median(np.abs(places - median))) / np.sqrt(len(places))
    change = _SPREAD**2 / (_SPREAD**2 + error**2) * (median - _USUAL)
    width = HALF_WIDTH + np.clip(change, -_LARGEST_CHANGE * HALF_WIDTH, _LARGEST_CHANGE * HALF_WIDTH)
    return list(float(width) * usual)


def _sides(sampler: Sampler, frame: ColumnFrame, box: Box) -> tuple[float, float]:
    """How far to the right and to the left the body reaches; NaN where its side is not seen."""
    x, u, v = np.meshgrid(_X, _U, _V, indexing="ij", sparse=True)
    signal = sampler(frame.to_ras(body_positions(box, x, u, v))).mean(axis=(1, 2))
    middle = len(_X) // 2
    return _side(signal[middle:]), _side(signal[middle::-1])


def _side(signal: np.ndarray) -> float:
    """Where, from the middle outwards, the signal is most of the way to the first tissue that differs from the body; NaN if none does."""
    away = np.abs(signal - np.median(signal[:10]))
    seen = away[_NEAREST:_FURTHEST]
    if seen.max() <= _CLEAR * away[:10].max():
        return np.nan
    peaks = (seen[1:-1] >= seen[:-2]) & (seen[1:-1] >= seen[2:]) & (seen[1:-1] >= _LEAST_PEAK * seen.max())
    first = _NEAREST + (1 + int(np.argmax(peaks)) if peaks.any() else int(np.argmax(seen)))
    inner = int(np.max(np.flatnonzero(away[:first] <= _REACHED * away[first]), initial=0))
    return inner + float((_REACHED * away[first] - away[inner]) / max(away[inner + 1] - away[inner], np.finfo(float).tiny))
