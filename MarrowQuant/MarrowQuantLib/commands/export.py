"""``marrowquant export``: results as DICOM objects, as a PDF, as a workbook."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..dicom import ExamFiles, is_segmentation_object, read_mask
from ..io.atomic import refuse_existing, refuse_inside
from ..io.imagefiles import read_volumes
from ..model import MarrowQuantError, Progress, Results
from ..results import read_results
from .inspect import add_knowledge, knowledge_of
from .outputs import add_overwrite, existing_inputs
from .progress import progress_bar


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant export``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="folder with results.json, or the file")
    parser.add_argument("exams", nargs="*", type=Path, metavar="EXAM", help="the exams' images, in the order of the results (for --dicom)")
    parser.add_argument("--dicom", type=Path, metavar="DIR", help="new folder for segmentations, maps, report and PDF as DICOM objects")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="the report as PDF (with pictures if the exams are given)")
    parser.add_argument("--xlsx", type=Path, metavar="FILE", help="the tables as a workbook, one sheet a table")
    parser.add_argument("--language", choices=("en", "ja"), default="en", help="of PDF and workbook")
    add_cover(parser)
    add_overwrite(parser)
    parser.add_argument("--skeletons", type=Path, nargs="+", default=(), metavar="FILE", help="masks of bone they were measured with")
    add_knowledge(parser, "+")
    parser.set_defaults(command=_export)


def add_cover(parser: argparse.ArgumentParser) -> None:
    """Add what the user says of the report: a label of the case and the reader."""
    parser.add_argument("--case", default="", metavar="LABEL", help="label of the case in report and PDF")
    parser.add_argument("--reader", default="", metavar="NAME", help="name of the reader in report, PDF and DICOM report")


def _export(options: argparse.Namespace) -> int:
    from .. import workflow
    from ..export import refuse_in_vain
    from ..export.restore import restore

    if not any((options.dicom, options.pdf, options.xlsx)):
        raise MarrowQuantError("Nothing to export: say what, such as --dicom DIR, --pdf FILE or --xlsx FILE.")
    existing_inputs([options.results, *options.exams, *options.skeletons])
    results = read_results(options.results)
    if options.dicom and not options.exams:
        raise MarrowQuantError("The DICOM objects need the exams' images: give their folders behind the results, in the same order.")
    refuse_existing([path for path in (options.pdf, options.xlsx) if path], options.overwrite)
    if options.dicom:
        refuse_in_vain(options.dicom)
    exams: list[ExamFiles] = []
    if options.exams:
        for out in filter(None, (options.dicom, options.pdf, options.xlsx)):
            refuse_inside(out, options.exams)
        exams = workflow.read_exams(options.exams, workflow.part(progress_bar, 0.0, 0.1), **knowledge_of(options))
        masks = [read_mask(path) if is_segmentation_object(path) else read_volumes(path)[0] for path in options.skeletons]
        results = restore(results, exams, skeletons=masks, progress=workflow.part(progress_bar, 0.1, 0.6))
    written = write_exports(results, exams, options, workflow.part(progress_bar, 0.6, 1.0))
    progress_bar.end()
    for kind, path in written.items():
        print(f"{kind:>24}: {path}")
    return 0


def write_exports(results: Results, exams: Sequence[ExamFiles], options: argparse.Namespace, progress: Progress) -> dict[str, Path]:
    """Write what the options ask for: workbook, PDF, DICOM objects."""
    from .. import workflow
    from ..report.paper import write_paper
    from ..report.shown import Cover
    from ..report.workbook import write_workbook

    written = {}
    cover = Cover(options.case, options.reader)
    if options.xlsx:
        written["xlsx"] = write_workbook(results, options.xlsx, options.language)
    if options.pdf:
        written["pdf"] = write_paper(results, options.pdf, options.language, cover)
    if options.dicom:
        written |= workflow.export_dicom(results, exams, options.dicom, cover=cover, language=options.language, progress=progress)
    return written
