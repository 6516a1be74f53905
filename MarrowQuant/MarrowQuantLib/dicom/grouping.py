"""Which volumes belong together: stations, acquisitions, sets of b-values, exams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from ..model import Role, certain, finding
from .draft import Draft, same_protocol
from .geometry import SAME_POSITION_MM
from .series_volume import SeriesVolume

MAX_LOST_SHARE = 0.1  # our choice: more slices than this share are not lost but were never taken
STATION_SHIFT = 0.5  # our choice: volumes whose centres are further apart than half their height are different stations


def diffusion_sets(volumes: Iterable[SeriesVolume]) -> list[list[SeriesVolume]]:
    """The sound DWI volumes as sets that can be fitted together: one acquisition at one station, sorted by b-value.

    Returns
    -------
    list of list of SeriesVolume
        Ordered by acquisition, then station. Every b-value occurs once in a set.
    """
    sets: dict[tuple[str, str, int, int], list[SeriesVolume]] = defaultdict(list)
    for volume in volumes:
        if volume.role == Role.DWI and volume.b_value is not None and not volume.problem:
            sets[(str(volume.exam_date), volume.patient_key, volume.acquisition_group, volume.station or 0)].append(volume)
    return [sorted(sets[key], key=lambda volume: certain(volume.b_value)) for key in sorted(sets)]


def number_stations(drafts: Sequence[Draft]) -> None:
    """Number the table positions of each protocol, 1 = most cranial; where there is only one, ``station`` stays None."""
    for members in _by_protocol(drafts).values():
        clusters: list[list[Draft]] = []
        for draft in members:
            draft.station = None
        for draft in sorted(members, key=lambda member: -sum(member.height_mm)):
            if not clusters or _is_below(draft, clusters[-1][0]):
                clusters.append([])
            clusters[-1].append(draft)
        if len(clusters) > 1:
            for number, cluster in enumerate(clusters, start=1):
                for draft in cluster:
                    draft.station = number


def _is_below(draft: Draft, first: Draft) -> bool:
    (low, high), (first_low, first_high) = draft.height_mm, first.height_mm
    return (first_low + first_high - low - high) / 2 > STATION_SHIFT * min(high - low, first_high - first_low)


def number_acquisitions(drafts: Sequence[Draft]) -> None:
    """Give volumes of one acquisition one number, in series order, from 1 in each exam.

    Within a protocol and station, an image that comes again (same role, b-value, echo time, component) begins the next acquisition.
    Stations share the number, so that the first acquisitions of all stations belong together.
    """
    used_in: dict[Hashable, int] = defaultdict(int)
    for members in _by_protocol(drafts).values():
        exam = (members[0].frame.exam_date, members[0].frame.patient_key)
        by_station: dict[Hashable, list[Draft]] = defaultdict(list)
        for draft in members:
            by_station[draft.station].append(draft)
        repeats = [repeat for station in by_station.values() for repeat in _number_repeats(station, used_in[exam] + 1)]
        used_in[exam] = max(repeats)


def _number_repeats(members: Sequence[Draft], start: int) -> list[int]:
    current, seen = start, set[Hashable]()
    for layer in _layers_by_series(members):
        contents = {_content(draft) for draft in layer}
        if contents & seen:
            current, seen = current + 1, set()
        seen |= contents
        for draft in layer:
            draft.acquisition_group = current
    return [draft.acquisition_group for draft in members]


def _layers_by_series(members: Sequence[Draft]) -> list[list[Draft]]:
    """Volumes of one series together, but each content once: the n-th occurrence of a content is in the series' n-th layer."""
    layers: dict[tuple[int, str, int], list[Draft]] = defaultdict(list)
    occurrences: dict[Hashable, int] = defaultdict(int)
    for draft in members:
        series = (draft.frame.series_number or 0, draft.frame.series_uid)
        occurrence = (series, _content(draft))
        layers[series + (occurrences[occurrence],)].append(draft)  # noqa: RUF005 (mypy takes a star here for newer Python)
        occurrences[occurrence] += 1
    return [layers[key] for key in sorted(layers)]


def refuse_short_volumes(drafts: Sequence[Draft]) -> None:
    """Refuse a volume that lacks slices at an end which the others of its acquisition have: its own positions do not show the loss."""
    siblings: dict[Hashable, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.family in ("diffusion", "dixon") and not draft.problem:
            siblings[(same_protocol(draft), draft.station, draft.acquisition_group)].append(draft)
    for group in siblings.values():
        longest = max(group, key=lambda draft: len(draft.grid.frames))
        full = len(longest.grid.frames)
        for draft in group:
            missing = full - len(draft.grid.frames)
            if 0 < missing <= max(1, MAX_LOST_SHARE * full) and _lies_in(draft, longest):
                draft.problem = finding("unusable.short", n=missing, full=full)


def _lies_in(draft: Draft, longest: Draft) -> bool:
    """True if every slice of ``draft`` has the position of a slice of ``longest``."""
    positions = np.array([frame.position for frame in longest.grid.frames])
    return all(np.abs(positions - frame.position).max(axis=1).min() < SAME_POSITION_MM for frame in draft.grid.frames)


def _content(draft: Draft) -> Hashable:
    echo_time = draft.frame.echo_time_ms if draft.role == Role.MULTI_ECHO else None
    return (draft.role, draft.b_value, echo_time, draft.frame.component)


def _by_protocol(drafts: Sequence[Draft]) -> dict[Hashable, list[Draft]]:
    """Volumes by protocol, protocols and volumes in series order."""
    protocols: dict[Hashable, list[Draft]] = defaultdict(list)
    for draft in sorted(drafts, key=lambda member: (str(member.exam), member.frame.series_number or 0)):
        protocols[same_protocol(draft)].append(draft)
    return protocols
