"""Shells: images of one nominal b-value, whose b-values as applied scatter, and which differ in the gradient direction or are repeats.

All tolerances are our choice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Optional

import numpy as np

from ..model import Volume, finding
from .trace import trace_image

DUMMY_B = 1.0  # s/mm²: smaller ones are b 0
SCATTER, WIDE_SCATTER = 0.03, 0.25  # b-values as applied that lie this close are one shell; the wide one only between single directions
FEW_DIRECTIONS = 3
OTHER_UNIT = 10.0  # b-values that are all smaller are not in s/mm², which the fit refuses


def shells(values: Sequence[float], directions: Mapping[float, set]) -> list[list[float]]:
    """Sorted b-values above 0 as applied, those of one shell together; ``directions`` are the gradient directions seen at each."""
    found: list[list[float]] = []
    for value in values:
        last = found[-1] if found else []
        close = last and value - last[0] <= SCATTER * last[0]
        single = last and all(0 < len(directions[b]) < FEW_DIRECTIONS for b in (*last, value))
        others = set().union(*(directions[b] for b in last))
        if close or (single and value - last[0] <= WIDE_SCATTER * last[0] and not directions[value] & others):
            last.append(value)
        else:
            found.append([value])
    return found


def one_image_a_shell(images: Sequence[Volume], directions: Optional[Sequence[Hashable]] = None) -> list[Volume]:
    """The images with those of one shell put together by their geometric mean, as the trace image of the shell.

    Parameters
    ----------
    images : sequence of Volume
        Of one grid, each with a b-value.
    directions : sequence, optional
        What tells the gradient directions of the images apart.

    Returns
    -------
    list of Volume
        By b-value; a shell has the mean of the b-values as applied.
    """
    if max((float(image.b_value or 0.0) for image in images), default=0.0) < OTHER_UNIT:
        return list(images)
    by_b: dict[float, list[int]] = defaultdict(list)
    for n, image in enumerate(images):
        b = float(image.b_value or 0.0)
        by_b[0.0 if b < DUMMY_B else b].append(n)
    told = {b: {directions[n] for n in members} if directions else set() for b, members in by_b.items()}
    groups = [[0.0]] * (0.0 in by_b) + shells(sorted(b for b in by_b if b), told)
    found = []
    for values in groups:
        members = [n for b in values for n in by_b[b]]
        b_value = float(np.mean([b for b in values for _ in by_b[b]]))
        array = images[members[0]].array if len(members) == 1 else trace_image(images[n].array for n in members)
        how = finding("made.shell", n=len(members))
        source = images[members[0]].source + ((how,) if len(members) > 1 else ())
        found.append(images[members[0]].like(array, b_value=round(b_value, 1), source=source))
    return found
