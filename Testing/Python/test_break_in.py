"""What a stranger found who tried, with real clicks in odd orders, to lose a decision or to see what does not hold."""

from __future__ import annotations

import shutil

import pytest
from helpers import fake_exams
from helpers.panel_actions import choose_exam, rest
from helpers.two_patients import A, B, make_maps, read_exams


@pytest.fixture
def panel(panel_widget, tmp_path, monkeypatch):
    from MarrowQuantLib import workflow

    monkeypatch.setattr(workflow, "read_exams", read_exams)
    monkeypatch.setattr(workflow, "make_maps", make_maps)
    for patient in (A, B):
        patient.write(tmp_path)
    return panel_widget


def read(panel, root, patient, *names) -> None:
    folders = [str(root / f"{patient.word}-{name}") for name in names]
    panel.ui.baselinePathLineEdit.currentPath, panel.ui.followUpPathLineEdit.currentPath = [*folders, ""][:2]
    panel.ui.readButton.click()


def mark(panel, index: int) -> None:
    choose_exam(panel, index)
    for level, z in fake_exams.LEVEL_Z.items():
        panel.panel.vertebrae.exam.rois.points().AddControlPointWorld([A.x, 0.0, z], level)
    panel.panel.vertebrae.exam.measure()


def export(panel, folder) -> None:
    panel.ui.outputPathLineEdit.currentPath = str(folder)
    panel.ui.exportButton.click()


# ------------------------------------------------------------------------------------------------- exams that leave the case
def test_an_exam_with_points_leaves_the_case_only_when_the_reader_agrees(panel, tmp_path):
    read(panel, tmp_path, A, "baseline", "follow-up")
    mark(panel, 0)
    mark(panel, 1)
    read(panel, tmp_path, A, "follow-up")
    assert "leave out an exam that you worked on" in panel.ui.questionLabel.text
    panel.ui.noChoiceButton.click()
    assert all(len(exam.vertebrae) == 5 for exam in panel.logic.case.exams.values()) and len(panel.logic.case.exams) == 2
    read(panel, tmp_path, A, "follow-up")
    panel.ui.secondChoiceButton.click()
    (exam,) = panel.logic.case.exams.values()
    assert exam.maps.date == A.dates()[1] and len(exam.vertebrae) == 5


def test_save_then_read_saves_the_exam_that_leaves(panel, tmp_path):
    import slicer

    read(panel, tmp_path, A, "baseline", "follow-up")
    mark(panel, 0)
    panel.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    read(panel, tmp_path, A, "follow-up")
    panel.ui.firstChoiceButton.click()
    assert [exam.maps.date for exam in panel.logic.case.exams.values()] == [A.dates()[1]]
    slicer.util.loadScene(str(tmp_path / "out" / "scene.mrb"), properties={"clear": True})
    assert len(panel.logic.case.exams["baseline"].vertebrae) == 5


@pytest.mark.parametrize("names", [("baseline", "follow-up"), ("baseline",)])
def test_nothing_is_asked_where_no_work_is_lost(panel, tmp_path, names):
    read(panel, tmp_path, A, "baseline", "follow-up")
    panel.logic.case.exams["baseline"].rois.points().AddControlPointWorld([A.x, 0.0, 0.0], "L3")
    read(panel, tmp_path, A, *names)
    assert not panel.ui.questionFrame.visible and len(panel.logic.case.exams) == len(names)
    assert panel.logic.case.exams["baseline"].rois.has_points()


# ----------------------------------------------------------------------------------------- sentences that must not be wiped away
def several_cases(panel, root):
    """A's scene, and B's added to it while no panel was open."""
    import slicer

    for patient in (B, A):
        read(panel, root, patient, "baseline")
        if panel.ui.questionFrame.visible:
            panel.ui.secondChoiceButton.click()
        mark(panel, 0)
        export(panel, root / patient.word)
    panel.exit()
    panel.removeObservers()
    for patient, clears in ((A, True), (B, False)):
        slicer.util.loadScene(str(root / patient.word / "scene.mrb"), properties={"clear": clears})


@pytest.mark.parametrize("times", [1, 2])
def test_that_another_case_was_added_while_the_panel_was_closed_is_said_whenever_it_is_entered(panel, slicer_host, tmp_path, times):
    several_cases(panel, tmp_path)
    widget = slicer_host.make_widget("MarrowQuant")
    for _ in range(times):
        slicer_host.enter(widget)
        rest(slicer_host)
        assert "another case" in widget.ui.statusLabel.text
        assert [exam.maps.date for exam in widget.logic.case.exams.values()] == [A.dates()[0]]
        slicer_host.exit(widget)


def test_that_a_second_case_was_not_taken_in_still_stands_after_a_while(panel, slicer_host, tmp_path):
    import slicer

    read(panel, tmp_path, B, "baseline")
    mark(panel, 0)
    export(panel, tmp_path / "B")
    slicer.mrmlScene.Clear(0)
    read(panel, tmp_path, A, "baseline")
    slicer.util.loadScene(str(tmp_path / "B" / "scene.mrb"), properties={"clear": False})
    slicer.mrmlScene.RemoveNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode"))  # any node: the panel looks whether it was its own
    rest(slicer_host)
    assert "another case" in panel.ui.statusLabel.text


# ------------------------------------------------------------------------------------------------------- sheets that were refused
@pytest.mark.parametrize("kind", ["impossible value", "no such file", "no sheet"])
def test_a_refused_sheet_does_not_stand_as_the_sheet_of_the_case(panel, slicer_host, tmp_path, kind):
    import slicer

    own, other = tmp_path / f"{A.word}-labs.csv", tmp_path / f"{B.word}-labs.csv"
    if kind == "no such file":
        other.unlink()
    elif kind == "no sheet":
        shutil.copy(__file__, other)
    else:
        other.write_text("date,test,value,unit\n2021-01-14,M protein,1588,g/L\n", encoding="utf-8")
    read(panel, tmp_path, A, "baseline", "follow-up")
    panel.ui.labsPathLineEdit.currentPath = str(own)
    held = panel.logic.case.laboratory.history
    panel.ui.labsPathLineEdit.currentPath = str(other)
    assert panel.ui.labsPathLineEditRefusal.visible or panel.ui.labsPathLineEditRefusal.text
    slicer_host.exit(panel)
    slicer_host.enter(panel)
    assert panel.ui.labsPathLineEdit.currentPath == str(own) and panel.logic.case.laboratory.history == held
    slicer.util.saveScene(str(tmp_path / "saved.mrb"))
    slicer.util.loadScene(str(tmp_path / "saved.mrb"), properties={"clear": True})
    assert panel.ui.labsPathLineEdit.currentPath == str(own)
