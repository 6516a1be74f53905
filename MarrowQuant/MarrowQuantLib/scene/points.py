"""The point list while the reader works: naming the points in order, and undoing whatever changed them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

import numpy as np
import slicer

from ..vertebrae import LEVELS, parse_level
from ..vertebrae.levels import level_index


def placed_points(node: Any) -> list[int]:
    """Indices of the points that have a position; while the reader places, the list also holds one that follows the mouse."""
    placed = slicer.vtkMRMLMarkupsNode.PositionDefined
    return [n for n in range(node.GetNumberOfControlPoints()) if node.GetNthControlPointPositionStatus(n) == placed]


def name_points(node: Any, first_level: str) -> str:
    """Give every placed point without a level the one below the point before it, beginning with ``first_level``.

    Returns
    -------
    str
        Level of the last point; empty if there is none.
    """
    following, last = level_index(first_level), ""
    for n in placed_points(node):
        level = parse_level(node.GetNthControlPointLabel(n))
        if level is None:
            level = LEVELS[min(following, len(LEVELS) - 1)]  # below S1 the name repeats, and reading the ROIs says so
            node.SetNthControlPointLabel(n, level)
        following, last = level_index(level) + 1, level
    return last


class PointState(NamedTuple):
    """One placed point, where it stands in the world."""

    label: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    description: str


class _Points(NamedTuple):
    """All points of a list, and what was told about them."""

    points: tuple[PointState, ...]
    notes: tuple[str, ...]


def read_points(node: Any) -> tuple[PointState, ...]:
    """All placed points of a list, in its order."""
    states = []
    for n in placed_points(node):
        axes = np.zeros(9)
        node.GetNthControlPointOrientationMatrixWorld(n, axes)
        label, description = node.GetNthControlPointLabel(n), node.GetNthControlPointDescription(n) or ""
        states.append(PointState(label, tuple(node.GetNthControlPointPositionWorld(n)), tuple(axes), description))
    return tuple(states)


def write_points(node: Any, states: Sequence[PointState]) -> None:
    """Replace all points of a list."""
    was_modifying = node.StartModify()
    try:
        node.RemoveAllControlPoints()
        for state in states:
            index = node.AddControlPointWorld(list(state.position), state.label)
            node.SetNthControlPointOrientationMatrixWorld(index, list(state.orientation))
            node.SetNthControlPointDescription(index, state.description)
    finally:
        node.EndModify(was_modifying)


class PointHistory:
    """What the points were before each change, whoever made it: a click, a drag, a rename, an exclusion, a takeover.

    Parameters
    ----------
    node : vtkMRMLMarkupsFiducialNode or None
        What the list holds now is where undoing ends.
    notes : tuple of str
        What was told about these points; it comes back with them.
    """

    DEPTH = 50

    def __init__(self, node: Optional[Any], notes: tuple[str, ...] = ()) -> None:
        self._before: list[_Points] = []
        self._now = _Points(() if node is None else read_points(node), notes)

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    def record(self, node: Any, notes: tuple[str, ...]) -> None:
        """Remember the points as they are now, if they changed since the last call."""
        now = _Points(read_points(node), notes)
        if now.points != self._now.points:
            self._before = [*self._before, self._now][-self.DEPTH :]
        self._now = now

    def undo(self, node: Any, notes: tuple[str, ...]) -> tuple[str, ...]:
        """Bring back the points as they were before the last change, if there was one, and return their notes."""
        self.record(node, notes)
        if self._before:
            self._now = self._before.pop()
            write_points(node, self._now.points)
        return self._now.notes
