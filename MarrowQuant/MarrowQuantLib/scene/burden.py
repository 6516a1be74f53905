"""The tumour load between ring 1 and the scene: segments by state, the components' label map and table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional

import numpy as np
import slicer

from ..model import ACCEPTED, PHYSIOLOGICAL, REJECTED, Burden, BurdenPart, MapKey, Volume
from .classes import classes_to_nodes
from .labelmaps import finish_segmentation, set_segment, start_segmentation, terminology
from .load_edits import digest
from .nodes import burden_tags, exam_title, find_or_add, nodes_with, scene_or_default, set_tags, tag
from .tables import components_table

# State: segment name, RGB (our choice), terminology. SNOMED CT codes of DICOM PS3.16 CID 7150, 7151 and 7159; a test compares them with
# pydicom's copy of PS3.16. Signal that is not tumour is only called tissue: which organ it is was not measured.
_TISSUE = "SCT^85756007^Tissue"
_SEGMENTS = {
    ACCEPTED: ("tDV accepted", (0.9, 0.1, 0.1), terminology("SCT^49755003^Morphologically Abnormal Structure", "SCT^52988006^Lesion")),
    PHYSIOLOGICAL: ("physiological", (0.2, 0.55, 0.95), terminology(_TISSUE, _TISSUE)),
    REJECTED: ("rejected", (0.6, 0.6, 0.6), terminology(_TISSUE, _TISSUE)),
}


def burdens_to_nodes(
    burden: Burden,
    parts: Sequence[BurdenPart],
    exam_label: str,
    maps: Mapping[str, Volume],
    volume_node: Callable[[str], Optional[Any]],
    scene: Optional[Any] = None,
) -> Any:
    """Show the tumour load of the stitched stations and of each part that fits no others, by state and by ADC class.

    Parameters
    ----------
    burden : Burden
    parts : sequence of BurdenPart
    exam_label : {"baseline", "follow-up"}
    maps : mapping of str to Volume
        Of the exam.
    volume_node : callable
        Gives the volume node of a map, or None.

    Returns
    -------
    vtkMRMLSegmentationNode
        Of the stitched stations.
    """
    shown = {1: burden, **{kept_apart.number: kept_apart.burden for kept_apart in parts}}
    _remove(exam_label, lambda part: part is not None and int(part) not in shown, scene)
    nodes = []
    for number, of_part in shown.items():
        image = volume_node(MapKey("dwi_high", number))
        nodes.append(burden_to_nodes(of_part, exam_label, part=number, volume_node=image, scene=scene))
        classes_to_nodes(of_part, maps, exam_label, part=number, volume_node=image, scene=scene)
    return nodes[0]


def burden_to_nodes(
    burden: Burden, exam_label: str, *, part: int = 1, volume_node: Optional[Any] = None, scene: Optional[Any] = None
) -> Any:
    """Show a tumour load: one segment per state, the components' label map, and the components' table.

    Parameters
    ----------
    burden : Burden
    exam_label : {"baseline", "follow-up"}
    part : int
        1 for the stitched stations.
    volume_node : vtkMRMLScalarVolumeNode, optional
        The high-b image: becomes the segmentation's reference geometry.

    Returns
    -------
    vtkMRMLSegmentationNode
        Segments with the IDs "accepted", "physiological" and "rejected", each present even if empty.
    """
    tags = burden_tags("segments", exam_label, part)
    node = find_or_add("vtkMRMLSegmentationNode", f"{exam_title(exam_label, part)} tumour load", tags, scene)
    states = state_of_each_voxel(burden)
    was_modifying = node.StartModify()
    try:
        start_segmentation(node, volume_node)
        for index, (state, (name, color, entry)) in enumerate(_SEGMENTS.items(), start=1):
            mask = states == index
            set_segment(node, state, name, mask, burden.labels.ijk_to_ras, color=color, terminology_entry=entry)
        finish_segmentation(node)
        set_tags(node, {"states": digest(states)})
    finally:
        node.EndModify(was_modifying)
    _write_labels(burden.labels, exam_label, part, scene)
    components_table(burden, exam_label, scene, part=part)
    return node


def state_of_each_voxel(burden: Burden) -> np.ndarray:
    """1, 2, 3 for a voxel of an accepted, physiological, rejected component, else 0: uint8, shape (k, j, i)."""
    labels = burden.labels.array
    known = max((component.label for component in burden.components), default=0)
    code = np.zeros(max(int(labels.max(initial=0)), known) + 1, dtype=np.uint8)
    states = list(_SEGMENTS)
    for component in burden.components:
        code[component.label] = states.index(component.state) + 1
    return code[labels]


def remove_burden(exam_label: str, scene: Optional[Any] = None) -> None:
    """Remove the nodes of an exam's tumour load, when there no longer is one."""
    _remove(exam_label, lambda part: True, scene)


def _remove(exam_label: str, outdated: Callable[[Optional[str]], bool], scene: Optional[Any]) -> None:
    """Remove the nodes of the parts that are outdated; a node of the stitched stations names no part."""
    for class_name in ("vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode", "vtkMRMLTableNode"):
        for node in list(nodes_with(class_name, {"exam": exam_label}, scene)):
            is_burden = tag(node, "burden") or (tag(node, "table") or "").startswith("components")
            if is_burden and outdated(tag(node, "part")):
                scene_or_default(scene).RemoveNode(node)


def _write_labels(labels: Volume, exam_label: str, part: int, scene: Optional[Any]) -> None:
    name = f"{exam_title(exam_label, part)} tumour load components"
    node = find_or_add("vtkMRMLLabelMapVolumeNode", name, burden_tags("labels", exam_label, part), scene)
    was_modifying = node.StartModify()
    try:
        slicer.util.updateVolumeFromArray(node, np.ascontiguousarray(labels.array, dtype=np.int32))
        node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.asarray(labels.ijk_to_ras, dtype=float)))
        set_tags(node, {"role": labels.role.value, "unit": labels.unit, "quantity": labels.quantity})
    finally:
        node.EndModify(was_modifying)
