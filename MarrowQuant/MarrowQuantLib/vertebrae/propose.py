"""ROIs of a whole stretch of the column from two clicks, its first and its last vertebral body.

The levels in between start on a mean curve through the clicks. With an image, each is then moved to where its surroundings look most
like those of the two clicked vertebrae: a body with its discs and the canal repeats itself along the column in every contrast, so this
needs no assumption on what is bright. (Tried first: the most homogeneous ellipsoid. It slides freely inside the body.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy import ndimage

from ..model import Finding, MarrowQuantError, Numbers, Settings, VertebraROI, Volume, finding
from .levels import level_index, levels_between
from .proportions import relative_spacing
from .roi import default_axes

TURN_DEGREES: Mapping[str, float] = {
    **{f"T{n}": -3.0 for n in range(2, 11)},
    "T11": 0.0,
    "T12": 0.0,
    "L1": 0.0,
    "L2": 2.0,
    "L3": 7.0,
    "L4": 12.5,
    "L5": 20.0,
}
"""How far the line through the centres bends forwards at a level, in degrees; negative is kyphosis. L2–L4: the mean over ten lumbar
spines that we measured (MyoSegmenTUM-spine), rounded; all others are our choice. A prior for the search, no statement on a patient."""

SPACING_MM = 36.0
"""Distance between two lumbar centres: body 25 mm + disc space 11 mm, the priors we use for the column (our choice)."""

# The neighbourhood compared and how far it is moved, half-widths in mm along the frame's axes at SPACING_MM. Of the settings tried on
# the ten spines the error hardly depends on them; these are our choice.
_PATCH_MM = (12.0, 24.0, 20.0)
_SEARCH_MM = (4.0, 14.0, 12.0)
_STEP_MM = 2.0
_PULL_MM = (8.0, 10.0, 7.0)  # a move as large as this costs _PULL / 2 in correlation
_PULL = 0.1
_DOUBT_CORRELATION = 0.5
_DOUBT_SPACING = 0.25
_LEAST_SCALE, _LARGEST_SCALE = 0.45, 1.6  # refused beyond: clicks on neighbours may be this wrong, whole levels are more


@dataclass(frozen=True)
class Proposal:
    """ROIs from cranial to caudal, and per level the sentence that tells the reader why to look at it twice."""

    rois: tuple[VertebraROI, ...]
    findings: Mapping[str, Finding]


def rois_between(
    first: tuple[str, Numbers],
    last: tuple[str, Numbers],
    image: Optional[Volume] = None,
    radii_mm: Sequence[float] = Settings.roi_radii_mm,
    *,
    shape: str = "ellipsoid",
) -> list[VertebraROI]:
    """ROIs of all levels from ``first`` to ``last``; see :func:`propose`, which also tells the doubts."""
    return list(propose(first, last, image, radii_mm, shape=shape).rois)


def propose(
    first: tuple[str, Numbers],
    last: tuple[str, Numbers],
    image: Optional[Volume] = None,
    radii_mm: Sequence[float] = Settings.roi_radii_mm,
    *,
    shape: str = "ellipsoid",
) -> Proposal:
    """Place ROIs from one clicked vertebral body to another.

    Parameters
    ----------
    first, last : (str, array_like of shape (3,))
        Level and position in RAS mm of the two clicks; the order does not matter. The clicks themselves are kept.
    image : Volume, optional
        Image with visible vertebrae, shape (k, j, i); without it the levels lie on the mean curve.
    radii_mm : sequence of three floats
        Half-lengths of every ROI: left–right, posterior–anterior, caudal–cranial.
    shape : {"ellipsoid", "cylinder", "box"}

    Returns
    -------
    Proposal

    Raises
    ------
    MarrowQuantError
        If a level is unknown, both are the same, the clicks do not lie below each other, are too near to or too far from each other for
        these levels, or a click lies outside the image.
    """
    (upper, top), (lower, bottom) = sorted((first, last), key=lambda click: level_index(click[0]))
    levels = levels_between(upper, lower)
    top, bottom = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
    prior = mean_curve(levels, top, bottom)
    distance, arc = np.linalg.norm(bottom - top), np.linalg.norm(np.diff(prior, axis=0), axis=1).sum()
    way = sum(relative_spacing(level) for level in levels[:-1]) * 4 * SPACING_MM
    check_distance(upper, lower, float(distance), float(way * distance / arc))
    centers, findings = (prior, {}) if image is None else _match(levels, prior, image)
    axes = default_axes(centers)
    rois = (
        VertebraROI(level=level, center_ras=center, axes=frame, radii_mm=np.asarray(radii_mm, dtype=float), shape=shape)
        for level, center, frame in zip(levels, centers, axes)
    )
    return Proposal(tuple(rois), findings)


def check_distance(upper: str, lower: str, distance_mm: float, expected_mm: float) -> None:
    """Refuse clicks that cannot belong to these levels.

    Raises
    ------
    MarrowQuantError
        If their distance is below 0.45 or above 1.6 of the expected one.
    """
    if not _LEAST_SCALE < distance_mm / expected_mm < _LARGEST_SCALE:
        raise MarrowQuantError(
            "The clicks of {upper} and {lower} are {distance_mm:.0f} mm apart, where about {expected_mm:.0f} mm fit these levels; check "
            "that each click has the right level.",
            upper=upper, lower=lower, distance_mm=distance_mm, expected_mm=expected_mm,
        )


def mean_curve(levels: Sequence[str], top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Centres on the mean curve, shape (n, 3): segments of relative length that turn at each level, then turned, scaled and shifted
    so that the ends meet the clicks."""
    default_axes(np.array([top, bottom]))  # refuses clicks that do not lie below each other
    lengths = np.array([relative_spacing(level) for level in levels[:-1]])
    bend = np.deg2rad(np.cumsum([0.0, *(TURN_DEGREES.get(level, 0.0) for level in levels[1:-1])]))
    steps = lengths[:, None] * np.stack([np.cos(bend), np.sin(bend)], axis=1)
    curve = np.vstack([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    chord = curve[-1] / (curve[-1] @ curve[-1])
    along = curve @ chord
    forwards = curve @ np.array([chord[1], -chord[0]])
    down = bottom - top
    anterior = default_axes(np.array([top, bottom]))[0, :, 1]
    return top + along[:, None] * down + forwards[:, None] * np.linalg.norm(down) * anterior


def _match(levels: Sequence[str], prior: np.ndarray, image: Volume) -> tuple[np.ndarray, dict[str, Finding]]:
    """Move the inner centres to the best correlation with the clicked ends, less the pull to the prior."""
    scale = float(np.linalg.norm(np.diff(prior, axis=0), axis=1).mean()) / SPACING_MM
    sampler = _Sampler(image, _STEP_MM * scale)
    for end in (0, -1):
        if not sampler.sees(prior[end]):
            raise MarrowQuantError("The point of {levels} lies outside the image; place it inside a vertebral body.", levels=levels[end])
    axes = default_axes(prior)
    patch = np.round(np.array(_PATCH_MM) / _STEP_MM).astype(int)
    search = np.round(np.array(_SEARCH_MM) / _STEP_MM).astype(int)
    first, last = (_standardise(sampler.block(prior[end], axes[end], patch)) for end in (0, -1))
    template = first + last
    moves = np.stack(np.meshgrid(*(np.arange(-n, n + 1) * _STEP_MM for n in search), indexing="ij"), axis=-1)
    penalty = _PULL / 2 * ((moves / np.array(_PULL_MM)) ** 2).sum(axis=-1)
    centers = prior.copy()
    findings: dict[str, Finding] = {}
    for n in range(1, len(levels) - 1):
        correlation = _correlate(sampler.block(prior[n], axes[n], patch + search), template)
        score = correlation - penalty
        best = tuple(int(index) for index in np.unravel_index(np.argmax(score), score.shape))
        centers[n] = prior[n] + axes[n] @ (moves[best] + _STEP_MM * _between_steps(score, best)) * scale
        at_border = any(0 < width and index in (0, 2 * width) for index, width in zip(best[1:], search[1:]))
        doubt = _doubt(levels[n], float(correlation[best]), at_border)
        if doubt:
            findings[levels[n]] = doubt
    _doubt_spacing(levels, prior, centers, findings)
    return centers, findings


class _Sampler:
    """Trilinear samples of an image on blocks of a lattice in any frame."""

    def __init__(self, image: Volume, step_mm: float) -> None:
        values = np.asarray(image.array, dtype=np.float32)
        valid = np.isfinite(values)
        if not valid.any():
            raise MarrowQuantError("The image for placing the vertebrae has no value in any voxel; choose another image.")
        self._values = values if valid.all() else np.where(valid, values, np.float32(np.median(values[valid])))
        self._image = image
        self._step_mm = step_mm

    def sees(self, point: np.ndarray) -> bool:
        return bool(self._image.sees(point))

    def block(self, center: np.ndarray, axes: np.ndarray, half_width: np.ndarray) -> np.ndarray:
        """Samples on −n … n steps along each of the three axes, shape 2 · half_width + 1; beyond the image its edge is repeated."""
        steps = np.stack(np.meshgrid(*(np.arange(-n, n + 1) * self._step_mm for n in half_width), indexing="ij"), axis=-1)
        ijk = self._image.to_ijk(steps @ axes.T + center)
        return ndimage.map_coordinates(self._values, np.moveaxis(ijk[..., ::-1], -1, 0), order=1, mode="nearest")


def _standardise(patch: np.ndarray) -> np.ndarray:
    deviation = patch - patch.mean()
    return deviation / max(float(deviation.std()), np.finfo(np.float32).tiny)


def _correlate(block: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Pearson correlation of ``template`` with every window of ``block`` of its size; 0 where the window is constant."""
    from scipy.signal import fftconvolve  # here, as it brings all of scipy's statistics with it

    centred = (block - block.mean()).astype(float)
    window = np.ones(template.shape)
    total = fftconvolve(centred, window, mode="valid")
    squares = fftconvolve(centred**2, window, mode="valid")
    energy = squares - total**2 / template.size
    unit = template / max(float(np.linalg.norm(template)), np.finfo(np.float32).tiny)
    product = fftconvolve(centred, unit[::-1, ::-1, ::-1], mode="valid")
    floor = 1e-9 * float((centred**2).sum()) + np.finfo(float).tiny
    return np.where(energy > floor, product / np.sqrt(np.maximum(energy, floor)), 0.0)


def _between_steps(score: np.ndarray, best: tuple[int, ...]) -> np.ndarray:
    """Where the parabola through the peak and its two neighbours on each axis has its top, in steps; 0 at the border."""
    offset = np.zeros(len(best))
    for axis, index in enumerate(best):
        if 0 < index < score.shape[axis] - 1:
            before, peak, after = np.moveaxis(score, axis, -1)[best[:axis] + best[axis + 1 :]][index - 1 : index + 2]
            curvature = before - 2 * peak + after
            offset[axis] = 0.5 * (before - after) / curvature if curvature < 0 else 0.0
    return offset


def _doubt(level: str, correlation: float, at_border: bool) -> Optional[Finding]:
    if correlation < _DOUBT_CORRELATION:
        return finding("propose.unlike", level=level, correlation=correlation)
    return finding("propose.at_edge", level=level) if at_border else None


def _doubt_spacing(levels: Sequence[str], prior: np.ndarray, centers: np.ndarray, findings: dict[str, Finding]) -> None:
    """A distance between neighbours far from the expected one points at the level that moved more."""
    expected = np.linalg.norm(np.diff(prior, axis=0), axis=1)
    found = np.linalg.norm(np.diff(centers, axis=0), axis=1)
    moved = np.linalg.norm(centers - prior, axis=1)
    for n in np.flatnonzero(np.abs(found / expected - 1) > _DOUBT_SPACING).tolist():
        level = levels[n] if moved[n] > moved[n + 1] else levels[n + 1]
        between = {"above": levels[n], "below": levels[n + 1], "mm": found[n], "expected_mm": expected[n]}
        findings.setdefault(level, finding("propose.distance", level=level, **between))
