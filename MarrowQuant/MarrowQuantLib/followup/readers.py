"""Two readers on the same exams: how far their tumour loads agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import ACCEPTED, Burden, ExamIdentity, MarrowQuantError, Relation, relation
from .repeatability import FEWEST_SUBJECTS, repeatability

Loads = tuple[dict[str, Burden], Sequence[ExamIdentity]]
"""A reader's loads by the label of their exam, and whose exams these are."""


@dataclass(frozen=True)
class ReaderPair:
    """Two readers' decisions on one exam.

    Attributes
    ----------
    dice : float
        Of the masks of what each accepted: twice the shared volume over the sum of both (Dice 1945, Ecology 26:297); 1 where both accepted
        nothing.
    tdv_ml, adc : (float, float)
        tDV in mL and median ADC in µm²/s of each reader; the ADC is NaN where nothing was accepted.
    decisions : ndarray of bool, shape (n, 2)
        Whether each reader accepted each component; what only one of them has as a component counts as not accepted by the other.
    kappa : float
        Cohen's kappa of these decisions; NaN where it is not defined.
    """

    dice: float
    tdv_ml: tuple[float, float]
    adc: tuple[float, float]
    decisions: np.ndarray
    kappa: float


@dataclass(frozen=True)
class ReaderAgreement:
    """Two readers over several exams.

    Attributes
    ----------
    pairs : tuple of ReaderPair
    kappa : float
        Over the components of all exams together.
    icc : float or None
        ICC(2,1) of the tDV (Shrout and Fleiss 1979, Psychol Bull 86:420): absolute agreement; None below three exams.
    bias_ml : float
        Mean of second minus first reader's tDV in mL.
    """

    pairs: tuple[ReaderPair, ...]
    kappa: float
    icc: Optional[float]
    bias_ml: float


def cohen_kappa(decisions: np.ndarray) -> float:
    """Cohen's kappa of two readers (Cohen 1960, Educ Psychol Meas 20:37).

    Parameters
    ----------
    decisions : ndarray of bool, shape (n, 2)

    Returns
    -------
    float
        NaN without decisions, or where both readers said the same of everything and chance explains it.
    """
    if not len(decisions):
        return float("nan")
    first, second = decisions.T
    observed = float(np.mean(first == second))
    yes = float(first.mean()) * float(second.mean())
    expected = yes + (1 - float(first.mean())) * (1 - float(second.mean()))
    return float("nan") if expected >= 1.0 else (observed - expected) / (1.0 - expected)


def compare_readers(first: Burden, second: Burden) -> ReaderPair:
    """Compare what two readers made of one exam.

    Parameters
    ----------
    first, second : Burden
        With labels on the same grid.

    Raises
    ------
    MarrowQuantError
        If the grids differ: the loads are not of the same exam, or were measured on other images.
    """
    if not first.labels.same_grid(second.labels):
        raise MarrowQuantError("The two readings are not of the same images, because their grids differ; give two readings of one exam.")
    masks = [np.isin(b.labels.array, [c.label for c in b.components if c.state == ACCEPTED]) for b in (first, second)]
    total = sum(int(np.count_nonzero(mask)) for mask in masks)
    dice = 2.0 * np.count_nonzero(masks[0] & masks[1]) / total if total else 1.0
    decisions = np.array(_decisions(first, second, masks[1], False) + _decisions(second, first, masks[0], True), dtype=bool).reshape(-1, 2)
    adc = (float(first.gadc.value), float(second.gadc.value))
    return ReaderPair(float(dice), (first.tdv.value, second.tdv.value), adc, decisions, cohen_kappa(decisions))


def _decisions(own: Burden, other: Burden, other_accepted: np.ndarray, only_alone: bool) -> list[tuple[bool, bool]]:
    """Of each component of one reader, what both said of it; ``only_alone`` leaves out what the other has, too, and turns the pair."""
    found = []
    for component in own.components:
        voxels = own.labels.array == component.label
        if only_alone and np.any(other.labels.array[voxels]):
            continue
        pair = (component.state == ACCEPTED, bool(np.mean(other_accepted[voxels]) >= 0.5))
        found.append((pair[1], pair[0]) if only_alone else pair)
    return found


def agreement(pairs: Sequence[ReaderPair]) -> ReaderAgreement:
    """What the pairs say together.

    Raises
    ------
    MarrowQuantError
        If there is no pair.
    """
    if not pairs:
        raise MarrowQuantError("There is nothing to compare; give two results folders of one exam, one for each reader.")
    volumes = np.array([pair.tdv_ml for pair in pairs])
    icc = None
    if len(pairs) >= FEWEST_SUBJECTS:
        icc = repeatability(volumes, index="tdv", unit="mL").icc_2_1
    every = np.concatenate([pair.decisions for pair in pairs])
    return ReaderAgreement(tuple(pairs), cohen_kappa(every), icc, float(np.mean(volumes[:, 1] - volumes[:, 0])))


def compare_loads(first: Loads, second: Loads) -> dict[str, ReaderPair]:
    """Compare two readers' loads of one patient, by the label of the exam.

    Parameters
    ----------
    first, second : (dict of str to Burden, sequence of ExamIdentity)
        As :func:`results.loads.read_reading` gives them.

    Raises
    ------
    MarrowQuantError
        If they are of two patients, or have no exam in common, or see :func:`compare_readers`.
    """
    if relation(first[1], second[1]) is Relation.OTHER:
        raise MarrowQuantError("The two readings are of different patients (name, ID or birth date differ); give two readings of one exam.")
    shared = [label for label in first[0] if label in second[0]]
    if not shared:
        raise MarrowQuantError("The two readings have no exam with a tumour load in common; give two readings of one exam.")
    return {label: compare_readers(first[0][label], second[0][label]) for label in shared}
