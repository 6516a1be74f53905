"""The bodies as labels on the grid of the image they were found in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..model import Volume, finding
from .chain import Box
from .column import ColumnFrame
from .walls import U, V, X, body_positions, turn


def paint(image: Volume, frames: Sequence[ColumnFrame], boxes: Sequence[Box], insides: Sequence[np.ndarray]) -> Volume:
    """Labels on the image's own grid: a voxel belongs to the body whose surface its centre lies deepest within."""
    shape = image.array.shape
    labels, deepest = np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=np.float32)
    corners = np.stack(np.meshgrid(X[[0, -1]], U[[0, -1]], V[[0, -1]], indexing="ij"), axis=-1).reshape(-1, 3)
    for n, (frame, box, inside) in enumerate(zip(frames, boxes, insides)):
        reached = image.to_ijk(frame.to_ras(body_positions(box, *corners.T)))
        low = np.clip(np.floor(reached.min(axis=0)).astype(int), 0, shape[::-1])
        high = np.clip(np.ceil(reached.max(axis=0)).astype(int) + 1, low, shape[::-1])
        bounds = tuple(slice(a, b) for a, b in zip(low[::-1], high[::-1]))
        depth = ndimage.affine_transform(inside, *_lattice_index(image, frame, box, low), tuple(high[::-1] - low[::-1]), order=1, cval=-1.0)
        mine = depth > deepest[bounds]
        labels[bounds][mine] = n + 1
        deepest[bounds][mine] = depth[mine]
    return image.like(labels, name="vertebral bodies", unit="", quantity="label", source=(finding("made.bodies"),))


def _lattice_index(image: Volume, frame: ColumnFrame, box: Box, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrix and offset from (k, j, i), counted from ``low``, to the index in a body's lattice (X, U, V)."""
    axes = frame.axes @ turn(box.tilt)
    center = frame.to_ras(np.array([box.side, *box.center]))
    step = np.array([X[1] - X[0], U[1] - U[0], V[1] - V[0]])
    matrix = (axes.T @ image.ijk_to_ras[:3, :3]) / frame.scale / step[:, None]
    start = axes.T @ (image.to_ras(low) - center) / frame.scale
    return matrix[:, ::-1], (start - np.array([X[0], U[0], V[0]])) / step
