"""GE's IDEAL-IQ when all its images come as temporal positions of one series, without a word on which is which.

Two orders have been observed, by the free tool seg_buildDixonVolume: in phase, opposed phase, water, fat, PDFF, R2*; and water, fat, in
phase, opposed phase, PDFF, T2*. The images themselves tell them apart: in phase is water plus fat, opposed phase is the size of their
difference (Dixon 1984).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

from ..model import Role, certain, finding
from . import elements as el
from .classify import BY_NEIGHBOURS, NOTHING, Verdict
from .draft import Draft

IN_PHASE_FIRST = (Role.IN_PHASE, Role.OPPOSED_PHASE, Role.WATER, Role.FAT, Role.PDFF, Role.R2STAR)
WATER_FIRST = (Role.WATER, Role.FAT, Role.IN_PHASE, Role.OPPOSED_PHASE, Role.PDFF, Role.R2STAR)  # the last one is T2* here
MAX_RESIDUAL = 0.25  # our choice: relative misfit above which neither order is believed; the other order must be twice as bad


def name_ideal_volumes(drafts: Sequence[Draft]) -> None:
    """Name the six images of an unnamed GE series of six temporal positions; ``drafts`` are the volumes of one series."""
    by_grid: dict[Hashable, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.frame.vendor == el.GE and not draft.frame.echo_planar and draft.frame.temporal_position is not None and not draft.problem:
            by_grid[(draft.frame.rows, draft.frame.columns, len(draft.grid.frames), draft.frame.component)].append(draft)
    for group in by_grid.values():
        unnamed = all(draft.verdict.confidence < BY_NEIGHBOURS for draft in group)
        if len(group) == len(IN_PHASE_FIRST) and unnamed:
            _name(sorted(group, key=lambda draft: certain(draft.frame.temporal_position)))


def _name(ordered: Sequence[Draft]) -> None:
    samples = [draft.sample() for draft in ordered[:4]]
    residuals = {}
    for order in (IN_PHASE_FIRST, WATER_FIRST):
        images = dict(zip(order, samples))
        residuals[order] = _misfit(images)
    best, other = sorted(residuals, key=lambda order: residuals[order])
    if residuals[best] > MAX_RESIDUAL or residuals[best] > residuals[other] / 2:
        for draft in ordered:
            draft.verdict = Verdict(Role.UNKNOWN, NOTHING, finding("recognised.ideal_unknown"))
        return
    for n, (role, draft) in enumerate(zip(best, ordered), start=1):
        is_t2star = best == WATER_FIRST and role == Role.R2STAR
        what = "T2*, converted to R2*" if is_t2star else role.value.replace("_", " ")
        evidence = finding("recognised.ideal", n=n, what=what, percent=100 * residuals[best])
        draft.verdict = Verdict(role, BY_NEIGHBOURS, evidence, reciprocal=is_t2star)


def _misfit(images: dict[Role, np.ndarray]) -> float:
    """Relative misfit of in phase to water + fat and of opposed phase to |water − fat|, each up to a factor (decay, scaling)."""
    water, fat = images[Role.WATER], images[Role.FAT]
    pairs = ((images[Role.IN_PHASE], water + fat), (images[Role.OPPOSED_PHASE], np.abs(water - fat)))
    return max(_misfit_up_to_a_factor(image.ravel(), model.ravel()) for image, model in pairs)


def _misfit_up_to_a_factor(image: np.ndarray, model: np.ndarray) -> float:
    """Sine of the angle between image and model: 0 if they are proportional, 1 if unrelated."""
    size = float(np.linalg.norm(image) * np.linalg.norm(model))
    if size == 0:
        return 1.0
    cosine = float(image.astype(np.float64) @ model.astype(np.float64)) / size
    return float(np.sqrt(max(0.0, 1.0 - min(1.0, cosine) ** 2)))
