"""From a labelled vertebra to its body and the measurement ROI inside it.

The label is taken as it is; its borders are not moved. A label of the whole vertebra holds the arch too: between body and arch lies the
canal, so a narrow band about the midline, followed from the front, leaves the label at the posterior wall, and all that lies behind is
not body. Where no wall is found that way and the label is deeper than a body can be, the ROI stays in its front part and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
from scipy import ndimage

from ..model import Finding, MarrowQuantError, VertebraROI, Volume, finding
from .labelfiles import LabelledVertebrae
from .levels import LEVELS, is_counted, level_index, place_index
from .roi import column_axes
from .segment import MARGIN_MM, MAX_LATERAL_MM, VEIN_FRACTION, Bodies, Body

# All our choice, tried on the labelled spines beside the repository.
_STEP_MM = 1.0
_BAND_MM = 5.0  # half-width of the band about the midline: inside the canal, which is some 22 mm wide
_WALL = 0.3  # the band is out of the body where it holds less than this part of its largest cross-section
_POSTERIOR = 0.08  # a label with no more than this behind the wall is that of a body
_DEEPEST = 1.25  # depth over width; bodies have 0.7 to 1.0
_PLAUSIBLE_DEPTH = 0.75  # of the width: what is taken for body in front where no posterior wall was found
_SMALLEST_MM = 2.0  # half-length; a body with less room inside the margins is not measured
_VOLUME_RATIO = (0.6, 1.6)  # of a body to its neighbours' mean
_LEAST_ML = 1.0  # a label with less is a remnant; the smallest bodies, of the neck, have some 5 mL
_NO_BODY = "C1"  # a ring


@dataclass(frozen=True)
class TakenOver(Bodies):
    """Bodies of another tool's labels, and the voxels of each, cut to their box."""

    masks: Mapping[str, Volume]


def take_over(
    labelled: LabelledVertebrae, *, margin_mm: float = MARGIN_MM, radii_mm: Optional[Sequence[float]] = None, shape: str = "ellipsoid"
) -> TakenOver:
    """Level, body and measurement ROI of every labelled vertebra.

    Parameters
    ----------
    labelled : LabelledVertebrae
    margin_mm : float
        Distance of the ROI from endplates and walls of the label; it also keeps off the hindmost fifth (basivertebral vein), and reaches
        at most 16 mm to either side, as in :mod:`.segment`.
    radii_mm : three floats, optional
        Half-lengths wanted; made smaller where the body does not allow them. Without, the largest that keep the margin.
    shape : {"ellipsoid", "cylinder", "box"}

    Raises
    ------
    MarrowQuantError
        If no label has a body, or the levels do not follow each other down the patient.
    """
    masks, findings = _usable(labelled)
    centers = np.array([_centroid(mask) for mask in masks.values()])
    at_edge = _at_edge(masks, labelled.grid)
    bodies, kept = [], {}
    for (level, mask), center, axes in zip(masks.items(), centers, column_axes(list(masks), centers)):
        found = _fit(mask, center, axes)
        body = _body(level, found, margin_mm, radii_mm, shape, level in at_edge)
        if body is None:
            findings.append(finding("labels.too_small", level=level, margin_mm=margin_mm))
        else:
            bodies.append(body)
            kept[level] = _body_mask(mask, found)
    if not bodies:
        raise _nothing_left(findings)
    counted = [level_index(body.level) for body in bodies if is_counted(body.level)]
    missing = [level for level in LEVELS[counted[0] : counted[-1]] if level not in masks] if counted else []
    if missing:
        findings.append(finding("labels.gap", first=bodies[0].level, last=bodies[-1].level, level=missing))
    return TakenOver(tuple(_with_volume_findings(bodies)), margin_mm, tuple(findings), kept)


def _nothing_left(findings: Sequence[Finding]) -> MarrowQuantError:
    if not findings:
        return MarrowQuantError("No vertebra is left; check the labels.")
    return MarrowQuantError("{findings} No vertebra is left; check the labels.", findings=list(findings))


def _usable(labelled: LabelledVertebrae) -> tuple[dict[str, Volume], list[Finding]]:
    """Labels that can hold a body, from cranial to caudal, and all that is to be told so far."""
    masks = {level: labelled.masks[level] for level in sorted(labelled.masks, key=place_index) if level != _NO_BODY}
    if not masks:
        raise MarrowQuantError("Only C1 is labelled, which has no vertebral body; give labels of other levels.")
    remnants = [level for level, mask in masks.items() if mask.array.sum() * mask.voxel_volume_ml < _LEAST_ML]
    findings = [*labelled.findings, *(finding("labels.remnant", level=level, ml=_LEAST_ML) for level in remnants)]
    if len(remnants) == len(masks):
        raise _nothing_left(findings)
    return {level: mask for level, mask in masks.items() if level not in remnants}, findings


def _at_edge(masks: Mapping[str, Volume], grid: Optional[Volume]) -> set[str]:
    if grid is None:
        return set()
    low = {level: _start(mask, grid) for level, mask in masks.items()}
    size = np.array(grid.array.shape)
    return {level for level, mask in masks.items() if low[level].min() == 0 or np.any(low[level] + mask.array.shape == size)}


def _start(mask: Volume, grid: Volume) -> np.ndarray:
    """Index (k, j, i) of a cut mask's first voxel on its grid."""
    return np.rint(grid.to_ijk(mask.to_ras((0, 0, 0)))).astype(int)[::-1]


def paint_bodies(found: TakenOver, grid: Volume) -> Volume:
    """The bodies as labels 1, 2 … on the label image that they came from."""
    labels = np.zeros(grid.array.shape, dtype=np.uint8)
    for n, mask in enumerate(found.masks.values(), start=1):
        labels[tuple(slice(a, a + size) for a, size in zip(_start(mask, grid), mask.array.shape))][mask.array] = n
    return grid.like(labels, name="vertebral bodies", unit="", quantity="label")


@dataclass(frozen=True)
class _Fitted:
    """A body in its own frame. ``inside`` is on the lattice x (left–right), y (to the front), z (up), mm from ``center``."""

    center: np.ndarray
    axes: np.ndarray
    inside: np.ndarray
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    wall: float
    codes: tuple[str, ...]


def _centroid(mask: Volume) -> np.ndarray:
    ijk = np.array(ndimage.center_of_mass(mask.array))[::-1]
    return mask.to_ras(ijk)


def _fit(mask: Volume, center: np.ndarray, axes: np.ndarray) -> _Fitted:
    """Sample the label in the column's frame, take the arch off, turn the frame to the endplates, and do both again."""
    first = _cut_arch(*_sample(mask, center, axes), center, axes)
    return _cut_arch(*_sample(mask, first.center, _turned(first)), first.center, _turned(first))


def _sample(mask: Volume, center: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Inside or outside on a lattice over the label's box: bool, shape (x, y, z), and the lattice's coordinates."""
    size = np.array(mask.array.shape[::-1])
    corners = np.stack(np.meshgrid(*((-0.5, n - 0.5) for n in size), indexing="ij"), axis=-1).reshape(-1, 3)
    local = (mask.to_ras(corners) - center) @ axes
    grid = [np.arange(np.floor(a), np.ceil(b) + _STEP_MM, _STEP_MM) for a, b in zip(local.min(axis=0), local.max(axis=0))]
    matrix, start = mask.lattice(center + axes @ [g[0] for g in grid], axes * _STEP_MM)
    padded = np.pad(mask.array, 1).astype(np.float32)  # outside the box is outside the label
    values = ndimage.affine_transform(padded, matrix, start + 1, [len(g) for g in grid], order=1)
    return values >= 0.5, grid


def _cut_arch(inside: np.ndarray, grid: list[np.ndarray], center: np.ndarray, axes: np.ndarray) -> _Fitted:
    x, y, z = grid
    weight = inside.sum(axis=(1, 2))
    middle = float(np.average(x, weights=weight)) if weight.any() else 0.0
    area = inside[np.abs(x - middle) <= _BAND_MM].sum(axis=(0, 2))
    front = int(np.flatnonzero(area >= 0.5 * area.max())[-1])
    gaps = np.flatnonzero(area[:front] < _WALL * area.max())
    wall = y[gaps[-1]] + _STEP_MM / 2 if gaps.size else y[0] - _STEP_MM / 2
    if inside[:, y <= wall].sum() <= _POSTERIOR * inside.sum():  # a label of the body alone, whose back is only rounded
        wall = y[0] - _STEP_MM
    body = _largest(inside & (y > wall)[None, :, None])
    width, depth = (np.ptp(np.flatnonzero(body.any(axis=other))) + 1.0 for other in ((1, 2), (0, 2)))
    codes = []
    if depth > _DEEPEST * width:
        codes.append("labels.arch")
        wall = y[np.flatnonzero(body.any(axis=(0, 2)))[-1]] - _PLAUSIBLE_DEPTH * width * _STEP_MM
        body = _largest(body & (y > wall)[None, :, None])
    pieces = inside & (y > wall)[None, :, None]
    if body.sum() < 0.9 * pieces.sum():
        codes.append("labels.pieces")
    local = np.array(ndimage.center_of_mass(body)) * _STEP_MM + [x[0], y[0], z[0]]
    return _Fitted(center + axes @ local, axes, body, x - local[0], y - local[1], z - local[2], wall - local[1], tuple(codes))


def _largest(mask: np.ndarray) -> np.ndarray:
    pieces, n = ndimage.label(mask)
    return pieces == np.argmax(np.bincount(pieces.ravel())[1:]) + 1 if n > 1 else mask


def _turned(found: _Fitted) -> np.ndarray:
    """The frame turned so that the mean slope of upper and lower endplate is zero."""
    columns = found.inside.any(axis=2)
    bottom = found.z[found.inside.argmax(axis=2)]
    top = found.z[found.inside.shape[2] - 1 - found.inside[..., ::-1].argmax(axis=2)]
    x, y = np.meshgrid(found.x, found.y, indexing="ij")
    reach = [0.6 * np.abs(axis[np.any(columns, axis=other)]).max() for axis, other in ((found.x, 1), (found.y, 0))]
    use = columns & (np.abs(x) <= reach[0]) & (np.abs(y) <= reach[1])
    design = np.stack([x[use], y[use], np.ones(use.sum())], axis=1)
    slope = np.linalg.lstsq(design, (top + bottom)[use] / 2, rcond=None)[0]
    up = found.axes @ [-slope[0], -slope[1], 1.0]
    up /= np.linalg.norm(up)
    right = found.axes[:, 0] - (found.axes[:, 0] @ up) * up
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(up, right), up], axis=1)


def _body(
    level: str, found: _Fitted, margin_mm: float, radii_mm: Optional[Sequence[float]], shape: str, at_edge: bool
) -> Optional[Body]:
    """The body and its ROI; None where the margins leave no room."""
    low, high = _extent(found)
    findings = [*found.codes, *(["labels.edge"] if at_edge else [])]
    inner_low = low + np.array([margin_mm, max(margin_mm, VEIN_FRACTION * (high[1] - low[1])), margin_mm])
    middle, room = (inner_low + high - margin_mm) / 2, (high - margin_mm - inner_low) / 2
    if np.any(room < _SMALLEST_MM):
        return None
    limit = np.minimum(room, [MAX_LATERAL_MM, np.inf, np.inf])
    radii = limit if radii_mm is None else np.minimum(limit, radii_mm)
    roi = VertebraROI(level, found.center + found.axes @ middle, found.axes, radii, shape)
    volume = float(found.inside.sum() * _STEP_MM**3 / 1000)
    sentences = tuple(finding(code, level=level) for code in findings)
    return Body(level, found.center, found.axes, (high - low) / 2, volume, roi, sentences)


def _extent(found: _Fitted) -> tuple[np.ndarray, np.ndarray]:
    """Where opposite surfaces lie over the middle of the body, mm: their inner quartiles, so that the ROI stays clear of dents."""
    axes = (found.x, found.y, found.z)
    half = [np.abs(axis[found.inside.any(axis=tuple(a for a in range(3) if a != n))]).max() for n, axis in enumerate(axes)]
    low, high = np.empty(3), np.empty(3)
    for n, axis in enumerate(axes):
        others = [m for m in range(3) if m != n]
        lines = np.moveaxis(found.inside, n, -1)[np.ix_(*(np.abs(axes[m]) <= 0.5 * half[m] for m in others))]
        lines = lines[lines.any(axis=-1)]
        if not len(lines):  # a ring or a shell
            return np.zeros(3), np.zeros(3)
        low[n] = np.percentile(axis[lines.argmax(axis=-1)], 75) - _STEP_MM / 2
        high[n] = np.percentile(axis[len(axis) - 1 - lines[:, ::-1].argmax(axis=-1)], 25) + _STEP_MM / 2
    return low, high


def _body_mask(mask: Volume, found: _Fitted) -> Volume:
    """The label's own voxels in front of the posterior wall."""
    size_k, size_j, size_i = mask.array.shape
    k, j, i = np.ogrid[:size_k, :size_j, :size_i]
    origin = mask.to_ras((0, 0, 0))
    across = found.axes[:, 1] @ (mask.to_ras(np.eye(3)) - origin).T  # along i, j, k
    forward = across[0] * i + across[1] * j + across[2] * k + found.axes[:, 1] @ (origin - found.center)
    return mask.like(_largest(mask.array & (forward > found.wall)))


def _with_volume_findings(bodies: Sequence[Body]) -> list[Body]:
    checked = []
    for n, body in enumerate(bodies):
        neighbours = [other.volume_ml for other in (*bodies[max(n - 1, 0) : n], *bodies[n + 1 : n + 2])]
        ratio = body.volume_ml / np.mean(neighbours) if neighbours else 1.0
        doubt = finding("labels.volume", level=body.level, volume_ml=body.volume_ml, ratio=ratio)
        plausible = _VOLUME_RATIO[0] <= ratio <= _VOLUME_RATIO[1]
        checked.append(body if plausible else replace(body, findings=(*body.findings, doubt)))
    return checked
