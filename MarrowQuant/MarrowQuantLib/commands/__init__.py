"""The commands of ``marrowquant``, one file a subject; each adds its own options and prints its own result.

Nothing of a command is imported before it is asked for: the help and the version must not wait for the numerics.
"""

from __future__ import annotations

import argparse
import importlib
from typing import Any

COMMANDS = {
    "inspect": ("inspect.add", "list what each volume in a folder is, and why"),
    "analyze": ("analyze.add", "measure one or two exams and write results, tables, report and scene"),
    "burden": ("burden.add", "tumour load of one exam: tDV, lesions with region and ADC, infiltration pattern"),
    "follow": ("burden.add_follow", "a follow-up against results that 'burden' wrote: ROIs carried over, lesions matched"),
    "adc": ("adc.add", "compute ADC maps from NIfTI or NRRD images, or from DICOM"),
    "pdff": ("pdff.add", "compute fat-fraction maps from NIfTI or NRRD echoes, or from DICOM"),
    "batch": ("batch.add", "the main job on every case of a manifest, on one machine or several"),
    "phantom": ("phantom.add", "write the digital patient as DICOM, with the truth beside it"),
    "demo": ("phantom.add_demo", "the main job on the digital patient"),
    "deidentify": ("deidentify.add", "copy MR images without identity (DICOM PS3.15 Annex E), with what measuring needs"),
    "response": ("response.add", "response estimate, IMWG category and stage for two exams"),
    "response-model": ("response.add_model", "make response-model files"),
    "timeline": ("timeline.add", "draw one patient's course over any number of dates"),
    "cohort": ("cohort.add", "statistics of many patients: ROC, logistic regression, a response model of one's own"),
    "vertebrae": ("vertebrae.add", "segment the vertebral bodies between two clicks, or take over another tool's labels"),
    "repeatability": ("repeatability.add", "a site's own limits of change from repeated readings or scans"),
}
"""Name of a command: the function of this package that adds its options to a parser, and its line in the help."""


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command; it imports the command when it has to parse its arguments."""

    def __init__(self, *args: Any, options: str = "", **others: Any) -> None:
        super().__init__(*args, **others)
        self._options = options

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[override]  # overloads; argparse calls it so
        if self._options:
            module, function = self._options.split(".")
            self._options = ""
            getattr(importlib.import_module(f"{__name__}.{module}"), function)(self)
        return super().parse_known_args(args, namespace)


def add_all(parser: argparse.ArgumentParser) -> None:
    """Add every command to the parser. A command's ``command`` takes the parsed options and returns the exit code."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_CommandParser)
    for name, (options, words) in COMMANDS.items():
        commands.add_parser(name, help=words, options=options)
