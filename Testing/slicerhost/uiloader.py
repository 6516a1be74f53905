"""Load a Qt Designer file: Qt's own loader, with the stand-ins for CTK's and Slicer's widgets.

Two things that Qt's loader cannot do for classes written in Python are done here: enum properties of a stand-in, and all connections
(signals with VTK types exist only in Python). A widget without a stand-in and a connection that does not exist are errors.
"""

from __future__ import annotations

import functools
import operator
from typing import Any, Optional
from xml.etree import ElementTree

from . import pythonqt
from .pyside import QtCore, QtUiTools, QtWidgets
from .standins import registry


class QUiLoader(QtUiTools.QUiLoader):
    """``qt.QUiLoader``."""

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        if class_name in registry:
            widget = registry[class_name](parent)
            widget.objectName = name
            return widget
        if class_name.startswith(("ctk", "qMRML", "qSlicer")):
            raise NotImplementedError(f"{class_name} has no stand-in in slicerhost")
        return QtUiTools.QUiLoader.createWidget(self, class_name, parent, name)

    def load(self, file: Any, parent: Any = None) -> Any:
        """Load from an open ``qt.QFile``; the answer is the top widget."""
        path = file.fileName()
        root = ElementTree.parse(path).getroot()
        _check_custom_widgets(root, path)
        enums = _take_enum_properties(root)
        connections = _take_connections(root)
        widget = self._load(ElementTree.tostring(root), parent)
        for name, prop, value in enums:
            setattr(_child(widget, name), prop, value)
        for sender, signal, receiver, slot in connections:
            source, target = _child(widget, sender), _child(widget, receiver)
            if source is None or target is None or not source.connect(signal, target, slot):
                raise ValueError(f"{path}: the connection {sender}.{signal} to {receiver}.{slot} cannot be made")
        return widget

    def _load(self, text: bytes, parent: Any) -> Any:
        buffer = QtCore.QBuffer()
        buffer.setData(QtCore.QByteArray(text))
        buffer.open(QtCore.QIODevice.ReadOnly)
        pythonqt.loading_ui = True
        try:
            return QtUiTools.QUiLoader.load(self, buffer, parent)
        finally:
            pythonqt.loading_ui = False


def _child(top: Any, name: str) -> Any:
    return top if top.objectName == name else top.findChild(QtCore.QObject, name)


def _check_custom_widgets(root: ElementTree.Element, path: str) -> None:
    """Qt's loader replaces a class that it does not know by its base class, with only a warning."""
    for element in root.findall("./customwidgets/customwidget/class"):
        if element.text not in registry:
            raise NotImplementedError(f"{path}: {element.text} has no stand-in in slicerhost")


def _take_connections(root: ElementTree.Element) -> list[tuple[str, ...]]:
    section = root.find("connections")
    if section is None:
        return []
    root.remove(section)
    return [tuple(c.findtext(part, "") for part in ("sender", "signal", "receiver", "slot")) for c in section]


def _take_enum_properties(root: ElementTree.Element) -> list[tuple[str, str, int]]:
    """The enum and flag properties that stand-ins declare: (widget, property, value)."""
    taken = []
    for widget in root.iter("widget"):
        cls = registry.get(widget.get("class", ""))
        for element in widget.findall("property"):
            text = element.findtext("set") or element.findtext("enum")
            if cls is None or text is None or not _is_declared(cls, element.get("name", "")):
                continue
            widget.remove(element)
            value = functools.reduce(operator.or_, (int(_enum_value(cls, part)) for part in text.split("|")))
            taken.append((widget.get("name", ""), element.get("name", ""), value))
    return taken


def _is_declared(cls: type, name: str) -> bool:
    return any(name in vars(c) for c in cls.__mro__ if "_stand_in" in vars(c))


def _enum_value(cls: type, text: str) -> Any:
    """"ctkPathLineEdit::Dirs" or "Qt::Horizontal" to its value."""
    scope, _, name = text.rpartition("::")
    owner: Optional[Any] = registry.get(scope) or getattr(QtWidgets, scope, None) or getattr(QtCore, scope, None) or cls
    return getattr(owner, name)
