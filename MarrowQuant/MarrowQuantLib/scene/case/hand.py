"""The reader's hand: what was done with the nodes of a case in other modules is noticed, and taken over or answered in words.

Points moved by coordinates, renamed or deleted in Markups; voxels painted or erased in Segment Editor; nodes deleted in Data. Nothing of
it is put back in silence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Optional

from ...model import MarrowQuantError, finding
from ..load_edits import load_node, stamp
from ..muscle import muscle_points
from ..points import read_points
from ..volumes import holds_voxels, stands_at

if TYPE_CHECKING:
    from .exam import CaseExam


class Hand:
    """Follows the reader's hand in the nodes of one exam.

    Parameters
    ----------
    exam : CaseExam
    """

    def __init__(self, exam: CaseExam) -> None:
        self._exam = exam
        self._seen: set[str] = set()  # keys of the maps whose nodes were there
        self._voxels: dict[str, tuple[tuple[Any, ...], bool]] = {}  # stamp of each, and whether it held the voxels read
        self._outlines: Optional[tuple[Any, ...]] = None
        self._measured: tuple[Any, ...] = ()
        self._normalised: tuple[Any, ...] = ()
        self._mask: Optional[tuple[Any, ...]] = None

    # ----------------------------------------------------------------------------------------- what the case itself does
    def look(self) -> None:
        """Remember which images have nodes, and their voxels, to see later that one was deleted or changed."""
        self._seen = self._seen | set(self._nodes())
        self._voxels = {key: self._voxels.get(key, (stamp(node), True)) for key, node in self._nodes().items()}

    def _nodes(self) -> dict[str, Any]:
        """The nodes of the maps that have one, by key."""
        nodes = ((key, self._exam.map_node(key)) for key in self._exam.maps.maps)
        return {key: node for key, node in nodes if node is not None}

    def was_measured(self) -> None:
        """The points as they are now are those of the measurements."""
        self._measured = self._points()

    def outlines_were_drawn(self) -> None:
        """Remember the outlines as drawn, to tell later whether a hand moved them."""
        node = self._exam.outlines_node
        self._outlines = None if node is None else stamp(node)

    def was_proposed(self) -> None:
        """The tumour load is that of the mask and the points in muscle as they are now."""
        self._normalised, self._mask = tuple(muscle_points(self._exam.label)), self._mask_now()
        for code in ("hand.load_deleted", "hand.muscle_refused", "hand.mask_refused"):
            self._exam.hand.pop(code, None)

    def mask_was_chosen(self) -> None:
        """Remember the mask of bone as chosen, and forget that one was deleted."""
        self._mask = self._mask_now()
        self._exam.hand.pop("hand.mask_deleted", None)

    # -------------------------------------------------------------------------------------------- what the reader did
    def follow(self) -> bool:
        """Take over what the reader changed since the last look; True if there was anything."""
        told = dict(self._exam.hand)
        self._tell_moved_and_changed_maps()
        followed = [step() for step in (self._follow_maps, self._follow_points, self._follow_outlines, self._follow_load)]
        anything = any(followed) or told != self._exam.hand
        if anything:
            self._exam.outdate_result()
        return anything

    def _tell(self, code: str, **values: Any) -> None:
        self._exam.hand[code] = finding(code, exam=self._exam.label, **values)

    def _follow_maps(self) -> bool:
        exam, seen = self._exam, self._seen
        self.look()
        lost = seen & set(exam.maps.maps) - set(self._nodes())
        if not lost:
            return False
        exam.maps = replace(exam.maps, maps={key: volume for key, volume in exam.maps.maps.items() if key not in lost})
        exam.lost_maps |= lost
        self._tell("hand.map_deleted", map=sorted(lost))
        if exam.burden is not None and not exam.load.has_diffusion():
            exam.load.remove()
        exam.remember()
        if exam.vertebrae:
            self._refused_or_done(exam.measure)
        return True

    def _tell_moved_and_changed_maps(self) -> None:
        nodes = self._nodes()
        for key, node in nodes.items():
            if stamp(node) != self._voxels.get(key, ((), True))[0]:
                self._voxels[key] = stamp(node), holds_voxels(node, self._exam.maps.maps[key])
        moved = sorted(key for key, node in nodes.items() if not stands_at(node, self._exam.maps.maps[key]))
        changed = sorted(key for key in nodes if not self._voxels[key][1])
        for code, keys in (("hand.map_moved", moved), ("hand.map_changed", changed)):
            if keys:
                self._tell(code, map=keys)
            else:
                self._exam.hand.pop(code, None)

    def _points(self) -> tuple[Any, ...]:
        node = self._exam.rois.points_node
        return () if node is None else read_points(node)

    def _follow_points(self) -> bool:
        exam = self._exam
        deleted = exam.rois.points_node is None and bool(self._measured)
        if self._points() == self._measured:
            return False
        if deleted:
            exam.rois.points()  # an empty list; undoing fills it again
        self._refused_or_done(exam.measure)
        if deleted:
            self._tell("hand.points_deleted")
        return True

    def _follow_outlines(self) -> bool:
        node = self._exam.outlines_node
        if self._outlines is None or (node is not None and stamp(node) == self._outlines):
            return False
        self._refused_or_done(self._exam.draw_outlines)
        self._tell("hand.outlines")
        return True

    def _follow_load(self) -> bool:
        exam = self._exam
        if exam.burden is None:
            return self._follow_mask_alone()
        if load_node(exam.label) is None:
            exam.load.remove()
            self._tell("hand.load_deleted")
            return True
        redrawn = exam.load.painting.lost_parts()
        if redrawn:
            exam.load.show()
            self._tell("hand.part_deleted", part=tuple(redrawn))
        masked = self._mask_now() != self._mask
        moved = tuple(muscle_points(exam.label)) != self._normalised
        if masked or moved:
            lost = masked and self._mask_now() is None
            self._mask, self._normalised = self._mask_now(), tuple(muscle_points(exam.label))
            reason = self._refused_or_done(lambda: exam.load.propose(None if moved else exam.load.muscle_signal))
            if reason is not None:
                self._tell("hand.mask_refused" if masked else "hand.muscle_refused", reason=reason)
            if lost:
                self._tell("hand.mask_deleted")
        if exam.load.painting.take_over():
            exam.load.update()
            return True
        return masked or moved or bool(redrawn)

    def _follow_mask_alone(self) -> bool:
        """A mask that was deleted before the load was proposed."""
        lost = self._mask is not None and self._mask_now() is None
        self._mask = self._mask_now()
        if lost:
            self._tell("hand.mask_deleted")
        return lost

    def _mask_now(self) -> Optional[tuple[Any, ...]]:
        node = self._exam.load.skeleton_node
        return None if node is None else stamp(node)

    @staticmethod
    def _refused_or_done(function: Callable[[], None]) -> Optional[MarrowQuantError]:
        """Why it was refused, or None."""
        try:
            function()
        except MarrowQuantError as error:
            return error
        return None
