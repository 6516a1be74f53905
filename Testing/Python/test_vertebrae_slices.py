"""Thick slices divided into thin ones: what is kept, where the voxels lie, and what the search gains by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import spines
from helpers.studies import needs_studies
from MarrowQuantLib.model import Volume
from MarrowQuantLib.phantom.shapes import rotation
from MarrowQuantLib.vertebrae import segment_bodies
from MarrowQuantLib.vertebrae.column import Sampler
from MarrowQuantLib.vertebrae.slices import thin_slices
from scipy import special

ORIGIN = [np.zeros(3)]


def axial(values: np.ndarray, thickness: float = 4.0) -> Volume:
    """A stack of axial slices on 1 mm pixels; its first slice ends at 0 mm."""
    matrix = np.diag([1.0, 1.0, thickness, 1.0])
    matrix[2, 3] = thickness / 2
    return Volume(np.asarray(values, dtype=np.float32), matrix)


def area_below(heights: np.ndarray, edges: dict[float, float]) -> np.ndarray:
    """Integral of a profile that rises by the given steps at the given heights, each with a Gaussian blur of 1 mm."""
    area = np.zeros(len(heights))
    for height, rise in edges.items():
        above = heights - height
        area += rise * (above * special.ndtr(above) + np.exp(-0.5 * above**2) / np.sqrt(2 * np.pi))
    return area


def test_the_parts_of_a_slice_average_to_the_slice():
    values = np.random.default_rng(0).normal(100, 30, (9, 3, 4))
    thin = thin_slices(axial(values), ORIGIN)
    assert thin.array.shape == (36, 3, 4)
    np.testing.assert_allclose(thin.array.reshape(9, 4, 3, 4).mean(axis=1), values, rtol=1e-5)


@pytest.mark.parametrize("shift", np.arange(0.0, 4.0, 0.5))
def test_a_disc_between_slices_is_nearer_to_the_truth_than_by_linear_interpolation(shift):
    """A disc of 9 mm; the means of 4 mm slices and of 1 mm slices are known from its integral in closed form."""
    disc = {16.0 + shift: 1.0, 25.0 + shift: -1.0}
    thick, true = (np.diff(area_below(np.arange(0.0, 48.5, step), disc)) / step for step in (4, 1))
    thin = thin_slices(axial(np.tile(thick[:, None, None], (2, 2))), ORIGIN).array[:, 0, 0]
    linear = np.interp(np.arange(0.5, 48), np.arange(2.0, 48, 4), thick)
    assert np.linalg.norm(thin - true) < 0.8 * np.linalg.norm(linear - true)
    assert 1.25 * np.abs(np.diff(linear)).max() < np.abs(np.diff(thin)).max() < np.abs(np.diff(true)).max()
    assert np.ptp(thin) < 1.3


def test_positions_are_kept_on_a_turned_grid():
    matrix = np.eye(4)
    matrix[:3, :3] = rotation((20.0, -15.0, 30.0)) @ np.diag([1.2, -1.2, 5.0])
    matrix[:3, 3] = (-80.0, 90.0, -70.0)
    slope = np.array([0.3, -0.7, 1.1])
    k, j, i = np.ogrid[:30, :120, :110]
    along = slope @ matrix[:3]
    image = Volume((along[0] * i + along[1] * j + along[2] * k + along[3]).astype(np.float32), matrix)
    thin = thin_slices(image, [matrix[:3] @ [55.0, 60.0, 15.0, 1.0]])
    assert thin.array.shape[0] == 120
    for index in ((60, 50, 40), (30, 90, 7), (85, 3, 100)):  # k, j, i; away from the ends, where the spline bends
        place = thin.ijk_to_ras @ [*index[::-1], 1.0]
        assert thin.array[index] == pytest.approx(slope @ place[:3], abs=0.05)


def test_only_the_surroundings_of_the_clicks_are_divided():
    image = axial(np.arange(200.0)[:, None, None] + np.zeros((200, 300, 2)), thickness=5.0)
    thin = thin_slices(image, [np.array([0.0, 150.0, 400.0]), np.array([0.0, 150.0, 550.0])])
    first, last = (float((thin.ijk_to_ras @ [0, 0, k, 1.0])[2]) for k in (0, len(thin.array) - 1))
    assert 270 <= first <= 281 and 669 <= last <= 680
    assert thin.array.shape[1:] == (241, 2)
    assert thin.array[len(thin.array) // 2, 0, 0] == pytest.approx((first + last) / 10 - 0.5, abs=0.2)


@pytest.mark.parametrize(
    "spacing", [(1.0, 1.0, 1.0), (1.5, 1.5, 2.0), (0.5, 0.5, 1.0), (1.2, 1.2, 1.7)], ids=lambda spacing: "x".join(map(str, spacing))
)
def test_an_image_of_nearly_equal_spacing_is_used_as_it_is(spacing):
    image = Volume(np.zeros((4, 4, 4), np.float32), np.diag([*spacing, 1.0]))
    assert thin_slices(image, ORIGIN) is image


def test_sagittal_slices_are_used_as_they_are_and_coronal_ones_are_divided():
    values = np.random.default_rng(1).normal(size=(5, 6, 7)).astype(np.float32)
    sagittal, coronal = (Volume(values, np.diag(spacing)) for spacing in ([4.0, 1.0, 1.0, 1.0], [1.0, -4.0, 1.0, 1.0]))
    assert thin_slices(sagittal, ORIGIN) is sagittal
    assert thin_slices(coronal, ORIGIN).array.shape == (5, 24, 7)


def test_a_missing_value_counts_as_the_median_and_does_not_spread():
    values = np.random.default_rng(2).normal(size=(8, 5, 5))
    values[3, 2, 2] = np.nan
    filled = np.where(np.isnan(values), np.nanmedian(values), values)
    middles = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0), np.arange(0.5, 32.0), indexing="ij"), axis=-1)
    samples, expected = (Sampler(axial(each)).thinned(ORIGIN)(middles) for each in (values, filled))
    np.testing.assert_allclose(samples, expected, atol=1e-5)


@needs_studies
def test_real_bodies_on_axial_slices_fit_better_than_with_linear_interpolation():
    """Near the midline, in spine 9, one of the three that gain most. Slices interpolated linearly to 1 mm are what the search would see
    without dividing."""
    case = spines.axial_slices(spines.spine(9))
    clicks = spines.clicks(case, 9, 0)
    between = np.arange(4 * len(case.image.array) - 3) / 4
    below = np.minimum(between.astype(int), len(case.image.array) - 2)
    part = (between - below)[:, None, None].astype(np.float32)
    values = (1 - part) * case.image.array[below] + part * case.image.array[below + 1]
    linear = segment_bodies(Volume(values, case.image.ijk_to_ras @ np.diag([1.0, 1.0, 0.25, 1.0])), clicks)
    as_found = replace(linear, labels=case.image.like(linear.labels.array[::4]))
    before, reached = (spines.measure(case, found) for found in (as_found, segment_bodies(case.image, clicks)))
    assert reached["dice"].mean() > before["dice"].mean() + 0.005
    assert reached["central"].mean() > before["central"].mean() + 0.005
    assert np.median(reached["central"]) > 0.91
