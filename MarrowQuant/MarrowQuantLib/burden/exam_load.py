"""The tumour load of one exam from its maps: the session behind the slider, the stitched stations, and the stations that fit no others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..model import Burden, BurdenPart, Finding, MapKey, MarrowQuantError, Numbers, Settings, VertebraROI, Volume, as_finding, finding
from . import BurdenContext, BurdenSession, Muscle, points_inside


def thresholds_of(settings: Settings) -> dict[str, Any]:
    """What :meth:`burden.BurdenSession.update` takes from the settings."""
    return {
        "ratio": settings.tdv_signal_ratio,
        "adc_window": settings.tdv_adc_window,
        "min_component_ml": settings.min_component_ml,
        "class_edges": settings.adc_class_edges,
    }


def burden_session(
    maps: Mapping[str, Volume],
    settings: Settings,
    muscle: Optional[Muscle] = None,
    *,
    rois: Sequence[VertebraROI] = (),
    seams_ras: Sequence[Numbers] = (),
    skeleton: Optional[Volume] = None,
) -> BurdenSession:
    """Prepare the tumour-load step, so that each change of threshold answers at once; see :class:`burden.BurdenSession`.

    Points in muscle hold for the images that they lie in; muscle is found automatically where all of them lie in images kept apart.

    Raises
    ------
    MarrowQuantError
        If the exam has no diffusion maps, or no muscle is found or what was said of it is not usable, or the skeleton mask does not fit.
    """
    if "dwi_high" not in maps or "adc" not in maps:
        raise MarrowQuantError("The tumour load needs diffusion images with two or more b-values; this exam has none.")
    context = BurdenContext(tuple(rois), maps.get("ff"), seams_ras)
    return BurdenSession(
        maps["dwi_high"],
        maps["adc"],
        _muscle_of_stitched(maps, muscle),
        min_component_ml=settings.min_component_ml,
        context=context,
        skeleton=skeleton,
        bone_first=True,
    )


def _muscle_of_stitched(maps: Mapping[str, Volume], muscle: Optional[Muscle]) -> Optional[Muscle]:
    if muscle is None or isinstance(muscle, (int, float)):
        return muscle
    apart = [point for number in _parts(maps) for point in points_inside(maps[MapKey("dwi_high", number)], muscle)]
    inside = points_inside(maps["dwi_high"], muscle)
    outside = sum(tuple(point) not in {*inside, *apart} for point in muscle)
    if (inside or apart) and outside:
        raise MarrowQuantError(
            "{outside} of {n} points in muscle lie outside the diffusion images; move them into muscle, or delete them.",
            outside=outside, n=len(muscle),
        )
    return inside or (None if apart else muscle)


def _muscle_of_part(image: Volume, muscle: Optional[Muscle]) -> Optional[Muscle]:
    """Points that lie in the image; a signal is that of the stitched stations."""
    return None if muscle is None or isinstance(muscle, (int, float)) else points_inside(image, muscle) or None


def _parts(maps: Mapping[str, Volume]) -> Iterator[int]:
    """Numbers of the stations kept apart."""
    return itertools.takewhile(lambda number: MapKey("dwi_high", number) in maps, itertools.count(2))


def measure_burden(
    maps: Mapping[str, Volume],
    settings: Settings,
    muscle: Optional[Muscle] = None,
    *,
    rois: Sequence[VertebraROI] = (),
    seams_ras: Sequence[Numbers] = (),
    skeleton: Optional[Volume] = None,
) -> tuple[Optional[Burden], list[Finding]]:
    """Tumour load with the proposed states; None and a sentence where it cannot be measured."""
    if "dwi_high" not in maps:
        return None, []
    try:
        session = burden_session(maps, settings, muscle, rois=rois, seams_ras=seams_ras, skeleton=skeleton)
    except MarrowQuantError as error:
        return None, [finding("burden.unmeasured", why=error)]
    return session.curve(session.update(**thresholds_of(settings))), []


@dataclass(frozen=True)
class PartSession:
    """Stations that could not be stitched to the others: ``reason`` says why, ``why_not`` why their tumour load cannot be measured."""

    number: int
    reason: str
    session: Optional[BurdenSession]
    why_not: Optional[MarrowQuantError] = None


def part_sessions(
    maps: Mapping[str, Volume],
    settings: Settings,
    muscle: Optional[Muscle] = None,
    *,
    rois: Sequence[VertebraROI] = (),
    skeleton: Optional[Volume] = None,
) -> list[PartSession]:
    """A session, with its own muscle signal, for each of the maps "dwi_high_part2", "dwi_high_part3" …"""
    sessions = []
    for number in _parts(maps):
        own = {key: maps[MapKey(key, number)] for key in ("dwi_high", "adc")}
        own.update({"ff": maps["ff"]} if "ff" in maps else {})
        reason = own["dwi_high"].source[-1]
        try:
            session = burden_session(own, settings, _muscle_of_part(own["dwi_high"], muscle), rois=rois, skeleton=skeleton)
            sessions.append(PartSession(number, reason, session))
        except MarrowQuantError as error:
            sessions.append(PartSession(number, reason, None, error))
    return sessions


def update_parts(sessions: Sequence[PartSession], settings: Settings) -> tuple[tuple[BurdenPart, ...], list[Finding]]:
    """The tumour load of every part at the thresholds of the settings.

    Returns
    -------
    parts : tuple of BurdenPart
        Of those that can be measured.
    findings : list of str
        For each what is and what is not in the tDV, or why it could not be measured.
    """
    parts, findings = [], []
    for part in sessions:
        if part.session is None:
            findings.append(finding("burden.part_unmeasured", part=part.number, why=part.why_not))
            continue
        burden = part.session.update(**thresholds_of(settings))
        parts.append(BurdenPart(part.number, as_finding(part.reason), burden))
        findings.append(finding("burden.part_apart", part=part.number, tdv_ml=burden.tdv.value))
    return tuple(parts), findings


def measure_parts(
    maps: Mapping[str, Volume],
    settings: Settings,
    muscle: Optional[Muscle] = None,
    *,
    rois: Sequence[VertebraROI] = (),
    skeleton: Optional[Volume] = None,
) -> tuple[tuple[BurdenPart, ...], list[Finding]]:
    """:func:`part_sessions` and :func:`update_parts` in one."""
    return update_parts(part_sessions(maps, settings, muscle, rois=rois, skeleton=skeleton), settings)
