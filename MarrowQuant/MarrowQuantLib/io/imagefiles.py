"""Images that are not DICOM: NIfTI, NRRD and whatever else SimpleITK reads, to and from :class:`~.model.Volume`."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..model import MarrowQuantError, Volume

_NIFTI_HEADER = 352  # bytes of a NIfTI-1 header with the four that tell whether extensions follow
_LARGEST_EXTENSION = 1 << 24  # our choice: more is no table of labels

SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # SimpleITK's positions are LPS


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
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        if "orthonormal" in str(error):
            raise MarrowQuantError("The axes of '{file}' are not at right angles (sheared); resample it first.", file=path.name) from None
        raise MarrowQuantError("'{file}' cannot be read as an image; give NIfTI or NRRD, or a DICOM folder.", file=path.name) from None
    if image.GetDimension() not in (3, 4):
        raise MarrowQuantError(
            "'{file}' has {dimensions} dimensions; a 3-D or 4-D image is needed.",
            file=path.name, dimensions=image.GetDimension(),
        )
    array = sitk.GetArrayFromImage(image)
    if np.iscomplexobj(array) and not complex_too:
        raise MarrowQuantError(
            "'{file}' holds complex numbers; save magnitude and phase, or real and imaginary part, as two files.",
            file=path.name,
        )
    if image.GetDimension() == 3:
        array = np.moveaxis(array, -1, 0) if image.GetNumberOfComponentsPerPixel() > 1 else array[None]
    matrix, dtype = _ijk_to_ras(image), np.complex64 if np.iscomplexobj(array) else np.float32
    return [Volume(np.ascontiguousarray(part, dtype), matrix, name=stem(path)) for part in array]


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
    image = sitk.GetImageFromArray(volume.array)
    matrix = LPS_TO_RAS @ volume.ijk_to_ras
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((matrix[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(matrix[:3, 3].tolist())
    image.SetMetaData("ITK_FileNotes", f"{volume.name} in {volume.unit}" if volume.unit else volume.name)
    try:
        sitk.WriteImage(image, str(path), useCompression=path.name.endswith(".nrrd"))
    except RuntimeError:
        raise MarrowQuantError("'{file}' cannot be written; check the folder and the space left on it.", file=path.name) from None


def _ijk_to_ras(image: sitk.Image) -> np.ndarray:
    n = image.GetDimension()
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(image.GetDirection(), (n, n))[:3, :3] * np.array(image.GetSpacing()[:3])
    matrix[:3, 3] = image.GetOrigin()[:3]
    return LPS_TO_RAS @ matrix
