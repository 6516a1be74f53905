"""Two echoes, T1 bias, and the swap sentinel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.echoes import columns, simulate
from MarrowQuantLib.fatwater import (
    apparent_fat_fraction,
    dropout_ratio,
    fat_phasor,
    find_swapped_slices,
    fit_dual_echo,
    swap_back,
    swapped_disc,
    swapped_levels,
)
from MarrowQuantLib.model import MarrowQuantError

TWO_ECHOES = np.array([1.15e-3, 2.30e-3])


def test_two_complex_echoes_give_the_fat_fraction_on_both_sides_of_one_half():
    ff, field, r2star, inside = columns(64)
    fit = fit_dual_echo(simulate(ff, field, 0 * r2star, TWO_ECHOES), TWO_ECHOES, 3.0, spectrum="ismrm_6", mask=inside)
    np.testing.assert_allclose(fit.pdff_percent[inside], 100 * ff[inside], atol=0.05)
    np.testing.assert_allclose(fit.water[inside], 1000 * (1 - ff)[inside], atol=1)
    wraps = (fit.field_map_hz - field)[inside] / fit.field_period_hz
    assert np.abs(wraps - np.round(wraps)).max() < 0.03
    assert np.isnan(fit.r2star_per_s).all() and fit.readout == "unipolar"


def test_noise_and_a_wrapping_field_do_not_swap_two_echoes():
    ff, _, r2star, inside = columns(128)
    y = np.linspace(-1, 1, 128)[:, None] + 0 * ff
    signal = simulate(ff, 900 * y, 0 * r2star, TWO_ECHOES, snr=40)
    fit = fit_dual_echo(signal[None], TWO_ECHOES, 3.0, spectrum="ismrm_6", mask=inside[None])
    assert np.mean(np.abs(fit.pdff_percent[0] - 100 * ff)[inside] > 20) < 0.002


@pytest.mark.parametrize("name", ["philips_01", "siemens_02"])
def test_real_dual_echoes_at_which_water_and_fat_never_cancel_are_refused(shared_data: Path, name):
    sidecars = sorted((shared_data / "dualecho_complex" / name).glob("*e[12].json"))
    headers = [json.loads(path.read_text()) for path in sidecars if "01001" in path.name or "0039" in path.name]
    times = [header["EchoTime"] for header in headers]
    assert times == pytest.approx([4.0e-3, 6.46e-3], abs=2e-6)
    with pytest.raises(MarrowQuantError, match="do not cancel"):
        fit_dual_echo(np.ones((8, 8, 2), complex), times, headers[0]["MagneticFieldStrength"])


@pytest.mark.parametrize(
    ("signal", "times", "says"),
    [
        (np.ones((4, 4, 2)), TWO_ECHOES, "dropout ratio"),
        (np.ones((4, 4, 3), complex), [1e-3, 2e-3, 3e-3], "three or more"),
        (np.ones((4, 4, 1), complex), [1e-3], "at least 2"),
        (np.ones((4, 4, 2), complex), 1000 * TWO_ECHOES, "milliseconds"),
    ],
)
def test_two_echoes_that_cannot_be_separated_are_refused(signal, times, says):
    with pytest.raises(MarrowQuantError, match=says):
        fit_dual_echo(signal, times, 3.0)


@pytest.mark.parametrize(("ff", "r2star", "uncorrected"), [(0, 80, -9.6), (10, 80, 7.2), (30, 80, 43.4), (0, 150, -18.8), (20, 150, 18.5)])
def test_r2star_lowers_the_drop_and_its_correction_restores_it(ff, r2star, uncorrected):
    # Ren-marrow spectrum at 3 T, TE 1.15 and 2.30 ms; the uncorrected values were computed independently.
    fraction = ff / 100
    clean = np.abs(1 - fraction + fraction * fat_phasor(TWO_ECHOES, 3.0))
    opposed, in_phase = clean * np.exp(-r2star * TWO_ECHOES)
    assert dropout_ratio(np.array([in_phase]), np.array([opposed]))[0] == pytest.approx(uncorrected, abs=0.06)
    corrected = dropout_ratio(np.array([in_phase]), np.array([opposed]), r2star_per_s=r2star, delay_s=1.15e-3)[0]
    assert corrected == pytest.approx(100 * (1 - clean[0] / clean[1]), abs=1e-3)


def test_a_delay_in_milliseconds_is_refused():
    with pytest.raises(MarrowQuantError, match="milliseconds"):
        dropout_ratio(np.ones(2), np.ones(2), r2star_per_s=50, delay_s=1.15)


@pytest.mark.parametrize(("angle", "points"), [(3, 1.7), (5, 4.2), (10, 10.9)])
def test_t1_bias_has_its_golden_values(angle, points):
    # TR 10 ms, T1 of fat 370 ms and of water 1000 ms, FF 30 %: computed independently.
    assert apparent_fat_fraction(30.0, angle, 0.010) - 30 == pytest.approx(points, abs=0.06)
    assert apparent_fat_fraction([0, 100], angle, 0.010) == pytest.approx([0, 100])


@pytest.mark.parametrize(("angle", "time", "says"), [(0, 0.01, "flip angle"), (3, 10, "in seconds"), (3, 0, "in seconds")])
def test_impossible_protocols_have_no_t1_bias(angle, time, says):
    with pytest.raises(MarrowQuantError, match=says):
        apparent_fat_fraction(30.0, angle, time)


def body(n_slices=6, n=64):
    """Water and fat of a round body with 10 mm of subcutaneous fat and fatty spots, in voxels of 2 mm."""
    y, x = np.meshgrid(*(np.arange(n) - n / 2 + 0.5,) * 2, indexing="ij")
    radius = 2 * np.hypot(y, x)
    ff = np.where(radius > 46, 0.95, 0.08)
    ff[(radius < 20) & (x > 0)] = 0.9
    volume = np.where(radius < 56, 100.0, 0.5) * np.ones((n_slices, 1, 1))
    return (1 - ff) * volume, ff * volume


SPACING = (2.0, 2.0, 4.0)


def test_a_sound_volume_gives_no_alarm():
    assert find_swapped_slices(*body(), SPACING).slices == ()


def test_a_swapped_slab_is_found_by_its_subcutaneous_fat_and_corrected_in_one_call():
    water, fat = body()
    swapped = swap_back(water, fat, [3, 4, 5])
    found = find_swapped_slices(*swapped, SPACING)
    assert found.slices == (3, 4, 5)
    assert "3 of 6 slices, from slice 4 on" in found.findings[0] and "under the skin" in found.findings[0]
    np.testing.assert_array_equal(swap_back(*swapped, found.slices), (water, fat))


def test_a_volume_swapped_as_a_whole_is_found():
    water, fat = body()
    found = find_swapped_slices(fat, water, SPACING)
    assert found.slices == tuple(range(6)) and "in 6 of 6 slices" in found.findings[0]


def test_without_skin_in_view_the_smaller_part_that_changes_places_is_told():
    water, fat = (values[:, 18:46, 18:46] for values in body(8))  # the field of view lies within the body
    found = find_swapped_slices(*swap_back(water, fat, [6, 7]), SPACING)
    assert found.slices == (6, 7) and "neighbouring slices" in found.findings[0]


def test_nan_and_integers_are_no_obstacle_and_grids_must_agree():
    water, fat = body()
    water[0, 0, 0] = np.nan
    assert find_swapped_slices(np.nan_to_num(water).astype(np.int16), fat.astype(np.int16), SPACING).slices == ()
    assert find_swapped_slices(water, fat, SPACING).slices == ()
    with pytest.raises(MarrowQuantError, match="one grid"):
        find_swapped_slices(water, fat[:2], SPACING)
    with pytest.raises(MarrowQuantError, match="outside the volume"):
        swap_back(water, fat, [9])


def test_a_level_or_a_disc_that_reads_like_the_mirror_image_is_told():
    sound = {"L1": 22.0, "L2": 25.0, "L3": 21.0, "L4": 30.0}
    assert swapped_levels(sound) == []
    assert len(swapped_levels({**sound, "L3": 78.0})) == 1 and "L3" in swapped_levels({**sound, "L3": 78.0})[0]
    assert swapped_levels({"L1": 20.0, "L2": 80.0}) == []  # with two, who is wrong?
    assert swapped_levels({**sound, "L3": float("nan")}) == []
    assert swapped_disc("L2", "L3", 91.0)[0].startswith("The disc between L2 and L3")
    assert swapped_disc("L2", "L3", 12.0) == swapped_disc("L2", "L3", float("nan")) == []
