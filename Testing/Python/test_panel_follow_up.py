"""The panel's buttons that carry the baseline over to the follow-up: what a reader presses, sees, and takes back."""

from __future__ import annotations

import pytest
from helpers.moved_exams import LABELS, exam_maps
from helpers.panel_actions import choose_exam, column, place


@pytest.fixture
def panel(panel_widget, no_bone_proposed):
    """The panel with two exams of which only the baseline is worked out."""
    panel_widget.logic.case.replace_by([exam_maps(label) for label in LABELS])
    panel_widget.panel.refresh()
    return panel_widget


def work_out_the_baseline(widget):
    choose_exam(widget, 0)
    place(widget, ("L1", "L2"))
    widget.logic.case.exams["baseline"].rois.exclude("L2", "fracture")
    widget.ui.measureButton.click()
    widget.logic.case.exams["baseline"].load.propose()
    widget.panel.refresh()


def test_the_button_waits_until_there_is_something_to_carry(panel):
    assert not panel.ui.carryButton.enabled and not panel.ui.undoCarryButton.enabled
    assert "baseline" in panel.ui.carryButton.toolTip
    work_out_the_baseline(panel)
    assert panel.ui.carryButton.enabled and not panel.ui.undoCarryButton.enabled


def test_one_press_carries_and_one_press_takes_it_back(panel):
    ui = panel.ui
    work_out_the_baseline(panel)
    assert not ui.lesionTable.visible
    ui.carryButton.click()
    assert ui.examComboBox.currentIndex == 1
    assert column(ui.vertebraeTable, 0) == ["L1", "L2"]
    assert column(ui.vertebraeTable, 3) == ["", "fracture"]
    assert all(text.endswith("%") and float(text[:-1]) > 50 for text in column(ui.vertebraeTable, 4))
    assert "confidence" in ui.vertebraeMessage.text
    assert sorted(column(ui.lesionTable, 0)) == ["#1", "#2"] and set(column(ui.lesionTable, 1)) == {"persisting"}
    assert "→" in ui.lesionTable.item(0, 3).text() and "ADC" in ui.lesionTable.item(0, 0).toolTip()
    assert sorted(column(ui.componentTable, 5)) == ["#1", "#2"]
    ui.lesionTable.selectRow(1)

    ui.undoCarryButton.click()
    assert ui.vertebraeTable.rowCount == 0 and ui.lesionTable.rowCount == 0 and ui.componentTable.rowCount == 0
    assert not ui.lesionTable.visible and not ui.undoCarryButton.enabled and ui.carryButton.enabled
    choose_exam(panel, 0)
    assert column(ui.componentTable, 5) == ["", ""] and column(ui.vertebraeTable, 4) == ["", ""]


def test_a_decision_in_the_list_changes_what_became_of_the_lesion(panel):
    ui = panel.ui
    work_out_the_baseline(panel)
    ui.carryButton.click()
    ui.componentTable.selectRow(0)
    ui.rejectButton.click()
    panel.panel.burden.onSliderRests()
    assert sorted(column(ui.lesionTable, 1)) == ["persisting", "uncertain"]
    ui.undoDecisionButton.click()
    panel.panel.burden.onSliderRests()
    assert set(column(ui.lesionTable, 1)) == {"persisting"}


def test_a_saved_scene_reopens_in_the_panel_with_lesions_and_confidences(panel, slicer_host, tmp_path):
    import slicer

    work_out_the_baseline(panel)
    panel.ui.carryButton.click()
    panel.panel.burden.onSliderRests()
    panel.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    panel.ui.exportButton.click()
    tables = ("vertebraeTable", "componentTable", "lesionTable")
    shown = [column(getattr(panel.ui, name), n) for name in tables for n in range(getattr(panel.ui, name).columnCount)]
    assert "Lesions from exam to exam" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")

    slicer.mrmlScene.Clear(0)
    assert panel.ui.lesionTable.rowCount == 0
    slicer.util.loadScene(str(tmp_path / "out" / "scene.mrb"))
    slicer_host.process_events()
    choose_exam(panel, 1)
    assert [column(getattr(panel.ui, name), n) for name in tables for n in range(getattr(panel.ui, name).columnCount)] == shown
