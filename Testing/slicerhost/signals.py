"""Signals and slots as PythonQt has them: ``obj.connect("clicked(bool)", f)`` and ``obj.clicked.connect(f)``.

Both answer True, or False for a signal that does not exist; a slot gets no more arguments than it takes; an exception in a slot is
reported and does not reach the caller. It is also kept in :data:`slot_errors`, because in a test it must not go unnoticed.
"""

from __future__ import annotations

import re
import sys
import traceback
from typing import Any, Callable, Optional

from .pyside import QtCore

QObject, QMetaMethod, SignalInstance = QtCore.QObject, QtCore.QMetaMethod, QtCore.SignalInstance

slot_errors: list[str] = []
"""Tracebacks of the exceptions raised in slots since the list was last cleared."""


def report_exception(error: BaseException) -> None:
    """Keep a traceback for the test, and show it as the application does."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    slot_errors.append(text)
    sys.stderr.write(text)


def normalized(signature: str) -> str:
    """``clicked( const bool & )`` to ``clicked(bool)``."""
    return re.sub(r"\bconst\b|&|\s", "", signature)


def _argument_types(signature: str) -> list[str]:
    inside = normalized(signature).partition("(")[2].rpartition(")")[0]
    return inside.split(",") if inside else []


def declared_signals(obj: QObject) -> list[str]:
    """All signatures of an object's signals; those with VTK types are told by the stand-in's ``VTK_SIGNALS``."""
    return _signals_of(type(obj), obj.metaObject())


_signal_lists: dict[type, list[str]] = {}


def _signals_of(cls: type, meta: Any) -> list[str]:
    if cls not in _signal_lists:
        methods = (meta.method(index) for index in range(meta.methodCount()))
        names = [bytes(method.methodSignature()).decode() for method in methods if method.methodType() == QMetaMethod.Signal]
        vtk_signals = [name for base in cls.__mro__ for name in vars(base).get("VTK_SIGNALS", ())]
        _signal_lists[cls] = vtk_signals + [normalized(name) for name in names if "PyObject" not in name]
    return _signal_lists[cls]


def _accepted_count(slot: Callable[..., Any], given: int) -> int:
    """How many arguments a slot can take, at most ``given``. What is not written in Python gets them all."""
    code = getattr(getattr(slot, "__func__", slot), "__code__", None)
    takes_any = code is None or code.co_flags & 0x04  # CO_VARARGS
    if takes_any:
        return given
    return min(given, code.co_argcount - (1 if getattr(slot, "__self__", None) is not None else 0))


class Signal:
    """A signal of one object: ``connect``, ``disconnect``, ``emit``. ``signature`` chooses between overloads."""

    def __init__(self, owner: QObject, signature: str, instance: SignalInstance) -> None:
        self._owner, self._signature = owner, signature
        self._instance, self._types = instance, _argument_types(signature)

    @property
    def _overload(self) -> Any:
        """PySide's signal of this signature; it chooses overloads by type names, "PyObject" standing for every VTK type."""
        name = self._signature.partition("(")[0]
        overloads = {s for s in declared_signals(self._owner) if s.partition("(")[0] == name}
        if len(overloads) < 2:
            return self._instance
        key = ",".join("PyObject" if kind.startswith("vtk") else kind for kind in self._types)
        return self._instance[key]

    def _connections(self) -> list[tuple[Any, Callable[..., None]]]:
        table = self._owner.__dict__.setdefault("_connections", {})
        return table.setdefault(self._signature, [])

    def connect(self, slot: Callable[..., Any]) -> bool:
        count = _accepted_count(slot, len(self._types))

        def receive(*args: Any) -> None:
            try:
                slot(*args[:count])
            except Exception as error:
                report_exception(error)

        self._connections().append((slot, receive))
        self._overload.connect(receive)
        return True

    def disconnect(self, slot: Optional[Callable[..., Any]] = None) -> bool:
        """Undo the connections to ``slot``, or all that Python made. False if there was none."""
        connections = self._connections()
        undone = [pair for pair in connections if slot is None or pair[0] == slot]
        for pair in undone:
            self._overload.disconnect(pair[1])
            connections.remove(pair)
        return bool(undone)

    def emit(self, *args: Any) -> None:
        self._overload.emit(*args)

    __call__ = emit


def find_signal(owner: QObject, signature: str) -> Optional[Signal]:
    """The signal of exactly this signature, or None."""
    wanted = normalized(signature)
    if wanted not in declared_signals(owner):
        return None
    return Signal(owner, wanted, object.__getattribute__(owner, wanted.partition("(")[0]))


def first_signal(owner: QObject, name: str, instance: SignalInstance) -> Signal:
    """The signal behind ``owner.name``: its first declared overload."""
    signature = next(s for s in declared_signals(owner) if s.partition("(")[0] == name)
    return Signal(owner, signature, instance)
