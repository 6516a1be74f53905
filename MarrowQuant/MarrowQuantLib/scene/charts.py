"""Charts of both dates: ADC of the tumour load, FF and ADC of the lumbar voxels, and the fat fraction of each vertebra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from ..followup import index_of
from ..followup.normal import Band
from ..followup.regions import LUMBAR_REGION, lumbar_levels, pooled_histogram
from ..model import UNIT_FF, UNIT_VOLUME, ExamResult, Histogram, RegionChange
from ..results import formats
from ..vertebrae.levels import place_index
from .nodes import exam_title, find_or_add, nodes_with, remove_nodes, tag
from .tables import Column, write_table

# Two colours that people with any colour vision deficiency tell apart (blue and vermilion of Okabe and Ito's palette, 2008).
EXAM_COLORS = {"baseline": (0.0, 0.447, 0.698), "follow-up": (0.835, 0.369, 0.0)}
_OTHER_COLOR = (0.4, 0.4, 0.4)
_NAMES = {"ff": "FF", "adc": "ADC"}


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
        volumes = np.asarray(exam.burden.histogram.counts) * exam.burden.labels.voxel_volume_ml
        y = Column("volume", volumes.tolist(), "Volume", UNIT_VOLUME)
        table = _histogram_table(exam.label, "ADC histogram", "adc_histogram", exam.burden.histogram, y, scene)
        series.append(_series(table, exam.label, "adc_histogram", "center", "volume", scene))
    unit = next((exam.burden.histogram.unit for exam in exams if exam.burden and exam.burden.histogram), "")
    return chart_node("adc_histogram", "ADC of the tumour load", f"ADC ({unit})", f"Volume per bin ({UNIT_VOLUME})", series, scene)


def lumbar_histogram_chart(
    exams: Sequence[ExamResult], key: str, changes: Sequence[RegionChange] = (), scene: Optional[Any] = None
) -> Optional[Any]:
    """Share of the lumbar voxels per bin of FF or ADC, one curve an exam; the title tells the shift and the overlap.

    Parameters
    ----------
    exams : sequence of ExamResult
    key : {"ff", "adc"}
    changes : sequence of RegionChange
        See ``distributions.region_changes``.

    Returns
    -------
    vtkMRMLPlotChartNode or None
        None, and no chart left in the scene, if no exam has a histogram.
    """
    kind, levels = f"lumbar_{key}", lumbar_levels(exams)
    series, unit = [], ""
    for exam in exams:
        histogram = pooled_histogram(exam, key, levels)
        if histogram is None:
            remove_nodes("vtkMRMLTableNode", {"table": kind, "exam": exam.label}, scene)
            remove_nodes("vtkMRMLPlotSeriesNode", {"series": kind, "exam": exam.label}, scene)
            continue
        shares = 100.0 * histogram.counts / histogram.counts.sum()
        unit, name = histogram.unit, f"{_NAMES[key]} histogram, lumbar"
        table = _histogram_table(exam.label, name, kind, histogram, Column("share", shares.tolist(), "Share of voxels", "%"), scene)
        series.append(_series(table, exam.label, kind, "center", "share", scene))
    title = f"{_NAMES[key]} of the lumbar voxels"
    chart = chart_node(kind, title, f"{_NAMES[key]} ({unit})", "Share of voxels (%)", series, scene)
    if chart is not None:
        chart.SetTitle(title + _told(key, changes))
    return chart


def _told(key: str, changes: Sequence[RegionChange]) -> str:
    change = next((c.distribution for c in changes if (c.region, c.key) == (LUMBAR_REGION, key)), None)
    if change is None:
        return ""
    unit = index_of(key).change_unit
    return f": median {formats.signed(change.median_shift, unit)} {unit}, overlap {100 * change.overlap:.0f} %"


def fat_fraction_chart(exams: Sequence[ExamResult], scene: Optional[Any] = None, *, band: Optional[Band] = None) -> Optional[Any]:
    """Fat fraction of each vertebra, one line an exam, levels from cranial to caudal; a published normal band as two grey lines.

    Returns
    -------
    vtkMRMLPlotChartNode or None
        None, and no chart left in the scene, if no fat fraction was measured.
    """
    by_exam = {exam.label: {v.roi.level: v.measurements["ff"].value for v in exam.vertebrae if "ff" in v.measurements} for exam in exams}
    levels = sorted({level for values in by_exam.values() for level in values}, key=place_index)
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
    drawn = [*(label for label, values in by_exam.items() if values), *edges]
    for gone in {tag(node, "exam") for node in nodes_with("vtkMRMLPlotSeriesNode", {"series": "ff_levels"}, scene)}.difference(drawn):
        remove_nodes("vtkMRMLPlotSeriesNode", {"series": "ff_levels", "exam": gone}, scene)
    series = [_series(table, label, "ff_levels", "position", label, scene, labels="level") for label in drawn]
    return chart_node("ff_levels", "Fat fraction per vertebra", "Level", f"Fat fraction ({UNIT_FF})", series, scene)


def _histogram_table(label: str, name: str, kind: str, histogram: Histogram, y: Column, scene: Optional[Any]) -> Any:
    """A table node with the bins, the voxels in each, and ``y``, what is plotted of them."""
    edges, counts = np.asarray(histogram.edges, dtype=float), np.asarray(histogram.counts)
    table = find_or_add("vtkMRMLTableNode", f"{exam_title(label)} {name}", {"table": kind, "exam": label}, scene)
    quantity, unit = histogram.quantity, histogram.unit
    columns = [
        Column("center", ((edges[:-1] + edges[1:]) / 2).tolist(), quantity, unit, "Centre of the bin"),
        Column("lower", edges[:-1].tolist(), "From", unit, "Lower edge of the bin"),
        Column("upper", edges[1:].tolist(), "To", unit, "Upper edge of the bin"),
        Column("voxels", [int(count) for count in counts], "Voxels"),
    ]
    write_table(table, [*columns, y])
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
    """The chart of a kind, renewed; None, and none left, without series."""
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
