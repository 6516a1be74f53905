"""One exam at a time: display nodes and pixels of every view show the exam that was chosen, both only on request, and layouts go back."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from helpers import fake_exams
from slicerhost import views as offscreen

LABELS = ("baseline", "follow-up")
OWN_LAYOUT = 3  # Slicer's four-up view
NAMES = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal", "MarrowQuantFollowUp": "Sagittal"}


def choose_exam(widget, index: int) -> None:
    widget.ui.examComboBox.setCurrentIndex(index)
    widget.panel.onExamChosen(index)


def place(widget) -> None:
    widget.ui.placeButton.click()
    for z in fake_exams.LEVEL_Z.values():
        widget.panel.vertebrae.exam.rois.points_node.AddControlPointWorld([0.0, 0.0, z])


@pytest.fixture
def both(filled_panel):
    """Both exams marked and their tumour load proposed; the baseline is shown."""
    for index in (1, 0):
        choose_exam(filled_panel, index)
        place(filled_panel)
    filled_panel.ui.proposeButton.click()
    return filled_panel


def drawn() -> dict[str, list]:
    """Label of the exam to its nodes that the views draw."""
    import slicer

    nodes = [*slicer.util.getNodesByClass("vtkMRMLMarkupsNode"), *slicer.util.getNodesByClass("vtkMRMLSegmentationNode")]
    return {label: [n for n in nodes if n.GetAttribute("MarrowQuant.exam") == label and n.GetDisplayNode()] for label in LABELS}


def visible() -> dict[str, set[str]]:
    return {label: {node.GetName() for node in nodes if node.GetDisplayNode().GetVisibility()} for label, nodes in drawn().items()}


@pytest.mark.parametrize("index", [0, 1])
def test_only_the_exam_shown_has_visible_nodes(both, index):
    choose_exam(both, 1 - index)
    choose_exam(both, index)
    title = ("Baseline", "Follow-up")[index]
    assert visible()[LABELS[index]] == {f"{title} vertebrae", f"{title} vertebral ROIs", f"{title} tumour load"}
    assert visible()[LABELS[1 - index]] == set()


@pytest.mark.parametrize("action", ["propose", "carry", "undo carrying", "measure", "muscle", "threshold"])
def test_what_a_button_makes_in_the_other_exam_stays_out_of_sight(both, action):
    from MarrowQuantLib.scene.muscle import muscle_node

    ui, case = both.ui, both.logic.case
    if action in ("carry", "undo carrying"):
        case.follow_up.carry_over = lambda progress: case.exams["follow-up"].load.show()  # registration is not the point
        both.panel.followUp.onCarry()
        choose_exam(both, 0)
    elif action == "muscle":
        muscle_node("follow-up").AddControlPointWorld([0.0, 60.0, 0.0], "muscle")
        both.panel.refresh()
    elif action == "threshold":
        ui.ratioSlider.value = 4.0
        both.panel.burden.onSliderRests()
    else:
        {"propose": ui.proposeButton, "measure": ui.measureButton}[action].click()
    assert visible()["follow-up"] == set() and len(visible()["baseline"]) == 3


def test_what_the_reader_hid_by_hand_stays_hidden_and_the_classes_too(both):
    load = next(node for node in drawn()["baseline"] if node.GetName() == "Baseline tumour load")
    load.GetDisplayNode().SetVisibility(False)
    choose_exam(both, 1)
    choose_exam(both, 0)
    assert visible()["baseline"] == {"Baseline vertebrae", "Baseline vertebral ROIs"}


def test_a_saved_scene_opens_with_one_exam_visible_and_the_other_comes_when_it_is_chosen(both, slicer_host, tmp_path):
    import slicer

    before = visible()
    assert slicer.util.saveScene(str(tmp_path / "one.mrb"))
    slicer.util.loadScene(str(tmp_path / "one.mrb"), properties={"clear": True})
    slicer_host.process_events()
    assert visible() == before
    choose_exam(both, 1)
    assert visible()["baseline"] == set() and len(visible()["follow-up"]) == 3


@pytest.mark.skipif(not offscreen.can_render(), reason="There is no display and neither EGL nor OSMesa is installed.")
@pytest.mark.parametrize("orientation", ["Axial", "Sagittal", "Coronal"])
def test_the_pixels_are_those_of_a_scene_without_the_other_exam(both, orientation):
    import slicer

    water = both.logic.case.exams["baseline"].map_node("water")
    both.logic.case.exams["follow-up"].rois.points_node.SetNthControlPointPositionWorld(2, 5.0, 5.0, 10.0)
    with offscreen.SliceView("Red", orientation, (300, 300)) as view:
        view.show(background=water)
        view.jump((5.0, 5.0, 10.0))
        shown = view.image()
        for node in drawn()["follow-up"]:
            node.GetDisplayNode().SetVisibility(True)
        overlaid = view.image()
        for node in drawn()["follow-up"]:
            slicer.mrmlScene.RemoveNode(node)
        alone = view.image()
    assert np.array_equal(shown, alone)
    assert not np.array_equal(overlaid, alone), "the picture can show the other exam at all"


# ------------------------------------------------------------------------------------------------------------ layouts, views
@pytest.fixture
def windows(slicer_host, monkeypatch):
    """The views of a main window, at the size they have beside the panel on a screen of 1366 × 768; the answer asks them."""
    import slicer

    if not offscreen.can_render():
        pytest.skip("There is no display and neither EGL nor OSMesa is installed.")
    monkeypatch.setattr(type(slicer.app), "layoutManager", lambda self: SimpleNamespace())
    layout = slicer.mrmlScene.GetSingletonNode("vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
    layout.SetViewArrangement(OWN_LAYOUT)
    opened = {name: offscreen.SliceView(name, orientation, (475, 350)) for name, orientation in NAMES.items()}
    yield SimpleNamespace(layout=layout, **opened)
    for view in opened.values():
        view.close()
    layout.SetViewArrangement(OWN_LAYOUT)


def background(view) -> str:
    import slicer

    return slicer.mrmlScene.GetNodeByID(view.logic.GetSliceCompositeNode().GetBackgroundVolumeID()).GetName()


def test_each_task_has_its_layout_and_the_readers_own_comes_back(windows, filled_panel, slicer_host):
    import slicer

    place(filled_panel)
    spine = windows.layout.GetViewArrangement()
    assert spine != OWN_LAYOUT and 'singletontag="Yellow"' in windows.layout.GetLayoutDescription(spine)
    assert background(windows.Yellow) == "Baseline water"
    bar = next(node for node in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode"))
    assert bar.GetVisibility() and bar.GetTitleText() == "FF (%)"
    filled_panel.ui.proposeButton.click()
    assert windows.layout.GetViewArrangement() not in (OWN_LAYOUT, spine)
    assert background(windows.Green) == "Baseline DWI high b"
    assert windows.Green.node.GetSlabReconstructionEnabled() and not windows.Red.node.GetSlabReconstructionEnabled()
    assert windows.Green.node.GetSlabReconstructionTypeAsString(windows.Green.node.GetSlabReconstructionType()) == "Max"
    choose_exam(filled_panel, 1)
    assert background(windows.Green) == "Follow-up DWI high b"
    slicer_host.exit(filled_panel)
    assert windows.layout.GetViewArrangement() == OWN_LAYOUT and not windows.Green.node.GetSlabReconstructionEnabled()


def bars() -> list[str]:
    """Names of the volumes whose bar of colours is visible."""
    import slicer

    shown = [bar for bar in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode") if bar.GetVisibility()]
    return [bar.GetDisplayableNode().GetName() for bar in shown]


def test_the_bar_of_colours_is_that_of_the_image_shown(windows, filled_panel):
    place(filled_panel)
    assert bars() == ["Baseline fat fraction"]
    choose_exam(filled_panel, 1)
    assert bars() == ["Follow-up fat fraction"]
    choose_exam(filled_panel, 0)
    filled_panel.ui.proposeButton.click()
    assert bars() == [], "diffusion images have no colours of fat fraction"
    filled_panel.ui.vertebraeSection.collapsed = True
    filled_panel.panel.viewing.arrange("spine")
    filled_panel.panel.viewing.showExam()
    assert bars() == ["Baseline fat fraction"]
    filled_panel.ui.boneWindowButton.click()
    assert bars() == []


def test_a_layout_that_the_reader_chose_meanwhile_stays(windows, filled_panel, slicer_host):
    place(filled_panel)
    windows.layout.SetViewArrangement(6)
    choose_exam(filled_panel, 1)
    filled_panel.ui.placeButton.click()
    assert windows.layout.GetViewArrangement() == 6
    slicer_host.exit(filled_panel)
    assert windows.layout.GetViewArrangement() == 6


def test_both_exams_side_by_side_each_in_its_own_linked_view(windows, both, slicer_host):
    both.ui.compareButton.click()
    assert (background(windows.Yellow), background(windows.MarrowQuantFollowUp)) == ("Baseline water", "Follow-up water")
    shown_in = {label: {tuple(node.GetDisplayNode().GetViewNodeIDs()) for node in nodes} for label, nodes in drawn().items()}
    assert shown_in == {"baseline": {(windows.Yellow.node.GetID(),)}, "follow-up": {(windows.MarrowQuantFollowUp.node.GetID(),)}}
    assert len(visible()["baseline"]) == len(visible()["follow-up"]) == 3
    composites = [view.logic.GetSliceCompositeNode() for view in (windows.Yellow, windows.MarrowQuantFollowUp)]
    assert all(composite.GetLinkedControl() for composite in composites)
    choose_exam(both, 1)
    assert background(windows.Yellow) == "Baseline water", "the exam that is worked on changes no view of the comparison"
    both.ui.compareButton.click()
    assert not any(composite.GetLinkedControl() for composite in composites)
    assert visible()["baseline"] == set() and len(visible()["follow-up"]) == 3
    assert all(node.GetDisplayNode().GetNumberOfViewNodeIDs() == 0 for nodes in drawn().values() for node in nodes)
    assert background(windows.Yellow) == "Follow-up water"


def test_comparing_ends_with_the_module_and_needs_two_exams(windows, both, slicer_host):
    both.ui.compareButton.click()
    slicer_host.exit(both)
    assert not both.ui.compareButton.checked and windows.layout.GetViewArrangement() == OWN_LAYOUT
    assert visible()["follow-up"] == set()
    both.logic.case.replace_by([fake_exams.exam_maps("baseline")])
    slicer_host.enter(both)
    assert not both.ui.compareButton.enabled and "two exams" in both.ui.compareButton.toolTip


# ---------------------------------------------------------------------------------------------------------------- histograms
@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("key", ["ff", "adc"])
def test_the_histogram_of_one_marked_exam_is_drawn(filled_panel, index, key):
    import slicer

    choose_exam(filled_panel, index)
    place(filled_panel)
    getattr(filled_panel.ui, f"{key}HistogramButton").click()
    assert filled_panel.ui.statusLabel.text == ""
    assert [s.GetAttribute("MarrowQuant.exam") for s in slicer.util.getNodesByClass("vtkMRMLPlotSeriesNode")] == [LABELS[index]]


def test_a_histogram_that_cannot_be_drawn_says_why(both):
    exams = both.logic.case.exams
    for level in fake_exams.LEVEL_Z:
        exams["follow-up"].rois.exclude(level, "hardware")
    both.ui.measureButton.click()
    both.ui.ffHistogramButton.click()
    assert "nothing to draw" in both.ui.statusLabel.text
