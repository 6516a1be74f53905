"""A table of what was read from many ``results.json``, kept beside them, so that the next reading opens only those that changed.

The file lies in the folder that was read, holds nothing that the results there do not hold, and may be deleted at any time. It is written
for 200 results or more; where the folder cannot be written to, every reading opens all files. A file counts as unchanged if its size and
its time of change are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

from .. import __version__
from ..io.jsonfiles import read_json
from ..results.record import case_columns

FILE = ".marrowquant-index.json"
FEWEST = 200
"""Results from which the table is kept (our choice): fewer are read in seconds."""
_FORMAT = 2


@dataclass(frozen=True)
class Entry:
    """What a cohort takes from one file; ``content`` is "" for a file that is no result of MarrowQuant.

    Attributes
    ----------
    stamp : str
        Size and time of change.
    content : str
        Hash of its exams and changes, as they stand.
    synthetic : bool
    case : dict
        The row of the case, cells as text.
    exams : list of dict
        The rows of its exams.
    """

    stamp: str
    content: str
    synthetic: bool
    case: dict[str, str]
    exams: list[dict[str, str]]


class Index:
    """The entries of a folder by the place of their file; only those that were asked for are kept."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._known = _read(self._path)
        self._used: dict[str, Entry] = {}

    def entry(self, file: Path, where: str) -> Optional[Entry]:
        """What is known of a file, if it has not changed since."""
        found = self._known.get(where)
        return found if found is not None and found.stamp == stamp_of(file) else None

    def add(self, where: str, entry: Entry) -> None:
        """Keep what was read from a file, now or before."""
        self._used[where] = entry

    def save(self) -> None:
        """Write the table, if it differs from the one that was read and is worth it; nothing happens where that is not possible."""
        if len(self._used) < FEWEST or self._used == self._known:
            return
        content = {"format": _FORMAT, "made_with": _version(), "files": {where: asdict(entry) for where, entry in self._used.items()}}
        partial = self._path.with_suffix(".part")
        try:
            partial.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
            partial.replace(self._path)
        except OSError:
            with suppress(OSError):  # what another user left there cannot be removed either, and must not stop the reading
                partial.unlink()


def stamp_of(file: Path) -> str:
    """Size in bytes and time of change in ns; "" where the file cannot be asked, such as a broken link."""
    try:
        about = file.stat()
    except OSError:
        return ""
    return f"{about.st_size} {about.st_mtime_ns}"


def _version() -> str:
    """Another version of MarrowQuant, or other columns, make the table worthless."""
    return f"{__version__} {hashlib.sha256(' '.join(case_columns()).encode()).hexdigest()[:16]}"


def _read(path: Path) -> Mapping[str, Entry]:
    """The entries of a table; none if it is not there, not ours, or of another version."""
    try:
        content = read_json(path)
        if content["format"] != _FORMAT or content["made_with"] != _version():
            return {}
        return {where: _entry(fields) for where, fields in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _entry(fields: Mapping[str, Any]) -> Entry:
    rows = [fields["case"], *fields["exams"]]
    if not all(isinstance(cell, str) for row in rows for cell in row.values()):
        raise TypeError("a cell is no text")
    return Entry(str(fields["stamp"]), str(fields["content"]), bool(fields["synthetic"]), fields["case"], fields["exams"])
