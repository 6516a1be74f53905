"""Results as table nodes, each column with its title, unit and description.

In the scene the numbers are complete; Slicer's table files (.tsv, also inside an .mrb) keep six significant digits. The complete ones are
in the results' JSON beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import vtk

from ..export.prior import Reported
from ..followup.change import levels_in_mean
from ..model import UNIT_ADC, UNIT_VOLUME, Burden, Change, ExamResult, MapKey, Measurement, ResponseEstimate, finding, made
from ..results import rows
from ..results.formats import shown_unit
from .nodes import exam_title, find_or_add, scene_or_default, set_tags


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


def columns_of(table: rows.Table, keys: Optional[Iterable[str]] = None) -> list[Column]:
    """The columns of a table of results, or those of these keys, with the numbers as they are."""
    chosen = table.columns if keys is None else table.chosen(*keys)
    return [
        Column(column.key, [_stored(row[column.key]) for row in table.rows], column.title(), shown_unit(column.unit), column.about)
        for column in chosen
    ]


def _stored(cell: rows.Cell) -> Any:
    """What a table node keeps of a cell: a number as it is (a share in %), else its text; of a value that is a word the value itself."""
    if cell.kind == rows.PERCENT:
        return None if cell.value is None else 100.0 * cell.value
    if cell.kind == rows.WORD:
        return str(cell.value)
    return cell.text() if cell.kind in (rows.TEXT, rows.FINDING) else cell.value


def vertebrae_table(exam: ExamResult, scene: Optional[Any] = None) -> Any:
    """One row per vertebra, one column per index."""
    node = _table("vertebrae", f"{exam_title(exam.label)} vertebrae table", exam.label, scene)
    table = rows.vertebrae([exam])[0]
    keys = [column.key for column in table.columns if column.key not in ("voxels", "inside")]  # of each number, in the measurements' table
    write_table(node, columns_of(table, keys))
    return node


def measurements_table(exam: ExamResult, scene: Optional[Any] = None) -> Any:
    """Everything measured in one exam, one number a row, with voxels, part in view and how it was made."""
    found: list[tuple[str, Measurement]] = [(row.roi.level, m) for row in exam.vertebrae for m in row.measurements.values()]
    found += [(", ".join(levels_in_mean(exam, key)) or "Lumbar mean", m) for key, m in exam.lumbar.items()]
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
            Column("how", [str(m.how) for _, m in found], "How it was made"),
        ],
    )
    return node


def components_table(burden: Burden, exam_label: str, scene: Optional[Any] = None, *, part: int = 1) -> Any:
    """One row per component of the diffusion mask."""
    table = rows.components(burden.components)
    node = _table(MapKey("components", part), f"{exam_title(exam_label, part)} components", exam_label, scene)
    set_tags(node, {"part": None if part == 1 else part})
    write_table(node, columns_of(table))
    return node


def _classes(burden: Burden) -> list[Measurement]:
    """The volume of each ADC class."""
    voxel_ml = burden.labels.voxel_volume_ml
    how = made(finding("made.accepted_class"))
    volumes = burden.class_volumes_ml.items()
    return [Measurement(f"tDV, ADC {name} {UNIT_ADC}", ml, UNIT_VOLUME, round(ml / voxel_ml), how=how) for name, ml in volumes]


def changes_table(changes: Sequence[Change], scene: Optional[Any] = None) -> Any:
    """Follow-up against baseline, one index a row."""
    node = _table("changes", "Changes", None, scene)
    table = rows.changes(changes)
    units = [
        Column("unit", [c.unit for c in changes], "Unit"),
        Column("absolute_unit", [c.absolute_unit for c in changes], "Change's unit"),
    ]
    write_table(node, [*columns_of(table), *units])
    return node


def labs_table(exams: Sequence[ExamResult], scene: Optional[Any] = None) -> Any:
    """Laboratory values, one test a row, of both exams, in each test's canonical unit."""
    node = _table("labs", "Laboratory values", None, scene)
    table = rows.laboratory(exams)
    write_table(node, columns_of(table))
    return node


def response_table(response: ResponseEstimate, scene: Optional[Any] = None) -> Any:
    """The response estimate with its interval, its model, and what each predictor adds; NaN where the model gives no number."""
    low, high = response.interval or (None, None)
    rows = [
        ("Probability of CR/VGPR", _percent(response.probability), "%", response.label),
        ("Lower bound", _percent(low), "%", response.model_id),
        ("Upper bound", _percent(high), "%", response.model_id),
        *((f"Logit from {c.predictor}", c.logit, "", f"{c.predictor} = {c.value:g} {c.unit}") for c in response.contributions),
        *(("Remark", None, "", warning) for warning in response.findings),
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


def reported_table(told: Sequence[Reported], name: str, scene: Optional[Any] = None) -> Any:
    """The numbers of a report from the PACS as a new table node; it belongs to no case."""
    node = scene_or_default(scene).AddNewNodeByClass("vtkMRMLTableNode", name)
    write_table(node, [
        Column("site", [row.tracking for row in told], "What"),
        Column("quantity", [row.quantity[1] for row in told], "Quantity"),
        Column("statistic", [row.derivation[1] for row in told], "Statistic"),
        Column("value", [row.value for row in told], "Value"),
        Column("unit", [row.unit for row in told], "Unit", description="UCUM"),
    ])  # fmt: skip
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
