"""What may be called new or resolved: a second look around each lesion without a partner, and how sure the answer is.

A lesion is new or resolved only where the two exams match at its place, it is large enough to be seen at both, and it is not a part of a
vertebra that is diseased anyway. Everything else without a partner is uncertain. The limits are our choice, set on the tuning seeds of
``Testing/Benchmarks/bodies.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..burden.landmarks import SPINE
from ..burden.pattern import BY_READER
from ..model import ACCEPTED, Burden, Component
from .lesions import LEAST_OVERLAP, NEW, RESOLVED, UNCERTAIN, Carry, LesionMatch, shared
from .movement import BodyMovement

LEAST_ML = 1.0
"""Smaller pieces are a few voxels: noise and partial volume make and unmake them."""

LEAST_AGREEMENT = 0.6
"""Correlation of the two exams around a lesion below which nothing can be said of it."""

MOST_UNREAD = 0.8
"""Largest confidence of a piece that no reader accepted and that no normal marrow surrounds: it may be no bone lesion at all."""

UNKNOWN_AGREEMENT = 0.75  # where the movement does not tell: a given transform, or the same place
_SURE_AGREEMENT, _HALF_ML = 0.95, 0.6
_SAME_VERTEBRA_MM = (60.0, 18.0)  # across and along the column, as in the proposed pattern
_WITHIN_MM = 60.0  # lesions of the baseline farther from a new one are not looked at again


class Fates:
    """A closer look at the lesions of two exams that have no partner.

    Parameters
    ----------
    baseline, follow_up : Burden
    movement : callable
        Baseline RAS points to follow-up RAS points.
    """

    def __init__(self, baseline: Burden, follow_up: Burden, movement: Carry) -> None:
        self._before, self._after, self._movement = baseline, follow_up, movement

    def more_links(self, before: Sequence[int], after: Sequence[int]) -> dict[tuple[int, int], float]:
        """Pairs that overlap once their own surroundings are registered, with the shared part of the smaller one."""
        if not isinstance(self._movement, BodyMovement):
            return {}
        found: dict[tuple[int, int], float] = {}
        accepted = [c for c in self._before.components if c.state == ACCEPTED]
        for label in before:
            found.update(self._seen_again(label, np.asarray(self._component(label, False).centroid_ras, dtype=float)))
        for label in after:
            place = self._movement.back(np.asarray(self._component(label, True).centroid_ras, dtype=float))
            near = [c.label for c in accepted if np.linalg.norm(np.asarray(c.centroid_ras) - place) < _WITHIN_MM]
            for other in near:
                found.update({pair: part for pair, part in self._seen_again(other, place).items() if pair[1] == label})
        return found

    def _seen_again(self, label: int, place: np.ndarray) -> dict[tuple[int, int], float]:
        assert isinstance(self._movement, BodyMovement)
        local = self._movement.near(place)
        if local is None:
            return {}
        found = {}
        own = self._component(label, False)
        for other, shared_ml in shared(self._before.labels, self._after.labels, label, local.apply).items():
            partner = self._component(other, True)
            part = min(1.0, shared_ml / min(own.volume_ml, partner.volume_ml))
            if partner.state == ACCEPTED and part >= LEAST_OVERLAP:
                found[label, other] = part
        return found

    def judged(self, match: LesionMatch) -> LesionMatch:
        """The match with an honest confidence; new and resolved become uncertain where they cannot be told."""
        if match.kind not in (NEW, RESOLVED):
            return match
        later = match.kind == NEW
        lesion = self._component((match.follow_up if later else match.baseline)[0], later)
        agreement = self._agreement(lesion, later)
        visible = self._in_view(lesion, later)
        sure = float(np.clip((agreement - 0.5) / (_SURE_AGREEMENT - 0.5), 0.0, 1.0) * lesion.volume_ml / (lesion.volume_ml + _HALF_ML))
        if lesion.reason.code not in BY_READER and "bone.by_marrow" not in lesion.reason.codes:
            sure = min(sure, MOST_UNREAD)  # nobody looked at it, and no marrow lies around it
        confidence = round(sure if visible else 0.0, 3)
        told = visible and lesion.volume_ml >= LEAST_ML and agreement >= LEAST_AGREEMENT
        if told and not self._of_diseased_vertebra(lesion, later) and not self._set_aside_there(lesion, later):
            return replace(match, confidence=confidence)
        return replace(match, kind=UNCERTAIN, confidence=min(confidence, 0.5))

    def _component(self, label: int, later: bool) -> Component:
        return (self._after if later else self._before).components[label - 1]

    def _place(self, lesion: Component, later: bool) -> np.ndarray:
        """Where the lesion lies in the baseline."""
        center = np.asarray(lesion.centroid_ras, dtype=float)
        return self._movement.back(center) if later and isinstance(self._movement, BodyMovement) else center

    def _agreement(self, lesion: Component, later: bool) -> float:
        if not isinstance(self._movement, BodyMovement):
            return UNKNOWN_AGREEMENT
        place = self._place(lesion, later)
        local = self._movement.near(place)
        agreement = self._movement.agreement(place) if local is None else local.agreement
        return float(agreement) if np.isfinite(agreement) else UNKNOWN_AGREEMENT

    def _in_view(self, lesion: Component, later: bool) -> bool:
        """True if the other exam shows the lesion's place."""
        place = self._place(lesion, later)
        if later:
            return bool(self._before.labels.sees(place[None])[0]) if isinstance(self._movement, BodyMovement) else True
        return bool(self._after.labels.sees(self._movement(place[None]))[0])

    def _of_diseased_vertebra(self, lesion: Component, later: bool) -> bool:
        """A posterior element, or a rest, of a vertebra that has a larger accepted piece at either exam."""
        if lesion.region not in SPINE:
            return False
        for burden, same in ((self._before, not later), (self._after, later)):
            center = np.asarray(lesion.centroid_ras, dtype=float)
            if not same:
                center = self._movement(center[None])[0] if not later else self._place(lesion, later)
            for other in burden.components:
                if other.state != ACCEPTED or (same and other.label == lesion.label) or other.volume_ml <= lesion.volume_ml:
                    continue
                off = np.abs(np.asarray(other.centroid_ras) - center)
                if np.hypot(off[0], off[1]) < _SAME_VERTEBRA_MM[0] and off[2] < _SAME_VERTEBRA_MM[1]:
                    return True
        return False

    def _set_aside_there(self, lesion: Component, later: bool) -> bool:
        """True if the other exam has a piece at the same place that is not counted: the lesion has not gone, it is called otherwise."""
        if later:
            place = np.asarray(lesion.centroid_ras, dtype=float)
            for other in self._before.components:
                if other.state != ACCEPTED and lesion.label in shared(self._before.labels, self._after.labels, other.label, self._movement):
                    if np.linalg.norm(self._movement(np.asarray(other.centroid_ras, dtype=float)[None])[0] - place) < _WITHIN_MM:
                        return True
            return False
        there = shared(self._before.labels, self._after.labels, lesion.label, self._movement)
        return sum(ml for label, ml in there.items() if self._component(label, True).state != ACCEPTED) > LEAST_OVERLAP * lesion.volume_ml
