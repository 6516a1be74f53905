"""``marrowquant batch``: the main job on every case of a manifest."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import batch
from ..model import RESEARCH_USE_ONLY, MarrowQuantError
from .progress import progress_bar
from .scenes import HOW_TO_GET_SCENES, scene_writer
from .thresholds import add_limits, add_model, add_settings, settings_of


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant batch``."""
    parser.add_argument("manifest", type=Path, metavar="MANIFEST", help="CSV with the columns case,baseline,follow_up,labs,rois")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=int, default=1, metavar="N", help="processes of this machine (default: %(default)s)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, such as tcp://host:8786, whose workers measure")
    parser.add_argument("--dry-run", action="store_true", help="write nothing; list every case and why it would be skipped")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="keep cases that are finished, measure the others")
    again.add_argument("--overwrite", action="store_true", help="measure all cases again and replace their earlier results")
    add_settings(parser)
    add_limits(parser)
    add_model(parser)
    parser.add_argument("--language", choices=("en", "ja"), default="en", help="language of the reports")
    parser.add_argument("--scene", action="store_true", help="write a scene.mrb for every case too, which takes longer")
    parser.add_argument("--dicom", action="store_true", help="write DICOM objects for a PACS for every case too")
    parser.add_argument("--pdf", action="store_true", help="write the report as report.pdf for every case too")
    parser.add_argument("--xlsx", action="store_true", help="write the tables as tables.xlsx for every case too")
    parser.set_defaults(command=_batch)


def _batch(options: argparse.Namespace) -> int:
    writer = scene_writer() if options.scene else None
    if options.scene and writer is None:
        raise MarrowQuantError(
            "Scenes cannot be written: {how_to_get_scenes}. Install it, or leave --scene out.",
            how_to_get_scenes=HOW_TO_GET_SCENES,
        )
    report = batch.run(
        options.manifest,
        options.out,
        jobs=options.jobs,
        scheduler=options.scheduler,
        resume=options.resume,
        overwrite=options.overwrite,
        dry_run=options.dry_run,
        settings=settings_of(options),
        limits=options.limits,
        model=options.model,
        language=options.language,
        scene_writer=writer,
        also=[kind for kind in batch.ALSO if getattr(options, kind)],
        progress=progress_bar,
    )
    progress_bar.end()
    if options.dry_run:
        for outcome in report.outcomes:
            print(f"{outcome.label}: {outcome.status}. {outcome.sentence}".rstrip())
    else:
        print(RESEARCH_USE_ONLY)
        print(report.text)
    for kind, path in report.files.items():
        print(f"{kind:>12}: {path}")
    return 0 if batch.FAILED not in report.counts else 1
