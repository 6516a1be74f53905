"""Vertebral points and ROIs in Slicer's markups files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from MarrowQuantLib.model import MarrowQuantError, VertebraROI
from MarrowQuantLib.vertebrae import (
    LEVELS,
    levels_between,
    parse_level,
    read_markups,
    read_points,
    read_rois,
    relabel,
    rois_between,
    write_markups,
)
from scipy.spatial.transform import Rotation

IDENTITY_LPS = [-1.0, -0.0, -0.0, -0.0, -1.0, -0.0, 0.0, 0.0, 1.0]


def point(label, position, **changes):
    placed = {"label": label, "description": "", "orientation": IDENTITY_LPS, "positionStatus": "defined"}
    return {**placed, "position": position and list(position), **changes}


def save(path, *markups, **top):
    path.write_text(json.dumps({"markups": list(markups), **top}), encoding="utf-8")
    return path


def points_file(path, points, system="LPS", **changes):
    return save(path, {"type": "Fiducial", "coordinateSystem": system, "coordinateUnits": "mm", "controlPoints": points, **changes})


def column(levels=("L1", "L2", "L3"), shape="ellipsoid"):
    return [
        VertebraROI(
            level=level,
            center_ras=np.array([1.5, -20.25 + 3 * n, -36.0 * n]),
            axes=Rotation.from_euler("xyz", [5 * n - 4, 3, 2], degrees=True).as_matrix(),
            radii_mm=np.array([12.0, 9.0, 7.123456789]),
            shape=shape,
            excluded="fracture; L2" if level == "L2" else None,
            place_sd_mm=1.25 if level != "L3" else None,
        )
        for n, level in enumerate(levels)
    ]


@pytest.mark.parametrize(
    ("label", "level"),
    [
        ("L1", "L1"), ("l1", "L1"), (" L 1 ", "L1"), ("L1 vertebra", "L1"), ("Th12", "T12"), ("D11", "T11"), ("LWK 3", "L3"),
        ("lumbar 4", "L4"), ("Lumbar vertebra 4", "L4"), ("L5-1", "L5"), ("T01", "T1"), ("S1", "S1"), ("L2 ROI", "L2"),
        ("第1腰椎", "L1"), ("腰椎1", "L1"), ("Ｌ１", "L1"), ("第十二胸椎", "T12"), ("腰椎 ５", "L5"), ("L1椎体", "L1"),
        ("頸椎7", "C7"), ("제1요추", "L1"),
        ("1st lumbar", "L1"), ("vertebra lumbalis 2", "L2"), ("vertèbre lombaire 1", "L1"), ("L1（骨折）", "L1"), ("L1 (fracture)", "L1"),
        ("L1, old fx", "L1"), ("L2 fracture", "L2"), ("L3?", "L3"), ("第1腰椎(L1)", "L1"), ("L1 - haemangioma", "L1"),
        ("L1 (T12 in other count)", None), ("L1 (disc)", None), ("L1-L2", None), ("L1椎間板", None), ("腰椎1/2", None), ("below L1", None),
        ("L1 superior endplate", None), ("T2 bright lesion", None), ("第13胸椎", "T13"), ("胸椎", None),
        ("L6", "L6"), ("T13", "T13"), ("F-1", None), ("", None), ("L4/5", None), ("S2", "S2"), ("vertebra", None),
    ],
)  # fmt: skip
def test_labels_are_understood(label, level):
    assert parse_level(label) == level


def test_levels_go_from_cranial_to_caudal():
    assert levels_between("T11", "L2") == ("T11", "T12", "L1", "L2")
    assert len(LEVELS) == 7 + 12 + 5 + 1
    with pytest.raises(MarrowQuantError, match="not below"):
        levels_between("L5", "L1")


def test_relabelling_moves_the_whole_column_and_stops_at_its_ends():
    assert [roi.level for roi in relabel(column(), -1)] == ["T12", "L1", "L2"]
    with pytest.raises(MarrowQuantError, match="S1 cannot move"):
        relabel(column(("L5", "S1")), 1)


@pytest.mark.parametrize("kind", ["points", "rois"])
@pytest.mark.parametrize("shape", ["ellipsoid", "cylinder", "box"])
def test_what_is_written_is_read_back(tmp_path, kind, shape):
    write_markups(tmp_path / "rois.mrk.json", column(shape=shape), kind=kind)
    for given, found in zip(column(shape=shape), read_markups(tmp_path / "rois.mrk.json")):
        assert (found.level, found.shape, found.excluded) == (given.level, given.shape, given.excluded)
        assert found.place_sd_mm == given.place_sd_mm
        np.testing.assert_allclose(found.center_ras, given.center_ras, atol=1e-9)
        np.testing.assert_allclose(found.axes, given.axes, atol=1e-9)
        np.testing.assert_allclose(found.radii_mm, given.radii_mm, atol=1e-8)


@pytest.mark.parametrize(("system", "expected"), [("LPS", [-10, -20, 30]), ("RAS", [10, 20, 30])])
def test_both_coordinate_systems_become_ras(tmp_path, system, expected):
    path = points_file(tmp_path / "p.mrk.json", [point("L1", [10, 20, 30], orientation=np.eye(3).ravel().tolist())], system)
    np.testing.assert_allclose(read_points(path)["L1"], expected)


def test_points_in_any_order_become_rois_that_follow_the_column(tmp_path):
    path = points_file(tmp_path / "p.mrk.json", [point("L3", [0, 10, -72]), point("L1", [0, 0, 0]), point("L2", [0, 0, -36])])
    rois = read_markups(path, radii_mm=(15, 10, 8))
    assert [roi.level for roi in rois] == ["L1", "L2", "L3"]
    np.testing.assert_allclose(rois[0].radii_mm, [15, 10, 8])
    # L3 lies 10 mm further posterior in LPS y: going up from it means going forwards.
    assert rois[2].axes[1, 2] > 0.2


def test_points_that_were_never_placed_are_skipped(tmp_path):
    path = points_file(tmp_path / "p.mrk.json", [point("L1", [0, 0, 0]), point("L2", [0, 0, 0], positionStatus="undefined")])
    assert list(read_points(path)) == ["L1"]


def test_a_point_described_as_excluded_is_excluded(tmp_path):
    path = points_file(tmp_path / "p.mrk.json", [point("L1", [0, 0, 0], description="Exclude: fracture"), point("L2", [0, 0, -36])])
    assert [roi.excluded for roi in read_markups(path)] == ["fracture", None]


def test_two_distant_levels_mean_all_levels_between(tmp_path):
    path = points_file(tmp_path / "p.mrk.json", [point("L1", [0, 0, 0]), point("L5", [0, 0, -144])])
    assert [roi.level for roi in rois_between(*read_points(path).items())] == ["L1", "L2", "L3", "L4", "L5"]
    assert list(read_points(path)) == ["L1", "L5"]


def test_a_box_turned_by_a_right_angle_keeps_the_meaning_of_its_axes(tmp_path):
    turned = np.diag([-1.0, -1.0, 1.0]) @ Rotation.from_euler("x", 90, degrees=True).as_matrix()
    box = {"type": "ROI", "name": "L2", "center": [0, 0, 0], "size": [24, 14, 18], "orientation": turned.ravel().tolist()}
    roi = read_markups(save(tmp_path / "r.mrk.json", box))[0]
    np.testing.assert_allclose(roi.radii_mm, [12, 9, 7])
    np.testing.assert_allclose(roi.axes, np.eye(3), atol=1e-12)
    assert roi.shape == "ellipsoid"


def broken(label="L1", **changes):
    return {"type": "ROI", "name": label, "center": [0, 0, 0], "size": [2, 2, 2], "orientation": IDENTITY_LPS, **changes}


@pytest.mark.parametrize(
    ("markups", "words"),
    [
        ([], "no placed point"),
        ([{"type": "Fiducial", "controlPoints": []}], "no placed point"),
        ([{"type": "Curve", "controlPoints": []}], 'type "Curve"'),
        ([{"type": "Fiducial", "controlPoints": [point("", [0, 0, 0])]}], "without a label"),
        ([{"type": "Fiducial", "controlPoints": [point("F-1", [0, 0, 0])]}], '"F-1" .* names no vertebral level'),
        ([{"type": "Fiducial", "controlPoints": [point("L1", [0, 0, 0]), point("l1", [0, 0, 9])]}], "L1 occurs 2 times"),
        ([{"type": "Fiducial", "controlPoints": [point("L1", [0, 0])]}], "list of 3 numbers"),
        ([{"type": "Fiducial", "controlPoints": [point("L1", [0, 0, float("nan")])]}], "list of 3 numbers"),
        ([{"type": "Fiducial", "controlPoints": [point("L1", [0, 0, 0], orientation=[1.0] * 9)]}], "not a rotation"),
        ([{"type": "Fiducial", "controlPoints": "L1"}], "damaged list"),
        ([{"type": "Fiducial", "coordinateSystem": "IJK", "controlPoints": []}], "coordinate system"),
        ([{"type": "Fiducial", "coordinateUnits": "cm", "controlPoints": []}], "in mm"),
        ([{"type": "Fiducial", "controlPoints": [point("L1", [0, 0, -40]), point("L2", [0, 0, 0])]}], "do not go down"),
        ([broken("lesion")], '"lesion" .* names no vertebral level'),
        ([broken(size=[2, 0, 2])], "has no size"),
        ([broken(insideOut=True)], "inside out"),
        ([broken(center=None)], "centre of L1"),
    ],
)
def test_unusable_files_are_refused_in_one_sentence(tmp_path, markups, words):
    with pytest.raises(MarrowQuantError, match=words):
        read_markups(save(tmp_path / "case.mrk.json", *markups))


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"markups": 3}', ""])
def test_what_is_no_markups_file_is_refused(tmp_path, text):
    path = tmp_path / "case.mrk.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MarrowQuantError, match=r"case\.mrk\.json"):
        read_markups(path)
    with pytest.raises(MarrowQuantError, match="cannot be read"):
        read_markups(tmp_path / "absent.mrk.json")


def test_nothing_to_write_is_refused(tmp_path):
    with pytest.raises(MarrowQuantError, match="no vertebral ROI"):
        write_markups(tmp_path / "a.mrk.json", [])
    with pytest.raises(MarrowQuantError, match="cannot be written"):
        write_markups(tmp_path / "absent" / "a.mrk.json", column())


class TestWithSlicer:
    """Against Slicer's own reader and writer (slicer-core)."""

    @pytest.fixture()
    def slicer(self):
        return pytest.importorskip("slicer", reason="slicer-core is not installed")

    @pytest.fixture()
    def scene(self, slicer):
        scene = slicer.vtkMRMLScene()
        scene.AddNode(slicer.vtkMRMLSelectionNode())
        return scene

    def test_slicer_reads_our_points(self, slicer, scene, tmp_path):
        rois = column()
        write_markups(tmp_path / "ours.mrk.json", rois)
        node = scene.AddNode(slicer.vtkMRMLMarkupsFiducialNode())
        storage = scene.AddNode(slicer.vtkMRMLMarkupsJsonStorageNode())
        storage.SetFileName(str(tmp_path / "ours.mrk.json"))
        assert storage.ReadData(node)
        assert [node.GetNthControlPointLabel(n) for n in range(3)] == ["L1", "L2", "L3"]
        for n, roi in enumerate(rois):
            np.testing.assert_allclose(node.GetNthControlPointPosition(n), roi.center_ras, atol=1e-9)
            np.testing.assert_allclose(np.reshape(node.GetNthControlPointOrientationMatrix(n), (3, 3)), roi.axes, atol=1e-6)
        # ... and what Slicer writes of them comes back as the same ROIs.
        storage.SetFileName(str(tmp_path / "theirs.mrk.json"))
        assert storage.WriteData(node)
        for given, found in zip(rois, read_markups(tmp_path / "theirs.mrk.json")):
            assert (found.level, found.shape, found.excluded) == (given.level, given.shape, given.excluded)
            np.testing.assert_allclose(found.axes, given.axes, atol=1e-6)
            np.testing.assert_allclose(found.radii_mm, given.radii_mm, atol=1e-8)

    def test_slicer_reads_our_roi_and_we_read_slicers(self, slicer, scene, tmp_path):
        roi = column()[1]
        write_markups(tmp_path / "ours.mrk.json", [roi], kind="rois")
        node = scene.AddNode(slicer.vtkMRMLMarkupsROINode())
        storage = scene.AddNode(slicer.vtkMRMLMarkupsROIJsonStorageNode())
        storage.SetFileName(str(tmp_path / "ours.mrk.json"))
        assert storage.ReadData(node)
        np.testing.assert_allclose(node.GetCenterWorld(), roi.center_ras, atol=1e-9)
        np.testing.assert_allclose(node.GetSize(), 2 * roi.radii_mm, atol=1e-8)
        matrix = node.GetObjectToWorldMatrix()
        np.testing.assert_allclose([[matrix.GetElement(r, c) for c in range(3)] for r in range(3)], roi.axes, atol=1e-9)
        storage.SetFileName(str(tmp_path / "theirs.mrk.json"))
        assert storage.WriteData(node)
        found = read_markups(tmp_path / "theirs.mrk.json")[0]
        assert (found.level, found.shape, found.excluded) == ("L2", "ellipsoid", "fracture; L2")
        np.testing.assert_allclose(found.center_ras, roi.center_ras, atol=1e-9)
        np.testing.assert_allclose(found.axes, roi.axes, atol=1e-9)
        np.testing.assert_allclose(found.radii_mm, roi.radii_mm, atol=1e-8)


def test_what_a_reader_leaves_in_the_file_does_not_keep_the_points_from_being_read(tmp_path):
    ruler = {"type": "Line", "coordinateSystem": "LPS", "controlPoints": [point("a", [0, 0, 0]), point("b", [0, 0, 9])]}
    muscle = {"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": [point("muscle", [40, 0, 0])]}
    levels = {"type": "Fiducial", "coordinateSystem": "LPS", "coordinateUnits": ["mm", "UCUM", "millimeter"]}
    points = [point("F-1", [0, 0, 0], description="L1"), point("L2 (fracture)", [0, 0, -34]), point("L3", [0, 0, -68])]
    waiting = [point("L4", [], positionStatus="undefined"), point("L5", None), point("F-6", [1, 2, 3], positionStatus="preview")]
    del waiting[1]["positionStatus"]
    path = save(tmp_path / "rois.mrk.json", ruler, muscle, {**levels, "controlPoints": [*points, *waiting]})
    rois, notes = read_rois(path)
    assert [roi.level for roi in rois] == ["L1", "L2", "L3"]
    assert [(note.code, note.all_values.get("level", note.all_values.get("n"))) for note in notes] == [
        ("markups.left_alone", 2), ("markups.not_placed", "L4"), ("markups.not_placed", "L5"), ("markups.remark", "L2"),
    ]  # fmt: skip


@pytest.mark.parametrize("unit", ["cm", ["cm", "UCUM", "centimeter"], [], "px", None])
def test_positions_in_another_unit_are_refused(tmp_path, unit):
    with pytest.raises(MarrowQuantError, match="save the markups in mm"):
        read_markups(points_file(tmp_path / "rois.mrk.json", [point("L1", [0, 0, 0])], coordinateUnits=unit))
