"""How the values of a parameter node are stored as text.

The text is Slicer's (``slicer.parameterNodeWrapper``), so that a scene saved here opens there and the other way round: ``x`` = "3",
booleans "True" and "False", enums by name, ``names.0``, ``names.len`` for lists, ``x.0`` or ``x.1`` for the taken alternative of
``Optional``; a node is a node reference and an empty parameter. Types that are not here (dict, Union, parameterPack, FloatRange) are
refused when the class is made.
"""

from __future__ import annotations

import enum
import pathlib
import typing
from collections.abc import MutableSequence
from typing import Any, Optional

from .validators import IsInstance, NotNone, Validator


class Storage:
    """How values of one type are kept in a parameter node under a name."""

    validators: tuple[Validator, ...] = ()
    default: Any = None
    is_cached = True  # a wrapper keeps the value until its node was modified

    def validate(self, value: Any) -> None:
        for validator in self.validators:
            validator.validate(value)

    def is_in(self, node: Any, name: str) -> bool:
        return bool(node.HasParameter(name))

    def write(self, node: Any, name: str, value: Any) -> None:
        raise NotImplementedError

    def read(self, node: Any, name: str) -> Any:
        raise NotImplementedError

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)


class TextStorage(Storage):
    """int, float, str, bool, enum and path: one text."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.validators = (NotNone(), IsInstance((int, float) if kind is float else kind))
        self.default = next(iter(kind)) if issubclass(kind, enum.Enum) else kind()

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, value.name if isinstance(value, enum.Enum) else str(value))

    def read(self, node: Any, name: str) -> Any:
        text = node.GetParameter(name)
        if self.kind is bool:
            return text == "True"
        return self.kind[text] if issubclass(self.kind, enum.Enum) else self.kind(text)


class NodeStorage(Storage):
    """A node: a reference. The empty parameter tells that it was set, also to None."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.validators = (IsInstance(kind),)

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    def read(self, node: Any, name: str) -> Any:
        return node.GetNodeReference(name)

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class OptionalStorage(Storage):
    """X or None."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def validate(self, value: Any) -> None:
        if value is not None:
            self.storage.validate(value)

    def is_in(self, node: Any, name: str) -> bool:
        return self.storage.is_in(node, f"{name}.0") or bool(node.HasParameter(f"{name}.1"))

    def write(self, node: Any, name: str, value: Any) -> None:
        self.remove(node, name)
        if value is None:
            node.SetParameter(f"{name}.1", "True")
        else:
            self.storage.write(node, f"{name}.0", value)

    def read(self, node: Any, name: str) -> Any:
        return self.storage.read(node, f"{name}.0") if self.storage.is_in(node, f"{name}.0") else None

    def remove(self, node: Any, name: str) -> None:
        self.storage.remove(node, f"{name}.0")
        node.UnsetParameter(f"{name}.1")


class TupleStorage(Storage):
    """A tuple of fixed length."""

    def __init__(self, storages: list[Storage]) -> None:
        self.storages = storages
        self.default = tuple(storage.default for storage in storages)

    def validate(self, value: Any) -> None:
        if len(value) != len(self.storages):
            raise ValueError("Unexpected number of tuple values")
        for item, storage in zip(value, self.storages):
            storage.validate(item)

    def is_in(self, node: Any, name: str) -> bool:
        return self.storages[0].is_in(node, f"{name}.0")

    def write(self, node: Any, name: str, value: Any) -> None:
        for index, (item, storage) in enumerate(zip(value, self.storages)):
            storage.write(node, f"{name}.{index}", item)

    def read(self, node: Any, name: str) -> Any:
        return tuple(storage.read(node, f"{name}.{index}") for index, storage in enumerate(self.storages))


class ListStorage(Storage):
    """A list; what is read writes its changes back."""

    is_cached = False

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.default: list[Any] = []

    def validate(self, value: Any) -> None:
        for item in value:
            self.storage.validate(item)

    def is_in(self, node: Any, name: str) -> bool:
        return bool(node.HasParameter(f"{name}.len"))

    def _length(self, node: Any, name: str) -> int:
        return int(node.GetParameter(f"{name}.len")) if self.is_in(node, name) else 0

    def write(self, node: Any, name: str, value: Any) -> None:
        for index in range(len(value), self._length(node, name)):
            self.storage.remove(node, f"{name}.{index}")
        for index, item in enumerate(value):
            self.storage.write(node, f"{name}.{index}", item)
        node.SetParameter(f"{name}.len", str(len(value)))

    def read(self, node: Any, name: str) -> Any:
        items = [self.storage.read(node, f"{name}.{index}") for index in range(self._length(node, name))]
        return ObservedList(self, node, name, items)


class ObservedList(MutableSequence):
    """A list in a parameter node: each change is validated and written at once."""

    def __init__(self, storage: ListStorage, node: Any, name: str, items: list[Any]) -> None:
        self._storage, self._node, self._name, self._items = storage, node, name, items

    def _keep(self, items: list[Any]) -> None:
        self._storage.validate(items)
        wasModifying = self._node.StartModify()
        try:
            self._storage.write(self._node, self._name, items)
        finally:
            self._node.EndModify(wasModifying)
        self._items = items

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __setitem__(self, index: Any, item: Any) -> None:
        items = list(self._items)
        items[index] = item
        self._keep(items)

    def __delitem__(self, index: Any) -> None:
        items = list(self._items)
        del items[index]
        self._keep(items)

    def __len__(self) -> int:
        return len(self._items)

    def insert(self, index: int, item: Any) -> None:
        items = list(self._items)
        items.insert(index, item)
        self._keep(items)

    def __eq__(self, other: object) -> bool:
        return self._items == (other._items if isinstance(other, ObservedList) else other)

    __hash__ = None

    def __repr__(self) -> str:
        return f"ObservedList({self._items})"


class ValidatedStorage(Storage):
    """Another storage with the validators of an annotation."""

    def __init__(self, storage: Storage, validators: list[Validator]) -> None:
        self.storage, self.validators, self.default = storage, tuple(validators), storage.default
        self.is_cached = storage.is_cached
        self.is_in, self.write, self.read, self.remove = storage.is_in, storage.write, storage.read, storage.remove

    def validate(self, value: Any) -> None:
        self.storage.validate(value)
        super().validate(value)


def split_annotations(hint: Any) -> tuple[Any, list[Any]]:
    """``Annotated[T, a, b]`` to (T, [a, b])."""
    if typing.get_origin(hint) is typing.Annotated:
        kind, *annotations = typing.get_args(hint)
        return kind, annotations
    return hint, []


def optional_type(kind: Any) -> Optional[Any]:
    """T of ``Optional[T]``, else None."""
    arguments = typing.get_args(kind)
    if len(arguments) == 2 and arguments[1] is type(None) and typing.get_origin(kind) not in (list, tuple, dict):
        return arguments[0]
    return None


def storage_for(hint: Any) -> Storage:
    """The storage for a type hint.

    Raises
    ------
    TypeError
        For a type that the host does not store.
    """
    import slicer

    kind, annotations = split_annotations(hint)
    validators = [annotation for annotation in annotations if isinstance(annotation, Validator)]
    inner = optional_type(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if inner is not None:
        storage: Storage = OptionalStorage(storage_for(inner))
    elif origin is list:
        storage = ListStorage(storage_for(arguments[0]))
    elif origin is tuple:
        storage = TupleStorage([storage_for(argument) for argument in arguments])
    elif isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode):
        storage = NodeStorage(kind)
    elif isinstance(kind, type) and (kind in (int, float, str, bool) or issubclass(kind, (enum.Enum, pathlib.PurePath))):
        storage = TextStorage(kind)
    else:
        raise TypeError(f"slicerhost does not store parameters of type {kind}")
    return ValidatedStorage(storage, validators) if validators else storage
