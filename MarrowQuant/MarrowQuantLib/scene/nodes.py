"""Finding MarrowQuant's own nodes again, and ordering them by exam in the subject hierarchy.

A node is known by its attributes, never by its name, which the reader may change. Attribute names start with ``MarrowQuant.``:

=================  =========================================================================================================
``.case``          token of the case that the node belongs to; absent on nodes that an earlier version made
``.exam``          "baseline" or "follow-up"; absent on nodes that belong to both
``.date``          exam date, ISO 8601
``.key``           what a volume is in ``ExamResult.maps``: ff, water, …
``.rois``          "points" (point list) or "segments" (segmentation)
``.burden``        "segments" (segmentation by state), "classes" (by ADC class), "labels" (components) or "edits" (what the reader
                   painted and erased); of stations kept apart "segments_part2" …
``.states``        on the segmentation by state: what was written, to know in an opened scene whether it was painted in since
``.part``          number of the stations kept apart, on the nodes of their tumour load
``.muscle``        "points": the reader's points in muscle
``.skeleton``      label of the exam whose tumour load a mask of bone restricts
``.functional``    "ff" or "adc": the functional map (segmentation)
``.table``         which table: vertebrae, measurements, components, lesions, changes, labs, response, adc_histogram, ff_levels,
                   lumbar_ff, lumbar_adc
``.chart``         which chart: adc_histogram, ff_levels, lumbar_ff, lumbar_adc; ``.series`` on its plot series
``.about``         on a cohort's tables and chart: outcome, patients and events; ``.predictor`` on a ROC curve's table and series
``.text``          "results": the results as JSON; "follow-up": what was carried from the baseline
=================  =========================================================================================================
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

import slicer
import vtk

from ..model import MapKey

PREFIX = "MarrowQuant."
MODULE_NAME, COHORT_MODULE = "MarrowQuant", "MarrowQuantCohort"
_CASE = "case"


def scene_or_default(scene: Optional[Any] = None) -> Any:
    """The scene given, else the application's."""
    return slicer.mrmlScene if scene is None else scene


def set_place(url: str, folder: str, scene: Optional[Any] = None) -> None:
    """Say where *File > Save* writes the scene and the files of its nodes; empty for a scene that was never saved."""
    scene = scene_or_default(scene)
    scene.SetURL(url)
    scene.SetRootDirectory(folder)


def set_tags(node: Any, tags: Mapping[str, object]) -> None:
    """Write attributes, each with the prefix; a value of None removes the attribute."""
    for name, value in tags.items():
        node.SetAttribute(PREFIX + name, None if value is None else str(value))


def tag(node: Any, name: str) -> Optional[str]:
    """An attribute of ours, or None."""
    return node.GetAttribute(PREFIX + name)


def is_of_case(item: int, scene: Optional[Any] = None) -> bool:
    """True for a subject hierarchy item of the open case: a node of ours, or the folder of an exam."""
    hierarchy = scene_or_default(scene).GetSubjectHierarchyNode()
    node = hierarchy.GetItemDataNode(item)
    return is_own(node) if node is not None else bool(hierarchy.GetItemAttribute(item, PREFIX + "exam"))


def is_own(node: Any) -> bool:
    """True for a node that MarrowQuant made for an exam; a mask of bone that the reader chose is not one."""
    return tag(node, "exam") is not None or tag(node, "functional") is not None


def case_token(scene: Optional[Any] = None) -> Optional[str]:
    """Token of the case in the scene, a random text that the module's parameter node carries; None before there is one."""
    node = scene_or_default(scene).GetSingletonNode(MODULE_NAME, "vtkMRMLScriptedModuleNode")
    return None if node is None else tag(node, _CASE)


def own_nodes(scene: Optional[Any] = None) -> Iterator[Any]:
    """Every node that carries an attribute of ours, whichever case it belongs to; not the parameter node."""
    scene = scene_or_default(scene)
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        if any(name.startswith(PREFIX) for name in node.GetAttributeNames()) and not node.IsA("vtkMRMLScriptedModuleNode"):
            yield node


def _kind_of_derived(node: Any) -> str:
    return next((value for name in ("table", "chart", "series") if (value := tag(node, name))), "")


def is_of_cohort(node: Any) -> bool:
    """True for a table or chart of a cohort, which is of no case."""
    return _kind_of_derived(node).startswith("cohort")


def is_derived(node: Any) -> bool:
    """True for a table or chart of both exams, and for the results; a cohort's are of no case."""
    return bool(_kind_of_derived(node) and not is_of_cohort(node)) or tag(node, "text") == "results"


@contextmanager
def without_cohort(scene: Optional[Any] = None) -> Iterator[None]:
    """Leave the cohort out of a scene that is being saved as one patient's case: its tables and chart with their files, and its question,
    whose paths and conditions may name other patients.
    """
    scene = scene_or_default(scene)
    question = scene.GetSingletonNode(COHORT_MODULE, "vtkMRMLScriptedModuleNode")
    of_cohort = [*filter(is_of_cohort, own_nodes(scene)), *([question] if question is not None else [])]
    for node in list(of_cohort):
        if node.IsA("vtkMRMLStorableNode"):
            of_cohort += [node.GetNthStorageNode(n) for n in range(node.GetNumberOfStorageNodes())]
    left_out = [node for node in of_cohort if node is not None and node.GetSaveWithScene()]
    hierarchy, parents = scene.GetSubjectHierarchyNode(), {}
    for node in left_out:
        node.SetSaveWithScene(False)
        item = hierarchy.GetItemByDataNode(node)
        if item != hierarchy.GetInvalidItemID():  # it would be saved with the name of its node
            parents[node] = hierarchy.GetItemParent(item)
            node.SetHideFromEditors(True)  # else Slicer gives it another item at once
            hierarchy.RemoveItem(item, False, False)
    try:
        yield
    finally:
        for node in left_out:
            node.SetSaveWithScene(True)
        for node, parent in parents.items():
            node.SetHideFromEditors(False)
            put_in_folder(node, parent, scene)


def nodes_with(class_name: str, tags: Mapping[str, str], scene: Optional[Any] = None) -> Iterator[Any]:
    """All nodes of a class that carry these attributes and belong to no other case than the scene's."""
    scene = scene_or_default(scene)
    token = case_token(scene)
    for index in range(scene.GetNumberOfNodesByClass(class_name)):
        node = scene.GetNthNodeByClass(index, class_name)
        if all(tag(node, name) == value for name, value in tags.items()) and tag(node, _CASE) in (None, token):
            yield node


def find_node(class_name: str, tags: Mapping[str, str], scene: Optional[Any] = None) -> Optional[Any]:
    """The first node of a class that carries these attributes, or None."""
    return next(nodes_with(class_name, tags, scene), None)


def find_or_add(class_name: str, name: str, tags: Mapping[str, str], scene: Optional[Any] = None) -> Any:
    """The node that carries these attributes; it is added under ``name`` if there is none, so that a second run adds nothing.

    It belongs to the scene's case from then on.
    """
    node = find_node(class_name, tags, scene)
    if node is None:
        node = scene_or_default(scene).AddNewNodeByClass(class_name, name)
        set_tags(node, tags)
    set_tags(node, {_CASE: case_token(scene)})
    return node


def remove_nodes(class_name: str, tags: Mapping[str, str], scene: Optional[Any] = None) -> None:
    """Remove nodes whose content no longer exists, so that no outdated number stays in the scene."""
    scene = scene_or_default(scene)
    for node in list(nodes_with(class_name, tags, scene)):
        scene.RemoveNode(node)


def exam_title(label: str, part: int = 1) -> str:
    """"Baseline" or "Follow-up": how node names begin; "Baseline part 2" for stations that could not be stitched to the others."""
    return label[:1].upper() + label[1:] + ("" if part == 1 else f" part {part}")


def burden_tags(kind: str, exam_label: str, part: int = 1) -> dict[str, str]:
    """Tags of a node of the tumour load: "segments", "classes", "labels" or "edits" of the stitched stations (1) or of those kept apart."""
    return {"exam": exam_label, "burden": MapKey(kind, part), **({} if part == 1 else {"part": str(part)})}


def exam_folder(label: str, date: Optional[datetime.date], scene: Optional[Any] = None) -> int:
    """Subject hierarchy item of an exam's folder, e.g. "Baseline 2025-01-14"; made at the first call."""
    hierarchy = scene_or_default(scene).GetSubjectHierarchyNode()
    name = f"{exam_title(label)} {date.isoformat()}" if date else exam_title(label)
    item = _folder_with(hierarchy, label)
    if item is None:
        item = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), name)
        hierarchy.SetItemAttribute(item, PREFIX + "exam", label)
    hierarchy.SetItemName(item, name)
    return item


def remove_exam_folder(label: str, scene: Optional[Any] = None) -> None:
    """Remove the folder of an exam that is no longer there; its nodes were removed before."""
    hierarchy = scene_or_default(scene).GetSubjectHierarchyNode()
    item = _folder_with(hierarchy, label)
    if item is not None:
        hierarchy.RemoveItem(item, False, False)


def put_in_folder(node: Any, folder: int, scene: Optional[Any] = None) -> None:
    """Move a node into a folder. In Slicer its item exists already; the embedded Slicer, without plugins, makes none by itself."""
    hierarchy = scene_or_default(scene).GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(node)
    if item == hierarchy.GetInvalidItemID():
        hierarchy.CreateItem(folder, node)
    elif hierarchy.GetItemParent(item) != folder:
        hierarchy.SetItemParent(item, folder)


def _folder_with(hierarchy: Any, label: str) -> Optional[int]:
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    candidates = (items.GetId(index) for index in range(items.GetNumberOfIds()))
    return next((item for item in candidates if hierarchy.GetItemAttribute(item, PREFIX + "exam") == label), None)
