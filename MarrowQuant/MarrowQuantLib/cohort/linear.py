"""Linear models: change explained by group and covariates (least squares), and repeated dates (mixed model, by statsmodels)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy import stats

from ..io.packages import need
from ..model import Finding, MarrowQuantError, finding
from .design import as_columns, check_columns
from .logistic import INTERCEPT

# Of SciPy, in this order until one converges: where patients' own levels hardly differ the maximum lies at the edge, which only some find.
OPTIMISERS = ["bfgs", "lbfgs", "cg", "powell", "nm"]


@dataclass(frozen=True)
class LinearFit:
    """Coefficients in the unit of the response per unit of the term, intercept first; arrays of shape (terms,), intervals (terms, 2), 95 %.

    ``residual_sd`` is the standard deviation within a patient; ``patient_sd`` that of the patients' own levels, None in a plain model.
    ``freedom`` are the degrees of freedom of Student's t.
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
    freedom: np.ndarray
    findings: tuple[Finding, ...] = ()


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
    return LinearFit(
        (INTERCEPT, *names), beta, errors, p, intervals, float(np.sqrt(variance)), None, response.size, response.size,
        np.full(beta.size, float(freedom)),
    )  # fmt: skip


def fit_mixed(response: np.ndarray, terms: np.ndarray, names: Sequence[str], patients: Sequence[str]) -> LinearFit:
    """Linear mixed model with a random level for each patient (REML; Laird and Ware, Biometrics 1982;38:963), by statsmodels.

    Tests and intervals are Student's t with Satterthwaite's degrees of freedom (Biometrics Bull 1946;2:110; for mixed models Giesbrecht and
    Burns, Biometrics 1985;41:477), which statsmodels lacks: with the normal distribution in place of t a difference between two groups of
    four patients is significant twice as often as it should be.

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
            fit = model.MixedLM(response / unit, design, groups=np.asarray(patients)).fit(reml=True, method=OPTIMISERS)
        except np.linalg.LinAlgError:
            fit = None
    if fit is None or not fit.converged:
        raise MarrowQuantError("The mixed model did not converge; use fewer terms, or the linear model of one value a patient.")
    beta = unit * back @ np.asarray(fit.fe_params)
    between, within = float(np.asarray(fit.cov_re)[0, 0]), float(fit.scale)
    errors, freedom = _satterthwaite(design, back, response / unit, np.asarray(patients), between, within)
    errors = unit * errors
    p = 2.0 * stats.t.sf(np.abs(beta / errors), freedom)
    intervals = beta[:, None] + (stats.t.ppf(0.975, freedom) * errors)[:, None] * np.array([-1.0, 1.0])
    findings = (finding("cohort.level_spread"),) if caught else ()
    return LinearFit(
        (INTERCEPT, *names), beta, errors, p, intervals, float(unit * np.sqrt(within)), float(unit * np.sqrt(between)), response.size,
        n_patients, freedom, findings,
    )  # fmt: skip


def _satterthwaite(
    design: np.ndarray, back: np.ndarray, response: np.ndarray, patients: np.ndarray, between: float, within: float
) -> tuple[np.ndarray, np.ndarray]:
    """Standard errors of the coefficients, and degrees of freedom: 2 v² / (g' A g), v the variance, g its slopes by both components.

    A, the covariance of the components, is the inverse of the observed information of REML, or of the expected one where that is not
    definite, as at a component of zero (Searle, Casella and McCulloch, Variance Components, 1992, section 6.6).
    """
    same = (patients[:, None] == patients[None, :]).astype(float)
    inverse = np.linalg.inv(between * same + within * np.eye(response.size))
    weighted = inverse @ design
    covariance = np.linalg.inv(design.T @ weighted)
    projector = inverse - weighted @ covariance @ weighted.T
    parts = projector @ same, projector
    traces = np.array([[np.sum(a * b.T) for b in parts] for a in parts])
    along = same @ projector @ response, projector @ response
    observed = np.array([[a @ projector @ b for b in along] for a in along]) - traces / 2
    information = observed if np.linalg.eigvalsh(observed)[0] > 0 else traces / 2
    to_units = back @ covariance
    slopes = np.stack([np.einsum("ij,jk,ik->i", to_units, weighted.T @ part @ weighted, to_units) for part in (same, np.eye(len(same)))])
    variances = np.diag(to_units @ back.T)
    return np.sqrt(variances), 2 * variances**2 / np.einsum("pi,pq,qi->i", slopes, np.linalg.inv(information), slopes)


def _design(response: np.ndarray, terms: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Intercept and standardised terms, shape (n, 1 + m), and the matrix from their coefficients to those in the terms' units."""
    x = as_columns(terms, response.size)
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
