"""A reader at the panel with two patients: what may be done, and the look for one's marks in all that belongs to the other."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from . import fake_exams
from .two_patients import A, B, Patient, found, texts_of_files, texts_of_memory, texts_of_panel, texts_of_scene


class Reader:
    """A reader at the panel; ``open`` is the patient whose case is open, as far as the reader knows."""

    def __init__(self, widget, root: Path, patients: tuple[Patient, Patient] = (A, B)) -> None:
        self.widget, self.ui, self.root, self.patients = widget, widget.ui, root, patients
        self.open: Patient | None = None
        for patient in patients:
            patient.write(root)

    # -------------------------------------------------------------------------------------------------------------- steps
    def choose(self, patient: Patient) -> None:
        self.ui.baselinePathLineEdit.currentPath = str(self.root / f"{patient.word}-baseline")
        self.ui.followUpPathLineEdit.currentPath = str(self.root / f"{patient.word}-follow-up")

    def read(self, patient: Patient, answer: str = "discard") -> None:
        """Choose both folders and the sheet, and read; answer what is asked."""
        asked = self.open not in (None, patient)
        self.choose(patient)
        self.ui.labsPathLineEdit.currentPath = str(self.root / f"{patient.word}-labs.csv")
        if asked:  # File > Save may come now: the open case knows nothing of what was only typed
            assert found(patient, texts_of_scene()) == []
        self.ui.readButton.click()
        assert self.ui.questionFrame.visible == asked
        if asked and answer == "cancel":
            self.ui.noChoiceButton.click()
            self.choose(self.open)  # the reader takes the choice of folders back
            self.ui.labsPathLineEdit.currentPath = str(self.root / f"{self.open.word}-labs.csv")
            return
        if asked and answer == "save":
            if not self.ui.outputPathLineEdit.currentPath:  # an opened scene does not name its folder
                self.ui.firstChoiceButton.click()
                assert "step 7" in self.ui.questionLabel.text
                self.ui.outputPathLineEdit.currentPath = str(self.folder(self.open))
            self.ui.firstChoiceButton.click()
        elif asked:
            self.ui.secondChoiceButton.click()
        if self.ui.questionFrame.visible:  # to save, older results of the same patient have to be replaced
            self.ui.firstChoiceButton.click()
        assert not self.ui.questionFrame.visible, self.ui.questionLabel.text
        self.open = patient

    def work(self) -> None:
        """Points, an exclusion, a threshold, the load, age and sex, charts: everything that a reader leaves in a scene."""
        patient, ui, panel = self.open, self.ui, self.widget.panel
        for index in (0, 1):
            ui.examComboBox.setCurrentIndex(index)
            panel.onExamChosen(index)
            if not panel.vertebrae.exam.rois.has_points():
                for level, z in fake_exams.LEVEL_Z.items():
                    panel.vertebrae.exam.rois.points().AddControlPointWorld([patient.x, 0.0, z], level)
            panel.vertebrae.exam.rois.exclude("L3", f"{patient.word} fracture")
            panel.vertebrae.exam.measure()
        parameters = panel.parameterNode
        parameters.tdvSignalRatio, parameters.ageYears, parameters.sex = patient.ratio, patient.age, "female"
        for name in ("identified", "deidentified", "key"):
            getattr(ui, f"{name}PathLineEdit").currentPath = str(self.root / f"{patient.word}-{name}")
        ui.proposeButton.click()
        ui.classifierBrowser.setHtml(f"<p>{patient.word}</p>")  # as the classifier's answer
        ui.entryNameLineEdit.text = ui.entryValueLineEdit.text = patient.word  # typed, and not added
        self.widget.logic.case.show_histogram("ff")
        panel.refresh()

    def export(self) -> None:
        self.ui.outputPathLineEdit.currentPath = str(self.folder(self.open))
        self.ui.exportButton.click()
        if self.ui.questionFrame.visible:
            self.ui.firstChoiceButton.click()
        assert (self.folder(self.open) / "scene.mrb").is_file(), self.ui.statusLabel.text

    def share(self) -> None:
        self.ui.outputPathLineEdit.currentPath = str(self.folder(self.open))
        self.ui.shareButton.click()
        if self.ui.questionFrame.visible:
            self.ui.firstChoiceButton.click()

    def open_scene(self, patient: Patient) -> None:
        import slicer

        slicer.mrmlScene.ReadFromMRB(str(self.folder(patient) / "scene.mrb"), True)
        self.open = patient

    def add_scene(self, patient: Patient) -> None:
        import slicer

        slicer.mrmlScene.ReadFromMRB(str(self.folder(patient) / "scene.mrb"), False)
        if self.open is None:
            self.open = patient
        else:
            assert "another case" in self.ui.statusLabel.text

    def close(self) -> None:
        import slicer

        slicer.mrmlScene.Clear(0)
        self.open = None

    def undo(self) -> None:
        for name in ("undoPointButton", "undoDecisionButton", "undoSeriesButton", "undoCarryButton"):
            button = getattr(self.ui, name)
            while button.enabled:
                button.click()
                if name == "undoSeriesButton":
                    break

    def leave_and_enter(self) -> None:
        self.widget.exit()
        self.widget.enter()

    def folder(self, patient: Patient) -> Path:
        return self.root / "out" / f"{patient.word}-out"

    # -------------------------------------------------------------------------------------------------------------- looking
    def check(self, step: object) -> None:
        """Nothing of a patient whose case is not open, anywhere; in a patient's folder nothing of the other."""
        for patient, other in (self.patients, self.patients[::-1]):
            if self.open is not patient:
                places = chain(texts_of_scene(), texts_of_memory(self.widget.logic.case))
                assert found(patient, places) == [], f"after {step}"
                assert found(patient, texts_of_panel(self.widget), (f"{float(patient.protein):.1f}",)) == [], f"after {step}"
            if self.folder(other).is_dir():
                assert found(patient, texts_of_files(self.folder(other))) == [], f"after {step}"
        assert len(self.widget.logic.case.exams) == (0 if self.open is None else 2), f"after {step}"


ARRIVALS = {
    "read, discard": lambda reader, patient: reader.read(patient),
    "read, save": lambda reader, patient: reader.read(patient, "save"),
    "read, cancel": lambda reader, patient: reader.read(patient, "cancel"),
    "open": lambda reader, patient: reader.open_scene(patient),
    "add": lambda reader, patient: reader.add_scene(patient),
    "close, read": lambda reader, patient: (reader.close(), reader.read(patient)),
    "close, add": lambda reader, patient: (reader.close(), reader.add_scene(patient)),
}
DEEDS = {
    "nothing": lambda reader: None,
    "work": lambda reader: reader.work(),
    "work, export": lambda reader: (reader.work(), reader.export()),
    "share": lambda reader: reader.share(),
    "undo": lambda reader: reader.undo(),
    "enter": lambda reader: reader.leave_and_enter(),
}
