"""What a follow-up takes over from the baseline: ROIs with levels and exclusions, and the names of the lesions.

Positions are carried by rigid registration; every map is measured on its own grid.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..io.jsonfiles import read_json
from ..model import (
    Burden,
    Component,
    ExamResult,
    LesionChange,
    MarrowQuantError,
    Progress,
    VertebraROI,
    Volume,
    as_finding,
    finding,
    no_progress,
)
from ..results.read import with_volumes
from .lesions import Carry, LesionMatch, match_lesions, with_names
from .propagate import Carried, common_image, propagate_rois
from .rac import propose_rac
from .registration import Rigid, coarser, register

_STATE_FILE = "follow-up.npz"
_STATE_MAPS = ("in_phase", "water", "ff", "dwi_low")
_STATE_FORMAT = 1

SLAB_MM = 200.0  # the body is registered as a whole and then in slabs of this height, about a station
_COARSE_MM = (8.0,)
_LARGEST_STEP_MM = 20.0  # of a slab against the whole body; more is no movement but a failed registration


def carry(
    rois: Sequence[VertebraROI], baseline: Mapping[str, Volume], follow_up: Mapping[str, Volume], progress: Progress = no_progress
) -> list[Carried]:
    """The baseline's ROIs in the follow-up, each with its confidence.

    Parameters
    ----------
    rois : sequence of VertebraROI
    baseline, follow_up : mapping of str to Volume
        Maps of both exams.

    Raises
    ------
    MarrowQuantError
        If the exams share no image, or their images do not overlap.
    """
    key = common_image(baseline, follow_up)
    if key is None:
        raise MarrowQuantError("The exams share no kind of image, so the ROIs cannot be carried over; place them in the follow-up by hand.")
    return propagate_rois(rois, baseline[key], follow_up[key], progress)[0]


def carry_notes(carried: Sequence[Carried]) -> list[str]:
    """What the reader should know about carried ROIs."""
    notes = [finding("carried.rois", confidence=[f"{c.roi.level} {100 * c.confidence:.0f} %" for c in carried])]
    return notes + [doubt for c in carried for doubt in c.doubts]


def carry_rois(
    rois: Sequence[VertebraROI], baseline: Mapping[str, Volume], follow_up: Mapping[str, Volume], progress: Progress = no_progress
) -> tuple[list[VertebraROI], list[str]]:
    """:func:`carry` and :func:`carry_notes` in one."""
    carried = carry(rois, baseline, follow_up, progress)
    return [c.roi for c in carried], carry_notes(carried)


@dataclass(frozen=True)
class BodyMovement:
    """How the body lies at follow-up against the baseline: one rigid transform per slab along S.

    Attributes
    ----------
    heights : ndarray, shape (n,)
        S of the middle of each slab, RAS mm.
    slabs : tuple of Rigid
    """

    heights: np.ndarray
    slabs: tuple[Rigid, ...]

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Baseline RAS points, shape (n, 3), to follow-up RAS points."""
        points = np.asarray(points, dtype=float)
        nearest = np.abs(points[:, 2:3] - self.heights).argmin(axis=1)
        moved = np.empty_like(points)
        for number in np.unique(nearest):
            own = nearest == number
            moved[own] = self.slabs[number].apply(points[own])
        return moved

    def plain(self) -> list[dict[str, Any]]:
        """The slabs as JSON's own types; :meth:`from_plain` reads them back.

        Rounded far below what a registration can tell (0.001 mm over a body): its threads sum in any order, and the last digits differ
        from run to run.
        """
        return [
            {"height": float(height), "rotation": np.round(slab.rotation, 6).tolist(), "shift": np.round(slab.shift, 4).tolist()}
            for height, slab in zip(self.heights, self.slabs)
        ]

    @classmethod
    def from_plain(cls, slabs: Sequence[Mapping[str, Any]]) -> BodyMovement:
        """From what :meth:`plain` wrote."""
        transforms = tuple(Rigid(np.array(slab["rotation"], dtype=float), np.array(slab["shift"], dtype=float)) for slab in slabs)
        return cls(np.array([slab["height"] for slab in slabs], dtype=float), transforms)


def find_movement(baseline: Mapping[str, Volume], follow_up: Mapping[str, Volume], progress: Progress = no_progress) -> BodyMovement:
    """Register the bodies as a whole and then in slabs, on the lowest b-value where both exams have it.

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
    first, second = (coarser(maps[key], _COARSE_MM[0]) for maps in (baseline, follow_up))
    whole = register(first, second, sizes_mm=_COARSE_MM)
    low, high = _extent(first)
    n = max(1, round((high[2] - low[2]) / SLAB_MM))
    edges = np.linspace(low[2], high[2], n + 1)
    heights = (edges[:-1] + edges[1:]) / 2
    slabs = []
    for number, height in enumerate(heights):
        progress((number + 1) / (n + 1), "Registering the bodies")
        center = np.array([*((low + high) / 2)[:2], height])
        slabs.append(_slab(first, second, whole, center, np.append((high - low)[:2] / 2, SLAB_MM / 2)))
    return BodyMovement(heights, tuple(slabs))


def _slab(baseline: Volume, follow_up: Volume, whole: Rigid, center: np.ndarray, half: np.ndarray) -> Rigid:
    try:
        found = register(baseline, follow_up, whole, center_ras=center, half_size_mm=half, sizes_mm=_COARSE_MM)
    except MarrowQuantError:  # a slab of air: the movement of the whole body holds
        return whole
    too_far = np.linalg.norm(found.apply(center) - whole.apply(center)) > _LARGEST_STEP_MM
    return whole if too_far or not np.isfinite(found.agreement) else found


def _extent(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in volume.array.shape[2::-1]], [1])).reshape(4, -1)
    points = (volume.ijk_to_ras @ corners)[:3]
    return points.min(axis=1), points.max(axis=1)


def follow_lesions(
    baseline: ExamResult, follow_up: ExamResult, progress: Progress = no_progress
) -> tuple[ExamResult, ExamResult, tuple[LesionChange, ...], Optional[BodyMovement]]:
    """Give the lesions of both exams their names, and tell what became of each.

    Returns
    -------
    baseline, follow_up : ExamResult
        With ``lesion_id`` in the components; the follow-up with a warning where the bodies could not be registered.
    changes : tuple of LesionChange
        Empty where one of the exams has no tumour load.
    movement : BodyMovement or None
        By which the lesions were matched.
    """
    if baseline.burden is None or follow_up.burden is None:
        return baseline, follow_up, (), None
    try:
        movement = find_movement(baseline.maps, follow_up.maps, progress)
    except MarrowQuantError as error:
        warning = finding("carried.no_lesions", why=error)
        return baseline, replace(follow_up, warnings=(*follow_up.warnings, warning)), (), None
    first, second, changes = name_lesions(baseline.burden, follow_up.burden, movement)
    return replace(baseline, burden=first), replace(follow_up, burden=second), changes, movement


def name_lesions(baseline: Burden, follow_up: Burden, movement: Carry) -> tuple[Burden, Burden, tuple[LesionChange, ...]]:
    """Both tumour loads with ``lesion_id`` in their components, and what became of each lesion; ``movement`` carries points over."""
    matches = match_lesions(baseline, follow_up, movement)
    first, second = (with_names(burden, matches, follow_up=later) for burden, later in ((baseline, False), (follow_up, True)))
    return first, second, tuple(_change(match, first, second) for match in matches)


def _change(match: LesionMatch, before: Burden, after: Burden) -> LesionChange:
    first = [before.components[n - 1] for n in match.baseline]
    second = [after.components[n - 1] for n in match.follow_up]
    largest = [max(parts, key=lambda c: c.volume_ml, default=None) for parts in (first, second)]
    proposal = propose_rac(match.kind, *largest)
    return LesionChange(
        kind=match.kind,
        names_before=match.names_before,
        names_after=match.names_after,
        region=next(c.region for c in largest if c is not None),
        volume_before_ml=sum(c.volume_ml for c in first),
        volume_after_ml=sum(c.volume_ml for c in second),
        adc_before=_adc(largest[0]),
        adc_after=_adc(largest[1]),
        confidence=match.confidence,
        rac=proposal.category,
        why=as_finding(proposal.why),
    )


def _adc(component: Optional[Component]) -> Optional[float]:
    return None if component is None else component.adc_median


def write_exam(exam: ExamResult, folder: Path) -> Path:
    """Write what a follow-up needs of this exam (images to register, components, ROIs) as ``follow-up.npz``; no identity is in it."""
    key = common_image(exam.maps, exam.maps)
    volumes = {name: exam.maps[name] for name in _STATE_MAPS if name in exam.maps and name in (key, "dwi_low")}
    if exam.burden is not None:
        volumes["labels"] = exam.burden.labels
    arrays = {f"{name}.array": volume.array for name, volume in volumes.items()}
    arrays.update({f"{name}.matrix": volume.ijk_to_ras for name, volume in volumes.items()})
    path = Path(folder) / _STATE_FILE
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, format=_STATE_FORMAT, **arrays)
    return path


def read_exam(folder: Path) -> ExamResult:
    """The last exam of a results folder, as far as a follow-up needs it.

    Raises
    ------
    MarrowQuantError
        If ``results.json`` or ``follow-up.npz`` is missing or is not what this program wrote.
    """
    folder = Path(folder)
    try:
        data = read_json(folder / "results.json")
        with np.load(folder / _STATE_FILE, allow_pickle=False) as arrays:
            if int(arrays["format"]) != _STATE_FORMAT:
                raise KeyError("format")
            names = [name for name in (*_STATE_MAPS, "labels") if f"{name}.array" in arrays]
            volumes = {name: Volume(arrays[f"{name}.array"], arrays[f"{name}.matrix"]) for name in names}
        return replace(with_volumes(data["exams"][-1], volumes), label="baseline")  # whatever it was before
    except (OSError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile):
        raise MarrowQuantError(
            "'{folder}' holds no baseline that can be followed; run 'marrowquant burden' on the baseline exam and give its folder.",
            folder=folder.name,
        ) from None
