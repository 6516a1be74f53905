"""DICOM Segmentations read by pydicom alone: of MarrowQuant, TotalSegmentator, dcmqi, 3D Slicer, highdicom; binary, fractional, label map.

Frames may come in any order and slices without voxels may be left out (DICOM PS3.3 A.51 and C.8.20); the grid is that of all frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from ..model import RAS_TO_LPS, MarrowQuantError, Volume
from .files import MAGIC, open_file, quiet_pydicom

if TYPE_CHECKING:
    from pydicom import Dataset

SEGMENTATION, LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
_OFF_GRID = 0.05  # of the distance of slices; our choice
_AT_LEAST = 0.5  # of the largest fraction: from there a voxel of a fractional segment counts; our choice


@dataclass(frozen=True)
class DicomSegment:
    """One segment.

    Attributes
    ----------
    number : int
    label : str
        Free text of who made it.
    kind, modifier : (str, str, str)
        Value, scheme and meaning of its property type and of that type's modifier; empty texts where there is none.
    mask : Volume
        bool, on the grid of the whole object.
    tracking : str
        Tracking ID, or "".
    """

    number: int
    label: str
    kind: tuple[str, str, str]
    modifier: tuple[str, str, str]
    mask: Volume
    tracking: str = ""


def is_segmentation_object(path: Union[str, Path]) -> bool:
    """True for a file that is a DICOM Segmentation; its name does not matter."""
    import pydicom

    path = Path(path)
    try:
        with path.open("rb") as file:
            if file.read(132)[128:] != MAGIC:
                return False
        with quiet_pydicom():
            return str(pydicom.filereader.read_file_meta_info(path).get("MediaStorageSOPClassUID", "")) in (SEGMENTATION, LABEL_MAP)
    except (OSError, ValueError, EOFError, AttributeError, pydicom.errors.InvalidDicomError):
        return False


def read_segmentation(path: Union[str, Path]) -> list[DicomSegment]:
    """The segments of a DICOM Segmentation.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    list of DicomSegment
        By number; all masks have one grid.

    Raises
    ------
    MarrowQuantError
        If it cannot be read or decoded, or its frames lie on no regular grid.
    """
    import pydicom

    path = Path(path)
    try:
        with quiet_pydicom(), open_file(path) as file:
            dataset = pydicom.dcmread(file, force=True)
            frames = _frames(dataset)
            grid, places = _grid(dataset)
            return _segments(dataset, frames, grid, places)
    except MarrowQuantError:
        raise
    except Exception as error:  # pydicom raises what its decoders and the damage make it raise
        raise MarrowQuantError(
            "The segmentation {file} is damaged, or compressed in a way that cannot be decoded; export it again.", file=path.name
        ) from error


def read_mask(path: Union[str, Path]) -> Volume:
    """All segments of a DICOM Segmentation as one mask: 1 in any of them, else 0; float32, shape (k, j, i)."""
    segments = read_segmentation(path)
    if not segments:
        raise MarrowQuantError("The segmentation {file} holds no segment; give another.", file=Path(path).name)
    mask = segments[0].mask
    return mask.like(np.any([segment.mask.array for segment in segments], axis=0).astype(np.float32), name=Path(path).stem)


def _frames(dataset: Dataset) -> np.ndarray:
    """Values of all frames, (frame, row, column): bool, or numbers of segments in a label map."""
    n, shape = int(dataset.get("NumberOfFrames", 1)), (int(dataset.Rows), int(dataset.Columns))
    if dataset.BitsAllocated == 1 and not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")  # PS3.5 8.2: packed without a gap
        return bits[: n * shape[0] * shape[1]].reshape(n, *shape).astype(bool)
    values = dataset.pixel_array.reshape(n, *shape)
    if dataset.SOPClassUID == LABEL_MAP or dataset.get("SegmentationType") == "LABELMAP":
        return values
    if dataset.get("SegmentationType") == "FRACTIONAL":
        return values >= _AT_LEAST * float(dataset.MaximumFractionalValue)
    return values > 0


def _group(dataset: Dataset, frame: int, macro: str, attribute: str) -> Any:
    for groups in (dataset.PerFrameFunctionalGroupsSequence[frame], dataset.SharedFunctionalGroupsSequence[0]):
        if macro in groups and attribute in groups[macro].value[0]:
            return groups[macro].value[0][attribute].value
    return None


def _grid(dataset: Dataset) -> tuple[Volume, list[int]]:
    """An empty volume on the grid of all frames, and for every frame its k."""
    n = int(dataset.get("NumberOfFrames", 1))
    found = [[_group(dataset, f, *what) for f in range(n)] for what in (
        ("PlanePositionSequence", "ImagePositionPatient"), ("PlaneOrientationSequence", "ImageOrientationPatient"),
    )]  # fmt: skip
    if any(value is None for values in found for value in values):
        raise MarrowQuantError("The segmentation does not say where its frames lie; export it again with their positions.")
    positions, orientations = (np.array(values, dtype=float) for values in found)
    spacing = np.array(_group(dataset, 0, "PixelMeasuresSequence", "PixelSpacing"), dtype=float)
    row, column = orientations[0, :3], orientations[0, 3:]
    normal = np.cross(row, column)
    heights = (positions - positions[0]) @ normal
    step = _step(dataset, heights)
    index = (heights - heights.min()) / step
    places = np.rint(index).astype(int)
    first = positions[int(np.argmin(heights))]
    aside = positions - (first + np.outer(places * step, normal))
    if np.ptp(orientations, axis=0).max() > 1e-3 or np.abs(aside).max() > max(_OFF_GRID * step, _OFF_GRID * spacing.min()):
        raise MarrowQuantError("The frames of the segmentation lie on no regular grid; resample it onto the image first.")
    matrix = np.eye(4)
    matrix[:3, :4] = np.column_stack([row * spacing[1], column * spacing[0], normal * step, first])
    shape = (int(places.max()) + 1, int(dataset.Rows), int(dataset.Columns))
    return Volume(np.zeros(shape, bool), RAS_TO_LPS @ matrix), places.tolist()


def _step(dataset: Dataset, heights: np.ndarray) -> float:
    """Distance of slices: what the file says if its frames lie on multiples of it, else the smallest difference."""
    said = _group(dataset, 0, "PixelMeasuresSequence", "SpacingBetweenSlices")
    steps = np.diff(np.unique(np.round(heights, 3)))
    smallest = float(steps.min()) if steps.size else 0.0
    for step in (abs(float(said)) if said else 0.0, smallest):
        if step > 0 and np.abs(steps / step - np.rint(steps / step)).max(initial=0.0) <= _OFF_GRID:
            return step
    thickness = _group(dataset, 0, "PixelMeasuresSequence", "SliceThickness")
    return smallest or float(thickness or 1.0)


def _code(items: Any) -> tuple[str, str, str]:
    if not items:
        return "", "", ""
    item = items[0]
    return str(item.get("CodeValue", "")), str(item.get("CodingSchemeDesignator", "")), str(item.get("CodeMeaning", ""))


def _segments(dataset: Dataset, frames: np.ndarray, grid: Volume, places: Sequence[int]) -> list[DicomSegment]:
    is_label_map = dataset.SOPClassUID == LABEL_MAP or dataset.get("SegmentationType") == "LABELMAP"
    shared = dataset.SharedFunctionalGroupsSequence[0]
    found = []
    for item in sorted(dataset.SegmentSequence, key=lambda item: int(item.SegmentNumber)):
        number = int(item.SegmentNumber)
        mask = np.zeros(grid.array.shape, bool)
        for frame, (k, groups) in enumerate(zip(places, dataset.PerFrameFunctionalGroupsSequence)):
            if is_label_map:
                mask[k] |= frames[frame] == number
                continue
            told = groups.get("SegmentIdentificationSequence") or shared.get("SegmentIdentificationSequence")
            if told is not None and int(told[0].ReferencedSegmentNumber) == number:
                mask[k] |= frames[frame]
        kind = item.get("SegmentedPropertyTypeCodeSequence")
        modifier = kind[0].get("SegmentedPropertyTypeModifierCodeSequence") if kind else None
        name = str(item.get("SegmentLabel", ""))
        found.append(DicomSegment(number, name, _code(kind), _code(modifier), grid.like(mask, name=name), str(item.get("TrackingID", ""))))
    return found
