"""The report of a cohort: tables, figures, a methods paragraph, and one HTML page that holds all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..model import RESEARCH_USE_ONLY, MarrowQuantError, Progress, no_progress
from ..report.style import STYLE
from . import figures, output
from .adopt import described
from .analysis import Selected, compare_groups, develop
from .cells import safe_cell, write_table
from .procedure import STAY, Developed, Procedure
from .roc import BOOTSTRAPS, Roc, compare_rocs, roc
from .validation import BOOTSTRAPS as VALIDATION_BOOTSTRAPS
from .validation import FOLDS, REPEATS, Validation

_FIT_WORDS = {
    "firth": "logistic regression with Firth's penalty, profile-penalised-likelihood intervals and penalised likelihood-ratio tests; the "
    "intercept was corrected so that the mean probability is the share of events (FLIC)",
    "ml": "logistic regression by maximum likelihood with Wald intervals and tests",
    "ridge": "logistic regression with a ridge penalty, chosen by inner 5-fold cross-validation of the deviance",
}


def write_cohort_report(
    chosen: Selected,
    procedure: Procedure,
    folder: Path,
    *,
    bootstraps: int = VALIDATION_BOOTSTRAPS,
    decimal_comma: bool = False,
    progress: Progress = no_progress,
) -> list[Path]:
    """Do every analysis of two groups and write it.

    Parameters
    ----------
    chosen : Selected
    procedure : Procedure
        Of the multivariable model.
    folder : Path
        Made if it is not there; files of the same names are replaced.
    bootstraps : int
        Of the validation.
    decimal_comma : bool
        Write the tables for a spreadsheet with decimal commas.
    progress : callable

    Returns
    -------
    list of Path
        ``cohort.html``, the tables (CSV), the figures (SVG) and ``methods.txt``.

    Raises
    ------
    MarrowQuantError
        As the analyses.
    """
    comparisons = compare_groups(chosen)
    curves = {name: roc(chosen.outcome, column) for name, column in zip(chosen.names, chosen.predictors.T)}
    developed, validation = develop(chosen, procedure, bootstraps=bootstraps, progress=progress)
    tables = {
        "groups": (output.GROUP_HEADER, output.group_rows(comparisons)),
        "roc": (output.ROC_HEADER, output.roc_rows(curves)),
        "roc_comparisons": (("first", "second", "AUC difference", "95 % low", "95 % high", "z", "p"), _pairs(chosen)),
        "model": (output.MODEL_HEADER, output.model_rows(developed.fit)),
        "validation": (output.VALIDATION_HEADER, output.validation_rows(validation)),
    }
    drawn = _figures(chosen, curves, developed, validation)
    methods = methods_paragraph(chosen, procedure, validation)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [write_table(folder / f"{name}.csv", *table, decimal_comma=decimal_comma) for name, table in tables.items()]
        for name, figure in drawn.items():
            written.append(_write(folder / f"{name}.svg", figures.standalone(figure)))
        written.append(_write(folder / "methods.txt", methods + "\n"))
        written.insert(0, _write(folder / "cohort.html", _page(chosen, tables, drawn, methods, validation)))
    except OSError:
        raise MarrowQuantError(f"The folder {folder.name} cannot be written to; choose another one.") from None
    return written


def methods_paragraph(chosen: Selected, procedure: Procedure, validation: Validation) -> str:
    """What was done, in the words of a methods section; nothing that was not done is named."""
    several = len(chosen.names) > 1
    fewer = f" after backward elimination (predictors with p < {STAY} stayed)" if procedure.select and procedure.method != "ridge" else ""
    repeated = [*(["the tuning"] if procedure.method == "ridge" else []), *(["the elimination"] if fewer else []), "the fit"]
    sentences = [
        f"{chosen.outcome.size} patients with all values were analysed, {int(chosen.outcome.sum())} of them with the event "
        f"({chosen.event_in_words}); missing values were not filled in.",
        f"{'Indices were' if several else 'The index was'} compared between the groups by two-sided Mann–Whitney tests"
        + (", corrected for their number after Holm" if several else "")
        + ", with the rank-biserial correlation and the Hodges–Lehmann shift as effect sizes.",
        "Receiver operating characteristics were empirical, with DeLong's variance; intervals of an AUC of 0.9 or more were made on the "
        f"logit scale. Youden's cut-offs and their intervals came from {BOOTSTRAPS} bootstrap samples stratified by group; the direction "
        "of a marker was taken from the data.",
        "AUCs of the same patients were compared by DeLong's paired test, not corrected for the number of pairs." if several else "",
        f"The multivariable model, from {len(chosen.names)} candidate predictor{'s' if several else ''}{fewer}, was a "
        f"{_FIT_WORDS[procedure.method]}.",
        f"It was validated internally by {validation.bootstraps} bootstrap samples (optimism after Harrell) and by {REPEATS} times "
        f"repeated {FOLDS}-fold stratified cross-validation, both repeating {', '.join(repeated)} and the choice of the cut-off; "
        "the calibration plot and the decision curve use out-of-fold probabilities.",
        f"Analyses were made with MarrowQuant {__version__}; random numbers started at {procedure.seed}.",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _pairs(chosen: Selected) -> list[tuple[Any, ...]]:
    rows = []
    for n, first in enumerate(chosen.names):
        for m in range(n + 1, len(chosen.names)):
            try:
                paired = compare_rocs(chosen.outcome, chosen.predictors[:, n], chosen.predictors[:, m])
            except MarrowQuantError:  # both order the patients in the same way: an empty row says that there is no test
                rows.append((first, chosen.names[m], 0.0, None, None, None, None))
                continue
            rows.append((first, chosen.names[m], paired.difference, *paired.interval, paired.z, paired.p))
    return rows


def _figures(chosen: Selected, curves: Mapping[str, Roc], developed: Developed, validation: Validation) -> dict[str, str]:
    drawn = {"roc": figures.roc_figure(curves)}
    drawn["calibration"] = figures.calibration_figure(chosen.outcome, validation.out_of_fold)
    drawn["decision_curve"] = figures.decision_figure(chosen.outcome, validation.out_of_fold)
    if developed.kept:
        drawn["forest"] = figures.forest_figure(developed.fit, chosen.predictors[:, list(developed.kept)].std(axis=0, ddof=1))
    for n, (name, column) in enumerate(zip(chosen.names, chosen.predictors.T)):
        known = described(name)
        drawn[f"box_{n + 1}"] = figures.box_figure(known["label"], chosen.outcome, column, ("event", "no event"), known["unit"])
    return drawn


def _page(
    chosen: Selected, tables: Mapping[str, tuple[Sequence[str], list]], drawn: Mapping[str, str], methods: str, validation: Validation
) -> str:
    notes = [*chosen.findings, *validation.warnings]
    said = "".join(f"<li>{escape(note)}</li>" for note in notes)
    titles = {"groups": "Groups", "roc": "ROC", "roc_comparisons": "Paired comparisons (DeLong)", "model": "Multivariable model",
              "validation": "Validation"}  # fmt: skip
    shown = "".join(f"<h2>{titles[name]}</h2>{_table(*table)}" for name, table in tables.items() if table[1])
    charts = "".join(f'<figure class="card">{figure}</figure>' for figure in drawn.values())
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    event = escape(chosen.event_in_words)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<title>MarrowQuant – cohort</title><style>{STYLE}\nfigure {{ margin: 0; }} .wide {{ overflow-x: auto; }}\n'
        ".charts { display: grid; gap: 14px; grid-template-columns: repeat(2, minmax(0, 1fr)); }</style></head>\n<body>"
        f'<header><div><p class="brand">MarrowQuant</p><h1>Cohort: {event}</h1></div>'
        f'<div class="dates">{chosen.outcome.size} patients, {int(chosen.outcome.sum())} with the event</div></header>'
        f'<p class="notice">{RESEARCH_USE_ONLY}</p>'
        + (f'<section><h2>Please check</h2><div class="warn"><ul>{said}</ul></div></section>' if notes else "")
        + f'<section><h2>Figures</h2><div class="charts">{charts}</div></section><section>{shown}</section>'
        f"<section><h2>Methods</h2><p>{escape(methods)}</p></section></body></html>\n"
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(_shown(value))}</td>" for value in row) + "</tr>" for row in rows)
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _shown(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.3g}".replace("-", "−") if np.isfinite(value) else "–"
    return "–" if value is None else safe_cell(value)


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path
