"""Key images: right side up, true to scale, and outlines where the ROI cuts the slice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.report_case import LEVELS, two_exams
from MarrowQuantLib.model import Role, VertebraROI, Volume
from MarrowQuantLib.report.images import ACCEPTED_RGB, PHYSIOLOGICAL_RGB, _Oriented, _outline, body_image, orient, png, spine_image


@pytest.fixture(scope="module")
def exam():
    return two_exams()[0]


def pixels(image_bytes, tmp_path):
    path = tmp_path / "image.png"
    path.write_bytes(image_bytes)
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_a_picture_written_as_png_is_read_back_by_another_program(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype(np.uint8)
    np.testing.assert_array_equal(pixels(png(rgb), tmp_path), rgb)


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1), (-1, 1, -1)])
def test_any_acquisition_is_turned_to_head_up_and_anterior_and_right_first(axes, signs):
    spacing = np.array([2.0, 3.0, 5.0])
    ijk_to_ras = np.eye(4)
    ijk_to_ras[:3, :3] = np.eye(3)[:, list(axes)] * (np.array(signs) * spacing)
    ijk_to_ras[:3, 3] = 10.0, -20.0, 30.0
    array = np.random.default_rng(1).random((4, 5, 6)).astype(np.float32)
    oriented = orient(Volume(array, ijk_to_ras, Role.PDFF))
    for column, ras in ((0, 2), (1, 1), (2, 0)):  # rows run down, columns to posterior, slices to left
        assert oriented.to_ras[ras, column] == -np.abs(oriented.to_ras[:3, column]).max()
    for sar in ((0, 0, 0), (1, 2, 3), tuple(np.array(oriented.array.shape) - 1)):
        ras = oriented.to_ras @ np.array([*sar, 1.0])
        i, j, k = np.rint(np.linalg.inv(ijk_to_ras) @ ras)[:3].astype(int)
        assert oriented.array[sar] == array[k, j, i]


def test_an_oblique_acquisition_uses_every_axis_once():
    angle = np.deg2rad(44)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    ijk_to_ras = np.eye(4)
    ijk_to_ras[:3, :3] = turn
    oriented = orient(Volume(np.zeros((3, 4, 5)), ijk_to_ras))
    assert abs(np.linalg.det(oriented.to_ras[:3, :3])) == pytest.approx(1.0)
    assert oriented.array.shape == (3, 4, 5)


@pytest.mark.parametrize("shape", ["ellipsoid", "cylinder", "box"])
def test_the_outline_encloses_the_pixels_whose_centres_lie_in_the_roi(shape):
    tilt = np.deg2rad(20)
    axes = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    roi = VertebraROI("L3", np.array([3.0, -5.0, 12.0]), axes, np.array([14.0, 10.0, 8.0]), shape)
    to_ras = np.array([[0, 0, -2.0, 40.0], [0, -0.5, 0, 30.0], [-0.4, 0, 0, 45.0], [0, 0, 0, 1.0]])
    oriented = _Oriented(np.zeros((200, 150, 40)), to_ras)
    outline = _outline(roi, oriented, column=18, corner=(0, 0))
    rows, columns = np.mgrid[0:200, 0:150]
    points = to_ras @ np.stack([rows.ravel(), columns.ravel(), np.full(rows.size, 18), np.ones(rows.size)])
    q = np.abs((points[:3].T - roi.center_ras) @ axes / roi.radii_mm)
    disc = np.hypot(q[:, 0], q[:, 1])
    inside = {"box": q.max(axis=1), "cylinder": np.maximum(disc, q[:, 2]), "ellipsoid": np.linalg.norm(q, axis=1)}[shape] < 1
    x, y = outline.T
    area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    assert area == pytest.approx(inside.sum() * 0.5 * 0.4, rel=0.03)
    middle = 0.5 * (columns.ravel()[inside].mean() + 0.5), 0.4 * (rows.ravel()[inside].mean() + 0.5)
    assert outline.mean(axis=0) == pytest.approx(middle, abs=0.12)  # a quarter of a pixel


def test_an_roi_that_does_not_reach_the_slice_has_no_outline():
    roi = VertebraROI("L3", np.zeros(3), np.eye(3), np.full(3, 5.0))
    to_ras = np.array([[0, 0, -2.0, 40.0], [0, -1.0, 0, 30.0], [-1.0, 0, 0, 45.0], [0, 0, 0, 1.0]])
    assert _outline(roi, _Oriented(np.zeros((90, 60, 40)), to_ras), column=5, corner=(0, 0)) is None


def test_the_spine_image_has_the_size_of_what_it_shows_and_an_outline_a_level(exam, tmp_path):
    image = spine_image(exam)
    rows, columns, _ = pixels(image.png, tmp_path).shape
    assert (image.width_mm, image.height_mm) == pytest.approx((columns * 1.75, rows * 1.75))
    assert [level for level, _ in image.outlines] == list(LEVELS)
    assert image.sides == ("A", "P", "H", "F")
    tops = [outline[:, 1].mean() for _, outline in image.outlines]
    assert tops == sorted(tops)  # L1 above L5
    for _, outline in image.outlines:
        assert outline.min() > 0
        assert np.all(outline.max(axis=0) < (image.width_mm, image.height_mm))


def test_a_fattier_vertebra_is_brighter_and_air_is_black(tmp_path):
    means = []
    for exam in two_exams():
        image = spine_image(exam)
        shown = pixels(image.png, tmp_path).astype(float)
        x, y = dict(image.outlines)["L3"].mean(axis=0) / 1.75
        means.append(shown[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].mean())
    assert means[1] > means[0] + 10
    wide = spine_image(type(exam)(**{**vars(exam), "vertebrae": ()}))
    assert pixels(wide.png, tmp_path)[:, 0].max() == 0


def test_the_body_image_colours_what_counts_and_what_is_physiological(exam, tmp_path):
    image = body_image(exam)
    shown = pixels(image.png, tmp_path).astype(int)
    assert (image.width_mm, image.height_mm) == pytest.approx((112 * 4.0, 170 * 6.0))

    def at(r, s):
        """Pixel at a RAS position: the first column lies at R = 222 mm, the last row at S = −500 mm."""
        return shown[round((514 - s) / 6.0), round((222 - r) / 4.0)]

    def is_near(pixel, colour):
        return np.abs(pixel - np.array(colour)).max() < 60

    assert is_near(at(60, -150), ACCEPTED_RGB)
    assert is_near(at(0, 430), PHYSIOLOGICAL_RGB)
    assert at(95, 150).max() - at(95, 150).min() == 0  # rejected: stays grey
    assert at(95, 150).max() < 90  # and dark, because it is bright on the high-b image
    assert at(200, 480).min() > 235  # air is white


def test_an_exam_without_maps_has_no_images(exam):
    bare = type(exam)(**{**vars(exam), "maps": {}})
    assert spine_image(bare) is None
    assert body_image(bare) is None


def test_without_a_fat_fraction_the_water_image_is_shown_in_grey(exam, tmp_path):
    maps = {"water": exam.maps["water"]}
    shown = pixels(spine_image(type(exam)(**{**vars(exam), "maps": maps})).png, tmp_path)
    assert shown.max() > 200
    assert np.ptp(shown.astype(int), axis=2).max() == 0
