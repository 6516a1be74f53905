"""First-order features against the IBSI digital phantom and closed forms."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.studies import REFERENCES
from MarrowQuantLib.features import first_order, histogram
from MarrowQuantLib.model import MarrowQuantError


@pytest.mark.parametrize("discretisation", [{"levels": 6}, {"bin_width": 1.0}])
def test_ibsi_digital_phantom_is_reproduced_within_the_published_digits(discretisation):
    folder = REFERENCES / "ibsi_digital_phantom"
    image = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "phantom.nii.gz")))
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "mask.nii.gz"))) > 0
    published = json.loads((REFERENCES / "references.json").read_text(encoding="utf-8"))["ibsi_digital_phantom"]
    ours = first_order(image[mask], **discretisation)
    assert ours["n"] == 74
    compared = [name for name in published if name != "source"]
    assert len(compared) == 21
    for name in compared:
        assert float(f"{ours[name]:.3g}") == published[name], name


def test_the_level_counts_of_the_ibsi_phantom_give_the_exact_moments():
    # Exact values computed from the level counts 1:50, 3:1, 4:16, 6:7.
    ours = first_order(np.repeat([1, 3, 4, 6], [50, 1, 16, 7]), levels=6)
    exact = {
        "mean": 2.148649, "variance": 3.045471, "skewness": 1.083821, "kurtosis_excess": -0.354620,
        "histogram_entropy": 1.265612, "histogram_uniformity": 0.512418, "robust_mad": 1.113834,
    }  # fmt: skip
    for name, value in exact.items():
        assert ours[name] == pytest.approx(value, abs=1e-6), name


def test_moments_of_known_distributions():
    rng = np.random.default_rng(1)
    normal = first_order(rng.normal(50, 4, 200_000))
    assert normal["skewness"] == pytest.approx(0, abs=0.02)
    assert normal["kurtosis_excess"] == pytest.approx(0, abs=0.05)
    exponential = first_order(rng.exponential(1.0, 400_000))
    assert exponential["skewness"] == pytest.approx(2, rel=0.05)
    assert exponential["kurtosis_excess"] == pytest.approx(6, rel=0.15)
    uniform = first_order(rng.uniform(0, 1, 200_000), levels=64)
    assert uniform["histogram_entropy"] == pytest.approx(6.0, abs=0.001)  # log2 of the number of levels


def test_nan_and_infinity_are_left_out_and_counted():
    clean = np.arange(20.0)
    dirty = np.concatenate([clean, [np.nan, np.inf, -np.inf]])
    ours = first_order(dirty)
    assert ours["n"] == 20 and ours["n_excluded"] == 3
    assert {k: v for k, v in ours.items() if k != "n_excluded"} == {k: v for k, v in first_order(clean).items() if k != "n_excluded"}


def test_shape_and_type_of_the_values_do_not_matter():
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4) * 1000
    assert first_order(values) == first_order(values.ravel().astype(float))


def test_a_constant_region_has_no_skewness():
    ours = first_order(np.full(9, 0.1))
    assert ours["variance"] == 0 and ours["mean"] == pytest.approx(0.1)
    assert np.isnan(ours["skewness"]) and np.isnan(ours["kurtosis_excess"])
    assert ours["histogram_entropy"] == 0 and ours["histogram_uniformity"] == 1


def test_a_single_voxel_is_measured():
    ours = first_order([42.0])
    assert ours["n"] == 1 and ours["median"] == ours["mean"] == ours["p95"] == 42.0


def test_quotients_by_zero_are_nan():
    ours = first_order([-1.0, 1.0])
    assert np.isnan(ours["cov"]) and np.isnan(ours["qcod"])


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], np.zeros((0, 3))])
def test_a_region_without_valid_voxels_is_refused(values):
    with pytest.raises(MarrowQuantError, match="no valid voxel"):
        first_order(values)
    with pytest.raises(MarrowQuantError, match="no valid voxel"):
        histogram(values, "FF", "%")


def test_values_that_no_map_holds_raise_no_warning_and_no_wrong_number():
    huge = first_order([1e200, 2e200, 4e200])
    assert huge["median"] == 2e200 and np.isinf(huge["energy"]) and not np.isfinite(huge["skewness"])
    with pytest.raises(MarrowQuantError, match="complex"):
        first_order([1 + 1j, 2])
    assert first_order(np.array([250, 250], np.uint8))["mean"] == 250  # the sum does not wrap around


@pytest.mark.parametrize("options", [{"levels": 0}, {"bin_width": 0.0}, {"bin_width": np.nan}, {"levels": 8, "bin_width": 1.0}])
def test_discretisation_that_makes_no_sense_is_refused(options):
    with pytest.raises(MarrowQuantError):
        first_order([1.0, 2.0], **options)


def test_histograms_of_one_quantity_share_their_edges_and_lose_no_voxel():
    a = histogram(np.array([-20.0, 0.5, 30.2, 30.7, 140.0, np.nan]), "FF", "%")
    b = histogram(np.array([55.5]), "FF", "%")
    np.testing.assert_array_equal(a.edges, b.edges)
    assert len(a.edges) == len(a.counts) + 1
    assert a.counts.sum() == 5 and a.counts[0] == 1 and a.counts[-1] == 1 and a.counts[40] == 2
    adc = histogram(np.array([1234.0]), "ADC", "µm²/s")
    assert adc.edges[0] == 0 and adc.edges[-1] == 3000 and adc.unit == "µm²/s"


def test_histogram_of_another_quantity_spans_its_values():
    h = histogram(np.array([2.0, 4.0, 8.0]), "T2", "ms", bins=3)
    assert h.edges[0] == 2 and h.edges[-1] == 8 and h.counts.tolist() == [1, 1, 1]
    assert histogram(np.array([5.0, 5.0]), "T2", "ms").counts.sum() == 2
    with pytest.raises(MarrowQuantError):
        histogram([1.0], "T2", "ms", range=(3.0, 3.0))
    with pytest.raises(MarrowQuantError):
        histogram([1.0], "T2", "ms", bins=0)
