"""Two patients of two vendors, read from their DICOM files in any order of steps: nothing of one is found with the other."""

from __future__ import annotations

import os
import random
from itertools import chain
from pathlib import Path

import pytest
from helpers.disk_patients import DEPTH, HEIGHT, DiskPatient, images_in_memory, images_in_scene, pair
from helpers.panel_actions import type_path
from helpers.two_patients import found, texts_of_files, texts_of_scene
from helpers.two_readers import ARRIVALS, Reader

FIELDS = ("baselinePathLineEdit", "followUpPathLineEdit", "labsPathLineEdit", "outputPathLineEdit", "otherResultsPathLineEdit")


class DiskReader(Reader):
    """A reader of files on disk, who also types without reading, saves by File > Save, edits series, carries over, and runs scripts."""

    def __init__(self, widget, host, root: Path, patients: tuple[DiskPatient, DiskPatient]) -> None:
        self.host, self.patients = host, patients
        self.images: dict[str, set[str]] = {patient.word: set() for patient in patients}
        super().__init__(widget, root, patients)

    def other(self) -> DiskPatient:
        return self.patients[1] if self.open is self.patients[0] else self.patients[0]

    # -------------------------------------------------------------------------------------------------------------- steps
    def work(self) -> None:
        if self.open is None:
            return
        patient, ui, panel = self.open, self.ui, self.widget.panel
        for index in (0, 1):
            ui.examComboBox.setCurrentIndex(index)
            panel.onExamChosen(index)
            exam = panel.vertebrae.exam
            if not exam.rois.has_points():
                for n, level in enumerate(("L3", "L4")):
                    exam.rois.points().AddControlPointWorld([patient.x, DEPTH, HEIGHT - 15.0 * n], level)
            exam.measure()
            exam.rois.exclude("L4", f"{patient.word} fracture")
        parameters = panel.parameterNode
        parameters.tdvSignalRatio, parameters.ageYears, parameters.sex = patient.ratio, patient.age, "female"
        ui.proposeButton.click()
        ui.entryNameLineEdit.text = ui.entryValueLineEdit.text = patient.word
        ui.limitsPathLineEdit.currentPath = str(self.limits(patient))
        self.widget.logic.case.show_histogram("ff")
        panel.refresh()

    def limits(self, patient: DiskPatient) -> Path:
        import numpy as np
        from MarrowQuantLib.followup.repeatability import repeatability, write_limits

        path = self.root / f"{patient.word}-limits.json"
        if not path.is_file():
            readings = np.array([[5.0, 40.0], [10.0, 35.0], [20.0, 45.0]])
            write_limits({"ff": repeatability(readings, index="ff", unit="%", how=f"site of {patient.word}")}, path)
        return path

    def edit_series(self) -> None:
        """Change a series in the table, and read again."""
        panel = self.widget.panel
        rows = panel.exams._rows() if self.open is not None else []
        row = next((n for n, series in enumerate(rows) if series["b_value"]), None)
        if row is not None:
            self.ui.seriesTable.item(row, 2).setText("901")
            if self.ui.baselinePathLineEdit.currentPath:
                self.ui.readButton.click()

    def type_the_other(self) -> None:
        """Type all of the other patient, read nothing, save, and think again."""
        import slicer

        if self.open is None:
            return
        ui, other = self.ui, self.other()
        before = {name: getattr(ui, name).currentPath for name in FIELDS}
        self.choose(other)
        typed = (self.root / f"{other.word}-labs.csv", self.folder(other), self.root / f"{other.word}-baseline")
        for name, path in zip(FIELDS[2:], typed):
            getattr(ui, name).currentPath = str(path)
        ui.saidCheckBox.checked = True
        ui.baselineDateLineEdit.setText(str(other.dates()[0]))
        ui.baselineDateLineEdit.editingFinished.emit()
        assert found(other, texts_of_scene()) == []
        path = self.root / "typed" / "typed.mrb"
        path.parent.mkdir(exist_ok=True)
        assert slicer.util.saveScene(str(path))
        assert found(other, texts_of_files(path.parent)) == []
        for name in FIELDS:
            getattr(ui, name).currentPath = before[name]
            if not before[name]:
                type_path(getattr(ui, name), "")
        ui.saidCheckBox.checked = False
        self.widget.panel.exams.said.onToggled(False)

    def save_and_open(self) -> None:
        """File > Save, and open it again."""
        import slicer

        if self.open is None:
            return
        path = self.root / "saved" / "saved.mrb"
        path.parent.mkdir(exist_ok=True)
        assert slicer.util.saveScene(str(path))
        assert found(self.other(), texts_of_files(path.parent)) == []
        slicer.util.loadScene(str(path), properties={"clear": True})
        self.host.process_events()

    def carry(self) -> None:
        if self.open is not None:
            self.ui.carryButton.click()

    def redo(self) -> None:
        self.undo()
        for name in ("redoPointButton", "redoDecisionButton"):
            while getattr(self.ui, name).enabled:
                getattr(self.ui, name).click()

    def compare(self) -> None:
        self.ui.compareButton.click()
        self.ui.examComboBox.setCurrentIndex(1)
        self.widget.panel.onExamChosen(1)

    def script(self, patient: DiskPatient) -> None:
        """From the console: the other case of the scene is closed."""
        folders = [self.root / f"{patient.word}-{name}" for name in ("baseline", "follow-up")]
        self.widget.logic.analyze(folders, labs=self.root / f"{patient.word}-labs.csv", out=self.folder(patient), overwrite=True)
        self.open = patient
        self.widget.initializeParameterNode()
        self.widget.panel.refresh()

    # -------------------------------------------------------------------------------------------------------------- looking
    def check(self, step: object) -> None:
        super().check(step)
        if self.open is not None:
            images = set(images_in_memory(self.widget.logic.case).values())
            self.images[self.open.word] |= images
        others = set().union(*(self.images[p.word] for p in self.patients if p is not self.open)) - self._of_both()
        for where, digest in {**images_in_scene(), **images_in_memory(self.widget.logic.case)}.items():
            assert digest not in others, f"{where} after {step}"

    def _of_both(self) -> set[str]:
        """The Dixon images are the same in both."""
        return set.intersection(*self.images.values())


DISK_ARRIVALS = {**ARRIVALS, "script": lambda reader, patient: reader.script(patient)}
DEEDS = {
    "work": DiskReader.work,
    "export": lambda reader: (reader.work(), reader.export()),
    "share": DiskReader.share,
    "undo": DiskReader.undo,
    "redo": DiskReader.redo,
    "enter": DiskReader.leave_and_enter,
    "edit series": DiskReader.edit_series,
    "type the other": DiskReader.type_the_other,
    "save and open": DiskReader.save_and_open,
    "carry": DiskReader.carry,
    "compare": DiskReader.compare,
}


def walk(reader: DiskReader, seed: int, n: int) -> None:
    """Both patients are read and exported once; then ``n`` arrivals, each with two deeds, by chance."""
    chance, first = random.Random(seed), reader.patients
    for patient in first[::-1]:
        reader.read(patient)
        reader.work()
        reader.export()
        reader.check(f"{patient.word} read, worked on and exported")
        marks = {where.rpartition(": ")[2] for where in found(patient, chain(texts_of_scene(), texts_of_files(reader.folder(patient))))}
        assert {patient.word, patient.protein, str(patient.x), str(patient.ratio), str(patient.dates()[0])} <= marks, "they can be found"
    steps: list[str] = []
    for _ in range(n):
        arrival = chance.choice(sorted(DISK_ARRIVALS))
        steps.append(arrival)
        DISK_ARRIVALS[arrival](reader, reader.other())
        reader.check(steps)
        for deed in chance.sample(sorted(DEEDS), 2):
            steps.append(deed)
            DEEDS[deed](reader)
            reader.check(steps)


DIALECTS = [tuple(os.environ.get("MARROWQUANT_DIALECTS", "siemens-ge").split("-"))]
SEEDS = [int(seed) for seed in os.environ.get("MARROWQUANT_WALKS", "1").split(",")]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dialects", DIALECTS, ids="-".join)
def test_nothing_of_one_patient_is_found_with_the_other(panel_widget, slicer_host, tmp_path, dialects, seed):
    reader = DiskReader(panel_widget, slicer_host, tmp_path, pair(*dialects))
    walk(reader, seed, n=int(os.environ.get("MARROWQUANT_STEPS", "3")))
