"""Key images of an exam: the mid-sagittal fat fraction with the ROIs, and the whole body with the tumour load.

Voxels are shown as they were acquired: axes are only permuted and flipped, nothing is interpolated, and the page draws each voxel in its
true proportions. In an oblique acquisition the picture follows the acquired axes, and its letters name the nearest anatomical direction.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import ACCEPTED, PHYSIOLOGICAL, Burden, ExamResult, VertebraROI, Volume
from ..vertebrae.places import is_place

# Colours that people with any colour vision tell apart: vermilion and blue of Okabe and Ito, "Color Universal Design" (2008).
ACCEPTED_RGB, PHYSIOLOGICAL_RGB = (213, 94, 0), (0, 114, 178)
_OVERLAY_OPACITY = 0.8
# Fat fraction in %, and its colour: dark blue to yellow with steadily rising lightness. Our choice.
FF_COLOURS = ((0, (13, 22, 74)), (25, (39, 84, 131)), (50, (54, 138, 139)), (75, (137, 187, 106)), (100, (253, 231, 80)))
_TISSUE_FRACTION = 0.08  # of the 99th percentile of water + fat: below it there is air, whose fat fraction is noise. Our choice.
MIP_BLACK = 12.0  # multiples of the muscle signal that are drawn black, so that both exams are windowed alike. Our choice.
ADC_WHITE = 2000.0  # µm²/s that are drawn white, as in ``quantities.DISPLAYS``
_SPINE_MARGIN_MM = 55.0  # shown around the ROIs' centres
_OUTLINE_POINTS = 48


@dataclass(frozen=True)
class KeyImage:
    """A picture in millimetres, ready to be laid out.

    Attributes
    ----------
    png : bytes
    width_mm, height_mm : float
        True size of the area shown.
    sides : (str, str, str, str)
        Anatomical letters at left, right, top, bottom.
    outlines : tuple of (str, ndarray (n, 2))
        Label and closed outline in mm from the upper left corner: x to the right, y down.
    is_dark : bool
        Whether its background is dark, so that white letters are read on it.
    """

    png: bytes
    width_mm: float
    height_mm: float
    sides: tuple[str, str, str, str]
    outlines: tuple[tuple[str, np.ndarray], ...] = ()
    is_dark: bool = True

    @property
    def data_uri(self) -> str:
        """The picture as an address that a page can embed."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


@dataclass(frozen=True)
class _Oriented:
    """Voxels as (top → bottom, anterior → posterior, right → left), and the matrix from these indices to RAS in mm."""

    array: np.ndarray
    to_ras: np.ndarray

    @property
    def spacing_mm(self) -> np.ndarray:
        return np.linalg.norm(self.to_ras[:3, :3], axis=0)


def orient(volume: Volume) -> _Oriented:
    """Permute and flip a volume's axes to (superior → inferior, anterior → posterior, right → left), without interpolation."""
    directions = volume.ijk_to_ras[:3, :3] / volume.spacing_mm
    axis_of = _nearest_axes(directions)
    array, to_ras = volume.array, np.eye(4)
    origin = volume.ijk_to_ras[:3, 3].copy()
    columns = []
    # Rows run down (−S), then towards posterior (−A), then towards left (−R).
    for ras in (2, 1, 0):
        ijk = axis_of[ras]
        column, kji = volume.ijk_to_ras[:3, ijk], 2 - ijk
        if column[ras] > 0:
            array = np.flip(array, axis=kji)
            origin = origin + column * (array.shape[kji] - 1)
            column = -column
        columns.append(column)
    to_ras[:3, :3], to_ras[:3, 3] = np.stack(columns, axis=1), origin
    return _Oriented(np.transpose(array, [2 - axis_of[ras] for ras in (2, 1, 0)]), to_ras)


def _nearest_axes(directions: np.ndarray) -> dict[int, int]:
    """For each RAS axis the voxel axis that runs along it; the clearest pair is matched first, so that no axis is used twice."""
    weights, axis_of = np.abs(directions), {}
    for _ in range(3):
        ras, ijk = np.unravel_index(np.argmax(weights), weights.shape)
        axis_of[int(ras)] = int(ijk)
        weights[ras, :] = weights[:, ijk] = -1.0
    return axis_of


def spine_image(exam: ExamResult) -> Optional[KeyImage]:
    """The sagittal slice nearest to the ROIs' centres: fat fraction in colour, else water in grey; None without such a map."""
    volume = exam.maps.get("ff") or exam.maps.get("water")
    if volume is None:
        return None
    oriented = orient(volume)
    rois = [vertebra.roi for vertebra in exam.vertebrae]
    column = _sagittal_index(oriented, rois)
    rgb = _grey(oriented.array[:, :, column]) if "ff" not in exam.maps else _fat_colours(oriented.array[:, :, column])
    if "ff" in exam.maps:
        rgb = np.where(_tissue(exam, column)[..., None], rgb, 0).astype(np.uint8)
    rows, columns = _crop(oriented, rois, column)
    dy, dx, _ = oriented.spacing_mm
    outlines = [(roi.level, _outline(roi, oriented, column, (rows.start, columns.start))) for roi in rois]
    return KeyImage(
        png=png(rgb[rows, columns]),
        width_mm=float((columns.stop - columns.start) * dx),
        height_mm=float((rows.stop - rows.start) * dy),
        sides=("A", "P", "H", "F"),
        outlines=tuple((level, outline) for level, outline in outlines if outline is not None),
    )


def slice_image(exam: ExamResult, key: str, top: Optional[float] = None) -> Optional[KeyImage]:
    """The sagittal slice of any map in grey, with the ROIs as they lay on it; None without that map.

    Parameters
    ----------
    exam : ExamResult
    key : str
        Of ``ExamResult.maps``.
    top : float, optional
        Value that is drawn white, in the map's unit; the 99.5th percentile of the slice without it.
    """
    volume = exam.maps.get(key)
    if volume is None or not volume.array.size:
        return None
    oriented = orient(volume)
    rois = [vertebra.moved_rois.get(key, vertebra.roi) for vertebra in exam.vertebrae]
    column = _sagittal_index(oriented, rois)
    values = oriented.array[:, :, column]
    rgb = _grey(values) if top is None else _grey(np.clip(np.nan_to_num(values), 0, top), top)
    rows, columns = _crop(oriented, rois, column)
    dy, dx, _ = oriented.spacing_mm
    outlines = [(roi.level, _outline(roi, oriented, column, (rows.start, columns.start))) for roi in rois]
    shown = tuple((level, outline) for level, outline in outlines if outline is not None)
    width, height = float((columns.stop - columns.start) * dx), float((rows.stop - rows.start) * dy)
    return KeyImage(png(rgb[rows, columns]), width, height, ("A", "P", "H", "F"), shown)


def anatomy_image(exam: ExamResult) -> Optional[KeyImage]:
    """A sagittal picture in which a reader knows the anatomy: water, else in phase, else T1."""
    return next((found for key in ("water", "in_phase", "t1") if (found := slice_image(exam, key)) is not None), None)


def body_image(exam: ExamResult) -> Optional[KeyImage]:
    """Coronal maximum-intensity projection of the high-b image in inverted grey, with accepted and physiological components coloured."""
    volume = exam.maps.get("dwi_high")
    if volume is None:
        return None
    oriented = orient(volume)
    projection = np.fmax.reduce(oriented.array, axis=1)
    black = MIP_BLACK * exam.burden.muscle_signal if exam.burden else float(np.nanpercentile(projection, 99.5))
    grey = 1.0 - np.clip(np.nan_to_num(projection) / max(black, 1e-6), 0.0, 1.0)
    rgb = np.repeat(255.0 * grey[..., None], 3, axis=2)
    if exam.burden and exam.burden.labels.same_grid(volume):
        rgb = _tint(rgb, exam.burden)
    dy, _, dx = oriented.spacing_mm
    height, width = projection.shape
    return KeyImage(png(rgb.astype(np.uint8)), float(width * dx), float(height * dy), ("R", "L", "H", "F"), is_dark=False)


def _tint(rgb: np.ndarray, burden: Burden) -> np.ndarray:
    """Colour every pixel behind which a component lies; accepted ones are drawn over physiological ones."""
    labels = orient(burden.labels).array
    for state, colour in ((PHYSIOLOGICAL, PHYSIOLOGICAL_RGB), (ACCEPTED, ACCEPTED_RGB)):
        chosen = [component.label for component in burden.components if component.state == state]
        seen = np.any(np.isin(labels, chosen), axis=1)[..., None]
        rgb = np.where(seen, (1 - _OVERLAY_OPACITY) * rgb + _OVERLAY_OPACITY * np.array(colour), rgb)
    return rgb


def _sagittal_index(oriented: _Oriented, rois: Sequence[VertebraROI]) -> int:
    n_columns = oriented.array.shape[2]
    rois = [roi for roi in rois if not is_place(roi.level)] or rois
    if not rois:
        return n_columns // 2
    centers = np.array([np.append(roi.center_ras, 1.0) for roi in rois])
    index = (np.linalg.inv(oriented.to_ras) @ centers.T)[2]
    return int(np.clip(np.rint(np.median(index)), 0, n_columns - 1))


def _tissue(exam: ExamResult, column: int) -> np.ndarray:
    """Pixels of the sagittal slice that hold tissue: water and fat signal if they lie on the same grid, else every finite pixel."""
    ff, water, fat = exam.maps["ff"], exam.maps.get("water"), exam.maps.get("fat")
    finite = np.isfinite(orient(ff).array[:, :, column])
    if water is None or fat is None or not (water.same_grid(ff) and fat.same_grid(ff)):
        return finite
    signal = orient(water.like(np.nan_to_num(np.abs(water.array)) + np.nan_to_num(np.abs(fat.array)))).array
    return finite & (signal[:, :, column] > _TISSUE_FRACTION * np.percentile(signal, 99))


def _crop(oriented: _Oriented, rois: Sequence[VertebraROI], column: int) -> tuple[slice, slice]:
    """Rows and columns of the slice within a margin of the ROIs; the whole slice without ROIs."""
    shape, spacing = np.array(oriented.array.shape[:2]), oriented.spacing_mm[:2]
    if not rois:
        return slice(0, int(shape[0])), slice(0, int(shape[1]))
    centers = np.array([np.append(roi.center_ras, 1.0) for roi in rois])
    index = (np.linalg.inv(oriented.to_ras) @ centers.T)[:2].T
    margin = _SPINE_MARGIN_MM / spacing
    low = np.clip(np.floor(index.min(axis=0) - margin), 0, shape - 1).astype(int)
    high = np.clip(np.ceil(index.max(axis=0) + margin) + 1, low + 1, shape).astype(int)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def _outline(roi: VertebraROI, oriented: _Oriented, column: int, corner: tuple[int, int]) -> Optional[np.ndarray]:
    """Where the ROI's surface cuts the slice, in mm from the crop's upper left corner; None if it does not reach the slice.

    From the ROI's centre, projected into the slice, rays run outwards; the surface lies where the ROI's gauge is 1. The gauge is convex, so
    bisection finds the one crossing of every ray.
    """
    to_index = np.linalg.inv(oriented.to_ras)
    row, col, _ = (to_index @ np.append(roi.center_ras, 1.0))[:3]
    down, right = oriented.to_ras[:3, 0], oriented.to_ras[:3, 1]
    start = (oriented.to_ras @ np.array([row, col, column, 1.0]))[:3]
    if _gauge(roi, start[None])[0] >= 1.0:
        return None
    angle = np.linspace(0.0, 2.0 * np.pi, _OUTLINE_POINTS, endpoint=False)
    dy, dx = oriented.spacing_mm[:2]
    rays = np.outer(np.sin(angle), down / dy) + np.outer(np.cos(angle), right / dx)
    inside, outside = np.zeros(angle.size), np.full(angle.size, 4.0 * float(np.max(roi.radii_mm)))
    for _ in range(30):
        middle = (inside + outside) / 2.0
        is_inside = _gauge(roi, start + middle[:, None] * rays) < 1.0
        inside, outside = np.where(is_inside, middle, inside), np.where(is_inside, outside, middle)
    # The centre of the first voxel lies half a voxel inside the picture's edge.
    x = (col - corner[1] + 0.5) * dx + inside * np.cos(angle)
    y = (row - corner[0] + 0.5) * dy + inside * np.sin(angle)
    return np.stack([x, y], axis=1)


def _gauge(roi: VertebraROI, points_ras: np.ndarray) -> np.ndarray:
    """Below 1 inside the ROI, 1 on its surface; points have shape (n, 3)."""
    scaled = np.abs((points_ras - roi.center_ras) @ roi.axes / roi.radii_mm)
    if roi.shape == "box":
        return scaled.max(axis=1)
    if roi.shape == "cylinder":
        return np.maximum(np.hypot(scaled[:, 0], scaled[:, 1]), scaled[:, 2])
    return np.linalg.norm(scaled, axis=1)


def _fat_colours(ff: np.ndarray) -> np.ndarray:
    values = np.nan_to_num(ff)
    stops = [stop for stop, _ in FF_COLOURS]
    channels = [np.interp(values, stops, [colour[n] for _, colour in FF_COLOURS]) for n in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def _grey(values: np.ndarray, white: Optional[float] = None) -> np.ndarray:
    signal = np.nan_to_num(values)
    top = max(float(np.percentile(signal, 99.5)) if white is None else white, 1e-6)
    return np.repeat((255 * np.clip(signal / top, 0, 1))[..., None], 3, axis=2).astype(np.uint8)


def png(rgb: np.ndarray) -> bytes:
    """An 8-bit RGB picture, shape (rows, columns, 3), as a PNG file in memory (PNG specification, W3C: IHDR, one IDAT, IEND).

    Made here, because an image writer would need a temporary file, whose path may not be writable under every user name.
    """
    height, width, _ = rgb.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, colour type 2 (RGB), no interlace
    no_filter = np.zeros((height, 1), np.uint8)
    lines = np.hstack([no_filter, rgb.astype(np.uint8).reshape(height, 3 * width)]).tobytes()
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    body = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)
