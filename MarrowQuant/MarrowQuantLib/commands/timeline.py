"""``marrowquant timeline``: one patient's course over any number of dates."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..followup.normal import normal_band
from ..model import iso_date
from ..report.timeline import history_over, kind_of, timeline_of, write_timeline
from ..response import read_history
from ..response.anaemia import blood_course
from ..results import read_results
from .outputs import add_overwrite, output_file
from .subject import add_subject, read_subject


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant timeline``."""
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULTS", help="results.json files of one patient, or their folders")
    parser.add_argument("--labs", type=Path, help="laboratory sheet with values and therapy between the exams")
    add_subject(parser)
    parser.add_argument("--out", type=Path, default=Path("timeline.svg"), metavar="FILE", help="SVG to write (default: %(default)s)")
    add_overwrite(parser)
    parser.add_argument("--language", choices=("en", "ja"), default="en")
    parser.set_defaults(command=_timeline)


def _timeline(options: argparse.Namespace) -> int:
    subject = read_subject(options)
    output_file(options, [*options.results, options.labs])
    cases = [read_results(path) for path in options.results]
    band = None
    if subject is not None:
        first = min((exam for case in cases for exam in case.exams), key=lambda exam: iso_date(exam.date) or "9999")
        band, words = normal_band(subject.age_years, subject.sex, first.protocol.get("ff_origin", ""))
        print(words)
    history = read_history(options.labs) if options.labs else None
    timeline = timeline_of(cases, history, band)
    write_timeline(timeline, options.out, options.language)
    print(f"Timeline of {len(timeline.dates)} dates: {options.out}")
    for date, blood in blood_course(history_over(cases, history), kind_of(cases)):
        print(f"Response by the blood, {date}: {blood.category or 'not graded'} ({blood.rule})")
    return 0
