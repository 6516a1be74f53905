"""``marrowquant inspect``: what each volume in a folder is, and why."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .. import dicom, workflow
from .progress import progress_bar


def add(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("inspect", help="list what each volume in a folder is, and why")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--json", action="store_true", help="print a list of objects instead of a table")
    parser.set_defaults(command=_inspect)


def _inspect(options: argparse.Namespace) -> int:
    volumes = dicom.scan(options.folder, progress_bar)
    progress_bar.end()
    rows = [volume.as_row(used=workflow.volume_is_usable(volume)) for volume in volumes]
    print(json.dumps(rows, indent=1, ensure_ascii=False) if options.json else dicom.inspect_table(rows))
    return 0
