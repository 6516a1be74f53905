"""Placing by clicks: any order, two clicks, the air, further points, renaming in the table, Escape."""

from __future__ import annotations

import pytest
from helpers import fake_exams
from helpers.panel_actions import column, notice, place, rest

HEIGHTS = fake_exams.LEVEL_Z
LUMBAR = list(HEIGHTS)


@pytest.fixture
def panel(filled_panel):
    filled_panel.ui.vertebraeSection.collapsed = False
    return filled_panel


def click(panel, *positions) -> None:
    if not panel.ui.placeButton.checked:
        panel.ui.placeButton.click()
    for position in positions:
        place = [0.0, 0.0, position] if isinstance(position, float) else list(position)
        panel.panel.vertebrae.exam.rois.points_node.AddControlPointWorld(place)


def levels(panel) -> list[str]:
    return column(panel.ui.vertebraeTable, 0)


def test_two_clicks_find_five_bodies(panel, slicer_host):
    for order in ((60.0, -60.0), (-60.0, 60.0)):
        click(panel, *order)
        assert levels(panel) == ["L1", "L5"] and not panel.ui.placeButton.checked
        rest(slicer_host)
        assert levels(panel) == LUMBAR and all(column(panel.ui.vertebraeTable, 1))
        assert "press Find bodies" not in panel.ui.vertebraeMessage.text
        panel.ui.undoPointButton.click()
        assert levels(panel) == ["L1", "L5"], "the two clicks come back"
        while panel.ui.undoPointButton.enabled:
            panel.ui.undoPointButton.click()


def test_two_clicks_that_are_not_the_ends_wait_for_the_button(panel, slicer_host):
    click(panel, 60.0, 0.0)
    rest(slicer_host)
    assert levels(panel) == ["L1", "L3"] and panel.ui.placeButton.checked
    assert "press Find bodies between" in panel.ui.vertebraeMessage.text
    panel.ui.fillButton.click()
    assert levels(panel) == ["L1", "L2", "L3"]


def test_clicks_upwards_from_the_lowest_end_as_clicks_downwards(panel):
    click(panel, *(HEIGHTS[level] for level in reversed(LUMBAR)))
    assert levels(panel) == LUMBAR and all(column(panel.ui.vertebraeTable, 1)) and not panel.ui.placeButton.checked
    assert [v.roi.center_ras[2] for v in panel.panel.vertebrae.exam.vertebrae] == list(HEIGHTS.values())


def test_other_ends_are_chosen_in_the_lists(panel):
    ui = panel.ui
    ui.firstLevelComboBox.setCurrentIndex(ui.firstLevelComboBox.findText("T12"))
    ui.lastLevelComboBox.setCurrentIndex(ui.lastLevelComboBox.findText("L4"))
    click(panel, 60.0, -60.0)
    assert levels(panel) == ["T12", "L4"] and not ui.placeButton.checked


@pytest.mark.parametrize("air", [(0.0, 0.0, 900.0), (300.0, 0.0, 0.0)])
def test_a_click_in_the_air_is_taken_back_alone_and_placing_goes_on(panel, slicer_host, air):
    click(panel, 60.0, 30.0, air)
    rest(slicer_host)
    assert levels(panel) == ["L1", "L2"] and all(column(panel.ui.vertebraeTable, 1))
    assert "outside the body" in panel.ui.vertebraeMessage.text and panel.ui.placeButton.checked
    click(panel, 0.0)
    assert levels(panel) == ["L1", "L2", "L3"] and "outside the body" not in panel.ui.vertebraeMessage.text
    assert panel.panel.vertebrae.exam.rois.points_node.GetNumberOfControlPoints() == 3


def test_more_points_continue_the_numbering_and_what_has_no_level_is_refused(panel, slicer_host):
    place(panel)
    click(panel, -85.0)
    assert levels(panel) == [*LUMBAR, "S1"]
    click(panel, 85.0)
    assert levels(panel) == ["T12", *LUMBAR, "S1"]
    click(panel, 15.0)
    rest(slicer_host)
    assert levels(panel) == ["T12", *LUMBAR, "S1"] and "no level between L2 and L3" in panel.ui.vertebraeMessage.text
    panel.ui.measureButton.click()
    assert panel.ui.statusLabel.text == ""


def rename(panel, row: int, text: str) -> None:
    panel.ui.vertebraeTable.item(row, 0).setText(text)


def test_a_level_is_renamed_in_the_table_or_refused(panel):
    place(panel)
    rename(panel, 4, "s1")
    assert levels(panel) == [*LUMBAR[:4], "S1"] and all(column(panel.ui.vertebraeTable, 1))
    rename(panel, 0, "L3")
    assert levels(panel) == [*LUMBAR[:4], "S1"] and "L3 is there already" in panel.ui.vertebraeMessage.text
    rename(panel, 0, "spleen")
    assert levels(panel) == [*LUMBAR[:4], "S1"] and '"spleen" is neither a vertebral level' in panel.ui.vertebraeMessage.text
    rename(panel, 4, "L5")
    assert levels(panel) == LUMBAR and "neither a vertebral" not in panel.ui.vertebraeMessage.text
    panel.ui.undoPointButton.click()
    assert levels(panel)[-1] == "S1"


def test_a_renamed_level_stays_when_more_is_clicked(panel):
    click(panel, 60.0, 30.0)
    rename(panel, 1, "L4")
    rename(panel, 0, "L3")
    click(panel, 0.0)
    assert levels(panel) == ["L3", "L4", "L5"]


def test_levels_renamed_in_markups_stay_when_the_program_writes_the_points(panel, slicer_host, tmp_path):
    click(panel, 60.0, 30.0, 0.0)
    panel.panel.vertebrae.exam.rois.points_node.SetNthControlPointLabel(2, "S1")
    rest(slicer_host)
    named = levels(panel)
    for write in (panel.ui.undoPointButton.click, panel.ui.redoPointButton.click, lambda: notice(panel, slicer_host, "export", tmp_path)):
        write()
        assert levels(panel) in (named, [*named[:2], "L3"])
    assert levels(panel) == named == ["L1", "L2", "S1"]


def test_escape_ends_placing_and_acts_only_then(panel):
    vertebrae, muscle = panel.panel.vertebrae._placing, panel.panel.burden._muscle._placing
    assert not vertebrae._escape.enabled and not muscle._escape.enabled
    panel.ui.placeButton.click()
    assert vertebrae._escape.enabled and vertebrae._escape.key.toString() == "Esc"
    vertebrae._escape.activated.emit()
    assert not panel.ui.markupsPlaceWidget.placeModeEnabled and not panel.ui.placeButton.checked and not vertebrae._escape.enabled
    panel.ui.muscleButton.click()
    muscle._escape.activated.emit()
    assert not panel.ui.musclePlaceWidget.placeModeEnabled and not panel.ui.muscleButton.checked


def test_every_key_stands_in_the_help(panel):
    import sys

    class Parent:
        title = helpText = acknowledgementText = ""
        categories = dependencies = contributors = ()

    parent = Parent()
    sys.modules["MarrowQuant"].MarrowQuant(parent)
    keys = {shortcut.key.toString() for shortcut in panel.panel.burden._shortcuts}
    assert keys >= {"A", "R", "P", "U"}
    told = parent.helpText.replace("Escape", "Esc")
    assert all(f"{key} " in told for key in (*keys, "Esc"))


def test_the_selected_point_is_named_as_a_region_of_the_pelvis_and_counts_for_no_level(panel):
    place(panel)
    panel.ui.vertebraeTable.selectRow(4)
    panel.ui.regionComboBox.setCurrentIndex(1)
    panel.ui.regionComboBox.activated.emit(1)
    assert levels(panel) == [*LUMBAR[:4], "right posterior iliac crest"]
    exam = panel.panel.vertebrae.exam
    assert [v.roi.level for v in exam.vertebrae] == levels(panel)
    panel.ui.firstLevelComboBox.activated.emit(panel.ui.firstLevelComboBox.findText("T12"))
    assert levels(panel) == ["T12", *LUMBAR[:3], "right posterior iliac crest"]
