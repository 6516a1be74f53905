"""One exam of the case: what was measured in its ROIs, its laboratory values, and all of it in one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Optional

from ... import workflow
from ...exam.maps import ExamMaps
from ...model import ExamResult, LabValue, Measurement, Origin, VertebraResult, VertebraROI
from ..nodes import exam_title, find_or_add
from ..records import write_record
from ..rois import rois_to_segmentation
from .burden import CaseBurden

if TYPE_CHECKING:
    from .case import Case


class CaseExam(CaseBurden):
    """An exam that was read.

    Parameters
    ----------
    case : Case
        Gives the parameter node and the settings.
    maps : ExamMaps

    Attributes
    ----------
    vertebrae, lumbar
        What ``workflow.measure_vertebrae`` returned for the points where they are now.
    labs : dict
        Test to value.
    """

    def __init__(self, case: Case, maps: ExamMaps) -> None:
        super().__init__(case, maps)
        self.vertebrae: tuple[VertebraResult, ...] = ()
        self.lumbar: Mapping[str, Measurement] = {}
        self.labs: dict[str, LabValue] = {}
        self._shift_notes: tuple[str, ...] = ()
        self._result: Optional[ExamResult] = None

    def result(self) -> ExamResult:
        """All that is known now; the same object as long as nothing changes."""
        if self._result is None:
            labs, notes = dict(self.labs), (*self._shift_notes, *self.part_notes)
            measured = (self.maps, self.vertebrae, self.lumbar, self.burden, labs)
            origin = Origin(self.maps.warnings, self.placement_notes)
            self._result = workflow.assemble(*measured, notes, self.parts, origin)
        return self._result

    def outdate_result(self) -> None:
        """What :meth:`result` gave is no longer all that is known."""
        self._result = None

    def measured_rois(self) -> list[VertebraROI]:
        """The ROIs as they were measured last."""
        return [vertebra.roi for vertebra in self.vertebrae]

    def set_lab(self, test: str, value: Optional[LabValue]) -> None:
        """Set one laboratory value, or remove it (None)."""
        self.set_labs({**{t: v for t, v in self.labs.items() if t != test}, **({test: value} if value else {})})

    def set_labs(self, labs: Mapping[str, LabValue]) -> None:
        """Replace all laboratory values."""
        self.labs, self._result = dict(labs), None
        self.remember()

    def remember(self) -> None:
        """Write into the scene what its other nodes do not hold."""
        text = write_record(
            self.maps,
            labs=self.labs,
            decisions=self.decisions,
            proposed=self.burden is not None,
            muscle_signal=self.muscle_signal,
            placement_notes=self.placement_notes,
        )
        self.case.remembered[self.label] = text

    # ------------------------------------------------------------------------------------------------------------ ROIs
    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know about the places of the ROIs, on the Dixon images and on the others."""
        return (*self.placement_notes, *self._shift_notes)

    def measure(self) -> None:
        """Measure the ROIs where they are now, and show them as segments.

        Raises
        ------
        MarrowQuantError
            If an ROI cannot be measured; nothing old is then kept as if it were measured.
        """
        self.vertebrae, self.lumbar, self._result, self._shift_notes = (), {}, None, ()
        if self.points_node is not None:
            self._history.record(self.points_node, self.placement_notes)
        rois = self.rois()
        self.maps, shifts, notes = workflow.with_shifts(self.maps, rois, self.case.settings())
        self.vertebrae, self.lumbar = workflow.measure_vertebrae(self.maps.maps, rois, shifts)
        self._shift_notes = tuple(notes)
        key = "ff" if "ff" in self.maps.maps else "adc"
        tags = {"exam": self.label, "rois": "segments"}
        node = find_or_add("vtkMRMLSegmentationNode", f"{exam_title(self.label)} vertebral ROIs", tags)
        rois_to_segmentation(rois, self.maps.maps[key], node, self.map_node(key))
        self.refer("Segmentation", node)
        self.move_burden_rois(rois)
