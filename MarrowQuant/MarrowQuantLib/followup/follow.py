"""What a follow-up takes over from the baseline: ROIs with levels and exclusions, and the names of the lesions.

Positions are carried by rigid registration; every map is measured on its own grid.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Optional

import numpy as np

from ..io.jsonfiles import read_json
from ..model import (
    Burden,
    Component,
    ExamResult,
    Finding,
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
from .fates import Fates
from .lesions import Carry, LesionMatch, match_lesions, with_names
from .movement import BodyMovement, find_movement
from .propagate import Carried, common_image, propagate_rois
from .rac import propose_rac

_STATE_FILE = "follow-up.npz"
_STATE_MAPS = ("in_phase", "water", "ff", "dwi_low")
_STATE_FORMAT = 1


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


def carry_findings(carried: Sequence[Carried]) -> list[Finding]:
    """What the reader should know about carried ROIs."""
    findings = [finding("carried.rois", confidence=[f"{c.roi.level} {100 * c.confidence:.0f} %" for c in carried])]
    return findings + [doubt for c in carried for doubt in c.findings]


def carry_rois(
    rois: Sequence[VertebraROI], baseline: Mapping[str, Volume], follow_up: Mapping[str, Volume], progress: Progress = no_progress
) -> tuple[list[VertebraROI], list[Finding]]:
    """:func:`carry` and :func:`carry_findings` in one."""
    carried = carry(rois, baseline, follow_up, progress)
    return [c.roi for c in carried], carry_findings(carried)


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
        return baseline, replace(follow_up, findings=(*follow_up.findings, warning)), (), None
    first, second, changes = name_lesions(baseline.burden, follow_up.burden, movement)
    return replace(baseline, burden=first), replace(follow_up, burden=second), changes, movement


def name_lesions(baseline: Burden, follow_up: Burden, movement: Carry) -> tuple[Burden, Burden, tuple[LesionChange, ...]]:
    """Both tumour loads with ``lesion_id`` in their components, and what became of each lesion; ``movement`` carries points over.

    A :class:`~.movement.BodyMovement` also tells how well the exams match at each lesion, and looks again around those that are left
    without a partner.
    """
    fates = Fates(baseline, follow_up, movement)
    matches = [fates.judged(match) for match in match_lesions(baseline, follow_up, movement, more_links=fates.more_links)]
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
