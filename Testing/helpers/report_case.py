"""An invented case for the tests of the report: two exams with every kind of number. Shapes and values are made up; nothing is measured."""

from __future__ import annotations

import datetime
import functools

import numpy as np
from MarrowQuantLib.followup import compare
from MarrowQuantLib.model import (
    ACCEPTED,
    PHYSIOLOGICAL,
    REJECTED,
    Burden,
    Component,
    ExamResult,
    Histogram,
    LabValue,
    Measurement,
    Results,
    Role,
    Settings,
    VertebraResult,
    VertebraROI,
    Volume,
)
from MarrowQuantLib.response import load_model

DATES = datetime.date(2025, 1, 14), datetime.date(2025, 3, 18)
LEVELS = ("L1", "L2", "L3", "L4", "L5")
STATES = {1: PHYSIOLOGICAL, 2: ACCEPTED, 3: ACCEPTED, 4: ACCEPTED, 5: REJECTED}
# What every component of the invented whole body is: centre (RAS, mm), radii (mm), signal, ADC (µm²/s).
BODY_PARTS = {
    1: ((0, 10, 430), (70, 85, 75), 900, 700),
    2: ((60, -20, -150), (45, 30, 50), 1500, 750),
    3: ((-70, -20, -170), (35, 25, 40), 1300, 820),
    4: ((0, -45, 60), (18, 18, 130), 1200, 700),
    5: ((95, 0, 150), (30, 40, 45), 1000, 900),
}


def level_centers(n=5):
    """Centres of L1 … L5 in RAS, mm: a gently lordotic column."""
    s = 70.0 - 35.0 * np.arange(n)
    return np.stack([np.full(n, 2.0), -10.0 + 12.0 * np.cos((s - 10) / 60.0), s], axis=1)


def ellipsoid(grid, center, radii):
    return sum(((x - c) / r) ** 2 for x, c, r in zip(grid, center, radii)) <= 1.0


def positions(shape_kji, ijk_to_ras):
    """R, A, S of every voxel, each with shape (k, j, i)."""
    k, j, i = np.indices(shape_kji, dtype=float)
    return np.tensordot(ijk_to_ras[:3, :3], np.array([i, j, k]), axes=1) + ijk_to_ras[:3, 3, None, None, None]


def spine_maps(ff_of_level, rng):
    """Sagittal fat-fraction and water maps, 12 slices of 4 mm, 1.75 mm pixels."""
    ijk_to_ras = np.array([[0, 0, 4.0, -22], [-1.75, 0, 0, 105], [0, -1.75, 0, 140], [0, 0, 0, 1.0]])
    grid = positions((12, 160, 120), ijk_to_ras)
    body = ellipsoid(grid, (0, 0, 0), (500, 92, 400))
    ff = np.where(body, 8.0, np.nan)
    ff[body & ~ellipsoid(grid, (0, 0, 0), (500, 78, 400))] = 92.0
    for center, level_ff in zip(level_centers(), ff_of_level):
        inside = np.all([np.abs(grid[n] - center[n]) < r for n, r in ((0, 22), (1, 17), (2, 13))], axis=0)
        ff[inside] = level_ff
    ff = (ff + rng.normal(0, 3.0, ff.shape)).astype(np.float32)
    ff[~body] = rng.uniform(-20, 120, (~body).sum())
    water = np.where(body, 1000 * (1 - np.clip(ff, 0, 100) / 100), 0) + rng.random(ff.shape) * 8
    ff_map = Volume(ff, ijk_to_ras, Role.PDFF, "%", "PDFF", "PDFF", source=("the scanner's fat fraction map",))
    fat = np.where(body, 1000 * np.clip(ff, 0, 100) / 100, 0).astype(np.float32)
    return {
        "ff": ff_map,
        "water": ff_map.like(water.astype(np.float32), role=Role.WATER, unit="", quantity="signal", name="water"),
        "fat": ff_map.like(fat, role=Role.FAT, unit="", quantity="signal", name="fat"),
    }


def body_maps(shrink, adc_shift, rng):
    """Axial high-b image, ADC and component labels of an invented body; tumour radii are multiplied by ``shrink``."""
    ijk_to_ras = np.array([[-4.0, 0, 0, 222], [0, -4.0, 0, 126], [0, 0, 6.0, -500], [0, 0, 0, 1.0]])
    shape = (170, 64, 112)
    grid = positions(shape, ijk_to_ras)
    body = ellipsoid(grid, (0, 0, 0), (180, 105, 330)) | ellipsoid(grid, (0, 10, 430), (85, 100, 100))
    body |= ellipsoid(grid, (70, 0, -400), (65, 75, 250)) | ellipsoid(grid, (-70, 0, -400), (65, 75, 250))
    signal = np.where(body, 120 + rng.normal(0, 25, shape), np.abs(rng.normal(0, 12, shape)))
    adc = np.where(body, 1500.0, np.nan)
    labels = np.zeros(shape, np.int32)
    for label, (center, radii, value, part_adc) in BODY_PARTS.items():
        tumour = STATES[label] == ACCEPTED
        inside = ellipsoid(grid, center, np.array(radii) * (shrink if tumour else 1.0))
        signal[inside], adc[inside], labels[inside] = value * (1 + rng.normal(0, 0.08, inside.sum())), part_adc + adc_shift * tumour, label
    high = Volume(signal.astype(np.float32), ijk_to_ras, Role.DWI, "", "signal", "b900", b_value=900.0)
    adc = adc + rng.normal(0, 90, shape)
    return high, high.like(adc.astype(np.float32), role=Role.ADC, unit="µm²/s", quantity="ADC", name="ADC", b_value=None), labels


def vertebra(level, center, ff, adc, rng, excluded=None):
    values = rng.normal(ff, 3.0, 400)
    counts, edges = np.histogram(np.clip(values, -10, 100), bins=110, range=(-10.0, 100.0))
    return VertebraResult(
        VertebraROI(level, center, np.eye(3), np.array([12.0, 9.0, 7.0]), excluded=excluded),
        {
            "ff": Measurement("FF", ff, "%", 400, 1.0, "mean; the scanner's fat fraction map"),
            "adc": Measurement("ADC", adc, "µm²/s", 36, 0.97, "median; weighted least squares over b 50, 900 s/mm²"),
            "dropout_ratio": Measurement("Dropout ratio", 1.5 * ff, "%", 400, 1.0, "100 (IP − OP) / IP"),
            "r2star": Measurement("R2*", 96.0, "1/s", 400, 1.0, "median"),
        },
        {"ff": {"mean": ff, "median": ff - 0.2, "p10": ff - 4, "p90": ff + 4, "skewness": 0.1, "variance": 9.0}},
        {"ff": Histogram(edges, counts, "FF", "%")},
    )


def burden_of(high, adc, labels):
    accepted = np.isin(labels, [label for label, state in STATES.items() if state == ACCEPTED])
    voxel = high.voxel_volume_ml
    components = []
    for label, (center, radii, value, _) in BODY_PARTS.items():
        values = adc.array[labels == label]
        reason = "most cranial large component: brain" if label == 1 else "decided by the reader" if label == 5 else "above both thresholds"
        components.append(
            Component(label, values.size * voxel, np.array(center, float), 2.0 * max(radii), float(np.median(values)), float(values.mean()),
                      value / 120.0, STATES[label], reason)
        )
    components.sort(key=lambda component: -component.volume_ml)
    inside = adc.array[accepted]
    counts, edges = np.histogram(np.clip(inside, 0, 3000), bins=60, range=(0.0, 3000.0))
    classes = {"< 900": (inside < 900).sum(), "900–1400": ((inside >= 900) & (inside <= 1400)).sum(), "> 1400": (inside > 1400).sum()}
    return Burden(
        labels=high.like(labels, role=Role.UNKNOWN, quantity="component", name="components", b_value=None),
        components=tuple(components), muscle_signal=120.0, signal_ratio_threshold=5.0, adc_window=(550.0, 1400.0),
        tdv=Measurement("tDV", float(accepted.sum() * voxel), "mL", int(accepted.sum()), None, "accepted components"),
        gadc=Measurement("gADC", float(np.median(inside)), "µm²/s", int(accepted.sum()), None, "median over the accepted voxels"),
        features={"mean": float(inside.mean()), "p10": float(np.percentile(inside, 10)), "kurtosis_excess": float("nan")},
        histogram=Histogram(edges, counts, "ADC", "µm²/s"), class_volumes_ml={name: float(n * voxel) for name, n in classes.items()},
    )  # fmt: skip


def exam_of(number, ff_of_level, shrink, adc_shift, labs, warnings=()):
    rng = np.random.default_rng(number)
    high, adc, labels = body_maps(shrink, adc_shift, rng)
    burden = burden_of(high, adc, labels)
    vertebrae = tuple(
        vertebra(level, center, ff, 650.0 + adc_shift, rng, excluded="compression fracture" if level == "L4" else None)
        for level, center, ff in zip(LEVELS, level_centers(), ff_of_level)
    )
    included = [v for v in vertebrae if not v.roi.excluded]
    how = "mean of the levels L1, L2, L3, L5"
    lumbar = {
        key: Measurement(m.name, float(np.mean([v.measurements[key].value for v in included])), m.unit, 4 * m.n_voxels, 1.0, how)
        for key, m in included[0].measurements.items()
    }
    series = (
        {"series_number": 401, "series_description": "mDixon <Quant> & FF", "role": "pdff", "unit": "%", "shape": [120, 160, 12],
         "confidence": 0.99, "evidence": ["ImageType names a fat fraction"], "used": True, "patient_key": "9f3a"},
        {"series_number": 801, "series_description": "DWIBS", "role": "dwi", "b_value": 900.0, "station": 1, "shape": [112, 64, 60],
         "confidence": 0.95, "evidence": ["b-value in the header"], "used": True},
    )  # fmt: skip
    return ExamResult(
        ("baseline", "follow-up")[number], DATES[number], {**spine_maps(ff_of_level, rng), "dwi_high": high, "adc": adc}, vertebrae, lumbar,
        burden, {test: LabValue(test, value, unit, DATES[number], f"{value:g} {unit}") for test, value, unit in labs}, series,
        {"manufacturer": "Philips", "field_strength_t": 3.0, "b_values": [50.0, 900.0], "ff_origin": "ff_vendor"}, True, tuple(warnings),
    )  # fmt: skip


@functools.lru_cache(maxsize=1)
def two_exams():
    """Baseline and follow-up of an invented responder; made once, since nothing changes them."""
    first = exam_of(0, (3.2, 4.1, 3.8, 9.0, 4.4), 1.0, 0.0, [("m_protein", 38.0, "g/L"), ("haemoglobin", 92.0, "g/L"),
                                                             ("beta2_microglobulin", 4.6, "mg/L")])
    second = exam_of(1, (19.5, 22.0, 20.8, 14.0, 23.3), 0.55, 260.0, [("m_protein", 7.6, "g/L"), ("haemoglobin", 108.0, "g/L"),
                                                                    ("beta2_microglobulin", 2.4, "mg/L")],
                     ["The intensity of station 2 was matched with a gain of 1.31 <check>."])  # fmt: skip
    return first, second


def fake_results():
    """The invented case with its changes and its estimate by the bundled model."""
    first, second = two_exams()
    before, after = first.labs["m_protein"].value, second.labs["m_protein"].value
    estimate = load_model().predict(
        {"ff_change": second.lumbar["ff"].value - first.lumbar["ff"].value, "m_protein_change": 100.0 * (after - before) / before}
    )
    return Results((first, second), compare(first, second), estimate, Settings(), ())
