"""What Docs/architecture.md says: its doors exist, and a thing that is added where it says works without another line."""

from __future__ import annotations

import ast
import dataclasses
import datetime
import json
import re
import sys
import types
from pathlib import Path

import pytest
from MarrowQuantLib import cli, commands
from MarrowQuantLib.response import available_models, lab_tests, load_model, model_file, read_labs

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "MarrowQuant" / "MarrowQuantLib"
PAGE = (ROOT / "Docs" / "architecture.md").read_text(encoding="utf-8")
DOORS = {part: re.findall(r"`(\w+)`", names) for part, names in
         re.findall(r"^\| `([\w.]+)`(?: \(ring 2\))? \| (.+) \|$", PAGE.partition("## The doors")[2], flags=re.MULTILINE)}  # fmt: skip


def names_in(part: str) -> set[str]:
    """Public names of a module or package, read without importing it: ring 2 needs Slicer."""
    path = LIB.joinpath(*part.split("."))
    tree = ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    names |= {alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    targets = [target for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign))
               for target in (node.targets if isinstance(node, ast.Assign) else [node.target])]  # fmt: skip
    return names | {target.id for target in targets if isinstance(target, ast.Name)}


def test_the_page_names_doors():
    assert len(DOORS) > 25


@pytest.mark.parametrize("part", DOORS)
def test_every_door_is_there(part):
    assert set(DOORS[part]) <= names_in(part)


def test_every_file_and_folder_that_the_table_names_is_there():
    table = PAGE.partition("## Where to add what")[2].partition("## Rules")[0]
    for place in re.findall(r"`((?:\w+/)*\w+(?:\.py|\.po|/))`", table):
        assert (LIB / place).exists() or (ROOT / place).exists(), place


def test_the_layers_of_the_page_are_those_of_the_checker():
    rows = re.findall(r"^\| (.+?) \| ", PAGE.partition("## Layers inside ring 1")[2].partition("##")[0], flags=re.MULTILINE)[1:]
    told = [set(re.findall(r"`(\w+)/?`", row)) for row in rows]
    listed = re.search(r"^layers = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    layers = [set(re.findall(r"\w+", line)) - {"panel", "scene", "__main__"} for line in re.findall(r'"(.+?)"', listed[1])]
    assert [name for layer in told for name in sorted(layer)] == [name for layer in layers if layer for name in sorted(layer)]


def test_a_command_is_a_file_and_a_row(monkeypatch, capsys):
    module = types.ModuleType("MarrowQuantLib.commands.hello")

    def add(parser):
        parser.add_argument("--name", default="marrow")
        parser.set_defaults(command=lambda options: print(f"hello {options.name}") or 0)

    module.add = add
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(commands.COMMANDS, "hello", ("hello.add", "greet", "hello"))
    assert cli.main(["hello", "--name", "you"]) == 0
    assert capsys.readouterr().out == "hello you\n"


def test_a_response_model_is_a_file(monkeypatch, tmp_path):
    spec = json.loads(model_file.DEFAULT_MODEL.read_text(encoding="utf-8"))
    (tmp_path / "another.json").write_text(json.dumps({**spec, "model_id": "another"}), encoding="utf-8")
    monkeypatch.setattr(model_file, "MODELS_FOLDER", tmp_path)
    assert load_model(available_models()["another"]).predict({"ff_change": 20.0, "m_protein_change": -90.0}).probability > 0.5


def _forget_names() -> None:
    for cached in vars(lab_tests).values():
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()


@pytest.fixture
def tests_of_its_own():
    """The table of laboratory tests may be changed; names looked up in it are forgotten before and after."""
    with pytest.MonkeyPatch.context() as patch:
        _forget_names()
        yield patch
    _forget_names()


def test_a_laboratory_test_is_a_row(tests_of_its_own, tmp_path):
    assert lab_tests.find_test("copper") is None
    row = dataclasses.replace(lab_tests.find_test("haemoglobin"), key="copper", label_en="Copper", label_ja="銅", aliases=())
    tests_of_its_own.setattr(lab_tests, "LAB_TESTS", (*lab_tests.LAB_TESTS, row))
    _forget_names()
    sheet = tmp_path / "labs.csv"
    sheet.write_text(f"date,test,value,unit\n2026-01-05,Copper,120,{row.unit}\n", encoding="utf-8")
    (value,) = read_labs(sheet)
    assert (value.test, value.date) == ("copper", datetime.date(2026, 1, 5))
