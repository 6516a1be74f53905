"""Volumes in the making: a stack of slices with its grid and what is concluded about it so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ..model import NO_FINDING, Finding, Role, finding
from .classify import Candidate, Verdict, classify
from .frame import Frame
from .geometry import Grid
from .pixels import read_frames
from .scaling import QUANTITIES, Scaling, apply

if TYPE_CHECKING:
    from .overrides import Override

DIFFUSION_ROLES = (Role.DWI, Role.ADC, Role.CALCULATED_DWI)
DIXON_ROLES = (Role.PDFF, Role.WATER, Role.FAT, Role.IN_PHASE, Role.OPPOSED_PHASE, Role.MULTI_ECHO, Role.R2STAR)
SAMPLED_SLICES = (0.25, 0.5, 0.75)  # where in the volume the unit of a map without one is guessed from


@dataclass
class Draft:
    """One volume while it is being recognised.

    ``parts`` are the slices of each gradient direction (usually one); ``select`` is what the headers alone say, by which an override
    chooses it.
    """

    grid: Grid
    verdict: Verdict
    evidence: list[Finding]
    parts: tuple[tuple[Frame, ...], ...]
    b_value: Optional[float] = None
    directional: bool = False
    station: Optional[int] = None
    acquisition_group: int = 0
    scaling: Scaling = field(default_factory=Scaling)
    problem: Finding = NO_FINDING
    overrides: tuple[Override, ...] = ()
    select: Mapping[str, Any] = field(default_factory=dict)

    @property
    def frame(self) -> Frame:
        """The first slice, whose header stands for the volume."""
        return self.grid.frames[0]

    @property
    def role(self) -> Role:
        """What the volume is taken for so far."""
        return self.verdict.role

    @property
    def family(self) -> str:
        """Roles that come from one acquisition share a family."""
        return "diffusion" if self.role in DIFFUSION_ROLES else "dixon" if self.role in DIXON_ROLES else self.role.value

    @property
    def exam(self) -> Hashable:
        """Whose exam it is, and of which day."""
        return (self.frame.patient_key, self.frame.exam_date)

    @property
    def height_mm(self) -> tuple[float, float]:
        """Lowest and highest cranio-caudal position (RAS S) of the volume's voxel edges."""
        shape = np.array([self.frame.columns, self.frame.rows, len(self.grid.frames)])
        corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in shape])).reshape(3, -1)
        heights = self.grid.ijk_to_ras[2, :3] @ corners + self.grid.ijk_to_ras[2, 3]
        return float(heights.min()), float(heights.max())

    def sample(self) -> np.ndarray:
        """Displayed values of a few slices; NaN where a map holds the header's padding."""
        frames = self.grid.frames
        chosen = [frames[n] for n in sorted({int(part * (len(frames) - 1) + 0.5) for part in SAMPLED_SLICES})]
        unit = QUANTITIES[self.role][1] if self.role in QUANTITIES else ""
        return apply(read_frames(chosen), chosen, Scaling(unit=unit))


def same_protocol(draft: Draft) -> Hashable:
    """What volumes of one acquisition, and its stations and repeats, have in common: family, matrix, spacing and orientation."""
    frame, spacing = draft.frame, np.linalg.norm(draft.grid.ijk_to_ras[:3, :3], axis=0)
    directions = draft.grid.ijk_to_ras[:3, :2] / spacing[:2]
    echo_time = round(frame.echo_time_ms) if draft.family == "diffusion" and frame.echo_time_ms else None
    place = (*np.round(spacing, 2), *(np.round(directions, 1) + 0.0).ravel())
    return (draft.exam, draft.family, frame.frame_of_reference, frame.rows, frame.columns, echo_time, place)


def describe_candidate(grid: Grid, series: Sequence[Grid]) -> Candidate:
    """A volume together with what the other volumes of its series tell."""
    frames = [other.frames[0] for other in series]
    volumes_at = Counter(frame.echo_time_ms for frame in frames if frame.echo_time_ms is not None)
    return Candidate(
        frame=grid.frames[0],
        n_slices=len(grid.frames),
        echo_times_ms=tuple(sorted(volumes_at)),
        b_values=tuple(sorted({frame.b_value for frame in frames if frame.b_value is not None})),
        n_orientations=len({tuple(np.round(frame.orientation, 1)) for frame in frames if frame.orientation is not None}),
        most_slices=max((len(other.frames) for other in series if other.frames[0].b_value), default=0),
        complex_series=any(frame.component in ("phase", "real", "imaginary") for frame in frames),
        balanced_echoes=len(set(volumes_at.values())) <= 1,
    )


def draft_series(grids: Sequence[Grid], evidence: Sequence[Sequence[Finding]]) -> list[Draft]:
    """Classify the volumes of one series."""
    drafts = []
    for grid, said in zip(grids, evidence):
        verdict = classify(describe_candidate(grid, grids))
        frame = grid.frames[0]
        b_value = frame.b_value if verdict.role in (Role.DWI, Role.CALCULATED_DWI) else None
        if verdict.role == Role.DWI and b_value is None:
            b_value = 0.0
        problem = header_problem(grid.frames) or grid.problem or verdict.problem
        drafts.append(Draft(grid, verdict, list(said), (grid.frames,), b_value, _is_directional(frame), problem=problem))
    return drafts


def header_problem(frames: Sequence[Frame]) -> Finding:
    """Why the headers of some slices alone forbid to measure the volume, or ``NO_FINDING``."""
    problem = next((frame.problem for frame in frames if frame.problem), NO_FINDING)
    if problem:
        return problem
    if any(frame.pixels.bits_stored < 0 for frame in frames):
        return finding("unusable.bits")
    names = dict.fromkeys(name for frame in frames for name in frame.unreadable)
    if not names:
        return NO_FINDING
    count = sum(bool(frame.unreadable) for frame in frames)
    return finding("unusable.unreadable", what=tuple(names), n=count, count=len(frames))


TRACE_WORDS = frozenset(("TRACEW", "TRACE", "ISOTROPIC", "COMBINED", "ISO"))


def _is_directional(frame: Frame) -> bool:
    """One gradient direction, and no trace-weighted image, some of which keep the attributes of a direction."""
    if not frame.b_value or frame.directionality == "ISOTROPIC" or TRACE_WORDS & set(frame.image_type[2:]):
        return False
    return frame.gradient is not None or bool(frame.directionality) or frame.direction_number is not None
