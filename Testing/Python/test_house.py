"""The house rules that a reader would otherwise check by eye: short functions, docstrings, sources that a stranger can open."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "MarrowQuant" / "MarrowQuantLib"
FILES = [*sorted(LIB.rglob("*.py")), *sorted((ROOT / "MarrowQuant").glob("*.py")), *sorted((ROOT / "MarrowQuantCohort").glob("*.py"))]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
LONGEST_FUNCTION = 70
LEAST_DOCUMENTED = 0.95

Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def ring(path: Path) -> str:
    return next((part for part in ("scene", "panel") if part in path.parts), "numerics") if LIB in path.parents else "panel"


def public(tree: ast.AST) -> list[ast.AST]:
    """Public functions, classes and methods, wherever they stand outside functions and private classes."""
    found: list[ast.AST] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Definition) and not node.name.startswith("_"):
            found.append(node)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found += public(node)
    return found


def test_no_function_is_longer_than_a_screen():
    functions = [(path, node) for path, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    too_long = [f"{path.relative_to(ROOT)}: {n.name} has {n.end_lineno - n.lineno + 1} lines" for path, n in functions
                if n.end_lineno - n.lineno + 1 > LONGEST_FUNCTION]  # fmt: skip
    assert too_long == []


@pytest.mark.parametrize("name", ["numerics", "scene", "panel"])
def test_public_names_say_what_they_are_for(name):
    names = [(path, node) for path, tree in TREES.items() if ring(path) == name for node in public(tree)]
    bare = [f"{path.relative_to(ROOT)}:{node.lineno} {node.name}" for path, node in names if not ast.get_docstring(node)]
    assert len(bare) <= (1 - LEAST_DOCUMENTED) * len(names), "\n".join([f"{len(bare)} of {len(names)} say nothing:", *bare])


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "__main__.py"], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_what_it_is_about(path):
    assert ast.get_docstring(TREES[path]) or not path.read_text(encoding="utf-8").strip()


OTHER_WORDS = {"warnings", "flags", "notes", "doubts", "remarks", "cautions", "sentences"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_findings_are_called_findings(path):
    """One word for one thing: no field, parameter or attribute that holds findings has another name."""
    named = [
        name for node in ast.walk(TREES[path]) if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation
        and "Finding" in ast.unparse(node.annotation)
        for name in [node.arg if isinstance(node, ast.arg) else ast.unparse(node.target).rpartition(".")[2]]
    ]  # fmt: skip
    assert OTHER_WORDS.isdisjoint(named)


@pytest.mark.parametrize("path", sorted((ROOT / "Testing" / "Python").glob("test_*.py")), ids=lambda path: path.name)
def test_no_test_imports_from_a_test(path):
    assert re.findall(r"^\s*(?:from|import) (test_\w+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sources_are_ones_that_a_stranger_can_open(path):
    """Notes, briefs and prototypes of those who wrote it are no sources."""
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?i)\bfacts on\b|clinical facts|user need|our prototype|\bfacts/|\.\./shared|this issue|the brief", text) == []
