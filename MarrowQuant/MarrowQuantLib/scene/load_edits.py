"""The tumour load between Segment Editor and the scene: what state each voxel has there, whether anyone touched it, and the labelmap that
keeps what the reader painted and erased."""

from __future__ import annotations

import hashlib
from typing import Any, Optional

import numpy as np
import slicer

from ..burden.edits import STATES
from .labelmaps import segment_mask
from .nodes import burden_tags, exam_title, find_node, find_or_add

_CLASS = "vtkMRMLLabelMapVolumeNode"


def load_node(exam_label: str, part: int = 1, scene: Optional[Any] = None) -> Optional[Any]:
    """The segmentation of a part's tumour load, or None."""
    return find_node("vtkMRMLSegmentationNode", burden_tags("segments", exam_label, part), scene)


def read_states(node: Any, volume_node: Any) -> np.ndarray:
    """State of each voxel of the high-b image: 0, or n + 1 for ``STATES[n]``; uint8, shape (k, j, i).

    Where segments overlap, the first state holds: what the reader called tumour is not taken back by what lies below it.
    """
    states = np.zeros(volume_node.GetImageData().GetDimensions()[::-1], dtype=np.uint8)
    for index, state in reversed(list(enumerate(STATES, start=1))):
        states[segment_mask(node, state, volume_node)] = index
    return states


def unknown_segments(node: Any) -> int:
    """Number of segments that are none of the states."""
    segmentation = node.GetSegmentation()
    return sum(segmentation.GetNthSegmentID(n) not in STATES for n in range(segmentation.GetNumberOfSegments()))


def stamp(node: Any) -> tuple[Any, ...]:
    """Changes whenever a voxel of a segmentation or labelmap volume may have changed; costs nothing."""
    if node.IsA("vtkMRMLVolumeNode"):
        image = node.GetImageData()
        return (node.GetID(), None if image is None else image.GetMTime())
    segmentation = node.GetSegmentation()
    name = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segments = []
    for n in range(segmentation.GetNumberOfSegments()):
        segment_id = segmentation.GetNthSegmentID(n)
        image = segmentation.GetSegment(segment_id).GetRepresentation(name)
        segments.append((segment_id, None if image is None else (image.GetAddressAsString(""), image.GetMTime())))
    return (node.GetID(), *segments)


def digest(states: np.ndarray) -> str:
    """Tells in an opened scene whether someone painted after MarrowQuant had written."""
    return hashlib.sha256(np.ascontiguousarray(states).tobytes()).hexdigest()


def read_edits(exam_label: str, part: int = 1, scene: Optional[Any] = None) -> Optional[np.ndarray]:
    """What was painted and erased, as ``burden.edits`` codes it; None if nothing."""
    node = find_node(_CLASS, burden_tags("edits", exam_label, part), scene)
    return None if node is None else slicer.util.arrayFromVolume(node).astype(np.uint8)


def write_edits(codes: np.ndarray, ijk_to_ras: np.ndarray, exam_label: str, part: int = 1, scene: Optional[Any] = None) -> None:
    """Keep what was painted and erased in the scene."""
    name = f"{exam_title(exam_label, part)} tumour load, painted and erased"
    node = find_or_add(_CLASS, name, burden_tags("edits", exam_label, part), scene)
    slicer.util.updateVolumeFromArray(node, np.ascontiguousarray(codes))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.asarray(ijk_to_ras, dtype=float)))
