"""The part of a report about two groups: tests, ROC, the model and its validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import scipy

from ..model import MarrowQuantError, Progress, certain, no_progress
from . import figures, output
from .analysis import Selected, compare_groups, develop, roc_findings
from .columns import axis_title
from .part import Part, Table
from .plots import box_figure
from .procedure import STAY, Developed, Procedure
from .roc import BOOTSTRAPS, NEAR_ONE, Roc, compare_rocs, roc
from .validation import BOOTSTRAPS as VALIDATION_BOOTSTRAPS
from .validation import FOLDS, REPEATS, Validation
from .words import Words

_FIT_WORDS = {
    "firth": "logistic regression with Firth's penalty, profile-penalised-likelihood intervals and penalised likelihood-ratio tests; the "
    "intercept was corrected so that the mean probability is the share of events (FLIC)",
    "ml": "logistic regression by maximum likelihood with Wald intervals and tests",
    "ridge": "logistic regression with a ridge penalty, chosen by inner 5-fold cross-validation of the deviance",
}


def two_group_part(
    chosen: Selected, procedure: Procedure, words: Words, *, bootstraps: int = VALIDATION_BOOTSTRAPS, progress: Progress = no_progress
) -> Part:
    """Every analysis of two groups.

    Parameters
    ----------
    chosen : Selected
    procedure : Procedure
        Of the multivariable model.
    words : Words
    bootstraps : int
        Of the validation.
    progress : callable

    Raises
    ------
    MarrowQuantError
        As the analyses.
    """
    comparisons = compare_groups(chosen)
    curves = {name: roc(chosen.outcome, column) for name, column in zip(chosen.names, chosen.predictors.T)}
    developed, validated = develop(chosen, procedure, bootstraps=bootstraps, progress=progress)
    validation = certain(validated)
    pairs = ("first", "second", "AUC difference", "95 % low", "95 % high", "z", "p")
    tables = {
        "groups": Table("Groups", output.GROUP_HEADER, output.group_rows(comparisons)),
        "roc": Table("ROC", output.ROC_HEADER, output.roc_rows(curves)),
        "roc_comparisons": Table("Paired comparisons (DeLong)", pairs, _pairs(chosen)),
        "two_by_two": Table("At Youden's cut-off", output.TWO_BY_TWO_HEADER, output.two_by_two_rows(chosen, curves), caption=words(
            "Counts and proportions with Wilson's 95 % intervals; predictive values hold for this share of events ({share} %).",
            share=f"{100 * chosen.outcome.mean():.0f}",
        )),
        "model": Table("Multivariable model", output.MODEL_HEADER, output.model_rows(developed.fit)),
        "validation": Table("Validation", output.VALIDATION_HEADER, output.validation_rows(validation)),
    }
    about = words("{n} patients, {events} with the event", n=chosen.outcome.size, events=int(chosen.outcome.sum()))
    drawn = _figures(chosen, curves, developed, validation, words)
    findings = tuple(dict.fromkeys((*chosen.findings, *roc_findings(curves), *validation.findings)))
    methods, captions = _methods(chosen, procedure, validation, words), _captions(chosen, drawn, words)
    return Part(chosen.event_in_words, about, tables, drawn, methods, findings, captions=captions)


def _captions(chosen: Selected, drawn: Mapping[str, str], words: Words) -> dict[str, str]:
    n, events = chosen.outcome.size, int(chosen.outcome.sum())
    told = {
        "roc": words("ROC curves with the 95 % interval of the AUC; band: pointwise 95 % bootstrap interval of the first; circle: "
        "Youden's cut-off."),
        "calibration": words("Calibration out of fold: lowess curve, and fifths of the patients with Wilson's 95 % intervals; "
        "diagonal: perfect."),
        "decision_curve": words("Decision curve: net benefit per patient of the model out of fold, of treating all and of treating none."),
        "forest": words("Odds ratios per unit of the predictor in the multivariable model, with 95 % intervals."),
    }
    boxes = words("Quartiles, whiskers to 1.5 interquartile ranges, every patient a point.")
    who = words("{n} patients, {events} with the event", n=n, events=events)
    return {name: f"{told.get(name, boxes)} {who}{'。' if words.language == 'ja' else '.'}" for name in drawn}


def _methods(chosen: Selected, procedure: Procedure, validation: Validation, words: Words) -> tuple[str, ...]:
    count = len(chosen.names)
    eliminated = procedure.select and procedure.method != "ridge"
    steps = "the elimination, the fit" if eliminated else "the tuning, the fit" if procedure.method == "ridge" else "the fit"
    fit = words(_FIT_WORDS[procedure.method])
    sentences = [
        words(
            "{n} patients with all values were analysed, {events} of them with the event ({event}); missing values were not filled in.",
            n=chosen.outcome.size, events=int(chosen.outcome.sum()), event=chosen.event_in_words,
        ),
        words(
            "The groups were compared by two-sided Mann–Whitney tests (SciPy {scipy}: exact where a group has at most 8 patients and no "
            "values are tied, else the normal approximation), with the rank-biserial correlation and the Hodges–Lehmann shift as effect "
            "sizes.",
            scipy=scipy.__version__,
        ),
        words("p values were corrected for their number after Holm.") if count > 1 else "",
        words(
            "Receiver operating characteristics were empirical, with DeLong's variance; intervals of an AUC of {near_one} or more, and "
            "those that would pass 0 or 1, were made on the logit scale. Youden's cut-offs and their intervals came from {bootstraps} "
            "bootstrap samples stratified by group; the direction of a marker was taken from the data.",
            near_one=NEAR_ONE, bootstraps=BOOTSTRAPS,
        ),
        words("AUCs of the same patients were compared by DeLong's paired test, not corrected for the number of pairs.")
        if count > 1 else "",
        words(
            "The multivariable model, from {n} candidate predictors after backward elimination (predictors with p < {stay} stayed), was a "
            "{fit}.",
            n=count, stay=STAY, fit=fit,
        ) if eliminated else words("The multivariable model, from {n} candidate predictors, was a {fit}.", n=count, fit=fit),
        words(
            "It was validated internally by {bootstraps} bootstrap samples (optimism after Harrell) and by {repeats} times repeated "
            "{folds}-fold stratified cross-validation, both repeating {steps} and the choice of the cut-off; the calibration plot and the "
            "decision curve use out-of-fold probabilities.",
            bootstraps=validation.bootstraps, repeats=REPEATS, folds=FOLDS, steps=words(steps),
        ),
        words("Random numbers started at {seed}.", seed=procedure.seed),
    ]  # fmt: skip
    return tuple(sentence for sentence in sentences if sentence)


def _pairs(chosen: Selected) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for n, first in enumerate(chosen.names):
        for m in range(n + 1, len(chosen.names)):
            try:
                paired = compare_rocs(chosen.outcome, chosen.predictors[:, n], chosen.predictors[:, m])
            except MarrowQuantError:  # both order the patients in the same way: an empty row says that there is no test
                rows.append((first, chosen.names[m], 0.0, None, None, None, None))
                continue
            rows.append((first, chosen.names[m], paired.difference, *paired.interval, paired.z, paired.p))
    return rows


def _figures(
    chosen: Selected, curves: Mapping[str, Roc], developed: Developed, validation: Validation, words: Words
) -> dict[str, str]:
    drawn = {
        "roc": figures.roc_figure(curves, words),
        "calibration": figures.calibration_figure(chosen.outcome, validation.out_of_fold, words),
        "decision_curve": figures.decision_figure(chosen.outcome, validation.out_of_fold, words),
    }
    if developed.kept:
        titles = [axis_title(name, words.language) for name in developed.fit.names[1:]]
        drawn["forest"] = figures.forest_figure(developed.fit, words, titles)
    for n, (name, column) in enumerate(zip(chosen.names, chosen.predictors.T)):
        groups = {words("event"): column[chosen.outcome], words("no event"): column[~chosen.outcome]}
        drawn[f"box_{n + 1}"] = box_figure(axis_title(name, words.language), groups)
    return drawn
