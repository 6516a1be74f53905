"""What the stand-ins for CTK's and Slicer's widgets have in common: how they are declared, found and laid out.

A stand-in has the properties, slots and signals of the real class that PythonQt exposes, and no others: ``test_host.py`` compares each
name with ``slicer_api.json``. What is missing raises: AttributeError for a name, NotImplementedError for a class.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Callable, Optional, TypeVar

from .pyside import QtCore, QtWidgets
from .signals import find_signal

Property = QtCore.Property
Class = TypeVar("Class", bound=type)

registry: dict[str, type] = {}
"""Class name to stand-in, for the .ui loader and for the modules ``ctk`` and ``slicer``."""


def stand_in(cls: Class) -> Class:
    """Class decorator: this class stands for the C++ class of the same name."""
    cls._stand_in = True
    registry[cls.__name__] = cls
    return cls


def stored(name: str, kind: Any, default: Any, changed: Optional[Callable[[Any], None]] = None) -> Any:
    """A property that is only kept; ``changed(self)`` is called after it was set to another value."""
    key = "_" + name

    def read(self: Any) -> Any:
        return self.__dict__.get(key, default)

    def write(self: Any, value: Any) -> None:
        before = read(self)
        self.__dict__[key] = kind(value) if isinstance(kind, type) else value
        if changed is not None and read(self) != before:
            changed(self)

    return Property(kind, read, write)


def forwarded(part: str, name: str, kind: Any) -> Any:
    """A property that an inner widget has."""

    def read(self: Any) -> Any:
        return getattr(self.__dict__[part], name)

    def write(self: Any, value: Any) -> None:
        setattr(self.__dict__[part], name, value)

    return Property(kind, read, write)


def emit(widget: Any, signature: str, *args: Any) -> None:
    """Emit one overload of a signal."""
    signal = find_signal(widget, signature)
    if signal is None:
        raise AttributeError(f"{type(widget).__name__} has no signal {signature}")
    signal.emit(*args)


def in_a_row(widget: Any, *parts: Any) -> None:
    """Lay the parts of a composite widget out side by side."""
    layout = QtWidgets.QHBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        layout.addWidget(part)


def refuse_missing(module: ModuleType, prefixes: tuple[str, ...]) -> None:
    """Let a module answer with a class that cannot be made for a name that has no stand-in."""

    def missing(name: str) -> type:
        if not name.startswith(prefixes):
            raise AttributeError(f"module '{module.__name__}' has no attribute '{name}'")

        def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
            raise NotImplementedError(f"{module.__name__}.{name} has no stand-in in slicerhost")

        cls = type(name, (), {"__init__": refuse})
        setattr(module, name, cls)
        return cls

    module.__getattr__ = missing


def fill_module(module: ModuleType, prefixes: tuple[str, ...]) -> None:
    """Put the stand-ins whose names begin so into a module."""
    for name, cls in registry.items():
        if name.startswith(prefixes):
            setattr(module, name, cls)
    refuse_missing(module, prefixes)
    sys.modules.setdefault(module.__name__, module)
