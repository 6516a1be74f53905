"""``marrowquant burden`` and ``marrowquant follow``: tumour load of one exam, and what became of it at the next."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from .. import workflow
from ..followup import follow
from ..followup.lesion_rows import LesionRow, lesion_rows
from ..followup.region_loads import RegionLoad, region_loads
from ..model import ExamResult, MarrowQuantError, Results, certain
from ..results import results_to_dict, rows
from .inspect import add_knowledge, knowledge_of
from .outputs import add_overwrite, existing_inputs, results_folder
from .progress import progress_bar
from .thresholds import add_limits, add_model, add_settings, limits_of, model_of, muscle, settings_of


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant burden``."""
    parser.add_argument("exam", type=Path, metavar="EXAM")
    _add_options(parser)
    parser.set_defaults(command=_burden)


def add_follow(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant follow``."""
    told = "folder that 'marrowquant burden' or 'follow' wrote, or that holds the DICOM objects of an exam ('marrowquant export', 'fetch')"
    parser.add_argument("baseline", type=Path, metavar="BASELINE_RESULTS", help=told)
    parser.add_argument("exam", type=Path, metavar="EXAM")
    _add_options(parser)
    add_limits(parser)
    add_model(parser)
    parser.set_defaults(command=_follow)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    add_overwrite(parser)
    parser.add_argument("--rois", type=Path, metavar="FILE", help=".mrk.json with vertebral ROIs (default: the one beside the exam)")
    parser.add_argument("--skeleton", type=Path, metavar="FILE", help="mask of bone (NIfTI, NRRD): only what lies in it counts")
    said = "a point in muscle, RAS in mm, or its high-b signal, to normalise to (default: found automatically); write --muscle=R,A,S"
    parser.add_argument("--muscle", type=muscle, metavar="R,A,S", help=said)
    add_knowledge(parser, 1)
    add_settings(parser)
    parser.add_argument("--language", choices=("en", "ja"), default="en", help="language of the report")
    parser.add_argument("--json", action="store_true", help="print the tumour load (and the lesions' changes) as JSON")


def _burden(options: argparse.Namespace) -> int:
    results_folder(options.out, options.overwrite, [options.exam])
    existing_inputs([options.exam, options.rois, options.skeleton])
    results = workflow.analyze(
        [options.exam],
        rois=[options.rois] if options.rois else (),
        skeletons=[options.skeleton] if options.skeleton else (),
        muscle=[options.muscle],
        settings=settings_of(options),
        **knowledge_of(options),
        progress=workflow.part(progress_bar, 0.0, 0.9),
    )
    _finish(results, options)
    return 0


def _follow(options: argparse.Namespace) -> int:
    results_folder(options.out, options.overwrite, [options.exam])
    existing_inputs([options.exam, options.rois, options.skeleton])
    baseline = workflow.read_baseline(options.baseline)
    results = workflow.follow(
        baseline,
        options.exam,
        rois=options.rois,
        skeleton=options.skeleton,
        muscle=options.muscle,
        settings=settings_of(options),
        limits=limits_of(options),
        model=model_of(options),
        **knowledge_of(options),
        progress=workflow.part(progress_bar, 0.0, 0.9),
    )
    _finish(results, options)
    return 0


def _finish(results: Results, options: argparse.Namespace) -> None:
    exam = results.exams[-1]
    if exam.burden is None:
        if exam.findings:
            raise MarrowQuantError("There is no tumour load: {findings}", findings=exam.findings)
        raise MarrowQuantError("The exam has no diffusion images, so there is no tumour load to measure.")
    written = workflow.export(
        results, options.out, language=options.language, overwrite=options.overwrite, progress=workflow.part(progress_bar, 0.9, 1.0)
    )
    follow.write_exam(exam, Path(options.out))
    progress_bar.end()
    if options.json:
        plain = results_to_dict(results)
        shown = {key: plain["exams"][-1][key] for key in ("burden", "burden_parts", "stations")}
        if shown["burden"]:  # as sentences: a code and values are not read in a shell
            shown["burden"]["flags"] = [str(told) for told in (*certain(exam.burden).findings, *exam.findings)]
        print(json.dumps({**shown, "lesions": plain["lesions"]}, ensure_ascii=False, indent=1))
        return
    print(_table(exam, lesion_rows(results), region_loads(results)))
    for kind, path in written.items():
        print(f"{kind:>12}: {path}")


def _table(exam: ExamResult, lesions: Sequence[LesionRow], regions: Sequence[RegionLoad]) -> str:
    burden = certain(exam.burden)
    tdv, gadc = (rows.cell_of(key, found).with_unit() for key, found in (("tdv", burden.tdv), ("gadc", burden.gadc)))
    threshold = f"high b >= {burden.signal_ratio_threshold:g} × muscle"
    lines = [f"tDV {tdv}, gADC {gadc} ({threshold})"]
    if burden.infiltration:
        found = burden.infiltration
        remark = found.remark or ""
        lines.append(f"Proposed pattern: {found.pattern}, {found.focal_lesions} focal lesions longer than 5 mm. {remark}".rstrip())
    lines += ["", f"{'lesion':>8} {'mL':>8} {'mm':>5} {'ADC':>6}  {'state':<13} region"]
    for row in rows.components(burden.components).rows:
        name = row["lesion"].text() or ("" if lesions else f"#{row['label'].text()}")
        volume, length, adc, state, region = (row[key].text() for key in ("volume", "longest_diameter", "adc_median", "state", "region"))
        lines.append(f"{name:>8} {volume:>8} {length:>5} {adc:>6}  {state:<13} {region}")
    lines += ["", *_by_region(regions, bool(lesions))] if regions else []
    if lesions:
        lines += ["", "What became of the baseline's lesions"]
        for row in rows.lesions(lesions).rows:
            name, kind, region, rac = (row[key].text() for key in ("name", "kind", "region", "rac"))
            lines.append(f"{name:>8}  {kind:<11} {rows.both(row, 'volume') + ' mL':<20} RAC {rac}  {region}")
    lines += ["", *(f"  - {warning}" for warning in exam.findings)] if exam.findings else []
    return "\n".join(lines)


def _by_region(regions: Sequence[RegionLoad], two_exams: bool) -> list[str]:
    lines = ["Accepted load by region"]
    for row in rows.region_loads(regions).rows:
        volume = rows.both(row, "volume") if two_exams else row["volume_before"].text()
        told = [f"{title} {row[key].text()}" for key, title in (("rac", "RAC"), ("second_rac", "second")) if row[key].value is not None]
        lines.append(f"  {volume + ' mL':<20} {', '.join([row['region'].text(), *told])}")
    return lines
