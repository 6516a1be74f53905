"""Widgets that show a node: a table, the segments of a segmentation, a plot.

The table and the segments are read from the real nodes; a plot is only held, nothing is drawn.
"""

from __future__ import annotations

from typing import Any

from .pyside import QtCore, QtGui, QtWidgets
from .scenewidgets import Observers, SceneBound, SceneTold, qMRMLWidget
from .standins import Property, in_a_row, stand_in, stored

Signal = QtCore.Signal


@stand_in
class qMRMLTableView(SceneTold, QtWidgets.QTableView):
    """A table node, read only."""

    VTK_SIGNALS = ("mrmlSceneChanged(vtkMRMLScene*)",)
    mrmlSceneChanged = Signal(object)
    selectionChanged = Signal()
    transposed = stored("transposed", bool, False)
    firstRowLocked = stored("firstRowLocked", bool, False)
    firstColumnLocked = stored("firstColumnLocked", bool, False)

    def __init__(self, parent: Any = None) -> None:
        QtWidgets.QTableView.__init__(self, parent)
        self._observers = Observers(self)
        self._node: Any = None
        self._model = QtGui.QStandardItemModel()
        self.setModel(self._model)
        self.selectionModel().connect("selectionChanged(QItemSelection,QItemSelection)", self._selected)

    def _selected(self) -> None:
        self.selectionChanged.emit()

    def tableModel(self) -> Any:
        return self._model

    def mrmlTableNode(self) -> Any:
        return self._node

    def setMRMLTableNode(self, node: Any) -> None:
        self._observers.clear()
        self._node = node
        if node is not None:
            self._observers.add(node, "ModifiedEvent", qMRMLTableView._fill)
        self._fill()

    def _fill(self) -> None:
        self._model.clear()
        table = self._node.GetTable() if self._node is not None else None
        if table is None:
            return
        columns = [self._node.GetColumnName(index) for index in range(table.GetNumberOfColumns())]
        if self._node.GetUseColumnNameAsColumnHeader() or self._node.GetUseColumnTitleAsColumnHeader():
            self._model.setHorizontalHeaderLabels([self._header(name) for name in columns])
        for row in range(table.GetNumberOfRows()):
            texts = (table.GetValue(row, column).ToString() for column in range(len(columns)))
            self._model.appendRow([QtGui.QStandardItem(text) for text in texts])

    def _header(self, name: str) -> str:
        title = self._node.GetColumnTitle(name) if self._node.GetUseColumnTitleAsColumnHeader() else ""
        return title or name


@stand_in
class qMRMLSegmentsTableView(qMRMLWidget):
    """The names of a segmentation's segments."""

    selectionChanged = Signal(QtCore.QItemSelection, QtCore.QItemSelection)
    readOnly = stored("readOnly", bool, False)
    headerVisible = stored("headerVisible", bool, True)
    filterBarVisible = stored("filterBarVisible", bool, False)
    visibilityColumnVisible = stored("visibilityColumnVisible", bool, True)
    colorColumnVisible = stored("colorColumnVisible", bool, True)
    opacityColumnVisible = stored("opacityColumnVisible", bool, True)
    statusColumnVisible = stored("statusColumnVisible", bool, False)
    layerColumnVisible = stored("layerColumnVisible", bool, False)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._observers = Observers(self)
        self._node: Any = None
        self._ids: list[str] = []
        self._table = QtWidgets.QTableWidget(0, 1)
        self._table.setHorizontalHeaderLabels(["Name"])
        self._table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectRows)
        in_a_row(self, self._table)
        self._table.selectionModel().connect(
            "selectionChanged(QItemSelection,QItemSelection)", self.selectionChanged.emit
        )

    def segmentationNode(self) -> Any:
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        self._observers.clear()
        self._node = node
        if node is not None:
            segmentation = node.GetSegmentation()
            for event in (segmentation.SegmentAdded, segmentation.SegmentRemoved, segmentation.SegmentModified):
                self._observers.add(segmentation, event, qMRMLSegmentsTableView._fill)
        self._fill()

    def _fill(self) -> None:
        segmentation = self._node.GetSegmentation() if self._node is not None else None
        self._ids = list(segmentation.GetSegmentIDs()) if segmentation is not None else []
        self._table.setRowCount(len(self._ids))
        for row, segment_id in enumerate(self._ids):
            self._table.setItem(row, 0, QtWidgets.QTableWidgetItem(segmentation.GetSegment(segment_id).GetName()))

    def tableWidget(self) -> Any:
        return self._table

    def displayedSegmentIDs(self) -> list[str]:
        return list(self._ids)

    def rowForSegmentID(self, segment_id: str) -> int:
        return self._ids.index(segment_id) if segment_id in self._ids else -1

    def segmentIDForRow(self, row: int) -> str:
        return self._ids[row] if 0 <= row < len(self._ids) else ""

    def selectedSegmentIDs(self) -> list[str]:
        rows = {index.row() for index in self._table.selectionModel().selectedIndexes}
        return [self._ids[row] for row in sorted(rows)]

    def setSelectedSegmentIDs(self, segment_ids: list[str]) -> None:
        self._table.clearSelection()
        mode = self._table.selectionModel()
        for segment_id in segment_ids:
            row = self.rowForSegmentID(segment_id)
            if row >= 0:
                mode.select(self._table.model().index(row, 0), QtCore.QItemSelectionModel.Select)

    def clearSelection(self) -> None:
        self._table.clearSelection()

    def _count(self) -> int:
        return len(self._ids)

    segmentCount = Property(int, _count)


@stand_in
class qMRMLPlotView(SceneBound, QtWidgets.QWidget):
    """Holds a plot view node; draws nothing."""

    VTK_SIGNALS = ("mrmlSceneChanged(vtkMRMLScene*)",)
    mrmlSceneChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        QtWidgets.QWidget.__init__(self, parent)
        self._node: Any = None

    def setMRMLPlotViewNode(self, node: Any) -> None:
        self._node = node

    def fitToContent(self) -> None:
        """Nothing is drawn, so there is nothing to fit."""


@stand_in
class qMRMLPlotWidget(QtWidgets.QWidget):
    """A plot view with its controller, of which the view is there."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._view = qMRMLPlotView()
        in_a_row(self, self._view)

    def plotView(self) -> Any:
        return self._view

    def mrmlPlotViewNode(self) -> Any:
        return self._view._node

    def setMRMLPlotViewNode(self, node: Any) -> None:
        self._view.setMRMLPlotViewNode(node)
