"""What a follow-up takes over: an exam kept on disk, lesions named through the exams, and what is said where that is not possible."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from MarrowQuantLib.burden import BurdenContext, BurdenSession
from MarrowQuantLib.followup import follow
from MarrowQuantLib.model import ExamResult, MarrowQuantError, Measurement, Results, Role, Settings, VertebraResult, VertebraROI, Volume
from MarrowQuantLib.results import write_results
from scipy import ndimage

SHAPE = (40, 48, 48)
MATRIX = np.array([[-5.0, 0, 0, 117.5], [0, -5.0, 0, 117.5], [0, 0, 6.0, -117], [0, 0, 0, 1]])
ROI = VertebraROI("L3", np.array([0.0, 0, 0]), np.eye(3), np.array([12.0, 9, 7]), excluded="fracture")


def exam(day, balls, *, shift=(0.0, 0.0, 0.0), label="baseline"):
    """A body of smooth texture with bright lesions; ``shift`` moves the patient (RAS mm)."""
    k, j, i = np.indices(SHAPE)
    points = (np.stack([i, j, k, np.ones_like(i)], axis=-1) @ MATRIX.T)[..., :3] - shift
    texture = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=SHAPE), 2.5)
    moved = ndimage.shift(texture, (shift[2] / 6, -shift[1] / 5, -shift[0] / 5), order=1)
    inside = (points[..., 0] / 90) ** 2 + (points[..., 1] / 70) ** 2 < 1
    low = np.where(inside, 400 + 1500 * moved, 5).astype(np.float32)
    signal = np.where(inside, 100.0, 1.0).astype(np.float32)
    for center, radius in balls:
        signal[np.linalg.norm(points - center, axis=-1) < radius] = 900.0
    high = Volume(signal, MATRIX, Role.DWI)
    adc = Volume(np.full(SHAPE, 900.0, np.float32), MATRIX, Role.ADC)
    burden = BurdenSession(high, adc, 100.0, context=BurdenContext((ROI,))).update()
    maps = {"dwi_low": Volume(low, MATRIX, Role.DWI), "dwi_high": high, "adc": adc}
    vertebra = VertebraResult(ROI, {"ff": Measurement("FF", 12.5, "%", 30, 1.0, "mean")})
    return ExamResult(label, datetime.date(2025, 1, day), maps, (vertebra,), {}, burden, {})


BASE = [((0, 0, 0), 18), ((40, 0, 50), 14), ((-40, 10, -50), 14)]


@pytest.fixture(scope="module")
def baseline():
    return exam(1, BASE)


def kept(result, folder):
    folder.mkdir(exist_ok=True)
    write_results(Results((result,), (), None, Settings()), folder)
    follow.write_exam(result, folder)
    return follow.read_exam(folder)


def test_an_exam_is_read_back_as_it_was_kept(baseline, tmp_path):
    back = kept(baseline, tmp_path)
    assert back.date == baseline.date and back.burden.tdv.value == baseline.burden.tdv.value
    np.testing.assert_array_equal(back.burden.labels.array, baseline.burden.labels.array)
    np.testing.assert_array_equal(back.maps["dwi_low"].array, baseline.maps["dwi_low"].array)
    for first, second in zip(baseline.burden.components, back.burden.components):
        assert (first.label, first.state, first.region, first.volume_ml) == (second.label, second.state, second.region, second.volume_ml)
    roi = back.vertebrae[0].roi
    assert (roi.level, roi.excluded) == ("L3", "fracture")
    assert back.vertebrae[0].measurements["ff"] == baseline.vertebrae[0].measurements["ff"]
    assert back.burden.infiltration == baseline.burden.infiltration


def test_lesions_keep_their_names_although_the_patient_moved(baseline, tmp_path):
    later = exam(30, [BASE[0], ((40, 0, 50), 18), ((40, -20, -60), 12)], shift=(10.0, -10.0, 12.0), label="follow-up")
    first, second, changes, _movement = follow.follow_lesions(kept(baseline, tmp_path), later)
    assert sorted(change.kind for change in changes) == ["new", "persisting", "persisting", "resolved"]
    grown = next(c for c in changes if c.kind == "persisting" and c.volume_after_ml > 1.3 * c.volume_before_ml)
    assert grown.names_before == grown.names_after
    named = {c.lesion_id: c for c in second.burden.components}
    assert named[grown.names_after[0]].volume_ml == pytest.approx(grown.volume_after_ml)
    assert {c.lesion_id for c in first.burden.components} == {"#1", "#2", "#3"}
    new = next(c for c in changes if c.kind == "new")
    assert new.names_after == ("#4",) and new.adc_before is None and new.rac == 4


def test_bodies_that_do_not_overlap_are_not_matched_but_told(baseline):
    far = MATRIX.copy()
    far[:3, 3] += 3000
    later = exam(30, BASE)
    maps = {key: Volume(volume.array, far) for key, volume in later.maps.items()}
    _, second, changes, _movement = follow.follow_lesions(baseline, ExamResult("follow-up", later.date, maps, (), {}, later.burden, {}))
    assert changes == () and "were not matched" in second.findings[-1]


def test_exams_without_a_common_image_or_without_a_kept_baseline_are_told(baseline, tmp_path):
    with pytest.raises(MarrowQuantError, match="share no kind of image"):
        follow.carry_rois([ROI], {"adc": baseline.maps["adc"]}, baseline.maps)
    with pytest.raises(MarrowQuantError, match="marrowquant burden"):
        follow.read_exam(tmp_path)
    (tmp_path / "results.json").write_text("{}", encoding="utf-8")
    (tmp_path / "follow-up.npz").write_bytes(b"not an archive")
    with pytest.raises(MarrowQuantError, match="marrowquant burden"):
        follow.read_exam(tmp_path)
