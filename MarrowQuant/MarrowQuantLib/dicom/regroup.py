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
from .geometry import SAME_POSITION_MM, gap_sentence, has_place, heights_of
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
    return [settle(_one_frame_of_reference(group)) for group in groups]


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
    return not any(map(gap_sentence, (*own, both))) and bool(np.median(np.diff(own[0])) > 1.9 * np.median(np.diff(both)))


def _protocol(frame: Frame) -> Hashable:
    """What all images of one acquisition have in common, whatever their numbers."""
    words = re.sub(r"[^a-z]+", " ", frame.series_description.lower())
    spacing = None if frame.pixel_spacing_mm is None else tuple(np.round(frame.pixel_spacing_mm, 2))
    orientation = None if frame.orientation is None else tuple(np.round(frame.orientation, 1) + 0.0)
    timing = (frame.repetition_time_ms, frame.flip_angle_deg, frame.scanning_sequence)
    who = (frame.patient.key, str(frame.exam_date), frame.manufacturer, frame.model, frame.modality, frame.sop_class)
    return (who, timing, words, frame.rows, frame.columns, spacing, orientation)


def _one_frame_of_reference(frames: list[Frame]) -> list[Frame]:
    """Without the frame of reference where every image has its own: then it was made up anew for each file."""
    told = {frame.frame_of_reference for frame in frames}
    if len(frames) > 1 and len(told) == len(frames):
        return [replace(frame, frame_of_reference="") for frame in frames]
    return frames
