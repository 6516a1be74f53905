"""Age and sex on the command line: both or none."""

from __future__ import annotations

import argparse
from typing import Optional

from ..followup.normal import FEMALE, MALE
from ..model import MarrowQuantError, Subject


def add_subject(parser: argparse.ArgumentParser) -> None:
    """Add ``--age`` and ``--sex``; :func:`read_subject` reads them."""
    parser.add_argument("--age", type=float, help="age in years at the first exam, to show published normal fat fractions")
    parser.add_argument("--sex", choices=(FEMALE, MALE), help="as --age; neither is ever read from the images")


def read_subject(options: argparse.Namespace) -> Optional[Subject]:
    """What was given, or None.

    Raises
    ------
    MarrowQuantError
        If only one of the two was given, or the age is impossible.
    """
    if options.age is None and options.sex is None:
        return None
    if options.age is None or options.sex is None:
        raise MarrowQuantError("--age and --sex belong together: published normal values depend on both.")
    if not 0 <= options.age <= 120:
        raise MarrowQuantError("An age of {age:g} years is not possible; give the age in years.", age=options.age)
    return Subject(options.age, options.sex)
