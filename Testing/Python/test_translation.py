"""Every string a reader sees in the panel has a Japanese translation under the context that Slicer looks it up with."""

import ast
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant"
COHORT = MODULE.parent / "MarrowQuantCohort"
UIS = {path.stem: path for module in (MODULE, COHORT) for path in (module / "Resources" / "UI").glob("*.ui")}
SOURCES = [MODULE / "MarrowQuant.py", COHORT / "MarrowQuantCohort.py", *sorted((MODULE / "MarrowQuantLib" / "panel").rglob("*.py"))]


def translations() -> dict[tuple[str, str], str]:
    root = ET.parse(MODULE / "Resources" / "Translations" / "MarrowQuant_ja.ts").getroot()
    return {
        (context.findtext("name"), message.findtext("source")): message.findtext("translation")
        for context in root.iter("context")
        for message in context.iter("message")
    }


def context_of(path: Path) -> str:
    """Slicer names it by the file, after the folder's name if that is a package."""
    return f"{path.parent.name}.{path.stem}" if (path.parent / "__init__.py").is_file() else path.stem


def marked(path: Path) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return {call.args[0].value for call in calls if isinstance(call.func, ast.Name) and call.func.id == "_"}


def in_ui(path: Path) -> set[str]:
    root = ET.parse(path).getroot()
    return {element.text for element in root.iter("string") if element.text and element.get("notr") != "true"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_marked_string_is_translated(path):
    known = translations()
    assert sorted(text for text in marked(path) if not known.get((context_of(path), text))) == []


@pytest.mark.parametrize("name", UIS)
def test_every_string_of_the_ui_is_translated(name):
    known = translations()
    assert sorted(text for text in in_ui(UIS[name]) if not known.get((name, text))) == []


def test_no_translation_is_left_over_from_a_string_that_is_gone():
    present = {(context_of(path), text) for path in SOURCES for text in marked(path)}
    present |= {(name, text) for name, path in UIS.items() for text in in_ui(path)}
    assert sorted(set(translations()) - present) == []


def test_placeholders_are_the_same_because_slicer_ignores_a_translation_that_differs():
    for (_, source), translation in translations().items():
        assert set(re.findall(r"{(\w+)}", source)) == set(re.findall(r"{(\w+)}", translation)), source
