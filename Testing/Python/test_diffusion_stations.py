"""Stitching of stations: geometry, gains, seams, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MarrowQuantLib.diffusion import stitch
from MarrowQuantLib.model import MarrowQuantError, Role, Volume

SPACING = np.array([2.0, 2.0, 6.0])


def body(n_slices=52, size=48, seed=5):
    """A made-up body: an ellipse of varying brightness in Rician noise."""
    rng = np.random.default_rng(seed)
    k, j, i = np.mgrid[:n_slices, :size, :size]
    inside = ((i - size / 2) / 20) ** 2 + ((j - size / 2) / 14) ** 2 < 1
    tissue = 150 + 100 * np.sin(i / 5 + k / 9) * np.cos(j / 6)
    return np.where(inside, tissue, 0), rng


def station(truth, rng, first, n_slices, gain=1.0, noise=5.0, number=1):
    clean = truth[first : first + n_slices]
    array = gain * np.hypot(clean + noise * rng.normal(size=clean.shape), noise * rng.normal(size=clean.shape))
    ijk_to_ras = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])
    ijk_to_ras[:3, 3] = (48.0, 48.0, -300.0 + first * SPACING[2])
    return Volume(array.astype(np.float32), ijk_to_ras, Role.DWI, "a.u.", "signal", "DWI b800", b_value=800.0, station=number)


@pytest.fixture
def three_stations():
    truth, rng = body()
    gains = (1.7, 1.0, 0.6)
    starts = (32, 16, 0)  # top station first
    return truth, [station(truth, rng, s, 20, g, number=n + 1) for n, (s, g) in enumerate(zip(starts, gains))], gains


def test_gains_are_recovered_and_the_volume_equals_the_truth(three_stations):
    truth, stations, gains = three_stations
    joined = stitch(stations)
    np.testing.assert_allclose(joined.gains, 1 / np.array(gains), rtol=0.01)
    assert joined.gains[1] == 1.0
    assert joined.findings == ()
    assert joined.volume.array.shape == truth.shape
    body_voxels = truth > 100
    assert np.median(np.abs(joined.volume.array[body_voxels] - truth[body_voxels])) < 5  # the noise
    relative_step = joined.volume.array[15:17][:, 24, 14:34].mean(axis=1) / truth[15:17][:, 24, 14:34].mean(axis=1)
    assert abs(relative_step[1] / relative_step[0] - 1) < 0.03


def test_geometry_is_that_of_the_lowest_slice(three_stations):
    _, stations, _ = three_stations
    joined = stitch(stations)
    np.testing.assert_allclose(joined.volume.ijk_to_ras, stations[2].ijk_to_ras)
    assert joined.volume.b_value == 800.0 and joined.volume.station is None
    assert "gains" in joined.volume.source[-1]


def test_seams_tell_the_step_before_and_after(three_stations):
    _, stations, _ = three_stations
    joined = stitch(stations)
    lower, upper = joined.seams
    assert lower.stations == (3, 2) and upper.stations == (2, 1)  # numbers as a reader counts them
    assert lower.n_slices == upper.n_slices == 4
    assert lower.step_before == pytest.approx(1 / 0.6 - 1, abs=0.05)
    assert lower.step_after < 0.02 and upper.step_after < 0.02
    assert lower.position_ras[2] == pytest.approx(-300 + 17.5 * 6)


def test_order_of_the_stations_does_not_matter(three_stations):
    _, stations, _ = three_stations
    np.testing.assert_array_equal(stitch(stations).volume.array, stitch(stations[::-1]).volume.array)


def test_a_station_stored_the_other_way_round_is_turned(three_stations):
    _, stations, _ = three_stations
    turn = np.diag([1.0, 1.0, -1.0, 1.0])
    turn[2, 3] = 19
    turned = replace(stations[0], array=stations[0].array[::-1].copy(), ijk_to_ras=stations[0].ijk_to_ras @ turn)
    np.testing.assert_array_equal(stitch([turned, *stations[1:]]).volume.array, stitch(stations).volume.array)


def test_given_gains_are_applied_as_they_are(three_stations):
    _, stations, _ = three_stations
    joined = stitch(stations, gains=(1.0, 1.0, 1.0))
    assert joined.gains == (1.0, 1.0, 1.0)
    np.testing.assert_array_equal(joined.volume.array[:16], stations[2].array[:16])
    np.testing.assert_array_equal(joined.volume.array[-16:], stations[0].array[-16:])


def test_a_constant_volume_stays_constant_through_the_blend():
    truth, rng = np.full((40, 20, 20), 700.0), np.random.default_rng(0)
    stations = [station(truth, rng, first, 16, noise=0.0) for first in (0, 12, 24)]
    joined = stitch(stations, gains=(1, 1, 1))
    np.testing.assert_allclose(joined.volume.array, 700.0, rtol=1e-6)


def test_one_station_is_returned_unchanged(three_stations):
    _, stations, _ = three_stations
    joined = stitch(stations[:1])
    assert joined.volume is stations[0] and joined.gains == (1.0,) and joined.seams == ()


def test_a_gap_is_filled_with_nan_and_told(three_stations):
    _, stations, _ = three_stations
    joined = stitch([stations[0], stations[2]])
    assert np.isnan(joined.volume.array[20:32]).all() and np.isfinite(joined.volume.array[:20]).all()
    assert joined.gains == (1.0, 1.0)
    assert joined.seams[0].n_slices == -12 and np.isnan(joined.seams[0].step_after)
    assert "12 slices are missing" in joined.findings[0]


def test_missing_voxels_of_one_station_are_taken_from_the_other(three_stations):
    _, stations, _ = three_stations
    array = stations[1].array.copy()
    array[:2] = np.nan
    joined = stitch([stations[0], replace(stations[1], array=array), stations[2]])
    assert np.isfinite(joined.volume.array).all()


def test_slices_off_the_grid_are_placed_on_the_nearest_with_a_warning(three_stations):
    _, stations, _ = three_stations
    moved = stations[0].ijk_to_ras.copy()
    moved[2, 3] += 1.5
    joined = stitch([replace(stations[0], ijk_to_ras=moved), *stations[1:]])
    assert joined.volume.array.shape == stitch(stations).volume.array.shape
    assert any("1.5 mm off" in w for w in joined.findings)


def test_empty_overlap_is_not_used_for_a_gain(three_stations):
    _, stations, _ = three_stations
    empty = replace(stations[0], array=np.zeros_like(stations[0].array))
    joined = stitch([empty, *stations[1:]])
    assert joined.gains[0] == 1.0
    assert any("too little signal" in w for w in joined.findings)


def shifted(volume, column, by):
    moved = volume.ijk_to_ras.copy()
    moved[column, 3] += by
    return replace(volume, ijk_to_ras=moved)


def tilted(volume):
    c, s = np.cos(0.05), np.sin(0.05)
    turn = np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1]])
    return replace(volume, ijk_to_ras=turn @ volume.ijk_to_ras)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda v: replace(v, array=v.array[:, :-2]), "matrix"),
        (lambda v: replace(v, ijk_to_ras=v.ijk_to_ras @ np.diag([1, 1, 1.2, 1])), "voxel size"),
        (tilted, "orientation"),
        (lambda v: shifted(v, 0, 7.0), "in-plane"),
        (lambda v: replace(v, quantity="ADC"), "same kind"),
        (lambda v: replace(v, b_value=50.0), "same kind"),
        (lambda v: shifted(v, 2, -16 * 6.0), "same place"),
    ],
)
def test_stations_that_do_not_fit_are_refused_with_a_sentence(three_stations, change, says):
    _, stations, _ = three_stations
    with pytest.raises(MarrowQuantError, match=says):
        stitch([change(stations[0]), *stations[1:]])


@pytest.mark.parametrize("gains", [(1.0, 1.0), (1.0, 0.0, 1.0), (1.0, np.nan, 1.0)])
def test_gains_that_make_no_sense_are_refused(three_stations, gains):
    with pytest.raises(MarrowQuantError, match="positive gains"):
        stitch(three_stations[1], gains=gains)


def test_no_station_is_refused():
    with pytest.raises(MarrowQuantError, match="no station"):
        stitch([])
