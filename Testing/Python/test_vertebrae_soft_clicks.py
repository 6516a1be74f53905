"""More clicks never hurt: each is a soft centre, and the distance of neighbours follows the usual column, not the scatter of the clicks."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import spines
from helpers.studies import ABSENT
from MarrowQuantLib.vertebrae import segment_bodies
from MarrowQuantLib.vertebrae.column import column_frame
from MarrowQuantLib.vertebrae.segment import _expected_curve, _through_clicks

LEVELS = spines.LUMBAR


def expected(scatter_mm, seed):
    """Places of all levels after clicks on all of them that lie on the mean curve but for their scatter; and the curve itself, units."""
    rng = np.random.default_rng(seed)
    curve, length = _expected_curve(LEVELS)
    points = {level: at * 1.0 + rng.normal(0, scatter_mm, 3) for level, at in zip(LEVELS, curve)}
    frame = column_frame(points, length)
    truth = frame.to_units(curve)
    return _through_clicks(curve, LEVELS, points, frame), truth


@pytest.mark.parametrize("seed", range(6))
def test_the_distance_of_neighbours_scatters_less_than_their_clicks(seed):
    (found, spread), truth = expected(4.0, seed)
    assert np.abs(np.diff(found[:, 2]) - np.diff(truth[:, 2])).max() < 4.0  # clicks alone: up to 12
    assert (spread >= 4.0).all()


def test_clicks_without_scatter_are_where_the_bodies_are_expected():
    (found, _), truth = expected(0.0, 0)
    np.testing.assert_allclose(found[:, 1:], truth[:, 1:], atol=0.5)


@pytest.mark.parametrize("number", [1, 4, 9])
def test_a_click_on_every_body_finds_what_two_clicks_find(number):
    if not spines.SPINES.is_dir():
        pytest.skip(ABSENT)
    case = spines.spine(number)
    rng = np.random.default_rng([77, number])
    every = {level: case.centers[n] + rng.normal(0, spines.CLICK_ERROR_MM, 3) for n, level in enumerate(LEVELS)}
    for clicked in (LEVELS, ("L1", "L3", "L5")):
        found = segment_bodies(case.image, {level: every[level] for level in clicked})
        errors = [np.linalg.norm(body.center_ras - center) for body, center in zip(found.bodies, case.centers)]
        assert max(errors) < 5.0
