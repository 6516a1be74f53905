"""One patient in the scene: runs the workflow's functions and keeps in nodes what the reader decided and what was measured.

Every button of the panel is one method of :class:`Case`, of :class:`CaseExam` or of a part of them, as ``case.output``; from the Python
console the same methods do the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Optional, Union

import slicer

from ... import workflow
from ...dicom import ExamFiles, Override, edits, overrides_from
from ...exam.maps import ExamMaps
from ...followup.repeatability import Repeatability, limits_from_text, limits_to_text, read_limits
from ...model import (
    Finding,
    MarrowQuantError,
    Progress,
    Relation,
    Results,
    Settings,
    Subject,
    no_progress,
)
from ...response import labs_for
from .. import records
from ..charts import lumbar_histogram_chart
from ..loaded import loaded_files
from ..nodes import exam_folder, nodes_with, put_in_folder, tag
from ..parameters import PATHS, settings_from_parameters
from ..series_edits import SeriesEdits
from ..volumes import maps_to_nodes
from . import reopening
from .choices import Choices
from .classifier import Classifier
from .conclusion import Conclusion
from .exam import CaseExam
from .follow_up import FollowUp
from .laboratory import Laboratory
from .output import Output
from .reading import (
    close_case,
    prepare_scene,
    refuse_beside_others,
    refuse_loaded,
    refuse_to_drop_work,
    relation_to_scene,
)
from .rois import PointSizes
from .said import Said

LABELS = workflow.LABELS
BASELINE, FOLLOW_UP = LABELS


class Case:
    """The exams of one patient, from folders to exported results.

    Parameters
    ----------
    parameters : object, optional
        Has the attributes of ``MarrowQuantParameterNode``: folders, thresholds, node references.

    Attributes
    ----------
    new_parameters : callable
        Gives the parameters of a scene that was just closed, all at their defaults.
    exams : dict
        "baseline" and "follow-up" to :class:`CaseExam`; only those that were read.
    follow_up : FollowUp
        What the follow-up takes over from the baseline, and the lesions of both.
    findings : tuple of Finding
        What the reader should know about whose the case is.
    said : Said
        What the reader knows better than the files.
    choices : Choices
        The paths that were chosen, those for exams that are about to be read apart.
    sizes : PointSizes
        The sizes that new points take.
    mended : tuple of str
        Names of parameters of the scene that could not be read.
    remembered : dict
        Label to the record that this object wrote into the scene, to know a scene that was opened since.
    laboratory : Laboratory
        The laboratory sheet.
    conclusion : Conclusion
        What it comes to.
    output : Output
        Writes it.
    read_from : list of Path or None
        The folders that the exams were read from; None before that.
    unmeasured : tuple of Finding and MarrowQuantError
        What of an opened scene could not be shown again.
    """

    def __init__(self, parameters: Optional[Any] = None) -> None:
        self.parameters: Any = parameters  # typed where the module declares them
        self.new_parameters: Callable[[], Any] = lambda: self.parameters
        self.series_edits = SeriesEdits(self)
        self.exams: dict[str, CaseExam] = {}
        self.follow_up = FollowUp(lambda: self.exams)
        self.laboratory = Laboratory(lambda: self.exams)
        self.classifier = Classifier(self)
        self.conclusion = Conclusion(self)
        self.output = Output(self)
        self.choices = Choices(self)
        self.mended: tuple[str, ...] = ()
        self.said = Said(self)
        self.clear()

    def clear(self) -> None:
        """Forget everything; the scene is left alone."""
        self.series_edits.forget_folders()
        self.follow_up.forget()
        self.exams = {}
        self.remembered: dict[str, str] = {}
        self.sizes = PointSizes(lambda: self.parameters)
        self.unmeasured: tuple[Union[str, MarrowQuantError], ...] = ()
        self.laboratory.forget()
        self.classifier.forget()
        self.findings: tuple[Finding, ...] = ()
        self.read_from: Optional[list[Path]] = None
        self.choices.forget()
        self.said.forget()
        self.conclusion.forget()
        self.output.forget()

    def settings(self) -> Settings:
        """The thresholds and sizes of the parameter node."""
        return settings_from_parameters(lambda name: getattr(self.parameters, name))

    def subject(self) -> Optional[Subject]:
        """Age and sex of the parameter node; None unless both were given."""
        p = self.parameters
        return Subject(float(p.ageYears), p.sex) if p.ageYears and p.sex else None

    def read(self, progress: Progress = no_progress, *, close_other: bool = False, drop_work: bool = True) -> None:
        """Read the folders of the parameter node, or if it has none what the DICOM browser loaded, and put the maps into the scene.

        An exam that is read again keeps its points and decisions, and an exam of the same patient the laboratory sheet. Another case
        begins in an emptied scene.

        Parameters
        ----------
        progress : callable
        close_other : bool
            Close the scene if it holds another case.
        drop_work : bool
            Let an exam leave the case although it holds points or decisions.

        Raises
        ------
        AnotherCase
            If the scene holds one that was not to be closed, or an exam that was not to leave it.
        MarrowQuantError
            See ``workflow.read_exams`` and ``workflow.make_maps``; the case is then as it was before. Also if the scene holds a case that
            cannot be understood, which is then left alone.
        """
        if self.can_restore():
            chosen = self.choices.waiting()
            self.restore()
            self.choices.wait_again(chosen)
        folders = self.folders()
        files, entries, related = self.recognise(folders, workflow.part(progress, 0.0, 0.3))
        if not folders:
            refuse_loaded(related)
        else:
            related = refuse_beside_others(related, files, close_other)
        if not drop_work and related is Relation.SAME:
            refuse_to_drop_work(self, files)
        share, maps = 0.6 / len(files), []
        for n, exam in enumerate(files):
            stretch = workflow.part(progress, 0.3 + n * share, 0.3 + (n + 1) * share)
            maps.append(workflow.make_maps(exam, LABELS[n], self.settings(), stretch))
        progress(0.9, "Showing the maps")
        if related is Relation.SAME:
            self.follow_hand()  # what was painted or moved a moment ago is kept too
        elif related is not None:
            close_case(self)
        self.choices.take()
        self.replace_by(maps)
        self.series_edits.were_read(entries, folders)
        self.read_from = folders
        for n, exam in enumerate(self.exams.values()):
            if folders:  # beside what the DICOM browser loaded may lie anything
                self._take_markups(exam, files[n], folders[min(n, len(folders) - 1)])
        progress(1.0, "Read")

    @contextmanager
    def reading_instead(self, paths: Mapping[str, str]) -> Iterator[None]:
        """Let these paths, by the names of their parameters, be what :meth:`read` reads; if that fails, what the reader had chosen and
        said for the next reading waits again. Else it is forgotten: it was chosen for other exams.
        """
        chosen, said, was_open = self.choices.waiting(), self.said.waiting(), self.is_open()
        self.choices.wait_again(paths)
        self.said.forget()
        try:
            yield
        except BaseException:
            self.choices.wait_again(chosen)
            self.said.wait_again(said)
            raise
        for name in () if was_open else set(PATHS) - set(paths):
            setattr(self.parameters, name, "")

    def folders(self) -> list[Path]:
        """The folders that were chosen."""
        return self.choices.folders()

    def is_open(self) -> bool:
        """True if there is a case, here or in the scene."""
        return bool(self.exams) or any(records.record_text(label) for label in LABELS)

    def has_new_folders(self) -> bool:
        """True if other folders were chosen than those that the case was read from: what is chosen now may be of another patient."""
        return bool(self.exams and self.folders()) and self.folders() != self.read_from

    def recognise(
        self, folders: Sequence[Path], progress: Progress
    ) -> tuple[list[ExamFiles], Sequence[Mapping[str, Any]], Optional[Relation]]:
        """The exams in the folders, what the reader changed of their series, and what they have to do with the case in the scene."""
        entries = self.series_edits.entries_for(folders)
        loaded, said = [] if folders else loaded_files(), self.said.arguments()

        def recognise(progress: Progress, overrides: Sequence[Override]) -> list[ExamFiles]:
            if loaded:
                return workflow.exams_of_files(loaded, progress, overrides, **said)
            return workflow.read_exams(folders, progress, overrides, **said)

        if not entries:
            files = recognise(progress, ())
            return files, entries, relation_to_scene(files)
        files = recognise(workflow.part(progress, 0.0, 0.5), ())  # whose they are, before another's changes are applied
        related = relation_to_scene(files)
        dates = [*(exam.date for exam in files), *(volume.exam_date for exam in files if said for volume in exam.volumes)]
        entries = edits.of_dates(entries, dates) if related in (None, Relation.SAME) else []
        overrides = overrides_from(entries)
        return recognise(workflow.part(progress, 0.5, 1.0), overrides) if entries else files, entries, related

    def replace_by(self, all_maps: Sequence[ExamMaps]) -> None:
        """Show these exams, made already, in place of those that are open; what the scene holds of the same case stays."""
        self.clear()
        again = prepare_scene(self, all_maps)
        for maps in all_maps:
            exam = self.exams[maps.label] = CaseExam(self, maps)
            self._show_maps(exam)
        self.laboratory.restore()
        nearest = dict(zip(self.exams, labs_for(self.laboratory.history.values, [exam.maps.date for exam in self.exams.values()])))
        for label, exam in self.exams.items():
            if label not in again:
                exam.labs = nearest[label]
                continue
            reopening.take_up(exam, again[label])
            if again[label]["maps"]["date"] != exam.maps.date:  # the reader gave another one
                exam.labs = nearest[label]
            self.unmeasured = (*self.unmeasured, *reopening.measure_again(exam))
        for exam in self.exams.values():
            exam.remember()
        self.follow_up.read()

    @staticmethod
    def _show_maps(exam: CaseExam) -> None:
        folder = exam_folder(exam.label, exam.maps.date)
        shown = maps_to_nodes(exam.maps.maps, exam.label, date=exam.maps.date).values()
        for node in shown:
            put_in_folder(node, folder)
        outdated = [node for node in nodes_with("vtkMRMLScalarVolumeNode", {"exam": exam.label}) if tag(node, "key") and node not in shown]
        for node in outdated:
            slicer.mrmlScene.RemoveNode(node)

    def _take_markups(self, exam: CaseExam, files: ExamFiles, root: Path) -> None:
        """Points that lie beside the exam's files become its points, unless the reader has placed some."""
        path = workflow.find_markups(Path(files.folder), root)
        if path is not None and not exam.rois.has_points():
            rois, findings = workflow.exam_rois_from(exam.maps, self.settings(), path)
            exam.rois.replace(rois, findings)
            exam.rois.begin_history()

    def series_rows(self, label: str) -> Sequence[Mapping[str, Any]]:
        """One row a recognised series of an exam, with the reasons; see ``SeriesVolume.as_row``."""
        return self.exams[label].maps.series if label in self.exams else ()

    def measure(self, progress: Progress = no_progress) -> None:
        """Measure the vertebrae of every exam that has points."""
        exams = [exam for exam in self.exams.values() if exam.rois.has_points()]
        for n, exam in enumerate(exams):
            progress(n / len(exams), f"Measuring the vertebrae ({exam.label})")
            exam.measure()
        progress(1.0, "Measured")

    def propose_burden(self, progress: Progress = no_progress) -> None:
        """Propose the tumour load of every exam that has diffusion maps, and show it."""
        exams = [exam for exam in self.exams.values() if exam.load.has_diffusion()]
        for n, exam in enumerate(exams):
            progress(n / len(exams), f"Finding the tumour load ({exam.label})")
            exam.load.propose()
        self._show_burdens()
        progress(1.0, "Proposed")

    def update_burdens(self) -> None:
        """Bring every proposed tumour load, and what the scene shows of it, to the present thresholds and decisions."""
        for exam in self.exams.values():
            exam.load.update()
        self._show_burdens()

    def _show_burdens(self) -> None:
        """Write every tumour load into the scene, with the names of its lesions where they are matched."""
        self.follow_up.match()
        for exam in self.exams.values():
            exam.load.show()
        self.follow_up.show()

    def read_limits(self, path: Path) -> None:
        """Take a site's own limits of change, see ``repeatability.read_limits``; they are kept in the parameter node."""
        self.parameters.siteLimits = limits_to_text(read_limits(path))

    def limits(self) -> Optional[Mapping[str, Repeatability]]:
        """The site's own limits of change, or None."""
        return limits_from_text(self.parameters.siteLimits) if self.parameters.siteLimits else None

    def follow_hand(self) -> bool:
        """Take over what the reader did with the case's nodes in other modules; True if there was anything. See :class:`.hand.Hand`."""
        followed = [exam.following.follow() for exam in self.exams.values()]
        if any(followed):
            self._show_burdens()
        return any(followed)

    def is_measured(self) -> bool:
        """True if vertebrae or the tumour load of an exam were measured."""
        return any(exam.vertebrae or exam.burden for exam in self.exams.values())

    def results(self) -> Optional[Results]:
        """Changes and response estimate of what is known now; None before the first exam was read."""
        return self.conclusion.results()

    def change_chart(self) -> Optional[Any]:
        """The chart of the fat fraction, or of the ADC where there is none, of the lumbar voxels of all exams; None if neither is there."""
        results = self.results()
        charts = (lumbar_histogram_chart(results.exams, key, results.distributions) for key in ("ff", "adc") if results is not None)
        return next((chart for chart in charts if chart is not None), None)

    def show_histogram(self, key: str) -> Optional[Any]:
        """Put the FF ("ff") or ADC ("adc") of the lumbar voxels of all exams into a chart; None before an exam was read.

        Raises
        ------
        MarrowQuantError
            If there is nothing to draw.
        """
        results = self.results()
        if results is None:
            return None
        chart = lumbar_histogram_chart(results.exams, key, results.distributions)
        if chart is None:
            raise MarrowQuantError(
                "There is nothing to draw: no level L1 to L5 is marked, measured and in the mean in all exams that have points. Mark the "
                "same levels in both exams, or take an excluded one in again."
            )
        return chart

    def can_restore(self) -> bool:
        """True if the scene holds a case that this object did not put there."""
        return any(records.record_text(label) != self.remembered.get(label, "") for label in LABELS)

    def restore(self, progress: Progress = no_progress) -> None:
        """Take up the case that an opened scene holds, see ``reopening.restore``."""
        reopening.restore(self, progress)
