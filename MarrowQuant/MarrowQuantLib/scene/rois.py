"""Vertebral ROIs as a point list the reader can drag, and as segments on the grid of a map.

A point holds a whole ROI in the manner of ``vertebrae.write_markups``, so a point list saved from Slicer and a file written by ring 1
are the same: the label is the level, the orientation holds the axes, the description holds shape, half-lengths, how exactly the body was
found, and exclusion, as in "ellipsoid 12 x 9 x 7 mm; place +-1.40 mm; exclude: fracture".
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Optional

import numpy as np
import slicer

from ..model import MarrowQuantError, Settings, VertebraROI, Volume
from ..vertebrae import parse_level, rasterise
from ..vertebrae.levels import place_index
from ..vertebrae.markups import describe_rest, described_place
from ..vertebrae.roi import SHAPES, column_axes
from ..vertebrae.terminology import level_terminology
from .labelmaps import finish_segmentation, set_segment, start_segmentation
from .nodes import exam_title, find_or_add

# Steps of the golden ratio around the colour circle: neighbouring levels differ, and no two levels share a colour (our choice).
_GOLDEN_RATIO = 0.618033988749895
_SIZE = re.compile(rf"\b({'|'.join(SHAPES)})\b(?:\s+([\d.]+)\s*x\s*([\d.]+)\s*x\s*([\d.]+)\s*mm)?", re.IGNORECASE)
_EXCLUDE = re.compile(r"exclude:\s*(\S.*)", re.IGNORECASE | re.DOTALL)


def rois_to_points_node(rois: Iterable[VertebraROI], exam_label: str, *, node: Optional[Any] = None, scene: Optional[Any] = None) -> Any:
    """Write ROIs into the exam's point list, one point per level; what the list held before is replaced.

    Parameters
    ----------
    rois : iterable of VertebraROI
    exam_label : {"baseline", "follow-up"}
    node : vtkMRMLMarkupsFiducialNode, optional
        Use this list instead of the exam's own.

    Returns
    -------
    vtkMRMLMarkupsFiducialNode
    """
    if node is None:
        tags = {"exam": exam_label, "rois": "points"}
        node = find_or_add("vtkMRMLMarkupsFiducialNode", f"{exam_title(exam_label)} vertebrae", tags, scene)
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetGlyphScale(1.5)  # half of Slicer's default, so that the point does not hide the vertebra
    was_modifying = node.StartModify()
    try:
        node.RemoveAllControlPoints()
        for roi in rois:
            index = node.AddControlPointWorld([float(v) for v in roi.center_ras], roi.level)
            node.SetNthControlPointOrientationMatrixWorld(index, [float(v) for v in np.ravel(roi.axes)])
            node.SetNthControlPointDescription(index, _description(roi))
    finally:
        node.EndModify(was_modifying)
    return node


def rois_from_points_node(
    node: Any, radii_mm: Sequence[float] = Settings.roi_radii_mm, shape: str = Settings.roi_shape
) -> list[VertebraROI]:
    """Read the point list, where its points stand in the world.

    A point the reader has just placed has no size and no axes of its own: it gets ``radii_mm``, ``shape`` and axes that follow the column
    through all points.

    Returns
    -------
    list of VertebraROI
        From cranial to caudal; points that still wait for their position are left out.

    Raises
    ------
    MarrowQuantError
        If a label names no level or a level occurs twice, or if the points do not go down the patient.
    """
    placed = slicer.vtkMRMLMarkupsNode.PositionDefined
    indices = [n for n in range(node.GetNumberOfControlPoints()) if node.GetNthControlPointPositionStatus(n) == placed]
    found = sorted((_roi_from_point(node, index, radii_mm, shape) for index in indices), key=lambda item: place_index(item[0].level))
    rois = [roi for roi, _ in found]
    for above, below in zip(rois, rois[1:]):
        if above.level == below.level:
            raise MarrowQuantError(
                "{level} occurs twice among the points of {node}; relabel or delete one of them.",
                level=above.level, node=node.GetName(),
            )
    if not any(follows for _, follows in found):
        return rois
    frames = column_axes([roi.level for roi in rois], np.array([roi.center_ras for roi in rois]))
    return [replace(roi, axes=frame) if follows else roi for (roi, follows), frame in zip(found, frames)]


def rois_to_segmentation(rois: Iterable[VertebraROI], volume: Volume, segmentation_node: Any, volume_node: Optional[Any] = None) -> None:
    """Replace the node's segments by one per ROI, rasterised on the grid of a map as the measurement does it.

    Parameters
    ----------
    rois : iterable of VertebraROI
        One outside the map's field of view becomes an empty segment.
    volume : Volume
        The map.
    segmentation_node : vtkMRMLSegmentationNode
    volume_node : vtkMRMLScalarVolumeNode, optional
        The map's node: becomes the segmentation's reference geometry.
    """
    segmentation = segmentation_node.GetSegmentation()
    was_modifying = segmentation_node.StartModify()
    try:
        segmentation.RemoveAllSegments()
        start_segmentation(segmentation_node, volume_node)
        for roi in rois:
            set_segment(
                segmentation_node,
                roi.level,
                f"{roi.level} (excluded: {roi.excluded})" if roi.excluded else roi.level,
                _mask_or_none(roi, volume),
                volume.ijk_to_ras,
                color=level_color(roi.level),
                terminology_entry=level_terminology(roi.level),
            )
        finish_segmentation(segmentation_node)
    finally:
        segmentation_node.EndModify(was_modifying)


def level_color(level: str) -> tuple[float, float, float]:
    """RGB, 0 … 1, of a level; the same in every exam."""
    return colorsys.hsv_to_rgb((place_index(level) * _GOLDEN_RATIO) % 1.0, 0.75, 1.0)


def _description(roi: VertebraROI) -> str:
    size = " x ".join(f"{radius:.10g}" for radius in roi.radii_mm)
    return f"{roi.shape} {size} mm{describe_rest(roi)}"


def _roi_from_point(node: Any, index: int, radii_mm: Sequence[float], shape: str) -> tuple[VertebraROI, bool]:
    """The ROI of one point, and whether its axes are still to be taken from the column."""
    label = node.GetNthControlPointLabel(index)
    level = parse_level(label)
    if level is None:
        raise MarrowQuantError(
            "The point \"{label}\" names no vertebral level; label each point with its level, for example L1.",
            label=label,
        )
    description = node.GetNthControlPointDescription(index) or ""
    size, excluded = _SIZE.search(description), _EXCLUDE.search(description)
    has_size = bool(size and size.group(2))
    axes = _axes_world(node, index)
    roi = VertebraROI(
        level=level,
        center_ras=np.array(node.GetNthControlPointPositionWorld(index)),
        axes=axes,
        radii_mm=np.array([float(r) for r in size.groups()[1:]] if has_size else radii_mm, dtype=float),
        shape=size.group(1).lower() if size else shape,
        excluded=excluded.group(1).strip() if excluded else None,
        place_sd_mm=described_place(description),
    )
    return roi, not has_size and bool(np.allclose(axes, np.eye(3), atol=1e-6))


def _axes_world(node: Any, index: int) -> np.ndarray:
    """Orthonormal axes of a point; a parent transform that shears or scales does not shear or scale the ROI."""
    values = np.zeros(9)
    node.GetNthControlPointOrientationMatrixWorld(index, values)
    u, _, vt = np.linalg.svd(values.reshape(3, 3))
    return u @ vt


def _mask_or_none(roi: VertebraROI, volume: Volume) -> Optional[np.ndarray]:
    try:
        return rasterise(roi, volume).mask()
    except MarrowQuantError:
        return None
