"""Fat spectra, fat fraction and dropout ratio from ready images, and the scale of scanner maps."""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.fatwater import SPECTRA, check_pdff_scale, dropout_ratio, fat_fraction, fat_phasor
from MarrowQuantLib.model import MarrowQuantError

ECHOES = np.array([1.15, 2.30, 3.45, 4.60]) * 1e-3
# Computed independently from the published shifts and amplitudes, at 3 T.
GOLDEN = {
    "ismrm_6": [-0.7929 - 0.0503j, 0.8168 + 0.0934j, -0.6388 - 0.0149j, 0.5556 - 0.0579j],
    "hamilton_9": [-0.7917 - 0.0693j, 0.8026 + 0.1063j, -0.6338 - 0.0443j, 0.5363 - 0.0198j],
    "ren_marrow_9": [-0.7402 - 0.0835j, 0.7538 + 0.1507j, -0.5615 - 0.0393j, 0.4503 - 0.0027j],
}


@pytest.mark.parametrize("spectrum", list(GOLDEN))
def test_fat_phasor_has_its_golden_values(spectrum):
    np.testing.assert_allclose(fat_phasor(ECHOES, 3.0, spectrum), GOLDEN[spectrum], atol=6e-5)
    np.testing.assert_allclose(fat_phasor(2 * ECHOES, 1.5, spectrum), GOLDEN[spectrum], atol=6e-5)


def test_every_spectrum_is_of_amplitude_one_at_time_zero_and_names_its_source():
    for spectrum in SPECTRA.values():
        assert fat_phasor([0.0], 3.0, spectrum)[0] == pytest.approx(1.0)
        assert len(spectrum.shifts_ppm) == len(spectrum.amplitudes) and spectrum.source


def test_an_unknown_spectrum_is_refused():
    with pytest.raises(MarrowQuantError, match="ismrm_6"):
        fat_phasor(ECHOES, 3.0, "lard")


def test_fat_fraction_is_nan_without_signal_and_not_clipped():
    ff = fat_fraction(np.array([70.0, 0.0, -5.0, np.nan, 0.0]), np.array([30.0, 0.0, 105.0, 1.0, 50.0]))
    np.testing.assert_allclose(ff, [30.0, np.nan, 105.0, np.nan, 100.0], rtol=1e-6)


def test_integers_do_not_overflow_and_complex_images_enter_with_their_magnitude():
    assert fat_fraction(np.array([30000], np.int16), np.array([30000], np.int16))[0] == pytest.approx(50)
    assert fat_fraction(np.array([60j]), np.array([-40.0 + 0j]))[0] == pytest.approx(40)


def test_images_on_different_grids_are_refused():
    with pytest.raises(MarrowQuantError, match="same grid"):
        fat_fraction(np.ones((2, 3)), np.ones((3, 2)))


def test_dropout_ratio_is_the_relative_drop_and_nan_in_noise():
    drop = dropout_ratio(np.array([200, 100, 0, 3], np.uint16), np.array([100, 120, 7, 2], np.uint16), noise_floor=5)
    np.testing.assert_allclose(drop, [50.0, -20.0, np.nan, np.nan], rtol=1e-6)
    with pytest.raises(MarrowQuantError):
        dropout_ratio(np.ones(2), np.ones(2), noise_floor=-1)


@pytest.mark.parametrize(("ff", "drop"), [(0, 0.0), (5, 7.6), (10, 15.3), (30, 48.4), (50, 84.5), (60, 92.2), (80, 51.0), (100, 3.1)])
def test_dropout_ratio_over_fat_fraction_has_its_golden_values(ff, drop):
    # 3 T, TE 1.15 and 2.30 ms, Ren-marrow spectrum, no decay: computed independently.
    opposed, in_phase = np.abs(1 - ff / 100 + ff / 100 * fat_phasor([1.15e-3, 2.30e-3], 3.0))
    assert dropout_ratio(np.array([in_phase]), np.array([opposed]))[0] == pytest.approx(drop, abs=0.06)


@pytest.mark.parametrize(
    ("low", "high", "factor", "offset", "says"),
    [
        (0.0, 1.0, 100.0, 0.0, "fraction"),
        (-8.0, 108.0, 1.0, 0.0, "per cent"),
        (-100.0, 200.0, 1.0, 0.0, "per cent"),
        (0.0, 1000.0, 0.1, 0.0, "per mille"),
    ],
)
def test_scale_of_a_scanner_map_is_recognised_and_told(low, high, factor, offset, says):
    found = check_pdff_scale(np.linspace(low, high, 500))
    assert found[:2] == (factor, offset)
    assert says in found[2]


def test_unscaled_philips_values_get_slope_and_offset():
    stored = np.concatenate([np.linspace(1365, 2730, 400), [0, 4095]])
    factor, offset, sentence = check_pdff_scale(stored)
    assert factor * 1365 + offset == pytest.approx(0, abs=0.01) and factor * 2730 + offset == pytest.approx(100, abs=0.01)
    assert "Philips" in sentence


@pytest.mark.parametrize("values", [[], [np.nan], np.zeros(9), np.linspace(0, 4095, 99), [0, 60000.0]])
def test_values_of_no_known_scale_are_refused(values):
    with pytest.raises(MarrowQuantError):
        check_pdff_scale(values)
