"""Which of the boxes are vertebral bodies, and of which levels: the best chain of bodies, each with its level, by dynamic programming.

A body is expected to be tilted, as large, and as far from the next one as is usual at its level, but for how the patient lies and how
strongly the lumbar column is bent, both of which are tried. The sacrum is what the levels are counted from: the line through the centres
turns by 30° and more from L5 to S1, and what follows S1 is small and near. How sure the count is follows from how much worse the best
chain is that gives the same body another level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from .find_boxes import Candidates
from .levels import LEVELS

CHAIN = (*LEVELS[LEVELS.index("T4") : LEVELS.index("S1") + 1], "S2")
"""Levels that a chain may have."""
_S1, _S2 = CHAIN.index("S1"), CHAIN.index("S2")

# Direction from a centre to the next one below, degrees from straight down, positive forwards; by the upper level. T10 to L4: means
# over 30 labelled spines (``Docs/vertebrae.md``), rounded; the others are our choice. A box is tilted as the line through it.
_DIRECTION = np.array([-12.0, -10, -8, -4, 0, 5, 9, 11, 13, 14.5, 12.5, 5.5, -8, -45, -60])
_TILT = np.array([-10.0, -8, -6, -2, 2, 7, 11, 12, 13, 14, 10, 4, -3, -22, -47, -62])
_MEAN_DIRECTION = 5.5
_OTHER_WAYS = tuple((lean, bend) for lean in (-12.0, -6.0, 0.0, 6.0, 12.0) for bend in (0.7, 1.0, 1.3))
_LEAN_SD, _BEND_SD = 4.0, 0.25
# A lumbar body is 27 mm high, 35 mm deep, and 9 mm from the next; our choice, thoracic heights as in ``proportions``.
_HEIGHT = 27.0 * np.array([0.70, 0.72, 0.74, 0.76, 0.8, 0.82, 0.86, 0.9, 0.95, 1, 1, 1, 1, 1, 0.97, 0.8])
_DEPTH = np.array([35.0] * _S1 + [31.0, 22.0])
_GAP = np.array([9.0] * _S1 + [3.0])
_DIRECTION_SD = np.array([7.0] * (_S1 - 1) + [10.0, 10.0])
_TILT_SD = np.array([9.0] * _S1 + [12.0, 12.0])
_HEIGHT_SD, _DEPTH_SD, _GAP_SD, _LEAN_AGAINST_SD, _TALLER_SD, _DEEPER_SD = 4.0, 6.0, 4.0, 12.0, 5.0, 7.0
# What a squared deviation costs, twice, in units of the box score: of sizes and distances, and of directions (of twelve tried on spines).
_SIZE_WEIGHT, _TURN_WEIGHT = 0.12, 0.2
_LEAST = 0.55  # box score above which a body lengthens a chain
_SACRUM = 0.25  # what S1 is given in advance, as its edges are fainter
_STOPPED_BELOW, _STOPPED_ABOVE = 0.5, 0.3  # what it costs to end where the next body would be in view
_USUAL_STEP_MM, _HALF_BODY_MM = 35.0, 12.0
_FEWEST_MM, _LARGEST_STEP_MM, _LEAST_DESCENT_MM = 18.0, 60.0, 6.0
_AT_MOST = 220  # boxes that are looked at, for every 400 mm of height
_PER_MM = 400.0
_SAME_MM = 9.0  # boxes as near as this are the same body
_CLICK_REACH_MM, _CLICKED = 14.0, 5.0


@dataclass(frozen=True)
class Chain:
    """Bodies with levels, cranial first.

    Attributes
    ----------
    levels : tuple of str
    boxes : Candidates
    score : float
    lead : float
        How much better than the best chain with another numbering; above about 0.6 the numbering was right in the labelled spines.
    """

    levels: tuple[str, ...]
    boxes: Candidates
    score: float
    lead: float


def best_chain(boxes: Candidates, in_view: tuple[float, float], click: Optional[tuple[str, np.ndarray]] = None) -> Optional[Chain]:
    """The best chain of bodies.

    Parameters
    ----------
    boxes : Candidates
    in_view : (float, float)
        Lowest and highest S coordinate of the image, mm.
    click : (level, (A, S)), optional
        A body whose level is known.

    Returns
    -------
    Chain or None
        None where there is no box.
    """
    boxes = boxes.best(int(_AT_MOST * max(1.0, (in_view[1] - in_view[0]) / _PER_MM)))
    if not len(boxes.score):
        return None
    pairs = _pairs(boxes)
    best, path, whole = -np.inf, [], np.full((len(boxes.score), len(CHAIN)), -np.inf)
    for lean, bend in _OTHER_WAYS:
        node, ends, steps = _costs(boxes, pairs, in_view, lean, bend)
        if click is not None:
            node = node + _click_bonus(boxes, *click)
        down, pointers = _forwards(node, ends[0], steps)
        total = down + ends[1]
        whole = np.maximum(whole, down + _backwards(node, ends[1], steps))
        if total.max() > best:
            box, level = divmod(int(np.argmax(total)), len(CHAIN))
            best, path = float(total.max()), _path((box, level), pointers)
    chosen = np.array([n for n, _ in path])
    return Chain(tuple(CHAIN[level] for _, level in path), boxes.take(chosen), best, _lead(boxes, whole, path, best))


def _pairs(boxes: Candidates) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of every pair, upper by lower: cost of what does not depend on the level, gap, direction, and whether they cannot be neighbours."""
    apart = boxes.center[:, None] - boxes.center[None]
    length = np.hypot(*np.moveaxis(apart, -1, 0))
    direction = np.rad2deg(np.arctan2(-apart[..., 0], apart[..., 1]))

    def mean(values: np.ndarray) -> np.ndarray:
        return (values[:, None] + values) / 2

    cost = ((direction - mean(boxes.tilt)) / _LEAN_AGAINST_SD) ** 2
    cost += ((boxes.height[:, None] - boxes.height) / _TALLER_SD) ** 2 + ((boxes.depth[:, None] - boxes.depth) / _DEEPER_SD) ** 2
    cannot = (apart[..., 1] < _LEAST_DESCENT_MM) | (length < _FEWEST_MM) | (length > _LARGEST_STEP_MM)
    return cost, length - mean(boxes.height), direction, cannot


def _costs(
    boxes: Candidates, pairs: Sequence[np.ndarray], in_view: tuple[float, float], lean: float, bend: float
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], list[np.ndarray]]:
    """Scores of the boxes at each level; of a chain's first and last; and of pairs, one matrix for each level but the last."""
    like, gap, direction, cannot = pairs
    directions, tilts = (lean + _MEAN_DIRECTION + (usual - _MEAN_DIRECTION) * bend for usual in (_DIRECTION, _TILT))
    node = (boxes.score - _LEAST)[:, None] - _TURN_WEIGHT / 2 * ((boxes.tilt[:, None] - tilts) / _TILT_SD) ** 2
    node -= _SIZE_WEIGHT / 2 * ((boxes.height[:, None] - _HEIGHT) / _HEIGHT_SD) ** 2
    node -= _SIZE_WEIGHT / 2 * ((boxes.depth[:, None] - _DEPTH) / _DEPTH_SD) ** 2
    node[:, _S1] += _SACRUM
    next_z = boxes.center[:, 1, None] - _USUAL_STEP_MM * np.cos(np.deg2rad(directions[:_S1])) - _HALF_BODY_MM
    last = np.zeros_like(node)
    last[:, :_S1] = np.where(next_z > in_view[0], -_STOPPED_BELOW, 0.0)
    above = boxes.center[:, 1] + _USUAL_STEP_MM + _HALF_BODY_MM
    patient = _TURN_WEIGHT / 2 * ((lean / _LEAN_SD) ** 2 + ((bend - 1) / _BEND_SD) ** 2)
    first = np.where(above < in_view[1], -_STOPPED_ABOVE, 0.0)[:, None] - patient
    steps = []
    for usual, sd, usual_gap in zip(directions, _DIRECTION_SD, _GAP):
        step = -_SIZE_WEIGHT / 2 * (like + ((gap - usual_gap) / _GAP_SD) ** 2) - _TURN_WEIGHT / 2 * ((direction - usual) / sd) ** 2
        steps.append(np.where(cannot, -np.inf, step))
    return node, (first, last), steps


def _forwards(node: np.ndarray, first: np.ndarray, steps: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Best score of a chain that ends in each box at each level, and the box before it (−1: it begins there)."""
    total, pointers = node + first, np.full(node.shape, -1)
    for level, step in enumerate(steps, start=1):
        reached = total[:, level - 1, None] + step
        before = reached.argmax(axis=0)
        longer = reached[before, np.arange(len(node))] + node[:, level]
        better = longer > total[:, level]
        total[better, level], pointers[better, level] = longer[better], before[better]
    return total, pointers


def _backwards(node: np.ndarray, last: np.ndarray, steps: Sequence[np.ndarray]) -> np.ndarray:
    """Best score of what follows each box at each level."""
    total = last.copy()
    for level in reversed(range(len(steps))):
        reached = steps[level] + (node[:, level + 1] + total[:, level + 1])
        total[:, level] = np.maximum(total[:, level], reached.max(axis=1))
    return total


def _path(end: Sequence[int], pointers: np.ndarray) -> list[tuple[int, int]]:
    path = [(int(end[0]), int(end[1]))]
    while pointers[path[-1]] >= 0:
        path.append((int(pointers[path[-1]]), path[-1][1] - 1))
    return path[::-1]


def _lead(boxes: Candidates, whole: np.ndarray, path: Sequence[tuple[int, int]], best: float) -> float:
    """Score of the best chain less that of the best one in which its middle body has another level."""
    number, level = path[len(path) // 2]
    near = np.hypot(*(boxes.center - boxes.center[number]).T) < _SAME_MM
    others = np.delete(whole[near], level, axis=1)
    return float(best - others.max())


def _click_bonus(boxes: Candidates, level: str, at: np.ndarray) -> np.ndarray:
    """What the level of the boxes about a click is worth: much for the level told, as little for all others."""
    bonus = np.zeros((len(boxes.score), len(CHAIN)))
    near = np.hypot(*(boxes.center - at).T) < _CLICK_REACH_MM
    bonus[near] = -_CLICKED
    if level in CHAIN:
        bonus[near, CHAIN.index(level)] = _CLICKED
    return bonus


