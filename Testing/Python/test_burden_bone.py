"""Bone first: only what lies in bone is counted by default, and what is set aside is named. A made-up trunk with a bone on either side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MarrowQuantLib.burden import BurdenSession
from MarrowQuantLib.burden.canal import around_canal, find_canal
from MarrowQuantLib.burden.curve import doubts_of_pieces, with_edges
from MarrowQuantLib.burden.muscle import find_muscle, noise_of
from MarrowQuantLib.burden.physiology import NO_RULE, BodyOutline
from MarrowQuantLib.burden.pieces import find_pieces
from MarrowQuantLib.burden.setaside import Evidence, judge
from MarrowQuantLib.diffusion.bmatch import BShift, agreed, find_shifts, moved_back
from MarrowQuantLib.diffusion.shift import estimate_shift
from MarrowQuantLib.model import ACCEPTED, PHYSIOLOGICAL, REJECTED, Component, Volume, finding
from scipy import ndimage

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


def match_b_values(images, b_values, spacing_mm):
    shifts = find_shifts(images, b_values, spacing_mm)
    return moved_back(images, shifts, spacing_mm), shifts


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


def test_a_threshold_curve_of_nothing_is_told_as_such():
    session, burden = measure()
    codes = {told.code for told in session.curve(burden).findings}
    assert "burden.none_at_any" in codes and "burden.interval" not in codes


def test_a_pelvis_without_marrow_counts_where_it_is_like_the_diseased_column():
    """Column, two pieces of the pelvis, one of an organ beside them and a piece above the pelvis; as shares, only the column is bone."""
    boxes = [ball((0, -20, 60), (25, 25, 50)), ball((90, 0, -60), (30, 30, 40)), ball((-90, 0, -60), (30, 30, 40)),
             ball((0, 30, -60), (25, 25, 30)), ball((90, 0, 90), (25, 25, 20))]  # fmt: skip
    flat = np.flatnonzero(np.any(boxes, axis=0))
    positions = np.stack([R.ravel()[flat], A.ravel()[flat], S.ravel()[flat]], axis=1)
    pieces = find_pieces(flat, SHAPE, positions, 4 * 4 * 6 / 1000, 0.3)
    number = [int(np.argmin(np.linalg.norm(pieces.centroid_ras - np.mean(positions[np.isin(flat, np.flatnonzero(box))], axis=0), axis=1)))
              for box in boxes]  # fmt: skip
    shares = np.zeros((5, 6))
    shares[:, 0], shares[number[0]] = 1.0, [0, 0, 0, 1, 0, 0]
    tissue = np.tile([8.0, 750.0], (5, 1))
    tissue[number[3]] = [5.0, 1250.0]
    nothing = np.zeros(5)
    evidence = Evidence(shares, nothing.astype(bool), nothing, 6.0, np.full((5, 2), np.inf))
    outline = BodyOutline(np.array([-120.0, 120.0]), np.zeros(2), np.full(2, -100.0), np.full(2, 100.0), 120.0)
    plain = judge([(ACCEPTED, NO_RULE)] * 5, pieces, evidence, outline)
    assert [plain[n][0] == ACCEPTED for n in number] == [True, False, False, False, False]
    known = replace(evidence, tissue=tissue, in_pelvis=pieces.centroid_ras[:, 2] < 0)
    found = judge([(ACCEPTED, NO_RULE)] * 5, pieces, known, outline)
    assert [found[n][0] == ACCEPTED for n in number] == [True, True, True, False, False]
    assert found[number[1]][1].code == "bone.like_column"


def test_marrow_close_to_the_threshold_void_and_noise_are_told():
    column = ball((0, -40, 0), (20, 30, 900))
    codes = {told.code for told in measure([(column, (460.0, 580.0))])[1].findings}
    assert "burden.bright_marrow" in codes and not codes & {"burden.void", "burden.noisy"}
    codes = {told.code for told in measure([(column, MARROW), (ball((0, -40, 0), (40, 40, 40)), (1.0, 0.0))])[1].findings}
    assert "burden.void" in codes and "burden.bright_marrow" not in codes
    assert "burden.noisy" in {told.code for told in measure([(column, MARROW)], noise=40.0)[1].findings}


def test_the_noise_is_that_of_the_air():
    assert noise_of(np.hypot(*np.random.default_rng(3).normal(0, 7.0, (2, 20, 30, 30)))) == pytest.approx(7.0, rel=0.05)


NOISY = {  # standard deviation of the noise where k < 20 and beyond, signal of muscle, and of the fifth of it that holds fat
    "a fifth of the signal": (36.0, 36.0, 100.0, 100.0),
    "one station": (5.0, 60.0, 100.0, 100.0),
    "muscle with fat": (36.0, 36.0, 100.0, 70.0),
    "short echo time": (30.0, 30.0, 150.0, 150.0),
    "below twice the noise": (60.0, 60.0, 100.0, 100.0),
}


@pytest.mark.parametrize("kind", NOISY)
def test_noise_does_not_make_muscle_brighter(kind):
    """Magnitudes of noise in both images, and the ADC from them."""
    below, beyond, muscle, fatty = NOISY[kind]
    rng = np.random.default_rng(4)
    inner = ball((0, 0, 0), (150, 92, 900)) & ~ball((90, 0, 0), (30, 30, 60)) & ~ball((-90, 0, 0), (30, 30, 60))
    high, adc = body([(inner, (muscle, 1500.0)), (inner & (R > 60), (fatty, 1500.0))], noise=0.0)
    noise = np.where(np.arange(SHAPE[0]) < SHAPE[0] // 2, below, beyond)[:, None, None]
    low, high_noisy = (
        np.hypot(image + noise * rng.normal(size=SHAPE), noise * rng.normal(size=SHAPE)).astype(np.float32)
        for image in (high.array * np.exp(adc.array * 850e-6), high.array)
    )
    found = find_muscle(high.like(high_noisy), adc.like((np.log(low / high_noisy) / 850e-6).astype(np.float32)))
    assert found.signal == pytest.approx(muscle, rel=0.1)


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (-0.8, 0.6, 0.0)])
def test_b_values_are_brought_together(shift):
    """The shift is along k, j, i in voxels; between b 50 and b 900 the contrast turns round."""
    high, adc = body([(ball((90, 0, 0), (12, 12, 14)), LESION), (ball((0, 30, 0), (40, 30, 70)), (60.0, 2500.0))])
    low = high.array * np.exp(adc.array * 850e-6)
    moved = ndimage.shift(high.array, shift, order=1, mode="nearest")
    images, (found,) = match_b_values([low, moved], [50.0, 900.0], high.spacing_mm)
    assert found.trusted and np.abs(found.voxels[::-1] - shift)[1:].max() < 0.25
    assert found.undone == (max(map(abs, shift)) > 0.3)
    assert (images[1] is moved) != found.undone


def test_a_turn_between_b_values_is_found_and_undone():
    high, adc = body([(ball((90, 0, 0), (12, 12, 14)), LESION), (ball((0, 30, 0), (40, 30, 70)), (60.0, 2500.0))])
    low = high.array * np.exp(adc.array * 850e-6)
    angle = np.radians(4.0)  # about the long axis
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    middle = (np.array(SHAPE) - 1) / 2
    moved = ndimage.affine_transform(high.array, turn, middle - turn @ middle, order=1, mode="nearest")
    images, (found,) = match_b_values([low, moved], [50.0, 900.0], high.spacing_mm)
    assert found.turned and found.undone and np.abs(np.abs(found.turn_deg) - [0, 0, 4.0]).max() < 0.6
    off = [np.abs(image - high.array)[high.array > 50].mean() for image in (moved, images[1])]
    assert off[1] < 0.5 * off[0]
    rng = np.random.default_rng(6)
    for noise in (0.0, 40.0):
        pair = [np.hypot(image + noise * rng.normal(size=SHAPE), noise * rng.normal(size=SHAPE)) for image in (low, high.array)]
        _, (still,) = match_b_values(pair, [50.0, 900.0], high.spacing_mm)
        assert not still.turned


def test_shifts_that_most_stations_agree_on_are_their_median():
    def shift(*voxels):
        return BShift(900.0, np.array(voxels), 4.0 * np.array(voxels), True, True)

    alike = [shift(0.1, 0.5, 0.2), shift(-0.1, 0.6, -0.2), shift(0.0, 0.4, 0.2), shift(0.0, 0.5, -0.2), shift(0.0, 2.5, 0.0)]
    found = [shifts[0] for shifts in agreed([[s] for s in alike], np.array([4.0, 4.0, 4.0]))]
    assert all(np.allclose(s.voxels, [0.0, 0.5, 0.0]) and s.undone and np.allclose(s.mm, [0, 2.0, 0]) for s in found[:4])
    assert found[4] is alike[4], "a station whose patient moved keeps its own shift"
    two = [[alike[0]], [alike[1]]]
    assert agreed(two, np.full(3, 4.0)) == two, "two stations are no majority"


def test_stations_that_only_touch_are_not_moved():
    image = np.random.default_rng(2).random((12, 40, 40)).astype(np.float32)
    assert not estimate_shift(image[:6], image[6:], 6, (4.0, 4.0, 6.0)).trusted.any()


# ------------------------------------------------------------------------------------------------------- canal
def _fluid(course: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Points in a tube of 6 mm about a course, and a bladder in front of its lower end."""
    tube = course.repeat(6, axis=0) + rng.uniform(-5, 5, (6 * len(course), 3))
    bladder = np.array([0.0, 20.0, -150.0]) + rng.uniform(-30, 30, (3000, 3))
    return np.concatenate([tube, bladder])


def test_the_canal_is_followed_along_its_bends_and_not_into_the_bladder() -> None:
    """Kyphosis and a lean to the side are followed within 4 mm; a lump of fluid as wide as a bladder is none."""
    z = np.arange(-120.0, 400.0, 4.0)
    course = np.column_stack([8 * np.sin(z / 150), -40 + 25 * np.cos(z / 120), z])
    outline = BodyOutline(np.array([-200.0, 450.0]), np.zeros(2), np.full(2, -110.0), np.full(2, 100.0), 600.0)
    found = find_canal(_fluid(course, np.random.default_rng(3)), 0.1, outline, None)
    off = [np.abs(np.interp(found[:, 2], z, course[:, axis]) - found[:, axis]) for axis in (0, 1)]
    assert found[-1, 2] > 380 and found[0, 2] < -100 and np.max(off) < 4.0
    assert not len(find_canal(np.random.default_rng(4).uniform(-60, 60, (400, 3)), 0.1, outline, None)), "scattered fluid is no canal"


def test_vertebrae_lie_in_front_of_the_canal_and_the_cord_within_it() -> None:
    """A body, a spinous process and the cord of a lumbar vertebra, and a node beside the aorta, which is outside."""
    grid = Volume(np.zeros((40, 60, 60), np.float32), np.diag([-4.0, -4.0, 6.0, 1.0]) + np.outer([120.0, 120.0, -120.0, 0.0], [0, 0, 0, 1]))
    canal = np.column_stack([np.zeros(30), np.full(30, -30.0), np.linspace(-118, 112, 30)])
    vertebra, cord = around_canal(grid, canal, None)
    at = {name: tuple(np.rint(grid.to_ijk(np.array(point))).astype(int)[::-1]) for name, point in {
        "body": (4.0, -4.0, 0.0), "process": (0.0, -76.0, 0.0), "cord": (0.0, -28.0, 0.0), "node": (24.0, 28.0, 0.0),
    }.items()}  # fmt: skip
    assert [bool(vertebra[at[name]]) for name in ("body", "process", "cord", "node")] == [True, True, True, False]
    assert [bool(cord[at[name]]) for name in ("body", "cord")] == [False, True]


def test_a_tdv_of_a_few_voxels_is_told_to_be_uncertain() -> None:
    """Lesions of 6 voxels hang on their edges, one of 2000 does not; a piece set aside beside bone counts against it, a kidney not."""

    def component(volume_ml: float, state: str, share: float) -> Component:
        return Component(1, volume_ml, np.zeros(3), 10.0, 900.0, 900.0, 7.0, state, finding("bone.outside", percent=0.0), bone_share=share)

    small, large = component(0.6, ACCEPTED, 1.0), component(200.0, ACCEPTED, 1.0)
    assert [f.code for f in doubts_of_pieces([small] * 5, 0.1)] == ["burden.uncertain"]
    assert doubts_of_pieces([large], 0.1) == []
    assert doubts_of_pieces([large, component(60.0, REJECTED, 0.3)], 0.1)
    assert doubts_of_pieces([large, component(60.0, PHYSIOLOGICAL, 0.3), component(60.0, REJECTED, 0.0)], 0.1) == []
    low, high = with_edges((198.0, 203.0), [large], 0.1)
    assert low < 198 and high > 203


def test_what_is_no_brighter_than_the_patients_own_marrow_is_set_aside() -> None:
    """Marrow at 4.5 times muscle whose noise passes the thresholds in places counts nothing, and a lesion in it counts still."""
    spots = [(ball((90 * side, 15 * n, 25 * m), (9, 9, 10)), (510.0, 640.0)) for side in (-1, 1) for n in (-1, 1) for m in (-1, 0, 1)]
    column = (ball((0, -40, 0), (18, 18, 110)), (450.0, 480.0))
    _, burden = measure([column, *spots, (ball((90, 0, -45), (13, 13, 14)), LESION)], marrow=(450.0, 480.0))
    kept = [c for c in burden.components if c.state == ACCEPTED]
    assert [round(float(c.centroid_ras[2])) for c in kept] == [-45]
    assert sum(getattr(c.reason, "code", "") == "bone.own_marrow" for c in burden.components) >= 6
    assert "burden.bright_marrow" in [getattr(flag, "code", "") for flag in burden.findings]


def test_shading_is_told():
    high, adc = body()
    shaded = high.like(np.where(R > 0, 2.2 * high.array, high.array).astype(np.float32))
    assert "burden.shading" in {told.code for told in BurdenSession(shaded, adc).update().findings}
    assert "burden.shading" not in {told.code for told in BurdenSession(high, adc).update().findings}


# ----------------------------------------------------------------------------------------------- labels of other tools
@pytest.mark.parametrize(
    ("highest", "bone", "organ", "codes"),
    [
        (50, 38, 5, {"burden.mask_of_tool", "burden.mask_without_ribs"}),  # TotalSegmentator MRI: left hip, liver
        (72, 50, 5, {"burden.mask_of_tool"}),  # VIBESegmentator: left hip, liver
    ],
)
def test_a_labelmap_of_a_known_tool_gives_its_bones(highest, bone, organ, codes):
    lesions = [ball((90, 0, 0), (12, 12, 14)), ball((0, 40, 0), (12, 12, 14))]
    high, adc = body([(where, LESION) for where in lesions])
    labels = np.zeros(SHAPE, dtype=np.int16)
    labels[0, 0, : min(highest, SHAPE[2])] = np.arange(1, highest + 1)
    labels[lesions[0]], labels[lesions[1]] = bone, organ
    burden = BurdenSession(high, adc, skeleton=Volume(labels, MATRIX)).update()
    assert the_one(burden).centroid_ras[0] == pytest.approx(90, abs=3)
    assert {told.code for told in burden.findings if "mask_" in told.code} == codes


def test_labels_of_an_unknown_tool_are_all_taken_for_bone_and_that_is_told():
    high, adc = body([(ball((90, 0, 0), (12, 12, 14)), LESION)])
    labels = np.zeros(SHAPE, dtype=np.int16)
    labels[ball((90, 0, 0), (20, 20, 20))] = 4
    labels[0, 0, :3] = 1, 2, 3
    burden = BurdenSession(high, adc, skeleton=Volume(labels, MATRIX)).update()
    assert the_one(burden).volume_ml > 5 and "burden.mask_labels" in {told.code for told in burden.findings}
