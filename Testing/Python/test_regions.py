"""Regions of the pelvis: an ROI by one click, fitted to the bone; named, coded, measured, carried, and never in the lumbar mean."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from helpers.simulated_pelvis import simulated_pelvis
from MarrowQuantLib.cohort.columns import described
from MarrowQuantLib.cohort.reading import read_cohort
from MarrowQuantLib.followup.propagate import propagate_rois
from MarrowQuantLib.model import ExamResult, MarrowQuantError, Results, Settings, VertebraROI, Volume
from MarrowQuantLib.results import write_results
from MarrowQuantLib.results.per_slice import write_slices
from MarrowQuantLib.results.record import case_record
from MarrowQuantLib.vertebrae import fit_places, parse_level, read_markups, relabel, write_markups
from MarrowQuantLib.vertebrae.measure import measure_vertebrae
from MarrowQuantLib.vertebrae.places import PLACES, REGIONS, SIDE_CODES, said_place
from MarrowQuantLib.vertebrae.regions import fit_region
from MarrowQuantLib.vertebrae.terminology import level_of_terminology, level_terminology
from pydicom.sr import _concepts_dict


@lru_cache(maxsize=1)
def pelvis():
    return simulated_pelvis()


@pytest.mark.parametrize("picture", ["T1", "T2"])
@pytest.mark.parametrize("place", PLACES)
def test_an_roi_fitted_from_a_click_lies_in_the_marrow_of_its_bone(place, picture):
    roi, notes = fit_region(pelvis().pictures[picture], place, pelvis().click(place, 0))
    assert not notes and roi.level == place
    assert pelvis().part_inside(roi) > 0.99
    assert np.prod(roi.radii_mm) * 4 / 3 * np.pi > 400  # mm³
    np.testing.assert_allclose(roi.axes.T @ roi.axes, np.eye(3), atol=1e-9)


def test_a_click_in_air_or_in_no_bone_is_refused_or_told():
    image = pelvis().pictures["T1"]
    with pytest.raises(MarrowQuantError, match="outside the image"):
        fit_region(image, "left acetabulum", (0.0, 0.0, 900.0))
    with pytest.raises(MarrowQuantError, match="no region"):
        fit_region(image, "left ear", (0.0, 0.0, 0.0))
    noise = Volume(np.random.default_rng(0).normal(100, 1, (60, 60, 60)).astype(np.float32), np.eye(4))
    _, notes = fit_region(noise, "left acetabulum", (30.0, 30.0, 30.0))
    assert "no border" in notes[0]
    layers = Volume(np.where(np.indices((60, 60, 60))[0] % 8 < 4, 100.0, 0.0).astype(np.float32), np.eye(4))
    roi, notes = fit_region(layers, "left acetabulum", (30.0, 30.0, 30.0))
    assert "little marrow" in notes[0] and (roi.radii_mm == 3).all()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("right iliac crest", "right posterior iliac crest"), ("L PSIS", "left posterior iliac crest"),
        ("左後腸骨稜", "left posterior iliac crest"),
        ("acetabulum (right)", "right acetabulum"), ("Rt. femur", "right proximal femur"), ("sacral_ala left", "left sacral ala"),
        ("iliac crest", None), ("right", None), ("right kidney", None), ("S3", "S3"), ("L6", "L6"), ("T13", "T13"), ("S6", None),
    ],
)
def test_readers_words_for_places(text, place):
    assert parse_level(text) == place


def test_codes_are_those_of_dicom():
    known: dict[str, set[str]] = {}
    for entry in _concepts_dict.concepts["SCT"].values():
        for code, words in entry.items():
            known.setdefault(code, set()).add(words[0].lower())
    for region in REGIONS:
        assert region.meaning.lower() in known[region.code]
    for code, meaning in SIDE_CODES.values():
        assert meaning.lower() in known[code]
    for place in PLACES:
        read = level_of_terminology(level_terminology(place))
        assert read == (None if "sacral" in place else place)
    assert said_place("left iliac wing", "ja") == "左腸骨翼" and said_place("L1", "ja") == "L1"


def rois():
    column = [VertebraROI(f"L{n}", np.array([0.0, 0.0, -30.0 * n]), np.eye(3), np.full(3, 8.0)) for n in range(1, 6)]
    places = [VertebraROI(name, np.array([x, -40.0, -190.0]), np.eye(3), np.full(3, 7.0)) for name, x in zip(PLACES[:2], (60.0, -60.0))]
    return [*column, VertebraROI("S3", np.array([0.0, -40.0, -220.0]), np.eye(3), np.full(3, 6.0)), *places]


def maps(places_ff=80.0):
    values = np.full((70, 50, 50), 30.0, dtype=np.float32)
    matrix = np.diag([4.0, 4.0, 4.0, 1.0])
    matrix[:3, 3] = [-100.0, -100.0, -270.0]
    x = (matrix @ np.array([*np.zeros(3), 1.0]))[0] + 4.0 * np.arange(50)
    values[:, :, np.abs(x) > 40] = places_ff
    return {"ff": Volume(values, matrix, quantity="fat fraction", unit="%")}


def test_places_are_measured_and_stay_out_of_the_lumbar_mean():
    vertebrae, lumbar = measure_vertebrae(maps(), rois())
    by_level = {v.roi.level: v for v in vertebrae}
    assert lumbar["ff"].value == pytest.approx(30.0) and "crest" not in lumbar["ff"].how
    assert by_level["right posterior iliac crest"].measurements["ff"].value == pytest.approx(80.0)
    assert not any("stands out" in flag for v in vertebrae for flag in v.findings)
    assert [roi.level for roi in relabel(rois(), -1)][:2] == ["T12", "L1"] and relabel(rois(), -1)[-1].level == PLACES[1]


def test_places_have_columns_in_a_cohort(tmp_path):
    exams = []
    for label, ff in (("baseline", 80.0), ("follow-up", 70.0)):
        vertebrae, lumbar = measure_vertebrae(maps(ff), rois())
        exams.append(ExamResult(label, None, {}, vertebrae, lumbar, None, {}))
    results = Results(tuple(exams), (), None, Settings())
    row = case_record(results)
    write_results(results, tmp_path)
    read = read_cohort(tmp_path)  # which leaves aside what has no column
    assert read.numbers("ff_posterior_iliac_crest_change")[0] == pytest.approx(-10.0)
    assert {name: value for name, value in row.items() if value is not None}.keys() == set(read.header) - {"id"}
    assert row["ff_posterior_iliac_crest_baseline"] == pytest.approx(80.0)
    assert row["ff_posterior_iliac_crest_change"] == pytest.approx(-10.0)
    assert row["ff_iliac_wing_baseline"] is None and row["adc_acetabulum_change"] is None
    assert described("ff_posterior_iliac_crest_change")["unit"]
    assert described("adc_iliac_wing_baseline", "ja")["label"].startswith("ADC（腸骨翼）")


def test_what_the_place_of_a_roi_brings_is_told_beside_its_value():
    inside = rois()[0]
    (flat,), _ = measure_vertebrae(maps(), [inside])
    assert flat.measurements["ff"].placement_error == pytest.approx(0.0)
    ramp = maps()["ff"]
    steep = ramp.like((np.indices(ramp.array.shape)[0] * 4.0 * 2.0).astype(np.float32))  # 2 % a mm along the column
    (sloped,), _ = measure_vertebrae({"ff": steep}, [replace(inside, radii_mm=np.full(3, 20.0))])
    assert sloped.measurements["ff"].placement_error == pytest.approx(2.0, rel=0.4)
    (unsure,), _ = measure_vertebrae({"ff": steep}, [replace(inside, radii_mm=np.full(3, 20.0), place_sd_mm=3.0)])
    assert unsure.measurements["ff"].placement_error == pytest.approx(6.0, rel=0.4)


def test_the_slices_of_a_roi_add_up_to_it(tmp_path):
    vertebrae, lumbar = measure_vertebrae(maps(), rois())
    exam = ExamResult("baseline", None, maps(), vertebrae, lumbar, None, {})
    write_slices(Results((exam,), (), None, Settings()), tmp_path / "slices.csv")
    rows = list(csv.DictReader((tmp_path / "slices.csv").read_text(encoding="utf-8-sig").splitlines()))
    for vertebra in vertebrae:
        own = [row for row in rows if row["region"] == vertebra.roi.level]
        assert sum(int(row["n_voxels"]) for row in own) == vertebra.measurements["ff"].n_voxels
        assert {float(row["value"]) for row in own} == {80.0 if "crest" in vertebra.roi.level else 30.0}
        inside = [abs(float(row["position_mm"]) - vertebra.roi.center_ras[2]) <= vertebra.roi.radii_mm[2] for row in own]
        assert all(inside) and len(own) >= 3 and own[0]["unit"] == "%"


def test_places_come_back_from_a_file_and_get_the_shape_of_their_bone(tmp_path):
    place = "right posterior iliac crest"
    click = pelvis().click(place, 1)
    write_markups(tmp_path / "a.mrk.json", [VertebraROI(place, click, np.eye(3), np.array(Settings.roi_radii_mm))])
    (read,) = read_markups(tmp_path / "a.mrk.json")
    assert read.level == place
    (fitted,), _ = fit_places([read], pelvis().pictures["T1"])
    assert pelvis().part_inside(fitted) > 0.99
    kept, _ = fit_places([replace(fitted, radii_mm=np.full(3, 5.0))], pelvis().pictures["T1"])
    assert (kept[0].radii_mm == 5.0).all()


def test_places_are_carried_to_the_follow_up():
    image = pelvis().pictures["T1"]
    shift = np.array([3.0, -4.5, 6.0])
    matrix = image.ijk_to_ras.copy()
    matrix[:3, 3] += shift
    moved = Volume(image.array, matrix)
    places = [fit_region(image, name, pelvis().centers[name])[0] for name in ("left iliac wing", "left proximal femur")]
    carried, _ = propagate_rois(places, image, moved)
    for before, after in zip(places, carried):
        assert after.roi.level == before.level and after.confidence > 0.8
        assert np.linalg.norm(after.roi.center_ras - before.center_ras - shift) < 1.0
