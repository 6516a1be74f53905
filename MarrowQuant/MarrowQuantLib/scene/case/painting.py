"""What the reader painted and erased in an exam's tumour load with Segment Editor: noticed, taken over, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ...burden.edits import edited
from ...model import Finding, MapKey, finding
from ..burden import state_of_each_voxel
from ..load_edits import digest, load_node, read_edits, read_states, stamp, unknown_segments, write_edits
from ..nodes import tag

if TYPE_CHECKING:
    from .around import Around
    from .burden import ExamLoad


class Painting:
    """The edits of all parts of one exam's tumour load.

    Parameters
    ----------
    load : ExamLoad
    around : Around
    hand : dict
        Takes what has to be told, by its code.
    """

    def __init__(self, load: ExamLoad, around: Around, hand: dict[str, Finding]) -> None:
        self._load, self._around, self._hand, self._label = load, around, hand, around.label
        self.forget()

    def forget(self) -> None:
        """The tumour load is gone."""
        self._shown: dict[int, tuple[tuple[Any, ...], np.ndarray]] = {}
        self._codes: dict[int, np.ndarray] = {}

    def read(self) -> None:
        """Give the sessions, which were made anew, what the scene keeps of earlier edits."""
        self._codes = {}
        for number, session in self._load.sessions().items():
            codes, image = read_edits(self._label, number), self._around.maps().maps[MapKey("dwi_high", number)]
            if codes is None:
                continue
            if codes.shape != image.array.shape:
                self._hand["hand.edits_do_not_fit"] = finding("hand.edits_do_not_fit")
                continue
            self._codes[number] = codes
            session.set_edits(codes)

    def take_over(self) -> bool:
        """Take over what was painted or erased since the load was shown; True if there was anything."""
        found = False
        for number, session in self._load.sessions().items():
            codes = self._edited(number)
            if codes is not None:
                found = True
                self._codes[number] = codes
                session.set_edits(codes)
                write_edits(codes, self._around.maps().maps[MapKey("dwi_high", number)].ijk_to_ras, self._label, number)
        return found

    def _edited(self, number: int) -> Optional[np.ndarray]:
        """All edits of a part, if there are new ones."""
        node, image = load_node(self._label, number), self._around.map_node(MapKey("dwi_high", number))
        burden = self._load.burdens().get(number)
        if node is None or image is None or burden is None:
            return None
        self._tell_unknown(unknown_segments(node))
        shown_stamp, before = self._shown.get(number, (None, None))
        if shown_stamp == stamp(node):
            return None
        after = read_states(node, image)
        if before is None:  # an opened scene: its nodes were written by an earlier session
            if tag(node, "states") in (None, digest(after)):
                return None
            before = state_of_each_voxel(burden)
        known = self._codes.get(number)
        codes = edited(known, before, after)
        self._shown[number] = (stamp(node), after)
        return None if codes is known else codes

    def _tell_unknown(self, n: int) -> None:
        code = "hand.unknown_segment"
        self._hand.pop(code, None)
        if n:
            self._hand[code] = finding(code, exam=self._label, n=n)

    def lost_parts(self) -> list[int]:
        """The numbers of the parts that were shown and whose segmentation was deleted, but for the first."""
        return [number for number in self._shown if number > 1 and load_node(self._label, number) is None]

    def was_shown(self) -> None:
        """The load was written into the scene; what differs from it later was done by the reader."""
        self._shown = {}
        for number, burden in self._load.burdens().items():
            node = load_node(self._label, number)
            if node is not None:
                self._shown[number] = (stamp(node), state_of_each_voxel(burden))
