"""A Slicer that runs in Japanese, and what is English in its panels."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
WORDS = re.compile(r"\b[A-Za-z][a-z]{2,} [a-z]{2,}\b")  # two words beside each other
NAMES = {"English"}  # a language under its own name
WORD = re.compile(r"\b[A-Za-z]?[a-z]{3,}\b")


def start(host: Any, name: str, language: str = "ja") -> tuple[Any, Any]:
    """Panel and description of a module in a Slicer that was started in a language: the constructor loads the translations itself."""
    import slicer
    from slicerhost.pyside import QtCore
    from slicerhost.slicerapp import ScriptedModule

    QtCore.QSettings().setValue("language", language)
    path = ROOT / name / f"{name}.py"
    host.load_module(path)
    connected = list(slicer.app._startup)
    module = ScriptedModule(name, str(path), host)
    getattr(sys.modules[name], name)(module)
    slicer.app._startup[:] = connected
    widget = host.make_widget(name)
    host.enter(widget)
    return widget, module


def is_english(text: str) -> bool:
    """True for a sentence of English words, and for a single word that stands alone."""
    plain = re.sub(r"<[^>]+>|\S+@\S+|https?://\S+|\S*[/\\.]\S*", " ", text)
    return bool(WORDS.search(plain) or (WORD.search(plain) and not JAPANESE.search(plain)))


def english_in(top: Any) -> list[tuple[str, str]]:
    """Every English text of a panel: the name of its widget, and the text."""
    from slicerhost.pyside import QtWidgets

    found = {(child.objectName, text) for child in top.findChildren(QtWidgets.QWidget) if not _is_slicers(child) for text in _texts(child)}
    return sorted((name, text) for name, text in found if is_english(text) and text not in NAMES)


def _is_slicers(widget: Any) -> bool:
    """True for a part of one of Slicer's own widgets, which its own language pack translates."""
    while widget is not None:
        if type(widget).__name__.startswith(("qMRMLNode", "qSlicer")):
            return True
        widget = widget.parentWidget()
    return False


def _texts(widget: Any) -> Iterator[str]:
    from slicerhost.pyside import QtWidgets

    yield widget.toolTip
    for name in ("text", "title", "placeholderText", "nameFilter"):
        value = getattr(widget, name, "")
        yield str(value() if callable(value) else value) if not isinstance(widget, QtWidgets.QTextEdit) else ""
    if isinstance(widget, QtWidgets.QComboBox):
        yield from (widget.itemText(n) for n in range(widget.count))
    if isinstance(widget, QtWidgets.QTextEdit):
        yield from widget.toPlainText().splitlines()
    if isinstance(widget, QtWidgets.QTableWidget):
        yield from _cells(widget)


def _cells(table: Any) -> Iterator[str]:
    for column in range(table.columnCount):
        header = table.horizontalHeaderItem(column)
        yield header.text() if header else ""
        for row in range(table.rowCount):
            item = table.item(row, column)
            if item is not None:
                yield from (item.text(), item.toolTip())
