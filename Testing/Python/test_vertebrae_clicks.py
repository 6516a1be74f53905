"""Levels of clicks in any order, and clicks that fall into the air."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from helpers import fake_exams
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.vertebrae.clicks import in_air, name_clicks, way_mm

LUMBAR = ["L1", "L2", "L3", "L4", "L5"]


def column(scale: float = 1.0, levels=LUMBAR) -> np.ndarray:
    """Centres on a line that leans a little, RAS mm."""
    down = np.array([way_mm(levels[0], level) for level in levels]) * scale
    return np.stack([0.05 * down, -0.2 * down, 100 - down], axis=1)


def clicked(points, order, first="L1", last="L5") -> list[str]:
    """The names after the last of several clicks, each named when it was made, as the panel does."""
    names: list[str] = []
    for n in range(1, len(order) + 1):
        names = name_clicks(points[list(order[:n])], [None] * n, first, last)
    return names


@pytest.mark.parametrize("scale", [0.75, 1.0, 1.3])
@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 1, 3), (0, 4, 1, 3, 2)])
def test_five_clicks_in_any_order_are_the_five_levels(order, scale):
    points = column(scale)
    assert clicked(points, order) == [LUMBAR[n] for n in order]


def test_every_order_of_four_clicks():
    points = column()
    for order in itertools.permutations(range(4)):
        assert clicked(points, order) == [LUMBAR[n] for n in order]


@pytest.mark.parametrize("scale", [0.7, 0.85, 1.0, 1.2, 1.4])
@pytest.mark.parametrize("upwards", [False, True])
@pytest.mark.parametrize(("first", "last"), [("L1", "L5"), ("T12", "L4"), ("T11", "L5"), ("T6", "T12")])
def test_two_clicks_far_apart_are_the_first_and_the_last_level_chosen(scale, upwards, first, last):
    from MarrowQuantLib.vertebrae import levels_between

    points = column(scale, levels_between(first, last))[[0, -1]]
    names = name_clicks(points[::-1] if upwards else points, [None, None], first, last)
    assert names == ([last, first] if upwards else [first, last])


@pytest.mark.parametrize(("second", "named"), [(1, "L2"), (2, "L3")])
def test_two_clicks_nearer_are_the_levels_their_distance_tells(second, named):
    assert name_clicks(column()[[0, second]], [None, None], "L1", "L5") == ["L1", named]


@pytest.mark.parametrize(
    ("known", "at", "named"),
    [({"L1": 0, "L2": 1}, 2, "L3"), ({"L3": 2, "L4": 3}, 1, "L2"), ({"L1": 0, "L5": 4}, 2, "L3"), ({"T12": 0}, 1, "L1"),
     ({"L5": 1}, 0, "L4")],
)  # fmt: skip
def test_further_clicks_continue_the_count_from_those_that_have_names(known, at, named):
    points = np.array([column()[n] for n in (*known.values(), at)])
    assert name_clicks(points, [*known, None], "L1", "L5") == [*known, named]


def test_a_click_below_l5_is_s1_and_the_next_one_is_refused():
    points = np.vstack([column(), [[0, 0, -80.0]], [[0, 0, -115.0]]])
    assert name_clicks(points[:6], [*LUMBAR, None], "L1", "L5")[-1] == "S1"
    with pytest.raises(MarrowQuantError, match="no level beyond"):
        name_clicks(points, [*LUMBAR, "S1", None], "L1", "L5")


def test_a_click_between_neighbours_has_no_level():
    with pytest.raises(MarrowQuantError, match="no level between L2 and L3"):
        name_clicks(np.vstack([column()[:3], [[0, 0, 50.0]]]), ["L1", "L2", "L3", None], "L1", "L5")


def test_no_click_has_no_name_and_one_is_the_first_level():
    assert name_clicks(np.zeros((0, 3)), [], "L1", "L5") == [] and name_clicks(np.zeros((1, 3)), [None], "T12", "L5") == ["T12"]


def test_air_is_outside_the_images_or_where_they_show_no_signal():
    maps = dict(fake_exams.exam_maps("baseline").maps)
    assert in_air(maps, (0.0, 0.0, 900.0)) and not in_air(maps, (0.0, 0.0, 0.0))
    water = maps["water"].array.copy()
    water[:, :10] = 1.0  # 30 mm of air behind the patient
    maps["water"] = maps["water"].like(water)
    assert in_air(maps, (0.0, -40.0, 0.0)) and not in_air(maps, (0.0, 0.0, 0.0))
    maps["fat"] = maps["water"].like(np.full_like(water, 60.0))  # marrow full of fat is dark on water, not on both
    assert not in_air(maps, (0.0, -40.0, 0.0))
    only_ff = {"ff": maps["ff"]}
    assert not in_air(only_ff, (0.0, -40.0, 0.0)) and in_air(only_ff, (0.0, 0.0, 900.0)) and not in_air({}, (0.0, 0.0, 0.0))
