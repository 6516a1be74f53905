"""Stitching of axial whole-body stations: one volume, one intensity scale.

Stations are placed, never resampled: every slice of the result is a slice of a station or, in an overlap, a blend of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from ..model import Finding, MarrowQuantError, Numbers, Profile, Seam, Stitching, Volume, finding
from .gains import Overlap, Placed, estimate_gains, largest_step, otsu, overlap

# Tolerances of the placement; all are our choice.
SLICE_TOLERANCE = 0.05  # of the slice spacing: below it, slices of two stations count as the same position
PIXEL_TOLERANCE = 0.05  # of a pixel: the in-plane shift below which nothing is said
LARGEST_PIXEL_SHIFT = 0.5  # of a pixel: a larger in-plane shift would misplace tissue, and is refused
DIRECTION_TOLERANCE = 1e-3  # of a unit vector, about 0.06 degrees
SPACING_TOLERANCE = 1e-2  # relative
MOST_OVERLAP = 0.9  # of the shorter station: more means the same station twice


@dataclass(frozen=True)
class Stitched:
    """Result of :func:`stitch`.

    Attributes
    ----------
    volume : Volume
    gains : tuple of float
        Factors applied, in the order of the stations that were given.
    seams : tuple of Seam
        From the lowest slice upwards.
    findings : tuple of Finding
    profile : Profile or None
        Brightness along the slices without and with the gains; None for a single station, and where it was not asked for.
    """

    volume: Volume
    gains: tuple[float, ...]
    seams: tuple[Seam, ...]
    findings: tuple[Finding, ...] = ()
    profile: Optional[Profile] = None

    @property
    def stitching(self) -> Optional[Stitching]:
        """What is told of the stations; None for a single one."""
        return None if self.profile is None else Stitching(self.seams, self.gains, self.profile)


def stitch(
    stations: Sequence[Volume],
    *,
    gains: Optional[Numbers] = None,
    moves: Optional[Sequence[Sequence[int]]] = None,
    measured: bool = True,
) -> Stitched:
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
    moves : sequence of (int, int, int), optional
        Whole voxels along i, j, k by which each station is moved, as :func:`~.align.align` finds them. Nothing is interpolated; voxels
        that come from outside the field of view are NaN.
    measured : bool
        False leaves out the seams and the profile, which take most of the time: for a further image of the same stations, with the gains
        and moves of the first.

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

    findings: list[Finding] = []
    reference = middle_station(stations)
    all_placed = [place(i, s, stations[reference], findings) for i, s in enumerate(stations)]
    if moves is not None:
        all_placed = [_moved(p, move) for p, move in zip(all_placed, moves)]
    placed = sorted(all_placed, key=lambda p: (p.first, p.last))
    _check_overlaps(placed)
    shared = [overlap(a, b) for a, b in zip(placed, placed[1:])] if measured or gains is None else []
    applied = estimate_gains(placed, shared, reference, findings) if gains is None else np.asarray(gains, dtype=float)
    volume = _blend(placed, applied, stations[reference])
    if not measured:
        return Stitched(volume, tuple(float(g) for g in applied), (), tuple(findings))
    seams = tuple(_seam(a, b, both, applied, stations[reference]) for a, b, both in zip(placed, placed[1:], shared))
    before = volume if np.all(applied == 1) else _blend(placed, np.ones(len(placed)), stations[reference])
    profile = _profile(before, volume)
    return Stitched(volume, tuple(float(g) for g in applied), seams, tuple(findings), profile)


def _check_gains(gains: Optional[Numbers], n_stations: int) -> None:
    if gains is None:
        return
    values = np.asarray(gains, dtype=float)
    if values.shape != (n_stations,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise MarrowQuantError(
            "{n_stations} stations need {n_stations} positive gains; given were {values}.",
            n_stations=n_stations, values=values.tolist(),
        )


def middle_station(stations: Sequence[Volume]) -> int:
    """The station whose centre lies in the middle of all centres along the slice direction."""
    normal = stations[0].ijk_to_ras[:3, 2]
    heights = [normal @ (s.ijk_to_ras @ [0, 0, (s.array.shape[0] - 1) / 2, 1])[:3] for s in stations]
    return int(np.argsort(heights)[len(stations) // 2])


def place(index: int, station: Volume, reference: Volume, findings: list[Finding]) -> Placed:
    """Find a station's first slice on the grid of the reference, and check that it fits."""
    name = f"Station {index + 1}"
    if station.array.ndim != 3 or min(station.array.shape) < 1:
        raise MarrowQuantError("{name} is not a volume (shape {shape}); load it again.", name=name, shape=str(station.array.shape))
    for what in ("quantity", "unit", "b_value"):
        ours, theirs = getattr(station, what), getattr(reference, what)
        if ours != theirs:
            raise MarrowQuantError(
                "{name} has {what} '{ours}' but the others have '{theirs}'; stitch only images of the same kind.",
                name=name, what=what, ours=ours, theirs=theirs,
            )
    station = _turned_like(station, reference)
    _check_grid(name, station, reference)
    i, j, k = reference.to_ijk(station.to_ras((0, 0, 0)))
    in_plane_shift = float(np.hypot(i, j))
    if in_plane_shift > LARGEST_PIXEL_SHIFT:
        raise MarrowQuantError(
            "{name} is shifted in-plane by {in_plane_shift:.1f} pixels; stitching needs stations with the same field of view.",
            name=name, in_plane_shift=in_plane_shift,
        )
    if in_plane_shift > PIXEL_TOLERANCE:
        findings.append(finding("diffusion.nearest_pixel", station=index + 1, pixels=in_plane_shift))
    off_grid = abs(k - round(k))
    if off_grid > SLICE_TOLERANCE:
        off_mm = off_grid * reference.spacing_mm[2]
        findings.append(finding("diffusion.nearest_slice", station=index + 1, off_mm=off_mm))
    return Placed(index, np.asarray(station.array, dtype=np.float32), round(k))


def _moved(placed: Placed, move: Sequence[int]) -> Placed:
    """The station moved by whole voxels along i, j, k."""
    i, j, k = (int(n) for n in move)
    if (i, j) == (0, 0):
        return replace(placed, first=placed.first + k)
    array = np.full_like(placed.array, np.nan)
    rows, columns = array.shape[1:]
    target = (slice(None), slice(max(j, 0), rows + min(j, 0)), slice(max(i, 0), columns + min(i, 0)))
    origin = (slice(None), slice(max(-j, 0), rows - max(j, 0)), slice(max(-i, 0), columns - max(i, 0)))
    array[target] = placed.array[origin]
    return Placed(placed.index, array, placed.first + k)


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
        raise MarrowQuantError(
            "{name} has a matrix of {ours}×{ours_2}, the others {theirs}×{theirs_2}; it cannot be stitched.",
            name=name, ours=ours[0], ours_2=ours[1], theirs=theirs[0], theirs_2=theirs[1],
        )
    if np.any(np.abs(station.spacing_mm / reference.spacing_mm - 1) > SPACING_TOLERANCE):
        here, there = (" × ".join(f"{mm:.2f}" for mm in v.spacing_mm) for v in (station, reference))
        raise MarrowQuantError(
            "{name} has a voxel size of {here} mm, the others {there} mm; it cannot be stitched.",
            name=name, here=here, there=there,
        )
    turned = station.ijk_to_ras[:3, :3] / station.spacing_mm - reference.ijk_to_ras[:3, :3] / reference.spacing_mm
    if np.abs(turned).max() > DIRECTION_TOLERANCE:
        raise MarrowQuantError("{name} has another orientation than the others; stitching needs parallel slices.", name=name)


def _check_overlaps(placed: Sequence[Placed]) -> None:
    for a, b in zip(placed, placed[1:]):
        overlap = min(a.last, b.last) - b.first + 1
        if overlap > MOST_OVERLAP * min(len(a.array), len(b.array)):
            raise MarrowQuantError(
                "Stations {index} and {index_2} lie at the same place; give one volume for each table position.",
                index=a.index + 1, index_2=b.index + 1,
            )


def _blend(placed: Sequence[Placed], gains: np.ndarray, reference: Volume) -> Volume:
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
    step = finding("made.stitched", n=len(placed), gains=gains)
    return replace(reference, array=array, ijk_to_ras=ijk_to_ras, station=None, source=(*reference.source, step))


def _slice_weights(placed: Sequence[Placed], n: int) -> np.ndarray:
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


def _seam(a: Placed, b: Placed, shared: Optional[Overlap], gains: np.ndarray, reference: Volume) -> Seam:
    n_slices = min(a.last, b.last) - b.first + 1
    middle = b.first + (n_slices - 1) / 2
    size_j, size_i = reference.array.shape[1:]
    position = (reference.ijk_to_ras @ [(size_i - 1) / 2, (size_j - 1) / 2, middle, 1])[:3]
    before = after = float("nan")
    if shared is not None:
        left, right, bright = shared
        before = largest_step(left, right, bright)
        after = largest_step(left * np.float32(gains[a.index]), right * np.float32(gains[b.index]), bright)
    return Seam((a.index + 1, b.index + 1), position, n_slices, before, after)


def _profile(before: Volume, after: Volume) -> Profile:
    """Median over the tissue of each slice; the tissue is that of the stitched volume. The threshold is found on the logarithm, which
    separates the body from the air; on the signal itself it would separate the brightest organs from the rest of the body."""
    known = after.array[np.isfinite(after.array) & (after.array > 0)]
    tissue = after.array > (np.exp(otsu(np.log(known))) if known.size else np.inf)
    medians = np.full((2, len(tissue)), np.nan)
    for k in np.flatnonzero(tissue.any(axis=(1, 2))):
        medians[:, k] = np.median(before.array[k][tissue[k]]), np.median(after.array[k][tissue[k]])
    n, size_j, size_i = after.array.shape
    middle = np.column_stack([np.full(n, (size_i - 1) / 2), np.full(n, (size_j - 1) / 2), np.arange(n)])
    return Profile(after.to_ras(middle)[:, 2], *medians)
