"""One exam of the case: what was measured in its ROIs, its laboratory values, and all of it in one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional

from ... import workflow
from ...exam.maps import ExamMaps
from ...model import ExamResult, LabValue, MarrowQuantError, Measurement, Origin, VertebraResult, VertebraROI
from ..nodes import exam_title, find_node, find_or_add
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
    lost_maps : set of str
        Keys of maps that the exam had and whose volumes were deleted.
    trouble : MarrowQuantError or None
        Why the points cannot be measured as they are now.
    """

    def __init__(self, case: Case, maps: ExamMaps) -> None:
        super().__init__(case, maps)
        self.vertebrae: tuple[VertebraResult, ...] = ()
        self.lumbar: Mapping[str, Measurement] = {}
        self.labs: dict[str, LabValue] = {}
        self.lost_maps: set[str] = set()
        self._shift_findings: tuple[str, ...] = ()
        self._result: Optional[ExamResult] = None
        self.trouble: Optional[MarrowQuantError] = None

    def result(self) -> ExamResult:
        """All that is known now; the same object as long as nothing changes."""
        if self._result is None:
            self.add_curve()
            labs, findings = dict(self.labs), (*self._shift_findings, *self.part_findings, *self._told_by_hand())
            measured = (self.maps, self.vertebrae, self.lumbar, self.burden, labs)
            origin = Origin(self.maps.findings, self.placement_findings)
            self._result = workflow.assemble(*measured, findings, self.parts, origin)
        return self._result

    def _told_by_hand(self) -> list[str]:
        """What a report must say of what the reader did elsewhere; that outlines were drawn again is for the panel alone."""
        return [told for code, told in self.hand.items() if code != "hand.outlines"]

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
            proposed=self.burden is not None or self.awaits_burden,
            muscle_signal=self.muscle_signal,
            placement_findings=self.placement_findings,
            lost_maps=self.lost_maps,
        )
        self.case.remembered[self.label] = text
        self.following.look()

    # ------------------------------------------------------------------------------------------------------------ ROIs
    @property
    def findings(self) -> tuple[str, ...]:
        """What the reader should know about the places of the ROIs, on the Dixon images and on the others."""
        return (*self.placement_findings, *self._shift_findings)

    def measure(self) -> None:
        """Measure the ROIs where they are now, and show them as segments.

        Raises
        ------
        MarrowQuantError
            If an ROI cannot be measured; nothing old is then kept as if it were measured.
        """
        self.vertebrae, self.lumbar, self._result, self._shift_findings = (), {}, None, ()
        self.following.was_measured()
        self.trouble = None
        for code in ("hand.outlines", "hand.points_deleted"):
            self.hand.pop(code, None)
        try:
            self._measure()
        except MarrowQuantError as error:
            self.trouble = error
            raise

    def _measure(self) -> None:
        if self.points_node is not None:
            self.record_points()
        rois = self.rois()
        self.maps, shifts, findings = workflow.with_shifts(self.maps, rois, self.case.settings())
        self.vertebrae, self.lumbar = workflow.measure_vertebrae(self.maps.maps, rois, shifts)
        self._shift_findings = tuple(findings)
        self.draw_outlines()
        self.move_burden_rois(rois)

    @property
    def outlines_node(self) -> Optional[Any]:
        """The segmentation that shows the ROIs, or None."""
        return find_node("vtkMRMLSegmentationNode", {"exam": self.label, "rois": "segments"})

    def draw_outlines(self) -> None:
        """Show the ROIs as segments on the grid of the map that is measured."""
        key = next((key for key in ("ff", "adc") if key in self.maps.maps), None)
        if key is None:
            return
        tags = {"exam": self.label, "rois": "segments"}
        node = find_or_add("vtkMRMLSegmentationNode", f"{exam_title(self.label)} vertebral ROIs", tags)
        rois_to_segmentation(self.rois(), self.maps.maps[key], node, self.map_node(key))
        self.refer("Segmentation", node)
        self.following.outlines_were_drawn()

    def was_written(self) -> None:
        """An export wrote the exam's nodes anew: what differs from them later was done by the reader."""
        self.following.was_measured()
        self.following.outlines_were_drawn()
        self.painting.was_shown()
