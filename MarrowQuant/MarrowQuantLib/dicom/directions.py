"""Diffusion along single gradient directions: one image for each b-value.

The product of the images along three orthogonal directions depends on the trace of the diffusion tensor only, so that their geometric mean
is the trace-weighted image, and a mono-exponential fit to it gives the mean diffusivity (Basser and Pierpaoli 1996; what scanners call
TRACEW). With many directions that are evenly spread, the same holds closely.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from ..model import Role
from .classify import FOLLOWS, Verdict
from .draft import Draft

SAME_GRID_MM = 0.01
MIN_DIRECTIONS = 3


def merge_directions(drafts: Sequence[Draft]) -> list[Draft]:
    """Put the single directions of one series, b-value and grid together; where the scanner's trace image is there, that one counts.

    Parameters
    ----------
    drafts : sequence of Draft
        Volumes of one series.

    Returns
    -------
    list of Draft
        In the same order, each set of directions at the place of its first.
    """
    sets: dict[Hashable, list[Draft]] = defaultdict(list)
    for n, draft in enumerate(drafts):
        mergeable = draft.role == Role.DWI and bool(draft.b_value) and not draft.problem
        sets[(draft.b_value, _grid_key(draft)) if mergeable else n].append(draft)
    merged = []
    for group in sets.values():
        directions = [draft for draft in group if draft.directional]
        traces = [draft for draft in group if not draft.directional]
        merged.extend(traces)
        if directions:
            merged.append(_as_one(directions, has_trace=bool(traces)))
    return merged


def _grid_key(draft: Draft) -> Hashable:
    matrix = np.round(draft.grid.ijk_to_ras / SAME_GRID_MM).astype(int)
    return (draft.frame.rows, draft.frame.columns, len(draft.grid.frames), *matrix.ravel())


def _as_one(directions: Sequence[Draft], has_trace: bool) -> Draft:
    first, count = directions[0], len(directions)
    parts = tuple(draft.grid.frames for draft in directions)
    plural = "s" if count > 1 else ""
    if has_trace:
        evidence = f"{count} single gradient direction{plural} of b {first.b_value:g}; the trace image is used instead"
        return replace(first, verdict=Verdict(Role.UNKNOWN, FOLLOWS, evidence), notes=[], parts=parts[:1], b_value=None)
    if count >= MIN_DIRECTIONS:
        note = f"geometric mean of {count} gradient directions, in place of a trace image"
    else:
        note = f"only {count} gradient direction{plural}: the ADC is that along {'it' if count == 1 else 'them'}, not the mean diffusivity"
    return replace(first, notes=[*first.notes, note], parts=parts)
