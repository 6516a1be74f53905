"""Opening files that may be packed, damaged or hostile: what reading one can cost in time and memory is bounded here.

All limits are our choice, far above what a scanner writes.
"""

from __future__ import annotations

import gzip
import io
import logging
import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pydicom

DEFLATED, EXPLICIT = b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.1"
GZIP_MARK, MAGIC = b"\x1f\x8b", b"DICM"
META_SIZE = 1 << 12  # holds the transfer syntax
SMALL_FILE_BYTES = 1 << 18  # one slice
MAX_FILE_BYTES = 1 << 28  # of a packed file, unpacked, and of what is read of any file's header
ITEM, END_OF_ITEMS = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"  # PS3.5 7.5
MAX_FRAGMENTS = 100_000
MAX_READS = 500_000  # a header takes two reads an element
EMPTY_ELEMENT, MAX_EMPTY = bytes(8), 100  # zeros look like millions of empty elements, one read each


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """No remarks on odd but readable values, which are of no use to the reader, nor log entries, which name paths."""
    logger = logging.getLogger("pydicom")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # the loggers below it inherit that
    try:
        with warnings.catch_warnings(), pydicom.config.disable_value_validation():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


class BoundedReader:
    """A file that gives up after ``MAX_READS`` reads, ``max_bytes`` bytes, or ``MAX_EMPTY`` empty elements in a row.

    Raises
    ------
    ValueError
        From :meth:`read`, when it gives up.
    """

    def __init__(self, file: BinaryIO, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._file = file
        self._reads, self._bytes, self._empty = MAX_READS, max_bytes, 0
        self.tell, self.seek = file.tell, file.seek

    def read(self, size: int = -1) -> bytes:
        """Read up to ``size`` bytes, or raise when the file gives more than it holds."""
        data = self._file.read(size if 0 <= size <= self._bytes else self._bytes + 1)
        self._reads -= 1
        self._bytes -= len(data)
        self._empty = self._empty + 1 if data == EMPTY_ELEMENT else 0
        if self._reads < 0 or self._bytes < 0 or self._empty > MAX_EMPTY:
            raise ValueError("more than a header holds")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def in_memory(file: BinaryIO) -> BinaryIO:
    """A small file's bytes, for the hundreds of small reads that its header takes; a larger file itself, at its beginning."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return io.BytesIO(file.read()) if size <= SMALL_FILE_BYTES else file


def open_file(path: Path) -> BinaryIO:
    """A file for reading. One packed by gzip, and one whose data set is deflated, is unpacked into memory if it holds DICOM.

    Raises
    ------
    ValueError
        If it unpacks to more than ``MAX_FILE_BYTES``, or ends early.
    """
    file: BinaryIO = path.open("rb")
    head = file.read(META_SIZE)
    if head.startswith(GZIP_MARK):
        file = _unzipped(file, path)
        head = file.read(META_SIZE)
    file.seek(0)
    return _inflated(file, head) if head[128:132] == MAGIC and DEFLATED in head else file


def _unzipped(file: BinaryIO, path: Path) -> BinaryIO:
    file.seek(0)
    with file, gzip.open(file) as unpacked:
        head = unpacked.read(132)
        data = head + unpacked.read(MAX_FILE_BYTES) if is_dicom(head, path) else head
    if len(data) > MAX_FILE_BYTES:
        raise ValueError("a file too large for memory")
    return io.BytesIO(data)


def _inflated(file: BinaryIO, head: bytes) -> BinaryIO:
    """The same file with Explicit VR Little Endian (PS3.5 A.5): what unpacks to very much, or to millions of elements, is seen here."""
    if head[132:138] != b"\x02\0\0\0UL":
        raise ValueError("no length of the file meta information")
    (meta_length,) = struct.unpack_from("<I", head, 140)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    with file:
        meta = file.read(144 + meta_length)  # PS3.10 7.1: preamble, magic, group length, and as many bytes as that says
        data = inflater.decompress(file.read(MAX_FILE_BYTES), MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES or not inflater.eof:
        raise ValueError("a data set too large for memory, or cut short")
    return io.BytesIO(meta.replace(DEFLATED, EXPLICIT.ljust(len(DEFLATED), b"\0"), 1) + data)


def is_dicom(head: bytes, path: Path) -> bool:
    """True for a file with DICOM's magic, for one that begins with a data set of group 0008, and for a short stub named .dcm.

    Parameters
    ----------
    head : bytes
        The first 132 bytes, or fewer if the file is shorter.
    path : Path
    """
    if head[128:] == MAGIC:
        return True
    if len(head) < 132:
        return path.suffix.lower() == ".dcm"
    group, element = struct.unpack_from("<HH", head)
    return group == 0x0008 and element in (0x0000, 0x0005, 0x0008, 0x0012, 0x0016)


def has_whole_fragments(file: BinaryIO) -> bool:
    """True if the file holds every fragment of its compressed pixels and their end mark, told from the lengths alone (PS3.5 A.4).

    Parameters
    ----------
    file : binary file
        At the first item, the table of offsets; afterwards anywhere.

    Raises
    ------
    ValueError
        If there is something else than fragments, or more than ``MAX_FRAGMENTS``.
    """
    start = file.tell()
    size = file.seek(0, os.SEEK_END)
    place = start
    for n_items in range(MAX_FRAGMENTS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return False
        if head[:4] == END_OF_ITEMS:
            return n_items > 1  # beside the table of offsets
        if head[:4] != ITEM:
            raise ValueError("no item of pixels")
        place += 8 + struct.unpack_from("<I", head, 4)[0]
        if place > size:
            return False
    raise ValueError("more fragments than a scanner writes")
