"""The markups widgets: the place button, and the small list of control points with it.

Placing itself is Slicer's own: the button sets the real selection and interaction nodes, the rest is done by a view
(:mod:`.views`) and by the markups logic.
"""

from __future__ import annotations

from typing import Any, Optional

from .pyside import QtCore, QtGui, QtWidgets
from .qmrmlselector import qMRMLNodeComboBox
from .scenewidgets import Observers, qSlicerWidget
from .standins import Property, stand_in, stored

Signal = QtCore.Signal


@stand_in
class qSlicerMarkupsPlaceWidget(qSlicerWidget):
    """The button that switches placing of control points on and off."""

    ShowPlaceMultipleMarkupsOption, HidePlaceMultipleMarkupsOption, ForcePlaceSingleMarkup, ForcePlaceMultipleMarkups = range(4)

    activeMarkupsPlaceModeChanged = Signal(bool)
    activeMarkupsFiducialPlaceModeChanged = Signal(bool)
    placeMultipleMarkups = stored("placeMultipleMarkups", int, ShowPlaceMultipleMarkupsOption)
    buttonsVisible = stored("buttonsVisible", bool, True)
    deleteAllControlPointsOptionVisible = stored("deleteAllControlPointsOptionVisible", bool, True)
    deleteAllMarkupsOptionVisible = stored("deleteAllMarkupsOptionVisible", bool, True)
    unsetAllControlPointsOptionVisible = stored("unsetAllControlPointsOptionVisible", bool, True)
    unsetLastControlPointOptionVisible = stored("unsetLastControlPointOptionVisible", bool, True)
    placeModePersistency = stored("placeModePersistency", bool, False)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._node: Any = None
        self._selection: Any = None
        self._interaction: Any = None
        self._was_placing = False
        self._observers = Observers(self)
        self._place, self._delete = QtWidgets.QToolButton(), QtWidgets.QToolButton()
        self._place.text, self._delete.text = "Place", "Delete"
        self._place.setCheckable(True)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._place)
        layout.addWidget(self._delete)
        self._place.connect("clicked(bool)", self.setPlaceModeEnabled)
        self._delete.connect("clicked()", self.deleteLastPoint)
        self._update()

    def _scene_was_set(self) -> None:
        import slicer

        logic = slicer.app.applicationLogic() if self._scene is not None else None
        self._selection = logic.GetSelectionNode() if logic else None
        self._interaction = logic.GetInteractionNode() if logic else None
        self._observers.clear()
        for node in (self._selection, self._interaction):
            if node is not None:
                self._observers.add(node, "AnyEvent", qSlicerMarkupsPlaceWidget._update)
        self._update()
        super()._scene_was_set()

    def _update(self) -> None:
        self.setEnabled(self._scene is not None and self._node is not None)
        placing = self._is_placing()
        self._place.checked = placing
        if placing != self._was_placing:
            self._was_placing = placing
            self.activeMarkupsPlaceModeChanged.emit(placing)
            self.activeMarkupsFiducialPlaceModeChanged.emit(placing)

    def selectionNode(self) -> Any:
        return self._selection

    def interactionNode(self) -> Any:
        return self._interaction

    def placeButton(self) -> Any:
        return self._place

    def deleteButton(self) -> Any:
        return self._delete

    def currentNode(self) -> Any:
        return self._node

    def currentMarkupsNode(self) -> Any:
        return self._node

    def setCurrentNode(self, node: Any) -> None:
        if node is self._node:
            return
        if self._is_placing():
            self.setPlaceModeEnabled(False)
        self._node = node
        self._update()

    def _is_active(self) -> bool:
        return bool(self._node and self._selection and self._selection.GetActivePlaceNodeID() == self._node.GetID())

    def setCurrentNodeActive(self, active: bool) -> None:
        if self._node is None or self._selection is None or active == self._is_active():
            return
        if active:
            self._selection.SetReferenceActivePlaceNodeClassName(self._node.GetClassName())
        self._selection.SetActivePlaceNodeID(self._node.GetID() if active else None)

    currentNodeActive = Property(bool, _is_active, setCurrentNodeActive)

    def _is_placing(self) -> bool:
        import slicer

        placing = slicer.vtkMRMLInteractionNode.Place
        return self._is_active() and self._interaction.GetCurrentInteractionMode() == placing

    def setPlaceModeEnabled(self, enabled: bool) -> None:
        import slicer

        if self._node is None or self._interaction is None:
            self._update()
            return
        modes = slicer.vtkMRMLInteractionNode
        if enabled:
            self.setCurrentNodeActive(True)
            self._interaction.SetPlaceModePersistence(int(self._places_many()))
            self._interaction.SetCurrentInteractionMode(modes.Place)
        elif self._is_placing():
            self._interaction.SetCurrentInteractionMode(modes.ViewTransform)
        self._update()

    def _places_many(self) -> bool:
        forced = {self.ForcePlaceSingleMarkup: False, self.ForcePlaceMultipleMarkups: True}
        return forced.get(self.placeMultipleMarkups, self.placeModePersistency)

    placeModeEnabled = Property(bool, _is_placing, setPlaceModeEnabled)

    def setPlaceModePersistency(self, persistent: bool) -> None:
        self.placeModePersistency = persistent

    def setPlaceMultipleMarkups(self, option: int) -> None:
        self.placeMultipleMarkups = option

    def deleteLastPoint(self) -> None:
        if self._node is not None and self._node.GetNumberOfControlPoints():
            self._node.RemoveNthControlPoint(self._node.GetNumberOfControlPoints() - 1)

    def deleteAllPoints(self) -> None:
        if self._node is not None:
            self._node.RemoveAllControlPoints()


@stand_in
class qSlicerSimpleMarkupsWidget(qSlicerWidget):
    """Selector, place button and list of the control points of one markups node."""

    activeMarkupsPlaceModeChanged = Signal(bool)
    markupsNodeChanged = Signal()
    markupsFiducialNodeChanged = Signal()
    currentMarkupsControlPointSelectionChanged = Signal(int)
    updateFinished = Signal()
    enterPlaceModeOnNodeChange = stored("enterPlaceModeOnNodeChange", bool, True)
    jumpToSliceEnabled = stored("jumpToSliceEnabled", bool, False)
    optionsVisible = stored("optionsVisible", bool, True)
    positionStatusColumnVisible = stored("positionStatusColumnVisible", bool, True)
    viewGroup = stored("viewGroup", int, -1)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._observers = Observers(self)
        self._node: Any = None
        self._selector = qMRMLNodeComboBox()
        self._selector.nodeTypes = ["vtkMRMLMarkupsFiducialNode"]
        self._selector.noneEnabled = True
        self._place_widget = qSlicerMarkupsPlaceWidget()
        self._table = QtWidgets.QTableWidget(0, 4)
        self._table.setHorizontalHeaderLabels(["Label", "R", "A", "S"])
        layout = QtWidgets.QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._selector, 0, 0)
        layout.addWidget(self._place_widget, 0, 1)
        layout.addWidget(self._table, 1, 0, 1, 2)
        self._selector.connect("currentNodeChanged(vtkMRMLNode*)", self._node_changed)
        self._place_widget.activeMarkupsPlaceModeChanged.connect(self.activeMarkupsPlaceModeChanged)
        self._table.connect("currentCellChanged(int,int,int,int)", self.currentMarkupsControlPointSelectionChanged)

    def _scene_was_set(self) -> None:
        self._selector.setMRMLScene(self._scene)
        self._place_widget.setMRMLScene(self._scene)
        super()._scene_was_set()

    def _node_changed(self, node: Any) -> None:
        self._observers.clear()
        self._node = node
        self._place_widget.setCurrentNode(node)
        if node is not None:
            for event in (node.PointAddedEvent, node.PointRemovedEvent, node.PointModifiedEvent):
                self._observers.add(node, event, qSlicerSimpleMarkupsWidget._fill_table)
            if self.enterPlaceModeOnNodeChange:
                self._place_widget.setPlaceModeEnabled(True)
        self._fill_table()
        self.markupsNodeChanged.emit()
        self.markupsFiducialNodeChanged.emit()

    def _fill_table(self) -> None:
        count = self._node.GetNumberOfControlPoints() if self._node is not None else 0
        self._table.setRowCount(count)
        for row in range(count):
            position = [0.0, 0.0, 0.0]
            self._node.GetNthControlPointPositionWorld(row, position)
            texts = [self._node.GetNthControlPointLabel(row), *(f"{value:.3f}" for value in position)]
            for column, text in enumerate(texts):
                self._table.setItem(row, column, QtWidgets.QTableWidgetItem(text))
        self.updateFinished.emit()

    def currentNode(self) -> Any:
        return self._node

    def getCurrentNode(self) -> Any:
        return self._node

    def setCurrentNode(self, node: Any) -> None:
        self._selector.setCurrentNode(node)

    def markupsPlaceWidget(self) -> Any:
        return self._place_widget

    def markupsSelectorComboBox(self) -> Any:
        return self._selector

    def tableWidget(self) -> Any:
        return self._table

    def interactionNode(self) -> Any:
        return self._place_widget.interactionNode()

    def setNodeBaseName(self, name: str) -> None:
        self._selector.baseName = name

    def _selector_visible(self) -> bool:
        return not self._selector.isHidden()

    def setNodeSelectorVisible(self, visible: bool) -> None:
        self._selector.setVisible(visible)

    nodeSelectorVisible = Property(bool, _selector_visible, setNodeSelectorVisible)

    def _color(self) -> Optional[Any]:
        display = self._node.GetDisplayNode() if self._node is not None else None
        return QtGui.QColor.fromRgbF(*display.GetSelectedColor()) if display is not None else QtGui.QColor()

    def setNodeColor(self, color: Any) -> None:
        display = self._node.GetDisplayNode() if self._node is not None else None
        if display is not None:
            display.SetSelectedColor(color.redF(), color.greenF(), color.blueF())

    nodeColor = Property(QtGui.QColor, _color, setNodeColor)
