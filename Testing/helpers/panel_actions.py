"""What a reader does in the panel, and what stands there then."""

from __future__ import annotations

from . import fake_exams


def place(widget, levels=fake_exams.LEVEL_Z) -> None:
    """What the reader's clicks do: a point is added while the placing button is down."""
    widget.ui.placeButton.click()
    for level in levels:
        widget.panel.vertebrae.exam.rois.points_node.AddControlPointWorld([0.0, 0.0, fake_exams.LEVEL_Z[level]])


def choose_exam(widget, index: int) -> None:
    widget.ui.examComboBox.setCurrentIndex(index)
    widget.panel.onExamChosen(index)


def column(table, number: int) -> list[str]:
    return [table.item(row, number).text() for row in range(table.rowCount)]


def measured(widget) -> None:
    for index in (0, 1):
        choose_exam(widget, index)
        place(widget)
    choose_exam(widget, 0)
    widget.ui.measureButton.click()
    widget.ui.proposeButton.click()


def type_path(lineEdit, text: str) -> None:
    """Type a path in place of what stands there, and press Enter."""
    from slicerhost.pyside import QtCore, QtTest

    inner = lineEdit.comboBox().lineEdit()
    inner.selectAll()
    QtTest.QTest.keyClick(inner, QtCore.Qt.Key_Delete)
    QtTest.QTest.keyClicks(inner, text)
    QtTest.QTest.keyClick(inner, QtCore.Qt.Key_Return)


def pick(selector, node) -> None:
    """Choose a node, or None, in the list of a node selector."""
    from slicerhost import qmrmlselector

    qmrmlselector.pick(selector, node)


def rest(slicer_host) -> None:
    """Let the panel's timers run out."""
    from slicerhost.pyside import QtTest

    QtTest.QTest.qWait(300)
    slicer_host.process_events()


def notice(panel, slicer_host, how: str, tmp_path) -> None:
    """The three ways in which the panel comes to look at what was done elsewhere: an event, being entered, an export."""
    if how == "event":
        rest(slicer_host)
    elif how == "enter":
        slicer_host.exit(panel)
        slicer_host.enter(panel)
    else:
        panel.ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
        panel.ui.exportButton.click()
        assert panel.ui.statusLabel.text == ""


def bone_mask(above_mm: float):
    """A labelmap of everything above a height, on a grid of its own."""
    import numpy as np
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "bone")
    matrix, (_, _, s) = fake_exams.grid((60, 60, 60), (4.0, 4.0, 4.0))
    slicer.util.updateVolumeFromArray(node, (s > above_mm).astype(np.uint8))
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))
    return node
