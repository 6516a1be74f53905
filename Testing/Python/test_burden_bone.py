"""Bone first: only what lies in bone is counted by default, and what is set aside is named. A made-up trunk with a bone on either side."""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.burden import BurdenSession
from MarrowQuantLib.burden.muscle import noise_of
from MarrowQuantLib.diffusion.bmatch import match_b_values
from MarrowQuantLib.diffusion.shift import estimate_shift
from MarrowQuantLib.model import ACCEPTED, PHYSIOLOGICAL, REJECTED, Volume

SHAPE = (40, 60, 90)  # k, j, i of 6 x 4 x 4 mm
MATRIX = np.array([[-4.0, 0, 0, 178], [0, -4, 0, 118], [0, 0, 6, -117], [0, 0, 0, 1]])
S, A, R = (MATRIX[row, 3] + MATRIX[row, row] * axis for row, axis in zip((2, 1, 0), np.indices(SHAPE)))
MUSCLE, MARROW, LESION, FAT = (100.0, 1500.0), (320.0, 422.0), (900.0, 900.0), (30.0, 100.0)  # high-b signal, ADC in µm²/s
BONES = ((90, 0, 0), (-90, 0, 0))


def ball(center, radii):
    return sum(((x - c) / r) ** 2 for x, c, r in zip((R, A, S), center, radii)) <= 1


def body(things=(), marrow=MARROW, noise=2.0, seed=1):
    """The body with bones on both sides; ``things`` are (region, (signal, ADC)) painted over it."""
    signal, adc = np.zeros(SHAPE), np.full(SHAPE, 1000.0)
    for where, (s, a) in (
        (ball((0, 0, 0), (165, 105, 900)), FAT),
        (ball((0, 0, 0), (150, 92, 900)), MUSCLE),
        *((ball(center, (30, 30, 60)), marrow) for center in BONES),
        *things,
    ):
        signal[where], adc[where] = s, a
    rng = np.random.default_rng(seed)
    noisy = np.hypot(signal + rng.normal(0, noise, SHAPE), rng.normal(0, noise, SHAPE)).astype(np.float32)
    return Volume(noisy, MATRIX), Volume(adc.astype(np.float32), MATRIX)


def measure(things=(), **more):
    session = BurdenSession(*body(things, **more), bone_first=True)
    return session, session.update()


def the_one(burden):
    assert len(burden.components) == 1
    return burden.components[0]


def test_a_lesion_in_marrow_counts_and_says_why():
    _, burden = measure([(ball((90, 0, 0), (12, 12, 14)), LESION)])
    found = the_one(burden)
    assert found.state == ACCEPTED and found.bone_share > 0.9
    assert "normal marrow lies around it" in found.reason
    assert burden.tdv.value == pytest.approx(found.volume_ml)


def test_a_bone_replaced_as_a_whole_counts_by_the_other_side():
    _, burden = measure([(ball((90, 0, 0), (30, 30, 60)), LESION)])
    found = the_one(burden)
    assert found.state == ACCEPTED and "other side" in found.reason


@pytest.mark.parametrize(
    ("center", "radii", "state", "word"),
    [
        ((40, 60, 20), (10, 10, 12), REJECTED, "lymph node"),
        ((0, 20, 0), (7, 7, 60), REJECTED, "vessel"),
        ((30, 40, 0), (45, 40, 60), PHYSIOLOGICAL, "liver"),
        ((0, 101, 0), (50, 6, 8), REJECTED, "skin"),
    ],
)
def test_what_lies_outside_bone_is_named_and_not_counted_until_the_reader_says_so(center, radii, state, word):
    session, burden = measure([(ball(center, radii), LESION)])
    found = the_one(burden)
    assert found.state == state and word in found.reason and burden.tdv.value == 0.0
    session.decide(found.centroid_ras, ACCEPTED)
    assert session.update().tdv.value == pytest.approx(found.volume_ml)


def test_an_organ_that_touches_a_lesion_in_bone_does_not_hide_it():
    lesion, organ = ball((90, 0, 0), (14, 14, 16)), ball((20, 20, 0), (62, 40, 60))
    bridge = ball((78, 8, 0), (8, 8, 8))
    _, burden = measure([(organ, LESION), *((ball(c, (30, 30, 60)) & ~lesion, MARROW) for c in BONES), (lesion | bridge, LESION)])
    states = {round(c.volume_ml): c.state for c in burden.components}
    assert sum(c.volume_ml for c in burden.components if c.state == ACCEPTED) == pytest.approx(13.1, rel=0.4), states
    assert max(burden.components, key=lambda c: c.volume_ml).state != ACCEPTED


def test_where_no_marrow_is_seen_nothing_counts_by_itself_and_the_reader_is_told():
    _, burden = measure([(ball((90, 0, 0), (12, 12, 14)), LESION)], marrow=FAT)
    assert burden.tdv.value == 0.0 and any(told.code == "burden.no_bone" for told in burden.findings)


def test_marrow_close_to_the_threshold_void_and_noise_are_told():
    column = ball((0, -40, 0), (20, 30, 900))
    codes = {told.code for told in measure([(column, (460.0, 580.0))])[1].findings}
    assert "burden.bright_marrow" in codes and not codes & {"burden.void", "burden.noisy"}
    codes = {told.code for told in measure([(column, MARROW), (ball((0, -40, 0), (40, 40, 40)), (1.0, 0.0))])[1].findings}
    assert "burden.void" in codes and "burden.bright_marrow" not in codes
    assert "burden.noisy" in {told.code for told in measure([(column, MARROW)], noise=30.0)[1].findings}


def test_the_noise_is_that_of_the_air():
    assert noise_of(np.hypot(*np.random.default_rng(3).normal(0, 7.0, (2, 20, 30, 30)))) == pytest.approx(7.0, rel=0.05)


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (-0.8, 0.6, 0.0)])
def test_b_values_are_brought_together(shift):
    """The shift is along k, j, i in voxels; between b 50 and b 900 the contrast turns round."""
    from scipy import ndimage

    high, adc = body([(ball((90, 0, 0), (12, 12, 14)), LESION), (ball((0, 30, 0), (40, 30, 70)), (60.0, 2500.0))])
    low = high.array * np.exp(adc.array * 850e-6)
    moved = ndimage.shift(high.array, shift, order=1, mode="nearest")
    images, (found,) = match_b_values([low, moved], [50.0, 900.0], high.spacing_mm)
    assert found.trusted and np.abs(found.voxels[::-1] - shift)[1:].max() < 0.25
    assert found.undone == (max(map(abs, shift)) > 0.3)
    assert (images[1] is moved) != found.undone


def test_stations_that_only_touch_are_not_moved():
    image = np.random.default_rng(2).random((12, 40, 40)).astype(np.float32)
    assert not estimate_shift(image[:6], image[6:], 6, (4.0, 4.0, 6.0)).trusted.any()
