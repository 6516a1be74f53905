"""The vertebrae of an image without a click: which bodies are in view, of which levels, and how sure the count is.

:mod:`.find_boxes` looks for boxes everywhere, :mod:`.find_levels` for the chain of them that is a column; then the search of two clicks
(:mod:`.segment`) goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from ..model import Finding, MarrowQuantError, Numbers, Volume, finding
from .column import Sampler
from .find_boxes import WholePicture, midline_behind, possible_bodies, whole_picture
from .find_levels import CHAIN, Chain, best_chain
from .levels import LEVELS, level_index, moved_level
from .segment import MARGIN_MM, Bodies, BodySegmentation, segment_bodies

_FEWEST = 3  # bodies of a column (our choice)
_EVEN_LEAD, _LEAD_SPREAD = 0.0, 0.3
_TOLD = 0.6  # above which a count that contradicts the clicks is told, with how sure it is (our choice, seen on the labelled spines)
_SURE = 0.85  # our choice; no wrong count without a click in the labelled spines reached 0.75
_SAME_MM = 14.0  # centres as near as this are the same body
_BODY_MM = 12.0  # half a body's height, which has to be in view (our choice)


@dataclass(frozen=True)
class FoundColumn:
    """Vertebral bodies that were found without a click, or from one.

    Attributes
    ----------
    levels : tuple of str
        Cranial first, down to L5 at most.
    centers_ras : ndarray, shape (n, 3)
        mm.
    anchor : {"click", "sacrum", "shape"}
        What the levels were counted from: a click, S1 in view, or the bends and sizes of the column alone.
    probability : float
        That the count is right, 0 … 1.
    bright_discs : bool
    """

    levels: tuple[str, ...]
    centers_ras: np.ndarray
    anchor: str
    probability: float
    bright_discs: bool

    @property
    def counted_from(self) -> Finding:
        """What the levels were counted from, and how sure that is."""
        if self.anchor == "click":
            return finding("find.by_click")
        percent = 100 * self.probability
        if self.probability < _SURE:
            return finding("find.unsure", percent=percent)
        return finding("find.by_sacrum" if self.anchor == "sacrum" else "find.by_shape", percent=percent)


def find_column(image: Volume, click: Optional[tuple[str, Numbers]] = None) -> FoundColumn:
    """Find the vertebral bodies in view.

    Parameters
    ----------
    image : Volume
        Any image with visible vertebrae from T4 to the sacrum, shape (k, j, i); slices in any direction.
    click : (level, (R, A, S)), optional
        A point inside a body whose level is known, mm: the levels are counted from it.

    Returns
    -------
    FoundColumn

    Raises
    ------
    MarrowQuantError
        If no column of three bodies or more is seen, or the click lies outside the image or in none of its bodies.
    """
    sampler = Sampler(image)
    at = None if click is None else _checked(click, sampler)
    picture = whole_picture(image, sampler)
    chains = [(chain, sign) for sign, chain in _chains(picture, at).items() if chain is not None]
    if not chains:
        raise _nothing()
    chain, sign = max(chains, key=lambda found: found[0].score)
    kept = [n for n, level in enumerate(chain.levels) if level not in ("S1", "S2") and _whole(chain, n, picture)]
    if len(kept) < _FEWEST:
        raise _nothing()
    levels = tuple(chain.levels[n] for n in kept)
    if at is not None and at[0] not in chain.levels:
        raise MarrowQuantError("No column of vertebrae was found about the click of {level}; click into the middle of a body.", level=at[0])
    forward, up = chain.boxes.center[kept].T
    centers = np.stack([picture.aside(up), forward, up], axis=1)
    centers[:, 0] = midline_behind(centers, sampler)
    anchor = "click" if at is not None else "sacrum" if "S1" in chain.levels else "shape"
    probability = 1.0 if at is not None else _probability(chain)
    return FoundColumn(levels, centers, anchor, probability, sign > 0)


def find_bodies(
    image: Volume,
    click: Optional[tuple[str, Numbers]] = None,
    *,
    shift: int = 0,
    margin_mm: float = MARGIN_MM,
    shape: str = "ellipsoid",
    radii_mm: Optional[Sequence[float]] = None,
) -> tuple[BodySegmentation, FoundColumn]:
    """Segment all bodies in view, without a click or with one that tells the level; see :func:`find_column` and ``segment_bodies``.

    Parameters
    ----------
    image : Volume
    click : (level, (R, A, S)), optional
    shift : int
        Moves all levels along the column before anything else: +1 turns L1 into L2.
    margin_mm, shape, radii_mm
        Of the ROIs.

    Returns
    -------
    segmentation : BodySegmentation
        Its warnings begin with what the levels were counted from.
    column : FoundColumn
    """
    column = find_column(image, click)
    if shift:
        column = replace(column, levels=tuple(moved_level(level, shift) for level in column.levels))
    clicks: Mapping[str, np.ndarray] = dict(zip(column.levels, column.centers_ras))
    found = segment_bodies(image, clicks, margin_mm=margin_mm, shape=shape, radii_mm=radii_mm)
    return replace(found, column_findings=(column.counted_from, *found.column_findings)), column


def level_findings(image: Volume, bodies: Bodies) -> list[Finding]:
    """What the sacrum says against the levels of bodies found from clicks.

    Nothing where it is not in view, where the count is hardly sure, or where less than half of the bodies are found again.

    Parameters
    ----------
    image : Volume
        The one in which they were found.
    bodies : Bodies
    """
    centers = np.array([body.center_ras for body in bodies.bodies])
    picture = whole_picture(image, Sampler(image), centers)
    chain = max(filter(None, _chains(picture, None).values()), key=lambda found: found.score, default=None)
    if chain is None or "S1" not in chain.levels or _probability(chain) < _TOLD:
        return []
    moved, matched = [], 0
    for body in bodies.bodies:
        apart = np.linalg.norm(chain.boxes.center - body.center_ras[1:], axis=1)
        if apart.min() < _SAME_MM and chain.levels[apart.argmin()] in LEVELS:
            matched += 1
            moved += [(body.level, chain.levels[apart.argmin()])] if chain.levels[apart.argmin()] != body.level else []
    if not moved or 2 * matched < len(bodies.bodies):  # a chain that meets few of the bodies is of something else
        return []
    level, other = moved[-1]
    return [finding("find.other_levels", level=level, other=other, percent=100 * _probability(chain))]


def _probability(chain: Chain) -> float:
    """That the count is right."""
    return float(1 / (1 + np.exp(-(chain.lead - _EVEN_LEAD) / _LEAD_SPREAD)))


def _chains(picture: WholePicture, click: Optional[tuple[str, np.ndarray]]) -> dict[int, Optional[Chain]]:
    """The best chain for either sign of the discs."""
    in_view = float(picture.z[0]), float(picture.z[-1])
    return {sign: best_chain(boxes, in_view, click) for sign, boxes in possible_bodies(picture).items()}


def _checked(click: tuple[str, Numbers], sampler: Sampler) -> tuple[str, np.ndarray]:
    level, point = click[0], np.asarray(click[1], dtype=float)
    level_index(level)
    if level not in CHAIN:
        raise MarrowQuantError("Without two clicks only T4 to S1 are looked for; click a vertebra of these, or two vertebrae.")
    if point.shape != (3,) or not np.isfinite(point).all() or not sampler.sees(point):
        raise MarrowQuantError("The click of {level} lies outside the image; click inside its vertebral body.", level=level)
    return level, point[1:]


def _whole(chain: Chain, n: int, picture: WholePicture) -> bool:
    """True where a body lies in view from its upper to its lower endplate."""
    z = chain.boxes.center[n, 1]
    half = min(chain.boxes.height[n] / 2, _BODY_MM)
    return bool(picture.z[0] <= z - half and z + half <= picture.z[-1])


def _nothing() -> MarrowQuantError:
    return MarrowQuantError("No column of vertebrae was found in this image; click two vertebrae, or choose another image.")
