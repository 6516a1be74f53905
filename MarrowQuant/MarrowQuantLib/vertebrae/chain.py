"""The bodies in the sagittal picture: a chain of tilted boxes with the best edges (a pictorial structure).

Each body is a box with a centre, a tilt, a height and a depth. Its score is the mean brightness step across its four edges; the step's
sign at every disc is an unknown of its own, which seldom changes from one disc to the next (a degenerate disc may be dark among bright
ones), that of each wall one for the whole patient. What one body may do to the next is a prior: distance, direction and turn. The best
chain is found exactly by dynamic programming over the local maxima of each body's score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy import ndimage

from .column import SagittalPicture, Views


@dataclass(frozen=True)
class Marrow:
    """Signal inside a body: level in its middle, spread about that (1.48 x median absolute deviation), and slopes per unit towards cranial
    and anterior."""

    level: float
    spread: float
    slopes: tuple[float, float] = (0.0, 0.0)

    @staticmethod
    def of(values: np.ndarray) -> Marrow:
        """Of the inside of a body whose signal is given in quarters of the image's spread."""
        level = float(np.median(values))
        return Marrow(level, max(1.48 * float(np.median(np.abs(values - level))), _SMALLEST_SPREAD))

    def unlike(self, values: np.ndarray) -> np.ndarray:
        """0 where the signal is that of the marrow, 0.39 at three spreads from it, towards 1 beyond six."""
        return 1.0 - np.exp(-0.5 * ((values - self.level) / (_UNLIKE * self.spread)) ** 2)

    def limited(self, values: np.ndarray) -> np.ndarray:
        """Difference from the marrow, as far as :meth:`unlike` tells signals apart."""
        limit = 2 * _UNLIKE * self.spread
        return np.clip(values - self.level, -limit, limit)


@dataclass(frozen=True)
class BodyPrior:
    """What is expected of one body, in units: position (y, z), its standard deviation, tilt in degrees, height and depth; and, once a
    first box is known, its marrow."""

    center: np.ndarray
    center_sd: float
    tilt: float
    height: float
    depth: float
    marrow: Optional[Views] = None


@dataclass(frozen=True)
class Box:
    """A body in the sagittal picture: (y, z) of its centre in units, tilt in degrees (front raised is positive), height, depth, score; and
    how far it lies to the right of the column's midline, in units, and the correlation of what lies to both sides of its mirror plane."""

    center: np.ndarray
    tilt: float
    height: float
    depth: float
    score: float
    side: float = 0.0
    mirror: float = 1.0


@dataclass(frozen=True)
class Signs:
    """Sign of the brightness step when leaving a body through the upper and lower endplate, the front and the back wall; 0 of a wall:
    whichever is stronger."""

    top: int
    bottom: int
    front: int = 0
    back: int = 0


@dataclass(frozen=True)
class Search:
    """How widely a chain is searched: spread of height and depth, tilts about the prior in degrees, reach of the centre in units."""

    height_sd: float
    depth_sd: float
    tilts: np.ndarray
    reach: int


COARSE = Search(2.5, 6.0, np.arange(-20.0, 21.0, 5.0), 14)
FINE = Search(1.5, 4.0, np.arange(-7.5, 7.6, 2.5), 7)

# Weights of the signed signal and of unlikeness to marrow in the pictures whose rise marks an edge (tried on ten spines).
ENDPLATE_PARTS = (1.0, 1.0)
WALL_PARTS = (0.5, 2.0)

_SMALLEST_SPREAD = 0.2  # in quarters of the image's spread, our choice: without noise an edge would begin with partial volume
_UNLIKE = 3.0  # spreads of the marrow (tried on ten spines)
_MIDDLE = 5  # units from where a body was first seen to where its back half begins, our choice
_INTERIOR = 0.3  # of height and depth to either side: what is taken for marrow
_HALF = 44  # half-side of the turned picture
_STEP_SD = 3.0  # distance between neighbours, along the column
_SIDE_SD = 8.0  # and across it
_TALLER_SD = 3.0  # height of one over that of the other, our choice: one of them may otherwise take in a disc
_TURN_SD = 7.0  # degrees
_EDGE = 1.0  # blur of the edge detector
_WEIGHT = 6.0  # what one unit of mean step across the edges is worth against the priors
_KEEP, _KEEP_ALL = 60, 240  # candidates a body and tilt, and a body
_CHANGE = 1.0  # what a body between a bright and a dark disc must gain, our choice (of 0, 1 and 3 tried on five spines)


def candidates_of(
    picture: SagittalPicture, priors: Sequence[BodyPrior], options: Sequence[Sequence[Signs]], search: Search
) -> list[list[np.ndarray]]:
    """Where each body may lie: for every body and each of its options on the signs, rows (y, z, tilt, height, depth, score).

    Parameters
    ----------
    picture : SagittalPicture
    priors : sequence of BodyPrior
        Cranial first.
    options : sequence of sequences of Signs
        Of each body.
    search : Search
    """
    return [_candidates(picture, prior, signs, search) for prior, signs in zip(priors, options)]


def best_chain_of(
    candidates: Sequence[Sequence[np.ndarray]], priors: Sequence[BodyPrior], options: Sequence[Sequence[Signs]]
) -> tuple[list[Box], list[Signs], float]:
    """The best chain in which neighbours agree on the sign of the disc between them: its boxes and signs, cranial first, and its score.

    Dynamic programming; a body between two discs of different signs costs :data:`_CHANGE`.
    """
    reached: list[dict[int, np.ndarray]] = []  # total of the best chain that ends at each candidate, by option
    back_pointers: list[dict[int, np.ndarray]] = []
    for n, (rows, signs) in enumerate(zip(candidates, options)):
        totals, pointers = {}, {}
        for m, (found, sign) in enumerate(zip(rows, signs)):
            own = found[:, -1] - (_CHANGE if sign.top != sign.bottom else 0.0)
            before = [q for q, above in enumerate(options[n - 1]) if above.bottom == sign.top] if n else []
            if n:
                above = np.concatenate([candidates[n - 1][q] for q in before])
                total = np.concatenate([reached[-1][q] for q in before])
                through = total[:, None] + _pair_score(above, found, priors[n - 1], priors[n])
                pointers[m] = _places(candidates[n - 1], before)[through.argmax(axis=0)]
                own = own + through.max(axis=0)
            totals[m] = own
        reached.append(totals)
        back_pointers.append(pointers)
    ends = [(float(total.max()), m, int(total.argmax())) for m, total in reached[-1].items()]
    score, option, place = max(ends)
    chosen = []
    for n in range(len(priors) - 1, -1, -1):
        row = candidates[n][option][place]
        chosen.append((Box(row[:2].copy(), *(float(value) for value in row[2:])), options[n][option]))
        if n:
            option, place = back_pointers[n][option][place]
    boxes, signs_found = zip(*reversed(chosen))
    return list(boxes), list(signs_found), score


def _places(rows: Sequence[np.ndarray], taken: Sequence[int]) -> np.ndarray:
    """(option, row) of all candidates of these options, one below the other."""
    return np.concatenate([np.stack([np.full(len(rows[q]), q), np.arange(len(rows[q]))], axis=1) for q in taken])


def wall_signs(picture: SagittalPicture, boxes: Sequence[Box]) -> tuple[int, int]:
    """Sign of the step through the front and the back wall: that of its sum over all bodies."""
    front = back = 0.0
    for box in boxes:
        along = _along(rotated(picture, box.center, box.tilt).walls, box.height)
        front += along[_HALF, _HALF + round(box.depth / 2)]
        back -= along[_HALF, _HALF - round(box.depth / 2)]
    return (1 if front >= 0 else -1), (1 if back >= 0 else -1)


def marrow_inside(picture: SagittalPicture, box: Box) -> Views:
    """The marrow of a body in the picture: the plane through its middle, 60 % of its height and depth, without what lies far off it."""
    return Views(*(_marrow_inside(local, box) for local in rotated(picture, box.center, box.tilt)))


def _marrow_inside(local: np.ndarray, box: Box) -> Marrow:
    high, deep = int(_INTERIOR * box.height), int(_INTERIOR * box.depth)
    values = local[_HALF - high : _HALF + high + 1, _HALF - deep : _HALF + deep + 1].ravel()
    up, forward = np.mgrid[-high : high + 1, -deep : deep + 1].reshape(2, -1)
    plane = np.stack([np.ones(values.size), up, forward], axis=1)
    kept = np.ones(values.size, dtype=bool)
    for _ in range(3):
        solution = np.linalg.lstsq(plane[kept], values[kept], rcond=None)[0]
        off = np.abs(values - plane @ solution)
        spread = 1.48 * float(np.median(off))
        kept = off <= 3 * spread
    return Marrow(float(solution[0]), spread, (float(solution[1]), float(solution[2])))


def rotated(picture: SagittalPicture, center: np.ndarray, tilt: float, half: int = _HALF) -> Views:
    """Square of the picture turned with a body: first index along its cranial axis, second along its anterior axis."""
    steps = np.arange(-half, half + 1.0)
    cos, sin = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    v, u = np.meshgrid(steps, steps, indexing="ij")
    return picture(center[1] + cos * v + sin * u, center[0] - sin * v + cos * u)


def _candidates(picture: SagittalPicture, prior: BodyPrior, options: Sequence[Signs], search: Search) -> list[np.ndarray]:
    """Rows (y, z, tilt, height, depth, score) of the best local maxima of one body's score over position and tilt; one array an option."""
    rows: list[list[np.ndarray]] = [[] for _ in options]
    for tilt in prior.tilt + search.tilts:
        local = Views(*(view - shading for view, shading in zip(rotated(picture, prior.center, tilt), _shading(prior))))
        for found, scores in zip(rows, _box_scores(local, prior, options, search)):
            found.append(_peaks(*scores, prior, tilt, search.reach))
    whole = [np.concatenate(found) for found in rows]
    return [found[np.argsort(-found[:, -1])[:_KEEP_ALL]] for found in whole]


def _shading(prior: BodyPrior) -> Views:
    """The slope of the signal inside a body, that standardising to the surroundings leaves; level from its border on."""
    if prior.marrow is None:
        return Views(0.0, 0.0)
    steps = np.arange(-_HALF, _HALF + 1.0)
    high, deep = _INTERIOR * prior.height, _INTERIOR * prior.depth
    v, u = np.clip(steps, -high, high)[:, None], np.clip(steps, -deep, deep)
    return Views(*(marrow.slopes[0] * v + marrow.slopes[1] * u for marrow in prior.marrow))


def _peaks(score: np.ndarray, height: np.ndarray, depth: np.ndarray, prior: BodyPrior, tilt: float, reach: int) -> np.ndarray:
    """The best local maxima at one tilt as rows (y, z, tilt, height, depth, score less the pull of the prior)."""
    peaks = np.argwhere(score == ndimage.maximum_filter(score, 3, mode="nearest"))
    peaks = peaks[np.argsort(-score[tuple(peaks.T)])[:_KEEP]]
    v, u = (peaks - reach).T
    cos, sin = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    y, z = prior.center[0] - sin * v + cos * u, prior.center[1] + cos * v + sin * u
    at = tuple(peaks.T)
    away = ((y - prior.center[0]) ** 2 + (z - prior.center[1]) ** 2) / (2 * prior.center_sd**2)
    return np.stack([y, z, np.full(len(v), tilt), height[at], depth[at], score[at] - away], axis=1)


def outside(values: np.ndarray, sign: int, marrow: Optional[Marrow], parts: tuple[float, float]) -> np.ndarray:
    """A picture that rises on leaving a body: the signed signal, plus how unlike the body's own marrow a pixel is.

    The second part knows no polarity and falls on the inner side of a dark cortical line, where the first one rises on its outer side.
    """
    if marrow is None:
        return sign * values
    return parts[0] * sign * values + parts[1] * marrow.unlike(values)


def behind(values: np.ndarray, sign: int, marrow: Marrow, middle: int) -> np.ndarray:
    """As :func:`outside` for the back wall, where the innermost edge is the wall: going backwards, what was once left stays left.

    Behind a body follow dark cortex, epidural fat and the dural sac. The signed signal is limited, or the step from fat to sac would outdo
    that to the fat.

    Parameters
    ----------
    values : ndarray, shape (n, u) or (x, u, v)
        Signal, posterior to anterior along the second axis.
    middle : int
        Index of the body's middle along it.
    """
    back = slice(middle - _MIDDLE, None, -1)
    left = np.zeros_like(values)
    for part in (WALL_PARTS[0] * sign * marrow.limited(values), WALL_PARTS[1] * marrow.unlike(values)):
        part[:, back] = np.maximum.accumulate(part[:, back], axis=1)
        left = left + part
    return left


def _across(local: np.ndarray, depth: float) -> np.ndarray:
    """Mean step in the cranial direction along a piece of endplate."""
    return ndimage.uniform_filter1d(ndimage.gaussian_filter1d(local, _EDGE, axis=0, order=1), max(3, int(0.65 * depth)), axis=1)


def _along(local: np.ndarray, height: float) -> np.ndarray:
    """Mean step in the anterior direction along a piece of wall."""
    return ndimage.uniform_filter1d(ndimage.gaussian_filter1d(local, _EDGE, axis=1, order=1), max(3, int(0.65 * height)), axis=0)


def _box_scores(
    local: Views, prior: BodyPrior, options: Sequence[Signs], search: Search
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Best score over height and depth at every centre within reach, and these two: three arrays (v, u), for each option."""
    scores, walls_of = [], {}
    marrow = prior.marrow.ends if prior.marrow else None
    rising = {sign: _across(outside(local.ends, sign, marrow, ENDPLATE_PARTS), prior.depth) for sign in (1, -1)}
    for signs in options:
        tops, heights = _best_extent(rising[signs.top], -rising[signs.bottom], prior.height, search.height_sd, search.reach)
        pair = (signs.front, signs.back)
        if pair not in walls_of:
            front, back = _wall_steps(local.walls, prior, *pair)
            walls_of[pair] = _best_extent(front.T, back.T, prior.depth, search.depth_sd, search.reach)
        walls, depths = walls_of[pair]
        scores.append((tops + walls.T, heights, depths.T))
    return scores


def _wall_steps(local: np.ndarray, prior: BodyPrior, front: int, back: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps on leaving through the front and the back wall; without a sign either counts."""
    if prior.marrow is not None:
        marrow = prior.marrow.walls
        return _along(outside(local, front, marrow, WALL_PARTS), prior.height), -_along(behind(local, back, marrow, _HALF), prior.height)
    along = _along(local, prior.height)
    return (front * along if front else np.abs(along)), (-back * along if back else np.abs(along))


def _best_extent(after_edge: np.ndarray, before_edge: np.ndarray, expected: float, sd: float, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Best score over the extent along the first axis, and that extent, for every centre within reach."""
    middle = np.arange(_HALF - reach, _HALF + reach + 1)
    after_edge, before_edge = after_edge[:, middle], before_edge[:, middle]
    extents = np.arange(max(4.0, round(expected - 2.5 * sd)), round(expected + 2.5 * sd) + 0.5)
    tried = []
    for extent in extents:
        before, after = middle - int(np.floor(extent / 2)), middle + int(np.ceil(extent / 2))
        tried.append(_WEIGHT * (after_edge[after] + before_edge[before]) - (extent - expected) ** 2 / (2 * sd**2))
    scores = np.array(tried)
    return scores.max(axis=0), extents[scores.argmax(axis=0)]


def _pair_score(above: np.ndarray, below: np.ndarray, prior_above: BodyPrior, prior_below: BodyPrior) -> np.ndarray:
    """Log-prior of every pair of neighbours, shape (n above, n below)."""
    expected = prior_above.center - prior_below.center
    length = np.hypot(*expected)
    along = expected / length
    apart = above[:, None, :2] - below[None, :, :2]
    lengthwise = apart @ along - length
    sideways = apart @ np.array([along[1], -along[0]])
    turn = (above[:, None, 2] - below[None, :, 2]) - (prior_above.tilt - prior_below.tilt)
    # The line between two centres leans as the two bodies do: front raised means that the column above lies further back.
    direction = np.rad2deg(np.arctan2(-apart[..., 0], apart[..., 1]))
    expected_direction = np.rad2deg(np.arctan2(-expected[0], expected[1]))
    mean_tilt = (above[:, None, 2] + below[None, :, 2]) / 2 - (prior_above.tilt + prior_below.tilt) / 2
    lean = (direction - expected_direction) - mean_tilt
    taller = above[:, None, 3] - below[None, :, 3] - (prior_above.height - prior_below.height)
    apart_by = ((lengthwise, _STEP_SD), (sideways, _SIDE_SD), (taller, _TALLER_SD), (turn, _TURN_SD), (lean, _TURN_SD))
    return -0.5 * sum((value / sd) ** 2 for value, sd in apart_by)
