"""CMake's file list decides what a packaged extension holds: a file that is missing there is missing for every user."""

import re
from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "MarrowQuant"
NOT_SHIPPED = {"__pycache__", "Testing"}


def listed() -> list[str]:
    text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8").replace("${MODULE_NAME}", "MarrowQuant")
    blocks = re.findall(r"set\(MODULE_PYTHON_(?:SCRIPTS|RESOURCES)\s(.*?)\)", text, flags=re.DOTALL)
    return [line for block in blocks for line in block.split()]


def existing() -> set[str]:
    files = (path.relative_to(MODULE) for path in MODULE.rglob("*") if path.is_file())
    shipped = (path for path in files if not NOT_SHIPPED & set(path.parts) and path.name != "CMakeLists.txt")
    return {path.as_posix() for path in shipped if not path.parts[0].endswith(".egg-info")}  # what pip leaves in a checkout


def test_every_file_that_exists_is_shipped():
    assert sorted(existing() - set(listed())) == []


def test_every_file_that_is_listed_exists_because_cmake_stops_otherwise():
    assert sorted(set(listed()) - existing()) == []


def test_no_file_is_listed_twice():
    assert len(listed()) == len(set(listed()))


def test_the_project_has_the_metadata_that_the_extensions_index_reads_line_by_line():
    text = (MODULE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.search(r"^project\(MarrowQuant\)$", text, flags=re.MULTILINE)
    for name in ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"):
        assert re.search(rf'^set\(EXTENSION_{name} "[^"]+"\)$', text, flags=re.MULTILINE), name


def test_the_icon_is_a_png_of_the_size_the_index_shows():
    header = (MODULE.parent / "MarrowQuant.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (128, 128)
