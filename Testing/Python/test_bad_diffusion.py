"""Diffusion that cannot carry a tumour load, or only a part of it: a sentence that says why and what to do, and the rest is measured."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest
from helpers.coarse_body import body
from helpers.small_exams import small_exam, write_small
from MarrowQuantLib import workflow
from MarrowQuantLib.burden import BurdenSession
from MarrowQuantLib.burden.exam_load import measure_burden
from MarrowQuantLib.model import MarrowQuantError, Role, Settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "exam"
    write_small(folder, "siemens")
    return folder


def maps_with(folder, keep):
    """Maps of the exam with only those volumes for which ``keep`` is true; the fat–water fit is left out, it is slow."""
    (files,) = workflow.read_exams([folder])
    kept = [v for v in files.volumes if v.role.value == "pdff" or (v.role.value == "dwi" and keep(v))]
    return workflow.make_maps(replace(files, volumes=kept), "baseline", Settings())


def sentence(warnings, *parts):
    return any(all(part in warning for part in parts) for warning in warnings)


def test_a_single_b_value_leaves_the_fat_fraction_and_says_which_is_missing(folder):
    maps = maps_with(folder, lambda v: v.b_value < 100)
    assert "ff" in maps.maps and "adc" not in maps.maps
    assert sentence(maps.findings, "fewer than two b-values", "load the missing b-value")
    assert measure_burden(maps.maps, Settings()) == (None, [])
    with pytest.raises(MarrowQuantError, match="two or more b-values"):
        workflow.burden_session(maps.maps, Settings())


def test_the_scanners_map_stands_in_where_no_two_b_values_are_there_and_says_so(folder):
    (files,) = workflow.read_exams([folder])
    (own,) = (volume for volume in files.volumes if volume.role is Role.ADC)
    kept = [v for v in files.volumes if v.role is Role.PDFF or v is own or (v.role is Role.DWI and v.b_value < 100)]
    maps = workflow.make_maps(replace(files, volumes=kept), "baseline", Settings())
    np.testing.assert_array_equal(maps.maps["adc"].array, own.load().array)
    assert "adc" not in maps.spreads and "dwi_high" not in maps.maps
    assert sentence(maps.findings, "scanner's own map", "no tumour load") and not sentence(maps.findings, "ADC and tDV were not computed")
    fitted = workflow.make_maps(files, "baseline", Settings())
    assert not sentence(fitted.findings, "scanner's own map") and "dwi_high" in fitted.maps


def test_a_b_value_that_one_station_lacks_is_left_out_everywhere_and_told(folder):
    b_values = sorted({v.b_value for v in workflow.read_exams([folder])[0].volumes if v.role.value == "dwi"})
    assert len(b_values) >= 2
    maps = maps_with(folder, lambda v: v.b_value != b_values[-1] or v.station != 2)
    assert sentence(maps.findings, f"b {b_values[-1]:g} s/mm²", "missing at some stations")


def test_a_missing_station_is_a_gap_that_is_told_and_the_others_are_there(folder):
    maps = maps_with(folder, lambda v: v.station != 2)
    assert sentence(maps.findings, "do not overlap", "slices are missing between them")
    assert sentence(maps.findings, "the tDV is that of this part of the body")
    high = maps.maps["dwi_high"].array
    empty = ~np.isfinite(high).any(axis=(1, 2))
    assert empty.any() and not empty[0] and not empty[-1]


def test_a_station_with_other_voxels_becomes_a_part_of_its_own_with_the_reason(tmp_path):
    exam = small_exam()
    coarse = np.diag([2.0, 2.0, 1.0, 1.0])
    odd = tuple(v.like(v.array[:, ::2, ::2], ijk_to_ras=v.ijk_to_ras @ coarse) for v in exam.stations[1])
    write_small(tmp_path, "siemens", exam=replace(exam, stations=(exam.stations[0], odd, exam.stations[2])))
    maps = maps_with(tmp_path, lambda v: True)
    assert maps.maps["dwi_high_part2"].array.shape[2] == exam.stations[1][0].array.shape[2] // 2
    reason = maps.maps["dwi_high_part2"].source[-1]
    assert reason.startswith("kept apart, station 2: ") and "Station 2" in reason
    assert sentence(maps.findings, "Station 2 is measured by itself and is not in the tDV")
    parts, notes = workflow.measure_parts(maps.maps, Settings())
    assert len(parts) + sum("no tDV of its own" in note for note in notes) == 1


def test_stations_of_two_dates_are_two_exams_and_three_are_refused(tmp_path):
    exam = small_exam()
    for n, day in enumerate((14, 20)):
        write_small(tmp_path / f"{n}", "siemens", exam=replace(exam, date=datetime.date(2025, 1, day)))
    dates = [files.date.day for files in workflow.read_exams([tmp_path])]
    assert dates == [14, 20]
    write_small(tmp_path / "2", "siemens", exam=replace(exam, date=datetime.date(2025, 2, 1)))
    with pytest.raises(MarrowQuantError, match=r"holds 3 exams .* give one folder for each"):
        workflow.read_exams([tmp_path])


@pytest.mark.parametrize("what", ["all zero", "no ADC", "constant", "all NaN"])
def test_images_without_content_are_a_sentence_and_a_way_on(what):
    high, adc = body()
    images = {
        "all zero": (high.like(np.zeros_like(high.array)), adc),
        "no ADC": (high, adc.like(np.full_like(adc.array, np.nan))),
        "constant": (high.like(np.full_like(high.array, 100.0)), adc.like(np.full_like(adc.array, 700.0))),
        "all NaN": (high.like(np.full_like(high.array, np.nan)), adc.like(np.full_like(adc.array, np.nan))),
    }[what]
    burden, notes = measure_burden({"dwi_high": images[0], "adc": images[1]}, Settings())
    assert burden is None
    assert sentence(notes, "was not measured", "No muscle was found", "place a point in muscle or give its signal")
    given = BurdenSession(*images, 100.0).update()
    assert given.tdv.value == 0.0 and np.isnan(given.gadc.value)
    assert sentence(given.findings, "No component is accepted")


def test_without_muscle_in_view_a_given_signal_is_the_way_on():
    high, adc = body()
    head = slice(48, None)
    part = [v.like(v.array[head]) for v in (high, adc.like(np.where(adc.array > 1200, np.nan, adc.array)))]
    burden, notes = measure_burden({"dwi_high": part[0], "adc": part[1]}, Settings())
    assert burden is None and sentence(notes, "No muscle was found")
    assert len(BurdenSession(*part, 100.0).update().components) > 0
