"""Vertebral ROIs on a grid, against analytic volumes."""

from __future__ import annotations

import numpy as np
import pytest
from MarrowQuantLib.model import MarrowQuantError, VertebraROI, Volume
from MarrowQuantLib.vertebrae import default_axes, follow_column, rasterise
from scipy.spatial.transform import Rotation


def grid(shape=(60, 60, 60), spacing=(1.0, 1.0, 1.0), rotation=None, origin=(0.0, 0.0, 0.0), values=None):
    matrix = np.eye(4)
    matrix[:3, :3] = (np.eye(3) if rotation is None else rotation) * np.array(spacing)
    matrix[:3, 3] = origin
    array = np.ones(shape, dtype=np.float32) if values is None else values
    return Volume(array, matrix, name="map")


def roi(center, radii=(12.0, 9.0, 7.0), axes=None, shape="ellipsoid", level="L3"):
    return VertebraROI(level, np.array(center, float), np.eye(3) if axes is None else axes, np.array(radii, float), shape)


ANALYTIC = {"ellipsoid": 4 / 3 * np.pi, "cylinder": 2 * np.pi, "box": 8.0}


@pytest.mark.parametrize("shape", ["ellipsoid", "cylinder", "box"])
@pytest.mark.parametrize("oblique", [False, True])
def test_voxel_count_is_the_analytic_volume_on_fine_grids(shape, oblique):
    rotation = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix() if oblique else None
    volume = grid((90, 90, 90), (0.5, 0.45, 0.6), rotation, origin=(-3.0, 4.0, 5.0))
    center = (volume.ijk_to_ras @ [44.3, 45.6, 44.9, 1])[:3]
    tilted = Rotation.from_euler("x", 17, degrees=True).as_matrix()
    found = rasterise(roi(center, (11, 9, 7), tilted, shape), volume)
    assert found.n_voxels * volume.voxel_volume_ml * 1000 == pytest.approx(ANALYTIC[shape] * 11 * 9 * 7, rel=0.01)
    assert found.fraction_inside == 1.0


def test_mask_agrees_with_a_voxel_by_voxel_check_of_the_definition():
    volume = grid((14, 20, 22), (2.0, 2.5, 3.0), Rotation.from_euler("z", 12, degrees=True).as_matrix(), origin=(1, 2, 3))
    center = (volume.ijk_to_ras @ [9.4, 8.7, 6.2, 1])[:3]
    region = roi(center, axes=Rotation.from_euler("yx", [8, -20], degrees=True).as_matrix())
    expected = np.zeros(volume.array.shape, bool)
    for k, j, i in np.ndindex(*expected.shape):
        u = region.axes.T @ ((volume.ijk_to_ras @ [i, j, k, 1])[:3] - region.center_ras) / region.radii_mm
        expected[k, j, i] = u @ u < 1
    np.testing.assert_array_equal(rasterise(region, volume).mask(), expected)


def test_box_with_faces_on_voxel_centres_is_half_open():
    # 12 mm on a 1 mm grid with centres on both faces: the volume is 12^3, the closed rule would count 13^3.
    found = rasterise(roi((30, 30, 30), (6, 6, 6), shape="box"), grid())
    assert found.n_voxels == 12**3
    mask = found.mask()
    assert mask[24, 30, 30] and not mask[36, 30, 30]


def test_two_boxes_side_by_side_share_no_voxel_even_on_oblique_grids():
    rotation = Rotation.from_euler("xyz", [10, 20, 30], degrees=True).as_matrix()
    volume = grid((40, 40, 40), (1, 1, 1), rotation)
    center = rotation @ [20.0, 20.0, 20.0]
    left = rasterise(roi(center, (5, 5, 5), rotation, "box"), volume).mask()
    right = rasterise(roi(center + 10 * rotation[:, 0], (5, 5, 5), rotation, "box"), volume).mask()
    assert left.sum() == right.sum() == 1000
    assert not (left & right).any()


def test_values_are_those_of_the_map_and_nan_is_left_out_and_counted():
    values = np.random.default_rng(1).normal(40, 3, (60, 60, 60)).astype(np.float32)
    values[30, 30, 28:31] = np.nan
    volume = grid(values=values)
    found = rasterise(roi((30, 30, 30)), volume)
    inside = values[found.mask()]
    np.testing.assert_array_equal(found.values, inside[np.isfinite(inside)])
    assert found.n_without_value == 3
    assert found.n_voxels == inside.size - 3


@pytest.mark.parametrize("shape", ["ellipsoid", "box"])
def test_half_of_an_roi_at_the_border_is_half_in_view(shape):
    # The field of view ends half a voxel beyond the last centre: at -0.5 mm.
    found = rasterise(roi((-0.5, 30, 30), shape=shape), grid())
    assert found.fraction_inside == pytest.approx(0.5, abs=0.005)


def test_a_quarter_sphere_cap_in_view_has_its_analytic_fraction():
    # Spherical cap of height h: V = pi h^2 (3r - h) / 3; r = 10, h = 5 -> 5/32 of the sphere.
    found = rasterise(roi((-5.5, 30, 30), (10, 10, 10)), grid())
    assert found.fraction_inside == pytest.approx(5 / 32, abs=0.004)


def test_fraction_does_not_depend_on_coarse_slices():
    found = rasterise(roi((30, 30, 0.0), (8, 8, 7)), grid((3, 60, 60), (1, 1, 14.0)))
    assert found.fraction_inside == 1.0
    assert set(np.flatnonzero(found.mask().any(axis=(1, 2)))) == {0}


def test_roi_outside_the_field_of_view_names_the_level():
    with pytest.raises(MarrowQuantError, match="L3 lies completely outside"):
        rasterise(roi((200, 30, 30)), grid())


def test_an_roi_little_larger_than_a_voxel_holds_its_centre_and_six_neighbours():
    assert rasterise(roi((30, 30, 30), (1.1, 1.1, 1.1)), grid()).n_voxels == 7


@pytest.mark.parametrize("bad", [{"radii": (0, 9, 7)}, {"shape": "pyramid"}, {"center": (np.nan, 0, 0)}])
def test_unusable_rois_are_refused(bad):
    with pytest.raises(MarrowQuantError):
        rasterise(roi(**{"center": (30, 30, 30), **bad}), grid())


def test_axes_follow_an_arc_of_the_column():
    angle = np.deg2rad(np.linspace(-30, 30, 7))
    centers = 200 * np.stack([np.zeros(7), np.cos(angle), -np.sin(angle)], axis=1)
    axes = default_axes(centers)
    tangent = np.stack([np.zeros(7), np.sin(angle), np.cos(angle)], axis=1)
    cosine = np.einsum("na,na->n", axes[:, :, 2], tangent)
    assert np.rad2deg(np.arccos(np.clip(cosine, -1, 1))).max() < 0.5
    np.testing.assert_allclose(np.einsum("nab,nac->nbc", axes, axes), np.broadcast_to(np.eye(3), (7, 3, 3)), atol=1e-12)
    assert np.allclose(np.linalg.det(axes), 1) and (axes[:, 0, 0] > 0.99).all()


def test_swapped_labels_are_noticed():
    with pytest.raises(MarrowQuantError, match="do not go down"):
        follow_column([roi((0, 0, -50), level="L1"), roi((0, 0, 0), level="L2")])
