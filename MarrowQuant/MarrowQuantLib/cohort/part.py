"""One analysis as its page shows it: tables, figures, and what was done in the words of a methods section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..model import Finding


@dataclass(frozen=True)
class Table:
    """A table under its title; the header is English, so that a CSV file is the same in every language."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    caption: str = ""


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
    findings : tuple of Finding
        What was found in the table before, then what a reader must know about the numbers.
    remarks : tuple of str
        Numbers that stand in no table, as sentences.
    captions : mapping of str to str
        What a figure shows, of how many patients and in which units, by the name of its file.
    """

    title: str
    about: str
    tables: Mapping[str, Table]
    figures: Mapping[str, str]
    methods: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()
    captions: Mapping[str, str] = field(default_factory=dict)


def renamed(part: Part, named: str, number: int) -> Part:
    """The part of a subgroup: its name in the title, and its number behind the names of all files."""
    return replace(
        part,
        title=f"{part.title} – {named}",
        tables={f"{name}_{number}": table for name, table in part.tables.items()},
        figures={f"{name}_{number}": figure for name, figure in part.figures.items()},
        captions={f"{name}_{number}": caption for name, caption in part.captions.items()},
    )


def stacked(parts: Mapping[str, Part], column: str, findings: Sequence[Finding] = ()) -> Part:
    """The parts of subgroups as one: each table once, its rows named by the subgroup; figures numbered; sentences once."""
    tables: dict[str, Table] = {}
    for value, part in parts.items():
        for name, table in part.tables.items():
            known = tables.get(name)
            rows = [(value, *row) for row in table.rows]
            if known is None or known.header == (column, *table.header):
                tables[name] = replace(table, header=(column, *table.header), rows=[*(known.rows if known else ()), *rows])
            else:  # other columns, such as other groups: a table of its own
                tables[f"{name}_{len(tables)}"] = replace(table, header=(column, *table.header), rows=rows)
    every = list(parts.values())
    numbered = [(n, part) for n, part in enumerate(every, 1)]
    return Part(
        f"{every[0].title} – {column}", "; ".join(f"{value}: {part.about}" for value, part in parts.items()), tables,
        {f"{name}_{n}": figure for n, part in numbered for name, figure in part.figures.items()},
        tuple(dict.fromkeys(sentence for part in every for sentence in part.methods)),
        tuple(dict.fromkeys((*findings, *(found for part in every for found in part.findings)))),
        tuple(f"{value}: {remark}" for value, part in parts.items() for remark in part.remarks),
        {f"{name}_{n}": caption for n, part in numbered for name, caption in part.captions.items()},
    )  # fmt: skip


def p_text(p: float) -> str:
    """A p value by convention: below 0.001 as "<0.001", below 0.1 with three decimals, else with two; never 1.00 or 0."""
    if p < 0.001:
        return "<0.001"
    return f"{p:.3f}" if p < 0.0995 else f"{p:.2f}" if p < 0.995 else ">0.99"
