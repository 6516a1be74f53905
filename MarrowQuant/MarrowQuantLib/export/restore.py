"""Results that were read back, with the maps and labels that they were measured on: computed again from the exams' images, and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Optional

import numpy as np

from ..burden.exam_load import measure_burden
from ..dicom import ExamFiles
from ..exam.identity import identity_of
from ..exam.maps import make_exam_maps
from ..features import first_order
from ..model import Burden, ExamResult, MarrowQuantError, Progress, Results, Volume, no_progress, part
from ..quantities import of_vertebrae
from ..vertebrae import rasterise

_AGREEMENT = 1e-6  # relative, and in the unit of the value; our choice: results.json keeps all digits, other threads sum in another order


def restore(
    results: Results, exams: Sequence[ExamFiles], *, skeletons: Sequence[Optional[Volume]] = (), progress: Progress = no_progress
) -> Results:
    """The results with their images.

    Parameters
    ----------
    results : Results
        As ``results.read_results`` gives them.
    exams : sequence of ExamFiles
        The images of the same exams, in the same order.
    skeletons : sequence of Volume or None
        For each exam the mask of bone that its tumour load was restricted to.
    progress : callable

    Returns
    -------
    Results
        The same numbers, with ``maps``, ``spreads`` and the labels of the components.

    Raises
    ------
    MarrowQuantError
        If the images are of other exams, or what is measured in them now is not what the results say.
    """
    if len(exams) != len(results.exams):
        raise MarrowQuantError(
            "The results are of {n} exams and {m} were given; give the folders of the same exams.", n=len(results.exams), m=len(exams)
        )
    restored = []
    for n, (exam, files) in enumerate(zip(results.exams, exams)):
        told = part(progress, n / len(exams), (n + 1) / len(exams))
        restored.append(_with_images(exam, files, results, skeletons[n] if n < len(skeletons) else None, told))
    return replace(results, exams=tuple(restored))


def _with_images(exam: ExamResult, files: ExamFiles, results: Results, skeleton: Optional[Volume], progress: Progress) -> ExamResult:
    if identity_of(files).is_of_another_patient(exam.identity) or (exam.date and files.date and exam.date != files.date):
        raise MarrowQuantError("The images are of another exam than the results; give the folders of the exams in the results' order.")
    made = make_exam_maps(files, exam.label, results.settings, part(progress, 0.0, 0.8))
    found = replace(exam, maps=made.maps, spreads=made.spreads)
    _compare_vertebrae(found)
    if exam.burden is None:
        return found
    seams, rois = made.seams_ras, [v.roi for v in exam.vertebrae]
    muscle = exam.burden.muscle_signal
    measured, _ = measure_burden(made.maps, results.settings, muscle, rois=rois, seams_ras=seams, skeleton=skeleton)
    return replace(found, burden=_same_burden(exam.burden, measured))


def _differ(exam: ExamResult, what: str) -> MarrowQuantError:
    return MarrowQuantError(
        "The {exam} gives another {what} now than its results hold: the images, the settings or the version differ, or it was edited by "
        "hand; measure it again with the option --dicom.",
        exam=exam.label, what=what,
    )  # fmt: skip


def _compare_vertebrae(exam: ExamResult) -> None:
    for vertebra in exam.vertebrae:
        for row in of_vertebrae():
            measured = vertebra.measurements.get(row.key)
            if measured is None or not row.statistic:
                continue
            if row.key not in exam.maps:
                raise _differ(exam, row.name)
            voxels = rasterise(vertebra.moved_rois.get(row.key, vertebra.roi), exam.maps[row.key])
            if not np.isclose(first_order(voxels.values)[row.statistic], measured.value, rtol=_AGREEMENT, atol=_AGREEMENT):
                raise _differ(exam, row.name)


def _same_burden(written: Burden, measured: Optional[Burden]) -> Burden:
    """The tumour load as it was written, with its reader's decisions, on the labels that were found again."""
    volumes = [[(c.label, round(c.volume_ml, 4)) for c in burden.components] for burden in (written, measured) if burden]
    if measured is None or volumes[0] != volumes[1]:
        raise MarrowQuantError(
            "The tumour load found in the images now is not that of the results: it was edited by hand, or a mask of bone was used; give "
            "the mask (--skeletons), or export from the panel, or measure again with the option --dicom."
        )
    return replace(written, labels=measured.labels)
