"""A cohort's results in the scene: tables of the groups, the ROC, the model, and the ROC curves as a chart.

The nodes carry ``MarrowQuant.about``: outcome, patients and events that the numbers belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..cohort import output
from ..cohort.analysis import Comparison
from ..cohort.logistic import LogisticFit
from ..cohort.part import Part
from ..cohort.roc import Roc
from .charts import chart_node
from .nodes import find_or_add, is_of_cohort, own_nodes, remove_nodes, scene_or_default, set_tags
from .tables import Column, write_table

_CHART = "cohort_roc"
# Colours that people with any colour vision deficiency tell apart (Okabe and Ito's palette, 2008, without yellow, which is pale on white).
_COLORS = (
    (0.0, 0.447, 0.698), (0.835, 0.369, 0.0), (0.0, 0.620, 0.451), (0.800, 0.475, 0.655), (0.902, 0.624, 0.0), (0.337, 0.706, 0.914),
)  # fmt: skip
_GREY = (0.6, 0.6, 0.6)


def clear(scene: Optional[Any] = None) -> None:
    """Remove the tables and the chart of an earlier analysis."""
    for node in [node for node in own_nodes(scene) if is_of_cohort(node) and node.IsA("vtkMRMLTableNode")]:
        scene_or_default(scene).RemoveNode(node)
    remove_nodes("vtkMRMLPlotSeriesNode", {"series": _CHART}, scene)
    remove_nodes("vtkMRMLPlotChartNode", {"chart": _CHART}, scene)


def tables(
    comparisons: Sequence[Comparison], curves: Mapping[str, Roc], fit: Optional[LogisticFit], about: str, scene: Optional[Any] = None
) -> list[Any]:
    """Tables of the groups, of the ROC (one predictor a row), and of the model if there is one.

    Parameters
    ----------
    comparisons : sequence of Comparison
    curves : mapping of str to Roc
        By predictor.
    fit : LogisticFit or None
    about : str
        What the numbers belong to.

    Returns
    -------
    list of vtkMRMLTableNode
    """
    made = [
        _table("cohort_groups", "Cohort: groups", output.GROUP_HEADER, output.group_rows(comparisons), about, scene),
        _table("cohort_auc", "Cohort: ROC", output.ROC_HEADER, output.roc_rows(curves), about, scene),
    ]
    if fit is not None:
        made.append(_table("cohort_model", "Cohort: model", output.MODEL_HEADER, output.model_rows(fit), about, scene))
    return made


def part_tables(part: Part, about: str, scene: Optional[Any] = None) -> list[Any]:
    """The tables of any other analysis, as its report has them."""
    return [
        _table(f"cohort_{name}", f"Cohort: {table.title}", table.header, table.rows, about, scene) for name, table in part.tables.items()
    ]


def roc_chart(curves: Mapping[str, Roc], about: str, scene: Optional[Any] = None) -> Any:
    """ROC curves, one a predictor, with the line of chance.

    Returns
    -------
    vtkMRMLPlotChartNode
    """
    series = []
    for n, (name, curve) in enumerate(curves.items()):
        title = f"{name} (AUC {curve.auc:.3f})"
        color = _COLORS[n % len(_COLORS)]
        series.append(_series({"predictor": name}, title, curve.false_positive_rate, curve.sensitivity, color, about, scene))
    chance = _series({"line": "chance"}, "Chance", (0.0, 1.0), (0.0, 1.0), _GREY, about, scene)
    chance.SetLineStyle(chance.LineStyleDash)
    series.append(chance)
    chart = chart_node(_CHART, "ROC", "1 − specificity", "Sensitivity", series, scene)
    set_tags(chart, {"about": about})
    return chart


def _series(
    tags: Mapping[str, str], title: str, x: Sequence[float], y: Sequence[float], color: tuple, about: str, scene: Optional[Any]
) -> Any:
    table = find_or_add("vtkMRMLTableNode", f"ROC: {title}", {"table": "cohort_roc", **tags}, scene)
    write_table(
        table,
        [
            Column("false_positive_rate", [float(value) for value in x], "1 − specificity"),
            Column("sensitivity", [float(value) for value in y], "Sensitivity"),
        ],
    )
    set_tags(table, {"about": about})
    node = find_or_add("vtkMRMLPlotSeriesNode", title, {"series": _CHART, **tags}, scene)
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetPlotType(node.PlotTypeScatter)
    node.SetXColumnName("false_positive_rate")
    node.SetYColumnName("sensitivity")
    node.SetMarkerStyle(node.MarkerStyleNone)
    node.SetLineWidth(2.0)
    node.SetColor(*color)
    return node


def _table(kind: str, name: str, header: Sequence[str], rows: Sequence[Sequence[Any]], about: str, scene: Optional[Any]) -> Any:
    node = find_or_add("vtkMRMLTableNode", name, {"table": kind}, scene)
    write_table(node, [Column(title, _of_one_kind(cells), title) for title, cells in zip(header, zip(*rows))])
    set_tags(node, {"about": about})
    return node


def _of_one_kind(cells: Sequence[Any]) -> list[Any]:
    """Cells of which one is text as text, as a column of a node is of one kind."""
    return ["" if cell is None else str(cell) for cell in cells] if any(isinstance(cell, str) for cell in cells) else list(cells)
