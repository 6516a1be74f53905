"""Response models: from the change of two indices to a probability of CR/VGPR with its interval.

Two kinds of model file are read: ``binormal_reconstruction``, built from published AUCs and stated assumptions, and ``logistic``, fitted by
a site on its own cohort. Both are used through :class:`ResponseModel`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional, Protocol

import numpy as np
from scipy.special import expit, logit, ndtri

from ..model import Contribution, Finding, MarrowQuantError, ResponseEstimate, finding
from .binormal import discriminant, effect_size, logit_se

PREVALENCE = "prevalence"
INTERVAL = 0.95
# Rejection sampling stops when so many candidates were not enough: the assumptions then contradict each other.
_MAX_CANDIDATES_PER_DRAW = 100


@dataclass(frozen=True)
class Predictor:
    """Name, label and unit of a model's input, and the range in which the model answers."""

    name: str
    label: str
    unit: str
    low: float
    high: float


class Answer(NamedTuple):
    """What a formula says: probability and interval, or None and the reason among the findings, and what each predictor adds."""

    probability: Optional[float]
    interval: Optional[tuple[float, float]]
    contributions: tuple[Contribution, ...]
    findings: tuple[Finding, ...]


class Formula(Protocol):
    """What turns the known predictors of a model into an answer."""

    def answer(self, predictors: Sequence[Predictor], known: Mapping[str, float], model_id: str) -> Answer:
        """Probability from ``known``, by the names of ``predictors``."""


class ResponseModel:
    """A model that turns predictors into a probability; made by :func:`MarrowQuantLib.response.load_model`.

    Attributes
    ----------
    model_id, label : str
        Name of the model, and the words that must stand beside its number.
    predictors : tuple of Predictor
    card : mapping
        The model card: intended use, source, n, events, what is published and what assumed, limits.
    formula : Formula
        How it computes.
    """

    def __init__(self, model_id: str, label: str, predictors: tuple[Predictor, ...], card: Mapping[str, Any], formula: Formula) -> None:
        self.model_id = model_id
        self.label = label
        self.predictors = predictors
        self.card = card
        self.formula = formula

    def predict(self, values: Mapping[str, Optional[float]]) -> ResponseEstimate:
        """Probability of CR/VGPR.

        Parameters
        ----------
        values : mapping
            Predictor name to value in the predictor's unit: ``{"ff_change": percentage points, "m_protein_change": %}`` for the bundled
            model. A missing, None or NaN value counts as not known.

        Returns
        -------
        ResponseEstimate
            ``probability`` is None, with the reason in ``findings``, where the model cannot answer: a value outside the stated range, or
            too few predictors.

        Raises
        ------
        MarrowQuantError
            If ``values`` names a predictor that the model does not have.
        """
        unknown = set(values) - {predictor.name for predictor in self.predictors}
        if unknown:
            names = ", ".join(predictor.name for predictor in self.predictors)
            raise MarrowQuantError(
                "The model {model_id} has no predictor {unknown}; it takes {names}.",
                model_id=self.model_id, unknown=repr(sorted(unknown)[0]), names=names,
            )
        known = {name: float(value) for name, value in values.items() if value is not None and math.isfinite(value)}
        outside = [self._outside(predictor, known[predictor.name]) for predictor in self.predictors if predictor.name in known]
        refusals = tuple(sentence for sentence in outside if sentence)
        if refusals:
            return self._estimate(Answer(None, None, (), refusals))
        return self._estimate(self.formula.answer(self.predictors, known, self.model_id))

    def _outside(self, predictor: Predictor, value: float) -> Optional[Finding]:
        if predictor.low <= value <= predictor.high:
            return None
        return finding(
            "response.outside_range",
            index=predictor.label, value=value, unit=predictor.unit, low=predictor.low, high=predictor.high, model=self.model_id,
        )

    def _estimate(self, answer: Answer) -> ResponseEstimate:
        return ResponseEstimate(
            answer.probability, answer.interval, answer.contributions, self.model_id, self.label, self.card, answer.findings
        )


def _missing(predictors: Sequence[Predictor], known: Mapping[str, float]) -> list[Predictor]:
    return [predictor for predictor in predictors if predictor.name not in known]


@dataclass(frozen=True)
class BinormalDraws:
    """Parameter sets of the reconstruction; every array has shape (n draws,), predictors first in ``d``, ``sd``, ``mean_no_event``.

    Attributes
    ----------
    d, sd, mean_no_event : ndarray, shape (2, n)
        Effect size in within-group SD, SD and mean of non-responders in the predictor's unit.
    rho, logit_prevalence : ndarray, shape (n,)
    direction : ndarray, shape (2,)
        +1 where an increase speaks for response, −1 where a decrease does.
    """

    d: np.ndarray
    sd: np.ndarray
    mean_no_event: np.ndarray
    rho: np.ndarray
    logit_prevalence: np.ndarray
    direction: np.ndarray

    def contributions(self, values: Mapping[int, float]) -> dict[int, np.ndarray]:
        """What each known predictor adds to the logit in every draw, shape (n,).

        With both predictors the coefficients are those of the discriminant; with one, its effect size alone. Each is counted from the
        midpoint of the group means.
        """
        both = discriminant(self.d[0], self.d[1], self.rho)
        added = {}
        for n, value in values.items():
            towards_response = self.direction[n] * (value - self.mean_no_event[n]) / self.sd[n]
            coefficient = both[n] if len(values) == 2 else self.d[n]
            added[n] = coefficient * (towards_response - self.d[n] / 2.0)
        return added


@dataclass(frozen=True)
class Reconstruction:
    """The reconstruction from published AUCs: every open quantity is drawn from its stated range, and the answers are summarised.

    The probability is the mean over the draws, because the mean is the predictive probability: among patients drawn from the assumptions
    themselves it is calibrated, which the median is not. The interval holds the central 95 % of the draws.
    """

    draws: BinormalDraws

    def answer(self, predictors: Sequence[Predictor], known: Mapping[str, float], model_id: str) -> Answer:
        """Probability from one predictor or both."""
        missing = _missing(predictors, known)
        if len(missing) == len(predictors):
            names = [predictor.label for predictor in missing]
            return Answer(None, None, (), (finding("response.no_predictor", index=names),))
        values = {n: known[predictor.name] for n, predictor in enumerate(predictors) if predictor.name in known}
        added = self.draws.contributions(values)
        probabilities = expit(self.draws.logit_prevalence + sum(added.values()))
        tails = (0.5 - INTERVAL / 2.0, 0.5 + INTERVAL / 2.0)
        low, high = np.quantile(probabilities, tails)
        contributions = [Contribution(predictors[n].name, values[n], predictors[n].unit, float(np.mean(added[n]))) for n in values]
        base = self.draws.logit_prevalence
        contributions.append(Contribution(PREVALENCE, float(100.0 * np.mean(expit(base))), "%", float(np.mean(base))))
        findings = tuple(finding("response.one_predictor", index=predictor.label) for predictor in missing)
        return Answer(float(np.mean(probabilities)), (float(low), float(high)), tuple(contributions), findings)


@dataclass(frozen=True)
class Regression:
    """A logistic regression fitted by a site; the interval is that of the linear predictor, ±1.96 √(x' Σ x), put through the logistic."""

    coefficients: np.ndarray
    covariance: np.ndarray

    def answer(self, predictors: Sequence[Predictor], known: Mapping[str, float], model_id: str) -> Answer:
        """Probability from all predictors."""
        missing = _missing(predictors, known)
        if missing:
            names = [predictor.label for predictor in missing]
            return Answer(None, None, (), (finding("response.missing_predictor", model=model_id, index=names),))
        x = np.array([1.0, *(known[predictor.name] for predictor in predictors)])
        terms = self.coefficients * x
        reach = ndtri(0.5 + INTERVAL / 2.0) * math.sqrt(float(x @ self.covariance @ x))
        eta = float(terms.sum())
        contributions = tuple(
            Contribution(predictor.name, known[predictor.name], predictor.unit, float(term))
            for predictor, term in zip(predictors, terms[1:])
        )
        return Answer(float(expit(eta)), (float(expit(eta - reach)), float(expit(eta + reach))), contributions, ())


def sample_draws(spec: Mapping[str, Any]) -> BinormalDraws:
    """Draw the parameter sets of a ``binormal_reconstruction`` file; the same file always gives the same draws.

    Draws in which a predictor would count against response, or in which responders would lose more than all of their M protein on
    average, contradict what is published or possible and are drawn again.

    Raises
    ------
    MarrowQuantError
        If the assumptions leave almost no possible draw.
    """
    rng = np.random.default_rng(spec["sampling"]["seed"])
    wanted, candidates = spec["sampling"]["draws"], 0
    kept: list[dict[str, np.ndarray]] = []
    direction = np.array([predictor["direction"] for predictor in spec["predictors"]])
    while sum(block["rho"].size for block in kept) < wanted:
        if candidates > _MAX_CANDIDATES_PER_DRAW * wanted:
            raise MarrowQuantError(
                "The assumptions of the model {id} contradict each other; correct the ranges in its file.",
                id=spec["id"],
            )
        candidates += wanted
        kept.append(_possible(_candidates(spec, rng, wanted), spec["predictors"], direction))
    joined = {name: np.concatenate([block[name] for block in kept], axis=-1)[..., :wanted] for name in kept[0]}
    return BinormalDraws(direction=direction, **joined)


def _candidates(spec: Mapping[str, Any], rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    def uniform(section: Mapping[str, float]) -> np.ndarray:
        return rng.uniform(section["low"], section["high"], n)

    predictors = spec["predictors"]
    aucs = [p["auc"] for p in predictors]
    logit_aucs = [rng.normal(logit(a["value"]), logit_se(a["value"], a["events"], a["no_events"]), n) for a in aucs]
    prevalence = spec["prevalence"]
    return {
        "d": effect_size(expit(np.array(logit_aucs))),
        "sd": np.array([uniform(p["sd"]) for p in predictors]),
        "mean_no_event": np.array([uniform(p["mean_no_event"]) for p in predictors]),
        "rho": uniform(spec["correlation"]),
        "logit_prevalence": logit(rng.beta(prevalence["events"] + 0.5, prevalence["no_events"] + 0.5, n)),
    }


def _possible(block: dict[str, np.ndarray], predictors: list[Mapping[str, Any]], direction: np.ndarray) -> dict[str, np.ndarray]:
    coefficients = np.array(discriminant(block["d"][0], block["d"][1], block["rho"]))
    possible = np.all((coefficients > 0) & (block["d"] > 0), axis=0)
    for n, predictor in enumerate(predictors):
        if "mean_event_at_least" in predictor:
            mean_event = block["mean_no_event"][n] + direction[n] * block["d"][n] * block["sd"][n]
            possible &= mean_event >= predictor["mean_event_at_least"]["value"]
    return {name: values[..., possible] for name, values in block.items()}
