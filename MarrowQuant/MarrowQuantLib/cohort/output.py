"""The answers of the analyses as plain dictionaries (for JSON), as text for a terminal, and as the rows of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Optional

import numpy as np

from ..model import Finding
from .accuracy import Share, two_by_two
from .analysis import Comparison, Explained, Pair, RocAnalysis, Selected, Several
from .groups import Likelihood
from .logistic import INTERCEPT, LogisticFit
from .procedure import Developed
from .roc import Roc
from .validation import Performance, Validation

_P_TEST = {"ml": "Wald", "firth": "penalised likelihood ratio", "ridge": None}
_INTERVAL = {"ml": "Wald", "firth": "profile penalised likelihood", "ridge": None}


def head(chosen: Selected) -> dict[str, Any]:
    """What every answer begins with: who was analysed, and what was found in the table before."""
    return {
        "data": {
            "outcome": chosen.event_in_words,
            "n": int(chosen.outcome.size),
            "n_event": int(chosen.outcome.sum()),
            "n_no_event": int((~chosen.outcome).sum()),
            "findings": list(chosen.findings),
        }
    }


def roc_answer(chosen: Selected, analysis: RocAnalysis) -> dict[str, Any]:
    """The ROC analysis; ``auc``, ``delong_variance``, ``cut_off`` … of each marker, and ``comparison`` with z and p."""
    answer = {**head(chosen), "predictors": {chosen.names[0]: roc_fields(analysis.first)}}
    paired = analysis.comparison
    if analysis.second is not None and paired is not None:
        answer["predictors"][chosen.names[1]] = roc_fields(analysis.second)
        answer["comparison"] = {
            "test": "DeLong, paired", "difference": paired.difference, "interval": paired.interval, "z": paired.z, "p": paired.p,
        }  # fmt: skip
    return {**answer, "warnings": list(analysis.findings)}


def roc_fields(curve: Roc) -> dict[str, Any]:
    """What is written of one ROC curve."""
    cut = curve.cut_off
    return {
        "auc": curve.auc,
        "interval": curve.interval,
        "interval_scale": curve.scale,
        "delong_variance": curve.variance,
        "delong_interval": curve.delong_interval,
        "bootstrap_interval": curve.bootstrap_interval,
        "higher_is_event": curve.higher_is_event,
        "cut_off": vars(cut),
    }


def logistic_answer(chosen: Selected, fit: LogisticFit, findings: Sequence[Finding]) -> dict[str, Any]:
    """The fit: coefficients, odds ratios, intervals, p."""
    return {**head(chosen), **fit_fields(fit), "warnings": list(findings)}


def fit_fields(fit: LogisticFit) -> dict[str, Any]:
    """What is written of a logistic fit: each term with its interval, p and odds ratio."""
    terms = {
        name: {"coefficient": beta, "standard_error": error, "interval": interval, "p": p, "odds_ratio": odds_ratio(beta)}
        for name, beta, error, interval, p in zip(fit.names, fit.coefficients, fit.standard_errors, fit.intervals, fit.p)
    }
    return {
        "method": fit.method,
        "p_test": _P_TEST[fit.method],
        "interval_kind": _INTERVAL[fit.method],
        "penalty": fit.penalty,
        "log_likelihood": fit.log_likelihood,
        "terms": terms,
    }


def odds_ratio(coefficient: np.ndarray) -> np.ndarray:
    """e to the coefficient; beyond the largest number infinity, which separated groups can give."""
    with np.errstate(over="ignore"):
        return np.exp(coefficient)


def groups_answer(chosen: Selected, comparisons: Sequence[Comparison], correction: str) -> dict[str, Any]:
    """The Mann-Whitney tests of all predictors, with their corrected p."""
    tests = {item.name: {**vars(item.test), "adjusted_p": item.adjusted_p} for item in comparisons}
    return {**head(chosen), "test": "Mann-Whitney, two-sided", "correction": correction, "predictors": tests}


def model_answer(chosen: Selected, developed: Developed, validation: Optional[Validation]) -> dict[str, Any]:
    """A developed model with its validation."""
    answer = {**head(chosen), **fit_fields(developed.fit), "intercept_for_probability": developed.intercept, "cut_off": developed.threshold}
    if validation is not None:
        answer["validation"] = {
            "bootstraps": validation.bootstraps,
            "redrawn": validation.redrawn,
            "selected": validation.selected,
            **{name: vars(getattr(validation, name)) for name in ("apparent", "optimism", "corrected", "cross_validated")},
        }
        answer["warnings"] = list(validation.findings)
    return answer


def pairs_answer(pairs: Sequence[Pair], test: str, correction: str) -> dict[str, Any]:
    """Tests of pairs of columns, each with its p corrected for their number."""
    tests = [{"first": pair.first, "second": pair.second, **vars(pair.test), "adjusted_p": pair.adjusted_p} for pair in pairs]
    found = list(dict.fromkeys(sentence for pair in pairs for sentence in pair.findings))
    return {"data": {"findings": found}, "test": test, "correction": correction, "pairs": tests}


def several_answer(several: Several) -> dict[str, Any]:
    """A model of several groups: how the patients were assigned in the cross-validation, and its coefficients by group."""
    model = several.model
    terms = (INTERCEPT, *model.names)
    return {
        "data": {"findings": list(several.findings)},
        "method": model.method,
        "groups": list(model.groups),
        "assigned": {group: dict(zip(model.groups, row)) for group, row in zip(model.groups, model.confusion)},
        "accuracy": model.accuracy,
        "balanced_accuracy": model.balanced_accuracy,
        "coefficients": {group: dict(zip(terms, row)) for group, row in zip(model.groups, model.coefficients)},
        "maximum_likelihood": None if model.likelihood is None else _likelihood_answer(model.likelihood, terms),
    }


def _likelihood_answer(fit: Likelihood, terms: Sequence[str]) -> dict[str, Any]:
    rows = zip(fit.groups, fit.coefficients, fit.standard_errors, fit.p)
    by_group = {
        group: {term: {"coefficient": c, "standard_error": e, "p": p} for term, c, e, p in zip(terms, *values)} for group, *values in rows
    }
    return {"reference": fit.reference, "groups": by_group, "log_likelihood": fit.log_likelihood}


def linear_answer(explained: Explained) -> dict[str, Any]:
    """A linear or mixed model, by term."""
    fit = explained.fit
    rows = zip(fit.names, fit.coefficients, fit.standard_errors, fit.freedom, fit.intervals, fit.p)
    return {
        "data": {"findings": list(explained.findings)},
        "response": explained.response,
        "n": fit.n,
        "n_patients": fit.n_patients,
        "terms": {
            name: {"coefficient": beta, "standard_error": error, "degrees_of_freedom": freedom, "interval": interval, "p": p}
            for name, beta, error, freedom, interval, p in rows
        },
        "residual_sd": fit.residual_sd,
        "patient_sd": fit.patient_sd,
        "notes": list(fit.findings),
    }


def as_text(value: Any, indent: int = 0) -> str:
    """A plain answer as indented text for a terminal."""
    space = "  " * indent
    if isinstance(value, Mapping):
        return "\n".join(
            f"{space}{key}: {_scalar(item)}" if _is_short(item) else f"{space}{key}:\n{as_text(item, indent + 1)}"
            for key, item in value.items()
        )
    if isinstance(value, list) and isinstance(value[0], Mapping):
        return "\n\n".join(as_text(item, indent) for item in value)
    if isinstance(value, list):
        return "\n".join(f"{space}- {_scalar(item)}" for item in value)
    return space + _scalar(value)


def _is_short(item: Any) -> bool:
    """True for what fits behind its name: no mapping, and no list of sentences or mappings."""
    return not isinstance(item, Mapping) and not (isinstance(item, list) and item and isinstance(item[0], (str, Mapping)))


def _scalar(item: Any) -> str:
    if isinstance(item, list):
        return " to ".join(_scalar(part) for part in item) or "none"
    return "–" if item is None else f"{item:.4g}" if isinstance(item, float) else str(item)


GROUP_HEADER = ("index", "n event", "n no event", "median event", "quartile 1 event", "quartile 3 event", "median no event",
                "quartile 1 no event", "quartile 3 no event", "Hodges-Lehmann shift", "rank-biserial r", "p", "adjusted p")  # fmt: skip
ROC_HEADER = ("predictor", "AUC", "95 % low", "95 % high", "interval on", "bootstrap low", "bootstrap high", "rule", "cut-off",
              "cut-off low", "cut-off high", "sensitivity", "specificity")  # fmt: skip
MODEL_HEADER = ("term", "coefficient", "standard error", "odds ratio", "95 % low", "95 % high", "p")
MEASURES = {
    "auc": "AUC", "brier": "Brier score", "slope": "calibration slope", "intercept": "calibration intercept", "youden": "Youden index",
}  # fmt: skip
VALIDATION_HEADER = ("measure", "apparent", "optimism", "corrected", "cross-validated")


def group_rows(comparisons: Sequence[Comparison]) -> list[tuple[Any, ...]]:
    """Rows under ``GROUP_HEADER``."""
    rows = []
    for item in comparisons:
        test = item.test
        (low1, mid1, high1), (low0, mid0, high0) = test.quartiles_event, test.quartiles_no_event
        rows.append((item.name, test.n_event, test.n_no_event, mid1, low1, high1, mid0, low0, high0, test.shift, test.effect, test.p,
                     item.adjusted_p))  # fmt: skip
    return rows


def roc_rows(curves: Mapping[str, Roc]) -> list[tuple[Any, ...]]:
    """Rows under ``ROC_HEADER``."""
    rows = []
    for name, curve in curves.items():
        cut, interval = curve.cut_off, curve.interval or (None, None)
        rows.append((name, curve.auc, *interval, curve.scale, *curve.bootstrap_interval, cut.rule, cut.threshold,
                     *cut.threshold_interval, cut.sensitivity, cut.specificity))  # fmt: skip
    return rows


TWO_BY_TWO_HEADER = ("predictor", "cut-off", "cut-off low", "cut-off high", "true positive", "false positive", "false negative",
                     "true negative", "sensitivity", "specificity", "positive predictive value", "negative predictive value")  # fmt: skip


def two_by_two_rows(chosen: Selected, curves: Mapping[str, Roc]) -> list[tuple[Any, ...]]:
    """Rows under ``TWO_BY_TWO_HEADER``, one a predictor; the cut-off with its bootstrap interval."""
    rows = []
    for (name, curve), column in zip(curves.items(), chosen.predictors.T):
        cut = curve.cut_off
        called = column > cut.threshold if curve.higher_is_event else column < cut.threshold
        counts = two_by_two(chosen.outcome, called)
        shares = (counts.sensitivity, counts.specificity, counts.positive_predictive, counts.negative_predictive)
        rows.append((name, cut.threshold, *cut.threshold_interval, counts.true_positive, counts.false_positive, counts.false_negative,
                     counts.true_negative, *map(share_text, shares)))  # fmt: skip
    return rows


def share_text(share: Share) -> str:
    """A proportion in % with its interval."""
    if not share.total:
        return "–"
    return f"{100 * share.value:.0f} % ({100 * share.interval[0]:.0f}–{100 * share.interval[1]:.0f})"


def model_rows(fit: LogisticFit) -> list[tuple[Any, ...]]:
    """Odds ratios per unit with their intervals; the intercept's row holds its coefficient only."""
    rows = []
    for n, name in enumerate(fit.names):
        odds = (None, None, None) if n == 0 else (odds_ratio(fit.coefficients[n]), *odds_ratio(fit.intervals[n]))
        rows.append((name, fit.coefficients[n], fit.standard_errors[n], *odds, fit.p[n]))
    return rows


def validation_rows(validation: Validation) -> list[tuple[Any, ...]]:
    """Rows under ``VALIDATION_HEADER``."""
    parts = (validation.apparent, validation.optimism, validation.corrected, validation.cross_validated)
    return [(MEASURES[item.name], *(round(getattr(part, item.name), 9) for part in parts)) for item in fields(Performance)]
