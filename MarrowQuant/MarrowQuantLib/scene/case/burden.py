"""The tumour load of one exam of the case, with the reader's decisions on its components.

The stitched stations are part 1 of the exam; each group of stations that fits no others is a part of its own, with its own tDV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable, Optional

import numpy as np

from ... import workflow
from ...burden import BurdenSession
from ...burden.exam_load import PartSession
from ...model import Burden, BurdenPart, Component, Finding, MapKey, MarrowQuantError, VertebraROI, Volume
from .. import skeleton
from ..burden import burdens_to_nodes, remove_burden
from ..muscle import muscle_points, remove_points
from ..records import Decision
from .around import Around
from .painting import Painting


@dataclass(frozen=True)
class Listeners:
    """What a tumour load calls when something about it has changed.

    Attributes
    ----------
    outdated : callable
        The exam's result is no longer what is known.
    proposed, mask_chosen : callable
        It is that of the mask of bone and the points in muscle as they are now; the reader chose another mask.
    matched : callable
        Matches the lesions of both exams, if they are matched.
    """

    outdated: Callable[[], None]
    proposed: Callable[[], None]
    mask_chosen: Callable[[], None]
    matched: Callable[[], None]


class ExamLoad:
    """The tumour load of one exam.

    Parameters
    ----------
    around : Around
    measured_rois : callable
        Gives the vertebral ROIs as they were measured last.
    listeners : Listeners
    hand : dict
        Takes what has to be told of the reader's hand, by its code.

    Attributes
    ----------
    burden : Burden or None
        The tumour load with the present thresholds and decisions; None before it was proposed.
    parts : tuple of BurdenPart
        The same of stations that could not be stitched to the others.
    part_findings : list of Finding
        What is and what is not in the tDV, for these stations.
    decisions : list of Decision
        The reader's words on components, oldest first.
    muscle_signal : float or None
        The signal of muscle that :meth:`propose` was given.
    painting : Painting
        What was painted and erased in the load.
    is_awaited : bool
        True if the scene holds a tumour load that could not be proposed again from it: what the scene says of it then stays.
    """

    def __init__(
        self, around: Around, measured_rois: Callable[[], Sequence[VertebraROI]], listeners: Listeners, hand: dict[str, Finding]
    ) -> None:
        self._around, self._measured_rois, self._listeners, self._label = around, measured_rois, listeners, around.label
        self.decisions: list[Decision] = []
        self._undone: list[Decision] = []
        self.muscle_signal: Optional[float] = None
        self.is_awaited = False
        self.painting = Painting(self, around, hand)
        self._forget()

    def _forget(self) -> None:
        self.burden: Optional[Burden] = None
        self.parts: tuple[BurdenPart, ...] = ()
        self.part_findings: list[Finding] = []
        self._session: Optional[BurdenSession] = None
        self._part_sessions: list[PartSession] = []
        self.painting.forget()

    def sessions(self) -> dict[int, BurdenSession]:
        """The session of each part that can be measured."""
        sessions = {1: self._session, **{part.number: part.session for part in self._part_sessions}}
        return {number: session for number, session in sessions.items() if session is not None}

    # -------------------------------------------------------------------------------------------------------- proposing
    def has_diffusion(self) -> bool:
        """True if there are a high-b image and an ADC map."""
        return {"dwi_high", "adc"} <= self._around.maps().maps.keys()

    def propose(self, muscle_signal: Optional[float] = None) -> None:
        """Segment the diffusion images; the reader's decisions are kept.

        Parameters
        ----------
        muscle_signal : float, optional
            Median high-b signal of muscle in the stitched stations; if left out, that at the reader's points in muscle, and without
            points it is found.

        Raises
        ------
        MarrowQuantError
            If no muscle is found or a point lies elsewhere; see ``workflow.burden_session``. What was proposed before then stays.
        """
        self.painting.take_over()
        muscle = (muscle_points(self._label) or None) if muscle_signal is None else muscle_signal
        rois, settings, mask = self._measured_rois(), self._around.settings(), self._skeleton()
        maps, seams = self._around.maps().maps, self._around.maps().seams_ras
        self._session = workflow.burden_session(maps, settings, muscle, rois=rois, seams_ras=seams, skeleton=mask)
        self._part_sessions = workflow.part_sessions(maps, settings, muscle, rois=rois, skeleton=mask)
        self.muscle_signal, self.is_awaited = muscle_signal, False
        sessions = self.sessions()
        for decision in self.decisions:
            if decision.part in sessions:
                sessions[decision.part].decide(decision.ras, decision.state)
        self.painting.read()
        self._listeners.proposed()
        self.update()
        self._update_parts()

    def update(self) -> None:
        """Bring a proposed tumour load to the present thresholds and decisions; fast, touches no node."""
        if self._session is not None:
            self.set_burden(self._session.update(**workflow.thresholds_of(self._around.settings())))

    def _update_parts(self) -> None:
        if self._part_sessions:
            self.parts, self.part_findings = workflow.update_parts(self._part_sessions, self._around.settings())
            self._listeners.outdated()

    def set_burden(self, burden: Burden) -> None:
        """Replace the tumour load of the stitched stations, e.g. by the same with names for its lesions."""
        self.burden = burden
        self._listeners.outdated()

    def move_rois(self, rois: Sequence[VertebraROI]) -> None:
        """Tell a proposed tumour load that the vertebral ROIs moved."""
        for session in self.sessions().values():
            session.set_rois(rois)
        self.update()

    def remove(self) -> None:
        """Forget the tumour load, here and in the scene."""
        self._forget()
        self.is_awaited = False
        self._listeners.outdated()
        remove_burden(self._label)
        self._around.refer("Burden", None)
        self._around.changed()

    def show(self) -> None:
        """Write the tumour load into its segmentations and tables."""
        if self.burden is not None:
            if self.painting.take_over():
                self.update()
            self.add_curve()
            self._update_parts()
            maps = self._around.maps().maps
            self._around.refer("Burden", burdens_to_nodes(self.burden, self.parts, self._label, maps, self._around.map_node))
            self.painting.was_shown()
            self._around.changed()

    def add_curve(self) -> None:
        """Give the tumour load its threshold curve and interval, which a slider that moves does without."""
        if self.burden is not None and self._session is not None and not self.burden.threshold_curve:
            self.set_burden(self._session.curve(self.burden))

    # ----------------------------------------------------------------------------------------------- muscle, skeleton
    def follow_muscle(self) -> None:
        """Propose the tumour load anew at the reader's points in muscle, or by itself where there are none, and show it.

        Raises
        ------
        MarrowQuantError
            As :meth:`propose`.
        """
        self.propose()
        self._listeners.matched()
        self.show()

    def find_muscle(self) -> None:
        """Remove the points in muscle, and let it be found."""
        remove_points(self._label)
        self.follow_muscle()

    @property
    def muscle_is_given(self) -> bool:
        """True if muscle was given by points or by its signal."""
        return self.muscle_signal is not None or bool(muscle_points(self._label))

    @property
    def skeleton_node(self) -> Optional[Any]:
        """The mask of bone that the reader chose for this exam, or None."""
        return skeleton.skeleton_node(self._label)

    def _skeleton(self) -> Optional[Volume]:
        return skeleton.skeleton_mask(self._label, self._around.map_node("dwi_high"))

    def set_skeleton(self, node: Optional[Any]) -> None:
        """Restrict the tumour load to a labelmap or segmentation, or lift the restriction (None).

        Raises
        ------
        MarrowQuantError
            If the mask does not fit the images; the one before then holds.
        """
        before = self.skeleton_node
        skeleton.choose_skeleton(node, self._label)
        try:
            if self.burden is not None:
                self.propose(self.muscle_signal)
        except MarrowQuantError:
            skeleton.choose_skeleton(before, self._label)
            raise
        self._listeners.mask_chosen()
        self._listeners.matched()
        self.show()

    # ------------------------------------------------------------------------------------------------------- decisions
    def components(self) -> list[tuple[int, Component]]:
        """Every component with the number of its part: the stitched stations' first."""
        return [(number, component) for number, burden in self.burdens().items() for component in burden.components]

    def burdens(self) -> dict[int, Burden]:
        """The tumour load of each part."""
        return {} if self.burden is None else {1: self.burden, **{part.number: part.burden for part in self.parts}}

    def decide(self, component: Component, state: str, part: int = 1) -> None:
        """The reader's word on one component of a part: accepted, rejected or physiological."""
        self._undone = []
        self._add(Decision(self._brightest_point(component, part), state, part))
        self._follow_decision(part)
        self._around.changed()  # now: the segmentation follows later, and the scene may be saved or the module reloaded before

    def undo_decision(self) -> None:
        """Take the last decision back, if any."""
        if self.decisions:
            self._undone.append(self.decisions[-1])
            self._follow_decision(self._drop_last())
            self._around.changed()

    @property
    def can_redo_decision(self) -> bool:
        """True if a decision was taken back, and none was made since."""
        return bool(self._undone)

    def redo_decision(self) -> None:
        """Make the decision again that was taken back last, if any."""
        if self._undone:
            decision = self._undone.pop()
            self._add(decision)
            self._follow_decision(decision.part)
            self._around.changed()

    def set_decisions(self, decisions: Sequence[Decision]) -> None:
        """Have these decisions instead of the present ones, from the next update on."""
        self._undone = []
        while self.decisions != list(decisions[: len(self.decisions)]):
            self._drop_last()
        for decision in decisions[len(self.decisions) :]:
            self._add(decision)

    def _add(self, decision: Decision) -> None:
        self.decisions.append(decision)
        session = self.sessions().get(decision.part)
        if session is not None:
            session.decide(decision.ras, decision.state)

    def _drop_last(self) -> int:
        """Forget the last decision; the part that it was about."""
        part = self.decisions.pop().part
        session = self.sessions().get(part)
        if session is not None:
            session.undo_decision()
        return part

    def _follow_decision(self, part: int) -> None:
        if part == 1:
            self.update()
            self._listeners.matched()
        else:
            self._update_parts()

    def _brightest_point(self, component: Component, part: int) -> tuple[float, ...]:
        """RAS of the component's brightest voxel: the last one that a rising threshold drops, so a decision saved there is found again."""
        labels, signal = self.burdens()[part].labels, self._around.maps().maps[MapKey("dwi_high", part)].array
        voxels = np.flatnonzero(labels.array == component.label)
        brightest = voxels[np.argmax(signal.ravel()[voxels])]
        ijk = np.unravel_index(brightest, labels.array.shape)[::-1]
        return tuple(float(x) for x in labels.to_ras(ijk))
