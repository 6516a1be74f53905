"""Where the marrow ends inside an edge, and how wide the bodies are: on profiles and images whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.model import Volume
from MarrowQuantLib.vertebrae.chain import Box, marrow_inside
from MarrowQuantLib.vertebrae.column import ColumnFrame, SagittalPicture, Sampler
from MarrowQuantLib.vertebrae.cortex import INSET, INSET_BEHIND_LINE, inset, side_of_line
from MarrowQuantLib.vertebrae.sides import half_widths, marrow_half_widths
from MarrowQuantLib.vertebrae.walls import ACROSS, HALF_WIDTH, BodySurface, U, V, X
from scipy import ndimage

LEVELS = ("L2", "L3", "L5")
BOX = Box(np.zeros(2), 0.0, 26.0, 32.0, 17.0)


def across(marrow, line, beyond, *, edge, far=None, line_mm=1.5):
    """Signal across a surface: marrow, a line, what is behind it, and what is behind that 4 units further; ``edge`` is that of the fit, in
    units from the marrow's end."""
    fine = np.arange(-12.0, 14.0, 0.1)
    steps = np.select([fine < 0, fine < line_mm, fine < line_mm + 4], [marrow, line, beyond], beyond if far is None else far)
    return np.interp(ACROSS + edge, fine, ndimage.gaussian_filter1d(steps.astype(float), 7.0))


def surfaces(**profiles):
    endplate, wall = np.zeros((len(X), len(U))), np.zeros((len(X), len(V)))
    return [BodySurface(BOX, endplate + 13, endplate - 13, wall + 16, wall - 16, HALF_WIDTH, {}, dict(profiles)) for _ in LEVELS]


def inset_column(column):
    return inset(column, LEVELS, side_of_line(column))


def moved(found):
    """How far every surface of L2 went inwards."""
    return pytest.approx((13 - found.top.mean(), found.bottom.mean() + 13, 16 - found.front.mean(), found.back.mean() + 16))


@pytest.mark.parametrize("sign", [1, -1])
def test_without_a_line_the_marrow_ends_as_far_inside_as_on_the_labelled_spines(sign):
    plain = across(0.0, 0.0, sign, edge=1.5)
    found = inset_column(surfaces(top=plain, bottom=plain, front=-plain, back=plain))
    assert moved(found[0]) == (INSET["top"], INSET["bottom"], INSET["front"], INSET["back"])
    assert found[2].back.mean() > found[0].back.mean()


@pytest.mark.parametrize("side", [1, -1], ids=["bright line", "dark line"])
def test_the_inner_side_of_a_line_is_where_the_marrow_ends(side):
    thin = across(0.0, side, 0.3 * side, edge=0.0)
    other = across(0.0, side, -side, edge=1.5)
    found = inset_column(surfaces(top=thin, bottom=thin, front=other, back=across(0.0, side, -side, edge=-0.3, line_mm=2.5)))
    assert all(moved(each) == (0.0, 0.0, INSET_BEHIND_LINE["front"], 0.0) for each in found)


@pytest.mark.parametrize("side", [1, -1], ids=["bright line", "dark line"])
def test_a_line_before_an_edge_is_taken_off(side):
    outer = across(0.0, side, -side, edge=1.5)
    found = inset_column(surfaces(top=outer, bottom=outer, front=outer, back=across(0.0, side, -side, edge=-0.3, line_mm=2.5)))
    assert moved(found[0]) == (*(INSET_BEHIND_LINE[name] for name in ("top", "bottom", "front")), 0.0)


def test_a_thin_bright_line_behind_is_fat_beyond_the_cortex():
    disc, fat = across(0.1, 0.0, 0.0, edge=0.0), across(0.1, 0.0, 0.9, edge=1.5, far=0.0)
    found = inset_column(surfaces(top=disc, bottom=disc, front=across(0.1, 0.0, 0.9, edge=1.5), back=fat))
    assert moved(found[0]) == (0.0, 0.0, INSET_BEHIND_LINE["front"], INSET_BEHIND_LINE["back"])


def column_of_bricks(half_width, seed=0):
    """Bodies of 1 within -3, 40 apart along z, between muscles of 3 that end at 45, with noise."""
    x = np.arange(-60.0, 61.0)
    signal = np.where(np.abs(x) < half_width, 1.0, np.where(np.abs(x) < 45, 3.0, 0.0))
    noise = np.random.default_rng(seed).normal(0, 0.2, (160, 60, len(x)))
    matrix = np.eye(4)
    matrix[:3, 3] = (-60.0, -30.0, -80.0)
    return Volume(ndimage.gaussian_filter1d(signal + noise, 1.0, axis=2).astype(np.float32), matrix)


@pytest.mark.parametrize("half_width", [21.0, 23.0, 27.0])
def test_the_width_is_that_of_the_sides_where_they_are_seen(half_width):
    frame = ColumnFrame(np.zeros(3), np.eye(3), 1.0)
    boxes = [Box(np.array([0.0, z]), 0.0, 26.0, 32.0, 17.0) for z in (40.0, 0.0, -40.0)]
    found = half_widths(Sampler(column_of_bricks(half_width)), [frame] * len(boxes), boxes, LEVELS)
    usual = half_widths(Sampler(column_of_bricks(25.0)), [frame] * len(boxes), boxes, LEVELS)
    assert usual == pytest.approx([HALF_WIDTH] * 3, abs=0.5)
    assert np.subtract(found, usual) == pytest.approx([half_width - 25.0] * 3, abs=0.4)


def test_the_usual_width_of_marrow_grows_downwards_and_is_not_known_of_the_neck():
    lumbar = marrow_half_widths(("L1", "L2", "L3", "L4", "L5"), [HALF_WIDTH] * 5)
    assert lumbar == sorted(lumbar) and lumbar[-1] < HALF_WIDTH
    assert marrow_half_widths(("T9",), [HALF_WIDTH])[0] * 0.80 == pytest.approx(lumbar[2] * 0.70)
    assert marrow_half_widths(("C5", "C6"), [20.0, 21.0]) == [20.0, 21.0]


def test_no_column_is_taken_to_be_far_from_the_usual_width():
    boxes = [Box(np.array([0.0, z]), 0.0, 26.0, 32.0, 17.0) for z in (40.0, 0.0, -40.0)]
    found = half_widths(Sampler(column_of_bricks(17.0)), [ColumnFrame(np.zeros(3), np.eye(3), 1.0)] * len(boxes), boxes, ("L1", "L2", "L3"))
    assert found == pytest.approx([0.92 * 0.8 * HALF_WIDTH, 0.8 * HALF_WIDTH, 0.8 * HALF_WIDTH])


def test_sides_that_do_not_agree_leave_the_usual_width():
    noise = Volume(np.random.default_rng(1).normal(100, 20, (160, 60, 121)).astype(np.float32), column_of_bricks(20).ijk_to_ras)
    boxes = [Box(np.array([0.0, z]), 0.0, 26.0, 32.0, 17.0) for z in (40.0, 0.0, -40.0)]
    found = half_widths(Sampler(noise), [ColumnFrame(np.zeros(3), np.eye(3), 1.0)] * len(boxes), boxes, LEVELS)
    assert found == pytest.approx([HALF_WIDTH] * 3, abs=2.0)


def test_the_marrow_of_a_shaded_body_is_a_plane_and_a_vein_does_not_tilt_it():
    z, y = np.mgrid[-60.0:61.0, -60.0:61.0]
    rng = np.random.default_rng(0)
    values = 0.5 + 0.03 * z - 0.02 * y + rng.normal(0, 0.05, z.shape)
    values[(np.abs(z) < 2) & (y < -2)] = 4.0
    values = values.astype(np.float32)
    marrow, inverted = marrow_inside(SagittalPicture(values, -values, -60.0, -60.0), BOX)
    assert inverted.level == pytest.approx(-marrow.level) and inverted.slopes == pytest.approx([-slope for slope in marrow.slopes])
    assert marrow.level == pytest.approx(0.5, abs=0.02) and marrow.slopes == pytest.approx((0.03, -0.02), abs=0.004)
    assert marrow.spread == pytest.approx(0.05, abs=0.02)
