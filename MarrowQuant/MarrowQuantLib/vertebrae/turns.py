"""Where each body of a column lies from side to side, and how it is turned: about the column's own axis, and to the side.

A column is not quite straight, and in scoliosis its bodies turn with it: the body then lies beside the canal behind it. Both follow from
the mirror plane of the body, the canal and what lies behind, which may lie aslant; how far a body leans to the side follows from its
endplates. What one body does the next one nearly does too (dynamic programming).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from .chain import ENDPLATE_PARTS, Box, Marrow, Signs, outside
from .column import CLICK_ERROR_MM, PULL, ColumnFrame, Sampler, standardise
from .walls import V, body_positions, scaled, turn

_ROTATIONS = np.arange(-28.0, 29.0, 4.0)  # degrees about the column's axis
_SIDES = np.arange(-14.0, 15.0)  # of the canal, units to the right of the midline
_CANAL = 32.0  # units that the middle of the canal lies behind that of the body, rounded from ten lumbar spines
# Standard deviations of a body's place and turn and of their changes to the next one, and the part that is compared (of twelve settings
# tried on nine of the labelled spines, the six unlike T1 49 doing nearly the same in all of them).
_SIDE_PRIOR, _SIDE_STEP = 8.0, 4.0  # units
_ROTATION_PRIOR, _ROTATION_STEP = 20.0, 5.0  # degrees
_LATERAL, _BACKWARD = np.arange(2.0, 24.1, 2.0), np.arange(-48.0, 18.1, 2.0)  # units from the mirror plane; along it
_HEIGHTS = np.arange(-9.0, 10.0, 3.0)
_BLUR = 10.0  # surroundings to which the signal is standardised, units

_LEANS = np.arange(-24.0, 25.0, 2.0)  # degrees
_LEAN_PRIOR = 8.0  # our choice
_LEAN_X, _LEAN_U = np.arange(-22.0, 23.0, 2.0), np.arange(-12.0, 13.0, 2.0)
_LEAN_WIDTH = 12.0  # of the Gaussian weight from side to side, units
_MOVES, _MOVE_SD = np.arange(-5.0, 5.1, 0.5), 2.5  # of an endplate along the column meanwhile
_EDGE_WEIGHT = 6.0  # as of the walls


def turned_bodies(
    frames: Sequence[ColumnFrame], sampler: Sampler, boxes: Sequence[Box], clicks: Mapping[int, float], signs: Sequence[Signs]
) -> tuple[list[ColumnFrame], list[Box]]:
    """Every body at its place from side to side, in a frame turned with it.

    Parameters
    ----------
    frames : sequence of ColumnFrame
        Of each body, along the column's midline.
    sampler : Sampler
    boxes : sequence of Box
    clicks : mapping of place in the column to x
        Where bodies were clicked, units to the right of the midline.
    signs : sequence of Signs
        Of the steps on leaving each body.
    """
    sides, rotations, alike = sides_and_rotations(frames, sampler, boxes, clicks)
    boxes = [replace(box, side=float(side), mirror=float(mirror)) for box, side, mirror in zip(boxes, sides, alike)]
    frames = [_turned(frame, box, _about_column(rotation)) for frame, box, rotation in zip(frames, boxes, rotations)]
    leans = [lean(frame, sampler, box, sign) for frame, box, sign in zip(frames, boxes, signs)]
    return [_turned(frame, box, _to_side(box, angle)) for frame, box, angle in zip(frames, boxes, leans)], boxes


def sides_and_rotations(
    frames: Sequence[ColumnFrame], sampler: Sampler, boxes: Sequence[Box], clicks: Mapping[int, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far each body lies to the right of the column's midline, in units, its turn about the column's axis, in degrees, and the
    correlation with its mirror image there.

    The turn is positive where the front of the body goes to the left. The parameters are those of :func:`turned_bodies`; the arrays have
    the shape (n,). Of the places and turns that explain the picture about as well, those near the clicks, and near to those of the next
    body, are taken.
    """
    rotation, canal = (grid.ravel() for grid in np.meshgrid(_ROTATIONS, _SIDES, indexing="ij"))
    side = canal - _CANAL * np.sin(np.deg2rad(rotation))
    step = PULL / 2 * (((canal[:, None] - canal) / _SIDE_STEP) ** 2 + ((rotation[:, None] - rotation) / _ROTATION_STEP) ** 2)
    usual = -PULL / 2 * ((canal / _SIDE_PRIOR) ** 2 + (rotation / _ROTATION_PRIOR) ** 2)
    total, pointers, matches = np.zeros(len(side)), [], []
    for n, (frame, box) in enumerate(zip(frames, boxes)):
        matches.append(_mirror_match(frame, sampler, box).ravel())
        own = matches[-1] + usual
        if n in clicks:
            own = own - PULL * np.log1p(((side - clicks[n]) * frame.scale / CLICK_ERROR_MM) ** 2 / 2)  # Cauchy: one click may be far off
        if n:
            through = total[:, None] - step
            pointers.append(through.argmax(axis=0))
            total = through.max(axis=0)
        total = total + own
    path = [int(total.argmax())]
    for back in reversed(pointers):
        path.append(int(back[path[-1]]))
    path.reverse()
    return side[path], rotation[path], np.array([match[place] for match, place in zip(matches, path)])


def _mirror_match(frame: ColumnFrame, sampler: Sampler, box: Box) -> np.ndarray:
    """Correlation of a body, its canal and what follows with its mirror image, at all :data:`_ROTATIONS` and :data:`_SIDES`.

    The mean over the height of the body is compared; its sides are beyond what is compared, as psoas and vessels lie there.
    """
    x, y = np.arange(-54.0, 55.0, 2.0), np.arange(-62.0, 33.0, 2.0)
    places = body_positions(replace(box, side=0.0), *np.meshgrid(x, y, _HEIGHTS, indexing="ij", sparse=True))
    picture = standardise(sampler(frame.to_ras(places)).mean(axis=-1), (_BLUR / 2, _BLUR / 2))
    angle, canal = np.deg2rad(_ROTATIONS)[:, None, None, None], _SIDES[:, None, None]
    along = _BACKWARD + _CANAL
    halves = []
    for across in (_LATERAL[:, None], -_LATERAL[:, None]):
        at_x = canal + np.cos(angle) * across - np.sin(angle) * along
        at_y = -_CANAL + np.sin(angle) * across + np.cos(angle) * along
        index = np.broadcast_arrays((at_x - x[0]) / 2, (at_y - y[0]) / 2)
        values = ndimage.map_coordinates(picture, index, order=1, mode="nearest")
        halves.append(values - values.mean(axis=(2, 3), keepdims=True))
    one, other = halves
    norm = np.sqrt((one**2).sum(axis=(2, 3)) * (other**2).sum(axis=(2, 3)))
    return (one * other).sum(axis=(2, 3)) / np.maximum(norm, np.finfo(np.float32).tiny)


def lean(frame: ColumnFrame, sampler: Sampler, box: Box, signs: Signs) -> float:
    """How far a body leans to the side, degrees, positive where its right side is raised: the slope at which its endplates are steepest."""
    block = sampler(frame.to_ras(body_positions(box, *np.meshgrid(_LEAN_X, _LEAN_U, V, indexing="ij", sparse=True))))
    block = scaled(block, block[np.abs(_LEAN_X) <= _LEAN_WIDTH])
    marrow = Marrow.of(block[4:-4, 2:-2, 17:-17])
    weight = np.exp(-0.5 * (_LEAN_X / _LEAN_WIDTH) ** 2)
    slope = np.tan(np.deg2rad(_LEANS))[:, None, None] * _LEAN_X[:, None]
    columns = np.arange(len(_LEAN_X))[:, None]
    score = -(_LEANS**2) / (2 * _LEAN_PRIOR**2)
    for sign, outwards in ((signs.top, 1.0), (signs.bottom, -1.0)):
        rising = ndimage.gaussian_filter1d(outside(block, sign, marrow, ENDPLATE_PARTS), 1.0, axis=2, order=1)
        step = outwards * rising.mean(axis=1)
        place = outwards * box.height / 2 + slope + _MOVES - V[0]
        seen = ndimage.map_coordinates(step, np.broadcast_arrays(columns, place), order=1, mode="nearest")
        mean = (weight[:, None] * seen).sum(axis=1) / weight.sum()
        score = score + (_EDGE_WEIGHT * mean - _MOVES**2 / (2 * _MOVE_SD**2)).max(axis=1)
    return float(_LEANS[score.argmax()])


def _turned(frame: ColumnFrame, box: Box, rotation: np.ndarray) -> ColumnFrame:
    """The frame turned about the middle of a body, which stays at the same place in it."""
    center = np.array([box.side, *box.center])
    axes = frame.axes @ rotation
    return ColumnFrame(frame.to_ras(center) - frame.scale * axes @ center, axes, frame.scale)


def _about_column(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def _to_side(box: Box, degrees: float) -> np.ndarray:
    """About the body's own back-to-front axis."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    own = turn(box.tilt)
    return own @ np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]]) @ own.T
