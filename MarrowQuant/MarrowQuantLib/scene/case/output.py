"""What is written of a case: results and report, DICOM objects, the scene to share, the course over all dates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import slicer

from ... import workflow
from ...followup.normal import baseline_band
from ...model import MarrowQuantError, Progress, Relation, Results, no_progress
from ...report.export import refuse_overwriting
from ...report.shown import Cover
from ...report.timeline import timeline_of, write_timeline
from ...results import read_results
from ..loaded import enter_in_database
from ..results_scene import write_scene
from ..share import save_share_safe
from .reading import refuse_another_scene, refuse_volumes_of_another

if TYPE_CHECKING:
    from .case import Case


class Output:
    """Writes a case into folders, and knows which of them it wrote itself.

    Parameters
    ----------
    case : Case
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self.forget()

    def forget(self) -> None:
        """The folders written so far are another case's."""
        self._own_folders: set[Path] = set()

    def export_dicom(
        self, folder: Path, language: str = "en", progress: Progress = no_progress, *, cover: Optional[Cover] = None
    ) -> Path:
        """Write the case as DICOM objects into a new folder "dicom" (or "dicom-2" …) of the chosen one, and enter them in Slicer's DICOM
        database if that is open.

        Raises
        ------
        MarrowQuantError
            If the exams' images are not at hand any more, or a package is missing; see ``workflow.export_dicom``.
        """
        self.check_folder(folder, overwrite=True)
        self._case.follow_hand()
        results = self._case.results()
        if results is None:
            raise MarrowQuantError("Nothing was measured yet; read the exams and measure them first.")
        files, _, related = self._case.recognise(self._case.read_from or self._case.folders(), workflow.part(progress, 0.0, 0.2))
        if related is not Relation.SAME:
            raise MarrowQuantError("The images that were chosen are not those of the open case; choose its exam folders again.")
        names = ("dicom", *(f"dicom-{n}" for n in range(2, 1000)))
        target = next(Path(folder) / name for name in names if not (Path(folder) / name).exists())
        workflow.export_dicom(results, files, target, cover=cover, language=language, progress=workflow.part(progress, 0.2, 1.0))
        enter_in_database(target)
        return target

    def export(
        self, folder: Path, language: str = "en", progress: Progress = no_progress, *, overwrite: bool = False,
        cover: Optional[Cover] = None,
    ) -> dict[str, Path]:  # fmt: skip
        """Write results.json, measurements.csv, report.html and scene.mrb; see ``workflow.export``.

        Raises
        ------
        ResultsInTheWay
            If other results lie in the folder, see :meth:`check_folder`.
        MarrowQuantError
            Also if an ROI cannot be measured: a point that the reader placed must not be missing in what is written.
        """
        self.check_folder(folder, overwrite=overwrite)
        refuse_another_scene(self._case)
        refuse_volumes_of_another(self._case)
        self._case.follow_hand()
        for exam in self._case.exams.values():
            if exam.rois.has_points() and not exam.vertebrae:
                exam.measure()
        try:
            how: dict[str, Any] = {"language": language, "scene_writer": _save_open_scene, "cover": cover}
            written = workflow.export(self._case.results(), folder, progress=progress, **how)
        finally:
            for exam in self._case.exams.values():
                exam.was_written()
        self._own_folders.add(Path(folder).resolve())
        return written

    def check_folder(self, folder: Path, *, overwrite: bool = False) -> None:
        """Refuse a folder with the results of another patient and, unless ``overwrite``, with results that this case did not write.

        Raises
        ------
        ResultsInTheWay
        """
        is_own = Path(folder).resolve() in self._own_folders
        refuse_overwriting(folder, [exam.maps.identity for exam in self._case.exams.values()], overwrite or is_own)

    def write_share_safe(self, path: Path, *, overwrite: bool = False) -> None:
        """Save the scene without the patient's identity; see ``share.save_share_safe`` and :meth:`check_folder`."""
        self.check_folder(path.parent, overwrite=overwrite)
        refuse_another_scene(self._case)
        refuse_volumes_of_another(self._case)
        save_share_safe(path)
        self._own_folders.add(path.parent.resolve())

    def write_course(self, path: Path, others: Optional[Path] = None, language: str = "en") -> int:
        """Draw the course over the dates of this case and of all results.json below the folder ``others``; the number of dates.

        Raises
        ------
        MarrowQuantError
            If there is nothing to draw, ``others`` holds no results, or the results disagree about a date.
        """
        self.check_folder(path.parent, overwrite=True)
        files = sorted(others.rglob("results.json")) if others else []
        if others and not files:
            raise MarrowQuantError(
                "The folder '{others}' holds no results.json; choose the folder of other dates of this patient.",
                others=others.name,
            )
        results = self._case.results()
        cases = [*(read_results(file) for file in files), results]
        timeline = timeline_of(cases, band=baseline_band(results)[0])
        write_timeline(timeline, path, language)
        return len(timeline.dates)


def _save_open_scene(results: Results, path: Path, progress: Progress) -> None:
    """Complete the open scene with tables, charts and results, and save all of it: the reader's other nodes belong to it."""
    write_scene(results, path, progress, scene=slicer.mrmlScene)
