"""Exams that the DICOM browser loaded are read without choosing a folder; what must not be read is refused with its reason."""

from __future__ import annotations

import datetime
import importlib.util
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from helpers import dicomlib_standin
from helpers.small_exams import small_exam, write_small

PLUGIN = Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuantDICOMPlugin.py"


@pytest.fixture
def browser(panel_widget: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``browser(*folders)`` loads all that the plugin offers of them, as the DICOM browser does."""
    import slicer

    database = dicomlib_standin.DicomDatabase()
    monkeypatch.setitem(sys.modules, "DICOMLib", dicomlib_standin.module())
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
    spec = importlib.util.spec_from_file_location("MarrowQuantDICOMPlugin", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def load(*folders: Path, wanted: Any = lambda loadable: True) -> list[Any]:
        series = defaultdict(list)
        for path in sorted(path for folder in folders for path in folder.glob("*")):
            header = pydicom.dcmread(path, stop_before_pixels=True)
            series[header.SeriesInstanceUID].append(str(path))
            database.files[str(header.SOPInstanceUID)] = str(path)
        plugin = module.MarrowQuantDICOMPluginClass()
        nodes = [plugin.load(loadable) for loadable in plugin.examineForImport(list(series.values())) if wanted(loadable)]
        panel_widget.panel.refresh()
        return nodes

    load.database = database
    return load


def written(folder: Path, dialect: str = "philips", day: int = 0, seed: int = 1) -> Path:
    exam = small_exam()
    write_small(folder, dialect, exam=replace(exam, index=day, date=exam.date + datetime.timedelta(days=day)), seed=seed)
    return folder


@pytest.mark.parametrize("dialect", ["philips", "siemens", "ge"])
def test_both_exams_are_read_by_one_button_and_are_those_of_the_folders(panel_widget, browser, tmp_path, dialect):
    ui = panel_widget.ui
    assert not ui.readButton.enabled and ui.examsMessage.text == "Choose the folder of the baseline exam."
    folders = [written(tmp_path / name, dialect, day) for name, day in (("b", 100), ("a", 0))]
    browser(*folders)
    assert ui.readButton.enabled and "that the DICOM browser loaded" in ui.examsMessage.text
    ui.readButton.click()
    assert ui.statusLabel.text == ""
    exams = panel_widget.logic.case.exams
    loaded = {label: (exam.maps.date, sorted(exam.maps.maps)) for label, exam in exams.items()}
    assert list(loaded) == ["baseline", "follow-up"] and loaded["baseline"][0] == small_exam().date
    for name, folder in (("baselineFolder", "a"), ("followUpFolder", "b")):
        setattr(panel_widget.logic.getParameterNode(), name, str(tmp_path / folder))
    ui.readButton.click()
    assert {label: (exam.maps.date, sorted(exam.maps.maps)) for label, exam in panel_widget.logic.case.exams.items()} == loaded


def test_one_exam_of_which_a_part_was_loaded_is_read_as_far_as_it_goes(panel_widget, browser, tmp_path):
    browser(written(tmp_path / "a", "siemens"), wanted=lambda loadable: loadable.name.startswith("b"))
    panel_widget.ui.readButton.click()
    assert panel_widget.ui.statusLabel.text == ""
    (exam,) = panel_widget.logic.case.exams.values()
    assert "adc" in exam.maps.maps and "ff" not in exam.maps.maps


def test_files_that_are_gone_are_told_with_their_number(panel_widget, browser, tmp_path):
    gone = browser(written(tmp_path / "a"))[0].GetAttribute("DICOM.instanceUIDs").split()[0]
    browser.database.files[gone] = ""
    panel_widget.ui.readButton.click()
    assert "1 of " in panel_widget.ui.statusLabel.text and "not in Slicer's DICOM database" in panel_widget.ui.statusLabel.text
    assert panel_widget.logic.case.exams == {}


def test_two_patients_and_three_exams_are_refused(panel_widget, browser, tmp_path):
    browser(written(tmp_path / "a"), written(tmp_path / "other", seed=2))
    panel_widget.ui.readButton.click()
    assert "different patients" in panel_widget.ui.statusLabel.text and panel_widget.logic.case.exams == {}
    import slicer

    slicer.mrmlScene.Clear(0)
    browser(*(written(tmp_path / str(day), day=day) for day in (0, 50, 100)))
    panel_widget.ui.readButton.click()
    assert "are of 3 exams" in panel_widget.ui.statusLabel.text and panel_widget.logic.case.exams == {}


def test_volumes_of_another_patient_are_refused_while_a_case_is_open(panel_widget, browser, tmp_path):
    panel_widget.ui.baselinePathLineEdit.currentPath = str(written(tmp_path / "a"))
    panel_widget.ui.readButton.click()
    before = panel_widget.logic.case.exams["baseline"]
    panel_widget.logic.getParameterNode().baselineFolder = ""
    nodes = browser(written(tmp_path / "other", seed=2))
    panel_widget.ui.readButton.click()
    assert "not certainly of the patient of the open case" in panel_widget.ui.statusLabel.text
    assert panel_widget.logic.case.exams["baseline"] is before and not panel_widget.panel.question.is_open
    assert "holds volumes of another patient" in panel_widget.ui.examsMessage.text
    import slicer

    panel_widget.logic.getParameterNode().baselineFolder = str(tmp_path / "a")
    panel_widget.ui.readButton.click()
    assert "remove them from the scene, and read again" in panel_widget.ui.statusLabel.text
    panel_widget.logic.getParameterNode().outputFolder = str(tmp_path / "out")
    panel_widget.panel.export.share()
    assert "would be saved with this case" in panel_widget.ui.statusLabel.text and not (tmp_path / "out").exists()
    panel_widget.logic.getParameterNode().baselineFolder = ""
    for node in nodes:
        slicer.mrmlScene.RemoveNode(node)
    browser(tmp_path / "a", written(tmp_path / "later", day=60))
    panel_widget.ui.readButton.click()
    assert panel_widget.ui.statusLabel.text == "" and len(panel_widget.logic.case.exams) == 2


def test_folders_of_another_patient_than_the_volumes_in_the_scene_close_it_first(panel_widget, browser, tmp_path):
    import slicer

    browser(written(tmp_path / "other", seed=2))
    panel_widget.ui.baselinePathLineEdit.currentPath = str(written(tmp_path / "a"))
    panel_widget.ui.readButton.click()
    assert panel_widget.logic.case.exams == {} and "volumes of another patient" in panel_widget.ui.questionLabel.text
    panel_widget.ui.noChoiceButton.click()
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    panel_widget.ui.readButton.click()
    panel_widget.ui.firstChoiceButton.click()
    assert list(panel_widget.logic.case.exams) == ["baseline"], panel_widget.ui.statusLabel.text
    assert all(node.GetAttribute("MarrowQuant.exam") for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"))
