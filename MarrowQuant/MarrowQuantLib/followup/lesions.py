"""Which lesion of the follow-up is which lesion of the baseline: persisting, new, resolved, merged, split.

Lesions are matched by overlap after the baseline's voxels were carried into the follow-up by a rigid transform; what overlaps nothing is
matched to the nearest within reach. The limits are our choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Callable, Optional

import numpy as np
from scipy import ndimage

from ..burden.lookup import values_at
from ..model import ACCEPTED, Burden, Component, Volume

PERSISTING, NEW, RESOLVED, MERGED, SPLIT, UNCERTAIN = "persisting", "new", "resolved", "merged", "split", "uncertain"
KINDS = (PERSISTING, NEW, RESOLVED, MERGED, SPLIT, UNCERTAIN)
LEAST_OVERLAP = 0.10  # of the smaller of two lesions: less is a chance contact of neighbours
REACH_MM = 10.0  # between centres of lesions that do not overlap: what registration may leave
MOST_GROWTH = 8.0  # factor in volume up to which two lesions that do not overlap may be the same

Carry = Callable[[np.ndarray], np.ndarray]
"""Baseline RAS points of shape (n, 3) to follow-up RAS points."""


@dataclass(frozen=True)
class LesionMatch:
    """What became of a lesion, or of several that belong together.

    Attributes
    ----------
    kind : str
        persisting, new, resolved, merged (several became one), split (one became several), or uncertain: without a partner, but too small,
        part of a vertebra with diffuse disease, or where the exams do not match well enough to call it new or resolved.
    baseline, follow_up : tuple of int
        Labels of the components in each exam.
    names_before, names_after : tuple of str
        "#1" …: what a lesion is called through all exams. Merged lesions go on under the name of the largest, the parts of a split one get
        a, b, c; new ones get new numbers.
    confidence : float
        0 … 1: overlap of the two in relation to the smaller; 1 for new and resolved lesions says only that nothing lies in reach.
    volume_change_ml : float
    """

    kind: str
    baseline: tuple[int, ...]
    follow_up: tuple[int, ...]
    names_before: tuple[str, ...]
    names_after: tuple[str, ...]
    confidence: float
    volume_change_ml: float


MoreLinks = Callable[[Sequence[int], Sequence[int]], dict[tuple[int, int], float]]


def same_place(points: np.ndarray) -> np.ndarray:
    """The patient lies as before."""
    return points


def match_lesions(
    baseline: Burden,
    follow_up: Burden,
    carry: Carry = same_place,
    *,
    states: Sequence[str] = (ACCEPTED,),
    more_links: Optional[MoreLinks] = None,
) -> tuple[LesionMatch, ...]:
    """Match the accepted components of two exams.

    Parameters
    ----------
    baseline, follow_up : Burden
        Each on its own grid; neither is resampled.
    carry : callable
        Baseline RAS points, shape (n, 3), to follow-up RAS points.
    states : sequence of str
        Which components take part.
    more_links : callable, optional
        Gets the labels of both exams that are left without a partner, and returns further pairs of labels with their overlap.

    Returns
    -------
    tuple of LesionMatch
        In the order of the baseline's lesions, the new ones last.
    """
    before = {c.label: c for c in baseline.components if c.state in states}
    after = {c.label: c for c in follow_up.components if c.state in states}
    overlap = _overlaps(baseline.labels, follow_up.labels, before, after, carry)
    links = {pair for pair, share in overlap.items() if share >= LEAST_OVERLAP}
    links |= _near_pairs(before, after, links, carry)
    if more_links is not None:
        left = ([n for n in before if all(n != a for a, _ in links)], [n for n in after if all(n != b for _, b in links)])
        found = more_links(*left)
        overlap.update(found)
        links |= set(found)
    own_names = {n: component.lesion_id or f"#{n}" for n, component in before.items()}
    next_number = max(before, default=0) + 1
    matches = []
    for first, second in _groups(before, after, links):
        kind = _kind(len(first), len(second))
        names_before = tuple(own_names[n] for n in first)
        names_after = _names_after(names_before, len(second))
        if kind == NEW:
            names_after, next_number = (f"#{next_number}",), next_number + 1
        shares = [overlap.get((a, b), 0.0) for a in first for b in second if (a, b) in links]
        change = sum(after[n].volume_ml for n in second) - sum(before[n].volume_ml for n in first)
        confidence = round(float(np.mean(shares)), 3) if shares else 1.0
        matches.append(LesionMatch(kind, first, second, names_before, names_after, confidence, float(change)))
    return tuple(matches)


def with_names(burden: Burden, matches: Sequence[LesionMatch], *, follow_up: bool) -> Burden:
    """The burden of one of the matched exams with ``lesion_id`` in its components."""
    names: dict[int, str] = {}
    for match in matches:
        labels, own = (match.follow_up, match.names_after) if follow_up else (match.baseline, match.names_before)
        names.update(zip(labels, own))
    components = tuple(replace(c, lesion_id=names.get(c.label, c.lesion_id)) for c in burden.components)
    return replace(burden, components=components)


def _names_after(names_before: Sequence[str], n_after: int) -> tuple[str, ...]:
    """One name for what is one lesion; a, b, c behind it for the parts of a split one."""
    if not n_after or not names_before:
        return ()
    if n_after == 1:
        return (names_before[0],)
    return tuple(f"{names_before[0]}{chr(97 + n % 26)}" for n in range(n_after))


def _kind(n_before: int, n_after: int) -> str:
    if n_before == 0:
        return NEW
    if n_after == 0:
        return RESOLVED
    if n_before > 1 and n_after == 1:
        return MERGED
    return SPLIT if n_after > 1 else PERSISTING


def _overlaps(
    baseline: Volume, follow_up: Volume, before: Mapping[int, Component], after: Mapping[int, Component], carry: Carry
) -> dict[tuple[int, int], float]:
    """Shared volume of each pair over that of the smaller one; baseline voxels are carried, the follow-up grid is looked up."""
    found: dict[tuple[int, int], float] = {}
    boxes = ndimage.find_objects(baseline.array)
    for label, component in before.items():
        for other, shared_ml in shared(baseline, follow_up, label, carry, boxes[label - 1]).items():
            if other in after:
                found[label, other] = min(1.0, shared_ml / min(component.volume_ml, after[other].volume_ml))
    return found


def shared(baseline: Volume, follow_up: Volume, label: int, carry: Carry, box: Optional[tuple[slice, ...]] = None) -> dict[int, float]:
    """What a component of the baseline shares with each component of the follow-up, in mL, after its voxels were carried over.

    Parameters
    ----------
    baseline, follow_up : Volume
        Labels of the components.
    label : int
        Of the component in the baseline.
    carry : callable
    box : tuple of slice, optional
        Where it lies; looked for if left out.
    """
    where = baseline.array if box is None else baseline.array[box]
    kji = np.argwhere(where == label) + ([0, 0, 0] if box is None else [axis.start for axis in box])
    hit = values_at(follow_up, carry(baseline.to_ras(kji[:, ::-1])))
    return {int(n): float(count * baseline.voxel_volume_ml) for n, count in zip(*np.unique(hit[hit > 0], return_counts=True))}


def _near_pairs(
    before: Mapping[int, Component], after: Mapping[int, Component], links: set[tuple[int, int]], carry: Carry
) -> set[tuple[int, int]]:
    """One-to-one pairs of lesions that overlap nothing, by the smallest sum of distances."""
    first = [n for n in before if all(n != a for a, _ in links)]
    second = [n for n in after if all(n != b for _, b in links)]
    if not first or not second:
        return set()
    here = carry(np.array([before[n].centroid_ras for n in first], dtype=float))
    there = np.array([after[n].centroid_ras for n in second], dtype=float)
    distance = np.linalg.norm(here[:, None] - there, axis=2)
    factor = np.array([[after[b].volume_ml / before[a].volume_ml for b in second] for a in first])
    possible = (distance <= REACH_MM) & (np.maximum(factor, 1 / factor) <= MOST_GROWTH)
    if not possible.any():
        return set()
    from scipy.optimize import linear_sum_assignment  # here, as it takes long to load and most lesions overlap

    rows, columns = linear_sum_assignment(np.where(possible, distance, 1e6))
    return {(first[r], second[c]) for r, c in zip(rows, columns) if possible[r, c]}


def _groups(
    before: Mapping[int, Component], after: Mapping[int, Component], links: set[tuple[int, int]]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Lesions that are linked with each other, directly or through others."""
    left_before, left_after, groups = list(before), list(after), []
    while left_before:
        first: set[int] = {left_before[0]}
        second: set[int] = set()
        grown: Optional[tuple[int, int]] = None
        while grown != (len(first), len(second)):
            grown = (len(first), len(second))
            second |= {b for a, b in links if a in first}
            first |= {a for a, b in links if b in second}
        groups.append((tuple(sorted(first, key=lambda n: -before[n].volume_ml)), tuple(sorted(second))))
        left_before = [n for n in left_before if n not in first]
        left_after = [n for n in left_after if n not in second]
    return groups + [((), (n,)) for n in left_after]
