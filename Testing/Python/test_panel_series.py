"""The panel's table of series: role, b-value and scale are changed in it, kept in the scene, and hold from the next reading on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.dicom_files import COLUMNS, ROWS, write_volume
from MarrowQuantLib.words.roles import role_word

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuant.py"
EPI = {"ScanningSequence": ["EP", "SE"], "EchoTime": 66.0, "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW"]}
SERIES, ROLE, B, SCALE, UNIT, USED, WHY = 0, 1, 2, 3, 4, 7, 9


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    """b 0, which should be b 50, with the signal 1000; b 800 with 400; and a map that no rule knows, with 12."""
    series = ((1, 1000, {"DiffusionBValue": 0.0, **EPI}), (2, 400, {"DiffusionBValue": 800.0, **EPI}), (7, 12, {}))
    for number, signal, attributes in series:
        stored = np.full((ROWS, COLUMNS), signal, np.uint16)
        write_volume(tmp_path, 3, stored=stored, SeriesNumber=number, SeriesInstanceUID=f"1.2.3.{number}", **attributes)
    return tmp_path


@pytest.fixture
def widget(panel_widget, exam):
    widget = panel_widget
    widget.ui.baselinePathLineEdit.currentPath = str(exam)
    widget.ui.readButton.click()
    assert widget.ui.statusLabel.text == ""
    widget.ui.examsSection.collapsed = False
    return widget


def cell(widget, row: int, column: int) -> str:
    return widget.ui.seriesTable.item(row, column).text()


def enter(widget, row: int, column: int, text: str) -> None:
    widget.ui.seriesTable.item(row, column).setText(text)


def choose_role(widget, row: int, role: str) -> None:
    """What the reader does: double click, choose in the list."""
    table = widget.ui.seriesTable
    table.cellActivated.emit(row, ROLE)
    combo = table.cellWidget(row, ROLE)
    index = combo.findText(role_word(role))
    combo.setCurrentIndex(index)
    combo.activated.emit(index)


def adc(widget) -> float:
    return float(np.nanmedian(widget.logic.case.exams["baseline"].maps.maps["adc"].array))


def test_a_b_value_is_changed_said_kept_and_used(widget):
    assert [cell(widget, row, B) for row in range(3)] == ["0", "800", ""]
    before = adc(widget)
    enter(widget, 0, B, "50 s/mm²")
    assert (cell(widget, 0, SERIES), cell(widget, 0, B), cell(widget, 0, WHY)) == ("✎ 1", "50", "changed by you, not read yet")
    assert "Press Read and measure to apply it" in widget.ui.examsMessage.text
    assert not widget.ui.examsSection.text.startswith("✓")
    assert json.loads(widget.logic.getParameterNode().seriesOverrides)[0]["b_value"] == 50.0
    assert adc(widget) == before, "nothing is changed behind the reader's back"
    widget.ui.readButton.click()
    assert before == pytest.approx(np.log(2.5) / 800 * 1e6, rel=1e-4)
    assert adc(widget) == pytest.approx(np.log(2.5) / 750 * 1e6, rel=1e-4)
    assert "b 50 s/mm² by the reader's decision; before it was 0" in cell(widget, 0, WHY)
    assert cell(widget, 0, SERIES) == "✎ 1"
    assert "b_value set by the reader" in widget.ui.examsMessage.text
    assert widget.ui.examsSection.text.startswith("✓")
    assert widget.logic.case.results().exams[0].series[0]["overridden"] == ["b_value"]


def test_a_role_and_a_scale_are_changed(widget):
    choose_role(widget, 2, "adc")
    assert (cell(widget, 2, ROLE), cell(widget, 2, UNIT)) == ("ADC", "µm²/s")
    assert widget.ui.seriesTable.cellWidget(2, ROLE) is None, "the list is gone when it was used"
    enter(widget, 2, SCALE, "100 µm²/s")
    widget.ui.readButton.click()
    row = widget.logic.case.series_rows("baseline")[2]
    assert (row["role"], row["override"]) == ("adc", {"role": "adc", "scale": 100.0})
    assert "× 100 by the reader's decision" in row["scaling"]


def test_the_role_unknown_leaves_a_series_out(widget):
    choose_role(widget, 2, "pdff")
    enter(widget, 2, SCALE, "1 %")
    choose_role(widget, 1, "unknown")
    widget.ui.readButton.click()
    assert [cell(widget, row, USED) for row in range(3)] == ["", "", "yes"]  # b 0 alone gives no ADC
    maps = widget.logic.case.exams["baseline"].maps.maps
    assert "adc" not in maps and float(maps["ff"].array.mean()) == pytest.approx(12.0)


def test_a_role_without_its_b_value_is_asked_for(widget):
    choose_role(widget, 2, "dwi")
    assert widget.ui.examsMessage.text == "Enter the b-value of series 7 too."
    enter(widget, 2, B, "400")
    assert "Press Read and measure" in widget.ui.examsMessage.text
    widget.ui.readButton.click()
    assert (cell(widget, 2, ROLE), cell(widget, 2, B)) == ("diffusion", "400")


@pytest.mark.parametrize(
    "row, column, text, sentence",
    [
        (0, B, "many", "'many' is not a b-value"),
        (0, B, "-50", "is not a b-value"),
        (0, SCALE, "0", "is not a scale"),
        (2, B, "50", "Only a diffusion image has a b-value"),
    ],
)
def test_a_wrong_entry_gives_a_sentence_under_the_table_and_changes_nothing(widget, row, column, text, sentence):
    before = cell(widget, row, column)
    stored = widget.logic.getParameterNode().seriesOverrides
    enter(widget, row, column, text)
    assert sentence in widget.ui.examsMessage.text and widget.ui.examsMessage.visible
    assert cell(widget, row, column) == before
    assert widget.logic.getParameterNode().seriesOverrides == stored
    enter(widget, 0, B, "50")
    assert sentence not in widget.ui.examsMessage.text


def test_changes_are_taken_back_by_the_button_and_one_by_one(widget):
    assert not widget.ui.undoSeriesButton.enabled
    enter(widget, 0, B, "50")
    enter(widget, 0, B, "")
    assert (cell(widget, 0, SERIES), cell(widget, 0, B)) == ("1", "0")
    enter(widget, 0, B, "50")
    widget.ui.readButton.click()
    widget.ui.undoSeriesButton.click()
    assert (cell(widget, 0, SERIES), cell(widget, 0, B), cell(widget, 0, WHY)) == ("✎ 1", "0", "changed by you, not read yet")
    widget.ui.readButton.click()
    assert (cell(widget, 0, SERIES), cell(widget, 0, B)) == ("1", "0")
    assert not widget.ui.undoSeriesButton.enabled


def test_a_saved_scene_keeps_the_changes(widget, slicer_host, exam):
    import slicer

    enter(widget, 0, B, "50")
    widget.ui.readButton.click()
    enter(widget, 1, SCALE, "2")
    shown = [[cell(widget, row, column) for column in range(10)] for row in range(3)]
    scene = exam.parent / f"{exam.name}.mrb"
    assert slicer.util.saveScene(str(scene))
    slicer.mrmlScene.Clear(0)
    assert widget.ui.seriesTable.rowCount == 0
    slicer.util.loadScene(str(scene))
    slicer_host.process_events()
    assert [[cell(widget, row, column) for column in range(10)] for row in range(3)] == shown
    assert "Press Read and measure to apply it" in widget.ui.examsMessage.text


def test_changes_of_one_patient_are_not_taken_to_the_next(widget, exam):
    enter(widget, 0, B, "50")
    widget.ui.readButton.click()
    other = exam / "other"
    other.mkdir()
    for path in list(exam.glob("*.dcm")):
        path.rename(other / path.name)
    widget.ui.baselinePathLineEdit.currentPath = str(other)
    widget.ui.readButton.click()
    assert (cell(widget, 0, SERIES), cell(widget, 0, B)) == ("1", "0")


def test_damaged_changes_in_a_scene_are_said_and_can_be_undone(widget):
    widget.logic.getParameterNode().seriesOverrides = '[{"series": 1, "role": "ADC"}]'
    widget.panel.refresh()
    assert "cannot be read; undo them" in widget.ui.examsMessage.text
    widget.ui.readButton.click()
    assert "cannot be read; undo them" in widget.ui.statusLabel.text
    widget.ui.undoSeriesButton.click()
    widget.ui.readButton.click()
    assert widget.ui.statusLabel.text == ""
    assert widget.ui.examsSection.text.startswith("✓")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_role_is_a_word_and_none_is_told_as_it_is_stored(widget, language, monkeypatch):
    import slicer
    from MarrowQuantLib.model import Role

    monkeypatch.setattr(type(slicer.app), "applicationLocaleName", language, raising=False)
    widget.panel.refresh()
    words = [role_word(role.value, language) for role in Role]
    assert len(set(words)) == len(words) and not any("_" in word for word in words)
    assert [cell(widget, row, ROLE) for row in range(3)] == [role_word(role, language) for role in ("dwi", "dwi", "unknown")]
    widget.ui.seriesTable.cellActivated.emit(0, ROLE)
    combo = widget.ui.seriesTable.cellWidget(0, ROLE)
    assert [combo.itemText(index) for index in range(combo.count)] == words
