"""Writing the results of a case: all files or none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable, Optional, Union

from ..io.atomic import folder_beside
from ..model import MarrowQuantError, Progress, Results, no_progress, part
from ..results import write_measurements, write_results
from .html import write_report

PathLike = Union[str, Path]
SCENE = "scene.mrb"
SceneWriter = Callable[[Results, Path, Progress], None]


def export(
    results: Results,
    folder: PathLike,
    *,
    language: str = "en",
    scene_writer: Optional[SceneWriter] = None,
    progress: Progress = no_progress,
) -> dict[str, Path]:
    """Write results.json, measurements.csv, report.html and, with ``scene_writer``, scene.mrb.

    Everything is written beside the folder first and moved into it when complete, so an error or a cancel leaves nothing half-written.
    An older scene in the folder is removed when no new one is written, because it would show other results.

    Returns
    -------
    dict
        Kind ("results", "measurements", "report", "scene") to path.

    Raises
    ------
    MarrowQuantError
        If the folder cannot be written to, the disk is full, or a file in it is open in a program that locks it, as Excel does.
    """
    folder = prepare_output(folder)
    stage = folder_beside(folder)
    try:
        progress(0.0, "Writing the tables")
        files = {"results": stage / "results.json", "measurements": stage / "measurements.csv", "report": stage / "report.html"}
        write_results(results, stage)
        write_measurements(results, files["measurements"])
        progress(0.1, "Writing the report")
        write_report(results, files["report"], language=language)
        if scene_writer is not None:
            files["scene"] = stage / SCENE
            scene_writer(results, files["scene"], part(progress, 0.4, 0.95))
        written = _move(files, folder)
    except OSError as error:
        sentence = f"The results cannot be written to '{folder.name}': {error.strerror}; close its files in other programs, or free space."
        raise MarrowQuantError(sentence) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    progress(1.0, "Written")
    return written


def _move(files: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Move the files into the folder. The old scene goes first: it is of other results, and the largest that a program may lock."""
    folder.mkdir(exist_ok=True)
    (folder / SCENE).unlink(missing_ok=True)
    written = {kind: folder / path.name for kind, path in files.items()}
    for kind, path in files.items():
        os.replace(path, written[kind])
    return written


def prepare_output(folder: PathLike) -> Path:
    """The output folder as an absolute path; its parent exists and can be written to.

    Raises
    ------
    MarrowQuantError
        If the path is a file, or the folder cannot be written to.
    """
    folder = Path(folder).resolve()
    if folder.exists() and not folder.is_dir():
        raise MarrowQuantError(f"The output '{folder.name}' is a file; name a folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder if folder.exists() else folder.parent, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise MarrowQuantError(f"The output folder '{folder.name}' cannot be written; choose a folder in which you may create files.")
    return folder
