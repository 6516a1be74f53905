"""Lesions from exam to exam: appearing, vanishing, merging, splitting, on a patient who lies differently."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from MarrowQuantLib.burden import BurdenSession
from MarrowQuantLib.followup.lesions import MERGED, NEW, PERSISTING, RESOLVED, SPLIT, match_lesions, with_names
from MarrowQuantLib.model import Volume
from scipy.spatial.transform import Rotation

SHAPE, SPACING = (44, 60, 60), np.array([4.0, 4.0, 6.0])
TURN, MOVE = Rotation.from_euler("xyz", (4, -6, 8), degrees=True).as_matrix(), np.array([9.0, -7.0, 12.0])


def carry(points):
    return points @ TURN.T + MOVE


def burden(balls, *, moved=False, seed=0):
    return _burden(tuple(balls), moved, seed)


@functools.lru_cache
def _burden(balls, moved, seed):
    """A burden whose components are balls (centre in baseline RAS, radius)."""
    matrix = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])
    matrix[:3, 3] = [120.0, 120.0, -132.0]
    k, j, i = np.indices(SHAPE)
    points = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ matrix.T
    signal = np.full(SHAPE, 100.0)
    for center, radius in balls:
        at = carry(np.array(center, float)) if moved else np.array(center, float)
        signal[np.linalg.norm(points[..., :3] - at, axis=-1) < radius] = 900.0
    signal += np.random.default_rng(seed).normal(0, 5, SHAPE)
    adc = np.full(SHAPE, 900.0, np.float32)
    return BurdenSession(Volume(signal.astype(np.float32), matrix), Volume(adc, matrix), 100.0).update()


BASE = [((0, 0, 0), 22), ((60, 0, 40), 14), ((-60, 20, -40), 16), ((-30, -40, 70), 12), ((26, -40, -80), 11), ((52, -40, -80), 11)]
AFTER = [
    ((0, 0, 0), 15),  # the first shrinks
    ((60, 0, 40), 17),  # the second grows
    ((-68, 20, -40), 7.5), ((-50, 20, -40), 7.5),  # the third splits
    # the fourth vanishes
    ((39, -40, -80), 22),  # the last two merge
    ((40, 50, 90), 12), ((-40, 50, 90), 10),  # two appear
]  # fmt: skip


def at(found, point):
    return min(found.components, key=lambda c: np.linalg.norm(c.centroid_ras - point))


@pytest.mark.parametrize("moved", [False, True])
def test_every_lesion_is_told_for_what_became_of_it(moved):
    before, after = burden(BASE), burden(AFTER, moved=moved, seed=1)
    assert len(before.components) == 6 and len(after.components) == 7
    matches = match_lesions(before, after, carry if moved else lambda points: points)
    kinds = [match.kind for match in matches]
    assert sorted(kinds) == sorted([PERSISTING, PERSISTING, SPLIT, RESOLVED, MERGED, NEW, NEW])
    place = carry if moved else (lambda point: np.asarray(point, float))
    by_kind = {kind: [m for m in matches if m.kind == kind] for kind in kinds}
    assert by_kind[RESOLVED][0].baseline == (at(before, BASE[3][0]).label,)
    assert set(by_kind[SPLIT][0].follow_up) == {at(after, place(np.array(p, float))).label for p, _ in AFTER[2:4]}
    assert set(by_kind[MERGED][0].baseline) == {at(before, p).label for p, _ in BASE[4:]}
    assert {m.baseline[0] for m in by_kind[PERSISTING]} == {at(before, p).label for p, _ in BASE[:2]}
    for match in by_kind[PERSISTING]:
        assert match.volume_change_ml == pytest.approx(
            after.components[match.follow_up[0] - 1].volume_ml - before.components[match.baseline[0] - 1].volume_ml
        )


def test_names_are_kept_from_exam_to_exam():
    before, after = burden(BASE), burden(AFTER, seed=1)
    matches = match_lesions(before, after)
    first, second = with_names(before, matches, follow_up=False), with_names(after, matches, follow_up=True)
    assert [c.lesion_id for c in first.components] == ["#1", "#2", "#3", "#4", "#5", "#6"]
    assert at(second, (0, 0, 0)).lesion_id == at(first, (0, 0, 0)).lesion_id
    split = {at(second, p).lesion_id for p, _ in AFTER[2:4]}
    assert split == {at(first, BASE[2][0]).lesion_id + letter for letter in "ab"}
    assert len({c.lesion_id for c in second.components}) == len(second.components)
    assert {at(second, p).lesion_id for p, _ in AFTER[5:]} == {"#7", "#8"}


def test_a_third_exam_goes_on_with_the_names_of_the_second():
    second = burden(AFTER, seed=1)
    named = with_names(second, match_lesions(burden(BASE), second), follow_up=True)
    again = burden(AFTER, seed=2)
    third = with_names(again, match_lesions(named, again), follow_up=True)
    assert [c.lesion_id for c in third.components] == [c.lesion_id for c in named.components]


def test_lesions_beside_each_other_are_the_same_only_within_reach():
    before = burden([((0, 0, 0), 5)])
    assert [m.kind for m in match_lesions(before, burden([((8, 0, 0), 5)]))] == [PERSISTING]
    assert [m.kind for m in match_lesions(before, burden([((24, 0, 0), 5)]))] == [RESOLVED, NEW]


def test_an_exam_without_lesions_resolves_all_and_starts_new():
    empty, some = burden([]), burden(BASE)
    assert {m.kind for m in match_lesions(some, empty)} == {RESOLVED}
    assert {m.kind for m in match_lesions(empty, some)} == {NEW}
    assert match_lesions(empty, empty) == ()
