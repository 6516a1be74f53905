"""Filling a QTableWidget from plain rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Optional

import qt

Row = Sequence[str]


def fillTable(
    table: Any, headers: Sequence[str], rows: Sequence[Row], tips: Optional[Sequence[str]] = None, editable: Sequence[int] = ()
) -> None:
    """Replace the contents of a table; the selected row stays selected, and no signal of a changed item is sent.

    Parameters
    ----------
    table : QTableWidget
    headers : sequence of str
    rows : sequence of rows of str
    tips : sequence of str, optional
        Tooltip of each row.
    editable : sequence of int
        Columns that the reader may edit.
    """
    selected = table.currentRow()
    blocked = table.blockSignals(True)
    table.setColumnCount(len(headers))
    table.setHorizontalHeaderLabels(list(headers))
    table.setRowCount(len(rows))
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(tips[r] if tips else text)
            if c not in editable:
                item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
            table.setItem(r, c, item)
    table.resizeColumnsToContents()
    table.resizeRowsToContents()
    if 0 <= selected < len(rows):
        table.selectRow(selected)
    table.blockSignals(blocked)


def number(value: float, decimals: int = 1) -> str:
    """A number for a table cell; a dash where there is none (NaN)."""
    return "–" if math.isnan(value) else f"{value:.{decimals}f}"
