"""An ROI in the marrow of a pelvic bone from one click: the largest ellipsoid that keeps off the cortex, whatever is bright.

The click may be some mm off. From it to the calmest place near by; from there all that resembles it and hangs together; in that, where it
is thickest, an ellipsoid along the bone that grows as long as it stays inside. All lengths are our choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy import ndimage

from ..model import Finding, MarrowQuantError, Numbers, VertebraROI, Volume, finding
from .column import Sampler
from .places import is_place

MARGIN_MM = 2.0
"""Distance of the ROI from where the signal leaves that of the marrow."""
_STEP_MM, _HALF_MM = 1.0, 26.0  # lattice about the click
_SEED_MM, _CALM_MM = 5.0, 2.5  # how far the click may be off, and over what calm is judged
_SEED_PULL = 0.02  # of the image's spread, for every mm from the click
_REACH_MM = 22.0
_SPREADS, _LEAST_SPREAD = 3.5, 0.05  # of the marrow's own spread, and the least as a part of the image's
_OPEN = 0.8  # part of the sphere of this reach that may still be marrow; more is no bone with a border
_NEAR_MM = 8.0  # from the seed to the thickest place
_LARGEST_MM, _SMALLEST_MM = 16.0, 3.0
_INSIDE = 0.98  # part of the ellipsoid that must lie in the marrow
_BONE_MM = 9.0  # weight with which the bone's direction is taken about the centre


@dataclass(frozen=True)
class _Lattice:
    values: np.ndarray
    offsets: np.ndarray  # (n,) mm along R, A, S


def fit_region(image: Volume, place: str, click: Numbers, *, margin_mm: float = MARGIN_MM) -> tuple[VertebraROI, list[Finding]]:
    """The ROI of one place, and what the reader should know about it.

    Parameters
    ----------
    image : Volume
        Any image with visible bone, shape (k, j, i).
    place : str
        One of ``places.PLACES``.
    click : (R, A, S)
        In the marrow of that bone, mm.
    margin_mm : float
        Distance from where the signal leaves that of the marrow.

    Raises
    ------
    MarrowQuantError
        If there is no such place, or the click lies outside the image.
    """
    if not is_place(place):
        raise MarrowQuantError("\"{place}\" is no region of the pelvis; use for example right posterior iliac crest.", place=place)
    at, sampler = np.asarray(click, dtype=float), Sampler(image)
    if at.shape != (3,) or not np.isfinite(at).all() or not sampler.sees(at):
        raise MarrowQuantError("The click of {level} lies outside the image; click inside the bone.", level=place)
    lattice = _sampled(sampler, at)
    seed = _calm_place(lattice)
    marrow = _marrow(lattice, seed, sampler, at)
    thick = ndimage.distance_transform_edt(marrow, sampling=_STEP_MM)
    center = _thickest(lattice, thick, seed)
    free = thick >= margin_mm
    axes = _along_bone(lattice, thick > 0, center)
    radii = _grown(lattice, free, center, axes)
    away = np.linalg.norm(lattice.offsets - lattice.offsets[seed], axis=-1)
    outermost = (away <= _REACH_MM) & (away > _REACH_MM - 2 * _STEP_MM)
    findings = [finding("region.open", level=place)] if marrow[outermost].mean() > _OPEN else []
    if radii is None:
        findings.append(finding("region.thin", level=place, mm=_SMALLEST_MM))
        radii = np.full(3, _SMALLEST_MM)
    position = at + lattice.offsets[center]
    return VertebraROI(place, position, axes, radii, "ellipsoid"), findings


def _sampled(sampler: Sampler, at: np.ndarray) -> _Lattice:
    steps = np.arange(-_HALF_MM, _HALF_MM + _STEP_MM / 2, _STEP_MM)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    values = ndimage.gaussian_filter(sampler(at + grid), 0.7)
    return _Lattice(values, grid)


def _calm_place(lattice: _Lattice) -> tuple[int, ...]:
    """Index of the place near the click about which the signal varies least."""
    width = int(2 * _CALM_MM / _STEP_MM) | 1
    mean = ndimage.uniform_filter(lattice.values, width)
    variance = np.maximum(ndimage.uniform_filter(lattice.values**2, width) - mean**2, 0)
    distance = np.linalg.norm(lattice.offsets, axis=-1)
    spread = _spread_of(lattice)
    rough = np.sqrt(variance) / spread + _SEED_PULL * distance
    return tuple(int(n) for n in np.unravel_index(np.argmin(np.where(distance <= _SEED_MM, rough, np.inf)), rough.shape))


def _spread_of(lattice: _Lattice) -> float:
    low, high = np.percentile(lattice.values, (5, 95))
    return float(max(high - low, np.finfo(np.float32).tiny))


def _marrow(lattice: _Lattice, seed: tuple[int, ...], sampler: Sampler, at: np.ndarray) -> np.ndarray:
    """All that resembles the seed and hangs together with it, in view and within reach."""
    near = np.linalg.norm(lattice.offsets - lattice.offsets[seed], axis=-1)
    inner = lattice.values[near <= _CALM_MM]
    level = float(np.median(inner))
    spread = max(1.48 * float(np.median(np.abs(inner - level))), _LEAST_SPREAD * _spread_of(lattice))
    like = (np.abs(lattice.values - level) <= _SPREADS * spread) & (near <= _REACH_MM) & sampler.sees(at + lattice.offsets)
    opened = ndimage.binary_opening(like, iterations=1)
    opened[seed] = True
    parts, _ = ndimage.label(opened)
    return parts == parts[seed]


def _thickest(lattice: _Lattice, thick: np.ndarray, seed: tuple[int, ...]) -> tuple[int, ...]:
    near = np.linalg.norm(lattice.offsets - lattice.offsets[seed], axis=-1) <= _NEAR_MM
    return tuple(int(n) for n in np.unravel_index(np.argmax(np.where(near, thick, -1.0)), thick.shape))


def _along_bone(lattice: _Lattice, marrow: np.ndarray, center: tuple[int, ...]) -> np.ndarray:
    """The bone's own directions about the centre as axes of an ROI: each nearest to left–right, posterior–anterior, caudal–cranial."""
    away = lattice.offsets[marrow] - lattice.offsets[center]
    weight = np.exp(-0.5 * (away**2).sum(axis=1) / _BONE_MM**2)
    _, directions = np.linalg.eigh((away * weight[:, None]).T @ away / weight.sum())
    axes, left = np.eye(3), [0, 1, 2]
    for direction in directions.T[::-1]:
        axis = max(left, key=lambda n: abs(direction[n]))
        axes[:, axis] = direction * np.sign(direction[axis])
        left.remove(axis)
    if np.linalg.det(axes) < 0:
        axes[:, 2] *= -1
    return axes


def _grown(lattice: _Lattice, free: np.ndarray, center: tuple[int, ...], axes: np.ndarray) -> Optional[np.ndarray]:
    """Half-lengths of the largest ellipsoid that stays in the free part; None where the smallest does not."""
    local = (lattice.offsets - lattice.offsets[center]) @ axes
    inside_sphere = np.linalg.norm(local, axis=-1) <= _LARGEST_MM + 1
    local, free = local[inside_sphere], free[inside_sphere]

    def fits(radii: np.ndarray) -> bool:
        inside = ((local / radii) ** 2).sum(axis=-1) < 1
        return bool(free[inside].mean() >= _INSIDE)

    radii = np.full(3, _SMALLEST_MM)
    if not fits(radii):
        return None
    growing = [0, 1, 2]
    while growing:
        for axis in list(growing):
            longer = radii.copy()
            longer[axis] += _STEP_MM / 2
            if longer[axis] <= _LARGEST_MM and fits(longer):
                radii = longer
            else:
                growing.remove(axis)
    return radii
