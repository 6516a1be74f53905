"""One simulated exam in memory: images, reader's points and the truth about them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model import MarrowQuantError, Progress, Role, Volume, no_progress
from . import dixon, dwi
from .patient import LEVELS_IN_TRUTH, Body, PlacedLesion, make_body
from .sampling import SUPERSAMPLING, Samples
from .spine import LUMBAR, marrow_material
from .stories import EXAM_DATES, EXAM_LABELS, POSES, find_story

READER_ERROR_MM = 1.5
TDV_MEANING = (
    "Volume of all tissue that is active disease in the simulated body, counted on the sample points of the diffusion grid inside its "
    "field of view, before noise and without any threshold."
)


@dataclass(frozen=True)
class SimulatedExam:
    """What the scanner and a reader would give, and the truth.

    Attributes
    ----------
    story, label : str
    index, seed : int
    date : datetime.date
    dixon : DixonImages
    stations : tuple of tuple of Volume
        Diffusion, most cranial station first, one volume per b-value.
    localizer : tuple of Volume
        Three single slices: axial, coronal, sagittal.
    points : dict of level to ndarray, shape (3,)
        Where a reader would put the ROIs, RAS mm.
    truth : dict
        Ready for JSON.
    """

    story: str
    label: str
    index: int
    seed: int
    date: datetime.date
    dixon: dixon.DixonImages
    stations: tuple[tuple[Volume, ...], ...]
    localizer: tuple[Volume, ...]
    points: dict[str, np.ndarray]
    truth: dict[str, Any]


def simulate_exam(story: str = "responder", exam_index: int = 0, seed: int = 1, progress: Progress = no_progress) -> SimulatedExam:
    """Simulate one exam; the same arguments give the same numbers.

    Parameters
    ----------
    story : {"responder", "non-responder"}
    exam_index : {0, 1}
        Baseline or follow-up.
    seed : int
        Of noise, field map and reader error.
    progress : callable

    Raises
    ------
    MarrowQuantError
        When there is no such story or exam, or the seed is negative.
    """
    if exam_index not in range(len(EXAM_LABELS)) or seed < 0:
        raise MarrowQuantError(
            "Exam {exam_index} with seed {seed} cannot be simulated; exams are 0 and 1, and the seed is 0 or more.",
            exam_index=exam_index, seed=seed,
        )
    body = make_body(find_story(story), exam_index)
    rng = np.random.default_rng([seed, exam_index, len(story)])
    label = EXAM_LABELS[exam_index]
    progress(0.0, f"Lumbar Dixon, {label}")
    lumbar = dixon.simulate_dixon(body, rng)
    progress(0.4, f"Whole-body diffusion, {label}")
    samples = dwi.sample_whole_body(body)
    stations = dwi.simulate_dwi(body, samples, rng)
    points = _reader_points(body, rng)
    truth = _truth(body, samples, exam_index, lumbar)
    progress(1.0, f"Simulated, {label}")
    localizer = _localizer(samples, body)
    return SimulatedExam(story, label, exam_index, seed, EXAM_DATES[exam_index], lumbar, stations, localizer, points, truth)


def _reader_points(body: Body, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """L1 to L5 at the true centres with the error of a hand, ``READER_ERROR_MM`` per axis."""
    return {level: body.to_ras(body.column[level].center) + READER_ERROR_MM * rng.standard_normal(3) for level in LUMBAR}


def _localizer(samples: Samples, body: Body) -> tuple[Volume, ...]:
    """One axial, one coronal and one sagittal slice of the whole body, proton density, on the diffusion grid."""
    density = samples.mean(1000 * np.array([t.density for t in body.materials.values()]))
    matrix = samples.ijk_to_ras
    middle = np.array(density.shape) // 2
    axial = _slab(matrix, (0, 1, 2), (0, 0, middle[0]), (1, 1, 1))
    coronal = _slab(matrix, (0, 2, 1), (0, middle[1], density.shape[0] - 1), (1, -1, 1))
    sagittal = _slab(matrix, (1, 2, 0), (middle[2], 0, density.shape[0] - 1), (1, -1, 1))
    arrays = (density[middle[0]], density[::-1, middle[1]], density[::-1, :, middle[2]])
    pairs = zip(arrays, (axial, coronal, sagittal))
    return tuple(Volume(np.ascontiguousarray(a)[None], m, Role.LOCALIZER, "", "signal", "localizer") for a, m in pairs)


def _slab(matrix: np.ndarray, axes: tuple[int, int, int], start: tuple[int, int, int], signs: tuple[int, int, int]) -> np.ndarray:
    """Voxel to RAS of a slice through a volume: its i, j, k run along ``axes`` of the volume, from voxel ``start``."""
    found = np.eye(4)
    found[:3, :3] = matrix[:3, list(axes)] * np.asarray(signs)
    found[:3, 3] = (matrix @ np.array([*start, 1.0]))[:3]
    return found


def _truth(body: Body, samples: Samples, exam_index: int, lumbar: dixon.DixonImages) -> dict[str, Any]:
    """Everything that a test or a reader may want to know about this exam."""
    sample_ml = abs(np.linalg.det(samples.ijk_to_ras[:3, :3])) / 1000 / SUPERSAMPLING**3
    counts = np.bincount(samples.labels.ravel(), minlength=len(body.materials))
    volumes = {name: float(counts[number] * sample_ml) for name, number in body.values.items()}
    muscle = dwi.material_signal(body, dwi.B_VALUES[-1])[body.values["muscle"]]
    return {
        "date": EXAM_DATES[exam_index].isoformat(),
        "label": EXAM_LABELS[exam_index],
        "tdv_ml": round(sum(volumes[name] for name in sorted(body.active)), 3),
        "tdv_meaning": TDV_MEANING,
        "diffuse_ml": {name: round(volumes[name], 3) for name in sorted(body.active) if name.endswith(" marrow")},
        "lesions": [_lesion_truth(body, lesion, volumes) for lesion in body.lesions],
        "levels": {level: _level_truth(body, level) for level in LEVELS_IN_TRUTH},
        "patient_shift_mm": list(POSES[exam_index].shift_mm),
        "patient_turn_degrees_xyz": list(POSES[exam_index].degrees_xyz),
        "body_to_ras": np.round(body.body_to_ras, 9).tolist(),
        "station_gains": list(dwi.GAINS),
        "muscle_signal_b900": round(float(muscle), 3),
        "dwi_noise_sd": dwi.NOISE,
        "dixon_echo_noise_sd": dixon.NOISE,
        "dixon_product_noise_sd": dixon.PRODUCT_NOISE,
        "marrow_texture_sd": {"ff_relative": dixon.FF_TEXTURE, "adc_relative": dwi.ADC_TEXTURE},
        "field_map_hz": [round(float(lumbar.field_hz.min()), 1), round(float(lumbar.field_hz.max()), 1)],
        "reader_error_mm": READER_ERROR_MM,
    }


def _lesion_truth(body: Body, lesion: PlacedLesion, volumes: dict[str, float]) -> dict[str, Any]:
    tissue = body.materials[lesion.name]
    return {
        "name": lesion.name,
        "region": lesion.region,
        "state": "active" if lesion.name in body.active else "responding",
        "center_ras": np.round(body.to_ras(lesion.shape.center), 3).tolist(),
        "diameters_mm": (2 * lesion.shape.radii).round(2).tolist(),
        "longest_diameter_mm": round(float(2 * lesion.shape.radii.max()), 2),
        "volume_ml": round(volumes[lesion.name], 3),
        "analytic_volume_ml": round(lesion.shape.volume_ml(), 3),
        "adc_um2_per_s": tissue.adc,
        "ff_percent": tissue.ff,
        "b900_over_muscle": tissue.dwi_ratio,
    }


def _level_truth(body: Body, level: str) -> dict[str, Any]:
    vertebra, tissue = body.column[level], body.materials[marrow_material(level)]
    return {
        "center_ras": np.round(body.to_ras(vertebra.center), 3).tolist(),
        "axes": np.round(body.body_to_ras[:3, :3] @ vertebra.axes, 6).tolist(),
        "radii_mm": vertebra.radii.tolist(),
        "ff_percent": tissue.ff,
        "r2star_per_s": tissue.r2star,
        "adc_um2_per_s": tissue.adc,
        "b900_over_muscle": tissue.dwi_ratio,
        "state": "active" if marrow_material(level) in body.active else "normal or recovering",
    }
