"""The scaling of every volume, decided from all volumes of its acquisition that are stored in the same way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from ..model import NO_FINDING, Finding, Role
from .completeness import lost_beside, lost_in_part
from .draft import Draft, same_protocol
from .mapunits import map_scaling
from .overrides import overridden_scaling
from .scaling import QUANTITIES, Scaling, broken_slope, phase_scaling, signal_scaling

MEASURED_SIGNALS = (Role.DWI, Role.CALCULATED_DWI, Role.WATER, Role.FAT, Role.IN_PHASE, Role.OPPOSED_PHASE, Role.MULTI_ECHO)
BODY_SIGNAL = 0.1  # our choice, of the largest: where water and fat are bright enough to judge a fat-fraction map by


def scale(drafts: Sequence[Draft]) -> None:
    """Give every volume its scaling, or the problem that forbids one."""
    for draft in drafts:
        draft.problem = draft.problem or broken_slope(draft.grid.frames) or _lost_scale(draft)
    alike: dict[tuple[Any, ...], list[Draft]] = defaultdict(list)
    for draft in drafts:
        if not draft.problem:
            alike[_stored_alike(draft)].append(draft)
    for key, group in alike.items():
        if key[1] == "signal":
            _refuse_without_a_slope(group)
        sound = [draft for draft in group if not draft.problem]
        for draft, scaling in zip(sound, _scalings(sound, drafts)):
            draft.scaling = scaling
            draft.scaling = overridden_scaling(draft)
            draft.problem = draft.scaling.problem


def _lost_scale(draft: Draft) -> Finding:
    is_map = draft.role in QUANTITIES
    if not is_map and draft.role not in MEASURED_SIGNALS:
        return NO_FINDING
    return next(filter(None, (lost_in_part(part, is_map) for part in draft.parts)), NO_FINDING)


def _refuse_without_a_slope(group: Sequence[Draft]) -> None:
    """Refuse signals without a slope that the others of their acquisition have."""
    frames = {id(draft): [frame for part in draft.parts for frame in part] for draft in group}
    for draft in group:
        others = [frame for other in group if other is not draft for frame in frames[id(other)]]
        draft.problem = draft.problem or lost_beside(frames[id(draft)], others)


def _stored_alike(draft: Draft) -> tuple[Any, ...]:
    """Maps of one kind share their unit, phase images theirs, and measured signals are compared with each other."""
    protocol = same_protocol(draft)
    if draft.role in QUANTITIES:
        return (protocol, draft.role, draft.verdict.reciprocal)
    if draft.frame.component == "phase":
        return (protocol, "phase")
    return (protocol, "signal") if draft.role in MEASURED_SIGNALS else (protocol, id(draft))


def _scalings(group: Sequence[Draft], everything: Sequence[Draft]) -> list[Scaling]:
    if not group:
        return []
    first = group[0]
    if first.role in QUANTITIES:
        samples = [draft.sample() for draft in group]
        reference = _fat_fraction_beside(first, everything) if first.role == Role.PDFF else None
        if reference is not None:
            return [map_scaling(first.role, draft.grid.frames, samples[0], reference=reference) for draft in group]
        values = np.concatenate([sample.ravel() for sample in samples])
        return [map_scaling(first.role, draft.grid.frames, values, first.verdict.reciprocal) for draft in group]
    if first.frame.component == "phase":
        return [phase_scaling(first.frame.vendor, np.concatenate([draft.sample().ravel() for draft in group]))] * len(group)
    return [signal_scaling([frame for draft in group for part in draft.parts for frame in part])] * len(group)


def _fat_fraction_beside(draft: Draft, everything: Sequence[Draft]) -> Optional[np.ndarray]:
    """The fat fraction in % of the water and fat images on the map's own grid, in the slices that are sampled; NaN where both are dark."""
    images: dict[Role, Draft] = {}
    for other in everything:
        if other.role in (Role.WATER, Role.FAT) and not other.problem and other.exam == draft.exam and _same_grid(draft, other):
            images.setdefault(other.role, other)
    if len(images) < 2:
        return None
    water, fat = images[Role.WATER].sample(), images[Role.FAT].sample()
    total = water + fat
    bright = total > BODY_SIGNAL * total.max()
    return np.where(bright, 100 * fat / np.where(bright, total, 1), np.nan)


def _same_grid(draft: Draft, other: Draft) -> bool:
    shapes = [(d.frame.rows, d.frame.columns, len(d.grid.frames)) for d in (draft, other)]
    return shapes[0] == shapes[1] and bool(np.allclose(draft.grid.ijk_to_ras, other.grid.ijk_to_ras, atol=0.01))
