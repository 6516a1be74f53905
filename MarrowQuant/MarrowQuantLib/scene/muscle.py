"""The reader's points in muscle, which the tumour load of an exam is normalised to: a point list of its own, known by a tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from .nodes import exam_title, find_node, find_or_add, remove_nodes
from .points import placed_points

_CLASS = "vtkMRMLMarkupsFiducialNode"


def muscle_node(exam_label: str, scene: Optional[Any] = None) -> Any:
    """The point list, made at the first call."""
    node = find_or_add(_CLASS, f"{exam_title(exam_label)} muscle", _tags(exam_label), scene)
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetGlyphScale(1.5)  # as the vertebral points
    return node


def muscle_points(exam_label: str, scene: Optional[Any] = None) -> list[tuple[float, ...]]:
    """Where the points stand in the world, RAS mm; empty if there are none."""
    node = find_node(_CLASS, _tags(exam_label), scene)
    return [] if node is None else [tuple(node.GetNthControlPointPositionWorld(n)) for n in placed_points(node)]


def place_points(points_ras: Sequence[Sequence[float]], exam_label: str, scene: Optional[Any] = None) -> Any:
    """Replace the points; the point list."""
    node = muscle_node(exam_label, scene)
    node.RemoveAllControlPoints()
    for point in points_ras:
        node.AddControlPointWorld([float(x) for x in point], "muscle")
    return node


def remove_points(exam_label: str, scene: Optional[Any] = None) -> None:
    """Remove the points and their list."""
    remove_nodes(_CLASS, _tags(exam_label), scene)


def _tags(exam_label: str) -> dict[str, str]:
    return {"exam": exam_label, "muscle": "points"}
