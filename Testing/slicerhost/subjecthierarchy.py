"""Items of the subject hierarchy: in Slicer the modules' Qt plugins make one for each data node; here an observer of the scene does."""

from __future__ import annotations

from typing import Any

DATA_NODES = (
    "vtkMRMLVolumeNode",
    "vtkMRMLSegmentationNode",
    "vtkMRMLMarkupsNode",
    "vtkMRMLModelNode",
    "vtkMRMLTransformNode",
    "vtkMRMLTableNode",
    "vtkMRMLTextNode",
    "vtkMRMLPlotChartNode",
    "vtkMRMLPlotSeriesNode",
)


def fill_automatically(scene: Any) -> tuple[int, ...]:
    """Make items from now on, for nodes that are added and for those of an opened scene. The answer are the observers' tags."""

    def add_missing(caller: Any, event: str) -> None:
        if not scene.IsBatchProcessing():
            _add_missing(scene)

    events = (scene.NodeAddedEvent, scene.EndImportEvent, scene.EndBatchProcessEvent)
    return tuple(scene.AddObserver(event, add_missing) for event in events)


def _add_missing(scene: Any) -> None:
    hierarchy = scene.GetSubjectHierarchyNode()
    if hierarchy is None:
        return
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        is_data = any(node.IsA(name) for name in DATA_NODES)
        if is_data and not node.GetHideFromEditors() and not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
