"""Many cases: a manifest in; a folder for each case, two tables and a log out. See Docs/batch.md."""

from .job import ALSO, DONE, FAILED, KEPT, SKIPPED, Outcome
from .manifest import Case, read_manifest
from .run import READY, BatchReport, run

__all__ = ["ALSO", "DONE", "FAILED", "KEPT", "READY", "SKIPPED", "BatchReport", "Case", "Outcome", "read_manifest", "run"]
