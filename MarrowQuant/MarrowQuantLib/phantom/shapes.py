"""Analytic shapes in RAS mm and the painter that rasterises them.

A shape answers two questions: which box contains it, and which points lie inside. Later shapes cover earlier ones, so bone is painted as
cortex first and marrow, a little smaller, on top.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Union

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..model import Numbers

POINTS_PER_BLOCK = 1_000_000  # bounds the memory of one painting step to some tens of MB
TABLE_STEP_MM = 0.5


class Shape(Protocol):
    """What the painter needs to know of a shape."""

    def box(self) -> np.ndarray:
        """Corners of the bounding box, shape (2, 3): lowest and highest RAS."""

    def inside(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Boolean array: which points lie inside."""


@dataclass(frozen=True)
class Ellipsoid:
    """Superellipsoid |u|^n + |v|^n + |w|^n <= 1 along its own axes; n = 2 is an ellipsoid, larger n (in steps of ½) is boxier.

    Attributes
    ----------
    center, radii : ndarray, shape (3,)
        RAS mm and half-lengths in mm.
    axes : ndarray, shape (3, 3)
        Orthonormal columns.
    exponent : float
        n above.
    """

    center: np.ndarray
    radii: np.ndarray
    axes: np.ndarray
    exponent: float = 2.0

    def box(self) -> np.ndarray:
        """Corners of the box around it, shape (2, 3)."""
        reach = np.abs(self.axes) @ self.radii
        return np.array([self.center - reach, self.center + reach])

    def inside(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """True where points lie inside."""
        u, v, w = _own_coordinates(self, x, y, z)
        return _power(u, self.exponent) + _power(v, self.exponent) + _power(w, self.exponent) <= 1

    def volume_ml(self) -> float:
        """Volume of an ellipsoid (n = 2) in mL: 4/3 π abc."""
        return float(4 / 3 * np.pi * np.prod(self.radii) / 1000)


@dataclass(frozen=True)
class Drum:
    """A vertebral body: superelliptic cross-section, flat endplates, a waist, and a flattened back wall.

    Attributes
    ----------
    center, radii, axes
        As in :class:`Ellipsoid`; the third axis is caudal to cranial, the second posterior to anterior.
    waist : float
        Fraction by which the cross-section narrows half-way between the endplates.
    exponent : float
        Of the cross-section.
    """

    center: np.ndarray
    radii: np.ndarray
    axes: np.ndarray
    waist: float = 0.08
    exponent: float = 2.5

    def box(self) -> np.ndarray:
        """Corners of the box around it, shape (2, 3)."""
        reach = np.abs(self.axes) @ self.radii
        return np.array([self.center - reach, self.center + reach])

    def inside(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """True where points lie inside."""
        u, v, w = _own_coordinates(self, x, y, z)
        width = 1 - self.waist * (1 - w * w)
        section = _power(u / width, self.exponent) + _power(v / width, self.exponent) <= 1
        return section & (np.abs(w) <= 1) & (v >= -0.86)  # 0.86: the back wall is nearly flat


@dataclass(frozen=True)
class Capsule:
    """A straight piece of tapered rod from ``start`` to ``end`` with round ends; RAS mm."""

    start: np.ndarray
    end: np.ndarray
    start_radius: float
    end_radius: float

    def box(self) -> np.ndarray:
        """Corners of the box around it, shape (2, 3)."""
        ends = np.array([self.start, self.end])
        reach = max(self.start_radius, self.end_radius)
        return np.array([ends.min(axis=0) - reach, ends.max(axis=0) + reach])

    def inside(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """True where points lie inside."""
        axis = self.end - self.start
        dx, dy, dz = x - self.start[0], y - self.start[1], z - self.start[2]
        along = np.clip((dx * axis[0] + dy * axis[1] + dz * axis[2]) / float(axis @ axis), 0, 1)
        distance = (dx - along * axis[0]) ** 2 + (dy - along * axis[1]) ** 2 + (dz - along * axis[2]) ** 2
        radius = self.start_radius + along * (self.end_radius - self.start_radius)
        return distance <= radius * radius


class Stack:
    """A body of axial superellipses: their centre and radii are given at a few heights and joined by monotone cubics.

    Parameters
    ----------
    knots : sequence of (z, centre x, centre y, radius x, radius y)
        RAS mm, in ascending z; the shape ends at the first and the last.
    exponent : float
        Of the cross-section.
    grow_mm : float
        Added to both radii (negative: an inner layer).
    """

    def __init__(self, knots: Sequence[Sequence[float]], exponent: float = 2.0, grow_mm: float = 0.0) -> None:
        table = np.asarray(knots, dtype=float)
        self.low, self.high = float(table[0, 0]), float(table[-1, 0])
        self.exponent = exponent
        heights = np.arange(self.low, self.high + TABLE_STEP_MM, TABLE_STEP_MM)
        columns = PchipInterpolator(table[:, 0], table[:, 1:], axis=0)(np.minimum(heights, self.high)).T
        columns[2:] = np.maximum(columns[2:] + grow_mm, 0.1)
        self.columns = columns.astype(np.float32)

    def box(self) -> np.ndarray:
        """Corners of the box around it, shape (2, 3)."""
        cx, cy, rx, ry = self.columns
        return np.array([[(cx - rx).min(), (cy - ry).min(), self.low], [(cx + rx).max(), (cy + ry).max(), self.high]])

    def inside(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """True where points lie inside."""
        row = np.clip((z - self.low) / TABLE_STEP_MM + 0.5, 0, self.columns.shape[1] - 1).astype(np.int32)
        cx, cy, rx, ry = (column[row] for column in self.columns)
        section = _power((x - cx) / rx, self.exponent) + _power((y - cy) / ry, self.exponent) <= 1
        return section & (z >= self.low) & (z <= self.high)


@dataclass(frozen=True)
class Part:
    """A shape and the material it is made of."""

    shape: Shape
    material: str


def rotation(degrees_xyz: Numbers) -> np.ndarray:
    """Rotation matrix, shape (3, 3): first about x (left–right), then y, then z; degrees, right-handed in RAS."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_euler("xyz", degrees_xyz, degrees=True).as_matrix()


def ball(
    center: Numbers, radii: Union[Numbers, float], degrees_xyz: Numbers = (0, 0, 0), exponent: float = 2.0
) -> Ellipsoid:
    """An ellipsoid at ``center`` (RAS mm) with ``radii`` (one or three, mm), turned by ``degrees_xyz``."""
    lengths = np.broadcast_to(np.asarray(radii, dtype=float), 3).copy()
    return Ellipsoid(np.asarray(center, dtype=float), lengths, rotation(degrees_xyz), exponent)


def paint(parts: Sequence[Part], values: dict[str, int], shape: tuple[int, int, int], ijk_to_body: np.ndarray) -> np.ndarray:
    """Rasterise ``parts`` in their order, each voxel by the position of its centre.

    Parameters
    ----------
    parts : sequence of Part
        Later parts cover earlier ones.
    values : dict
        Material to its number in the result.
    shape : (int, int, int)
        Of the result, (k, j, i).
    ijk_to_body : ndarray, shape (4, 4)
        Voxel index (i, j, k, 1) to the body's own RAS mm.

    Returns
    -------
    ndarray of uint8, shape (k, j, i)
        Material numbers; 0 where there is none.
    """
    labels = np.zeros(shape, dtype=np.uint8)
    body_to_ijk = np.linalg.inv(ijk_to_body)
    matrix = ijk_to_body.astype(np.float32)
    for part in parts:
        for block in _blocks(part.shape.box(), body_to_ijk, shape):
            k, j, i = (np.arange(s.start, s.stop, dtype=np.float32) for s in block)
            x, y, z = (
                (row[3] + row[2] * k)[:, None, None] + (row[1] * j)[None, :, None] + (row[0] * i)[None, None, :] for row in matrix[:3]
            )
            labels[block][part.shape.inside(x, y, z)] = values[part.material]
    return labels


def _blocks(box: np.ndarray, body_to_ijk: np.ndarray, shape: tuple[int, int, int]) -> Iterator[tuple[slice, slice, slice]]:
    """The part of the grid that can meet ``box``, in slabs of bounded size."""
    matrix = body_to_ijk[:3, :3]
    center = matrix @ box.mean(axis=0) + body_to_ijk[:3, 3]
    reach = np.abs(matrix) @ (box[1] - box[0]) / 2
    size = np.array(shape[::-1])
    low = np.clip(np.floor(center - reach), 0, size).astype(int)
    high = np.clip(np.ceil(center + reach) + 1, 0, size).astype(int)
    if np.any(high <= low):
        return
    step = max(1, POINTS_PER_BLOCK // int(np.prod((high - low)[:2])))
    for start in range(low[2], high[2], step):
        yield slice(start, min(start + step, high[2])), slice(low[1], high[1]), slice(low[0], high[0])


def _power(values: np.ndarray, exponent: float) -> np.ndarray:
    """|values| to a multiple of ½ that is 2 or more, by products and a square root: many times faster than a general power."""
    size = np.abs(values)
    result = size * size
    for _ in range(int(exponent) - 2):
        result = result * size
    return result * np.sqrt(size) if exponent % 1 else result


def _own_coordinates(shape: Ellipsoid | Drum, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, ...]:
    """Position along the shape's axes in units of its radii."""
    dx, dy, dz = (p - np.float32(c) for p, c in zip((x, y, z), shape.center))
    return tuple(
        (dx * np.float32(a[0]) + dy * np.float32(a[1]) + dz * np.float32(a[2])) / np.float32(r) for a, r in zip(shape.axes.T, shape.radii)
    )
