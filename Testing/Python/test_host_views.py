"""The offscreen views: what they show and what they let a reader do, on the embedded Slicer."""

from __future__ import annotations

import numpy as np
import pytest
from slicerhost import views

pytestmark = pytest.mark.skipif(not views.can_render(), reason="There is no display and neither EGL nor OSMesa is installed.")


@pytest.fixture
def block(slicer_scene):
    """A volume with a bright block, 2 mm voxels, on a dark background."""
    import slicer.util

    voxels = np.zeros((20, 40, 40), np.float32)
    voxels[8:12, 10:30, 10:30] = 100
    ijk_to_ras = np.diag([-2.0, -2.0, 2.0, 1.0])
    ijk_to_ras[:3, 3] = [39, 39, -19]
    node = slicer.util.addVolumeFromArray(voxels, ijk_to_ras, "block")
    node.CreateDefaultDisplayNodes()
    return node


def test_a_slice_view_shows_the_volume_where_it_is(block):
    with views.SliceView("Red", "Axial", size=(200, 200)) as view:
        view.show(block)
        view.jump((0, 0, 0))
        image = view.image().astype(float)
        x, y = np.round(view.to_display((0, 0, 0))).astype(int)
        outside_x, outside_y = np.round(view.to_display((30, 0, 0))).astype(int)
    rows = image.shape[0]
    assert image[rows - 1 - y, x].min() > 200
    assert image[rows - 1 - outside_y, outside_x].max() < 50


def test_an_roi_handle_can_be_dragged(block, slicer_scene):
    roi = slicer_scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "L1")
    roi.SetCenter(0, 0, 0)
    roi.SetSize(30, 30, 20)
    roi.CreateDefaultDisplayNodes()
    with views.SliceView("Red", "Axial", size=(300, 300)) as view:
        view.show(block)
        view.jump((0, 0, 0))
        view.image()
        handle = view.to_display((15, 0, 0))
        target = view.to_display((25, 0, 0))
        view.drag(handle, target)
    assert roi.GetSize()[0] == pytest.approx(40, abs=1.0)
    assert roi.GetCenter()[0] == pytest.approx(5, abs=0.5)


def test_a_three_d_view_shows_a_surface(slicer_scene):
    import slicer
    import vtk

    sphere = vtk.vtkSphereSource()
    sphere.SetRadius(20)
    model = slicer_scene.AddNewNodeByClass("vtkMRMLModelNode", "lesion")
    model.SetPolyDataConnection(sphere.GetOutputPort())
    model.CreateDefaultDisplayNodes()
    model.GetDisplayNode().SetColor(1, 0, 0)
    with views.ThreeDView(size=(200, 200)) as view:
        view.fit()
        image = view.image().astype(int)
    redness = image[..., 0] - image[..., 2]
    assert redness[100, 100] > 60
    assert redness[2, 2] < 20
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLViewNode") == 0


def test_closed_views_leave_no_view_nodes(slicer_scene):
    for _ in range(3):
        with views.SliceView("Red", size=(64, 64)) as view:
            view.image()
    assert slicer_scene.GetNumberOfNodesByClass("vtkMRMLSliceNode") == 0
    assert slicer_scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode") == 0


def test_a_picture_is_written_with_the_top_row_first(block, tmp_path):
    import SimpleITK as sitk
    with views.SliceView("Red", "Axial", size=(120, 80)) as view:
        view.show(block)
        view.save(tmp_path / "axial.png")
        image = view.image()
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "axial.png"))), image)
    assert image.shape == (80, 120, 3)
