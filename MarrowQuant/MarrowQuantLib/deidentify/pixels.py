"""Pixel bytes and nothing else: compressed ones are decoded, unused bits cleared, what lies behind the last pixel cut off.

A codestream has many places for text (comments, application segments, boxes, bytes behind its end or between fragments), and each format
has others. So no codestream is passed on: its pixels are decoded without loss and written uncompressed, and with the stream goes all else.
"""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from ..dicom.decode import decoded
from ..dicom.headers import DAMAGE, MAX_FILE_VALUES
from ..dicom.syntaxes import ALWAYS_LOSSY, BIG_ENDIAN, RLE, UNCOMPRESSED
from ..model import MarrowQuantError

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
PIXEL_NAMES = {"PixelData": "", "FloatPixelData": "<f4", "DoubleFloatPixelData": "<f8"}
LAYOUT = ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")


class UnsafePixels(MarrowQuantError):
    """Pixels that cannot be shown to be pixels only; the sentence says why."""


def clean_pixels(dataset: Dataset, syntax: str) -> str:
    """Clean the pixel element of a data set in place; the values of the pixels stay what they are, bit by bit.

    Parameters
    ----------
    dataset : Dataset
    syntax : str
        Transfer syntax that the data set came in.

    Returns
    -------
    str
        Transfer syntax to write it in, uncompressed and little endian.

    Raises
    ------
    UnsafePixels
        If there are fewer bytes than pixels, or the stream cannot be decoded, or the layout is not handled.
    """
    names = [name for name in PIXEL_NAMES if name in dataset]
    if len(names) != 1:
        raise UnsafePixels("it has pixels of several types")
    for offsets in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if offsets in dataset:
            del dataset[offsets]
    (name,) = names
    if PIXEL_NAMES[name]:
        _write(dataset, name, _floats(dataset[name].value, _count(dataset), PIXEL_NAMES[name], syntax), "OF" if name[0] == "F" else "OD")
    else:
        pixels = _uncompressed(dataset, syntax) if syntax in UNCOMPRESSED else _decoded(dataset, syntax)
        _write(dataset, name, _bits(pixels, dataset), "OW" if syntax == IMPLICIT or dataset.BitsAllocated > 8 else "OB")
    return IMPLICIT if syntax == IMPLICIT else EXPLICIT


def _write(dataset: Dataset, name: str, pixels: bytes, vr: str) -> None:
    element = dataset[name]
    element.VR, element.value, element.is_undefined_length = vr, pixels + b"\0" * (len(pixels) % 2), False


def _count(dataset: Dataset) -> int:
    count = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel") or 1) * int(dataset.get("NumberOfFrames") or 1)
    if not 0 < count <= 4 * MAX_FILE_VALUES:
        raise UnsafePixels("an impossible number of pixels")
    return count


def _floats(raw: bytes, count: int, kind: str, syntax: str) -> bytes:
    """Floating-point pixels; what is no number gets one and the same form, because its bits could hold a text (IEEE 754, 6.2.1)."""
    if syntax not in UNCOMPRESSED or len(raw) < count * np.dtype(kind).itemsize:
        raise UnsafePixels("cut short: fewer pixels than its header says")
    values = np.frombuffer(raw, kind.replace("<", ">") if syntax == BIG_ENDIAN else kind, count).astype(kind)
    values[np.isnan(values)] = np.nan
    return values.tobytes()


def _uncompressed(dataset: Dataset, syntax: str) -> np.ndarray:
    """The stored words in the order of little endian."""
    bits, count = int(dataset.BitsAllocated), _count(dataset)
    raw = dataset.PixelData
    if bits == 1:
        if syntax == BIG_ENDIAN:
            raise UnsafePixels("its pixels lie in a form that is not handled")
        packed = np.frombuffer(_enough(raw, (count + 7) // 8), np.uint8).copy()
        packed[-1] &= (1 << ((count - 1) % 8 + 1)) - 1
        return packed
    if bits not in (8, 16, 32):
        raise UnsafePixels("its pixels lie in a form that is not handled")
    size = bits // 8
    if syntax == BIG_ENDIAN and size == 1 and dataset["PixelData"].VR == "OW":  # the bytes of a word are exchanged (PS3.5 Annex D)
        words = np.frombuffer(_enough(raw, count + count % 2), np.uint8)
        return words.reshape(-1, 2)[:, ::-1].ravel()[:count]
    order = ">" if syntax == BIG_ENDIAN else "<"
    return np.frombuffer(_enough(raw, count * size), f"{order}u{size}", count).astype(f"<u{size}")


def _enough(raw: bytes, size: int) -> bytes:
    if len(raw) < size:
        raise UnsafePixels("cut short: fewer pixels than its header says")
    return raw[:size]


def _decoded(dataset: Dataset, syntax: str) -> np.ndarray:
    """The pixels of a codestream as words of the allocated size."""
    layout = {name: dataset[name].value for name in LAYOUT}
    size = int(dataset.BitsAllocated) // 8
    if size not in (1, 2, 4):
        raise UnsafePixels("its pixels lie in a form that is not handled")
    try:
        pixels = np.ascontiguousarray(decoded(dataset, syntax))
    except (*DAMAGE, RuntimeError, StopIteration, ImportError, OSError):
        raise UnsafePixels("its compressed pixels are damaged, or no decoder for them is installed") from None
    for name, value in layout.items():
        dataset[name].value = value
    if pixels.size != _count(dataset) or pixels.dtype.kind not in "iu":
        raise UnsafePixels("its compressed pixels do not fit its header")
    if syntax != RLE:
        dataset.HighBit = int(dataset.BitsStored) - 1  # in a codestream the value begins at the lowest bit, whatever the header says
    if syntax in ALWAYS_LOSSY:
        dataset.LossyImageCompression = "01"
    return pixels.astype(f"<{pixels.dtype.kind}{size}").ravel().view(f"<u{size}")


def _bits(pixels: np.ndarray, dataset: Dataset) -> bytes:
    """The words with nothing in the bits that are no part of the value (PS3.5 8.1.1): zeros, or above a signed value its sign."""
    allocated, stored, high = (int(dataset.get(name) or 0) for name in ("BitsAllocated", "BitsStored", "HighBit"))
    if allocated == 1:
        return pixels.tobytes()
    if not 0 < stored <= high + 1 <= allocated:
        raise UnsafePixels("its pixels have an impossible number of bits")
    low = high + 1 - stored
    kind = "i" if int(dataset.get("PixelRepresentation") or 0) else "u"
    size = allocated // 8
    value = (pixels << (allocated - 1 - high)).view(f"<{kind}{size}") >> (allocated - stored)
    return (value << low).astype(f"<{kind}{size}").tobytes()
