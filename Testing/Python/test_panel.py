"""The unmodified module and its .ui on the Qt host: buttons are pressed, labels are read. Slow parts are replaced where they are not the
point; the last test walks the digital patient through everything."""

from __future__ import annotations

import datetime
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import fake_exams
from helpers.panel_actions import choose_exam, column, measured, pick, place
from MarrowQuantLib.model import Settings, VertebraROI, finding
from MarrowQuantLib.scene.case import rois as case_rois
from MarrowQuantLib.vertebrae.levels import LEVELS

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "MarrowQuant" / "MarrowQuant.py"
STEPS = 7


@pytest.fixture
def widget(panel_widget):
    return panel_widget


@pytest.fixture
def filled(filled_panel):
    return filled_panel


# ------------------------------------------------------------------------------------------------------------ empty panel
def test_an_empty_panel_says_what_is_missing_and_offers_nothing_that_cannot_work(widget):
    ui = widget.ui
    assert "baseline" in ui.examsMessage.text
    for button in (ui.readButton, ui.placeButton, ui.fillButton, ui.measureButton, ui.proposeButton, ui.keepButton, ui.exportButton):
        assert not button.enabled, button.objectName
    assert not any("✓" in step.section.text for step in widget.panel.steps)
    assert len(widget.panel.steps) == STEPS


def test_research_use_only_stands_outside_the_part_that_scrolls(widget):
    label = widget.ui.researchLabel
    assert "Research use only" in label.text and label.visible
    assert label not in widget.ui.stepsScrollArea.findChildren(type(label))


def test_the_defaults_are_those_of_the_library(widget):
    widget.logic.getParameterNode()
    assert widget.logic.case.settings() == Settings()
    assert widget.ui.ratioSlider.value == Settings.tdv_signal_ratio
    assert (widget.ui.adcRangeWidget.minimumValue, widget.ui.adcRangeWidget.maximumValue) == Settings.tdv_adc_window
    assert widget.ui.radiusLRSpinBox.value == Settings.roi_radii_mm[0]


def test_the_module_needs_no_main_window_and_starts_no_work(slicer_host):
    import slicer

    before = slicer.mrmlScene.GetNumberOfNodes()
    slicer_host.load_module(MODULE)
    assert slicer.util.mainWindow() is None and slicer.app.layoutManager() is None
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_a_closed_section_stays_closed_when_its_contents_change(filled):
    for step in filled.panel.steps:
        step.section.collapsed = True
    filled.panel.refresh()
    assert not filled.ui.probabilityLabel.visible and not filled.ui.vertebraeMessage.visible


# ------------------------------------------------------------------------------------------------------------------ exams
def test_reading_shows_what_each_series_is_and_why(widget, monkeypatch, tmp_path):
    from MarrowQuantLib import workflow

    class Files:
        folder, patient_key, volumes = tmp_path, "", ()

    monkeypatch.setattr(workflow, "read_exams", lambda folders, progress, overrides: [Files() for _ in folders])
    monkeypatch.setattr(workflow, "make_maps", lambda files, label, settings, progress: fake_exams.exam_maps(label))
    widget.ui.baselinePathLineEdit.currentPath = str(tmp_path)
    assert widget.ui.readButton.enabled
    widget.ui.followUpPathLineEdit.currentPath = str(tmp_path)
    widget.ui.readButton.click()
    assert column(widget.ui.seriesTable, 1) == ["fat fraction"]
    assert "ImageType says FF." in widget.ui.seriesTable.item(0, 1).toolTip()
    assert widget.ui.examsSection.text.startswith("✓")
    assert widget.ui.examComboBox.itemText(1) == "Follow-up 2025-03-18"
    assert not widget.ui.vertebraeSection.collapsed


def test_a_refused_folder_leaves_its_sentence_in_the_footer_and_the_panel_usable(widget, tmp_path):
    widget.ui.baselinePathLineEdit.currentPath = str(tmp_path)
    widget.ui.readButton.click()
    assert widget.ui.statusLabel.visible and widget.ui.statusLabel.text.startswith("⚠")
    assert widget.ui.stepsWidget.enabled and not widget.ui.progressBar.visible
    assert str(tmp_path) not in widget.ui.statusLabel.text
    assert widget.logic.case.exams == {}


def test_cancel_stops_what_runs_and_keeps_the_case_as_it_was(filled):
    before = dict(filled.logic.case.exams)

    def long_task(progress):
        progress(0.5, "Half")
        assert filled.ui.cancelButton.visible and not filled.ui.stepsWidget.enabled
        filled.ui.cancelButton.click()
        progress(0.6, "More")
        raise AssertionError("went on after Cancel")

    assert not filled.panel.run(long_task)
    assert "Cancelled" in filled.ui.statusLabel.text
    assert filled.logic.case.exams == before
    assert filled.ui.stepsWidget.enabled and not filled.ui.cancelButton.visible


def test_a_second_task_does_not_start_inside_the_first(filled):
    inner = []
    assert filled.panel.run(lambda progress: inner.append(filled.panel.run(lambda p: None)))
    assert inner == [False]


# -------------------------------------------------------------------------------------------------------------- vertebrae
def test_clicks_become_levels_with_their_fat_fraction_and_placing_ends_after_l5(filled):
    place(filled)
    assert column(filled.ui.vertebraeTable, 0) == list(fake_exams.LEVEL_Z)
    assert column(filled.ui.vertebraeTable, 1) == ["5.0"] * 5
    assert not filled.ui.placeButton.checked
    assert filled.logic.getParameterNode().baselineSegmentation.GetSegmentation().GetNumberOfSegments() == 5


def test_two_clicks_and_fill_between_give_all_five_levels(filled):
    filled.ui.placeButton.click()
    node = filled.panel.vertebrae.exam.rois.points_node
    node.AddControlPointWorld([0.0, 0.0, 60.0], "L1")
    node.AddControlPointWorld([0.0, 0.0, -60.0], "L5")
    filled.ui.fillButton.click()
    assert column(filled.ui.vertebraeTable, 0) == ["L1", "L2", "L3", "L4", "L5"]
    assert all(column(filled.ui.vertebraeTable, 1))


def test_the_vertebrae_are_found_without_a_click_and_counted_from_one(filled, monkeypatch):
    asked = []

    def find(image, click=None, **options):
        asked.append(click)
        rois = [VertebraROI(level, np.array([0.0, 0.0, z]), np.eye(3), np.full(3, 8.0)) for level, z in fake_exams.LEVEL_Z.items()]
        return SimpleNamespace(rois=rois, findings=[finding("find.by_sacrum", percent=96.0)]), None

    monkeypatch.setattr(case_rois, "find_bodies", find)
    filled.ui.findButton.click()
    assert column(filled.ui.vertebraeTable, 0) == list(fake_exams.LEVEL_Z) and asked == [None]
    assert "96 % sure" in filled.ui.vertebraeMessage.text
    assert not filled.ui.findButton.enabled
    while len(filled.panel.vertebrae.exam.rois.now()) > 1:
        filled.panel.vertebrae.exam.rois.points_node.RemoveNthControlPoint(1)
    filled.ui.findButton.click()
    assert asked[1][0] == "L1" and len(filled.panel.vertebrae.exam.rois.now()) == 5


def test_undo_takes_the_last_point_back(filled):
    place(filled)
    filled.ui.undoPointButton.click()
    assert column(filled.ui.vertebraeTable, 0) == ["L1", "L2", "L3", "L4"]


def test_undo_takes_back_renaming_excluding_and_finding_too(filled):
    place(filled)
    step, table = filled.panel.vertebrae, filled.ui.vertebraeTable
    step.onFirstLevelChosen(LEVELS.index("T12"))
    table.selectRow(1)
    step.onReasonChosen(2)
    filled.ui.fillButton.click()
    assert column(table, 3)[1] == "haemangioma"  # kept while the bodies are found anew
    assert "haemangioma" in filled.ui.excludeComboBox.currentText
    for _ in range(2):
        filled.ui.undoPointButton.click()
    assert column(table, 0)[0] == "T12" and column(table, 3) == [""] * 5
    assert filled.ui.excludeComboBox.currentIndex == 0
    filled.ui.undoPointButton.click()
    assert column(table, 0) == list(fake_exams.LEVEL_Z)
    for _ in range(5):
        filled.ui.undoPointButton.click()
    assert column(table, 0) == [] and not filled.ui.undoPointButton.enabled


def test_the_vertebrae_of_a_segmentation_are_taken_over_and_what_is_doubtful_is_told(filled):
    assert not filled.ui.takeOverButton.enabled
    node = fake_exams.segmentation({"L1": 60.0, "vertebrae_L2": 30.0, "Liver": 0.0})
    pick(filled.ui.segmentationComboBox, node)
    assert filled.ui.takeOverButton.enabled
    filled.ui.takeOverButton.click()
    assert column(filled.ui.vertebraeTable, 0) == ["L1", "L2"]
    assert "1 of the labels" in filled.ui.vertebraeMessage.text
    filled.ui.undoPointButton.click()
    assert column(filled.ui.vertebraeTable, 0) == []
    assert "1 of the labels" not in filled.ui.vertebraeMessage.text


def test_a_segmentation_without_vertebrae_is_refused_with_a_sentence(filled):
    pick(filled.ui.segmentationComboBox, fake_exams.segmentation({"Liver": 0.0}))
    filled.ui.takeOverButton.click()
    assert "no labelled vertebra" in filled.ui.statusLabel.text


def test_a_level_that_stands_out_is_marked_and_says_why(filled):
    place(filled)
    exam = filled.panel.vertebrae.exam
    ff = exam.maps.maps["ff"].array.copy()
    ff[27:33] += 40.0  # 10 mm above and below L3
    exam.maps.maps["ff"] = exam.maps.maps["ff"].like(ff)
    filled.panel.vertebrae.onPointsChanged()
    assert column(filled.ui.vertebraeTable, 5) == ["", "", "⚠", "", ""]
    assert "stands out" in filled.ui.vertebraeTable.item(2, 0).toolTip()


def test_following_a_displacement_is_a_switch(filled):
    assert filled.ui.refineCheckBox.checked and filled.logic.getParameterNode().refineRois
    filled.ui.refineCheckBox.click()
    assert not filled.logic.getParameterNode().refineRois
    assert not filled.panel.case.settings().refine_rois


def test_a_level_is_excluded_with_its_reason(filled):
    place(filled)
    filled.ui.vertebraeTable.selectRow(2)
    assert filled.ui.excludeComboBox.enabled
    filled.panel.vertebrae.onReasonChosen(1)
    assert column(filled.ui.vertebraeTable, 3)[2] == "fracture"
    assert "(L3)" in column(filled.ui.measurementTable, 0)


def test_another_first_level_renames_the_column(filled):
    place(filled)
    combo = filled.ui.firstLevelComboBox
    filled.panel.vertebrae.onFirstLevelChosen([combo.itemText(i) for i in range(combo.count)].index("T12"))
    assert column(filled.ui.vertebraeTable, 0) == ["T12", "L1", "L2", "L3", "L4"]


def test_a_larger_ellipsoid_holds_more_voxels(filled):
    place(filled)
    filled.ui.measureButton.click()
    before = int(filled.ui.measurementTable.item(0, filled.ui.measurementTable.columnCount - 2).text())
    filled.ui.radiusLRSpinBox.value = 15.0
    filled.panel.vertebrae.onSizeChanged()
    assert int(filled.ui.measurementTable.item(0, filled.ui.measurementTable.columnCount - 2).text()) > before


def test_a_point_outside_the_images_is_said_and_shows_no_number(filled):
    place(filled)
    filled.panel.vertebrae.exam.rois.points_node.SetNthControlPointPositionWorld(0, 0.0, 0.0, 900.0)
    filled.panel.vertebrae.onPointsChanged()
    assert "L1" in filled.ui.statusLabel.text
    assert column(filled.ui.vertebraeTable, 1) == [""] * 5


def choose_shape(widget, name):
    names = [widget.ui.shapeComboBox.itemText(n) for n in range(widget.ui.shapeComboBox.count)]
    widget.ui.shapeComboBox.setCurrentIndex(names.index(name))
    widget.panel.vertebrae.onShapeChosen(names.index(name))


def test_the_shape_of_the_rois_is_chosen_and_taken_back(filled):
    place(filled)
    exam, parameters = filled.panel.vertebrae.exam, filled.logic.getParameterNode()
    voxels = exam.vertebrae[0].measurements["ff"].n_voxels
    choose_shape(filled, "cylinder")
    assert {(roi.shape, tuple(roi.radii_mm)) for roi in exam.rois.now()} == {("cylinder", (12.0, 9.0, 7.0))}
    assert exam.vertebrae[0].measurements["ff"].n_voxels > voxels
    choose_shape(filled, "disc")
    assert {(roi.shape, tuple(roi.radii_mm)) for roi in exam.rois.now()} == {("cylinder", (12.0, 9.0, 2.5))}
    assert filled.ui.shapeComboBox.currentText == "disc" and filled.ui.radiusCCSpinBox.value == 2.5
    choose_shape(filled, "box")
    assert {(roi.shape, roi.radii_mm[2]) for roi in exam.rois.now()} == {("box", 7.0)} and parameters.roiShape == "box"
    filled.ui.undoPointButton.click()
    assert {roi.shape for roi in exam.rois.now()} == {"cylinder"}
    exam.rois.points().AddControlPointWorld([0.0, 0.0, -90.0], "S1")
    assert exam.rois.now()[-1].shape == "cylinder" == parameters.roiShape, "a new point gets the shape that is shown again"


def test_leaving_the_module_ends_placing(filled, slicer_host):
    filled.ui.placeButton.click()
    assert filled.ui.markupsPlaceWidget.placeModeEnabled
    slicer_host.exit(filled)
    assert not filled.ui.markupsPlaceWidget.placeModeEnabled


# ----------------------------------------------------------------------------------------------------------------- burden
@pytest.mark.usefixtures("no_bone_proposed")
def test_the_number_follows_the_slider(filled):
    filled.ui.proposeButton.click()
    before = filled.ui.tdvLabel.text
    filled.ui.ratioSlider.value = 9.5
    assert filled.ui.tdvLabel.text != before
    assert "tDV 0.0 mL" in filled.ui.tdvLabel.text
    assert filled.logic.getParameterNode().tdvSignalRatio == pytest.approx(9.5)


def test_the_adc_window_reaches_the_parameter_node_and_the_number(filled):
    filled.ui.proposeButton.click()
    filled.ui.adcRangeWidget.setValues(900.0, 1400.0)
    assert filled.logic.getParameterNode().tdvAdcLower == pytest.approx(900.0)
    assert "tDV 0.0 mL" in filled.ui.tdvLabel.text


@pytest.mark.usefixtures("no_bone_proposed")
def test_stations_kept_apart_are_listed_with_their_part_and_decided_in_the_same_table(filled, monkeypatch):
    from MarrowQuantLib.panel.patient import views

    case = filled.logic.case
    case.replace_by([fake_exams.with_station_apart(exam.maps) for exam in case.exams.values()])
    filled.ui.proposeButton.click()
    table, shown = filled.ui.componentTable, []
    monkeypatch.setattr(views, "showExam", lambda exam, diffusion, part: shown.append(part))
    assert column(table, 5) == ["1", "1", "2", "2"]
    for row in (0, 2, 3, 1):
        table.selectRow(row)
    assert shown == [2, 1], "the images of the other stations are shown when a component of theirs is chosen"
    table.selectRow(2)
    before = filled.ui.tdvLabel.text
    filled.ui.rejectButton.click()
    assert column(table, 0) == ["counted", "counted", "rejected", "counted"]
    assert "part 2: " in before and filled.ui.tdvLabel.text.split(" · ")[:3] == before.split(" · ")[:3] != [before]
    assert filled.ui.tdvLabel.text != before
    filled.ui.undoDecisionButton.click()
    assert filled.ui.tdvLabel.text == before


@pytest.mark.usefixtures("no_bone_proposed")
def test_components_are_decided_one_after_the_other_and_undone(filled):
    filled.ui.proposeButton.click()
    table = filled.ui.componentTable
    table.selectRow(0)
    filled.ui.rejectButton.click()
    assert column(table, 0) == ["rejected", "counted"]
    assert table.currentRow() == 1
    filled.ui.physiologicalButton.click()
    assert column(table, 0) == ["rejected", "physiological"]
    filled.ui.undoDecisionButton.click()
    assert column(table, 0) == ["rejected", "counted"]
    filled.ui.undoDecisionButton.click()
    assert column(table, 0) == ["counted", "counted"] and not filled.ui.undoDecisionButton.enabled


def test_the_keys_act_only_while_the_module_is_entered_and_the_step_is_open(filled, slicer_host):
    keys = filled.panel.burden._shortcuts
    filled.ui.proposeButton.click()
    assert not any(key.enabled for key in keys)
    filled.ui.burdenSection.collapsed = False
    assert all(key.enabled for key in keys)
    slicer_host.exit(filled)
    assert not any(key.enabled for key in keys)


def test_the_scene_shows_the_burden_when_the_slider_rests(filled):
    filled.ui.proposeButton.click()
    filled.ui.ratioSlider.value = 9.5
    filled.panel.burden.onSliderRests()
    node = filled.logic.getParameterNode().baselineBurden
    assert node.GetSegmentation().GetNumberOfSegments() == 3
    assert filled.ui.componentTable.rowCount == 0


# ------------------------------------------------------------------------------------------------------------- laboratory
def test_a_typed_value_is_converted_and_an_impossible_one_refused(filled):
    table = filled.ui.labsTable
    table.item(0, 1).setText("3.8 g/dL")
    assert filled.logic.case.exams["baseline"].labs["m_protein"].value == pytest.approx(38.0)
    table.item(0, 2).setText("9999")
    assert "not possible" in filled.ui.statusLabel.text
    assert table.item(0, 2).text() == ""
    table.item(0, 1).setText("")
    assert filled.logic.case.exams["baseline"].labs == {}


def test_a_row_shows_and_takes_values_in_the_unit_chosen(filled):
    table = filled.ui.labsTable
    table.item(0, 1).setText("38")
    unit = table.cellWidget(0, 3)
    assert [unit.itemText(n) for n in range(unit.count)][:2] == ["g/L", "g/dL"]
    unit.setCurrentIndex(1)
    assert table.item(0, 1).text() == "3.8"
    assert table.item(0, 1).toolTip() == "2025-01-14: 38 g/L"
    table.item(0, 2).setText("0.6")
    assert filled.logic.case.exams["follow-up"].labs["m_protein"].value == pytest.approx(6.0)


def test_a_rare_value_is_asked_back_and_taken(filled):
    filled.ui.labsTable.item(0, 1).setText("120")
    filled.ui.labsTable.item(0, 2).setText("6")
    assert "is the value right, and its unit?" in filled.ui.labsMessage.text
    assert any("is the value right" in warning for warning in filled.logic.case.results().findings)


def enter(ui, date, kind, value="", name=""):
    ui.entryDateLineEdit.text, ui.entryNameLineEdit.text, ui.entryValueLineEdit.text = date, name, value
    ui.entryKindComboBox.setCurrentIndex(ui.entryKindComboBox.findText(kind))
    ui.entryValueLineEdit.text = value
    ui.addEntryButton.click()


def test_findings_covariates_therapy_and_values_between_the_exams_can_be_entered_and_removed(filled):
    ui = filled.ui
    enter(ui, "2025-01-20", "Therapy cycle", "KRd 1")
    enter(ui, "2025-01-10", "Cytogenetics", "absent", "t(4;14)")
    enter(ui, "2025-02-16", "M protein", "12")
    assert column(ui.entriesTable, 1) == ["Cytogenetics t(4;14)", "Therapy cycle", "M protein"]
    assert column(ui.entriesTable, 2) == ["absent", "KRd 1", "12 g/L"]
    enter(ui, "2025-03-18", "Immunofixation, serum", "maybe")
    assert "positive or negative" in ui.statusLabel.text and ui.entriesTable.rowCount == 3
    enter(ui, "2025-02-16", "M protein", "11")
    assert "already" in ui.statusLabel.text
    ui.entriesTable.selectRow(2)
    ui.removeEntryButton.click()
    assert [note.kind for note in filled.logic.case.laboratory.history.notes] == ["therapy_cycle", "cytogenetics"]
    assert filled.logic.case.laboratory.history.values == ()


def test_a_value_near_an_exam_becomes_the_exams(filled):
    enter(filled.ui, "2025-01-12", "M protein", "38")
    assert filled.ui.labsTable.item(0, 1).text() == "38"
    assert filled.ui.entriesTable.rowCount == 0


def test_g_csf_before_an_exam_is_a_caution(filled):
    enter(filled.ui, "2025-03-09", "G-CSF")
    assert "G-CSF was given 9 days before the follow-up" in filled.logic.case.results().findings[0]


def test_what_was_entered_is_in_the_scene_without_an_export(filled):
    enter(filled.ui, "2025-01-20", "Therapy cycle", "KRd 1")
    filled.logic.case.restore()
    assert [note.value for note in filled.logic.case.laboratory.history.notes] == ["KRd 1"]


def test_the_response_category_stands_with_its_rule_and_what_was_missing(filled):
    measured(filled)
    filled.ui.labsTable.item(0, 1).setText("38")
    filled.ui.labsTable.item(0, 2).setText("3")
    text = filled.ui.categoryLabel.text
    assert text.startswith("IMWG response category: VGPR (serum M protein 92 % lower (≥ 90 %); urine not known)")
    assert "Missing: M protein in 24 h urine" in text


def test_the_published_normal_value_is_told_once_age_and_sex_are_given(filled):
    measured(filled)
    assert filled.logic.case.results().subject is None
    filled.ui.ageSpinBox.value = 35
    filled.ui.sexComboBox.setCurrentIndex(1)
    filled.panel.labs.onSubjectChanged()
    assert (filled.logic.case.subject().age_years, filled.logic.case.subject().sex) == (35.0, "female")
    filled.ui.labsTable.item(0, 1).setText("38")
    filled.ui.labsTable.item(0, 2).setText("6")
    assert "normal" in filled.ui.labsMessage.text or "Healthy female" in filled.ui.labsMessage.text


def test_a_model_built_from_typed_tables_is_offered_used_and_named(filled, tmp_path, monkeypatch):
    from helpers.invented_tables import filled as source_with_invented_tables
    from MarrowQuantLib import cli

    monkeypatch.setenv("MARROWQUANT_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    built = tmp_path / "models" / "takasu2020_tables.json"
    assert cli.main(["response-model", "build", str(source_with_invented_tables(tmp_path)), "--out", str(built)]) == 0
    measured(filled)
    filled.ui.labsTable.item(0, 1).setText("38")
    filled.ui.labsTable.item(0, 2).setText("6")
    before = filled.ui.probabilityLabel.text
    assert "takasu2020_reconstruction: " in before
    filled.panel.response.enter()
    index = filled.ui.modelComboBox.findText("takasu2020_tables")
    filled.panel.response.onModelChosen(index)
    assert "takasu2020_tables: built from group means" in filled.ui.probabilityLabel.text
    assert filled.ui.probabilityLabel.text != before
    assert "takasu2020_reconstruction" in filled.ui.modelCardBrowser.toPlainText()  # what it supersedes
    assert filled.logic.case.results().response.model_id == "takasu2020_tables"


def test_the_course_is_drawn_over_this_case_and_other_results(filled, tmp_path, monkeypatch):
    from types import SimpleNamespace

    from helpers.example_results import make_results
    from MarrowQuantLib.panel.patient import response_step
    from MarrowQuantLib.results import write_results

    opened = []
    urls = SimpleNamespace(fromLocalFile=str)
    monkeypatch.setattr(response_step, "qt", SimpleNamespace(QDesktopServices=SimpleNamespace(openUrl=opened.append), QUrl=urls))
    measured(filled)
    ui = filled.ui
    assert not ui.courseButton.enabled
    ui.outputPathLineEdit.currentPath = str(tmp_path)
    filled.panel.refresh()
    ui.otherResultsPathLineEdit.currentPath = str(tmp_path / "none")
    ui.courseButton.click()
    assert "holds no results.json" in ui.statusLabel.text and not opened
    later = [replace(exam, date=exam.date + datetime.timedelta(days=200)) for exam in make_results().exams]
    (tmp_path / "later").mkdir()
    write_results(make_results(exams=tuple(later)), tmp_path / "later")
    ui.otherResultsPathLineEdit.currentPath = str(tmp_path / "later")
    ui.courseButton.click()
    assert opened == [str(tmp_path / "course.svg")]
    drawn = (tmp_path / "course.svg").read_text(encoding="utf-8")
    assert "Research use only" in drawn and str(later[1].date) in drawn


def test_a_sheet_fills_both_dates(filled, tmp_path):
    sheet = tmp_path / "labs.csv"
    sheet.write_text("date,test,value,unit\n2025-01-14,M protein,38.0,g/L\n2025-03-18,M protein,6.0,g/L\n", encoding="utf-8")
    filled.ui.labsPathLineEdit.currentPath = str(sheet)
    assert [filled.ui.labsTable.item(0, c).text() for c in (1, 2)] == ["38.0", "6.0"]
    assert filled.ui.labsSection.text.startswith("✓")


def test_values_that_belong_to_no_exam_are_told_also_where_one_is_missing(filled, tmp_path):
    sheet = tmp_path / "labs.csv"
    sheet.write_text("date,test,value,unit\n2025-01-14,M protein,38.0,g/L\n2026-03-18,M protein,3.0,g/L\n", encoding="utf-8")
    filled.ui.labsPathLineEdit.currentPath = str(sheet)
    assert "needs the M protein of both dates" in filled.ui.labsMessage.text
    assert "365 days away" in filled.ui.labsMessage.text and "year" in filled.ui.labsMessage.text


def test_means_without_a_common_level_are_not_compared_and_the_panel_says_why(filled):
    for index, levels in ((0, ("L1", "L2")), (1, ("L4", "L5"))):
        choose_exam(filled, index)
        place(filled, levels)
        filled.panel.vertebrae.exam.rois.rename_from(levels[0])
        filled.panel.vertebrae.exam.measure()
    filled.panel.refresh()
    assert "no level in common" in filled.ui.responseMessage.text
    assert not any("fat fraction" in name.lower() for name in column(filled.ui.changeTable, 0))


def test_a_bad_sheet_is_refused_with_its_line(filled, tmp_path):
    sheet = tmp_path / "labs.csv"
    sheet.write_text("date,test,value,unit\n2025-01-14,M protein,38.0,stone\n", encoding="utf-8")
    filled.ui.labsPathLineEdit.currentPath = str(sheet)
    assert "Line 2" in filled.ui.statusLabel.text


# --------------------------------------------------------------------------------------------------------------- response
def test_change_and_probability_appear_without_a_click(filled):
    measured(filled)
    rows = column(filled.ui.changeTable, 0)
    assert "Fat fraction, lumbar mean" in rows
    assert filled.ui.changeTable.item(rows.index("Fat fraction, lumbar mean"), 3).text() == "+20.0 points"
    assert "Probability of CR/VGPR" in filled.ui.probabilityLabel.text
    assert filled.logic.case.results().response.label in filled.ui.probabilityLabel.text


def test_no_number_is_shown_where_the_model_cannot_answer(filled):
    measured(filled)
    ff = filled.logic.case.exams["follow-up"].maps.maps["ff"].array
    ff[:] = 99.0
    filled.ui.measureButton.click()
    assert "No probability" in filled.ui.probabilityLabel.text
    assert "%" not in filled.ui.probabilityLabel.text
    assert "outside the range" in filled.ui.responseMessage.text


def test_one_exam_gives_no_change_and_says_why(filled):
    filled.logic.case.replace_by([fake_exams.exam_maps("baseline")])
    filled.panel.refresh()
    assert "two exams" in filled.ui.responseMessage.text
    assert not filled.ui.probabilityLabel.visible


# ------------------------------------------------------------------------------------------------------- export and scene
def test_export_writes_everything_and_the_reopened_scene_fills_the_panel_again(filled, slicer_host, tmp_path):
    import slicer

    measured(filled)
    filled.ui.labsTable.item(0, 1).setText("38")
    filled.ui.labsTable.item(0, 2).setText("6")
    filled.ui.componentTable.selectRow(1)
    filled.ui.rejectButton.click()
    filled.panel.burden.onSliderRests()
    filled.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    filled.ui.caseLineEdit.text, filled.ui.readerLineEdit.text = " Case 7", "Dr. Doe"
    filled.ui.exportButton.click()
    assert "scene.mrb" in filled.ui.exportMessage.text and filled.ui.openFolderButton.enabled
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<b>Case 7</b>" in page and "<b>Dr. Doe</b>" in page
    shown = _shown(filled)

    slicer.mrmlScene.Clear(0)
    assert (filled.ui.caseLineEdit.text, filled.ui.readerLineEdit.text) == ("", "Dr. Doe")  # no patient inherits the label
    assert filled.logic.case.exams == {} and filled.ui.seriesTable.rowCount == 0
    slicer.util.loadScene(str(tmp_path / "out" / "scene.mrb"))
    slicer_host.process_events()
    assert _shown(filled) == shown
    assert not filled.panel.burden.exam.load.decisions == []


def _shown(widget) -> dict[str, list[list[str]]]:
    tables = ("seriesTable", "vertebraeTable", "measurementTable", "componentTable", "labsTable", "changeTable", "contributionTable")
    found = {name: [column(getattr(widget.ui, name), n) for n in range(getattr(widget.ui, name).columnCount)] for name in tables}
    return {**found, "probability": [[widget.ui.probabilityLabel.text]], "tdv": [[widget.ui.tdvLabel.text]]}


def test_closing_the_scene_and_entering_again_is_safe(filled, slicer_host):
    import slicer

    place(filled)
    slicer.mrmlScene.Clear(0)
    slicer_host.exit(filled)
    slicer_host.enter(filled)
    assert filled.ui.vertebraeTable.rowCount == 0
    assert "baseline" in filled.ui.examsMessage.text


def test_cleanup_leaves_no_observer_behind(filled, slicer_host):
    place(filled)
    assert filled.Observations
    slicer_host.close_widget(filled)
    assert not filled.Observations


def test_reloading_forgets_the_library_so_that_changed_code_is_used(widget, monkeypatch):
    base = sys.modules["slicer.ScriptedLoadableModule"].ScriptedLoadableModuleWidget
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "MarrowQuantLib"}
    left = []
    monkeypatch.setattr(base, "onReload", lambda self: left.extend(n for n in sys.modules if n.startswith("MarrowQuantLib")), raising=False)
    widget.onReload()
    sys.modules.update(kept)
    assert kept and left == []


# ---------------------------------------------------------------------------------------------------- the digital patient
@pytest.fixture(scope="module")
def patient_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("digital patient")


def test_the_digital_patient_from_two_folders_to_a_report_by_the_buttons(widget, slicer_host, patient_folder):
    from MarrowQuantLib.panel.sample_data import writeSample

    sample = writeSample(patient_folder / "patient", "responder")
    ui = widget.ui
    ui.baselinePathLineEdit.currentPath, ui.followUpPathLineEdit.currentPath = map(str, sample.folders)
    ui.readButton.click()
    assert ui.statusLabel.text == ""
    assert ui.vertebraeTable.rowCount == 5, "the reader's points lie beside the exam"
    ui.measureButton.click()
    ui.proposeButton.click()
    ui.labsPathLineEdit.currentPath = str(sample.labs)
    ui.outputPathLineEdit.currentPath = str(patient_folder / "out")
    ui.exportButton.click()
    assert all(step.section.text.startswith("✓") for step in widget.panel.steps), ui.statusLabel.text
    sys.modules["MarrowQuant"].MarrowQuantTest().checkAgainstTruth(widget.logic.case.results(), sample.truth)
    picture = slicer_host.grab(widget, patient_folder / "panel.png")
    assert picture.width() == 420
    assert str(patient_folder) not in (patient_folder / "out" / "results.json").read_text(encoding="utf-8")


def test_the_modules_own_self_test_passes(widget, patient_folder, monkeypatch):
    from MarrowQuantLib.panel import sample_data

    write = sample_data.writeSample
    monkeypatch.setattr(sample_data, "writeSample", lambda folder, story, progress=None: write(patient_folder / "patient", story))
    sys.modules["MarrowQuant"].MarrowQuantTest().runTest()
