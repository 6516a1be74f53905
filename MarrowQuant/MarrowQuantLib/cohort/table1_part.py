"""Table 1 as a part of a page."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..model import Finding
from .characteristics import COUNT, MEAN, Characteristics, Line
from .columns import axis_title
from .part import Part, Table, p_text
from .words import Words


def table1_answer(found: Characteristics) -> dict[str, Any]:
    """Table 1 as a plain dictionary."""
    return {"groups": dict(zip(found.groups, found.sizes)), "lines": [vars(line) for line in found.lines]}


def table1_part(found: Characteristics, group: str, words: Words, findings: tuple[Finding, ...] = ()) -> Part:
    """The table, with overall column, groups, missing counts, standardised differences and tests."""
    names = found.groups if len(found.groups) > 1 else ()
    pairs = [words("SMD {first} – {second}", first=words.cell(first), second=words.cell(second)) for first, second in found.pairs]
    header = (
        "characteristic",
        "missing",
        f"{words('all')} (n = {sum(found.sizes)})",
        *(f"{words.cell(name)} (n = {size})" for name, size in zip(names, found.sizes)),
        *pairs,
        *(("test", "p") if names else ()),
    )
    rows = [_row(line, len(names), len(pairs), words) for line in found.lines]
    tests = sorted({line.test for line in found.lines if line.test})
    caption = words(
        "Mean ± SD, median [quartiles] where the skewness of a group is beyond 1, or n (%). SMD: standardised mean difference (second "
        "− first; "
        "for categories after Yang and Dalton)."
    ) + (" " + words("Tests: {tests}; not corrected for their number.", tests=", ".join(tests)) if tests and names else "")
    table = Table("Table 1: characteristics of the patients", header, rows, caption=caption)
    about = words("{n} patients in {groups} groups", n=sum(found.sizes), groups=len(found.groups))
    methods = words(
        "Characteristics are described by mean and standard deviation, by median and quartiles where they are skewed, or by counts, "
        "after the "
        "conventions of tableone; groups were compared by Welch's test, Kruskal–Wallis tests, χ² tests or Fisher's exact test."
    )
    return Part(group or words("all"), about, {"table1": table}, {}, (methods,), findings)


def _row(line: Line, groups: int, pairs: int, words: Words) -> tuple[Any, ...]:
    name = axis_title(line.column, words.language)
    if line.category:
        name = f"{name} = {words.cell(line.category)}"
    parts = [_cell(line, values) for values in line.groups[:groups]]
    differences = [f"{value:.2f}".replace("-", "−") if np.isfinite(value) else "–" for value in line.differences] or [""] * pairs
    tests = [line.test, p_text(line.p) if line.p is not None else ""] if groups else []
    return (name, line.missing if not line.category or line.missing else "", _cell(line, line.overall), *parts, *differences, *tests)


def _cell(line: Line, values: tuple[float, ...]) -> str:
    if line.kind == COUNT:
        return f"{values[0]:.0f} ({values[1]:.0f} %)" if np.isfinite(values[1]) else "0"
    if not np.isfinite(values[0]):
        return "–"
    shown = [_digits(value) for value in values]
    return f"{shown[0]} ± {shown[1]}" if line.kind == MEAN else f"{shown[0]} [{shown[1]}, {shown[2]}]"


def _digits(value: float) -> str:
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"
    return text.replace("-", "−")
