"""One case of a batch: measured in a process of its own or in this one, written at once or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

from .. import __version__, workflow
from ..dicom import Override, read_overrides
from ..followup.repeatability import read_limits
from ..io.imagefiles import stem
from ..io.jsonfiles import read_json
from ..model import Cancelled, MarrowQuantError, Progress, Settings, finding, no_progress
from ..model.settings import with_texts
from ..report.export import refuse_overwriting
from ..report.paper import write_paper
from ..report.shown import Cover
from ..report.workbook import write_workbook
from ..response import load_model, read_labs
from ..results.document import SCHEMA_VERSION
from ..vertebrae import read_rois
from .manifest import PATH_COLUMNS, Case

CASES, WORK, RESULTS, INPUTS, SCENE = "cases", ".work", "results.json", "inputs.json", "scene.mrb"
DONE, FAILED, SKIPPED, KEPT = "done", "failed", "skipped", "kept"
_PLAIN_NAMES = {*PATH_COLUMNS, "follow-up", "labs.csv"}  # words of the project itself, which tell nothing
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

ALSO = ("dicom", "pdf", "xlsx")


@dataclass(frozen=True)
class BatchOptions:
    """What all cases of a batch share.

    Attributes
    ----------
    out : Path
        Output folder; every worker must see it under this path.
    settings : Settings
    model : Path or None
        Response-model file; the bundled reconstruction if None.
    language : {"en", "ja"}
        Of the reports.
    scene_writer : callable or None
        Writes a scene.mrb for every case, as for :func:`workflow.export`; a function of a module, so that other processes find it.
    limits : Path or None
        File with the site's own limits of change.
    replacing : str
        A name of this run, if it replaces every case that an earlier run finished; empty if those are kept.
    also : tuple of str
        What every case gets too, of :data:`ALSO`: its DICOM objects in a folder "dicom", report.pdf, tables.xlsx.
    """

    out: Path
    settings: Settings = field(default_factory=Settings)
    model: Optional[Path] = None
    language: str = "en"
    scene_writer: Optional[workflow.SceneWriter] = None
    limits: Optional[Path] = None
    replacing: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a case ended: ``status`` is done, failed, skipped or kept (finished earlier); ``sentence`` says why it is not done."""

    label: str
    status: str
    sentence: str = ""
    seconds: float = 0.0


def case_folder(out: Path, label: str) -> Path:
    """Where the files of a finished case lie."""
    return Path(out) / CASES / label


def check_case(case: Case) -> str:
    """Why ``case`` would be skipped, as far as headers and small files tell; empty if nothing speaks against it.

    Reads the manifest's row, the laboratory sheet, the files with ROIs or labels and the DICOM headers, no pixels.
    """
    if case.problem:
        return case.problem
    try:
        if "labs" in case.paths:
            read_labs(case.paths["labs"])
        for path in case.rois:
            read_rois(path)
        for exam in workflow.read_exams(case.exams, overrides=_overrides_of(case), dates=case.dates, same_patient=case.same_patient):
            if not workflow.usable_volumes(exam.volumes):
                return finding("batch.nothing")
    except MarrowQuantError as error:
        return str(error)
    return ""


def run_case(case: Case, options: BatchOptions, progress: Progress = no_progress) -> Outcome:
    """Measure one case and write its folder; a fault of the case becomes a sentence, never an exception.

    The files are written into a working folder and moved in one step, so a case is either complete or absent; of two processes that
    measured the same case (an engine may start a case again that it believed lost) the first to finish counts.
    """
    start = time.monotonic()
    if case.problem:
        return Outcome(case.label, SKIPPED, case.problem)
    try:
        results = workflow.analyze(
            case.exams,
            labs=case.paths.get("labs"),
            rois=case.rois,
            overrides=_overrides_of(case),
            settings=with_texts(options.settings, case.settings),
            model=load_model(options.model),
            skeletons=case.skeletons,
            muscle=case.muscle,
            limits=read_limits(options.limits) if options.limits else None,
            dates=case.dates,
            same_patient=case.same_patient,
            progress=workflow.part(progress, 0.0, 0.8),
        )
        _write(case, results, options, workflow.part(progress, 0.8, 1.0))
    except MarrowQuantError as error:
        return Outcome(case.label, FAILED, str(error), time.monotonic() - start)
    except Cancelled:
        raise
    except OSError as error:
        return Outcome(case.label, FAILED, finding("batch.disk", reason=error.strerror), time.monotonic() - start)
    except Exception as error:  # whatever it is, the other cases go on
        return Outcome(case.label, FAILED, unexpected(error), time.monotonic() - start)
    return Outcome(case.label, DONE, "", time.monotonic() - start)


def _overrides_of(case: Case) -> tuple[Override, ...]:
    return read_overrides(case.paths["overrides"]) if "overrides" in case.paths else ()


def unexpected(error: BaseException) -> str:
    """A sentence for a fault that nobody foresaw: its kind and place, without its text, which may name a patient or a folder."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return finding("batch.fault", name=type(error).__name__, place=place)


def _write(case: Case, results: Any, options: BatchOptions, progress: Progress) -> None:
    work = Path(options.out) / WORK
    work.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f"{case.label}-", dir=work))
    try:
        cover, writer = Cover(case.label), options.scene_writer
        workflow.export(results, stage / "files", language=options.language, scene_writer=writer, cover=cover, progress=progress)
        if "pdf" in options.also:
            write_paper(results, stage / "files" / "report.pdf", options.language, cover)
        if "xlsx" in options.also:
            write_workbook(results, stage / "files" / "tables.xlsx", options.language)
        if "dicom" in options.also:
            exams = workflow.read_exams(case.exams, overrides=_overrides_of(case), dates=case.dates, same_patient=case.same_patient)
            workflow.export_dicom(results, exams, stage / "files" / "dicom", cover=cover, language=options.language)
        made_from = {"software": __version__, "inputs": fingerprint(case, options)}
        text = json.dumps({**made_from, "run": options.replacing} if options.replacing else made_from, indent=1)
        (stage / "files" / INPUTS).write_text(text + "\n", encoding="utf-8")
        target = case_folder(options.out, case.label)
        target.parent.mkdir(parents=True, exist_ok=True)
        refuse_overwriting(target, [exam.identity for exam in results.exams], overwrite=True)
        if not is_finished(case, options):
            if target.exists():
                os.replace(target, stage / "outdated")
            _move(stage / "files", target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _move(files: Path, target: Path) -> None:
    """Move a folder in one step; where another process was faster, its folder stays."""
    try:
        os.rename(files, target)
    except OSError:
        if not (target / RESULTS).is_file():
            raise


def is_finished(case: Case, options: BatchOptions) -> bool:
    """True if a complete results.json of this program's schema lies there that was made from the same inputs and settings, and the scene
    if one is wanted. In a run that replaces what is there, only its own results count."""
    folder = case_folder(options.out, case.label)
    if options.scene_writer and not (folder / SCENE).is_file():
        return False
    try:
        results = read_json(folder / RESULTS)
        inputs = read_json(folder / INPUTS)
    except (OSError, ValueError):
        return False
    return (
        isinstance(results, dict)
        and results.get("schema_version") == SCHEMA_VERSION
        and inputs.get("inputs") == fingerprint(case, options)
        and options.replacing in ("", inputs.get("run"))
    )


def fingerprint(case: Case, options: BatchOptions) -> str:
    """SHA-256 over what a result depends on: settings, language, model, small files by content, exam files by name and size.

    Names go into the hash relative to their exam's folder, so a study that was moved as a whole counts as the same.
    """
    said = [[date.isoformat() for date in case.dates], case.same_patient, repr(case.muscle), *options.also]
    settings = asdict(with_texts(options.settings, case.settings))
    digest = hashlib.sha256(json.dumps([settings, options.language, said], sort_keys=True).encode())
    markups = [path for exam in case.exams for path in sorted(exam.rglob("*.mrk.json"))]
    rois = [file for path in case.rois for file in _roi_files(path)]
    small = [case.paths.get("labs"), case.paths.get("overrides"), *case.skeletons, *rois, *markups, options.model, options.limits]
    for path in small:
        digest.update(b"\0file\0" + (Path(path).read_bytes() if path and Path(path).is_file() else b""))
    for exam in case.exams:
        files = sorted((path.relative_to(exam).as_posix(), path.stat().st_size) for path in exam.rglob("*") if path.is_file())
        digest.update(b"\0exam\0" + json.dumps(files).encode())
    return digest.hexdigest()


def _roi_files(path: Path) -> list[Path]:
    """The file with ROIs or labels and the names beside it, or the masks of a folder."""
    return sorted(path.rglob("*")) if path.is_dir() else [path, path.with_name(stem(path) + ".json")]


def without_identity(sentence: str, case: Case) -> str:
    """``sentence`` without dates and without any name of the case's files and folders, for the log."""
    names = {part for path in case.paths.values() for part in path.parts}
    names |= {path.name for exam in case.exams for path in exam.rglob("*")}
    names -= _PLAIN_NAMES
    found = sorted((name for name in names if len(name) > 1 and name in sentence), key=len, reverse=True)
    for name in found:
        sentence = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", sentence)
    return _DATE.sub("<date>", sentence)
