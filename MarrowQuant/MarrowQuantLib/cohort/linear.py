"""Linear models: change explained by group and covariates (least squares), and repeated dates (mixed model, by statsmodels)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy import stats

from ..io.packages import need
from ..model import MarrowQuantError
from .design import check_columns
from .logistic import INTERCEPT


@dataclass(frozen=True)
class LinearFit:
    """Coefficients in the unit of the response per unit of the term, intercept first; arrays of shape (terms,), intervals (terms, 2), 95 %.

    ``residual_sd`` is the standard deviation within a patient; ``patient_sd`` that of the patients' own levels, None in a plain model.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    standard_errors: np.ndarray
    p: np.ndarray
    intervals: np.ndarray
    residual_sd: float
    patient_sd: Optional[float]
    n: int
    n_patients: int
    notes: tuple[str, ...] = ()


def fit_linear(response: np.ndarray, terms: np.ndarray, names: Sequence[str]) -> LinearFit:
    """Ordinary least squares with t intervals: the general linear model of a change. Our own ten lines, so that it needs no statsmodels.

    Parameters
    ----------
    response : ndarray, shape (n,)
    terms : ndarray, shape (n, m)
        A group coded 0 / 1, baseline, age …
    names : sequence of str
        Of the m terms.

    Raises
    ------
    MarrowQuantError
        If there are too few patients, or a term is constant or follows from the others.
    """
    design, back = _design(response, terms, names)
    freedom = response.size - design.shape[1]
    inverse = np.linalg.inv(design.T @ design)
    scaled = inverse @ design.T @ response
    variance = float(np.sum((response - design @ scaled) ** 2) / freedom)
    if variance <= 1e-20 * response.var():
        raise MarrowQuantError("The terms explain the response exactly; is it one of them?")
    beta, errors = back @ scaled, np.sqrt(variance * np.diag(back @ inverse @ back.T))
    p = 2.0 * stats.t.sf(np.abs(beta / errors), freedom)
    intervals = beta[:, None] + stats.t.ppf(0.975, freedom) * errors[:, None] * np.array([-1.0, 1.0])
    return LinearFit((INTERCEPT, *names), beta, errors, p, intervals, float(np.sqrt(variance)), None, response.size, response.size)


def fit_mixed(response: np.ndarray, terms: np.ndarray, names: Sequence[str], patients: Sequence[str]) -> LinearFit:
    """Linear mixed model with a random level for each patient (REML; Laird and Ware, Biometrics 1982;38:963), by statsmodels.

    Parameters
    ----------
    response : ndarray, shape (n,)
        One value a patient and date.
    terms : ndarray, shape (n, m)
        Days since baseline, group …
    names : sequence of str
    patients : sequence of str
        To whom each row belongs.

    Raises
    ------
    MarrowQuantError
        As :func:`fit_linear`; if statsmodels is not installed; if no patient has two dates.
    """
    design, back = _design(response, terms, names)
    n_patients = len(set(patients))
    if n_patients < 3 or n_patients == len(patients):
        raise MarrowQuantError("A mixed model needs three patients and more than one date of some; use one row a patient and date.")
    model = need("statsmodels", "the mixed model").regression.mixed_linear_model
    unit = response.std()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fit = model.MixedLM(response / unit, design, groups=np.asarray(patients)).fit(reml=True)
        except np.linalg.LinAlgError:
            fit = None
    if fit is None or not fit.converged:
        raise MarrowQuantError("The mixed model did not converge; use fewer terms, or the linear model of one value a patient.")
    count = design.shape[1]
    beta = unit * back @ np.asarray(fit.fe_params)
    errors = unit * np.sqrt(np.diag(back @ np.asarray(fit.cov_params())[:count, :count] @ back.T))
    between, within = float(np.asarray(fit.cov_re)[0, 0]), float(fit.scale)
    if not (np.all(np.isfinite(errors)) and np.all(errors > 0)):
        raise MarrowQuantError("The mixed model has no standard errors here; add dates, or use fewer terms.")
    p = 2.0 * stats.norm.sf(np.abs(beta / errors))
    intervals = beta[:, None] + stats.norm.ppf(0.975) * errors[:, None] * np.array([-1.0, 1.0])
    notes = ("The patients' own levels hardly differ, so the mixed model is close to a plain one.",) if caught else ()
    return LinearFit(
        (INTERCEPT, *names), beta, errors, p, intervals, float(unit * np.sqrt(within)), float(unit * np.sqrt(between)), response.size,
        n_patients, notes,
    )  # fmt: skip


def _design(response: np.ndarray, terms: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Intercept and standardised terms, shape (n, 1 + m), and the matrix from their coefficients to those in the terms' units."""
    x = np.asarray(terms, dtype=float).reshape(response.size, -1)
    if response.size < x.shape[1] + 3:
        raise MarrowQuantError(
            "{response} rows are too few for {shape} terms; add patients or drop terms.",
            response=response.size, shape=str(x.shape[1]),
        )
    if np.ptp(response) == 0:
        raise MarrowQuantError("The response has the same value in every patient, so there is nothing to explain; choose another.")
    spread, mean = check_columns(x, names, "term"), x.mean(axis=0)
    back = np.diag(np.concatenate([[1.0], 1.0 / spread]))
    back[0, 1:] = -mean / spread
    return np.column_stack([np.ones(response.size), (x - mean) / spread]), back
