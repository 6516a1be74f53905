"""``marrowquant``: the same workflow as the panel, from a shell.

Exit codes: 0 done; 1 the input cannot be used (one sentence on standard error says why and what to do); 2 the command was mistyped;
130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from . import __version__, dicom, phantom, workflow
from .longitudinal import INDICES, flag_kind, label_of
from .model import RESEARCH_USE_ONLY, Change, ExamResult, MarrowQuantError, Measurement, Results, Settings

BAR_WIDTH = 30
FOLLOWED = tuple(index.key for index in INDICES)  # the levels' own changes stand in the report
SECONDS_BETWEEN_LINES = 2.0  # where standard error is a file, as in a batch


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console that cannot show µ must not end the measurement
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except MarrowQuantError as error:
        _progress_bar.end()
        print(f"marrowquant: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        _progress_bar.end()
        print("marrowquant: interrupted; nothing was written.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="marrowquant", description=f"Quantitative bone-marrow MRI. {RESEARCH_USE_ONLY}")
    parser.add_argument("--version", action="version", version=f"marrowquant {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    inspect = commands.add_parser("inspect", help="list what each volume in a folder is, and why")
    inspect.add_argument("folder", type=Path, metavar="FOLDER")
    inspect.add_argument("--json", action="store_true", help="print a list of objects instead of a table")
    inspect.set_defaults(command=_inspect)

    analyze = commands.add_parser("analyze", help="measure one or two exams and write results, tables, report and scene")
    analyze.add_argument("exams", nargs="+", type=Path, metavar="EXAM", help="baseline and follow-up, or one folder with both dates")
    analyze.add_argument("--labs", type=Path, help="laboratory sheet, CSV with the columns date,test,value,unit")
    analyze.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    analyze.add_argument("--rois", type=Path, nargs="+", default=(), metavar="FILE", help=".mrk.json of the exams, in the same order")
    analyze.add_argument("--first", type=_point, metavar="LEVEL=R,A,S", help="centre of the first vertebral body, RAS in mm")
    analyze.add_argument("--last", type=_point, metavar="LEVEL=R,A,S", help="centre of the last vertebral body")
    analyze.add_argument(
        "--tdv-ratio", type=float, default=Settings.tdv_signal_ratio, help="tDV threshold, high-b signal over muscle (default: %(default)s)"
    )
    _add_output_options(analyze)
    analyze.set_defaults(command=_analyze)

    simulate = commands.add_parser("phantom", help="write the digital patient as DICOM, with the truth beside it")
    simulate.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to create")
    _add_phantom_options(simulate)
    simulate.set_defaults(command=_phantom)

    demo = commands.add_parser("demo", help="the main job on the digital patient")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR", help="folder (default: %(default)s)")
    _add_phantom_options(demo)
    _add_output_options(demo)
    demo.set_defaults(command=_demo)
    return parser


def _add_phantom_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--story", choices=("responder", "non-responder"), default="responder")
    parser.add_argument("--dialect", choices=("philips", "siemens", "ge"), default="philips")
    parser.add_argument("--seed", type=int, default=1)


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", choices=("en", "ja"), default="en", help="language of the report")
    parser.add_argument("--no-scene", action="store_true", help="do not write scene.mrb")


def _point(text: str) -> tuple[str, tuple[float, float, float]]:
    """``L1=1.5,-20,33`` as (level, RAS)."""
    level, _, numbers = text.partition("=")
    try:
        r, a, s = (float(n) for n in numbers.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not LEVEL=R,A,S, such as L1=1.5,-20,33") from None
    return level, (r, a, s)


# --------------------------------------------------------------------------------------------------------------- commands
def _inspect(options: argparse.Namespace) -> int:
    volumes = dicom.scan(options.folder, _progress_bar)
    _progress_bar.end()
    rows = [volume.as_row(used=workflow.volume_is_usable(volume)) for volume in volumes]
    print(json.dumps(rows, indent=1, ensure_ascii=False) if options.json else dicom.inspect_table(rows))
    return 0


def _analyze(options: argparse.Namespace) -> int:
    if (options.first is None) != (options.last is None):
        raise MarrowQuantError("--first and --last belong together: give the centres of both vertebral bodies.")
    points = (options.first, options.last) if options.first else None
    settings = Settings(tdv_signal_ratio=options.tdv_ratio)
    _main_job(options, options.exams, options.labs, options.out, settings=settings, rois=options.rois, points=points)
    return 0


def _phantom(options: argparse.Namespace) -> int:
    patient = phantom.write_patient(
        options.out, story=options.story, dialect=options.dialect, seed=options.seed, progress=_progress_bar
    )
    _progress_bar.end()
    print(f"Digital patient ({options.story}, {options.dialect}-like, seed {options.seed}): {patient.folder}")
    return 0


def _demo(options: argparse.Namespace) -> int:
    folder = options.out / f"patient-{options.story}-{options.dialect}-{options.seed}"
    if not folder.exists():
        phantom.write_patient(folder, story=options.story, dialect=options.dialect, seed=options.seed, progress=_progress_bar)
        _progress_bar.end()
    print(f"Digital patient, synthetic, with the truth beside it: {folder}")
    patient = phantom.PhantomPatient(folder, folder / "baseline", folder / "follow-up", folder / "labs.csv", folder / "truth.json")
    start = time.perf_counter()
    written = _main_job(options, (patient.baseline, patient.follow_up), patient.labs, options.out / "results")
    print(f"From DICOM to report in {time.perf_counter() - start:.1f} s.")
    print(f"Report: {written['report']}")
    return 0


def _main_job(options: argparse.Namespace, exams: Sequence[Path], labs: Optional[Path], out: Path, **choices: object) -> dict[str, Path]:
    workflow.prepare_output(out)
    results = workflow.analyze(exams, labs=labs, progress=workflow.part(_progress_bar, 0.0, 0.8), **choices)
    writer = None if options.no_scene else _scene_writer()
    written = workflow.export(
        results, out, language=options.language, scene_writer=writer, progress=workflow.part(_progress_bar, 0.8, 1.0)
    )
    _progress_bar.end()
    print(summary(results))
    for kind, path in written.items():
        print(f"{kind:>12}: {path}")
    if writer is None and not options.no_scene:
        print("       scene: not written, because slicer-core is not installed (python -m pip install 'marrowquant[scene]')")
    return written


def _scene_writer() -> Optional[workflow.SceneWriter]:
    from .scene import headless

    if not headless.available():
        return None
    from .scene.results_scene import write_scene

    return lambda results, path, progress: write_scene(results, path, progress=progress)


# ---------------------------------------------------------------------------------------------------------------- summary
def summary(results: Results) -> str:
    """What a reader wants to see first, as plain text."""
    lines = [RESEARCH_USE_ONLY]
    if any(exam.synthetic for exam in results.exams):
        lines.append("Synthetic data: a simulated patient, not a person.")
    lines += ["", *_vertebra_table(results.exams), ""]
    for exam in results.exams:
        lines += _burden_lines(exam)
    if results.changes:
        lines += ["", "Change from baseline to follow-up"]
        lines += [f"  {_change_line(change)}" for change in results.changes if change.name in FOLLOWED]
    if results.response is not None:
        lines += ["", *_response_lines(results)]
    warnings = dict.fromkeys([*results.warnings, *(f"{exam.label}: {w}" for exam in results.exams for w in exam.warnings)])
    if warnings:
        lines += ["", "To know", *(f"  - {warning}" for warning in warnings)]
    return "\n".join([*lines, ""])


def _vertebra_table(exams: Sequence[ExamResult]) -> list[str]:
    levels = list(dict.fromkeys(v.roi.level for exam in exams for v in exam.vertebrae))
    if not levels:
        return ["No vertebra was measured."]
    header = f"{'Vertebra':<10}" + "".join(f"{exam.label + ' FF':>16}{'ADC (median)':>18}" for exam in exams)
    rows = []
    for level in levels:
        cells = []
        for exam in exams:
            found = next((v.measurements for v in exam.vertebrae if v.roi.level == level), {})
            cells.append(f"{_value(found.get('ff')):>16}{_value(found.get('adc'), 0):>18}")
        rows.append(f"{level:<10}" + "".join(cells))
    mean = f"{'Mean L1–L5':<10}" + "".join(
        f"{_value(exam.lumbar.get('ff')):>16}{_value(exam.lumbar.get('adc'), 0):>18}" for exam in exams
    )
    return [header, *rows, mean]


def _value(measurement: Optional[Measurement], digits: int = 1) -> str:
    return "–" if measurement is None else f"{measurement.value:.{digits}f} {measurement.unit}"


def _burden_lines(exam: ExamResult) -> list[str]:
    if exam.burden is None:
        return [f"Tumour load, {exam.label} ({exam.date}): not measured"]
    accepted = sum(component.state == "accepted" for component in exam.burden.components)
    return [
        f"Tumour load, {exam.label} ({exam.date}): tDV {_value(exam.burden.tdv)} in {accepted} components, "
        f"ADC median {_value(exam.burden.gadc, 0)}"
    ]


def _change_line(change: Change) -> str:
    relative = "" if change.relative_percent is None else f" ({change.relative_percent:+.0f} %)"
    flags = f"   [{', '.join(flag_kind(flag) for flag in change.flags)}]" if change.flags else ""
    values = f"{change.baseline:.4g} → {change.follow_up:.4g} {change.unit}"
    return f"{label_of(change.name)}: {values}, {change.absolute:+.4g} {change.absolute_unit}{relative}{flags}"


def _response_lines(results: Results) -> list[str]:
    response = results.response
    if response.probability is None:
        lines = ["Probability of CR/VGPR: not given"]
    else:
        low, high = response.interval
        lines = [f"Probability of CR/VGPR: {100 * response.probability:.0f} % (95 % interval {100 * low:.0f} to {100 * high:.0f} %)"]
    lines.append(f"  Model {response.model_id}: {response.label}")
    lines += [f"  {c.predictor.replace('_', ' ')}: {c.value:+.1f} {c.unit}, contribution {c.logit:+.2f} to the log odds" for c in response.contributions]
    return [*lines, *(f"  {warning}" for warning in response.warnings)]


# --------------------------------------------------------------------------------------------------------------- progress
class _ProgressBar:
    """A bar that redraws itself on a terminal; elsewhere a line every few seconds."""

    def __init__(self) -> None:
        self.shown, self.printed_at = "", 0.0

    def __call__(self, fraction: float, text: str) -> None:
        filled = round(BAR_WIDTH * fraction)
        line = f"[{'█' * filled}{'·' * (BAR_WIDTH - filled)}] {100 * fraction:3.0f} %  {text}"
        if sys.stderr.isatty():
            print(f"\r{line:<{len(self.shown)}}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self.printed_at > SECONDS_BETWEEN_LINES:
            print(line, file=sys.stderr, flush=True)
            self.printed_at = time.monotonic()
        self.shown = line

    def end(self) -> None:
        if self.shown and sys.stderr.isatty():
            print(file=sys.stderr)
        self.shown = ""


_progress_bar = _ProgressBar()
