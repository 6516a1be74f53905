"""Pixel bytes: nothing after the last pixel, no overlay in their unused bits, no comment in a compressed stream."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from ..dicom.headers import BIG_ENDIAN, UNCOMPRESSED
from ..model import MarrowQuantError

FLOATS = {"FloatPixelData": 4, "DoubleFloatPixelData": 8}
OVERLAY_INSIDE = "an overlay is kept inside its pixels in a form that is not handled"
JPEG_START, JPEG_2000_START = b"\xff\xd8", b"\xff\x4f"
JPEG_SCAN, JPEG_2000_TILE = 0xDA, 0x90
JPEG_COMMENT, JPEG_2000_COMMENT = 0xFE, 0x64
JPEG_APPLICATION = range(0xE0, 0xF0)


class UnsafePixels(MarrowQuantError):
    """Pixels that cannot be shown to be pixels only; the sentence says why."""


def clean_pixels(dataset: Dataset, syntax: str) -> None:
    """Clean the pixel element of a data set with the transfer syntax ``syntax`` in place. Pixel values stay what they are, bit by bit.

    Raises
    ------
    UnsafePixels
        If there are fewer bytes than pixels, or a compressed stream cannot be followed.
    """
    if syntax not in UNCOMPRESSED:
        _clean_stream(dataset)
        return
    name, size = next(((name, size) for name, size in FLOATS.items() if name in dataset), ("PixelData", 0))
    size = size or dataset.BitsAllocated / 8
    shape = dataset.Rows * dataset.Columns * int(dataset.get("SamplesPerPixel") or 1) * int(dataset.get("NumberOfFrames") or 1)
    expected = int(np.ceil(shape * size))
    pixels = dataset[name].value
    if len(pixels) < expected:
        raise UnsafePixels("cut short: fewer pixels than its header says")
    pixels = pixels[:expected] + b"\0" * (expected % 2)
    if name == "PixelData" and _has_embedded_overlay(dataset):
        if syntax == BIG_ENDIAN:
            raise UnsafePixels(OVERLAY_INSIDE)
        pixels = _without_high_bits(pixels, dataset)
    dataset[name].value = pixels


def _has_embedded_overlay(dataset: Dataset) -> bool:
    """An overlay kept in bits of the pixels (PS3.5 8.1.2, retired): Overlay Bits Allocated as the pixels', no data of its own."""
    groups = range(0x6000, 0x6020, 2)
    return any((group, 0x0010) in dataset and (group, 0x3000) not in dataset for group in groups)


def _without_high_bits(pixels: bytes, dataset: Dataset) -> bytes:
    if dataset.BitsAllocated != 16 or dataset.PixelRepresentation != 0 or dataset.HighBit != dataset.BitsStored - 1:
        raise UnsafePixels(OVERLAY_INSIDE)
    return (np.frombuffer(pixels, "<u2") & np.uint16((1 << dataset.BitsStored) - 1)).tobytes()


def _clean_stream(dataset: Dataset) -> None:
    fragments = _fragments(dataset.PixelData)
    cleaned = [_without_comments(fragment) for fragment in fragments]
    if cleaned == fragments:
        return
    if len(fragments) != int(dataset.get("NumberOfFrames") or 1):
        raise UnsafePixels("its compressed pixels hold comments and are in pieces that do not match its frames")
    dataset.PixelData = encapsulate(cleaned)
    for offsets in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if offsets in dataset:
            del dataset[offsets]


def _fragments(data: bytes) -> list[bytes]:
    """Items of encapsulated pixel data after the offset table (PS3.5 A.4)."""
    found, at = [], 0
    while data[at : at + 4] == b"\xfe\xff\x00\xe0":
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            raise UnsafePixels("cut short: its compressed pixels end early")
        found.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    return found[1:]


def _without_comments(stream: bytes) -> bytes:
    """A JPEG, JPEG-LS or JPEG 2000 stream without comment and application segments; what is none of these stays.

    Only the segments before the first scan or tile are looked at (ISO/IEC 10918-1 B.1.1, ISO/IEC 15444-1 A.1): in the coded data text
    has no place.
    """
    if stream[:2] == JPEG_START:
        stop, unwanted = JPEG_SCAN, (JPEG_COMMENT, *JPEG_APPLICATION)
    elif stream[:2] == JPEG_2000_START:
        stop, unwanted = JPEG_2000_TILE, (JPEG_2000_COMMENT,)
    else:
        return stream
    kept, at = stream[:2], 2
    while at + 4 <= len(stream) and stream[at + 1] != stop:
        length = 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if stream[at] != 0xFF or at + length > len(stream):
            raise UnsafePixels("its compressed pixels are damaged")
        kept += b"" if stream[at + 1] in unwanted else stream[at : at + length]
        at += length
    return kept + stream[at:]
