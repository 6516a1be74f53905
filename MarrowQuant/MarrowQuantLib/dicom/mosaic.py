"""Siemens mosaics: all slices of a volume tiled into one image.

The layout (a square grid of ``ceil(sqrt(n))`` tiles in reading order, a header position that is that of the whole tiled image as if it
lay centred on the first slice) and the CSA header's layout are described in the documentation of NiBabel ("Siemens mosaic", "CSA header").
"""

from __future__ import annotations

import math
import struct
from typing import Any, Optional

import numpy as np

from .elements import Elements

N_IMAGES, CSA_IMAGE_HEADER = 0x0019100A, 0x00291010
POSITION, ORIENTATION, PIXEL_SPACING, SLICE_STEP = 0x00200032, 0x00200037, 0x00280030, 0x00180088


def mosaic_tiles(source: Elements, rows: int, columns: int) -> list[dict[str, Any]]:
    """Place of every slice of a mosaic, or an empty list if the image is none.

    Parameters
    ----------
    source : Elements
        Attributes of the tiled image.
    rows, columns : int
        Size of the tiled image.

    Returns
    -------
    list of dict
        ``tile`` (row and column of the slice's first pixel), ``rows``, ``columns`` and ``position`` (LPS, mm; None where the header does
        not allow to know it, so that the volume is refused later with a reason).
    """
    n_images = int(source.number(N_IMAGES) or 0)
    if "MOSAIC" not in source.texts(0x00080008) or n_images < 1:
        return []
    grid = math.ceil(math.sqrt(n_images))
    tile_rows, tile_columns = rows // grid, columns // grid
    first, step = _first_position_and_step(source, rows - tile_rows, columns - tile_columns)
    return [
        {
            "tile": (n // grid * tile_rows, n % grid * tile_columns),
            "rows": tile_rows,
            "columns": tile_columns,
            "position": None if first is None else first + n * step,
        }
        for n in range(n_images)
    ]


def _first_position_and_step(source: Elements, extra_rows: int, extra_columns: int) -> tuple[Optional[np.ndarray], np.ndarray]:
    position, orientation = source.numbers(POSITION), source.numbers(ORIENTATION)
    spacing, step = source.numbers(PIXEL_SPACING), source.number(SLICE_STEP)
    normal = _csa_vector(source.value(CSA_IMAGE_HEADER), "SliceNormalVector")
    if len(position) != 3 or len(orientation) != 6 or len(spacing) != 2 or not step or normal is None:
        return None, np.zeros(3)
    along_row, along_column = np.array(orientation[:3]), np.array(orientation[3:])
    first = np.array(position) + along_row * spacing[1] * extra_columns / 2 + along_column * spacing[0] * extra_rows / 2
    return first, normal * abs(step)


def _csa_vector(header: Any, name: str) -> Optional[np.ndarray]:
    """A three-component entry of a CSA header of the form SV10, or None."""
    if not isinstance(header, bytes) or not header.startswith(b"SV10"):
        return None
    try:
        (n_tags,) = struct.unpack_from("<I", header, 8)
        at = 16
        for _ in range(n_tags):
            tag_name = header[at : at + 64].split(b"\0", 1)[0].decode("ascii", "ignore")
            (n_items,) = struct.unpack_from("<i", header, at + 76)
            at += 84
            items = []
            for _ in range(n_items):
                (length,) = struct.unpack_from("<i", header, at + 4)
                items.append(header[at + 16 : at + 16 + length].split(b"\0", 1)[0])
                at += 16 + (length + 3) // 4 * 4
            if tag_name == name:
                values = [float(item) for item in items if item.strip()]
                return np.array(values[:3]) if len(values) >= 3 else None
    except (struct.error, ValueError):
        return None
    return None
