"""Files that could not be read: what they may have taken away, so that only volumes that are whole without them are used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..model import Role
from .draft import Draft
from .frame import Frame, LostFile
from .series_volume import SeriesVolume


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
        evidence=(f"not read: {file.error}",),
        problem=str(file.error),
        folder=file.path.parent,
    )


def refuse_what_may_lack_a_slice(drafts: Sequence[Draft], lost: Sequence[LostFile], frames: Sequence[Frame]) -> None:
    """Refuse volumes from which a lost file may have been an end slice: nothing else would show it.

    A volume is safe if another one of its series has as many slices.
    """
    suspected = {uid for file in lost for uid in ([file.series_uid] if file.series_uid else _neighbours(file.path, frames))}
    by_series: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.frame.series_uid in suspected and not draft.problem:
            by_series[draft.frame.series_uid].append(draft)
    for members in by_series.values():
        lengths = [len(draft.grid.frames) for draft in members]
        for draft, length in zip(members, lengths):
            if lengths.count(length) < 2 or length < max(lengths):
                draft.problem = "a file that seems to be of its series could not be read, so that a slice may be missing at an end"


def _neighbours(path: Path, frames: Sequence[Frame]) -> set[str]:
    """The series of the files before and after this one in its folder: exports number their files in order."""
    beside = sorted({(frame.pixels.path.name, frame.series_uid) for frame in frames if frame.pixels.path.parent == path.parent})
    before = [uid for name, uid in beside if name < path.name][-1:]
    after = [uid for name, uid in beside if name > path.name][:1]
    return {*before, *after}
