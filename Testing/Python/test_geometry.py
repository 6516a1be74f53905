"""Positions and voxel indices: what must hold on every grid, however it is turned, stretched or sheared."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from MarrowQuantLib.io.imagefiles import grid_of, to_sitk
from MarrowQuantLib.model import Volume
from MarrowQuantLib.vertebrae.segfile import cut_to_box
from scipy import ndimage
from scipy.spatial.transform import Rotation

LIB = Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuantLib"
coordinate = st.floats(-500, 500)


@st.composite
def grids(draw, sheared=False):
    """A volume of random values on a grid in any position; voxels of 0.3 to 12 mm, also left-handed."""
    shape = tuple(draw(st.integers(1, 7)) for _ in range(3))
    turn = Rotation.from_euler("xyz", [draw(st.floats(-180, 180)) for _ in range(3)], degrees=True).as_matrix()
    matrix = np.eye(4)
    shear = np.eye(3)
    if sheared:
        shear[0, 1], shear[1, 2] = draw(st.floats(-0.4, 0.4)), draw(st.floats(-0.4, 0.4))
    sizes = np.diag([draw(st.floats(0.3, 12)) for _ in range(3)]) * draw(st.sampled_from([1.0, -1.0]))
    matrix[:3, :3], matrix[:3, 3] = turn @ shear @ sizes, [draw(coordinate) for _ in range(3)]
    return Volume(np.random.default_rng(draw(st.integers(0, 99))).normal(size=shape), matrix)


@given(grids(sheared=True), st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=1, max_size=5))
def test_index_and_position_undo_each_other_in_every_shape_of_array(volume, points):
    points = np.array(points)
    np.testing.assert_allclose(volume.to_ijk(volume.to_ras(points)), points, atol=1e-6)
    np.testing.assert_allclose(volume.to_ras(volume.to_ijk(points)), points, atol=1e-6)
    np.testing.assert_array_equal(volume.to_ras(points[0]), volume.to_ras(points[None, :1])[0, 0])


@given(grids(sheared=True))
def test_a_position_is_the_matrix_times_the_index(volume):
    k, j, i = (size - 1 for size in volume.array.shape)
    np.testing.assert_allclose(volume.to_ras((i, j, k)), (volume.ijk_to_ras @ [i, j, k, 1.0])[:3], atol=1e-9)


@given(grids(sheared=True), st.data())
def test_what_a_box_shows_lies_where_it_lay(volume, data):
    low = [data.draw(st.integers(0, size - 1)) for size in volume.array.shape]
    high = [data.draw(st.integers(a + 1, size)) for a, size in zip(low, volume.array.shape)]
    part = volume.box(low, high)
    at = volume.to_ijk(part.to_ras(np.argwhere(np.ones(part.array.shape))[:, ::-1]))
    k, j, i = np.rint(at).astype(int).T[::-1]
    np.testing.assert_array_equal(volume.array[k, j, i], part.array.ravel())


@given(grids(), st.data())
def test_a_mask_cut_to_its_box_marks_the_same_positions(volume, data):
    mask = volume.array > data.draw(st.floats(-1, 1))
    cut = cut_to_box(volume, mask)
    whole = volume.to_ras(np.argwhere(mask)[:, ::-1])
    np.testing.assert_allclose(np.sort(cut.to_ras(np.argwhere(cut.array)[:, ::-1]), axis=0), np.sort(whole, axis=0), atol=1e-6)


@given(grids(sheared=True), st.tuples(coordinate, coordinate, coordinate))
def test_a_position_is_seen_where_its_nearest_voxel_is_one_of_the_image(volume, point):
    nearest = volume.to_ijk(point)
    if np.abs(nearest - np.floor(nearest) - 0.5).min() < 1e-6:
        return  # on the face between two voxels rounding decides
    inside = all(0 <= n < size for n, size in zip(np.rint(nearest), volume.array.shape[::-1]))
    assert bool(volume.sees(point)) == inside
    assert volume.sees(volume.to_ras((0, 0, 0)))


@given(grids(sheared=True))
def test_a_lattice_on_the_voxels_gives_their_values(volume):
    origin = volume.to_ras((0, 0, 0))
    steps = (volume.to_ras(np.eye(3)) - origin).T
    values = ndimage.affine_transform(volume.array, *volume.lattice(origin, steps), volume.array.shape[::-1], order=1, mode="nearest")
    np.testing.assert_allclose(values, volume.array.T, atol=1e-6)


@given(grids(sheared=True), st.floats(0.1, 50))
def test_a_sphere_reaches_as_many_voxels_as_its_poles_are_away(volume, radius):
    directions = np.random.default_rng(0).normal(size=(200, 3))
    surface = radius * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    away = np.abs(volume.to_ijk(surface) - volume.to_ijk((0, 0, 0)))
    assert np.all(away <= volume.reach(radius) + 1e-6)
    np.testing.assert_allclose(away.max(axis=0), volume.reach(radius), rtol=0.25)


@given(grids())
def test_an_image_of_simpleitk_has_the_grid_it_was_made_of(volume):
    image = to_sitk(volume)
    np.testing.assert_allclose(grid_of(image), volume.ijk_to_ras, atol=1e-6)
    lps = np.array(image.TransformIndexToPhysicalPoint([size - 1 for size in image.GetSize()]))
    np.testing.assert_allclose(lps * [-1, -1, 1], volume.to_ras([size - 1 for size in image.GetSize()]), atol=1e-6)


# Where matrices are made, or composed with another frame's: files, headers, the phantom, an ROI's own axes.
MAKES_GRIDS = {"model/volume.py", "io/nifti.py", "io/imagefiles.py", "dicom/geometry.py", "report/images.py", "vertebrae/column.py",
               "burden/context.py", "scene/labelmaps.py"}  # fmt: skip


@pytest.mark.parametrize("pattern", [r"ijk_to_ras\[:3, 3\]", r"linalg\.inv\([\w.]*ijk_to_ras\)", r"-1\.0?, -1\.0?, 1\.0?\b"])
def test_no_other_file_does_the_arithmetic_of_grids_by_hand(pattern):
    files = {path.relative_to(LIB).as_posix(): path for path in LIB.rglob("*.py") if path.relative_to(LIB).parts[0] != "phantom"}
    by_hand = sorted(name for name, path in files.items() if re.search(pattern, path.read_text(encoding="utf-8")))
    assert sorted(set(by_hand) - MAKES_GRIDS - {"exam/dixon_maps.py"}) == []
