"""Volumes, ROIs and tumour load as real MRML nodes."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.example_results import LEVELS, make_burden, make_exam, oblique_affine
from MarrowQuantLib.model import ACCEPTED, REJECTED, UNIT_ADC, UNIT_FF, MarrowQuantError, Role, VertebraROI, Volume


@pytest.fixture
def scene(slicer_scene):
    return slicer_scene


@pytest.fixture
def fat_fraction():
    return make_exam("baseline", 20.0, seed=5).maps["ff"]


def add_transform(scene, matrix):
    import slicer

    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Move")
    node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    return node


def rigid(angle, shift):
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, 3] = shift
    return matrix


# -------------------------------------------------------------------------------------------------------------- volumes
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "uint16", "uint8", "int32"])
def test_values_and_oblique_geometry_come_back_exactly(scene, dtype):
    from MarrowQuantLib.scene.volumes import volume_from_node, volume_to_node

    array = np.arange(4 * 5 * 6).reshape(4, 5, 6).astype(dtype)
    node = volume_to_node(Volume(array, oblique_affine(), Role.WATER), "Water", "baseline", "water")
    back = volume_from_node(node)
    assert back.array.dtype == array.dtype
    np.testing.assert_array_equal(back.array, array)
    np.testing.assert_allclose(back.ijk_to_ras, oblique_affine(), rtol=0, atol=1e-12)


def test_a_voxel_of_the_node_lies_where_slicer_says_it_lies(scene, fat_fraction):
    import vtk
    from MarrowQuantLib.scene.volumes import volume_to_node

    node = volume_to_node(fat_fraction, "FF", "baseline", "ff")
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    np.testing.assert_allclose(matrix.MultiplyPoint((7, 5, 3, 1)), fat_fraction.ijk_to_ras @ (7, 5, 3, 1), atol=1e-10)
    assert node.GetImageData().GetScalarComponentAsDouble(7, 5, 3, 0) == pytest.approx(float(fat_fraction.array[3, 5, 7]))


def test_what_a_volume_is_comes_back(scene, fat_fraction):
    from MarrowQuantLib.scene.volumes import volume_from_node, volume_to_node

    volume = replace(fat_fraction, b_value=900.0, echo_time_s=0.00115, station=2)
    back = volume_from_node(volume_to_node(volume, "FF", "baseline", "ff"))
    for name in ("role", "unit", "quantity", "b_value", "echo_time_s", "station", "source"):
        assert getattr(back, name) == getattr(volume, name), name
    np.testing.assert_array_equal(back.array, volume.array)  # NaN included


def test_quantity_and_unit_are_codes_of_dicom(scene, fat_fraction):
    codes = pytest.importorskip("pydicom.sr.codedict").codes
    from MarrowQuantLib.quantities import DISPLAYS
    from MarrowQuantLib.scene.burden import _SEGMENTS
    from MarrowQuantLib.scene.volumes import volume_to_node

    node = volume_to_node(fat_fraction, "FF", "baseline", "ff")
    assert node.GetVoxelValueQuantity().GetCodeValue() == codes.DCM.FatFraction.value
    assert node.GetVoxelValueUnits().GetCodeValue() == codes.UCUM.Percent.value
    expected = {
        Role.ADC: codes.DCM.ApparentDiffusionCoefficient,
        Role.PDFF: codes.DCM.FatFraction,
        Role.R2STAR: codes.DCM.R2Star,
    }
    assert {role: shown.quantity_code[0] for role, shown in DISPLAYS.items()} == {role: code.value for role, code in expected.items()}
    units = {UNIT_ADC: codes.UCUM.SquareMicrometerPerSecond, UNIT_FF: codes.UCUM.Percent, "1/s": codes.UCUM.PerSecond}
    assert {shown.unit: shown.unit_code[0] for shown in DISPLAYS.values()} == {unit: code.value for unit, code in units.items()}
    for code in (codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Lesion):
        assert f"SCT^{code.value}^" in _SEGMENTS[ACCEPTED][2]
    assert f"SCT^{codes.SCT.Tissue.value}^" in _SEGMENTS[REJECTED][2]


def test_a_signal_has_no_quantity_code(scene):
    from MarrowQuantLib.scene.volumes import volume_to_node

    node = volume_to_node(Volume(np.ones((2, 3, 4), np.float32), np.eye(4), Role.WATER), "Water", "baseline", "water")
    assert node.GetVoxelValueQuantity() is None


def test_maps_are_shown_on_their_own_scales(scene):
    from MarrowQuantLib.scene.volumes import maps_to_nodes

    nodes = maps_to_nodes(make_exam("baseline", 20.0, seed=5).maps, "baseline")
    ff, adc, high = (nodes[key].GetDisplayNode() for key in ("ff", "adc", "dwi_high"))
    assert (ff.GetWindowLevelMin(), ff.GetWindowLevelMax()) == (0.0, 100.0)
    assert (adc.GetWindowLevelMin(), adc.GetWindowLevelMax()) == (0.0, 2000.0)
    assert high.GetColorNode().GetName() == "InvertedGrey"
    assert ff.GetColorNode() is not None
    assert not ff.GetAutoWindowLevel()


def test_a_map_with_two_keys_is_one_node_and_comes_back_under_both(scene):
    from MarrowQuantLib.scene.volumes import exam_maps_from_scene, maps_to_nodes

    maps = make_exam("baseline", 20.0, seed=5).maps
    nodes = maps_to_nodes(maps, "baseline")
    assert nodes["ff"] is nodes["ff_vendor"]
    back, changed = exam_maps_from_scene("baseline")
    assert set(back) == set(maps)
    assert back["ff"] is back["ff_vendor"]
    assert not changed and exam_maps_from_scene("follow-up") == ({}, [])


@pytest.mark.parametrize("told", ["", "{", "[]", '{"voxels": "0", "grid": [1, 2]}', '{"voxels": "0", "grid": [["removed"]]}'])
def test_a_map_whose_state_is_not_told_counts_as_unchanged(scene, told):
    from MarrowQuantLib.scene.volumes import exam_maps_from_scene, maps_to_nodes

    nodes = maps_to_nodes(make_exam("baseline", 20.0, seed=5).maps, "baseline")
    nodes["ff"].SetAttribute("MarrowQuant.put", told)
    assert exam_maps_from_scene("baseline")[1] == []


def test_a_linear_parent_transform_moves_the_volume(scene, fat_fraction):
    from MarrowQuantLib.scene.volumes import volume_from_node, volume_to_node

    node = volume_to_node(fat_fraction, "FF", "baseline", "ff")
    outer, inner = rigid(0.4, (10.0, -20.0, 5.0)), rigid(-0.1, (1.0, 2.0, 3.0))
    parent, child = add_transform(scene, outer), add_transform(scene, inner)
    child.SetAndObserveTransformNodeID(parent.GetID())
    node.SetAndObserveTransformNodeID(child.GetID())
    np.testing.assert_allclose(volume_from_node(node).ijk_to_ras, outer @ inner @ fat_fraction.ijk_to_ras, atol=1e-10)


def test_a_volume_under_a_bent_transform_is_refused_with_a_sentence(scene, fat_fraction):
    import slicer
    import vtk
    from MarrowQuantLib.scene.volumes import volume_from_node, volume_to_node

    points, moved = vtk.vtkPoints(), vtk.vtkPoints()
    for n in range(4):
        points.InsertNextPoint(n, n % 2, n // 2)
        moved.InsertNextPoint(n, n % 2, n // 2 + (n == 3))
    bend = vtk.vtkThinPlateSplineTransform()
    bend.SetSourceLandmarks(points)
    bend.SetTargetLandmarks(moved)
    bend.SetBasisToR()
    transform = slicer.vtkMRMLTransformNode()
    scene.AddNode(transform)
    transform.SetAndObserveTransformToParent(bend)
    node = volume_to_node(fat_fraction, "FF", "baseline", "ff")
    node.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(MarrowQuantError, match="not linear"):
        volume_from_node(node)


def test_a_volume_node_without_an_image_is_refused_with_a_sentence(scene):
    from MarrowQuantLib.scene.volumes import volume_from_node

    with pytest.raises(MarrowQuantError, match="holds no image"):
        volume_from_node(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty"))


def test_a_four_dimensional_array_is_refused_with_a_sentence(scene):
    from MarrowQuantLib.scene.volumes import volume_to_node

    with pytest.raises(MarrowQuantError, match="4 axes"):
        volume_to_node(Volume(np.zeros((2, 2, 2, 3)), np.eye(4)), "Echoes", "baseline", "echoes")


# ----------------------------------------------------------------------------------------------------------------- ROIs
def test_rois_survive_the_point_list(scene):
    from MarrowQuantLib.scene.rois import rois_from_points_node, rois_to_points_node

    rois = [replace(vertebra.roi, place_sd_mm=1.4) for vertebra in make_exam("baseline", 20.0, seed=5).vertebrae]
    back = rois_from_points_node(rois_to_points_node(rois, "baseline"))
    assert [roi.level for roi in back] == list(LEVELS)
    for given, got in zip(rois, back):
        np.testing.assert_allclose(got.center_ras, given.center_ras, atol=1e-10)
        np.testing.assert_allclose(got.axes, given.axes, atol=1e-12)
        np.testing.assert_allclose(got.radii_mm, given.radii_mm, atol=1e-9)
        assert (got.shape, got.excluded, got.place_sd_mm) == (given.shape, given.excluded, given.place_sd_mm)


def test_a_point_list_saved_from_slicer_is_read_alike_by_ring_1(scene, tmp_path):
    import slicer
    from MarrowQuantLib.scene.rois import rois_to_points_node
    from MarrowQuantLib.vertebrae import read_markups

    rois = [vertebra.roi for vertebra in make_exam("baseline", 20.0, seed=5).vertebrae]
    node = rois_to_points_node(rois, "baseline")
    storage = slicer.vtkMRMLMarkupsJsonStorageNode()
    storage.SetFileName(str(tmp_path / "points.mrk.json"))
    assert storage.WriteData(node)
    for given, got in zip(rois, read_markups(tmp_path / "points.mrk.json")):
        assert (got.level, got.shape, got.excluded) == (given.level, given.shape, given.excluded)
        np.testing.assert_allclose(got.center_ras, given.center_ras, atol=1e-6)
        np.testing.assert_allclose(got.axes, given.axes, atol=1e-9)
        np.testing.assert_allclose(got.radii_mm, given.radii_mm, atol=1e-9)


def test_points_just_placed_get_the_given_size_and_follow_the_column(scene):
    from MarrowQuantLib.scene.rois import rois_from_points_node
    from MarrowQuantLib.vertebrae import default_axes

    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Points")
    centers = np.array([(0.0, 0.0, 60.0), (0.0, 6.0, 30.0), (0.0, 15.0, 0.0)])
    for level, center in zip(("l1", "L2", "L3 vertebra"), centers):
        node.AddControlPointWorld(center.tolist(), level)
    rois = rois_from_points_node(node, (11.0, 8.0, 6.0))
    assert [roi.level for roi in rois] == ["L1", "L2", "L3"]
    np.testing.assert_allclose([roi.axes for roi in rois], default_axes(centers), atol=1e-12)
    assert all(tuple(roi.radii_mm) == (11.0, 8.0, 6.0) and roi.shape == "ellipsoid" and roi.excluded is None for roi in rois)


def test_a_point_that_waits_for_its_position_is_left_out(scene):
    from MarrowQuantLib.scene.rois import rois_from_points_node

    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Points")
    node.AddControlPointWorld([0.0, 0.0, 60.0], "L1")
    node.AddControlPointWorld([0.0, 0.0, 30.0], "L2")
    node.UnsetNthControlPointPosition(1)
    assert [roi.level for roi in rois_from_points_node(node)] == ["L1"]


def test_points_under_a_transform_are_read_where_they_stand(scene):
    from MarrowQuantLib.scene.rois import rois_from_points_node, rois_to_points_node

    rois = [vertebra.roi for vertebra in make_exam("baseline", 20.0, seed=5).vertebrae]
    node = rois_to_points_node(rois, "baseline")
    move = rigid(0.2, (3.0, -4.0, 5.0))
    node.SetAndObserveTransformNodeID(add_transform(scene, move).GetID())
    for given, got in zip(rois, rois_from_points_node(node)):
        np.testing.assert_allclose(got.center_ras, (move @ np.append(given.center_ras, 1.0))[:3], atol=1e-9)
        np.testing.assert_allclose(got.axes, move[:3, :3] @ given.axes, atol=1e-9)


@pytest.mark.parametrize(("labels", "sentence"), [(("F-1",), "names no vertebral level"), (("L1", "L1"), "L1 occurs twice")])
def test_points_that_cannot_be_understood_are_refused_with_a_sentence(scene, labels, sentence):
    from MarrowQuantLib.scene.rois import rois_from_points_node

    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Points")
    for n, label in enumerate(labels):
        node.AddControlPointWorld([0.0, 0.0, -30.0 * n], label)
    with pytest.raises(MarrowQuantError, match=sentence):
        rois_from_points_node(node)


@pytest.mark.parametrize("out_of_view", [(), (0,), (3,), (0, 1, 2, 3)])
def test_each_segment_holds_the_voxels_that_are_measured(scene, fat_fraction, out_of_view):
    from MarrowQuantLib.scene.labelmaps import segment_mask
    from MarrowQuantLib.scene.rois import rois_to_segmentation
    from MarrowQuantLib.scene.volumes import volume_to_node
    from MarrowQuantLib.vertebrae import rasterise

    rois = [vertebra.roi for vertebra in make_exam("baseline", 20.0, seed=5).vertebrae]
    for n in out_of_view:
        rois[n] = replace(rois[n], center_ras=rois[n].center_ras + 1000.0)
    volume_node = volume_to_node(fat_fraction, "FF", "baseline", "ff")
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "ROIs")
    rois_to_segmentation(rois, fat_fraction, node, volume_node)
    assert node.GetSegmentation().GetNumberOfSegments() == len(rois)
    for n, roi in enumerate(rois):
        mask = segment_mask(node, roi.level, volume_node)
        expected = np.zeros_like(mask) if n in out_of_view else rasterise(roi, fat_fraction).mask()
        assert expected.any() or n in out_of_view
        np.testing.assert_array_equal(mask, expected)


def test_overlapping_rois_keep_all_their_voxels(scene, fat_fraction):
    from MarrowQuantLib.scene.labelmaps import segment_mask
    from MarrowQuantLib.scene.rois import rois_to_segmentation
    from MarrowQuantLib.scene.volumes import volume_to_node
    from MarrowQuantLib.vertebrae import rasterise

    center = (fat_fraction.ijk_to_ras @ (35, 30, 18, 1))[:3]
    rois = [VertebraROI(level, center + n, np.eye(3), np.array([12.0, 9.0, 7.0])) for n, level in enumerate(("L1", "L2"))]
    volume_node = volume_to_node(fat_fraction, "FF", "baseline", "ff")
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "ROIs")
    rois_to_segmentation(rois, fat_fraction, node, volume_node)
    for roi in rois:
        np.testing.assert_array_equal(segment_mask(node, roi.level, volume_node), rasterise(roi, fat_fraction).mask())


def test_an_excluded_level_says_so_in_its_segment(scene, fat_fraction):
    from MarrowQuantLib.scene.rois import rois_to_segmentation

    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "ROIs")
    rois_to_segmentation([vertebra.roi for vertebra in make_exam("baseline", 20.0, seed=5).vertebrae], fat_fraction, node)
    names = [node.GetSegmentation().GetSegment(level).GetName() for level in LEVELS]
    assert names == ["T12", "L1", "L2 (excluded: fracture; L2 collapsed)", "L3"]
    assert len({node.GetSegmentation().GetSegment(level).GetColor() for level in LEVELS}) == len(LEVELS)


# ------------------------------------------------------------------------------------------------------------- the load
def test_segments_of_the_tumour_load_follow_the_states(scene):
    from MarrowQuantLib.scene.burden import burden_to_nodes
    from MarrowQuantLib.scene.labelmaps import segment_mask
    from MarrowQuantLib.scene.volumes import volume_to_node

    high = make_exam("baseline", 20.0, seed=5).maps["dwi_high"]
    burden = make_burden(high)
    volume_node = volume_to_node(high, "High b", "baseline", "dwi_high")
    node = burden_to_nodes(burden, "baseline", volume_node=volume_node)
    for state in ("accepted", "physiological", "rejected"):
        labels = [c.label for c in burden.components if c.state == state]
        np.testing.assert_array_equal(segment_mask(node, state, volume_node), np.isin(burden.labels.array, labels))
    changed = tuple(replace(c, state=REJECTED) for c in burden.components)
    again = burden_to_nodes(replace(burden, components=changed), "baseline", volume_node=volume_node)
    assert again is node
    assert segment_mask(node, "accepted", volume_node).sum() == 0
    np.testing.assert_array_equal(segment_mask(node, "rejected", volume_node), burden.labels.array > 0)


def test_a_load_without_components_gives_empty_segments(scene):
    from helpers.stored import components_from_scene, labels_from_scene
    from MarrowQuantLib.scene.burden import burden_to_nodes

    burden = make_burden(make_exam("baseline", 20.0, seed=5).maps["dwi_high"])
    empty = replace(burden, labels=burden.labels.like(np.zeros_like(burden.labels.array)), components=())
    node = burden_to_nodes(empty, "baseline")
    assert node.GetSegmentation().GetNumberOfSegments() == 3
    assert components_from_scene("baseline") == ()
    assert not labels_from_scene("baseline").array.any()
