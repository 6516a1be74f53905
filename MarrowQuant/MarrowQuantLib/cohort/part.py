"""One analysis as its page shows it: tables, figures, and what was done in the words of a methods section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """A table under its title; the header is English, so that a CSV file is the same in every language."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Part:
    """The result of one analysis.

    Attributes
    ----------
    title, about : str
        The question, and the patients that the numbers belong to.
    tables : mapping of str to Table
        By the name of their CSV file; the first one is the answer in short.
    figures : mapping of str to str
        SVG, by the name of their file.
    methods : tuple of str
        Sentences; nothing that was not done is named.
    findings, warnings : tuple of str
        What was found in the table before, and what a reader must know about the numbers.
    remarks : tuple of str
        Numbers that stand in no table, as sentences.
    """

    title: str
    about: str
    tables: Mapping[str, Table]
    figures: Mapping[str, str]
    methods: tuple[str, ...]
    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
