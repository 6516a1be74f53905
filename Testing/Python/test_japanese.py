"""In a Slicer that runs in Japanese a reader meets no English sentence: the panels, what they say, and the files they write."""

from __future__ import annotations

import pytest
from helpers.cohort_panel import ask, choose_method
from helpers.japanese import JAPANESE, ROOT, english_in, start
from MarrowQuantLib.model import MarrowQuantError, finding, made


@pytest.mark.parametrize("name", ["MarrowQuant", "MarrowQuantCohort"])
def test_each_module_loads_its_translations_itself_before_the_first_text(slicer_host, name):
    widget, module = start(slicer_host, name)
    assert JAPANESE.search(module.helpText)
    sections = [child for name, child in vars(widget.ui).items() if name.endswith("Section")]
    assert sections and all(JAPANESE.search(section.text) for section in sections)


@pytest.mark.parametrize("language", ["ja_JP", "ja-JP"])
def test_the_language_with_its_country_is_japanese_too(slicer_host, language):
    widget, module = start(slicer_host, "MarrowQuant", language)
    assert JAPANESE.search(module.helpText) and JAPANESE.search(widget.ui.examsSection.text)


@pytest.mark.parametrize("language", ["", "en", "de"])
def test_nobody_else_gets_japanese(slicer_host, language):
    """Slicer loads every file of the folder where no language is set."""
    _, module = start(slicer_host, "MarrowQuant", language)
    assert not JAPANESE.search(module.helpText)


def test_without_a_language_slicer_would_load_all(slicer_host):
    import slicer

    slicer.app.loadTranslations(str(ROOT / "MarrowQuant" / "Resources" / "Translations"))
    assert JAPANESE.search(slicer.app.translate("MarrowQuant", "1 Exams"))


def worked_through(widget, patient, out):
    ui = widget.ui
    ui.baselinePathLineEdit.currentPath, ui.followUpPathLineEdit.currentPath = str(patient.baseline), str(patient.follow_up)
    for button in (ui.readButton, ui.measureButton, ui.proposeButton):
        button.click()
    ui.labsPathLineEdit.currentPath = str(patient.labs)
    ui.outputPathLineEdit.currentPath = str(out)
    ui.exportButton.click()


def test_a_whole_case_is_japanese(slicer_host, digital_patient, tmp_path):
    widget, _ = start(slicer_host, "MarrowQuant")
    before = english_in(widget.parent)
    worked_through(widget, digital_patient("responder", "philips"), tmp_path / "out")
    assert {*before, *english_in(widget.parent)} == set()
    assert widget.ui.examComboBox.itemText(1) == "2コース後 2025-03-18"
    assert JAPANESE.search(widget.ui.categoryLabel.text) and JAPANESE.search(widget.ui.modelCardBrowser.toPlainText())
    assert '<html lang="ja">' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


LOOK = {"word": "M"}
GAP = {"n": 2, "after": 3, "count": 20, "step": 9.0, "usual": 3.0}


@pytest.mark.parametrize(
    "told, english, japanese",
    [
        (finding("recognised.image_type", word="W"), "ImageType says W", "ImageTypeにWとある"),
        (made(finding("recognised.station", station=3), finding("recognised.image_type", word="W")),
         "station 3, counted from the head; ImageType says W", "頭側から数えて第3ステーション；ImageTypeにWとある"),
        (finding("recognised.neighbours", evidence=finding("recognised.image_type", **LOOK)),
         "ImageType says M (seen with the neighbouring series)", "ImageTypeにMとある（隣のシリーズと合わせて判断）"),
        (finding("recognised.echo", n=6, kind="phase"), "one of 6 echo times, phase", "6個のエコー時間の1つ、位相"),
        (finding("recognised.not_measured", why=finding("unusable.gap", **GAP)),
         "not measured: 2 slices are missing: after slice 3 of 20 the step is 9.00 mm, elsewhere 3.00 mm",
         "計測に使わない：スライスが2枚欠けている：20枚中3枚目の後の間隔が9.00 mm、他では3.00 mm"),
        (finding("unusable.error", error=MarrowQuantError("The fat-fraction map holds no positive value; choose another series.")),
         "the fat-fraction map holds no positive value; choose another series",
         "脂肪分画マップに正の値がありません。別のシリーズを選んでください"),
        (finding("recognised.lossy_ratio", ratio=7.5), "compressed with loss, 7.5 : 1", "非可逆圧縮、7.5 : 1"),
        (made("something a site wrote itself"), "something a site wrote itself", "something a site wrote itself"),
    ],
)
def test_why_a_series_is_what_it_is_is_told_in_the_readers_language(told, english, japanese):
    assert told == english
    assert told.in_language("ja") == japanese


def test_whatever_a_cohort_is_asked_the_answer_is_japanese(slicer_host, tmp_path, monkeypatch):
    from MarrowQuantLib.cohort.example import write_example

    monkeypatch.setenv("MARROWQUANT_MODELS", str(tmp_path / "models"))
    widget, _ = start(slicer_host, "MarrowQuantCohort")
    ui, cases = widget.ui, write_example(tmp_path / "cases")
    ask(widget, cases)
    for method in ("linear", "correlation", "paired", "firth"):
        choose_method(widget, method)
        ui.analyseButton.click()
        assert english_in(widget.parent) == [], method
    ui.outputPathLineEdit.currentPath = str(tmp_path / "out")
    ui.reportButton.click()
    ui.modelNameLineEdit.text = "mine"
    ui.fitButton.click()
    assert (tmp_path / "out").is_dir() and english_in(widget.parent) == []


def test_what_the_panel_of_a_cohort_says_of_its_answer_is_japanese(slicer_host, tmp_path, monkeypatch):
    from MarrowQuantLib.cohort.example import EVENTS, OUTCOME, write_example

    monkeypatch.setenv("MARROWQUANT_MODELS", str(tmp_path / "models"))
    start(slicer_host, "MarrowQuant")
    widget, _ = start(slicer_host, "MarrowQuantCohort")
    ui, cases = widget.ui, write_example(tmp_path / "cases")
    ui.sourcePathLineEdit.currentPath, ui.outcomesPathLineEdit.currentPath = str(cases), str(cases / "outcomes.csv")
    ui.readButton.click()
    for name, value in (("outcome", OUTCOME), ("events", ", ".join(EVENTS)), ("predictors", ["ff_change", "m_protein_change"])):
        widget.panel.change(name, value)
    before = ui.questionMessage.text
    ui.analyseButton.click()
    for name, value in (("modelName", "mine"), ("bootstraps", 3)):
        widget.panel.change(name, value, forget=False)
    ui.fitButton.click()
    said = [line for text in (before, ui.questionMessage.text, ui.modelMessage.text) for line in text.splitlines()]
    assert len(said) > 6 and [line for line in said if not JAPANESE.search(line)] == []
