"""What a reader should doubt about the bodies found.

How bad a body is (the larger of its centre's error over 5 mm and of what its Dice lacks over 0.25) is expected from how faint its
fainter endplate and its back wall are, how far it is turned against the column, how unlike its neighbours' its height is, and how much
its height differs from side to side: a linear model of the logarithm. From it follow the probability that the body is bad (Dice below
0.75, or its centre more than 5 mm off) and how exactly its place is known. ``Testing/Benchmarks/vertebrae_doubts.py`` fits it on the
thirty labelled spines and measures it with each spine left out (``Docs/vertebrae.md``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import expit

from ..model import Finding, finding
from .column import ColumnFrame, Sampler
from .proportions import relative_height
from .walls import BodySurface, body_positions, usual_depth

# Median and robust spread (1.48 x median absolute deviation) over ten spines, rounded: score of the box in the sagittal picture, and sum of
# the mean steps across front and back wall. All measured by us.
_USUAL_SCORE, _SCORE_SPREAD = 16.4, 2.0
_USUAL_WALLS, _WALLS_SPREAD = 0.85, 0.21
_OUTER = 5  # of the lattice from side to side
COEFFICIENTS = {"constant": -0.4746, "ends": -0.2104, "back": -0.2793, "turned": 0.0331, "height": 2.0531, "wedge": 0.1218}
"""Of the expected logarithm, as ``vertebrae_doubts.py`` prints them; fitted by us on thirty spines."""
LOG_ODDS = 0.49, 6.04
"""Logarithm of the odds that a body is bad where the expected logarithm is 0, and how fast it grows with it: a logistic regression on
what is expected with the body's own spine left out."""
PLACE_MM, PLACE_POWER = 3.28, 1.61
"""Standard deviation of a body's place on each axis where the expected logarithm is 0, and how fast it grows with it (likewise)."""
LIMITS = {False: 0.0446, True: 0.1964}
"""Probability above which a body is doubted, without and with a line of cortex seen: less than a fifth of the good bodies of each
set of spines lie above it."""
_LEAST_PLACE_MM, _MOST_PLACE_MM = 0.5, 5.0  # our choice: beyond what was seen

# Limits for what is named on its own, our choice.
_FAINT_ENDS = 0.25
_FAINTEST = 6.0  # spreads: fainter than nearly all outlines on labelled spines
_LARGEST_TURN_DEG = 25.0
_FAR_ASIDE = 4.0  # units off the line between its neighbours: our choice; at most 2 on the ten spines, bent by 6 mm or not
_FAR_FROM_CLICK = 18.0  # units: half a lumbar spacing
_FAINT = 1.0  # spreads
_ODD_SIZE = {"height": 0.10, "depth": 0.07}


def doubt_features(surfaces: Sequence[BodySurface], levels: Sequence[str], frames: Sequence[ColumnFrame]) -> dict[str, np.ndarray]:
    """What the expected logarithm follows from, by the names of :data:`COEFFICIENTS`; each of shape (n,)."""
    heights = np.log(_relative_sizes(levels, surfaces)["height"])
    return {
        "constant": np.ones(len(surfaces)),
        "ends": np.array([min(surface.steps["top"], surface.steps["bottom"]) for surface in surfaces]),
        "back": np.array([surface.steps["back"] for surface in surfaces]),
        "turned": _turned(frames),
        "height": np.abs(heights - np.median(heights)),
        "wedge": np.array([_wedge(surface.top - surface.bottom) for surface in surfaces]),
    }


def expected_badness(surfaces: Sequence[BodySurface], levels: Sequence[str], frames: Sequence[ColumnFrame]) -> np.ndarray:
    """Expected logarithm of how bad each body is, 0 at the limit and at least that where hardly anything is seen of it; shape (n,)."""
    features = doubt_features(surfaces, levels, frames)
    badness = np.sum([weight * features[name] for name, weight in COEFFICIENTS.items()], axis=0)
    hardly_seen = np.array([_ends(surface) < _FAINT_ENDS for surface in surfaces]) | (_faintness(surfaces)[0] > _FAINTEST)
    return np.where(hardly_seen, np.maximum(badness, 0.0), badness)


def bad_probability(badness: np.ndarray) -> np.ndarray:
    """Probability that each body has a Dice below 0.75 or a centre more than 5 mm off, given :func:`expected_badness`; shape (n,)."""
    return expit(LOG_ODDS[0] + LOG_ODDS[1] * badness)


def place_sd_mm(badness: np.ndarray) -> np.ndarray:
    """Standard deviation of each body's place on each axis, given :func:`expected_badness`; mm, shape (n,)."""
    return np.clip(PLACE_MM * np.exp(PLACE_POWER * badness), _LEAST_PLACE_MM, _MOST_PLACE_MM)


def uncertainty(surfaces: Sequence[BodySurface], badness: np.ndarray) -> np.ndarray:
    """:func:`bad_probability` as a multiple of the limit above which a body is doubted; shape (n,)."""
    return bad_probability(badness) / np.array([LIMITS[surface.marrow_alone] for surface in surfaces])


def body_findings(
    levels: Sequence[str],
    surfaces: Sequence[BodySurface],
    frames: Sequence[ColumnFrame],
    sampler: Sampler,
    points: Mapping[str, np.ndarray],
    unsure: np.ndarray,
) -> dict[str, list[Finding]]:
    """Reasons to look twice, per level, as sentences.

    Parameters
    ----------
    levels : sequence of str
        Cranial first.
    surfaces : sequence of BodySurface
        As fitted, before their depths are shared.
    frames : sequence of ColumnFrame
        Of each body.
    sampler : Sampler
    points : mapping of level to ndarray, shape (3,)
        The clicks, RAS mm.
    unsure : ndarray, shape (n,)
        :func:`uncertainty` of the bodies.
    """
    in_neck = np.array([level.startswith("C") for level in levels])  # no labelled neck was at hand: a faint outline is enough there
    unsure = (np.asarray(unsure) > 1) | (in_neck & (_faintness(surfaces)[0] > _FAINT))
    aside = _aside(surfaces)
    findings = {}
    for n, (level, surface, frame) in enumerate(zip(levels, surfaces, frames)):
        reasons = _outline_reasons(levels, surfaces, n) if unsure[n] else []
        if _ends(surface) < _FAINT_ENDS:
            reasons.append(finding("body.faint_endplates", level=level))
        turned = abs(surface.box.tilt - surfaces[n - 1].box.tilt) if n else 0.0
        if turned > _LARGEST_TURN_DEG:
            reasons.append(finding("body.turned", level=level, degrees=turned, neighbour=levels[n - 1]))
        if aside[n] > _FAR_ASIDE:
            reasons.append(finding("body.aside", level=level, mm=aside[n] * frame.scale))
        center = frame.to_ras(np.array([surface.box.side, *surface.box.center]))
        missed = float(np.linalg.norm(points[level] - center)) if level in points else 0.0
        if missed > _FAR_FROM_CLICK * frame.scale:
            reasons.append(finding("body.far_from_click", level=level, mm=missed))
        if not _in_view(surface, frame, sampler):
            reasons.append(finding("body.cut", level=level))
        findings[level] = reasons
    return findings


def _outline_reasons(levels: Sequence[str], surfaces: Sequence[BodySurface], n: int) -> list[Finding]:
    """Why the outline of body ``n`` is unsure, the plainest reason at least."""
    faint_box, faint_walls = (float(values[n]) for values in _faintness(surfaces))
    reasons = []
    if faint_walls > _FAINT:
        reasons.append(finding("body.faint_walls", level=levels[n]))
    for name, sizes in _relative_sizes(levels, surfaces).items():
        odd = float(_deviation(sizes)[n])
        if abs(odd) > _ODD_SIZE[name]:
            side = "above" if odd > 0 else "below"
            reasons.append(finding("body.odd_size", level=levels[n], size=name, percent=abs(odd) * 100, side=side))
    if faint_box > _FAINT or not reasons:
        reasons.append(finding("body.faint_outline", level=levels[n]))
    return reasons


def _ends(surface: BodySurface) -> float:
    """Mean step across both endplates."""
    return (surface.steps["top"] + surface.steps["bottom"]) / 2


def _faintness(surfaces: Sequence[BodySurface]) -> tuple[np.ndarray, np.ndarray]:
    """How far box score and walls lie below the usual, in spreads."""
    scores = np.array([surface.box.score for surface in surfaces])
    walls = np.array([surface.steps["front"] + surface.steps["back"] for surface in surfaces])
    return (_USUAL_SCORE - scores) / _SCORE_SPREAD, (_USUAL_WALLS - walls) / _WALLS_SPREAD


def _turned(frames: Sequence[ColumnFrame]) -> np.ndarray:
    """Angle between each body's own left–right axis and the mean of all, degrees."""
    lateral = np.array([frame.axes[:, 0] for frame in frames])
    mean = lateral.mean(axis=0)
    return np.rad2deg(np.arccos(np.clip(lateral @ mean / np.linalg.norm(mean), -1, 1)))


def _wedge(heights: np.ndarray) -> float:
    """How much the height of a body differs between its outermost parts on both sides, units."""
    return float(abs(heights[:_OUTER].mean() - heights[-_OUTER:].mean()))


def _aside(surfaces: Sequence[BodySurface]) -> np.ndarray:
    """How far each body lies to the side of the middle between its neighbours, in units; 0 at the ends."""
    sides = np.array([surface.box.side for surface in surfaces])
    aside = np.zeros(len(sides))
    aside[1:-1] = np.abs(sides[1:-1] - (sides[:-2] + sides[2:]) / 2)
    return aside


def _relative_sizes(levels: Sequence[str], surfaces: Sequence[BodySurface]) -> dict[str, np.ndarray]:
    """Height and depth at the middle of each body, in units, over what is usual at its level."""
    heights = np.array([_middle(surface.top - surface.bottom) for surface in surfaces])
    depths = np.array([_middle(surface.front - surface.back) for surface in surfaces])
    return {"height": heights / relative_height(levels), "depth": depths / usual_depth(levels)}


def _deviation(sizes: np.ndarray) -> np.ndarray:
    """Part by which each differs from the median."""
    return sizes / np.median(sizes) - 1


def _middle(values: np.ndarray) -> float:
    """Median over the middle of a lattice: 8 units to either side."""
    x, other = values.shape[0] // 2, values.shape[1] // 2
    return float(np.median(values[x - 4 : x + 5, other - 8 : other + 9]))


def _in_view(surface: BodySurface, frame: ColumnFrame, sampler: Sampler) -> bool:
    """True where the corners of the body lie inside the image."""
    x, u, v = np.meshgrid([-15.0, 15.0], [-15.0, 15.0], [-12.0, 12.0], indexing="ij")
    return bool(sampler.sees(frame.to_ras(body_positions(surface.box, x, u, v))).all())
