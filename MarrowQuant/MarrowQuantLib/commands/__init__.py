"""The commands of ``marrowquant``, one file a subject; each adds its own options and prints its own result.

Nothing of a command is imported before it is asked for: the help and the version must not wait for the numerics.
"""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Iterable
from typing import Any

COMMANDS = {
    "inspect": ("inspect.add", "list what each volume in a folder is, and why",
        "inspect exam --json"),
    "analyze": ("analyze.add", "measure one or two exams and write results, tables, report and scene",
        "analyze baseline follow-up --labs labs.csv --out results"),
    "burden": ("burden.add", "tumour load of one exam: tDV, lesions with region and ADC, infiltration pattern",
        "burden exam --out burden"),
    "follow": ("burden.add_follow", "a follow-up against results that 'burden' wrote: ROIs carried over, lesions matched",
        "follow burden follow-up --out next"),
    "adc": ("adc.add", "compute ADC maps from NIfTI or NRRD images, or from DICOM",
        "adc dwi.nii.gz --out maps"),
    "pdff": ("pdff.add", "compute fat-fraction maps from NIfTI or NRRD echoes, or from DICOM",
        "pdff exam --out maps"),
    "export": ("export.add", "results as DICOM objects for a PACS: segmentations, maps, report",
        "export results baseline follow-up --dicom objects"),
    "send": ("pacs.add_send", "DICOM objects to a PACS, by C-STORE or DICOMweb",
        "send objects dicom://PACS@127.0.0.1:4242"),
    "fetch": ("pacs.add_fetch", "one study from a PACS, by C-GET or DICOMweb",
        "fetch dicom://PACS@127.0.0.1:4242 --list"),
    "batch": ("batch.add", "the main job on every case of a manifest, on one machine or several",
        "batch manifest.csv --out results --jobs 2"),
    "phantom": ("phantom.add", "write the digital patient as DICOM, with the truth beside it",
        "phantom --out patient --story non-responder --dialect siemens"),
    "demo": ("phantom.add_demo", "the main job on the digital patient",
        "demo --out demo-output"),
    "deidentify": ("deidentify.add", "copy MR images without identity (DICOM PS3.15 Annex E), with what measuring needs",
        "deidentify exam copy --key project.key"),
    "response": ("response.add", "response estimate, IMWG category and stage for two exams",
        "response baseline-results follow-up-results --labs labs.csv"),
    "response-model": ("response.add_model", "make response-model files",
        "response-model --help"),
    "timeline": ("timeline.add", "draw one patient's course over any number of dates",
        "timeline results-1 results-2 results-3 --labs labs.csv --out course.svg"),
    "cohort": ("cohort.add", "statistics of many patients: ROC, logistic regression, a response model of one's own",
        "cohort report results --outcomes outcomes.csv --outcome response --predictors ff_change,m_protein_change --out report"),
    "classify": ("classify.add", "MDS or aplastic anaemia on spine MRI: compare, train and ask classifiers",
        "classify study --out study"),
    "vertebrae": ("vertebrae.add", "segment the vertebral bodies in view, between two clicks, or from another tool's labels",
        "vertebrae image.nii.gz --click L1=-2,-10,70 --click L5=-1,-11,-76 --out bodies.seg.nrrd"),
    "readers": ("readers.add", "the tumour loads of two readers on the same exams, compared: Dice, kappa, ICC, ADC",
        "readers --first READER1/EXAM1 READER1/EXAM2 --second READER2/EXAM1 READER2/EXAM2"),
    "repeatability": ("repeatability.add", "a site's own limits of change from repeated readings or scans",
        "repeatability readings.csv --index adc --out limits.json"),
}
"""Name of a command: the function of this package that adds its options to a parser, its line in the help, and an example."""

EXIT_CODES = "Exit codes: 0 done; 1 the input cannot be used, and a sentence says why; 2 the command was mistyped; 130 interrupted."


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command; it imports the command when it has to parse its arguments."""

    def __init__(self, *args: Any, options: str = "", **others: Any) -> None:
        super().__init__(*args, **others)
        self._options = options

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[override]  # overloads; argparse calls it so
        self.add_options()
        return super().parse_known_args(args, namespace)

    def add_options(self) -> None:
        """Import the command and add its options, once."""
        if self._options:
            module, function = self._options.split(".")
            self._options = ""
            getattr(importlib.import_module(f"{__name__}.{module}"), function)(self)


def add_all(parser: argparse.ArgumentParser) -> None:
    """Add every command to the parser. A command's ``command`` takes the parsed options and returns the exit code."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_CommandParser)
    for name, (options, words, example) in COMMANDS.items():
        epilog = f"Example:  marrowquant {example}\n\n{EXIT_CODES}"
        commands.add_parser(name, help=words, options=options, epilog=epilog, formatter_class=_CommandHelp)
    complete(parser, commands.choices.values())


class _CommandHelp(argparse.HelpFormatter):
    """Fills the text of every option, and leaves the lines of the examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n\n" in text else super()._fill_text(text, width, indent)


def complete(parser: argparse.ArgumentParser, parsers: Iterable[argparse.ArgumentParser]) -> None:
    """Answer a shell that asks by this variable how a command line may go on; needs the package ``argcomplete``."""
    if "_ARGCOMPLETE" not in os.environ:
        return
    import argcomplete

    for each in parsers:
        each.add_options()  # type: ignore[attr-defined]  # all of them are _CommandParser
    argcomplete.autocomplete(parser)
