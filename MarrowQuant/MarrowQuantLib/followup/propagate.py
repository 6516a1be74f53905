"""The baseline's ROIs, levels and exclusions in the follow-up: carried by a rigid registration per vertebra, with a confidence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from ..model import Finding, MarrowQuantError, Progress, VertebraROI, Volume, finding, no_progress
from ..vertebrae.places import is_place
from .registration import Rigid, find_shift, register

IMAGE_KEYS = ("in_phase", "water", "ff", "dwi_low", "dwi_high")
"""Which map is registered: the first that both exams have. The in-phase image changes least when fat returns."""

# Half-sizes along R, A, S around a vertebra; our choice, measured in Docs/follow-up.md. The body, the next endplates and the canal find it;
# the body alone places it, because what lies around it moves with the neighbours.
BOX_MM, BODY_MM = (28.0, 30.0, 18.0), (22.0, 22.0, 14.0)
_FIND_MM, _PLACE_MM = (4.0,), (2.0,)  # voxel sizes of the two searches
_LARGEST_CORRECTION_MM = 6.0  # of the second search against the first; more is a search that ran away; our choice
SURE, DOUBTFUL = 0.85, 0.6  # agreement that counts as full and as no confidence; our choice
LARGEST_STEP_MM, LARGEST_TURN = 12.0, 15.0  # of one vertebra against the patient's movement as a whole; our choice
LARGEST_GAP_MM = 6.0  # change of the distance to the next vertebra; our choice


@dataclass(frozen=True)
class Carried:
    """One ROI in the follow-up.

    Attributes
    ----------
    roi : VertebraROI
        Level, size, shape and exclusion as at baseline; centre and axes moved.
    transform : Rigid
        From baseline to follow-up.
    confidence : float
        0 … 1, from how well the images agree around the vertebra; lowered where it moved out of line with its neighbours.
    findings : tuple of Finding
        Why to look at it.
    """

    roi: VertebraROI
    transform: Rigid
    confidence: float
    findings: tuple[Finding, ...] = ()


def common_image(baseline: Mapping[str, Volume], follow_up: Mapping[str, Volume]) -> Optional[str]:
    """Key of the map to register on, or None if the exams share none."""
    return next((key for key in IMAGE_KEYS if key in baseline and key in follow_up), None)


def propagate_rois(
    rois: Sequence[VertebraROI], baseline: Volume, follow_up: Volume, progress: Progress = no_progress
) -> tuple[list[Carried], Rigid]:
    """Carry ROIs from baseline to follow-up.

    The whole image gives where the patient lies; from there each vertebra is registered by itself, so that a column that is bent
    differently is followed.

    Parameters
    ----------
    rois : sequence of VertebraROI
        Of the baseline.
    baseline, follow_up : Volume
        The same kind of image of both exams.
    progress : callable

    Returns
    -------
    carried : list of Carried
        In the order of ``rois``.
    whole : Rigid
        Movement of the patient as a whole.

    Raises
    ------
    MarrowQuantError
        If the images do not overlap.
    """
    progress(0.0, "Registering the follow-up")
    whole = register(baseline, follow_up)
    carried = _carry_all(rois, baseline, follow_up, whole, progress)
    if rois and all(c.findings for c in carried):  # the whole was probably missed: once more from where the images agree best
        second = register(baseline, follow_up, find_shift(baseline, follow_up))
        again = _carry_all(rois, baseline, follow_up, second, progress)
        if sum(c.confidence for c in again) > sum(c.confidence for c in carried):
            return again, second
    return carried, whole


def _carry_all(rois: Sequence[VertebraROI], baseline: Volume, follow_up: Volume, whole: Rigid, progress: Progress) -> list[Carried]:
    carried: list[Carried] = []
    start = whole
    for n, roi in enumerate(rois):
        progress((n + 1) / (len(rois) + 1), f"Carrying {roi.level}")
        found = _carry(roi, baseline, follow_up, [whole, start])
        carried.append(found)
        start = found.transform if not found.findings else whole
    return [_checked(n, carried, whole) for n in range(len(carried))]


def _carry(roi: VertebraROI, baseline: Volume, follow_up: Volume, starts: Sequence[Rigid]) -> Carried:
    """The better of the registrations from the patient's movement and from the neighbour's."""
    tried = []
    for start in {id(s): s for s in starts}.values():
        try:
            tried.append(register(baseline, follow_up, start, center_ras=roi.center_ras, half_size_mm=BOX_MM, sizes_mm=_FIND_MM))
        except MarrowQuantError:  # this start leads out of the picture
            continue
    if not tried:
        return Carried(_moved(roi, starts[0]), starts[0], 0.0, (finding("carried.not_registered", level=roi.level),))
    best = _placed(roi, baseline, follow_up, max(tried, key=lambda t: -1.0 if np.isnan(t.agreement) else t.agreement))
    agreement = 0.0 if np.isnan(best.agreement) else best.agreement
    confidence = float(np.clip((agreement - DOUBTFUL) / (SURE - DOUBTFUL), 0.0, 1.0))
    doubt = finding("carried.unlike", level=roi.level, correlation=agreement)
    findings = () if confidence >= 0.5 else (doubt,)
    return Carried(_moved(roi, best), best, round(confidence, 2), findings)


def _placed(roi: VertebraROI, baseline: Volume, follow_up: Volume, found: Rigid) -> Rigid:
    """What was found, placed exactly by the vertebral body alone."""
    try:
        placed = register(baseline, follow_up, found, center_ras=roi.center_ras, half_size_mm=BODY_MM, sizes_mm=_PLACE_MM)
    except MarrowQuantError:  # too little of the body is in the picture
        return found
    correction = np.linalg.norm(placed.apply(roi.center_ras) - found.apply(roi.center_ras))
    return found if np.isnan(placed.agreement) or correction > _LARGEST_CORRECTION_MM else placed


def _moved(roi: VertebraROI, transform: Rigid) -> VertebraROI:
    return replace(roi, center_ras=transform.apply(roi.center_ras), axes=transform.rotation @ np.asarray(roi.axes, dtype=float))


def _checked(n: int, carried: Sequence[Carried], whole: Rigid) -> Carried:
    """A vertebra that left the line of its neighbours loses confidence."""
    own = carried[n]
    center = own.transform.rotation.T @ (own.roi.center_ras - own.transform.shift)  # at baseline
    step = float(np.linalg.norm(own.roi.center_ras - whole.apply(center)))
    findings = list(own.findings)
    turn = replace(own.transform, rotation=own.transform.rotation @ whole.rotation.T).degrees
    gaps = []
    beside = [] if is_place(own.roi.level) else [m for m in (n - 1, n + 1) if 0 <= m < len(carried)]
    for other in (m for m in beside if not is_place(carried[m].roi.level)):
        before = carried[other].transform.rotation.T @ (carried[other].roi.center_ras - carried[other].transform.shift)
        gaps.append(abs(np.linalg.norm(own.roi.center_ras - carried[other].roi.center_ras) - np.linalg.norm(center - before)))
    if gaps and min(gaps) > LARGEST_GAP_MM:
        findings.append(finding("carried.against_neighbours", level=own.roi.level, mm=min(gaps)))
    elif turn > LARGEST_TURN or (len(carried) == 1 and step > LARGEST_STEP_MM):
        findings.append(finding("carried.against_body", level=own.roi.level, mm=step, degrees=turn))
    confidence = own.confidence if len(findings) == len(own.findings) else min(own.confidence, 0.3)
    return replace(own, confidence=confidence, findings=tuple(findings))
