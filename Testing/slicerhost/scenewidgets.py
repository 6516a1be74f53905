"""What all MRML widgets share: observers that end with the widget, and the scene; and the containers of modules."""

from __future__ import annotations

import weakref
from typing import Any, Callable, ClassVar

from .pyside import QtCore, QtWidgets, Shiboken
from .standins import Property, stand_in

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
        self._host: Any = None

    def _is_entered(self) -> bool:
        return self._entered

    def _name(self) -> str:
        return self._module_name

    isEntered = Property(bool, _is_entered)
    moduleName = Property(str, _name)

    def self(self) -> Any:
        return self._python

    def reload(self) -> None:
        """Make the Python widget anew, as ``slicer.util.reloadScriptedModule`` asks for; it is not entered again."""
        self._host._fill(self, self._module_name)

    def enter(self) -> None:
        self._entered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self) -> None:
        self._entered = False
        if hasattr(self._python, "exit"):
            self._python.exit()
