"""A batch of cases: check, measure, log, and put together.

From a Python console::

    from MarrowQuantLib import batch
    report = batch.run("/data/study/manifest.csv", "/data/study/out", jobs=2)
    print(report.text)
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from .. import workflow
from ..io.atomic import refuse_inside
from ..model import MarrowQuantError, Progress, Settings, no_progress
from ..response import load_model
from . import engines
from .job import (
    CASES,
    DONE,
    FAILED,
    KEPT,
    SKIPPED,
    WORK,
    BatchOptions,
    Outcome,
    check_case,
    is_finished,
    without_identity,
)
from .log import LOG_FILE, BatchLog
from .manifest import Case, read_manifest
from .tables import write_tables

PathLike = Union[str, Path]
READY = "ready"


@dataclass(frozen=True)
class BatchReport:
    """How a batch ended: an outcome for every case in the order of the manifest, and the files that were written."""

    outcomes: tuple[Outcome, ...]
    files: Mapping[str, Path]

    @property
    def counts(self) -> dict[str, int]:
        """Number of cases for each status."""
        return dict(Counter(outcome.status for outcome in self.outcomes))

    @property
    def text(self) -> str:
        """Each case that is not done with its reason, and the counts; plain text."""
        lines = [f"{o.label}: {o.status}. {o.sentence}".rstrip() for o in self.outcomes if o.status not in (DONE, KEPT)]
        return "\n".join([*lines, ", ".join(f"{n} {status}" for status, n in self.counts.items())])


def run(
    manifest: PathLike,
    out: PathLike,
    *,
    jobs: int = 1,
    scheduler: Optional[str] = None,
    resume: bool = False,
    overwrite: bool = False,
    dry_run: bool = False,
    settings: Optional[Settings] = None,
    model: Optional[PathLike] = None,
    limits: Optional[PathLike] = None,
    language: str = "en",
    scene_writer: Optional[workflow.SceneWriter] = None,
    also: Sequence[str] = (),
    progress: Progress = no_progress,
) -> BatchReport:
    """Run the main job on every case of a manifest.

    Parameters
    ----------
    manifest, out : path
        See :func:`read_manifest`; the output folder. Each case gets ``cases/<label>/`` with results.json, measurements.csv and
        report.html; beside it lie cases.csv, cohort.csv and log.jsonl.
    jobs : int
        Processes of this machine; 1 measures in this process.
    scheduler : str, optional
        Address of a Dask scheduler ("tcp://host:8786") whose workers measure instead.
    resume : bool
        Keep cases that were finished from the same inputs and settings, and measure the others.
    overwrite : bool
        Measure all cases again and replace what lies there.
    dry_run : bool
        Write nothing; say of each case whether it would run ("ready") or why it would be skipped.
    settings, model, limits, language, scene_writer, also
        See :class:`BatchOptions`, :func:`workflow.analyze` and :func:`workflow.export`; ``model`` and ``limits`` are files.
    progress : callable
        It may raise ``Cancelled``: finished cases stay, and ``resume`` goes on later.

    Raises
    ------
    MarrowQuantError
        If the manifest cannot be used, the output folder holds another batch and ``resume`` was not asked for, or no worker can be had.
    """
    if jobs < 1:
        raise MarrowQuantError("The number of jobs is {jobs}; give 1 or more.", jobs=jobs)
    cases = read_manifest(Path(manifest))
    load_model(_resolved(model))  # a broken model file must not fail every case, one after the other
    run_name = uuid.uuid4().hex if overwrite else ""
    shared = (_resolved(model), language, scene_writer, _resolved(limits), run_name, tuple(also))
    options = BatchOptions(Path(out).resolve(), settings or Settings(), *shared)
    if dry_run:
        return BatchReport(tuple(_dry(cases, options, resume, progress)), {})
    refuse_inside(options.out, [exam for case in cases for exam in case.exams])
    options = _prepare(options, resume, overwrite)
    kept = [case.label for case in cases if resume and not case.problem and is_finished(case, options)]
    outcomes = {label: Outcome(label, KEPT) for label in kept}
    todo = [case for case in cases if case.label not in outcomes]
    (log := BatchLog(options.out)).write("start", cases=len(cases), kept=len(kept), jobs=jobs, scheduler=bool(scheduler))
    by_label = {case.label: case for case in todo}
    for outcome in _counted(_engine(todo, options, jobs, scheduler, progress, len(cases)), len(kept), len(cases), progress):
        sentence = without_identity(outcome.sentence, by_label[outcome.label])
        log.write("case", case=outcome.label, status=outcome.status, sentence=sentence, seconds=round(outcome.seconds, 2))
        outcomes[outcome.label] = outcome
    files = _tables(cases, outcomes, options)
    shutil.rmtree(options.out / WORK, ignore_errors=True)
    report = BatchReport(tuple(outcomes[case.label] for case in cases), {**files, "log": options.out / LOG_FILE})
    log.write("end", **report.counts)
    progress(1.0, report.text.splitlines()[-1])
    return report


def _resolved(path: Optional[PathLike]) -> Optional[Path]:
    return None if path is None else Path(path).resolve()


def _tables(cases: Sequence[Case], outcomes: Mapping[str, Outcome], options: BatchOptions) -> dict[str, Path]:
    try:
        return write_tables(cases, outcomes, options)
    except OSError as error:
        raise MarrowQuantError(
            "The tables of the batch cannot be written ({reason}); the finished cases are complete. Free space, or close the tables in "
            "other programs, and run again with --resume.",
            reason=error.strerror,
        ) from error


def _dry(cases: Sequence[Case], options: BatchOptions, resume: bool, progress: Progress) -> Iterator[Outcome]:
    for n, case in enumerate(cases):
        progress(n / len(cases), f"Checking {case.label}")
        if resume and not case.problem and is_finished(case, options):
            yield Outcome(case.label, KEPT)
            continue
        reason = check_case(case)
        yield Outcome(case.label, SKIPPED if reason else READY, reason)


def _prepare(options: BatchOptions, resume: bool, overwrite: bool) -> BatchOptions:
    workflow.prepare_output(options.out)
    options.out.mkdir(exist_ok=True)
    if not resume and not overwrite and (options.out / CASES).exists():
        raise MarrowQuantError(
            "The output folder '{out}' already holds a batch; resume it (--resume), replace it (--overwrite) or choose another folder.",
            out=options.out.name,
        )
    shutil.rmtree(options.out / WORK, ignore_errors=True)  # what a batch left that was ended from outside
    return options


def _engine(
    todo: Sequence[Case], options: BatchOptions, jobs: int, scheduler: Optional[str], progress: Progress, total: int
) -> Iterator[Outcome]:
    if scheduler:
        return engines.on_dask(todo, options, scheduler)
    if jobs > 1:
        return engines.in_processes(todo, options, jobs)
    before = total - len(todo)
    shares = (workflow.part(progress, (before + n) / total, (before + n + 1) / total) for n in range(len(todo)))
    return (outcome for case, share in zip(todo, shares) for outcome in engines.in_this_process([case], options, share))


def _counted(outcomes: Iterator[Outcome], done: int, total: int, progress: Progress) -> Iterator[Outcome]:
    """Pass outcomes on and report how far the batch is, with the time that the rest will take."""
    failed, start, first = 0, time.monotonic(), done
    for outcome in outcomes:
        done += 1
        failed += outcome.status == FAILED
        yield outcome
        left = (time.monotonic() - start) / (done - first) * (total - done)
        progress(done / total, f"{done} of {total} cases, {failed} failed, about {left / 60:.0f} min left")

