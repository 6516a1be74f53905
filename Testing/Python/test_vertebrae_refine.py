"""ROIs on diffusion images that are displaced against the Dixon images."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest
from helpers.lumbar import displaced, lumbar_exam
from MarrowQuantLib import workflow
from MarrowQuantLib.exam.maps import ExamMaps
from MarrowQuantLib.model import MarrowQuantError, Settings
from MarrowQuantLib.phantom import dwi
from MarrowQuantLib.vertebrae import find_shift, find_shifts, shift_findings
from MarrowQuantLib.vertebrae.measure import measure_vertebrae
from scipy import ndimage


@pytest.fixture(scope="module")
def exam():
    return lumbar_exam()


def test_aligned_images_give_no_shift_and_the_same_numbers(exam):
    maps, rois = exam
    shifts = find_shifts(maps, rois)
    assert set(shifts) == {"adc"}  # the in-phase image lies on the grid of the fat fraction
    assert shifts["adc"].length_mm < 0.5 and not shifts["adc"].accepted
    assert shift_findings(shifts, apply=True) == []
    with_shifts, without = measure_vertebrae(maps, rois, shifts)[1], measure_vertebrae(maps, rois)[1]
    assert with_shifts["adc"].value == without["adc"].value


@pytest.mark.parametrize("reference", ["in_phase", "water", "ff"])
@pytest.mark.parametrize("mm", [(0, 4, 0), (0, -4, 0), (2, -6, 3), (-3, 8, -2)])
def test_a_known_displacement_is_recovered_within_a_millimetre(exam, reference, mm):
    maps, rois = exam
    shift = find_shift(maps[reference], displaced(maps, mm)["dwi_low"], rois)
    assert np.abs(shift.mm - mm).max() < 1.0
    assert shift.accepted and shift.after > 1.2 * shift.before


def test_a_displacement_that_varies_along_the_column_is_met_in_the_mean(exam):
    maps, rois = exam
    low = maps["dwi_low"]
    k, j, i = np.indices(low.array.shape, dtype=np.float32)
    mm = 4 + 1.5 * np.sin(k / 6)  # towards the front, as echo-planar images bend with the field
    bent = ndimage.map_coordinates(low.array, [k, j + mm / dwi.SPACING_MM[1], i], order=1, mode="nearest")  # rows go to the back
    shift = find_shift(maps["in_phase"], low.like(bent), rois)
    assert np.abs(shift.mm - (0, 4, 0)).max() < 1.0


def test_the_adc_is_measured_where_the_diffusion_images_show_the_vertebra(exam):
    maps, rois = exam
    true = {v.roi.level: v.features["adc"]["mean"] for v in measure_vertebrae(maps, rois)[0]}
    moved = displaced(maps, (0, 0, 9))
    shifts = find_shifts(moved, rois)
    refined, plain = measure_vertebrae(moved, rois, shifts)[0], measure_vertebrae(moved, rois)[0]
    errors = np.array([[abs(v.features["adc"]["mean"] / true[v.roi.level] - 1) for v in found] for found in (refined, plain)])
    assert errors[0].max() < 0.015
    assert errors[1].max() > 0.04  # the ROI reaches into the disc
    assert "ROI moved by R " in refined[0].measurements["adc"].how and "moved" not in plain[0].measurements["adc"].how
    assert refined[0].measurements["ff"].value == plain[0].measurements["ff"].value
    assert refined[0].roi.center_ras is rois[0].center_ras


def test_too_far_is_not_followed(exam):
    maps, rois = exam
    assert not find_shift(maps["in_phase"], displaced(maps, (0, 16, 0))["dwi_low"], rois).accepted


def test_an_image_that_shows_nothing_gives_no_shift(exam):
    maps, rois = exam
    noise = np.random.default_rng(0).normal(size=maps["dwi_low"].array.shape).astype(np.float32)
    assert not find_shift(maps["in_phase"], maps["dwi_low"].like(noise), rois).accepted
    assert not find_shift(maps["in_phase"], maps["dwi_low"].like(np.zeros_like(noise)), rois).accepted
    empty = maps["dwi_low"].like(np.full_like(noise, np.nan))
    assert not find_shift(maps["in_phase"], empty, rois).accepted


def test_an_image_elsewhere_and_missing_rois_are_said(exam):
    maps, rois = exam
    far = displaced(maps, (0, 0, 500))
    with pytest.raises(MarrowQuantError, match="does not show the vertebrae"):
        find_shift(maps["in_phase"], far["dwi_low"], rois)
    assert find_shifts(far, rois) == {}
    assert find_shifts(maps, []) == {} and find_shifts({"adc": maps["adc"]}, rois) == {}
    with pytest.raises(MarrowQuantError, match="place the vertebrae first"):
        find_shift(maps["in_phase"], maps["dwi_low"], [])


def test_in_and_opposed_phase_images_of_another_acquisition_are_compared_too(exam):
    maps, rois = exam
    matrix = maps["in_phase"].ijk_to_ras.copy()
    matrix[:3, 3] += (0, 0, 4.5)
    echoes = {key: replace(maps["in_phase"], ijk_to_ras=matrix) for key in ("in_phase", "opposed_phase")}
    shifts = find_shifts({**maps, **echoes}, rois)
    assert shifts["in_phase"].accepted and np.abs(shifts["in_phase"].mm - (0, 0, 4.5)).max() < 0.5
    assert "in-phase and opposed-phase images show the column 4." in shift_findings(shifts, apply=True)[0]
    assert "dropout_ratio" in measure_vertebrae({**maps, **echoes}, rois, shifts)[0][0].measurements


@pytest.mark.parametrize("switched_on", [True, False])
def test_the_shift_is_told_and_can_be_switched_off(exam, switched_on):
    maps, rois = exam
    exam_maps = ExamMaps("baseline", datetime.date(2024, 1, 2), displaced(maps, (0, -6, 0)), protocol={"manufacturer": "none"})
    told, used, notes = workflow.with_shifts(exam_maps, rois, Settings(refine_rois=switched_on))
    assert told.protocol["adc_shift_ras_mm"] == pytest.approx([0, -6, 0], abs=0.6) and told.protocol["manufacturer"] == "none"
    assert bool(used) == switched_on
    assert ("were moved by that" if switched_on else "switched off") in notes[0] and "mutual information" in notes[0]
