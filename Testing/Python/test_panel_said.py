"""What the reader says in place of the files: dates of exams that bear none, and that two exams are of one patient."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from helpers.small_exams import small_exam, write_small

DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "AcquisitionDateTime", "InstanceCreationDate")


def written(folder: Path, *, day: int = 0, seed: int = 1, dated: bool = True) -> str:
    exam = small_exam()
    files = write_small(folder, "siemens", exam=replace(exam, index=day, date=exam.date + datetime.timedelta(days=day)), seed=seed)
    for path in [] if dated else files:
        file = pydicom.dcmread(path)
        for name in DATES:
            if name in file:
                del file[name]
        file.save_as(path)
    return str(folder)


def read(widget: Any, *folders: str) -> None:
    ui = widget.ui
    ui.baselinePathLineEdit.currentPath, ui.followUpPathLineEdit.currentPath = [*folders, ""][:2]
    ui.readButton.click()


def typed(field: Any, text: str) -> None:
    field.setText(text)
    field.editingFinished.emit()


def dates_of(widget: Any) -> list[Any]:
    return [exam.maps.date for exam in widget.logic.case.exams.values()]


def codes(widget: Any) -> set[str]:
    return {told.code for exam in widget.logic.case.exams.values() for told in exam.maps.findings}


def test_a_date_that_the_files_lack_is_given_and_read_with_its_consequences(panel_widget, tmp_path):
    ui = panel_widget.ui
    read(panel_widget, written(tmp_path / "a"), written(tmp_path / "b", day=60, dated=False))
    assert dates_of(panel_widget) == [small_exam().date, None] and "reading.no_interval" in codes(panel_widget)
    assert ui.saidCheckBox.checked, "the fields open by themselves where a date is missing"
    panel_widget.logic.case.exams["follow-up"].rois.points().AddControlPointWorld([0.0, 0.0, 0.0], "L3")
    typed(ui.followUpDateLineEdit, "next year")
    assert "The date of the files holds." in ui.followUpDateLineEditRefusal.text and not panel_widget.logic.case.said.waits()
    given = small_exam().date + datetime.timedelta(days=60)
    typed(ui.followUpDateLineEdit, given.strftime("%Y/%m/%d"))
    assert ui.followUpDateLineEditRefusal.text == "" and "Press Read and measure to apply it" in ui.examsMessage.text
    ui.readButton.click()
    assert dates_of(panel_widget) == [small_exam().date, given] and not panel_widget.panel.question.is_open
    assert "reading.no_interval" not in codes(panel_widget) and "reading.date_given" in codes(panel_widget)
    assert panel_widget.logic.case.exams["follow-up"].rois.has_points(), "what was marked stays with the exam"


def test_a_given_date_is_shown_again_in_an_opened_scene_and_is_read_again(panel_widget, tmp_path):
    import slicer

    ui = panel_widget.ui
    read(panel_widget, written(tmp_path / "a", dated=False))
    ui.saidCheckBox.click()
    typed(ui.baselineDateLineEdit, "R7.1.14")
    ui.readButton.click()
    assert dates_of(panel_widget) == [datetime.date(2025, 1, 14)]
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "case.mrb"))
    slicer.mrmlScene.ReadFromMRB(str(tmp_path / "case.mrb"), True)
    assert ui.baselineDateLineEdit.text == "2025-01-14" and ui.saidCheckBox.checked
    ui.readButton.click()
    assert dates_of(panel_widget) == [datetime.date(2025, 1, 14)]
    ui.saidCheckBox.click()
    ui.readButton.click()
    assert dates_of(panel_widget) == [None], "what is hidden does not hold"


def test_exams_that_name_the_patient_differently_are_read_if_the_reader_says_so(panel_widget, tmp_path):
    ui = panel_widget.ui
    first = written(tmp_path / "a")
    read(panel_widget, first, written(tmp_path / "b", day=60, seed=2))
    assert "may be of different patients" in ui.statusLabel.text and panel_widget.logic.case.exams == {}
    assert ui.saidFrame.visible and not ui.samePatientCheckBox.checked
    ui.samePatientCheckBox.click()
    ui.readButton.click()
    assert len(panel_widget.logic.case.exams) == 2 and "reading.identity_said" in codes(panel_widget)
    ui.readButton.click()
    assert len(panel_widget.logic.case.exams) == 2 and "reading.identity_said" in codes(panel_widget), "read again with the same word"
    read(panel_widget, first, written(tmp_path / "c", day=80, seed=3))
    assert "may be of different patients" in ui.statusLabel.text, "it was not said of these"


@pytest.mark.parametrize("dates", [(None, None), (None, datetime.date(2025, 3, 3))])
def test_a_date_may_be_given_for_one_exam_only(tmp_path, dates):
    from MarrowQuantLib import workflow

    folders = [written(tmp_path / "a"), written(tmp_path / "b", day=60)]
    found = workflow.read_exams(folders, dates=dates)
    own = small_exam().date
    assert [exam.date for exam in found] == [own, dates[1] or own + datetime.timedelta(days=60)]
    (one,) = workflow.read_exams(folders[:1], dates=(None, None))
    assert one.date == own
