"""The section that de-identifies, and the button that saves a scene for sharing, pressed on the Qt host."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from helpers.dicom_files import write_volume

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuant.py"
NAME, PATIENT_ID = "ZWEISTEIN^ALBERTINA", "PID4711X"


@pytest.fixture
def widget(panel_widget):
    return panel_widget


@pytest.fixture
def study(tmp_path):
    """A volume of DICOM files with an identity, and one file that is none."""
    folder = tmp_path / "in"
    folder.mkdir()
    write_volume(folder, PatientName=NAME, PatientID=PATIENT_ID)
    (folder / "notes.txt").write_text("not DICOM", encoding="utf-8")
    return folder


def choose(ui, source, out, key) -> None:
    ui.identifiedPathLineEdit.currentPath = str(source)
    ui.deidentifiedPathLineEdit.currentPath = str(out)
    ui.keyPathLineEdit.currentPath = str(key)


def test_pressing_the_button_writes_a_copy_without_identity_and_says_what_was_done(widget, study, tmp_path):
    ui, out = widget.ui, tmp_path / "out"
    assert ui.deidentifySection.collapsed and not ui.deidentifyButton.enabled
    choose(ui, study, out, tmp_path / "project.key")
    ui.deidentifyButton.click()
    copies = [pydicom.dcmread(path) for path in out.rglob("*.dcm")]
    total = sum(path.is_file() for path in study.iterdir())
    assert len(copies) == total - 1 > 0
    assert {str(copy.PatientName)[:3] for copy in copies} == {"MQ-"}
    assert (tmp_path / "project.key").is_file()
    text = ui.deidentifyMessage.text
    assert f"{len(copies)} of {total} files written; patients: 1." in text
    assert "Left out: 1 × no DICOM file" in text
    assert (out / "deidentification.txt").as_uri() in text
    assert ui.statusLabel.text == "" and not ui.deidentifySection.text.startswith("✓")
    assert widget.panel.parameterNode.outputFolder == "", "paths that may name a patient stay out of the scene"


def test_what_is_retained_and_the_profile_are_those_chosen(widget, study, tmp_path):
    ui = widget.ui
    choose(ui, study, tmp_path / "out", tmp_path / "project.key")
    ui.profileComboBox.setCurrentIndex(2)
    ui.retainDeviceCheckBox.checked = True
    ui.deidentifyButton.click()
    copy = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))
    assert [code.CodeValue for code in copy.DeidentificationMethodCodeSequence] == ["113100", "113109"]


def test_a_key_inside_the_output_is_refused_with_a_sentence_and_nothing_is_written(widget, study, tmp_path):
    choose(widget.ui, study, tmp_path / "out", tmp_path / "out" / "project.key")
    widget.ui.deidentifyButton.click()
    assert widget.ui.statusLabel.text == ("⚠ The key would lie in the output folder, where it identifies the patients; put it elsewhere.")
    assert widget.ui.deidentifyMessage.text == ""
    assert not (tmp_path / "out").exists()


def test_cancel_leaves_no_copy_and_no_key(widget, study, tmp_path, monkeypatch):
    choose(widget.ui, study, tmp_path / "out", tmp_path / "project.key")
    show = widget.panel._progress
    monkeypatch.setattr(widget.panel, "_progress", lambda *said: (widget.panel.onCancel(), show(*said)))
    widget.ui.deidentifyButton.click()
    assert "Cancelled" in widget.ui.statusLabel.text
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_the_share_safe_scene_is_saved_by_a_button_and_the_open_one_keeps_its_names(widget, tmp_path):
    import slicer
    from helpers import planted_words

    ui, hierarchy = widget.ui, slicer.mrmlScene.GetSubjectHierarchyNode()
    assert not ui.shareButton.enabled
    item = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), NAME)
    hierarchy.SetItemAttribute(item, "DICOM.PatientName", NAME)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "Zweistein").SetText("of Albertina")
    ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    ui.shareButton.click()
    path = tmp_path / "out" / "scene-share-safe.mrb"
    assert ui.statusLabel.text == "" and path.name in ui.exportMessage.text
    assert planted_words.found(path) == []
    assert hierarchy.GetItemName(item) == NAME
    assert slicer.util.getNode("Zweistein").GetText() == "of Albertina"
