"""Segmentations as .seg.nrrd: a label volume whose header names its segments, as 3D Slicer writes and reads it.

Header fields follow Slicer's own files: Segment0_ID, Segment0_Name, Segment0_LabelValue, Segment0_Layer, Segment0_Color, Segment0_Extent,
Segment0_Tags ("key:value" pairs, each ended by "|"; TerminologyEntry is one), and Segmentation_ContainedRepresentationNames of the whole
(Slicer documentation, "Segmentation file format").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Union

import numpy as np
import SimpleITK as sitk

from ..io.imagefiles import LPS_TO_RAS, read_volumes
from ..model import MarrowQuantError, Volume
from .levels import parse_level
from .terminology import level_terminology

_TERMINOLOGY = "TerminologyEntry:"


@dataclass(frozen=True)
class Segment:
    """One segment of a file: ``terminology`` is Slicer's entry, or ""; ``mask`` is a boolean array cut to the segment's box."""

    name: str
    terminology: str
    mask: Volume


def is_segmentation(path: Union[str, Path]) -> bool:
    """True for a NRRD file whose header names segments."""
    path = Path(path)
    if not path.name.lower().endswith((".nrrd", ".nhdr")):
        return False
    return _header(path).HasMetaDataKey("Segment0_ID")


def _header(path: Path) -> sitk.ImageFileReader:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        raise MarrowQuantError("'{file}' cannot be read as an image; check the path and the file.", file=path.name) from None
    return reader


def read_segments(path: Union[str, Path]) -> tuple[Volume, list[Segment]]:
    """Segments of a .seg.nrrd file, also where overlapping ones lie in several layers.

    Returns
    -------
    grid : Volume
        The first layer.
    segments : list of Segment
        In the order of the file.

    Raises
    ------
    MarrowQuantError
        If the file cannot be read.
    """
    path = Path(path)
    header = _header(path)
    layers = read_volumes(path)
    segments: list[Segment] = []
    while header.HasMetaDataKey(f"Segment{len(segments)}_ID"):
        n = len(segments)
        layer = layers[min(int(_field(header, n, "Layer") or n), len(layers) - 1)]
        mask = layer.array == int(_field(header, n, "LabelValue") or 1)  # files of Slicer before 4.11: one layer a segment, value 1
        entries = [tag[len(_TERMINOLOGY) :] for tag in _field(header, n, "Tags").split("|") if tag.startswith(_TERMINOLOGY)]
        segments.append(Segment(_field(header, n, "Name") or _field(header, n, "ID"), "".join(entries[:1]), cut_to_box(layer, mask)))
    return layers[0], segments


def _field(header: sitk.ImageFileReader, segment: int, name: str) -> str:
    key = f"Segment{segment}_{name}"
    return header.GetMetaData(key) if header.HasMetaDataKey(key) else ""


def cut_to_box(volume: Volume, mask: np.ndarray) -> Volume:
    """A mask on a volume's grid, cut to the box of its True voxels; an empty one has no voxel."""
    box = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    start = [int(n[0]) if n.size else 0 for n in box]
    part = mask[tuple(slice(a, int(n[-1]) + 1 if n.size else 0) for a, n in zip(start, box))]
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] = (volume.ijk_to_ras @ [*start[::-1], 1.0])[:3]
    return volume.like(part, ijk_to_ras=matrix)


def to_image(volume: Volume) -> sitk.Image:
    """A volume as a SimpleITK image in its own geometry (LPS).

    Raises
    ------
    MarrowQuantError
        If the grid is sheared, which no image file can hold.
    """
    spacing = volume.spacing_mm
    direction = LPS_TO_RAS[:3, :3] @ (volume.ijk_to_ras[:3, :3] / spacing)
    if not np.allclose(direction.T @ direction, np.eye(3), atol=1e-3):
        raise MarrowQuantError("The image's axes are not at right angles, so no label file can hold them; resample the image first.")
    image = sitk.GetImageFromArray(volume.array)
    image.SetSpacing(spacing.tolist())
    image.SetDirection(direction.ravel().tolist())
    image.SetOrigin((LPS_TO_RAS @ volume.ijk_to_ras[:, 3])[:3].tolist())
    return image


def write_segmentation(path: Union[str, Path], labels: Volume, names: Sequence[str]) -> None:
    """Write labels 1 … n with one segment a name.

    Raises
    ------
    MarrowQuantError
        If the file cannot be written.
    """
    path = Path(path)
    image = to_image(labels)
    size = labels.array.shape[::-1]
    whole = f"0 {size[0] - 1} 0 {size[1] - 1} 0 {size[2] - 1}"
    image.SetMetaData("Segmentation_ContainedRepresentationNames", "Binary labelmap|")
    image.SetMetaData("Segmentation_ReferenceImageExtentOffset", "0 0 0")
    for n, name in enumerate(names):
        red, green, blue = _color(n)
        fields = {
            "ID": name,
            "Name": name,
            "NameAutoGenerated": "0",
            "LabelValue": str(n + 1),
            "Layer": "0",
            "Color": f"{red:.3f} {green:.3f} {blue:.3f}",
            "ColorAutoGenerated": "0",
            "Extent": whole,
            "Tags": _tags(name),
        }
        for key, value in fields.items():
            image.SetMetaData(f"Segment{n}_{key}", value)
    try:
        sitk.WriteImage(image, str(path), useCompression=True)
    except RuntimeError as error:
        raise MarrowQuantError("{file} cannot be written; choose a folder in which you may create files.", file=path.name) from error


def _tags(name: str) -> str:
    level = parse_level(name)
    return f"{_TERMINOLOGY}{level_terminology(level)}|" if level else ""


def _color(n: int) -> tuple[float, float, float]:
    """Well-separated bone-like colours that alternate from level to level (our choice)."""
    return ((0.90, 0.78, 0.45), (0.45, 0.70, 0.85), (0.62, 0.82, 0.52), (0.85, 0.56, 0.60))[n % 4]
