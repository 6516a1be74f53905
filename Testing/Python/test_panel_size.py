"""The panel at the size that Slicer gives it on a screen of 1366 × 768: nothing sideways, and the footer in sight."""

from __future__ import annotations

import pytest
from helpers.panel_actions import measured
from MarrowQuantLib.model import LabValue
from slicerhost.application import PANEL_SIZE

SECTIONS = ("exams", "vertebrae", "quantify", "burden", "labs", "response", "export", "deidentify")


def inside(panel, part) -> bool:
    from slicerhost.pyside import QtCore

    corner = part.mapTo(panel, QtCore.QPoint(0, 0))
    return corner.x() >= 0 and corner.y() >= 0 and corner.x() + part.width <= panel.width and corner.y() + part.height <= panel.height


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_fits_the_panel_and_the_footer_stays_in_sight(filled_panel, slicer_host, section):
    ui, panel = filled_panel.ui, filled_panel.parent
    for name in SECTIONS:
        getattr(ui, f"{name}Section").collapsed = name != section
    filled_panel.panel._say("A sentence in the footer that is as long as those that say why something was refused, and what to do then.")
    picture = slicer_host.show_at_real_size(filled_panel)
    assert (picture.width(), picture.height()) == PANEL_SIZE, "the panel can be made as small as that"
    assert ui.stepsScrollArea.horizontalScrollBar().maximum == 0, "nothing is cut at the side"
    assert inside(panel, ui.researchLabel) and inside(panel, ui.statusLabel) and inside(panel, ui.examComboBox)


TABLES = {
    "exams": ("seriesTable", "seriesColumnsCheckBox", ("Series", "Role", "b s/mm²", "Used", "Why")),
    "burden": ("componentTable", "componentColumnsCheckBox", ("State", "mL", "Region", "Why")),
    "response": ("changeTable", "changeColumnsCheckBox", ("Index", "Baseline", "Follow-up", "Change", "⚠")),
}


def shown_columns(table) -> list[str]:
    return [table.horizontalHeaderItem(n).text() for n in range(table.columnCount) if not table.isColumnHidden(n)]


@pytest.mark.parametrize("section", TABLES)
def test_the_columns_of_a_table_fit_and_the_rest_comes_on_demand(filled_panel, slicer_host, section):
    """No column that says why, where or how much has to be looked for at the side."""
    measured(filled_panel)
    name, box, expected = TABLES[section]
    table = getattr(filled_panel.ui, name)
    for other in SECTIONS:
        getattr(filled_panel.ui, f"{other}Section").collapsed = other != section
    slicer_host.show_at_real_size(filled_panel)
    assert table.rowCount > 0 and tuple(shown_columns(table)) == expected
    assert table.horizontalScrollBar().maximum == 0, "nothing is cut at the side"
    getattr(filled_panel.ui, box).click()
    assert len(shown_columns(table)) == table.columnCount > len(expected)
    getattr(filled_panel.ui, box).click()
    assert tuple(shown_columns(table)) == expected


def told_changes(panel, host):
    """Step 6 with so many changes that the table has a scroll bar, at the real size."""
    measured(panel)
    for label, value in (("baseline", 38.0), ("follow-up", 6.0)):
        exam = panel.logic.case.exams[label]
        exam.set_lab("m_protein", LabValue("m_protein", value, "g/L", exam.maps.date, "given"))
    panel.panel.refresh()
    for other in SECTIONS:
        getattr(panel.ui, f"{other}Section").collapsed = other != "response"
    host.show_at_real_size(panel)
    return panel.ui.changeTable


def test_no_name_of_an_index_is_cut_beside_the_scroll_bar(filled_panel, slicer_host):
    table = told_changes(filled_panel, slicer_host)
    assert table.verticalScrollBar().maximum > 0, "the scroll bar takes its part of the width"
    words = [max(table.item(row, 0).text().split(), key=len) for row in range(table.rowCount)]
    metrics = table.fontMetrics()
    room = table.columnWidth(0) - 8
    assert [word for word in words if metrics.horizontalAdvance(word) > room] == []
    assert [row for row in range(table.rowCount) if table.rowHeight(row) < table.sizeHintForRow(row)] == []


def test_the_heads_of_the_contributions_are_whole(filled_panel, slicer_host):
    told_changes(filled_panel, slicer_host)
    table = filled_panel.ui.contributionTable
    header = table.horizontalHeader()
    assert table.visible and table.rowCount > 0
    assert table.horizontalScrollBar().maximum == 0
    for column in range(table.columnCount):
        assert header.sectionSize(column) >= header.sectionSizeHint(column), table.horizontalHeaderItem(column).text()
    assert [row for row in range(table.rowCount) if table.rowHeight(row) < table.sizeHintForRow(row)] == []


def start_in(host, language):
    """The panel with two measured exams, as it is in a Slicer of that language."""
    from helpers import fake_exams, japanese

    widget, _ = japanese.start(host, "MarrowQuant", language)
    widget.logic.case.replace_by([fake_exams.exam_maps(label) for label in ("baseline", "follow-up")])
    measured(widget)
    widget.logic.case.laboratory.add(LabValue("m_protein", 38.0, "g/L", widget.logic.case.exams["baseline"].maps.date, "given"))
    widget.panel.refresh()
    return widget


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_head_of_a_table_is_cut_and_the_exam_shown_has_its_whole_date(slicer_host, language):
    panel = start_in(slicer_host, language)
    for section, name in (("quantify", "measurementTable"), ("labs", "labsTable"), ("burden", "componentTable"), ("exams", "seriesTable")):
        for other in SECTIONS:
            getattr(panel.ui, f"{other}Section").collapsed = other != section
        slicer_host.show_at_real_size(panel)
        table = getattr(panel.ui, name)
        header, metrics = table.horizontalHeader(), table.horizontalHeader().fontMetrics()
        heads = {table.horizontalHeaderItem(n).text(): header.sectionSize(n) for n in range(table.columnCount) if header.sectionSize(n)}
        assert heads and {head for head, room in heads.items() if metrics.horizontalAdvance(head) > room} == set(), name
        assert table.horizontalScrollBar().maximum == 0, name
    combo = panel.ui.examComboBox
    for n in range(combo.count):
        assert combo.itemText(n)[-10:-6].isdigit(), "its date"
        assert combo.fontMetrics().horizontalAdvance(combo.itemText(n)) + 30 <= combo.width, combo.itemText(n)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_panel_of_the_cohort_fits_too_whatever_is_asked_and_wherever_the_focus_is(slicer_host, tmp_path, language):
    from helpers import japanese
    from MarrowQuantLib.cohort.example import EVENTS, OUTCOME, write_example
    from slicerhost.pyside import QtWidgets

    japanese.start(slicer_host, "MarrowQuant", language)
    widget, _ = japanese.start(slicer_host, "MarrowQuantCohort", language)
    ui, cases = widget.ui, write_example(tmp_path / "cases")
    ui.sourcePathLineEdit.currentPath, ui.outcomesPathLineEdit.currentPath = str(cases), str(cases / "outcomes.csv")
    ui.readButton.click()
    for name, value in (("outcome", OUTCOME), ("events", ", ".join(EVENTS)), ("predictors", ["ff_change", "m_protein_change"])):
        widget.panel.change(name, value)
    ui.analyseButton.click()
    assert widget.panel.case.answer is not None
    sections = [name for name in vars(ui) if name.endswith("Section")]
    for section in sections:
        for other in sections:
            getattr(ui, other).collapsed = other != section
        picture = slicer_host.show_at_real_size(widget)
        assert (picture.width(), picture.height()) == PANEL_SIZE, section
        for field in getattr(ui, section).findChildren(QtWidgets.QWidget):
            if field.isVisible() and field.isEnabled():
                field.setFocus()
        slicer_host.process_events()
        assert ui.stepsScrollArea.horizontalScrollBar().maximum == 0, section
        assert inside(widget.parent, ui.researchLabel), section
