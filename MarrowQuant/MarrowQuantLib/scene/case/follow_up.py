"""What the follow-up takes over from the baseline in the scene: ROIs with their confidence, and lesions matched by name, with undo.

The movement of the body is kept, so that a decision or another threshold matches the lesions anew without registering anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional

import numpy as np

from ... import workflow
from ...followup import follow
from ...followup.follow import BodyMovement
from ...followup.lesion_rows import LesionRow, rows_of
from ...model import Burden, Finding, LesionChange, MarrowQuantError, Progress, VertebraROI, as_finding, no_progress
from ...model.findings import finding_from_plain
from ...results.codec import plain
from .. import records
from ..lesions import lesions_table, remove_lesions_table

if TYPE_CHECKING:
    from ..records import Decision
    from .exam import CaseExam

_SAME_PLACE_MM = 0.5  # an ROI that lies farther from where it was carried to was moved by the reader


@dataclass(frozen=True)
class _CarriedPlace:
    """Where a level was carried to, RAS mm, and how sure that is, 0 … 1."""

    confidence: float
    center_ras: tuple[float, ...]


@dataclass(frozen=True)
class _Before:
    """The follow-up as it was before something was carried into it."""

    rois: list[VertebraROI]
    had_burden: bool
    decisions: list[Decision]
    places: dict[str, _CarriedPlace]
    findings: tuple[Finding, ...]
    movement: Optional[BodyMovement]


class FollowUp:
    """Carrying from the baseline to the follow-up.

    Parameters
    ----------
    exams : callable
        Gives the case's exams by label.

    Attributes
    ----------
    lesions : tuple of LesionChange
        What became of each lesion; empty before lesions were matched.
    findings : tuple of Finding
        What the reader should know about what was carried.
    """

    def __init__(self, exams: Callable[[], Mapping[str, CaseExam]]) -> None:
        self._exams_now = exams
        self.forget()

    def forget(self) -> None:
        """The exams are about to be replaced; the scene is left alone."""
        self.lesions: tuple[LesionChange, ...] = ()
        self.findings: tuple[Finding, ...] = ()
        self._places: dict[str, _CarriedPlace] = {}
        self._movement: Optional[BodyMovement] = None
        self._matched: tuple[Optional[Burden], Optional[Burden]] = (None, None)
        self._before: Optional[_Before] = None

    def _exams(self) -> Optional[tuple[CaseExam, CaseExam]]:
        exams = tuple(self._exams_now().values())
        return exams if len(exams) == 2 else None

    # --------------------------------------------------------------------------------------------------------- carrying
    def missing(self) -> Optional[MarrowQuantError]:
        """Why nothing can be carried yet; None if something can."""
        exams = self._exams()
        if exams is None:
            return MarrowQuantError("Carrying needs two exams; read the baseline and the follow-up.")
        if not exams[0].rois.has_points() and exams[0].burden is None:
            return MarrowQuantError("The baseline holds nothing to carry yet; mark its vertebrae or propose its tumour load first.")
        return None

    def carry_over(self, progress: Progress = no_progress) -> None:
        """Carry ROIs, levels and exclusions to the follow-up, measure it there, and match the lesions of both exams.

        Raises
        ------
        MarrowQuantError
            If there is nothing to carry, or the images of the exams do not overlap; the follow-up is then as it was before.
        """
        missing = self.missing()
        if missing is not None:
            raise missing
        first, second = self._exams()
        decided = second.burden is not None, list(second.load.decisions)
        before = _Before(second.rois.now(), *decided, self._places, self.findings, self._movement)
        try:
            self._carry_rois(first, second, workflow.part(progress, 0.0, 0.5))
            self._carry_lesions(first, second, workflow.part(progress, 0.5, 1.0))
        except BaseException:
            self._restore(before)
            raise
        self._before = before
        self._write()
        progress(1.0, "Carried over")

    def _carry_rois(self, first: CaseExam, second: CaseExam, progress: Progress) -> None:
        if not first.rois.has_points():
            return
        if not first.vertebrae:
            first.measure()
        carried = follow.carry(first.rois.now(), first.maps.maps, second.maps.maps, progress)
        self._places = {c.roi.level: _CarriedPlace(c.confidence, tuple(float(x) for x in c.roi.center_ras)) for c in carried}
        self.findings = tuple(follow.carry_findings(carried))
        second.rois.replace([c.roi for c in carried])
        second.measure()

    def _carry_lesions(self, first: CaseExam, second: CaseExam, progress: Progress) -> None:
        if first.burden is None or not second.load.has_diffusion():
            return
        self._movement = follow.find_movement(first.maps.maps, second.maps.maps, progress)
        if second.burden is None:
            second.load.propose()
        self.match()
        for exam in (first, second):
            exam.load.show()
        self.show()

    def can_undo(self) -> bool:
        """True if the ROIs from before carrying over are kept."""
        return self._before is not None

    def undo(self) -> None:
        """Take back what was carried last: the follow-up's ROIs, its tumour load and the lesions' names are as they were before."""
        if self._before is not None:
            before, self._before = self._before, None
            self._restore(before)
            self._write()

    def _restore(self, before: _Before) -> None:
        first, second = self._exams()
        if second.rois.points_node is not None:
            second.rois.replace(before.rois)
            second.measure()
        second.load.set_decisions(before.decisions)
        if not before.had_burden and second.burden is not None:
            second.load.remove()
        self._places, self.findings, self._movement = before.places, before.findings, before.movement
        for exam in (first, second):
            exam.load.update()
        self.match()
        for exam in (first, second):
            exam.load.show()
        self.show()

    def confidence(self, roi: VertebraROI) -> Optional[float]:
        """0 … 1 for an ROI of the follow-up that lies where it was carried to; None for one that was placed or moved by the reader."""
        place = self._places.get(roi.level)
        if place is None or np.linalg.norm(np.asarray(roi.center_ras) - place.center_ras) > _SAME_PLACE_MM:
            return None
        return place.confidence

    # ---------------------------------------------------------------------------------------------------------- lesions
    def match(self) -> None:
        """Match the lesions as the two tumour loads are now, if the movement of the body is known."""
        exams = self._exams()
        burdens = tuple(exam.burden for exam in exams) if exams else (None, None)
        if self._movement is None or None in burdens:
            self.lesions, self._matched = (), (None, None)
            return
        if all(now is then for now, then in zip(burdens, self._matched)):
            return
        *named, self.lesions = follow.name_lesions(*burdens, self._movement)
        self._matched = tuple(named)
        for exam, burden in zip(exams, named):
            exam.load.set_burden(burden)

    def rows(self) -> list[LesionRow]:
        """One row a lesion, for tables."""
        exams = self._exams()
        return rows_of(self.lesions, *(exam.result() for exam in exams)) if exams and self.lesions else []

    def show(self) -> None:
        """Write the lesions into the scene's table, or remove it if none are matched."""
        rows = self.rows()
        if rows:
            lesions_table(rows)
        else:
            remove_lesions_table()

    # ------------------------------------------------------------------------------------------------------------ scene
    def _write(self) -> None:
        if self._movement is None and not self._places:
            records.remove_follow_up()
            return
        record = {
            "movement": None if self._movement is None else self._movement.plain(),
            "places": {level: [place.confidence, place.center_ras] for level, place in self._places.items()},
            "findings": plain([as_finding(found) for found in self.findings]),
        }
        records.write_follow_up(record)

    def remove_record(self) -> None:
        """Forget in the scene what was carried and matched."""
        records.remove_follow_up()
        remove_lesions_table()

    def read(self) -> None:
        """Take up what an opened scene holds; its exams were restored before.

        Raises
        ------
        MarrowQuantError
            If it cannot be read; see ``records.read_follow_up``.
        """
        record = records.read_follow_up()
        if record.get("movement"):
            self._movement = BodyMovement.from_plain(record["movement"])
        self._places = {level: _CarriedPlace(confidence, tuple(center)) for level, (confidence, center) in record.get("places", {}).items()}
        stored = record.get("findings", record.get("notes", ()))  # "notes" in an older scene
        self.findings = tuple(map(finding_from_plain, stored))
        self.match()
        self.show()
