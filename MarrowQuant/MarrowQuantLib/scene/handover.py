"""From the program to the reader: what a scene that was written without the panel must hold so that the panel goes on where the program
stopped, with the same maps, ROIs, tumour load, lesions, laboratory values and limits."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import slicer

from ..exam.maps import ExamMaps
from ..followup.repeatability import limits_to_text
from ..model import ExamResult, Results, Volume
from .muscle import place_points
from .nodes import exam_title, find_or_add
from .parameters import set_parameters
from .records import write_follow_up, write_history, write_record
from .skeleton import choose_skeleton


def hand_over(results: Results, scene: Optional[Any] = None) -> None:
    """Write the records that :meth:`~.case.Case.restore` reads; nothing for exams that were read back from results, which lack maps."""
    if any(exam.origin is None for exam in results.exams):
        return
    for exam in results.exams:
        _hand_over_exam(exam, scene)
    write_history(results.history, scene)
    if results.movement:
        write_follow_up({"movement": results.movement}, scene)
    set_parameters({"siteLimits": limits_to_text(results.limits) if results.limits else ""}, scene)


def _hand_over_exam(exam: ExamResult, scene: Optional[Any]) -> None:
    maps = ExamMaps(
        label=exam.label,
        date=exam.date,
        maps=exam.maps,
        protocol=exam.protocol,
        findings=exam.origin.map_findings,
        synthetic=exam.synthetic,
        series=exam.series,
        stitching=exam.stitching,
        identity=exam.identity,
    )
    write_record(
        maps,
        labs=exam.labs,
        decisions=(),
        proposed=exam.burden is not None,
        muscle_signal=exam.origin.muscle if isinstance(exam.origin.muscle, (int, float)) else None,
        placement_findings=exam.origin.placement_findings,
        stir=exam.stir.by_reader if exam.stir else None,
        scene=scene,
    )
    if exam.origin.muscle is not None and not isinstance(exam.origin.muscle, (int, float)):
        place_points(exam.origin.muscle, exam.label, scene)
    if exam.origin.skeleton is not None:
        choose_skeleton(_mask_to_node(exam.origin.skeleton, exam.label, scene), exam.label, scene)


def _mask_to_node(mask: Volume, exam_label: str, scene: Optional[Any]) -> Any:
    node = find_or_add("vtkMRMLLabelMapVolumeNode", f"{exam_title(exam_label)} skeleton", {"skeleton": exam_label}, scene)
    slicer.util.updateVolumeFromArray(node, np.ascontiguousarray(mask.array > 0, dtype=np.uint8))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.asarray(mask.ijk_to_ras, dtype=float)))
    return node
