"""One exam of the case: what was measured in its ROIs, its laboratory values, and all of it in one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional

from ... import workflow
from ...exam.maps import ExamMaps
from ...model import Burden, ExamResult, Finding, LabValue, MarrowQuantError, Measurement, Origin, VertebraResult, VertebraROI
from ..nodes import exam_title, find_node, find_or_add
from ..records import write_record
from ..rois import rois_to_segmentation
from .around import Around
from .burden import ExamLoad, Listeners
from .hand import Hand
from .rois import ExamRois
from .stir import ExamStir

if TYPE_CHECKING:
    from .case import Case


class CaseExam:
    """An exam that was read: its parts, and what was measured with them.

    Parameters
    ----------
    case : Case
        Gives the parameter node and the settings.
    maps : ExamMaps

    Attributes
    ----------
    rois : ExamRois
        Its points.
    load : ExamLoad
        Its tumour load.
    stir : ExamStir
        Its pattern on STIR images.
    following : Hand
        Follows what the reader does with the nodes elsewhere; ``hand`` is what it has to tell, by its code.
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
        self._case, self.maps, self.label = case, maps, maps.label
        self._result: Optional[ExamResult] = None
        self.hand: dict[str, Finding] = {}
        self.following = Hand(self)
        self._around = Around(self.label, lambda: self.maps, case.settings, lambda: case.parameters, self.remember)
        self.rois = ExamRois(self._around, case.sizes)
        listeners = Listeners(self.outdate_result, self.following.was_proposed, self.following.mask_was_chosen, case.follow_up.match)
        self.load = ExamLoad(self._around, self.measured_rois, listeners, self.hand)
        self.stir = ExamStir(self._around, self.rois, lambda: self.vertebrae)
        self.vertebrae: tuple[VertebraResult, ...] = ()
        self.lumbar: Mapping[str, Measurement] = {}
        self.labs: dict[str, LabValue] = {}
        self.lost_maps: set[str] = set()
        self._shift_findings: tuple[Finding, ...] = ()
        self.trouble: Optional[MarrowQuantError] = None

    @property
    def burden(self) -> Optional[Burden]:
        """Its tumour load as it is now; None before it was proposed."""
        return self.load.burden

    def map_node(self, key: str) -> Optional[Any]:
        """The volume node of a map, or None."""
        return self._around.map_node(key)

    def result(self) -> ExamResult:
        """All that is known now; the same object as long as nothing changes."""
        stir = self.stir.now()
        if self._result is None or self._result.stir != stir:
            self.load.add_curve()
            labs, findings = dict(self.labs), (*self._shift_findings, *self.load.part_findings, *self._told_by_hand())
            measured = (self.maps, self.vertebrae, self.lumbar, self.burden, labs)
            origin = Origin(self.maps.findings, self.rois.findings)
            self._result = workflow.assemble(*measured, findings, self.load.parts, origin, stir)
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
            decisions=self.load.decisions,
            proposed=self.burden is not None or self.load.is_awaited,
            muscle_signal=self.load.muscle_signal,
            placement_findings=self.rois.findings,
            lost_maps=self.lost_maps,
            outlined=self.rois.outlined,
            stir=self.stir.by_reader,
        )
        self._case.remembered[self.label] = text
        self.following.look()

    # ------------------------------------------------------------------------------------------------------------ ROIs
    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the reader should know about the places of the ROIs, on the Dixon images and on the others."""
        return (*self.rois.findings, *self._shift_findings)

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
        if self.rois.points_node is not None:
            self.rois.record()
        rois = self.rois.now()
        self.maps, shifts, findings = workflow.with_shifts(self.maps, rois, self._case.settings())
        self.vertebrae, self.lumbar = workflow.measure_vertebrae(self.maps.maps, rois, shifts)
        self._shift_findings = tuple(findings)
        self.draw_outlines()
        self.load.move_rois(rois)

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
        rois_to_segmentation(self.rois.now(), self.maps.maps[key], node, self.map_node(key))
        self._around.refer("Segmentation", node)
        self.following.outlines_were_drawn()

    def was_written(self) -> None:
        """An export wrote the exam's nodes anew: what differs from them later was done by the reader."""
        self.following.was_measured()
        self.following.outlines_were_drawn()
        self.load.painting.was_shown()
