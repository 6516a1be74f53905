"""What was only typed for the next patient, and volumes of another one, never come into the open case or its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.two_patients import A, B, found, make_maps, read_exams, texts_of_panel, texts_of_scene


@pytest.fixture
def ui(panel_widget: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The panel with A's exams read."""
    from MarrowQuantLib import workflow

    monkeypatch.setattr(workflow, "read_exams", read_exams)
    monkeypatch.setattr(workflow, "make_maps", make_maps)
    for patient in (A, B):
        patient.write(tmp_path)
    choose(panel_widget.ui, tmp_path, A)
    panel_widget.ui.readButton.click()
    panel_widget.ui.outputPathLineEdit.currentPath = str(tmp_path / f"{A.word}-out")
    return panel_widget.ui


def choose(ui: Any, root: Path, patient: Any) -> None:
    ui.baselinePathLineEdit.currentPath = str(root / f"{patient.word}-baseline")
    ui.followUpPathLineEdit.currentPath = str(root / f"{patient.word}-follow-up")


def test_what_was_typed_for_the_next_patient_is_not_saved_with_the_open_case(ui, panel_widget, tmp_path):
    import slicer

    choose(ui, tmp_path, B)
    for field, name in (("labs", "labs.csv"), ("output", "out"), ("otherResults", "others")):
        getattr(ui, f"{field}PathLineEdit").currentPath = str(tmp_path / f"{B.word}-{name}")
    assert found(B, texts_of_scene()) == [] and "other folders" in ui.examsMessage.text
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "saved.mrb"))  # as File > Save does, without this module
    panel_widget.exit()
    panel_widget.enter()
    assert ui.baselinePathLineEdit.currentPath.endswith(f"{B.word}-baseline"), "what was typed still stands in its field"
    slicer.mrmlScene.ReadFromMRB(str(tmp_path / "saved.mrb"), True)
    assert found(B, texts_of_scene()) == [] and found(B, texts_of_panel(panel_widget)) == []
    assert ui.baselinePathLineEdit.currentPath.endswith(f"{A.word}-baseline")
    assert not panel_widget.logic.case.has_new_folders()


def test_what_was_typed_holds_once_the_exams_are_read(ui, panel_widget, tmp_path):
    choose(ui, tmp_path, B)
    ui.labsPathLineEdit.currentPath = str(tmp_path / f"{B.word}-labs.csv")
    ui.outputPathLineEdit.currentPath = str(tmp_path / f"{B.word}-out")
    ui.readButton.click()
    ui.secondChoiceButton.click()
    parameters = panel_widget.logic.getParameterNode()
    assert B.word in parameters.baselineFolder and B.word in parameters.labsPath and B.word in parameters.outputFolder
    assert ui.baselinePathLineEdit.currentPath == parameters.baselineFolder and ui.labsPathLineEdit.currentPath == parameters.labsPath
    assert panel_widget.logic.case.laboratory.history.values, (ui.statusLabel.text, ui.labsPathLineEditRefusal.text)
    assert found(A, texts_of_scene()) == []


def test_what_is_exported_is_written_where_the_field_says(ui, panel_widget, tmp_path):
    choose(ui, tmp_path, B)
    ui.outputPathLineEdit.currentPath = str(tmp_path / "elsewhere")
    panel_widget.panel.vertebrae.exam.rois.points().AddControlPointWorld([0.0, 0.0, 0.0], "L3")
    panel_widget.panel.vertebrae.exam.measure()
    panel_widget.panel.refresh()
    ui.exportButton.click()
    ui.firstChoiceButton.click()  # yes, the open case, although other exams were chosen before the folder
    assert (tmp_path / "elsewhere" / "scene.mrb").is_file(), ui.statusLabel.text
    assert panel_widget.logic.getParameterNode().outputFolder == str(tmp_path / "elsewhere")


def test_a_script_that_is_refused_leaves_no_folder_of_another_patient(ui, panel_widget, tmp_path, monkeypatch):
    from MarrowQuantLib import workflow
    from MarrowQuantLib.model import MarrowQuantError

    def refuse(*args: Any, **options: Any) -> Any:
        raise MarrowQuantError("It cannot be read.")

    monkeypatch.setattr(workflow, "make_maps", refuse)
    with pytest.raises(MarrowQuantError, match="cannot be read"):
        panel_widget.logic.analyze([tmp_path / f"{B.word}-baseline"])
    assert found(B, texts_of_scene()) == [] and len(panel_widget.logic.case.exams) == 2
    assert [folder.name for folder in panel_widget.logic.case.folders()] == [f"{A.word}-baseline", f"{A.word}-follow-up"]


def test_closing_the_scene_empties_the_fields_of_de_identification(ui, tmp_path):
    import slicer

    for name in ("identified", "deidentified", "key"):
        getattr(ui, f"{name}PathLineEdit").currentPath = str(tmp_path / f"{A.word}-{name}")
    assert ui.deidentifyButton.enabled
    slicer.mrmlScene.Clear(0)
    assert [getattr(ui, f"{name}PathLineEdit").currentPath for name in ("identified", "deidentified", "key")] == ["", "", ""]
    assert not ui.deidentifyButton.enabled


def test_a_case_without_identity_is_what_is_said_to_tell_nothing(tmp_path):
    from MarrowQuantLib.model import ExamIdentity, Relation
    from MarrowQuantLib.report.export import ResultsInTheWay, refuse_overwriting

    (tmp_path / "results.json").write_text('{"exams": [{"identity": {"patient": "k-1", "named": true, "frames": []}}]}', encoding="utf-8")
    with pytest.raises(ResultsInTheWay, match="this case does not tell whose it is") as raised:
        refuse_overwriting(tmp_path, [ExamIdentity()])
    assert raised.value.relation is Relation.UNKNOWN and raised.value.case_is_nameless
    (tmp_path / "results.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ResultsInTheWay, match="results that do not tell whose they are") as raised:
        refuse_overwriting(tmp_path, [ExamIdentity("k-1", True)])
    assert not raised.value.case_is_nameless


def test_a_second_case_goes_again_although_the_module_was_never_opened(slicer_host, tmp_path):
    import slicer
    from helpers import fake_exams
    from helpers.cases import parameters
    from MarrowQuantLib.scene.case.case import Case
    from MarrowQuantLib.scene.nodes import own_nodes
    from MarrowQuantLib.scene.results_scene import save_scene

    for name in ("a", "b"):
        Case(parameters()).replace_by([fake_exams.exam_maps("baseline")])
        save_scene(tmp_path / f"{name}.mrb")
        slicer.mrmlScene.Clear(0)
    slicer_host.load_module(Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuant.py")
    slicer_host.app.complete_startup()
    slicer.mrmlScene.ReadFromMRB(str(tmp_path / "a.mrb"), True)
    before = len(list(own_nodes()))
    slicer.mrmlScene.ReadFromMRB(str(tmp_path / "b.mrb"), False)
    assert len(list(own_nodes())) == before > 0
    widget = slicer_host.make_widget("MarrowQuant")
    slicer_host.enter(widget)
    assert len(widget.logic.case.exams) == 1 and "another case" in widget.ui.statusLabel.text
