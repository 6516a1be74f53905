"""``marrowquant inspect``: what each volume in a folder is, and why."""

from __future__ import annotations

import argparse
import datetime
import json
from pathlib import Path
from typing import Any, Union

from .. import dicom, workflow
from .overriding import add_overrides, overrides_of, scanned
from .progress import progress_bar


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant inspect``."""
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--json", action="store_true", help="print a list of objects instead of a table")
    add_overrides(parser)
    parser.set_defaults(command=_inspect)


def add_knowledge(parser: argparse.ArgumentParser, n_exams: Union[int, str]) -> None:
    """What the reader knows better than the files: the options that :func:`knowledge_of` reads."""
    add_overrides(parser)
    told = "date of each exam (2025-01-14), if its files bear none"
    parser.add_argument("--date", type=_date, nargs=n_exams, default=(), metavar="DATE", help=told)
    parser.add_argument("--same-patient", action="store_true", help="the exams are of one patient, whatever the files say")


def knowledge_of(options: argparse.Namespace) -> dict[str, Any]:
    """As :func:`workflow.analyze` takes it."""
    return {"overrides": overrides_of(options), "dates": list(options.date), "same_patient": options.same_patient}


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no date such as 2025-01-14") from None


def _inspect(options: argparse.Namespace) -> int:
    volumes = scanned(options.folder, options)
    progress_bar.end()
    usable = workflow.usable_volumes(volumes)
    rows = [volume.as_row(used=volume in usable) for volume in volumes]
    print(json.dumps(rows, indent=1, ensure_ascii=False) if options.json else dicom.inspect_table(rows))
    return 0
