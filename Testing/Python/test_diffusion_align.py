"""Stations against each other: shifts found and corrected by whole voxels, gains of ±40 %, and stations that fit no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MarrowQuantLib.diffusion.align import align, group_stations
from MarrowQuantLib.diffusion.shift import estimate_shift
from MarrowQuantLib.diffusion.stations import stitch
from MarrowQuantLib.model import Role, Volume
from MarrowQuantLib.phantom import dwi
from MarrowQuantLib.phantom.patient import make_body
from MarrowQuantLib.phantom.sampling import sample
from MarrowQuantLib.phantom.stories import find_story

SLICES, OVERLAP, LOWEST = 14, 5, 58  # two stations across the lower abdomen
TO_VOXELS = np.array([-1.0, -1.0, 1.0]) / dwi.SPACING_MM  # RAS to i, j, k of the phantom's grid
TEST_SHIFTS = [(0.0, 0.0, 0.0), (8.0, 0.0, 0.0), (0.0, -8.0, 0.0), (0.0, 0.0, 8.0), (-3.0, 4.0, -6.0)]


@pytest.fixture(scope="module")
def body():
    return make_body(find_story("responder"), 0)


def station(body, first_slice, *, moved_mm=(0.0, 0.0, 0.0), gain=1.0, number=1, b=50.0, seed=3):
    """What the phantom's scanner gives when the patient has moved by ``moved_mm`` (RAS) before this station."""
    rng = np.random.default_rng([seed, number])
    matrix = dwi.dwi_grid()
    matrix[:3, 3] += first_slice * matrix[:3, 2]
    seen = matrix.copy()
    seen[:3, 3] -= moved_mm
    clean = sample(body, seen, (SLICES, dwi.ROWS, dwi.COLUMNS)).mean(dwi.material_signal(body, b))
    profile = gain * dwi._coil_profile(number)
    noise = dwi.NOISE * gain * rng.standard_normal((2, *clean.shape))
    signal = np.hypot(clean * profile + noise[0], noise[1]).astype(np.float32)
    return Volume(signal, matrix, Role.DWI, "", "signal", f"b {b:g}", b_value=b, station=number), clean


@pytest.fixture(scope="module")
def lower(body):
    return station(body, LOWEST, number=4)


@pytest.fixture(scope="module", params=TEST_SHIFTS, ids=str)
def moved(request, body):
    return np.array(request.param), station(body, LOWEST + SLICES - OVERLAP, moved_mm=request.param, gain=1.4, number=3)


def test_a_shift_of_up_to_8_mm_is_found_within_1_mm(lower, moved):
    shift_mm, (upper, _) = moved
    found = estimate_shift(lower[0].array, upper.array, SLICES - OVERLAP, dwi.SPACING_MM)
    np.testing.assert_allclose(found.mm, shift_mm * TO_VOXELS * dwi.SPACING_MM, atol=1.0)
    assert found.trusted.all()


def test_stations_are_moved_by_whole_voxels_and_values_stay(lower, moved):
    shift_mm, (upper, _) = moved
    found = align([upper, lower[0]])
    np.testing.assert_array_equal(np.subtract(*found.moves), -np.rint(shift_mm * TO_VOXELS))
    assert bool(found.findings) == bool(np.any(found.moves))
    joined = stitch([upper, lower[0]], gains=(1, 1), moves=found.moves)
    fixed = joined.volume.array[: SLICES - OVERLAP - 2]
    assert set(np.unique(fixed[np.isfinite(fixed)])) <= set(np.unique(lower[0].array)) | set(np.unique(upper.array))


@pytest.mark.parametrize("gain", [0.6, 1.4])
def test_the_stitched_signal_is_within_2_percent_of_the_truth_across_the_seam(body, lower, gain):
    upper, clean_upper = station(body, LOWEST + SLICES - OVERLAP, gain=gain, number=3)
    joined = stitch([upper, lower[0]])
    truth = np.concatenate([lower[1], clean_upper[OVERLAP:]])
    tissue = truth > 200
    ratio = [np.median(joined.volume.array[k][tissue[k]] / truth[k][tissue[k]]) for k in range(len(truth))]
    seam = slice(SLICES - OVERLAP - 2, SLICES + 2)
    assert np.ptp(ratio[seam]) / np.mean(ratio[seam]) < 0.02
    assert joined.seams[0].step_before > 0.25 and joined.seams[0].step_after < 0.03
    ratio_across = joined.profile.after[SLICES + 1] / joined.profile.after[SLICES - OVERLAP - 2]
    true_across = np.median(truth[SLICES + 1][tissue[SLICES + 1]]) / np.median(truth[SLICES - OVERLAP - 2][tissue[SLICES - OVERLAP - 2]])
    assert ratio_across == pytest.approx(true_across, rel=0.05)
    assert joined.profile.height_mm.shape == joined.profile.before.shape == (len(truth),)


def test_stations_that_show_different_things_are_not_moved(lower):
    rng = np.random.default_rng(0)
    other = lower[0].like(rng.uniform(50, 400, lower[0].array.shape).astype(np.float32))
    matrix = other.ijk_to_ras.copy()
    matrix[:3, 3] += (SLICES - OVERLAP) * matrix[:3, 2]
    found = align([lower[0], replace(other, ijk_to_ras=matrix)])
    assert found.moves == ((0, 0, 0), (0, 0, 0)) and found.findings == ()
    assert not found.shifts[0].trusted.any()


def test_empty_stations_have_no_shift():
    found = estimate_shift(np.zeros((10, 20, 20)), np.zeros((10, 20, 20)), 6, (3.0, 3.0, 6.0))
    assert not found.trusted.any() and not found.voxels.any()


def test_a_station_that_fits_no_other_is_kept_apart_with_its_reason(lower):
    def at(n, volume):
        matrix = volume.ijk_to_ras.copy()
        matrix[:3, 3] += n * (SLICES - OVERLAP) * matrix[:3, 2]
        return replace(volume, ijk_to_ras=matrix)

    cropped = lower[0].like(lower[0].array[:, :-8])
    groups, reasons = group_stations([at(2, lower[0]), at(1, cropped), at(0, lower[0])])
    assert groups == [[0, 2], [1]]
    assert set(reasons) == {1} and "matrix" in str(reasons[1])
