"""All slices of a volume tiled into one image: Siemens' mosaics and UIH's grids.

The layout (a square grid of ``ceil(sqrt(n))`` tiles in reading order, a header position that is that of the whole tiled image as if it
lay centred on the first slice) is described in the documentation of NiBabel ("Siemens mosaic"). UIH's grid has ``ceil(sqrt(n))`` columns
and as many rows as are needed, and gives the position of every slice, as UIH told the authors of dcm2niix (its notes on UIH).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from ..model import finding
from .csa import csa_numbers
from .elements import CSA_IMAGE_HEADER, IMAGE_TYPE, SIEMENS, UIH, Elements, as_numbers

N_IMAGES, ACQUISITION_MATRIX = 0x0019100A, 0x00181310
SEVERAL_TIMES = 3  # our choice: an image so much larger than its acquisition matrix is several images
MATRIX_ROUNDING = 0.1  # our choice: scanners round the size of the image
UIH_N_SLICES, UIH_SLICES = 0x00651050, 0x00651051
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
        One with a ``problem`` if the number of tiles is not told; else ``tile`` (row and column of the slice's first pixel), ``rows``,
        ``columns`` and ``position`` (LPS, mm; None where the header does
        not allow to know it, so that the volume is refused later with a reason).
    """
    words = source.texts(IMAGE_TYPE)
    if "VFRAME" in words or source.value(UIH_SLICES) or (source.number(UIH_N_SLICES) or 0) > 1:
        return _uih_tiles(source, rows, columns)
    said = [source.number(N_IMAGES) or 0, next(iter(csa_numbers(source.value(CSA_IMAGE_HEADER), "NumberOfImagesInMosaic")), 0)]
    if all(said) and said[0] != said[1]:
        return [{"problem": finding("unusable.tiles_contradict", n=said[0], other=said[1])}]
    n_images = int(said[0] or said[1])
    if n_images < 1 and ("MOSAIC" in words or _looks_tiled(source, rows, columns)):
        return [{"problem": finding("unusable.tiles_removed")}]
    if n_images < 1 or (n_images == 1 and "MOSAIC" not in words):
        return []
    grid = math.ceil(math.sqrt(n_images))
    if not _fits(source, rows, columns, grid):
        return [{"problem": finding("unusable.tiles_unfit", n=n_images)}]
    first, step = _first_position_and_step(source, rows - rows // grid, columns - columns // grid)
    count = _at_most(n_images, rows * columns)
    return _tiles([None if first is None else first + n * step for n in range(count)], grid, grid, rows, columns)


def _looks_tiled(source: Elements, rows: int, columns: int) -> bool:
    """True for an image many times as large as what was acquired in either direction, as only tiles are."""
    matrix = [size for size in source.numbers(ACQUISITION_MATRIX) if size > 0]
    return source.vendor in (SIEMENS, UIH) and bool(matrix) and min(rows, columns) >= SEVERAL_TIMES * max(matrix)


def _fits(source: Elements, rows: int, columns: int, grid: int) -> bool:
    """True if the tiles have whole pixels, and are what was acquired, or interpolated by a whole number."""
    if rows % grid or columns % grid:
        return False
    matrix = [size for size in source.numbers(ACQUISITION_MATRIX) if size > 0]
    ratio = max(rows, columns) / grid / max(matrix) if matrix else 1.0
    return abs(ratio - max(round(ratio), 1)) <= MATRIX_ROUNDING


def _uih_tiles(source: Elements, rows: int, columns: int) -> list[dict[str, Any]]:
    items = source.value(UIH_SLICES)
    n_listed = len(items) if isinstance(items, Sequence) else 0
    if not source.number(UIH_N_SLICES) and not n_listed:
        return [{"problem": finding("unusable.grid_removed")}]
    count = _at_most(int(source.number(UIH_N_SLICES) or n_listed), rows * columns)
    positions = [as_numbers(item.get("ImagePositionPatient")) for item in items] if isinstance(items, Sequence) else []
    across = math.ceil(math.sqrt(count))
    known = len(positions) == count and all(len(position) == 3 for position in positions)
    return _tiles([np.array(p) for p in positions] if known else [None] * count, math.ceil(count / across), across, rows, columns)


def _at_most(n_images: int, n_pixels: int) -> int:
    if not 1 <= n_images <= n_pixels:
        raise ValueError("a mosaic has at least one slice, and every slice at least one pixel")
    return n_images


def _tiles(positions: Sequence[Optional[np.ndarray]], down: int, across: int, rows: int, columns: int) -> list[dict[str, Any]]:
    height, width = rows // down, columns // across
    return [
        {"tile": (n // across * height, n % across * width), "rows": height, "columns": width, "position": position}
        for n, position in enumerate(positions)
    ]


def _first_position_and_step(source: Elements, extra_rows: int, extra_columns: int) -> tuple[Optional[np.ndarray], np.ndarray]:
    position, orientation = source.numbers(POSITION), source.numbers(ORIENTATION)
    spacing, step = source.numbers(PIXEL_SPACING), source.number(SLICE_STEP)
    normal = csa_numbers(source.value(CSA_IMAGE_HEADER), "SliceNormalVector")[:3]
    if len(position) != 3 or len(orientation) != 6 or len(spacing) != 2 or not step or len(normal) != 3:
        return None, np.zeros(3)
    along_row, along_column = np.array(orientation[:3]), np.array(orientation[3:])
    first = np.array(position) + along_row * spacing[1] * extra_columns / 2 + along_column * spacing[0] * extra_rows / 2
    return first, np.array(normal) * abs(step)
