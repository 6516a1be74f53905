"""Each setting is declared once: the dataclass, the table, the shell, the batch, the scene and the panel's parameters agree, and a value
survives the way through all of them."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from MarrowQuantLib.batch.manifest import SETTING_COLUMNS, read_manifest
from MarrowQuantLib.commands.thresholds import add_settings, settings_of
from MarrowQuantLib.fatwater.spectra import SPECTRA
from MarrowQuantLib.model import MarrowQuantError, Settings
from MarrowQuantLib.model.settings import CHOICE, FAT_SPECTRA, NUMBER, NUMBERS, SETTINGS, SWITCH, checked, setting, with_texts

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant" / "MarrowQuant.py"


def values_of(row):
    """Values that a setting can have, with all their digits."""
    if row.kind in (SWITCH, CHOICE):
        return st.sampled_from(row.choices) if row.kind == CHOICE else st.booleans()
    number = st.floats(max(row.low, 0.001), row.high)
    return number if row.kind == NUMBER else st.lists(number, min_size=row.count or 1, max_size=row.count or 4).map(tuple)


ANY_SETTINGS = st.builds(Settings, **{row.name: values_of(row) for row in SETTINGS})


def test_the_table_has_a_row_for_every_field_and_its_default_is_possible():
    assert {row.name for row in SETTINGS} == {field.name for field in dataclasses.fields(Settings)} and set(FAT_SPECTRA) == set(SPECTRA)
    assert checked(Settings()) == Settings()
    for row in SETTINGS:
        assert row.label("en") and row.label("ja") != row.label("en") and row.flag.startswith("--") and row.parameters
        assert row.read(row.text(row.default)) == row.default


@given(ANY_SETTINGS)
def test_settings_survive_as_texts_and_in_the_shell(settings):
    texts = {row.name: row.text(getattr(settings, row.name)) for row in SETTINGS}
    assert with_texts(Settings(), texts) == settings
    parser = argparse.ArgumentParser()
    add_settings(parser)
    given = [f"{row.flag}={texts[row.name]}" for row in SETTINGS if row.kind != SWITCH]
    given += [row.flag for row in SETTINGS if row.kind == SWITCH and not getattr(settings, row.name)]
    assert settings_of(parser.parse_args(given)) == settings


@pytest.mark.parametrize(
    ("name", "text"),
    [("tdv_signal_ratio", "0"), ("tdv_signal_ratio", "high"), ("tdv_signal_ratio", "4,5"), ("tdv_adc_window", "600"),
     ("tdv_adc_window", "1,nan"),
     ("roi_radii_mm", "10,7"), ("roi_radii_mm", "10,7,99"), ("roi_shape", "disc"), ("refine_rois", "maybe"), ("fat_spectrum", "butter"),
     ("min_component_ml", "-1"), ("adc_class_edges", "")],
)  # fmt: skip
def test_an_impossible_value_is_refused_with_one_sentence_that_shows_a_possible_one(name, text):
    with pytest.raises(MarrowQuantError, match=name) as error:
        setting(name).read(text)
    assert str(error.value).count(".") >= 1 and "give " in str(error.value) and error.value.in_language("ja") != str(error.value)


def test_analyze_refuses_impossible_settings_before_it_reads_anything(tmp_path):
    from MarrowQuantLib import workflow

    with pytest.raises(MarrowQuantError, match="tdv_signal_ratio"):
        workflow.analyze([tmp_path / "nothing"], settings=Settings(tdv_signal_ratio=0.0))


# --------------------------------------------------------------------------------------------------------------- the panel
def test_the_parameters_of_the_panel_are_those_of_the_table():
    tree = ast.parse(MODULE.read_text(encoding="utf-8"))
    node = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == "MarrowQuantParameterNode")
    declared = {each.target.id: each for each in node.body if isinstance(each, ast.AnnAssign)}
    for row in SETTINGS:
        of_several = row.kind == NUMBERS and row.count is not None
        for n, name in enumerate(row.parameters):
            default = ast.literal_eval(declared[name].value)
            limits = [call for call in ast.walk(declared[name].annotation) if isinstance(call, ast.Call)]
            if row.kind == NUMBERS and not of_several:
                assert row.read(default) == row.default and not limits
                continue
            assert default == (row.default[n] if of_several else row.default), name
            given = [ast.literal_eval(argument) for call in limits for argument in call.args]
            assert given == ([] if row.kind == SWITCH else [list(row.choices)] if row.kind == CHOICE else [row.low, row.high]), name


@given(settings=ANY_SETTINGS)
def test_settings_survive_the_parameters_of_a_scene(settings):
    pytest.importorskip("slicer_core")
    from MarrowQuantLib.scene.parameters import settings_from_parameters, settings_to_parameters

    assert settings_from_parameters(settings_to_parameters(settings).__getitem__) == settings


# --------------------------------------------------------------------------------------------------------------- the batch
def test_a_row_of_a_manifest_can_say_all_that_the_shell_can(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "bone.nii.gz").write_bytes(b"")
    columns = {
        "case": "p1", "baseline": "a", "follow_up": "b", "date": "2025-01-14", "date_follow_up": "2025-03-18", "same_patient": "yes",
        "muscle": "1.5;-20;33", "muscle_follow_up": "140", "skeleton": "bone.nii.gz", "tdv_signal_ratio": "4.1",
        "tdv_adc_window": "600;1500", "roi_shape": "cylinder", "refine_rois": "no", "fat_spectrum": "hamilton_9", "age": "61",
    }  # fmt: skip
    (tmp_path / "manifest.csv").write_text(",".join(columns) + "\n" + ",".join(columns.values()) + "\n", encoding="utf-8")
    (case,) = read_manifest(tmp_path / "manifest.csv")
    assert case.problem == "" and case.covariates == {"age": "61"} and case.same_patient
    assert case.dates == (datetime.date(2025, 1, 14), datetime.date(2025, 3, 18))
    assert case.muscle == ([(1.5, -20.0, 33.0)], 140.0)
    assert [path.name for path in case.skeletons] == ["bone.nii.gz"]
    expected = Settings(4.1, (600.0, 1500.0), roi_shape="cylinder", refine_rois=False, fat_spectrum="hamilton_9")
    assert with_texts(Settings(), case.settings) == expected and set(SETTING_COLUMNS) == {row.name for row in SETTINGS}


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [("tdv_signal_ratio", "99", "tdv_signal_ratio"), ("same_patient", "perhaps", "same_patient"), ("muscle", "1,2", "muscle"),
     ("date", "soon", "date")],
)  # fmt: skip
def test_a_bad_cell_is_a_problem_of_its_case_alone(tmp_path, column, cell, told):
    (tmp_path / "a").mkdir()
    (tmp_path / "manifest.csv").write_text(f'case,baseline,{column}\np1,a,"{cell}"\np2,a,\n', encoding="utf-8")
    first, second = read_manifest(tmp_path / "manifest.csv")
    assert told in first.problem and second.problem == ""


@pytest.mark.parametrize("name", ["analyze", "burden", "follow", "batch", "response"])
def test_every_command_that_measures_takes_every_setting(name):
    options = options_of(name)
    assert {row.flag for row in SETTINGS} | {"--preset"} <= options
    assert ("--overrides" in options) != (name == "batch")  # a batch has them in its manifest


@pytest.mark.parametrize("name", ["inspect", "analyze", "burden", "follow", "adc", "pdff", "vertebrae", "response"])
def test_every_command_that_reads_dicom_takes_overrides(name):
    assert "--overrides" in options_of(name)


def options_of(name):
    from MarrowQuantLib.cli import build_parser

    commands = next(action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    commands.choices[name].add_options()
    return {option for action in commands.choices[name]._actions for option in action.option_strings}
