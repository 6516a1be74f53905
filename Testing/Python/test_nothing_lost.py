"""Nothing that the reader decided is lost: by whatever way a scene comes into Slicer, whoever wrote it, wherever the module was then."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import fake_exams, moved_exams

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuant.py"
TABLES = ("seriesTable", "vertebraeTable", "measurementTable", "componentTable", "labsTable", "entriesTable", "changeTable", "lesionTable")
LABELS = ("baseline", "follow-up")
MUSCLE = [(0.0, 60.0, 0.0)]


def choose_exam(widget, index: int) -> None:
    widget.ui.examComboBox.setCurrentIndex(index)
    widget.panel.onExamChosen(index)


def shown(widget) -> dict:
    """All that the panel shows of both exams."""
    found, ui = {}, widget.ui
    for index, label in enumerate(LABELS):
        choose_exam(widget, index)
        for name in TABLES:
            table = getattr(ui, name)
            found[label, name] = [[cell(table, row, column) for column in range(table.columnCount)] for row in range(table.rowCount)]
        found[label, "tdv"] = ui.tdvLabel.text
    choose_exam(widget, 0)
    values = (ui.ratioSlider.value, ui.minComponentSlider.value, ui.adcRangeWidget.minimumValue, ui.adcRangeWidget.maximumValue)
    fields = (ui.radiusLRSpinBox.value, ui.shapeComboBox.currentText, ui.refineCheckBox.checked, ui.ageSpinBox.value)
    told = {"sex": ui.sexComboBox.currentText, "probability": ui.probabilityLabel.text, "category": ui.categoryLabel.text}
    return {**found, **told, "values": values, "fields": fields}


def cell(table, row: int, column: int) -> str:
    return table.item(row, column).text() if table.item(row, column) else ""


def decide(widget) -> None:
    """Everything a reader can decide, each away from its default."""
    from MarrowQuantLib.scene.muscle import place_points

    ui, panel = widget.ui, widget.panel
    for index in range(2):
        choose_exam(widget, index)
        ui.placeButton.click()
        for z in fake_exams.LEVEL_Z.values():
            panel.vertebrae.exam.rois.points_node.AddControlPointWorld([0.0, 0.0, z])
    choose_exam(widget, 0)
    ui.shapeComboBox.setCurrentIndex(1)
    panel.vertebrae.onShapeChosen(1)
    ui.radiusLRSpinBox.value = 11.0
    panel.vertebrae.onSizeChanged()
    ui.vertebraeTable.selectRow(2)
    panel.vertebrae.onReasonChosen(1)
    ui.measureButton.click()
    place_points(MUSCLE, "baseline")
    ui.proposeButton.click()
    ui.ratioSlider.value = 4.5
    ui.minComponentSlider.value = 0.4
    ui.adcRangeWidget.setValues(500.0, 1450.0)
    panel.burden.onSliderRests()
    ui.componentTable.selectRow(1)
    ui.rejectButton.click()
    ui.labsTable.item(0, 1).setText("38")
    ui.labsTable.item(0, 2).setText("6")
    ui.entryDateLineEdit.text, ui.entryValueLineEdit.text = "2025-01-20", "KRd 1"
    ui.entryKindComboBox.setCurrentIndex(ui.entryKindComboBox.findText("Therapy cycle"))
    ui.entryValueLineEdit.text = "KRd 1"
    ui.addEntryButton.click()
    ui.ageSpinBox.value = 61
    ui.sexComboBox.setCurrentIndex(1)
    panel.labs.onSubjectChanged()
    ui.carryButton.click()
    choose_exam(widget, 0)


def write_by_export(widget, folder: Path) -> Path:
    return widget.logic.case.output.export(folder / "out")["scene"]


def write_by_saving(widget, folder: Path) -> Path:
    """File > Save, right after the last decision, without an export."""
    import slicer

    assert slicer.util.saveScene(str(folder / "saved.mrb"))
    return folder / "saved.mrb"


def write_for_sharing(widget, folder: Path) -> Path:
    from MarrowQuantLib.scene.share import save_share_safe

    save_share_safe(folder / "shared.mrb")
    return folder / "shared.mrb"


WRITERS = {"save": write_by_saving, "export": write_by_export, "share-safe": write_for_sharing}


@pytest.fixture(scope="module")
def cache() -> dict:
    return {}


@pytest.fixture
def written(cache, panel_widget, tmp_path_factory):
    """What the panel showed after every decision, and the scenes that were written of it; the panel is there, entered, and empty."""
    import slicer

    if not cache:
        panel_widget.logic.case.replace_by([moved_exams.exam_maps(label) for label in LABELS])
        panel_widget.panel.refresh()
        decide(panel_widget)
        cache["shown"], folder = shown(panel_widget), tmp_path_factory.mktemp("written")
        for name, write in WRITERS.items():
            cache[name] = write(panel_widget, folder)
    before = cache["shown"]
    assert before["baseline", "componentTable"][1][0] == "rejected" and before["baseline", "vertebraeTable"][2][3] == "fracture"
    assert before["follow-up", "lesionTable"] and "%" in before["probability"], panel_widget.ui.statusLabel.text
    slicer.mrmlScene.Clear(0)
    return cache


@pytest.fixture
def decided(written, panel_widget, slicer_host):
    load(written["save"], "open")
    slicer_host.process_events()
    return panel_widget


def load(path: Path, how: str) -> None:
    import slicer

    slicer.util.loadScene(str(path), properties={"clear": how == "open"})


WAYS = [("save", how, entered) for how in ("open", "add") for entered in ("before", "left before", "after only")]
WAYS += [(writer, how, "before") for writer in ("export", "share-safe") for how in ("open", "add")]


@pytest.mark.parametrize(("writer", "how", "entered"), WAYS)
def test_a_scene_comes_back_whole(written, panel_widget, slicer_host, writer, how, entered):
    before, widget = written["shown"], panel_widget
    if entered == "left before":
        slicer_host.exit(widget)
    if entered == "after only":
        slicer_host.close_widget(widget)
    load(written[writer], how)
    slicer_host.process_events()
    if entered == "after only":
        widget = slicer_host.make_widget("MarrowQuant")
    if entered != "before":
        slicer_host.enter(widget)
    assert shown(widget) == before
    widget.ui.placeButton.click()
    widget.ui.placeButton.click()
    assert shown(widget) == before, "a button that only begins something changes nothing"


@pytest.mark.parametrize("how", ["open", "add"])
def test_the_logic_that_was_kept_gives_the_case_without_any_panel(slicer_host, decided, written, how):
    import slicer

    before = decided.logic.case.results()
    slicer_host.close_widget(decided)
    logic = sys.modules["MarrowQuant"].MarrowQuantLogic()
    logic.getParameterNode()
    slicer.mrmlScene.Clear(0)
    load(written["save"], how)
    logic.getParameterNode()
    logic.case.restore()
    again = logic.case.results()
    changes = [{(c.name, c.level): c.absolute for c in results.changes} for results in (again, before)]
    assert changes[0] == pytest.approx(changes[1], abs=1e-6)
    assert [v.roi.excluded for v in again.exams[0].vertebrae] == [v.roi.excluded for v in before.exams[0].vertebrae]
    assert again.response.probability == before.response.probability


def test_a_scene_that_was_opened_and_saved_again_stays_whole(decided, written, slicer_host, tmp_path):
    load(write_by_saving(decided, tmp_path), "open")
    slicer_host.process_events()
    assert shown(decided) == written["shown"]


def test_what_the_program_wrote_opens_with_all_of_it(decided, slicer_host, tmp_path):
    """``analyze`` and ``batch`` have no panel; they write ROIs, tumour load, laboratory sheet, muscle and limits of their own."""
    import slicer
    from MarrowQuantLib.scene.handover import hand_over
    from MarrowQuantLib.scene.parameters import ensure_case
    from MarrowQuantLib.scene.results_scene import results_to_scene, save_scene

    decided.logic.case.exams["baseline"].load.set_decisions([])  # the program decides nothing
    decided.logic.case.update_burdens()
    results, before = decided.logic.case.results(), shown(decided)
    first, second = results.exams  # what analyze knows besides, as it was given it
    first = replace(first, origin=replace(first.origin, muscle=MUSCLE))
    results = replace(results, exams=(first, second), movement=decided.logic.case.follow_up._movement.plain())
    slicer.mrmlScene.Clear(0)
    ensure_case()
    hand_over(results)
    results_to_scene(results)
    save_scene(tmp_path / "written.mrb")
    load(tmp_path / "written.mrb", "open")
    slicer_host.process_events()
    after = shown(decided)
    assert {key for key in before if after[key] != before[key]} <= {("follow-up", "vertebraeTable")}
    assert [row[:4] for row in after["follow-up", "vertebraeTable"]] == [row[:4] for row in before["follow-up", "vertebraeTable"]]


def test_reloading_the_module_fills_the_panel_and_loses_nothing(decided, slicer_host):
    import slicer

    before = shown(decided)
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("MarrowQuantLib", "MarrowQuant")}
    try:
        decided.onReload()
        again = slicer.modules.MarrowQuantWidget
        assert again is not decided
        assert shown(again) == before
    finally:
        slicer_host.close_widget(slicer.modules.MarrowQuantWidget)
        sys.modules.update(kept)


def test_a_foreign_scene_that_is_added_changes_nothing(decided, written, slicer_host, tmp_path):
    """Also one in which MarrowQuant was once entered: it brings a parameter node of its own, with every value at its default."""
    import slicer

    before = written["shown"]
    slicer.mrmlScene.Clear(0)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "landmarks of the atlas").AddControlPointWorld([1.0, 2.0, 3.0])
    assert slicer.util.saveScene(str(tmp_path / "foreign.mrb"))
    load(written["save"], "open")
    load(tmp_path / "foreign.mrb", "add")
    slicer_host.process_events()
    assert shown(decided) == before
    assert slicer.util.getNode("landmarks of the atlas").GetNumberOfControlPoints() == 1


def test_a_case_that_is_added_to_a_scene_with_other_nodes_comes_whole(written, panel_widget, slicer_host):
    """The reader's own lists have the IDs that the nodes of the case had."""
    import slicer

    for n in range(4):
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", f"mine {n}").AddControlPointWorld([n, 0.0, 0.0])
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"own {n}")
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", f"text {n}")
    load(written["save"], "add")
    slicer_host.process_events()
    assert shown(panel_widget) == written["shown"]
    assert [slicer.util.getNode(f"mine {n}").GetNumberOfControlPoints() for n in range(4)] == [1] * 4


# ------------------------------------------------------------------------------------------------- nothing is emptied unseen
def test_a_list_of_points_whose_reference_is_gone_is_found_again_and_never_emptied(decided):
    node = decided.logic.case.exams["baseline"].rois.points_node
    before = shown(decided)
    decided.logic.getParameterNode().baselinePoints = None
    assert decided.logic.case.exams["baseline"].rois.points() is node and node.GetNumberOfControlPoints() == 5
    decided.panel.refresh()
    assert shown(decided) == before


def test_a_decision_is_in_the_scene_at_once(decided):
    from MarrowQuantLib.scene.records import read_record

    ui = decided.ui
    ui.componentTable.selectRow(0)
    ui.physiologicalButton.click()
    assert [d.state for d in read_record("baseline")["decisions"]] == ["rejected", "physiological"]
    ui.undoDecisionButton.click()
    assert [d.state for d in read_record("baseline")["decisions"]] == ["rejected"]


def test_reading_over_a_scene_that_was_not_taken_up_takes_it_up_first(decided, written, slicer_host, tmp_path):
    """From the console: a scene is opened, and a new logic reads. What cannot be understood is left alone."""
    import slicer
    from MarrowQuantLib.model import MarrowQuantError

    slicer_host.close_widget(decided)
    load(written["save"], "open")
    spoil("baseline", "{")
    logic = sys.modules["MarrowQuant"].MarrowQuantLogic()
    with pytest.raises(MarrowQuantError, match="baseline"):
        logic.analyze([tmp_path])
    texts = [node.GetText() for node in slicer.util.getNodesByClass("vtkMRMLTextNode") if node.GetText()]
    assert texts.count("{") == 1 and any("KRd 1" in text for text in texts)


# --------------------------------------------------------------------------------------------------------- not understood
def record_node(label):
    from MarrowQuantLib.scene.nodes import find_node

    return find_node("vtkMRMLTextNode", {"text": "exam", "exam": label})


def spoil(label, text):
    record_node(label).SetText(text)


BAD_RECORDS = ("{", "[]", "null", '{"maps": {}}', '{"maps": {"date": "soon"}, "labs": [], "decisions": []}', "7", '{"version": 99}')


@pytest.mark.parametrize(("label", "text"), tuple(zip(itertools.cycle(LABELS), BAD_RECORDS)))
def test_a_record_that_cannot_be_read_leaves_the_scene_alone_with_a_sentence(decided, slicer_host, tmp_path, label, text):
    import slicer

    spoil(label, text)
    path = write_by_saving(decided, tmp_path)
    load(path, "open")
    slicer_host.process_events()
    assert decided.ui.statusLabel.text.startswith("⚠") and label in decided.ui.statusLabel.text
    assert decided.logic.case.exams == {}
    everything = {node.GetID(): node.GetText() for node in slicer.util.getNodesByClass("vtkMRMLTextNode")}
    points = [n.GetNumberOfControlPoints() for n in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")]
    decided.ui.baselinePathLineEdit.currentPath = str(tmp_path)
    decided.ui.readButton.click()
    slicer_host.exit(decided)
    slicer_host.enter(decided)
    assert {node.GetID(): node.GetText() for node in slicer.util.getNodesByClass("vtkMRMLTextNode")} == everything
    assert [n.GetNumberOfControlPoints() for n in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")] == points
    assert record_node(label).GetText() == text and slicer_host.messages == []


def broken_points(case):
    case.exams["baseline"].rois.points_node.SetNthControlPointLabel(0, "L2")


def outside(case):
    case.exams["baseline"].rois.points_node.SetNthControlPointPositionWorld(0, 0.0, 0.0, 900.0)


def without_muscle(case):
    from MarrowQuantLib.scene.muscle import place_points

    place_points([(400.0, 400.0, 0.0)], "baseline")


def without_diffusion(case):
    import slicer

    slicer.mrmlScene.RemoveNode(case.exams["baseline"].map_node("dwi_high"))


@pytest.mark.parametrize("fault", [broken_points, outside, without_muscle, without_diffusion])
def test_what_cannot_be_measured_again_is_told_and_all_the_rest_is_there(decided, slicer_host, tmp_path, fault):
    """One fault in one exam: the other exam, the laboratory sheet and every decision come back, and none is lost by what follows."""
    import slicer

    before = shown(decided)
    fault(decided.logic.case)
    assert slicer.util.saveScene(str(tmp_path / "faulty.mrb"))
    load(tmp_path / "faulty.mrb", "open")
    slicer_host.process_events()
    assert decided.ui.statusLabel.text.startswith("⚠"), "told"
    after = shown(decided)
    kept = [key for key in before if isinstance(key, tuple) and key[1] in ("labsTable", "entriesTable", "seriesTable")]
    kept += [("follow-up", "vertebraeTable"), ("follow-up", "measurementTable")]
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert [d.state for d in decided.logic.case.exams["baseline"].load.decisions] == ["rejected"]
    decided.ui.labsTable.item(0, 1).setText("39")
    assert len(decided.logic.case.laboratory.history.notes) == 1
    record = sys.modules["MarrowQuantLib.scene.records"].read_record("baseline")
    assert record["proposed"] and [d.state for d in record["decisions"]] == ["rejected"]
    lists = [n.GetNumberOfControlPoints() for n in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode")]
    assert sorted(lists) == [1, 5, 5]


def test_values_that_a_widget_shows_are_not_written_into_a_scene_that_is_opened(decided, written, slicer_host):
    """Signals of widgets that are being filled do not reach the parameter node, whose other values they have not read yet."""
    decided.ui.ratioSlider.value, decided.ui.minComponentSlider.value = 7.0, 0.9
    decided.ui.adcRangeWidget.setValues(600.0, 1000.0)
    decided.ui.ageSpinBox.value = 33
    decided.panel.labs.onSubjectChanged()
    load(written["save"], "open")
    slicer_host.process_events()
    assert shown(decided) == written["shown"]
    parameters = decided.logic.getParameterNode()
    stored = (parameters.tdvSignalRatio, parameters.minComponentMl, parameters.tdvAdcLower, parameters.tdvAdcUpper, parameters.ageYears)
    assert stored == (4.5, 0.4, 500.0, 1450.0, 61)


def test_a_volume_that_was_deleted_is_told_now_and_when_the_scene_is_opened_again(decided, slicer_host, tmp_path):
    import slicer

    slicer.mrmlScene.RemoveNode(decided.logic.case.exams["baseline"].map_node("ff"))
    decided.panel.followHand()
    assert "deleted" in decided.ui.vertebraeMessage.text + decided.ui.examsMessage.text + decided.ui.quantifyMessage.text
    for n in range(2):  # also from the scene that was opened with the sentence
        assert slicer.util.saveScene(str(tmp_path / f"{n}.mrb"))
        load(tmp_path / f"{n}.mrb", "open")
        slicer_host.process_events()
        assert "fat fraction" in decided.ui.examsMessage.text and "lacks" in decided.ui.examsMessage.text
