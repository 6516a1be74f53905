"""The stand-in for Slicer's application and Qt layer: it answers as a real Slicer, and runs a scripted module unmodified."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from slicerhost import views

HERE = Path(__file__).resolve().parent
SAMPLE = HERE / "data" / "HostSample" / "HostSample.py"
REAL_SLICER = HERE / "data" / "real_slicer"

# The only answers that cannot be the same, because they name the machine's own libraries.
VERSIONS = {"python": "the interpreter's version", "Qt": "Slicer 5.13 is built with Qt 5.15, PySide6 is Qt 6"}


@pytest.fixture
def real_slicer():
    """Folder with what a real Slicer 5.13 answered and has."""
    return REAL_SLICER


@pytest.fixture
def sample(slicer_host):
    """The sample module's widget, entered."""
    slicer_host.load_module(SAMPLE)
    widget = slicer_host.make_widget("HostSample")
    slicer_host.enter(widget)
    return widget


@pytest.fixture
def volume(slicer_scene):
    """A volume with the values 0 … 99."""
    import slicer.util

    return slicer.util.addVolumeFromArray(np.arange(100, dtype=np.float32).reshape(4, 5, 5), name="hundred")


# --- against a real Slicer


def test_the_host_gives_the_same_answers_as_a_real_slicer(real_slicer, slicer_host, tmp_path):
    out = tmp_path / "answers.json"
    folders = [str(HERE.parent), str(HERE.parents[1] / "MarrowQuant")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    command = [sys.executable, "-m", "slicerhost.probe", str(real_slicer / "probe.py"), str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert out.is_file(), done.stderr[-2000:]
    ours = json.loads(out.read_text(encoding="utf-8"))
    real = json.loads((real_slicer / "behaviour.json").read_text(encoding="utf-8"))
    assert set(ours) == set(real)
    different = {question: (ours[question], real[question]) for question in real if ours[question] != real[question]}
    assert set(different) <= set(VERSIONS), different


def _member_names(api, cls):
    """All names that PythonQt exposes on a class of Slicer or CTK, without those of its Qt base class; and that base class."""
    names = set()
    while cls in api:
        entry = api[cls]
        names |= set(entry.get("properties", {}))
        for kind in ("slots", "invokables", "signals", "static_methods", "decorated_methods"):
            names |= {re.split(r"[( ]", signature)[0] for signature in entry.get(kind, [])}
        for values in entry.get("enums", {}).values():
            names |= set(values)
        cls = entry.get("base")
    return names


def test_no_stand_in_has_a_name_that_the_real_class_lacks(real_slicer, slicer_host):
    from slicerhost.pyside import Object
    from slicerhost.standins import registry

    api = json.loads((real_slicer / "slicer_api.json").read_text(encoding="utf-8"))["qt_object_classes"]
    for name, cls in registry.items():
        real = _member_names(api, name)
        qt_base = next(base for base in cls.__mro__ if base.__module__.startswith("PySide6") and issubclass(base, Object))
        own = {member for base in cls.__mro__ if base.__module__.startswith("slicerhost") for member in vars(base)}
        public = {member for member in own if not member.startswith("_") and member not in ("staticMetaObject", "VTK_SIGNALS")}
        extra = {member for member in public - real if not hasattr(qt_base, member)}
        assert not extra, f"{name} has {sorted(extra)}, which the real class does not show to Python"


def test_every_signal_of_a_stand_in_has_the_signature_of_the_real_one(real_slicer, slicer_host):
    from slicerhost.pyside import QtCore
    from slicerhost.signals import declared_signals
    from slicerhost.standins import registry

    api = json.loads((real_slicer / "slicer_api.json").read_text(encoding="utf-8"))["qt_object_classes"]
    checked = 0
    for name, cls in registry.items():
        real, base = set(), name
        while base in api:
            real |= set(api[base].get("signals", []))
            base = api[base].get("base")
        members = [item for c in cls.__mro__ if c.__module__.startswith("slicerhost") for item in vars(c).items()]
        declared = {member for member, value in members if isinstance(value, QtCore.Signal)}
        ours = [signature for signature in declared_signals(cls()) if signature.partition("(")[0] in declared]
        assert set(ours) <= real, f"{name}: {set(ours) - real}"
        checked += len(ours)
    assert checked > 50


# --- Qt's manners


def test_a_slot_gets_only_the_arguments_it_takes(slicer_host):
    import qt

    class Receiver:
        def __init__(self):
            self.got = []

        def none(self):
            self.got.append(())

        def one(self, value):
            self.got.append((value,))

        def any(self, *values):
            self.got.append(values)

    receiver, box = Receiver(), qt.QSpinBox()
    for slot in (receiver.none, receiver.one, receiver.any):
        assert box.connect("valueChanged(int)", slot) is True
    box.value = 7
    assert receiver.got == [(), (7,), (7,)]
    assert box.disconnect("valueChanged(int)", receiver.one) is True
    assert box.disconnect("valueChanged(int)", receiver.one) is False
    box.value = 8
    assert receiver.got[3:] == [(), (8,)]


def test_flags_are_ints_and_are_taken_where_qt_wants_an_enum(slicer_host):
    import qt

    item = qt.QTableWidgetItem("a")
    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
    assert int(item.flags()) == int(qt.Qt.ItemIsEnabled) + int(qt.Qt.ItemIsSelectable)
    item.setCheckState(2)
    assert item.checkState() == qt.Qt.Checked
    label = qt.QLabel("x")
    label.alignment = qt.Qt.AlignRight | qt.Qt.AlignTop
    assert label.alignment == int(qt.Qt.AlignRight) | int(qt.Qt.AlignTop)


def test_a_module_s_own_widget_class_may_have_attributes_and_a_qt_class_may_not(slicer_host):
    import qt

    class Table(qt.QTableWidget):
        pass

    table = Table()
    table.rows = [1, 2]
    assert table.rows == [1, 2]
    with pytest.raises(AttributeError, match="does not exist on QTableWidget and creating new attributes"):
        qt.QTableWidget().rows = [1, 2]
    with pytest.raises(AttributeError, match="Slot 'click' can not be overwritten on QPushButton"):
        qt.QPushButton().click = None


def test_a_property_that_cannot_be_written_says_so(slicer_host):
    import qt

    with pytest.raises(AttributeError, match="is not writable"):
        qt.QTableWidget().sizeHint = 3
    with pytest.raises(AttributeError, match="does not accept an object of type list"):
        qt.QSpinBox().value = [1]


def test_an_unexpected_dialog_is_an_error_and_an_expected_one_gets_its_answer(slicer_host):
    import qt
    import slicer

    with pytest.raises(RuntimeError, match="A modal dialog was opened"):
        qt.QFileDialog.getExistingDirectory(None, "Folder")
    slicer_host.testing = False
    slicer_host.dialog_answers.append(qt.QMessageBox.Yes)
    assert slicer.util.confirmYesNoDisplay("Really?") is True
    assert slicer_host.dialogs[-1] == ("ctkMessageBox", "Really?")


def test_a_missing_widget_class_cannot_be_made(slicer_host):
    import ctk
    import slicer

    with pytest.raises(NotImplementedError, match="qMRMLSegmentEditorWidget has no stand-in"):
        slicer.qMRMLSegmentEditorWidget()
    with pytest.raises(NotImplementedError, match="ctkDICOMBrowser has no stand-in"):
        ctk.ctkDICOMBrowser()
    with pytest.raises(AttributeError):
        _ = slicer.noSuchThing


def test_slicer_util_works_with_settings_folders_and_progress(slicer_host):
    import qt
    import slicer.util

    assert slicer.util.settingsValue("HostSample/bins", 64, converter=int) == 64
    qt.QSettings().setValue("HostSample/bins", 32)
    assert slicer.util.settingsValue("HostSample/bins", 64, converter=int) == 32
    assert Path(slicer.util.tempDirectory()).is_dir()
    progress = slicer.util.createProgressDialog(maximum=10)
    progress.value = 4
    progress.labelText = "working"
    assert (progress.value, progress.wasCanceled) == (4, False)
    progress.close()
    slicer.util.errorDisplay("It failed.")
    assert slicer_host.messages == [("ERROR", "It failed.")]


# --- a module


def test_the_module_loads_and_shows_its_parameters(sample):
    ui, parameters = sample.ui, sample._parameterNode
    assert (ui.thresholdSlider.minimum, ui.thresholdSlider.maximum, ui.thresholdSlider.value) == (0.0, 100.0, 30.0)
    assert [ui.methodBox.itemText(i) for i in range(ui.methodBox.count)] == ["ABOVE", "BELOW"]
    assert ui.folderEdit.currentPath == "out"
    assert ui.folderEdit.filters == int(ui.folderEdit.Dirs) | int(ui.folderEdit.Readable)
    assert parameters.comment is None
    assert list(parameters.levels) == []


def test_a_click_computes_on_the_real_node(sample, volume):
    sample.ui.inputSelector.setCurrentNode(volume)
    sample.ui.applyButton.click()
    assert sample.ui.resultLabel.text == "69 voxels"
    sample.ui.thresholdSlider.value = 90
    sample.ui.invertCheckBox.checked = True
    sample.ui.applyButton.click()
    assert sample.ui.resultLabel.text == "91 voxels"


def test_parameters_and_widgets_follow_each_other(sample, volume):
    ui, parameters = sample.ui, sample._parameterNode
    ui.methodBox.setCurrentIndex(1)
    ui.inputSelector.setCurrentNode(volume)
    ui.folderEdit.currentPath = "results"
    assert (parameters.method.name, parameters.inputVolume, parameters.folder) == ("BELOW", volume, Path("results"))
    parameters.threshold, parameters.language = 12.5, "ja"
    assert (ui.thresholdSlider.value, ui.languageBox.currentText) == (12.5, "ja")
    with pytest.raises(ValueError, match=r"within range \[0, 100\]"):
        parameters.threshold = 101


def test_lists_and_optional_parameters_are_stored_in_the_node(sample):
    parameters = sample._parameterNode
    node = parameters.parameterNode
    parameters.levels.append("L1")
    parameters.levels.append("L2")
    parameters.levels.remove("L1")
    parameters.comment = "good"
    stored = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    assert [stored.get(name) for name in ("levels.0", "levels.1", "levels.len")] == ["L2", None, "1"]
    assert (stored.get("comment.0"), stored.get("comment.1")) == ("good", None)
    parameters.comment = None
    assert parameters.comment is None
    with pytest.raises(TypeError):
        parameters.levels.append(3)
    assert list(parameters.levels) == ["L2"]


def test_closing_the_scene_gives_a_fresh_parameter_node_to_the_open_panel(sample, volume):
    import slicer

    sample.ui.inputSelector.setCurrentNode(volume)
    slicer.mrmlScene.Clear(0)
    assert sample.ui.inputSelector.currentNode() is None
    assert sample._parameterNode is not None
    sample.ui.thresholdSlider.value = 55
    assert sample._parameterNode.threshold == 55.0


def test_parameters_come_back_from_a_saved_scene(sample, volume, tmp_path):
    import slicer

    sample.ui.inputSelector.setCurrentNode(volume)
    sample.ui.thresholdSlider.value = 44
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    slicer.mrmlScene.Clear(0)
    sample.ui.thresholdSlider.value = 11
    slicer.util.loadScene(str(tmp_path / "case.mrb"))
    sample.initializeParameterNode()
    assert sample.ui.thresholdSlider.value == 44.0
    assert sample.ui.inputSelector.currentNode().GetName() == "hundred"


def test_an_exception_in_a_slot_is_kept_for_the_test(sample, slicer_host):
    sample.ui.failButton.click()
    (error,) = slicer_host.take_slot_errors()
    assert "RuntimeError: a fault in a slot" in error


def test_an_exception_in_a_timer_or_an_observer_is_kept_too(slicer_host, slicer_scene):
    import qt

    def fail(*args):
        raise RuntimeError("a fault outside slots")

    node = slicer_scene.AddNewNodeByClass("vtkMRMLTextNode", "text")
    tag = node.AddObserver("ModifiedEvent", fail)
    node.Modified()
    node.RemoveObserver(tag)
    qt.QTimer.singleShot(0, fail)
    slicer_host.process_events()
    errors = slicer_host.take_slot_errors()
    assert len(errors) == 2
    assert all("a fault outside slots" in error for error in errors)


def test_a_refused_step_is_displayed_and_raised(sample, slicer_host):
    slicer_host.testing = False
    sample.ui.applyButton.click()
    assert slicer_host.messages == [("ERROR", "Failed to count.\n\nChoose a volume.")]
    assert "Choose a volume." in slicer_host.take_slot_errors()[0]


def test_a_shortcut_works_in_the_shown_panel(sample, slicer_host, volume):
    import qt

    sample.ui.inputSelector.setCurrentNode(volume)
    sample.shortcut.activated.emit()
    assert sample.ui.resultLabel.text == "69 voxels"
    assert sample.shortcut.key == qt.QKeySequence("A")


def test_the_picture_of_the_panel_shows_its_widgets(sample, slicer_host, tmp_path):
    import SimpleITK as sitk

    slicer_host.grab(sample, tmp_path / "panel.png", width=400)
    pixels = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "panel.png")))
    open_height = pixels.shape[0]
    assert pixels.shape[1] == 400
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 20  # text, frames, background
    sample.ui.inputsButton.collapsed = True
    assert not sample.ui.thresholdSlider.visible
    assert slicer_host.grab(sample, width=400).height() < open_height - 100


@pytest.mark.skipif(not views.can_render(), reason="There is no display and neither EGL nor OSMesa is installed.")
def test_the_place_button_drives_the_real_interaction_node(sample, slicer_scene):
    import slicer

    points = slicer_scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "L1")
    points.CreateDefaultDisplayNodes()
    place = sample.ui.placeWidget
    modes = []
    place.connect("activeMarkupsPlaceModeChanged(bool)", modes.append)
    place.setCurrentNode(points)
    place.placeMultipleMarkups = slicer.qSlicerMarkupsPlaceWidget.ForcePlaceSingleMarkup
    place.placeModeEnabled = True
    with views.SliceView("Red", size=(300, 300)) as view:
        view.click((200, 120))
        expected = view.to_ras((200, 120))
    assert points.GetNumberOfDefinedControlPoints() == 1
    assert np.allclose(points.GetNthControlPointPosition(0), expected, atol=1e-6)
    assert modes == [True, False]


def test_nodes_get_subject_hierarchy_items_and_hidden_ones_do_not(slicer_host, slicer_scene, volume):
    hierarchy = slicer_scene.GetSubjectHierarchyNode()
    assert hierarchy.GetItemByDataNode(volume) > 0
    assert hierarchy.GetItemByDataNode(slicer_scene.GetFirstNodeByClass("vtkMRMLSelectionNode")) == 0
