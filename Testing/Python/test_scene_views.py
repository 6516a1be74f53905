"""The nodes as a reader sees and handles them: pictures of real slice views, clicks and drags in them."""

import ctypes.util
import os

import numpy as np
import pytest
from helpers.example_results import LEVELS, make_results

SIZE = (400, 400)
VERTEBRA = 2  # the middle one of the example: excluded, a cylinder


@pytest.fixture
def case(slicer_scene):
    """The example case in the scene."""
    if not os.environ.get("DISPLAY") and not any(map(ctypes.util.find_library, ("EGL", "OSMesa"))):
        pytest.skip("VTK finds nothing to draw with here: no display, no EGL, no OSMesa.")
    from MarrowQuantLib.scene.results_scene import results_to_scene

    results = make_results()
    results_to_scene(results)
    return results


def find(class_name, **tags):
    from MarrowQuantLib.scene.nodes import find_node

    return find_node(class_name, tags)


def open_view(orientation="Axial"):
    from slicerhost.views import SliceView

    return SliceView("Red", orientation, SIZE)


def pixel(image, position):
    """RGB at a display position, whose origin is at the lower left."""
    x, y = (round(float(value)) for value in position)
    return image[image.shape[0] - 1 - y, x].astype(int)


def hide_everything_but(scene, *visible):
    for class_name in ("vtkMRMLSegmentationNode", "vtkMRMLMarkupsFiducialNode"):
        for index in range(scene.GetNumberOfNodesByClass(class_name)):
            node = scene.GetNthNodeByClass(index, class_name)
            node.GetDisplayNode().SetVisibility(node in visible)


def test_the_overlay_has_the_colour_of_the_fat_fraction(case, slicer_scene):
    hide_everything_but(slicer_scene)
    exam = case.exams[1]
    ff = find("vtkMRMLScalarVolumeNode", exam="follow-up", key="ff")
    water = find("vtkMRMLScalarVolumeNode", exam="follow-up", key="water")
    for node in (ff, water):
        node.GetDisplayNode().SetInterpolate(False)  # so that a pixel shows one voxel
    table = ff.GetDisplayNode().GetColorNode().GetLookupTable()
    middle = exam.vertebrae[VERTEBRA].roi.center_ras
    with open_view() as view:
        view.show(background=water, foreground=ff, opacity=1.0)
        view.jump(middle)
        image = view.image()
        ras_to_ijk = np.linalg.inv(exam.maps["ff"].ijk_to_ras)
        for shift in ((0, 0, 0), (11, 5, 0), (-8, 9, 0)):
            position = np.rint(view.to_display(middle + shift))
            i, j, k = np.rint(ras_to_ijk @ (*view.to_ras(position), 1.0)).astype(int)[:3]
            index = exam.maps["ff"].array[k, j, i] / 100.0 * table.GetNumberOfColors()
            around = [np.array(table.GetTableValue(int(index) + step)[:3]) * 255 for step in (-1, 0, 1)]
            differences = [np.abs(pixel(image, position) - colour).max() for colour in around]
            assert min(differences) <= 8, (shift, pixel(image, position), around)
            of_zero = np.array(table.GetTableValue(0)[:3]) * 255
            assert np.abs(pixel(image, position) - of_zero).max() > 30


def test_the_outline_of_a_segment_goes_around_its_voxels(case, slicer_scene):
    from MarrowQuantLib.scene.rois import level_color
    from MarrowQuantLib.vertebrae import rasterise

    segments = find("vtkMRMLSegmentationNode", exam="baseline", rois="segments")
    water = find("vtkMRMLScalarVolumeNode", exam="baseline", key="water")
    exam = case.exams[0]
    roi = exam.vertebrae[VERTEBRA].roi
    hide_everything_but(slicer_scene)
    with open_view() as view:
        view.show(background=water)
        view.jump(roi.center_ras)
        before = view.image()
        hide_everything_but(slicer_scene, segments)
        after = view.image()
        shown = np.argwhere(np.abs(after.astype(int) - before).sum(axis=2) > 0)
        assert len(shown) > 50
        rows_up = after.shape[0] - 1 - shown[:, 0]
        drawn = np.array([view.to_ras((x, y)) for x, y in zip(shown[:, 1], rows_up)])
        cells = exam.maps["ff"]
        voxels = np.argwhere(rasterise(roi, cells).mask())[:, ::-1]
        ras = voxels @ cells.ijk_to_ras[:3, :3].T + cells.ijk_to_ras[:3, 3]
        in_slice = ras[np.abs(ras[:, 2] - roi.center_ras[2]) < cells.spacing_mm[2] / 2]
        assert len(in_slice) > 20
        reach = 1.5 * cells.spacing_mm[:2].max()
        np.testing.assert_allclose(drawn.min(axis=0)[:2], in_slice.min(axis=0)[:2], atol=reach)
        np.testing.assert_allclose(drawn.max(axis=0)[:2], in_slice.max(axis=0)[:2], atol=reach)
        inside = pixel(after, view.to_display(roi.center_ras))
        np.testing.assert_array_equal(inside, pixel(before, view.to_display(roi.center_ras)))  # an outline, not a fill
        colour = np.array(level_color(roi.level)) * 255
        line = after[shown[:, 0], shown[:, 1]].astype(int)
        assert (np.abs(line - colour).max(axis=1) < 20).sum() > 20


def test_high_b_is_dark_where_the_signal_is_high(case, slicer_scene):
    hide_everything_but(slicer_scene)
    high = find("vtkMRMLScalarVolumeNode", exam="baseline", key="dwi_high")
    high.GetDisplayNode().SetInterpolate(False)
    volume = case.exams[0].maps["dwi_high"]
    k = 15
    j, i = (int(n) for n in np.unravel_index(np.argmax(volume.array[k, 5:25, 5:30]), (20, 25)))
    j, i = j + 5, i + 5
    with open_view() as view:
        view.show(background=high)
        position = (volume.ijk_to_ras @ (i, j, k, 1))[:3]
        view.jump(position)
        image = view.image()
        assert pixel(image, view.to_display(position)).max() < 60
        tissue = image[150:250, 150:250]
        assert tissue.mean() > 128


def test_a_click_places_a_vertebra_where_the_reader_clicked(case, slicer_scene):
    import slicer
    from MarrowQuantLib.scene.rois import rois_from_points_node, rois_to_points_node

    points = rois_to_points_node([], "baseline")
    assert points.GetNumberOfControlPoints() == 0
    middle = case.exams[0].vertebrae[VERTEBRA].roi.center_ras
    with open_view() as view:
        view.show(background=find("vtkMRMLScalarVolumeNode", exam="baseline", key="water"))
        view.jump(middle)
        view.image()
        application = slicer.app.applicationLogic()
        selection, interaction = application.GetSelectionNode(), application.GetInteractionNode()
        selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsFiducialNode")
        selection.SetActivePlaceNodeID(points.GetID())
        interaction.SetPlaceModePersistence(0)
        interaction.SetCurrentInteractionMode(slicer.vtkMRMLInteractionNode.Place)
        position = np.rint(view.to_display(middle)) + np.array((7, -5))
        view.click(position)
        assert points.GetNumberOfDefinedControlPoints() == 1
        points.SetNthControlPointLabel(0, "L2")
        (roi,) = rois_from_points_node(points, (11.0, 9.0, 7.0))
        assert roi.level == "L2"
        np.testing.assert_allclose(roi.center_ras, view.to_ras(position), atol=1e-6)


def test_a_dragged_point_moves_its_roi_and_keeps_its_shape(case, slicer_scene):
    from MarrowQuantLib.scene.rois import rois_from_points_node

    points = find("vtkMRMLMarkupsFiducialNode", exam="baseline", rois="points")
    hide_everything_but(slicer_scene, points)
    before = rois_from_points_node(points)
    with open_view() as view:
        view.show(background=find("vtkMRMLScalarVolumeNode", exam="baseline", key="water"))
        view.jump(before[VERTEBRA].center_ras)
        view.image()
        start = np.rint(view.to_display(before[VERTEBRA].center_ras))
        view.drag(start, start + np.array((24, 12)))
        expected = view.to_ras(start + np.array((24, 12))) - view.to_ras(start)
    after = rois_from_points_node(points)
    assert [roi.level for roi in after] == list(LEVELS)
    pixel_mm = np.linalg.norm(expected) / np.hypot(24, 12)
    np.testing.assert_allclose(after[VERTEBRA].center_ras - before[VERTEBRA].center_ras, expected, atol=2 * pixel_mm)
    np.testing.assert_allclose(after[VERTEBRA].axes, before[VERTEBRA].axes, atol=1e-9)
    assert (after[VERTEBRA].shape, after[VERTEBRA].excluded) == (before[VERTEBRA].shape, before[VERTEBRA].excluded)
    for n in (0, 1, 3):
        np.testing.assert_array_equal(after[n].center_ras, before[n].center_ras)
