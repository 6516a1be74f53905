"""Undo takes back with a change the settings that it changed, and redo makes it again."""

from __future__ import annotations

import pytest
from helpers import fake_exams


def choose_exam(widget, index: int) -> None:
    widget.ui.examComboBox.setCurrentIndex(index)
    widget.panel.onExamChosen(index)


@pytest.fixture
def marked(filled_panel):
    """The panel with two points in the baseline, placed by clicks."""
    filled_panel.ui.placeButton.click()
    for level in ("L1", "L2"):
        filled_panel.panel.vertebrae.exam.rois.points_node.AddControlPointWorld([0.0, 0.0, fake_exams.LEVEL_Z[level]])
    filled_panel.ui.placeButton.click()
    return filled_panel


def state(widget):
    """Points with all that they carry, and the sizes that the fields show and the next point gets."""
    exam, ui, parameters = widget.panel.vertebrae.exam, widget.ui, widget.logic.getParameterNode()
    rois = [(roi.level, tuple(roi.center_ras), tuple(roi.radii_mm), roi.shape, roi.excluded) for roi in exam.rois.now()]
    fields = (ui.shapeComboBox.currentText, ui.radiusLRSpinBox.value, ui.radiusAPSpinBox.value, ui.radiusCCSpinBox.value)
    return rois, fields, (parameters.roiShape, parameters.roiRadiusLR, parameters.roiRadiusAP, parameters.roiRadiusCC)


def choose_shape(widget, name: str) -> None:
    names = [widget.ui.shapeComboBox.itemText(n) for n in range(widget.ui.shapeComboBox.count)]
    widget.ui.shapeComboBox.setCurrentIndex(names.index(name))
    widget.panel.vertebrae.onShapeChosen(names.index(name))


def widen(widget) -> None:
    widget.ui.radiusLRSpinBox.value = 14.0
    widget.panel.vertebrae.onSizeChanged()


def exclude(widget) -> None:
    widget.ui.vertebraeTable.selectRow(0)
    widget.panel.vertebrae.onReasonChosen(1)


def drag(widget) -> None:
    widget.panel.vertebrae.exam.rois.points_node.SetNthControlPointPositionWorld(0, 2.0, 3.0, 61.0)
    widget.panel.vertebrae.onPointsChanged()


CHANGES = {
    "cylinder": lambda widget: choose_shape(widget, "cylinder"), "disc": lambda widget: choose_shape(widget, "disc"),
    "width": widen, "exclude": exclude, "drag": drag,
}


@pytest.mark.parametrize("names", [["cylinder"], ["disc", "width"], ["width", "drag", "disc", "exclude"], ["exclude", "cylinder", "drag"]])
def test_every_change_goes_back_and_forth_with_its_settings(marked, names):
    seen = [state(marked)]
    for name in names:
        CHANGES[name](marked)
        seen.append(state(marked))
    assert len({str(s) for s in seen}) == len(seen) and not marked.ui.redoPointButton.enabled
    for before in seen[-2::-1]:
        marked.ui.undoPointButton.click()
        assert state(marked) == before
    for after in seen[1:]:
        assert marked.ui.redoPointButton.enabled
        marked.ui.redoPointButton.click()
        assert state(marked) == after
    assert not marked.ui.redoPointButton.enabled


def test_a_new_change_ends_what_could_be_made_again(marked):
    choose_shape(marked, "box")
    marked.ui.undoPointButton.click()
    drag(marked)
    assert not marked.ui.redoPointButton.enabled and marked.ui.shapeComboBox.currentText == "ellipsoid"


def test_a_setting_that_was_chosen_for_other_points_stays_when_these_are_taken_back(marked):
    choose_shape(marked, "box")
    choose_exam(marked, 1)
    marked.ui.placeButton.click()
    marked.panel.vertebrae.exam.rois.points_node.AddControlPointWorld([0.0, 0.0, 0.0])
    marked.ui.undoPointButton.click()
    assert marked.ui.shapeComboBox.currentText == "box" and marked.logic.getParameterNode().roiShape == "box"


def test_a_decision_is_made_again(filled_panel):
    ui = filled_panel.ui
    ui.proposeButton.click()
    ui.componentTable.selectRow(0)
    ui.rejectButton.click()
    ui.physiologicalButton.click()
    decided = [ui.componentTable.item(row, 0).text() for row in range(2)]
    ui.undoDecisionButton.click()
    ui.undoDecisionButton.click()
    assert ui.redoDecisionButton.enabled and not filled_panel.logic.case.exams["baseline"].load.decisions
    ui.redoDecisionButton.click()
    ui.redoDecisionButton.click()
    assert [ui.componentTable.item(row, 0).text() for row in range(2)] == decided and not ui.redoDecisionButton.enabled
    ui.undoDecisionButton.click()
    ui.componentTable.selectRow(0)
    ui.keepButton.click()
    assert not ui.redoDecisionButton.enabled
