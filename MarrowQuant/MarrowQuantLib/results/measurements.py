"""``measurements.csv``: one row a number, for a spreadsheet or a statistics program.

Columns: ``exam`` ("baseline", "follow-up", "change", "response"), ``date``, ``region`` (vertebral level, "lumbar mean", "tumour load",
"component 3", "L1 voxels", "laboratory"), ``quantity``, ``value``, ``unit``, ``n_voxels``, ``fraction_inside``, ``how``,
``standard_error`` (from the noise in the voxels, in the unit of the value), ``placement_error`` (by moving the ROI). The file is
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

from ..features.firstorder import unit_of_feature
from ..followup import index_of
from ..followup.region_loads import region_loads
from ..io.textfiles import without_formula
from ..model import Burden, ExamResult, Measurement, RegionChange, ResponseEstimate, Results, finding, iso_date
from . import rows

COLUMNS = ("exam", "date", "region", "quantity", "value", "unit", "n_voxels", "fraction_inside", "how", "standard_error", "placement_error")
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
    for change in rows.changes(results.changes).rows:
        yield from (("change", "", *row) for row in _change_rows(change))
    yield from _region_rows(results)
    for region in results.distributions:
        yield from (("change", "", *row) for row in _distribution_rows(region))
    if results.response:
        yield from (("response", "", *row) for row in _response_rows(results.response))


def _exam_rows(exam: ExamResult) -> Iterator[Row]:
    for vertebra in rows.vertebrae([exam])[0].rows:
        level, excluded = vertebra["level"].value, vertebra["excluded"].value
        note = finding("made.excluded", why=excluded) if vertebra.is_out else ""
        for key in vertebra.source.measurements:
            yield _measured(level, key, vertebra[key], vertebra.source.measurements[key], note)
        for key, features in vertebra.source.features.items():
            yield from _feature_rows(level, key, features)
    for key, measurement in exam.lumbar.items():
        yield _measured("lumbar mean", key, rows.cell_of(key, measurement), measurement)
    if exam.burden:
        yield from _burden_rows(exam.burden)
    for lab in rows.laboratory([exam]).rows:
        value = lab["value_0"]
        yield ("laboratory", lab["test"].value, value.value, value.unit, None, None, f"{lab['given_0'].value} on {lab['date_0'].value}")


def _measured(region: str, key: str, cell: rows.Cell, measurement: Measurement, note: str = "") -> Row:
    how = "; ".join(part for part in (measurement.how, note) if part)
    return (
        region, key, cell.value, cell.unit, measurement.n_voxels, measurement.fraction_inside, how, measurement.standard_error,
        measurement.placement_error,
    )


def _feature_rows(region: str, key: str, features: Mapping[str, float]) -> Iterator[Row]:
    for name, value in features.items():
        yield (region, f"{key}.{name}", value, unit_of_feature(name, rows.unit_of(key)), None, None, "first-order feature")


_COMPONENT_NUMBERS = ("volume", "longest_diameter", "adc_median", "signal_ratio", "ff_median")


def _burden_rows(burden: Burden) -> Iterator[Row]:
    region = "tumour load"
    for key, measurement in (("tdv", burden.tdv), ("gadc", burden.gadc)):
        yield _measured(region, key, rows.cell_of(key, measurement), measurement)
    yield from _feature_rows(region, "gadc", burden.features)
    for name, volume in burden.class_volumes_ml.items():
        yield (region, f"tdv in ADC class {name}", volume, burden.tdv.unit, None, None, "")
    for component in rows.components(burden.components).rows:
        where, how = f"component {component['label'].value}", f"{component['state'].value}: {component['reason'].value}"
        for key in _COMPONENT_NUMBERS:
            cell, voxels = component[key], component["ff_voxels"].value if key == "ff_median" else None
            if cell.value is not None:
                yield (where, key, cell.value, cell.unit, voxels, None, how)


def _region_rows(results: Results) -> Iterator[Row]:
    """Number, volume and ADC of the accepted pieces in each region, exam by exam, then how the region responded."""
    found = rows.region_loads(region_loads(results)).rows
    for exam, when in zip(results.exams, (rows.BEFORE, rows.AFTER)):
        for row in found:
            for key in ("pieces", "volume", "adc"):
                held = row[key + when]
                if held.value is not None:
                    yield (exam.label, iso_date(exam.date), row["region"].value, key, held.value, held.unit, None, None, "accepted pieces")
    for row in found:
        for key in ("volume_change", "rac", "second_rac"):
            if row[key].value is not None:
                yield ("change", "", row["region"].value, key, row[key].value, row[key].unit, None, None, "accepted pieces")


def _change_rows(change: rows.Row) -> Iterator[Row]:
    key, level, how = change["index"].value, change["level"].value, change["findings"].text()
    yield (level, key, change["absolute"].value, change["absolute"].unit, None, None, how)
    yield (level, f"{key} relative", change["relative"].value, change["relative"].unit, None, None, how)


def _distribution_rows(change: RegionChange) -> Iterator[Row]:
    where, key, found, unit = f"{change.region} voxels", change.key, change.distribution, index_of(change.key).change_unit
    how = " ".join(found.findings)
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
