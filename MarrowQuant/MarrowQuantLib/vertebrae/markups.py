"""Vertebral points and ROIs in Slicer's markups files (.mrk.json).

Slicer's conventions, seen on files that Slicer 5.13 wrote: positions in the file's "coordinateSystem" (LPS unless it says RAS);
"orientation" holds three rows whose *columns* are the markup's axes in that system, so an untouched point in LPS reads −1 0 0, 0 −1 0,
0 0 1; "size" holds full lengths; one file may hold several markups, and a markup's node takes its name from "name". A node's description
is not written, a point's is: "exclude: fracture" is therefore looked for in the points.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from ..io.jsonfiles import read_json
from ..model import RAS_TO_LPS, Finding, MarrowQuantError, Settings, VertebraROI, finding
from .levels import parse_level, place_index, read_label
from .roi import SHAPES, column_axes

# Version 1.0.3 is what Slicer 5.8 knows; later versions read it too.
_SCHEMA = "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/markups-schema-v1.0.3.json#"
_LPS_FROM_RAS = RAS_TO_LPS[:3, :3]
_EXCLUDE = re.compile(r"exclude:\s*(\S.*)", re.IGNORECASE | re.DOTALL)  # up to the end: a reason may hold any sign
_SHAPE = re.compile(rf"\b({'|'.join(SHAPES)})\b(?:\s+([\d.]+)\s*x\s*([\d.]+)\s*x\s*([\d.]+)\s*mm)?", re.IGNORECASE)

_PLACE = re.compile(r"\bplace \+-([\d.]+) mm")

PathLike = Union[str, Path]


def read_markups(
    path: PathLike, *, radii_mm: Sequence[float] = Settings.roi_radii_mm, shape: str = "ellipsoid"
) -> list[VertebraROI]:
    """Vertebral ROIs of a .mrk.json file, from cranial to caudal.

    A point becomes an ROI of the given size and shape whose axes follow the column through the neighbouring points; a point that was
    turned in Slicer, or written by :func:`write_markups`, keeps its own axes and size. An ROI markup keeps its box; it is read as the
    shape its description names, or as an ellipsoid inside that box.

    Parameters
    ----------
    path : str or Path
    radii_mm : sequence of three floats
        Half-lengths of an ROI made from a point: left–right, posterior–anterior, caudal–cranial.
    shape : {"ellipsoid", "cylinder", "box"}
        Shape where the file names none.

    Returns
    -------
    list of VertebraROI

    Raises
    ------
    MarrowQuantError
        If the file is not a markups file, holds no point and no ROI, a label names no level, or a level occurs twice.
    """
    return read_markups_with_findings(path, radii_mm=radii_mm, shape=shape)[0]


def read_markups_with_findings(
    path: PathLike, *, radii_mm: Sequence[float] = Settings.roi_radii_mm, shape: str = "ellipsoid"
) -> tuple[list[VertebraROI], list[Finding]]:
    """As :func:`read_markups`, with what of the file was left alone: lines and planes, lists of other points, points that were not placed,
    remarks behind a level."""
    path = Path(path)
    found: list[tuple[VertebraROI, bool]] = []
    findings: list[Finding] = []
    for markup in _vertebral(_load(path), path, findings):
        to_ras = _to_ras(markup, path)
        if markup.get("type") == "ROI":
            found.append((_roi_from_box(markup, to_ras, shape, path), False))
            continue
        points = _points(markup, path)
        found += [_roi_from_point(point, to_ras, radii_mm, shape, path) for point in points if _is_placed(point)]
        findings += [finding("markups.not_placed", level=str(_level_of_point(point)[0])) for point in points if not _is_placed(point)]
        findings += [finding("markups.remark", level=level) for level, remark in map(_level_of_point, points) if level and remark]
    return _with_axes_of_the_column(found, path), findings


def _with_axes_of_the_column(found: list[tuple[VertebraROI, bool]], path: Path) -> list[VertebraROI]:
    """The ROIs from cranial to caudal; those that have no axes of their own get those of the column through all."""
    found.sort(key=lambda item: place_index(item[0].level))
    _refuse_duplicates([roi for roi, _ in found], path)
    if not found:
        raise MarrowQuantError(
            "{file} holds no placed point and no ROI; place one point per vertebra and save the markups again.",
            file=path.name,
        )
    if not any(follows for _, follows in found):
        return [roi for roi, _ in found]
    frames = column_axes([roi.level for roi, _ in found], np.array([roi.center_ras for roi, _ in found]))
    return [replace(roi, axes=frame) if follows else roi for (roi, follows), frame in zip(found, frames)]


def read_points(path: PathLike) -> dict[str, np.ndarray]:
    """Level and RAS position (mm, shape (3,)) of every point or ROI of a .mrk.json file, from cranial to caudal.

    Raises
    ------
    MarrowQuantError
        As :func:`read_markups`.
    """
    return {roi.level: roi.center_ras for roi in read_markups(path)}


def write_markups(path: PathLike, rois: Iterable[VertebraROI], *, kind: str = "points") -> None:
    """Write ROIs as a .mrk.json file that Slicer opens, and that :func:`read_markups` reads back without loss.

    Parameters
    ----------
    path : str or Path
    rois : iterable of VertebraROI
    kind : {"points", "rois"}
        One point list with a point per level, whose orientation holds the axes and whose description holds shape, size and exclusion;
        or one ROI markup per level, which Slicer shows as a box (it knows no ellipsoid).

    Raises
    ------
    MarrowQuantError
        If there is nothing to write, a level occurs twice, or the file cannot be written.
    """
    path, rois = Path(path), list(rois)
    if kind not in ("points", "rois"):
        raise MarrowQuantError("\"{kind}\" is not a kind of markups; use points or rois.", kind=kind)
    if not rois:
        raise MarrowQuantError("There is no vertebral ROI to write; place ROIs first.")
    _refuse_duplicates(rois, path)
    markups = [_point_list(rois)] if kind == "points" else [_roi_markup(roi) for roi in rois]
    text = json.dumps({"@schema": _SCHEMA, "markups": markups}, indent=4)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MarrowQuantError(
            "{file} cannot be written ({strerror}); choose another folder.",
            file=path.name, strerror=error.strerror,
        ) from error


def _load(path: Path) -> list[dict[str, Any]]:
    try:
        content = read_json(path)
    except OSError as error:
        raise MarrowQuantError("{file} cannot be read ({strerror}); check the path.", file=path.name, strerror=error.strerror) from error
    except ValueError as error:
        raise MarrowQuantError("{file} is not valid JSON; save the markups again from Slicer.", file=path.name) from error
    markups = content.get("markups") if isinstance(content, dict) else None
    if not isinstance(markups, list) or not all(isinstance(markup, dict) for markup in markups):
        raise MarrowQuantError("{file} is not a Slicer markups file: it has no list of markups; give a .mrk.json file.", file=path.name)
    return markups


def _vertebral(markups: list[dict[str, Any]], path: Path, findings: list[Finding]) -> Iterator[dict[str, Any]]:
    """The point lists and ROIs. Lines, planes and lists none of whose points names a level are left alone where there are others."""
    usable = [markup for markup in markups if markup.get("type") in ("Fiducial", "ROI")]
    if markups and not usable:
        raise MarrowQuantError(
            "{file} holds a markup of type \"{kind}\"; vertebrae need a point list (Fiducial) or ROIs.",
            file=path.name, kind=str(markups[0].get("type")),
        )
    named = [markup for markup in usable if markup["type"] == "ROI" or any(_level_of_point(point)[0] for point in _points(markup, path))]
    chosen = named or usable
    if len(chosen) < len(markups):
        findings.append(finding("markups.left_alone", n=len(markups) - len(chosen)))
    for markup in chosen:
        unit = markup.get("coordinateUnits", "mm")  # since 2025 also a code of three parts: value, scheme, meaning
        if (unit[0] if isinstance(unit, list) and unit else unit) not in ("mm", "millimeter", "millimetre"):
            raise MarrowQuantError("{file} gives positions in \"{unit}\"; save the markups in mm.", file=path.name, unit=str(unit))
        yield markup


def _to_ras(markup: dict[str, Any], path: Path) -> np.ndarray:
    system = str(markup.get("coordinateSystem", "LPS")).upper()
    if system not in ("LPS", "RAS"):
        raise MarrowQuantError(
            "{file} uses the coordinate system \"{system}\", which is unknown; it must be LPS or RAS.",
            file=path.name, system=system,
        )
    return _LPS_FROM_RAS if system == "LPS" else np.eye(3)


def _points(markup: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    """Control points, but for those that a reader had on the mouse pointer (preview) or took away again (undefined, without a level)."""
    points = markup.get("controlPoints", [])
    if not isinstance(points, list) or not all(isinstance(point, dict) for point in points):
        raise MarrowQuantError("{file} holds a damaged list of control points; save the markups again from Slicer.", file=path.name)
    return [point for point in points if _is_placed(point) or _level_of_point(point)[0]]


def _is_placed(point: dict[str, Any]) -> bool:
    """Slicer also saves points that wait for their position; scripts write these without a status and without a position."""
    return point.get("positionStatus", "defined") == "defined" and point.get("position") not in (None, [], [None, None, None])


def _level_of_point(point: dict[str, Any]) -> tuple[Optional[str], bool]:
    """The level that a point's label names, else its description, and whether a remark stands behind it."""
    level, remark = read_label(str(point.get("label", "")))
    return (level, remark) if level else read_label(str(point.get("description", "")))


def _roi_from_point(
    point: dict[str, Any], to_ras: np.ndarray, radii_mm: Sequence[float], shape: str, path: Path
) -> tuple[VertebraROI, bool]:
    """The ROI of one point, and whether its axes are still to be taken from the column."""
    label = str(point.get("label", ""))
    level, _ = _level_of_point(point)
    if level is None:
        given = f'The point "{label}"' if label.strip() else "A point without a label"
        raise MarrowQuantError(
            "{given} in {file} names no vertebral level; label each point with its level, for example L1.",
            given=given, file=path.name,
        )
    position = to_ras @ _numbers(point.get("position"), 3, f"the position of {level}", path)
    axes = _axes(point.get("orientation"), to_ras, level, path)
    written_shape, radii = _described_shape(point)
    roi = VertebraROI(
        level=level,
        center_ras=position,
        axes=axes,
        radii_mm=np.asarray(radii_mm if radii is None else radii, dtype=float),
        shape=written_shape or shape,
        excluded=_exclusion(point),
        place_sd_mm=described_place(str(point.get("description", ""))),
    )
    return roi, radii is None and bool(np.allclose(axes, np.eye(3), atol=1e-6))


def _roi_from_box(markup: dict[str, Any], to_ras: np.ndarray, shape: str, path: Path) -> VertebraROI:
    points = [point for point in _points(markup, path) if _is_placed(point)]
    labels = [str(markup.get("name", "")), *(str(point.get("label", "")) for point in points), path.name.split(".")[0]]
    level = next((parsed for parsed in map(parse_level, labels) if parsed), None)
    if level is None:
        raise MarrowQuantError(
            "The ROI \"{labels}\" in {file} names no vertebral level; name each ROI by its level, for example L1.",
            labels=labels[0] or labels[1], file=path.name,
        )
    if markup.get("insideOut"):
        raise MarrowQuantError(
            "The ROI of {level} in {file} is turned inside out; switch off \"inside out\" in Slicer and save again.",
            level=level, file=path.name,
        )
    size = _numbers(markup.get("size"), 3, f"the size of {level}", path)
    if np.any(size <= 0):
        raise MarrowQuantError("The ROI of {level} in {file} has no size; draw it again.", level=level, file=path.name)
    center = markup.get("center", points[0].get("position") if points else None)
    axes = _axes(markup.get("orientation"), to_ras, level, path)
    findings = [markup, *points]
    written_shape = next((found for found, _ in map(_described_shape, findings) if found), None) or shape
    radii = size / 2
    if written_shape != "cylinder":
        axes, radii = _name_axes(axes, radii)
    return VertebraROI(
        level=level,
        center_ras=to_ras @ _numbers(center, 3, f"the centre of {level}", path),
        axes=axes,
        radii_mm=radii,
        shape=written_shape,
        excluded=next((reason for reason in map(_exclusion, findings) if reason), None),
        place_sd_mm=next((described_place(str(each["description"])) for each in findings if each.get("description")), None),
    )


def _name_axes(axes: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order and sign the axes of a box that was turned in Slicer, so that they mean left–right, posterior–anterior, caudal–cranial."""
    best = max(((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)), key=lambda order: np.abs(axes[range(3), order]).prod())
    ordered = axes[:, best]
    signs = np.where(np.diagonal(ordered) < 0, -1.0, 1.0)
    return ordered * signs, radii[list(best)]


def _axes(orientation: Optional[Sequence[float]], to_ras: np.ndarray, level: str, path: Path) -> np.ndarray:
    if orientation is None:
        return np.eye(3)
    axes = to_ras @ _numbers(orientation, 9, f"the orientation of {level}", path).reshape(3, 3)
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-3):
        raise MarrowQuantError(
            "The orientation of {level} in {file} is not a rotation; save the markups again from Slicer.",
            level=level, file=path.name,
        )
    return axes


def _numbers(values: Any, count: int, what: str, path: Path) -> np.ndarray:
    usable = isinstance(values, list) and len(values) == count
    if not usable or not all(isinstance(value, (int, float)) and math.isfinite(value) for value in values):
        raise MarrowQuantError(
            "In {file} {what} is not a list of {count} numbers; save the markups again from Slicer.",
            file=path.name, what=what, count=count,
        )
    return np.array(values, dtype=float)


def _described_shape(item: dict[str, Any]) -> tuple[Optional[str], Optional[list[float]]]:
    match = _SHAPE.search(str(item.get("description", "")))
    if not match:
        return None, None
    return match.group(1).lower(), [float(radius) for radius in match.groups()[1:]] if match.group(2) else None


def _exclusion(item: dict[str, Any]) -> Optional[str]:
    match = _EXCLUDE.search(str(item.get("description", "")))
    return match.group(1).strip() if match else None


def _refuse_duplicates(rois: Sequence[VertebraROI], path: Path) -> None:
    levels = [roi.level for roi in rois]
    for level in levels:
        if levels.count(level) > 1:
            raise MarrowQuantError(
                "{level} occurs {count} times in {file}; keep one point or ROI per level.",
                level=level, count=levels.count(level), file=path.name,
            )


def _point_list(rois: Sequence[VertebraROI]) -> dict[str, Any]:
    return {
        **_header("Fiducial", "Vertebrae", len(rois)),
        "controlPoints": [_control_point(roi, number, _describe(roi, with_radii=True)) for number, roi in enumerate(rois, start=1)],
    }


def _roi_markup(roi: VertebraROI) -> dict[str, Any]:
    return {
        **_header("ROI", roi.level, 1),
        "roiType": "Box",
        "center": (_LPS_FROM_RAS @ roi.center_ras).tolist(),
        "orientation": (_LPS_FROM_RAS @ roi.axes).ravel().tolist(),
        "size": (2.0 * np.asarray(roi.radii_mm)).tolist(),
        "insideOut": False,
        "controlPoints": [_control_point(roi, 1, _describe(roi, with_radii=False))],
    }


def _header(kind: str, name: str, count: int) -> dict[str, Any]:
    return {
        "type": kind,
        "name": name,
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": False,
        "fixedNumberOfControlPoints": False,
        "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": count,
    }


def _control_point(roi: VertebraROI, number: int, description: str) -> dict[str, Any]:
    return {
        "id": str(number),
        "label": roi.level,
        "description": description,
        "associatedNodeID": "",
        "position": (_LPS_FROM_RAS @ roi.center_ras).tolist(),
        "orientation": (_LPS_FROM_RAS @ roi.axes).ravel().tolist(),
        "selected": True,
        "locked": False,
        "visibility": True,
        "positionStatus": "defined",
    }


def _describe(roi: VertebraROI, *, with_radii: bool) -> str:
    size = f" {' x '.join(f'{radius:.10g}' for radius in roi.radii_mm)} mm" if with_radii else ""
    return f"{roi.shape}{size}{describe_rest(roi)}"


def describe_rest(roi: VertebraROI) -> str:
    """What follows shape and size in a point's description: how exactly the ROI was found, and why it is excluded; empty without either."""
    place = "" if roi.place_sd_mm is None else f"; place +-{roi.place_sd_mm:.2f} mm"
    return place + (f"; exclude: {roi.excluded}" if roi.excluded else "")


def described_place(description: str) -> Optional[float]:
    """How exactly a point's ROI was found, mm, as :func:`describe_rest` wrote it; None where it says nothing."""
    match = _PLACE.search(_EXCLUDE.sub("", description))
    return float(match.group(1)) if match else None
