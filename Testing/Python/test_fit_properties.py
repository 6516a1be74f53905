"""What must hold of a fit whatever the tissue: noiseless signal gives back what made it, the unit of the signal and the order of the images
change nothing, and a voxel's neighbours do not matter where each voxel stands by itself."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.echoes import SIX_ECHOES, simulate
from hypothesis import given, settings
from hypothesis import strategies as st
from MarrowQuantLib.diffusion import fit_adc, fit_kurtosis
from MarrowQuantLib.fatwater import fit_fat_water, fit_fat_water_magnitude
from MarrowQuantLib.features import first_order

FEW = settings(max_examples=20)
B_VALUES = st.lists(st.integers(0, 20), min_size=2, max_size=6, unique=True).map(lambda steps: np.array(sorted(steps)) * 50.0)
VALUES = st.lists(st.floats(-1e4, 1e4).map(lambda value: round(value, 3)), min_size=5, max_size=60)
TISSUE = st.tuples(st.floats(1.0, 1e5), st.floats(100.0, 3000.0))  # S0, D in µm²/s


def decay(b, s0, d, k=0.0):
    x = np.asarray(b) * d * 1e-6
    return s0 * np.exp(-x + k * x**2 / 6)


@given(B_VALUES, st.lists(TISSUE, min_size=1, max_size=4), st.sampled_from(["wls", "ols", "nlls"]), st.randoms(use_true_random=False))
def test_adc_of_noiseless_decay_is_the_diffusivity_in_any_order_and_unit(b, tissue, method, order):
    signal = np.stack([decay(b, s0, d) for s0, d in tissue])
    fit = fit_adc(signal, b, method=method)
    assert fit.valid.all() and fit.n_excluded == 0
    np.testing.assert_allclose(fit.adc_um2_per_s, [d for _, d in tissue], rtol=1e-3)
    np.testing.assert_allclose(fit.s0, [s0 for s0, _ in tissue], rtol=1e-3)
    mixed = list(range(len(b)))
    order.shuffle(mixed)
    again = fit_adc(signal[:, mixed] * 7.5, b[mixed], method=method)
    np.testing.assert_allclose(again.adc_um2_per_s, fit.adc_um2_per_s, rtol=1e-3)
    np.testing.assert_allclose(again.s0, 7.5 * fit.s0, rtol=1e-3)


@FEW
@given(st.floats(10.0, 1e4), st.floats(300.0, 1200.0), st.floats(0.0, 1.2))
def test_kurtosis_of_noiseless_signal_gives_back_both_parameters(s0, d, k):
    fit = fit_kurtosis(decay([0, 500, 1000, 1500, 2000], s0, d, k)[None], [0, 500, 1000, 1500, 2000])
    if k >= 3 / (2000e-6 * d):  # there the parabola rises again within the b-values
        assert not fit.valid[0]
    else:
        assert fit.d_um2_per_s[0] == pytest.approx(d, rel=5e-3) and fit.kurtosis[0] == pytest.approx(k, abs=0.01)


@FEW
@given(st.floats(0.0, 1.0), st.floats(-150.0, 150.0), st.floats(0.0, 200.0), st.floats(-3.0, 3.0), st.sampled_from([1.5, 3.0]))
def test_complex_echoes_give_back_the_fat_fraction_whatever_field_decay_and_phase(ff, field, r2star, phase, tesla):
    grid = np.ones((6, 6))
    signal = simulate(ff * grid, field * grid, r2star * grid, tesla=tesla, spectrum="ren_marrow_9", phase=phase)
    fit = fit_fat_water(signal, SIX_ECHOES, tesla, conjugate=False, readout="unipolar")
    assert np.abs(fit.pdff_percent - 100 * ff).max() < 0.1 and np.abs(fit.r2star_per_s - r2star).max() < 1.0
    scaled = fit_fat_water(1e-3 * signal, SIX_ECHOES, tesla, conjugate=False, readout="unipolar")
    np.testing.assert_allclose(scaled.pdff_percent, fit.pdff_percent, atol=0.01)


@FEW
@given(st.lists(st.floats(0.02, 0.98), min_size=2, max_size=5), st.floats(10.0, 150.0), st.floats(0.1, 100.0))
def test_magnitude_echoes_say_the_same_in_any_unit_and_beside_any_neighbour(fractions, r2star, scale):
    ff = np.array(fractions)[None]  # a slice of one row
    signal = np.abs(simulate(ff, np.zeros_like(ff), np.full_like(ff, r2star), spectrum="ren_marrow_9"))
    fit = fit_fat_water_magnitude(signal, SIX_ECHOES, 3.0)
    assert np.abs(fit.pdff_percent - 100 * ff).max() < 0.1
    np.testing.assert_allclose(fit_fat_water_magnitude(scale * signal, SIX_ECHOES, 3.0).pdff_percent, fit.pdff_percent, atol=0.02)
    alone = [fit_fat_water_magnitude(signal[:, n : n + 1], SIX_ECHOES, 3.0).pdff_percent[0, 0] for n in range(len(fractions))]
    np.testing.assert_allclose(alone, fit.pdff_percent[0], atol=0.02)


@given(VALUES, st.floats(0.5, 20.0), st.floats(-500.0, 500.0))
def test_features_follow_a_change_of_unit_and_of_origin(values, scale, shift):
    x = np.array(values)
    one, other = first_order(x), first_order(scale * x + shift)
    size = scale * max(np.ptp(x), 1.0) + abs(shift)
    for name in ("mean", "median", "min", "max", "p10", "p90"):
        assert other[name] == pytest.approx(scale * one[name] + shift, abs=1e-6 * size)
    for name in ("sd", "iqr", "range", "mad"):
        assert other[name] == pytest.approx(scale * one[name], abs=1e-6 * size)
    assert one["min"] <= one["p10"] <= one["median"] <= one["p90"] <= one["max"] and one["n"] == x.size
