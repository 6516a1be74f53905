"""Images that are not DICOM: NIfTI, NRRD and whatever else SimpleITK reads, to and from :class:`~.model.Volume`."""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import numpy as np

from ..model import RAS_TO_LPS, MarrowQuantError, Volume
from . import nifti

if TYPE_CHECKING:
    import SimpleITK as sitk  # imported where it is used: NIfTI does without it, and it takes 100 MB

_NIFTI_HEADER = 352  # bytes of a NIfTI-1 header with the four that tell whether extensions follow
_TEXT_HEADER = 1 << 20  # bytes in which the header of a NRRD or MetaImage stands
_LARGEST_EXTENSION = 1 << 24  # our choice: more is no table of labels

SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")


def stem(path: Path) -> str:
    """The file name without its image suffix, which may be two-fold as in .nii.gz."""
    suffix = next((s for s in SUFFIXES if path.name.lower().endswith(s)), path.suffix)
    return path.name[: len(path.name) - len(suffix)]


def read_volumes(path: Path, *, complex_too: bool = False) -> list[Volume]:
    """Read an image file.

    Parameters
    ----------
    path : Path
        A 3-D image, a 4-D one, or a 3-D one with several components a voxel (as NRRD stores diffusion).
    complex_too : bool
        Whether complex numbers are welcome; they come as complex64.

    Returns
    -------
    list of Volume
        One for each position along the fourth axis; float32, named after the file.

    Raises
    ------
    MarrowQuantError
        The file is missing, cannot be read, or is no 3-D or 4-D image.
    """
    if not path.is_file():
        raise MarrowQuantError("There is no file '{file}'; check the path.", file=path.name)
    if path.name.lower().endswith(nifti.SUFFIXES):
        found = nifti.read_nifti(path, complex_too=complex_too)
        return [Volume(volume, found.ijk_to_ras, name=stem(path)) for volume in found.volumes]
    try:
        image = _checked_reader(path).Execute()
    except RuntimeError:
        raise MarrowQuantError("'{file}' cannot be read as an image; give NIfTI or NRRD, or a DICOM folder.", file=path.name) from None
    if image.GetDimension() not in (3, 4):
        raise MarrowQuantError(
            "'{file}' has {dimensions} dimensions; a 3-D or 4-D image is needed.",
            file=path.name, dimensions=image.GetDimension(),
        )
    import SimpleITK as sitk

    array = sitk.GetArrayFromImage(image)
    if np.iscomplexobj(array) and not complex_too:
        raise MarrowQuantError(
            "'{file}' holds complex numbers; save magnitude and phase, or real and imaginary part, as two files.",
            file=path.name,
        )
    if image.GetDimension() == 3:
        array = np.moveaxis(array, -1, 0) if image.GetNumberOfComponentsPerPixel() > 1 else array[None]
    matrix, b_values = grid_of(image), _b_values(image, len(array))
    parts = [np.ascontiguousarray(part, np.complex64 if np.iscomplexobj(array) else np.float32) for part in array]
    return [Volume(part, matrix, name=stem(path), b_value=b) for part, b in zip(parts, b_values)]


def _checked_reader(path: Path) -> sitk.ImageFileReader:
    """A reader of the file, which can hold the voxels that its header declares.

    Raises
    ------
    MarrowQuantError
        If it cannot; compared before memory is taken.
    RuntimeError
        SimpleITK's, if the header cannot be read.
    """
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    bits = re.search(r"\d+(?=-bit)", sitk.GetPixelIDValueAsString(reader.GetPixelID()))  # "16-bit signed integer", "vector of 32-bit float"
    size = (int(bits[0]) // 8 if bits else 1) * reader.GetNumberOfComponents()
    for length in reader.GetSize():
        size *= length
    held, is_packed = _data_on_disk(path)
    if size > held * (nifti.GZIP_RATIO if is_packed else 1):
        raise MarrowQuantError(
            "'{file}' is cut short: its header declares more voxels than it can hold; copy or export it again.", file=path.name
        )
    return reader


def _data_on_disk(path: Path) -> tuple[int, bool]:
    """Bytes of the file, and of the other files beside it that its header names; and whether they may be compressed."""
    held = path.stat().st_size
    with path.open("rb") as file:
        lines = file.read(_TEXT_HEADER).split(b"\n\n", 1)[0].decode("latin-1").splitlines()
    fields = dict(re.split(r"\s*[:=]\s*", line, maxsplit=1) for line in lines if re.match(r"[\w ]+\s*[:=]", line))
    fields = {name.strip().lower(): value.strip() for name, value in fields.items()}
    named = fields.get("data file") or fields.get("datafile") or fields.get("elementdatafile") or ""
    if named.upper() not in ("", "LOCAL"):
        beside = [file for file in path.parent.iterdir() if file.is_file()]
        held = max(held, sum(file.stat().st_size for file in beside))
    packed = fields.get("encoding", "raw").lower() not in ("raw", "hex", "ascii", "text", "txt")
    return held, packed or fields.get("compresseddata", "false").lower() == "true"


def _b_values(image: sitk.Image, count: int) -> list[Optional[float]]:
    """The b-values of the volumes, where the file has the keys with which Slicer and others save diffusion; else None for each.

    The b-value of a gradient is the nominal one times the square of its length, relative to the longest (the conventions of NA-MIC for
    diffusion in NRRD, https://www.na-mic.org/wiki/NAMIC_Wiki:DTI:Nrrd_format); that of a b-matrix is its trace. ``NEX`` repeats a volume.
    """
    keys = {key.lower(): image.GetMetaData(key) for key in image.GetMetaDataKeys() if key.lower().startswith("dwmri_")}
    found: dict[int, float] = {}
    try:
        lengths, nominal = {}, float(keys.get("dwmri_b-value", "nan"))
        for key, text in keys.items():
            match = re.fullmatch(r"dwmri_(gradient|b-matrix)_(\d+)", key)
            if match:
                numbers = np.array(text.split(), float)
                repeats = int(keys.get(f"dwmri_nex_{match[2]}", "1"))
                for n in range(int(match[2]), int(match[2]) + repeats):
                    if match[1] == "gradient" and len(numbers) == 3:
                        lengths[n] = float(numbers @ numbers)
                    elif match[1] == "b-matrix" and len(numbers) == 6:
                        found[n] = float(numbers[[0, 3, 5]].sum())
        longest = max(lengths.values(), default=0.0)
        found.update({n: round(nominal * length / longest if longest else 0.0, 3) for n, length in lengths.items() if n not in found})
    except ValueError:
        return [None] * count
    values = [found.get(n) for n in range(count)]
    return values if all(b is not None and np.isfinite(b) and b >= 0 for b in values) else [None] * count


def nifti_extensions(path: Path) -> list[bytes]:
    """The texts that lie between the header and the voxels of a NIfTI-1 file, as its standard defines header extensions.

    Parameters
    ----------
    path : Path
        A .nii or .nii.gz file; any other gives nothing, as does one that cannot be read.
    """
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        return []
    try:
        with (gzip.open if path.name.lower().endswith(".gz") else open)(path, "rb") as file:
            header = file.read(_NIFTI_HEADER)
            order = next((o for o in "<>" if struct.unpack_from(o + "i", header)[0] == 348), None)
            if order is None:
                return []
            start = int(struct.unpack_from(order + "f", header, 108)[0])  # vox_offset
            between = file.read(min(max(start - _NIFTI_HEADER, 0), _LARGEST_EXTENSION)) if header[348] else b""
    except (OSError, EOFError, zlib.error, struct.error, ValueError, OverflowError, IndexError):
        return []
    texts = []
    while len(between) >= 8:
        size, _code = struct.unpack_from(order + "ii", between)
        if size < 8:
            break
        texts.append(between[8:size].rstrip(b"\0 "))
        between = between[size:]
    return texts


def write_volume(volume: Volume, path: Path) -> None:
    """Write a volume; what it is, and its unit, go into the header's free text.

    Raises
    ------
    MarrowQuantError
        The file cannot be written.
    """
    text = f"{volume.name} in {volume.unit}" if volume.unit else volume.name
    try:
        if path.name.lower().endswith(nifti.SUFFIXES):
            nifti.write_nifti(path, volume.array, volume.ijk_to_ras, text)
            return
        import SimpleITK as sitk

        image = to_sitk(volume)
        image.SetMetaData("ITK_FileNotes", text)
        sitk.WriteImage(image, str(path), useCompression=path.name.endswith(".nrrd"))
    except (OSError, RuntimeError):
        raise MarrowQuantError("'{file}' cannot be written; check the folder and the space left on it.", file=path.name) from None


def to_sitk(volume: Volume) -> sitk.Image:
    """A SimpleITK image with the volume's values and geometry, which there is LPS."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(volume.array)
    matrix = RAS_TO_LPS @ volume.ijk_to_ras
    image.SetSpacing(volume.spacing_mm.tolist())
    image.SetDirection((matrix[:3, :3] / volume.spacing_mm).ravel().tolist())
    image.SetOrigin(matrix[:3, 3].tolist())
    return image


def grid_of(image: sitk.Image) -> np.ndarray:
    """Voxel index to RAS, shape (4, 4), of a SimpleITK image; of the first volume if it has four dimensions."""
    n = image.GetDimension()
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(image.GetDirection(), (n, n))[:3, :3] * np.array(image.GetSpacing()[:3])
    matrix[:3, 3] = image.GetOrigin()[:3]
    return RAS_TO_LPS @ matrix
