"""The surface of one body: endplates and walls as height maps that start on a mean shape and move to the edges of the image.

A body's own frame is (x, u, v): left–right, posterior–anterior, caudal–cranial, in units from the middle of its box. Each of the four
surfaces first moves and tilts as a whole to where the mean step across it is largest, then bends locally. Both are pulled to the mean
shape, so that a surface without an edge stays there. How far the marrow ends inside these edges is told by :mod:`.cortex`. The sides have
no edge that could be relied on body by body (psoas, vessels, partial volume): they come from the mean shape, as wide as :mod:`.sides` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from .chain import ENDPLATE_PARTS, Box, Marrow, Signs, behind, outside
from .column import ColumnFrame, Sampler
from .proportions import relative_depth

X = np.arange(-32.0, 33.0, 2.0)
U = np.arange(-30.0, 31.0)
V = np.arange(-26.0, 27.0)

# Mean shape of the labelled bodies of ten lumbar spines (MyoSegmenTUM-spine), in units, rounded; measured by us.
HALF_WIDTH = 25.5
_WAIST = 0.12  # how much narrower a body is at its endplates than at mid-height
_FLARE = 0.08  # how much wider than at mid-height where cortex is seen: mean of the labels of five T2-weighted spines, rounded
_FRONT_DEPTH = 17.0  # semi-axis of the ellipse of the front wall
_BACK_HOLLOW = {"L1": 3.5, "L2": 2.5, "L3": 2.0, "L4": 0.5, "L5": -1.0}  # how far the back wall's middle lies before its sides
_BACK_HOLLOW_ABOVE = 3.0
_BACK_ROUNDING = 5.0
_BOTTOM_HOLLOW = 1.3  # rise of the lower endplate's middle over its sides, 16 units away

_SHIFTS = np.arange(-6.0, 6.1, 0.5)
_SLOPES = np.tan(np.deg2rad(np.arange(-14.0, 14.1, 2.0)))


@dataclass(frozen=True)
class SurfacePrior:
    """How far a surface may leave the mean shape: standard deviations of its shift (units) and tilt (degrees), its local bend."""

    shift_sd: float
    tilt_sd: float
    bend_sd: float


ENDPLATE = SurfacePrior(2.0, 6.0, 1.2)
_SHARE = 0.5
_RELATIVE_DEPTH = {"L1": 0.91, "L2": 0.99, "L3": 1.03, "L4": 1.01, "L5": 1.04}  # at mid-height, over the median: mean of the ten spines
FRONT = SurfacePrior(1.5, 3.5, 1.2)
BACK = SurfacePrior(1.0, 3.5, 1.2)  # nearer to the box, whose back is at the innermost edge: the sac's lies few units behind
_EDGE_WEIGHT = 6.0
ACROSS = np.arange(-5.0, 7.1, 0.5)
"""Units from a surface's edge, positive outwards, at which the signal across it is kept."""
_CORE = 12.0  # units to either side of the middle within which there are bodies and discs alone
_FRONT_PARTS = (1.0, 0.0)  # the tissue in front of a body often resembles marrow


@dataclass(frozen=True)
class BodySurface:
    """One body: its box and its four surfaces.

    Attributes
    ----------
    box : Box
    top, bottom : ndarray, shape (x, u)
        Height v of the endplates over the lattice (X, U).
    front, back : ndarray, shape (x, v)
        Position u of the walls over the lattice (X, V).
    half_width : float
    steps : dict of str to float
        Mean step across each surface where it came to lie, in the image's robust spread: how well it is seen.
    profiles : dict of str to ndarray, shape (n,)
        Mean signal across each surface at :data:`ACROSS`.
    marrow_alone : bool
        Whether the width is that of the marrow within its cortex, which has a waist.
    """

    box: Box
    top: np.ndarray
    bottom: np.ndarray
    front: np.ndarray
    back: np.ndarray
    half_width: float
    steps: dict[str, float]
    profiles: dict[str, np.ndarray]
    marrow_alone: bool = False

    def depth_inside(self) -> np.ndarray:
        """Distance to the nearest surface in units, positive inside, on the lattice (X, U, V); each surface measured along its axis."""
        x, u, v = X[:, None, None], U[:, None], V
        out = np.minimum(np.abs(v) / (self.box.height / 2), 1.2)
        side = self.half_width * (1 + _FLARE * out**2 if self.marrow_alone else 1 - _WAIST * out**4) - np.abs(x)
        vertical = np.minimum(self.top[:, :, None] - v, v - self.bottom[:, :, None])
        horizontal = np.minimum(self.front[:, None, :] - u, u - self.back[:, None, :])
        return np.minimum(np.minimum(vertical, horizontal), side).astype(np.float32)


def turn(tilt: float) -> np.ndarray:
    """Rotation from a body's own frame to the column's: columns x, u, v; ``tilt`` in degrees, front raised is positive."""
    cos, sin = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    return np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])


def body_positions(box: Box, x: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Column-frame positions (x, y, z), shape (..., 3), of positions in a body's own frame."""
    cos, sin = np.cos(np.deg2rad(box.tilt)), np.sin(np.deg2rad(box.tilt))
    return np.stack(np.broadcast_arrays(box.side + x, box.center[0] + cos * u - sin * v, box.center[1] + sin * u + cos * v), axis=-1)


def fit_surfaces(sampler: Sampler, frame: ColumnFrame, box: Box, level: str, signs: Signs, half_width: float) -> BodySurface:
    """Move the mean shape of one body to the steepest edges of the image.

    Parameters
    ----------
    sampler : Sampler
    frame : ColumnFrame
    box : Box
        The body in the sagittal picture.
    level : str
    signs : Signs
        Of the steps on leaving the body.
    half_width : float
        Of the body, in units.
    """
    x, u, v = np.meshgrid(X, U, V, indexing="ij", sparse=True)
    block = sampler(frame.to_ras(body_positions(box, x, u, v)))
    ends, block = scaled(block, block[np.abs(X) <= _CORE][:, np.abs(U) <= _CORE]), scaled(block, block)
    half_height, half_depth = box.height / 2, box.depth / 2
    front, back = _front(half_depth, half_width), _back(half_depth, level)
    marrow, marrow_of_ends = (Marrow.of(values[10:-10, 18:-18, 17:-17]) for values in (block, ends))
    steps = {}

    def step(rising: np.ndarray, axis: int) -> np.ndarray:
        return ndimage.gaussian_filter1d(rising, 1.0, axis=axis, order=1)

    above, below = (step(outside(ends, sign, marrow_of_ends, ENDPLATE_PARTS), 2) for sign in (signs.top, signs.bottom))
    ahead = np.swapaxes(step(outside(block, signs.front, marrow, _FRONT_PARTS), 1), 1, 2)
    backwards = -np.swapaxes(step(behind(block, signs.back, marrow, len(U) // 2), 1), 1, 2)
    level_top = np.full((len(X), len(U)), half_height)
    top, steps["top"] = _fit(above, U, V, level_top, ENDPLATE, half_depth)
    bottom, steps["bottom"] = _fit(-below, U, V, _bottom(half_height), ENDPLATE, half_depth)
    front, steps["front"] = _fit(ahead, V, U, front, FRONT, half_height)
    back, steps["back"] = _fit(backwards, V, U, back, BACK, half_height)
    profiles = {
        "top": _profile(ends, top, U, V, 1.0),
        "bottom": _profile(ends, bottom, U, V, -1.0),
        "front": _profile(np.swapaxes(block, 1, 2), front, V, U, 1.0),
        "back": _profile(np.swapaxes(block, 1, 2), back, V, U, -1.0),
    }
    return BodySurface(box, top, bottom, front, back, half_width, steps, profiles)


def scaled(block: np.ndarray, part: np.ndarray) -> np.ndarray:
    """The signal in quarters of the spread of a part of it, limited, so that a bright neighbour does not hide a faint edge."""
    low, high = np.percentile(part, (10, 90))
    scaled = np.clip((block - low) / max(high - low, np.finfo(np.float32).tiny), -0.5, 1.5) * 4.0
    return ndimage.gaussian_filter1d(scaled, 1.0, axis=0)


def _profile(block: np.ndarray, edge: np.ndarray, along: np.ndarray, normal: np.ndarray, outward: float) -> np.ndarray:
    """Mean signal across the middle of a surface, at :data:`ACROSS`; block of shape (x, along, normal)."""
    rows, columns = np.ix_(np.flatnonzero(np.abs(X) <= 8), np.flatnonzero(np.abs(along) <= 9))
    place = edge[rows, columns][..., None] + outward * ACROSS - normal[0]
    index = np.stack(np.broadcast_arrays(rows[..., None], columns[..., None], place))
    return ndimage.map_coordinates(block, index, order=1, mode="nearest").mean(axis=(0, 1))


def share_depth(surfaces: Sequence[BodySurface], levels: Sequence[str]) -> list[BodySurface]:
    """Move each front wall half-way to where the body would be as deep as the median of the column.

    The front wall is the least visible one, and the depths of one patient's neighbouring bodies differ by little (standard deviation 1.9
    units within the ten spines), so half of a deviation is taken for error.
    """
    middle = np.abs(X) <= 8
    depths = np.array([np.median((surface.front - surface.back)[middle][:, np.abs(V) <= 8]) for surface in surfaces])
    usual = usual_depth(levels)
    moves = _SHARE * (np.median(depths / usual) * usual - depths)
    return [replace(surface, front=surface.front + move) for surface, move in zip(surfaces, moves)]


def usual_depth(levels: Sequence[str]) -> np.ndarray:
    """Depth that is usual at each level, over that of a lumbar body; shape (n,)."""
    return np.array([_RELATIVE_DEPTH.get(level, usual) for level, usual in zip(levels, relative_depth(levels))])


def _bottom(half_height: float) -> np.ndarray:
    return np.repeat((-half_height + _BOTTOM_HOLLOW * (0.5 - np.minimum(np.abs(X) / 16, 1.2) ** 2))[:, None], len(U), axis=1)


def _front(half_depth: float, half_width: float) -> np.ndarray:
    drop = _FRONT_DEPTH * (1 - np.sqrt(np.maximum(1 - (X / (half_width + 0.5)) ** 2, 0.0)))
    return np.repeat((half_depth - drop)[:, None], len(V), axis=1)


def _back(half_depth: float, level: str) -> np.ndarray:
    hollow = _BACK_HOLLOW.get(level, _BACK_HOLLOW_ABOVE) * np.minimum((X / 11) ** 2, 1.0)
    rounding = _BACK_ROUNDING * (np.maximum(np.abs(X) - 14, 0.0) / 10) ** 2
    return np.repeat((-half_depth - hollow + rounding)[:, None], len(V), axis=1)


def _fit(
    step: np.ndarray, along: np.ndarray, normal: np.ndarray, edge: np.ndarray, prior: SurfacePrior, extent: float
) -> tuple[np.ndarray, float]:
    """Move one surface to the steepest edge; where that is, and the mean step across it.

    Parameters
    ----------
    step : ndarray, shape (x, along, normal)
        Step along the normal, positive where it has the sign of this surface.
    along, normal : ndarray
        Lattice of the surface and of its normal.
    edge : ndarray, shape (x, along)
        Where the steepest edge is expected.
    extent : float
        Half-length of the surface along ``along``.
    """
    n_x = len(X)
    positions = edge[..., None] + _SHIFTS
    rows, columns = np.ogrid[:n_x, : len(along)]
    index = positions - normal[0]
    below = np.clip(np.floor(index).astype(int), 0, len(normal) - 2)
    part = np.clip(index - below, 0.0, 1.0)
    profile = (1 - part) * step[rows[..., None], columns[..., None], below] + part * step[rows[..., None], columns[..., None], below + 1]
    weight = np.exp(-0.5 * (X[:, None] / 9) ** 2) * (np.abs(along) < 0.75 * extent)
    weight = weight / weight.sum()
    # Whole surface: every shift and slope.
    tilted = along[:, None] * _SLOPES  # (along, slope)
    by_line = np.einsum("xa,xas->as", weight, profile)
    lines = np.arange(len(along))
    score = np.full((len(_SHIFTS), len(_SLOPES)), -np.inf)
    for n in range(len(_SLOPES)):
        place = (_SHIFTS[:, None] + tilted[:, n] - _SHIFTS[0]) / 0.5
        near = np.clip(np.rint(place).astype(int), 0, len(_SHIFTS) - 1)
        score[:, n] = by_line[lines, near].sum(axis=1)
    penalty = (_SHIFTS[:, None] / prior.shift_sd) ** 2 / 2 + (np.rad2deg(np.arctan(_SLOPES)) / prior.tilt_sd) ** 2 / 2
    best = np.unravel_index(np.argmax(_EDGE_WEIGHT * score - penalty), score.shape)
    move = _SHIFTS[best[0]] + along * _SLOPES[best[1]]
    # Local bend about it: the profile averaged over a neighbourhood, its best shift, smoothed.
    bend = _bend(profile, move, prior.bend_sd)
    return edge + move + bend, float(score[best])


def _bend(profile: np.ndarray, move: np.ndarray, sd: float) -> np.ndarray:
    around = ndimage.gaussian_filter(profile, (2.5, 3.0, 0))
    away = _SHIFTS - move[None, :, None]
    score = _EDGE_WEIGHT * around - away**2 / (2 * sd**2)
    chosen = _SHIFTS[np.argmax(score, axis=-1)] - move
    return ndimage.gaussian_filter(np.clip(chosen, -3, 3), (1.5, 2.0))
