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
    """From now on make an item for each data node that is added or opened, and remove it with its node.

    The answer are the tags of the scene's observers.
    """
    import vtk

    def add_missing(caller: Any, event: str) -> None:
        if not scene.IsBatchProcessing():
            _add_missing(scene)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def remove(caller: Any, event: str, node: Any) -> None:
        if scene.IsClosing() or node.IsA("vtkMRMLSubjectHierarchyNode"):  # one that is merged into another: asking for it merges again
            return
        hierarchy = scene.GetSubjectHierarchyNode()
        item = hierarchy.GetItemByDataNode(node) if hierarchy is not None else 0
        if item:
            hierarchy.RemoveItem(item, False, False)

    events = (scene.NodeAddedEvent, scene.EndImportEvent, scene.EndBatchProcessEvent)
    return (*(scene.AddObserver(event, add_missing) for event in events), scene.AddObserver(scene.NodeAboutToBeRemovedEvent, remove))


def _add_missing(scene: Any) -> None:
    hierarchy = scene.GetSubjectHierarchyNode()
    if hierarchy is None:
        return
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        is_data = any(node.IsA(name) for name in DATA_NODES)
        if is_data and not node.GetHideFromEditors() and not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
