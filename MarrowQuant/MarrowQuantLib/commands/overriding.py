"""``--overrides``: what the reader knows better than the headers, for every command that reads DICOM."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .progress import progress_bar

if TYPE_CHECKING:
    from .. import dicom


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Add ``--overrides``; :func:`overrides_of` reads it."""
    parser.add_argument(
        "--overrides", type=Path, metavar="FILE", help="JSON list of what you know better: series, role, b_value, scale, date, exclude"
    )


def overrides_of(options: argparse.Namespace) -> tuple[dicom.Override, ...]:
    """The reader's decisions from the file that was given; none without one."""
    from .. import dicom  # here, as images of other formats do without it

    return dicom.read_overrides(options.overrides) if options.overrides else ()


def scanned(folder: Path, options: argparse.Namespace) -> list[dicom.SeriesVolume]:
    """The volumes of a folder as the reader's decisions have them.

    Raises
    ------
    MarrowQuantError
        If a decision is about no volume of the folder, or the folder cannot be read.
    """
    from .. import dicom

    overrides = overrides_of(options)
    volumes = dicom.scan(folder, progress_bar, overrides)
    dicom.refuse_unused(overrides, [override for volume in volumes for override in volume.overrides])
    return volumes
