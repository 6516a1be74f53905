"""``marrowquant analyze``: the main job."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from .. import workflow
from ..export import refuse_in_vain
from ..io.atomic import refuse_existing, refuse_inside
from ..model import MarrowQuantError
from ..report.shown import Cover
from ..results.per_slice import write_slices
from .export import add_cover, write_exports
from .inspect import add_knowledge, knowledge_of
from .outputs import add_overwrite, existing_inputs, results_folder
from .progress import progress_bar
from .scenes import HOW_TO_GET_SCENES, scene_writer
from .subject import add_subject, read_subject
from .summary import summary
from .thresholds import add_limits, add_model, add_settings, limits_of, model_of, muscle_by_exam, settings_of


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant analyze``."""
    parser.add_argument("exams", nargs="+", type=Path, metavar="EXAM", help="baseline and follow-up, or one folder with both dates")
    parser.add_argument("--labs", type=Path, help="laboratory sheet, CSV with the columns date,test,value,unit")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--rois", type=Path, nargs="+", default=(), metavar="FILE", help=".mrk.json or labels, in the order of the exams")
    parser.add_argument("--first", type=level_point, metavar="LEVEL=R,A,S", help="centre of the first vertebral body, RAS in mm")
    parser.add_argument("--last", type=level_point, metavar="LEVEL=R,A,S", help="centre of the last vertebral body")
    said = "find all vertebrae in view without a click; with --first alone, count the levels from that one"
    parser.add_argument("--auto", action="store_true", help=said)
    parser.add_argument("--skeletons", type=Path, nargs="+", default=(), metavar="FILE", help="masks of bone, in the order of the exams")
    said = "a point in muscle, RAS in mm, or its high-b signal, to normalise to; once for each exam (default: found automatically)"
    parser.add_argument("--muscle", type=muscle_by_exam, action="append", default=[], metavar="EXAM=R,A,S", help=said)
    add_settings(parser)
    add_model(parser)
    add_limits(parser)
    add_subject(parser)
    add_knowledge(parser, "+")
    add_output_options(parser)
    parser.set_defaults(command=_analyze)


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the report's language and the scene."""
    parser.add_argument("--language", choices=("en", "ja"), default="en", help="language of the report")
    add_overwrite(parser)
    parser.add_argument("--dicom", type=Path, metavar="DIR", help="also write DICOM objects for a PACS into this new folder")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="also write the report as PDF")
    said = "also write fat fraction, ADC and voxel counts of every ROI slice by slice, CSV"
    parser.add_argument("--per-slice", type=Path, metavar="FILE", help=said)
    parser.add_argument("--xlsx", type=Path, metavar="FILE", help="also write the tables as a workbook")
    add_cover(parser)
    parser.add_argument("--no-scene", action="store_true", help="do not write scene.mrb")


def level_point(text: str) -> tuple[str, tuple[float, float, float]]:
    """``L1=1.5,-20,33`` as (level, RAS)."""
    level, _, numbers = text.partition("=")
    try:
        r, a, s = (float(n) for n in numbers.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not LEVEL=R,A,S, such as L1=1.5,-20,33") from None
    return level, (r, a, s)


def _analyze(options: argparse.Namespace) -> int:
    if (options.first is None) != (options.last is None) and (options.last is not None or not options.auto):
        raise MarrowQuantError("--first and --last belong together: give the centres of both vertebral bodies, or --auto.")
    if options.auto and (options.last is not None or options.rois):
        raise MarrowQuantError("--auto takes the place of --rois and --last; leave these out.")
    points = tuple(filter(None, (options.first, options.last))) if options.first or options.auto else None
    settings = settings_of(options)
    choices = {"settings": settings, "rois": options.rois, "points": points, "subject": read_subject(options)}
    given = dict(options.muscle)
    choices["muscle"] = [given.get(label) for label in workflow.LABELS]
    choices.update(**knowledge_of(options), skeletons=options.skeletons, limits=limits_of(options), model=model_of(options))
    main_job(options, options.exams, options.labs, options.out, **choices)
    return 0


def main_job(options: argparse.Namespace, exams: Sequence[Path], labs: Optional[Path], out: Path, **choices: Any) -> dict[str, Path]:
    """Analyse, write, and print the summary and where everything is; ``choices`` go to :func:`workflow.analyze`."""
    results_folder(out, options.overwrite, exams)
    per_slice = getattr(options, "per_slice", None)
    for also in filter(None, (options.dicom, options.pdf, options.xlsx, per_slice)):
        refuse_inside(also, exams)
    refuse_existing([path for path in (options.pdf, options.xlsx, per_slice) if path], options.overwrite)
    if options.dicom:
        refuse_in_vain(options.dicom)
    existing_inputs([*exams, labs, *choices.get("rois", ()), *choices.get("skeletons", ())])
    results = workflow.analyze(exams, labs=labs, progress=workflow.part(progress_bar, 0.0, 0.8), **choices)
    writer = None if options.no_scene else scene_writer()
    written = workflow.export(
        results, out, language=options.language, scene_writer=writer, overwrite=options.overwrite,
        cover=Cover(options.case, options.reader), progress=workflow.part(progress_bar, 0.8, 1.0),
    )  # fmt: skip
    if options.dicom or options.pdf or options.xlsx:
        known = {key: choices[key] for key in ("overrides", "dates", "same_patient") if key in choices}
        files = workflow.read_exams(exams, **known)
        found = write_exports(results, files, options, workflow.part(progress_bar, 0.9, 1.0))
        written |= {kind: path for kind, path in found.items() if kind in ("pdf", "xlsx")}
        written |= {"dicom": options.dicom} if options.dicom else {}
    if per_slice:
        written |= {"per slice": write_slices(results, per_slice)}
    progress_bar.end()
    print(summary(results))
    for kind, path in written.items():
        print(f"{kind:>12}: {path}")
    if writer is None and not options.no_scene:
        print(f"       scene: not written, because {HOW_TO_GET_SCENES}")
    return written
