"""MarrowQuant in Slicer's DICOM browser: what it offers, under which names, and what stands on the loaded nodes."""

from __future__ import annotations

import datetime
import importlib.util
import json
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pydicom
import pytest
from helpers import dicomlib_standin
from helpers.small_exams import small_exam, write_small
from helpers.studies import REFERENCES
from MarrowQuantLib import dicom
from MarrowQuantLib.phantom import DIALECTS

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "MarrowQuant" / "MarrowQuantDICOMPlugin.py"


@pytest.fixture
def plugin_file(slicer_scene: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The plugin's file, imported as Slicer does, on stand-ins of DICOMLib and the DICOM database."""
    import slicer

    monkeypatch.setitem(sys.modules, "DICOMLib", dicomlib_standin.module())
    monkeypatch.setattr(slicer, "dicomDatabase", dicomlib_standin.DicomDatabase(), raising=False)
    monkeypatch.setattr(slicer.modules, "dicomPlugins", {}, raising=False)
    spec = importlib.util.spec_from_file_location("MarrowQuantDICOMPlugin", PLUGIN)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    write_small(folder, "philips")
    return folder


def undated(name: str) -> str:
    """The name without the date that stands at its end."""
    words, date = name.rsplit(" ", 1)
    assert datetime.date.fromisoformat(date)
    return words


@pytest.fixture(scope="module")
def file_lists(exam: Path) -> list[list[str]]:
    """Files by series, as the DICOM browser hands them over."""
    series = defaultdict(list)
    for path in sorted(exam.glob("*")):
        series[pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID].append(str(path))
    return list(series.values())


def test_the_hidden_module_registers_the_plugin(plugin_file: ModuleType) -> None:
    import slicer

    class Parent:
        pass

    parent = Parent()
    plugin_file.MarrowQuantDICOMPlugin(parent)
    assert parent.hidden is True
    assert slicer.modules.dicomPlugins == {"MarrowQuantDICOMPlugin": plugin_file.MarrowQuantDICOMPluginClass}


def test_names_are_those_a_radiologist_uses(plugin_file: ModuleType, file_lists: list[list[str]]) -> None:
    offered = plugin_file.MarrowQuantDICOMPluginClass().examineForImport(file_lists)
    names = [undated(loadable.name) for loadable in offered]
    assert names[0] == "Fat fraction"
    assert {"Dixon water", "Dixon fat", "Dixon in phase", "Dixon opposed phase", "Fat fraction", "R2*"} <= set(names)
    assert {f"b{b} station {station}" for b in (50, 400, 900) for station in (1, 2, 3)} <= set(names)
    assert "Dixon echo 2.13 ms phase" in names
    assert len(set(names)) == len(names)
    assert not any("localizer" in name or "1500" in name for name in names)  # a calculated b-value is no measurement
    assert all(loadable.confidence > 0.5 and loadable.selected and loadable.tooltip for loadable in offered)


def test_nodes_carry_values_geometry_role_b_value_unit_and_quantity(
    plugin_file: ModuleType, exam: Path, file_lists: list[list[str]]
) -> None:
    """Loading gives what the same reader gives outside Slicer, bit by bit."""
    import slicer
    import vtk

    plugin = plugin_file.MarrowQuantDICOMPluginClass()
    loadables = {undated(loadable.name): loadable for loadable in plugin.examineForImport(file_lists)}
    outside = {volume.browser_name: volume for volume in dicom.scan(exam)}
    for name in ("b900 station 3", "Fat fraction", "R2*"):
        node = plugin.load(loadables[name])
        expected = outside[name].load()
        assert node.GetName() == loadables[name].name and undated(node.GetName()) == name
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), expected.array)
        matrix = vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(matrix)
        np.testing.assert_allclose(slicer.util.arrayFromVTKMatrix(matrix), expected.ijk_to_ras, atol=1e-9)
        assert node.GetAttribute("MarrowQuant.role") == expected.role.value
        assert node.GetAttribute("MarrowQuant.unit") == expected.unit
        assert node.GetAttribute("MarrowQuant.quantity") == expected.quantity
        uids = node.GetAttribute("DICOM.instanceUIDs").split()
        assert uids == [str(pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID) for file in loadables[name].files]
    high = slicer.util.getNode(loadables["b900 station 3"].name)
    assert (high.GetAttribute("MarrowQuant.bValue"), high.GetAttribute("MarrowQuant.station")) == ("900.0", "3")
    assert slicer.util.getNode(loadables["R2*"].name.replace("*", "?")).GetVoxelValueUnits().GetCodeValue() == "/s"
    assert [undated(node.GetName()) for _, node in plugin.in_subject_hierarchy] == ["b900 station 3", "Fat fraction", "R2*"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("rival", [None, 0.5, 1.0])
def test_every_volume_stays_checked_beside_other_readers_and_both_exams_are_told_apart(
    plugin_file: ModuleType, tmp_path: Path, dialect: str, rival: Any
) -> None:
    """Whatever the files hold: one image each, or all images of a series in one."""
    for day in (0, 100):
        exam = small_exam()
        write_small(tmp_path / str(day), dialect, exam=replace(exam, index=day, date=exam.date + datetime.timedelta(days=day)), seed=1)
    series = defaultdict(list)
    for path in sorted(tmp_path.glob("*/*")):
        series[pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID].append(str(path))
    plugin, others = plugin_file.MarrowQuantDICOMPluginClass(), []
    offered = plugin.examineForImport(list(series.values()))
    for files in series.values() if rival is not None else ():
        others.append(dicomlib_standin.DICOMLoadable())
        others[-1].files, others[-1].selected, others[-1].confidence = files, True, rival
    dicomlib_standin.choose({plugin: offered, "another": others})
    assert [loadable.name for loadable in offered if not loadable.selected] == []
    names = [loadable.name for loadable in offered]
    assert len(set(names)) == len(names)
    assert [undated(name) for name in names[:3]].count("Fat fraction") == 2 and undated(names[0]) == undated(names[1])
    assert all(type(uid) is str for uid in map(str, offered[0].files)) and all(Path(file).is_file() for o in offered for file in o.files)


def test_a_second_look_reads_no_file_again(plugin_file: ModuleType, file_lists: list[list[str]]) -> None:
    plugin = plugin_file.MarrowQuantDICOMPluginClass()
    assert plugin.examineForImport(file_lists) is plugin.examineForImport(file_lists)


def test_a_series_that_offers_nothing_is_not_read_again(
    plugin_file: ModuleType, file_lists: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = plugin_file.MarrowQuantDICOMPluginClass()
    asked = []
    monkeypatch.setattr(dicom, "scan_files", lambda files: asked.append(files) or [])
    assert [plugin.examineForImport(file_lists) for _ in range(2)] == [[], []]
    assert len(asked) == 1


def test_series_of_other_modalities_are_not_opened(plugin_file: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import slicer

    monkeypatch.setattr(slicer.dicomDatabase, "fileValue", lambda file, tag: "CT")
    monkeypatch.setattr(dicom, "scan_files", lambda files: pytest.fail("a CT was read"))
    assert plugin_file.MarrowQuantDICOMPluginClass().examineForImport([[str(tmp_path / "ct.dcm")]]) == []


def test_a_damaged_series_is_left_to_the_other_plugins_with_a_sentence(
    plugin_file: ModuleType, exam: Path, file_lists: list[list[str]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = tmp_path / "cut.dcm"
    damaged.write_bytes(Path(file_lists[-1][0]).read_bytes()[:-100])
    plugin = plugin_file.MarrowQuantDICOMPluginClass()
    assert plugin.examineForImport([[str(damaged)]]) == []
    assert "cut.dcm is cut short" in caplog.text
    (loadable, *_) = plugin.examineForImport([file_lists[-2]])
    copies = [frame for part in loadable.marrowQuantVolume.parts for frame in part]
    assert copies
    for frame in copies:
        object.__setattr__(frame.pixels, "path", tmp_path / "gone.dcm")
    assert plugin.load(loadable) is None
    assert "cannot be read any more" in caplog.text


def test_the_stand_in_has_no_name_that_slicer_lacks() -> None:
    path = REFERENCES / "real_slicer" / "slicer_api.json"
    real = json.loads(path.read_text(encoding="utf-8"))["python_modules"]["DICOMLib.DICOMPlugin"]["classes"]
    for standin in (dicomlib_standin.DICOMLoadable, dicomlib_standin.DICOMPlugin):
        known = {*real[standin.__name__]["methods"], *real[standin.__name__]["attributes"], "in_subject_hierarchy"}
        assert {*vars(standin()), *(name for name in vars(standin) if not name.startswith("_"))} <= known
