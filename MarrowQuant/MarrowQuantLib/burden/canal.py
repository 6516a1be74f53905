"""The vertebral canal by its fluid: it shows where the column runs also where no normal marrow is left, and which pieces are cord.

Cerebrospinal fluid is bright at a low b-value and diffuses about as fast as water at body temperature (3.0 × 10⁻³ mm²/s: Holz 2000, Phys
Chem Chem Phys 2:4740), faster than any tissue. Its course through the slabs of the body is found by dynamic programming (Viterbi 1967, IEEE
Trans Inf Theory 13:260). All limits are our choice.
"""

from __future__ import annotations

from typing import Optional

import numpy as np
from scipy import ndimage

from ..model import Numbers, Volume
from .landmarks import Landmarks
from .physiology import BodyOutline

FLUID_ADC, FLUID_LOW = 1700.0, 5.0
"""Lower limits of ADC in µm²/s and of the low-b signal over that of muscle at the high b-value, for voxels that hold fluid and cord."""

CANAL_MM = 9.0
"""What lies this near to the middle of the canal is cord, nerves or fluid: half the width of a wide canal."""

_SLAB_MM, _CELL_MM, _HALF_WIDTH_MM = 8.0, 4.0, 32.0
_DEPTH = (0.05, 0.8)  # between back and front; a bent neck lies far in front
_CELLS = 3  # of a cell's neighbourhood: a canal is about 12 mm wide
_WIDE_CELLS, _WIDE_FILLED = 11, 0.3  # fluid that fills more of 44 mm than a canal does is a bladder, a stomach or a cyst
_STEP, _BEND = 2, 0.03  # cells from slab to slab, and what a cell squared costs
_FULL = 0.5  # part of the neighbourhood from which on more fluid counts no more
_FRONT_MM, _BODY_MM, _ARCH_MM = (29.0, 52.0, 46.0, 28.0), (40.0, 32.0, 27.0, 20.0), (40.0, 40.0, 36.0, 28.0)
# sacrum, loins, chest, neck: to the front, half the width of the body, and of the arch with its processes
_PROCESS_MM, _PROCESS_BACK_MM, _LAMINA_BACK_MM = 12.0, 56.0, 38.0
_SACRUM_MM, _SACRUM_BACK = 88.0, 0.25  # its length below the sac, and mm to the back per mm downwards
_SAC_END = 0.3  # below L5 in units of L1 to L5: the dural sac ends at S2
_LEAST_ML, _LEAST_SHARE, _LEAST_MM = 0.25, 0.6, 120.0  # per slab, of slabs along the course, and its length


def find_canal(fluid_ras: np.ndarray, voxel_ml: float, outline: BodyOutline, landmarks: Optional[Landmarks]) -> np.ndarray:
    """Middle of the canal, slab by slab.

    Parameters
    ----------
    fluid_ras : ndarray, shape (n, 3)
        Voxels that hold fluid, RAS mm.
    voxel_ml : float
    outline : BodyOutline
    landmarks : Landmarks or None
        Fluid above the atlas is that of the brain, and below the second sacral vertebra that of bowel and bladder.

    Returns
    -------
    ndarray, shape (m, 3)
        RAS mm, caudal first; empty where no such course of 120 mm is seen.
    """
    off, depth = outline.off_midline(fluid_ras), outline.depth(fluid_ras)
    near = (np.abs(off) < _HALF_WIDTH_MM) & (depth > _DEPTH[0]) & (depth < _DEPTH[1])
    if landmarks is not None:
        near &= (fluid_ras[:, 2] < landmarks.atlas_mm) & (fluid_ras[:, 2] > landmarks.l5_mm - _SAC_END * landmarks.unit_mm)
    points = fluid_ras[near]
    if len(points) < _LEAST_MM / _SLAB_MM:
        return np.zeros((0, 3))
    low = points.min(axis=0)
    cell = np.floor((points - low) / [_CELL_MM, _CELL_MM, _SLAB_MM]).astype(int)
    filled = np.zeros(cell.max(axis=0)[::-1] + 1, dtype=np.float32)
    np.add.at(filled, tuple(cell.T[::-1]), np.float32(1000.0 * voxel_ml / (_CELL_MM**2 * _SLAB_MM)))
    wide = ndimage.uniform_filter(filled, (1, _WIDE_CELLS, _WIDE_CELLS), mode="constant") > _WIDE_FILLED
    filled[ndimage.binary_dilation(wide, np.ones((1, _CELLS, _CELLS)), iterations=_WIDE_CELLS // 4)] = 0.0
    score = np.minimum(ndimage.uniform_filter(filled, (1, _CELLS, _CELLS), mode="constant"), _FULL)
    path = low[:2] + (_best_path(score)[:, ::-1] + 0.5) * _CELL_MM
    return _along(path, points, cell[:, 2], voxel_ml, low[2])


def _best_path(score: np.ndarray) -> np.ndarray:
    """The row and the column per slab of the course with the highest sum of scores less what its bends cost, shape (n, 2)."""
    total, came = score[0], []
    steps = [(j, i) for j in range(-_STEP, _STEP + 1) for i in range(-_STEP, _STEP + 1)]
    cost = np.array([_BEND * (j * j + i * i) for j, i in steps], dtype=np.float32)[:, None, None]
    for slab in score[1:]:
        padded = np.pad(total, _STEP, constant_values=-np.inf)
        before = np.stack([
            padded[_STEP + j : _STEP + j + slab.shape[0], _STEP + i : _STEP + i + slab.shape[1]] for j, i in steps
        ]) - cost  # fmt: skip
        best = before.argmax(axis=0)
        came.append(best)
        total = slab + np.take_along_axis(before, best[None], axis=0)[0]
    place = np.array(np.unravel_index(int(total.argmax()), total.shape))
    found = [place]
    for best in reversed(came):
        place = place + steps[int(best[tuple(place)])]
        found.append(place)
    return np.array(found[::-1])


def _along(path: np.ndarray, points: np.ndarray, slab: np.ndarray, voxel_ml: float, bottom_mm: float) -> np.ndarray:
    """The middle of the fluid about the path in each slab that holds some, over the longest stretch of such slabs."""
    own = points[np.linalg.norm(points[:, :2] - path[slab], axis=1) < 1.5 * CANAL_MM]
    of_slab = np.floor((own[:, 2] - bottom_mm) / _SLAB_MM).astype(int)
    counts = np.bincount(of_slab, minlength=len(path))
    seen = np.flatnonzero(counts * voxel_ml >= _LEAST_ML)
    if not len(seen):
        return np.zeros((0, 3))
    runs = np.split(seen, np.flatnonzero(np.diff(seen) > 4) + 1)
    run = max(runs, key=lambda slabs: slabs[-1] - slabs[0])
    if (run[-1] - run[0]) * _SLAB_MM < _LEAST_MM or len(run) < _LEAST_SHARE * (run[-1] - run[0] + 1):
        return np.zeros((0, 3))
    middle = np.array([np.median(own[of_slab == n], axis=0) for n in run])
    smooth = np.stack([ndimage.median_filter(middle[:, axis], 5, mode="nearest") for axis in (0, 1)], axis=1)
    smooth = ndimage.uniform_filter1d(smooth, 3, axis=0, mode="nearest")
    return np.column_stack([smooth, bottom_mm + (run + 0.5) * _SLAB_MM])


def with_sacrum(canal: np.ndarray) -> np.ndarray:
    """The canal's course with that of the sacrum below its end, which goes on downwards and backwards; empty without a canal."""
    if len(canal) < 2:
        return canal
    down = np.arange(_SACRUM_MM, 0.0, -_SLAB_MM)
    return np.concatenate([canal[0] - down[:, None] * [0.0, _SACRUM_BACK, 1.0], canal])


def around_canal(
    grid: Volume, canal: np.ndarray, landmarks: Optional[Landmarks], scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """The reach of the vertebrae about the canal, and the canal itself; bool, shape (k, j, i), both empty without a canal. ``scale`` makes
    bodies smaller.

    The sizes are those of large adult vertebrae, with a margin (our choice after Panjabi 1991, Spine 16:861 and 16:888, and 1992, Spine
    17:299, which measured the bodies), spinous processes that end some 40 mm behind the canal.
    """
    inside, canal_itself = np.zeros(grid.array.shape, dtype=bool), np.zeros(grid.array.shape, dtype=bool)
    if len(canal) < 2:
        return inside, canal_itself
    heights = np.arange(canal[0, 2] - _SLAB_MM, canal[-1, 2] + _SLAB_MM + 1.0)
    x, y = (np.interp(heights, canal[:, 2], canal[:, axis]).astype(np.float32) for axis in (0, 1))
    front, body, arch = _reach(heights, landmarks)
    front, body = CANAL_MM + scale * (front - CANAL_MM), scale * body
    aside, ahead = max(body.max(), arch.max(), CANAL_MM), max(front.max(), CANAL_MM)
    low = [x.min() - aside, y.min() - _PROCESS_BACK_MM, heights[0] - 1.0]
    box = box_around(grid, low, [x.max() + aside, y.max() + ahead, heights[-1] + 1.0])
    rows = grid.ijk_to_ras.astype(np.float32)[:3]
    k, j, i = np.ogrid[box]
    r, a, s = (row[0] * i + row[1] * j + row[2] * k + row[3] for row in rows)
    at = np.rint(s - heights[0]).astype(np.int32)
    within = (at >= 0) & (at < len(heights))
    at = at.clip(0, len(heights) - 1)
    side, forward = np.abs(r - x[at]), a - y[at]
    back = np.where(side < _PROCESS_MM, _PROCESS_BACK_MM, _LAMINA_BACK_MM)
    middle = (front[at] + CANAL_MM) / 2  # the body is an ellipse in front of the canal
    around = (side / body[at]) ** 2 + ((forward - middle) / (front[at] - middle)) ** 2 < 1
    inside[box] = within & (around | ((forward <= CANAL_MM) & (side < arch[at]) & (-forward < back)))
    canal_itself[box] = within & (side * side + forward * forward < CANAL_MM**2)
    return inside, canal_itself


def box_around(grid: Volume, low_ras: Numbers, high_ras: Numbers) -> tuple[slice, slice, slice]:
    """Slices along k, j, i that hold every voxel between two corners, RAS mm."""
    corners = np.array(np.meshgrid(*zip(low_ras, high_ras))).reshape(3, -1).T
    ijk = grid.to_ijk(corners)
    return grid.slices_between(ijk.min(axis=0), ijk.max(axis=0))


def _reach(heights: np.ndarray, landmarks: Optional[Landmarks]) -> list[np.ndarray]:
    """At each height in mm: how far the vertebrae reach to the front of the canal's middle, and half the widths of body and arch."""
    if landmarks is None:
        levels = np.full(len(heights), 1)
    else:
        levels = np.searchsorted([landmarks.l5_mm, landmarks.l1_mm, landmarks.t1_mm], heights)
    return [np.array(sizes, dtype=np.float32)[levels] for sizes in (_FRONT_MM, _BODY_MM, _ARCH_MM)]
