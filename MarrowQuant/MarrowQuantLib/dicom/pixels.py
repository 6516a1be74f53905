"""Pixels of frames, read only when asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pydicom

from ..model import MarrowQuantError
from .files import BoundedReader, open_file, quiet_pydicom
from .frame import Frame, PixelStore
from .headers import DAMAGE

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
        stored.append(image)
    return np.stack(stored)


def _read_raw(frame: Frame) -> np.ndarray:
    store = frame.pixels
    size = store.rows * store.columns
    dtype = np.dtype(store.dtype)
    try:
        flat = np.fromfile(store.path, dtype, size, offset=store.offset + frame.index * size * dtype.itemsize)
    except OSError as error:
        raise MarrowQuantError(
            "The file {relative} cannot be read any more ({strerror}); was the folder moved?",
            relative=store.relative, strerror=error.strerror,
        ) from error
    if flat.size != size:
        raise MarrowQuantError("The DICOM file {relative} is cut short; export or copy it again.", relative=store.relative)
    return flat.reshape(store.rows, store.columns)


def _decode(store: PixelStore) -> np.ndarray:
    """All frames of a compressed or deflated file, through the decoders that pydicom finds."""
    with quiet_pydicom():
        try:
            with open_file(store.path) as file:
                pixels = pydicom.dcmread(BoundedReader(file), force=True).pixel_array
            return pixels.reshape(store.n_frames, store.rows, store.columns)
        except (*DAMAGE, RuntimeError, StopIteration, ImportError, OSError) as error:
            name = pydicom.uid.UID(store.transfer_syntax).name
            raise MarrowQuantError(
                "The pixels of {relative} cannot be decoded ({name}): the file is damaged or no decoder is installed; export the series "
                "again as uncompressed DICOM, or install pylibjpeg with its plug-ins.",
                relative=store.relative, name=name,
            ) from error
