"""The change of distributions and the functional map, against closed forms; and what is said about small regions."""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.features import first_order, region_findings
from MarrowQuantLib.followup.distributions import compare_distributions, functional_map
from MarrowQuantLib.model import MarrowQuantError
from scipy.stats import norm


def test_two_normal_distributions_have_the_shift_overlap_and_distance_of_theory():
    rng = np.random.default_rng(0)
    before, after = rng.normal(800, 100, 200_000), rng.normal(950, 100, 150_000)
    change = compare_distributions(before, after, "ADC", "µm²/s", bins=300)  # 10 µm²/s: a tenth of the standard deviation
    assert change.median_shift == pytest.approx(150, abs=1.5)
    assert change.mean_shift == pytest.approx(150, abs=1.5)
    assert change.overlap == pytest.approx(2 * norm.cdf(-150 / 100 / 2), abs=0.01)  # equal variances: 2 Φ(-d/2)
    assert change.earth_mover == pytest.approx(150, abs=1.5)  # a pure shift
    assert change.findings == () and (change.n_before, change.n_after) == (200_000, 150_000)


def test_earth_mover_sees_a_change_of_width_that_the_median_does_not():
    before, after = np.full(1000, 40.0), np.concatenate([np.full(500, 30.0), np.full(500, 50.0)])
    change = compare_distributions(before, after, "FF", "%")
    assert change.median_shift == 0 and change.mean_shift == 0
    assert change.earth_mover == pytest.approx(10) and change.overlap == 0


@pytest.mark.parametrize("quantity", ["ADC", "FF", "T2"])
def test_the_same_values_overlap_fully(quantity):
    values = np.random.default_rng(1).uniform(10, 90, (20, 30))
    change = compare_distributions(values, values.ravel()[::-1], quantity, "")
    assert change.overlap == pytest.approx(1) and change.earth_mover == 0 and change.median_shift == 0


def test_a_constant_quantity_can_be_compared():
    assert compare_distributions(np.ones(60), np.ones(70), "T2", "ms").overlap == 1


def test_missing_values_are_counted_and_small_regions_are_named():
    change = compare_distributions([1.0, 2.0, np.nan], np.append(np.arange(100.0), [np.inf, np.nan]), "FF", "%")
    assert (change.n_before, change.n_excluded_before, change.n_after, change.n_excluded_after) == (2, 1, 100, 2)
    assert len(change.findings) == 1 and "Only 2 voxels before" in change.findings[0]
    with pytest.raises(MarrowQuantError, match="no valid voxel"):
        compare_distributions([np.nan], [1.0], "FF", "%")


def test_voxels_up_down_and_unchanged_are_counted_against_the_limit():
    before = np.array([[1000.0, 1000, 1000, 1000], [1000, np.nan, 1000, 1000]])
    after = np.array([[1201.0, 1200, 799, 800], [1000, 1000, np.inf, 5000]])
    mask = np.ones((2, 4), bool)
    mask[1, 3] = False
    found = functional_map(before, after, 200.0, mask=mask)
    assert found.classes.tolist() == [[3, 2, 1, 2], [2, 0, 0, 0]]
    assert (found.percent_down, found.percent_unchanged, found.percent_up) == (20, 60, 20)
    assert (found.n_voxels, found.n_excluded) == (5, 2)


def test_integer_maps_do_not_wrap_around():
    found = functional_map(np.array([3000, 100], np.uint16), np.array([100, 3000], np.uint16), 500)
    assert found.classes.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("after", "limit", "mask", "says"),
    [
        (np.ones((3, 3)), 1, None, "one grid"),
        (np.ones((2, 3)), 1, np.ones((3, 3), bool), "one grid"),
        (np.ones((2, 3)), -1, None, "limit"),
        (np.ones((2, 3)), np.nan, None, "limit"),
        (np.full((2, 3), np.nan), 1, None, "No voxel"),
        (np.ones((2, 3)), 1, np.zeros((2, 3), bool), "No voxel"),
    ],
)
def test_maps_that_cannot_be_compared_are_refused_with_a_sentence(after, limit, mask, says):
    with pytest.raises(MarrowQuantError, match=says):
        functional_map(np.ones((2, 3)), after, limit, mask=mask)


def test_small_regions_and_missing_values_are_told():
    small, large = first_order(np.array([1.0, 2.0, np.nan])), first_order(np.arange(500.0))
    said = region_findings({"L1": small, "L2": large, "L3": small}, "ADC")
    assert len(said) == 2 and "ADC: fewer than 50 voxels in L1 (2), L3 (2)" in said[0] and "L1 (1 of 3), L3 (1 of 3)" in said[1]
    assert region_findings({"L2": large}, "ADC") == ()
