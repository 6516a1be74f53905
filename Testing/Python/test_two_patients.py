"""Two patients, every order of steps: nothing of one is ever shown, kept, saved or exported with the other."""

from __future__ import annotations

import random
from itertools import chain, product
from pathlib import Path

import pytest
from helpers.two_patients import (
    A,
    B,
    Patient,
    found,
    make_maps,
    read_exams,
    texts_of_files,
    texts_of_memory,
    texts_of_panel,
    texts_of_scene,
)
from helpers.two_readers import ARRIVALS, DEEDS, Reader


@pytest.fixture
def reader(panel_widget, tmp_path, monkeypatch):
    from MarrowQuantLib import workflow

    monkeypatch.setattr(workflow, "read_exams", read_exams)
    monkeypatch.setattr(workflow, "make_maps", make_maps)
    return Reader(panel_widget, tmp_path)


def orders() -> list[list[tuple[str, str]]]:
    """Every arrival of a patient after every deed with the other, in sequences of three; each pair once, in a fixed random order."""
    pairs = list(product(ARRIVALS, DEEDS))
    random.Random(12).shuffle(pairs)
    return [pairs[n : n + 6] for n in range(0, len(pairs), 6)]


@pytest.mark.parametrize("order", orders(), ids=lambda order: "; ".join(f"{arrival} + {deed}" for arrival, deed in order[:2]))
def test_nothing_of_one_patient_is_found_with_the_other(reader, order):
    for patient in (B, A):  # both have scenes on disk
        reader.read(patient)
        reader.work()
        reader.export()
        reader.check(f"{patient.word} read, worked on and exported")
    for arrival, deed in order:
        patient = B if reader.open is A else A
        ARRIVALS[arrival](reader, patient)
        reader.check(arrival)
        DEEDS[deed](reader)
        reader.check(f"{arrival}, {deed}")


# ------------------------------------------------------------------------------------------- what only lies there, or was only typed
def nothing_of(patient: Patient, reader: Reader) -> None:
    assert found(patient, chain(texts_of_scene(), texts_of_memory(reader.widget.logic.case))) == []
    assert found(patient, texts_of_panel(reader.widget), (f"{float(patient.protein):.1f}",)) == []


def sheet_of(patient: Patient, root: Path) -> Path:
    return root / f"{patient.word}-labs.csv"


@pytest.mark.parametrize("way", ["open", "close, add"])
def test_no_sheet_is_looked_for_in_the_folders_of_the_patient_before(reader, way):
    ui, panel = reader.ui, reader.widget.panel
    reader.choose(B)
    ui.readButton.click()
    reader.open = B
    reader.export()
    (reader.root / f"{A.word}-baseline" / "labs.csv").write_bytes(sheet_of(A, reader.root).read_bytes())
    reader.close()
    reader.choose(A)
    ui.readButton.click()
    assert found(A, texts_of_memory(panel.case), (A.protein,)) and "labs.csv" in ui.examsMessage.text, "the sheet was taken by itself"
    ARRIVALS[way](reader, B)
    assert "labs.csv" not in ui.examsMessage.text
    panel.goOn()  # as Find does
    nothing_of(A, reader)
    assert not panel.case.laboratory.history.values


@pytest.mark.parametrize("first", ["nothing open", "another case open"])
def test_a_sheet_that_was_only_typed_does_not_come_to_the_patient_chosen_after(reader, first):
    ui, case = reader.ui, reader.widget.logic.case
    if first == "another case open":
        reader.read(B)
        reader.widget.panel.exams.bind(reader.widget.panel.parameterNode)
    other = A
    reader.choose(other)
    ui.labsPathLineEdit.currentPath = str(sheet_of(other, reader.root))
    reader.choose(B)  # the reader thinks again
    assert found(other, texts_of_scene()) == [] and found(other, texts_of_panel(reader.widget)) == []
    assert "another folder" in ui.labsPathLineEditRefusal.text
    ui.readButton.click()
    reader.open = B
    nothing_of(other, reader)
    assert all(value.date.year == B.year for value in case.laboratory.history.values)


def test_the_sheet_is_kept_while_the_follow_up_is_chosen(reader):
    ui = reader.ui
    ui.baselinePathLineEdit.currentPath = str(reader.root / f"{A.word}-baseline")
    ui.labsPathLineEdit.currentPath = str(sheet_of(A, reader.root))
    ui.followUpPathLineEdit.currentPath = str(reader.root / f"{A.word}-follow-up")
    ui.readButton.click()
    assert reader.widget.logic.case.exams["baseline"].labs["m_protein"].value == float(A.protein)


def test_a_refused_sheet_leaves_nothing_in_the_scene(reader):
    reader.read(B)
    wrong = reader.root / f"{A.word}-wrong.csv"
    wrong.write_text(f"date,test,value,unit\n{A.dates()[0]},M protein,{A.protein},parsec\n", encoding="utf-8")
    reader.ui.labsPathLineEdit.currentPath = str(wrong)
    assert "refused" in reader.ui.labsPathLineEditRefusal.text
    assert found(A, chain(texts_of_scene(), texts_of_memory(reader.widget.logic.case))) == []
    reader.export()
    assert found(A, texts_of_files(reader.folder(B))) == []
    reader.close()
    assert found(A, texts_of_panel(reader.widget)) == [], "what the footer and the field said of it is gone with the case"


def test_the_course_of_one_is_not_drawn_into_the_folder_chosen_for_the_other(reader):
    reader.read(A)
    reader.choose(B)
    reader.folder(B).mkdir(parents=True)
    reader.ui.outputPathLineEdit.currentPath = str(reader.folder(B))
    assert not reader.ui.courseButton.enabled


def test_a_segmentation_chosen_for_one_is_not_that_of_the_other_by_its_number(reader):
    import slicer

    reader.read(A)
    chosen = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "of A")
    reader.widget.panel.vertebrae.onSegmentationChosen(chosen)
    name = chosen.GetID()
    reader.close()
    reader.read(B)
    while slicer.mrmlScene.GetNodeByID(name) is None:
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "of B")
    reader.widget.panel.refresh()
    assert not reader.ui.takeOverButton.enabled


# ---------------------------------------------------------------------------------------- the folder chosen for the exams to come
@pytest.mark.parametrize("button", ["exportButton", "shareButton", "dicomButton"])
def test_the_open_case_is_written_into_a_folder_typed_for_the_next_exams_only_if_the_reader_says_so(reader, button, monkeypatch):
    case = reader.widget.logic.case
    monkeypatch.setattr(case.output, "export_dicom", lambda folder, *_, **__: (folder.mkdir(parents=True), folder)[1])
    monkeypatch.setattr("MarrowQuantLib.panel.patient.export_step.ensureForDicom", lambda: None)
    reader.read(A)
    reader.work()
    reader.choose(B)
    reader.ui.outputPathLineEdit.currentPath = str(reader.folder(B))
    getattr(reader.ui, button).click()
    assert not reader.folder(B).exists() and "not read yet" in reader.ui.questionLabel.text
    reader.ui.noChoiceButton.click()
    assert not reader.folder(B).exists() and found(B, texts_of_scene()) == []
    getattr(reader.ui, button).click()
    reader.ui.firstChoiceButton.click()
    assert reader.folder(B).is_dir(), reader.ui.statusLabel.text
    assert not case.choices.waits("outputFolder"), "it is the open case's folder from now on"


# -------------------------------------------------------------------------------------------------- where File > Save would write
def place() -> str:
    import slicer

    return f"{slicer.mrmlScene.GetURL()} {slicer.mrmlScene.GetRootDirectory()}"


@pytest.mark.parametrize("way", ["read, discard", "add"])
def test_the_file_of_the_one_is_not_where_the_other_is_saved(reader, slicer_host, way):
    """Slicer keeps the name of a scene that is closed, and takes that of one that is added."""
    for patient in (B, A):
        reader.read(patient)
        reader.export()
    for patient, other in ((A, B), (B, A)):
        reader.open_scene(patient)
        assert patient.word in place()
        ARRIVALS[way](reader, other)
        slicer_host.process_events()
        gone = patient if reader.open is other else other
        assert gone.word not in place()


def test_a_module_that_was_reloaded_still_keeps_the_file_of_the_scene(reader, slicer_host):
    from MarrowQuantLib.scene.guard import stop_guarding

    for patient in (B, A):
        reader.read(patient)
        reader.export()
    stop_guarding()  # as reloading does
    slicer_host.close_widget(reader.widget)
    reader.widget = slicer_host.make_widget("MarrowQuant")
    reader.ui = reader.widget.ui
    slicer_host.enter(reader.widget)
    reader.open_scene(A)
    reader.add_scene(B)
    slicer_host.process_events()
    assert B.word not in place()
