"""How the body lies at follow-up against the baseline: slab by slab along the body, and around single lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

import numpy as np

from ..model import MarrowQuantError, Progress, Volume, no_progress
from .registration import Rigid, agreement_around, coarser, crop, identity, register

SLAB_MM = 200.0  # the body is registered as a whole and then in slabs of this height, about a station
LOCAL_HALF_MM = 40.0  # half the box around a lesion: a vertebra with its neighbours, a piece of the pelvis
_COARSE_MM, _FINE_MM = 8.0, 4.0
_LARGEST_STEP_MM = 45.0  # of a slab against its neighbour; more is no movement but a failed registration
_LARGEST_LOCAL_MM = 15.0  # of a lesion's surroundings against its slab
_TILTS = (-12.0, -6.0, 6.0, 12.0)  # degrees about the left-right axis that a slab is tried at where nothing else matches
GOOD = 0.85  # correlation from which on a slab is taken as registered; all of these are our choice


@dataclass(frozen=True)
class BodyMovement:
    """How the body lies at follow-up against the baseline: one rigid transform per slab along S, blended between their middles.

    Attributes
    ----------
    heights : ndarray, shape (n,)
        S of the middle of each slab, RAS mm.
    slabs : tuple of Rigid
    images : tuple of Volume, optional
        What was registered, for a closer look around single lesions.
    """

    heights: np.ndarray
    slabs: tuple[Rigid, ...]
    images: Optional[tuple[Volume, Volume]] = None
    _near: dict[tuple[int, ...], Rigid] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Baseline RAS points, shape (n, 3), to follow-up RAS points."""
        points = np.asarray(points, dtype=float)
        place = np.interp(points[:, 2], self.heights, np.arange(len(self.heights), dtype=float))
        lower = np.floor(place).astype(int)
        weight = (place - lower)[:, None]
        upper = np.minimum(lower + 1, len(self.slabs) - 1)
        moved = np.empty_like(points)
        for number in np.unique(lower):
            own = lower == number
            moved[own] = (1 - weight[own]) * self.slabs[number].apply(points[own])
            moved[own] += weight[own] * self.slabs[upper[own][0]].apply(points[own])
        return moved

    def back(self, point: np.ndarray) -> np.ndarray:
        """The baseline RAS point that is carried to a follow-up RAS point, shape (3,); by fixed-point iteration."""
        found = np.asarray(point, dtype=float)
        for _ in range(20):
            found = found + (point - self(found[None])[0])
        return found

    def agreement(self, point: np.ndarray) -> float:
        """Correlation of the two exams in the slab of a baseline RAS point, -1 … 1; NaN where it is not known."""
        return self.slabs[int(np.abs(self.heights - point[2]).argmin())].agreement

    def near(self, point: np.ndarray) -> Optional[Rigid]:
        """The transform of the surroundings of a baseline RAS point, registered by themselves; None without images, or where they do not
        match better than the slab does."""
        if self.images is None:
            return None
        key = tuple(round(float(x) / 10.0) for x in point)
        if key not in self._near:
            self._near[key] = self._registered(np.asarray(point, dtype=float))
        return self._near[key] if np.isfinite(self._near[key].agreement) else None

    def _registered(self, point: np.ndarray) -> Rigid:
        slab = self.slabs[int(np.abs(self.heights - point[2]).argmin())]
        start = Rigid(slab.rotation, self(point[None])[0] - slab.rotation @ point)
        assert self.images is not None
        first, second = self.images
        half = np.full(3, LOCAL_HALF_MM)
        found = [start]
        try:
            # The search looks no farther, and what ITK prepares for it costs as much as the search.
            second = crop(second, start.apply(point), half + _LARGEST_LOCAL_MM + _FINE_MM)
            local = register(first, second, start, center_ras=point, half_size_mm=half, sizes_mm=(_FINE_MM,))
            found += [local] if np.linalg.norm(local.apply(point) - start.apply(point)) <= _LARGEST_LOCAL_MM else []
        except MarrowQuantError:  # the box shows too little to be registered
            pass
        told = [replace(rigid, agreement=agreement_around(first, second, rigid, point, half)) for rigid in found]
        return max(told, key=lambda rigid: np.nan_to_num(rigid.agreement, nan=-1.0))

    def plain(self) -> list[dict[str, Any]]:
        """The slabs as JSON's own types; :meth:`from_plain` reads them back.

        Rounded far below what a registration can tell (0.001 mm over a body): its threads sum in any order, and the last digits differ
        from run to run.
        """
        return [
            {
                "height": float(height),
                "rotation": np.round(slab.rotation, 6).tolist(),
                "shift": np.round(slab.shift, 4).tolist(),
                "agreement": round(float(slab.agreement), 3) if np.isfinite(slab.agreement) else None,
            }
            for height, slab in zip(self.heights, self.slabs)
        ]

    @classmethod
    def from_plain(cls, slabs: Sequence[Mapping[str, Any]]) -> BodyMovement:
        """From what :meth:`plain` wrote."""
        transforms = tuple(
            Rigid(
                np.array(slab["rotation"], dtype=float),
                np.array(slab["shift"], dtype=float),
                float("nan") if slab.get("agreement") is None else float(slab["agreement"]),
            )
            for slab in slabs
        )
        return cls(np.array([slab["height"] for slab in slabs], dtype=float), transforms)


def find_movement(baseline: Mapping[str, Volume], follow_up: Mapping[str, Volume], progress: Progress = no_progress) -> BodyMovement:
    """Register the bodies as a whole and then in slabs, on the lowest b-value where both exams have it.

    The slab in the middle begins at the movement of the whole body, each other one at that of its neighbour: so a tilt, whose ends lie far
    off, and a flexion are followed along the body.

    Parameters
    ----------
    baseline, follow_up : mapping of str to Volume
        Maps of both exams.

    Raises
    ------
    MarrowQuantError
        If the exams share no diffusion image, or their images do not overlap.
    """
    key = next((key for key in ("dwi_low", "dwi_high") if key in baseline and key in follow_up), None)
    if key is None:
        raise MarrowQuantError("The exams share no diffusion image, so their bodies cannot be registered; compare the lesions by eye.")
    progress(0.0, "Registering the bodies")
    fine = (coarser(baseline[key], _FINE_MM), coarser(follow_up[key], _FINE_MM))
    first, second = (coarser(image, _COARSE_MM) for image in fine)
    whole = register(first, second, sizes_mm=(_COARSE_MM,))
    low, high = _extent(first)
    n = max(1, round((high[2] - low[2]) / SLAB_MM))
    edges = np.linspace(low[2], high[2], n + 1)
    heights = (edges[:-1] + edges[1:]) / 2
    half = np.append((high - low)[:2] / 2, SLAB_MM / 2)
    centers = [np.array([*((low + high) / 2)[:2], height]) for height in heights]
    found: dict[int, Rigid] = {}
    middle = n // 2
    for done, number in enumerate(sorted(range(n), key=lambda slab: abs(slab - middle))):
        progress((done + 1) / (n + 1), "Registering the bodies")
        neighbour = found.get(number - 1 if number > middle else number + 1)
        found[number] = _slab(first, second, [neighbour, whole] if neighbour else [whole], centers[number], half)
    return BodyMovement(heights, tuple(found[number] for number in range(n)), fine)


def _slab(baseline: Volume, follow_up: Volume, starts: Sequence[Rigid], center: np.ndarray, half: np.ndarray) -> Rigid:
    """The movement of one slab: from each start until one matches well, then from tilted ones; the first start where none does."""
    best, best_score = starts[0], -1.0
    for start in (*starts, *(_tilted(starts[0], center, degrees) for degrees in _TILTS)):
        try:
            found = register(baseline, follow_up, start, center_ras=center, half_size_mm=half, sizes_mm=(_COARSE_MM,))
        except MarrowQuantError:  # a slab of air: the movement of its neighbour holds
            continue
        too_far = np.linalg.norm(found.apply(center) - starts[0].apply(center)) > _LARGEST_STEP_MM
        if not too_far and np.isfinite(found.agreement) and found.agreement > best_score:
            best, best_score = found, found.agreement
        if best_score >= GOOD:
            break
    return best


def _tilted(start: Rigid, center: np.ndarray, degrees: float) -> Rigid:
    """The transform with a further turn about the left-right axis through the slab's middle."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    rotation = turn @ start.rotation
    return Rigid(rotation, start.apply(center) - rotation @ center, identity().agreement)


def _extent(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in volume.array.shape[2::-1]], [1])).reshape(4, -1)
    points = (volume.ijk_to_ras @ corners)[:3]
    return points.min(axis=1), points.max(axis=1)
