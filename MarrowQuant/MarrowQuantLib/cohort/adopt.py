"""From a fitted procedure to a response-model file with its card, which ``response.load_model`` reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np

from .. import __version__
from ..model import RESEARCH_USE_ONLY, Finding, MarrowQuantError
from ..response import load_model
from ..response.model_file import MODELS_FOLDER, SCHEMA_VERSION, own_models_folder
from .columns import described
from .procedure import Developed, Procedure
from .validation import Performance, Validation

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_METHOD_WORDS = {
    "ml": "maximum likelihood",
    "firth": "Firth's penalised likelihood, the intercept corrected so that the mean probability is the share of events (FLIC)",
    "ridge": "ridge, its penalty tuned by cross-validation",
}


def model_spec(
    procedure: Procedure,
    developed: Developed,
    predictors: np.ndarray,
    *,
    outcome: str,
    model_id: str,
    source: str,
    validation: Optional[Validation] = None,
    findings: tuple[Finding, ...] = (),
) -> dict[str, Any]:
    """The content of a response-model file of kind ``logistic``.

    Parameters
    ----------
    procedure, developed
        What was done, and what it gave.
    predictors : ndarray, shape (n, m)
        The candidates the procedure was run on; their ranges become those in which the model answers.
    outcome : str
        What the probability is of.
    model_id : str
        Letters, digits, "_" and "-"; also the name of the file.
    source : str
        Where the patients come from, in words.
    validation : Validation, optional
    findings : tuple of Finding
        What was found in the table (missing values …).

    Raises
    ------
    MarrowQuantError
        If the id cannot be a file name, or selection kept no predictor.
    """
    _check_form(model_id)
    if not developed.kept:
        raise MarrowQuantError("No predictor was kept, so there is no model to save; fit without selection or use other predictors.")
    fit, names = developed.fit, developed.fit.names[1:]
    return {
        "schema_version": SCHEMA_VERSION,
        "id": model_id,
        "kind": "logistic",
        "label": f"fitted on {fit.n} patients ({fit.n_event} with the event) of one's own cohort",
        "outcome": outcome,
        "intercept": developed.intercept,
        "predictors": [
            {
                "name": name,
                **described(name),
                "coefficient": float(slope),
                "range": {"low": float(column.min()), "high": float(column.max()), "reason": "what occurred in the cohort"},
            }
            for name, slope, column in zip(names, developed.slopes, predictors[:, list(developed.kept)].T)
        ],
        "covariance": ((fit.covariance + fit.covariance.T) / 2.0).tolist(),
        "card": _card(procedure, developed, source, validation, findings),
    }


def write_model(spec: Mapping[str, Any], path: Path) -> Path:
    """Write a model file and read it back, so that a file that was written can be used.

    Raises
    ------
    MarrowQuantError
        If the file cannot be written.
    """
    path = Path(path)
    try:
        path.write_text(json.dumps(spec, ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError:
        raise MarrowQuantError("{file} cannot be written; choose a folder that exists and may be written to.", file=path.name) from None
    load_model(path)
    return path


def offer_model(spec: Mapping[str, Any]) -> Path:
    """Write a model into the reader's own folder, from where the panel and the command line offer it.

    Raises
    ------
    MarrowQuantError
        As :func:`write_model`, and if a model of this id is there already: results name their model by its id.
    """
    check_new_name(spec["id"])
    folder = own_models_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return write_model(spec, folder / f"{spec['id']}.json")


def check_new_name(model_id: str) -> None:
    """Refuse a name before the long work of a fit.

    Raises
    ------
    MarrowQuantError
        If the name cannot be a file name, or a model of this name is there already.
    """
    _check_form(model_id)
    if any((folder / f"{model_id}.json").exists() for folder in (own_models_folder(), MODELS_FOLDER)):
        raise MarrowQuantError(
            "There is a model named {model_id} already; choose another name, so that older results stay traceable.",
            model_id=model_id,
        )


def _check_form(model_id: str) -> None:
    if not _NAME.fullmatch(model_id):
        raise MarrowQuantError("'{model_id}' cannot be a model's name; use letters, digits, '_' and '-' only.", model_id=model_id)


def _card(
    procedure: Procedure, developed: Developed, source: str, validation: Optional[Validation], findings: tuple[Finding, ...]
) -> dict[str, Any]:
    fit = developed.fit
    card: dict[str, Any] = {
        "name": "Model fitted with MarrowQuant on one's own cohort",
        "intended_use": "Research: patients like those of the cohort, measured in the same way.",
        "not_intended_for": "Diagnosis, treatment decisions, patients or measurements unlike those of the cohort.",
        "source": source,
        "n": fit.n,
        "events": fit.n_event,
        "fitted_with": f"MarrowQuant {__version__}, {_METHOD_WORDS[fit.method]}"
        + (f" (λ = {fit.penalty:g})" if fit.method == "ridge" else "")
        + ("; backward elimination" if procedure.select else ""),
        "data": list(findings),
        "limits": ["one cohort; not validated on patients from elsewhere", "the covariance does not know of selection or tuning"],
        "research_use_only": RESEARCH_USE_ONLY,
    }
    if validation is None:
        card["limits"].append("not validated internally: its probabilities are those of the patients it was made from")
        return card
    card["validation"] = {
        "apparent": _rounded(validation.apparent),
        "optimism_corrected": _rounded(validation.corrected),
        "cross_validated": _rounded(validation.cross_validated),
        "bootstraps": validation.bootstraps,
    }
    card["limits"] += validation.findings
    return card


def _rounded(performance: Performance) -> dict[str, float]:
    return {name: round(value, 3) for name, value in vars(performance).items()}
