"""What the reader changed in the table of recognised series, kept as JSON in the parameter node so that a saved scene holds it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dicom import edits
from ..model import iso_date

if TYPE_CHECKING:
    from .case.case import Case


class SeriesEdits:
    """The changes of one case. They are in force from the next reading on.

    Parameters
    ----------
    case : Case
        Gives the parameter node and the exams with their rows.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._folders: tuple[Path, ...] = ()  # that the exams were read from; an opened scene does not tell

    def entries(self) -> list[dict[str, Any]]:
        """The changes, as ``dicom.overrides_from`` takes them.

        Raises
        ------
        MarrowQuantError
            If those of an opened scene cannot be read.
        """
        stored = self._case.parameters.seriesOverrides
        return edits.entries_from_text(stored) if stored else []

    def edit(self, row: Mapping[str, Any], name: str, value: Any) -> None:
        """Change role, b-value or scale of one of ``Case.series_rows``; see ``dicom.edits.edited``."""
        self._store(edits.edited(self.entries(), row, name, value))

    def undo(self) -> None:
        """Take back all changes, in both exams."""
        self._store([])

    def entries_for(self, folders: Sequence[Path]) -> list[dict[str, Any]]:
        """The changes without those of exams that came from a folder that is not read any more: they are about other series."""
        gone = {n for n, folder in enumerate(self._folders) if folder not in folders}
        last = len(self._folders) - 1  # one folder may hold both exams
        dates = [iso_date(exam.maps.date) for n, exam in enumerate(self._case.exams.values()) if min(n, last) in gone]
        return edits.without_dates(self.entries(), dates)

    def were_read(self, entries: Sequence[Mapping[str, Any]], folders: Sequence[Path]) -> None:
        """Note what the exams were read with, and from where."""
        self._store(entries)
        self._folders = tuple(folders)

    def forget_folders(self) -> None:
        """Ask again at the next reading for which folders the edits hold."""
        self._folders = ()

    def _store(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self._case.parameters.seriesOverrides = json.dumps(entries)
