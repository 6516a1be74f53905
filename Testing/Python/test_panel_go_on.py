"""One button from folders to the answer; the answer above the steps; one section open; the footer in sight on a small screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import fake_exams, moved_exams
from helpers.panel_actions import choose_exam, column, measured, place
from MarrowQuantLib.report.html import report_page
from MarrowQuantLib.report.strings import Strings
from MarrowQuantLib.scene.case.onwards import find_sheet

SHEET = "date,test,value,unit\n2025-01-14,M protein,38.0,g/L\n2025-03-18,M protein,6.0,g/L\n"


@pytest.fixture
def panel(filled_panel):
    return filled_panel


@pytest.fixture
def folders(tmp_path):
    made = [tmp_path / "patient" / name for name in ("baseline", "follow-up")]
    for folder in made:
        folder.mkdir(parents=True)
    return made


@pytest.fixture
def moved(panel_widget):
    """Two exams with structure in them, so that one can be carried to the other."""
    panel_widget.logic.case.replace_by([moved_exams.exam_maps(label) for label in moved_exams.LABELS])
    panel_widget.panel.refresh()
    return panel_widget


def test_two_clicks_on_the_baseline_lead_to_the_answer(moved, folders):
    panel = moved
    (folders[0].parent / "labs.csv").write_text(SHEET, encoding="utf-8")
    panel.panel.exams.readFrom = folders
    panel.ui.placeButton.click()
    for z in (60.0, 30.0):
        panel.panel.vertebrae.exam.rois.points_node.AddControlPointWorld([0.0, 0.0, z])
    panel.ui.fillButton.click()
    case = panel.logic.case
    assert [len(exam.vertebrae) for exam in case.exams.values()] == [2, 2]
    assert all(exam.burden is not None for exam in case.exams.values())
    assert [exam.labs["m_protein"].value for exam in case.exams.values()] == [38.0, 6.0]
    assert panel.ui.answerLabel.text.startswith("CR/VGPR ") and "to" in panel.ui.answerLabel.text
    assert "FF " in panel.ui.answerDetailLabel.text and "→" in panel.ui.answerDetailLabel.text and "tDV " in panel.ui.answerDetailLabel.text
    assert "2 ROIs were carried over" in panel.ui.examsMessage.text and "labs.csv" in panel.ui.examsMessage.text
    choose_exam(panel, 1)
    assert all(column(panel.ui.vertebraeTable, 4)), "how sure each carried place is stands in the table"


def test_going_on_replaces_nothing_that_the_reader_decided(panel, folders):
    case = panel.logic.case
    for n in (1, 0):
        choose_exam(panel, n)
        place(panel)
    case.exams["follow-up"].rois.exclude("L3", "fracture")
    panel.ui.labsTable.item(0, 1).setText("20")
    panel.panel.exams.readFrom = folders
    (folders[0].parent / "labs.csv").write_text(SHEET, encoding="utf-8")
    panel.panel.goOn()
    assert [roi.excluded for roi in case.exams["follow-up"].rois.now()][2] == "fracture"
    assert case.exams["baseline"].labs["m_protein"].value == 20.0 and "m_protein" not in case.exams["follow-up"].labs


def test_what_cannot_be_done_is_said_and_the_rest_is_done(moved, folders, monkeypatch):
    panel = moved
    from MarrowQuantLib.model import MarrowQuantError
    from MarrowQuantLib.scene.case.case import Case

    def no_muscle(self, progress):
        raise MarrowQuantError("Nothing looks like muscle.")

    monkeypatch.setattr(Case, "propose_burden", no_muscle)
    (folders[0].parent / "labs.csv").write_text(SHEET, encoding="utf-8")
    panel.panel.exams.readFrom = folders
    place(panel, ("L1", "L2"))
    panel.panel.goOn()
    assert "Nothing looks like muscle." in panel.ui.examsMessage.text
    case = panel.logic.case
    assert len(case.exams["follow-up"].vertebrae) == 2 and case.exams["baseline"].labs["m_protein"].value == 38.0


@pytest.mark.parametrize("where", ["exam", "above"])
def test_the_sheet_that_lies_with_the_exams_is_found(folders, where):
    sheet = (folders[1] if where == "exam" else folders[0].parent) / "labs.csv"
    sheet.write_text(SHEET, encoding="utf-8")
    assert find_sheet(folders) == sheet


def test_a_sheet_that_may_be_another_patients_is_left_alone(folders):
    (folders[0].parent / "labs.csv").write_text(SHEET, encoding="utf-8")
    (folders[0].parent / "another patient").mkdir()
    assert find_sheet(folders) is None and find_sheet([folders[0].parent / "gone"]) is None and find_sheet([]) is None


def test_two_sheets_are_not_guessed_between(folders):
    for folder in folders:
        (folder / "labs.csv").write_text(SHEET, encoding="utf-8")
    assert find_sheet(folders) is None


def test_the_answer_says_what_is_known_and_how_much_waits(panel):
    ui = panel.ui
    assert "Nothing is measured" in ui.answerLabel.text
    place(panel)
    panel.panel.goOn()
    assert ui.answerLabel.visible and ui.answerLabel.font.pointSize() > ui.statusLabel.font.pointSize()
    measured_text = ui.answerDetailLabel.text
    assert "to check" in measured_text
    panel.ui.labsTable.item(0, 1).setText("38")
    panel.ui.labsTable.item(0, 2).setText("6")
    assert "CR/VGPR" in ui.answerLabel.text


def test_the_panel_counts_what_the_report_lists_to_be_checked(panel):
    import slicer

    maps = [fake_exams.exam_maps(label) for label in ("baseline", "follow-up")]
    panel.logic.case.replace_by([maps[0], replace(maps[1], protocol={**maps[1].protocol, "manufacturer": "another"})])
    panel.panel.refresh()
    place(panel)
    choose_exam(panel, 1)
    place(panel)
    panel.panel.goOn()
    panel.ui.labsTable.item(0, 1).setText("38")
    panel.ui.labsTable.item(0, 2).setText("36")
    results = panel.logic.case.results()
    assert any(change.findings for change in results.changes), "flags of a change stand beside it, and are nothing to be checked"
    section = report_page(results, Strings("en")).split('<section id="check">')[1].split("</section>")[0]
    listed = section.split("<h3>")[0].count("<li>")
    assert listed and f"{listed} to check" in panel.ui.answerDetailLabel.text
    assert len(panel.ui.answerDetailLabel.toolTip.splitlines()) == listed
    slicer.mrmlScene.Clear(0)
    assert panel.ui.answerDetailLabel.toolTip == "", "nothing of a closed case stays"


def test_with_one_exam_the_numbers_themselves_are_the_answer(panel):
    panel.logic.case.replace_by([fake_exams.exam_maps("baseline")])
    panel.panel.refresh()
    place(panel)
    panel.panel.goOn()
    assert panel.ui.answerLabel.text.startswith("FF 5.0 % · tDV ")


def test_one_section_is_open_at_a_time(panel):
    for step in panel.panel.steps:
        step.section.collapsed = False
        assert [other.section.text for other in panel.panel.steps if not other.section.collapsed] == [step.section.text]


@pytest.mark.parametrize("height", [600, 430])
def test_answer_footer_and_research_line_are_in_sight_at_the_real_size(panel, slicer_host, height):
    from slicerhost.pyside import QtCore

    measured(panel)
    top = panel.parent
    top.resize(415, height)
    for step in panel.panel.steps:
        step.section.collapsed = False
        slicer_host.process_events()
        assert (top.width, top.height) == (415, height), step.section.text
        for label in (panel.ui.answerLabel, panel.ui.researchLabel):
            corner = label.mapTo(top, QtCore.QPoint(0, label.height))
            assert label.visible and 0 < corner.y() <= height
        assert panel.ui.stepsScrollArea.height >= 100
