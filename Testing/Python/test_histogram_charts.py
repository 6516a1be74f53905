"""The histograms of both exams in the scene, and the panel's buttons for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import fake_exams
from MarrowQuantLib import workflow
from MarrowQuantLib.followup.regions import LUMBAR_REGION, region_changes
from MarrowQuantLib.model import Results, Settings

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuant.py"
LEVEL_Z = fake_exams.LEVEL_Z


def results() -> Results:
    exams = []
    for label in ("baseline", "follow-up"):
        maps = fake_exams.exam_maps(label)
        first, last = ((level, (0.0, 0.0, LEVEL_Z[level])) for level in (min(LEVEL_Z), max(LEVEL_Z)))
        rois, _ = workflow.exam_rois_from(maps, Settings(), None, (first, last))
        exams.append(workflow.assemble(maps, *workflow.measure_vertebrae(maps.maps, rois), None, {}))
    return Results(tuple(exams), (), None, Settings(), distributions=region_changes(*exams))


def test_the_chart_holds_both_exams_with_all_voxels_and_tells_the_shift(slicer_scene):
    from MarrowQuantLib.scene.charts import lumbar_histogram_chart

    found = results()
    chart = lumbar_histogram_chart(found.exams, "ff", found.distributions)
    shift = next(c.distribution.median_shift for c in found.distributions if (c.region, c.key) == (LUMBAR_REGION, "ff"))
    assert f"median +{shift:.1f} percentage points, overlap 0 %" in chart.GetTitle()
    assert (chart.GetXAxisTitle(), chart.GetYAxisTitle()) == ("FF (%)", "Share of voxels (%)")
    nodes = [chart.GetNthPlotSeriesNode(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]
    assert [node.GetName() for node in nodes] == ["Baseline", "Follow-up"]
    for exam, node in zip(found.exams, nodes):
        table = node.GetTableNode().GetTable()
        columns = {name: np.array([table.GetColumnByName(name).GetValue(n) for n in range(table.GetNumberOfRows())]) for name in
                   ("center", "voxels", "share")}
        assert columns["voxels"].sum() == sum(v.measurements["ff"].n_voxels for v in exam.vertebrae)
        assert columns["share"].sum() == pytest.approx(100.0)
        assert columns["center"] @ columns["share"] / 100.0 == pytest.approx(exam.lumbar["ff"].value, abs=0.6)  # bins of 1 %


def test_a_chart_goes_with_its_histograms_and_one_exam_tells_no_shift(slicer_scene):
    from MarrowQuantLib.scene.charts import lumbar_histogram_chart
    from MarrowQuantLib.scene.nodes import nodes_with

    found = results()
    chart = lumbar_histogram_chart(found.exams[:1], "adc")
    assert chart.GetTitle() == "ADC of the lumbar voxels" and chart.GetNumberOfPlotSeriesNodes() == 1
    assert lumbar_histogram_chart([replace(exam, vertebrae=()) for exam in found.exams], "adc") is None
    for class_name in ("vtkMRMLPlotChartNode", "vtkMRMLPlotSeriesNode", "vtkMRMLTableNode"):
        assert not list(nodes_with(class_name, {}))


def test_the_functional_map_is_a_hidden_segmentation_and_goes_with_the_follow_up(slicer_scene):
    from MarrowQuantLib.scene.labelmaps import read_segments
    from MarrowQuantLib.scene.nodes import find_node, tag
    from MarrowQuantLib.scene.results_scene import results_to_scene

    found = replace(results(), response=None)
    results_to_scene(found)
    for key, moved in (("ff", "FF up"), ("adc", "ADC down")):  # FF 5 to 25 %, ADC 800 to 500 µm²/s
        node = find_node("vtkMRMLSegmentationNode", {"functional": key})
        assert tag(node, "exam") == "baseline" and not node.GetDisplayNode().GetVisibility()
        segments = {name: mask for name, _, mask in read_segments(node)}
        voxels = sum(vertebra.measurements[key].n_voxels for vertebra in found.exams[0].vertebrae)
        assert {name: int(mask.array.sum()) for name, mask in segments.items() if mask.array.any()} == {moved: voxels}
    results_to_scene(replace(found, exams=found.exams[:1], distributions=()))
    assert find_node("vtkMRMLSegmentationNode", {"functional": "ff"}) is None


def test_the_voxels_are_compared_anew_only_when_vertebrae_were_measured_anew(slicer_scene):
    from MarrowQuantLib.scene.case.case import Case

    conclusion, exams = Case().conclusion, results().exams
    first = conclusion._region_changes(exams)
    assert first and conclusion._region_changes([replace(exam, labs={}) for exam in exams]) is first
    assert conclusion._region_changes([replace(exams[0], vertebrae=exams[0].vertebrae[:2]), exams[1]]) != first
    assert conclusion._region_changes(exams[:1]) == ()


def test_the_buttons_of_the_panel_show_the_histograms_once_measured(filled_panel):
    from MarrowQuantLib.scene.nodes import find_node

    widget = filled_panel
    assert not widget.ui.ffHistogramButton.enabled and not widget.ui.adcHistogramButton.enabled
    for exam in widget.logic.case.exams.values():
        for level, height in LEVEL_Z.items():
            exam.rois.points().AddControlPointWorld([0.0, 0.0, height], level)
    widget.panel.refresh()
    widget.ui.measureButton.click()
    for key, button in (("ff", widget.ui.ffHistogramButton), ("adc", widget.ui.adcHistogramButton)):
        assert button.enabled
        button.click()
        assert find_node("vtkMRMLPlotChartNode", {"chart": f"lumbar_{key}"}).GetNumberOfPlotSeriesNodes() == 2
