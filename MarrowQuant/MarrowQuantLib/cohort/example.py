"""A simulated cohort after the published design: 50 patients, 15 with CR or VGPR, effect sizes from the published AUCs.

Takasu M et al., PLoS One 2020;15(2):e0229607 give 15 of 50 patients with CR/VGPR and AUCs of 0.964 (change of fat fraction) and 0.847
(change of M protein). Under two normal groups of equal variance these are effect sizes of 2.54 and 1.45 SD. Spread, position and
correlation are not published: they are the middle of the ranges that the bundled response model states. The ADC carries an invented
small effect, so that there is a third index; nothing about it comes from the paper. Every file says that it is simulated.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np

from ..followup import compare
from ..io.atomic import new_folder
from ..model import ExamResult, LabValue, Measurement, Results, Settings, as_finding, finding, made
from ..response.binormal import effect_size
from ..results import write_results
from .cells import write_table

N_EVENT, N_NO_EVENT = 15, 35
AUC_FF, AUC_M_PROTEIN = 0.964, 0.847
_SD_FF, _MEAN_FF = 6.0, 0.0  # points; middle of the ranges in takasu2020_reconstruction.json
_SD_M, _MEAN_M = 60.0, 20.0  # %
_CORRELATION = 0.2
_DATES = (datetime.date(2024, 1, 15), datetime.date(2024, 3, 25))
OUTCOME, EVENTS = "best_response", ("CR", "VGPR")


def write_example(folder: Path, *, seed: int = 1) -> Path:
    """Write ``case-01/results.json`` … and ``outcomes.csv`` into a new or empty folder.

    Parameters
    ----------
    folder : Path
    seed : int
        Start of the random numbers; the same seed gives the same cohort.

    Returns
    -------
    Path
        ``folder``.

    Raises
    ------
    MarrowQuantError
        If the folder is not empty.
    """
    folder = new_folder(folder)
    rng = np.random.default_rng(seed)
    outcome = rng.permutation(np.arange(N_EVENT + N_NO_EVENT) < N_EVENT)
    axes = response_axes(outcome, rng)
    names = []
    for n, (is_event, (ff, m_protein)) in enumerate(zip(outcome, axes)):
        names.append(f"case-{n + 1:02d}")
        case = folder / names[-1]
        case.mkdir(parents=True)
        change = max(_MEAN_M - _SD_M * m_protein, -99.0)
        write_results(_results(_MEAN_FF + _SD_FF * ff, change, bool(is_event), rng), case)
    categories = [str(rng.choice(EVENTS if is_event else ("PR", "SD", "PD"))) for is_event in outcome]
    write_table(folder / "outcomes.csv", ("record_id", OUTCOME, "note"), ((a, b, "simulated") for a, b in zip(names, categories)))
    return folder


def response_axes(outcome: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Both predictors in within-group SD, pointing towards response, shape (n, 2): 0 on average without the event, d with it."""
    noise = rng.multivariate_normal((0.0, 0.0), [[1.0, _CORRELATION], [_CORRELATION, 1.0]], outcome.size)
    return noise + outcome[:, None] * effect_size(np.array([AUC_FF, AUC_M_PROTEIN]))


def _results(ff_change: float, m_change: float, is_event: bool, rng: np.random.Generator) -> Results:
    ff = max(rng.normal(25.0, 8.0), 6.0 + max(-ff_change, 0.0))
    m_protein = rng.uniform(15.0, 60.0)
    adc = rng.normal(750.0, 60.0)
    after = {
        "ff": ff + ff_change,
        "adc": adc + rng.normal(40.0 if is_event else 0.0, 60.0),
        "m_protein": m_protein * (1.0 + m_change / 100.0),
    }
    exams = (
        _exam("baseline", _DATES[0], {"ff": ff, "adc": adc, "m_protein": m_protein}),
        _exam("follow-up", _DATES[1], after),
    )
    return Results(exams, compare(*exams), None, Settings(), (as_finding("Simulated numbers; there is no patient."),))


def _exam(label: str, date: datetime.date, values: dict[str, float]) -> ExamResult:
    lumbar = {
        "ff": Measurement("FF", values["ff"], "%", how=made(finding("made.simulated"))),
        "adc": Measurement("ADC", values["adc"], "µm²/s", how=made(finding("made.simulated"))),
    }
    labs = {"m_protein": LabValue("m_protein", values["m_protein"], "g/L", date, f"{values['m_protein']:.1f} g/L")}
    return ExamResult(label, date, {}, (), lumbar, None, labs, synthetic=True)
