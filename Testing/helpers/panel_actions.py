"""What a reader does in the panel, and what stands there then."""

from __future__ import annotations

from . import fake_exams


def place(widget, levels=fake_exams.LEVEL_Z) -> None:
    """What the reader's clicks do: a point is added while the placing button is down."""
    widget.ui.placeButton.click()
    for level in levels:
        widget.panel.vertebrae.exam.points_node.AddControlPointWorld([0.0, 0.0, fake_exams.LEVEL_Z[level]])


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
