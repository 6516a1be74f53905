"""One exam of the case: its points and ROIs, what was measured in them, and its tumour load, in the scene and in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from .. import workflow
from ..burden import BurdenSession
from ..maps import ExamMaps
from ..model import (
    Burden,
    BurdenPart,
    Component,
    ExamResult,
    LabValue,
    MarrowQuantError,
    Measurement,
    VertebraResult,
    VertebraROI,
    Volume,
)
from ..vertebrae import from_segments, place_between, relabel, take_over
from ..vertebrae.levels import level_index
from . import points as point_list
from . import skeleton
from .burden import burden_to_nodes, remove_burden
from .labelmaps import read_segments
from .nodes import exam_title, find_node, find_or_add
from .records import write_record
from .rois import rois_from_points_node, rois_to_points_node, rois_to_segmentation

if TYPE_CHECKING:
    from .case import Case

# Names of the node references in the parameter node.
_REFERENCES = dict(zip(workflow.LABELS, ("baseline", "followUp")))

Decision = tuple[tuple[float, float, float], str]


class CaseExam:
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
    burden : Burden or None
        The tumour load with the present thresholds and decisions; None before it was proposed.
    decisions : list of (RAS, state)
        The reader's words on components, oldest first.
    part_notes : list of str
        What is and what is not in the tDV, for stations that could not be stitched.
    labs : dict
        Test to value.
    placement_notes : tuple of str
        What the reader should know about how the ROIs were placed.
    """

    def __init__(self, case: Case, maps: ExamMaps) -> None:
        self.case, self.maps, self.label = case, maps, maps.label
        self.vertebrae: tuple[VertebraResult, ...] = ()
        self.lumbar: Mapping[str, Measurement] = {}
        self.burden: Optional[Burden] = None
        self.decisions: list[Decision] = []
        self.labs: dict[str, LabValue] = {}
        self.placement_notes: tuple[str, ...] = ()
        self._shift_notes: tuple[str, ...] = ()
        self.begin_history()
        self._session: Optional[BurdenSession] = None
        self._result: Optional[ExamResult] = None
        self._parts: tuple[BurdenPart, ...] = ()
        self.part_notes: list[str] = []

    def map_node(self, key: str) -> Optional[Any]:
        """The volume node of a map, or None."""
        return find_node("vtkMRMLScalarVolumeNode", {"exam": self.label, "key": key})

    def result(self) -> ExamResult:
        """All that is known now; the same object as long as nothing changes."""
        if self._result is None:
            labs, notes = dict(self.labs), self.notes
            self._result = workflow.assemble(self.maps, self.vertebrae, self.lumbar, self.burden, labs, notes)
        if self._result.burden_parts is not self._parts:
            self._result = replace(self._result, burden_parts=self._parts, warnings=(*self._result.warnings, *self.part_notes))
        return self._result

    def set_lab(self, test: str, value: Optional[LabValue]) -> None:
        """Set one laboratory value, or remove it (None)."""
        self.set_labs({**{t: v for t, v in self.labs.items() if t != test}, **({test: value} if value else {})})

    def set_labs(self, labs: Mapping[str, LabValue]) -> None:
        """Replace all laboratory values."""
        self.labs, self._result = dict(labs), None
        self.remember()

    def remember(self) -> None:
        """Write into the scene what its other nodes do not hold."""
        muscle_signal = None if self.burden is None else self.burden.muscle_signal
        text = write_record(
            self.maps,
            labs=self.labs,
            decisions=self.decisions,
            muscle_signal=muscle_signal,
            placement_notes=self.placement_notes,
        )
        self.case.remembered[self.label] = text

    # ----------------------------------------------------------------------------------------------------------- points
    @property
    def points_node(self) -> Optional[Any]:
        """The exam's point list, or None."""
        return getattr(self.case.parameters, _REFERENCES[self.label] + "Points")

    def points(self) -> Any:
        """The exam's point list, made at the first call."""
        if self.points_node is None:
            self._refer("Points", rois_to_points_node([], self.label))
        return self.points_node

    def has_points(self) -> bool:
        return self.points_node is not None and bool(point_list.placed_points(self.points_node))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know about the places of the ROIs, on the Dixon images and on the others."""
        return (*self.placement_notes, *self._shift_notes)

    def rois(self) -> list[VertebraROI]:
        """The ROIs around the points, cranial first.

        Raises
        ------
        MarrowQuantError
            If the points cannot be read as levels; see ``rois_from_points_node``.
        """
        return [] if self.points_node is None else rois_from_points_node(self.points_node, self.case.settings().roi_radii_mm)

    def set_rois(self, rois: Sequence[VertebraROI], notes: Optional[Sequence[str]] = None) -> None:
        """Replace all points; ``notes`` take the place of the placement's notes, None keeps these."""
        self._history.record(self.points(), self.placement_notes)
        rois_to_points_node(rois, self.label, node=self.points())
        if notes is not None:
            self.placement_notes = tuple(notes)
            self.remember()
        self._history.record(self.points(), self.placement_notes)

    def begin_history(self) -> None:
        """The points as they are now are where undoing ends."""
        self._history = point_list.PointHistory(self.points_node, self.placement_notes)

    @property
    def can_undo(self) -> bool:
        """True if the points were changed since :meth:`begin_history`."""
        return self._history.can_undo

    def undo(self) -> None:
        """Take back the last change of the points: placing, dragging, filling, taking over, renaming, excluding, resizing."""
        self.placement_notes = self._history.undo(self.points(), self.placement_notes)

    def name_points(self, first_level: str) -> str:
        """Name the points without a level in the order of placing; the last point's level. See ``points.name_points``."""
        return point_list.name_points(self.points(), first_level)

    def rename_from(self, first_level: str) -> None:
        """Move all levels so that the most cranial point is ``first_level``: corrects a count from the wrong vertebra."""
        rois = self.rois()
        if rois:
            self.set_rois(relabel(rois, level_index(first_level) - level_index(rois[0].level)))

    def fill_between(self) -> None:
        """Place an ROI in every body from the highest to the lowest point, on the Dixon image.

        Raises
        ------
        MarrowQuantError
            If there are not two points, or see ``vertebrae.place_between``.
        """
        rois = self.rois()
        if len(rois) < 2:
            raise MarrowQuantError("Two points are needed to fill in the levels between them; place the first and the last level.")
        image = next((self.maps.maps[key] for key in ("water", "ff", "in_phase") if key in self.maps.maps), None)
        ends = [(roi.level, roi.center_ras) for roi in (rois[0], rois[-1])]
        excluded = {roi.level: roi.excluded for roi in rois}
        placed, notes = place_between(*ends, image, self.case.settings().roi_radii_mm)
        self.set_rois([replace(roi, excluded=excluded.get(roi.level)) for roi in placed], notes)

    def take_over(self, segmentation: Any) -> None:
        """Place an ROI inside every vertebra that a segmentation node holds; exclusions of the levels stay.

        Raises
        ------
        MarrowQuantError
            If no segment is a vertebra; see ``vertebrae.from_segments`` and ``vertebrae.take_over``.
        """
        excluded = {roi.level: roi.excluded for roi in self.rois()} if self.has_points() else {}
        labelled = from_segments(read_segments(segmentation), segmentation.GetName())
        found = take_over(labelled, radii_mm=self.case.settings().roi_radii_mm)
        self.set_rois([replace(roi, excluded=excluded.get(roi.level)) for roi in found.rois], found.doubts)

    def resize_rois(self) -> None:
        """Give every ROI the half-lengths of the parameter node."""
        radii = np.array(self.case.settings().roi_radii_mm)
        self.set_rois([replace(roi, radii_mm=radii) for roi in self.rois()])

    def exclude(self, level: str, reason: Optional[str]) -> None:
        """Keep a level out of the mean for a reason, or take it in again (None)."""
        self.set_rois([replace(roi, excluded=reason) if roi.level == level else roi for roi in self.rois()])

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
        self._refer("Segmentation", node)
        if self._session is not None:
            self._session.set_rois(rois)
            self.update_burden()

    def _refer(self, what: str, node: Any) -> None:
        setattr(self.case.parameters, _REFERENCES[self.label] + what, node)

    # ----------------------------------------------------------------------------------------------------------- burden
    def has_diffusion(self) -> bool:
        return "dwi_high" in self.maps.maps and "adc" in self.maps.maps

    def propose_burden(self, muscle_signal: Optional[float] = None) -> None:
        """Segment the diffusion image; the reader's decisions are kept.

        Parameters
        ----------
        muscle_signal : float, optional
            Median high-b signal of muscle; found if left out.

        Raises
        ------
        MarrowQuantError
            If no muscle is found; see ``workflow.burden_session``.
        """
        rois = [vertebra.roi for vertebra in self.vertebrae]
        self._session = workflow.burden_session(
            self.maps.maps, self.case.settings(), muscle_signal, rois=rois, seams_ras=self.maps.seams_ras, skeleton=self._skeleton()
        )
        for ras, state in self.decisions:
            self._session.decide(ras, state)
        self.update_burden()
        self._update_parts()

    def update_burden(self) -> None:
        """Bring a proposed tumour load to the present thresholds and decisions; fast, touches no node."""
        if self._session is None:
            return
        self.burden = self._session.update(**workflow.thresholds_of(self.case.settings()))
        self._result = None

    def _update_parts(self) -> None:
        """The tumour load of stations that could not be stitched to the others."""
        rois, settings = [vertebra.roi for vertebra in self.vertebrae], self.case.settings()
        self._parts, self.part_notes = workflow.measure_parts(self.maps.maps, settings, rois=rois, skeleton=self._skeleton())

    @property
    def skeleton_node(self) -> Optional[Any]:
        """The mask of bone that the reader chose for this exam, or None."""
        return skeleton.skeleton_node(self.label)

    def _skeleton(self) -> Optional[Volume]:
        return skeleton.skeleton_mask(self.label, self.map_node("dwi_high"))

    def set_skeleton(self, node: Optional[Any]) -> None:
        """Restrict the tumour load to a labelmap or segmentation, or lift the restriction (None).

        Raises
        ------
        MarrowQuantError
            If the mask does not fit the images; the one before then holds.
        """
        before, muscle_signal = self.skeleton_node, None if self.burden is None else self.burden.muscle_signal
        skeleton.choose_skeleton(node, self.label)
        try:
            if muscle_signal is not None:
                self.propose_burden(muscle_signal)
        except MarrowQuantError:
            skeleton.choose_skeleton(before, self.label)
            raise
        self.case.follow_up.match()
        self.show_burden()

    def set_burden(self, burden: Burden) -> None:
        """The same tumour load with names for its lesions."""
        self.burden, self._result = burden, None

    def remove_burden(self) -> None:
        """Forget the tumour load, here and in the scene."""
        self.burden, self._session, self._result = None, None, None
        remove_burden(self.label)
        self._refer("Burden", None)
        self.remember()

    def show_burden(self) -> None:
        """Write the tumour load into its segmentation and table."""
        if self.burden is not None:
            self._update_parts()
            self._refer("Burden", burden_to_nodes(self.burden, self.label, volume_node=self.map_node("dwi_high")))
            self.remember()

    def decide(self, component: Component, state: str) -> None:
        """The reader's word on one component: accepted, rejected or physiological."""
        ras = self._brightest_point(component)
        self.decisions.append((ras, state))
        self._session.decide(ras, state)
        self.update_burden()
        self.case.follow_up.match()

    def _brightest_point(self, component: Component) -> tuple[float, float, float]:
        """RAS of the component's brightest voxel: the last one that a rising threshold drops, so a decision saved there is found again."""
        labels, signal = self.burden.labels, self.maps.maps["dwi_high"].array
        voxels = np.flatnonzero(labels.array == component.label)
        brightest = voxels[np.argmax(signal.ravel()[voxels])]
        ijk = np.unravel_index(brightest, labels.array.shape)[::-1]
        return tuple(float(x) for x in labels.ijk_to_ras[:3, :3] @ ijk + labels.ijk_to_ras[:3, 3])

    def undo_decision(self) -> None:
        """Take the last decision back, if any."""
        if self.decisions:
            self.decisions.pop()
            self.propose_burden(self.burden.muscle_signal)
            self.case.follow_up.match()
