"""Tumour load: components, thresholds, decisions, physiological signal, on a coarse synthetic body."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.coarse_body import LESIONS, MUSCLE, ORGANS, SPACING, body, decided, ellipsoid, grid, positions
from MarrowQuantLib.burden import BurdenSession, find_muscle, muscle_at, segment
from MarrowQuantLib.burden.edges import edge_level
from MarrowQuantLib.burden.physiology import BodyOutline, propose_states
from MarrowQuantLib.burden.pieces import Pieces, connected, find_pieces, longest_diameters
from MarrowQuantLib.model import MarrowQuantError, Volume
from scipy import ndimage
from scipy.spatial.transform import Rotation


@pytest.fixture(scope="module")
def images():
    return body()


def at(burden, center):
    """The component at a RAS position."""
    i, j, k = np.rint(np.linalg.solve(grid()[:3, :3], np.array(center) - grid()[:3, 3])).astype(int)
    label = burden.labels.array[k, j, i]
    assert label > 0
    return burden.components[label - 1]


def volume_ml(center, radii):
    return np.count_nonzero(ellipsoid(center, radii)) * np.prod(SPACING) / 1000


def test_the_muscle_signal_is_found(images):
    muscle = find_muscle(*images)
    assert muscle.signal == pytest.approx(MUSCLE, rel=0.02)
    assert muscle.n_voxels > 1000


def test_an_image_without_muscle_is_refused(images):
    high_b, adc = images
    with pytest.raises(MarrowQuantError, match="No muscle was found"):
        segment(high_b, adc.like(np.where(adc.array > 1200, np.nan, adc.array)))
    with pytest.raises(MarrowQuantError, match="No muscle was found"):
        segment(high_b.like(np.zeros_like(high_b.array)), adc)
    assert segment(high_b, adc.like(np.where(adc.array > 1200, np.nan, adc.array)), muscle=100.0).tdv.value > 0


def test_the_load_is_the_lesions_and_nothing_else(images):
    burden = segment(*images)
    assert burden.tdv.value == pytest.approx(sum(volume_ml(*lesion) for lesion in LESIONS.values()), rel=0.02)
    assert burden.tdv.unit == "mL" and burden.gadc.unit == "µm²/s"
    assert burden.gadc.value == pytest.approx(900, abs=15)
    assert {burden.components.index(at(burden, center)) for center, _ in LESIONS.values()} == {
        n for n, component in enumerate(burden.components) if component.state == "accepted"
    }


@pytest.mark.parametrize(
    ("center", "word"),
    [((0, 0, 810), "brain"), ((-88, -20, 475), "spleen"), ((0, -68, 550), "cord"), ((62, -30, 330), "kidney"), ((-62, -30, 330), "kidney")],
)
def test_normal_tissue_is_proposed_as_physiological_with_a_reason(images, center, word):
    component = at(segment(*images), center)
    assert component.state == "physiological"
    assert word in component.reason


def test_fluid_is_physiological_where_the_window_lets_it_in(images):
    component = at(segment(*images, adc_window=(550, 4000)), (0, 30, 180))
    assert component.state == "physiological" and "fluid" in component.reason


def test_a_lesion_on_both_hips_is_no_spleen(images):
    high_b, adc = images
    signal, values = high_b.array.copy(), adc.array.copy()
    for side in (-1, 1):
        hip = ellipsoid((side * 88, -20, 475), (28, 40, 50))
        signal[hip], values[hip] = 800, 780
    component = at(segment(high_b.like(signal), adc.like(values)), (-88, -20, 475))
    assert component.state == "accepted"


def test_components_come_with_their_measures_largest_first(images):
    burden = segment(*images)
    volumes = [component.volume_ml for component in burden.components]
    assert volumes == sorted(volumes, reverse=True)
    center, radii = LESIONS["L3"]
    lesion = at(burden, center)
    inside = ellipsoid(center, radii)
    adc, signal = images[1].array[inside], images[0].array[inside]
    assert lesion.volume_ml == pytest.approx(volume_ml(center, radii))
    np.testing.assert_allclose(lesion.centroid_ras, positions()[inside].mean(axis=0), atol=1e-3)
    assert lesion.adc_median == pytest.approx(np.median(adc), rel=1e-5)
    assert lesion.adc_mean == pytest.approx(adc.mean(), rel=1e-5)
    assert lesion.signal_ratio == pytest.approx(signal.mean() / burden.muscle_signal, rel=1e-5)


def test_the_load_has_features_histogram_and_classes_of_the_accepted_voxels(images):
    burden = segment(*images)
    states = {component.label: component.state for component in burden.components}
    accepted = images[1].array[np.isin(burden.labels.array, [label for label, state in states.items() if state == "accepted"])]
    assert burden.tdv.n_voxels == accepted.size == burden.histogram.counts.sum()
    assert burden.features["mean"] == pytest.approx(accepted.mean(), rel=1e-5)
    assert burden.gadc.value == pytest.approx(np.median(accepted), rel=1e-6)
    assert list(burden.class_volumes_ml) == ["<900", "900-1400", ">1400"]
    voxel_ml = np.prod(SPACING) / 1000
    np.testing.assert_allclose(
        list(burden.class_volumes_ml.values()),
        np.array([(accepted < 900).sum(), ((accepted >= 900) & (accepted <= 1400)).sum(), (accepted > 1400).sum()]) * voxel_ml,
    )


def test_a_decision_survives_every_threshold(images):
    session = BurdenSession(*images)
    center, radii = LESIONS["left rib"]
    before = session.update()
    after = decided(session, before, at(before, center).label, "rejected")
    assert after.tdv.value == pytest.approx(before.tdv.value - volume_ml(center, radii))
    for ratio in (2.5, 4.0, 7.0, 8.5):
        component = at(session.update(ratio=ratio), center)
        assert (component.state, component.reason) == ("rejected", "Decided by the reader.")
    gone = session.update(ratio=40.0)
    assert gone.components == () and "meet no component" in gone.findings[0]
    assert session.update().tdv.value == after.tdv.value


def test_decisions_saved_as_points_are_applied_in_one_call(images):
    first = segment(*images)
    spleen, rib = at(first, ORGANS["spleen"][0]), at(first, LESIONS["left rib"][0])
    decisions = [(spleen.centroid_ras, "accepted"), (rib.centroid_ras, "physiological")]
    second = segment(*images, decisions=decisions)
    assert at(second, ORGANS["spleen"][0]).state == "accepted" and at(second, LESIONS["left rib"][0]).state == "physiological"
    assert second.tdv.value == pytest.approx(first.tdv.value + spleen.volume_ml - rib.volume_ml)


def test_the_last_decision_holds_and_a_change_of_mind_is_no_conflict(images):
    session = BurdenSession(*images)
    first = session.update()
    label = at(first, LESIONS["L3"][0]).label
    burden = decided(session, decided(session, first, label, "rejected"), label, "accepted")
    assert burden.components[label - 1].state == "accepted" and burden.findings == ()


def test_a_readers_points_in_muscle_take_the_place_of_what_is_found(images):
    high_b, adc = images
    signal = high_b.array.copy()
    thigh, points = ellipsoid((60, 0, 60), (30, 30, 40)), [(60, -10, 60), (60, 10, 60), (45, 0, 60)]
    signal[thigh] = 2 * MUSCLE
    high_b = high_b.like(signal)
    found, there = find_muscle(high_b, adc), muscle_at(high_b, adc, points)
    assert (found.signal, there.signal) == (pytest.approx(MUSCLE, rel=0.05), 2 * MUSCLE)
    assert there.doubt == "" and there.n_voxels >= 8 and "reader's points" in there.how
    doubled, as_found = segment(high_b, adc, muscle=points), segment(high_b, adc)
    assert doubled.muscle_signal == 2 * MUSCLE and doubled.tdv.value < as_found.tdv.value
    assert segment(high_b, adc, muscle=2 * MUSCLE).tdv.value == doubled.tdv.value
    with pytest.raises(MarrowQuantError, match="lie within 8 mm"):
        muscle_at(high_b, adc, [(5000, 0, 60)])
    with pytest.raises(MarrowQuantError, match=r"Only [1-7] voxels"):
        muscle_at(high_b, adc, points[:1])
    for wrong in ([(1, 2)], [(np.nan, 0, 0)], []):
        with pytest.raises(MarrowQuantError, match="three RAS coordinates"):
            muscle_at(high_b, adc, wrong)


def test_a_point_that_does_not_lie_in_muscle_is_doubted(images):
    burden = segment(*images, muscle=[LESIONS["L3"][0] + np.array([0, 0, z]) for z in (-30, -15, 0, 15, 30)])
    assert "check that they lie in muscle" in burden.findings[0]


def test_the_sphere_around_a_point_is_round_on_any_grid():
    """Against every voxel's distance, on an oblique grid of unequal voxels."""
    turn = Rotation.from_euler("xyz", (20, -35, 10), degrees=True).as_matrix()
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn @ np.diag([2.0, 3.0, 5.0]), (-20, 10, 5)
    kji = np.indices((14, 18, 22)).reshape(3, -1)
    ras = kji[::-1].T @ matrix[:3, :3].T + matrix[:3, 3]
    signal = Volume(np.arange(1, 14 * 18 * 22 + 1, dtype=np.float32).reshape(14, 18, 22), matrix)
    point = ras[7 * 18 * 22 + 9 * 22 + 11] + (0.4, -0.7, 1.1)
    near = np.linalg.norm(ras - point, axis=1) <= 8.0
    found = muscle_at(signal, signal.like(np.full_like(signal.array, 1500.0)), [point])
    assert found.n_voxels == near.sum() and found.signal == np.median(signal.array.ravel()[near])


def test_undoing_takes_back_the_last_decision_only(images):
    session = BurdenSession(*images)
    before = session.update()
    rib, spine = (at(before, LESIONS[name][0]).label for name in ("left rib", "L3"))
    once = decided(session, before, rib, "rejected")
    decided(session, once, spine, "rejected")
    session.undo_decision()
    assert session.update().tdv.value == once.tdv.value < before.tdv.value
    session.undo_decision()
    session.undo_decision()  # nothing is left to undo
    assert [c.state for c in session.update().components] == [c.state for c in before.components]


def test_contradicting_decisions_in_merged_pieces_are_told(images):
    high_b, adc = images
    signal, values = high_b.array.copy(), adc.array.copy()
    bridge = ellipsoid((-50, -30, 440), (60, 14, 30))
    free = bridge & (signal < 650)
    signal[free], values[free] = 650, 800
    session = BurdenSession(high_b.like(signal), adc.like(values))
    apart = session.update(ratio=7.0)
    session.decide(at(apart, LESIONS["L3"][0]).centroid_ras, "accepted")
    session.decide(at(apart, ORGANS["spleen"][0]).centroid_ras, "physiological")
    assert session.update(ratio=7.0).findings == ()
    merged = session.update(ratio=6.0)
    assert at(merged, LESIONS["L3"][0]).label == at(merged, ORGANS["spleen"][0]).label
    assert "decided differently" in merged.findings[0]


def test_a_decision_that_now_holds_for_much_more_is_told(images):
    high_b, adc = images
    signal, values = high_b.array.copy(), adc.array.copy()
    small = ellipsoid((0, -40, 455), (10, 10, 18))  # touches the lesion in L3 once the threshold is low
    bridge = ellipsoid((0, -40, 440), (14, 14, 30)) & (signal < 535)
    signal[bridge], values[bridge] = 535, 800
    signal[small], values[small] = 900, 800
    session = BurdenSession(high_b.like(signal), adc.like(values))
    session.update(ratio=8.4)
    session.decide((0, -40, 465), "rejected")
    assert session.update(ratio=8.4).findings == ()
    assert "has grown from" in session.update(ratio=5.2).findings[0]


@pytest.mark.parametrize("surroundings", [0.0, 100.0, 320.0, 460.0])
def test_the_edge_lies_at_half_height_whatever_surrounds_a_lesion(surroundings):
    inside = 950.0
    fraction = np.clip(np.linspace(-3.9, 3.9, 79)[:, None] + np.arange(-10, 10), 0, 1)  # the edge moves through a voxel in 79 rows
    rows = (surroundings + (inside - surroundings) * fraction)[:, None, :].repeat(3, axis=1)
    counted = np.concatenate([(edge_level(row[None].repeat(3, axis=0), 200) >= 500)[1, 1] for row in rows]).sum()
    assert counted == pytest.approx(fraction.sum(), rel=0.01)


def test_bright_specks_of_normal_marrow_do_not_grow_into_lesions():
    rng = np.random.default_rng(3)
    signal = rng.normal(320, 45, (40, 60, 60))  # one voxel in 30,000 passes 5 x muscle
    level = edge_level(signal, 200)
    assert np.count_nonzero(level >= 500) < 8 * max(1, np.count_nonzero(signal >= 500))


def test_a_blank_image_has_no_load(images):
    high_b, adc = images
    for value in (0.0, np.nan):
        burden = segment(high_b.like(np.full_like(high_b.array, value)), adc, muscle=MUSCLE)
        assert burden.components == () and burden.tdv.value == 0.0


def test_a_point_beside_every_component_decides_nothing(images):
    session = BurdenSession(*images)
    before = session.update()
    session.decide((160, 90, 20), "rejected")
    after = session.update()
    assert after.tdv.value == before.tdv.value and "meet no component" in after.findings[0]


def test_an_empty_mask_is_zero_millilitres_without_a_gadc(images):
    burden = segment(*images, ratio=50.0)
    assert burden.tdv.value == 0.0 and burden.tdv.n_voxels == 0
    assert np.isnan(burden.gadc.value) and burden.histogram is None and burden.features == {}
    assert not burden.labels.array.any() and "no value" in burden.findings[-1]


def test_small_components_are_left_out(images):
    rib = LESIONS["left rib"]
    assert segment(*images, min_component_ml=volume_ml(*rib) + 0.1).tdv.value == pytest.approx(
        segment(*images).tdv.value - volume_ml(*rib)
    )


def test_signal_without_an_adc_is_told(images):
    high_b, adc = images
    values = adc.array.copy()
    values[ellipsoid(*LESIONS["L3"])] = np.nan
    burden = segment(high_b, adc.like(values))
    assert f"{volume_ml(*LESIONS['L3']):.1f} mL above the signal threshold have no valid ADC" in burden.findings[0]


def test_a_lower_ratio_than_prepared_gives_what_a_fresh_session_gives(images):
    session = BurdenSession(*images)
    session.update()
    lower, fresh = session.update(ratio=0.5), BurdenSession(*images).update(ratio=0.5)
    np.testing.assert_array_equal(lower.labels.array, fresh.labels.array)
    assert lower.tdv == fresh.tdv


def test_the_result_does_not_depend_on_the_orientation_of_the_grid(images):
    high_b, adc = images
    # The same body stored as sagittal slices: new (k, j, i) = old (i, k, j).
    matrix = grid()[:, [1, 2, 0, 3]]
    turned = [Volume(np.ascontiguousarray(v.array.transpose(2, 0, 1)), matrix) for v in (high_b, adc)]
    first, second = segment(high_b, adc, muscle=MUSCLE), segment(*turned, muscle=MUSCLE)
    assert second.tdv.value == pytest.approx(first.tdv.value)
    for a, b in zip(first.components, second.components):
        assert a.state == b.state
        np.testing.assert_allclose(a.centroid_ras, b.centroid_ras, atol=1e-2)
        assert a.longest_diameter_mm == pytest.approx(b.longest_diameter_mm, rel=0.02)


@pytest.mark.parametrize(
    "bad",
    [{"ratio": 0}, {"ratio": np.nan}, {"adc_window": (1400, 550)}, {"min_component_ml": -1}, {"class_edges": (1400, 900)}],
)
def test_thresholds_without_sense_are_refused(images, bad):
    with pytest.raises(MarrowQuantError):
        BurdenSession(*images, muscle=MUSCLE).update(**bad)


def test_unusable_input_is_refused(images):
    high_b, adc = images
    with pytest.raises(MarrowQuantError, match="same grid"):
        segment(high_b, Volume(adc.array[:-1], adc.ijk_to_ras))
    with pytest.raises(MarrowQuantError, match="muscle signal"):
        segment(high_b, adc, muscle=0.0)
    session = BurdenSession(high_b, adc)
    with pytest.raises(MarrowQuantError, match="not a decision"):
        session.decide((0, 0, 0), "perhaps")
    with pytest.raises(MarrowQuantError, match="three RAS"):
        session.decide((0, 0), "accepted")


def pieces_of(mask, spacing=(1.0, 1.0, 1.0)):
    flat = np.flatnonzero(mask)
    points = np.stack(np.unravel_index(flat, mask.shape), axis=1)[:, ::-1] * np.array(spacing)
    return find_pieces(flat, mask.shape, points, 0.001, 0.0), points


def test_pieces_touch_through_faces_only():
    mask = np.zeros((4, 4, 4), bool)
    mask[0, 0, 0] = mask[0, 0, 1] = mask[1, 1, 1] = mask[1, 2, 2] = True
    pieces, _ = pieces_of(mask)
    assert [round(volume * 1000) for volume in pieces.volume_ml] == [2, 1, 1]


@pytest.mark.parametrize("radii", [(20, 20, 20), (30, 12, 8), (6, 25, 14)])
@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 40, 50)])
def test_longest_diameter_of_an_ellipsoid(radii, angles):
    spacing = np.array([1.5, 1.5, 2.5])
    k, j, i = np.mgrid[:40, :64, :64]
    points = (np.stack([i, j, k], axis=-1) - [31.3, 31.8, 19.6]) * spacing
    rotation = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    mask = (((points @ rotation) / radii) ** 2).sum(axis=-1) < 1
    pieces, positions = pieces_of(mask, spacing)
    at_row_ends, of_all = longest_diameters([positions[pieces.row_ends(1)], positions[pieces.members(1)]], np.diag(spacing))
    assert at_row_ends == pytest.approx(2 * max(radii), abs=2.5)
    assert at_row_ends == pytest.approx(of_all, abs=0.3)  # only the ends of the rows are looked at: all voxels give the same


def test_longest_diameter_counts_whole_voxels():
    row = np.array([[0, 0, 0], [2, 0, 0], [4, 0, 0]], dtype=float)
    assert longest_diameters([row, row[:1]], np.diag([2.0, 3.0, 4.0])) == pytest.approx([6, 4])


def test_half_axes_are_those_of_the_equivalent_ellipsoid():
    k, j, i = np.mgrid[:50, :50, :50]
    mask = ((i - 25) / 20) ** 2 + ((j - 25) / 12) ** 2 + ((k - 25) / 6) ** 2 < 1
    pieces, _ = pieces_of(mask)
    np.testing.assert_allclose(pieces.half_axes_mm[0], [6, 12, 20], rtol=0.02)


def test_the_median_of_each_piece_is_that_of_its_values():
    rng = np.random.default_rng(3)
    mask = rng.random((20, 20, 20)) < 0.3
    flat = np.flatnonzero(mask)
    pieces = find_pieces(flat, mask.shape, np.stack(np.unravel_index(flat, mask.shape), axis=1).astype(float), 1.0, 0.0)
    values = rng.normal(0.0, 800.0, flat.size).astype(np.float32)
    expected = [np.median(values[pieces.members(n + 1)]) for n in range(len(pieces))]
    assert len(pieces) > 50 and (values < 0).any()
    np.testing.assert_allclose(pieces.median(values), expected, rtol=1e-6)


def test_size_centre_and_box_of_each_piece_are_those_of_scipy():
    mask = np.random.default_rng(5).random((20, 20, 20)) < 0.3
    expected, count = ndimage.label(mask)
    pieces, points = pieces_of(mask)
    assert len(pieces) == count > 50
    names = expected[mask][pieces.order[pieces.starts[:-1]]]
    np.testing.assert_allclose(pieces.volume_ml, ndimage.sum_labels(mask, expected, names) * 0.001)
    np.testing.assert_allclose(pieces.centroid_ras[:, ::-1], ndimage.center_of_mass(mask, expected, names))
    boxes = [[[axis.start, axis.stop - 1] for axis in place[::-1]] for place in ndimage.find_objects(expected)]
    np.testing.assert_array_equal(pieces.box_ras, np.transpose(boxes, (0, 2, 1))[names - 1])
    assert all((np.diff(points[pieces.members(n + 1)] @ [1, 20, 400]) > 0).all() for n in range(count))  # in raster order


def test_the_rules_for_organs_need_no_table_of_all_pairs_of_specks():
    n = 200_000  # as in a very noisy image without a smallest component: a table of all pairs would take 300 GB
    points = np.random.default_rng(2).uniform((-150, -100, 0), (150, 100, 900), (n, 3))
    points[:2] = (62, -30, 330), (-62, -30, 330)
    volume, half_axes = np.full(n, 0.1), np.full((n, 3), 2.0)
    volume[:2], half_axes[:2] = 150.0, (26.0, 26.0, 55.0)
    pieces = Pieces(np.arange(n), np.arange(n + 1), points, np.stack([points - 1, points + 1], axis=1), half_axes, volume, np.ones(n, bool))
    outline = BodyOutline(np.array([450.0]), np.array([0.0]), np.array([-105.0]), np.array([105.0]), 900.0)
    reasons = [reason for _, reason in propose_states(pieces, np.full(n, 1350.0), outline)]
    assert [n for n, reason in enumerate(reasons) if "kidney" in reason] == [0, 1]


@pytest.mark.parametrize("density", [0.0, 0.05, 0.3, 0.5, 1.0])
def test_components_of_sparse_voxels_are_those_of_scipy(density):
    mask = np.random.default_rng(7).random((13, 17, 19)) < density
    expected, count = ndimage.label(mask)
    labels, found = connected(np.flatnonzero(mask), mask.shape)
    assert found == count
    np.testing.assert_array_equal(labels, expected[mask])
