"""Where a command writes: checked before anything is measured."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

from ..io.atomic import prepare_output, refuse_existing, refuse_inside, sweep
from ..model import MarrowQuantError


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Add ``--overwrite``."""
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results (never those of another patient)")


def results_folder(out: Path, overwrite: bool, inputs: Iterable[Optional[Path]]) -> Path:
    """The folder for results, which can be written, lies in no input, and holds no earlier results unless they may be replaced.

    Raises
    ------
    MarrowQuantError
    """
    from ..report.export import results_in  # here, as commands that write maps do without reports

    refuse_inside(out, [path for path in inputs if path is not None and Path(path).is_dir()])
    out = prepare_output(out)
    sweep(out.parent)
    if not overwrite and results_in(out) is not None:
        raise MarrowQuantError(
            "The folder '{out}' holds earlier results; choose another, or let them be replaced (--overwrite).", out=out.name
        )
    return out


def output_file(options: argparse.Namespace, inputs: Iterable[Optional[Path]] = ()) -> Path:
    """The file to write, which is no input and does not exist yet unless it may be replaced; its folder exists.

    Raises
    ------
    MarrowQuantError
    """
    refuse_inside(options.out, [path for path in inputs if path is not None])
    refuse_existing([options.out], options.overwrite)
    if not options.out.resolve().parent.is_dir():
        raise MarrowQuantError("There is no folder for '{out}'; make it, or name another place.", out=options.out.name)
    return options.out


def existing_inputs(paths: Iterable[Optional[Path]]) -> None:
    """Refuse files and folders that are not there, before anything is measured.

    Raises
    ------
    MarrowQuantError
    """
    for path in paths:
        if path is not None and not Path(path).exists():
            raise MarrowQuantError("'{file}' does not exist; check the path.", file=Path(path).name)
