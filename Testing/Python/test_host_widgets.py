"""The stand-ins for CTK's and Slicer's widgets, over real nodes."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def volumes(slicer_host, slicer_scene):
    """Two volumes, "first" and "second"."""
    return [slicer_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name) for name in ("first", "second")]


@pytest.fixture
def selector(volumes, slicer_scene):
    import slicer

    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.setMRMLScene(slicer_scene)
    return selector


def listed(selector):
    return [selector.nodeFromIndex(index).GetName() for index in range(selector.nodeCount())]


def test_the_selector_follows_the_scene(selector, slicer_scene):
    third = slicer_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "third")
    slicer_scene.AddNewNodeByClass("vtkMRMLModelNode", "not a volume")
    assert listed(selector) == ["first", "second", "third"]
    third.SetName("renamed")
    assert listed(selector)[-1] == "renamed"
    third.SetHideFromEditors(True)
    third.Modified()
    slicer_scene.RemoveNode(third)
    assert listed(selector) == ["first", "second"]
    slicer_scene.Clear(0)
    assert (selector.nodeCount(), selector.currentNode()) == (0, None)


def test_the_selector_takes_the_node_that_moves_up_or_the_last_when_the_current_one_goes(selector, volumes, slicer_scene):
    third = slicer_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "third")
    selector.setCurrentNode(volumes[0])
    slicer_scene.RemoveNode(volumes[0])
    assert selector.currentNode() is volumes[1]
    selector.setCurrentNode(third)
    slicer_scene.RemoveNode(third)
    assert selector.currentNode() is volumes[1]


def test_the_selector_remembers_a_node_asked_for_before_it_had_a_scene(volumes, slicer_scene):
    import slicer

    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    selector.setCurrentNode(volumes[1])
    selector.setMRMLScene(slicer_scene)
    assert selector.currentNode() is volumes[1]


def test_the_selector_filters_by_attribute_and_by_exact_class(selector, volumes, slicer_scene):
    volumes[1].SetAttribute("MarrowQuant.role", "pdff")
    selector.addAttribute("vtkMRMLScalarVolumeNode", "MarrowQuant.role", "pdff")
    assert listed(selector) == ["second"]
    selector.removeAttribute("vtkMRMLScalarVolumeNode", "MarrowQuant.role")
    slicer_scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    assert "labels" in listed(selector)
    selector.showChildNodeTypes = False
    assert listed(selector) == ["first", "second"]


def test_a_selector_that_has_gone_leaves_no_observer(selector, slicer_host, slicer_scene):
    from slicerhost.scenewidgets import Observers, remove_orphans

    def observers_of(reference):
        return [entry for entry in Observers._table.values() if entry[2] is reference]

    reference = selector._observers._widget
    assert len(observers_of(reference)) == 5  # three events of the scene, two nodes
    selector.deleteLater()
    slicer_host.process_events()
    slicer_scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "after")
    remove_orphans()
    assert observers_of(reference) == []


def test_a_range_keeps_its_order_and_its_limits(slicer_host):
    import ctk

    for widget in (ctk.ctkRangeWidget(), ctk.ctkDoubleRangeSlider()):
        got = []
        widget.connect("valuesChanged(double,double)", lambda low, high, got=got: got.append((low, high)))
        widget.setRange(0, 3000)
        widget.setValues(550, 1400)
        widget.minimumValue = 2000
        assert (widget.minimumValue, widget.maximumValue) == (2000, 2000)
        widget.maximumValue = 9999
        assert (widget.minimumValue, widget.maximumValue) == (2000, 3000)
        widget.maximum = 2500
        assert got == [(550, 1400), (2000, 2000), (2000, 3000), (2000, 2500)]


def test_the_slider_without_tracking_tells_its_value_only_when_released(slicer_host):
    import ctk

    slider = ctk.ctkSliderWidget()
    slider.maximum = 1000
    changed, changing = [], []
    slider.connect("valueChanged(double)", changed.append)
    slider.connect("valueIsChanging(double)", changing.append)
    slider.tracking = False
    slider._slider.sliderDown = True
    slider._slider.sliderPosition = 500
    assert (changed, changing) == ([], [500.0])
    slider._slider.sliderDown = False
    assert changed == [500.0]


def test_a_spin_box_tells_number_and_text(slicer_host):
    import ctk

    spin, numbers, texts = ctk.ctkDoubleSpinBox(), [], []
    spin.connect("valueChanged(double)", numbers.append)
    spin.connect("valueChanged(QString)", texts.append)
    spin.value = 2.5
    assert (numbers, texts) == ([2.5], ["2.50"])


def test_a_directory_button_gives_an_absolute_path_and_browses(slicer_host, tmp_path):
    import ctk

    button, changed = ctk.ctkDirectoryButton(), []
    button.connect("directoryChanged(QString)", changed.append)
    button.directory = str(tmp_path)
    button.directory = str(tmp_path)
    slicer_host.dialog_answers.append(str(tmp_path / "chosen"))
    assert button.browse() == str(tmp_path / "chosen")
    assert changed == [str(tmp_path), str(tmp_path / "chosen")]


def test_a_collapsed_button_hides_its_contents(slicer_host):
    import ctk
    import qt

    button, states = ctk.ctkCollapsibleButton(), []
    inside = qt.QLabel("inside", button)
    qt.QVBoxLayout(button).addWidget(inside)
    button.connect("contentsCollapsed(bool)", states.append)
    button.show()
    button.collapsed = True
    assert (inside.visible, button.checked, states) == (False, False, [True])
    button.click()
    assert (inside.visible, button.collapsed, states) == (True, False, [True, False])
    assert button.sizeHint.height() > 40


def test_the_table_view_shows_the_table_node(slicer_host, slicer_scene):
    import slicer

    table = slicer_scene.AddNewNodeByClass("vtkMRMLTableNode", "results")
    slicer.util.updateTableFromArray(table, (np.array([41.5, 38.25]),), ["FF"])
    table.SetUseColumnNameAsColumnHeader(True)
    view = slicer.qMRMLTableView()
    view.setMRMLTableNode(table)
    model = view.tableModel()
    assert (model.rowCount(), model.columnCount(), model.index(1, 0).data()) == (2, 1, "38.25")
    table.GetTable().GetColumn(0).SetValue(1, 40.0)
    table.Modified()
    assert float(view.tableModel().index(1, 0).data()) == 40.0


def test_the_segments_view_lists_and_selects_segments(slicer_host, slicer_scene):
    import slicer

    segmentation = slicer_scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "ROIs")
    view = slicer.qMRMLSegmentsTableView()
    view.setMRMLScene(slicer_scene)
    view.setSegmentationNode(segmentation)
    for name in ("L1", "L2"):
        segmentation.GetSegmentation().AddEmptySegment(name, name)
    assert (view.segmentCount, view.displayedSegmentIDs()) == (2, ["L1", "L2"])
    view.setSelectedSegmentIDs(["L2"])
    assert view.selectedSegmentIDs() == ["L2"]


def test_the_simple_markups_widget_lists_the_points(slicer_host, slicer_scene):
    import slicer

    points = slicer_scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "levels")
    widget, changes = slicer.qSlicerSimpleMarkupsWidget(), []
    widget.connect("markupsNodeChanged()", lambda: changes.append(widget.currentNode()))
    widget.setMRMLScene(slicer_scene)
    widget.enterPlaceModeOnNodeChange = False
    widget.setCurrentNode(points)
    points.AddControlPoint([1, 2, 3], "L3")
    assert changes == [points]
    table = widget.tableWidget()
    assert [table.item(0, column).text() for column in range(4)] == ["L3", "1.000", "2.000", "3.000"]
    assert widget.markupsPlaceWidget().placeModeEnabled is False


def test_connecting_a_whole_gui_answers_no_tag_as_in_slicer(slicer_host, slicer_scene):
    """``connectGui`` of Slicer 5.13 forgets to return its tag: only what ``connectParametersToGui`` bound can be unbound."""
    import qt
    import slicer
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    @parameterNodeWrapper
    class Parameters:
        flag: bool = False

    parameters = Parameters(slicer_scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
    panel, boxes = qt.QWidget(), []
    for _ in range(2):
        boxes.append(qt.QCheckBox(panel))
    boxes[0].setProperty("SlicerParameterName", "flag")
    assert parameters.connectGui(panel) is None
    tag = parameters.connectParametersToGui({"flag": boxes[1]})
    parameters.flag = True
    assert [box.checked for box in boxes] == [True, True]
    parameters.disconnectGui(None)
    parameters.disconnectGui(tag)
    parameters.flag = False
    assert [box.checked for box in boxes] == [False, True]
    assert slicer.mrmlScene is slicer_scene


@pytest.mark.parametrize(("hint", "widget_class"), [(str, "ctkPathLineEdit"), (int, "QDoubleSpinBox"), (float, "ctkSliderWidget")])
def test_a_widget_that_slicer_cannot_connect_is_refused(slicer_host, hint, widget_class):
    import ctk
    import qt
    from slicerhost.connectors import connector_for

    cls = getattr(qt, widget_class, None) or getattr(ctk, widget_class)
    with pytest.raises(RuntimeError, match="connect"):
        connector_for(cls(), hint)
