"""The classifier of the case: what it answered about the exam that was asked, until that exam changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from ...classify.bodies import bodies_of_exam
from ...classify.bundled import bundled_model
from ...classify.cases import make_patient, says_synthetic, scanner_of
from ...classify.modelfolder import read_model
from ...classify.patches import refuse_missing
from ...classify.predict import classification, predict
from ...model import ANAEMIAS, Classification, MarrowQuantError, Progress, no_progress

if TYPE_CHECKING:
    from .case import Case


class Classifier:
    """Asks a model about an exam of a :class:`Case`."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.forget()

    def forget(self) -> None:
        """Forget the answer; the scene is left alone."""
        self._answer: Optional[Classification] = None
        self._of: Any = None

    def ask(self, label: str, folder: Optional[Path], progress: Progress = no_progress) -> None:
        """Ask the model of a folder, None for the bundled one, about an exam, and what its answer rests on.

        Raises
        ------
        MarrowQuantError
            If the exam has no ROIs or lacks images, the model cannot be read, or it refuses to answer.
        """
        self.forget()
        exam = self.case.exams.get(label)
        if exam is None or not exam.vertebrae:
            raise MarrowQuantError("Measure the vertebrae of this exam first; the classifier looks at their bodies.")
        progress(0.0, "Reading the model")
        model = read_model(folder or bundled_model())
        progress(0.2, "Pictures of the bodies")
        maps = exam.maps.maps
        refuse_missing(maps, model.preparation)
        bodies = bodies_of_exam(exam.measured_rois(), exam.rois.outlined, maps)
        row = {"kind": self.case.settings().kind, "synthetic": says_synthetic(exam.maps), "scanner": scanner_of(exam.maps)}
        row["stir_pattern"] = exam.stir.by_reader
        patient = make_patient("", row, maps, bodies, model.preparation)
        progress(0.5, "Asking the model")
        answer = predict(model, patient, explain="network" in model.arms)
        self._answer = classification(model, answer, label, answer.picture(maps, bodies, model.preparation))
        self._of = exam.vertebrae

    def answer(self) -> Optional[Classification]:
        """The answer, while the exam that it is about was not measured anew and the case is of a kind that is asked about."""
        if self._answer is None or self.case.settings().kind not in ANAEMIAS:
            return None
        exam = self.case.exams.get(self._answer.exam)
        return self._answer if exam is not None and exam.vertebrae is self._of else None
