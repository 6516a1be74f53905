"""CMake's file list decides what a packaged extension holds: a file that is missing there is missing for every user."""

import re
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant"
COHORT = MODULE.parent / "MarrowQuantCohort"
NOT_SHIPPED = {"__pycache__", "Testing"}


def listed(module: Path = MODULE) -> list[str]:
    text = (module / "CMakeLists.txt").read_text(encoding="utf-8").replace("${MODULE_NAME}", module.name)
    blocks = re.findall(r"set\(MODULE_PYTHON_(?:SCRIPTS|RESOURCES)\s(.*?)\)", text, flags=re.DOTALL)
    return [line for block in blocks for line in block.split()]


def existing(module: Path = MODULE) -> set[str]:
    files = (path.relative_to(module) for path in module.rglob("*") if path.is_file())
    shipped = (path for path in files if not NOT_SHIPPED & set(path.parts) and path.name != "CMakeLists.txt")
    return {path.as_posix() for path in shipped if not path.parts[0].endswith(".egg-info")}  # what pip leaves in a checkout


@pytest.mark.parametrize("module", [MODULE, COHORT], ids=lambda module: module.name)
def test_every_file_that_exists_is_shipped(module):
    assert sorted(existing(module) - set(listed(module))) == []


@pytest.mark.parametrize("module", [MODULE, COHORT], ids=lambda module: module.name)
def test_every_file_that_is_listed_exists_because_cmake_stops_otherwise(module):
    assert sorted(set(listed(module)) - existing(module)) == []


@pytest.mark.parametrize("module", [MODULE, COHORT], ids=lambda module: module.name)
def test_no_file_is_listed_twice(module):
    assert len(listed(module)) == len(set(listed(module)))


def test_no_file_of_one_module_replaces_one_of_the_other_as_slicer_installs_both_into_one_folder():
    assert sorted(set(listed(MODULE)) & set(listed(COHORT))) == []


def test_both_modules_are_built():
    text = (MODULE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.findall(r"^add_subdirectory\((\w+)\)$", text, flags=re.MULTILINE) == [MODULE.name, COHORT.name]


def test_the_project_has_the_metadata_that_the_extensions_index_reads_line_by_line():
    text = (MODULE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.search(r"^project\(MarrowQuant\)$", text, flags=re.MULTILINE)
    for name in ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"):
        assert re.search(rf'^set\(EXTENSION_{name} "[^"]+"\)$', text, flags=re.MULTILINE), name


def test_the_icon_is_a_png_of_the_size_the_index_shows():
    header = (MODULE.parent / "MarrowQuant.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (128, 128)
