"""``marrowquant response``: the estimate for two exams that were measured before, or are measured now; and building a model file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from .. import workflow
from ..model import RESEARCH_USE_ONLY, LabHistory, MarrowQuantError, Results, Settings, grouped, iso_date
from ..response import ResponseModel, assess, laboratory_findings, labs_for, load_model, read_history
from ..response.build import build_model, write_model
from ..results import read_results
from ..results.codec import encode, plain
from ..results.read import refuse_several_patients
from .inspect import add_knowledge, knowledge_of
from .outputs import add_overwrite, output_file
from .progress import progress_bar
from .summary import summary
from .thresholds import add_model as add_model_option
from .thresholds import add_settings, settings_of


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant response``."""
    parser.add_argument("baseline", type=Path, metavar="BASELINE", help="results.json (its first exam), its folder, or a DICOM folder")
    parser.add_argument("follow_up", type=Path, metavar="FOLLOWUP", help="results.json (its last exam), its folder, or a DICOM folder")
    parser.add_argument("--labs", type=Path, help="laboratory sheet; without it the values stored with the results count")
    add_model_option(parser)
    add_settings(parser)
    add_knowledge(parser, 2)
    parser.add_argument("--json", action="store_true", help="print one object instead of text")
    parser.set_defaults(command=_response)


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the actions of ``marrowquant response-model``."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    maker = actions.add_parser("build", help="make a model from a source file whose published tables were filled in")
    maker.add_argument("source", type=Path, metavar="SOURCE", help="a copy of the bundled model file with 'published_tables' filled in")
    maker.add_argument("--out", type=Path, required=True, metavar="FILE", help="model file to write")
    add_overwrite(maker)
    maker.set_defaults(command=_build)


def _response(options: argparse.Namespace) -> int:
    model = load_model(options.model)
    choices = {"settings": settings_of(options), **knowledge_of(options)}
    results = compare_results(options.baseline, options.follow_up, options.labs, model, **choices)
    progress_bar.end()
    if options.json:
        print(json.dumps(_as_dict(results), ensure_ascii=False, indent=1))
    else:
        print(summary(results))
    return 0


def compare_results(baseline: Path, follow_up: Path, labs: Optional[Path], model: ResponseModel, **choices: Any) -> Results:
    """Changes, estimate and assessment of two exams from wherever they are; ``choices`` go to :func:`workflow.analyze` for DICOM."""
    first, second = _source(baseline), _source(follow_up)
    if first is None or second is None:
        if first is not None or second is not None:
            raise MarrowQuantError("One exam is a results.json and the other a DICOM folder; give two of the same kind.")
        return workflow.analyze([baseline, follow_up], labs=labs, model=model, progress=progress_bar, **choices)
    refuse_several_patients([first, second])
    exams = [first.exams[0], second.exams[-1]]
    if labs:
        history = read_history(labs)
        found = labs_for(history.values, [exam.date for exam in exams])
        exams = [replace(exam, labs=values) for exam, values in zip(exams, found)]
    else:
        history = _together([first.history, second.history])
    warnings = (*workflow.pair_findings(exams), *laboratory_findings(history, exams))
    return replace(workflow.conclude(exams, Settings(kind=second.settings.kind), model), history=history, findings=warnings)


def _source(path: Path) -> Optional[Results]:
    """The results at a path; None for a folder without results.json, which then must hold DICOM files."""
    is_exam = path.is_dir() and not (path / "results.json").is_file()
    return None if is_exam else read_results(path)


def _together(histories: Sequence[LabHistory]) -> LabHistory:
    values = {(v.test, v.date): v for history in histories for v in history.values}
    notes = {(n.kind, n.name, n.date): n for history in histories for n in history.notes}
    remarks = dict.fromkeys(remark for history in histories for remark in history.findings)
    return LabHistory(tuple(values.values()), tuple(notes.values()), tuple(remarks))


def _as_dict(results: Results) -> dict[str, Any]:
    estimate, assessment = results.response, assess(results)
    return {
        "research_use_only": RESEARCH_USE_ONLY,
        "synthetic": any(exam.synthetic for exam in results.exams),
        "baseline": iso_date(results.exams[0].date),
        "follow_up": iso_date(results.exams[1].date),
        "predictors": plain(workflow.predictors(results.changes)),
        "response": encode(estimate) if estimate else None,
        "imwg": encode(assessment.imwg) if assessment.imwg else None,
        "blood": encode(assessment.blood) if assessment.blood else None,
        "stages": [encode(stage) for stage in assessment.stages],
        "findings": plain(grouped([*results.findings, *(flag for change in results.changes for flag in change.findings)])),
    }


def _build(options: argparse.Namespace) -> int:
    spec = build_model(options.source)
    path = write_model(spec, output_file(options, [options.source]))
    print(f"Model {spec['id']}: {spec['label']}. {path}")
    return 0
