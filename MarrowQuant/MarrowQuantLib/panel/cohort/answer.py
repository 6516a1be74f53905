"""The answer of MarrowQuant Cohort as tables of the panel."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from slicer.i18n import tr as _

from ...cohort import output
from ...cohort.logistic import LogisticFit
from ...cohort.part import Part, p_text
from ...cohort.report import P_HEADS, cell_text
from ...cohort.roc import Roc
from ...cohort.words import Words
from ..tablewidget import fillTable, number

HEAD_LETTERS = 9  # in a line of a head


def showRoc(table: Any, curves: Mapping[str, Roc]) -> None:
    """AUC and cut-off, one predictor a row."""
    rows = []
    for name, curve in curves.items():
        cut = curve.cut_off
        interval = _range(curve.interval) if curve.interval else _("none: the groups do not overlap")
        side = _("event above {value}") if curve.higher_is_event else _("event below {value}")
        rule = side.format(value=f"{cut.threshold:.4g}")
        rows.append([name, number(curve.auc, 3), interval, rule, f"{number(cut.sensitivity, 2)}\n{number(cut.specificity, 2)}"])
    both = f"{_('Sensitivity')}\n{_('Specificity')}"
    fillTable(table, _broken([_("Predictor"), _("AUC"), _("95 % interval"), _("Cut-off"), both]), rows)


def showModel(table: Any, fit: LogisticFit) -> None:
    """Odds ratios, one term a row."""
    rows = []
    for name, beta, _error, odds, low, high, p in output.model_rows(fit):
        ratio, interval = ("", "") if odds is None else (f"{odds:.3g}", _range((low, high)))
        rows.append([name, f"{beta:.3g}", ratio, interval, _p(p)])
    fillTable(table, _broken([_("Term"), _("Coefficient"), _("Odds ratio"), _("95 % interval"), _("p")]), rows)


def showPart(table: Any, part: Part, language: str) -> None:
    """The first table of any other analysis, as its report has it; a single row stands upright, so that all of it can be seen."""
    words, first = Words(language), next(iter(part.tables.values()))
    headers = [words.heading(name) for name in first.header]
    are_p = [name in P_HEADS for name in first.header]
    rows = [[cell_text(value, words, p) for value, p in zip(row, are_p)] for row in first.rows]
    if len(rows) == 1:
        headers, rows = ["", _("Result")], [list(pair) for pair in zip(headers, rows[0])]
    fillTable(table, headers, rows)


def _broken(heads: Sequence[str]) -> list[str]:
    """Heads of several words in several lines, so that their columns are no wider than a word."""
    return ["\n".join(textwrap.wrap(head, HEAD_LETTERS, break_long_words=False, replace_whitespace=False)) for head in heads]


def _p(value: float) -> str:
    return "–" if math.isnan(value) else p_text(value)


def _range(interval: Sequence[float]) -> str:
    low, high = (_short(value) for value in interval)
    return f"{low} – {high}"


def _short(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}"
