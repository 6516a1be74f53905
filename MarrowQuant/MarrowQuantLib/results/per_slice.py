"""Fat fraction, ADC and voxel counts of every ROI in every slice that it meets: a CSV file on request.

Columns: exam, date, region, quantity, slice (counted from 1 in the order of the map), position_mm (of the slice's middle along its
normal, RAS), n_voxels, value (mean or median, as the ROI's own), unit. A ROI is rasterised on the map as for its own value, so the
slices' voxels add up to the ROI's.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..model import ExamResult, MarrowQuantError, Results, VertebraResult, iso_date
from ..quantities import quantity
from ..vertebrae.roi import rasterise
from .measurements import cell

QUANTITIES = ("ff", "adc")
COLUMNS = ("exam", "date", "region", "quantity", "slice", "position_mm", "n_voxels", "value", "unit")


def write_slices(results: Results, path: Path) -> Path:
    """Write the table of slices of all exams whose maps are at hand."""
    with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for exam in results.exams:
            for row in slice_rows(exam):
                writer.writerow([cell(value) for value in (exam.label, iso_date(exam.date), *row)])
    return Path(path)


def slice_rows(exam: ExamResult) -> Iterator[tuple[Any, ...]]:
    """The rows of one exam from the third column on, ROI by ROI and slice by slice."""
    for vertebra in exam.vertebrae:
        for key in QUANTITIES:
            if key in exam.maps and key in vertebra.measurements:
                yield from _of_roi(exam, vertebra, key)


def _of_roi(exam: ExamResult, vertebra: VertebraResult, key: str) -> Iterator[tuple[Any, ...]]:
    volume, row = exam.maps[key], quantity(key)
    try:
        voxels = rasterise(vertebra.moved_rois.get(key, vertebra.roi), volume)
    except MarrowQuantError:  # outside this map's field of view
        return
    normal = np.cross(volume.ijk_to_ras[:3, 0], volume.ijk_to_ras[:3, 1])
    normal = normal / np.linalg.norm(normal)
    inside = volume.array[voxels.bounds]
    for k, (values, mask) in enumerate(zip(inside, voxels.local_mask), start=voxels.bounds[0].start):
        kept = values[mask & np.isfinite(values)]
        if kept.size:
            value = float(np.median(kept) if row.statistic == "median" else np.mean(kept))
            position = float(volume.to_ras((0, 0, k)) @ normal)
            yield (vertebra.roi.level, key, k + 1, round(position, 2), int(kept.size), value, row.unit)
