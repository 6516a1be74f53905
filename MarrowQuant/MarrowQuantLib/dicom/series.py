"""A folder to recognised volumes: headers → stacks → roles → stations and acquisitions → scaling."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path

from ..model import NO_FINDING, MarrowQuantError, Progress, Role, finding, no_progress
from .classify import BY_NEIGHBOURS, DESCRIBED, Verdict, classify
from .derived import name_derived
from .directions import MIN_DIRECTIONS, merge_across_series, merge_directions, merge_repeats, n_directions
from .draft import Draft, describe_candidate, draft_series, same_protocol
from .frame import Frame, LostFile
from .geometry import make_grid
from .grouping import number_acquisitions, number_stations, refuse_short_volumes
from .headers import read_files, read_folder
from .ideal import name_ideal_volumes
from .lost import refuse_what_lost_a_slice_to_its_header, refuse_what_may_lack_a_slice, volume_of
from .overrides import Override, apply_overrides, number_alike, selectors_of
from .pixels import read_frames
from .regroup import series_of
from .scales import scale
from .scaling import QUANTITIES
from .series_volume import SeriesVolume
from .split import split_series

EXPLAINED_BY_NEIGHBOURS = (Role.DWI, Role.MULTI_ECHO, Role.IN_PHASE, Role.OPPOSED_PHASE)


def scan(folder: Path, progress: Progress = no_progress, overrides: Sequence[Override] = ()) -> list[SeriesVolume]:
    """Recognise every volume in a folder.

    Headers are read, and of maps without a unit, of IDEAL-IQ's unnamed images and of images at one position a few slices of pixels.

    Parameters
    ----------
    folder : Path
        Any depth of subfolders, any file names; files that are not DICOM are skipped.
    progress : callable
    overrides : sequence of Override
        What the reader knows better; whether each one was about a volume is for the caller to check (``refuse_unused``), because it may
        be about another folder.

    Returns
    -------
    list of SeriesVolume
        In order of date and series number. What cannot be measured is listed too, with its ``problem``, and so is each file that cannot
        be read, at the end.

    Raises
    ------
    MarrowQuantError
        If the folder is missing, empty or without MR images, or nothing in it can be read.
    """
    frames, lost = read_folder(Path(folder), lambda fraction, text: progress(0.9 * fraction, text))
    progress(0.9, "Recognising the series")
    volumes = _volumes(frames, lost, overrides)
    progress(1.0, f"{len(volumes)} volumes recognised")
    return volumes


def scan_files(
    files: Sequence[Path], progress: Progress = no_progress, overrides: Sequence[Override] = ()
) -> list[SeriesVolume]:
    """Recognise every volume in these files, as :func:`scan` does in a folder; an empty list if there is none."""
    return _volumes(*read_files(files, progress), overrides)


def _volumes(frames: Sequence[Frame], lost: Sequence[LostFile], overrides: Sequence[Override]) -> list[SeriesVolume]:
    drafts = [draft for images in series_of(frames) for draft in _recognise(images)]
    _look_at_neighbouring_series(drafts)
    name_derived(drafts)
    drafts = merge_across_series(drafts)
    number_stations(drafts)
    for draft in drafts:
        draft.select = selectors_of(draft)
    number_alike(drafts)
    if overrides:
        apply_overrides(drafts, overrides)
        number_stations(drafts)  # again, because a role decides which volumes are stations of one protocol
    number_acquisitions(drafts)
    refuse_short_volumes(drafts)
    refuse_what_lost_a_slice_to_its_header(drafts)
    if lost:
        refuse_what_may_lack_a_slice(drafts, lost, frames)
    _try_to_decode(drafts)
    scale(drafts)
    return [*map(_finish, sorted(drafts, key=_reading_order)), *map(volume_of, lost)]


def _try_to_decode(drafts: Sequence[Draft]) -> None:
    """Refuse volumes whose compressed pixels cannot be decoded, told by one slice of each: better now than when it is loaded."""
    for draft in drafts:
        frame = draft.grid.frames[len(draft.grid.frames) // 2]
        if not draft.problem and frame.pixels.offset is None and frame.pixels.samples == 1:
            try:
                read_frames([frame])
            except MarrowQuantError as error:
                draft.problem = finding("unusable.error", error=error)


def _reading_order(draft: Draft) -> tuple[str, str, int, int, int]:
    frame = draft.frame
    return (str(frame.exam_date), frame.patient_key, frame.series_number or 0, draft.station or 0, draft.acquisition_group)


def _recognise(images: Sequence[Frame]) -> list[Draft]:
    """The volumes of one series."""
    stacks = split_series(images)
    grids = [make_grid(stack.frames) for stack in stacks]
    drafts = draft_series(grids, [stack.evidence for stack in stacks])
    name_ideal_volumes(drafts)
    return merge_repeats(merge_directions(drafts))


def _look_at_neighbouring_series(drafts: Sequence[Draft]) -> None:
    """Classify again what only another series of the same acquisition can explain: one echo, or b 0, in a series of its own."""
    groups: dict[Hashable, list[Draft]] = defaultdict(list)
    for draft in drafts:
        frame = draft.frame
        protocol = same_protocol(replace(draft, verdict=Verdict(Role.UNKNOWN, 0.0, NO_FINDING)))
        groups[(protocol, frame.repetition_time_ms, frame.flip_angle_deg, frame.echo_planar)].append(draft)
    for group in groups.values():
        doubtful = [draft for draft in group if draft.verdict.confidence <= DESCRIBED]
        relatives = [draft.grid for draft in group if draft in doubtful or draft.role in (Role.DWI, Role.MULTI_ECHO)]
        for draft in doubtful if len(relatives) > 1 else ():
            verdict = classify(describe_candidate(draft.grid, relatives))
            if verdict.role in EXPLAINED_BY_NEIGHBOURS and verdict.confidence > min(DESCRIBED, draft.verdict.confidence):
                evidence = finding("recognised.neighbours", evidence=verdict.evidence)
                draft.verdict = replace(verdict, confidence=min(BY_NEIGHBOURS, verdict.confidence), evidence=evidence)
                draft.problem = draft.grid.problem or verdict.problem
                draft.b_value = (draft.frame.b_value or 0.0) if verdict.role == Role.DWI else None


def _finish(draft: Draft) -> SeriesVolume:
    frame = draft.frame
    quantity, unit = QUANTITIES.get(draft.role, ("phase" if frame.component == "phase" else "signal", draft.scaling.unit))
    remarks = tuple(sorted({remark for part in draft.parts for f in part for remark in f.findings}))
    station = [finding("recognised.station", station=draft.station)] if draft.station else []
    problem = [finding("recognised.not_measured", why=draft.problem)] if draft.problem else []
    return SeriesVolume(
        series_number=frame.series_number,
        series_description=frame.series_description,
        series_uid=frame.series_uid,
        role=draft.role,
        shape=(frame.columns, frame.rows, len(draft.grid.frames)),
        ijk_to_ras=draft.grid.ijk_to_ras,
        parts=draft.parts,
        scaling=draft.scaling,
        b_value=draft.b_value,
        echo_time_s=None if frame.echo_time_ms is None else frame.echo_time_ms / 1e3,
        station=draft.station,
        component=frame.component,
        acquisition_group=draft.acquisition_group,
        quantity=quantity,
        unit=unit,
        confidence=0.0 if draft.problem else draft.verdict.confidence,
        evidence=(*remarks, draft.verdict.evidence, *draft.evidence, *station, *problem),
        problem=draft.problem,
        overrides=draft.overrides,
        select=draft.select,
        exam_date=frame.exam_date,
        patient_key=frame.patient_key,
        patient=frame.patient,
        study_uid=frame.study_uid,
        findings=remarks,
        acquisition={
            "manufacturer": frame.manufacturer,
            "model": frame.model,
            "field_strength_t": frame.field_strength_t,
            "repetition_time_s": None if frame.repetition_time_ms is None else frame.repetition_time_ms / 1e3,
            "flip_angle_deg": frame.flip_angle_deg,
            "n_directions": n_directions(draft),
            "few_directions": draft.role == Role.DWI and draft.directional and n_directions(draft) < MIN_DIRECTIONS,
        },
        synthetic=frame.synthetic,
        folder=frame.pixels.path.parent,
    )

