"""Where the stations of a whole-body series really lie against each other, and which of them belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import Finding, MarrowQuantError, Volume, finding
from .shift import Shift, estimate_shift
from .stations import middle_station, place

_LEAST_VOXELS, _SURE = 0.5, 2.0  # of a voxel; standard errors


@dataclass(frozen=True)
class Alignment:
    """Result of :func:`align`.

    Attributes
    ----------
    moves : tuple of (int, int, int)
        Whole voxels along i, j, k by which :func:`~.stations.stitch` moves each station; the middle station stays.
    shifts : tuple of Shift
        Of the upper against the lower station of every overlap, from the lowest slice upwards.
    findings : tuple of Finding
        Which station is moved, and what remains.
    """

    moves: tuple[tuple[int, int, int], ...]
    shifts: tuple[Shift, ...]
    findings: tuple[Finding, ...] = ()


def align(stations: Sequence[Volume]) -> Alignment:
    """Find how far neighbouring stations are displaced against each other, and the whole voxels that correct most of it.

    Only whole voxels are moved, so that no value is interpolated; at most half a voxel along each axis remains, and is told. An axis along
    which the overlap does not say where it is (a thigh along its length) is left alone. Give the lowest b-value, whose anatomy is the
    clearest.

    Parameters
    ----------
    stations : sequence of Volume
        As for :func:`~.stations.stitch`.

    Raises
    ------
    MarrowQuantError
        If the stations do not fit together.
    """
    if len(stations) < 2:
        return Alignment(tuple((0, 0, 0) for _ in stations), ())
    reference = middle_station(stations)
    placed = sorted((place(i, s, stations[reference], []) for i, s in enumerate(stations)), key=lambda p: (p.first, p.last))
    spacing = stations[reference].spacing_mm
    shifts = tuple(estimate_shift(a.array, b.array, b.first - a.first, spacing) for a, b in zip(placed, placed[1:]))
    steps = [np.where(shift.trusted & _forced(shift, spacing), shift.voxels, 0.0) for shift in shifts]
    total = np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
    total -= total[[p.index for p in placed].index(reference)]
    whole = -np.rint(total).astype(int)
    moves: list[tuple[int, int, int]] = [(0, 0, 0)] * len(placed)
    findings = []
    for p, move, off in zip(placed, whole, total):
        moves[p.index] = (int(move[0]), int(move[1]), int(move[2]))
        if move.any():
            findings.append(_told(p.index, move, off, spacing))
    return Alignment(tuple(moves), shifts, tuple(findings))


def _forced(shift: Shift, spacing: np.ndarray) -> np.ndarray:
    """Axes along which the overlap tells of a shift of more than half a voxel, beyond its own uncertainty; bool, shape (3,). Smaller ones
    would add up over the stations to moves that no overlap asked for."""
    return np.abs(shift.mm) > np.maximum(_LEAST_VOXELS * spacing, _SURE * np.nan_to_num(shift.uncertain_mm, posinf=1e9))


def _told(index: int, move: np.ndarray, off: np.ndarray, spacing: np.ndarray) -> Finding:
    left = float(np.linalg.norm((off + move) * spacing))
    return finding(
        "diffusion.station_moved",
        station=index + 1, off_mm=float(np.linalg.norm(off * spacing)), voxels=[int(n) for n in move], left_mm=left,
    )


def group_stations(stations: Sequence[Volume]) -> tuple[list[list[int]], dict[int, MarrowQuantError]]:
    """Which stations can be stitched with each other.

    Returns
    -------
    groups : list of list of int
        Places in ``stations``, the largest group first; a station that fits no other is a group of its own.
    reasons : dict
        Why a station is not in the first group: an error for each.
    """
    left = list(range(len(stations)))
    groups: list[list[int]] = []
    reasons: dict[int, MarrowQuantError] = {}
    while left:
        best: list[int] = []
        why: dict[int, MarrowQuantError] = {}
        for reference in left:
            refusals = {n: refusal for n in left if (refusal := _refusal(n, stations[n], stations[reference]))}
            if len(left) - len(refusals) > len(best):
                best, why = [n for n in left if n not in refusals], refusals
        groups.append(best)
        if len(groups) == 1:
            reasons = why
        left = [n for n in left if n not in best]
    return groups, reasons


def _refusal(index: int, station: Volume, reference: Volume) -> Optional[MarrowQuantError]:
    try:
        place(index, station, reference, [])
    except MarrowQuantError as error:
        return error
    return None
