"""What the reader painted and erased in the tumour load: exact volumes at every threshold, and the states of what it touches."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import coarse_body, fake_exams
from helpers.coarse_body import decided
from MarrowQuantLib.burden import BurdenSession
from MarrowQuantLib.burden.edits import ERASED, PAINTED, STATES, edited
from MarrowQuantLib.model import ACCEPTED, PHYSIOLOGICAL, REJECTED

VOXEL_ML = 6.0**3 / 1000.0


def session(**changes):
    maps = fake_exams.exam_maps("baseline").maps
    return BurdenSession(maps["dwi_high"], maps["adc"], **changes)


def codes(at: tuple[slice, slice, slice], state: int) -> np.ndarray:
    array = np.zeros((40, 40, 40), np.uint8)
    array[at] = state
    return array


MUSCLE_CUBE = (slice(18, 21), slice(28, 31), slice(20, 23))  # 27 voxels of muscle, far from the lesions


@pytest.mark.parametrize("ratio", [2.0, 5.0, 8.0, 20.0])
@pytest.mark.parametrize("smallest", [0.0, 0.3, 10.0])
def test_paint_counts_at_every_threshold_and_size(ratio, smallest):
    s = session()
    without = s.update(ratio=ratio, min_component_ml=smallest, adc_window=(550.0, 1400.0)).tdv
    s.set_edits(codes(MUSCLE_CUBE, 1))
    burden = s.update(ratio=ratio, min_component_ml=smallest, adc_window=(550.0, 1400.0))
    assert burden.tdv.n_voxels == without.n_voxels + 27
    painted = [c for c in burden.components if c.reason == PAINTED]
    assert [(c.state, c.adc_median) for c in painted] == [(ACCEPTED, 1500.0)] and painted[0].volume_ml == pytest.approx(27 * VOXEL_ML)


def test_erased_voxels_stay_out_at_every_threshold():
    s = session()
    whole = s.update()
    lesion = whole.components[0]
    inside = np.argwhere(whole.labels.array == lesion.label)
    array = np.zeros((40, 40, 40), np.uint8)
    array[tuple(inside[:10].T)] = ERASED
    s.set_edits(array)
    for ratio in (2.5, 5.0, 8.0):
        burden = s.update(ratio=ratio)
        assert burden.tdv.n_voxels == whole.tdv.n_voxels - 10
        assert not burden.labels.array[tuple(inside[:10].T)].any()
    assert sum(burden.class_volumes_ml.values()) == pytest.approx(burden.tdv.value)
    s.set_edits(None)
    assert s.update().tdv.n_voxels == whole.tdv.n_voxels and "reader painted" not in " ".join(s.update().findings)


def test_paint_does_not_pull_what_it_touches_along():
    s = session()
    s.update()
    s.decide((60.0, 0.0, 40.0), PHYSIOLOGICAL)
    before = s.update()
    touching = np.argwhere(before.labels.array == before.components[0].label)
    k, j, i = touching[:, 0].max() + 1, *touching[0, 1:]
    array = codes((slice(k, k + 2), slice(j - 2, j + 3), slice(i - 2, i + 3)), 1)
    array[before.labels.array > 0] = 0
    s.set_edits(array)
    after = s.update()
    states = {(c.state, c.reason == PAINTED): c.volume_ml for c in after.components}
    assert states[(ACCEPTED, True)] == pytest.approx(np.count_nonzero(array) * VOXEL_ML)
    assert states[(PHYSIOLOGICAL, False)] == next(c.volume_ml for c in before.components if c.state == PHYSIOLOGICAL)


@pytest.mark.parametrize("code", [1, 2, 3])
def test_voxels_painted_in_another_state_change_it_and_can_be_decided_on(code):
    s = session()
    whole = s.update()
    array = np.where(whole.labels.array == 1, code, 0).astype(np.uint8)
    s.set_edits(array)
    burden = s.update()
    painted = next(c for c in burden.components if c.reason == PAINTED)
    assert painted.state == STATES[code - 1] and painted.volume_ml == whole.components[0].volume_ml
    after = decided(s, burden, painted.label, REJECTED)
    assert next(c for c in after.components if c.label == painted.label).state == REJECTED


def test_paint_outside_the_adc_counts_as_volume_and_says_so():
    s = session()
    before = s.update()
    s.set_edits(codes((slice(0, 2), slice(0, 2), slice(0, 2)), 1))  # a corner of air, where there is no ADC
    burden = s.update()
    assert burden.tdv.n_voxels == before.tdv.n_voxels + 8 and burden.gadc == before.gadc
    assert sum(burden.class_volumes_ml.values()) == pytest.approx(before.tdv.value)
    assert any("1.7 mL that the reader painted have no ADC" in flag for flag in burden.findings)


def test_neighbouring_paint_of_two_states_is_two_components_and_a_mask_of_bone_does_not_take_it():
    maps = fake_exams.exam_maps("baseline").maps
    mask = maps["adc"].like(np.ones((40, 40, 40), np.uint8))
    mask.array[18:21] = 0
    s = session(skeleton=mask)
    array = codes(MUSCLE_CUBE, 1)
    array[18:21, 31:34, 20:23] = 3
    s.set_edits(array)
    assert sorted(c.state for c in s.update().components if c.reason == PAINTED) == [ACCEPTED, REJECTED]


def test_the_edits_add_up_and_the_last_word_on_a_voxel_holds():
    shown = np.array([0, 1, 1, 2, 0], np.uint8)
    assert edited(None, shown, shown) is None
    first = edited(None, shown, np.array([1, 1, 0, 1, 0], np.uint8))
    assert first.tolist() == [1, 0, ERASED, 1, 0]
    second = edited(first, np.array([1, 1, 0, 1, 0], np.uint8), np.array([0, 1, 0, 1, 3], np.uint8))
    assert second.tolist() == [ERASED, 0, ERASED, 1, 3] and first.tolist() == [1, 0, ERASED, 1, 0]


def test_a_mask_of_bone_takes_no_region_away():
    """The head tells where the regions lie, and a mask of bone leaves the brain out of the candidates."""
    high_b, adc = coarse_body.body()
    whole = BurdenSession(high_b, adc).update()
    mask = high_b.like(np.zeros(high_b.array.shape, np.uint8))
    for center, radii in coarse_body.LESIONS.values():
        mask.array[coarse_body.ellipsoid(center, np.array(radii) + 8)] = 1
    masked = BurdenSession(high_b, adc, skeleton=mask).update()
    regions = {tuple(np.round(c.centroid_ras, -1)): c.region for c in whole.components}
    assert len(masked.components) == len(coarse_body.LESIONS)
    for component in masked.components:
        assert component.region == regions[tuple(np.round(component.centroid_ras, -1))] != "not determined"
