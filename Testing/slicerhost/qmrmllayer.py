"""The widgets that ``slicer`` offers for MRML scenes, over the real scene: the plain ones and the node selector.

Markups widgets are in :mod:`.qmrmlmarkups`, tables and plots in :mod:`.qmrmlviews`.
"""

from __future__ import annotations

import weakref
from typing import Any, Callable, ClassVar, Optional

from . import ctklayer, ctknumbers
from .pyside import QtCore, QtWidgets, Shiboken
from .standins import Property, emit, fill_module, in_a_row, stand_in, stored

Signal = QtCore.Signal
QWidget = QtWidgets.QWidget


class Observers:
    """VTK observers of one widget; they end with :meth:`clear`, and with :func:`remove_orphans` after the widget has gone.

    The callbacks are kept in a table of this module. VTK lets Python's garbage collector see them through the Python object of what is
    observed: were they part of a cycle, the collector would empty them although the C++ object still calls them, and Python crashes.
    """

    _table: ClassVar[dict[tuple[int, int], tuple[Any, Callable[..., None], weakref.ref]]] = {}

    def __init__(self, widget: QWidget) -> None:
        self._widget = weakref.ref(widget)
        self._keys: list[tuple[int, int]] = []

    def add(self, subject: Any, event: Any, handler: Callable[..., None]) -> None:
        """Call ``handler(widget)`` at an event; ``handler`` is a function or an unbound method."""
        reference = self._widget

        def call(caller: Any, event_name: str) -> None:
            widget = reference()
            if widget is not None and Shiboken.isValid(widget):
                handler(widget)

        key = (id(subject), subject.AddObserver(event, call))
        self._table[key] = (subject, call, reference)
        self._keys.append(key)

    def clear(self) -> None:
        for key in self._keys:
            _remove(key)
        self._keys = []


def _remove(key: tuple[int, int]) -> None:
    entry = Observers._table.pop(key, None)
    if entry is not None:
        entry[0].RemoveObserver(key[1])


def remove_orphans() -> None:
    """End the observers of widgets that have gone."""
    for key, (_, _, reference) in list(Observers._table.items()):
        widget = reference()
        if widget is None or not Shiboken.isValid(widget):
            _remove(key)


class SceneBound:
    """Mixin: a widget that is given the scene."""

    _scene: Any = None

    def setMRMLScene(self, scene: Any) -> None:
        if scene is self._scene:
            return
        self._scene = scene
        self._scene_was_set()

    def _scene_was_set(self) -> None:
        if hasattr(self, "mrmlSceneChanged"):
            self.mrmlSceneChanged.emit(self._scene)


class SceneTold(SceneBound):
    """Mixin: a widget that also tells its scene; not all do."""

    def mrmlScene(self) -> Any:
        return self._scene


@stand_in
class qMRMLWidget(SceneTold, QWidget):
    VTK_SIGNALS = ("mrmlSceneChanged(vtkMRMLScene*)",)
    mrmlSceneChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        QWidget.__init__(self, parent)


@stand_in
class qSlicerWidget(SceneBound, QWidget):
    VTK_SIGNALS = ("mrmlSceneChanged(vtkMRMLScene*)",)
    mrmlSceneChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        QWidget.__init__(self, parent)


@stand_in
class qSlicerScriptedLoadableModuleWidget(qSlicerWidget):
    """The parent that the application gives to a scripted module's widget; it passes ``enter`` and ``exit`` on."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._python: Any = None
        self._module_name, self._entered = "", False

    def _is_entered(self) -> bool:
        return self._entered

    def _name(self) -> str:
        return self._module_name

    isEntered = Property(bool, _is_entered)
    moduleName = Property(str, _name)

    def self(self) -> Any:
        return self._python

    def enter(self) -> None:
        self._entered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self) -> None:
        self._entered = False
        if hasattr(self._python, "exit"):
            self._python.exit()


def _refreshing(name: str, kind: Any, default: Any) -> Any:
    return stored(name, kind, default, lambda self: self._refresh())


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
        if node.GetHideFromEditors() and not self.showHidden:
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
        """List the nodes anew. Without "None" in the list, the current node that has gone is replaced by the last one."""
        if self._scene is not None and self._scene.IsBatchProcessing():
            return
        nodes, was_empty = self._nodes(), not self._ids
        self._node_observers.clear()
        for node in nodes:
            self._node_observers.add(node, "ModifiedEvent", qMRMLNodeComboBox._rename)
        self._ids = ([None] if self.noneEnabled else []) + [node.GetID() for node in nodes]
        self._combo.clear()
        self._combo.addItems(([self.noneDisplay] if self.noneEnabled else []) + [node.GetName() or "" for node in nodes])
        if self._current in self._ids or self.noneEnabled or not nodes:
            self._select(self._current if self._current in self._ids else None)
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


@stand_in
class qMRMLSliderWidget(SceneTold, ctknumbers.ctkSliderWidget):
    """A slider that can take its unit from the scene; here it does not."""

    quantity = stored("quantity", str, "")
    unitAwareProperties = stored("unitAwareProperties", int, 0)


@stand_in
class qMRMLSpinBox(SceneTold, ctknumbers.ctkDoubleSpinBox):
    quantity = stored("quantity", str, "")
    unitAwareProperties = stored("unitAwareProperties", int, 0)


@stand_in
class qMRMLRangeWidget(SceneBound, ctknumbers.ctkRangeWidget):
    mrmlScene = Property(object, lambda self: self._scene, lambda self, scene: self.setMRMLScene(scene))
    quantity = stored("quantity", str, "")


@stand_in
class qMRMLCollapsibleButton(SceneBound, ctklayer.ctkCollapsibleButton):
    VTK_SIGNALS = ("mrmlSceneChanged(vtkMRMLScene*)",)
    mrmlSceneChanged = Signal(object)


def install() -> None:
    """Put the widgets into ``slicer``."""
    import slicer

    from . import qmrmlmarkups, qmrmlviews  # noqa: F401 (they register their widgets)

    fill_module(slicer, ("qMRML", "qSlicer"))
