"""A list of nodes that holds what the reader chose in it, and nothing else.

Slicer's selector chooses another node by itself when the chosen one is deleted, and tells that like a choice of the reader's.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

import slicer
from slicer.i18n import tr as _

from ...scene.nodes import is_own


class NodeChoice:
    """Wraps a ``qMRMLNodeComboBox``: only a click in its list is a choice, and MarrowQuant's own nodes are not in it.

    Parameters
    ----------
    selector : qMRMLNodeComboBox
        With "None" in its list.
    chosen : callable
        Called with the node that the reader chose, or None.
    moved : callable
        Called when the selector chose by itself; it leads to a later :meth:`show`.
    """

    def __init__(self, selector: Any, chosen: Callable[[Optional[Any]], None], moved: Callable[..., None]) -> None:
        self._selector, self._chosen, self._moved = selector, chosen, moved
        self._showing = False
        selector.noneDisplay = _("None")
        selector.connect("nodeActivated(vtkMRMLNode*)", self.onActivated)
        selector.connect("currentNodeChanged(vtkMRMLNode*)", self.onMoved)

    def onActivated(self, node: Any) -> None:
        """Tell which node the reader chose."""
        self._chosen(self._selector.currentNode())

    def onMoved(self, node: Any) -> None:
        """Tell that the selector moved to another node by itself."""
        if not self._showing:
            self._moved()

    def show(self, node: Optional[Any]) -> None:
        """List the nodes that can be chosen now, and show the one that holds."""
        self._showing = True
        own = [other.GetID() for name in self._selector.nodeTypes for other in slicer.util.getNodesByClass(name) if is_own(other)]
        proxy = self._selector.sortFilterProxyModel()
        if sorted(proxy.hiddenNodeIDs) != sorted(own):
            proxy.hiddenNodeIDs = own
        self._selector.setCurrentNode(node)
        self._showing = False
