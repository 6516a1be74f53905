"""The log of a batch: one JSON object a line, without identity, readable while the batch still runs."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from .. import __version__

LOG_FILE = "log.jsonl"


class BatchLog:
    """Appends to ``log.jsonl``; a line is complete on the disk before the next case is reported.

    A line holds the time of the run, the event, and what the event needs: the user's own case label, how the case ended, its sentence
    and its seconds. Paths, file names and exam dates are left out by the caller; see ``case.without_identity``.
    """

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / LOG_FILE

    def write(self, event: str, **entries: Any) -> None:
        """Append one event with its entries and the time, in UTC, and flush it."""
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        line = json.dumps({"time": now, "event": event, **entries, "software": __version__}, ensure_ascii=False)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError:  # a full disk must not end a batch because of its log; the tables say what became of each case
            pass
