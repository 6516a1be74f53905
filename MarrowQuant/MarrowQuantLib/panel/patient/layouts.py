"""The module's own layouts of the views: the spine, the tumour load, the response, and both exams side by side."""

from __future__ import annotations

from typing import Any, Optional

import slicer
import vtk

from ...scene import display
from ...scene.layout import OWN_LAYOUTS, save_only_foreign_layout

SPINE, LOAD, RESPONSE, COMPARE = "spine", "load", "response", "compare"
FOLLOW_UP_VIEW = "MarrowQuantFollowUp"  # the second sagittal view of both exams side by side


def _slice(name: str, orientation: str, label: str, color: str) -> str:
    properties = (("orientation", orientation), ("viewlabel", label), ("viewcolor", color))
    inner = "".join(f'<property name="{key}" action="default">{value}</property>' for key, value in properties)
    return f'<view class="vtkMRMLSliceNode" singletontag="{name}">{inner}</view>'


def _beside(*parts: tuple[str, int], kind: str = "horizontal") -> str:
    items = "".join(f'<item splitSize="{size}">{part}</item>' for part, size in parts)
    return f'<layout type="{kind}" split="true">{items}</layout>'


# Names and colours of Slicer's own three slice views.
_RED, _YELLOW = _slice("Red", "Axial", "R", "#F34A33"), _slice("Yellow", "Sagittal", "Y", "#EDD54C")
_GREEN = _slice("Green", "Coronal", "G", "#6EB04B")
_PLOT = '<view class="vtkMRMLPlotViewNode" singletontag="PlotView1"><property name="viewlabel" action="default">P</property></view>'
_LAYOUTS = {
    SPINE: _beside((_YELLOW, 650), (_beside((_RED, 500), (_GREEN, 500), kind="vertical"), 350)),
    LOAD: _beside((_GREEN, 550), (_beside((_RED, 500), (_YELLOW, 500), kind="vertical"), 450)),
    RESPONSE: _beside((_PLOT, 600), (_YELLOW, 400)),
    COMPARE: _beside((_YELLOW, 500), (_slice(FOLLOW_UP_VIEW, "Sagittal", "F", "#EDD54C"), 500)),
}


class Layouts:
    """Shows the layout for what is being done, and gives the reader's own back. Does nothing where there are no views.

    A layout that the reader chose meanwhile stays, until another thing is done.
    """

    def __init__(self) -> None:
        self._before: Optional[int] = None  # the reader's layout when the module was entered
        self._kind = ""

    def enter(self) -> None:
        node = _layout_node()
        if node is not None and node.GetViewArrangement() not in OWN_LAYOUTS.values():
            self._before = node.GetViewArrangement()

    def exit(self) -> None:
        node = _layout_node()
        if node is not None and self._before is not None and node.GetViewArrangement() in OWN_LAYOUTS.values():
            node.SetViewArrangement(self._before)
        display.project("Green", False)
        display.link(("Yellow", FOLLOW_UP_VIEW), False)
        self._before, self._kind = None, ""

    def show(self, kind: str) -> None:
        """Show the layout of this kind; one that is shown already is left as the reader may have changed it."""
        node = _layout_node()
        if node is None or kind == self._kind:
            return
        if self._before is None:
            self.enter()
        number = OWN_LAYOUTS[kind]
        addLayouts()
        node.SetViewArrangement(number)
        self._kind = kind
        display.project("Green", kind == LOAD)
        display.link(("Yellow", FOLLOW_UP_VIEW), kind == COMPARE)

    @property
    def kind(self) -> str:
        """Kind of the layout shown last; empty before one was."""
        return self._kind


def addLayouts() -> None:
    """Let Slicer know the layouts from its start on: a scene may have been saved with one of them."""
    node = slicer.mrmlScene.GetSingletonNode("vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
    if node is None or all(map(node.IsLayoutDescription, OWN_LAYOUTS.values())):
        return
    for kind, number in OWN_LAYOUTS.items():
        node.AddLayoutDescription(number, _LAYOUTS[kind])
    node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: save_only_foreign_layout(caller))
    save_only_foreign_layout(node)


def _layout_node() -> Optional[Any]:
    """None where there are no views."""
    return None if slicer.app.layoutManager() is None else slicer.mrmlScene.GetSingletonNode("vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
