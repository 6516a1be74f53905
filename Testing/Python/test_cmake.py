"""What CMake is given decides what a packaged extension holds: a file that it misses is missing for every user. CMake itself is asked."""

import json
import re
import subprocess
from pathlib import Path

import pytest

cmake = pytest.importorskip("cmake", reason="CMake reads its own files here (pip install cmake).")

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant"
COHORT = MODULE.parent / "MarrowQuantCohort"
MODULES = pytest.mark.parametrize("module", [MODULE, COHORT], ids=lambda module: module.name)
NOT_SHIPPED = {"__pycache__", "Testing"}

# Slicer's macro of the same name and arguments (CMake/UseSlicerMacros.cmake there), which tells what it was given.
STAND_IN = r"""cmake_minimum_required(VERSION 3.16.3...3.28.0 FATAL_ERROR)
project(StandIn NONE)
function(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MODULE "WITH_GENERIC_TESTS" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  foreach(file IN LISTS MODULE_SCRIPTS MODULE_RESOURCES)
    file(APPEND "${CMAKE_BINARY_DIR}/given.txt" "${file}\n")
  endforeach()
  if(MODULE_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "not understood: ${MODULE_UNPARSED_ARGUMENTS}")
  endif()
endfunction()
add_subdirectory("${MODULE_FOLDER}" module)
"""


def given(module: Path, folder: Path) -> list[str]:
    """The files that CMake hands to Slicer's macro for a module."""
    (folder / "CMakeLists.txt").write_text(STAND_IN, encoding="utf-8")
    program = Path(cmake.CMAKE_BIN_DIR) / "cmake"
    call = [program, "-S", folder, "-B", folder / "built", f"-DMODULE_FOLDER={module}", "-DBUILD_TESTING=OFF"]
    told = subprocess.run(call, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return (folder / "built" / "given.txt").read_text(encoding="utf-8").splitlines()


def existing(module: Path) -> set[str]:
    files = (path.relative_to(module) for path in module.rglob("*") if path.is_file())
    shipped = (path for path in files if not NOT_SHIPPED & set(path.parts) and path.name != "CMakeLists.txt")
    return {path.as_posix() for path in shipped if not path.parts[0].endswith(".egg-info")}  # what pip leaves in a checkout


@MODULES
def test_every_file_of_a_module_is_shipped_once_and_nothing_else(module, tmp_path):
    assert sorted(given(module, tmp_path)) == sorted(existing(module))


def test_a_new_file_is_shipped_without_being_named(tmp_path):
    module = tmp_path / "MarrowQuant"
    for name in ("MarrowQuant.py", "MarrowQuantLib/new/__init__.py", "MarrowQuantLib/new/table.json", "Resources/UI/New.ui",
                 "Testing/test.py", "MarrowQuantLib/__pycache__/old.pyc"):  # fmt: skip
        (module / name).parent.mkdir(parents=True, exist_ok=True)
        (module / name).touch()
    (module / "CMakeLists.txt").write_text((MODULE / "CMakeLists.txt").read_text(encoding="utf-8"), encoding="utf-8")
    shipped = ["MarrowQuant.py", "MarrowQuantLib/new/__init__.py", "MarrowQuantLib/new/table.json", "Resources/UI/New.ui"]
    assert sorted(given(module, tmp_path)) == shipped


def test_no_file_of_one_module_replaces_one_of_the_other_as_slicer_installs_both_into_one_folder():
    assert sorted(existing(MODULE) & existing(COHORT)) == []


def test_both_modules_are_built():
    text = (MODULE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.findall(r"^add_subdirectory\((\w+)\)$", text, flags=re.MULTILINE) == [MODULE.name, COHORT.name]


def test_the_project_has_the_metadata_that_the_extensions_index_reads_line_by_line():
    text = (MODULE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.search(r"^project\(MarrowQuant\)$", text, flags=re.MULTILINE)
    for name in ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"):
        assert re.search(rf'^set\(EXTENSION_{name} "[^"]+"\)$', text, flags=re.MULTILINE), name


def test_the_draft_for_the_extensions_index_has_the_fields_of_its_schema_and_no_other():
    """After Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json of Slicer, and the index's check of the name and the line ends."""
    file = MODULE.parent / "MarrowQuant.json"
    assert b"\r" not in file.read_bytes()
    entry = json.loads(file.read_text(encoding="utf-8"))
    required = {"$schema", "category", "scm_url"}
    optional = {"scm_revision", "scm_type", "build_dependencies", "dicom_support_rule", "build_subdirectory", "enabled", "tier"}
    assert required <= set(entry) <= required | optional
    text = (MODULE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    assert f'set(EXTENSION_HOMEPAGE "{entry["scm_url"]}")' in text
    assert f'set(EXTENSION_CATEGORY "{entry["category"]}")' in text
    assert entry["scm_url"].rpartition("/")[2] == "Slicer" + file.stem


def test_the_description_says_that_it_is_for_research_and_that_patents_exist():
    text = (MODULE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    (words,) = re.findall(r'^set\(EXTENSION_DESCRIPTION "([^"]+)"\)$', text, flags=re.MULTILINE)
    assert "Research use only" in words
    assert "patent" in words


def test_the_icon_is_a_png_of_the_size_the_index_shows():
    header = (MODULE.parent / "MarrowQuant.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (128, 128)
