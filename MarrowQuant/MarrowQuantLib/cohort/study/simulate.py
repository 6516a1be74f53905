"""The simulated patients of the study: results of each exam as MarrowQuant writes them, and a table of what no image holds.

Numbers come from :mod:`.effects` alone. Every file says that it is simulated.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ...fatwater import dropout_ratio
from ...fatwater.spectra import fat_phasor
from ...followup import compare
from ...io.atomic import new_folder
from ...model import (
    Burden,
    ExamResult,
    LabValue,
    Measurement,
    Progress,
    Results,
    Settings,
    Volume,
    as_finding,
    finding,
    made,
    no_progress,
)
from ...quantities import quantity
from ...results import write_results
from ..cells import write_table
from ..example import EVENTS, response_axes
from . import effects
from .effects import GROUPS, Group

COLUMNS = ("record_id", "kind", "age_years", "sex", "site", "exam_date", "bmpc_percent", "platelets_e9_l", "cytogenetics",
           "ras_mutation", "tp53_mutation", "best_response", "progression_days", "progressed", "note")  # fmt: skip
SITES = ("A", "B", "C")
FIRST_DAY = datetime.date(2024, 1, 8)
_ECHOES_S, _FIELD_T = (1.15e-3, 2.30e-3), 3.0
_BASELINE_M = (35.0, 15.0)  # g/L; assumed
_FF_CHANGE_SD, _M_CHANGE_SD, _M_CHANGE_MEAN = 6.0, 60.0, 20.0  # as in cohort.example


def write_study(folder: Path, *, seed: int = 1, progress: Progress = no_progress) -> Path:
    """Write ``cases/…/results.json`` of every patient, ``patients.csv`` and ``readers.csv`` into a new or empty folder.

    Raises
    ------
    MarrowQuantError
        If the folder is not empty.
    """
    folder = new_folder(folder)
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    every = sum(group.n for group in GROUPS)
    for group in GROUPS:
        responders = rng.permutation(np.arange(group.n) < effects.N_RESPONSE) if group.kind == "myeloma" else np.zeros(group.n, bool)
        axes = response_axes(responders, rng) if group.kind == "myeloma" else np.zeros((group.n, 2))
        for n in range(group.n):
            progress(len(rows) / every, f"Patient {len(rows) + 1} of {every}")
            name = f"{group.kind.replace(' ', '-').lower()}-{n + 1:02d}"
            patient = _Patient(group, rng)
            case = folder / "cases" / name
            case.mkdir(parents=True)
            write_results(patient.results(axes[n]), case)
            rows.append((name, *patient.row(bool(responders[n])), "simulated"))
    write_table(folder / "patients.csv", COLUMNS, rows)
    write_table(folder / "readers.csv", ("record_id", "ff_1", "ff_2", "adc_1", "adc_2", "adc_reader_1", "adc_reader_2"), _readings(rng))
    return folder


def dropout_of(ff: np.ndarray) -> np.ndarray:
    """Dropout ratio in % that fat fractions in % give at 3 T without decay, from the marrow spectrum; any shape."""
    opposed, in_phase = fat_phasor(_ECHOES_S, _FIELD_T)
    share = np.asarray(ff, dtype=float) / 100.0
    signals = [np.abs(1.0 - share + share * phasor) for phasor in (in_phase, opposed)]
    return np.asarray(dropout_ratio(*signals), dtype=float)


class _Patient:
    """One simulated patient; ``latent`` is where the fat fraction lies among the group, in SD."""

    def __init__(self, group: Group, rng: np.random.Generator) -> None:
        self.group, self.rng = group, rng
        self.latent = float(rng.normal())
        mean, sd = group.ff
        self.ff = float(np.clip(mean + sd * self.latent, *effects.FF_LIMITS))
        self.levels = np.clip(self.ff + rng.normal(0.0, effects.LEVEL_SD, 5), 0.5, 99.0)
        self.adc = float(np.clip(rng.normal(*group.adc), *effects.ADC_LIMITS))
        with_age = effects.AGE_CORRELATION if group.kind == "control" else 0.0
        self.age = float(np.clip(group.age[0] + group.age[1] * self._joined(with_age), *effects.AGE_LIMITS))
        self.date = FIRST_DAY + datetime.timedelta(days=int(rng.integers(0, 700)))
        self.m_protein = self._m_protein()

    def _joined(self, correlation: float) -> float:
        """A standard normal number with this correlation to the fat fraction."""
        return float(correlation * self.latent + np.sqrt(1.0 - correlation**2) * self.rng.normal())

    def _m_protein(self) -> float:
        if self.group.kind not in {"myeloma", "smouldering"}:
            return float("nan")
        mean, sd = _BASELINE_M if self.group.kind == "myeloma" else (18.0, 8.0)
        return float(max(mean + sd * self._joined(effects.M_PROTEIN_CORRELATION), 2.0))

    def row(self, responder: bool) -> tuple[Any, ...]:
        """The cells of ``patients.csv`` behind the ID; "" for a missing value."""
        rng, kind = self.rng, self.group.kind
        sex = "male" if rng.random() < self.group.male else "female"
        bmpc = {"myeloma": (45.0, 20.0), "smouldering": (18.0, 6.0)}.get(kind)
        cells = "" if bmpc is None else round(float(np.clip(bmpc[0] + bmpc[1] * self._joined(effects.BMPC_CORRELATION), 1.0, 95.0)), 1)
        platelets: Any = round(float(max(rng.normal(*self.group.platelets), 3.0)), 0)
        platelets = "" if rng.random() < effects.MISSING_SHARE else platelets
        tail: tuple[Any, ...] = ("", "", "", "", "", "")
        if kind == "myeloma":
            high = rng.random() < effects.HIGH_RISK_SHARE
            hazard = np.log(2.0) / effects.MEDIAN_DAYS
            hazard *= (effects.HAZARD_RESPONSE if responder else 1.0) * (effects.HAZARD_HIGH_RISK if high else 1.0)
            time, seen = rng.exponential(1.0 / hazard), rng.uniform(400.0, 1500.0)
            category = str(rng.choice(EVENTS if responder else ("PR", "SD", "PD")))
            mutated = ["mutated" if rng.random() < share else "wild type" for share in (effects.RAS_SHARE, effects.TP53_SHARE)]
            tail = ("high risk" if high else "standard risk", *mutated, category, max(1, round(min(time, seen))), int(time <= seen))
        return (kind, round(self.age, 1), sex, str(rng.choice(SITES)), self.date.isoformat(), cells, platelets, *tail)

    def results(self, axes: np.ndarray) -> Results:
        """The exam, or for myeloma both; ``axes`` are the changes of fat fraction and M protein in SD."""
        values = self._values(self.levels, self.adc)
        note = (as_finding("Simulated numbers; there is no patient."),)
        tdv = self._tdv()
        first = self._exam("baseline", self.date, values, self.m_protein, tdv)
        if self.group.kind != "myeloma":
            return Results((first,), (), None, Settings(), note)
        change = float(_FF_CHANGE_SD * axes[0])
        levels = np.clip(self.levels + max(change, 1.0 - float(self.levels.min())), 0.5, 99.0)
        after = self._values(levels, self.adc + float(self.rng.normal(40.0 * axes[0] / 2.5, 60.0)))
        m_after = max(self.m_protein * (1.0 + max(_M_CHANGE_MEAN - _M_CHANGE_SD * float(axes[1]), -99.0) / 100.0), 0.0)
        shrunk = tdv * float(np.exp(-0.4 * axes[0] + self.rng.normal(0.0, 0.3)))
        second = self._exam("follow-up", self.date + datetime.timedelta(days=70), after, m_after, shrunk)
        return Results((first, second), compare(first, second), None, Settings(), note)

    def _values(self, levels: np.ndarray, adc: float) -> dict[str, float]:
        r2star = float(max(self.rng.normal(*effects.R2STAR), 20.0))
        drop = float(np.mean(dropout_of(levels)) + self.rng.normal(0.0, effects.DROPOUT_SD))
        return {"ff": float(levels.mean()), "adc": max(adc, 150.0), "dropout_ratio": drop, "r2star": r2star,
                "water_dominant": 100.0 * float(np.mean(levels < 50.0))}  # fmt: skip

    def _tdv(self) -> float:
        """Total diffusion volume in mL; NaN for other kinds than myeloma."""
        if self.group.kind != "myeloma":
            return float("nan")
        return float(effects.TDV_MEDIAN_ML * np.exp(effects.TDV_LOG_SD * self._joined(effects.TDV_CORRELATION)))

    def _exam(self, label: str, date: datetime.date, values: dict[str, float], m_protein: float, tdv: float) -> ExamResult:
        rows = {key: quantity(key) for key in values}
        how = made(finding("made.simulated"))
        lumbar = {key: Measurement(rows[key].name, value, rows[key].unit, how=how) for key, value in values.items()}
        labs = {}
        if np.isfinite(m_protein):
            labs["m_protein"] = LabValue("m_protein", m_protein, "g/L", date, f"{m_protein:.1f} g/L")
        if self.rng.random() >= effects.MISSING_SHARE:
            mean = {"control": 140.0, "smouldering": 128.0, "red marrow": 120.0}.get(self.group.kind, 98.0)
            value = float(max(self.rng.normal(mean, 16.0), 50.0))
            labs["haemoglobin"] = LabValue("haemoglobin", value, "g/L", date, f"{value:.0f} g/L")
        burden = _burden(tdv, values["adc"]) if np.isfinite(tdv) else None
        return ExamResult(label, date, {}, (), lumbar, burden, labs, synthetic=True)


def _burden(tdv: float, adc: float) -> Burden:
    """A tumour load of which only its two numbers are known."""
    how, settings = made(finding("made.simulated")), Settings()
    nothing = Volume(np.zeros((1, 1, 1), np.int32), np.eye(4))
    return Burden(
        nothing, (), float("nan"), settings.tdv_signal_ratio, settings.tdv_adc_window,
        Measurement(quantity("tdv").name, tdv, quantity("tdv").unit, how=how),
        Measurement(quantity("gadc").name, adc, quantity("gadc").unit, how=how), {}, None, {},
    )  # fmt: skip


def _readings(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Test and retest of fat fraction and ADC, and the ADC of two readers."""
    rows = []
    for n in range(effects.READERS):
        ff, adc = float(rng.uniform(10.0, 70.0)), float(np.exp(rng.normal(np.log(650.0), 0.25)))
        readings = [adc * np.exp(rng.normal(0.0, effects.REPEATED)) for _ in range(2)]
        read = [adc * np.exp(rng.normal(0.0, 0.036)) for _ in range(2)]
        rows.append((f"volunteer-{n + 1:02d}", *(ff + rng.normal(0.0, 1.1) for _ in range(2)), *readings, *read))
    return rows
