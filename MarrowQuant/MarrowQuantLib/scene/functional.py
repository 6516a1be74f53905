"""The functional map in the scene: which voxels of the vertebrae fell, stayed and rose. For looking, not for measuring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from ..followup.distributions import DOWN, UNCHANGED, UP
from ..followup.regions import functional_volume
from ..model import ExamResult
from ..vertebrae.measure import HISTOGRAM_KEYS
from .labelmaps import finish_segmentation, set_segment, start_segmentation
from .nodes import find_node, find_or_add, remove_nodes

# Class: segment's ID, its name, and RGB: blue, green and red as in the first functional diffusion maps (Moffat 2005).
_SEGMENTS = {DOWN: ("down", (0.0, 0.45, 0.7)), UNCHANGED: ("unchanged", (0.2, 0.65, 0.3)), UP: ("up", (0.84, 0.19, 0.15))}


def functional_maps_to_nodes(exams: Sequence[ExamResult], scene: Optional[Any] = None) -> None:
    """A hidden segmentation of FF and one of ADC on the baseline's maps; removed where there is nothing to show."""
    for key in HISTOGRAM_KEYS:
        volume = functional_volume(*exams, key) if len(exams) == 2 else None
        if volume is None:
            remove_nodes("vtkMRMLSegmentationNode", {"functional": key}, scene)
            continue
        label = exams[0].label
        node = find_or_add("vtkMRMLSegmentationNode", volume.name, {"exam": label, "functional": key}, scene)
        start_segmentation(node, find_node("vtkMRMLScalarVolumeNode", {"exam": label, "key": key}, scene))
        for value, (name, color) in _SEGMENTS.items():
            set_segment(node, name, f"{key.upper()} {name}", volume.array == value, volume.ijk_to_ras, color=color)
        finish_segmentation(node)
        node.GetDisplayNode().SetVisibility(False)
