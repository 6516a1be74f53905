"""``measurements.csv``: one row a number, for a spreadsheet or a statistics program.

Columns: ``exam`` ("baseline", "follow-up", "change", "response"), ``date``, ``region`` (vertebral level, "lumbar mean", "tumour load",
"component 3", "L1 voxels", "laboratory"), ``quantity``, ``value``, ``unit``, ``n_voxels``, ``fraction_inside``, ``how``,
``standard_error`` (from the noise in the voxels, in the unit of the value). The file is
comma-separated UTF-8 with a byte-order mark, so that spreadsheets read µ and Japanese; the decimal sign is always a point. An empty value
means that there is no number. Text that a spreadsheet could run as a formula is preceded by an apostrophe (the defence that OWASP
recommends).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

from ..followup import index_of
from ..io.textfiles import without_formula
from ..model import UNIT_FF, Burden, Change, ExamResult, Measurement, RegionChange, ResponseEstimate, Results, iso_date

COLUMNS = ("exam", "date", "region", "quantity", "value", "unit", "n_voxels", "fraction_inside", "how", "standard_error")
# First-order features that have no unit, and those in the squared unit; all others have the unit of the quantity.
_UNITLESS = {"skewness", "kurtosis_excess", "cov", "qcod", "histogram_uniformity", "n", "n_excluded"}
_SQUARED = {"variance", "energy"}
_IN_BITS = {"histogram_entropy"}
_DISCRETISED = {"histogram_mode"}

Row = tuple[Any, ...]


def write_measurements(results: Results, path: Path) -> Path:
    """Write every number of ``results`` as a row of a CSV file; the columns are told in the module's own text."""
    path = Path(path)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in measurement_rows(results):
            writer.writerow([cell(value) for value in (*row, *[None] * (len(COLUMNS) - len(row)))])
    return path


def measurement_rows(results: Results) -> Iterator[Row]:
    """The rows of the table, in the order of ``COLUMNS``; those without a standard error end before it."""
    for exam in results.exams:
        for row in _exam_rows(exam):
            yield (exam.label, iso_date(exam.date), *row)
    for change in results.changes:
        yield from (("change", "", *row) for row in _change_rows(change))
    for region in results.distributions:
        yield from (("change", "", *row) for row in _distribution_rows(region))
    if results.response:
        yield from (("response", "", *row) for row in _response_rows(results.response))


def _exam_rows(exam: ExamResult) -> Iterator[Row]:
    for vertebra in exam.vertebrae:
        level = vertebra.roi.level
        note = f"excluded from the mean: {vertebra.roi.excluded}" if vertebra.roi.excluded else ""
        for key, measurement in vertebra.measurements.items():
            yield _measured(level, key, measurement, note)
        for key, features in vertebra.features.items():
            unit = vertebra.measurements[key].unit if key in vertebra.measurements else ""
            yield from _feature_rows(level, key, features, unit)
    for key, measurement in exam.lumbar.items():
        yield _measured("lumbar mean", key, measurement)
    if exam.burden:
        yield from _burden_rows(exam.burden)
    for test, lab in exam.labs.items():
        yield ("laboratory", test, lab.value, lab.unit, None, None, f"{lab.given} on {lab.date.isoformat()}")


def _measured(region: str, key: str, measurement: Measurement, note: str = "") -> Row:
    how = "; ".join(part for part in (measurement.how, note) if part)
    return (region, key, measurement.value, measurement.unit, measurement.n_voxels, measurement.fraction_inside, how,
            measurement.standard_error)  # fmt: skip


def _feature_rows(region: str, key: str, features: Mapping[str, float], unit: str) -> Iterator[Row]:
    for name, value in features.items():
        yield (region, f"{key}.{name}", value, _feature_unit(name, unit), None, None, "first-order feature")


def _feature_unit(name: str, unit: str) -> str:
    if name in _UNITLESS:
        return "1"
    if name in _SQUARED:
        return f"({unit})²"
    if name in _IN_BITS:
        return "bit"
    return "bin" if name in _DISCRETISED else unit


def _burden_rows(burden: Burden) -> Iterator[Row]:
    region = "tumour load"
    yield _measured(region, "tdv", burden.tdv)
    yield _measured(region, "gadc", burden.gadc)
    yield from _feature_rows(region, "gadc", burden.features, burden.gadc.unit)
    for name, volume in burden.class_volumes_ml.items():
        yield (region, f"tdv in ADC class {name}", volume, burden.tdv.unit, None, None, "")
    for component in burden.components:
        where, how = f"component {component.label}", f"{component.state}: {component.reason}"
        yield (where, "volume", component.volume_ml, "mL", None, None, how)
        yield (where, "longest_diameter", component.longest_diameter_mm, "mm", None, None, how)
        yield (where, "adc_median", component.adc_median, burden.gadc.unit, None, None, how)
        yield (where, "signal_ratio", component.signal_ratio, "1", None, None, how)
        if component.ff_median is not None:
            yield (where, "ff_median", component.ff_median, UNIT_FF, component.ff_voxels, None, how)


def _change_rows(change: Change) -> Iterator[Row]:
    how = " ".join(change.flags)
    yield (change.level, change.name, change.absolute, change.absolute_unit, None, None, how)
    yield (change.level, f"{change.name} relative", change.relative_percent, "%", None, None, how)


def _distribution_rows(change: RegionChange) -> Iterator[Row]:
    where, key, found, unit = f"{change.region} voxels", change.key, change.distribution, index_of(change.key).change_unit
    how = " ".join(found.warnings)
    for name, value in (("median", found.median_shift), ("mean", found.mean_shift)):
        yield (where, f"{key} {name} shift", value, unit, found.n_after, None, how)
    yield (where, f"{key} earth mover's distance", found.earth_mover, unit, found.n_after, None, how)
    yield (where, f"{key} overlap", found.overlap, "1", found.n_after, None, how)
    if change.voxelwise is not None:
        moved = change.voxelwise
        how = f"against ±{moved.limit:.4g} {unit}; for looking, not for measuring"
        for name, value in (("down", moved.percent_down), ("unchanged", moved.percent_unchanged), ("up", moved.percent_up)):
            yield (where, f"{key} voxels {name}", value, "%", moved.n_voxels, None, how)


def _response_rows(response: ResponseEstimate) -> Iterator[Row]:
    how = f"{response.model_id}: {response.label}"
    low, high = response.interval or (None, None)
    for name, value in (("probability", response.probability), ("interval low", low), ("interval high", high)):
        yield ("", name, value, "1", None, None, how)
    for contribution in response.contributions:
        yield ("", f"logit of {contribution.predictor}", contribution.logit, "1", None, None, how)


def cell(value: Optional[Any]) -> str:
    """A value as it stands in a CSV: empty without one, numbers with six digits, text that no spreadsheet runs as a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        return without_formula(" ".join(value.split()))
    return f"{float(value):.6g}" if math.isfinite(value) else ""
