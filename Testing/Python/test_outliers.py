"""Levels that stand out from their neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MarrowQuantLib.model import Measurement, Role, VertebraResult, VertebraROI, Volume
from MarrowQuantLib.vertebrae.measure import measure_vertebrae
from MarrowQuantLib.vertebrae.outliers import with_outlier_findings

LUMBAR = ("L1", "L2", "L3", "L4", "L5")


def measured(values, key="ff", levels=LUMBAR, excluded=()):
    name, unit = {"ff": ("FF", "%"), "adc": ("ADC", "µm²/s")}[key]
    results = []
    for level, value in zip(levels, values):
        roi = VertebraROI(level, np.zeros(3), np.eye(3), np.ones(3), excluded="fracture" if level in excluded else None)
        results.append(VertebraResult(roi, {key: Measurement(name, value, unit)}))
    return results


def flagged(results):
    return [v.roi.level for v in with_outlier_findings(results) if any("stands out" in flag for flag in v.findings)]


def test_a_haemangioma_stands_out_and_says_what_to_do():
    results = with_outlier_findings(measured([41.0, 42.5, 78.0, 44.0, 46.0]))
    assert [bool(v.findings) for v in results] == [False, False, True, False, False]
    (flag,) = results[2].findings
    assert flag.startswith("L3: FF of 78.0 % stands out from the 43.2 % of its neighbours") and "exclude the level" in flag


@pytest.mark.parametrize("values", [[38.0, 39.5, 41.0, 42.5, 44.0], [40.0, 40.0, 40.0, 40.0, 45.9], [20.0, 45.0, 33.0, 52.0, 27.0]])
def test_drift_along_the_column_and_a_patchy_marrow_do_not(values):
    assert flagged(measured(values)) == []


def test_the_floor_is_twice_the_repeatability_of_the_fat_fraction():
    assert flagged(measured([40.0, 40.0, 40.0, 40.0, 46.1])) == ["L5"]


def test_the_adc_has_a_floor_of_27_percent():
    assert flagged(measured([600.0, 600.0, 600.0, 600.0, 760.0], "adc")) == []
    assert flagged(measured([600.0, 600.0, 600.0, 600.0, 770.0], "adc")) == ["L5"]


def test_an_excluded_level_is_not_flagged_and_does_not_count():
    assert flagged(measured([41.0, 42.0, 78.0, 43.0, 44.0], excluded=("L3",))) == []
    assert flagged(measured([41.0, 80.0, 78.0, 43.0, 44.0], excluded=("L3",))) == ["L2"]


def test_too_few_levels_and_missing_values_are_not_judged():
    assert flagged(measured([40.0, 41.0, 80.0], levels=LUMBAR[:3])) == []
    assert flagged(measured([40.0, 41.0, np.nan, 42.0, 43.0])) == []
    results = measured([41.0, 42.0, 78.0, 43.0, 44.0])
    results[2] = replace(results[2], measurements={})
    assert flagged(results) == []


def test_only_near_levels_count_in_a_long_column():
    levels = tuple(f"T{n}" for n in range(3, 13)) + LUMBAR
    assert flagged(measured(np.linspace(20, 55, len(levels)), levels=levels)) == []
    values = np.linspace(20, 55, len(levels))
    values[7] += 30
    assert flagged(measured(values, levels=levels)) == ["T10"]


def test_measuring_flags_the_level_in_its_results():
    array = np.full((100, 30, 30), 40.0, np.float32)
    array[40:60] = 75.0
    ff = Volume(array, np.eye(4), role=Role.PDFF, unit="%")
    rois = [VertebraROI(level, np.array([15.0, 15.0, z]), np.eye(3), np.full(3, 5.0)) for level, z in zip(LUMBAR, (90, 70, 50, 30, 10))]
    vertebrae, _ = measure_vertebrae({"ff": ff}, rois)
    assert [bool(v.findings) for v in vertebrae] == [False, False, True, False, False]
