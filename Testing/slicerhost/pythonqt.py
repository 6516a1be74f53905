"""PythonQt's manners for PySide6's classes, patched in place once: :func:`patch`.

- A Qt property is an attribute, never a method: ``button.text``, ``button.text = "…"``.
- A C++ object takes no new attributes; an unknown name is an AttributeError with PythonQt's sentence.
- An enum value is an int: ``qt.Qt.Checked == 2``; flags combined by ``|`` are a plain int, and an int is taken where C++ wants an enum.
- A slot takes no keyword arguments. (PythonQt passes none on; here it is an error, so that no test relies on one.)

The sentences and the order of look-up are those of PythonQt's instance wrapper (``PythonQtInstanceWrapper.cpp``), held against a real
Slicer in ``Testing/Python/test_host.py``.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterable
from types import BuiltinMethodType, ModuleType
from typing import Any, Callable, Optional

from .pyside import Object, QtCore, QtGui, QtTest, QtWidgets, get_signature
from .signals import find_signal, first_signal

MODULES: tuple[ModuleType, ...] = (QtCore, QtGui, QtWidgets, QtTest)
VIRTUAL_GETTERS = ("sizeHint", "minimumSizeHint")  # C++ asks Python for these: reading them by name would ask without end
loading_ui = False
"""True while PySide's QUiLoader runs: it sets the children as attributes, which PythonQt does not."""


def patch() -> None:
    """Give every class of Qt for Python the manners of PythonQt. The second call does nothing."""
    if "_pythonqt" in QtCore.QObject.__dict__:
        return
    QtCore.QObject._pythonqt = True
    classes = _classes()
    readers = {cls: cls.__getattribute__ for cls in classes}  # all before the first is patched: a subclass inherits its base's
    for cls in classes:
        for member in list(vars(cls).values()):
            if isinstance(member, enum.EnumMeta):
                _make_enum_an_int(member)
        if issubclass(cls, QtCore.QObject):
            _make_properties(cls)
        _make_attributes_strict(cls, readers[cls])


def _classes() -> list[type]:
    """Qt's classes, bases first."""
    found = {c for m in MODULES for c in (getattr(m, name) for name in dir(m)) if isinstance(c, type) and not issubclass(c, enum.Enum)}
    return sorted((c for c in found if issubclass(c, Object)), key=lambda c: len(c.__mro__))


def is_cpp(cls: type) -> bool:
    """True for a class of Qt and for a stand-in of a C++ class; False for a class that a module derives from one."""
    return cls.__module__.startswith("PySide6") or "_stand_in" in vars(cls)


# --- enums


def _make_enum_an_int(cls: Any) -> None:
    cls.__repr__ = lambda value: str(int(value))
    if issubclass(cls, enum.Flag):
        cls.__or__ = cls.__ror__ = lambda a, b: int(a) | int(b)
        cls.__and__ = cls.__rand__ = lambda a, b: int(a) & int(b)
        cls.__xor__ = cls.__rxor__ = lambda a, b: int(a) ^ int(b)
        cls.__invert__ = lambda a: ~int(a)


def _with_enums(method: Callable[..., Any], args: tuple[Any, ...]) -> Iterable[tuple[Any, ...]]:
    """The arguments with ints as enums, as each overload of a method wants them."""
    signatures = get_signature(method) or []
    for signature in signatures if isinstance(signatures, list) else [signatures]:
        wanted = [p.annotation for p in signature.parameters.values() if p.name != "self"]
        if len(wanted) < len(args):
            continue
        yield tuple(
            kind(value) if isinstance(kind, enum.EnumMeta) and type(value) is int else value for kind, value in zip(wanted, args)
        )


def _slot(method: BuiltinMethodType) -> Callable[..., Any]:
    """A C++ method that also takes ints for enums."""

    def call(*args: Any) -> Any:
        try:
            return method(*args)
        except TypeError:
            if not any(type(value) is int for value in args):
                raise
            for converted in _with_enums(method, args):
                try:
                    return method(*converted)
                except TypeError:
                    continue
            raise

    return call


# --- properties


class _QtProperty(property):
    """A property of the object; of the class the C++ method of that name, if there is one (``QTimer.singleShot``)."""

    method: Any = None

    def __get__(self, obj: Any, owner: Optional[type] = None) -> Any:
        if obj is None and self.method is not None:
            return self.method.__get__(None, owner)
        return super().__get__(obj, owner)


def _make_properties(cls: type) -> None:
    meta = cls.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        name = meta.property(index).name()
        if name not in VIRTUAL_GETTERS:
            made = _property(name, meta.property(index).typeName())
            made.method = vars(cls).get(name)
            setattr(cls, name, made)
    for name in VIRTUAL_GETTERS:
        if name in vars(cls):
            setattr(cls, name, property(vars(cls)[name]))


def _property(name: str, type_name: str) -> _QtProperty:
    def read(self: Any) -> Any:
        return self.property(name)

    def write(self: Any, value: Any) -> None:
        if not self.metaObject().property(self.metaObject().indexOfProperty(name)).isWritable():
            raise AttributeError(f"Property '{name}' of {type(self).__name__} object is not writable")
        if not self.setProperty(name, value):
            given = f"{type(value).__name__} ({value!r})"
            raise AttributeError(f"Property '{name}' of type '{type_name}' does not accept an object of type {given}")

    return _QtProperty(read, write)


# --- attributes


def _make_attributes_strict(cls: type, read: Callable[[Any, str], Any]) -> None:
    """``read`` is PySide's own look-up: it knows methods that are static and not, like ``QFile.exists``."""
    is_object = issubclass(cls, QtCore.QObject)

    def getattribute(self: Any, name: str) -> Any:
        if is_object and name in _EXTRA:
            return _EXTRA[name](self)
        value = read(self, name)
        if isinstance(value, QtCore.Property):
            return value.fget(self)
        if isinstance(value, QtCore.SignalInstance):
            return first_signal(self, name, value)
        if isinstance(value, BuiltinMethodType) and not name.startswith("__"):
            return _slot(value)
        return value

    def setattribute(self: Any, name: str, value: Any) -> None:
        if is_object and name == "name":
            name = "objectName"
        if isinstance(value, QtCore.SignalInstance):
            self.__dict__[name] = value  # PySide keeps the signals it has made there
        elif loading_ui and isinstance(value, QtCore.QObject) and value.objectName == name:
            return
        elif isinstance(member := _class_attribute(type(self), name), (property, QtCore.Property)):
            if member.fset is None:
                raise AttributeError(f"Property '{name}' of {type(self).__name__} object is not writable")
            member.fset(self, value)
        elif is_cpp(type(self)) and not name.startswith("_"):
            raise AttributeError(_refusal(self, name, member))
        else:
            self.__dict__[name] = value

    def missing(self: Any, name: str) -> Any:
        found = _dynamic_property_or_child(self, name) if is_object and not name.startswith("__") else None
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no attribute named '{name}'")
        return found

    cls.__getattribute__, cls.__setattr__, cls.__getattr__ = getattribute, setattribute, missing


def _class_attribute(cls: type, name: str) -> Any:
    return next((vars(c)[name] for c in cls.__mro__ if name in vars(c)), None)


def _refusal(obj: Any, name: str, member: Any) -> str:
    if member is not None:
        return f"Slot '{name}' can not be overwritten on {type(obj).__name__} object"
    return f"'{name}' does not exist on {type(obj).__name__} and creating new attributes on C++ objects is not allowed"


def _dynamic_property_or_child(obj: Any, name: str) -> Any:
    """What PythonQt looks for last: a dynamic property, then a direct child of that object name."""
    value = obj.property(name)
    if value is None:
        value = next((child for child in obj.children() if child.objectName == name), None)
    return value


def _receiving(receiver: Any, slot: Optional[str]) -> Callable[..., Any]:
    """The callable meant by ``(callable,)`` or ``(object, "slot(types)")``."""
    return receiver if slot is None else getattr(receiver, slot.partition("(")[0])


def _connect(obj: Any, signature: str, receiver: Any, slot: Optional[str] = None) -> bool:
    signal = find_signal(obj, signature)
    return signal is not None and signal.connect(_receiving(receiver, slot))


def _disconnect(obj: Any, signature: str, receiver: Any = None, slot: Optional[str] = None) -> bool:
    signal = find_signal(obj, signature)
    return signal is not None and signal.disconnect(_receiving(receiver, slot))


# What PythonQt adds to every QObject.
_EXTRA: dict[str, Callable[[Any], Any]] = {
    "connect": lambda obj: functools.partial(_connect, obj),
    "disconnect": lambda obj: functools.partial(_disconnect, obj),
    "name": lambda obj: obj.objectName,
    "className": lambda obj: lambda: type(obj).__name__,
    "delete": lambda obj: obj.deleteLater,
}
