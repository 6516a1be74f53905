"""A small made-up case for the tests of the scene: two exams with oblique Dixon maps, a tumour load, laboratory values, a response."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
from MarrowQuantLib.burden.tdv import DECIDED
from MarrowQuantLib.model import (
    ACCEPTED,
    PHYSIOLOGICAL,
    REJECTED,
    UNIT_ADC,
    UNIT_FF,
    UNIT_FF_CHANGE,
    UNIT_VOLUME,
    Burden,
    Change,
    Component,
    Contribution,
    ExamResult,
    Histogram,
    LabValue,
    Measurement,
    ResponseEstimate,
    Results,
    Role,
    Settings,
    VertebraResult,
    VertebraROI,
    Volume,
)
from MarrowQuantLib.vertebrae import default_axes

LEVELS = ("T12", "L1", "L2", "L3")
DATES = {"baseline": datetime.date(2025, 1, 14), "follow-up": datetime.date(2025, 3, 18)}


def oblique_affine(spacing: tuple[float, float, float] = (1.3, 1.7, 4.0)) -> np.ndarray:
    """A grid turned about two axes, with an origin that no float32 holds exactly."""
    a, b = 0.3, 0.2
    about_s = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_r = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = about_s @ about_r @ np.diag(spacing)
    affine[:3, 3] = (-60.1, -50.7, -70.123456789)
    return affine


def make_results(**changes: Any) -> Results:
    """Two exams; the baseline has more tumour and less fat."""
    exams = (make_exam("baseline", 12.0, seed=1), make_exam("follow-up", 31.0, seed=2))
    change = Change("FF", UNIT_FF, 12.0, 31.0, 19.0, UNIT_FF_CHANGE, 158.3, ("larger than the repeatability limit",))
    no_relative = Change("M protein", "g/L", 0.0, 3.0, 3.0, "g/L", None)
    contributions = (Contribution("ff_change", 19.0, "percentage points", 1.5),)
    response = ResponseEstimate(0.82, (0.5, 0.95), contributions, "example-model", "Example", {"title": "Example"}, ("An example.",))
    results = Results(exams, (change, no_relative), response, Settings(tdv_signal_ratio=4.5, roi_radii_mm=(11.0, 8.5, 6.25)))
    return replace(results, **changes)


def make_exam(label: str, ff: float, seed: int) -> ExamResult:
    rng = np.random.default_rng(seed)
    affine = oblique_affine()
    shape = (36, 60, 70)
    ff_map = rng.normal(ff, 2.0, shape).astype(np.float32)
    ff_map[0, 0, :5] = np.nan
    volume = Volume(ff_map, affine, Role.PDFF, UNIT_FF, "PDFF", source=("vendor map", "scale read from the header: ×0.1 µ"))
    water = volume.like(rng.normal(300, 20, shape).astype(np.float32), role=Role.WATER, unit="", quantity="signal", echo_time_s=0.0023)
    maps = {"ff": volume, "ff_vendor": volume, "water": water, **_diffusion_maps(rng)}
    vertebrae = tuple(_vertebra(roi, ff) for roi in _rois(affine))
    return ExamResult(
        label=label,
        date=DATES[label],
        maps=maps,
        vertebrae=vertebrae,
        lumbar={"ff": Measurement("FF", ff, UNIT_FF, 900, 1.0, "mean of the levels L1, L3")},
        burden=make_burden(maps["dwi_high"]),
        labs={"m_protein": LabValue("m_protein", 32.0, "g/L", DATES[label], "3.2 g/dL")},
    )


def make_burden(grid: Volume) -> Burden:
    """Four blocks: two accepted (one by the reader, an arch whose centroid is outside it), one physiological, one rejected."""
    labels = np.zeros(grid.array.shape, np.int32)
    labels[2:6, 4:9, 4:9] = 1
    labels[10:20, 4:6, 4:16], labels[10:20, 6:12, 4:6], labels[10:20, 6:12, 14:16] = 3, 3, 3
    labels[24:28, 20:26, 20:26] = 2
    labels[24:28, 5:8, 20:26] = 70
    states = {1: ACCEPTED, 2: PHYSIOLOGICAL, 3: ACCEPTED, 70: REJECTED}
    volume = grid.like(labels, role=Role.UNKNOWN, unit="", quantity="component", b_value=None)
    components = tuple(_component(volume, label, state) for label, state in states.items())
    accepted = int(np.isin(labels, (1, 3)).sum())
    histogram = Histogram(np.array([400.0, 600.0, 800.0, 1000.0]), np.array([10, accepted - 30, 20]), "ADC", UNIT_ADC)
    return Burden(
        labels=volume,
        components=components,
        muscle_signal=20.0,
        signal_ratio_threshold=4.5,
        adc_window=(550.0, 1400.0),
        tdv=Measurement("tDV", accepted * grid.voxel_volume_ml, UNIT_VOLUME, accepted, None, "sum of the accepted components"),
        gadc=Measurement("gADC", 745.5, UNIT_ADC, accepted, None, "mean ADC of the accepted voxels"),
        features={"mean": 745.5},
        histogram=histogram,
        class_volumes_ml={"<900": 1.0, "900-1400": 0.5, ">1400": 0.0},
        class_edges=(900.0, 1400.0),
    )


def _diffusion_maps(rng: np.random.Generator) -> dict[str, Volume]:
    affine = np.diag([-3.0, -3.0, 5.0, 1.0])
    affine[:3, 3] = (60.0, 50.0, -80.0)
    high = Volume(rng.gamma(2.0, 20.0, (32, 30, 36)).astype(np.float32), affine, Role.DWI, "", "signal", b_value=900.0, station=1)
    adc = high.like(rng.normal(900, 100, high.array.shape).astype(np.float32), role=Role.ADC, unit=UNIT_ADC, quantity="ADC", b_value=None)
    return {"dwi_high": high, "adc": adc}


def _rois(affine: np.ndarray) -> list[VertebraROI]:
    centers = np.array([(affine @ (35, 30, k, 1))[:3] for k in (30, 22, 14, 6)])
    rois = [
        VertebraROI(level, center, axes, np.array([12.0, 9.5, 7.25]))
        for level, center, axes in zip(LEVELS, centers, default_axes(centers))
    ]
    rois[2] = replace(rois[2], excluded="fracture; L2 collapsed", shape="cylinder")
    return rois


def _vertebra(roi: VertebraROI, ff: float) -> VertebraResult:
    measurements = {"ff": Measurement("FF", ff + 0.123456789, UNIT_FF, 391, 0.98, "mean; vendor map")}
    if roi.level != "T12":
        measurements["adc"] = Measurement("ADC", 745.0, UNIT_ADC, 120, 1.0, "median")
    return VertebraResult(roi, measurements, findings=("Only 98 % in view.",))


def _component(labels: Volume, label: int, state: str) -> Component:
    kji = np.argwhere(labels.array == label)
    centroid = (labels.ijk_to_ras @ np.append(kji.mean(axis=0)[::-1], 1.0))[:3]
    volume = len(kji) * labels.voxel_volume_ml
    reason = DECIDED if label in (3, 70) else "most cranial large component: brain" if label == 2 else "in the window"
    return Component(label, volume, centroid, 31.25, 712.5, 745.0 + 1 / 3, 6.5, state, reason)
