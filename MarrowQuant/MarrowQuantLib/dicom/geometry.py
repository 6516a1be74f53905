"""Where the voxels are: slices sorted by position, spacing from positions only, and every irregularity named.

The voxel-to-patient matrix follows DICOM PS3.3 C.7.6.2.1.1 (image plane); slice spacing is never taken from the header's own spacing
attributes while there are two slices to measure it from, because those attributes are wrong too often (negative, doubled, thickness).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model import NO_FINDING, RAS_TO_LPS, Finding, certain, finding
from .frame import Frame

LPS_TO_RAS = np.diag(RAS_TO_LPS)[:3]
SAME_POSITION_MM = 0.05  # our choice: far below any slice spacing, above rounding in the headers
SAME_DIRECTION = 5e-3  # our choice: direction cosines that differ by less (0.3°) are the same orientation
IRREGULAR_STEP = 0.05  # our choice: a slice step that differs from the median step by more than 5 % is a gap
MAX_STEP_IN_THICKNESSES = 3.5  # our choice: slices further apart than this are single slices and no volume
MAX_SHEAR_PIXELS = 0.5  # our choice: slices that drift sideways by more than this over the volume make a sheared grid


@dataclass(frozen=True)
class Grid:
    """Slices in order and their voxel-to-RAS matrix. ``problem`` is empty if the grid is regular."""

    frames: tuple[Frame, ...]
    ijk_to_ras: np.ndarray
    problem: Finding = NO_FINDING


def normal_of(frame: Frame) -> np.ndarray:
    """Unit normal of the slice, LPS."""
    orientation = certain(frame.orientation)
    normal = np.cross(orientation[:3], orientation[3:])
    return normal / np.linalg.norm(normal)


def heights_of(frames: Sequence[Frame]) -> np.ndarray:
    """Position of each slice along the common normal, mm."""
    return np.array([frame.position for frame in frames]) @ normal_of(frames[0])


def offsets_of(frames: Sequence[Frame]) -> np.ndarray:
    """Sideways position of each slice's corner in its own plane, pixels; shape (n, 2)."""
    first = frames[0]
    orientation, between = certain(first.orientation), certain(first.pixel_spacing_mm)
    axes = np.array([orientation[:3] / between[1], orientation[3:] / between[0]])
    return (np.array([frame.position for frame in frames]) - certain(first.position)) @ axes.T


def has_place(frame: Frame) -> bool:
    """True if position, orientation and pixel spacing are all known and the orientation spans a plane."""
    if frame.position is None or frame.orientation is None or frame.pixel_spacing_mm is None:
        return False
    a, b, c, d, e, f = frame.orientation.tolist()  # plain numbers: asked often, and six are few for an array
    lengths, product = (a * a + b * b + c * c, d * d + e * e + f * f), a * d + b * e + c * f
    return all(abs(length - 1.0) < 0.01 for length in lengths) and abs(product) < 0.01 and all(map(math.isfinite, frame.position.tolist()))


def make_grid(frames: Sequence[Frame]) -> Grid:
    """Sort slices along their normal and build the voxel-to-RAS matrix.

    Parameters
    ----------
    frames : sequence of Frame
        One volume's slices, in any order, of one orientation and pixel spacing.

    Returns
    -------
    Grid
        With a ``problem`` if the slices do not form a regular, rectangular grid.
    """
    if not all(has_place(frame) for frame in frames):
        return Grid(tuple(frames), np.eye(4), finding("unusable.no_place"))
    heights = heights_of(frames)
    order = np.argsort(heights, kind="stable")
    frames, heights = [frames[n] for n in order], heights[order]
    step, problem = _slice_step(frames, heights)
    first = frames[0]
    matrix = np.eye(4)
    orientation, between = certain(first.orientation), certain(first.pixel_spacing_mm)
    matrix[:3, 0] = orientation[:3] * between[1] * LPS_TO_RAS
    matrix[:3, 1] = orientation[3:] * between[0] * LPS_TO_RAS
    matrix[:3, 2] = step * LPS_TO_RAS
    matrix[:3, 3] = certain(first.position) * LPS_TO_RAS
    return Grid(tuple(frames), matrix, problem)


def _slice_step(frames: Sequence[Frame], heights: np.ndarray) -> tuple[np.ndarray, Finding]:
    """Vector from slice to slice in LPS mm, and what is wrong with it."""
    if len(frames) == 1:
        if not frames[0].slice_step_mm:
            return normal_of(frames[0]), finding("unusable.no_thickness")
        return normal_of(frames[0]) * frames[0].slice_step_mm, NO_FINDING
    step = (certain(frames[-1].position) - certain(frames[0].position)) / (len(frames) - 1)
    drift = np.abs(offsets_of(frames)).max()
    if drift > MAX_SHEAR_PIXELS:
        return step, finding("unusable.sheared", pixels=float(drift))
    return step, gap_in(heights) or _too_far_apart(frames, float(np.linalg.norm(step)))


def _too_far_apart(frames: Sequence[Frame], step_mm: float) -> Finding:
    thickness = frames[0].thickness_mm
    if thickness and step_mm > MAX_STEP_IN_THICKNESSES * thickness:
        return finding("unusable.far_apart", step=step_mm, thickness=thickness)
    return NO_FINDING


def gap_in(heights: np.ndarray) -> Finding:
    """What is wrong with the spacing of sorted slice positions (mm), or ``NO_FINDING``."""
    steps = np.diff(heights)
    if len(steps) == 0:
        return NO_FINDING
    if steps.min() < SAME_POSITION_MM:
        return finding("unusable.shared_place", n=int((steps < SAME_POSITION_MM).sum()))
    usual = float(np.median(steps))
    irregular = np.flatnonzero(np.abs(steps - usual) > IRREGULAR_STEP * usual)
    if len(irregular) == 0:
        return NO_FINDING
    at = int(irregular[0])
    where = {"after": at + 1, "count": len(heights), "step": float(steps[at]), "usual": usual}
    missing = steps[irregular] / usual - 1.0
    if np.all(missing > 0.5) and np.abs(missing - np.round(missing)).max() < IRREGULAR_STEP * 2:
        return finding("unusable.gap", n=int(np.round(missing).sum()), **where)
    return finding("unusable.uneven", **where)
