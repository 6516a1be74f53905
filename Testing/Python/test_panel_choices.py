"""What was chosen and is deleted: the panel says what is missing and what holds, and no list chooses something else by itself."""

from __future__ import annotations

import json

import pytest
from helpers import fake_exams
from helpers.panel_actions import bone_mask, measured, notice, pick
from MarrowQuantLib.model import MarrowQuantError

pytestmark = pytest.mark.usefixtures("no_bone_proposed")


@pytest.fixture
def panel(filled_panel):
    filled_panel.ui.proposeButton.click()
    return filled_panel


def other_segmentation():
    return fake_exams.segmentation({"L1": 60.0})


@pytest.mark.parametrize("proposed", [True, False])
@pytest.mark.parametrize("how", ["event", "enter"])
def test_a_deleted_mask_lifts_the_restriction_and_chooses_no_other(filled_panel, slicer_host, tmp_path, how, proposed):
    import slicer

    panel, exam = filled_panel, filled_panel.logic.case.exams["baseline"]
    panel.ui.proposeButton.click()
    whole = exam.burden.tdv.value
    if not proposed:
        exam.load.remove()
    other, mask = other_segmentation(), bone_mask(0.0)
    pick(panel.ui.skeletonComboBox, mask)
    assert exam.load.skeleton_node is mask
    slicer.mrmlScene.RemoveNode(mask)
    notice(panel, slicer_host, how, tmp_path)
    assert exam.load.skeleton_node is None and panel.ui.skeletonComboBox.currentNode() is None
    assert "mask of bone of the baseline was deleted" in panel.ui.skeletonComboBoxRefusal.text
    panel.ui.proposeButton.click()
    assert exam.burden.tdv.value == whole and "skeleton mask" not in exam.burden.tdv.how
    pick(panel.ui.skeletonComboBox, other)
    assert not panel.ui.skeletonComboBoxRefusal.text


def test_a_mask_edited_in_segment_editor_holds_as_it_is_now(panel, slicer_host, tmp_path):
    import slicer

    exam, whole = panel.panel.burden.exam, panel.panel.burden.exam.burden.tdv.value
    mask = bone_mask(0.0)
    pick(panel.ui.skeletonComboBox, mask)
    assert exam.burden.tdv.value < 0.6 * whole
    array = slicer.util.arrayFromVolume(mask)
    array[:] = 1
    slicer.util.arrayFromVolumeModified(mask)
    notice(panel, slicer_host, "enter", tmp_path)
    assert exam.burden.tdv.value == whole
    array[:] = 0
    slicer.util.arrayFromVolumeModified(mask)
    notice(panel, slicer_host, "enter", tmp_path)
    assert "cannot be used any more" in panel.ui.skeletonComboBoxRefusal.text and exam.burden.tdv.value == whole


def listed(selector):
    return {selector.nodeFromIndex(n).GetName() for n in range(selector.nodeCount())}


def test_the_lists_offer_no_node_of_marrowquants_own(panel):
    from MarrowQuantLib.scene.nodes import is_own

    measured(panel)
    other, mask = other_segmentation(), bone_mask(0.0)
    panel.panel.refresh()
    assert listed(panel.ui.skeletonComboBox) == {other.GetName(), mask.GetName()}
    assert listed(panel.ui.segmentationComboBox) == {other.GetName()}
    pick(panel.ui.skeletonComboBox, mask)
    panel.panel.refresh()
    assert not is_own(mask) and panel.ui.skeletonComboBox.currentNode() is mask


def test_a_deleted_segmentation_is_not_replaced_by_another_one_to_take_over(panel, slicer_host, tmp_path):
    import slicer

    first, second = other_segmentation(), other_segmentation()
    pick(panel.ui.segmentationComboBox, first)
    assert panel.ui.takeOverButton.enabled
    slicer.mrmlScene.RemoveNode(first)
    notice(panel, slicer_host, "event", tmp_path)
    assert panel.ui.segmentationComboBox.currentNode() is None and not panel.ui.takeOverButton.enabled
    pick(panel.ui.segmentationComboBox, second)
    assert panel.ui.takeOverButton.enabled


@pytest.mark.parametrize("fate", ["deleted", "damaged"])
def test_a_model_of_ones_own_that_is_gone_says_which_one_holds(panel, slicer_host, tmp_path, monkeypatch, fate):
    from MarrowQuantLib.response.model_file import DEFAULT_MODEL

    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("MARROWQUANT_MODELS", str(folder))
    own = folder / "ours.json"
    spec = json.loads(DEFAULT_MODEL.read_text(encoding="utf-8"))
    own.write_text(json.dumps({**spec, "id": "ours", "label": "our own model"}), encoding="utf-8")
    measured(panel)
    panel.ui.labsTable.item(0, 1).setText("38")
    panel.ui.labsTable.item(0, 2).setText("6")
    panel.panel.response.enter()
    index = panel.ui.modelComboBox.findText("ours")
    panel.ui.modelComboBox.setCurrentIndex(index)
    panel.panel.response.onModelChosen(index)
    assert "ours: our own model" in panel.ui.probabilityLabel.text
    if fate == "deleted":
        own.unlink()
    else:
        own.write_text("{", encoding="utf-8")
    notice(panel, slicer_host, "enter", tmp_path)
    for how in ("enter", "export"):
        assert panel.ui.modelComboBox.currentText == ("" if fate == "deleted" else panel.ui.modelComboBox.currentText)
        assert panel.ui.modelComboBox.currentIndex == -1
        assert f'"ours" is not on this computer or cannot be read; "{DEFAULT_MODEL.stem}" holds' in panel.ui.modelComboBoxRefusal.text
        assert panel.logic.case.results().response.model_id == DEFAULT_MODEL.stem and DEFAULT_MODEL.stem in panel.ui.probabilityLabel.text
        assert panel.logic.getParameterNode().modelId == "ours", "the choice stays the reader's"
        notice(panel, slicer_host, how, tmp_path)
    panel.panel.response.onModelChosen(panel.ui.modelComboBox.findText(DEFAULT_MODEL.stem))
    assert not panel.ui.modelComboBoxRefusal.text


@pytest.mark.parametrize(
    ("typed", "holds"), [("900、1400", "900, 1400"), ("８００　１０００", "800, 1000"), ("1400, 900", None), ("many", None), ("", None),
                         ("nan", None), ("900,900", None), ("inf", None)],
)  # fmt: skip
def test_class_edges_are_taken_as_meant_or_refused_beside_the_field(panel, typed, holds):
    ui, before = panel.ui, panel.logic.getParameterNode().adcClassEdges
    ui.classEdgesLineEdit.text = typed
    panel.panel.burden._options.onClassEdgesEntered()
    assert ui.classEdgesLineEdit.text == panel.logic.getParameterNode().adcClassEdges == (holds or before)
    told = ui.classEdgesLineEditRefusal.text if holds is None else ""
    assert (f"{before} hold" in told) == (holds is None) and bool(told) == (holds is None)
    panel.panel.refresh()
    assert ui.classEdgesLineEditRefusal.text == told, "another action does not take the sentence away"


# -------------------------------------------------------------------------------------------------------------- writing
def refuse(monkeypatch, folder) -> None:
    """A folder in which nobody may create anything, whoever runs the test."""
    from pathlib import Path

    mkdir = Path.mkdir

    def refusing(self, *args, **options):
        if self.parent == folder and not self.exists():
            raise PermissionError(13, "Permission denied", str(self))
        return mkdir(self, *args, **options)

    monkeypatch.setattr(Path, "mkdir", refusing)


def test_results_are_written_into_a_folder_whose_parent_is_read_only(panel, monkeypatch, tmp_path):
    measured(panel)
    out = tmp_path / "out"
    out.mkdir()
    refuse(monkeypatch, tmp_path)
    panel.ui.outputPathLineEdit.currentPath = str(out)
    panel.ui.exportButton.click()
    assert panel.ui.statusLabel.text == "" and "scene.mrb" in panel.ui.exportMessage.text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"] and not list(out.glob(".marrowquant*"))


def test_a_folder_that_cannot_be_written_is_a_sentence_in_the_panel_and_no_window(panel, slicer_host, monkeypatch, tmp_path):
    measured(panel)
    refuse(monkeypatch, tmp_path)
    refuse(monkeypatch, tmp_path / "patient name")
    panel.ui.outputPathLineEdit.currentPath = str(tmp_path / "patient name")
    for button in (panel.ui.exportButton, panel.ui.shareButton):
        button.click()
        assert panel.ui.statusLabel.text.startswith("⚠") and "denied" in panel.ui.statusLabel.text
    assert slicer_host.messages == []


def test_any_refusal_of_the_computer_is_said_without_the_path(panel, slicer_host):
    def task(progress):
        raise PermissionError(13, "Permission denied", "/data/Yamada^Taro")

    assert not panel.panel.run(task)
    assert "Permission denied" in panel.ui.statusLabel.text and "Yamada" not in panel.ui.statusLabel.text
    assert not panel.panel.attempt(lambda: task(None)) and slicer_host.messages == []


def test_points_in_muscle_outside_the_image_are_refused_by_the_library_too():
    from MarrowQuantLib.burden.exam_load import burden_session
    from MarrowQuantLib.model import Settings

    maps = fake_exams.exam_maps("baseline").maps
    with pytest.raises(MarrowQuantError, match="1 of 3 points in muscle lie outside"):
        burden_session(maps, Settings(), [(0.0, 60.0, 0.0), (0.0, 62.0, 10.0), (0.0, 0.0, 900.0)])
