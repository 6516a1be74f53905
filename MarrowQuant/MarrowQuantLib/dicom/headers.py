"""Files to frames: each file's header is read once, and every image in it becomes one :class:`Frame`, whatever the object's form."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Optional, Union

import numpy as np
import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError

from ..model import MarrowQuantError, Progress, finding
from . import elements as el
from .describe import describe, identify
from .files import BoundedReader, has_whole_fragments, in_memory, is_dicom, open_file, quiet_pydicom
from .frame import Frame, LostFile, PixelStore
from .geometry import has_place
from .mosaic import mosaic_tiles
from .remarks import remarks_of
from .syntaxes import BIG_ENDIAN, UNCOMPRESSED

STORAGE = "1.2.840.10008.5.1.4.1.1."
MR_IMAGES = frozenset(STORAGE + end for end in ("4", "4.1", "4.3", "4.4"))  # classic, enhanced, enhanced colour, legacy converted
SECONDARY_CAPTURES = frozenset(STORAGE + end for end in ("7", "7.1", "7.2", "7.3", "7.4"))
PARAMETRIC_MAP = STORAGE + "30"
OWN_MANUFACTURER = "MarrowQuant"
"""Of our own objects: they are results and never measured again as images of the exam."""
READ_CLASSES = MR_IMAGES | SECONDARY_CAPTURES | {PARAMETRIC_MAP}
PIXEL_TAGS = {(0x7FE0, 0x0010): "int", (0x7FE0, 0x0008): "float32", (0x7FE0, 0x0009): "float64"}
UNDEFINED_LENGTH = b"\xff" * 4  # of pixels in fragments
MAX_FILE_VALUES = 1 << 27  # our choice, of a compressed file, so that memory stays bounded: 512 slices of 512 × 512
# what pydicom raises, at once or when a value is decoded, on bytes that are not what they claim to be
DAMAGE = (
    InvalidDicomError, BytesLengthException, EOFError, struct.error, zlib.error, ValueError, KeyError, TypeError, AttributeError,
    NotImplementedError, IndexError, ArithmeticError, RecursionError, MemoryError, AssertionError,
)  # fmt: skip


def read_folder(folder: Path, progress: Progress) -> tuple[list[Frame], list[LostFile]]:
    """Every MR image below ``folder`` as frames, and what could not be read; files that are not DICOM are skipped.

    Raises
    ------
    MarrowQuantError
        If the folder is missing, empty or without MR images, or nothing in it can be read.
    """
    if folder.is_file():
        raise MarrowQuantError("{folder} is a file; give the folder with the DICOM files of an exam.", folder=folder.name)
    if not folder.is_dir():
        raise MarrowQuantError("The folder {folder} does not exist; give a folder with the DICOM files of an exam.", folder=folder.name)
    files, closed = _files_below(folder)
    if not files and not closed:
        raise MarrowQuantError("The folder {folder} is empty; give a folder with the DICOM files of an exam.", folder=folder.name)
    frames, lost = read_files(files, progress, folder)
    if not frames and not lost + closed:
        raise MarrowQuantError(
            "There is no MR image in the folder {folder}; give a folder with the DICOM files of an exam.",
            folder=folder.name,
        )
    if not frames:
        raise (lost + closed)[0].error
    return frames, lost + closed


def _files_below(folder: Path) -> tuple[list[Path], list[LostFile]]:
    """All files in it, in order, and the folders that may not be looked into."""
    closed: list[LostFile] = []

    def note(error: OSError) -> None:
        path = Path(error.filename or folder)
        name = path.relative_to(folder).as_posix() if path != folder else folder.name
        why = MarrowQuantError("The folder {name} cannot be read ({strerror}); check its permissions.", name=name, strerror=error.strerror)
        closed.append(LostFile(path, why))

    found = [Path(parent, name) for parent, _, names in os.walk(folder, onerror=note) for name in names]
    return sorted(path for path in found if path.is_file() or path.is_symlink()), closed


def read_files(files: Sequence[Path], progress: Progress, folder: Optional[Path] = None) -> tuple[list[Frame], list[LostFile]]:
    """Every MR image in ``files`` as frames, and the files that could not be read.

    An image whose header is whole and whose pixels are not is a frame with a problem. Sentences name a file relative to ``folder``, or by
    its name alone.
    """
    frames: list[Frame] = []
    lost: list[LostFile] = []
    with quiet_pydicom():
        for n, path in enumerate(files):
            if n % 50 == 0:
                progress(n / len(files), f"Reading headers, {n} of {len(files)} files")
            found = _read_file(path, path.relative_to(folder).as_posix() if folder else path.name)
            if isinstance(found, LostFile):
                lost.append(found)
            else:
                frames.extend(found)
    progress(1.0, f"{len(files)} files read")
    return frames, lost


def _read_file(path: Path, relative: str) -> Union[list[Frame], LostFile]:
    told: dict[str, str] = {}
    try:
        return _frames_in(path, relative, told)
    except MarrowQuantError as error:
        lost = error
    except gzip.BadGzipFile:
        lost = MarrowQuantError("The file {relative} is not a whole gzip file; export or copy it again.", relative=relative)
    except DAMAGE:
        lost = MarrowQuantError("The DICOM file {relative} is damaged or cut short; export or copy it again.", relative=relative)
    except OSError as error:
        lost = MarrowQuantError(
            "The file {relative} cannot be read ({strerror}); check the file and its permissions.",
            relative=relative, strerror=error.strerror,
        )  # fmt: skip
    return LostFile(path, lost, told.get("series_uid", ""))


def _frames_in(path: Path, relative: str, told: dict[str, str]) -> list[Frame]:
    """The images of a file, none if it is no MR image; ``told`` gets the UID of its series as soon as that is read."""
    with open_file(path) as file:
        if not is_dicom(file.read(132), path):
            return []
        file.seek(0)
        head = in_memory(file)
        dataset = pydicom.dcmread(BoundedReader(head), stop_before_pixels=True, force=True)
        file.seek(head.tell())
        top = el.Elements((el.Level.of(dataset),))
        sop_class = str(dataset.file_meta.get("MediaStorageSOPClassUID", "")) or top.text(0x00080016)
        if not sop_class:
            raise EOFError
        if sop_class not in READ_CLASSES or top.text(el.MANUFACTURER) == OWN_MANUFACTURER:
            return []
        told["series_uid"] = top.text(0x0020000E)
        store = _empty_store(top, str(dataset.file_meta.get("TransferSyntaxUID", "")) or UNCOMPRESSED[0], path, relative)
        try:
            return list(_frames(top, _locate_pixels(store, file, top), sop_class))
        except MarrowQuantError as error:
            frames = list(_frames(top, store, sop_class)) if store.n_frames == 1 else []
            if not frames or not all(has_place(frame) for frame in frames):
                raise
            return [replace(frame, problem=finding("unusable.error", error=error)) for frame in frames]


def _empty_store(top: el.Elements, syntax: str, path: Path, relative: str) -> PixelStore:
    return PixelStore(
        path=path,
        relative=relative,
        offset=None,
        dtype="",
        rows=int(top.number(0x00280010) or 0),
        columns=int(top.number(0x00280011) or 0),
        n_frames=int(top.number(0x00280008) or 1),
        samples=int(top.number(0x00280002) or 1),
        transfer_syntax=syntax,
    )


def _locate_pixels(store: PixelStore, file: BinaryIO, top: el.Elements) -> PixelStore:
    """Where the pixels are; a file that holds fewer bytes than its header promises is refused here, without reading any."""
    syntax, relative = store.transfer_syntax, store.relative
    unpacked = isinstance(file, io.BytesIO)
    store = replace(store, unpacked=unpacked)
    order = ">" if syntax == BIG_ENDIAN else "<"
    header = file.read(12)
    kind = PIXEL_TAGS.get(struct.unpack_from(order + "HH", header)) if len(header) == 12 else None
    store = replace(store, **_bits(top)) if kind == "int" and store.samples == 1 else store
    if kind is None or min(store.rows, store.columns, store.n_frames, store.samples) < 1:
        raise MarrowQuantError("The DICOM file {relative} is cut short before its pixels; export or copy it again.", relative=relative)
    n_values = store.rows * store.columns * store.samples * store.n_frames
    type_code = _type_code(top, kind)
    swapped = order == ">" and type_code[1:] == "1" and header[4:6] == b"OW"  # bytes of one word are exchanged (PS3.5 Annex D)
    raw = syntax in UNCOMPRESSED and store.samples == 1 and bool(type_code) and not swapped
    if n_values > MAX_FILE_VALUES and (unpacked or not raw):
        raise MarrowQuantError(
            "The DICOM file {relative} says that it holds {n_values:.0f} million values, too many to unpack; its header may be damaged: "
            "export it again, uncompressed if it is right.",
            relative=relative, n_values=n_values / 1e6,
        )
    if header[4:6] in (b"OB", b"OW") and header[8:] == UNDEFINED_LENGTH and not has_whole_fragments(file):
        raise MarrowQuantError(
            "The DICOM file {relative} is cut short inside its compressed pixels; export or copy it again.",
            relative=relative,
        )
    if not raw:
        return store
    explicit = header[4:6] in (b"OW", b"OB", b"OF", b"OD")  # as a length these bytes would be odd, which is forbidden
    dtype = np.dtype(order + type_code)
    offset = file.tell() if explicit else file.tell() - 4
    if file.seek(0, os.SEEK_END) - offset < n_values * dtype.itemsize:
        raise MarrowQuantError(
            "The DICOM file {relative} is cut short: fewer pixels than its header says; export or copy it again.",
            relative=relative,
        )
    return store if unpacked else replace(store, offset=offset, dtype=dtype.str)


def _bits(top: el.Elements) -> dict[str, Any]:
    """Which bits of a stored pixel are its value; where the header contradicts itself, ``bits_stored`` is -1."""
    allocated = int(top.number(0x00280100) or 16)
    stored = int(top.number(0x00280101) or allocated)
    high = top.number(0x00280102)
    high_bit = stored - 1 if high is None or stored == allocated else int(high)
    possible = 1 <= stored <= high_bit + 1 <= allocated
    return {"bits_stored": stored if possible else -1, "high_bit": high_bit, "signed": top.number(0x00280103) == 1}


def _type_code(top: el.Elements, kind: str) -> str:
    """NumPy's code of one stored pixel, or "" for pixels that are not whole bytes."""
    if kind != "int":
        return {"float32": "f4", "float64": "f8"}[kind]
    bits = int(top.number(0x00280100) or 16)
    return f"u{bits // 8}" if bits in (8, 16, 32) else ""  # signed only once the bits that are no value are gone


def _frames(top: el.Elements, store: PixelStore, sop_class: str) -> Iterator[Frame]:
    """The frames of one file: one of a classic image, several of a multi-frame object or a mosaic."""
    about_file = {"pixels": store, "sop_class": sop_class, "rows": store.rows, "columns": store.columns, **identify(top)}
    per_frame = top.value(el.PER_FRAME_GROUPS) or ()
    if not per_frame:
        described = {**about_file, **_described(top, store)}
        for index, place in enumerate(mosaic_tiles(top, store.rows, store.columns) or [{}] * store.n_frames):
            yield Frame(**{"index": 0 if place else index, **described, **place})
        return
    if len(per_frame) != store.n_frames:
        raise ValueError("as many frame headers as frames are needed")
    shared = el.flatten_group(next(iter(top.value(el.SHARED_GROUPS) or ()), None))
    own = [el.flatten_group(group) for group in per_frame]
    # a macro stands in one of both (PS3.3 C.7.6.16): where a part of the frames has its own scale, the others lost theirs
    lost_if_absent = {tag for tag in el.SCALES if any(tag in group for group in own)}
    shared = el.Level({tag: held for tag, held in shared.items() if tag not in lost_if_absent})
    general = top.without(lost_if_absent)
    for index, group in enumerate(own):
        yield Frame(index=index, **about_file, **_described(general.with_levels(group, shared), store))


def _described(source: el.Elements, store: PixelStore) -> dict[str, Any]:
    return {**describe(source), "findings": remarks_of(source, store.transfer_syntax)}
