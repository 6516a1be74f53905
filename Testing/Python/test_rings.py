"""Imports point inwards only: ring 1 (numerics) knows no Slicer, ring 2 (scene) knows no Qt."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant"
LIB = MODULE / "MarrowQuantLib"
RING_1_LIBRARIES = {
    "argcomplete", "numpy", "orjson", "scipy", "SimpleITK", "pydicom", "highdicom", "sklearn", "statsmodels", "PIL", "distributed",
    "docx", "fpdf", "openpyxl", "pypdfium2", "torch", "monai", "onnxruntime",
}  # fmt: skip
NETWORK = {"pynetdicom", "dicomweb_client", "requests"}
ON_THE_NETWORK = {"export/pacs.py"}  # the one file that may speak to another computer, when the reader asks for it
SLICER = {"slicer", "vtk", "vtkmodules", "slicer_core"}
QT = {"qt", "ctk", "PySide6", "PythonQt"}
FILES = sorted(LIB.rglob("*.py"))
STANDARD = set(getattr(sys, "stdlib_module_names", ()))
needs_names = pytest.mark.skipif(not STANDARD, reason="Python 3.9 does not know the names of its own library; later versions check")


def ring(path: Path) -> int:
    return {"scene": 2, "panel": 3}.get(path.relative_to(LIB).parts[0], 1)


def imports(path: Path) -> set[str]:
    """Every module a file imports anywhere, relative ones as MarrowQuantLib.x."""
    package = ["MarrowQuantLib", *path.relative_to(LIB).parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            found |= {stem, *(f"{stem}.{alias.name}" for alias in node.names)}
    return found


def test_the_library_was_found():
    assert LIB / "workflow.py" in FILES


@needs_names
@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(LIB)))
def test_imports_point_inwards(path):
    names = imports(path)
    tops = {name.split(".")[0] for name in names}
    if ring(path) < 3:
        assert not tops & QT, "only panel/ may use Qt"
        assert not any(name.startswith("MarrowQuantLib.panel") for name in names)
    if ring(path) == 1:
        may_send = path.relative_to(LIB).as_posix() in ON_THE_NETWORK
        allowed = STANDARD | RING_1_LIBRARIES | {"MarrowQuantLib"} | (NETWORK if may_send else set())
        assert tops <= allowed, f"ring 1 may not import {sorted(tops - allowed)}"
        assert not tops & SLICER
        if path.relative_to(LIB).parts[0] != "commands":  # the shell's commands are the outermost door, as the panel is
            assert not any(name.startswith("MarrowQuantLib.scene") for name in names)


@needs_names
@pytest.mark.parametrize("path", [p for p in FILES if ring(p) == 1], ids=lambda p: str(p.relative_to(LIB)))
def test_nothing_of_another_library_is_imported_at_file_scope_unless_slicer_bundles_it(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tops = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            tops |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            tops.add(node.module.split(".")[0])
    assert tops <= STANDARD | {"numpy", "scipy", "SimpleITK", "pydicom"}


def test_ring_1_imports_in_plain_python_and_starts_nothing():
    names = [
        ".".join(["MarrowQuantLib", *path.relative_to(LIB).with_suffix("").parts]).removesuffix(".__init__")
        for path in FILES
        if ring(path) == 1 and path.name != "__main__.py"
    ]
    code = (
        f"import sys, importlib, threading\nsys.path.insert(0, {str(MODULE)!r})\n"
        f"for name in {names!r}:\n    importlib.import_module(name)\n"
        "assert not {'slicer', 'vtk', 'qt', 'ctk'} & set(sys.modules), 'ring 1 pulled in Slicer'\n"
        "assert threading.active_count() == 1, 'an import started a thread'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == "", "an import printed something"
