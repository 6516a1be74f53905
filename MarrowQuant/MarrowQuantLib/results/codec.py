"""Dataclasses to JSON's own types and back, and the JSON Schema of what is written: all three from the annotations of the dataclasses.

A number that is not finite becomes null and comes back as NaN where the field is a float; arrays and tuples become lists, dates ISO 8601,
an enumeration its value, a finding its code, values and English sentence. What a field is called in the file, what it means, its limits and
choices, and what older files called it, stands at the field; see :func:`model.fields.described`.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import functools
import math
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

import numpy as np

from ..model import Finding, Volume, as_finding
from ..model.fields import FIELD
from ..model.findings import SEVERITIES, finding_from_plain, finding_to_plain

_MAPPINGS, _LISTS = (Mapping, dict), (Sequence, list)


@dataclasses.dataclass(frozen=True)
class _Entry:
    """A field of a dataclass: its name there and in the file, and the rest of what :func:`model.fields.described` says."""

    name: str
    key: str
    annotation: Any
    is_required: bool
    said: Mapping[str, Any]


@functools.cache
def _entries(kind: type) -> tuple[_Entry, ...]:
    hints = typing.get_type_hints(kind)
    entries = []
    for field in dataclasses.fields(kind):
        told = field.metadata.get(FIELD, {})
        is_required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        entries.append(_Entry(field.name, told.get("json") or field.name, hints[field.name], is_required, told))
    return tuple(entries)


# ---------------------------------------------------------------------------------------------------------------- writing
def plain(value: Any) -> Any:  # noqa: PLR0911 (one return a kind of value)
    """``value`` in JSON's own types.

    Raises
    ------
    TypeError
        If it is, or holds, an object that has no plain form.
    """
    if isinstance(value, Finding):
        return finding_to_plain(value)
    if isinstance(value, (enum.Enum, np.generic)):
        return plain(value.value if isinstance(value, enum.Enum) else value.item())
    if value is None or isinstance(value, (bool, int, float, str)):
        return None if isinstance(value, float) and not math.isfinite(value) else value
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, Volume):
        return _described_volume(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return encode(value)
    raise TypeError(f"{type(value).__name__} has no plain form")


def encode(value: Any) -> dict[str, Any]:
    """A dataclass as a dictionary, by the names that its fields have in the file."""
    written: dict[str, Any] = {}
    kind: type = type(value)
    for entry in _entries(kind):
        item = getattr(value, entry.name)
        if entry.said.get("flat"):
            written.update(encode(item))
        elif not entry.said.get("hidden"):
            written[entry.key] = plain(_with_findings(item, entry.annotation))
    return written


def _with_findings(item: Any, annotation: Any) -> Any:
    """Bare sentences where findings belong, as findings."""
    if annotation is Finding:
        return as_finding(item)
    if typing.get_origin(annotation) is Union and Finding in typing.get_args(annotation):
        return None if item is None else as_finding(item)
    if typing.get_origin(annotation) is tuple and typing.get_args(annotation)[0] is Finding:
        return tuple(as_finding(each) for each in item)
    return item


def _described_volume(volume: Volume) -> dict[str, Any]:
    """An image by its grid and where it comes from; its voxels are not written."""
    return {
        "name": volume.name,
        "quantity": volume.quantity,
        "unit": volume.unit,
        "shape": [int(n) for n in volume.array.shape[2::-1]],
        "spacing_mm": plain(volume.spacing_mm),
        "b_value": plain(volume.b_value),
        "source": [finding_to_plain(as_finding(step)) for step in volume.source],
    }


# ---------------------------------------------------------------------------------------------------------------- reading
def decode(kind: type, written: Mapping[str, Any]) -> Any:
    """What :func:`encode` wrote, as a ``kind`` again. A field that the file lacks has its default; hidden ones stay empty.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not what :func:`encode` writes.
    """
    values = {}
    for entry in _entries(kind):
        if entry.said.get("flat"):
            values[entry.name] = decode(entry.annotation, written)
        elif "when_read" in entry.said:
            values[entry.name] = entry.said["when_read"]()
        elif not entry.said.get("hidden"):
            key = next((key for key in (entry.key, *entry.said.get("earlier", ())) if key in written), None)
            if key is not None:
                values[entry.name] = _shaped(_decoded(entry.annotation, written[key]), entry.said.get("shape"))
            elif entry.is_required:
                raise KeyError(entry.key)
    return kind(**values)


def _shaped(value: Any, shape: Optional[Sequence[int]]) -> Any:
    """The value, if it has the shape that its field says."""
    if shape is not None and isinstance(value, np.ndarray):
        fits = value.ndim == len(shape) and all(want in (-1, got) for want, got in zip(shape, value.shape))
        if not fits:
            raise ValueError(f"an array of shape {value.shape} where {tuple(shape)} belongs")
    return value


def _decoded(annotation: Any, item: Any) -> Any:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Union:
        return None if item is None else _decoded(arguments[0], item)
    if origin is tuple:
        kinds = [arguments[0]] * len(item) if arguments[-1] is Ellipsis else arguments
        if len(kinds) != len(item):
            raise ValueError(f"{len(item)} values where {len(kinds)} belong")
        return tuple(_decoded(each, value) for each, value in zip(kinds, item))
    if origin in _MAPPINGS:
        return {key: _decoded(arguments[1], value) for key, value in item.items()}
    if origin in _LISTS:
        return tuple(_decoded(arguments[0], value) for value in item)
    return _decoded_one(annotation, item)


def _decoded_one(annotation: Any, item: Any) -> Any:
    try:
        return _decoded_plain(annotation, item)
    except OverflowError:
        raise ValueError("a number that is too large") from None


def with_findings(item: Any) -> Any:
    """What :func:`plain` wrote of a value that no annotation describes, with its findings as such again; lists stay lists."""
    if isinstance(item, list):
        return [with_findings(each) for each in item]
    if not isinstance(item, Mapping):
        return item
    if item.keys() == _FINDING["properties"].keys():
        return finding_from_plain(item)
    return {key: with_findings(each) for key, each in item.items()}


def _decoded_plain(annotation: Any, item: Any) -> Any:
    if annotation is Finding or annotation is Any:
        return finding_from_plain(item) if annotation is Finding else with_findings(item)
    if annotation is float:
        return math.nan if item is None else float(item)
    if annotation is datetime.date:
        return datetime.date.fromisoformat(item)
    if annotation is np.ndarray:
        return np.array(item, dtype=float)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return decode(annotation, item)
    return annotation(item) if annotation in (bool, int, str) else item


# ----------------------------------------------------------------------------------------------------------------- schema
def schema_of(kind: type, name: str, title: str) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what :func:`encode` makes of a ``kind``; ``name`` is its identifier.

    What the file must hold are the fields without a default, and those with one whose ``described`` says so.
    """
    definitions: dict[str, Any] = {}
    top = _object_schema(kind, definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": name, "title": title, **top, "$defs": definitions}


def _object_schema(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for entry in _entries(kind):
        if entry.said.get("flat"):
            inner = _object_schema(entry.annotation, definitions)
            properties.update(inner["properties"])
            required += inner["required"]
        elif not entry.said.get("hidden"):
            properties[entry.key] = {**_schema(entry.annotation, entry.said, definitions), "description": entry.said.get("text", "")}
            required += [entry.key] if entry.is_required else []
    text = (kind.__doc__ or "").split("\n\n")[0].split("\n    Attributes")[0]
    closed = {"properties": properties, "required": required, "additionalProperties": False}
    return {"type": "object", "description": " ".join(text.split()), **closed}


def _schema(annotation: Any, told: Mapping[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0911 (one a kind)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Union:
        return _or_null(_schema(arguments[0], told, definitions))
    if origin in _MAPPINGS:
        return {"type": "object", "additionalProperties": _schema(arguments[1], {}, definitions)}
    if origin in _LISTS or (origin is tuple and arguments[-1] is Ellipsis):
        return {"type": "array", "items": _schema(arguments[0], told, definitions)}
    if origin is tuple:
        inner = [_schema(each, told, definitions) for each in arguments]
        return {"type": "array", "prefixItems": inner, "minItems": len(inner), "maxItems": len(inner)}
    if annotation is Finding:
        definitions.setdefault("Finding", _FINDING)
        return {"$ref": "#/$defs/Finding"}
    if annotation is Volume:
        definitions.setdefault("Volume", _VOLUME)
        definitions.setdefault("Finding", _FINDING)
        return {"$ref": "#/$defs/Volume"}
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        if annotation.__name__ not in definitions:
            definitions[annotation.__name__] = {}  # so that one that holds itself ends here
            definitions[annotation.__name__] = _object_schema(annotation, definitions)
        return {"$ref": f"#/$defs/{annotation.__name__}"}
    return _simple_schema(annotation, told)


def _simple_schema(annotation: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    if told.get("choices"):
        return {"enum": list(told["choices"])}
    limits = {name: told[key] for key, name in (("low", "minimum"), ("high", "maximum")) if told.get(key) is not None}
    if annotation is float:
        return {"type": ["number", "null"], **limits}
    if annotation is datetime.date:
        return {"type": "string", "format": "date"}
    if annotation is np.ndarray:
        return {"type": "array", "items": {"type": ["number", "null", "array"]}}
    names = {int: "integer", bool: "boolean", str: "string"}
    return {"type": names[annotation], **limits} if annotation in names else {}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return schema if schema == {} or "null" in schema.get("type", ()) else {"anyOf": [schema, {"type": "null"}]}


def _object(description: str, **properties: dict[str, Any]) -> dict[str, Any]:
    closed = {"properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "object", "description": description, **closed}


_FINDING = _object(
    "Something that a reader should know, as a code with values and as an English sentence.",
    code={"type": "string", "description": "What kind of finding; 'told' where only the sentence is known."},
    severity={"enum": list(SEVERITIES), "description": "Good to know, look before you trust the number, or the number is probably wrong."},
    about={"type": "object", "description": "What it is about: exam, series, level, component, laboratory test …"},
    values={"type": "object", "description": "The values in its sentence."},
    sentence={"type": "string", "description": "In English."},
)
_VOLUME = _object(
    "An image that was measured, by its grid and where it comes from.",
    name={"type": "string", "description": "What a reader sees."},
    quantity={"type": "string", "description": "What its numbers mean."},
    unit={"type": "string", "description": "Their unit."},
    shape={"type": "array", "items": {"type": "integer"}, "description": "Voxels along i, j, k."},
    spacing_mm={"type": "array", "items": {"type": "number"}, "description": "Voxel size along i, j, k in mm."},
    b_value={"type": ["number", "null"], "description": "Diffusion weighting in s/mm²."},
    source={"type": "array", "items": {"$ref": "#/$defs/Finding"}, "description": "How it was made, step by step."},
)

