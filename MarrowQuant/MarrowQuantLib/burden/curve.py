"""Whether the tumour load hangs on its threshold: tDV over the threshold, and the interval that follows from what is not known of it.

The threshold is a multiple of muscle, so what is not known of muscle moves it: the spread of its signal over the body, and half a step of
the scale on which readers choose thresholds. Edges and noise act through the same voxels, which the curve counts. The combination is our
choice; it is no confidence interval, it says how much of the load lies close to the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..model import ACCEPTED, REJECTED, Component, Finding, finding

RATIOS = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0)
"""Thresholds of the curve in multiples of muscle, beside the one that was chosen."""

STEP = 0.5
"""One step of the threshold, in multiples of muscle."""

FRAGILE = 0.4
"""Width of the interval over the tDV from which on the reader is told that the number hangs on the threshold."""

OFF = 0.2
"""What is not known of the pieces over the tDV from which on the reader is told."""

BESIDE = 0.15
"""Share inside the region of bone from which on a piece that is not counted may be bone all the same."""

_EDGE, _MOST_EDGE = 2.0, 0.6
_ALL_PIECES = 0.08
"""Relative, of all pieces alike: partial volume at thin bones and what the ADC loses at edges. With it the interval held the truth in 50 of
53 bodies that rules were made on, without it in 45; two of the three others have metal, whose voids hide a part of the load."""
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


def edge_error(n_voxels: float) -> float:
    """How far the volume of a piece of so many voxels may be off by where its edge is drawn, relative: its surface over its volume.

    The factor was chosen on the simulated bodies that rules were made on: lesions of 6 voxels were read too large by 30 to 90 %, of 15 by
    10 to 45 %, of 60 by up to 12 %.
    """
    return float(min(_MOST_EDGE, _EDGE / max(n_voxels, 1.0) ** (2 / 3)))


def _edges_ml(components: Sequence[Component], voxel_ml: float) -> float:
    return sum(c.volume_ml * edge_error(c.volume_ml / voxel_ml) for c in components if c.state == ACCEPTED)


def with_edges(limits: tuple[float, float], components: Sequence[Component], voxel_ml: float) -> tuple[float, float]:
    """The interval of the tDV in mL, made wider by what the edges of each piece and of all pieces alike leave open; the three are
    independent."""
    tdv, edges = sum(c.volume_ml for c in components if c.state == ACCEPTED), _edges_ml(components, voxel_ml)
    low, high = (float(np.linalg.norm([tdv - limit, edges, _ALL_PIECES * tdv])) for limit in limits)
    return max(tdv - low, 0.0), tdv + high


def doubts_of_pieces(components: Sequence[Component], voxel_ml: float) -> list[Finding]:
    """A finding if the tDV may be more than a fifth off by its pieces: their edges, those that count by their position alone, and those
    that are not counted though they lie beside bone.

    Parameters
    ----------
    components : sequence of Component
    voxel_ml : float
    """
    tdv, edges = sum(c.volume_ml for c in components if c.state == ACCEPTED), _edges_ml(components, voxel_ml)
    counted = sum(c.volume_ml for c in components if c.state == ACCEPTED and "bone.by_place" in c.reason.codes)
    aside = sum(c.volume_ml for c in components if c.state == REJECTED and c.bone_share is not None and c.bone_share >= BESIDE)
    if max(edges + counted, edges + aside) <= OFF * tdv:
        return []
    return [finding("burden.uncertain", tdv=tdv, edges=edges, counted=counted, aside=aside)]
