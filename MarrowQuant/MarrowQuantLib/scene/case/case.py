"""One patient in the scene: runs the workflow's functions and keeps in nodes what the reader decided and what was measured.

Every button of the panel is one method of :class:`Case` or :class:`CaseExam`; from the Python console the same methods do the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Optional, Union

import slicer

from ... import workflow
from ...dicom import ExamFiles, Override, edits, overrides_from
from ...exam.dixon_maps import fitted_spectrum
from ...exam.maps import ExamMaps
from ...followup.normal import baseline_band
from ...followup.regions import region_changes
from ...followup.repeatability import Repeatability, limits_from_text, limits_to_text, read_limits
from ...model import (
    ExamResult,
    Finding,
    MarrowQuantError,
    Progress,
    RegionChange,
    Relation,
    Results,
    Settings,
    Subject,
    VertebraResult,
    finding,
    no_progress,
)
from ...quantities import map_title
from ...report.export import refuse_overwriting
from ...report.shown import Cover
from ...report.timeline import timeline_of, write_timeline
from ...response import ResponseModel, available_models, history_of, laboratory_findings, labs_for, load_model
from ...results import read_results
from .. import records
from ..charts import lumbar_histogram_chart
from ..loaded import enter_in_database, loaded_files
from ..nodes import exam_folder, nodes_with, put_in_folder, tag
from ..parameters import settings_from_parameters
from ..results_scene import write_scene
from ..series_edits import SeriesEdits
from ..share import save_share_safe
from ..volumes import exam_maps_from_scene, maps_to_nodes
from .choices import Choices
from .classifier import Classifier
from .exam import CaseExam
from .follow_up import FollowUp
from .laboratory import Laboratory
from .reading import (
    close_case,
    prepare_scene,
    refuse_another_scene,
    refuse_beside_others,
    refuse_loaded,
    refuse_to_drop_work,
    refuse_volumes_of_another,
    relation_to_scene,
    take_over_scene,
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
        self._own_folders: set[Path] = set()
        self._folders: Optional[list[Path]] = None
        self.choices.forget()
        self.said.forget()
        self._results: Optional[Results] = None
        self._loaded: Optional[tuple[Any, tuple[ResponseModel, str]]] = None  # the model, and what it was loaded for
        self._results_key: tuple[Any, ...] = ()
        self._results_of: tuple[ExamResult, ...] = ()  # what they were made from
        self._distributions: tuple[RegionChange, ...] = ()
        self._distributions_of: tuple[tuple[VertebraResult, ...], ...] = ()

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
        files, entries, related = self._recognise(folders, workflow.part(progress, 0.0, 0.3))
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
        self._folders = folders
        for n, exam in enumerate(self.exams.values()):
            if folders:  # beside what the DICOM browser loaded may lie anything
                self._take_markups(exam, files[n], folders[min(n, len(folders) - 1)])
        progress(1.0, "Read")

    @contextmanager
    def reading_instead(self, paths: Mapping[str, str]) -> Iterator[None]:
        """Let these paths, by the names of their parameters, be what :meth:`read` reads; if that fails, what the reader had chosen and
        said for the next reading waits again.
        """
        chosen, said = self.choices.waiting(), self.said.waiting()
        self.choices.wait_again(paths)
        self.said.forget()
        try:
            yield
        except BaseException:
            self.choices.wait_again(chosen)
            self.said.wait_again(said)
            raise

    def folders(self) -> list[Path]:
        """The folders that were chosen."""
        return self.choices.folders()

    def is_open(self) -> bool:
        """True if there is a case, here or in the scene."""
        return bool(self.exams) or any(records.record_text(label) for label in LABELS)

    def has_new_folders(self) -> bool:
        """True if other folders were chosen than those that the case was read from: what is chosen now may be of another patient."""
        return bool(self.exams and self.folders()) and self.folders() != self._folders

    def _recognise(
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
            self._take_up(exam, again[label])
            if again[label]["maps"]["date"] != exam.maps.date:  # the reader gave another one
                exam.labs = nearest[label]
            self.unmeasured = (*self.unmeasured, *self._measure_again(exam))
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
        if not self.exams:
            return None
        self.follow_up.match()
        exams = tuple(exam.result() for exam in self.exams.values())
        chosen = (self.settings(), self.parameters.modelId, self.parameters.siteLimits, self.subject())
        key = (*chosen, *self._model_file(), self.laboratory.history)
        answer = self.classifier.answer()
        is_known = self._results is not None and key == self._results_key and _are(exams, self._results_of)
        if self._results is None or not is_known or self._results.classification is not answer:
            results = self._conclude(exams)
            results = replace(results, lesions=self.follow_up.lesions, distributions=self._region_changes(exams))
            results = replace(results, history=self.laboratory.history, classification=answer)
            of_case = (*self.findings, *self.other_spectrum(), *workflow.pair_findings(exams))
            findings = (*of_case, *laboratory_findings(history_of(results), exams))
            self._results, self._results_key = replace(results, findings=findings, subject=self.subject()), key
            self._results_of = exams
        return self._results

    def other_spectrum(self) -> list[Finding]:
        """A finding of each exam whose echoes were fitted with another fat spectrum than the one that is chosen."""
        chosen = self.settings().fat_spectrum
        fitted = {label: fitted_spectrum(exam.maps.maps) for label, exam in self.exams.items()}
        return [finding("case.other_spectrum", exam=e, fitted=f, chosen=chosen) for e, f in fitted.items() if f not in (None, chosen)]

    def _model_file(self) -> tuple[Any, ...]:
        """Path and age of the file of the model that was chosen: another one is another model."""
        path = available_models().get(self.parameters.modelId)
        return (path, None if path is None else path.stat().st_mtime_ns)

    def _model(self) -> tuple[ResponseModel, str]:
        """The model that was chosen; if its file is gone or cannot be read the bundled one, and the name of the chosen one."""
        chosen, file = self.parameters.modelId, self._model_file()
        if self._loaded is None or self._loaded[0] != (chosen, file):
            try:
                found = (load_model(None), chosen) if chosen and file[0] is None else (load_model(file[0]), "")
            except MarrowQuantError:
                found = (load_model(None), chosen)
            self._loaded = ((chosen, file), found)
        return self._loaded[1]

    @property
    def missing_model(self) -> str:
        """Name of the model that was chosen and cannot be used; empty if it can."""
        return self._model()[1]

    def _conclude(self, exams: Sequence[ExamResult]) -> Results:
        model, missing = self._model()
        results = workflow.conclude(exams, self.settings(), model, self.limits())
        if not missing or results.response is None:
            return results
        told = finding("hand.model_missing", model=missing, used=results.response.model_id)
        return replace(results, response=replace(results.response, findings=(told, *results.response.findings)))

    def _region_changes(self, exams: Sequence[ExamResult]) -> tuple[RegionChange, ...]:
        """Found anew only where vertebrae were measured anew: a moved threshold must not wait for them."""
        vertebrae = tuple(exam.vertebrae for exam in exams)
        if len(vertebrae) != len(self._distributions_of) or any(a is not b for a, b in zip(vertebrae, self._distributions_of)):
            self._distributions = region_changes(*exams) if len(exams) == 2 else ()
            self._distributions_of = vertebrae
        return self._distributions

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
        self.follow_hand()
        results = self.results()
        if results is None:
            raise MarrowQuantError("Nothing was measured yet; read the exams and measure them first.")
        files, _, related = self._recognise(self._folders or self.folders(), workflow.part(progress, 0.0, 0.2))
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
        refuse_another_scene(self)
        refuse_volumes_of_another(self)
        self.follow_hand()
        for exam in self.exams.values():
            if exam.rois.has_points() and not exam.vertebrae:
                exam.measure()
        try:
            how: dict[str, Any] = {"language": language, "scene_writer": _save_open_scene, "cover": cover}
            written = workflow.export(self.results(), folder, progress=progress, **how)
        finally:
            for exam in self.exams.values():
                exam.was_written()
        self._own_folders.add(Path(folder).resolve())
        return written

    def check_folder(self, folder: Path, *, overwrite: bool = False) -> None:
        """Refuse a folder with the results of another patient and, unless ``overwrite``, with results that this object did not write.

        Raises
        ------
        ResultsInTheWay
        """
        is_own = Path(folder).resolve() in self._own_folders
        refuse_overwriting(folder, [exam.maps.identity for exam in self.exams.values()], overwrite or is_own)

    def write_share_safe(self, path: Path, *, overwrite: bool = False) -> None:
        """Save the scene without the patient's identity; see ``share.save_share_safe`` and :meth:`check_folder`."""
        self.check_folder(path.parent, overwrite=overwrite)
        refuse_another_scene(self)
        refuse_volumes_of_another(self)
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
        results = self.results()
        cases = [*(read_results(file) for file in files), results]
        timeline = timeline_of(cases, band=baseline_band(results)[0])
        write_timeline(timeline, path, language)
        return len(timeline.dates)

    def can_restore(self) -> bool:
        """True if the scene holds a case that this object did not put there."""
        return any(records.record_text(label) != self.remembered.get(label, "") for label in LABELS)

    def restore(self, progress: Progress = no_progress) -> None:
        """Take up the case that an opened scene holds: maps, points, decisions and values from its nodes, the numbers measured anew.

        What the reader decided is taken up whole before anything is measured. What then cannot be measured stays in the scene as it is,
        and a sentence in ``unmeasured`` says so.

        Raises
        ------
        MarrowQuantError
            If the scene cannot be understood: it is left alone, and the case is as it was before.
        """
        adopted = take_over_scene()
        records_of = {label: record for label in LABELS if (record := records.read_record(label)) is not None}
        records.read_history(), records.read_follow_up(), self.settings(), self.limits()  # each refuses what it does not understand
        self.clear()
        self.findings = (finding("case.adopted"),) if adopted else ()
        if self.mended:
            self.findings, self.mended = (*self.findings, finding("scene.settings_damaged", names=self.mended)), ()
        for label, record in records_of.items():
            exam = self.exams[label] = CaseExam(self, ExamMaps(label=label, maps=exam_maps_from_scene(label), **record["maps"]))
            self._take_up(exam, record)
            self.remembered[label] = records.record_text(label)
        self.laboratory.restore()
        findings: list[Union[str, MarrowQuantError]] = [_about_lacking(exam) for exam in self.exams.values()]
        for n, (label, exam) in enumerate(self.exams.items()):
            progress(n / len(self.exams), f"Restoring the {label}")
            findings += self._measure_again(exam)
            exam.following.look()
        findings += _refusal(self.follow_up.read)
        self.unmeasured = tuple(filter(None, findings))
        self._folders = self.folders()
        progress(1.0, "Restored")

    @staticmethod
    def _take_up(exam: CaseExam, record: Mapping[str, Any]) -> None:
        """What the reader decided of an exam; nothing is measured yet."""
        exam.labs, exam.load.decisions, exam.load.muscle_signal = record["labs"], record["decisions"], record["muscle_signal"]
        exam.lost_maps = set(record["keys"]) - set(exam.maps.maps)
        exam.rois.outlined, exam.stir.by_reader = record["bodies"], record["stir"]
        exam.rois.findings, exam.load.is_awaited = tuple(record.get("placement_findings", ())), bool(record["proposed"])
        exam.rois.begin_history()

    @staticmethod
    def _measure_again(exam: CaseExam) -> list[Union[str, MarrowQuantError]]:
        """Measure what was measured before; the sentences about what cannot be, which stays in the scene as it is."""
        findings = _refusal(exam.measure) if exam.rois.has_points() else []
        if exam.load.is_awaited and exam.load.has_diffusion():
            findings += _refusal(lambda: exam.load.propose(exam.load.muscle_signal))
        return findings


def _about_lacking(exam: CaseExam) -> str:
    """A sentence about the maps that the exam once had and that the scene lacks; empty if it has them all."""
    lacking = [map_title(key) for key in sorted(exam.lost_maps)]
    return finding("scene.volumes_lacking", exam=exam.label, maps=lacking) if lacking else ""


def _refusal(function: Callable[[], None]) -> list[Union[str, MarrowQuantError]]:
    """Why it was refused, if it was."""
    try:
        function()
    except MarrowQuantError as error:
        return [error]
    return []


def _save_open_scene(results: Results, path: Path, progress: Progress) -> None:
    """Complete the open scene with tables, charts and results, and save all of it: the reader's other nodes belong to it."""
    write_scene(results, path, progress, scene=slicer.mrmlScene)


def _are(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """True if both hold the same objects; equal ones are others here."""
    return len(first) == len(second) and all(a is b for a, b in zip(first, second))
