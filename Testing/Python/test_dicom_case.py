"""The open case as DICOM objects: the button's work, without Qt."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import dicomlib_standin, exported
from helpers.cases import parameters
from helpers.small_exams import write_small
from helpers.studies import REFERENCES
from MarrowQuantLib.model import MarrowQuantError

for package in ("highdicom", "fpdf", "pypdfium2", "matplotlib_fontja"):
    pytest.importorskip(package, reason=f"{package} is not installed; the DICOM objects of a case need it.")
pytestmark = [pytest.mark.filterwarnings(f"ignore::{kind}:highdicom") for kind in ("UserWarning", "DeprecationWarning")]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def case(slicer_scene, tmp_path):
    from MarrowQuantLib.scene.case.case import Case

    write_small(tmp_path / "exam", "ge")
    case = Case(parameters())
    case.new_parameters = parameters
    case.choices.choose("baselineFolder", str(tmp_path / "exam"), waits=False)
    case.read()
    return case


def test_the_open_case_is_written_and_comes_back(case, tmp_path):
    from MarrowQuantLib.export.prior import read_prior
    from MarrowQuantLib.vertebrae.measure import measure_vertebrae

    exam = next(iter(case.exams.values()))
    exam.vertebrae, exam.lumbar = measure_vertebrae(exam.maps.maps, exported.rois_in(exam.maps.maps["ff"]))
    exam.outdate_result()
    target = case.output.export_dicom(tmp_path / "out")
    assert target.name == "dicom" and (target / "baseline-report-pdf.dcm").exists()
    back = read_prior(target)
    assert [v.roi.level for v in back.vertebrae] == list(exported.LEVELS)
    assert np.array_equal(back.maps["ff"].array, exam.maps.maps["ff"].array, equal_nan=True)
    assert case.output.export_dicom(tmp_path / "out").name == "dicom-2"  # nothing is replaced


@pytest.fixture
def plugin(slicer_scene, monkeypatch):
    """Slicer's DICOM plugin of ours, on a stand-in of DICOMLib."""
    import slicer

    monkeypatch.setitem(sys.modules, "DICOMLib", dicomlib_standin.module())
    monkeypatch.setattr(slicer, "dicomDatabase", dicomlib_standin.DicomDatabase(), raising=False)
    monkeypatch.setattr(slicer, "qSlicerDICOMExportable", dicomlib_standin.Exportable, raising=False)
    spec = importlib.util.spec_from_file_location("MarrowQuantDICOMPlugin", ROOT / "MarrowQuant" / "MarrowQuantDICOMPlugin.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found.MarrowQuantDICOMPluginClass()


def _item_of(node):
    import slicer

    return slicer.mrmlScene.GetSubjectHierarchyNode().GetItemByDataNode(node)


def test_the_data_tree_exports_the_case_and_its_report_opens_as_a_table(case, plugin, tmp_path, monkeypatch):
    """As Slicer's export dialog and DICOM browser call the plugin."""
    import slicer
    from MarrowQuantLib.export.prior import numbers_in, own_report
    from MarrowQuantLib.scene.nodes import exam_folder, tag
    from MarrowQuantLib.scene.tables import read_rows
    from MarrowQuantLib.vertebrae.measure import measure_vertebrae

    exam = next(iter(case.exams.values()))
    exam.vertebrae, exam.lumbar = measure_vertebrae(exam.maps.maps, exported.rois_in(exam.maps.maps["ff"]))
    exam.outdate_result()
    logic = SimpleNamespace(case=case, getParameterNode=parameters)
    monkeypatch.setattr(slicer.util, "getModuleLogic", lambda name: logic, raising=False)
    monkeypatch.setitem(sys.modules, "MarrowQuantLib.panel.packages", SimpleNamespace(ensureForDicom=lambda: None))
    ours = next(node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if tag(node, "exam"))
    foreign = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "another")
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    assert plugin.examineForExport(hierarchy.CreateItem(hierarchy.GetSceneItemID(), foreign)) == []
    folder = exam_folder("baseline", exam.maps.date)
    (exportable,) = plugin.examineForExport(folder)
    assert [one.confidence < 0.5 for one in plugin.examineForExport(_item_of(ours))] == [True]
    exportable.directory = str(tmp_path)
    monkeypatch.setattr(slicer, "dicomDatabase", None)
    assert plugin.export([exportable]) == ""
    path = tmp_path / "dicom" / "baseline-report.dcm"
    monkeypatch.setattr(slicer, "dicomDatabase", dicomlib_standin.DicomDatabase())
    (loadable,) = plugin.examineForImport([[str(path)]])
    assert loadable.confidence > 0.96 and loadable.selected and "research" in loadable.name
    rows, numbers = read_rows(plugin.load(loadable)), numbers_in(own_report(path))
    assert [(row["site"], row["value"]) for row in rows] == [(site, value) for site, _, _, value in numbers]
    assert {"Fat fraction", "Number of voxels"} <= {row["quantity"] for row in rows} and rows[0]["unit"] == "%"
    case.read_from = []
    case.choices.choose("baselineFolder", "", waits=False)
    assert plugin.export([exportable]) != ""  # a sentence, no traceback


def test_the_exportable_has_no_name_that_slicer_lacks():
    real = json.loads((REFERENCES / "real_slicer" / "slicer_api.json").read_text(encoding="utf-8"))["qt_object_classes"]
    known = {*real["qSlicerDICOMExportable"]["properties"], "setTag", "tag"}
    assert {name for name in vars(dicomlib_standin.Exportable()) if not name.startswith("_")} <= known


def test_images_of_another_patient_are_not_taken_for_the_case(case, tmp_path):
    write_small(tmp_path / "other", "ge", seed=7)
    case.read_from = []
    case.choices.choose("baselineFolder", str(tmp_path / "other"), waits=False)
    with pytest.raises(MarrowQuantError, match="not those of the open case"):
        case.output.export_dicom(tmp_path / "out")
