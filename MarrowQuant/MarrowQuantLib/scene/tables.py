"""Results as table nodes, each column with its title, unit and description.

In the scene the numbers are complete; Slicer's table files (.tsv, also inside an .mrb) keep six significant digits. The complete ones are
in the results' JSON beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import vtk

from ..model import UNIT_ADC, UNIT_VOLUME, Burden, Change, ExamResult, LabValue, MapKey, Measurement, ResponseEstimate
from .nodes import exam_title, find_or_add, set_tags


@dataclass(frozen=True)
class Column:
    """A table column: all strings, all integers, or numbers where None is a missing value (NaN in the table).

    ``name`` is how code finds it; ``title`` is what the reader sees, with the unit behind it.
    """

    name: str
    values: Sequence[Any]
    title: str
    unit: str = ""
    description: str = ""


def write_table(node: Any, columns: Iterable[Column]) -> None:
    """Replace the content of a vtkMRMLTableNode."""
    columns = list(columns)
    table = vtk.vtkTable()
    for column in columns:
        table.AddColumn(_to_vtk(column))
    was_modifying = node.StartModify()
    try:
        for index in range(node.GetNumberOfColumns()):
            node.RemoveAllColumnProperties(node.GetColumnName(index))
        node.SetAndObserveTable(table)
        for column in columns:
            node.SetColumnType(column.name, table.GetColumnByName(column.name).GetDataType())
            node.SetColumnTitle(column.name, f"{column.title} ({column.unit})" if column.unit else column.title)
            node.SetColumnUnitLabel(column.name, column.unit)
            node.SetColumnDescription(column.name, column.description)
        node.SetUseColumnTitleAsColumnHeader(True)
        node.SetLocked(True)  # numbers are measured, not typed
    finally:
        node.EndModify(was_modifying)


def read_rows(node: Any) -> list[dict[str, Any]]:
    """The rows of a table node, as dictionaries by column name; numbers and strings as they are stored."""
    table = node.GetTable()
    columns = [table.GetColumn(index) for index in range(table.GetNumberOfColumns())]
    return [{column.GetName(): column.GetValue(row) for column in columns} for row in range(table.GetNumberOfRows())]


def vertebrae_table(exam: ExamResult, scene: Optional[Any] = None) -> Any:
    """One row per vertebra, one column per index."""
    node = _table("vertebrae", f"{exam_title(exam.label)} vertebrae table", exam.label, scene)
    rows = exam.vertebrae
    columns = [Column("level", [row.roi.level for row in rows], "Level")]
    for key in dict.fromkeys(key for row in rows for key in row.measurements):
        found = [row.measurements.get(key) for row in rows]
        first = next(m for m in found if m is not None)
        values = [None if m is None else m.value for m in found]
        columns.append(Column(key, values, first.name, first.unit, first.how))
    columns += [
        Column("excluded", [row.roi.excluded or "" for row in rows], "Excluded", description="Why the level is not in the lumbar mean"),
        Column("flags", [" ".join(row.flags) for row in rows], "Remarks"),
    ]
    write_table(node, columns)
    return node


def measurements_table(exam: ExamResult, scene: Optional[Any] = None) -> Any:
    """Everything measured in one exam, one number a row, with voxels, part in view and how it was made."""
    found: list[tuple[str, Measurement]] = [(row.roi.level, m) for row in exam.vertebrae for m in row.measurements.values()]
    found += [(m.how.removeprefix("mean of the levels ") or "Lumbar mean", m) for m in exam.lumbar.values()]
    if exam.burden is not None:
        found += [("Tumour load", m) for m in (exam.burden.tdv, exam.burden.gadc, *_classes(exam.burden))]
    node = _table("measurements", f"{exam_title(exam.label)} measurements", exam.label, scene)
    write_table(
        node,
        [
            Column("region", [region for region, _ in found], "Region"),
            Column("index", [m.name for _, m in found], "Index"),
            Column("value", [m.value for _, m in found], "Value", description="In the unit of the row"),
            Column("unit", [m.unit for _, m in found], "Unit"),
            Column("voxels", [m.n_voxels for _, m in found], "Voxels"),
            Column(
                "inside",
                [None if m.fraction_inside is None else 100.0 * m.fraction_inside for _, m in found],
                "In view",
                "%",
                "Part of the ROI inside the map's field of view",
            ),
            Column("how", [m.how for _, m in found], "How it was made"),
        ],
    )
    return node


def components_table(burden: Burden, exam_label: str, scene: Optional[Any] = None, *, part: int = 1) -> Any:
    """One row per component of the diffusion mask; :func:`MarrowQuantLib.scene.burden.components_from_table` reads it back."""
    parts = burden.components
    node = _table(MapKey("components", part), f"{exam_title(exam_label, part)} components", exam_label, scene)
    set_tags(node, {"part": None if part == 1 else part})
    position = "Centroid, RAS"
    write_table(
        node,
        [
            Column("label", [c.label for c in parts], "Component", description="Value in the components' label map"),
            Column("state", [c.state for c in parts], "State", description="accepted, rejected or physiological"),
            Column("volume", [c.volume_ml for c in parts], "Volume", "mL"),
            Column("diameter", [c.longest_diameter_mm for c in parts], "Longest diameter", "mm"),
            Column("adc_median", [c.adc_median for c in parts], "ADC median", "µm²/s"),
            Column("adc_mean", [c.adc_mean for c in parts], "ADC mean", "µm²/s"),
            Column("signal_ratio", [c.signal_ratio for c in parts], "Signal / muscle", description="High-b signal over muscle signal"),
            *(Column(axis.lower(), [float(c.centroid_ras[n]) for c in parts], axis, "mm", position) for n, axis in enumerate("RAS")),
            Column("reason", [c.reason for c in parts], "Reason"),
            Column("region", [c.region for c in parts], "Region", description="Part of the skeleton, proposed from geometry"),
            Column("ff", [c.ff_median for c in parts], "FF median", "%", "Lesions longer than 10 mm inside the fat-fraction map"),
            Column("ff_voxels", [c.ff_voxels for c in parts], "FF voxels"),
            Column("near_seam", [str(c.near_seam).lower() for c in parts], "Near a seam", description="In an overlap of stations"),
            Column("lesion", [c.lesion_id for c in parts], "Lesion", description="Name that it keeps from exam to exam"),
        ],
    )
    return node


def _classes(burden: Burden) -> list[Measurement]:
    """The volume of each ADC class."""
    voxel_ml = burden.labels.voxel_volume_ml
    how = "accepted components with an ADC in this class"
    volumes = burden.class_volumes_ml.items()
    return [Measurement(f"tDV, ADC {name} {UNIT_ADC}", ml, UNIT_VOLUME, round(ml / voxel_ml), how=how) for name, ml in volumes]


def changes_table(changes: Sequence[Change], scene: Optional[Any] = None) -> Any:
    """Follow-up against baseline, one index a row."""
    node = _table("changes", "Changes", None, scene)
    write_table(
        node,
        [
            Column("index", [c.name for c in changes], "Index"),
            Column("level", [c.level for c in changes], "Level", description="Empty for the exam's own index"),
            Column("baseline", [c.baseline for c in changes], "Baseline", description="In the unit of the row"),
            Column("follow_up", [c.follow_up for c in changes], "Follow-up", description="In the unit of the row"),
            Column("unit", [c.unit for c in changes], "Unit"),
            Column("absolute", [c.absolute for c in changes], "Change", description="Follow-up minus baseline, in the change's unit"),
            Column("absolute_unit", [c.absolute_unit for c in changes], "Change's unit"),
            Column("relative", [c.relative_percent for c in changes], "Relative change", "%", "Missing where the baseline is zero"),
            Column("flags", [" ".join(c.flags) for c in changes], "Remarks"),
        ],
    )
    return node


def labs_table(exams: Sequence[ExamResult], scene: Optional[Any] = None) -> Any:
    """Laboratory values of all exams, one a row, in each test's canonical unit."""
    found: list[tuple[str, LabValue]] = [(exam.label, value) for exam in exams for value in exam.labs.values()]
    node = _table("labs", "Laboratory values", None, scene)
    write_table(
        node,
        [
            Column("exam", [label for label, _ in found], "Exam"),
            Column("test", [value.test for _, value in found], "Test"),
            Column("value", [value.value for _, value in found], "Value", description="In the unit of the row"),
            Column("unit", [value.unit for _, value in found], "Unit"),
            Column("date", [value.date.isoformat() for _, value in found], "Date"),
            Column("given", [value.given for _, value in found], "As given"),
        ],
    )
    return node


def response_table(response: ResponseEstimate, scene: Optional[Any] = None) -> Any:
    """The response estimate with its interval, its model, and what each predictor adds; NaN where the model gives no number."""
    low, high = response.interval or (None, None)
    rows = [
        ("Probability of CR/VGPR", _percent(response.probability), "%", response.label),
        ("Lower bound", _percent(low), "%", response.model_id),
        ("Upper bound", _percent(high), "%", response.model_id),
        *((f"Logit from {c.predictor}", c.logit, "", f"{c.predictor} = {c.value:g} {c.unit}") for c in response.contributions),
        *(("Remark", None, "", warning) for warning in response.warnings),
    ]
    node = _table("response", "Response estimate", None, scene)
    write_table(
        node,
        [
            Column("item", [row[0] for row in rows], "Item"),
            Column("value", [row[1] for row in rows], "Value", description="In the unit of the row"),
            Column("unit", [row[2] for row in rows], "Unit"),
            Column("text", [row[3] for row in rows], "Remark"),
        ],
    )
    return node


def _percent(fraction: Optional[float]) -> Optional[float]:
    return None if fraction is None else 100.0 * fraction


def _table(kind: str, name: str, exam_label: Optional[str], scene: Optional[Any]) -> Any:
    tags = {"table": kind} if exam_label is None else {"table": kind, "exam": exam_label}
    return find_or_add("vtkMRMLTableNode", name, tags, scene)


def _to_vtk(column: Column) -> Any:
    values = list(column.values)
    if values and all(isinstance(value, str) for value in values):
        array = vtk.vtkStringArray()
    elif values and all(isinstance(value, int) for value in values):
        array = vtk.vtkLongLongArray()
    else:
        array = vtk.vtkDoubleArray()
        values = [float("nan") if value is None else float(value) for value in values]
    array.SetName(column.name)
    for value in values:
        array.InsertNextValue(value)
    return array
