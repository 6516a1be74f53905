"""Placing points with the mouse, and following what becomes of them: what the steps with a button for it share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

import qt
import slicer

if TYPE_CHECKING:
    from .panel import Panel


class Placing:
    """A button that starts and ends placing, and the observers on the points of one node at a time.

    Parameters
    ----------
    panel : Panel
    widget : qSlicerMarkupsPlaceWidget
        Only its place mode is used; it is hidden.
    button : QPushButton
        Checked while points are placed.
    onDefined, onChanged : callable
        ``(caller, event)``; called after a point was placed, and after one was dragged or removed.
    """

    def __init__(self, panel: Panel, widget: Any, button: Any, onDefined: Callable[..., None], onChanged: Callable[..., None]) -> None:
        markups = slicer.vtkMRMLMarkupsNode
        self._panel, self._widget, self._button = panel, widget, button
        self._events = (
            (markups.PointPositionDefinedEvent, onDefined),
            (markups.PointEndInteractionEvent, onChanged),
            (markups.PointRemovedEvent, onChanged),
            (markups.PointModifiedEvent, panel.onNodeEdited),  # moved by coordinates, or renamed, in Markups
            (slicer.vtkMRMLTransformableNode.TransformModifiedEvent, panel.onNodeEdited),  # moved as a whole, in Transforms
        )
        self._observed: Optional[Any] = None
        self._escape = qt.QShortcut(slicer.util.mainWindow() or panel.ui.stepsWidget)
        self._escape.setKey(qt.QKeySequence("Escape"))
        self._escape.enabled = False
        self._escape.connect("activated()", self.stop)
        widget.visible = False
        widget.connect("activeMarkupsPlaceModeChanged(bool)", self.onPlaceModeChanged)

    def start(self, node: Any) -> None:
        """Place into this node until :meth:`stop`."""
        self.follow(node)
        self._widget.setCurrentNode(node)
        self._widget.placeModeEnabled = True

    def stop(self) -> None:
        """Leave the mode in which a click places a point."""
        self._widget.placeModeEnabled = False
        self._button.checked = False

    def onPlaceModeChanged(self, active: bool) -> None:
        """Follow the mode that Slicer is in."""
        self._button.checked = active
        self._escape.enabled = active

    def follow(self, node: Optional[Any]) -> None:
        """Follow the points of one node, and of no other; None of any."""
        if node is self._observed:
            return
        for event, callback in self._events:
            if self._observed is not None:
                self._panel.unobserve(self._observed, event, callback)
            if node is not None:
                self._panel.observe(node, event, callback)
        self._observed = node

    def cleanup(self) -> None:
        """The panel is going; the main window, which owns the key, stays."""
        self._escape.setParent(None)

    def release(self) -> None:
        """The scene is being closed."""
        self.stop()
        self.follow(None)
