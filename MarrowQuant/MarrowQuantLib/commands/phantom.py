"""``marrowquant phantom`` and ``marrowquant demo``: the digital patient, and the main job on it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from .. import phantom, workflow
from .analyze import add_output_options, main_job
from .progress import progress_bar
from .whole import whole


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant phantom``."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to create")
    _add_patient_options(parser)
    parser.set_defaults(command=_phantom)


def add_demo(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant demo``."""
    parser.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR", help="folder (default: %(default)s)")
    _add_patient_options(parser)
    add_output_options(parser)
    parser.set_defaults(command=_demo)


def _add_patient_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--story", choices=tuple(phantom.STORIES), default="responder")
    parser.add_argument("--dialect", choices=tuple(phantom.DIALECTS), default="philips")
    parser.add_argument("--seed", type=whole(), default=1)


def _phantom(options: argparse.Namespace) -> int:
    patient = phantom.write_patient(options.out, story=options.story, dialect=options.dialect, seed=options.seed, progress=progress_bar)
    progress_bar.end()
    print(f"Digital patient ({options.story}, {options.dialect}-like, seed {options.seed}): {patient.folder}")
    return 0


def _demo(options: argparse.Namespace) -> int:
    folder = workflow.prepare_output(options.out) / f"patient-{options.story}-{options.dialect}-{options.seed}"
    if folder.exists():
        patient = phantom.PhantomPatient.at(folder)
    else:
        patient = phantom.write_patient(folder, story=options.story, dialect=options.dialect, seed=options.seed, progress=progress_bar)
        progress_bar.end()
    print(f"Digital patient, synthetic, with the truth beside it: {folder}")
    start = time.perf_counter()
    options.overwrite = True  # the demo replaces its own results, of the same digital patient only
    written = main_job(options, (patient.baseline, patient.follow_up), patient.labs, folder.parent / "results")
    print(f"From DICOM to report in {time.perf_counter() - start:.1f} s.")
    print(f"Report: {written['report']}")
    return 0
