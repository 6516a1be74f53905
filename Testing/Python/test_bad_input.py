"""Every public fit and the first-order features against every kind of bad input: a sentence, or excluded voxels that are counted.

Python's and numpy's warnings are errors here, so a fit that only warns fails.
"""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.diffusion import computed_b, fit_adc, fit_ivim, fit_kurtosis
from MarrowQuantLib.fatwater import fat_phasor, fit_fat_water, fit_fat_water_magnitude
from MarrowQuantLib.features import first_order
from MarrowQuantLib.model import MarrowQuantError

TIMES_S = 1.2e-3 + 1.0e-3 * np.arange(6)
B = np.array([0.0, 20.0, 50.0, 200.0, 400.0, 800.0])
SHAPE = (12, 10)
WATER, FAT = 700.0, 300.0
ECHOES = (WATER + FAT * fat_phasor(TIMES_S, 3.0)) * np.exp(-40.0 * TIMES_S) * np.ones((*SHAPE, 1))
MAGNITUDES = np.abs(ECHOES)
DECAY = 500.0 * (0.1 * np.exp(-B * 20e-3) + 0.9 * np.exp(-B * 900e-6)) * np.ones((*SHAPE, 1))


def separate(signal=ECHOES, axis=TIMES_S, tesla=3.0, **options):
    return fit_fat_water(signal, axis, tesla, **options)


def separate_magnitude(signal=MAGNITUDES, axis=TIMES_S, tesla=3.0, **options):
    return fit_fat_water_magnitude(signal, axis, tesla, **options)


def diffusion(fit):
    def run(signal=DECAY, axis=B, **options):
        return fit(signal, axis, **options)

    return run


# name: (fit, a good signal, its axis, the first map)
FITS = {
    "fit_fat_water": (separate, ECHOES, TIMES_S, "pdff_percent"),
    "fit_fat_water_magnitude": (separate_magnitude, MAGNITUDES, TIMES_S, "pdff_percent"),
    "fit_adc": (diffusion(fit_adc), DECAY, B, "adc_um2_per_s"),
    "fit_ivim": (diffusion(fit_ivim), DECAY, B, "d_um2_per_s"),
    "fit_kurtosis": (diffusion(fit_kurtosis), DECAY, B, "d_um2_per_s"),
}
EVERY_FIT = pytest.mark.parametrize("name", FITS)


def refused(run, *given, **options) -> str:
    with pytest.raises(MarrowQuantError) as caught:
        run(*given, **options)
    sentence = str(caught.value)
    assert isinstance(caught.value, ValueError) and sentence.endswith(".") and len(sentence.split()) > 5
    return sentence


# ------------------------------------------------------------------------------------------------------------- refused
@EVERY_FIT
@pytest.mark.parametrize(
    "spoil",
    [
        lambda s, x: (s, x[:-1]),
        lambda s, x: (s[..., :-1], x),
        lambda s, x: (np.moveaxis(s, -1, 0), x),
        lambda s, x: (s[..., 0, 0, 0] if s.ndim > 3 else s[0, 0, 0], x),
        lambda s, x: (s[..., :1], x[:1]),
        lambda s, x: (s[..., :0], x[:0]),
        lambda s, x: (s[:0], x),
        lambda s, x: (np.zeros_like(s), x * 1e6),
        lambda s, x: (s, x * 1e-6),
        lambda s, x: (s, -x - 1.0),
        lambda s, x: (s, np.where(x == x[1], np.nan, x)),
        lambda s, x: (s, np.where(x == x[1], np.inf, x)),
        lambda s, x: (s, np.full(x.size, x[-1])),
        lambda s, x: (s, [str(v) + " ms" for v in x]),
        lambda s, x: (s, [None] * x.size),
        lambda s, x: (s, None),
        lambda s, x: (s, x[None]),
        lambda s, x: (s.astype(object), x),
        lambda s, x: (s.astype(str), x),
        lambda s, x: (None, x),
        lambda s, x: ([[1.0, 2.0], [3.0]], x),
        lambda s, x: (np.ones(s.shape, bool), x),
    ],
    ids=[
        "too few axis values", "too few images", "images first", "a single number", "one image", "no image", "no voxel", "huge axis values",
        "tiny axis values", "negative axis values", "NaN in the axis", "infinity in the axis", "equal axis values", "text as axis",
        "None in the axis", "no axis", "axis of two dimensions", "objects", "text", "no images", "ragged lists", "booleans",
    ],
)  # fmt: skip
def test_images_and_axes_that_make_no_sense_are_refused(name, spoil):
    run, signal, axis, _ = FITS[name]
    refused(run, *spoil(signal, axis))


@EVERY_FIT
@pytest.mark.parametrize(
    ("mask", "says"),
    [
        (np.zeros(SHAPE, bool), "empty"),
        (np.ones((SHAPE[0], SHAPE[1] + 1), bool), "same grid"),
        (np.ones((*SHAPE, 1), bool), "same grid"),
        (np.ones(0, bool), "same grid"),
    ],
)
def test_masks_that_select_nothing_or_lie_elsewhere_are_refused(name, mask, says):
    assert says in refused(FITS[name][0], mask=mask)


@pytest.mark.parametrize("name", ["fit_fat_water", "fit_fat_water_magnitude"])
def test_echo_times_in_milliseconds_and_impossible_field_strengths_are_refused(name):
    run = FITS[name][0]
    assert "milliseconds" in refused(run, axis=1000 * TIMES_S)
    for tesla in (0.0, -3.0, 3000.0, np.nan, np.inf, None, "3 T"):
        assert "field strength" in refused(run, tesla=tesla)


@pytest.mark.parametrize("name", ["fit_adc", "fit_ivim", "fit_kurtosis"])
def test_b_values_in_other_units_are_refused(name):
    for factor in (1e-6, 1e-3, 1e6):  # s/µm², ms/µm², s/m²
        assert "s/mm²" in refused(FITS[name][0], axis=factor * B)
    assert "diffusion images are complex" in refused(FITS[name][0], DECAY + 0j)


def test_magnitude_images_for_the_complex_fit_and_the_reverse_are_refused():
    assert "complex images" in refused(separate, MAGNITUDES)
    assert "fit_fat_water" in refused(separate_magnitude, ECHOES)


@EVERY_FIT
def test_images_without_any_signal_give_no_number(name):
    run, signal, axis, first = FITS[name]
    for empty in (np.zeros_like(signal), np.full_like(signal, np.nan), np.full_like(signal, np.inf)):
        if name.startswith("fit_fat_water"):
            assert "no finite signal" in refused(run, empty, axis)
        else:
            fit = run(empty, axis)
            assert np.isnan(getattr(fit, first)).all() and not fit.valid.any() and fit.n_excluded == np.prod(SHAPE)


# ------------------------------------------------------------------------------------------- excluded voxels, and counted
@EVERY_FIT
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
def test_a_voxel_with_a_value_that_is_no_number_is_excluded_and_counted(name, value):
    run, signal, axis, first = FITS[name]
    if name == "fit_fat_water_magnitude" and value == -np.inf:
        assert "negative" in refused(run, np.where(np.arange(signal.size).reshape(signal.shape) == 3, value, signal))
        return
    spoilt = signal.copy()
    spoilt[2, 3, 1], spoilt[7, 7, :] = value, value
    fit = run(spoilt, axis)
    values, clean = getattr(fit, first), getattr(run(), first)
    assert fit.n_excluded == 2 and np.isnan(values[2, 3]) and np.isnan(values[7, 7])
    assert np.isfinite(values).sum() == values.size - 2
    far = np.s_[:, :2]  # the neighbours share the field, nothing else
    np.testing.assert_allclose(values[far], clean[far], rtol=1e-3)


@EVERY_FIT
def test_a_voxel_without_signal_is_excluded_and_counted(name):
    run, signal, axis, first = FITS[name]
    spoilt = signal.copy()
    spoilt[2, 3, :] = 0
    fit = run(spoilt, axis)
    assert fit.n_excluded == 1 and np.isnan(getattr(fit, first)[2, 3])


@pytest.mark.parametrize("name", ["fit_adc", "fit_ivim", "fit_kurtosis"])
@pytest.mark.parametrize("value", [0.0, -20.0])
def test_a_diffusion_sample_that_is_not_positive_excludes_its_voxel(name, value):
    run, signal, axis, first = FITS[name]
    spoilt = signal.copy()
    spoilt[4, 4, -1] = value
    fit = run(spoilt, axis)
    assert fit.n_excluded == 1 and np.isnan(getattr(fit, first)[4, 4]) and fit.valid.sum() == fit.valid.size - 1


def test_negative_magnitudes_are_refused():
    assert "negative" in refused(separate_magnitude, -MAGNITUDES)


# ------------------------------------------------------------------------------------------------------------- integers
@pytest.mark.parametrize("name", [name for name in FITS if name != "fit_fat_water"])
@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.int32, np.uint32, np.int64, ">i2", "<u2"], ids=str)
def test_integers_up_to_their_end_give_the_numbers_of_floats(name, kind):
    run, signal, axis, first = FITS[name]
    top = min(np.iinfo(np.dtype(kind)).max, 2**31)
    whole = np.round(signal / signal.max() * top)
    fitted, expected = getattr(run(np.minimum(whole, top).astype(kind), axis), first), getattr(run(whole, axis), first)
    np.testing.assert_allclose(fitted, expected, rtol=2e-3)


def test_complex_numbers_of_any_size_and_width_are_fitted():
    expected = separate().pdff_percent
    for factor, kind in ((1e-20, np.complex64), (1e20, np.complex128), (1.0, np.complex128)):
        np.testing.assert_allclose(separate((ECHOES * factor).astype(kind)).pdff_percent, expected, atol=0.05)


# ----------------------------------------------------------------------------------------------- computed b, first order
@pytest.mark.parametrize(
    ("s0", "adc", "b"),
    [
        (np.ones(3), np.ones(4), 800.0),
        (np.ones(3), np.ones(3), -1.0),
        (np.ones(3), np.ones(3), np.nan),
        (np.ones(3), np.ones(3), np.inf),
        (np.ones(3), np.ones(3), None),
        (np.ones(3), np.ones(3), "800"),
        (np.ones(3, complex), np.ones(3), 800.0),
        (np.ones(3), np.ones(3, complex), 800.0),
        (np.ones(3, object), np.ones(3), 800.0),
        (["a", "b"], np.ones(2), 800.0),
        (None, None, 800.0),
    ],
)
def test_an_image_that_cannot_be_computed_is_refused(s0, adc, b):
    refused(computed_b, s0, adc, b)


def test_computed_images_keep_missing_voxels_and_integers():
    s0, adc = np.array([1000, 1000, 0, 65535], np.uint16), np.array([800.0, np.nan, 800.0, -np.inf])
    image = computed_b(s0, adc, 1000.0)
    assert image[0] == pytest.approx(1000 * np.exp(-0.8)) and np.isnan(image[1]) and image[2] == 0 and np.isnan(image[3])
    assert computed_b(np.zeros(0), np.zeros(0), 800.0).shape == (0,)


@pytest.mark.parametrize(
    "values",
    [[], np.zeros((0, 3)), [np.nan], [np.inf, -np.inf], None, [None, 1.0], "text", ["1", "2"], [1 + 1j, 2], np.array([1.0, 2.0], object),
     [[1.0, 2.0], [3.0]]],
    ids=["nothing", "no voxel", "NaN", "infinity", "None", "None in it", "a word", "text", "complex", "objects", "ragged"],
)  # fmt: skip
def test_regions_without_numbers_are_refused(values):
    refused(first_order, values)


@pytest.mark.parametrize("options", [{"levels": 0}, {"levels": -3}, {"levels": np.nan}, {"levels": "many"}, {"bin_width": 0.0},
                                     {"bin_width": np.inf}, {"bin_width": "wide"}, {"levels": 8, "bin_width": 1.0}])  # fmt: skip
def test_discretisations_that_make_no_sense_are_refused(options):
    refused(first_order, [1.0, 2.0, 3.0], **options)


def test_integers_of_a_region_do_not_wrap_around():
    values = np.array([32767, -32768, 32767, 32767], np.int16)
    assert first_order(values) == first_order(values.astype(float))
