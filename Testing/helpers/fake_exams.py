"""Two small exams with known numbers, for tests in which reading DICOM and fitting are not the point."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
from MarrowQuantLib.exam.maps import ExamMaps
from MarrowQuantLib.model import UNIT_ADC, UNIT_FF, Profile, Role, Seam, Stitching, Volume

LEVEL_Z = {"L1": 60.0, "L2": 30.0, "L3": 0.0, "L4": -30.0, "L5": -60.0}  # RAS mm; x = y = 0
FAT_FRACTION = {"baseline": 5.0, "follow-up": 25.0}
MARROW_ADC = {"baseline": 800.0, "follow-up": 500.0}
LESIONS_Z = (-40.0, 40.0)
LESION_RADIUS_MM = {"baseline": 18.0, "follow-up": 12.0}
MUSCLE_SIGNAL = 100.0
DATES = {"baseline": datetime.date(2025, 1, 14), "follow-up": datetime.date(2025, 3, 18)}


def grid(shape_kji: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Affine of a grid centred on the origin, and the R, A, S position of each voxel."""
    matrix = np.diag([*spacing_mm, 1.0])
    matrix[:3, 3] = [-(n - 1) * s / 2 for n, s in zip(shape_kji[::-1], spacing_mm)]
    k, j, i = np.indices(shape_kji)
    return matrix, [axis * s + matrix[n, 3] for n, (axis, s) in enumerate(zip((i, j, k), spacing_mm))]


def exam_maps(label: str) -> ExamMaps:
    """Fat fraction and water on one grid, diffusion on another: a muscle cylinder with two bright spheres beside the column."""
    matrix, _ = grid((60, 30, 20), (4.0, 3.0, 3.0))
    ff = np.full((60, 30, 20), FAT_FRACTION[label], dtype=np.float32)
    fat_fraction = Volume(ff, matrix, Role.PDFF, UNIT_FF, "PDFF", "PDFF", source=("made for a test",))
    water = Volume(100.0 - ff, matrix, Role.WATER, "", "signal", "water")
    matrix, (r, a, s) = grid((40, 40, 40), (6.0, 6.0, 6.0))
    body = np.hypot(r, a) < 90
    marrow = np.hypot(r, a) < 24
    signal, adc = np.full(r.shape, 2.0), np.full(r.shape, np.nan)
    signal[body], adc[body] = MUSCLE_SIGNAL, 1500.0
    signal[marrow], adc[marrow] = 200.0, MARROW_ADC[label]
    for z in LESIONS_Z:
        sphere = (r - 60) ** 2 + a**2 + (s - z) ** 2 < LESION_RADIUS_MM[label] ** 2
        signal[sphere], adc[sphere] = 900.0, 850.0
    high = Volume(signal.astype(np.float32), matrix, Role.DWI, "", "signal", "b900", b_value=900.0)
    adc_map = Volume(adc.astype(np.float32), matrix, Role.ADC, UNIT_ADC, "ADC", "ADC", source=("made for a test",))
    row = {
        "series_number": 3, "role": "pdff", "b_value": None, "echo_time_s": None, "station": None, "used": True, "confidence": 0.9,
        "evidence": ["ImageType says FF.", "Values lie between 0 and 100."],
    }
    return ExamMaps(
        label=label,
        date=DATES[label],
        maps={"ff": fat_fraction, "water": water, "dwi_high": high, "adc": adc_map},
        protocol={"manufacturer": "none", "field_strength_t": 3.0, "b_values": [50.0, 900.0], "ff_origin": "ff_vendor"},
        synthetic=True,
        series=(row,),
    )


def with_stations(maps: ExamMaps) -> ExamMaps:
    """The exam as if its diffusion image had been joined from two stations at S = 0."""
    heights = np.array([-40.0, 0.0, 40.0])
    seam = Seam((2, 1), np.zeros(3), 4, 0.31, 0.012)
    profile = Profile(heights, np.array([80.0, 100.0, np.nan]), np.array([104.0, 100.0, np.nan]))
    return replace(maps, stitching=Stitching((seam,), (1.0, 1.3), profile))


def with_station_apart(maps: ExamMaps) -> ExamMaps:
    """The exam with a station more, 300 mm below and twice as bright, that could not be stitched to the others."""
    high, adc = (maps.maps[key] for key in ("dwi_high", "adc"))
    below = high.ijk_to_ras.copy()
    below[2, 3] -= 300.0
    reason = "kept apart, station 2: it has another voxel size"
    apart = {
        "dwi_high_part2": replace(high, array=2.0 * high.array, ijk_to_ras=below, source=(reason,)),
        "adc_part2": replace(adc, array=adc.array.copy(), ijk_to_ras=below),
    }
    return replace(maps, maps={**maps.maps, **apart})


def segmentation(heights: dict[str, float]) -> Any:
    """A segmentation node as another module would have made it: one block of 44 x 34 x 24 mm a name, about 1 mm below its height."""
    import slicer
    from MarrowQuantLib.scene.labelmaps import set_segment, start_segmentation

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "other tool")
    start_segmentation(node)
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = -30, -30, -100
    for name, z in heights.items():
        mask = np.zeros((100, 30, 30), bool)
        middle = round((z + 100) / 2)
        mask[middle - 6 : middle + 6, 7:24, 4:26] = True
        set_segment(node, name, name, mask, matrix, color=(1.0, 0.5, 0.0))
    return node


def true_tdv_ml(label: str) -> float:
    """Voxels of the two spheres on the diffusion grid, in mL."""
    _, (r, a, s) = grid((40, 40, 40), (6.0, 6.0, 6.0))
    inside = [(r - 60) ** 2 + a**2 + (s - z) ** 2 < LESION_RADIUS_MM[label] ** 2 for z in LESIONS_Z]
    return float(np.count_nonzero(inside[0] | inside[1])) * 6.0**3 / 1000.0
