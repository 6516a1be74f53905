"""The pattern of the marrow on STIR images, proposed from numbers; the reader sets it.

Kusumoto S et al., Eur J Haematol 1997 (lower thoracic and lumbar spine, TI 160 ms): 1 homogeneously low, 2 marginally high, 3
heterogeneously high, 4 homogeneously high. The paper gives no number; what counts as high, marginal and heterogeneous is ours: signal over
that of the discs, of the endplates' rim over the centre, and the spread of what is wider than the noise. The names of the patterns stand in
``model.STIR_PATTERNS``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter

from ..model import MarrowQuantError, StirPattern, VertebraROI, Volume
from ..vertebrae.segment import Bodies, Body
from .bodies import bodies_of_exam
from .patches import Preparation, prepare

HIGH = 0.65
"""Marrow over disc from which on marrow is called high (our choice)."""
MARGINAL = 1.16
"""Rim over centre from which on the margin is called high (our choice)."""
HETEROGENEOUS = 0.0335
"""Spread of the smoothed signal over that of the discs from which on marrow is called heterogeneous (our choice)."""
_SMOOTH_PIXELS = 2.5


def propose_pattern(stir: Volume, bodies: Bodies) -> StirPattern | None:
    """The pattern of one patient; None where no disc or body is seen: the limits hold for signals over those of discs."""
    try:
        spine = prepare({"stir": stir}, bodies, Preparation(("stir",)))
    except MarrowQuantError:
        return None
    if any(told.code == "classify.other_reference" for told in spine.findings):
        return None
    found = [_numbers(patch, inside) for patch, inside in zip(spine.patches[:, 0], spine.marrow)]
    level, rim, spread = (float(np.median(column)) for column in zip(*found))
    return StirPattern(_decide(level, rim, spread), None, level, rim, spread)


def stir_of_exam(maps: Mapping[str, Volume], rois: Sequence[VertebraROI], outlined: Sequence[Body] = ()) -> StirPattern | None:
    """The proposed pattern of an exam; None without STIR images or ROIs, or where none can be read."""
    if "stir" not in maps or not rois:
        return None
    try:
        return propose_pattern(maps["stir"], bodies_of_exam(rois, outlined, maps))
    except MarrowQuantError:  # no body is found from the ROIs
        return None


def _decide(level: float, rim: float, spread: float) -> int:
    if rim >= MARGINAL:
        return 2
    if spread >= HETEROGENEOUS:
        return 3
    return 4 if level >= HIGH else 1


def _numbers(patch: np.ndarray, inside: np.ndarray) -> tuple[float, float, float]:
    rows = np.flatnonzero(inside.any(axis=1))
    depth = max(1, round(0.16 * rows.size))
    edge, centre = inside.copy(), inside.copy()
    edge[rows[depth] : rows[-depth]] = False
    centre[: rows[0] + 2 * depth] = False
    centre[rows[-1] - 2 * depth + 1 :] = False
    smooth = gaussian_filter(patch.astype(float), _SMOOTH_PIXELS)
    mean = float(smooth[centre].mean())
    return float(np.median(patch[inside])), float(patch[edge].mean()) / max(mean, 1e-6), float(smooth[centre].std())
