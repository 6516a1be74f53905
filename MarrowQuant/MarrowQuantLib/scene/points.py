"""The point list while the reader works: naming the points in order, and undoing whatever changed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

import numpy as np
import slicer

from ..model import Finding
from ..vertebrae import parse_level
from ..vertebrae.clicks import name_clicks
from ..vertebrae.levels import is_counted, level_index


def placed_points(node: Any) -> list[int]:
    """Indices of the points that have a position; while the reader places, the list also holds one that follows the mouse."""
    placed = slicer.vtkMRMLMarkupsNode.PositionDefined
    return [n for n in range(node.GetNumberOfControlPoints()) if node.GetNthControlPointPositionStatus(n) == placed]


class PointNames:
    """Names the points of a list while the reader clicks, and knows which names are its own and which the reader's."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}  # control point ID to the level that it was given here

    def name(self, node: Any, first: str, last: str) -> list[str]:
        """Give every point that the reader did not name a level; the levels, from cranial to caudal. See ``vertebrae.name_clicks``.

        Raises
        ------
        MarrowQuantError
            If no level is left for a click.
        """
        indices = placed_points(node)
        labels = [node.GetNthControlPointLabel(n) for n in indices]
        ids = [node.GetNthControlPointID(n) for n in indices]
        known = [None if self._given.get(key) == label else parse_level(label) for key, label in zip(ids, labels)]
        places = np.array([node.GetNthControlPointPositionWorld(n) for n in indices], dtype=float).reshape(-1, 3)
        here = [n for n, level in enumerate(known) if level is None or is_counted(level)]
        levels = name_clicks(places[here], [known[n] for n in here], first, last)
        for at, level in zip(here, levels):
            if known[at] is None and labels[at] != level:
                node.SetNthControlPointLabel(indices[at], level)
            if known[at] is None:
                self._given[ids[at]] = level
        return sorted(levels, key=level_index)

    def levels(self, node: Any) -> list[str]:
        """The vertebral levels that the points have, from cranial to caudal."""
        levels = (parse_level(node.GetNthControlPointLabel(n)) for n in placed_points(node))
        return sorted((level for level in levels if level is not None and is_counted(level)), key=level_index)

    def settle(self) -> None:
        """The names given until now hold: further clicks are counted from them."""
        self._given = {}

    def unnamed(self, node: Any) -> list[int]:
        """Indices of the placed points that have no level yet: the click that was just made."""
        return [n for n in placed_points(node) if parse_level(node.GetNthControlPointLabel(n)) is None]


class PointState(NamedTuple):
    """One placed point, where it stands in the world."""

    label: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    description: str


class _Points(NamedTuple):
    """All points of a list, and what was told about them."""

    points: tuple[PointState, ...]
    findings: tuple[Finding, ...]


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


Sizes = Mapping[str, Any]


class _Step(NamedTuple):
    """A change: the points on its other side, and the sizes before and after it if it changed those too."""

    points: _Points
    sizes: Optional[tuple[Sizes, Sizes]]


class PointHistory:
    """What the points were before each change, whoever made it: a click, a drag, a rename, an exclusion, a takeover.

    Parameters
    ----------
    node : vtkMRMLMarkupsFiducialNode or None
        What the list holds now is where undoing ends.
    findings : tuple of Finding
        What was told about these points; it comes back with them.
    """

    DEPTH = 50

    def __init__(self, node: Optional[Any], findings: tuple[Finding, ...] = ()) -> None:
        self._before: list[_Step] = []
        self._after: list[_Step] = []
        self._now = _Points(() if node is None else read_points(node), findings)

    @property
    def can_undo(self) -> bool:
        """True if there is a state to go back to."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """True if something was taken back, and nothing was changed since."""
        return bool(self._after)

    def record(self, node: Any, findings: tuple[Finding, ...], sizes: Optional[tuple[Sizes, Sizes]] = None) -> bool:
        """Remember the points as they are now; True if they changed since the last call.

        ``sizes`` are the settings before and after, if they changed with the points: they go back with them.
        """
        now = _Points(read_points(node), findings)
        changed = now.points != self._now.points
        if changed:
            self._before = [*self._before, _Step(self._now, sizes)][-self.DEPTH :]
            self._after = []
        self._now = now
        return changed

    def undo(self, node: Any, findings: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], Optional[Sizes]]:
        """Bring back the points as they were before the last change, if there was one: their notes, and the sizes if it changed them."""
        self.record(node, findings)
        return self._go(self._before, self._after, node, 0)

    def redo(self, node: Any, findings: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], Optional[Sizes]]:
        """Make the change again that was taken back last, unless another was made since; as :meth:`undo`."""
        self.record(node, findings)
        return self._go(self._after, self._before, node, 1)

    def _go(self, source: list[_Step], target: list[_Step], node: Any, side: int) -> tuple[tuple[Finding, ...], Optional[Sizes]]:
        if not source:
            return self._now.findings, None
        points, sizes = source.pop()
        target.append(_Step(self._now, sizes))
        self._now = points
        write_points(node, points.points)
        return points.findings, None if sizes is None else sizes[side]
