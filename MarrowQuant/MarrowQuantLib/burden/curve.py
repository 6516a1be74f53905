"""Whether the tumour load hangs on its threshold: tDV over the threshold, and the interval that follows from what is not known of it.

The threshold is a multiple of muscle, so what is not known of muscle moves it: the spread of its signal over the body, and half a step of
the scale on which readers choose thresholds. Edges and noise act through the same voxels, which the curve counts. The combination is our
choice; it is no confidence interval, it says how much of the load lies close to the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RATIOS = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0)
"""Thresholds of the curve in multiples of muscle, beside the one that was chosen."""

STEP = 0.5
"""One step of the threshold, in multiples of muscle."""

FRAGILE = 0.4
"""Width of the interval over the tDV from which on the reader is told that the number hangs on the threshold."""

LEAST_SPREAD = 0.03  # of muscle, where its spread could not be told; our choice


def thresholds_of_curve(ratio: float) -> tuple[float, ...]:
    """The thresholds at which the load is computed anew: the usual ones and three about the chosen one, ascending."""
    return tuple(sorted({round(r, 2) for r in (*RATIOS, ratio - STEP, ratio, ratio + STEP) if r > 0}))


def interval(curve: Sequence[tuple[float, float]], ratio: float, spread: float) -> tuple[float, float]:
    """Lowest and highest tDV in mL when the threshold moves by the spread of muscle and half a step.

    Parameters
    ----------
    curve : sequence of (float, float)
        Threshold and tDV in mL, ascending thresholds.
    ratio : float
        The chosen threshold.
    spread : float
        Of the muscle signal over the body, relative.
    """
    off = ratio * float(np.hypot(max(spread, LEAST_SPREAD), STEP / 2 / ratio))
    ratios, volumes = (np.array(column, dtype=float) for column in zip(*curve))
    inside = volumes[(ratios >= ratio - off) & (ratios <= ratio + off)]
    ends = np.interp([ratio - off, ratio + off], ratios, volumes)
    every = np.concatenate([inside, ends])
    return float(every.min()), float(every.max())
