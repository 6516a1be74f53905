"""How the voxels of the vertebrae changed: made-up exams whose shift, pairs and shares are known."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest
from MarrowQuantLib.followup.distributions import UNCHANGED, UP
from MarrowQuantLib.followup.regions import LUMBAR_REGION, functional_volume, lumbar_levels, pooled_histogram, region_changes
from MarrowQuantLib.model import ExamResult, Results, Role, Settings, VertebraROI, Volume
from MarrowQuantLib.report.distributions import distributions_section
from MarrowQuantLib.report.strings import Strings
from MarrowQuantLib.results import results_to_dict
from MarrowQuantLib.results.measurements import measurement_rows
from MarrowQuantLib.vertebrae import ImageShift, rasterise
from MarrowQuantLib.vertebrae.measure import measure_vertebrae
from MarrowQuantLib.vertebrae.region_findings import small_region_findings

TURN = np.deg2rad(12.0)
LATER = np.eye(4)
LATER[:3, :3] = [[np.cos(TURN), -np.sin(TURN), 0], [np.sin(TURN), np.cos(TURN), 0], [0, 0, 1]]
LATER[:3, 3] = (7.0, -11.0, 23.0)
"""The patient lies 26 mm further and turned by 12° at follow-up."""

LEVELS = ("T12", "L1", "L2")
GRID = np.diag([1.5, 1.5, 3.0, 1.0])


def exam_of(ff: np.ndarray, adc: np.ndarray, movement: np.ndarray, label: str, excluded: str = "") -> ExamResult:
    """An exam whose grid and ROIs were moved together, so that voxel n of the one exam is voxel n of the other."""
    affine = movement @ GRID
    maps = {
        "ff": Volume(ff.astype(np.float32), affine, Role.PDFF, "%", "PDFF", "PDFF"),
        "adc": Volume(adc.astype(np.float32), affine, Role.ADC, "µm²/s", "ADC", "ADC"),
    }
    rois = []
    for n, level in enumerate(LEVELS):
        center = movement @ [36.0, 36.0, 20.0 + 25.0 * (2 - n), 1.0]
        reason = "fracture" if level == excluded else None
        rois.append(VertebraROI(level, center[:3], movement[:3, :3], np.array([12.0, 9.0, 7.0]), excluded=reason))
    vertebrae, lumbar = measure_vertebrae(maps, rois)
    year = 2024 if label == "baseline" else 2025
    return ExamResult(label, datetime.date(year, 1, 1), maps, vertebrae, lumbar, None, {})


@pytest.fixture
def maps() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return rng.normal(20.0, 4.0, (32, 48, 48)), rng.normal(800.0, 60.0, (32, 48, 48))


def by_region(changes, key):
    return {c.region: c for c in changes if c.key == key}


def test_a_rise_of_all_voxels_is_found_whole_although_the_patient_lies_elsewhere(maps):
    ff, adc = maps
    found = region_changes(exam_of(ff, adc, np.eye(4), "baseline"), exam_of(ff + 10.0, adc * 0.6, LATER, "follow-up"))
    for region in (*LEVELS, LUMBAR_REGION):
        change = by_region(found, "ff")[region]
        assert change.distribution.median_shift == pytest.approx(10.0, abs=1e-3)
        assert change.distribution.earth_mover == pytest.approx(10.0, abs=1e-3)
        assert (change.voxelwise.percent_up, change.voxelwise.limit) == (100.0, 3.0)
        assert by_region(found, "adc")[region].voxelwise.percent_down == 100.0  # −40 %, and the limit is 27 %
        assert by_region(found, "adc")[region].distribution.median_shift == pytest.approx(-320.0, rel=0.05)


def test_voxels_are_paired_by_the_movement_of_the_vertebra_and_not_by_their_place(maps):
    ff, adc = maps
    baseline = exam_of(ff, adc, np.eye(4), "baseline")
    found = by_region(region_changes(baseline, exam_of(ff, adc, LATER, "follow-up")), "ff")
    assert found["L1"].voxelwise.percent_unchanged == 100.0 and found["L1"].voxelwise.n_excluded == 0
    # A voxel of noise compared with another one differs by more than 3 points in P(|N(0, 2·4²)| > 3) = 60 %.
    mirrored = by_region(region_changes(baseline, exam_of(ff[::-1], adc, LATER, "follow-up")), "ff")
    assert mirrored["L1"].voxelwise.percent_unchanged == pytest.approx(40.4, abs=9.0)


def test_shares_of_a_change_on_one_side_and_the_limit_of_adc(maps):
    ff, adc = maps
    adc[:] = 800.0
    later = adc.copy()
    later[:, :, 24:] = 800.0 * 1.26
    later[:, :, :24] = 800.0 * 1.28
    baseline = exam_of(ff, adc, np.eye(4), "baseline")
    found = by_region(region_changes(baseline, exam_of(ff, later, LATER, "follow-up")), "adc")["L1"]
    inside = rasterise(baseline.vertebrae[1].roi, baseline.maps["adc"]).mask()
    assert found.voxelwise.limit == pytest.approx(0.27 * 800.0)
    assert found.voxelwise.percent_up == pytest.approx(100.0 * inside[:, :, :24].sum() / inside.sum())
    assert found.voxelwise.percent_down == 0.0


def test_excluded_levels_and_levels_of_one_exam_are_not_in_the_lumbar_region(maps):
    ff, adc = maps
    baseline = exam_of(ff, adc, np.eye(4), "baseline")
    follow_up = exam_of(ff + 5.0, adc, LATER, "follow-up", excluded="L2")
    assert lumbar_levels([baseline, follow_up]) == ["L1"]
    found = by_region(region_changes(baseline, follow_up), "ff")
    assert set(found) == {*LEVELS, LUMBAR_REGION} and found[LUMBAR_REGION].distribution == found["L1"].distribution
    shorter = replace(follow_up, vertebrae=follow_up.vertebrae[:1])
    assert set(by_region(region_changes(baseline, shorter), "ff")) == {"T12"}


def test_a_map_that_one_exam_lacks_is_left_out_and_missing_voxels_are_counted(maps):
    ff, adc = maps
    baseline = exam_of(ff, adc, np.eye(4), "baseline")
    later = ff.copy()
    later[14:18, 20:28, 20:28] = np.nan
    follow_up = exam_of(later, adc, LATER, "follow-up")
    follow_up = replace(follow_up, maps={"ff": follow_up.maps["ff"]})
    found = region_changes(baseline, follow_up)
    assert {c.key for c in found} == {"ff"}
    change = by_region(found, "ff")["L1"]
    assert change.distribution.n_excluded_after > 0 and change.voxelwise.n_excluded >= change.distribution.n_excluded_after
    assert change.distribution.n_before == change.voxelwise.n_voxels + change.voxelwise.n_excluded


def test_the_pooled_histogram_holds_every_lumbar_voxel_once(maps):
    exam = exam_of(*maps, np.eye(4), "baseline")
    pooled = pooled_histogram(exam, "ff", ["L1", "L2"])
    assert pooled.counts.sum() == sum(v.measurements["ff"].n_voxels for v in exam.vertebrae[1:])
    assert pooled_histogram(exam, "ff", ["L5"]) is None


def test_the_voxels_compared_are_those_that_were_measured_where_an_image_shows_the_column_elsewhere(maps):
    ff, adc = maps
    baseline, follow_up = exam_of(ff, adc, np.eye(4), "baseline"), exam_of(ff, np.roll(adc, 2, axis=1), LATER, "follow-up")
    shift = ImageShift(LATER[:3, :3] @ [0.0, 2 * 1.5, 0.0], before=0.1, after=1.0)
    vertebrae, _ = measure_vertebrae(follow_up.maps, [v.roi for v in follow_up.vertebrae], {"adc": shift})
    change = by_region(region_changes(baseline, replace(follow_up, vertebrae=vertebrae)), "adc")["L1"]
    assert change.distribution.overlap == pytest.approx(1.0, abs=0.02) and change.distribution.earth_mover < 2.0
    assert change.voxelwise.percent_unchanged == 100.0


def test_the_functional_map_lies_on_the_baseline_and_holds_the_shares(maps):
    ff, adc = maps
    later = ff + np.where(np.arange(48) < 24, 10.0, 0.0)
    baseline, follow_up = exam_of(ff, adc, np.eye(4), "baseline"), exam_of(later, adc, LATER, "follow-up")
    volume = functional_volume(baseline, follow_up, "ff")
    assert volume.same_grid(baseline.maps["ff"])
    for vertebra in baseline.vertebrae:
        inside = rasterise(vertebra.roi, baseline.maps["ff"]).mask()
        change = by_region(region_changes(baseline, follow_up), "ff")[vertebra.roi.level].voxelwise
        assert 100.0 * np.mean(volume.array[inside] == UP) == pytest.approx(change.percent_up) and 0 < change.percent_up < 100
        assert np.all(volume.array[inside] == np.where(np.nonzero(inside)[2] < 24, UP, UNCHANGED))
        volume.array[inside] = 0
    assert not volume.array.any()
    assert functional_volume(baseline, replace(follow_up, maps={}), "ff") is None


def test_small_rois_are_told_once_and_not_twice(maps):
    exam = exam_of(*maps, np.eye(4), "baseline")
    sizes = {"T12": (12.0, 9.0, 7.0), "L1": (4.0, 4.0, 4.0), "L2": (2.0, 2.0, 2.0)}  # 470, 39 and 5 voxels
    rois = [replace(v.roi, radii_mm=np.array(sizes[v.roi.level])) for v in exam.vertebrae]
    exam.maps["adc"].array[exam.maps["adc"].array.shape[0] // 2 :, :, :] = np.nan  # T12 has no ADC, L1 half of its own
    vertebrae, _ = measure_vertebrae(exam.maps, rois)
    assert [len(v.findings) for v in vertebrae] == [1, 0, 2]  # no ADC; nothing; FF and ADC of 5 voxels
    told = small_region_findings(vertebrae)
    assert [sentence.split(":")[0] for sentence in told] == ["FF", "ADC", "ADC"]
    assert "L1 (39)" in told[0] and "T12" not in told[0] and "L2" not in told[0]
    lost = vertebrae[1].features["adc"]["n_excluded"]
    assert lost > 0 and f"L1 ({lost} of 39)" in told[2]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_report_tells_shift_overlap_and_shares(maps, language):
    ff, adc = maps
    exams = (exam_of(ff, adc, np.eye(4), "baseline"), exam_of(ff + 10.0, adc, LATER, "follow-up"))
    results = Results(exams, (), None, Settings(), distributions=region_changes(*exams))
    page = distributions_section(results, Strings(language))
    overlap = 100 * by_region(results.distributions, "ff")[LUMBAR_REGION].distribution.overlap
    assert page.count("<svg") == 2 and "+10.0" in page and f"{overlap:.0f} %" in page and "0 / 0 / 100" in page and "±3.0" in page
    assert distributions_section(Results(exams[:1], (), None, Settings()), Strings(language)).count("<svg") == 2
    assert distributions_section(replace(results, exams=tuple(replace(e, vertebrae=()) for e in exams)), Strings(language)) == ""


def test_the_results_file_holds_the_changes_and_stays_valid(maps):
    jsonschema = pytest.importorskip("jsonschema")
    import json

    from MarrowQuantLib.results.document import SCHEMA_FILE

    ff, adc = maps
    exams = (exam_of(ff, adc, np.eye(4), "baseline"), exam_of(ff + 10.0, adc, LATER, "follow-up"))
    plain = results_to_dict(Results(exams, (), None, Settings(), distributions=region_changes(*exams)))
    rows = {row[2:4]: row for row in measurement_rows(Results(exams, (), None, Settings(), distributions=region_changes(*exams)))}
    shift, up = rows["lumbar voxels", "ff median shift"], rows["L1 voxels", "ff voxels up"]
    assert shift[4] == pytest.approx(10.0, abs=1e-3) and shift[5] == "percentage points" and up[4:6] == (100.0, "%") and "±3 " in up[8]
    jsonschema.validate(plain, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    assert len(plain["distributions"]) == 8
    assert plain["distributions"][3]["region"] == LUMBAR_REGION and plain["distributions"][3]["voxelwise"]["percent_up"] == 100.0
