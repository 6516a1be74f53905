"""Writing the results of a case: all files or none, and never over those of another patient."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, Optional, Union

from ..io.atomic import folder_beside, prepare_output
from ..io.jsonfiles import read_json
from ..model import (
    ExamIdentity,
    MarrowQuantError,
    Progress,
    Relation,
    Results,
    identities_in,
    no_progress,
    part,
    relation,
)
from ..results import write_measurements, write_results
from ..results.loads import FILE as LOADS
from ..results.loads import write_loads
from .html import write_report
from .shown import Cover

PathLike = Union[str, Path]
RESULTS, SCENE = "results.json", "scene.mrb"
_OWN_FILES = (RESULTS, "measurements.csv", "report.html", SCENE, "scene-share-safe.mrb", "follow-up.npz", LOADS, "course.svg")
SceneWriter = Callable[[Results, Path, Progress], None]


def export(
    results: Results,
    folder: PathLike,
    *,
    language: str = "en",
    scene_writer: Optional[SceneWriter] = None,
    overwrite: bool = True,
    cover: Optional[Cover] = None,
    progress: Progress = no_progress,
) -> dict[str, Path]:
    """Write results.json, measurements.csv, report.html, the voxels of the tumour loads and, with ``scene_writer``, scene.mrb.

    Everything is written beside the folder first and moved into it when complete, so an error or a cancel leaves nothing half-written.
    An older scene in the folder is removed when no new one is written, because it would show other results. ``overwrite`` tells whether
    earlier results of the same patient, or of one that is not known, may be replaced; ``cover`` what the report says of case and reader.

    Returns
    -------
    dict
        Kind ("results", "measurements", "report", "loads", "scene") to path.

    Raises
    ------
    ResultsInTheWay
        See :func:`refuse_overwriting`.
    MarrowQuantError
        If the folder cannot be written to, the disk is full, or a file in it is open in a program that locks it, as Excel does.
    """
    folder = prepare_output(folder)
    refuse_overwriting(folder, [exam.identity for exam in results.exams], overwrite)
    stage = _stage(folder)
    try:
        progress(0.0, "Writing the tables")
        files = {"results": stage / RESULTS, "measurements": stage / "measurements.csv", "report": stage / "report.html"}
        write_results(results, stage)
        loads = write_loads(results.exams, stage)
        files.update({} if loads is None else {"loads": loads})
        write_measurements(results, files["measurements"])
        progress(0.1, "Writing the report")
        write_report(results, files["report"], language, cover)
        if scene_writer is not None:
            files["scene"] = stage / SCENE
            scene_writer(results, files["scene"], part(progress, 0.4, 0.95))
        written = _move(files, folder)
    except OSError as error:
        raise MarrowQuantError(
            "The results cannot be written to '{folder}': {reason}; close its files in other programs, or free space.",
            folder=folder.name, reason=error.strerror,
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    progress(1.0, "Written")
    return written


def _stage(folder: Path) -> Path:
    try:
        return folder_beside(folder)
    except OSError as error:
        raise MarrowQuantError(
            "The output folder '{folder}' cannot be written: {reason}; choose a folder in which you may create files.",
            folder=folder.name, reason=error.strerror,
        ) from error


def _move(files: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Move the files into the folder. The old scene goes first: it is of other results, and the largest that a program may lock."""
    folder.mkdir(exist_ok=True)
    for name in (SCENE, LOADS):
        (folder / name).unlink(missing_ok=True)
    written = {kind: folder / path.name for kind, path in files.items()}
    for kind, path in files.items():
        os.replace(path, written[kind])
    return written


class ResultsInTheWay(MarrowQuantError):
    """A folder holds earlier results."""

    @property
    def relation(self) -> Relation:
        """Of the case that lies there to the one that is to be written; OTHER is never replaced."""
        return self.values["relation"]

    @property
    def case_is_nameless(self) -> bool:
        """True if the results say whose they are, and the case that is to be written does not."""
        return bool(self.values.get("nameless"))


def results_in(folder: PathLike) -> Optional[list[ExamIdentity]]:
    """Whose results lie in a folder: the exams' identities, empty if the files do not say; None if it holds no results."""
    folder = Path(folder)
    if not any((folder / name).is_file() for name in _OWN_FILES):
        return None
    try:
        return identities_in(read_json(folder / RESULTS))
    except (OSError, ValueError):
        return []


def refuse_overwriting(folder: PathLike, exams: Sequence[ExamIdentity], overwrite: bool = False) -> None:
    """Refuse a folder whose results must not be replaced by those of these exams.

    Parameters
    ----------
    folder : path
        It need not exist.
    exams : sequence of ExamIdentity
        Of the case that is to be written.
    overwrite : bool
        The user said that earlier results may be replaced. Those of another patient are not, whatever the user said.

    Raises
    ------
    ResultsInTheWay
    """
    lying_there = results_in(folder)
    if lying_there is None:
        return
    related = relation(lying_there, exams)
    known = {"folder": Path(folder).name, "relation": related}
    if related is Relation.OTHER:
        raise ResultsInTheWay("The folder '{folder}' holds results of another patient, which are never replaced; choose another.", **known)
    if not overwrite and related is Relation.UNKNOWN and any(one.patient for one in lying_there) and not any(one.patient for one in exams):
        raise ResultsInTheWay(
            "The folder '{folder}' holds earlier results, and this case does not tell whose it is; choose another, or say that they may be "
            "replaced.",
            nameless=True, **known,
        )  # fmt: skip
    if not overwrite and related is Relation.SAME:
        raise ResultsInTheWay(
            "The folder '{folder}' holds earlier results of this patient; choose another, or say that they may be replaced.", **known
        )
    if not overwrite:
        raise ResultsInTheWay(
            "The folder '{folder}' holds results that do not tell whose they are; choose another, or say that they may be replaced.",
            **known,
        )
