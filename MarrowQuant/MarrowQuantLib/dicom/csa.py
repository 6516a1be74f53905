"""Siemens' CSA header: the private element (0029,1010) that holds named values in a format of its own.

The layout (magic ``SV10``, number of tags, then for each tag a name of 64 bytes, its number of items, and the items, padded to four
bytes) is the one described in the documentation of NiBabel ("CSA header"). The older form without the magic is not read.
"""

from __future__ import annotations

import struct
from typing import Any

FIRST_TAG, TAG_SIZE, NAME_SIZE, N_ITEMS_AT, ITEM_HEAD = 16, 84, 64, 76, 16


def csa_numbers(header: Any, name: str) -> tuple[float, ...]:
    """Numbers of one entry of a CSA header.

    Parameters
    ----------
    header : bytes
        Value of (0029,1010); anything else has no entries.
    name : str
        Such as ``B_value`` or ``SliceNormalVector``.

    Returns
    -------
    tuple of float
        Empty if the entry is absent, empty or damaged.
    """
    if not isinstance(header, bytes) or not header.startswith(b"SV10"):
        return ()
    try:
        return tuple(float(item) for item in _items(header, name.encode("ascii")) if item.strip())
    except (struct.error, ValueError):
        return ()


def _items(header: bytes, wanted: bytes) -> list[bytes]:
    (n_tags,) = struct.unpack_from("<I", header, 8)
    at = FIRST_TAG
    for _ in range(n_tags):
        name = header[at : at + NAME_SIZE].split(b"\0", 1)[0]
        (n_items,) = struct.unpack_from("<i", header, at + N_ITEMS_AT)
        at += TAG_SIZE
        items = []
        for _ in range(n_items):
            (length,) = struct.unpack_from("<i", header, at + 4)
            if length < 0:  # would lead backwards, and round in circles
                raise ValueError("an item of negative length")
            items.append(header[at + ITEM_HEAD : at + ITEM_HEAD + length].split(b"\0", 1)[0])
            at += ITEM_HEAD + (length + 3) // 4 * 4
        if name == wanted:
            return items
    return []
