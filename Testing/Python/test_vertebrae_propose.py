"""ROIs from two clicks, on a synthetic column and on ten real lumbar spines."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.studies import STUDIES, needs_studies
from MarrowQuantLib.model import MarrowQuantError, Volume
from MarrowQuantLib.vertebrae import default_axes, propose, rois_between
from scipy import io, ndimage

SPINES = STUDIES / "spine_labels" / "lumbar_t1"
VOXEL_MM = 3.0  # largest voxel side of the synthetic column: no centre may be off by more than that
LUMBAR = ("L1", "L2", "L3", "L4", "L5")


def synthetic_column(contrast=1.0, seed=0):
    """Bodies of 34 mm depth on a bent line, with a bright canal behind; more lordosis and other spacing than the prior has."""
    rng = np.random.default_rng(seed)
    centers = np.array([[0, 0, 0], [1, 8, -34], [2, 13, -71], [1, 11, -108], [0, 0, -140.0]])
    matrix = np.diag([VOXEL_MM, 1.5, 1.5, 1.0])
    matrix[:3, 3] = [-30, -60, -180]
    k, j, i = np.ogrid[0:150, 0:80, 0:21]
    ras = np.stack(np.broadcast_arrays(i * 3.0 - 30, j * 1.5 - 60, k * 1.5 - 180), axis=-1)
    image = np.full(ras.shape[:3], 60.0)
    for center, axes in zip(centers, default_axes(centers)):
        u = np.abs((ras - center) @ axes) / [22, 17, 13]
        image[(u < 1).all(axis=-1)] = 200
    behind = ras[..., 1] - np.interp(ras[..., 2], centers[::-1, 2], centers[::-1, 1])
    image[(np.abs(behind + 26) < 7) & (np.abs(ras[..., 0]) < 10)] = 120
    image += rng.normal(0, 8, image.shape)
    return Volume((contrast * image).astype(np.float32), matrix, name="image"), centers


def error_mm(rois, centers):
    return np.linalg.norm(np.array([roi.center_ras for roi in rois]) - centers, axis=1)


@pytest.mark.parametrize("contrast", [1.0, -1.0])
def test_the_image_corrects_the_mean_curve_in_either_contrast(contrast):
    image, centers = synthetic_column(contrast)
    clicks = ("L1", centers[0]), ("L5", centers[4])
    assert error_mm(rois_between(*clicks), centers).max() > 5
    proposal = propose(*clicks, image)
    assert error_mm(proposal.rois, centers).max() < VOXEL_MM
    assert proposal.findings == {}


def test_clicks_are_kept_and_may_come_in_any_order():
    rois = rois_between(("L5", [0, -3, -140]), ("L1", [0, 0, 0]), radii_mm=(10, 8, 6))
    assert [roi.level for roi in rois] == list(LUMBAR)
    np.testing.assert_allclose(rois[0].center_ras, [0, 0, 0], atol=1e-9)
    np.testing.assert_allclose(rois[4].center_ras, [0, -3, -140], atol=1e-9)
    np.testing.assert_allclose(rois[2].radii_mm, [10, 8, 6])


def test_the_mean_curve_is_lordotic_in_the_lumbar_and_kyphotic_in_the_thoracic_column():
    lumbar = rois_between(("L1", [0, 0, 0]), ("L5", [0, 0, -140]))
    thoracic = rois_between(("T4", [0, 0, 0]), ("T10", [0, 0, -150]))
    assert all(roi.center_ras[1] > 3 for roi in lumbar[1:4])
    assert all(roi.center_ras[1] < -3 for roi in thoracic[1:-1])
    # The frames tilt with the curve: the front of L1 is raised, that of L5 lowered.
    assert lumbar[4].axes[2, 1] < 0 < lumbar[0].axes[2, 1]


def test_spacing_grows_caudally_in_the_thoracic_column():
    z = [roi.center_ras[2] for roi in rois_between(("T6", [0, 0, 0]), ("L1", [0, 0, -190]))]
    assert (np.diff(-np.diff(z)) > 0).all()


def test_a_level_that_resembles_nothing_is_doubted():
    image, centers = synthetic_column()
    z = image.ijk_to_ras[2, 3] + 1.5 * np.arange(image.array.shape[0])
    noise = np.random.default_rng(3).normal(60, 30, image.array.shape)
    hidden = np.where((np.abs(z - centers[2, 2]) < 45)[:, None, None], noise, image.array).astype(np.float32)
    doubts = propose(("L1", centers[0]), ("L5", centers[4]), image.like(hidden)).findings
    assert "L3" in doubts and "L3" in doubts["L3"]


def test_a_constant_image_leaves_the_mean_curve_and_doubts_it():
    image, centers = synthetic_column()
    clicks = ("L1", centers[0]), ("L5", centers[4])
    flat = propose(*clicks, image.like(np.ones_like(image.array)))
    np.testing.assert_allclose([roi.center_ras for roi in flat.rois], [roi.center_ras for roi in rois_between(*clicks)])
    assert set(flat.findings) == {"L2", "L3", "L4"}


def test_missing_values_in_the_image_do_no_harm():
    image, centers = synthetic_column()
    values = image.array.copy()
    values[np.random.default_rng(0).random(values.shape) < 0.02] = np.nan
    rois = rois_between(("L1", centers[0]), ("L5", centers[4]), image.like(values))
    assert error_mm(rois, centers).max() < VOXEL_MM


def test_impossible_clicks_are_refused():
    image, centers = synthetic_column()
    with pytest.raises(MarrowQuantError, match="do not go down"):
        rois_between(("L1", [0, 0, -140]), ("L5", [0, 0, 0]))
    with pytest.raises(MarrowQuantError, match="not below"):
        rois_between(("L1", [0, 0, 0]), ("L1", [0, 0, -30]))
    with pytest.raises(MarrowQuantError, match="not a vertebral level"):
        rois_between(("L1", [0, 0, 0]), ("L7", [0, 0, -30]))
    for below in (-6, -400):
        with pytest.raises(MarrowQuantError, match=f"{-below} mm apart, where about 14. mm fit"):
            rois_between(("L1", [0, 0, 0]), ("L5", [0, 0, below]), image)
    with pytest.raises(MarrowQuantError, match="L5 lies outside the image"):
        rois_between(("L1", centers[0]), ("L5", [0, 0, -200]), image)
    with pytest.raises(MarrowQuantError, match="no value"):
        rois_between(("L1", centers[0]), ("L5", centers[4]), image.like(np.full_like(image.array, np.nan)))


@needs_studies
def test_centres_on_ten_real_spines():
    """Clicks at the labelled centroids of L1 and L5. The prior's curve was measured on the same ten spines, so this is not an
    independent validation; the image search has nothing from them."""
    matrix = np.diag([1.0, -1.0, -1.0, 1.0])  # indices grow towards the feet and to the back
    errors, without_image = [], []
    for path in sorted(SPINES.glob("*.mat")):
        case = io.loadmat(path)
        centers = np.array(ndimage.center_of_mass(np.ones_like(case["GT"]), case["GT"], range(1, 6)))[:, ::-1] * [1, -1, -1]
        clicks = ("L1", centers[0]), ("L5", centers[4])
        errors.append(error_mm(rois_between(*clicks, Volume(case["I"], matrix)), centers)[1:4])
        without_image.append(error_mm(rois_between(*clicks), centers)[1:4])
    assert len(errors) == 10
    assert np.median(errors) < 2.5
    assert np.max(errors) < 6
    assert np.median(errors) < np.median(without_image) and np.max(errors) < np.max(without_image)
