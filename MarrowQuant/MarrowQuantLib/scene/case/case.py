"""One patient in the scene: runs the workflow's functions and keeps in nodes what the reader decided and what was measured.

Every button of the panel is one method of :class:`Case` or :class:`CaseExam`; from the Python console the same methods do the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import slicer

from ... import workflow
from ...dicom import ExamFiles, overrides_from
from ...exam.maps import ExamMaps
from ...followup.normal import baseline_band
from ...followup.regions import region_changes
from ...followup.repeatability import Repeatability, limits_from_text, limits_to_text, read_limits
from ...model import (
    ExamResult,
    MarrowQuantError,
    Progress,
    RegionChange,
    Results,
    Settings,
    Subject,
    VertebraResult,
    no_progress,
)
from ...report.timeline import timeline_of, write_timeline
from ...response import ResponseModel, available_models, history_of, laboratory_warnings, load_model
from ...results import results_to_dict
from ...results.load import load_results
from .. import records
from ..burden import remove_burden
from ..charts import lumbar_histogram_chart
from ..muscle import remove_points
from ..nodes import exam_folder, put_in_folder
from ..parameters import numbers_from_text
from ..results_scene import write_scene
from ..series_edits import SeriesEdits
from ..volumes import exam_maps_from_scene, maps_to_nodes
from .exam import CaseExam
from .follow_up import FollowUp
from .laboratory import Laboratory

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
    exams : dict
        "baseline" and "follow-up" to :class:`CaseExam`; only those that were read.
    follow_up : FollowUp
        What the follow-up takes over from the baseline, and the lesions of both.
    remembered : dict
        Label to the record that this object wrote into the scene, to know a scene that was opened since.
    laboratory : Laboratory
        The laboratory sheet.
    """

    def __init__(self, parameters: Optional[Any] = None) -> None:
        self.parameters = parameters
        self.series_edits = SeriesEdits(self)
        self.follow_up = FollowUp(self)
        self.laboratory = Laboratory(self)
        self.clear()

    def clear(self) -> None:
        """Forget everything; the scene is left alone."""
        self.series_edits.forget_folders()
        self.follow_up.forget()
        self.exams: dict[str, CaseExam] = {}
        self.remembered: dict[str, str] = {}
        self.laboratory.forget()
        self._results: Optional[Results] = None
        self._results_key: tuple[Any, ...] = ()
        self._distributions: tuple[RegionChange, ...] = ()
        self._distributions_of: tuple[tuple[VertebraResult, ...], ...] = ()

    def settings(self) -> Settings:
        """The thresholds and sizes of the parameter node."""
        p = self.parameters
        return Settings(
            tdv_signal_ratio=p.tdvSignalRatio,
            tdv_adc_window=(p.tdvAdcLower, p.tdvAdcUpper),
            min_component_ml=p.minComponentMl,
            adc_class_edges=numbers_from_text(p.adcClassEdges),
            roi_radii_mm=(p.roiRadiusLR, p.roiRadiusAP, p.roiRadiusCC),
            roi_shape=p.roiShape,
            refine_rois=p.refineRois,
        )

    def subject(self) -> Optional[Subject]:
        """Age and sex of the parameter node; None unless both were given."""
        p = self.parameters
        return Subject(float(p.ageYears), p.sex) if p.ageYears and p.sex else None

    def read(self, progress: Progress = no_progress) -> None:
        """Read the folders of the parameter node and put the maps into the scene; the case before it is forgotten.

        Raises
        ------
        MarrowQuantError
            See ``workflow.read_exams`` and ``workflow.make_maps``; the case is then as it was before.
        """
        folders = [Path(text) for text in (self.parameters.baselineFolder, self.parameters.followUpFolder) if text]
        entries = self.series_edits.entries_for(folders)
        files = workflow.read_exams(folders, workflow.part(progress, 0.0, 0.3), overrides_from(entries))
        share, maps = 0.6 / len(files), []
        for n, exam in enumerate(files):
            stretch = workflow.part(progress, 0.3 + n * share, 0.3 + (n + 1) * share)
            maps.append(workflow.make_maps(exam, LABELS[n], self.settings(), stretch))
        progress(0.9, "Showing the maps")
        self._replace_by(maps)
        self.series_edits.were_read(entries, folders)
        for n, exam in enumerate(self.exams.values()):
            self._take_markups(exam, files[n], folders[min(n, len(folders) - 1)])
        progress(1.0, "Read")

    def _replace_by(self, all_maps: Sequence[ExamMaps]) -> None:
        self.clear()
        records.remove_history()
        for label in LABELS:
            records.remove_records(label)
            remove_burden(label)
            remove_points(label)
        self.follow_up.remove_record()
        for maps in all_maps:
            exam = self.exams[maps.label] = CaseExam(self, maps)
            folder = exam_folder(maps.label, maps.date)
            for node in maps_to_nodes(maps.maps, maps.label, date=maps.date).values():
                put_in_folder(node, folder)
            exam.remember()

    def _take_markups(self, exam: CaseExam, files: ExamFiles, root: Path) -> None:
        """Points that lie beside the exam's files become its points, unless the reader has placed some."""
        path = workflow.find_markups(Path(files.folder), root)
        if path is not None and not exam.has_points():
            rois, notes = workflow.exam_rois_from(exam.maps, self.settings(), path)
            exam.set_rois(rois, notes)
            exam.begin_history()

    def series_rows(self, label: str) -> Sequence[Mapping[str, Any]]:
        """One row a recognised series of an exam, with the reasons; see ``SeriesVolume.as_row``."""
        return self.exams[label].maps.series if label in self.exams else ()

    def measure(self, progress: Progress = no_progress) -> None:
        """Measure the vertebrae of every exam that has points."""
        exams = [exam for exam in self.exams.values() if exam.has_points()]
        for n, exam in enumerate(exams):
            progress(n / len(exams), f"Measuring the vertebrae ({exam.label})")
            exam.measure()
        progress(1.0, "Measured")

    def propose_burden(self, progress: Progress = no_progress) -> None:
        """Propose the tumour load of every exam that has diffusion maps, and show it."""
        exams = [exam for exam in self.exams.values() if exam.has_diffusion()]
        for n, exam in enumerate(exams):
            progress(n / len(exams), f"Finding the tumour load ({exam.label})")
            exam.propose_burden()
        self._show_burdens()
        progress(1.0, "Proposed")

    def update_burdens(self) -> None:
        """Bring every proposed tumour load, and what the scene shows of it, to the present thresholds and decisions."""
        for exam in self.exams.values():
            exam.update_burden()
        self._show_burdens()

    def _show_burdens(self) -> None:
        """Write every tumour load into the scene, with the names of its lesions where they are matched."""
        self.follow_up.match()
        for exam in self.exams.values():
            exam.show_burden()
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
        return any(exam.vertebrae or exam.burden for exam in self.exams.values())

    def results(self) -> Optional[Results]:
        """Changes and response estimate of what is known now; None before the first exam was read."""
        if not self.exams:
            return None
        self.follow_up.match()
        exams = tuple(exam.result() for exam in self.exams.values())
        # self._results keeps these exams alive, so no id comes twice
        chosen = (self.settings(), self.parameters.modelId, self.parameters.siteLimits, self.subject())
        key = (*map(id, exams), *chosen, self.laboratory.history)
        if self._results is None or key != self._results_key:
            results = self._with_model_named(workflow.conclude(exams, self.settings(), self._model(), self.limits()))
            results = replace(results, lesions=self.follow_up.lesions, distributions=self._region_changes(exams))
            results = replace(results, history=self.laboratory.history)
            warnings = laboratory_warnings(history_of(results), exams)
            self._results, self._results_key = replace(results, warnings=warnings, subject=self.subject()), key
        return self._results

    def _model(self) -> ResponseModel:
        return load_model(available_models().get(self.parameters.modelId))

    def _with_model_named(self, results: Results) -> Results:
        """Tell if the model that was chosen is not on this computer: the probability is then another model's."""
        chosen, response = self.parameters.modelId, results.response
        if response is None or not chosen or chosen in available_models():
            return results
        told = (
            f'The model "{chosen}" that this case was read with is not on this computer, so the probability is that of '
            f'"{response.model_id}"; copy its file into the folder of your own models and choose it.'
        )
        return replace(results, response=replace(response, warnings=(told, *response.warnings)))

    def _region_changes(self, exams: Sequence[ExamResult]) -> tuple[RegionChange, ...]:
        """Found anew only where vertebrae were measured anew: a moved threshold must not wait for them."""
        vertebrae = tuple(exam.vertebrae for exam in exams)
        if len(vertebrae) != len(self._distributions_of) or any(a is not b for a, b in zip(vertebrae, self._distributions_of)):
            self._distributions = region_changes(*exams) if len(exams) == 2 else ()
            self._distributions_of = vertebrae
        return self._distributions

    def show_histogram(self, key: str) -> Optional[Any]:
        """Put the FF ("ff") or ADC ("adc") of the lumbar voxels of all exams into a chart; None where nothing was measured."""
        results = self.results()
        return lumbar_histogram_chart(results.exams, key, results.distributions) if results else None

    def export(self, folder: Path, language: str = "en", progress: Progress = no_progress) -> dict[str, Path]:
        """Write results.json, measurements.csv, report.html and scene.mrb; see ``workflow.export``.

        Raises
        ------
        MarrowQuantError
            Also if an ROI cannot be measured: a point that the reader placed must not be missing in what is written.
        """
        self.follow_hand()
        for exam in self.exams.values():
            if exam.has_points() and not exam.vertebrae:
                exam.measure()
        try:
            return workflow.export(self.results(), folder, language=language, scene_writer=_save_open_scene, progress=progress)
        finally:
            for exam in self.exams.values():
                exam.was_written()

    def write_course(self, path: Path, others: Optional[Path] = None, language: str = "en") -> int:
        """Draw the course over the dates of this case and of all results.json below the folder ``others``; the number of dates.

        Raises
        ------
        MarrowQuantError
            If there is nothing to draw, ``others`` holds no results, or the results disagree about a date.
        """
        files = sorted(others.rglob("results.json")) if others else []
        if others and not files:
            raise MarrowQuantError(
                "The folder '{others}' holds no results.json; choose the folder of other dates of this patient.",
                others=others.name,
            )
        results = self.results()
        cases = [*(load_results(file) for file in files), results_to_dict(results)]
        timeline = timeline_of(cases, band=baseline_band(results)[0])
        write_timeline(timeline, path, language)
        return len(timeline.dates)

    def can_restore(self) -> bool:
        """True if the scene holds a case that this object did not put there."""
        return any(records.record_text(label) != self.remembered.get(label, "") for label in LABELS)

    def restore(self, progress: Progress = no_progress) -> None:
        """Take up the case that an opened scene holds: maps, points, decisions and values from its nodes, the numbers measured anew.

        Raises
        ------
        MarrowQuantError
            If a point list or a volume of the scene cannot be read any more.
        """
        self.clear()
        for n, label in enumerate(LABELS):
            progress(n / len(LABELS), f"Restoring the {label}")
            record = records.read_record(label)
            if record is not None:
                self.remembered[label] = records.record_text(label)
                self._restore_exam(label, record)
        self.laboratory.restore()
        self.follow_up.read()
        progress(1.0, "Restored")

    def _restore_exam(self, label: str, record: Mapping[str, Any]) -> None:
        exam = self.exams[label] = CaseExam(self, ExamMaps(label=label, maps=exam_maps_from_scene(label), **record["maps"]))
        exam.labs, exam.decisions = record["labs"], record["decisions"]
        exam.placement_notes = tuple(record.get("placement_notes", ()))
        exam.begin_history()
        if exam.has_points():
            exam.measure()
        if record["proposed"]:
            exam.propose_burden(record["muscle_signal"])


def _save_open_scene(results: Results, path: Path, progress: Progress) -> None:
    """Complete the open scene with tables, charts and results, and save all of it: the reader's other nodes belong to it."""
    write_scene(results, path, progress, scene=slicer.mrmlScene)
