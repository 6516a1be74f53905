"""A scene saved for sharing holds no word of the patient, and the open scene keeps them all."""

from __future__ import annotations

import gzip
import zipfile

import numpy as np
import pytest
from helpers.planted_words import PLANTED, found
from MarrowQuantLib.model import MarrowQuantError, as_finding

NAME, PATIENT_ID, BORN, SHORT_NAME = "ZWEISTEIN^ALBERTINA", "PID4711X", "18790314", "山田^太郎"


@pytest.fixture
def planted_scene(slicer_scene):
    """Identity in every place where a reader or the DICOM browser leaves it."""
    import slicer
    import vtk

    scene, hierarchy = slicer_scene, slicer_scene.GetSubjectHierarchyNode()
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), f"{NAME} ({PATIENT_ID})")
    hierarchy.SetItemUID(patient, "DICOM", PATIENT_ID)
    for name, value in (("PatientName", NAME), ("PatientID", PATIENT_ID), ("PatientBirthDate", BORN), ("OtherPatientNames", SHORT_NAME)):
        hierarchy.SetItemAttribute(patient, f"DICOM.{name}", value)
    study = hierarchy.CreateStudyItem(patient, "Secret study of the spine")
    hierarchy.SetItemUID(study, "DICOM", "1.2.840.99.1")
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "3: T1 Zweistein 山田様")
    slicer.util.updateVolumeFromArray(volume, np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.840.99.2 1.2.840.99.3")
    volume.SetAttribute("Comment", "of Albertina: 50%; 1879-03-14")
    volume.SetDescription(f'from "{PATIENT_ID}" <{BORN}>')
    volume.AddDefaultStorageNode("/pictures/Zweistein/18790314_1.dcm")
    hierarchy.SetItemUID(hierarchy.CreateItem(study, volume), "DICOM", "1.2.840.99.4")
    text = scene.AddNewNodeByClass("vtkMRMLTextNode", "Note on 山田")
    text.SetText("ZWEISTEIN, Albertina\nsecond line")
    stored = scene.AddNewNodeByClass("vtkMRMLTextNode", "Stored")
    stored.SetText('{"patient": "Zweistein", "number": 4711}')
    stored.SetForceCreateStorageNode(True)
    table = scene.AddNewNodeByClass("vtkMRMLTableNode", "Albertina's table")
    column = vtk.vtkStringArray()
    column.SetName("太郎")
    column.InsertNextValue("pid4711x")
    table.AddColumn(column)
    scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "F").AddControlPoint(0, 0, 0, "Zweistein L1")
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segments").GetSegmentation()
    segmentation.AddEmptySegment("a", "Albertina 1")
    scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Zweistein over time").SetDataNodeAtValue(text, "1")
    parameters = slicer.vtkMRMLScriptedModuleNode()
    parameters.SetParameter("folder", "/pictures/Zweistein_Albertina")
    scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Parameters over time").SetDataNodeAtValue(parameters, "1")
    slicer.modules.sceneviews.logic().CreateSceneView("View", "of Albertina", 0, picture_of_the_word("zweistein"))
    return scene


def picture_of_the_word(word: str):
    """A colour picture whose bytes are the word: what a window's corner shows."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    picture = vtk.vtkImageData()
    picture.SetDimensions(len(word) // 3, 1, 1)
    picture.GetPointData().SetScalars(numpy_to_vtk(np.frombuffer(word.encode(), np.uint8).reshape(-1, 3), deep=True))
    return picture


def test_the_planted_picture_of_a_window_is_in_a_common_file(planted_scene, tmp_path):
    from MarrowQuantLib.scene.results_scene import save_scene

    save_scene(tmp_path / "common.mrb")
    with zipfile.ZipFile(tmp_path / "common.mrb") as bundle:
        pictures = [bundle.read(name) for name in bundle.namelist() if "Screenshot" in name]
    assert b"zweistein" in b"".join(gzip.decompress(data.partition(b"\n\n")[2]) for data in pictures)


def state_of(scene) -> str:
    """The scene as Slicer would write it."""
    scene.SetSaveToXMLString(1)
    try:
        scene.Commit()
        return scene.GetSceneXMLString()
    finally:
        scene.SetSaveToXMLString(0)


def test_no_planted_word_is_in_the_share_safe_file_but_all_are_in_a_common_one(planted_scene, tmp_path):
    from MarrowQuantLib.scene.results_scene import save_scene
    from MarrowQuantLib.scene.share import save_share_safe

    save_scene(tmp_path / "common.mrb")
    missed = set(PLANTED) - set(found(tmp_path / "common.mrb"))
    assert not missed, "the search itself must find what is there"
    save_share_safe(tmp_path / "shared.mrb")
    assert found(tmp_path / "shared.mrb") == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_open_scene_is_the_same_after_saving(planted_scene, tmp_path):
    from MarrowQuantLib.scene.results_scene import save_scene
    from MarrowQuantLib.scene.share import save_share_safe

    save_scene(tmp_path / "common.mrb")  # Slicer itself adds storage nodes at the first time
    before = state_of(planted_scene)
    assert "ZWEISTEIN^ALBERTINA" in before and "1.2.840.99.2" in before
    save_share_safe(tmp_path / "shared.mrb")
    assert state_of(planted_scene) == before


def test_the_share_safe_scene_opens_with_its_images_points_and_numbers(planted_scene, tmp_path):
    import slicer
    from MarrowQuantLib.scene.results_scene import load_scene
    from MarrowQuantLib.scene.share import save_share_safe

    save_share_safe(tmp_path / "shared.mrb")
    load_scene(tmp_path / "shared.mrb")
    volume = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")[0]
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), np.arange(60).reshape(3, 4, 5))
    assert volume.GetName() == "3: T1 removed removed様"
    assert volume.GetAttribute("Comment") == "of removed: 50%; removed"
    texts = {node.GetName(): node.GetText() for node in slicer.util.getNodesByClass("vtkMRMLTextNode")}
    assert texts["Note on removed"] == "removed, removed\nsecond line"
    assert texts["Stored"] == '{"patient": "removed", "number": 4711}'
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")[0].GetNthControlPointLabel(0) == "removed L1"
    assert slicer.util.getNodesByClass("vtkMRMLTableNode")[0].GetTable().GetColumnName(0) == "removed"
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0].GetSegmentation().GetSegment("a").GetName() == "removed 1"
    sequences = {node.GetName(): node for node in slicer.util.getNodesByClass("vtkMRMLSequenceNode")}
    assert sorted(sequences) == ["Parameters over time", "removed over time"], "scene views are left out"
    assert sequences["removed over time"].GetNthDataNode(0).GetText() == "removed, removed\nsecond line"
    assert sequences["Parameters over time"].GetNthDataNode(0).GetParameter("folder") == "/pictures/removed_removed"
    assert slicer.util.getNodesByClass("vtkMRMLVectorVolumeNode") == []
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(volume))
    assert (hierarchy.GetItemName(study), hierarchy.GetItemName(hierarchy.GetItemParent(study))) == ("Study 1", "Patient 1")


def test_a_case_measures_the_same_from_a_share_safe_scene(slicer_scene, tmp_path):
    from helpers.example_results import make_results
    from MarrowQuantLib.scene.parameters import results_from_text
    from MarrowQuantLib.scene.results_scene import load_scene, results_to_scene
    from MarrowQuantLib.scene.share import save_share_safe
    from MarrowQuantLib.scene.volumes import exam_maps_from_scene

    results = make_results()
    results_to_scene(results)
    stored = results_from_text()
    save_share_safe(tmp_path / "shared.mrb")
    load_scene(tmp_path / "shared.mrb")
    assert results_from_text() == stored
    for exam in results.exams:
        maps, _ = exam_maps_from_scene(exam.label)
        assert set(maps) == set(exam.maps)
        for key, volume in exam.maps.items():
            np.testing.assert_array_equal(maps[key].array, volume.array)
            assert (maps[key].unit, maps[key].source) == (volume.unit, volume.source)
            assert [as_finding(step).code for step in maps[key].source] == [as_finding(step).code for step in volume.source]


def test_a_file_that_cannot_be_cleaned_is_refused_and_nothing_is_written(planted_scene, tmp_path):
    import vtk
    from MarrowQuantLib.scene.share import save_share_safe

    sphere, name = vtk.vtkSphereSource(), vtk.vtkStringArray()
    sphere.Update()
    mesh = sphere.GetOutput()
    name.SetName("Zweistein")
    name.InsertNextValue("Albertina")
    mesh.GetFieldData().AddArray(name)
    planted_scene.AddNewNodeByClass("vtkMRMLModelNode", "Mesh").SetAndObserveMesh(mesh)
    with pytest.raises(MarrowQuantError, match="remove the node") as refusal:
        save_share_safe(tmp_path / "shared.mrb")
    assert "zweistein" not in str(refusal.value).lower()
    assert list(tmp_path.iterdir()) == []


def test_another_extension_is_refused(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.share import save_share_safe

    with pytest.raises(MarrowQuantError, match="mrb"):
        save_share_safe(tmp_path / "scene.mrml")


@pytest.mark.parametrize(
    ("value", "text", "cleaned"),
    [
        ("MARK^TWAIN", "vtkMRMLMarkupsNode of Mark_Twain2", "vtkMRMLMarkupsNode of removed_removed2"),
        ("4711", "14711 4711", "14711 removed"),
        ("LI^YU", "Li Yu, Lithium", "removed, Lithium"),
        ("山田^太郎", "山田太郎様", "removedremoved様"),
        ("19500101", "born 1950-01-01", "born removed"),
        ("PATIENT^", "Patient 1", "Patient 1"),
    ],
)
def test_words_go_whole_and_not_out_of_the_middle_of_others(value, text, cleaned):
    pytest.importorskip("slicer", reason="The embedded Slicer (slicer-core) is not installed.")
    from MarrowQuantLib.io.identity import IdentityWords

    assert IdentityWords([value]).removed_from(text) == cleaned
