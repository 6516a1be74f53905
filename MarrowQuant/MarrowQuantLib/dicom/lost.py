"""Files that could not be read: what they may have taken away, so that only volumes that are whole without them are used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..model import Finding, Role, certain, finding
from .draft import Draft
from .frame import Frame, LostFile
from .geometry import LPS_TO_RAS, has_place
from .series_volume import SeriesVolume

SHORT_SHARE = 0.1  # our choice, of the slices of a volume: a longer stack is a volume of its own
ON_GRID = 0.1  # voxels


def volume_of(file: LostFile) -> SeriesVolume:
    """Stands in the list of volumes, so that a reader sees what is missing."""
    return SeriesVolume(
        series_number=None,
        series_description="",
        series_uid=file.series_uid,
        role=Role.UNKNOWN,
        shape=(0, 0, 0),
        ijk_to_ras=np.eye(4),
        parts=(),
        evidence=(finding("recognised.not_read", error=file.error),),
        problem=finding("unusable.file", error=file.error),
        folder=file.path.parent,
    )


def refuse_what_may_lack_a_slice(drafts: Sequence[Draft], lost: Sequence[LostFile], frames: Sequence[Frame]) -> None:
    """Refuse volumes from which a lost file may have been an end slice: nothing else would show it.

    A volume is safe if another one of its series has as many slices.
    """
    suspected = {uid for file in lost for uid in ([file.series_uid] if file.series_uid else _neighbours(file.path, frames))}
    _refuse(drafts, suspected, finding("unusable.file_lost"))


def refuse_what_lost_a_slice_to_its_header(drafts: Sequence[Draft]) -> None:
    """Refuse volumes from which an image was taken away by its own header: one that lost its place, or a short stack that continues them
    and differs in what makes it another volume."""
    few = [draft for draft in drafts if len(draft.grid.frames) <= 2]
    placeless = {draft.frame.series_uid for draft in few if not all(map(has_place, draft.grid.frames))}
    _refuse(drafts, placeless, finding("unusable.image_without_place"))
    by_series: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        by_series[draft.frame.series_uid].append(draft)
    for members in by_series.values():
        for short in members:
            for draft in members:
                if not draft.problem and _continues(short, draft):
                    short.problem = short.problem or finding("unusable.part")
                    what = _what_differs(short.frame, draft.frame)
                    draft.problem = finding("unusable.continued", n=len(short.grid.frames), what=what)


def _continues(short: Draft, draft: Draft) -> bool:
    """True if a stack of a slice or two lies just beyond an end of a long one, on its grid."""
    first, second = short.grid.frames, draft.grid.frames
    if draft.family not in ("diffusion", "dixon") or not len(first) <= max(1, SHORT_SHARE * len(second)) or len(second) < 3:
        return False
    if not all(map(has_place, first)) or first[0].rows != second[0].rows or first[0].columns != second[0].columns:
        return False
    index = np.linalg.solve(draft.grid.ijk_to_ras, np.array([[*(certain(f.position) * LPS_TO_RAS), 1.0] for f in first]).T)
    beyond = np.sort(np.round(index[2]).astype(int))
    behind, before = np.arange(len(first)) + len(second), np.arange(len(first)) - len(first)
    on_grid = np.abs(index[:3] - np.round(index[2]) * np.array([[0], [0], [1]])).max() < ON_GRID
    return bool(on_grid and (np.array_equal(beyond, behind) or np.array_equal(beyond, before)))


def _what_differs(a: Frame, b: Frame) -> str:
    names = {
        "Image Type (0008,0008)": a.image_type != b.image_type, "echo time": a.echo_time_ms != b.echo_time_ms,
        "b-value": a.b_value != b.b_value, "gradient direction": a.gradient != b.gradient,
        "frame of reference": a.frame_of_reference != b.frame_of_reference,
    }  # fmt: skip
    return next((name for name, differs in names.items() if differs), "header")


def _refuse(drafts: Sequence[Draft], suspected: set[str], why: Finding) -> None:
    by_series: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.frame.series_uid in suspected and not draft.problem:
            by_series[draft.frame.series_uid].append(draft)
    for members in by_series.values():
        lengths = [len(draft.grid.frames) for draft in members]
        for draft, length in zip(members, lengths):
            if lengths.count(length) < 2 or length < max(lengths):
                draft.problem = why


def _neighbours(path: Path, frames: Sequence[Frame]) -> set[str]:
    """The series of the files before and after this one in its folder: exports number their files in order."""
    beside = sorted({(frame.pixels.path.name, frame.series_uid) for frame in frames if frame.pixels.path.parent == path.parent})
    before = [uid for name, uid in beside if name < path.name][-1:]
    after = [uid for name, uid in beside if name > path.name][:1]
    return {*before, *after}
