"""Filling a QTableWidget from plain rows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, Optional

import qt

Row = Sequence[str]

ROOM_PX = 350  # that a table of the answer has for its columns in a panel of 415 px, beside a scroll bar
CELL_MARGINS_PX = 9  # on both sides of a cell's text, and the line between two cells
WIDEST_PX = 84  # of a column beside the widest: four of them leave room for that in the 340 px that a table has
WIDEST_CUT_PX = 100  # where what does not fit is cut instead of broken into lines


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

_UNBROKEN = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+")
"""What stands in one line: a word, or a letter of Japanese, which is broken between any two."""


class FittingRows:
    """Breaks long words into lines, and keeps the rows as high as these need.

    How many lines a cell needs is known once its column has its width: when the section is opened, and again when a scroll bar comes and
    takes its part. Rows are fitted once Qt has given all columns their widths.
    """

    def __init__(self, table: Any) -> None:
        self._table = table
        table.setWordWrap(True)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.connect("timeout()", self.fit)
        table.horizontalHeader().connect("sectionResized(int,int,int)", self.onColumnResized)

    def onColumnResized(self, column: int, before: int, now: int) -> None:
        """A column has another width."""
        self._timer.start()

    def fit(self) -> None:
        """Fit the rows to the broken lines."""
        try:
            self._table.resizeRowsToContents()
        except (RuntimeError, ValueError):  # the panel was closed between the change of a width and this
            self._timer.stop()


class WholeHeads(FittingRows):
    """A table of few columns: the first takes the room that is left and breaks its words, the others and their heads are whole."""

    def show(self) -> None:
        """Call it when the table was filled."""
        header = self._table.horizontalHeader()
        header.setStretchLastSection(False)
        for column in range(self._table.columnCount):
            header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch)
        self.fit()


class WordWide(FittingRows):
    """A table of any columns: each is as wide as its head and its longest word, and that with most to say takes the room that is left."""

    def show(self) -> None:
        """Call it when the table was filled."""
        table, header = self._table, self._table.horizontalHeader()
        if not table.columnCount:
            return
        header.setStretchLastSection(False)
        texts = [[table.item(row, column).text() for row in range(table.rowCount)] for column in range(table.columnCount)]
        words = [[word for text in cells for word in _UNBROKEN.findall(text)] for cells in texts]
        widths = [max(header.sectionSizeHint(n), self._widest(each)) for n, each in enumerate(words)]
        longest = [self._widest(cells) for cells in texts]
        stretched = longest.index(max(longest)) if sum(widths) <= ROOM_PX else None
        for column, width in enumerate(widths):
            header.setSectionResizeMode(column, qt.QHeaderView.Stretch if column == stretched else qt.QHeaderView.Interactive)
            table.setColumnWidth(column, width)
        self.fit()

    def _widest(self, texts: Iterable[str]) -> int:
        metrics = self._table.fontMetrics()
        return int(max((metrics.horizontalAdvance(text) for text in texts), default=0)) + CELL_MARGINS_PX


class Columns:
    """The columns of a table that the panel has room for; a check box shows the others too.

    Parameters
    ----------
    table : QTableWidget
    allBox : QCheckBox
    always : sequence of int
        Columns that are never hidden.
    widest : int
        The one among them that takes the room that is left; what does not fit in it is in its tooltip.
    wraps : bool
        Break long words into lines instead of cutting them: for cells of a few words.
    """

    def __init__(self, table: Any, allBox: Any, always: Sequence[int], widest: int, *, wraps: bool = False) -> None:
        self._table, self._allBox, self.always, self.widest = table, allBox, tuple(always), widest
        table.setWordWrap(wraps)
        table.horizontalHeader().setStretchLastSection(False)
        allBox.connect("clicked(bool)", lambda checked: self.show())
        self._rows = FittingRows(table) if wraps else None

    def show(self) -> None:
        """Call it when the table was filled."""
        showAll, header = bool(self._allBox.checked), self._table.horizontalHeader()
        self._allBox.visible = self._table.rowCount > 0
        for column in range(self._table.columnCount):
            self._table.setColumnHidden(column, not (showAll or column in self.always))
            stretches = column == self.widest and not showAll
            header.setSectionResizeMode(column, qt.QHeaderView.Stretch if stretches else qt.QHeaderView.Interactive)
            if not (showAll or stretches):
                widest = max(WIDEST_CUT_PX if self._rows is None else WIDEST_PX, header.sectionSizeHint(column))  # a head is whole
                self._table.setColumnWidth(column, min(self._table.columnWidth(column), widest))
        if showAll:
            self._table.resizeColumnsToContents()
        self._table.resizeRowsToContents()


def number(value: float, decimals: int = 1) -> str:
    """A number for a table cell; a dash where there is none (NaN)."""
    return "–" if math.isnan(value) else f"{value:.{decimals}f}"
