"""One exam of the case: what was measured in its ROIs, and its tumour load, in the scene and in memory."""

from __future__ import annotations

from collections.abc import Mapping
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
    Volume,
)
from ..tumour_load import PartSession
from . import skeleton
from .burden import burden_to_nodes, remove_burden
from .case_rois import CaseRois
from .nodes import exam_title, find_node, find_or_add
from .records import write_record
from .rois import rois_to_segmentation

if TYPE_CHECKING:
    from .case import Case

Decision = tuple[tuple[float, float, float], str]


class CaseExam(CaseRois):
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
    """

    def __init__(self, case: Case, maps: ExamMaps) -> None:
        super().__init__(case, maps)
        self.vertebrae: tuple[VertebraResult, ...] = ()
        self.lumbar: Mapping[str, Measurement] = {}
        self.burden: Optional[Burden] = None
        self.decisions: list[Decision] = []
        self.labs: dict[str, LabValue] = {}
        self._shift_notes: tuple[str, ...] = ()
        self._session: Optional[BurdenSession] = None
        self._result: Optional[ExamResult] = None
        self._part_sessions: list[PartSession] = []
        self._parts: tuple[BurdenPart, ...] = ()
        self.part_notes: list[str] = []

    def map_node(self, key: str) -> Optional[Any]:
        """The volume node of a map, or None."""
        return find_node("vtkMRMLScalarVolumeNode", {"exam": self.label, "key": key})

    def result(self) -> ExamResult:
        """All that is known now; the same object as long as nothing changes."""
        if self._result is None:
            labs, notes = dict(self.labs), (*self.notes, *self.part_notes)
            self._result = workflow.assemble(self.maps, self.vertebrae, self.lumbar, self.burden, labs, notes, self._parts)
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
        if self._session is not None:
            for session in (self._session, *(part.session for part in self._part_sessions)):
                if session is not None:
                    session.set_rois(rois)
            self.update_burden()

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
        rois, settings, mask = [vertebra.roi for vertebra in self.vertebrae], self.case.settings(), self._skeleton()
        self._session = workflow.burden_session(
            self.maps.maps, settings, muscle_signal, rois=rois, seams_ras=self.maps.seams_ras, skeleton=mask
        )
        self._part_sessions = workflow.part_sessions(self.maps.maps, settings, rois=rois, skeleton=mask)
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
        """Bring the tumour load of stations that could not be stitched to the others to the present thresholds."""
        if self._part_sessions:
            self._parts, self.part_notes = workflow.update_parts(self._part_sessions, self.case.settings())
            self._result = None

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
        self._part_sessions, self._parts, self.part_notes = [], (), []
        remove_burden(self.label)
        self.refer("Burden", None)
        self.remember()

    def show_burden(self) -> None:
        """Write the tumour load into its segmentation and table."""
        if self.burden is not None:
            self._update_parts()
            self.refer("Burden", burden_to_nodes(self.burden, self.label, volume_node=self.map_node("dwi_high")))
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
