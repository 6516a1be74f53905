"""Iron: fast decay is not taken for fat, the sign of the phase is found, rivals are told, and the standard deviations are right."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.echoes import SIX_ECHOES, disc, simulate
from MarrowQuantLib.fatwater import fat_phasor, fit_fat_water, refine, rivals

SPECTRUM = "ren_marrow_9"
TISSUES = 3  # bands of water and fat


def with_iron(where, fraction, r2star, n=36):
    """Fat fraction, field, R2* and the place of iron: bands of 5 and 90 % fat with R2* 40 1/s, and iron everywhere or in a part."""
    y, x, _ = disc(n)
    place = {
        "everywhere": np.ones((n, n), bool), "a third": x < -0.4, "an organ": np.hypot(x - 0.3, y + 0.2) < 0.4,
        "a vertebra": (np.abs(x) < 0.25) & (np.abs(y) < 0.2),
    }[where]  # fmt: skip
    bands = np.where((TISSUES * x + 10) // 1 % 2 == 0, 0.05, 0.9)
    field = 80 * (x**2 - 0.5 * y**2) + 30 * y
    return np.where(place, fraction, bands), field, np.where(place, r2star, 40.0), place


def magnitude_ratio(fit):
    return 100 * np.abs(fit.fat) / (np.abs(fit.water) + np.abs(fit.fat))


@pytest.mark.parametrize("where", ["everywhere", "a third", "an organ", "a vertebra"])
@pytest.mark.parametrize(
    ("tesla", "spacing_ms", "n_echoes", "r2star", "fraction"),
    [
        (1.5, 1.2, 6, 350, 0.05), (1.5, 1.2, 6, 230, 0.20), (1.5, 0.9, 8, 500, 0.10), (1.5, 2.0, 6, 500, 0.80), (1.5, 1.6, 4, 350, 0.0),
        (3.0, 0.9, 6, 1000, 0.10), (3.0, 1.2, 6, 700, 0.40), (3.0, 1.6, 4, 500, 0.05), (3.0, 2.0, 8, 350, 0.60),
    ],
)  # fmt: skip
def test_iron_does_not_swap_water_and_fat(where, tesla, spacing_ms, n_echoes, r2star, fraction):
    times = 1e-3 * (1.1 + spacing_ms * np.arange(n_echoes))
    ff, field, decay, place = with_iron(where, fraction, r2star)
    fit = fit_fat_water(simulate(ff, field, decay, times, tesla, 50, SPECTRUM), times, tesla, spectrum=SPECTRUM)
    wrong = np.abs(magnitude_ratio(fit) - 100 * ff) > 25
    assert wrong[place].mean() < 0.05
    assert wrong[~place].sum() <= 0.02 * place.size


@pytest.mark.parametrize("where", ["everywhere", "a third", "an organ", "a vertebra"])
@pytest.mark.parametrize(
    ("tesla", "spacing_ms", "n_echoes", "r2star", "fraction"),
    [
        (1.5, 0.9, 4, 230, 0.05), (1.5, 0.9, 6, 1000, 0.0), (1.5, 1.2, 6, 1000, 0.05), (1.5, 2.3, 4, 700, 0.2), (1.5, 2.3, 6, 500, 0.95),
        (3.0, 1.2, 4, 700, 0.95), (3.0, 2.0, 6, 350, 0.95), (3.0, 0.9, 4, 1000, 0.0), (3.0, 2.0, 4, 1000, 0.95), (3.0, 2.0, 8, 1000, 0.95),
        (3.0, 2.0, 6, 700, 0.95), (3.0, 2.3, 4, 700, 0.95),
    ],
)  # fmt: skip
def test_where_iron_leaves_a_doubt_nothing_is_wrong_unmarked(where, tesla, spacing_ms, n_echoes, r2star, fraction):
    times = 1e-3 * (1.1 + spacing_ms * np.arange(n_echoes))
    ff, field, decay, place = with_iron(where, fraction, r2star)
    signal = simulate(ff, field, decay, times, tesla, 50, SPECTRUM)
    fit = fit_fat_water(signal, times, tesla, spectrum=SPECTRUM)
    wrong = (np.abs(magnitude_ratio(fit) - 100 * ff) > 25) & (np.abs(from_truth(signal, field, decay, times, tesla) - 100 * ff) < 25)
    assert (wrong & ~fit.swap_suspect)[place].mean() < 0.04


@pytest.mark.parametrize(
    ("tesla", "times_ms", "snr"),
    [(3.0, SIX_ECHOES, 20), (1.5, 1e-3 * (1.1 + 2.3 * np.arange(4)), 20), (1.5, 1e-3 * (1.1 + 1.6 * np.arange(6)), 10)],
)
def test_signal_that_dips_where_water_and_fat_oppose_is_no_lost_signal(tesla, times_ms, snr):
    n = 48
    ff, decay = np.linspace(0, 1, n) * np.ones((n, 1)), np.linspace(20, 120, n)[:, None] * np.ones(n)
    fit = fit_fat_water(simulate(ff, 0 * ff, decay, times_ms, tesla, snr, SPECTRUM, seed=8), times_ms, tesla)
    assert np.abs(fit.pdff_percent - 100 * ff).max() < 50
    assert fit.swap_suspect.mean() < 0.02


def from_truth(signal, field_hz, r2star, times, tesla):
    """What maximum likelihood of a voxel alone reads, started at the truth: noise alone reaches 25 points at 1000 1/s."""
    at = refine.echoes(times, fat_phasor(times, tesla, SPECTRUM))
    flat = np.moveaxis(signal, -1, 0).reshape(len(times), -1).astype(np.complex64) / np.abs(signal).max()
    return magnitude_ratio(refine.refine(flat, field_hz.ravel(), r2star.ravel(), at)).reshape(field_hz.shape)


@pytest.mark.parametrize("conjugate", [False, True])
@pytest.mark.parametrize(("r2star", "fraction"), [(350, 0.05), (500, 0.05), (230, 0.2), (40, 0.4)])
def test_the_sign_of_the_phase_is_found_whatever_the_decay(r2star, fraction, conjugate):
    times = 1e-3 * (1.2 + 1.2 * np.arange(6))
    signal = simulate(np.full((36, 36), fraction), np.zeros((36, 36)), np.full((36, 36), float(r2star)), times, 1.5, 50, SPECTRUM)
    fit = fit_fat_water(signal.conj() if conjugate else signal, times, 1.5)
    assert fit.conjugated == conjugate and "fatwater.sign" not in [w.code for w in fit.findings]
    assert np.median(fit.pdff_percent) == pytest.approx(100 * fraction, abs=3)


def test_a_sign_that_cannot_be_told_stays_that_of_the_model_and_is_a_finding():
    # Nearly all of the signal is gone at the second echo.
    times = 1e-3 * (1.1 + 2.3 * np.arange(4))
    signal = simulate(np.full((36, 36), 0.02), np.zeros((36, 36)), np.full((36, 36), 900.0), times, 1.5, 10, SPECTRUM)
    for sent in (signal, signal.conj()):
        fit = fit_fat_water(sent, times, 1.5)
        assert not fit.conjugated
        assert "fatwater.sign" in [w.code for w in fit.findings]
    assert "fatwater.sign" not in [w.code for w in fit_fat_water(signal, times, 1.5, conjugate=False).findings]


@pytest.mark.parametrize(("spacing_ms", "turned"), [(1.6, False), (1.6, True), (2.0, False), (2.0, True)])
def test_three_echoes_never_give_the_wrong_sign_without_a_finding(spacing_ms, turned):
    times, x = 1e-3 * (1.1 + spacing_ms * np.arange(3)), disc(36)[1]
    signal = simulate(np.where(x > 0, 0.1, 0.6), 60 * x, np.full((36, 36), 40.0), times, 1.5, 40, SPECTRUM)
    fit = fit_fat_water(signal.conj() if turned else signal, times, 1.5)
    assert not fit.conjugated and "fatwater.sign" in [w.code for w in fit.findings]


def test_where_the_data_cannot_tell_the_whole_region_is_suspect():
    # At R2* 700 1/s and four echoes 0.9 ms apart at 1.5 T water and fat differ by a tenth of a turn before the signal is gone.
    times = 1e-3 * (1.1 + 0.9 * np.arange(4))
    signal = simulate(np.zeros((36, 36)), np.zeros((36, 36)), np.full((36, 36), 700.0), times, 1.5, 50, SPECTRUM)
    fit = fit_fat_water(signal, times, 1.5, conjugate=False)
    assert fit.swap_suspect.mean() > 0.95
    assert "fatwater.rival" in [w.code for w in fit.findings]


def test_a_muscle_that_flips_is_suspect_as_a_whole_or_right():
    # An island of muscle of 600 voxels in lung, where the field jumps by the distance of fat and water and a little motion spoils the fit.
    n = 60
    y, x, _ = disc(n)
    island, rim = np.hypot(x, y) < 0.47, np.abs(np.hypot(x, y) - 0.6) > 0.14
    times = 1e-3 * (1.3 + 2.2 * np.arange(6))
    field = np.where(island, 217.0, 0.0)  # 3.4 ppm at 1.5 T
    signal = simulate(np.where(island, 0.03, 0.9), field, np.full((n, n), 40.0), times, 1.5, 40, SPECTRUM)
    signal = signal * np.where(rim, 1.0, 0.02)[..., None]
    fit = fit_fat_water(signal, times, 1.5)
    wrong = (np.abs(magnitude_ratio(fit) - 3) > 25) & island
    assert wrong.sum() < 0.05 * island.sum() or fit.swap_suspect[wrong].mean() > 0.95


@pytest.mark.parametrize("jump_ppm", [-3.4, 0.0])
@pytest.mark.parametrize(("tesla", "spacing_ms"), [(3.0, 0.98), (3.0, 1.2)])
def test_muscle_between_lungs_is_marked_where_the_field_jumps_by_the_distance_of_fat_and_water(tesla, spacing_ms, jump_ppm):
    # The field read is then smooth, so that the wrong part has no border, and is one region with what is right above and below.
    n, times = 72, 1e-3 * (1.2 + spacing_ms * np.arange(6))
    y, x, _ = disc(n)
    radius = np.hypot(x / 0.95, y / 0.75)
    lungs = (np.hypot((x - 0.45) / 0.33, y / 0.5) < 1) | (np.hypot((x + 0.45) / 0.33, y / 0.5) < 1)
    muscle, body = (np.abs(x) < 0.1) & (np.abs(y) < 0.4), (radius < 1) & ~lungs
    field = 42.577 * tesla * (0.3 * x * y + np.where(muscle, jump_ppm, 0.0))
    fraction = np.where((radius > 0.88) & body, 0.9, 0.05)
    clean = simulate(fraction, field, np.full((n, n), 40.0), times, tesla, spectrum=SPECTRUM)
    noise = simulate(fraction, field, np.full((n, n), 1e6), times, tesla, 40, SPECTRUM, seed=5)
    fit = fit_fat_water(clean * np.where(body, 1.0, 0.03)[..., None] + noise, times, tesla)
    wrong = np.abs(magnitude_ratio(fit) - 100 * fraction) > 25
    assert (wrong & muscle & ~fit.swap_suspect).sum() < 0.05 * muscle.sum()
    if not jump_ppm:
        assert (wrong & body).sum() < 0.01 * body.sum() and (fit.swap_suspect & body).sum() < 0.08 * body.sum()


def test_regions_end_where_the_field_jumps_and_in_the_dark():
    labels = np.array([[[0, 0, 9, 9, 0, 19]]])
    judged = np.array([[[True, True, True, True, False, True]]])
    found = rivals.find(np.zeros((20, 1, 1, 6), np.float32), labels, judged, 6, True)
    region = found.region[0, 0]
    assert region[0] == region[1] != region[2] == region[3] and region[4] == -1
    circular = rivals.find(np.zeros((20, 1, 1, 2), np.float32), np.array([[[0, 19]]]), np.ones((1, 1, 2), bool), 6, True)
    assert len(set(circular.region.ravel())) == 1  # label 19 is a neighbour of label 0


def test_the_rival_is_the_lowest_other_minimum():
    cost = np.full((20, 1, 1, 1), 5.0, np.float32)
    cost[[3, 12, 17], 0, 0, 0] = 0, 2, 1
    found = rivals.find(cost, np.array([[[3]]]), np.ones((1, 1, 1), bool), 5, False)
    assert found.rival[0, 0, 0] == 17
    assert rivals.find(cost, np.array([[[3]]]), np.ones((1, 1, 1), bool), 8, True).rival[0, 0, 0] == 12  # across the end 17 is near


@pytest.mark.parametrize("snr", [10, 20, 60])
@pytest.mark.parametrize(
    ("tesla", "times"), [(3.0, SIX_ECHOES), (1.5, 1e-3 * (1.15 + 2 * np.arange(6))), (3.0, 1e-3 * (1.15 + np.arange(4)))]
)
@pytest.mark.parametrize(("fraction", "r2star"), [(0.0, 40), (0.05, 40), (0.2, 150), (0.5, 60), (0.8, 40)])
def test_two_standard_deviations_hold_the_truth(snr, tesla, times, fraction, r2star):
    n = 48
    field = np.linspace(-60, 60, n) + np.zeros((n, 1))
    signal = simulate(np.full((n, n), fraction), field, np.full((n, n), float(r2star)), times, tesla, snr, SPECTRUM, seed=21)
    fit = fit_fat_water(signal, times, tesla)
    for error, sd in (
        (fit.pdff_percent - 100 * fraction, fit.pdff_sd_percent),
        (fit.r2star_per_s - r2star, fit.r2star_sd_per_s),
    ):
        assert 0.92 < np.mean(np.abs(error) < 2 * sd) < 0.98
    assert abs(np.mean(fit.pdff_percent) - 100 * fraction) < 0.5


@pytest.mark.parametrize(
    ("tesla", "spacing_ms", "snr"), [(3.0, 0.98, 10), (3.0, 0.98, 15), (1.5, 2.0, 20), (3.0, 1.6, 20)]
)
@pytest.mark.parametrize("fraction", [0.0, 0.05, 0.2, 0.5, 0.8])
def test_two_standard_deviations_hold_the_truth_of_iron_in_noise(tesla, spacing_ms, snr, fraction):
    n, r2star, times = 64, 400.0, 1e-3 * (1.15 + spacing_ms * np.arange(6))
    field = np.linspace(-60, 60, n) + np.zeros((2, n, 1))
    signal = simulate(np.full((2, n, n), fraction), field, np.full((2, n, n), r2star), times, tesla, snr, SPECTRUM, seed=31)
    fit = fit_fat_water(signal, times, tesla)
    errors = fit.pdff_percent - 100 * fraction, fit.r2star_per_s - r2star
    for error, sd in zip(errors, (fit.pdff_sd_percent, fit.r2star_sd_per_s)):
        told = np.isfinite(sd)
        assert told.mean() > 0.9
        assert 0.92 < np.mean(np.abs(error) < 2 * sd, where=told) < 0.98
    assert abs(np.mean(errors[0])) < 0.5 + 3 * np.std(errors[0]) / np.sqrt(errors[0].size)


@pytest.mark.parametrize(("tesla", "spacing_ms", "r2star"), [(3.0, 1.6, 400), (1.5, 2.0, 400), (1.5, 2.0, 600), (3.0, 0.98, 600)])
@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.8])
def test_r2star_is_held_where_two_or_three_echoes_stand_out_of_the_noise(tesla, spacing_ms, r2star, fraction):
    n, times = 64, 1e-3 * (1.15 + spacing_ms * np.arange(6))
    signal = simulate(np.full((n, n), fraction), np.zeros((n, n)), np.full((n, n), float(r2star)), times, tesla, 10, SPECTRUM, seed=31)
    fit = fit_fat_water(signal, times, tesla, conjugate=False)
    told = np.isfinite(fit.r2star_sd_per_s)  # where no R2* is excluded there is no standard deviation
    assert told.mean() > 0.7
    assert 0.92 < np.mean(np.abs(fit.r2star_per_s - r2star) < 2 * fit.r2star_sd_per_s, where=told) < 0.98


def test_the_mean_fat_fraction_is_not_pulled_off_its_end_by_noise():
    # The magnitude-discriminated value is 0.9 points low here, where a voxel has a standard deviation of 14 points.
    shape, times = (4, 96, 96), 1e-3 * (1.15 + 0.98 * np.arange(6))
    signal = simulate(np.zeros(shape), np.zeros(shape), np.full(shape, 400.0), times, 3.0, 10, SPECTRUM, seed=33)
    assert abs(np.mean(fit_fat_water(signal, times, 3.0).pdff_percent)) < 0.4


def test_the_standard_deviation_follows_noise_that_varies_in_space():
    n = 64
    noise = np.repeat(np.linspace(1, 4, 4), n // 4)[None, :, None] * np.ones((n, 1, 1))
    clean = simulate(np.full((n, n), 0.3), np.zeros((n, n)), np.full((n, n), 50.0), spectrum=SPECTRUM)
    fit = fit_fat_water(clean + (simulate(np.zeros((n, n)), 0 * clean[..., 0].real, np.full((n, n), 1e6), snr=60)) * noise, SIX_ECHOES, 3.0)
    left, right = np.median(fit.pdff_sd_percent[:, :12]), np.median(fit.pdff_sd_percent[:, -12:])
    assert right / left == pytest.approx(4, rel=0.15)


def test_the_bound_is_that_of_the_inverse_information_matrix():
    # Independent: real parameters (parts of W and F, field, R2*), numerical derivatives, the inverse of the real information matrix.
    times, tesla, sigma = SIX_ECHOES, 3.0, 0.01
    truth = np.array([0.7, 0.1, 0.25, 0.05, 30.0, 90.0])
    phasor = fat_phasor(times, tesla, SPECTRUM)

    def model(p):
        return (p[0] + 1j * p[1] + (p[2] + 1j * p[3]) * phasor) * np.exp((2j * np.pi * p[4] - p[5]) * times)

    def fraction(p):
        return np.hypot(p[2], p[3]) / (np.hypot(p[0], p[1]) + np.hypot(p[2], p[3]))

    steps = np.diag([1e-6] * 4 + [1e-4] * 2)
    slopes = np.stack([(model(truth + s) - model(truth - s)) / (2 * s.sum()) for s in steps])
    covariance = np.linalg.inv((np.conj(slopes) @ slopes.T).real * 2 / sigma**2)
    gradient = np.array([(fraction(truth + s) - fraction(truth - s)) / (2 * s.sum()) for s in steps])
    rng = np.random.default_rng(5)
    noise = (rng.normal(size=(40, 40, 6)) + 1j * rng.normal(size=(40, 40, 6))) * sigma / np.sqrt(2)
    fit = fit_fat_water(model(truth) + noise, times, tesla)
    assert np.median(fit.pdff_sd_percent) == pytest.approx(100 * np.sqrt(gradient @ covariance @ gradient), rel=0.05)
    assert np.median(fit.r2star_sd_per_s) == pytest.approx(np.sqrt(covariance[5, 5]), rel=0.05)
