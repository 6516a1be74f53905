"""Files to series, where the identifiers of the files no longer say it.

A Series Instance UID is no wall: Siemens' XA exports and others give each volume of one acquisition a UID of its own, some anonymisers give
one to every file. What has one series number, or is a single slice among others, and agrees in scanner, protocol and place is one series.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Optional

import numpy as np

from .bvalues import settle
from .frame import Frame
from .geometry import SAME_POSITION_MM, gap_in, has_place, heights_of
from .patients import united


def series_of(frames: Sequence[Frame]) -> list[list[Frame]]:
    """The images of each series; patients who are one get one key, and every image its b-value."""
    frames = _dated(frames)
    one = united([frame.patient for frame in frames])
    series: dict[Hashable, list[Frame]] = defaultdict(list)
    numbers = {frame.series_uid: frame.series_number for frame in frames if frame.series_number is not None}
    for frame in frames:
        number = numbers.get(frame.series_uid) if frame.series_number is None else frame.series_number  # some files lose it
        patient = one[frame.patient]
        known = frame if patient == frame.patient else replace(frame, same_as=patient)
        series[(patient.key, str(frame.exam_date), number or 0, frame.series_uid)].append(known)
    groups = _joined(list(series.values()), _by_number)
    groups = _joined(groups, _by_single_slices)
    groups = _joined(groups, _interleaving(groups))
    return [settle(_with_image_type(_one_frame_of_reference(group))) for group in groups]


def _dated(frames: Sequence[Frame]) -> Sequence[Frame]:
    """Every image with the date of its study: the study's own, else the first day on which any of its images was made."""
    dates: dict[str, datetime.date] = {}
    known = [(not frame.dated_by_study, frame.exam_date, frame.study_uid) for frame in frames if frame.exam_date]
    for _, date, study in sorted(known):
        dates.setdefault(study, date)
    wrong = [frame.study_uid and not frame.dated_by_study and frame.exam_date != dates.get(frame.study_uid) for frame in frames]
    return [replace(f, exam_date=dates[f.study_uid]) if other else f for f, other in zip(frames, wrong)] if any(wrong) else frames


def _joined(groups: list[list[Frame]], key_of: Callable[[list[Frame]], Optional[Hashable]]) -> list[list[Frame]]:
    """Groups of one key together, in the place of the first; those whose key is None stay alone."""
    joined: dict[Hashable, list[Frame]] = {}
    for n, group in enumerate(groups):
        key = key_of(group)
        joined.setdefault(("alone", n) if key is None else key, []).extend(group)
    return list(joined.values())


def _by_number(group: Sequence[Frame]) -> Hashable:
    first = group[0]
    return None if first.series_number is None else (first.series_number, first.study_uid, _protocol(first))


def _by_single_slices(group: Sequence[Frame]) -> Hashable:
    if not all(has_place(frame) for frame in group) or np.ptp(heights_of(group)) > SAME_POSITION_MM:
        return None
    return _protocol(group[0])


def _interleaving(groups: Sequence[list[Frame]]) -> Callable[[list[Frame]], Optional[Hashable]]:
    """A key for series of every other slice whose slices lie between those of another one: together they are one even volume."""
    keys: dict[int, Hashable] = {}
    alike: dict[Hashable, list[list[Frame]]] = defaultdict(list)
    for group in groups:
        alike[_protocol(group[0])].append(group)
    for members in alike.values():
        for n, first in enumerate(members):
            second = next((other for other in members[:n] if id(other) not in keys and _lie_between(first, other)), None)
            if second is not None:
                keys[id(first)] = keys[id(second)] = ("interleaved", id(second))
    return lambda group: keys.get(id(group))


def _lie_between(first: Sequence[Frame], second: Sequence[Frame]) -> bool:
    sizes = abs(len(first) - len(second)) <= 1 and min(len(first), len(second)) > 1
    if not sizes or not all(map(has_place, (*first, *second))):
        return False
    if len({(f.image_type, f.component, f.echo_time_ms, f.b_claims[:1]) for f in (*first, *second)}) != 1:
        return False
    own = [np.sort(heights_of(group)) for group in (first, second)]
    both = np.sort(heights_of([*first, *second]))
    return not any(map(gap_in, (*own, both))) and bool(np.median(np.diff(own[0])) > 1.9 * np.median(np.diff(both)))


def _protocol(frame: Frame) -> Hashable:
    """What all images of one acquisition have in common, whatever their numbers."""
    words = re.sub(r"[^a-z]+", " ", frame.series_description.lower())
    spacing = None if frame.pixel_spacing_mm is None else tuple(np.round(frame.pixel_spacing_mm, 2))
    orientation = None if frame.orientation is None else tuple(np.round(frame.orientation, 1) + 0.0)
    timing = (frame.repetition_time_ms, frame.flip_angle_deg, frame.scanning_sequence)
    who = (frame.patient.key, str(frame.exam_date), frame.manufacturer, frame.model, frame.modality, frame.sop_class)
    return (who, timing, words, frame.rows, frame.columns, spacing, orientation)


def _with_image_type(frames: list[Frame]) -> list[Frame]:
    """Images that lost Image Type (0008,0008), which every image must have, with that of the only volume that lacks a slice there."""
    if all(frame.image_type for frame in frames) or not any(frame.image_type for frame in frames):
        return frames
    at: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        if frame.image_type:
            at[_kind(frame)].append(frame)
    found = []
    for frame in frames:
        lacking = [] if frame.image_type else [members[0] for members in at.values() if _lacks(members, frame)]
        if len(lacking) == 1:
            like = lacking[0]
            component, kind = frame.component or like.component, frame.philips_type or like.philips_type
            found.append(replace(frame, image_type=like.image_type, component=component, philips_type=kind))
        else:
            found.append(frame)
    return found


def _kind(frame: Frame) -> tuple[Hashable, ...]:
    return (frame.image_type, frame.component, frame.echo_time_ms, frame.b_claims[:1], frame.gradient)


def _lacks(members: Sequence[Frame], frame: Frame) -> bool:
    """True if the images are of the same echo, b-value and direction, and none of them lies where this one does."""
    if _kind(members[0])[2:] != _kind(frame)[2:] or not all(map(has_place, (*members, frame))):
        return False
    return bool(np.abs(heights_of(members) - heights_of([members[0], frame])[1]).min() > SAME_POSITION_MM)


def _one_frame_of_reference(frames: list[Frame]) -> list[Frame]:
    """Without the frame of reference where every image has its own: then it was made up anew for each file. With it where some lost it."""
    told = {frame.frame_of_reference for frame in frames}
    if len(frames) > 1 and len(told) == len(frames):
        return [replace(frame, frame_of_reference="") for frame in frames]
    if len(told) == 2 and "" in told:  # some lost it
        return [replace(frame, frame_of_reference=max(told)) for frame in frames]
    return frames
