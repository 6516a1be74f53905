"""What a reader sees on opening a scene that was made without Slicer: four views, the plot, fat fraction over water."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Optional

import numpy as np
import slicer

from ..model import ExamResult
from .display import show_only
from .nodes import find_node, nodes_with, scene_or_default

# Names, orientations and layout of Slicer's own four-up view with a plot.
_VIEWS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}
_PLANE_AXES = {"Axial": (0, 1), "Sagittal": (1, 2), "Coronal": (0, 2)}
_PLOT_VIEW = "PlotView1"
_VIEW_CLASSES = ("vtkMRMLSliceNode", "vtkMRMLSliceCompositeNode", "vtkMRMLPlotViewNode")
_MARGIN = 1.05
_PAIRS = (("water", "ff"), ("in_phase", "ff"), ("ff", None), ("dwi_high", None))
"""Background and foreground, the first pair whose maps are there."""


OWN_LAYOUTS = {"spine": 6041, "load": 6042, "response": 6043, "compare": 6044}
"""Numbers of the layouts that the panel shows; Slicer's own are below 1000."""


def save_only_foreign_layout(node: Any) -> None:
    """Let the layout node be saved with the scene unless one of ours is shown: its number means nothing where this module is not, and a
    scene without a layout opens in the one that is shown there.

    Slicer says nothing when it saves a scene, so this has to hold at any time. Nobody is told, so no view is laid out anew.
    """
    told = node.GetDisableModifiedEvent()
    node.SetDisableModifiedEvent(1)
    node.SetSaveWithScene(node.GetViewArrangement() not in OWN_LAYOUTS.values())
    node.SetDisableModifiedEvent(told)


@contextmanager
def default_views(exams: Sequence[ExamResult], chart: Optional[Any] = None, scene: Optional[Any] = None) -> Iterator[None]:
    """Layout, slice views and plot view for the latest exam, while the scene is saved. Not for a scene that a reader is looking at.

    The view nodes go again afterwards: the embedded Slicer has no views, and one that is made later adds its own.

    Parameters
    ----------
    exams : sequence of ExamResult
        Already in the scene.
    chart : vtkMRMLPlotChartNode, optional
    """
    scene = scene_or_default(scene)
    before = _view_nodes(scene)
    try:
        _set_views(exams, chart, scene)
        yield
    finally:
        for node in _view_nodes(scene):
            if node not in before:
                scene.RemoveNode(node)


def _view_nodes(scene: Any) -> list[Any]:
    return [node for class_name in _VIEW_CLASSES for node in nodes_with(class_name, {}, scene)]


def _set_views(exams: Sequence[ExamResult], chart: Optional[Any], scene: Any) -> None:
    layout = _singleton("vtkMRMLLayoutNode", "vtkMRMLLayoutNode", scene)
    layout.SetViewArrangement(
        slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView if chart else slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    )
    if chart is not None:
        _singleton("vtkMRMLPlotViewNode", _PLOT_VIEW, scene).SetPlotChartNodeID(chart.GetID())
        selection = scene.GetSingletonNode("Singleton", "vtkMRMLSelectionNode")
        if selection is not None:
            selection.SetActivePlotChartID(chart.GetID())
    show_only(exams[-1].label, scene)
    background, foreground = _layers(exams[-1], scene)
    if background is not None:
        for name, orientation in _VIEWS.items():
            _show_slice(name, orientation, background, foreground, _center(exams[-1], background), scene)


def _layers(exam: ExamResult, scene: Any) -> tuple[Optional[Any], Optional[Any]]:
    for background, foreground in _PAIRS:
        if background in exam.maps and (foreground is None or foreground in exam.maps):
            return _map_node(exam, background, scene), _map_node(exam, foreground, scene) if foreground else None
    return None, None


def _map_node(exam: ExamResult, key: str, scene: Any) -> Optional[Any]:
    return find_node("vtkMRMLScalarVolumeNode", {"exam": exam.label, "key": key}, scene)


def _center(exam: ExamResult, volume_node: Any) -> np.ndarray:
    """The middle vertebra, else the middle of the volume."""
    if exam.vertebrae:
        return np.asarray(exam.vertebrae[len(exam.vertebrae) // 2].roi.center_ras, dtype=float)
    bounds = np.zeros(6)
    volume_node.GetRASBounds(bounds)
    return bounds.reshape(3, 2).mean(axis=1)


def _show_slice(name: str, orientation: str, background: Any, foreground: Optional[Any], center: np.ndarray, scene: Any) -> None:
    composite = _singleton("vtkMRMLSliceCompositeNode", name, scene)
    composite.SetBackgroundVolumeID(background.GetID())
    composite.SetForegroundVolumeID(foreground.GetID() if foreground else None)
    composite.SetForegroundOpacity(0.5 if foreground else 0.0)
    node = _singleton("vtkMRMLSliceNode", name, scene)
    node.SetOrientation(orientation)
    bounds = np.zeros(6)
    background.GetRASBounds(bounds)
    extent = np.diff(bounds.reshape(3, 2)).ravel()
    side = _MARGIN * max(extent[list(_PLANE_AXES[orientation])])
    width, height = node.GetDimensions()[:2]
    scale = side / min(width, height)
    node.SetFieldOfView(scale * width, scale * height, min(background.GetSpacing()))
    node.JumpSliceByCentering(*(float(v) for v in center))


def _singleton(class_name: str, layout_name: str, scene: Any) -> Any:
    """The view node of that name; Slicer has it, the embedded Slicer does not."""
    node = scene.GetSingletonNode(layout_name, class_name)
    if node is None:
        node = scene.CreateNodeByClass(class_name)
        node.UnRegister(None)
        node.SetSingletonTag(layout_name)
        node.SetName(layout_name)
        if hasattr(node, "SetLayoutName"):
            node.SetLayoutName(layout_name)
        node = scene.AddNode(node)
    return node
