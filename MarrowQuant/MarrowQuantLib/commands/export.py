"""``marrowquant export``: results as DICOM objects, as a PDF, as a workbook."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..dicom import is_segmentation_object, read_mask
from ..io.atomic import refuse_existing, refuse_inside
from ..io.imagefiles import read_volumes
from ..model import MarrowQuantError
from ..results import read_results
from .inspect import add_knowledge, knowledge_of
from .outputs import existing_inputs
from .progress import progress_bar


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant export``."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="folder with results.json, or the file")
    parser.add_argument("exams", nargs="*", type=Path, metavar="EXAM", help="the exams' images, in the order of the results (for --dicom)")
    parser.add_argument("--dicom", type=Path, metavar="DIR", help="new folder for segmentations, maps, report and PDF as DICOM objects")
    parser.add_argument("--skeletons", type=Path, nargs="+", default=(), metavar="FILE", help="masks of bone they were measured with")
    add_knowledge(parser, "+")
    parser.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> int:
    from .. import workflow
    from ..export.restore import restore

    if options.dicom is None:
        raise MarrowQuantError("Nothing to export: say what, such as --dicom DIR.")
    existing_inputs([options.results, *options.exams, *options.skeletons])
    results = read_results(options.results)
    if not options.exams:
        raise MarrowQuantError("The DICOM objects need the exams' images: give their folders behind the results, in the same order.")
    refuse_inside(options.dicom, options.exams)
    refuse_existing([options.dicom], False)
    exams = workflow.read_exams(options.exams, workflow.part(progress_bar, 0.0, 0.1), **knowledge_of(options))
    masks = [read_mask(path) if is_segmentation_object(path) else read_volumes(path)[0] for path in options.skeletons]
    results = restore(results, exams, skeletons=masks, progress=workflow.part(progress_bar, 0.1, 0.6))
    written = workflow.export_dicom(results, exams, options.dicom, progress=workflow.part(progress_bar, 0.6, 1.0))
    progress_bar.end()
    for kind, path in written.items():
        print(f"{kind:>24}: {path}")
    return 0
