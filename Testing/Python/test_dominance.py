"""Water- or fat-dominant marrow: per level, as a share, of the patient; not known where magnitudes fold."""

from __future__ import annotations

import dataclasses
import datetime

import numpy as np
import pytest
from MarrowQuantLib.fatwater import SPECTRA, fat_phasor, side_of_fold
from MarrowQuantLib.model import ExamResult, Results, Role, Settings, VertebraROI, Volume
from MarrowQuantLib.report.sections import vertebrae_section
from MarrowQuantLib.report.strings import Strings
from MarrowQuantLib.results.record import case_record
from MarrowQuantLib.vertebrae.dominance import dominance_of
from MarrowQuantLib.vertebrae.measure import measure_vertebrae
from MarrowQuantLib.words.findings import FINDINGS

LEVELS = ("L1", "L2", "L3", "L4", "L5")
IJK_TO_RAS = np.diag([2.0, 2.0, 2.0, 1.0])


def slab(values, role, scale=1.0):
    """Five bodies above each other, 30 mm apart, each filled with its value; 2 mm voxels."""
    array = np.zeros((80, 20, 20), np.float32)
    for n, value in enumerate(values):
        array[15 * n : 15 * n + 15] = value * scale
    return Volume(array, IJK_TO_RAS, role, quantity="signal")


def rois():
    centres = (np.array([20.0, 20.0, 30.0 * n + 14]) for n in range(len(LEVELS)))
    return [VertebraROI(level, centre, np.eye(3), np.array([10.0, 10.0, 8.0])) for level, centre in zip(LEVELS, centres)]


def exam(maps, label="baseline"):
    vertebrae, lumbar = measure_vertebrae(maps, rois())
    return ExamResult(label, datetime.date(2024, 1, 1), {}, vertebrae, lumbar, None, {})


def in_and_opposed(ff):
    """Signals of one fat peak without decay: in phase 100, opposed |100 − 2 FF|: the same for 30 and 70 %."""
    return {
        "in_phase": slab([100.0] * 5, Role.IN_PHASE),
        "opposed_phase": slab([abs(100.0 - 2 * value) for value in ff], Role.OPPOSED_PHASE),
    }


def test_a_fat_fraction_decides_each_level_the_share_and_the_patient():
    result = exam({"ff": slab([20.0, 30.0, 49.0, 60.0, 80.0], Role.PDFF)})
    values = [v.measurements["water_dominant"].value for v in result.vertebrae]
    assert values == [100.0, 100.0, 100.0, 0.0, 0.0]
    assert result.lumbar["water_dominant"].value == pytest.approx(60.0)
    hows = [v.measurements["water_dominant"].how for v in result.vertebrae]
    assert "repeated exam" in hows[2] and "repeated exam" not in hows[1]
    assert dominance_of(result) == "water"  # the mean of the five is 47.8 %
    assert dominance_of(exam({"ff": slab([60.0] * 5, Role.PDFF)})) == "fat"


def test_exactly_one_half_belongs_to_neither():
    result = exam({"ff": slab([50.0] * 5, Role.PDFF)})
    assert all("water_dominant" not in v.measurements for v in result.vertebrae) and dominance_of(result) == ""


def test_in_and_opposed_magnitudes_alone_are_not_known_and_say_so():
    water, fat = exam(in_and_opposed([30.0] * 5)), exam(in_and_opposed([70.0] * 5))
    for result in (water, fat):
        assert dominance_of(result) == "" and "water_dominant" not in result.lumbar
        assert all(v.findings[-1].code == "dominance.not_known" for v in result.vertebrae)
    assert water.lumbar["dropout_ratio"].value == pytest.approx(fat.lumbar["dropout_ratio"].value)
    assert FINDINGS["dominance.not_known"][0] == "note"


ECHOES = {
    "1.5 T": (1.5, (2.3e-3, 4.6e-3, 6.9e-3)), "3 T": (3.0, (1.15e-3, 2.3e-3, 3.45e-3)), "3 T, later": (3.0, (1.15e-3, 2.3e-3, 5.75e-3)),
}  # fmt: skip


def three(ff, r2star, field, times, spectrum="ren_marrow_9"):
    return np.abs(1 - ff / 100 + ff / 100 * fat_phasor(np.array(times), field, SPECTRA[spectrum])) * np.exp(-r2star * np.array(times))


@pytest.mark.parametrize("spectrum", ["ren_marrow_9", "hamilton_9", "ismrm_6"])
@pytest.mark.parametrize("name", list(ECHOES))
def test_a_third_echo_decides_where_it_can_and_hardly_ever_wrongly(name, spectrum):
    """Signals off by 1.5 %, R2* of marrow without and with iron, and spectra other than the one that is assumed."""
    field, times = ECHOES[name]
    rng = np.random.default_rng(5)
    decided = wrong = count = 0
    for ff in (*range(2, 49, 4), *range(54, 99, 4)):
        for r2star in (20, 60, 100, 150, 200, 300, 500, 800):
            found = side_of_fold(three(ff, r2star, field, times, spectrum) * (1 + rng.normal(0, 0.015, 3)), times, field)
            count, decided = count + 1, decided + (found is not None)
            wrong += found is not None and (found < 50) != (ff < 50)
    assert decided > 0.2 * count and wrong <= 0.02 * decided


def test_the_level_says_how_the_third_echo_decided_or_that_it_did_not():
    field, times = ECHOES["3 T"]
    for ff, r2star, word in ((30.0, 80.0, "water"), (60.0, 80.0, "fat"), (10.0, 400.0, "")):
        signals = 100 * three(ff, r2star, field, times)
        roles = (Role.OPPOSED_PHASE, Role.IN_PHASE, Role.MULTI_ECHO)
        maps = {
            key: dataclasses.replace(slab([signal] * 5, role), echo_time_s=time, field_strength_t=field)
            for key, role, signal, time in zip(("opposed_phase", "in_phase", "third_echo"), roles, signals, times)
        }
        result = exam(maps)
        assert dominance_of(result) == word
        told = [flag.code for v in result.vertebrae for flag in v.findings]
        assert ("dominance.third_echo" in told) == (not word)
        if word:
            assert "three magnitude echoes" in result.vertebrae[0].measurements["water_dominant"].how


@pytest.mark.parametrize("key", ["water", "fat"])
def test_a_water_or_a_fat_image_decides_what_the_two_magnitudes_cannot(key):
    ff = np.array([30.0, 30.0, 70.0, 70.0, 70.0])
    image = slab(100.0 - ff if key == "water" else ff, Role.WATER if key == "water" else Role.FAT)
    result = exam({**in_and_opposed(ff), key: image})
    assert [v.measurements["water_dominant"].value for v in result.vertebrae] == [100.0, 100.0, 0.0, 0.0, 0.0]
    assert not any(flag.code == "dominance.not_known" for v in result.vertebrae for flag in v.findings)
    assert dominance_of(result) == "fat"


def test_the_columns_of_a_cohort_and_the_report_hold_it():
    results = Results((exam({"ff": slab([20.0] * 4 + [60.0], Role.PDFF)}),), (), None, Settings())
    row = case_record(results)
    assert row["dominance"] == "water" and row["dominance_follow_up"] is None and row["water_dominant_baseline"] == pytest.approx(80.0)
    page, japanese = (vertebrae_section(results, Strings(language)) for language in ("en", "ja"))
    assert "water-dominant (fat fraction below 50 %)" in page and ">water<" in page and ">fat<" in page
    assert "水優位" in japanese and ">脂肪<" in japanese
