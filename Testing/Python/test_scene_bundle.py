"""A whole case into an .mrb and back."""

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.example_results import DATES, LEVELS, make_results
from MarrowQuantLib.model import Cancelled, MarrowQuantError, Settings

SIX_DIGITS = 5e-6  # Slicer's table files keep six significant digits; the results' JSON keeps all
MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The example case and the file it was written to, once for all tests that read it."""
    pytest.importorskip("slicer_core", reason="The embedded Slicer (slicer-core) is not installed.")
    from MarrowQuantLib.scene.results_scene import write_scene

    results, path = make_results(), tmp_path_factory.mktemp("bundle") / "症例 1.mrb"
    write_scene(results, path)
    return results, path


@pytest.fixture
def reopened(bundle, slicer_scene):
    """The example case, loaded into an empty scene."""
    from MarrowQuantLib.scene.results_scene import load_scene

    results, path = bundle
    load_scene(path)
    yield results
    remove_view_nodes(slicer_scene)


def remove_view_nodes(scene):
    """A scene that is cleared keeps its views, and a slice view cannot be made where one of its name is already."""
    for class_name in ("vtkMRMLSliceNode", "vtkMRMLSliceCompositeNode", "vtkMRMLPlotViewNode"):
        for node in nodes_of(class_name):
            scene.RemoveNode(node)


def nodes_of(class_name):
    import slicer

    return slicer.util.getNodesByClass(class_name)


def rows_of(kind, exam=None):
    from MarrowQuantLib.scene.nodes import find_node
    from MarrowQuantLib.scene.tables import read_rows

    return read_rows(find_node("vtkMRMLTableNode", {"table": kind, **({"exam": exam} if exam else {})}))


# ----------------------------------------------------------------------------------------------------------- round trip
def test_the_maps_come_back_as_they_were_measured(reopened):
    from MarrowQuantLib.scene.volumes import exam_maps_from_scene

    for exam in reopened.exams:
        maps, _ = exam_maps_from_scene(exam.label)
        assert set(maps) == set(exam.maps)
        for key, volume in exam.maps.items():
            np.testing.assert_array_equal(maps[key].array, volume.array)
            assert maps[key].array.dtype == volume.array.dtype
            np.testing.assert_allclose(maps[key].ijk_to_ras, volume.ijk_to_ras, rtol=0, atol=1e-9)
            for name in ("role", "unit", "quantity", "b_value", "echo_time_s", "station", "source"):
                assert getattr(maps[key], name) == getattr(volume, name), (key, name)


def test_measuring_the_reopened_maps_and_points_gives_the_same_voxels(reopened):
    from MarrowQuantLib.scene.labelmaps import segment_mask
    from MarrowQuantLib.scene.nodes import find_node
    from MarrowQuantLib.scene.rois import rois_from_points_node
    from MarrowQuantLib.scene.volumes import exam_maps_from_scene
    from MarrowQuantLib.vertebrae import rasterise

    for exam in reopened.exams:
        points = find_node("vtkMRMLMarkupsFiducialNode", {"exam": exam.label, "rois": "points"})
        segments = find_node("vtkMRMLSegmentationNode", {"exam": exam.label, "rois": "segments"})
        volume_node = find_node("vtkMRMLScalarVolumeNode", {"exam": exam.label, "key": "ff"})
        rois = rois_from_points_node(points)
        assert [roi.level for roi in rois] == list(LEVELS)
        ff = exam_maps_from_scene(exam.label)[0]["ff"]
        for vertebra, roi in zip(exam.vertebrae, rois):
            assert roi.excluded == vertebra.roi.excluded
            expected = rasterise(vertebra.roi, exam.maps["ff"]).mask()
            np.testing.assert_array_equal(rasterise(roi, ff).mask(), expected)
            np.testing.assert_array_equal(segment_mask(segments, roi.level, volume_node), expected)


def test_the_tumour_load_comes_back(reopened):
    from helpers.stored import components_from_scene, labels_from_scene
    from MarrowQuantLib.scene.labelmaps import segment_mask
    from MarrowQuantLib.scene.nodes import find_node

    for exam in reopened.exams:
        labels = labels_from_scene(exam.label)
        np.testing.assert_array_equal(labels.array, exam.burden.labels.array)
        assert labels.array.dtype == np.int32
        components = components_from_scene(exam.label)
        for given, got in zip(exam.burden.components, components):
            assert (got.label, got.state, got.reason) == (given.label, given.state, given.reason)
            np.testing.assert_allclose(got.centroid_ras, given.centroid_ras, rtol=SIX_DIGITS)
            for name in ("volume_ml", "longest_diameter_mm", "adc_median", "adc_mean", "signal_ratio"):
                assert getattr(got, name) == pytest.approx(getattr(given, name), rel=SIX_DIGITS), name
        assert len(components) == len(exam.burden.components)
        node = find_node("vtkMRMLSegmentationNode", {"exam": exam.label, "burden": "segments"})
        volume_node = find_node("vtkMRMLScalarVolumeNode", {"exam": exam.label, "key": "dwi_high"})
        assert segment_mask(node, "accepted", volume_node).sum() == exam.burden.tdv.n_voxels


def test_segments_keep_name_colour_and_terminology(reopened):
    from MarrowQuantLib.scene.nodes import find_node
    from MarrowQuantLib.scene.rois import level_color

    segmentation = find_node("vtkMRMLSegmentationNode", {"exam": "baseline", "rois": "segments"}).GetSegmentation()
    segment = segmentation.GetSegment("L1")
    assert segment.GetName() == "L1"
    np.testing.assert_allclose(segment.GetColor(), level_color("L1"), atol=1 / 255)
    assert "SCT^66794005^L1 vertebra" in segment.GetTerminology()
    load = find_node("vtkMRMLSegmentationNode", {"exam": "baseline", "burden": "segments"}).GetSegmentation()
    assert [load.GetSegment(state).GetName() for state in ("accepted", "physiological", "rejected")] == [
        "tDV accepted",
        "physiological",
        "rejected",
    ]


def test_tables_keep_numbers_units_and_missing_values(reopened):
    from MarrowQuantLib.scene.nodes import find_node

    vertebrae = rows_of("vertebrae", "baseline")
    assert [row["level"] for row in vertebrae] == list(LEVELS)
    expected = [v.measurements["ff"].value for v in reopened.exams[0].vertebrae]
    assert [row["ff"] for row in vertebrae] == pytest.approx(expected, rel=SIX_DIGITS)
    assert np.isnan(vertebrae[0]["adc"])
    assert vertebrae[1]["adc"] == 745.0
    table = find_node("vtkMRMLTableNode", {"table": "vertebrae", "exam": "baseline"})
    assert [table.GetColumnUnitLabel(name) for name in ("level", "ff", "adc")] == ["", "%", "µm²/s"]
    assert table.GetColumnTitle("adc") == "ADC (µm²/s)"
    assert table.GetColumnDescription("ff") == "mean; vendor map"

    changes = rows_of("changes")
    assert [row["index"] for row in changes] == ["FF", "M protein"]
    assert changes[0]["relative"] == 158.3
    assert np.isnan(changes[1]["relative"])
    m_protein = rows_of("labs")[0]
    assert (m_protein["test"], m_protein["unit"], m_protein["value_0"], m_protein["given_0"]) == ("m_protein", "g/L", 32.0, "3.2 g/dL")
    assert [m_protein[f"date_{n}"] for n in (0, 1)] == [date.isoformat() for date in DATES.values()]
    measured = {(row["region"], row["index"]): row for row in rows_of("measurements", "baseline")}
    assert measured["Tumour load", "tDV"]["value"] == pytest.approx(reopened.exams[0].burden.tdv.value, rel=SIX_DIGITS)
    assert (measured["L1, L3", "FF"]["value"], measured["L1, L3", "FF"]["voxels"]) == (12.0, 900)
    assert measured["T12", "FF"]["inside"] == pytest.approx(98.0)
    response = {row["item"]: row["value"] for row in rows_of("response")}
    assert [response[k] for k in ("Probability of CR/VGPR", "Lower bound", "Upper bound")] == pytest.approx([82.0, 50.0, 95.0])


def test_charts_lead_to_series_and_tables(reopened):
    from MarrowQuantLib.scene.nodes import find_node

    chart = find_node("vtkMRMLPlotChartNode", {"chart": "adc_histogram"})
    assert (chart.GetXAxisTitle(), chart.GetYAxisTitle()) == ("ADC (µm²/s)", "Volume per bin (mL)")
    series = [chart.GetNthPlotSeriesNode(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]
    assert [node.GetName() for node in series] == ["Baseline", "Follow-up"]
    for exam, node in zip(reopened.exams, series):
        table = node.GetTableNode().GetTable()
        volumes = [table.GetColumnByName(node.GetYColumnName()).GetValue(n) for n in range(table.GetNumberOfRows())]
        assert sum(volumes) == pytest.approx(exam.burden.tdv.value, rel=SIX_DIGITS)
        centers = [table.GetColumnByName(node.GetXColumnName()).GetValue(n) for n in range(table.GetNumberOfRows())]
        assert centers == [500.0, 700.0, 900.0]

    chart = find_node("vtkMRMLPlotChartNode", {"chart": "ff_levels"})
    node = chart.GetNthPlotSeriesNode(1)
    table = node.GetTableNode().GetTable()
    assert [table.GetColumnByName(node.GetLabelColumnName()).GetValue(n) for n in range(4)] == list(LEVELS)
    expected = reopened.exams[1].vertebrae[0].measurements["ff"].value
    assert table.GetColumnByName(node.GetYColumnName()).GetValue(0) == pytest.approx(expected, rel=SIX_DIGITS)


def test_parameters_come_back_as_the_module_stores_them(reopened):
    from helpers.stored import settings_from_scene
    from MarrowQuantLib.scene.nodes import find_node
    from MarrowQuantLib.scene.parameters import get_parameters, parameter_node

    node = parameter_node()
    assert node.GetAttribute("ModuleName") == "MarrowQuant"
    assert len([n for n in nodes_of("vtkMRMLScriptedModuleNode") if n.GetAttribute("ModuleName") == "MarrowQuant"]) == 1
    assert node.GetParameter("tdvSignalRatio") == "4.5"
    settings = settings_from_scene()
    assert settings == reopened.settings
    parameters = get_parameters()
    assert parameters["modelId"] == "example-model"
    assert parameters["followUpPoints"] is find_node("vtkMRMLMarkupsFiducialNode", {"exam": "follow-up"})
    assert parameters["baselineBurden"] is find_node("vtkMRMLSegmentationNode", {"exam": "baseline", "burden": "segments"})
    assert node.GetParameter("baselineBurden") == ""


def test_the_results_come_back_as_json(reopened):
    from MarrowQuantLib.results import results_to_dict
    from MarrowQuantLib.scene.parameters import results_from_text

    stored = results_from_text()
    expected = json.loads(json.dumps(results_to_dict(reopened)))
    for volatile in ("created", "software", "generated"):
        stored.pop(volatile, None), expected.pop(volatile, None)
    assert stored == expected


def test_the_view_shows_fat_fraction_over_water_and_the_chart(reopened):
    import slicer
    from MarrowQuantLib.scene.nodes import find_node

    layout = nodes_of("vtkMRMLLayoutNode")[0]
    assert layout.GetViewArrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotView
    ids = {key: find_node("vtkMRMLScalarVolumeNode", {"exam": "follow-up", "key": key}).GetID() for key in ("water", "ff")}
    composites = {node.GetLayoutName(): node for node in nodes_of("vtkMRMLSliceCompositeNode")}
    assert set(composites) == {"Red", "Yellow", "Green"}
    for node in composites.values():
        assert (node.GetBackgroundVolumeID(), node.GetForegroundVolumeID()) == (ids["water"], ids["ff"])
    middle = reopened.exams[1].vertebrae[2].roi.center_ras
    slices = {node.GetLayoutName(): node for node in nodes_of("vtkMRMLSliceNode")}
    for name, orientation in {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}.items():
        assert slices[name].GetOrientation() == orientation
        to_ras = slices[name].GetSliceToRAS()
        np.testing.assert_allclose([to_ras.GetElement(axis, 3) for axis in range(3)], middle, atol=1e-3)  # the file keeps six digits
    chart = find_node("vtkMRMLPlotChartNode", {"chart": "adc_histogram"})
    assert [node.GetPlotChartNodeID() for node in nodes_of("vtkMRMLPlotViewNode")] == [chart.GetID()]


def test_only_the_exam_in_view_shows_its_points_and_segments(reopened):
    from MarrowQuantLib.scene.nodes import tag

    for class_name in ("vtkMRMLMarkupsFiducialNode", "vtkMRMLSegmentationNode"):
        shown = {tag(node, "exam") for node in nodes_of(class_name) if node.GetDisplayNode().GetVisibility()}
        assert shown == {"follow-up"}, class_name


def test_each_exam_has_a_folder_with_its_nodes(reopened):
    import slicer
    import vtk
    from MarrowQuantLib.scene.nodes import tag

    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    folders = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), folders)
    names = [hierarchy.GetItemName(folders.GetId(n)) for n in range(folders.GetNumberOfIds())]
    assert [name for name in names if "20" in name] == ["Baseline 2025-01-14", "Follow-up 2025-03-18"]
    for class_name in ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLMarkupsFiducialNode", "vtkMRMLTableNode"):
        for node in nodes_of(class_name):
            exam = tag(node, "exam")
            if exam:
                folder = hierarchy.GetItemName(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)))
                assert folder.lower().startswith(exam), node.GetName()


# ------------------------------------------------------------------------------------------------------ running it twice
def test_a_second_run_updates_the_nodes_and_adds_none(slicer_scene):
    from MarrowQuantLib.scene.results_scene import results_to_scene

    results_to_scene(make_results())
    count = slicer_scene.GetNumberOfNodes()
    items = slicer_scene.GetSubjectHierarchyNode().GetNumberOfItems()
    results_to_scene(make_results(changes=make_results().changes[:1]))
    assert slicer_scene.GetNumberOfNodes() == count
    assert slicer_scene.GetSubjectHierarchyNode().GetNumberOfItems() == items
    assert [row["index"] for row in rows_of("changes")] == ["FF"]


def test_what_is_no_longer_measured_leaves_the_scene(slicer_scene):
    from MarrowQuantLib.scene.nodes import find_node
    from MarrowQuantLib.scene.results_scene import results_to_scene

    results = make_results()
    results_to_scene(results)
    exams = tuple(replace(exam, burden=None, vertebrae=()) for exam in results.exams)
    results_to_scene(replace(results, exams=exams, changes=(), response=None))
    for kind in ("changes", "response", "components", "adc_histogram", "ff_levels"):
        assert find_node("vtkMRMLTableNode", {"table": kind}) is None, kind
    assert not nodes_of("vtkMRMLPlotChartNode")
    assert not nodes_of("vtkMRMLPlotSeriesNode")
    assert find_node("vtkMRMLSegmentationNode", {"burden": "segments"}) is None
    assert find_node("vtkMRMLMarkupsFiducialNode", {"exam": "baseline"}).GetNumberOfControlPoints() == 0


def test_the_reader_may_rename_a_node(slicer_scene):
    from MarrowQuantLib.scene.nodes import find_node
    from MarrowQuantLib.scene.results_scene import results_to_scene

    results_to_scene(make_results())
    node = find_node("vtkMRMLScalarVolumeNode", {"exam": "baseline", "key": "ff"})
    node.SetName("my map")
    results_to_scene(make_results())
    assert node.GetName() == "my map"
    assert len([n for n in nodes_of("vtkMRMLScalarVolumeNode") if n.GetAttribute("MarrowQuant.key") == "ff"]) == 2


def test_outside_slicer_nothing_of_the_case_before_stays(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.parameters import get_parameters, set_parameters
    from MarrowQuantLib.scene.results_scene import write_scene

    set_parameters({"labsPath": "before.csv", "modelId": "before"})
    slicer_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "case before")
    write_scene(make_results(response=None), tmp_path / "case.mrb")
    assert slicer_scene.GetFirstNodeByName("case before") is None
    assert not {"labsPath", "modelId"} & set(get_parameters())


def test_a_scene_is_opened_by_a_name_relative_to_the_folder_one_is_in(slicer_scene, tmp_path, monkeypatch):
    from MarrowQuantLib.scene.nodes import find_node
    from MarrowQuantLib.scene.results_scene import load_scene, write_scene

    monkeypatch.chdir(tmp_path)
    write_scene(make_results(), "case.mrb")
    load_scene("case.mrb")
    assert find_node("vtkMRMLScalarVolumeNode", {"exam": "baseline", "key": "ff"}) is not None


def test_inside_slicer_the_readers_own_nodes_and_layout_stay(slicer_scene, tmp_path, monkeypatch):
    import slicer
    from MarrowQuantLib.scene.results_scene import write_scene

    own = slicer_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "the reader's")
    layout = nodes_of("vtkMRMLLayoutNode")[0]
    layout.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    monkeypatch.setattr(slicer, "app", SimpleNamespace(applicationLogic=slicer.app.applicationLogic))
    write_scene(make_results(), tmp_path / "case.mrb")
    assert slicer_scene.IsNodePresent(own)
    assert layout.GetViewArrangement() == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView


# ---------------------------------------------------------------------------------------------------------------- the file
def test_no_identity_and_no_path_of_this_computer_gets_into_the_file(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.parameters import get_parameters, results_to_text, set_parameters
    from MarrowQuantLib.scene.results_scene import results_to_scene, save_scene

    results = make_results()
    names = {key: replace(volume, name="YAMADA^TARO 19500101") for key, volume in results.exams[0].maps.items()}
    results_to_scene(replace(results, exams=(replace(results.exams[0], maps=names), results.exams[1])))
    results_to_text(results)  # the JSON is the report's matter: it writes the names that the volumes were given
    set_parameters({"baselineFolder": "/data/YAMADA^TARO", "labsPath": "/data/YAMADA^TARO/labs.csv"})
    save_scene(tmp_path / "case.mrb")
    with zipfile.ZipFile(tmp_path / "case.mrb") as bundle:
        content = b"".join(name.encode() + bundle.read(name) for name in bundle.namelist())
    for secret in ("YAMADA", "TARO", "19500101", str(tmp_path), str(Path.home())):
        assert secret.encode() not in content, secret
    assert b"MarrowQuant.exam" in content  # the scan does see attributes
    assert get_parameters()["baselineFolder"] == "/data/YAMADA^TARO"  # kept in the open scene


def test_no_file_in_a_bundle_is_called_like_the_folder_of_the_scene_opened_last(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.records import write_follow_up
    from MarrowQuantLib.scene.results_scene import save_scene

    write_follow_up({"regions": []})
    save_scene(tmp_path / "first.mrb")
    (tmp_path / "Tanaka_Taro").mkdir()
    root = slicer_scene.GetRootDirectory()
    slicer_scene.SetRootDirectory(str(tmp_path / "Tanaka_Taro"))
    try:
        slicer_scene.Commit(str(tmp_path / "Tanaka_Taro" / "scene.mrml"))
        save_scene(tmp_path / "second.mrb")
    finally:
        slicer_scene.SetRootDirectory(root)
    with zipfile.ZipFile(tmp_path / "second.mrb") as packed:
        assert "Tanaka" not in "".join(packed.namelist()) and any(name.endswith(".txt") for name in packed.namelist())


def test_volumes_are_compressed(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.results_scene import write_scene

    write_scene(make_results(), tmp_path / "case.mrb")
    with zipfile.ZipFile(tmp_path / "case.mrb") as bundle:
        headers = [bundle.read(name)[:1000] for name in bundle.namelist() if name.endswith(".nrrd")]
    assert len(headers) == 2 * (4 + 1 + 3) + 2  # maps, components, three segmentations per exam; functional maps of FF and ADC
    assert all(b"encoding: gzip" in header for header in headers)


def test_cancelling_leaves_the_old_file_and_nothing_else(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.results_scene import write_scene

    path = tmp_path / "case.mrb"
    path.write_bytes(b"old")

    def cancel(fraction, text):
        if fraction >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_scene(make_results(), path, cancel)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_progress_rises_to_one(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.results_scene import write_scene

    told = []
    write_scene(make_results(), tmp_path / "case.mrb", lambda fraction, text: told.append((fraction, text)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(text for _, text in told)


@pytest.mark.parametrize(("name", "sentence"), [("case.zip", "ends in .mrb"), ("no folder/case.mrb", "cannot be written")])
def test_a_file_that_cannot_be_written_is_told_in_a_sentence(slicer_scene, tmp_path, name, sentence):
    from MarrowQuantLib.scene.results_scene import write_scene

    with pytest.raises(MarrowQuantError, match=sentence) as caught:
        write_scene(make_results(), tmp_path / name)
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_is_no_scene_is_told_in_a_sentence(slicer_scene, tmp_path, capfd):
    from MarrowQuantLib.scene.results_scene import load_scene

    (tmp_path / "case.mrb").write_bytes(b"not a bundle")
    for name in ("case.mrb", "absent.mrb"):
        with pytest.raises(MarrowQuantError, match="cannot be opened as a scene"):
            load_scene(tmp_path / name)
    capfd.readouterr()


def test_one_exam_alone_can_be_written(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.results_scene import load_scene, write_scene
    from MarrowQuantLib.scene.volumes import exam_maps_from_scene

    results = make_results()
    write_scene(replace(results, exams=results.exams[:1], changes=(), response=None), tmp_path / "case.mrb")
    load_scene(tmp_path / "case.mrb")
    assert exam_maps_from_scene("baseline")[0]
    assert not exam_maps_from_scene("follow-up")[0]
    remove_view_nodes(slicer_scene)


def test_an_exam_without_diffusion_and_without_water_can_be_written(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.results_scene import load_scene, write_scene

    results = make_results()
    exams = tuple(replace(exam, maps={"ff": exam.maps["ff"]}, burden=None) for exam in results.exams)
    write_scene(replace(results, exams=exams), tmp_path / "case.mrb")
    assert not nodes_of("vtkMRMLSliceNode")  # views are in the file only
    load_scene(tmp_path / "case.mrb")
    assert {node.GetForegroundVolumeID() for node in nodes_of("vtkMRMLSliceCompositeNode")} == {None}
    remove_view_nodes(slicer_scene)


# ------------------------------------------------------------------------------------------------------------ parameters
def test_an_unknown_parameter_is_an_error(slicer_scene):
    from MarrowQuantLib.scene.parameters import set_parameters

    with pytest.raises(KeyError, match="tdvRatio"):
        set_parameters({"tdvRatio": 5})


def test_settings_that_are_not_stored_are_the_defaults(slicer_scene):
    from helpers.stored import settings_from_scene
    from MarrowQuantLib.scene.parameters import set_parameters

    assert settings_from_scene() == Settings()
    set_parameters({"tdvAdcUpper": 1200.0})
    assert settings_from_scene() == Settings(tdv_adc_window=(550.0, 1200.0))


def test_the_embedded_slicer_starts_writes_and_ends_in_silence(tmp_path):
    pytest.importorskip("slicer_core", reason="The embedded Slicer (slicer-core) is not installed.")
    code = (
        "import sys; from helpers.example_results import make_results\n"
        "from MarrowQuantLib.scene import headless; headless.start(); headless.start()\n"
        "from MarrowQuantLib.scene.results_scene import load_scene, write_scene\n"
        "write_scene(make_results(), sys.argv[1]); load_scene(sys.argv[1])\n"
    )
    folders = os.pathsep.join((str(MODULE), str(Path(__file__).parents[1])))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "case.mrb")],
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
