"""Every button of the panel, in every state: it does something that is seen, or it says why not; and the keys press the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from helpers import fake_exams
from helpers.panel_actions import measured, place, rest

UI = Path(__file__).resolve().parents[2] / "MarrowQuant" / "Resources" / "UI" / "MarrowQuant.ui"
QUIET = {  # what these do is seen outside the panel: the file manager, a running task, a place to click in the views
    "openFolderButton", "cancelButton", "firstChoiceButton", "secondChoiceButton", "noChoiceButton",
}  # fmt: skip


def buttons(ui: Any) -> dict[str, Any]:
    return {name: widget for name, widget in vars(ui).items() if name.endswith("Button") and name not in QUIET}


def tooltips() -> dict[str, str]:
    """What the buttons do, as the ``.ui`` file has it."""
    root = ET.parse(UI).getroot()
    return {
        widget.get("name"): string.text for widget in root.iter("widget")
        if (string := widget.find("property[@name='toolTip']/string")) is not None
    }  # fmt: skip


def fingerprint(widget: Any) -> tuple[Any, ...]:
    """All that the reader sees of the panel, and the nodes of the scene with how they are shown."""
    import slicer

    ui, texts = widget.ui, []
    for name, part in vars(ui).items():
        for read in ("text", "visible", "checked", "enabled", "collapsed"):
            value = getattr(part, read, None)
            texts.append((name, read, value if isinstance(value, (str, bool)) else None))
        if name.endswith("Table"):
            cells = [part.item(r, c) for r in range(part.rowCount) for c in range(part.columnCount)]
            texts.append((name, tuple(cell.text() for cell in cells if cell), part.currentRow()))
    nodes = slicer.util.getNodesByClass("vtkMRMLNode")
    return (*texts, *(f"{node.GetID()} {node.GetMTime()}" for node in nodes))


@pytest.mark.parametrize("state", ["empty", "read", "marked", "measured"])
def test_every_button_does_something_or_says_why_not(panel_widget, slicer_host, tmp_path, state):
    widget, ui = panel_widget, panel_widget.ui
    if state != "empty":
        widget.logic.case.replace_by([fake_exams.exam_maps(label) for label in ("baseline", "follow-up")])
        widget.panel.refresh()
    if state == "marked":
        place(widget)
    elif state == "measured":
        measured(widget)
    described = tooltips()
    still = fingerprint(widget)
    rest(slicer_host)
    assert fingerprint(widget) == still, "nothing changes by itself"
    for name, button in buttons(ui).items():
        if not button.enabled:
            assert button.toolTip not in ("", described.get(name)), f"{name} does not say why it cannot be pressed"
            continue
        before, question = fingerprint(widget), widget.panel.question.is_open
        button.click()
        rest(slicer_host)
        assert fingerprint(widget) != before or widget.panel.question.is_open != question, f"{name} does nothing and says nothing"
        assert "unexpected" not in ui.statusLabel.text
        for placing in (ui.placeButton, ui.muscleButton, ui.compareButton):
            if placing.checked:
                placing.click()


@pytest.mark.parametrize("name", ["keepButton", "undoPointButton", "ffHistogramButton", "boneWindowButton", "fillButton"])
def test_the_tooltip_tells_why_and_then_what(panel_widget, name):
    button = getattr(panel_widget.ui, name)
    why = button.toolTip
    panel_widget.logic.case.replace_by([fake_exams.exam_maps(label) for label in ("baseline", "follow-up")])
    measured(panel_widget)
    panel_widget.ui.componentTable.selectRow(0)
    assert not why or button.enabled
    assert button.toolTip != why


def test_the_bone_window_puts_the_marrow_in_the_middle(filled_panel):
    place(filled_panel)
    exam = filled_panel.logic.case.exams["baseline"]
    filled_panel.ui.boneWindowButton.click()
    assert filled_panel.ui.statusLabel.text == ""
    shown = next(exam.map_node(key) for key in ("t1", "in_phase", "water") if exam.map_node(key))
    display, (roi, *_) = shown.GetDisplayNode(), exam.rois.now()
    image = next(exam.maps.maps[key] for key in ("t1", "in_phase", "water") if key in exam.maps.maps)
    i, j, k = image.to_ijk(roi.center_ras).round().astype(int)
    assert display.GetWindowLevelMin() == 0 and display.GetLevel() == pytest.approx(image.array[k, j, i], rel=0.5)


def test_the_keys_open_the_steps_press_their_buttons_and_say_why_not(filled_panel, slicer_host):
    panel, ui = filled_panel.panel, filled_panel.ui
    keys = {shortcut.key.toString(): shortcut for shortcut in panel.keys._shortcuts}
    assert all(shortcut.enabled for shortcut in keys.values())
    for number, step in enumerate(panel.steps, 1):
        keys[f"Alt+{number}"].activated.emit()
        assert not step.section.collapsed
    keys["Alt+7"].activated.emit()
    keys["Alt+Return"].activated.emit()
    assert ui.statusLabel.text.startswith("⚠") and "Nothing was measured yet" in ui.statusLabel.text
    keys["Alt+4"].activated.emit()
    keys["Alt+Return"].activated.emit()
    assert filled_panel.logic.case.exams["baseline"].burden is not None
    slicer_host.exit(filled_panel)
    assert not any(shortcut.enabled for shortcut in keys.values())


def test_the_response_opens_with_its_charts(filled_panel, monkeypatch):
    from MarrowQuantLib.panel.patient import layouts, views

    measured(filled_panel)
    import slicer

    charts: list[Any] = []
    monkeypatch.setattr(type(slicer.app), "layoutManager", lambda self: object())
    monkeypatch.setattr(views, "showChart", charts.append)
    filled_panel.ui.responseSection.collapsed = False
    assert filled_panel.panel.viewing._layouts.kind == layouts.RESPONSE and charts[-1] is not None
    filled_panel.ui.burdenSection.collapsed = False
    assert filled_panel.panel.viewing._layouts.kind == layouts.LOAD


def test_the_main_buttons_have_icons(panel_widget):
    for name in ("readButton", "measureButton", "proposeButton", "exportButton", "cancelButton"):
        assert not getattr(panel_widget.ui, name).icon.isNull(), name


def test_removing_without_a_selection_says_what_to_select(filled_panel):
    ui = filled_panel.ui
    ui.removeEntryButton.enabled = True
    ui.removeEntryButton.click()
    assert "Select the entry to remove" in ui.statusLabel.text
