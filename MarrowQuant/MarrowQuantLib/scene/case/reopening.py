"""The case that an opened scene holds: its maps, points, decisions and values, and the numbers measured anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Union

from ... import workflow
from ...exam.maps import ExamMaps
from ...model import MarrowQuantError, Progress, finding, no_progress
from ...quantities import map_title
from .. import records
from ..volumes import exam_maps_from_scene
from .exam import CaseExam
from .reading import take_over_scene

if TYPE_CHECKING:
    from .case import Case


def restore(case: Case, progress: Progress = no_progress) -> None:
    """Take up the case that an opened scene holds: maps, points, decisions and values from its nodes, the numbers measured anew.

    What the reader decided is taken up whole before anything is measured. What then cannot be measured stays in the scene as it is,
    and a sentence in ``unmeasured`` says so.

    Raises
    ------
    MarrowQuantError
        If the scene cannot be understood: it is left alone, and the case is as it was before.
    """
    adopted = take_over_scene()
    records_of = {label: record for label in workflow.LABELS if (record := records.read_record(label)) is not None}
    records.read_history(), records.read_follow_up(), case.settings(), case.limits()  # each refuses what it does not understand
    case.clear()
    case.findings = (finding("case.adopted"),) if adopted else ()
    if case.mended:
        case.findings, case.mended = (*case.findings, finding("scene.settings_damaged", names=case.mended)), ()
    for label, record in records_of.items():
        exam = case.exams[label] = CaseExam(case, _maps_in_scene(label, record["maps"]))
        take_up(exam, record)
        case.remembered[label] = records.record_text(label)
    case.laboratory.restore()
    findings: list[Union[str, MarrowQuantError]] = [_about_lacking(exam) for exam in case.exams.values()]
    for n, (label, exam) in enumerate(case.exams.items()):
        progress(n / len(case.exams), f"Restoring the {label}")
        findings += measure_again(exam)
        exam.following.look()
    findings += _refusal(case.follow_up.read)
    case.unmeasured = tuple(filter(None, findings))
    case.read_from = case.folders()
    progress(1.0, "Restored")


def _maps_in_scene(label: str, described: Mapping[str, Any]) -> ExamMaps:
    """The exam's images as the scene holds them. That some are not as they were read is a finding from then on."""
    volumes, changed = exam_maps_from_scene(label)
    maps = ExamMaps(label=label, maps=volumes, **described)
    if not changed:
        return maps
    told = finding("scene.volumes_changed", exam=label, maps=[map_title(key) for key in sorted(changed)])
    return replace(maps, findings=(*(known for known in maps.findings if known.code != told.code), told))


def take_up(exam: CaseExam, record: Mapping[str, Any]) -> None:
    """What the reader decided of an exam; nothing is measured yet."""
    exam.labs, exam.load.decisions, exam.load.muscle_signal = record["labs"], record["decisions"], record["muscle_signal"]
    exam.lost_maps = set(record["keys"]) - set(exam.maps.maps)
    exam.rois.outlined, exam.stir.by_reader = record["bodies"], record["stir"]
    exam.rois.findings, exam.load.is_awaited = tuple(record.get("placement_findings", ())), bool(record["proposed"])
    exam.rois.begin_history()


def measure_again(exam: CaseExam) -> list[Union[str, MarrowQuantError]]:
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
