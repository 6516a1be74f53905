"""Every string a reader sees in the panel has a Japanese translation under the context that Slicer looks it up with."""

import importlib.util
import re

import pytest
import translations

NO_LABELS = {"MarrowQuant responder", "研究用です。"}  # what a tutorial says in bold beside labels
MODULES = pytest.mark.parametrize("module", translations.SOURCES, ids=lambda module: module.name)


@MODULES
def test_every_string_is_translated_and_none_is_left_over(module):
    known = translations.read(module)
    unfinished = sorted(key for key in translations.needed(module) if not known.get(key))
    left_over = sorted(set(known) - translations.needed(module))
    assert (unfinished, left_over) == ([], []), "python Testing/translations.py, then fill what is unfinished and run it again"


@MODULES
def test_placeholders_are_the_same_because_slicer_ignores_a_translation_that_differs(module):
    for (_, source), japanese in translations.read(module).items():
        assert set(re.findall(r"{(\w+)}", source)) == set(re.findall(r"{(\w+)}", japanese)), source


@MODULES
def test_the_compiled_file_that_is_shipped_is_that_of_the_sources(module, tmp_path):
    if importlib.util.find_spec("PySide6") is None:
        pytest.skip("Qt's lrelease comes with PySide6 (pip install PySide6-Essentials==6.11.3).")
    source, compiled = translations.file_of(module), tmp_path / "compiled.qm"
    translations.compile_to(source, compiled)
    for shipped in translations.compiled_files(module):
        assert compiled.read_bytes() == shipped.read_bytes(), "python Testing/translations.py compiles it"


@pytest.mark.parametrize("page", ["tutorial.md", "tutorial_ja.md"])
def test_the_buttons_that_a_tutorial_names_are_those_of_the_panel(page):
    pairs = [(source, japanese) for module in translations.SOURCES for (_, source), japanese in translations.read(module).items()]
    labels = {label for pair in pairs for label in pair}
    labels |= {key for label in labels for key in re.findall(r"\((\w)\)$", label)}  # "Keep (A)": the key alone, too
    named = set(re.findall(r"\*\*([^*\n]+)\*\*", (translations.ROOT / "Docs" / page).read_text(encoding="utf-8")))
    assert len(named) > 10 and named - labels <= NO_LABELS
