"""Step 4's presets, ADC classes and mask of bone, and step 6's site limits: what a reader sets reaches the numbers and the saved scene."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import fake_exams
from helpers.panel_actions import bone_mask, column, measured, pick
from MarrowQuantLib.burden import PRESETS
from MarrowQuantLib.followup.repeatability import repeatability, write_limits

pytestmark = pytest.mark.usefixtures("no_bone_proposed")


@pytest.fixture
def panel(filled_panel):
    return filled_panel


def test_a_preset_moves_the_thresholds_and_tells_its_source(panel):
    panel.ui.proposeButton.click()
    names = [panel.ui.presetComboBox.itemText(n) for n in range(panel.ui.presetComboBox.count)]
    assert names == [preset.name for preset in PRESETS] and panel.ui.presetComboBox.currentIndex == 0
    panel.ui.presetComboBox.setCurrentIndex(names.index("strict ADC"))
    panel.panel.burden._options.onPresetChosen(names.index("strict ADC"))
    assert panel.logic.case.settings().tdv_adc_window == (655.0, 1400.0)
    assert "Messiou" in panel.ui.presetComboBox.toolTip
    panel.ui.ratioSlider.value = 7.3
    panel.panel.burden.onSliderRests()
    assert panel.ui.presetComboBox.currentIndex == -1 and panel.ui.presetComboBox.toolTip == ""


def enter_edges(panel, text):
    panel.ui.classEdgesLineEdit.text = text
    panel.panel.burden._options.onClassEdgesEntered()


def test_the_adc_classes_can_be_edited_and_nonsense_is_refused(panel):
    panel.ui.proposeButton.click()
    exam = panel.panel.burden.exam
    enter_edges(panel, "800 1000,1400")
    assert list(exam.burden.class_volumes_ml) == ["<800", "800-1000", "1000-1400", ">1400"]
    assert panel.ui.classEdgesLineEdit.text == "800, 1000, 1400"
    assert "by ADC in µm²/s: <800: 0.0 · 800-1000: " in panel.ui.tdvLabel.text
    for wrong in ("many", "1400, 900", ""):
        enter_edges(panel, wrong)
        assert panel.ui.classEdgesLineEdit.text == "800, 1000, 1400"
        assert list(exam.burden.class_volumes_ml) == ["<800", "800-1000", "1000-1400", ">1400"]


def test_a_mask_of_bone_restricts_the_exam_shown_and_can_be_lifted(panel):
    panel.ui.proposeButton.click()
    exam = panel.panel.burden.exam
    whole = exam.burden.tdv.value
    pick(panel.ui.skeletonComboBox, bone_mask(0.0))
    assert [component.centroid_ras[2] > 0 for component in exam.burden.components] == [True]
    assert exam.burden.tdv.value == pytest.approx(whole / 2, rel=0.05)
    assert "skeleton mask" in panel.ui.burdenMessage.text
    assert len(panel.logic.case.exams["follow-up"].burden.components) == 2
    pick(panel.ui.skeletonComboBox, None)
    assert exam.burden.tdv.value == whole


def test_a_mask_that_does_not_fit_is_refused_and_the_number_stays(panel):
    panel.ui.proposeButton.click()
    exam = panel.panel.burden.exam
    whole = exam.burden.tdv.value
    pick(panel.ui.skeletonComboBox, bone_mask(500.0))
    assert "empty" in panel.ui.statusLabel.text
    assert exam.load.skeleton_node is None and exam.burden.tdv.value == whole


def test_site_limits_replace_the_published_ones_and_are_saved_with_the_scene(panel, slicer_host, tmp_path):
    import slicer

    measured(panel)
    change = {c.name: c for c in panel.logic.case.results().changes if not c.level}["ff"]
    assert not any("site's own" in flag for flag in change.findings)
    readings = np.array([[5.0, 40.0], [10.0, 35.0], [20.0, 45.0]])
    path = tmp_path / "limits.json"
    write_limits({"ff": repeatability(readings, index="ff", unit="%", how="an invented site")}, path)
    panel.ui.limitsPathLineEdit.currentPath = str(path)
    change = {c.name: c for c in panel.logic.case.results().changes if not c.level}["ff"]
    assert any("inside measurement error" in flag and "an invented site" in flag for flag in change.findings)
    panel.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    panel.ui.exportButton.click()
    before = column(panel.ui.changeTable, 5)

    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "out" / "scene.mrb"))
    slicer_host.process_events()
    assert column(panel.ui.changeTable, 5) == before
    assert "an invented site" in panel.logic.getParameterNode().siteLimits
    panel.ui.limitsPathLineEdit.currentPath = str(tmp_path / "absent.json")
    assert "absent.json" in panel.ui.statusLabel.text


def test_muscle_is_corrected_by_a_point_and_found_again(panel):
    from MarrowQuantLib.scene.muscle import muscle_node, muscle_points

    ui = panel.ui
    ui.proposeButton.click()
    exam, before = panel.panel.burden.exam, ui.tdvLabel.text
    assert not ui.findMuscleButton.enabled
    ui.muscleButton.click()
    assert ui.musclePlaceWidget.placeModeEnabled
    node = muscle_node("baseline")
    node.AddControlPointWorld([0.0, 60.0, 0.0])
    assert exam.load.muscle_is_given and "muscle where you placed it" in ui.tdvLabel.text
    assert exam.burden.muscle_signal == fake_exams.MUSCLE_SIGNAL
    node.SetNthControlPointPositionWorld(0, 0.0, 0.0, 0.0)
    node.InvokeEvent(node.PointEndInteractionEvent)
    assert exam.burden.muscle_signal == 2 * fake_exams.MUSCLE_SIGNAL
    assert "check that they lie in muscle" in ui.burdenMessage.text
    assert panel.logic.case.exams["follow-up"].burden.muscle_signal == fake_exams.MUSCLE_SIGNAL
    node.SetNthControlPointPositionWorld(0, 0.0, 0.0, 9000.0)
    node.InvokeEvent(node.PointEndInteractionEvent)
    assert "inside the diffusion images" in ui.statusLabel.text
    ui.findMuscleButton.click()
    assert muscle_points("baseline") == [] and ui.tdvLabel.text == before and not ui.findMuscleButton.enabled


def test_a_point_in_muscle_can_be_placed_where_none_was_found(panel):
    from MarrowQuantLib.scene.muscle import muscle_node

    exam = panel.panel.burden.exam
    exam.maps.maps["adc"].array[...] = np.where(exam.maps.maps["adc"].array > 1200, 1000.0, exam.maps.maps["adc"].array)
    panel.ui.proposeButton.click()
    assert "place a point in muscle" in panel.ui.statusLabel.text and exam.burden is None
    panel.ui.muscleButton.click()
    node = muscle_node("baseline")
    node.AddControlPointWorld([0.0, 600.0, 0.0])
    assert exam.burden is None and panel.ui.findMuscleButton.enabled, "a point in the air can be taken back"
    node.SetNthControlPointPositionWorld(0, 0.0, 60.0, 0.0)
    node.InvokeEvent(node.PointEndInteractionEvent)
    assert exam.burden.muscle_signal == fake_exams.MUSCLE_SIGNAL


def test_leaving_the_module_ends_placing_in_muscle(panel, slicer_host):
    panel.ui.muscleButton.click()
    slicer_host.exit(panel)
    assert not panel.ui.musclePlaceWidget.placeModeEnabled and not panel.ui.muscleButton.checked


def test_the_panel_tells_how_well_the_stations_fit(panel):
    case = panel.logic.case
    case.replace_by([fake_exams.with_stations(exam.maps) for exam in case.exams.values()])
    panel.ui.proposeButton.click()
    assert "2 stations; largest step at a seam 31.0 % as acquired, 1.2 % after matching." in panel.ui.burdenMessage.text


def test_choosing_another_exam_ends_placing_in_muscle(panel):
    panel.ui.muscleButton.click()
    panel.ui.examComboBox.setCurrentIndex(1)
    panel.panel.onExamChosen(1)
    assert not panel.ui.musclePlaceWidget.placeModeEnabled and not panel.ui.muscleButton.checked
