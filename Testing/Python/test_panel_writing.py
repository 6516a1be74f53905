"""Every button that writes, on a disk that refuses: a sentence in the panel, nothing modal, and nothing left half-written."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from helpers.disk_patients import DEPTH, HEIGHT
from helpers.full_disk import TROUBLES, refuse_writing
from helpers.small_exams import small_exam, write_small

COHORT = Path(__file__).resolve().parents[2] / "MarrowQuantCohort" / "MarrowQuantCohort.py"
BUTTONS = ("exportButton", "shareButton", "dicomButton", "courseButton", "deidentifyButton")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two small exams on disk."""
    root = tmp_path_factory.mktemp("exams")
    exam = small_exam()
    for n, name in enumerate(("a", "b")):
        write_small(root / name, "siemens", exam=replace(exam, index=n, date=exam.date.replace(day=1 + 20 * n)))
    return root


@pytest.fixture
def measured(panel_widget, folders, tmp_path, monkeypatch):
    """The panel of both exams, read and measured."""
    monkeypatch.setattr("MarrowQuantLib.panel.patient.export_step.ensureForDicom", lambda: None)
    ui = panel_widget.ui
    ui.baselinePathLineEdit.currentPath, ui.followUpPathLineEdit.currentPath = str(folders / "a"), str(folders / "b")
    ui.readButton.click()
    for exam in panel_widget.logic.case.exams.values():
        exam.rois.points().AddControlPointWorld([1.0, DEPTH, HEIGHT], "L3")
        exam.measure()
    ui.identifiedPathLineEdit.currentPath = str(folders / "a")
    ui.deidentifiedPathLineEdit.currentPath, ui.keyPathLineEdit.currentPath = str(tmp_path / "disk" / "copy"), str(tmp_path / "key.json")
    panel_widget.panel.refresh()
    return panel_widget


def press(panel, host, button: str, out: Path) -> None:
    """Press it; what it says stands in the panel."""
    panel.ui.outputPathLineEdit.currentPath = str(out)
    panel.panel.refresh()
    assert getattr(panel.ui, button).enabled
    getattr(panel.ui, button).click()
    assert panel.ui.statusLabel.text.startswith("⚠"), "the trouble is told"
    assert host.messages == [] and host.dialogs == [], "nothing modal"
    assert str(out) not in panel.ui.statusLabel.text, "paths may name the patient"
    assert not panel.panel.busy and panel.ui.stepsWidget.enabled


def test_a_disk_that_refuses_is_told_in_the_panel_and_left_as_it_was(measured, slicer_host, tmp_path, monkeypatch):
    disk = tmp_path / "disk"
    for button, (trouble, exists) in product(BUTTONS, zip(TROUBLES, (True, False, True))):
        shutil.rmtree(disk, ignore_errors=True)
        (disk / "out").mkdir(parents=True) if exists else disk.mkdir()
        before = sorted(disk.rglob("*"))
        with monkeypatch.context() as patch:
            refuse_writing(patch, disk, trouble)
            press(measured, slicer_host, button, disk / "out")
        left = [path for path in sorted(disk.rglob("*")) if path not in before and path != disk / "out"]
        assert left == [], (button, trouble)


def test_a_file_in_the_place_of_the_folder_is_told(measured, slicer_host, tmp_path):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    for button in BUTTONS[:-1]:
        for out in (tmp_path / "out", tmp_path / "out" / "below"):
            press(measured, slicer_host, button, out)
        assert (tmp_path / "out").read_text(encoding="utf-8") == "a file", button


def test_after_the_trouble_the_same_button_writes(measured, slicer_host, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        refuse_writing(patch, tmp_path, "full disk")
        press(measured, slicer_host, "exportButton", tmp_path / "out")
    measured.ui.exportButton.click()
    assert measured.ui.statusLabel.text == "" and (tmp_path / "out" / "results.json").is_file()


def test_the_sample_that_cannot_be_written_is_told_in_the_panel(panel_widget, slicer_host, tmp_path, monkeypatch):
    import slicer
    from MarrowQuantLib.panel.sample_data import loadSample

    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setattr(type(slicer.app), "cachePath", property(lambda self: str(cache)))
    refuse_writing(monkeypatch, cache, "no permission")
    assert loadSample("responder") == []
    assert panel_widget.ui.statusLabel.text.startswith("⚠") and slicer_host.messages == []


@pytest.fixture
def cohort(slicer_host, tmp_path):
    """The panel of a cohort whose question can be answered."""
    slicer_host.load_module(COHORT)
    widget = slicer_host.make_widget("MarrowQuantCohort")
    slicer_host.enter(widget)
    table = tmp_path / "cohort.csv"
    rows = [f"p{n},{'ab'[n % 2]},{n + (n % 3) * 1.5}" for n in range(20)]
    table.write_text("\n".join(["id,grp,score", *rows]) + "\n", encoding="utf-8")
    widget.ui.sourcePathLineEdit.currentPath = str(table)
    widget.ui.readButton.click()
    for name, value in (("outcome", "grp"), ("events", "a"), ("predictors", ["score"]), ("modelName", "mine"), ("bootstraps", 2)):
        widget.panel.change(name, value)
    return widget


@pytest.mark.parametrize("button", ["reportButton", "fitButton"])
def test_the_cohort_tells_it_in_its_panel_too(cohort, slicer_host, tmp_path, monkeypatch, button):
    disk = tmp_path / "disk"
    monkeypatch.setenv("MARROWQUANT_MODELS", str(disk / "models"))
    for trouble in TROUBLES:
        shutil.rmtree(disk, ignore_errors=True)
        disk.mkdir()
        with monkeypatch.context() as patch:
            refuse_writing(patch, disk, trouble)
            cohort.ui.outputPathLineEdit.currentPath = str(disk / "out")
            cohort.panel.refresh()
            assert getattr(cohort.ui, button).enabled, cohort.ui.questionMessage.text
            getattr(cohort.ui, button).click()
        assert cohort.ui.statusLabel.text.startswith("⚠"), trouble
        assert slicer_host.messages == [] and [path for path in disk.rglob("*") if path.is_file()] == []
