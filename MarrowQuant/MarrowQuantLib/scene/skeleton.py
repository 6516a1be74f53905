"""The mask of bone that restricts an exam's tumour load: a labelmap or segmentation of the scene that the reader chose, known by a tag."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import slicer
import vtk

from ..model import Volume
from .labelmaps import segment_mask
from .nodes import find_node, nodes_with, set_tags
from .volumes import volume_from_node

CLASSES = ("vtkMRMLLabelMapVolumeNode", "vtkMRMLSegmentationNode")
_TAG = "skeleton"


def skeleton_node(exam_label: str, scene: Optional[Any] = None) -> Optional[Any]:
    """The node chosen for an exam, or None."""
    return next((node for name in CLASSES if (node := find_node(name, {_TAG: exam_label}, scene))), None)


def choose_skeleton(node: Optional[Any], exam_label: str, scene: Optional[Any] = None) -> None:
    """Remember the choice in the scene; None forgets it."""
    for name in CLASSES:
        for other in list(nodes_with(name, {_TAG: exam_label}, scene)):
            set_tags(other, {_TAG: None})
    if node is not None:
        set_tags(node, {_TAG: exam_label})


def skeleton_mask(exam_label: str, volume_node: Any, scene: Optional[Any] = None) -> Optional[Volume]:
    """The chosen mask, above 0 inside: a labelmap on its own grid, a segmentation (all its segments) on that of ``volume_node``.

    Raises
    ------
    MarrowQuantError
        If the labelmap cannot be read; see ``volume_from_node``.
    """
    node = skeleton_node(exam_label, scene)
    if node is None:
        return None
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        return volume_from_node(node)
    segmentation = node.GetSegmentation()
    names = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    masks = [segment_mask(node, name, volume_node) for name in names]
    matrix = vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(matrix)
    inside = np.any(masks, axis=0).astype(np.uint8) if masks else np.zeros((1, 1, 1), np.uint8)
    return Volume(inside, slicer.util.arrayFromVTKMatrix(matrix))
