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

from ..diffusion.shells import SCATTER, shells
from ..model import Role, certain, finding
from .classify import FOLLOWS, Verdict
from .draft import Draft, same_protocol

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
        sets[(draft.b_value, _grid_key(draft)) if _is_weighted(draft) else n].append(draft)
    merged = []
    for group in sets.values():
        directions = [draft for draft in group if draft.directional and draft.role == Role.DWI]
        traces = [draft for draft in group if draft not in directions]
        merged.extend(traces)
        if directions:
            merged.append(_as_one(directions, has_trace=bool(traces)))
    return merged


def merge_repeats(drafts: Sequence[Draft]) -> list[Draft]:
    """Put the images of one series together that it holds several times at some b-values only, such as five images of b 0 before thirty
    directions, by their geometric mean, as is done with image files. Equal repeats of everything are acquisitions of their own.

    Parameters
    ----------
    drafts : sequence of Draft
        Volumes of one series, its directions put together.
    """
    places: dict[Hashable, dict[float, list[Draft]]] = defaultdict(lambda: defaultdict(list))
    for draft in drafts:
        if draft.role == Role.DWI and draft.b_value is not None and not draft.problem:
            what = (draft.frame.echo_time_ms, draft.frame.component, draft.frame.image_type[:1], _grid_key(draft))
            places[what][draft.b_value].append(draft)
    merged: dict[int, Draft] = {}
    given_up: set[int] = set()
    for by_b in places.values():
        counts = {len(group) for group in by_b.values()}
        for group in by_b.values() if len(counts) > 1 else ():
            if len(group) > 1:
                parts = tuple(part for draft in group for part in draft.parts)
                note = finding("recognised.repeats", n=len(group))
                merged[id(group[0])] = replace(group[0], parts=parts, evidence=[*group[0].evidence, note])
                given_up |= {id(draft) for draft in group[1:]}
    return [merged.get(id(draft), draft) for draft in drafts if id(draft) not in given_up]


def n_directions(draft: Draft) -> int:
    """How many gradient directions a volume is made of; its repeats do not count."""
    return len(_directions_of(draft)) if draft.directional else 1


def merge_across_series(drafts: Sequence[Draft]) -> list[Draft]:
    """The same for directions that lie in several series of one acquisition: with other numbers, b-values as applied, or a trace of them.

    Directions are put together only if they differ: the same one again is a repeat.
    """
    sets: dict[Hashable, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if _is_weighted(draft):
            sets[(same_protocol(draft), _grid_key(draft))].append(draft)
    given_up: dict[int, Draft] = {}
    replaced: dict[int, Draft] = {}
    for group in sets.values():
        by_direction = [draft for draft in group if draft.directional]
        traces = {certain(draft.b_value) for draft in group if not draft.directional and "DERIVED" in draft.frame.image_type[:1]}
        for shell in _shells_of([draft for draft in by_direction if len(draft.parts) < MIN_DIRECTIONS]):
            replaced[id(shell[0])] = _as_one(shell, has_trace=False)
            given_up.update({id(draft): draft for draft in shell[1:]})
        for draft in by_direction:
            if id(draft) not in given_up and any(abs(certain(draft.b_value) - b) <= SCATTER * b for b in traces):
                replaced[id(draft)] = _as_one([draft], has_trace=True)
    return [replaced.get(id(draft), draft) for draft in drafts if id(draft) not in given_up]


def _shells_of(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Directions of several series that are one shell, each other direction once; only sets of two and more."""
    by_b: dict[float, list[Draft]] = defaultdict(list)
    for draft in drafts:
        by_b[certain(draft.b_value)].append(draft)
    found = []
    for values in shells(sorted(by_b), {b: set().union(*map(_directions_of, members)) for b, members in by_b.items()}):
        shell: list[Draft] = []
        seen: set[Hashable] = set()
        for draft in (draft for b in values for draft in by_b[b]):
            if not _directions_of(draft) & seen:
                shell.append(draft)
                seen |= _directions_of(draft)
        if len(shell) > 1:
            found.append(shell)
    return found


def _directions_of(draft: Draft) -> set[Hashable]:
    frames = [part[0] for part in draft.parts]
    return {frame.gradient or frame.direction_number or (frame.series_uid, frame.series_number) for frame in frames}


def _is_weighted(draft: Draft) -> bool:
    return draft.role == Role.DWI and bool(draft.b_value) and not draft.problem


def _grid_key(draft: Draft) -> Hashable:
    matrix = np.round(draft.grid.ijk_to_ras / SAME_GRID_MM).astype(int)
    return (draft.frame.rows, draft.frame.columns, len(draft.grid.frames), *matrix.ravel())


def _as_one(directions: Sequence[Draft], has_trace: bool) -> Draft:
    """One volume of several directions; its b-value is their mean."""
    first = directions[0]
    parts = tuple(part for draft in directions for part in draft.parts)
    count = len({key for draft in directions for key in _directions_of(draft)})
    if has_trace:
        why = finding("recognised.trace_instead", n=count, b=first.b_value)
        return replace(first, verdict=Verdict(Role.UNKNOWN, FOLLOWS, why), evidence=[], parts=parts[:1], b_value=None)
    note = finding("recognised.directions" if count >= MIN_DIRECTIONS else "recognised.few_directions", n=count)
    kept = [told for told in first.evidence if told.code != "recognised.few_directions"]
    b_values = sorted({certain(draft.b_value) for draft in directions})
    if len(b_values) > 1:
        kept.append(finding("recognised.one_shell", b_values=tuple(b_values)))
    b_value = round(float(np.mean([draft.b_value for draft in directions for _ in draft.parts])), 1)
    return replace(first, evidence=[*kept, note], parts=parts, b_value=b_value)
