"""States of a scene that come from elsewhere: saved with a layout of ours, restored by a scene view, with settings changed by hand."""

from __future__ import annotations

import re
import typing
import zipfile
from types import SimpleNamespace

import pytest
from helpers import fake_exams

OWN_LAYOUT = 3  # Slicer's four-up view


def layouts_in(folder) -> dict[str, list[str]]:
    """The numbers of the layouts that saved scenes hold, by file."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.mrml")}
    for path in folder.glob("*.mrb"):
        with zipfile.ZipFile(path) as bundle:
            texts[path.name] = next(bundle.read(name).decode() for name in bundle.namelist() if name.endswith(".mrml"))
    return {name: re.findall(r'currentViewArrangement="(\d+)"', text) for name, text in texts.items()}


def test_a_saved_scene_holds_no_layout_of_ours_and_the_one_shown_stays(filled_panel, slicer_host, tmp_path, monkeypatch):
    """Slicer fires no event when it saves: not for File > Save as .mrml (Commit), nor as .mrb."""
    import slicer
    from MarrowQuantLib.scene.results_scene import save_scene

    def save(folder):
        folder.mkdir()
        slicer.mrmlScene.SetURL(str(folder / "saved.mrml"))
        slicer.mrmlScene.Commit()
        assert slicer.mrmlScene.WriteToMRB(str(folder / "saved.mrb"))
        save_scene(folder / "exported.mrb")
        return layouts_in(folder)

    monkeypatch.setattr(type(slicer.app), "layoutManager", lambda self: SimpleNamespace())
    layout = slicer.mrmlScene.GetSingletonNode("vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
    slicer_host.exit(filled_panel)
    layout.SetViewArrangement(OWN_LAYOUT)
    slicer_host.enter(filled_panel)
    filled_panel.panel.viewing.arrange("spine")
    ours, told = layout.GetViewArrangement(), []
    tag = layout.AddObserver("ModifiedEvent", lambda caller, event: told.append(event))
    assert set(map(tuple, save(tmp_path / "ours").values())) == {()}
    layout.RemoveObserver(tag)
    assert ours != OWN_LAYOUT and layout.GetViewArrangement() == ours and not told, "the views are not laid out anew"
    slicer_host.exit(filled_panel)
    assert set(map(tuple, save(tmp_path / "own").values())) == {(str(OWN_LAYOUT),)}


def test_a_scene_view_that_comes_back_is_taken_up(filled_panel):
    """What a scene view restores is changed while the scene is in the state of restoring."""
    import slicer

    exam = filled_panel.panel.vertebrae.exam
    for level, z in fake_exams.LEVEL_Z.items():
        exam.rois.points().AddControlPointWorld([0.0, 0.0, z], level)
    exam.measure()
    filled_panel.panel.refresh()
    slicer.mrmlScene.StartState(slicer.vtkMRMLScene.RestoreState)
    exam.rois.points_node.RemoveNthControlPoint(0)
    filled_panel.logic.getParameterNode().parameterNode.SetParameter("tdvSignalRatio", "7.5")
    slicer.mrmlScene.EndState(slicer.vtkMRMLScene.RestoreState)
    assert filled_panel.panel.parameterNode.tdvSignalRatio == 7.5
    assert len(filled_panel.panel.vertebrae.exam.vertebrae) == len(fake_exams.LEVEL_Z) - 1


@pytest.mark.parametrize(("name", "text"), [
    ("tdvSignalRatio", "much"), ("tdvAdcLower", "-5"), ("roiRadiusLR", ""), ("ageYears", "67.5"), ("roiShape", "star"), ("sex", "x"),
    ("refineRois", "maybe"), ("language", "fr"), ("minComponentMl", "nan"),
])  # fmt: skip
def test_a_setting_that_was_damaged_is_told_and_its_default_holds(filled_panel, name, text, tmp_path):
    import slicer
    from MarrowQuantLib.scene.parameters import parameter_node

    parameter_node().SetParameter(name, text)
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "case.mrb"))
    slicer.mrmlScene.Clear(0)
    default = getattr(filled_panel.logic.getParameterNode(), name)
    slicer.mrmlScene.ReadFromMRB(str(tmp_path / "case.mrb"), True)
    assert getattr(filled_panel.logic.getParameterNode(), name) == default and len(filled_panel.logic.case.exams) == 2
    assert f"cannot be read ({name})" in filled_panel.ui.examsMessage.text


def test_the_limits_of_settings_are_those_of_the_module(filled_panel):
    from MarrowQuantLib.scene.parameters import CHOICES, LIMITS

    import MarrowQuant

    hints = typing.get_type_hints(MarrowQuant.MarrowQuantParameterNode, include_extras=True)
    found = {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}
    ranges = {name: (each.minimum, each.maximum) for name, each in found.items() if hasattr(each, "minimum")}
    choices = {name: tuple(each.choices) for name, each in found.items() if hasattr(each, "choices")}
    assert ranges == LIMITS and choices == {name: each for name, each in CHOICES.items() if name != "refineRois"}


def test_results_of_a_script_do_not_come_into_the_open_case_of_another_patient(filled_panel, tmp_path):
    import slicer
    from MarrowQuantLib.model import MarrowQuantError
    from MarrowQuantLib.scene.results_scene import write_scene

    results = filled_panel.logic.case.results()
    before = slicer.mrmlScene.GetNumberOfNodes()
    with pytest.raises(MarrowQuantError, match="not certainly of this patient"):
        write_scene(results, tmp_path / "scene.mrb")
    assert slicer.mrmlScene.GetNumberOfNodes() == before and not (tmp_path / "scene.mrb").exists()
    slicer.mrmlScene.Clear(0)
    write_scene(results, tmp_path / "scene.mrb")
    assert (tmp_path / "scene.mrb").is_file()
