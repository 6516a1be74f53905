"""Which widget can show which parameter: ``slicer.parameterNodeWrapper``'s connectors for the widgets that have a stand-in.

As in Slicer the widget's class must match exactly, a slider needs a bounded range, a combo box is filled anew from its choices, and a
path widget takes ``pathlib`` types only.
"""

from __future__ import annotations

import enum
import pathlib
from typing import Any, Callable, Optional

from .parameters import optional_type, split_annotations
from .validators import Choice, Decimals, Maximum, Minimum, SingleStep, WithinRange

NUMBER_WIDGETS = {
    int: ("QSlider", "QSpinBox"),
    float: ("QDoubleSpinBox", "ctkSliderWidget", "ctkDoubleSpinBox", "qMRMLSpinBox", "qMRMLSliderWidget"),
}
MUST_BE_BOUNDED = ("QSlider", "ctkSliderWidget", "qMRMLSliderWidget")


class Connector:
    """One parameter on one widget: ``read()``, ``write(value)``, and the signal that tells a change."""

    def __init__(self, widget: Any, signal: str, read: Callable[[], Any], write: Callable[[Any], None]) -> None:
        self.widget, self.read, self.write = widget, read, write
        self._signal = signal
        self._callback: Optional[Callable[[], None]] = None

    def connect(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        getattr(self.widget, self._signal).connect(self._changed)

    def disconnect(self) -> None:
        self._callback = None
        getattr(self.widget, self._signal).disconnect(self._changed)

    def _changed(self) -> None:
        if self._callback is not None:
            self._callback()


def _first(annotations: list[Any], kind: type) -> Any:
    return next((annotation for annotation in annotations if isinstance(annotation, kind)), None)


def _attribute(widget: Any, name: str, signal: str, to_value: Callable[[Any], Any] = lambda v: v, to_widget: Any = None) -> Connector:
    def write(value: Any) -> None:
        setattr(widget, name, value if to_widget is None else to_widget(value))

    return Connector(widget, signal, lambda: to_value(getattr(widget, name)), write)


def _number(widget: Any, name: str, kind: type, annotations: list[Any]) -> Connector:
    for annotation, attribute in ((Decimals, "decimals"), (SingleStep, "singleStep")):
        found = _first(annotations, annotation)
        if found is not None:
            setattr(widget, attribute, found.value)
    within = _first(annotations, WithinRange)
    low, high = within or _first(annotations, Minimum), within or _first(annotations, Maximum)
    if name in MUST_BE_BOUNDED and (low is None or high is None):
        raise RuntimeError(f"Cannot have a connection to {name} where the type is unbounded.")
    unbounded = (float("-inf"), float("inf")) if kind is float else (-(2**31), 2**31 - 1)
    widget.minimum = unbounded[0] if low is None else low.minimum
    widget.maximum = unbounded[1] if high is None else high.maximum
    return _attribute(widget, "value", "valueChanged")


def _combo(widget: Any, kind: Any, annotations: list[Any]) -> Connector:
    choice = _first(annotations, Choice)
    is_enum = isinstance(kind, type) and issubclass(kind, enum.Enum)
    if choice is None and not is_enum:
        raise RuntimeError("ComboBoxToStringableConnector requires the Choice annotation to be used.")
    values = list(kind) if is_enum else list(choice.choices)
    label = getattr(kind, "label", lambda value: value.name) if is_enum else str
    widget.clear()
    for value in values:
        widget.addItem(label(value))
    return _attribute(widget, "currentIndex", "currentIndexChanged", values.__getitem__, values.index)


def _plain_text(widget: Any) -> Connector:
    return Connector(widget, "textChanged", widget.toPlainText, widget.setPlainText)


def _checkable(widget: Any) -> Connector:
    if type(widget).__name__ == "QPushButton":
        widget.checkable = True
    return _attribute(widget, "checked", "toggled")


def _node(widget: Any, kind: type) -> Connector:
    widget.nodeTypes = [kind.__name__]
    return Connector(widget, "currentNodeChanged", widget.currentNode, widget.setCurrentNode)


def connector_for(widget: Any, hint: Any) -> Connector:
    """Connect a widget and a parameter type.

    Raises
    ------
    RuntimeError
        If Slicer has no connector for the two.
    """
    import slicer

    kind, annotations = split_annotations(hint)
    name = type(widget).__name__
    is_path = isinstance(kind, type) and issubclass(kind, pathlib.PurePath)
    base = optional_type(kind) or kind
    is_node = isinstance(base, type) and issubclass(base, slicer.vtkMRMLNode)
    makers = (
        (kind is bool and name in ("QCheckBox", "ctkCheckBox", "QPushButton"), lambda: _checkable(widget)),
        (name in NUMBER_WIDGETS.get(kind, ()), lambda: _number(widget, name, kind, annotations)),
        (name in ("QComboBox", "ctkComboBox"), lambda: _combo(widget, kind, annotations)),
        (kind is str and name == "QLineEdit", lambda: _attribute(widget, "text", "textChanged")),
        (kind is str and name == "QTextEdit", lambda: _plain_text(widget)),
        (is_path and name == "ctkPathLineEdit", lambda: _attribute(widget, "currentPath", "currentPathChanged", kind, str)),
        (is_path and name == "ctkDirectoryButton", lambda: _attribute(widget, "directory", "directoryChanged", kind, str)),
        (is_node and name == "qMRMLNodeComboBox", lambda: _node(widget, base)),
    )
    for applies, make in makers:
        if applies:
            return make()
    raise RuntimeError(f"Unable to create GUI connector from datatype '{hint}' to widget type '{type(widget)}'")
