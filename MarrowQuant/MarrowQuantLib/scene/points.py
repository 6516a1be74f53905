"""The point list while the reader clicks: naming the points in order, taking the last one back."""

from __future__ import annotations

from typing import Any

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


def remove_last_point(node: Any) -> None:
    """Take back the point that was placed last, if any."""
    placed = placed_points(node)
    if placed:
        node.RemoveNthControlPoint(placed[-1])
