"""The report page: self-contained, escaped, readable by everyone, in both languages, and silent where there is no number."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
from helpers.report_case import fake_results
from MarrowQuantLib.model import Measurement, Results, Settings, finding
from MarrowQuantLib.report import strings, write_report
from MarrowQuantLib.report.html import report_page
from MarrowQuantLib.report.shown import Cover
from MarrowQuantLib.report.strings import LANGUAGES, Strings
from MarrowQuantLib.response import load_model
from MarrowQuantLib.results import formats

NOT_A_NUMBER = re.compile(r"\b(nan|inf)\b", re.IGNORECASE)
VOID = {"meta", "br", "img", "line", "circle", "rect"}


class Page(HTMLParser):
    """Collects tags and text, and notices any tag that is not closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.open, self.unbalanced = [], [], [], []
        self.feed(text)
        self.unbalanced += self.open
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    def all(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]


@pytest.fixture(scope="module")
def results():
    return fake_results()


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request, results):
    return Page(report_page(results, Strings(request.param)))


@pytest.fixture(scope="module")
def english(results):
    return Page(report_page(results, Strings("en")))


# --------------------------------------------------------------------------------------------------------- a page of its own
def test_the_page_loads_and_runs_nothing(results, tmp_path):
    source = write_report(results, tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|<script|<link|<iframe|@import|url\((?!#)|\son\w+=", source)
    hrefs = re.findall(r'(?:href|src)="([^"]+)"', source)
    assert hrefs
    assert all(target.startswith("data:image/png;base64,") for target in hrefs)
    assert "default-src 'none'" in source
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_every_tag_is_closed(page):
    assert page.unbalanced == []


def test_both_notices_stand_at_the_top_and_the_research_notice_at_the_bottom_too(results):
    for language in LANGUAGES:
        words = Strings(language)
        text = Page(report_page(results, words)).text
        body = text[: len(text) // 4]
        assert words("research") in body
        assert words("synthetic") in body
        assert words("research") in text[-200:]


def test_real_data_carries_no_synthetic_banner(results):
    real = dataclasses.replace(results, exams=tuple(dataclasses.replace(exam, synthetic=False) for exam in results.exams))
    assert Strings("en")("synthetic") not in Page(report_page(real, Strings("en"))).text


def test_text_from_data_is_escaped(results):
    nasty = '<script>alert("x")</script>'
    row = {"series_number": 1, "series_description": nasty, "role": nasty, "evidence": [nasty]}
    exam = dataclasses.replace(
        results.exams[0], findings=(nasty,), series=(row,),
        lumbar={"ff": Measurement("FF", 3.0, "%", how=nasty)}, protocol={"manufacturer": nasty},
    )  # fmt: skip
    page = Page(report_page(Results((exam,), (), None, Settings(), (nasty,)), Strings("en")))
    assert page.all("script") == []
    assert page.unbalanced == []
    assert page.text.count(nasty) >= 5


# ------------------------------------------------------------------------------------------------------------- accessibility
def test_language_headings_and_alternatives_are_there_for_a_screen_reader(page):
    assert page.all("html")[0]["lang"] in LANGUAGES
    assert len(page.all("h1")) == 1
    assert page.all("th")
    assert all(attrs.get("scope") in {"col", "row"} for attrs in page.all("th"))
    pictures = page.all("svg")
    assert len(pictures) >= 10
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in pictures)


def test_every_word_exists_in_both_languages_and_takes_the_same_values():
    for key, (english, japanese) in strings._TEXT.items():
        assert japanese, key
        if english:
            assert set(re.findall(r"{(\w+)", english)) == set(re.findall(r"{(\w+)", japanese)), key


def test_the_japanese_page_speaks_japanese(results):
    text = Page(report_page(results, Strings("ja"))).text
    for word in ("要約", "脂肪分画（腰椎平均）", "公表されたAUCから再構成したもので、較正されていない", "最良効果がCRまたはVGPR"):
        assert word in text
    assert "reconstructed from published" not in text


def test_an_unknown_language_is_refused(results, tmp_path):
    with pytest.raises(ValueError, match="no language 'fr'; choose one of en, ja"):
        write_report(results, tmp_path / "r.html", language="fr")
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------------------------------------------- numbers
def test_the_numbers_of_the_results_are_on_the_page(results, english):
    ff, tdv = (results.exams[n].lumbar["ff"].value for n in (0, 1)), results.exams[1].burden.tdv.value
    assert "{:.1f} → {:.1f} %".format(*ff) in english.text
    assert f"{tdv:.0f}" in english.text
    assert f"{100 * results.response.probability:.0f} %" in english.text
    assert results.response.label in english.text
    assert "+17.5 points" in english.text
    assert "38.0 (2025-01-14)" in english.text


@pytest.mark.parametrize(
    ("value", "unit", "plain", "change"),
    [
        (-3.04, "%", "−3.0", "−3.0"),
        (0.04, "%", "0.0", "0.0"),
        (-0.04, "percentage points", "0.0", "0.0"),
        (489.49, "µm²/s", "489", "+489"),
        (99.97, "mL", "100.0", "+100.0"),
        (9.998, "mL", "10.0", "+10.0"),
        (7.6, "g/L", "7.6", "+7.6"),
        (0.123456, "", "0.12", "+0.12"),
        (float("nan"), "%", "–", "–"),
        (None, "%", "–", "–"),
    ],
)
def test_numbers_carry_suitable_digits_and_a_true_minus_sign(value, unit, plain, change):
    assert (formats.number(value, unit), formats.signed(value, unit)) == (plain, change)


def test_flags_are_shown_beside_the_number_and_explained_below(english):
    assert english.text.count("small baseline") >= 2
    assert "read the absolute change" in english.text
    assert "larger than error" in english.text


def test_anaemia_is_pointed_out_and_normal_haemoglobin_is_not(results, english):
    assert "Haemoglobin is below 100 g/L in an exam" in english.text
    labs = {key: dataclasses.replace(lab, value=130.0) if key == "haemoglobin" else lab for key, lab in results.exams[0].labs.items()}
    healthy = dataclasses.replace(results, exams=(dataclasses.replace(results.exams[0], labs=labs), results.exams[1]))
    assert "Haemoglobin is below" not in Page(report_page(healthy, Strings("en"))).text


def test_an_exam_of_another_name_keeps_it_and_cannot_break_the_page(results):
    renamed = dataclasses.replace(results.exams[0], label="<b>cycle 4")
    page = Page(report_page(Results((renamed,), (), None, Settings()), Strings("ja")))
    assert "<b>cycle 4" in page.text
    assert page.unbalanced == []


def test_an_excluded_level_is_named_with_its_reason(english):
    assert "not in the mean: compression fracture" in english.text


def test_every_component_and_its_state_is_listed(results, english):
    assert english.text.count("rejected") == 2
    for component in results.exams[0].burden.components:
        assert component.reason in english.text


def test_model_card_settings_protocol_and_series_are_on_the_page(english):
    for words in ("not calibrated on any patient", "9 peaks (Ren)", "50, 900", "mDixon <Quant> & FF", "550, 1400"):
        assert words in english.text
    assert "10.1371/journal.pone.0229607" in english.text


def test_a_refused_estimate_gives_its_reason_and_no_percentage(results):
    refused = load_model().predict({"ff_change": 70.0})
    page = Page(report_page(dataclasses.replace(results, response=refused), Strings("en")))
    assert "No number is given" in page.text
    assert "outside the range" in page.text
    assert "95 % interval" not in page.text


@pytest.mark.parametrize(("probability", "shown"), [(0.0004, "< 1 %"), (0.9999, "> 99 %"), (0.5, "50 %")])
def test_a_probability_is_never_written_as_certainty(results, probability, shown):
    estimate = dataclasses.replace(results.response, probability=probability, interval=(probability, probability))
    text = Page(report_page(dataclasses.replace(results, response=estimate), Strings("en"))).text
    assert f"Probability of CR or VGPR {shown} 95 % interval {shown} to {shown}" in text


def test_a_shift_of_nothing_has_no_sign(results):
    exam = dataclasses.replace(results.exams[0], protocol={**results.exams[0].protocol, "adc_shift_ras_mm": [-0.0, 0.2, -0.1]})
    told = report_page(dataclasses.replace(results, exams=(exam, *results.exams[1:])), Strings("en"))
    assert "0, 0.2, −0.1" in told and "-0," not in told


def test_one_exam_gives_a_page_without_changes(results):
    source = report_page(Results(results.exams[:1], (), None, Settings()), Strings("en"))
    page = Page(source)
    assert page.unbalanced == []
    assert "One exam only" in page.text
    assert "→" not in page.text
    assert not NOT_A_NUMBER.search(source)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_exam_without_anything_measured_still_gives_a_page(results, language):
    bare = [dataclasses.replace(e, maps={}, vertebrae=(), lumbar={}, burden=None, labs={}, series=(), protocol={}) for e in results.exams]
    page = Page(report_page(Results(tuple(bare), (), load_model().predict({}), Settings()), Strings(language)))
    assert page.unbalanced == []
    assert Strings(language)("not_measured") in page.text


def test_numbers_that_are_not_numbers_are_dashes(results):
    exam = results.exams[0]
    vertebra = dataclasses.replace(exam.vertebrae[0], measurements={"ff": Measurement("FF", float("nan"), "%")}, histograms={})
    burden = dataclasses.replace(exam.burden, components=(), histogram=None, class_volumes_ml={}, tdv=Measurement("tDV", 0.0, "mL"),
                                 gadc=Measurement("gADC", np.nan, "µm²/s"))  # fmt: skip
    bad = dataclasses.replace(exam, vertebrae=(vertebra,), lumbar={"ff": Measurement("FF", np.nan, "%")}, burden=burden)
    source = report_page(Results((bad,), (), None, Settings()), Strings("en"))
    assert not NOT_A_NUMBER.search(source)
    assert "–" in Page(source).text


def test_what_is_only_to_be_known_does_not_stand_among_what_is_to_be_checked(results):
    note = finding("diffusion.repeated", station=1, n=2, series=5)
    check = finding("diffusion.ready_adc")
    told = dataclasses.replace(results, findings=(check, note), exams=tuple(dataclasses.replace(e, findings=()) for e in results.exams))
    page = report_page(told, Strings("en"))
    checked, known = page.split('<div class="warn">')[1].split("</div>")[0], page.split("<h3>For information</h3>")[1].split("</ul>")[0]
    assert escape(str(check)) in checked and escape(str(note)) not in checked
    assert escape(str(note)) in known and escape(str(check)) not in known


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_printed_page_bears_case_dates_and_research_use(results, tmp_path, language):
    """Printed by a browser that knows margin boxes; whatever the label holds."""
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed; the printed page is read by it (pip install pypdfium2).")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("Chromium is not installed; the page is printed by it (apt install chromium).")
    cover = Cover('7"; </style><b>\\')
    path = write_report(results, tmp_path / "report.html", language, cover)
    told = path.read_text(encoding="utf-8")
    assert told.count("</style>") == 1
    asked = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    subprocess.run([*asked, f"--print-to-pdf={tmp_path / 'p.pdf'}", path.as_uri()], capture_output=True, timeout=300, check=False)
    if not (tmp_path / "p.pdf").exists():
        pytest.skip("Chromium does not start here; the printed page is not looked at.")
    document = pdfium.PdfDocument(tmp_path / "p.pdf")
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    words = Strings(language)
    asked_for = [f"{words('case')}: {cover.case}", words.date(results.exams[0].date), words("research")]
    for number, page in enumerate(pages, start=1):
        plain = "".join(page.split())
        assert [text for text in (*asked_for, f"{number} / {len(pages)}") if "".join(text.split()) not in plain] == []
