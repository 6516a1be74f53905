"""What a field shows is what holds: numbers and paths as people type them, by real key presses on Qt's own spin boxes and line edits."""

from __future__ import annotations

import pytest
from helpers.panel_actions import type_path
from MarrowQuantLib.io.typed import Ambiguous, typed_number


@pytest.fixture
def panel(filled_panel):
    filled_panel.ui.proposeButton.click()
    for name in ("vertebrae", "burden", "labs", "response", "export"):
        getattr(filled_panel.ui, f"{name}Section").collapsed = False
    filled_panel.ui.roiFormBox.collapsed = False
    return filled_panel


def boxes(widget):
    from slicerhost.pyside import QtWidgets

    found = [widget] if isinstance(widget, QtWidgets.QAbstractSpinBox) else widget.findChildren(QtWidgets.QAbstractSpinBox)
    assert found
    return found


def type_into(box, text: str, then: str = "Enter") -> None:
    """Select everything, type each character, and press Enter or leave the field. A full-width digit has no key: it is committed."""
    from slicerhost.pyside import QtCore, QtGui, QtTest, QtWidgets

    box.setFocus()
    box.selectAll()
    if not text:
        QtTest.QTest.keyClick(box, QtCore.Qt.Key_Delete)
    for character in text:
        if character.isascii():
            QtTest.QTest.keyClicks(box, character)
        else:
            event = QtGui.QInputMethodEvent()
            event.setCommitString(character)
            QtWidgets.QApplication.sendEvent(box, event)
    if then == "Enter":
        QtTest.QTest.keyClick(box, QtCore.Qt.Key_Return)
    elif then == "leave":
        QtWidgets.QApplication.sendEvent(box, QtGui.QFocusEvent(QtCore.QEvent.FocusOut))


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.5", 0.5), ("0,5", 0.5), (" 11,5 ", 11.5), ("０．５", 0.5), ("１１，５", 11.5), ("-3", -3.0),
     ("−3", -3.0), (",5", 0.5), ("7。5", 7.5),
     ("1,400", 1.4), ("", None), ("abc", None), ("1e3", None), ("nan", None), ("1.4.0", None), ("1 400", None), ("½", None)],
)  # fmt: skip
def test_a_number_is_read_as_it_was_meant(text, number):
    assert typed_number(text) == number


@pytest.mark.parametrize("text", ["1,400", "1.400", "１，４００", "12,345"])
def test_a_mark_that_may_group_thousands_is_not_guessed(text):
    with pytest.raises(Ambiguous):
        typed_number(text, thousands=True)
    assert typed_number("0,400", thousands=True) == 0.4


@pytest.mark.parametrize("then", ["Enter", "leave"])
def test_a_decimal_comma_is_a_decimal_comma(panel, then):
    for text, value in (("0,5", 0.5), ("1,5", 1.5), ("4,5", 4.5), ("１．５", 1.5), ("２，５", 2.5), ("0.7", 0.7), ("3", 3.0)):
        type_into(boxes(panel.ui.minComponentSlider)[0], text, then)
        assert panel.ui.minComponentSlider.value == panel.logic.getParameterNode().minComponentMl == value
        assert panel.panel.burden.exam.burden.tdv.how.count(f"at least {value:g} mL")
        assert not panel.ui.minComponentSliderRefusal.text


def test_so_it_is_in_every_field_with_a_number(panel):
    meant = (("radiusLRSpinBox", "11,5", 11.5), ("radiusCCSpinBox", "６．５", 6.5), ("ratioSlider", "4,5", 4.5), ("ageSpinBox", "６３", 63))
    for name, text, value in meant:
        type_into(boxes(getattr(panel.ui, name))[0], text)
        assert getattr(panel.ui, name).value == value and not getattr(panel.ui, f"{name}Refusal").text


REFUSED = (
    ("radiusLRSpinBox", "115", "115 is not between 0.5 and 50.0; 12.0 mm holds"), ("radiusLRSpinBox", "0.2", "not between"),
    ("radiusLRSpinBox", "11,55", "finer"), ("radiusLRSpinBox", "abc", '"abc" is not a number'), ("radiusLRSpinBox", "", "not a number"),
    ("minComponentSlider", "1e0", "not a number"), ("ageSpinBox", "63,5", "finer"), ("ageSpinBox", "630", "not between 0 and 110; 0"),
    ("adcRangeWidget", "1,400", "two numbers"), ("adcRangeWidget", "1500", "not between 0 and 1400; 550"),
)  # fmt: skip


@pytest.mark.parametrize("then", ["Enter", "leave", "button"])
def test_what_cannot_be_taken_is_refused_beside_the_field_and_changes_nothing(panel, then):
    for name, text, why in REFUSED:
        widget, label, settings = getattr(panel.ui, name), getattr(panel.ui, f"{name}Refusal"), panel.logic.case.settings()
        box = boxes(widget)[0]
        before = box.value
        type_into(box, text, then)
        if then == "button":
            panel.ui.proposeButton.click()
        assert box.value == before and panel.logic.case.settings() == settings
        assert label.text and why in label.text
        type_into(box, "5")
        assert not label.text and box.value == 5
        box.setValue(before)


def test_a_typed_size_reaches_the_rois(panel):
    panel.panel.vertebrae.exam.rois.points().AddControlPointWorld([0.0, 0.0, 0.0], "L3")
    type_into(panel.ui.radiusLRSpinBox, "11,5")
    assert panel.panel.vertebrae.exam.rois.now()[0].radii_mm[0] == 11.5


@pytest.mark.parametrize(("name", "parameter"), [
    ("baselinePathLineEdit", "baselineFolder"), ("followUpPathLineEdit", "followUpFolder"), ("labsPathLineEdit", "labsPath"),
    ("outputPathLineEdit", "outputFolder"), ("otherResultsPathLineEdit", "otherResultsFolder"),
])  # fmt: skip
def test_an_emptied_path_is_empty(panel, name, parameter, tmp_path):
    path = tmp_path
    if parameter == "labsPath":  # a sheet that is refused does not become that of the case
        path = tmp_path / "labs.csv"
        path.write_text("date,test,value,unit\n2025-01-14,M protein,38,g/L\n", encoding="utf-8")
    type_path(getattr(panel.ui, name), str(path))
    assert panel.logic.case.choices.path(parameter) == str(path)
    type_path(getattr(panel.ui, name), "")
    assert panel.logic.case.choices.path(parameter) == ""


def test_without_an_output_folder_nothing_can_be_exported(panel, tmp_path):
    type_path(panel.ui.outputPathLineEdit, str(tmp_path))
    assert panel.ui.exportButton.enabled
    type_path(panel.ui.outputPathLineEdit, "")
    assert not panel.ui.exportButton.enabled and not panel.ui.shareButton.enabled


@pytest.mark.parametrize("name", [f"{name}PathLineEdit" for name in ("baseline", "followUp", "labs", "otherResults", "limits")])
def test_a_path_that_is_gone_is_said_beside_the_field(panel, name, tmp_path):
    type_path(getattr(panel.ui, name), str(tmp_path / "gone"))
    label = getattr(panel.ui, f"{name}Refusal")
    assert label.text.startswith("⚠")
    type_path(getattr(panel.ui, name), "")
    assert not label.text


def limits_file(folder):
    import numpy as np
    from MarrowQuantLib.followup.repeatability import repeatability, write_limits

    path = folder / "limits.json"
    readings = np.array([[5.0, 40.0], [10.0, 35.0], [20.0, 45.0]])
    write_limits({"ff": repeatability(readings, index="ff", unit="%", how="an invented site")}, path)
    return path


def test_emptied_limits_are_the_published_ones_and_a_refused_file_says_which_hold(panel, tmp_path):
    ui, parameters = panel.ui, panel.logic.getParameterNode()
    type_path(ui.limitsPathLineEdit, str(limits_file(tmp_path)))
    assert "an invented site" in parameters.siteLimits and not ui.limitsPathLineEditRefusal.text
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}", encoding="utf-8")
    type_path(ui.limitsPathLineEdit, str(wrong))
    assert "read before hold" in ui.limitsPathLineEditRefusal.text
    type_path(ui.limitsPathLineEdit, "")
    assert parameters.siteLimits == "" and not ui.limitsPathLineEditRefusal.text
    type_path(ui.limitsPathLineEdit, str(wrong))
    assert "published limits hold" in ui.limitsPathLineEditRefusal.text


def test_after_the_scene_was_closed_no_file_of_the_last_case_is_shown(panel, slicer_host, tmp_path):
    import slicer

    type_path(panel.ui.limitsPathLineEdit, str(limits_file(tmp_path)))
    slicer.mrmlScene.Clear(0)
    slicer_host.process_events()
    assert panel.ui.limitsPathLineEdit.currentPath == "" and panel.logic.getParameterNode().siteLimits == ""


def test_limits_saved_with_a_case_say_so_and_can_be_left(panel, slicer_host, tmp_path):
    import slicer

    type_path(panel.ui.limitsPathLineEdit, str(limits_file(tmp_path)))
    slicer.mrmlScene.Commit(str(tmp_path / "case.mrml"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "case.mrml"))
    slicer_host.process_events()
    assert panel.ui.limitsPathLineEdit.currentPath == "" and "saved with this case hold" in panel.ui.limitsPathLineEditRefusal.text
    type_path(panel.ui.limitsPathLineEdit, "")
    assert panel.logic.getParameterNode().siteLimits == "" and not panel.ui.limitsPathLineEditRefusal.text
