"""The pattern of one exam on STIR images: proposed from the bodies that were measured, set by the reader, with undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Callable, Optional

from ...classify.stir import stir_of_exam
from ...model import ANAEMIAS, StirPattern, VertebraResult
from .around import Around
from .rois import ExamRois


class ExamStir:
    """The pattern of one exam.

    Parameters
    ----------
    around : Around
    rois : ExamRois
    vertebrae : callable
        Gives the vertebrae as they were measured last.

    Attributes
    ----------
    by_reader : int or None
        The pattern that the reader set; None: as proposed.
    """

    def __init__(self, around: Around, rois: ExamRois, vertebrae: Callable[[], Sequence[VertebraResult]]) -> None:
        self._around, self._rois, self._vertebrae = around, rois, vertebrae
        self.by_reader: Optional[int] = None
        self._before: list[Optional[int]] = []
        self._proposed: Optional[StirPattern] = None
        self._of: Optional[Sequence[VertebraResult]] = None

    @property
    def is_asked(self) -> bool:
        """True if the exam has STIR images and is of a kind of case whose pattern is told."""
        return "stir" in self._around.maps().maps and self._around.settings().kind in ANAEMIAS

    def now(self) -> Optional[StirPattern]:
        """The pattern as it is now; None where it is not asked for, or nothing is known of it. Found anew after vertebrae were measured."""
        if not self.is_asked:
            return None
        vertebrae = self._vertebrae()
        if vertebrae is not self._of:
            rois = [vertebra.roi for vertebra in vertebrae]
            self._proposed, self._of = stir_of_exam(self._around.maps().maps, rois, self._rois.outlined), vertebrae
        if self._proposed is None and self.by_reader is None:
            return None
        return replace(self._proposed or StirPattern(), by_reader=self.by_reader)

    def set(self, pattern: Optional[int]) -> None:
        """Take the reader's pattern; None: as proposed."""
        if pattern != self.by_reader:
            self._before.append(self.by_reader)
            self._take(pattern)

    @property
    def can_undo(self) -> bool:
        """True if the reader set a pattern since the case was opened."""
        return bool(self._before)

    def undo(self) -> None:
        """Take back the last :meth:`set`."""
        if self._before:
            self._take(self._before.pop())

    def _take(self, pattern: Optional[int]) -> None:
        self.by_reader = pattern
        self._around.changed()
