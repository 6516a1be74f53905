"""What a statistician asks of a page of two groups before signing it: flow, Table 1, missing data, inputs, checklist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..model import MarrowQuantError, finding
from .analysis import Selected
from .characteristics import characteristics
from .imputation import impute_logistic
from .imputation_part import imputation_part
from .part import Part
from .procedure import Procedure
from .signing import Step, flow_part, provenance_part, tripod_part
from .table import Cohort
from .table1_part import table1_part
from .words import Words


def signed_parts(
    cohort: Cohort,
    chosen: Selected,
    predictors: Sequence[str],
    inputs: Sequence[Path],
    procedure: Procedure,
    model: Sequence[Part],
    words: Words,
) -> tuple[list[Part], list[Part]]:
    """The parts before and behind an analysis of two groups.

    Parameters
    ----------
    cohort : Cohort
        The patients that the question is about.
    chosen : Selected
        Those of them that were analysed.
    predictors : sequence of str
        Columns, as they were asked for.
    inputs : sequence of Path
        Files and folders that were read.
    procedure : Procedure
        Its seed is named.
    model : sequence of Part
        The analyses that stand between, for the checklist.
    words : Words
    """
    cells = cohort.text(chosen.outcome_name)
    groups = [(words.cell(value), cells.count(value)) for value in sorted({cell for cell in cells if cell})]
    steps = [Step(chosen.event_in_words, len(cohort), len(cohort) - chosen.outcome.size)]
    before = [
        flow_part(len(cohort), groups, steps, words),
        replace(table1_part(characteristics(cohort, chosen.outcome_name, predictors), chosen.outcome_name, words), title=words("Patients")),
    ]
    missing = [_missing_data(cohort, chosen, predictors, procedure, words)] if any(cohort.missing(predictors).values()) else []
    behind = [*missing, provenance_part(inputs, procedure.seed, words)]
    return before, [*behind, tripod_part([*before, *model, *behind], words)]


def _missing_data(cohort: Cohort, chosen: Selected, predictors: Sequence[str], procedure: Procedure, words: Words) -> Part:
    """Complete cases beside multiple imputation, or why there is none."""
    title = words("Missing data: complete cases and multiple imputation")
    try:
        found = impute_logistic(cohort, chosen.outcome_name, predictors, chosen.events, seed=procedure.seed)
    except MarrowQuantError as why:
        return Part(title, "", {}, {}, (), (finding("cohort.not_imputed", why=why),))
    return replace(imputation_part(found, chosen.event_in_words, procedure.seed, words), title=title)
