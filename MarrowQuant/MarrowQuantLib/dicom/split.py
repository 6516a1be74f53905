"""One series to stacks of slices: everything that differs between images of a series makes another volume."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..model import Finding, certain, finding
from .frame import Frame
from .geometry import IRREGULAR_STEP, MAX_SHEAR_PIXELS, SAME_DIRECTION, SAME_POSITION_MM, gap_in, has_place, heights_of, offsets_of
from .pixels import read_frames

STATIONS_APART = 0.5  # our choice, of the lower height: how far the centres of two table positions are apart at least
SEAM_STEP = 0.25  # our choice: a step that is so much shorter than the others leads to another station
SAME_GRADIENT = 0.02  # our choice: components of unit vectors that differ by less are one direction


@dataclass(frozen=True)
class Stack:
    """Slices of one volume in any order; ``evidence`` tells what was done to get them."""

    frames: tuple[Frame, ...]
    evidence: tuple[Finding, ...] = ()


def split_series(frames: Sequence[Frame]) -> list[Stack]:
    """Split the images of one series into volumes.

    They are told apart by what the header says of the content (image type, component, b-value, gradient direction, echo time, stack),
    by matrix, pixel spacing and orientation, and, where slices would share a position, by temporal position, acquisition, or order.

    Parameters
    ----------
    frames : sequence of Frame
        All images of one series, in any order.

    Returns
    -------
    list of Stack
        In order of the first instance number.
    """
    groups: dict[Hashable, list[Frame]] = defaultdict(list)
    orientations: list[np.ndarray] = []
    gradients: list[np.ndarray] = []
    times = {round(frame.echo_time_ms, 3) for frame in frames if frame.echo_time_ms is not None}
    only_time = times.pop() if len(times) == 1 else None  # an image that lost it has the one of all others
    for frame in sorted(frames, key=_by_instance):
        groups[_content_key(frame, orientations, gradients, only_time)].append(frame)
    return [stack for group in groups.values() for part in _by_column(group) for stack in _without_shared_positions(part)]


def _by_instance(frame: Frame) -> tuple[int, str, int]:
    return (frame.instance_number or 0, frame.pixels.relative, frame.index)


def _content_key(
    frame: Frame, orientations: list[np.ndarray], gradients: list[np.ndarray], only_time: Optional[float]
) -> Hashable:
    gradient = None if frame.gradient is None else _same_vector(np.array(frame.gradient), gradients, SAME_GRADIENT)
    direction = (frame.directionality, gradient, frame.direction_number) if frame.b_value else None
    place: Hashable = None
    if has_place(frame):
        place = (_same_vector(certain(frame.orientation), orientations, SAME_DIRECTION), *np.round(certain(frame.pixel_spacing_mm), 2))
    echo_time = only_time if frame.echo_time_ms is None else round(frame.echo_time_ms, 3)
    content = (frame.image_type, frame.philips_type, frame.metabolite, frame.component, echo_time, frame.b_value, direction)
    return (content, frame.sop_class, frame.rows, frame.columns, frame.stack_id, frame.frame_of_reference, place)


def _same_vector(vector: np.ndarray, known: list[np.ndarray], tolerance: float) -> int:
    """Index of the known vector that this one agrees with; a new one is added."""
    for n, other in enumerate(known):
        if np.abs(vector - other).max() < tolerance:
            return n
    known.append(vector)
    return len(known) - 1


def _by_column(frames: list[Frame]) -> list[list[Frame]]:
    """Stacks that lie beside each other; slices that drift one by one stay together, and make a sheared grid that is refused later."""
    if len(frames) < 2 or not all(has_place(frame) for frame in frames):
        return [frames]
    offsets = offsets_of(frames)
    if np.ptp(offsets, axis=0).max() <= MAX_SHEAR_PIXELS:
        return [frames]
    columns: dict[tuple[int, int], list[Frame]] = defaultdict(list)
    for frame, offset in zip(frames, np.round(offsets).astype(int)):
        columns[tuple(offset)].append(frame)
    return list(columns.values()) if min(map(len, columns.values())) > 1 else [frames]


# ------------------------------------------------------------------------------------------------------ several at a position
def _without_shared_positions(frames: list[Frame]) -> list[Stack]:
    """Volumes of images that lie at one position several times, and stations that lie beside or into each other."""
    if len(frames) < 2 or not all(has_place(frame) for frame in frames):
        return [Stack(tuple(frames))]
    shared = len(_positions(frames)) < len(frames)
    if not shared and _is_regular(frames):
        return [Stack(tuple(frames))]
    for what, key in TOLD_APART_BY.items():
        parts = _parts(frames, key) if shared else _stations(frames, key)
        if parts is not None:
            told = finding("recognised.apart", what=what)
            return [Stack(s.frames, (told, *s.evidence)) for part in parts for s in _without_shared_positions(part)]
    return _told_apart_by_order(frames) if shared else _interleaved(frames)


TOLD_APART_BY: dict[str, Callable[[Frame], Any]] = {
    "temporal position": lambda frame: frame.temporal_position,
    "series UID": lambda frame: frame.series_uid or None,
    "acquisition number": lambda frame: frame.acquisition_number,
    "acquisition time": lambda frame: frame.acquisition_time or None,
    "direction number": lambda frame: frame.direction_number,
}


def _stations(frames: list[Frame], key: Callable[[Frame], Any]) -> Optional[list[list[Frame]]]:
    """Table positions of uneven slices that share no position: even stacks with one step, each mostly beyond the other."""
    parts: dict[Any, list[Frame]] = defaultdict(list)
    for frame in frames:
        parts[key(frame)].append(frame)
    return _if_stations(list(parts.values())) if len(parts) > 1 and None not in parts else None


def _if_stations(parts: list[list[Frame]]) -> Optional[list[list[Frame]]]:
    if not all(_is_regular(part) for part in parts):
        return None
    heights = sorted((np.sort(heights_of(part)) for part in parts), key=lambda h: float(h.mean()))
    steps = [float(np.median(np.diff(h))) for h in heights]
    apart = [(b.mean() - a.mean()) / min(np.ptp(a), np.ptp(b)) for a, b in zip(heights, heights[1:])]
    return parts if max(steps) - min(steps) <= IRREGULAR_STEP * min(steps) and min(apart) > STATIONS_APART else None


def _interleaved(frames: list[Frame]) -> list[Stack]:
    """Stations told by the order of their images alone, where the order goes back or by a part of a step at a seam: a lost slice never
    does that."""
    ordered = sorted(frames, key=_by_instance)
    steps = np.diff(heights_of(ordered))
    usual = float(np.median(steps))
    if usual and np.any(steps / usual < 1 - SEAM_STEP):
        for runs in (_restarts(frames), _runs(frames)):
            if runs is not None and _if_stations(runs) is not None:
                return [Stack(tuple(run), (finding("recognised.apart_by_order"),)) for run in runs]
    return [Stack(tuple(frames))]  # uneven, which is refused later


def _positions(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames at the same height together, from low to high."""
    heights = heights_of(frames)
    found: list[list[Frame]] = []
    last = -np.inf
    for n in np.argsort(heights, kind="stable"):
        if heights[n] - last > SAME_POSITION_MM:
            found.append([])
        found[-1].append(frames[n])
        last = heights[n]
    return found


def _parts(frames: list[Frame], key: Callable[[Frame], Optional[int]]) -> Optional[list[list[Frame]]]:
    """Frames by key, if the key is always given and each part is a stack of its own: equally many slices, or evenly spaced ones."""
    parts: dict[Optional[int], list[Frame]] = defaultdict(list)
    for frame in frames:
        parts[key(frame)].append(frame)
    if len(parts) < 2 or None in parts:
        return None
    equal = len({len(part) for part in parts.values()}) == 1 and len(frames) // len(parts) == len(_positions(frames))
    if equal or all(_is_regular(part) for part in parts.values()):
        return [parts[value] for value in sorted(parts, key=certain)]
    return None


def _is_regular(frames: Sequence[Frame]) -> bool:
    return len(frames) > 1 and not gap_in(np.sort(heights_of(frames)))


def _told_apart_by_order(frames: list[Frame]) -> list[Stack]:
    """Several images at some positions and nothing else in the header to tell them apart: copies are dropped, the rest split by order."""
    positions = [_distinct(group) for group in _positions(frames)]
    kept = [frame for group in positions for frame in group]
    copies = len(frames) - len(kept)
    evidence = (finding("recognised.twice", n=copies),) if copies else ()
    if len(kept) == len(positions):
        return [Stack(tuple(kept), evidence)]
    runs = _restarts(kept) or _runs(kept)
    if runs is not None:
        return [Stack(tuple(run), (*evidence, finding("recognised.apart_by_order"))) for run in runs]
    counts = {len(group) for group in positions}
    if len(counts) > 1:
        return [Stack(tuple(kept), evidence)]  # a grid with shared positions, which is refused later
    told = finding("recognised.repeated")
    return [Stack(tuple(group[n] for group in positions), (*evidence, told)) for n in range(counts.pop())]


def _runs(frames: list[Frame]) -> Optional[list[list[Frame]]]:
    """Stretches of instance numbers over which the position advances evenly, one for each station.

    None if anything is left over: a stretch that is uneven, or so short against the longest that it is a stray image and no station.
    """
    ordered = sorted(frames, key=_by_instance)
    steps = np.diff(heights_of(ordered))
    breaks = np.flatnonzero(np.abs(steps - np.median(steps)) > SAME_POSITION_MM)
    if np.any(np.abs(steps[breaks]) < SAME_POSITION_MM):
        return None
    bounds = [0, *(int(n) + 1 for n in breaks), len(ordered)]
    runs = [ordered[start:stop] for start, stop in zip(bounds, bounds[1:])]
    longest = max(map(len, runs))
    is_station = [2 * len(run) >= longest and _is_regular(run) for run in runs]
    return runs if len(runs) > 1 and all(is_station) else None


def _restarts(frames: list[Frame]) -> Optional[list[list[Frame]]]:
    """Stations whose instance numbers begin anew in each: there, position minus step times number is one value a station."""
    numbers = [frame.instance_number for frame in frames if frame.instance_number is not None]
    if len(numbers) < len(frames) or len(set(numbers)) == len(numbers) or len(set(numbers)) < 2:
        return None
    stride = int(np.diff(sorted(set(numbers))).min())
    heights = heights_of(frames)
    by_number: dict[int, list[float]] = defaultdict(list)
    for number, height in zip(numbers, heights):
        by_number[number].append(float(height))
    steps = Counter(round(b - a, 1) for n, found in by_number.items() for a in found for b in by_number.get(n + stride, ()))
    if not steps:
        return None
    usual = steps.most_common(1)[0][0]
    if usual == 0:
        return None
    stations: list[list[Frame]] = []
    last = -np.inf
    offsets = heights - usual * np.array(numbers) / stride
    for n in np.argsort(offsets, kind="stable"):
        if offsets[n] - last > abs(usual) / 4:
            stations.append([])
        stations[-1].append(frames[n])
        last = offsets[n]
    longest = max(map(len, stations))
    return stations if len(stations) > 1 and all(_is_regular(part) and 2 * len(part) >= longest for part in stations) else None


def _distinct(group: list[Frame]) -> list[Frame]:
    """Frames without those whose pixels and scaling equal an earlier one's."""
    if len(group) == 1:
        return group
    kept: list[tuple[Frame, np.ndarray]] = []
    for frame in sorted(group, key=_by_instance):
        pixels = read_frames([frame])[0]
        if not any(np.array_equal(pixels, other) and _same_scaling(frame, first) for first, other in kept):
            kept.append((frame, pixels))
    return [frame for frame, _ in kept]


def _same_scaling(a: Frame, b: Frame) -> bool:
    return (a.slope, a.intercept, a.scale_slope, dict(a.real_world)) == (b.slope, b.intercept, b.scale_slope, dict(b.real_world))
