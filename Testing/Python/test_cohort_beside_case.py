"""A cohort open beside one patient's case: nothing of its patients and paths is saved, shared or mixed with the case."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
from helpers.two_patients import texts_of_files, texts_of_scene

COHORT = Path(__file__).resolve().parents[2] / "MarrowQuantCohort" / "MarrowQuantCohort.py"
WORD = "AAAXA"


def named(texts) -> list[str]:
    """Where a patient or a folder of the cohort is named."""
    return sorted(where for where, text in texts if WORD in text)


def analysed(host, folder: Path):
    """The cohort's panel after an analysis of a table whose file, patients and columns bear the word."""
    host.load_module(COHORT)
    widget = host.make_widget("MarrowQuantCohort")
    host.enter(widget)
    table = folder / f"{WORD}.csv"
    rows = [f"{WORD}{n},{'ab'[n % 2]},{n + (n % 3) * 1.5}" for n in range(20)]
    table.write_text("\n".join([f"id,grp,{WORD} score", *rows]) + "\n", encoding="utf-8")
    ui = widget.ui
    ui.sourcePathLineEdit.currentPath = str(table)
    ui.outputPathLineEdit.currentPath = str(folder / f"{WORD}-out")
    ui.readButton.click()
    for name, value in (("outcome", "grp"), ("events", "a"), ("predictors", [f"{WORD} score"])):
        widget.panel.change(name, value)
    ui.whereLineEdit.text = f"id != '{WORD}3'"
    ui.analyseButton.click()
    assert widget.panel.case.answer is not None, ui.questionMessage.text
    host.exit(widget)
    return widget


@pytest.fixture
def beside(filled_panel, slicer_host, tmp_path):
    """The panel of a measured case, with a cohort analysed in the other module; and a File > Save before, which gives nodes their files."""
    import slicer

    for exam in filled_panel.logic.case.exams.values():
        exam.rois.points().AddControlPointWorld([0.0, 0.0, 10.0], "L3")
        exam.measure()
    cohort = analysed(slicer_host, tmp_path)
    assert slicer.util.saveScene(str(tmp_path / "whole.mrb"))
    assert named(texts_of_scene())
    filled_panel.panel.refresh()
    return filled_panel, cohort


def test_an_exported_case_and_a_shared_scene_hold_nothing_of_the_cohort_and_the_open_scene_keeps_it(beside, tmp_path):
    panel, cohort = beside
    before = named(texts_of_scene())
    panel.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    panel.ui.exportButton.click()
    panel.ui.shareButton.click()
    assert {"scene.mrb", "scene-share-safe.mrb"} <= {path.name for path in (tmp_path / "out").iterdir()}, panel.ui.statusLabel.text
    assert named(texts_of_files(tmp_path / "out")) == []
    assert named(texts_of_scene()) == before and cohort.panel.case.answer is not None
    import slicer

    assert slicer.util.saveScene(str(tmp_path / "again.mrb"))
    assert named(texts_of_files(tmp_path)), "the reader's own saving holds all that is open"


def test_a_case_that_is_refused_brings_no_question_of_its_cohort(beside, slicer_host, tmp_path):
    import slicer
    from helpers import fake_exams

    panel, _ = beside
    slicer.mrmlScene.Clear(0)
    panel.logic.case.replace_by([fake_exams.exam_maps("baseline")])
    module = slicer.util.getModuleWidget("MarrowQuantCohort")
    module.logic.getParameterNode().where = "age > 60"
    slicer.mrmlScene.ReadFromMRB(str(tmp_path / "whole.mrb"), False)
    assert "another case" in panel.ui.statusLabel.text
    assert named(texts_of_scene()) == [] and module.logic.getParameterNode().where == "age > 60"


def test_the_next_patient_begins_without_the_cohort(beside, slicer_host):
    import slicer

    cohort = beside[1]
    slicer.mrmlScene.Clear(0)
    assert named(texts_of_scene()) == [] and cohort.panel.case.cohort is None
    slicer_host.enter(cohort)
    assert named(chain(((name, str(getattr(item, "currentPath", ""))) for name, item in vars(cohort.ui).items()))) == []
