"""What a reader can add to the tumour load: a skeleton mask, ADC classes, presets and site limits; and stations that fit no others."""

from __future__ import annotations

import argparse
import dataclasses
import datetime

import numpy as np
import pytest
from helpers.coarse_body import LESIONS, body, ellipsoid, grid
from MarrowQuantLib import workflow
from MarrowQuantLib.burden import PRESETS, BurdenSession, exam_load
from MarrowQuantLib.burden.lookup import values_at
from MarrowQuantLib.commands.thresholds import add_limits, add_settings, limits_of, muscle, muscle_by_exam, settings_of
from MarrowQuantLib.exam.maps import ExamMaps
from MarrowQuantLib.followup.repeatability import repeatability, write_limits
from MarrowQuantLib.model import MarrowQuantError, Measurement, Settings, Volume
from MarrowQuantLib.report.html import report_page
from MarrowQuantLib.report.strings import Strings
from MarrowQuantLib.results import results_to_dict


@pytest.fixture(scope="module")
def images():
    return body()


def maps_of(images):
    return {"dwi_high": images[0], "adc": images[1]}


# ------------------------------------------------------------------------------------------------------------ skeleton mask
def mask_of(*names):
    """A mask on a finer grid than the images: the lesions called so, with a margin."""
    wanted = np.any([ellipsoid(LESIONS[name][0], np.array(LESIONS[name][1]) + 15.0) for name in names], axis=0)
    fine = np.kron(wanted, np.ones((1, 2, 2), dtype=np.uint8))
    matrix = grid() @ np.diag([0.5, 0.5, 1.0, 1.0])
    matrix[:3, 3] = grid()[:3, :3] @ [-0.25, -0.25, 0.0] + grid()[:3, 3]
    return Volume(fine, matrix)


def test_only_what_lies_in_the_skeleton_mask_counts(images):
    everything = BurdenSession(*images).update()
    inside = BurdenSession(*images, skeleton=mask_of("L3", "sternum")).update()
    centers = [component.centroid_ras for component in inside.components]
    assert len(centers) == 2
    for name in ("L3", "sternum"):
        assert min(np.linalg.norm(center - LESIONS[name][0]) for center in centers) < 8.0
    by_place = {tuple(np.round(c.centroid_ras)): c.volume_ml for c in everything.components}
    assert all(by_place[tuple(np.round(c.centroid_ras))] == c.volume_ml for c in inside.components)
    assert any("skeleton mask" in flag for flag in inside.findings) and "skeleton mask" in inside.tdv.how
    assert inside.tdv.value < everything.tdv.value


def test_a_mask_that_is_empty_or_of_another_place_is_refused(images):
    empty = mask_of("L3").like(np.zeros((4, 4, 4), np.uint8))
    with pytest.raises(MarrowQuantError, match="empty"):
        BurdenSession(*images, skeleton=empty)
    far = mask_of("L3")
    far.ijk_to_ras[:3, 3] += 5000.0
    with pytest.raises(MarrowQuantError, match="outside the diffusion images"):
        BurdenSession(*images, skeleton=far)
    burden, notes = exam_load.measure_burden(maps_of(images), Settings(), skeleton=empty)
    assert burden is None and "empty" in notes[0]


def test_values_at_points_are_those_of_the_nearest_voxel_and_0_outside():
    volume = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.diag([2.0, 2.0, 5.0, 1.0]))
    points = np.array([[0.0, 0, 0], [6.9, 4.0, 5.0], [6.0, -1.1, 0.0], [100.0, 0, 0]])
    assert values_at(volume, points).tolist() == [0, 23, 0, 0]


# ------------------------------------------------------------------------------------------------- stations kept apart
def with_part(images):
    high, adc = images
    lower = slice(0, 30)
    part = {"dwi_high_part2": high.like(2.5 * high.array[lower], source=("kept apart, station 2: other voxel size",))}
    return {**maps_of(images), **part, "adc_part2": adc.like(adc.array[lower])}


def test_a_part_has_a_tdv_of_its_own_that_is_not_in_the_sum(images):
    maps = with_part(images)
    whole, _ = exam_load.measure_burden(maps, Settings())
    (part,), notes = exam_load.measure_parts(maps, Settings())
    assert part.number == 2 and "other voxel size" in part.reason
    assert part.burden.muscle_signal == pytest.approx(2.5 * whole.muscle_signal, rel=0.02)
    l3 = min(part.burden.components, key=lambda c: np.linalg.norm(c.centroid_ras - LESIONS["L3"][0]))
    assert np.linalg.norm(l3.centroid_ras - LESIONS["L3"][0]) < 8.0
    alone, _ = exam_load.measure_burden(maps_of(images), Settings())
    assert whole.tdv.value == alone.tdv.value
    assert f"{part.burden.tdv.value:.1f} mL by itself, which are not in it" in notes[0]


def test_a_part_without_muscle_is_told_and_the_rest_is_measured(images):
    maps = with_part(images)
    maps["adc_part2"] = maps["adc_part2"].like(np.full_like(maps["adc_part2"].array, 700.0))
    parts, notes = exam_load.measure_parts(maps, Settings())
    assert parts == () and notes[0].startswith("Part 2 ") and "muscle" in notes[0]


def test_the_parts_stand_in_the_results_and_in_the_report(images):
    maps = with_part(images)
    burden, _ = exam_load.measure_burden(maps, Settings())
    parts, notes = exam_load.measure_parts(maps, Settings())
    exam_maps = ExamMaps("baseline", datetime.date(2025, 1, 14), maps)
    exam = workflow.assemble(exam_maps, (), {}, burden, {}, notes, parts)
    results = workflow.conclude([exam], Settings())
    plain = results_to_dict(results)["exams"][0]
    assert plain["burden_parts"][0]["burden"]["tdv"]["value"] == parts[0].burden.tdv.value
    assert notes[0] in [found["sentence"] for found in plain["findings"]]
    for language in ("en", "ja"):
        page = report_page(results, Strings(language))
        assert "kept apart, station 2" in page and f"{parts[0].burden.tdv.value:.1f} mL" in page


# -------------------------------------------------------------------------------------------- presets, classes, site limits
def options(*arguments):
    parser = argparse.ArgumentParser()
    add_settings(parser)
    add_limits(parser)
    return parser.parse_args(arguments)


def test_the_shell_reaches_presets_thresholds_and_classes():
    assert settings_of(options()) == Settings()
    strict = settings_of(options("--preset", "strict ADC"))
    assert (strict.tdv_signal_ratio, strict.tdv_adc_window) == (5.0, (655.0, 1400.0))
    mixed = settings_of(options("--preset", "sensitive", "--adc-window", "600,1500", "--adc-classes", "800,1000,1400"))
    assert mixed == Settings(tdv_signal_ratio=4.1, tdv_adc_window=(600.0, 1500.0), adc_class_edges=(800.0, 1000.0, 1400.0))
    with pytest.raises(MarrowQuantError, match="no preset called 'takasu'"):
        settings_of(options("--preset", "takasu"))
    for wrong in (("--adc-window", "600"), ("--adc-classes", "low,high")):
        with pytest.raises(SystemExit):
            options(*wrong)


def test_every_preset_names_its_source():
    for preset in PRESETS:
        assert len(preset.source) > 40 and preset.adc_window[0] < preset.adc_window[1]
        assert "Takasu" not in preset.source


def test_class_edges_divide_the_accepted_volume(images):
    burden, _ = exam_load.measure_burden(maps_of(images), dataclasses.replace(Settings(), adc_class_edges=(800.0, 1000.0)))
    assert list(burden.class_volumes_ml) == ["<800", "800-1000", ">1000"]
    assert sum(burden.class_volumes_ml.values()) == pytest.approx(burden.tdv.value)
    with pytest.raises(MarrowQuantError, match="ascend"):
        exam_load.measure_burden(maps_of(images), dataclasses.replace(Settings(), adc_class_edges=(1000.0, 800.0)))


def test_site_limits_decide_what_is_inside_measurement_error(images, tmp_path):
    burden, _ = exam_load.measure_burden(maps_of(images), Settings())
    exams = []
    for day, value in ((14, 700.0), (20, 760.0)):
        exam_maps = ExamMaps("baseline" if day == 14 else "follow-up", datetime.date(2025, 1, day), maps_of(images))
        exams.append(workflow.assemble(exam_maps, (), {"adc": Measurement("ADC", value, "µm²/s")}, burden, {}))
    readings = np.array([[700.0, 702.0], [650.0, 651.0], [800.0, 797.0], [720.0, 722.0]])
    path = tmp_path / "limits.json"
    write_limits({"adc": repeatability(readings, index="adc", unit="µm²/s", how="two scans on one day")}, path)
    published = next(c for c in workflow.conclude(exams, Settings()).changes if c.name == "adc")
    own = next(c for c in workflow.conclude(exams, Settings(), limits=limits_of(options("--limits", str(path)))).changes if c.name == "adc")
    assert any(flag.startswith("inside measurement error") for flag in published.findings)
    assert not any(flag.startswith("inside measurement error") for flag in own.findings)
    assert limits_of(options()) is None


# ------------------------------------------------------------------------------------------------------------------- muscle
def test_what_the_shell_is_told_of_muscle_is_a_point_or_a_signal():
    assert muscle("1.5,-20,33") == [(1.5, -20.0, 33.0)] and muscle("140") == 140.0
    assert muscle_by_exam("follow-up=1,2,3") == ("follow-up", [(1.0, 2.0, 3.0)])
    for wrong in ("1,2", "here", "", "follow=1,2,3", "baseline=x"):
        with pytest.raises(argparse.ArgumentTypeError):
            muscle_by_exam(wrong)
    for wrong in ("1,2", "here", ""):
        with pytest.raises(argparse.ArgumentTypeError):
            muscle(wrong)


@pytest.mark.parametrize("signal", [0.0, -3.0, float("nan"), float("inf")])
def test_a_signal_of_muscle_that_cannot_be_divided_by_is_refused(images, signal):
    burden, notes = exam_load.measure_burden(maps_of(images), Settings(), signal)
    assert burden is None and "cannot be divided by" in notes[0]
