"""Scales that files leave unsaid: the phase and the echo times."""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.fatwater.scales import TURNS, echo_times_s, radians
from MarrowQuantLib.model import MarrowQuantError

TURN = np.random.default_rng(3).uniform(-np.pi, np.pi, (20, 20, 6)).astype(np.float32)  # radians, a whole turn


def same_angle(first, second):
    return np.abs(np.angle(np.exp(1j * (first - second)))).max()


@pytest.mark.parametrize("part", [1.0, 0.9])  # the part of a turn that the values cover
@pytest.mark.parametrize(
    ("stored", "tolerance"),
    [
        (lambda a: a, 0), (lambda a: a % (2 * np.pi), 1e-5), (np.degrees, 1e-5), (lambda a: np.rint(np.degrees(a)), 0.01),
        (lambda a: 1000 * a, 1e-5), (lambda a: np.rint(a / np.pi * 4096), 1e-3),
    ],
)  # fmt: skip
def test_the_unit_of_the_phase_is_told_from_its_values(stored, tolerance, part):
    assert same_angle(radians(stored(TURN * part)), TURN * part) <= tolerance + 1e-5


@pytest.mark.parametrize("stored", [lambda a: np.degrees(a) % 360, lambda a: np.rint((a % (2 * np.pi)) / (2 * np.pi) * 4095)])
def test_phase_that_begins_at_zero(stored):
    assert same_angle(radians(stored(TURN)), TURN) < 0.01


def test_a_small_part_of_a_turn_is_radians_if_its_numbers_are_and_else_asked_back():
    np.testing.assert_array_equal(radians(0.3 * TURN / np.pi), 0.3 * TURN / np.pi)
    turns, steps = TURN / (2 * np.pi), np.rint(TURN / np.pi * 4096)
    arc = np.arctan(np.tan(TURN))
    tenths = np.rint(10 * np.degrees(TURN))
    for doubtful in (
        np.rint(TURN), arc, abs(TURN), 2 * TURN, 1.6 * TURN, 0.3 * np.degrees(TURN), 2 * turns, turns % 1, 0.6 * steps, 9e3 * TURN, tenths,
    ):  # fmt: skip
        with pytest.raises(MarrowQuantError, match="no known scale"):
            radians(doubtful)


@pytest.mark.parametrize("unit", TURNS)
def test_a_unit_that_is_given_is_taken(unit):
    assert same_angle(radians(0.2 * TURN * TURNS[unit] / (2 * np.pi), unit), 0.2 * TURN) < 1e-4


def test_a_unit_that_cannot_be_is_refused():
    with pytest.raises(MarrowQuantError, match="more than one turn"):
        radians(1000 * TURN, "degrees")
    with pytest.raises(MarrowQuantError, match="not known"):
        radians(TURN, "grad")


@pytest.mark.parametrize("factor", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("first_ms", [0.5, 1.15, 2.3, 4.6])
@pytest.mark.parametrize("spacing_ms", [0.5, 1.2, 4.6, 20.0])
def test_echo_times_in_seconds_milliseconds_and_microseconds(first_ms, spacing_ms, factor):
    times = 1e-3 * (first_ms + spacing_ms * np.arange(6))
    np.testing.assert_allclose(echo_times_s(times * factor), times)


@pytest.mark.parametrize("times", [[0.0012, 2.3], [1.2, 2.4, 400.0], [0.0, 1.2], [-1.2, 1.2], [float("nan"), 1.0], [0.00001, 0.00002], []])
def test_echo_times_of_no_unit_are_refused(times):
    with pytest.raises(MarrowQuantError, match="no times of gradient echoes"):
        echo_times_s(times)
