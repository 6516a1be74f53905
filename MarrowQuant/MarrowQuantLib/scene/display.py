"""What is seen of a case: the nodes of one exam, or those of each exam in views of its own; the layers, projections and bars of views.

Two exams share the space: outlines and points of one would lie on images of the other, and could be dragged there. What the reader hid by
hand stays hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

import numpy as np
import slicer

from ..model import Numbers, Volume
from .nodes import nodes_with, scene_or_default, tag

DRAWN = ("vtkMRMLMarkupsFiducialNode", "vtkMRMLSegmentationNode")
_HIDDEN = "MarrowQuantHidden"  # on a display node that was visible when its exam went out of sight


def show_only(label: str, scene: Optional[Any] = None) -> None:
    """Let only the points, ROIs and tumour load of one exam be visible, in every view."""
    for node, display in _drawn(scene):
        display.RemoveAllViewNodeIDs()
        _set_seen(display, tag(node, "exam") == label)


def show_each_in(views: Mapping[str, Sequence[str]], scene: Optional[Any] = None) -> None:
    """Let every exam be visible in its own views only.

    Parameters
    ----------
    views : mapping of str to sequence of str
        Label of the exam to the names of slice views that are there.
    """
    ids = {label: [node.GetID() for node in (slice_node(name, scene) for name in names) if node] for label, names in views.items()}
    for node, display in _drawn(scene):
        of_exam = ids.get(tag(node, "exam"), [])
        display.SetViewNodeIDs(of_exam)
        _set_seen(display, bool(of_exam))


def _drawn(scene: Optional[Any]) -> Iterator[tuple[Any, Any]]:
    """Every node of an exam that is drawn in the views, with its display node."""
    for class_name in DRAWN:
        for node in nodes_with(class_name, {}, scene):
            if tag(node, "exam") and node.GetDisplayNode() is not None:
                yield node, node.GetDisplayNode()


def _set_seen(display: Any, seen: bool) -> None:
    if seen and display.GetAttribute(_HIDDEN):
        display.SetAttribute(_HIDDEN, None)
        display.SetVisibility(True)
    elif not seen and display.GetVisibility():
        display.SetAttribute(_HIDDEN, "yes")
        display.SetVisibility(False)


# ------------------------------------------------------------------------------------------------------------------------ views
def slice_node(name: str, scene: Optional[Any] = None) -> Optional[Any]:
    """The node of a slice view by its name ("Red", "Yellow" …), or None where there is no such view."""
    return scene_or_default(scene).GetSingletonNode(name, "vtkMRMLSliceNode")


def set_layers(
    background: Any, foreground: Optional[Any] = None, opacity: float = 0.0, *, views: Optional[Sequence[str]] = None
) -> None:
    """Show volumes in the slice views of these names (None: in all), and fit the views to them."""
    logics = slicer.app.applicationLogic().GetSliceLogics()
    for n in range(logics.GetNumberOfItems()):
        logic = logics.GetItemAsObject(n)
        node, composite = logic.GetSliceNode(), logic.GetSliceCompositeNode()
        if node is None or composite is None or (views is not None and node.GetLayoutName() not in views):
            continue
        composite.SetBackgroundVolumeID(background.GetID())
        composite.SetForegroundVolumeID(foreground.GetID() if foreground else None)
        composite.SetForegroundOpacity(opacity if foreground else 0.0)
        logic.FitSliceToBackground()


def signal_at(image: Volume, places: Sequence[Numbers]) -> Optional[float]:
    """The median signal of an image at places (RAS in mm), two voxels around each; None where none lies in it or there is no signal."""
    samples = []
    for place in places:
        i, j, k = np.round(image.to_ijk(place)).astype(int)
        if all(0 <= n < size for n, size in zip((k, j, i), image.array.shape)):
            samples.append(image.array[max(k - 2, 0) : k + 3, max(j - 2, 0) : j + 3, max(i - 2, 0) : i + 3].ravel())
    found = float(np.nanmedian(np.concatenate(samples))) if samples else 0.0
    return found if found > 0 else None


def set_window(volume_node: Any, lower: float, upper: float) -> None:
    """Black and white of a volume, in its unit."""
    shown = volume_node.GetDisplayNode()
    shown.SetAutoWindowLevel(False)
    shown.SetWindowLevelMinMax(lower, upper)


def link(views: Sequence[str], linked: bool, scene: Optional[Any] = None) -> None:
    """Let slice views move together, or no longer."""
    for composite in nodes_with("vtkMRMLSliceCompositeNode", {}, scene):
        if composite.GetLayoutName() in views:
            composite.SetLinkedControl(linked)
            composite.SetHotLinkedControl(linked)


def project(name: str, on: bool, scene: Optional[Any] = None) -> None:
    """Show a slice view as the maximum intensity projection of all of its volume (MIP), or as a slice again."""
    node = slice_node(name, scene)
    if node is None:
        return
    if on:
        node.SetSlabReconstructionType(node.GetSlabReconstructionTypeFromString("Max"))
        node.SetSlabReconstructionThickness(_THROUGH_MM)
    node.SetSlabReconstructionEnabled(on)


_THROUGH_MM = 500.0  # through any body


def hide_color_bars() -> None:
    """Take the bars of all exams' volumes away: a bar beside an image that does not have its colours says what is not so."""
    for volume in nodes_with("vtkMRMLScalarVolumeNode", {}):
        for n in range(volume.GetNumberOfDisplayNodes() if tag(volume, "exam") else 0):
            display = volume.GetNthDisplayNode(n)
            if display is not None and display.IsA("vtkMRMLColorLegendDisplayNode"):
                display.SetVisibility(False)


def show_color_bar(volume_node: Any, title: str) -> Optional[Any]:
    """A bar with the colours of a volume, beside the slices that show it; None in a Slicer that has none."""
    make = getattr(slicer.modules.colors.logic(), "AddDefaultColorLegendDisplayNode", None)
    if make is None or volume_node.GetDisplayNode() is None:
        return None
    bar = make(volume_node)
    if bar is not None:
        bar.SetTitleText(title)
        bar.SetVisibility(True)
    return bar
