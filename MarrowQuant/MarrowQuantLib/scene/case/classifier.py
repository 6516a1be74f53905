"""The classifier of the case: what it answered about the exam that was asked, until that exam changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ...classify.bundled import bundled_model
from ...classify.cases import image_of_bodies, make_patient, says_synthetic, scanner_of
from ...classify.modelfolder import read_model
from ...classify.patches import refuse_missing
from ...classify.predict import classification, predict
from ...model import Classification, MarrowQuantError, Progress, VertebraROI, Volume, no_progress
from ...vertebrae import segment_bodies
from ...vertebrae.levels import is_counted
from ...vertebrae.segment import MARGIN_MM, Bodies, Body

if TYPE_CHECKING:
    from .case import Case


def bodies_of_exam(rois: Sequence[VertebraROI], outlined: Sequence[Body], maps: Mapping[str, Volume]) -> Bodies:
    """The bodies that belong to the ROIs of an exam: those of the labels that the ROIs were taken from, else found from the ROIs' centres
    as from clicks. Levels that the reader excluded are left out.
    """
    column = [roi for roi in rois if is_counted(roi.level)]
    known = {body.level: body for body in outlined}
    if column and all(roi.level in known and _holds(known[roi.level], roi) for roi in column):
        found = Bodies(tuple(known[roi.level] for roi in column), MARGIN_MM, ())
    else:
        found = segment_bodies(image_of_bodies(maps), {roi.level: tuple(map(float, roi.center_ras)) for roi in column})
    excluded = {roi.level for roi in column if roi.excluded}
    return Bodies(tuple(body for body in found.bodies if body.level not in excluded), found.margin_mm, tuple(found.findings))


def _holds(body: Body, roi: VertebraROI) -> bool:
    """Whether the ROI still lies in the middle half of the body; one that was moved further says that the body is elsewhere."""
    return bool((np.abs(body.axes.T @ (roi.center_ras - body.center_ras)) < body.radii_mm / 2).all())


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
        patient = make_patient("", row, maps, bodies, model.preparation)
        progress(0.5, "Asking the model")
        answer = predict(model, patient, explain="network" in model.arms)
        self._answer = classification(model, answer, label, answer.picture(maps, bodies, model.preparation))
        self._of = exam.vertebrae

    def answer(self) -> Optional[Classification]:
        """The answer, while the exam that it is about was not measured anew."""
        if self._answer is None:
            return None
        exam = self.case.exams.get(self._answer.exam)
        return self._answer if exam is not None and exam.vertebrae is self._of else None
