"""NIfTI-1 and NIfTI-2 files, read and written as their standard says.

The reader of ITK is not used for them: it takes the size of the voxels from ``pixdim`` where the matrix says another, scales where the
standard says not to, refuses axes that another program rounded, and fills the missing part of a cut file with zeros without a word.

Source: the header of the NIfTI-1 standard, nifti1.h (https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h), and nifti2.h beside it.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple, Optional

import numpy as np

from ..model import MarrowQuantError
from .threads import in_threads

SUFFIXES = (".nii", ".nii.gz")
LARGEST_SHEAR_DEGREES = 0.5  # our choice: rounding to two decimals makes up to about 0.1, an affine registration several degrees
SMALLEST_VOXEL_MM, LARGEST_VOXEL_MM = 0.01, 200.0  # our choice
GZIP_RATIO = 1032  # the most that deflate can shrink: 258 bytes into 2 bits (RFC 1951, 3.2.5)
_CHUNK = 1 << 24
# Code of the data type to NumPy's type; colours and 128-bit numbers are not read.
_TYPES: Mapping[int, str] = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8", 32: "c8", 1792: "c16",
}  # fmt: skip
_COMPLEX = frozenset((32, 1792, 2048))
_MM = {1: 1000.0, 3: 0.001}  # units of length other than mm: metre, micrometre; unknown counts as mm


class NiftiImage(NamedTuple):
    """``volumes`` has the shape (n, k, j, i), float32 or complex64; ``ijk_to_ras`` is 4 × 4, mm."""

    volumes: np.ndarray
    ijk_to_ras: np.ndarray


class _Header(NamedTuple):
    order: str
    shape: tuple[int, ...]
    datatype: int
    pixdim: tuple[float, ...]
    offset: int
    slope: float
    intercept: float
    qform_code: int
    sform_code: int
    quaternion: tuple[float, ...]
    qoffset: tuple[float, ...]
    sform: np.ndarray
    unit: int


def read_nifti(path: Path, *, complex_too: bool = False) -> NiftiImage:
    """Read a .nii or .nii.gz file; complex numbers come as complex64, if they are welcome.

    Raises
    ------
    MarrowQuantError
        If it is damaged, cut short, declares more voxels than it can hold, or holds no 3-D or 4-D image of real numbers.
    """
    try:
        with (gzip.open if path.name.lower().endswith(".gz") else open)(path, "rb") as file:
            header = _header(file.read(544), path.name)
            count = _volumes(header, path.name, complex_too)
            numbers = np.dtype(header.order + _TYPES[header.datatype])
            raw = _voxels(file, header, numbers.itemsize * int(np.prod(header.shape, dtype=np.int64)), path)
    except (OSError, EOFError, zlib.error):
        raise MarrowQuantError("'{file}' is damaged or cut short, or cannot be read; copy or export it again.", file=path.name) from None
    values = raw.view(numbers).reshape((count, *header.shape[2::-1]))
    intercept = header.intercept if np.isfinite(header.intercept) else 0.0
    # A slope of 0 means no scaling at all (nifti1.h); some writers leave NaN there.
    if np.isfinite(header.slope) and header.slope != 0 and (header.slope, intercept) != (1.0, 0.0):
        values = values * header.slope + intercept
    kept = np.complex64 if numbers.kind == "c" else np.float32
    return NiftiImage(np.ascontiguousarray(values, kept), _matrix(header, path.name))


def write_nifti(path: Path, array: np.ndarray, ijk_to_ras: np.ndarray, description: str) -> None:
    """Write a NIfTI-1 file, .nii or .nii.gz, without a copy of the voxels.

    Parameters
    ----------
    path : Path
    array : ndarray, shape (k, j, i)
        float32, uint8 or another type of the standard; NaN stays.
    ijk_to_ras : ndarray, shape (4, 4)
        Right-angled axes; written as sform and, for programs that read that only, as qform.
    description : str
        What it is, and its unit; 79 bytes are kept.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    array = np.ascontiguousarray(array)
    code = next(code for code, name in _TYPES.items() if np.dtype(name) == array.dtype)
    spacing = np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    axes = ijk_to_ras[:3, :3] / spacing
    mirrored = -1.0 if np.linalg.det(axes) < 0 else 1.0
    quaternion = _quaternion(axes * [1.0, 1.0, mirrored])
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *array.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, code, 8 * array.itemsize)
    struct.pack_into("<8f", header, 76, mirrored, *spacing, 1, 1, 1, 1)
    struct.pack_into("<3f", header, 108, 352.0, 1.0, 0.0)
    header[123] = 2  # mm
    kept = description.encode("utf-8")[:79].decode("utf-8", "ignore").encode("utf-8")
    header[148 : 148 + len(kept)] = kept
    struct.pack_into("<2h", header, 252, 1, 1)  # scanner coordinates
    struct.pack_into("<6f", header, 256, *quaternion, *ijk_to_ras[:3, 3])
    struct.pack_into("<12f", header, 280, *ijk_to_ras[:3].ravel())
    header[344:348] = b"n+1\0"
    voxels = array.astype(array.dtype.newbyteorder("<"), copy=False).data.cast("B")
    with path.open("wb") as file:
        if not path.name.lower().endswith(".gz"):
            file.write(header)
            file.write(voxels)
            return
        file.write(gzip.compress(header, 1))
        parts = [voxels[start : start + _CHUNK] for start in range(0, len(voxels), _CHUNK)]
        for packed in in_threads(_member, parts):
            file.write(packed)


def _member(part: memoryview) -> bytes:
    """One of several members that a gzip file may consist of (RFC 1952, 2.2), so that several threads can pack."""
    return gzip.compress(part, 1)  # maps of noise hardly shrink further, and level 6 takes three times as long


def _quaternion(rotation: np.ndarray) -> np.ndarray:
    """b, c, d of the quaternion of a rotation, with a not negative: the eigenvector of eigenvalue one of a symmetric matrix.

    After Bar-Itzhack, J Guid Control Dyn 2000;23:1085, which is safe for every angle.
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    lower = [[xx - yy - zz, 0, 0, 0], [yx + xy, yy - xx - zz, 0, 0], [zx + xz, zy + yz, zz - xx - yy, 0]]
    lower.append([zy - yz, xz - zx, yx - xy, xx + yy + zz])
    b, c, d, a = np.linalg.eigh(np.array(lower) / 3)[1][:, -1]
    return np.array([b, c, d]) * (-1.0 if a < 0 else 1.0)


def _header(raw: bytes, name: str) -> _Header:
    for order in "<>":
        size = struct.unpack_from(order + "i", raw)[0] if len(raw) >= 4 else 0
        if size == 348 and len(raw) >= 348:
            return _first(raw, order)
        if size == 540 and len(raw) >= 540:
            return _second(raw, order)
    raise MarrowQuantError("'{file}' cannot be read as an image: it is no NIfTI file, or is cut short; copy or export it again.", file=name)


def _first(raw: bytes, order: str) -> _Header:
    def get(code: str, at: int) -> tuple:
        return struct.unpack_from(order + code, raw, at)

    dim, (slope, intercept), (qform, sform) = get("8h", 40), get("2f", 112), get("2h", 252)
    return _Header(
        order, dim[1 : 1 + max(dim[0], 0)], get("h", 70)[0], get("8f", 76), _offset(get("f", 108)[0]), slope, intercept, qform, sform,
        get("3f", 256), get("3f", 268), np.reshape(get("12f", 280), (3, 4)), raw[123] & 7,
    )  # fmt: skip


def _second(raw: bytes, order: str) -> _Header:
    def get(code: str, at: int) -> tuple:
        return struct.unpack_from(order + code, raw, at)

    dim, (slope, intercept), (qform, sform) = get("8q", 16), get("2d", 176), get("2i", 344)
    return _Header(
        order, dim[1 : 1 + max(dim[0], 0)], get("h", 12)[0], get("8d", 104), get("q", 168)[0], slope, intercept, qform, sform,
        get("3d", 352), get("3d", 376), np.reshape(get("12d", 400), (3, 4)), get("i", 500)[0] & 7,
    )  # fmt: skip


def _offset(value: float) -> int:
    return int(value) if np.isfinite(value) else 0


def _volumes(header: _Header, name: str, complex_too: bool) -> int:
    """Number of volumes; a fifth dimension may be theirs, as statistics and registration packages write vectors."""
    if header.datatype in _COMPLEX and not complex_too:
        raise MarrowQuantError(
            "'{file}' holds complex numbers; save magnitude and phase, or real and imaginary part, as two files.", file=name
        )
    if header.datatype not in _TYPES:
        raise MarrowQuantError("'{file}' holds colours or numbers of an unknown type; a grey image is needed.", file=name)
    if min(header.shape, default=0) < 1 or len(header.shape) > 7:
        raise MarrowQuantError("'{file}' has a damaged header: its dimensions are impossible; copy or export it again.", file=name)
    more = [n for n in header.shape[3:] if n > 1]
    if len(header.shape) < 3 or len(more) > 1:
        n = len(header.shape[:3]) + len(more)
        raise MarrowQuantError("'{file}' has {n} dimensions; a 3-D or 4-D image is needed.", file=name, n=n)
    return more[0] if more else 1


def _voxels(file: BufferedIOBase, header: _Header, size: int, path: Path) -> np.ndarray:
    """The bytes of all voxels; what is declared is compared with the file before memory is taken."""
    is_packed = path.name.lower().endswith(".gz")
    most = path.stat().st_size * (GZIP_RATIO if is_packed else 1)
    if size + header.offset > most:
        raise _cut(path, 1.0 - max(most - header.offset, 0) / size)
    file.seek(max(header.offset, 348))
    voxels, filled = np.empty(size, np.uint8), 0  # not a bytes object: parts that are joined would lie in memory twice
    while filled < size:
        count = file.readinto(voxels.data[filled : filled + _CHUNK])
        if not count:
            raise _cut(path, 1.0 - filled / size)
        filled += count
    file.read(1)  # at the end of a packed file its checksum is compared
    return voxels


def _cut(path: Path, share: float) -> MarrowQuantError:
    return MarrowQuantError(
        "'{file}' is cut short: {percent:.0f} % of the voxels that its header declares are missing; copy or export it again.",
        file=path.name,
        percent=max(100.0 * share, 1.0),
    )


def _matrix(header: _Header, name: str) -> np.ndarray:
    """From voxel indices to RAS in mm: the sform, else the qform, else the size of the voxels."""
    scale = _MM.get(header.unit, 1.0)
    found = _sform(header)
    if found is not None and shear_degrees(found) > LARGEST_SHEAR_DEGREES:
        found = _qform(header) if header.qform_code > 0 else found  # the scanner's own, where the other was made by a registration
    if found is None:
        found = _qform(header) if header.qform_code > 0 else np.diag([*_spacing(header), 1.0])
    if not np.isfinite(found).all() or abs(np.linalg.det(found[:3, :3])) < 1e-12:
        raise MarrowQuantError("The matrix of '{file}' cannot be right: an axis has no length; export the image again.", file=name)
    if shear_degrees(found) > LARGEST_SHEAR_DEGREES:
        raise MarrowQuantError("The axes of '{file}' are not at right angles (sheared); resample it first.", file=name)
    matrix = right_angled(found)
    matrix[:3] *= scale
    edges = np.linalg.norm(matrix[:3, :3], axis=0)
    if not (SMALLEST_VOXEL_MM <= edges).all() or not (edges <= LARGEST_VOXEL_MM).all():
        raise MarrowQuantError(
            "The voxels of '{file}' would be {edges:.3g} mm, which no image of a body has; correct its matrix, or the unit in its header.",
            file=name,
            edges=tuple(edges.tolist()),
        )
    return matrix


def _sform(header: _Header) -> Optional[np.ndarray]:
    if header.sform_code <= 0:
        return None
    matrix = np.vstack([header.sform, [0.0, 0.0, 0.0, 1.0]])
    return matrix if matrix[:3, :3].any() else None


def _qform(header: _Header) -> np.ndarray:
    """The matrix of the quaternion (nifti1.h, method 2)."""
    b, c, d = header.quaternion
    a = np.sqrt(max(1.0 - (b * b + c * c + d * d), 0.0))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    rotation[:, 2] *= -1.0 if header.pixdim[0] < 0 else 1.0
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation * _spacing(header), header.qoffset
    return matrix


def _spacing(header: _Header) -> np.ndarray:
    spacing = np.abs(np.array(header.pixdim[1:4], float))
    return np.where(np.isfinite(spacing) & (spacing > 0), spacing, 1.0)


def shear_degrees(matrix: np.ndarray) -> float:
    """How far the axes of a matrix miss right angles at most, in degrees."""
    axes = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0).clip(1e-30)
    return float(np.degrees(np.arcsin(np.abs(axes.T @ axes - np.diag(np.diag(axes.T @ axes))).max().clip(0, 1))))


def right_angled(matrix: np.ndarray) -> np.ndarray:
    """The matrix with the nearest right-angled axes (polar decomposition) of the same lengths."""
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    u, _, v = np.linalg.svd(matrix[:3, :3] / lengths)
    found = matrix.copy()
    found[:3, :3] = (u @ v) * lengths
    return found
