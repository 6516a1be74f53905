"""The reader's hand: what is done with the case's nodes in Markups, Segment Editor and Data is taken over or answered, and never put back.

Each edit is made as the other module makes it, on the real nodes; the panel hears of it by its events, by being entered, or by an export.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers import fake_exams
from helpers.panel_actions import choose_exam, column, measured, notice, place, rest


@pytest.fixture
def panel(filled_panel):
    measured(filled_panel)
    return filled_panel


def points(panel):
    return panel.logic.case.exams["baseline"].rois.points_node


def exam_of(panel):
    return panel.logic.case.exams["baseline"]


# --------------------------------------------------------------------------------------------------------------- Markups
def test_a_point_moved_by_its_coordinates_is_measured_where_it_is(panel, slicer_host, tmp_path):
    exam = exam_of(panel)
    exam.maps.maps["ff"].array[55:] = 50.0  # above L1: what the moved point meets
    for how, height, value in (("event", 82.0, "50.0"), ("enter", 60.0, "5.0"), ("export", 83.0, "50.0")):
        points(panel).SetNthControlPointPositionWorld(0, 0.0, 0.0, height)
        notice(panel, slicer_host, how, tmp_path)
        assert exam.vertebrae[0].roi.center_ras[2] == height and column(panel.ui.vertebraeTable, 1)[0] == value
        assert list(points(panel).GetNthControlPointPositionWorld(0)) == [0.0, 0.0, height]


def test_points_under_a_transform_are_measured_where_they_are_drawn_and_back_again(panel, slicer_host):
    import slicer

    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[2, 3] = 3.0
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    for node_id, height in ((transform.GetID(), 63.0), (None, 60.0)):
        points(panel).SetAndObserveTransformNodeID(node_id)
        rest(slicer_host)
        assert exam_of(panel).vertebrae[0].roi.center_ras[2] == height


@pytest.mark.parametrize("how", ["enter", "export"])
def test_an_image_under_a_transform_is_told_until_it_is_taken_out(panel, slicer_host, how, tmp_path):
    import slicer

    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    for node_id in (transform.GetID(), None):
        exam_of(panel).map_node("ff").SetAndObserveTransformNodeID(node_id)
        notice(panel, slicer_host, how, tmp_path)
        found = [told.code for told in panel.logic.case.results().exams[0].findings]
        assert ("hand.map_moved" in found) == (node_id is not None)
        assert ("moved by a transform" in panel.ui.vertebraeMessage.text) == (node_id is not None)


def moved(node):
    """As a hardened transform does it."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    matrix.SetElement(2, 3, matrix.GetElement(2, 3) + 5.0)
    node.SetIJKToRASMatrix(matrix)


def repainted(node):
    import slicer

    slicer.util.arrayFromVolume(node)[55:] += 17.0
    slicer.util.arrayFromVolumeModified(node)


def test_a_transform_that_was_hardened_is_told(panel, slicer_host, tmp_path):
    moved(exam_of(panel).map_node("ff"))
    notice(panel, slicer_host, "enter", tmp_path)
    assert "moved by a transform" in panel.ui.vertebraeMessage.text


@pytest.mark.parametrize("how", [repainted, moved])
def test_an_image_that_was_changed_and_saved_is_told_whenever_the_scene_is_opened(panel, slicer_host, how, tmp_path):
    import slicer

    how(exam_of(panel).map_node("ff"))
    for n in range(3):  # also from the scene that was opened with the sentence, and that the program has written into
        slicer.util.saveScene(str(tmp_path / f"{n}.mrb"))
        slicer.mrmlScene.Clear(0)
        slicer.util.loadScene(str(tmp_path / f"{n}.mrb"))
        slicer_host.enter(panel)
        told = [found for found in panel.logic.case.results().exams[0].findings if found.code == "scene.volumes_changed"]
        assert len(told) == 1 and told[0].values["maps"] == ("fat fraction",)
        assert "not as they were read" in panel.ui.examsMessage.text
        panel.logic.case.exams["baseline"].measure()


def test_of_a_cloned_image_the_first_is_measured_when_the_scene_is_opened(panel, slicer_host, tmp_path):
    import slicer

    before = column(panel.ui.vertebraeTable, 1)
    node = exam_of(panel).map_node("ff")
    clone = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "FF copy")
    clone.CopyContent(node)
    for name in node.GetAttributeNames():
        clone.SetAttribute(name, node.GetAttribute(name))
    slicer.util.updateVolumeFromArray(clone, slicer.util.arrayFromVolume(node) + 30.0)
    slicer.util.saveScene(str(tmp_path / "cloned.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "cloned.mrb"))
    slicer_host.enter(panel)
    assert column(panel.ui.vertebraeTable, 1) == before
    assert not any(found.code == "scene.volumes_changed" for found in panel.logic.case.results().exams[0].findings)


@pytest.mark.parametrize("how", ["enter", "export"])
def test_voxels_of_an_image_changed_in_another_module_are_told_until_they_are_put_back(panel, slicer_host, how, tmp_path):
    import slicer

    node = exam_of(panel).map_node("ff")
    voxels, before = slicer.util.arrayFromVolume(node), column(panel.ui.vertebraeTable, 1)
    for step in (17.0, -17.0):
        voxels[55:] += step
        slicer.util.arrayFromVolumeModified(node)
        notice(panel, slicer_host, how, tmp_path)
        found = [told.code for told in panel.logic.case.results().exams[0].findings]
        assert ("hand.map_changed" in found) == (step > 0)
        assert column(panel.ui.vertebraeTable, 1) == before


def test_a_point_renamed_or_deleted_in_markups_is_followed(panel, slicer_host, tmp_path):
    levels = ["L1", "L2", "L3", "L4", "S1"]
    points(panel).SetNthControlPointLabel(4, "S1")
    for how in ("event", "enter", "export"):
        notice(panel, slicer_host, how, tmp_path)
        assert [v.roi.level for v in exam_of(panel).vertebrae] == levels
        assert points(panel).GetNumberOfControlPoints() == len(levels)
        points(panel).RemoveNthControlPoint(1)
        del levels[1]


def test_a_duplicate_is_said_and_once_corrected_the_table_is_full_again(panel, slicer_host):
    points(panel).SetNthControlPointLabel(1, "L1")
    rest(slicer_host)
    assert "L1 occurs twice" in panel.ui.vertebraeMessage.text
    panel.ui.ratioSlider.value = 6.0  # another action does not take the sentence away
    panel.panel.refresh()
    assert "L1 occurs twice" in panel.ui.vertebraeMessage.text
    points(panel).SetNthControlPointLabel(1, "L2")
    rest(slicer_host)
    assert column(panel.ui.vertebraeTable, 0) == list(fake_exams.LEVEL_Z) and all(column(panel.ui.vertebraeTable, 1))
    assert "occurs twice" not in panel.ui.vertebraeMessage.text


@pytest.mark.parametrize("how", ["event", "export"])
def test_a_deleted_point_list_is_no_longer_measured_says_so_and_comes_back_by_undo(panel, slicer_host, how, tmp_path):
    import slicer

    slicer.mrmlScene.RemoveNode(points(panel))
    notice(panel, slicer_host, how, tmp_path)
    exam = exam_of(panel)
    assert exam.vertebrae == () and exam.lumbar == {} and column(panel.ui.vertebraeTable, 0) == []
    assert "was deleted" in panel.ui.vertebraeMessage.text
    assert panel.logic.case.exams["follow-up"].vertebrae
    panel.ui.undoPointButton.click()
    assert column(panel.ui.vertebraeTable, 0) == list(fake_exams.LEVEL_Z) and "deleted" not in panel.ui.vertebraeMessage.text


def test_renaming_nodes_changes_nothing(panel, slicer_host, tmp_path):
    import slicer

    before = panel.logic.case.results()
    for node in [*slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode"), *slicer.util.getNodesByClass("vtkMRMLSegmentationNode"),
                 *slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]:  # fmt: skip
        node.SetName("renamed")
    for how in ("event", "enter"):
        notice(panel, slicer_host, how, tmp_path)
    after = panel.logic.case.results()
    assert [(c.name, c.absolute) for c in after.changes] == [(c.name, c.absolute) for c in before.changes]


# -------------------------------------------------------------------------------------------------------- Segment Editor
def load(panel):
    from MarrowQuantLib.scene.load_edits import load_node

    return load_node("baseline")


def paint(panel, at, segment: str = "accepted", erase: bool = False) -> int:
    """Paint or erase a box of voxels as Segment Editor does: in the segment, and out of the others. The number of voxels changed."""
    import slicer
    from MarrowQuantLib.scene.load_edits import read_states

    node, image = load(panel), exam_of(panel).map_node("dwi_high")
    before = read_states(node, image)
    for name in ("accepted", "physiological", "rejected"):
        array = slicer.util.arrayFromSegmentBinaryLabelmap(node, name, image).copy()
        array[at] = 0 if erase or name != segment else 1
        slicer.util.updateSegmentBinaryLabelmapFromArray(array, node, name, image)
    return int(np.count_nonzero(before != read_states(node, image)))


MUSCLE = (slice(18, 21), slice(28, 31), slice(20, 23))
VOXEL_ML = 0.216


def lesion(panel):
    """A few voxels inside the first lesion."""
    labels = exam_of(panel).burden.labels.array
    k, j, i = np.argwhere(labels == 1)[0]
    return (slice(k, k + 1), slice(j, j + 1), slice(i, i + 2))


@pytest.mark.parametrize("how", ["event", "export"])
def test_painted_and_erased_voxels_count_and_survive_thresholds_export_and_reopening(panel, slicer_host, how, tmp_path):
    import slicer

    exam = exam_of(panel)
    before = exam.burden.tdv.n_voxels
    painted, erased = paint(panel, MUSCLE), paint(panel, lesion(panel), erase=True)
    assert painted == 27 and erased > 0
    if how == "event":
        panel.ui.ratioSlider.value = 5.5
        panel.panel.burden.onSliderRests()
    else:
        notice(panel, slicer_host, how, tmp_path)
    assert exam.burden.tdv.n_voxels == before + painted - erased
    for ratio in (8.0, 5.0):
        panel.ui.ratioSlider.value = ratio
        panel.panel.burden.onSliderRests()
        assert exam.burden.tdv.n_voxels == before + painted - erased
    assert "painted or erased" in panel.ui.burdenMessage.text
    panel.ui.proposeButton.click()
    assert exam.burden.tdv.n_voxels == before + painted - erased
    notice(panel, slicer_host, "export", tmp_path)
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "out" / "scene.mrb"))
    slicer_host.process_events()
    again = exam_of(panel)
    assert again is not exam and again.burden.tdv.n_voxels == before + painted - erased


def test_what_was_painted_and_saved_without_coming_back_to_the_panel_is_taken_up_when_opened(panel, slicer_host, tmp_path):
    import slicer

    before = exam_of(panel).burden.tdv.n_voxels
    slicer_host.exit(panel)
    painted = paint(panel, MUSCLE)
    slicer.util.saveScene(str(tmp_path / "painted.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "painted.mrb"))
    slicer_host.enter(panel)
    assert exam_of(panel).burden.tdv.n_voxels == before + painted


def test_moving_voxels_to_another_state_and_deleting_a_segment_are_followed(panel, slicer_host, tmp_path):
    exam = exam_of(panel)
    before = exam.burden.tdv.n_voxels
    moved = paint(panel, lesion(panel), segment="physiological")
    notice(panel, slicer_host, "enter", tmp_path)
    assert exam.burden.tdv.n_voxels == before - moved
    load(panel).GetSegmentation().RemoveSegment("physiological")
    notice(panel, slicer_host, "enter", tmp_path)
    assert exam.burden.tdv.n_voxels == before - moved
    assert not any(c.state == "physiological" for c in exam.burden.components)


def test_a_segment_of_the_readers_own_is_not_counted_and_said(panel, slicer_host, tmp_path):
    exam = exam_of(panel)
    before = exam.burden.tdv.n_voxels
    load(panel).GetSegmentation().AddEmptySegment("mine", "mine")
    notice(panel, slicer_host, "enter", tmp_path)
    assert exam.burden.tdv.n_voxels == before and "1 segment that MarrowQuant does not know" in panel.ui.burdenMessage.text


def test_edited_outlines_are_drawn_again_and_that_is_said(panel, slicer_host, tmp_path):
    import slicer

    exam = exam_of(panel)
    node, image = exam.outlines_node, exam.map_node("ff")
    before = slicer.util.arrayFromSegmentBinaryLabelmap(node, "L1", image).copy()
    slicer.util.updateSegmentBinaryLabelmapFromArray(np.ones_like(before), node, "L1", image)
    notice(panel, slicer_host, "enter", tmp_path)
    assert "drawn again" in panel.ui.vertebraeMessage.text
    assert np.array_equal(slicer.util.arrayFromSegmentBinaryLabelmap(exam.outlines_node, "L1", image), before)


# ------------------------------------------------------------------------------------------------------------------ Data
@pytest.mark.parametrize("how", ["event", "export"])
def test_a_deleted_load_no_longer_counts(panel, slicer_host, how, tmp_path):
    import slicer

    slicer.mrmlScene.RemoveNode(load(panel))
    notice(panel, slicer_host, how, tmp_path)
    assert exam_of(panel).burden is None and load(panel) is None
    assert "Press Propose" in panel.ui.burdenMessage.text and not panel.ui.tdvLabel.visible
    panel.ui.proposeButton.click()
    assert exam_of(panel).burden is not None and "deleted" not in panel.ui.burdenMessage.text


@pytest.mark.parametrize(("key", "how"), [("ff", "event"), ("adc", "export"), ("dwi_high", "event"), ("water", "export")])
def test_a_deleted_image_is_no_longer_measured_and_not_put_back(panel, slicer_host, key, how, tmp_path):
    import slicer

    exam = exam_of(panel)
    slicer.mrmlScene.RemoveNode(exam.map_node(key))
    notice(panel, slicer_host, how, tmp_path)
    assert exam.map_node(key) is None and key not in exam.maps.maps
    assert all(key not in v.measurements for v in exam.vertebrae)
    assert (exam.burden is None) == (key in ("adc", "dwi_high"))
    assert "was deleted: it is no longer measured" in panel.ui.burdenMessage.text
    assert any("was deleted" in warning for warning in exam.result().findings)


def test_muscle_points_moved_by_coordinates_or_out_of_the_image_are_followed_or_refused(panel, slicer_host, tmp_path):
    from MarrowQuantLib.scene.muscle import place_points

    exam = exam_of(panel)
    node = place_points([(0.0, 60.0, 0.0)], "baseline")
    notice(panel, slicer_host, "enter", tmp_path)
    assert exam.burden.muscle_signal == fake_exams.MUSCLE_SIGNAL and exam.load.muscle_is_given
    node.SetNthControlPointPositionWorld(0, 0.0, 0.0, 0.0)
    notice(panel, slicer_host, "event", tmp_path)
    assert exam.burden.muscle_signal == 2 * fake_exams.MUSCLE_SIGNAL
    node.AddControlPointWorld([0.0, 0.0, 9000.0])
    notice(panel, slicer_host, "enter", tmp_path)
    assert exam.burden.muscle_signal == 2 * fake_exams.MUSCLE_SIGNAL
    assert "cannot be used" in panel.ui.burdenMessage.text and "1 of 2 points" in panel.ui.burdenMessage.text


def test_the_other_exam_is_followed_as_well(panel, slicer_host, tmp_path):
    choose_exam(panel, 0)
    other = panel.logic.case.exams["follow-up"]
    other.rois.points_node.RemoveNthControlPoint(0)
    notice(panel, slicer_host, "enter", tmp_path)
    assert [v.roi.level for v in other.vertebrae] == ["L2", "L3", "L4", "L5"]


def test_points_of_a_file_are_measured_without_a_press(filled_panel, slicer_host):
    place(filled_panel)
    exam = exam_of(filled_panel)
    rois = exam.rois.now()
    exam.rois.replace(rois[:3])
    rest(slicer_host)
    assert [v.roi.level for v in exam.vertebrae] == ["L1", "L2", "L3"] and all(column(filled_panel.ui.vertebraeTable, 1))
