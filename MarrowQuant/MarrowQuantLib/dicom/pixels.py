"""Pixels of frames, read only when asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pydicom

from ..model import MarrowQuantError, certain
from .decode import decoded
from .files import BoundedReader, open_file, quiet_pydicom
from .frame import Frame, PixelStore
from .headers import DAMAGE
from .syntaxes import BIG_ENDIAN, DECODABLE, RLE, UNCOMPRESSED

MAX_VOLUME_VALUES = 1 << 28  # our choice: 1024 slices of 512 × 512, which take 1 GB as float32


def read_frames(frames: Sequence[Frame]) -> np.ndarray:
    """Stored values of frames of one size, before any scaling.

    Returns
    -------
    ndarray, shape (frame, row, column)

    Raises
    ------
    MarrowQuantError
        If a file cannot be read or decoded any more.
    """
    n_values = sum(frame.rows * frame.columns for frame in frames)
    if n_values > MAX_VOLUME_VALUES:
        raise MarrowQuantError(
            "The volume that {relative} belongs to has {n_values:.0f} million voxels, too many for the memory; is its header damaged?",
            relative=frames[0].pixels.relative, n_values=n_values / 1e6,
        )
    decoded: dict[str, np.ndarray] = {}
    stored = []
    for frame in frames:
        store = frame.pixels
        if store.samples != 1:
            raise MarrowQuantError(
                "The file {relative} is a colour picture and cannot be measured; choose another series.",
                relative=store.relative,
            )
        if store.offset is None and store.relative not in decoded:
            decoded = {store.relative: _decode(store)}  # one file at a time, so that memory holds one decoded file
        image = decoded[store.relative][frame.index] if store.offset is None else _read_raw(frame)
        if frame.tile is not None:
            top, left = frame.tile
            image = image[top : top + frame.rows, left : left + frame.columns]
        stored.append(value_of_bits(image, store))
    return np.stack(stored)


def value_of_bits(pixels: np.ndarray, store: PixelStore) -> np.ndarray:
    """What the stored bits say (PS3.5 8.1.1): Bits Stored of them, the highest being High Bit, which is the sign of signed values.

    The other bits are no part of the value: overlays of old, or what a router left there.

    Parameters
    ----------
    pixels : ndarray
        As they lie in the file, or as a decoder gives them; floating point passes through.
    store : PixelStore
    """
    if pixels.dtype.kind == "f" or not store.bits_stored:
        return pixels
    pixels = pixels if pixels.dtype.isnative else pixels.astype(pixels.dtype.newbyteorder("="))
    size = pixels.dtype.itemsize
    # in a JPEG codestream the value begins at the lowest bit; run lengths pack the pixels as they would lie in the file
    high_bit = store.high_bit if store.transfer_syntax in (*UNCOMPRESSED, RLE) else store.bits_stored - 1
    above, unused = 8 * size - 1 - high_bit, 8 * size - store.bits_stored
    if unused <= 0:
        return pixels.view(f"{'i' if store.signed else 'u'}{size}")
    return (pixels.view(f"u{size}") << above).view(f"{'i' if store.signed else 'u'}{size}") >> unused


def _read_raw(frame: Frame) -> np.ndarray:
    store = frame.pixels
    size = store.rows * store.columns
    dtype = np.dtype(store.dtype)
    try:
        flat = np.fromfile(store.path, dtype, size, offset=certain(store.offset) + frame.index * size * dtype.itemsize)
    except OSError as error:
        raise MarrowQuantError(
            "The file {relative} cannot be read any more ({strerror}); was the folder moved?",
            relative=store.relative, strerror=error.strerror,
        ) from error
    if flat.size != size:
        raise MarrowQuantError("The DICOM file {relative} is cut short; export or copy it again.", relative=store.relative)
    return flat.reshape(store.rows, store.columns)


def _decode(store: PixelStore) -> np.ndarray:
    """All frames of a file that cannot be read in place: compressed, deflated, packed."""
    with quiet_pydicom():
        try:
            with open_file(store.path) as file:
                dataset = pydicom.dcmread(BoundedReader(file), force=True)
            pixels = _unpacked(dataset, store) if store.transfer_syntax in UNCOMPRESSED else decoded(dataset, store.transfer_syntax)
            return pixels.reshape(store.n_frames, store.rows, store.columns)
        except (*DAMAGE, RuntimeError, StopIteration, ImportError, OSError) as error:
            name = pydicom.uid.UID(store.transfer_syntax).name
            if store.transfer_syntax in (*DECODABLE, *UNCOMPRESSED):
                raise MarrowQuantError(
                    "The pixels of {file} cannot be decoded ({syntax}): the file is damaged; export or copy it again.",
                    file=store.relative, syntax=name,
                ) from error  # fmt: skip
            raise MarrowQuantError(
                "The pixels of {file} cannot be decoded: no installed decoder reads {syntax}; export the series again, uncompressed.",
                file=store.relative, syntax=name,
            ) from error  # fmt: skip


def _unpacked(dataset: pydicom.Dataset, store: PixelStore) -> np.ndarray:
    """Uncompressed pixels of a file in memory, with every bit as it is stored."""
    if store.bits_stored == 0:
        return dataset.pixel_array
    size = int(dataset.get("BitsAllocated", 16)) // 8
    order = ">" if store.transfer_syntax == BIG_ENDIAN else "<"
    pixels = np.frombuffer(dataset.PixelData, np.uint8)
    if order == ">" and size == 1 and dataset["PixelData"].VR == "OW":
        pixels = pixels.reshape(-1, 2)[:, ::-1].ravel()  # the two bytes of a word are exchanged (PS3.5 Annex D)
    n_bytes = store.n_frames * store.rows * store.columns * size
    return pixels[:n_bytes].view(f"{order}u{size}").astype(f"=u{size}")
