"""The node selector, ``qMRMLNodeComboBox``, over the real scene."""

from __future__ import annotations

import weakref
from typing import Any, Optional

from .pyside import QtCore, QtWidgets
from .scenewidgets import Observers, SceneTold
from .standins import Property, emit, in_a_row, stand_in, stored

Signal = QtCore.Signal
QWidget = QtWidgets.QWidget


def _refreshing(name: str, kind: Any, default: Any) -> Any:
    return stored(name, kind, default, lambda self: self._refresh())


def pick(selector: Any, node: Any) -> None:
    """What a reader does: choose a node, or None, in the list."""
    index = selector._ids.index(None if node is None else node.GetID())
    selector._combo.setCurrentIndex(index)
    selector._activated(index)


@stand_in
class qMRMLSortFilterProxyModel(QtCore.QObject):
    """What a selector's list leaves out; only its list of hidden nodes is imitated."""

    _selector: Any = staticmethod(lambda: None)
    hiddenNodeIDs = stored("hiddenNodeIDs", "QStringList", [], lambda self: self._changed())

    def _changed(self) -> None:
        selector = self._selector()
        if selector is not None:
            selector._refresh()


@stand_in
class qMRMLNodeComboBox(SceneTold, QWidget):
    """A selector of the scene's nodes. Actions of its menu (create, rename, delete) are methods only."""

    VTK_SIGNALS = (
        "currentNodeChanged(vtkMRMLNode*)",
        "nodeAboutToBeEdited(vtkMRMLNode*)",
        "nodeAboutToBeRemoved(vtkMRMLNode*)",
        "nodeActivated(vtkMRMLNode*)",
        "nodeAdded(vtkMRMLNode*)",
        "nodeAddedByUser(vtkMRMLNode*)",
    )
    currentNodeChanged = Signal((object,), (bool,))
    currentNodeIDChanged = Signal(str)
    currentNodeRenamed = Signal(str)
    nodeAboutToBeEdited = Signal(object)
    nodeAboutToBeRemoved = Signal(object)
    nodeActivated = Signal(object)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)

    nodeTypes = _refreshing("nodeTypes", "QStringList", [])
    hideChildNodeTypes = _refreshing("hideChildNodeTypes", "QStringList", [])
    showChildNodeTypes = _refreshing("showChildNodeTypes", bool, True)
    showHidden = _refreshing("showHidden", bool, False)
    noneEnabled = _refreshing("noneEnabled", bool, False)
    noneDisplay = _refreshing("noneDisplay", str, "None")
    addEnabled = stored("addEnabled", bool, True)
    removeEnabled = stored("removeEnabled", bool, True)
    renameEnabled = stored("renameEnabled", bool, False)
    editEnabled = stored("editEnabled", bool, False)
    selectNodeUponCreation = stored("selectNodeUponCreation", bool, True)
    baseName = stored("baseName", str, "")
    interactionNodeSingletonTag = stored("interactionNodeSingletonTag", str, "")
    sizeAdjustPolicy = stored("sizeAdjustPolicy", int, 1)

    def __init__(self, parent: Any = None) -> None:
        QWidget.__init__(self, parent)
        self._observers = Observers(self)
        self._node_observers = Observers(self)
        self._attributes: list[tuple[str, str, Optional[str]]] = []
        self._labels: dict[str, str] = {}
        self._ids: list[Optional[str]] = []  # one for each entry of the combo box; None is the entry "None"
        self._current: Optional[str] = None
        self._requested: Optional[str] = None  # asked for before there was a scene
        self._proxy = qMRMLSortFilterProxyModel()
        self._proxy._selector = weakref.ref(self)
        self._combo = QtWidgets.QComboBox()
        self._combo.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        in_a_row(self, self._combo)
        self._combo.connect("activated(int)", self._activated)
        self.setEnabled(False)

    # the scene

    def _scene_was_set(self) -> None:
        import slicer

        self._observers.clear()
        self.setEnabled(self._scene is not None)
        if self._scene is not None:
            events = slicer.vtkMRMLScene
            for event in (events.NodeAddedEvent, events.NodeRemovedEvent, events.EndBatchProcessEvent):
                self._observers.add(self._scene, event, qMRMLNodeComboBox._refresh)
        self._refresh()
        if self._requested in self._ids:
            self._select(self._requested)
        self._requested = None

    def _nodes(self) -> list[Any]:
        if self._scene is None:
            return []
        nodes = (self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes()))
        return [node for node in nodes if self._is_listed(node)]

    def _is_listed(self, node: Any) -> bool:
        if node.GetID() in self._proxy.hiddenNodeIDs or (node.GetHideFromEditors() and not self.showHidden):
            return False
        if any(node.IsA(hidden) for hidden in self.hideChildNodeTypes):
            return False
        if not any(node.IsA(kind) if self.showChildNodeTypes else node.GetClassName() == kind for kind in self.nodeTypes):
            return False
        return all(
            not node.IsA(kind) or (node.GetAttribute(name) is not None and value in (None, node.GetAttribute(name)))
            for kind, name, value in self._attributes
        )

    def _refresh(self) -> None:
        """List the nodes anew. The current node that has gone is replaced by the one that takes its row, or by the last: also where "None"
        is in the list (seen in Slicer 5.13: the deleted mask of bone became another segmentation)."""
        if self._scene is not None and self._scene.IsBatchProcessing():
            return
        nodes, was_empty = self._nodes(), not self._ids
        row = self._ids.index(self._current) if self._current in self._ids else -1
        self._node_observers.clear()
        for node in nodes:
            self._node_observers.add(node, "ModifiedEvent", qMRMLNodeComboBox._rename)
        self._ids = ([None] if self.noneEnabled else []) + [node.GetID() for node in nodes]
        self._combo.clear()
        self._combo.addItems(([self.noneDisplay] if self.noneEnabled else []) + [node.GetName() or "" for node in nodes])
        if self._current in self._ids or not nodes:
            self._select(self._current if self._current in self._ids else None)
        elif row >= 0:
            self._select(self._ids[min(row, len(self._ids) - 1)])
        elif self.noneEnabled:
            self._select(None)
        else:
            self._select(nodes[0].GetID() if was_empty else nodes[-1].GetID())

    def _rename(self) -> None:
        for index, node_id in enumerate(self._ids):
            node = self._scene.GetNodeByID(node_id) if node_id else None
            if node is not None and node.GetName() != self._combo.itemText(index):
                self._combo.setItemText(index, node.GetName() or "")
                if node_id == self._current:
                    self.currentNodeRenamed.emit(node.GetName() or "")

    # the current node

    def _select(self, node_id: Optional[str]) -> None:
        self._combo.setCurrentIndex(self._ids.index(node_id) if node_id in self._ids else -1)
        if node_id == self._current:
            return
        self._current = node_id
        node = self.currentNode()
        emit(self, "currentNodeChanged(vtkMRMLNode*)", node)
        emit(self, "currentNodeChanged(bool)", node is not None)
        self.currentNodeIDChanged.emit(node_id or "")

    def _activated(self, index: int) -> None:
        self._select(self._ids[index])
        self.nodeActivated.emit(self.currentNode())

    def currentNode(self) -> Any:
        return self._scene.GetNodeByID(self._current) if self._scene is not None and self._current else None

    def setCurrentNode(self, node: Any) -> None:
        self.setCurrentNodeID(node if node is None or isinstance(node, str) else node.GetID())

    def setCurrentNodeID(self, node_id: Optional[str]) -> None:
        if self._scene is None:
            self._requested = node_id
            return
        self._select(node_id if node_id in self._ids else None)

    def _current_id(self) -> str:
        return self._current or ""

    currentNodeID = Property(str, _current_id, setCurrentNodeID)
    currentNodeId = Property(str, _current_id, setCurrentNodeID)

    def setCurrentNodeIndex(self, index: int) -> None:
        self.setCurrentNode(self.nodeFromIndex(index))

    def nodeCount(self) -> int:
        return sum(node_id is not None for node_id in self._ids)

    def nodeFromIndex(self, index: int) -> Any:
        return self._scene.GetNodeByID([node_id for node_id in self._ids if node_id is not None][index])

    # what the list shows, and its actions

    def sortFilterProxyModel(self) -> Any:
        return self._proxy

    def addAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        self._attributes.append((node_type, name, None if value is None else str(value)))
        self._refresh()

    def removeAttribute(self, node_type: str, name: str) -> None:
        self._attributes = [entry for entry in self._attributes if entry[:2] != (node_type, name)]
        self._refresh()

    def setNodeTypeLabel(self, label: str, node_type: str) -> None:
        self._labels[node_type] = label

    def nodeTypeLabel(self, node_type: str) -> str:
        return self._labels.get(node_type, "")

    def addNode(self, node_type: Optional[str] = None) -> Any:
        node = self._scene.CreateNodeByClass(node_type or self.nodeTypes[0])
        node.UnRegister(None)
        node.SetName(self._scene.GenerateUniqueName(self.baseName or node.GetNodeTagName()))
        self._scene.AddNode(node)
        if self.selectNodeUponCreation:
            self._select(node.GetID())
        self.nodeAdded.emit(node)
        self.nodeAddedByUser.emit(node)
        return node

    def removeCurrentNode(self) -> None:
        node = self.currentNode()
        self.nodeAboutToBeRemoved.emit(node)
        self._scene.RemoveNode(node)
