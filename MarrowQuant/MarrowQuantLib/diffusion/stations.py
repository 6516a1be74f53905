"""Stitching of axial whole-body stations: one volume, one intensity scale.

Stations are placed, never resampled: every slice of the result is a slice of a station or, in an overlap, a blend of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from ..model import MarrowQuantError, Volume

# Tolerances of the placement; all are our choice.
SLICE_TOLERANCE = 0.05  # of the slice spacing: below it, slices of two stations count as the same position
PIXEL_TOLERANCE = 0.05  # of a pixel: the in-plane shift below which nothing is said
LARGEST_PIXEL_SHIFT = 0.5  # of a pixel: a larger in-plane shift would misplace tissue, and is refused
DIRECTION_TOLERANCE = 1e-3  # of a unit vector, about 0.06 degrees
SPACING_TOLERANCE = 1e-2  # relative
MOST_OVERLAP = 0.9  # of the shorter station: more means the same station twice
FEWEST_VOXELS = 50  # in an overlap, for a gain to be estimated


@dataclass(frozen=True)
class Seam:
    """The overlap of two neighbouring stations.

    Attributes
    ----------
    stations : (int, int)
        Their places in the list that was given, counted from 0.
    position_ras : ndarray, shape (3,)
        Centre of the overlap (of the gap, if there is none) in RAS mm.
    n_slices : int
        Slices in the overlap; negative: slices missing between the stations.
    step_before, step_after : float
        Largest relative difference between the two stations over the slices of the overlap (median over bright voxels), as acquired and
        after the gains. What remains after is what a single gain per station cannot remove. NaN without an overlap.
    """

    stations: tuple[int, int]
    position_ras: np.ndarray
    n_slices: int
    step_before: float
    step_after: float


@dataclass(frozen=True)
class Stitched:
    """Result of :func:`stitch`. ``gains`` are the factors applied, in the order of the stations that were given."""

    volume: Volume
    gains: tuple[float, ...]
    seams: tuple[Seam, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Placed:
    """A station on the common grid: its first slice, and its place in the list that was given."""

    index: int
    array: np.ndarray
    first: int

    @property
    def last(self) -> int:
        return self.first + self.array.shape[0] - 1


def stitch(stations: Sequence[Volume], *, gains: Optional[Sequence[float]] = None) -> Stitched:
    """Join stations into one volume.

    The station in the middle sets the grid and the intensity scale. Each neighbour's gain is the median ratio over the bright voxels of
    the overlap (Otsu's threshold on the geometric mean of both stations, which favours neither); in the overlap the stations are blended
    linearly. A gain per station follows from the different receiver and transmitter settings at each table position; the estimator
    is our choice.

    Parameters
    ----------
    stations : sequence of Volume
        At least one, in any order; same orientation, in-plane grid, slice spacing, quantity, unit and b-value. A station whose slices run
        the other way is turned round.
    gains : sequence of float, optional
        Factors to apply instead of estimating them, one for each station. For quantities with an absolute scale, such as the ADC, give
        ones.

    Returns
    -------
    Stitched
        One station is returned unchanged.

    Raises
    ------
    MarrowQuantError
        No station, stations that do not fit together, or gains that are not positive numbers.
    """
    if not stations:
        raise MarrowQuantError("There is no station to stitch; load a diffusion series first.")
    _check_gains(gains, len(stations))
    if len(stations) == 1 and gains is None:
        return Stitched(stations[0], (1.0,), ())

    warnings: list[str] = []
    reference = _middle_station(stations)
    placed = sorted((_place(i, s, stations[reference], warnings) for i, s in enumerate(stations)), key=lambda p: (p.first, p.last))
    _check_overlaps(placed)
    applied = _estimate_gains(placed, reference, warnings) if gains is None else np.asarray(gains, dtype=float)
    volume = _blend(placed, applied, stations[reference])
    seams = tuple(_seam(a, b, applied, stations[reference]) for a, b in zip(placed, placed[1:]))
    return Stitched(volume, tuple(float(g) for g in applied), seams, tuple(warnings))


def _check_gains(gains: Optional[Sequence[float]], n_stations: int) -> None:
    if gains is None:
        return
    values = np.asarray(gains, dtype=float)
    if values.shape != (n_stations,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise MarrowQuantError(f"{n_stations} stations need {n_stations} positive gains; given were {values.tolist()}.")


def _middle_station(stations: Sequence[Volume]) -> int:
    """The station whose centre lies in the middle of all centres along the slice direction."""
    normal = stations[0].ijk_to_ras[:3, 2]
    heights = [normal @ (s.ijk_to_ras @ [0, 0, (s.array.shape[0] - 1) / 2, 1])[:3] for s in stations]
    return int(np.argsort(heights)[len(stations) // 2])


def _place(index: int, station: Volume, reference: Volume, warnings: list[str]) -> _Placed:
    """Find a station's first slice on the grid of the reference, and check that it fits."""
    name = f"Station {index + 1}"
    if station.array.ndim != 3 or min(station.array.shape) < 1:
        raise MarrowQuantError(f"{name} is not a volume (shape {station.array.shape}); load it again.")
    for what in ("quantity", "unit", "b_value"):
        ours, theirs = getattr(station, what), getattr(reference, what)
        if ours != theirs:
            raise MarrowQuantError(f"{name} has {what} '{ours}' but the others have '{theirs}'; stitch only images of the same kind.")
    station = _turned_like(station, reference)
    _check_grid(name, station, reference)
    i, j, k = (np.linalg.inv(reference.ijk_to_ras) @ station.ijk_to_ras[:, 3])[:3]
    in_plane_shift = float(np.hypot(i, j))
    if in_plane_shift > LARGEST_PIXEL_SHIFT:
        raise MarrowQuantError(
            f"{name} is shifted in-plane by {in_plane_shift:.1f} pixels; stitching needs stations with the same field of view."
        )
    if in_plane_shift > PIXEL_TOLERANCE:
        warnings.append(f"{name} is shifted in-plane by {in_plane_shift:.2f} pixels and was placed on the nearest pixel.")
    off_grid = abs(k - round(k))
    if off_grid > SLICE_TOLERANCE:
        off_mm = off_grid * reference.spacing_mm[2]
        warnings.append(f"{name} lies {off_mm:.1f} mm off the slices of the middle station and was placed on the nearest slice.")
    return _Placed(index, np.asarray(station.array, dtype=np.float32), round(k))


def _turned_like(station: Volume, reference: Volume) -> Volume:
    """The station with its slices in the direction of the reference."""
    if station.ijk_to_ras[:3, 2] @ reference.ijk_to_ras[:3, 2] >= 0:
        return station
    turn = np.diag([1.0, 1.0, -1.0, 1.0])
    turn[2, 3] = station.array.shape[0] - 1
    return replace(station, array=station.array[::-1], ijk_to_ras=station.ijk_to_ras @ turn)


def _check_grid(name: str, station: Volume, reference: Volume) -> None:
    """Same matrix, spacing and directions."""
    if station.array.shape[1:] != reference.array.shape[1:]:
        theirs, ours = reference.array.shape[:0:-1], station.array.shape[:0:-1]
        raise MarrowQuantError(f"{name} has a matrix of {ours[0]}×{ours[1]}, the others {theirs[0]}×{theirs[1]}; it cannot be stitched.")
    if np.any(np.abs(station.spacing_mm / reference.spacing_mm - 1) > SPACING_TOLERANCE):
        ours, theirs = (" × ".join(f"{mm:.2f}" for mm in v.spacing_mm) for v in (station, reference))
        raise MarrowQuantError(f"{name} has a voxel size of {ours} mm, the others {theirs} mm; it cannot be stitched.")
    turned = station.ijk_to_ras[:3, :3] / station.spacing_mm - reference.ijk_to_ras[:3, :3] / reference.spacing_mm
    if np.abs(turned).max() > DIRECTION_TOLERANCE:
        raise MarrowQuantError(f"{name} has another orientation than the others; stitching needs parallel slices.")


def _check_overlaps(placed: Sequence[_Placed]) -> None:
    for a, b in zip(placed, placed[1:]):
        overlap = min(a.last, b.last) - b.first + 1
        if overlap > MOST_OVERLAP * min(len(a.array), len(b.array)):
            raise MarrowQuantError(
                f"Stations {a.index + 1} and {b.index + 1} lie at the same place; give one volume for each table position."
            )


def _overlap(a: _Placed, b: _Placed) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both stations over their common slices, and which voxels there are bright."""
    stop = min(a.last, b.last) + 1
    upper = a.array[b.first - a.first : stop - a.first]
    lower = b.array[: stop - b.first]
    usable = np.isfinite(upper) & np.isfinite(lower) & (upper > 0) & (lower > 0)
    brightness = np.sqrt(np.where(usable, upper, 0) * np.where(usable, lower, 0))
    if np.count_nonzero(usable) < FEWEST_VOXELS:
        return upper, lower, np.zeros_like(usable)
    return upper, lower, brightness > _otsu(brightness[usable])


def _otsu(values: np.ndarray) -> float:
    """Threshold that separates two classes best (Otsu, IEEE Trans Syst Man Cybern 1979;9:62), on 256 bins up to the 99.9th percentile."""
    counts, edges = np.histogram(np.minimum(values, np.percentile(values, 99.9)), bins=256)
    centres = 0.5 * (edges[:-1] + edges[1:])
    below = np.cumsum(counts)[:-1].astype(float)
    sum_below = np.cumsum(counts * centres)[:-1]
    above, sum_above = counts.sum() - below, (counts * centres).sum() - sum_below
    both = (below > 0) & (above > 0)
    if not both.any():
        return -np.inf  # all voxels are equally bright
    between = np.zeros_like(below)
    between[both] = below[both] * above[both] * (sum_below[both] / below[both] - sum_above[both] / above[both]) ** 2
    return float(edges[1 + np.argmax(between)])


def _estimate_gains(placed: Sequence[_Placed], reference: int, warnings: list[str]) -> np.ndarray:
    """Gain of each station, chained from neighbour to neighbour; the reference has 1."""
    gains = np.ones(len(placed))
    for a, b in zip(placed, placed[1:]):
        ratio = 1.0
        pair = f"Stations {a.index + 1} and {b.index + 1}"
        if b.first > a.last:
            missing = b.first - a.last - 1
            warnings.append(f"{pair} do not overlap ({missing} slices are missing between them); their brightness was not matched.")
        else:
            left, right, bright = _overlap(a, b)
            if np.count_nonzero(bright) >= FEWEST_VOXELS:
                ratio = float(np.exp(np.median(np.log(left[bright]) - np.log(right[bright]))))
            else:
                warnings.append(f"{pair} overlap, but with too little signal to match their brightness.")
        gains[b.index] = gains[a.index] * ratio
    return gains / gains[reference]


def _blend(placed: Sequence[_Placed], gains: np.ndarray, reference: Volume) -> Volume:
    """Weighted mean of the stations on the common grid, NaN where nothing was acquired."""
    first, last = placed[0].first, max(p.last for p in placed)
    shape = (last - first + 1, *reference.array.shape[1:])
    total, weight_sum = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for n, station in enumerate(placed):
        weights = _slice_weights(placed, n)[:, None, None]
        here = slice(station.first - first, station.last - first + 1)
        known = np.isfinite(station.array)
        total[here] += np.where(known, station.array, 0) * (weights * np.float32(gains[station.index]))
        weight_sum[here] += np.where(known, weights, 0)
    array = np.full(shape, np.nan, np.float32)
    np.divide(total, weight_sum, out=array, where=weight_sum > 0)
    ijk_to_ras = reference.ijk_to_ras.astype(float).copy()
    ijk_to_ras[:, 3] = reference.ijk_to_ras @ [0, 0, first, 1]
    told = ", ".join(f"{g:.3g}" for g in gains)
    sentence = f"Stitched from {len(placed)} stations with gains {told}, blended linearly in the overlaps."
    return replace(reference, array=array, ijk_to_ras=ijk_to_ras, station=None, source=(*reference.source, sentence))


def _slice_weights(placed: Sequence[_Placed], n: int) -> np.ndarray:
    """Weight of each slice of station n: 1, falling linearly towards the neighbour in an overlap."""
    station = placed[n]
    weights = np.ones(len(station.array), np.float32)
    if n > 0 and (overlap := placed[n - 1].last - station.first + 1) > 0:
        overlap = min(overlap, len(weights))
        weights[:overlap] = np.arange(1, overlap + 1) / (overlap + 1)
    if n + 1 < len(placed) and (overlap := station.last - placed[n + 1].first + 1) > 0:
        overlap = min(overlap, len(weights))
        weights[-overlap:] *= np.arange(overlap, 0, -1) / (overlap + 1)
    return weights


def _seam(a: _Placed, b: _Placed, gains: np.ndarray, reference: Volume) -> Seam:
    n_slices = min(a.last, b.last) - b.first + 1
    middle = b.first + (n_slices - 1) / 2
    size_j, size_i = reference.array.shape[1:]
    position = (reference.ijk_to_ras @ [(size_i - 1) / 2, (size_j - 1) / 2, middle, 1])[:3]
    before = after = float("nan")
    if n_slices > 0:
        left, right, bright = _overlap(a, b)
        before = _largest_step(left, right, bright)
        after = _largest_step(left * np.float32(gains[a.index]), right * np.float32(gains[b.index]), bright)
    return Seam((a.index, b.index), position, n_slices, before, after)


def _largest_step(left: np.ndarray, right: np.ndarray, bright: np.ndarray) -> float:
    """Largest over the slices of |median ratio - 1|."""
    enough = [k for k in range(len(bright)) if np.count_nonzero(bright[k]) >= FEWEST_VOXELS]
    steps = [abs(float(np.median(right[k][bright[k]] / left[k][bright[k]])) - 1.0) for k in enough]
    return max(steps, default=float("nan"))
