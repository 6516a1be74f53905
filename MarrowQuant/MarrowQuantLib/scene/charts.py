"""Charts: the ADC histogram of the tumour load on both dates, and the fat fraction of each vertebra on both dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from ..longitudinal.normal import Band
from ..model import UNIT_FF, UNIT_VOLUME, ExamResult
from ..vertebrae.levels import level_index
from .nodes import exam_title, find_or_add, remove_nodes
from .tables import Column, write_table

# Two colours that people with any colour vision deficiency tell apart (blue and vermilion of Okabe and Ito's palette, 2008).
EXAM_COLORS = {"baseline": (0.0, 0.447, 0.698), "follow-up": (0.835, 0.369, 0.0)}
_OTHER_COLOR = (0.4, 0.4, 0.4)


def adc_histogram_chart(exams: Sequence[ExamResult], scene: Optional[Any] = None) -> Optional[Any]:
    """Volume of the accepted tumour load per ADC bin, one curve an exam.

    Volume instead of voxel count, because the voxel size may differ between the exams.

    Returns
    -------
    vtkMRMLPlotChartNode or None
        None, and no chart left in the scene, if no exam has a histogram.
    """
    series = []
    for exam in exams:
        if exam.burden is None or exam.burden.histogram is None:
            remove_nodes("vtkMRMLTableNode", {"table": "adc_histogram", "exam": exam.label}, scene)
            remove_nodes("vtkMRMLPlotSeriesNode", {"series": "adc_histogram", "exam": exam.label}, scene)
            continue
        table = _histogram_table(exam, scene)
        series.append(_series(table, exam.label, "adc_histogram", "center", "volume", scene))
    unit = next((exam.burden.histogram.unit for exam in exams if exam.burden and exam.burden.histogram), "")
    return chart_node("adc_histogram", "ADC of the tumour load", f"ADC ({unit})", f"Volume per bin ({UNIT_VOLUME})", series, scene)


def fat_fraction_chart(exams: Sequence[ExamResult], scene: Optional[Any] = None, *, band: Optional[Band] = None) -> Optional[Any]:
    """Fat fraction of each vertebra, one line an exam, levels from cranial to caudal; a published normal band as two grey lines.

    Returns
    -------
    vtkMRMLPlotChartNode or None
        None, and no chart left in the scene, if no fat fraction was measured.
    """
    by_exam = {exam.label: {v.roi.level: v.measurements["ff"].value for v in exam.vertebrae if "ff" in v.measurements} for exam in exams}
    levels = sorted({level for values in by_exam.values() for level in values}, key=level_index)
    if not levels:
        remove_nodes("vtkMRMLTableNode", {"table": "ff_levels"}, scene)
        return chart_node("ff_levels", "", "", "", [], scene)
    table = find_or_add("vtkMRMLTableNode", "Fat fraction per vertebra", {"table": "ff_levels"}, scene)
    columns = [
        Column("position", list(range(len(levels))), "Position", description="From cranial to caudal"),
        Column("level", levels, "Level"),
    ]
    for label, values in by_exam.items():
        columns.append(Column(label, [values.get(level) for level in levels], exam_title(label), UNIT_FF))
    edges = {"healthy mean - SD": band.mean - band.sd, "healthy mean + SD": band.mean + band.sd} if band else {}
    columns += [Column(name, [value] * len(levels), name, UNIT_FF, f"{band.technique}; {band.source}") for name, value in edges.items()]
    write_table(table, columns)
    remove_nodes("vtkMRMLPlotSeriesNode", {"series": "ff_levels"}, scene)
    drawn = [*(label for label, values in by_exam.items() if values), *edges]
    series = [_series(table, label, "ff_levels", "position", label, scene, labels="level") for label in drawn]
    return chart_node("ff_levels", "Fat fraction per vertebra", "Level", f"Fat fraction ({UNIT_FF})", series, scene)


def _histogram_table(exam: ExamResult, scene: Optional[Any]) -> Any:
    histogram = exam.burden.histogram
    edges, counts = np.asarray(histogram.edges, dtype=float), np.asarray(histogram.counts)
    name = f"{exam_title(exam.label)} ADC histogram"
    table = find_or_add("vtkMRMLTableNode", name, {"table": "adc_histogram", "exam": exam.label}, scene)
    write_table(
        table,
        [
            Column("center", ((edges[:-1] + edges[1:]) / 2).tolist(), "ADC", histogram.unit, "Centre of the bin"),
            Column("lower", edges[:-1].tolist(), "From", histogram.unit, "Lower edge of the bin"),
            Column("upper", edges[1:].tolist(), "To", histogram.unit, "Upper edge of the bin"),
            Column("voxels", [int(count) for count in counts], "Voxels"),
            Column("volume", (counts * exam.burden.labels.voxel_volume_ml).tolist(), "Volume", UNIT_VOLUME),
        ],
    )
    return table


def _series(table: Any, label: str, kind: str, x: str, y: str, scene: Optional[Any], labels: str = "") -> Any:
    """A plot series: a curve over numbers, or a line with markers over named positions if ``labels`` names their column."""
    node = find_or_add("vtkMRMLPlotSeriesNode", exam_title(label), {"series": kind, "exam": label}, scene)
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetPlotType(node.PlotTypeLine if labels else node.PlotTypeScatter)
    node.SetXColumnName("" if labels else x)
    node.SetYColumnName(y)
    node.SetLabelColumnName(labels)
    node.SetMarkerStyle(node.MarkerStyleCircle if labels else node.MarkerStyleNone)
    node.SetLineWidth(2.0)
    node.SetColor(*EXAM_COLORS.get(label, _OTHER_COLOR))
    return node


def chart_node(kind: str, title: str, x_title: str, y_title: str, series: Sequence[Any], scene: Optional[Any]) -> Optional[Any]:
    if not series:
        remove_nodes("vtkMRMLPlotSeriesNode", {"series": kind}, scene)
        remove_nodes("vtkMRMLPlotChartNode", {"chart": kind}, scene)
        return None
    chart = find_or_add("vtkMRMLPlotChartNode", title, {"chart": kind}, scene)
    chart.RemoveAllPlotSeriesNodeIDs()
    for node in series:
        chart.AddAndObservePlotSeriesNodeID(node.GetID())
    chart.SetTitle(title)
    chart.SetXAxisTitle(x_title)
    chart.SetYAxisTitle(y_title)
    chart.SetLegendVisibility(True)
    return chart
