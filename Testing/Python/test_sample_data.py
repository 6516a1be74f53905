"""The digital patients in Slicer's Sample Data module: offered by every Slicer from 5.8 on, loaded into the panel, and a refusal told."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from helpers import fake_exams
from helpers.panel_actions import type_path
from MarrowQuantLib.model import MarrowQuantError

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuant.py"
NAMES = ["MarrowQuant responder", "MarrowQuant non-responder"]


@pytest.fixture(params=["5.13", "5.8"])
def offered(request, slicer_host, monkeypatch):
    """The samples that the module registers at the end of the start, by name."""
    import SampleData
    import slicer

    if request.param == "5.8":
        monkeypatch.delattr(SampleData.SampleDataLogic, "registerCustomSampleDataCategory")
    monkeypatch.setattr(slicer.modules, "sampleDataSources", {}, raising=False)
    slicer_host.load_module(MODULE).registerSamples()
    return {source.sampleName: source for source in slicer.modules.sampleDataSources["MarrowQuant"]}


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Two small exams instead of the simulation; the answer are the stories that were asked for."""
    from MarrowQuantLib import workflow
    from MarrowQuantLib.panel import sample_data

    class Files:
        folder, patient_key, volumes = tmp_path, "", ()

    sheet, stories = tmp_path / "labs.csv", []
    sheet.write_text("date,test,value,unit\n2025-01-14,M protein,38.0,g/L\n", encoding="utf-8")
    sample = sample_data.Sample((tmp_path, tmp_path), sheet, {})
    monkeypatch.setattr(sample_data, "writeSample", lambda folder, story, progress: stories.append(story) or sample)
    monkeypatch.setattr(workflow, "read_exams", lambda folders, progress, overrides: [Files() for _ in folders])
    monkeypatch.setattr(workflow, "make_maps", lambda files, label, settings, progress: fake_exams.exam_maps(label))
    return stories


def test_both_patients_are_offered_with_a_picture_and_register_twice_as_once(offered, slicer_host):
    import slicer

    assert list(offered) == NAMES
    assert all(Path(source.thumbnailFileName).is_file() for source in offered.values())
    assert not any(uri.startswith(("http", "ftp")) for source in offered.values() for uri in source.uris), "nothing is downloaded"
    slicer_host.load_module(MODULE).registerSamples()
    assert len(slicer.modules.sampleDataSources["MarrowQuant"]) == 2


@pytest.mark.parametrize("panel", ["entered", "left", "never made"])
def test_a_sample_fills_the_panel_wherever_it_is(offered, quick, slicer_host, panel):
    import slicer

    if panel != "never made":
        widget = slicer_host.make_widget("MarrowQuant")
        slicer_host.enter(widget)
    if panel == "left":
        slicer_host.exit(widget)
    nodes = offered["MarrowQuant non-responder"].click()
    assert quick == ["non-responder"]
    assert len(nodes) == 2 * len(fake_exams.exam_maps("baseline").maps) and {n.GetClassName() for n in nodes} == {"vtkMRMLScalarVolumeNode"}
    widget = slicer.util.getModuleWidget("MarrowQuant")
    if panel != "entered":
        slicer_host.enter(widget)
    assert widget.ui.examsSection.text.startswith("✓")
    assert widget.ui.labsTable.item(0, 1).text() == "38.0"
    assert widget.ui.labsPathLineEdit.currentPath and widget.ui.baselinePathLineEdit.currentPath
    assert slicer_host.messages == []


def refuse(*args):
    raise MarrowQuantError("No images <here>.")


def fill_the_disk(*args):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("step", "fault", "sentence"), [
    ("make_maps", refuse, "No images &lt;here&gt;."), ("read_exams", fill_the_disk, "No space left on device"),
    ("writeSample", fill_the_disk, "No space left on device"),
])
def test_a_step_that_fails_is_told_where_the_reader_clicked_and_changes_nothing(
    offered, quick, panel_widget, monkeypatch, slicer_host, step, fault, sentence
):
    import SampleData
    import slicer
    from MarrowQuantLib import workflow
    from MarrowQuantLib.panel import sample_data

    log = SampleData.SampleDataWidget()
    monkeypatch.setattr(slicer.modules, "SampleDataWidget", log, raising=False)
    monkeypatch.setattr(sample_data if step == "writeSample" else workflow, step, fault)
    assert offered["MarrowQuant responder"].click() == []
    (level, told), = log.messages
    assert level == logging.ERROR and sentence in told
    assert panel_widget.ui.statusLabel.text.startswith("⚠")
    assert panel_widget.logic.getParameterNode().baselineFolder == "" and panel_widget.logic.case.exams == {}
    assert slicer_host.messages == [], "no window opens"


@pytest.mark.parametrize("left", [False, True])
def test_folders_typed_for_other_exams_are_not_those_of_the_sample(offered, quick, slicer_host, tmp_path, left):
    widget = slicer_host.make_widget("MarrowQuant")
    slicer_host.enter(widget)
    for name in ("output", "otherResults"):
        (tmp_path / name).mkdir()
        type_path(getattr(widget.ui, f"{name}PathLineEdit"), str(tmp_path / name))
    if left:
        slicer_host.exit(widget)
    offered[NAMES[0]].click()
    parameters = widget.logic.getParameterNode()
    assert (parameters.outputFolder, parameters.otherResultsFolder) == ("", "")
    slicer_host.enter(widget)
    assert widget.ui.outputPathLineEdit.currentPath == widget.ui.otherResultsPathLineEdit.currentPath == ""


def test_a_date_typed_for_other_folders_is_not_that_of_the_sample(offered, quick, slicer_host, monkeypatch, tmp_path):
    from MarrowQuantLib import workflow

    arguments = []
    read = workflow.read_exams
    monkeypatch.setattr(workflow, "read_exams", lambda *given, **said: (arguments.append(said), read(*given))[1])
    widget = slicer_host.make_widget("MarrowQuant")
    slicer_host.enter(widget)
    widget.ui.baselinePathLineEdit.currentPath = str(tmp_path)
    widget.ui.saidCheckBox.checked = True
    widget.ui.baselineDateLineEdit.text = "2019-01-14"
    widget.ui.baselineDateLineEdit.editingFinished.emit()
    widget.ui.samePatientCheckBox.click()
    assert widget.panel.case.said.waits()
    offered["MarrowQuant responder"].click()
    assert arguments == [{}] and not widget.panel.case.said.waits()
    assert widget.ui.baselineDateLineEdit.text == "" and not widget.ui.samePatientCheckBox.checked


def test_what_was_typed_stays_when_the_sample_is_refused(offered, quick, slicer_host, monkeypatch, tmp_path):
    from MarrowQuantLib import workflow

    widget = slicer_host.make_widget("MarrowQuant")
    slicer_host.enter(widget)
    widget.ui.baselinePathLineEdit.currentPath = str(tmp_path)
    widget.panel.case.said.say_same_patient(True)
    monkeypatch.setattr(workflow, "read_exams", refuse)
    offered["MarrowQuant responder"].click()
    assert widget.panel.case.said.same_patient and widget.panel.case.choices.path("baselineFolder") == str(tmp_path)
