"""``marrowquant deidentify``: a copy of MR images without identity, for a core lab."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from ..deidentify import PROFILES, RETAINABLE, deidentify
from .progress import progress_bar


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant deidentify``."""
    parser.add_argument("source", type=Path, metavar="IN", help="folder with DICOM files")
    parser.add_argument("out", type=Path, metavar="OUT", help="new folder")
    parser.add_argument("--key", type=Path, required=True, metavar="KEYFILE", help="secret of the project, outside OUT; made if absent")
    parser.add_argument("--profile", choices=tuple(PROFILES), default="longitudinal", help="default: %(default)s")
    parser.add_argument("--retain", choices=RETAINABLE, nargs="+", default=(), help="scanner identity; sex, age, size and weight")
    parser.add_argument("--crosswalk", type=Path, metavar="CSV", help="write who is who to this file, outside OUT")
    parser.add_argument("--labs", type=Path, metavar="LABS.csv", help="laboratory sheet of the patient; its dates are shifted likewise")
    parser.set_defaults(command=_deidentify)


def _deidentify(options: argparse.Namespace) -> int:
    summary = deidentify(
        options.source,
        options.out,
        options.key,
        profile=options.profile,
        retain=options.retain,
        crosswalk=options.crosswalk,
        labs=options.labs,
        progress=progress_bar,
    )
    progress_bar.end()
    print(f"{len(summary.passed)} of {summary.n_files} files written to {options.out}, {len(summary.patients)} patients")
    for reason, times in Counter(file.reason for file in summary.left_out).most_common():
        print(f"{times:>6} left out: {reason}")
    print("The audit report is deidentification.txt in the output folder. Keep the key apart from the data.")
    return 0
