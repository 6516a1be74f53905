"""The accepted tumour load coloured by its ADC, as a segmentation with one segment a class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ..burden.classes import class_labels, class_names
from ..model import UNIT_ADC, Burden, MapKey, Volume
from .labelmaps import finish_segmentation, set_segment, start_segmentation
from .nodes import burden_tags, exam_title, find_or_add

_COLORS = ((0.84, 0.19, 0.15), (0.99, 0.68, 0.38), (0.4, 0.74, 0.39), (0.26, 0.58, 0.76))  # restricted is red; our choice


def classes_to_nodes(
    burden: Burden,
    maps: Mapping[str, Volume],
    exam_label: str,
    *,
    part: int = 1,
    volume_node: Optional[Any] = None,
    scene: Optional[Any] = None,
) -> Any:
    """Show the ADC classes of a tumour load; hidden when it is made, because the segments by state are looked at first.

    Parameters
    ----------
    burden : Burden
    maps : mapping of str to Volume
        Of the exam.
    exam_label, part, volume_node
        As for :func:`~.burden.burden_to_nodes`.

    Returns
    -------
    vtkMRMLSegmentationNode
        Segments "class1", "class2" …, each with its limits and its volume as its name.
    """
    tags = burden_tags("classes", exam_label, part)
    node = find_or_add("vtkMRMLSegmentationNode", f"{exam_title(exam_label, part)} tumour load by ADC", tags, scene)
    is_new = node.GetDisplayNode() is None
    labels = class_labels(burden, maps[MapKey("adc", part)])
    was_modifying = node.StartModify()
    try:
        start_segmentation(node, volume_node)
        node.GetSegmentation().RemoveAllSegments()
        for n, name in enumerate(class_names(burden.class_edges)):
            title = f"ADC {name} {UNIT_ADC}: {burden.class_volumes_ml[name]:.1f} mL"
            color = _COLORS[min(n, len(_COLORS) - 1)]
            set_segment(node, f"class{n + 1}", title, labels.array == n + 1, labels.ijk_to_ras, color=color)
        finish_segmentation(node)
    finally:
        node.EndModify(was_modifying)
    if is_new:
        node.GetDisplayNode().SetVisibility(False)
    return node
