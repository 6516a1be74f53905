"""Masks as segments of a segmentation node and back, without the temporary volume nodes that ``slicer.util`` makes for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ..model import Volume
from .volumes import parent_matrix

_CONTEXT, _REGION_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list", "Anatomic codes - DICOM master list"


def terminology(category: str, type_code: str) -> str:
    """Slicer's terminology entry for a segment: category and type as "scheme^code^meaning", no modifier, no region."""
    return f"{_CONTEXT}~{category}~{type_code}~^^~{_REGION_CONTEXT}~^^~^^"


def set_segment(
    node: Any,
    segment_id: str,
    name: str,
    mask: Optional[np.ndarray],
    ijk_to_ras: np.ndarray,
    *,
    color: Sequence[float],
    terminology_entry: Optional[str] = None,
) -> None:
    """Write one segment; an existing one of the same ID keeps its place.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
    segment_id, name : str
    mask : ndarray of bool, shape (k, j, i), or None
        None or no True leaves the segment empty.
    ijk_to_ras : ndarray, shape (4, 4)
        Voxel index of the mask to RAS in mm.
    color : three floats
        RGB, 0 … 1.
    terminology_entry : str, optional
        See :func:`terminology`.
    """
    segmentation = node.GetSegmentation()
    if segmentation.GetSegment(segment_id) is not None:
        segmentation.RemoveSegment(segment_id)
    segment = slicer.vtkSegment()
    segment.SetName(name)
    segment.SetColor(*color)
    segment.AddRepresentation(_labelmap_name(), _oriented_image(mask, ijk_to_ras))
    if terminology_entry:
        _set_terminology(segment, terminology_entry)
    segmentation.AddSegment(segment, segment_id)


def start_segmentation(node: Any, volume_node: Optional[Any] = None) -> None:
    """Binary labelmap as the source representation, the reference geometry, and a display node."""
    node.GetSegmentation().SetSourceRepresentationName(_labelmap_name())
    if volume_node is not None:
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetOpacity2DFill(0.0)  # the map below is what is judged
        node.GetDisplayNode().SetOpacity2DOutline(1.0)


def finish_segmentation(node: Any) -> None:
    """Put segments that do not overlap into shared labelmaps, as Slicer does on import: one array in the file instead of one each."""
    node.GetSegmentation().CollapseBinaryLabelmaps(False)


def segment_mask(node: Any, segment_id: str, volume_node: Any) -> np.ndarray:
    """A segment on the grid of a volume node: bool, shape (k, j, i)."""
    segment = node.GetSegmentation().GetSegment(segment_id)
    shape = volume_node.GetImageData().GetDimensions()[::-1]
    if segment is None or segment.GetRepresentation(_labelmap_name()) is None:
        return np.zeros(shape, dtype=bool)
    return slicer.util.arrayFromSegmentBinaryLabelmap(node, segment_id, volume_node).astype(bool)


def read_segments(node: Any) -> list[tuple[str, str, Volume]]:
    """All segments of a node: name, terminology entry ("" if none), and mask where it stands in the world.

    Raises
    ------
    MarrowQuantError
        If the node stands under a transform that is not linear.
    """
    to_world = parent_matrix(node)
    segmentation, found = node.GetSegmentation(), []
    if not segmentation.ContainsRepresentation(_labelmap_name()):
        node.CreateBinaryLabelmapRepresentation()  # drawn as surfaces
    for n in range(segmentation.GetNumberOfSegments()):
        segment_id = segmentation.GetNthSegmentID(n)
        segment, image = segmentation.GetSegment(segment_id), slicer.vtkOrientedImageData()
        node.GetBinaryLabelmapRepresentation(segment_id, image)
        found.append((segment.GetName(), _terminology_of(segment), _mask_of(image, to_world)))
    return found


def _mask_of(image: Any, to_world: np.ndarray) -> Volume:
    extent, scalars = image.GetExtent(), image.GetPointData().GetScalars()
    shape = tuple(max(extent[2 * axis + 1] - extent[2 * axis] + 1, 0) for axis in (2, 1, 0))
    mask = np.zeros(shape, bool) if scalars is None else vtk_to_numpy(scalars).reshape(shape) != 0
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    ijk_to_ras = to_world @ slicer.util.arrayFromVTKMatrix(matrix)
    ijk_to_ras[:3, 3] += ijk_to_ras[:3, :3] @ [extent[2 * axis] for axis in range(3)]
    return Volume(mask, ijk_to_ras)


def _terminology_of(segment: Any) -> str:
    if hasattr(segment, "GetTerminology"):
        return segment.GetTerminology() or ""
    value = vtk.reference("")
    return str(value) if segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), value) else ""


def _set_terminology(segment: Any, entry: str) -> None:
    if hasattr(segment, "SetTerminology"):
        segment.SetTerminology(entry)
    else:  # before Slicer 5.10 it is a tag like any other
        segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), entry)


def _labelmap_name() -> str:
    return slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


def _oriented_image(mask: Optional[np.ndarray], ijk_to_ras: np.ndarray) -> Any:
    """The mask's bounding box as a vtkOrientedImageData in the geometry of the whole grid.

    An empty mask becomes one voxel of background: a segment without an image has no geometry, and if it comes first, Slicer resamples
    all others to the identity's.
    """
    if mask is None or not mask.any():
        mask = np.zeros((1, 1, 1), dtype=bool)
        bounds = [np.array([0, 0])] * 3
    else:
        bounds = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))[[0, -1]] for axis in range(3)]
    box = mask[tuple(slice(low, high + 1) for low, high in bounds)]
    image = slicer.vtkOrientedImageData()
    image.SetExtent([int(v) for low, high in reversed(bounds) for v in (low, high)])
    scalars = numpy_to_vtk(np.ascontiguousarray(box, dtype=np.uint8).ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    image.SetImageToWorldMatrix(slicer.util.vtkMatrixFromArray(np.asarray(ijk_to_ras, dtype=float)))
    return image
