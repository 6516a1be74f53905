"""Volumes between ring 1 and the scene: values and geometry exact, with what they mean."""

from __future__ import annotations

import datetime
import json
import zlib
from collections.abc import Mapping
from typing import Any, Optional

import numpy as np
import slicer
import vtk

from ..model import MapKey, MarrowQuantError, Role, Volume, as_finding
from ..model.findings import finding_from_plain, finding_to_plain
from ..quantities import DISPLAYS, map_title
from .nodes import exam_title, find_or_add, nodes_with, scene_or_default, set_tags, tag

SIGNAL_PERCENTILES = (1.0, 99.5)
GRID_TOLERANCE_MM = 1e-3  # per voxel step and for the origin: what a file rounds to is far below, and what a hand moves above
_PUT = "put"  # how voxels and grid were put into the scene
# High b is shown like PET, dark on white.
_GREY = "vtkMRMLColorTableNodeGrey"
_HIGH_B_COLOR_ID = "vtkMRMLColorTableNodeInvertedGrey"


def volume_to_node(
    volume: Volume, name: str, exam_label: str, key: str, *, date: Optional[datetime.date] = None, scene: Optional[Any] = None
) -> Any:
    """Put a volume into the scene; the node of the same exam and key is updated if there is one.

    Parameters
    ----------
    volume : Volume
        Array of shape (k, j, i) in ``volume.unit``.
    name : str
        Name of a new node. ``volume.name`` is not used: it may come from a header.
    exam_label : {"baseline", "follow-up"}
    key : str
        Its key in ``ExamResult.maps``.
    date : datetime.date, optional
        Exam date.
    scene : vtkMRMLScene, optional

    Returns
    -------
    vtkMRMLScalarVolumeNode
        Values and IJKToRAS equal to the volume's; quantity and unit as coded entries where DICOM has codes for them.

    Raises
    ------
    MarrowQuantError
        If the array has not three axes.
    """
    if volume.array.ndim != 3:
        raise MarrowQuantError(
            "{name} has {ndim} axes and cannot be shown as one volume; give three axes (k, j, i).",
            name=name, ndim=volume.array.ndim,
        )
    node = find_or_add("vtkMRMLScalarVolumeNode", name, {"exam": exam_label, "key": key}, scene)
    _fill(node, volume, date, key)
    return node


def add_volume(volume: Volume, name: str, *, date: Optional[datetime.date] = None, scene: Optional[Any] = None) -> Any:
    """Add a volume that belongs to no exam yet, as the DICOM browser loads it; parameters as for :func:`volume_to_node`.

    Returns
    -------
    vtkMRMLScalarVolumeNode
        A new node.
    """
    node = scene_or_default(scene).AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    _fill(node, volume, date, "")
    return node


def _fill(node: Any, volume: Volume, date: Optional[datetime.date], key: str) -> None:
    was_modifying = node.StartModify()
    try:
        slicer.util.updateVolumeFromArray(node, _storable(volume.array))
        node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.asarray(volume.ijk_to_ras, dtype=float)))
        node.SetAndObserveTransformNodeID(None)  # the geometry given is that in the world
        _describe(node, volume, date)
        put = {"voxels": _checksum(slicer.util.arrayFromVolume(node)), "grid": np.asarray(volume.ijk_to_ras, dtype=float).tolist()}
        set_tags(node, {_PUT: json.dumps(put)})
    finally:
        node.EndModify(was_modifying)
    _show_as(node, volume, key)


def volume_from_node(node: Any) -> Volume:
    """Read a scalar volume node of ours, or any other one, where it stands in the world.

    Returns
    -------
    Volume
        A copy. A linear parent transform is part of ``ijk_to_ras``.

    Raises
    ------
    MarrowQuantError
        If the node holds no image, or stands under a transform that is not linear.
    """
    if node.GetImageData() is None:
        raise MarrowQuantError("The volume {node} holds no image; load it again.", node=node.GetName())
    b_value, echo_time, station = tag(node, "bValue"), tag(node, "echoTime"), tag(node, "station")
    return Volume(
        array=np.array(slicer.util.arrayFromVolume(node)),
        ijk_to_ras=_ijk_to_world(node),
        role=next((role for role in Role if role.value == tag(node, "role")), Role.UNKNOWN),
        unit=tag(node, "unit") or "",
        quantity=tag(node, "quantity") or "",
        name=node.GetName(),
        b_value=float(b_value) if b_value else None,
        echo_time_s=float(echo_time) if echo_time else None,
        station=int(station) if station else None,
        source=tuple(map(finding_from_plain, json.loads(tag(node, "source") or "[]"))),
    )


def maps_to_nodes(
    maps: Mapping[str, Volume], exam_label: str, *, date: Optional[datetime.date] = None, scene: Optional[Any] = None
) -> dict[str, Any]:
    """Put an exam's maps into the scene, a map that has two keys (ff is also ff_vendor, say) only once.

    Returns
    -------
    dict
        Key of the map to its node.
    """
    nodes: dict[str, Any] = {}
    for key, volume in sorted(maps.items(), key=lambda item: (item[0] != "ff", item[0])):
        same = next((known for known in nodes if maps[known] is volume), key)
        if same == key:
            known = MapKey.read(key)
            name = f"{exam_title(exam_label, known.part)} {map_title(known.kind)}"
            nodes[key] = volume_to_node(volume, name, exam_label, key, date=date, scene=scene)
            set_tags(nodes[key], {"otherKeys": None})
        else:
            nodes[key] = nodes[same]
            set_tags(nodes[same], {"otherKeys": " ".join(filter(None, (tag(nodes[same], "otherKeys"), key)))})
    return nodes


def exam_maps_from_scene(label: str, scene: Optional[Any] = None) -> tuple[dict[str, Volume], list[str]]:
    """The maps of an exam in the scene, by key, ready to be measured again, and the keys of those that are not as they were put there.

    Of several nodes of one key, as a cloned one has it, the first holds, which is the one shown.

    Raises
    ------
    MarrowQuantError
        As :func:`volume_from_node`.
    """
    maps: dict[str, Volume] = {}
    changed: list[str] = []
    for node in nodes_with("vtkMRMLScalarVolumeNode", {"exam": label}, scene):
        key = tag(node, "key")
        if key and key not in maps:
            maps.update(dict.fromkeys((key, *(tag(node, "otherKeys") or "").split()), volume_from_node(node)))
            changed += [] if _is_as_put(node) else [key]
    return maps, changed


def stands_at(node: Any, volume: Volume) -> bool:
    """True if a node stands in the world where a volume does: under no transform, and none was hardened."""
    return node.GetParentTransformNode() is None and _same_grid(_ijk_to_world(node), volume.ijk_to_ras)


def holds_voxels(node: Any, volume: Volume) -> bool:
    """True if a node holds exactly the values of a volume, as :func:`volume_to_node` puts them there."""
    if node.GetImageData() is None:
        return False
    own, shown = _storable(volume.array), slicer.util.arrayFromVolume(node)
    return own.shape == shown.shape and np.array_equal(own, shown, equal_nan=own.dtype.kind == "f")


def _is_as_put(node: Any) -> bool:
    """True if voxels and grid are those that :func:`volume_to_node` wrote, as far as it told: older scenes do not tell, nor does one shared
    without the patient's words where these were among the numbers."""
    try:
        told = json.loads(tag(node, _PUT) or "")
        voxels, grid = told["voxels"], np.array(told["grid"], dtype=float).reshape(4, 4)
    except (ValueError, KeyError, TypeError):
        return True
    return voxels == _checksum(slicer.util.arrayFromVolume(node)) and _same_grid(_ijk_to_world(node), grid)


def _same_grid(first: np.ndarray, second: np.ndarray) -> bool:
    return bool(np.allclose(first, second, rtol=0, atol=GRID_TOLERANCE_MM))


def _checksum(array: np.ndarray) -> str:
    """Tells voxels that were changed by chance or by hand; CRC-32 of them as they lie in memory."""
    return f"{zlib.crc32(np.ascontiguousarray(array).data):08x}"


def _coded_entry(value: str, scheme: str, meaning: str) -> Any:
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(value, scheme, meaning)
    return entry


def _storable(array: np.ndarray) -> np.ndarray:
    """VTK has no bool and no float16; both go without loss into a type it has."""
    wider = {"bool": np.uint8, "float16": np.float32}.get(array.dtype.name)
    return np.ascontiguousarray(array if wider is None else array.astype(wider))


def _describe(node: Any, volume: Volume, date: Optional[datetime.date]) -> None:
    set_tags(
        node,
        {
            "date": date.isoformat() if date else None,
            "role": volume.role.value,
            "unit": volume.unit,
            "quantity": volume.quantity,
            "bValue": volume.b_value,
            "echoTime": volume.echo_time_s,
            "station": volume.station,
            "source": json.dumps([finding_to_plain(as_finding(step)) for step in volume.source], ensure_ascii=False),
        },
    )
    shown = DISPLAYS.get(volume.role)
    coded = shown if shown is not None and shown.unit == volume.unit else None
    node.SetVoxelValueQuantity(_coded_entry(*coded.quantity_code) if coded else None)
    node.SetVoxelValueUnits(_coded_entry(*coded.unit_code) if coded else None)


def _show_as(node: Any, volume: Volume, key: str) -> None:
    if node.GetDisplayNode() is not None:
        return  # the reader may have set window and colours
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    shown = DISPLAYS.get(volume.role)
    low, high = shown.window if shown else _signal_range(volume.array)
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)
    color_id = _HIGH_B_COLOR_ID if key == "dwi_high" else shown.colour if shown else _GREY
    display.SetAndObserveColorNodeID(color_id if node.GetScene().GetNodeByID(color_id) else _GREY)


def _signal_range(array: np.ndarray) -> tuple[float, float]:
    """Window of a signal image: robust against a few bright voxels. Every fourth voxel along each axis is enough for that."""
    sample = array[::4, ::4, ::4]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(sample, SIGNAL_PERCENTILES)
    return float(low), float(max(high, low + 1e-6))


def _ijk_to_world(node: Any) -> np.ndarray:
    return parent_matrix(node) @ _grid(node)


def _grid(node: Any) -> np.ndarray:
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def parent_matrix(node: Any) -> np.ndarray:
    """What a node's parent transforms do to it, shape (4, 4); the identity without any.

    Raises
    ------
    MarrowQuantError
        If they are not linear.
    """
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    to_world = vtk.vtkMatrix4x4()
    if not parent.IsTransformToWorldLinear():
        raise MarrowQuantError(
            "{node} stands under a transform that is not linear, so its voxels have no regular grid; harden the transform or remove "
            "it, then measure again.",
            node=node.GetName(),
        )
    parent.GetMatrixTransformToWorld(to_world)
    return slicer.util.arrayFromVTKMatrix(to_world)
