"""Images that were made of others in the folder: they are named as such and never counted beside what they were made of.

A derived diffusion image at a b-value that none of the acquired images of its protocol has was computed, whatever it is called; one at an
acquired b-value is a copy (filtered, moved, averaged); a derived volume that holds several stations was composed of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

from ..diffusion.shells import DUMMY_B, SCATTER
from ..model import Role, finding
from .classify import FOLLOWS, Verdict
from .draft import TRACE_WORDS, Draft, same_protocol

EDGE_MM = 10.0  # our choice: by so much a station may reach beyond what was composed of it


def name_derived(drafts: Sequence[Draft]) -> None:
    """Change the verdict of every volume that was made of others."""
    by_protocol: dict[Hashable, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.role == Role.DWI and not draft.problem:
            by_protocol[same_protocol(draft)].append(draft)
    for members in by_protocol.values():
        _name_computed(members)
    _name_composed([draft for draft in drafts if draft.family in ("diffusion", "dixon") and not draft.problem])


def _name_computed(members: Sequence[Draft]) -> None:
    originals = [draft for draft in members if not _is_derived(draft)]
    acquired = originals or [draft for draft in members if _is_trace(draft)]
    known = {draft.b_value or 0.0 for draft in acquired}
    whole = [draft for draft in acquired if not draft.directional or len(draft.parts) > 2]
    for draft in members:
        if not _is_derived(draft) or draft in acquired or len(known) < 2:
            continue
        b = draft.b_value or 0.0
        if not any(_same_b(b, other) for other in known):
            _rename(draft, Role.CALCULATED_DWI, "recognised.computed_b", b_values=tuple(sorted(known)), b=b)
        elif not _is_trace(draft) and any(_same_b(b, other.b_value or 0.0) for other in whole):
            _rename(draft, Role.UNKNOWN, "recognised.copy", series=acquired[0].frame.series_number)


def _is_derived(draft: Draft) -> bool:
    return draft.frame.image_type[:1] == ("DERIVED",)


def _is_trace(draft: Draft) -> bool:
    return bool(TRACE_WORDS & set(draft.frame.image_type[2:]))


def _same_b(first: float, second: float) -> bool:
    return abs(first - second) <= max(DUMMY_B, SCATTER * max(first, second))


def _name_composed(drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        if not _is_derived(draft):
            continue
        low, high = draft.height_mm
        inside = {
            round(sum(other.height_mm) / 2, 0)
            for other in drafts
            if _same_content(draft, other) and other.height_mm[0] > low - EDGE_MM and other.height_mm[1] < high + EDGE_MM
            and other.height_mm[1] - other.height_mm[0] < 0.8 * (high - low)
        }  # fmt: skip
        if len(inside) > 1:
            _rename(draft, Role.UNKNOWN, "recognised.composed", n=len(inside))


def _same_content(draft: Draft, other: Draft) -> bool:
    same = other is not draft and other.role == draft.role and other.exam == draft.exam and not other.problem
    return same and _same_b(other.b_value or 0.0, draft.b_value or 0.0) and other.frame.component == draft.frame.component


def _rename(draft: Draft, role: Role, code: str, **values: Any) -> None:
    draft.verdict = Verdict(role, FOLLOWS, finding(code, evidence=draft.verdict.evidence, **values))
    if role != Role.CALCULATED_DWI:
        draft.b_value = None


