"""The report as PDF and as workbook: what stands on every page, in both languages, with one exam and two."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest
from helpers.report_case import fake_results
from MarrowQuantLib import __version__
from MarrowQuantLib.followup import index_of
from MarrowQuantLib.followup.change import INSIDE_LIMIT
from MarrowQuantLib.model import Classification, MarrowQuantError, finding
from MarrowQuantLib.report.html import report_page
from MarrowQuantLib.report.images import png
from MarrowQuantLib.report.paper import first_page_png, paper
from MarrowQuantLib.report.shown import Cover, doubts_of, levels_of, marks, protocol_rows, shortened, title_of
from MarrowQuantLib.report.strings import Strings
from MarrowQuantLib.report.workbook import write_workbook
from MarrowQuantLib.response.labs import read_history
from MarrowQuantLib.results import rows
from MarrowQuantLib.results.document import results_from_dict, results_to_dict

pytest.importorskip("fpdf", reason="fpdf2 is not installed; the PDF needs it (pip install fpdf2).")
pytest.importorskip("matplotlib_fontja", reason="matplotlib-fontja is not installed; the PDF needs its font.")
pypdfium2 = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed; the PDF is read with it.")
COVER = Cover("Case 7", "Dr. Doe", datetime.date(2025, 4, 1))


@pytest.fixture(scope="module", params=["en", "ja"])
def written(request):
    """Language, the bytes, and the text of every page."""
    made = paper(fake_results(), request.param, COVER)
    document = pypdfium2.PdfDocument(made)
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return request.param, made, pages


def test_every_page_says_what_it_is_of(written):
    language, _, pages = written
    words = Strings(language)
    assert len(pages) > 2
    for n, text in enumerate(pages, start=1):
        assert words("research")[:20] in text and "Case 7" in text and "2025-01-14" in text and "2025-04-01" in text
        assert words("page", n=n, m=len(pages)) in text


def test_the_first_page_can_be_filed(written):
    language, _, pages = written
    words = Strings(language)
    for what in ("probability", "all_indices", "warnings", "signature", "error_unknown"):
        assert words(what) in pages[0], what
    exams = fake_results().exams
    held = [level for level in levels_of(exams[0], "ff") if level in levels_of(exams[1], "ff")]
    assert "Dr. Doe" in pages[0] and shortened(held) in pages[0].replace("\r\n", " ")


def test_fonts_are_embedded_and_nothing_is_loaded(written):
    _, made, _ = written
    assert made.count(b"/FontFile2") >= 1 and b"/Type1" not in made
    assert b"http" not in made.replace(b"http://ns.adobe.com", b"").replace(b"http://www.w3.org", b"").replace(b"http://purl.org", b"")


def test_all_numbers_of_the_rows_stand_in_it(written):
    language, _, pages = written
    text = "".join(pages).replace("\r\n", " ")
    results = fake_results()
    for found in rows.vertebrae(results.exams):
        for row in found.rows:
            assert row["ff"].text(language) in text


def test_the_mean_of_the_vertebrae_names_the_levels_it_holds(written):
    language, _, pages = written
    exams = fake_results().exams
    held = shortened(levels_of(exams[0], "ff"))
    assert any(vertebra.roi.excluded for vertebra in exams[0].vertebrae) and held != "L1–L5"
    text = "".join(pages).replace("\r\n", " ")
    assert Strings(language)("mean_of", index=Strings(language)("lumbar mean"), levels=held) in text and "L1～L5" not in text


def test_one_exam_has_no_change_and_no_estimate():
    results = fake_results()
    one = replace(results, exams=results.exams[:1], changes=(), response=None, lesions=(), distributions=())
    document = pypdfium2.PdfDocument(paper(one, "en", COVER))
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert Strings("en")("one_exam") in text and Strings("en")("probability") not in text


def test_the_first_page_as_a_picture():
    picture = first_page_png(paper(fake_results(), "en", COVER))
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


def test_an_unknown_language_is_a_sentence():
    with pytest.raises(MarrowQuantError, match="no language"):
        paper(fake_results(), "fr")


@pytest.mark.parametrize(("levels", "told"), [
    (["L1", "L2", "L3", "L4", "L5"], "L1–L5"), (["L1", "L3", "L4"], "L1, L3–L4"), (["L2"], "L2"), ([], ""),
])  # fmt: skip
def test_levels_are_named_shortly(levels, told):
    assert shortened(levels) == told


def test_a_change_says_its_error_or_that_none_is_known():
    results = fake_results()
    change = next(change for change in results.changes if change.name == "tdv")
    assert Strings("en")("error_unknown") in [short for short, _, _ in marks(change, False, Strings("en"))]
    assert Strings("en")("error_unknown") not in [short for short, _, _ in marks(change, True, Strings("en"))]


def test_a_change_inside_an_error_does_not_say_that_none_is_known():
    told = finding(INSIDE_LIMIT, limit=3.0, unit="%", source="our choice")
    inside = replace(fake_results().changes[0], findings=(told,))
    for limited in (True, False):
        told = [short for short, _, _ in marks(inside, limited, Strings("en"))]
        assert Strings("en")("error_unknown") not in told and Strings("en")("outside") not in told


def test_a_japanese_line_begins_with_no_closing_sign():
    document = pypdfium2.PdfDocument(paper(fake_results(), "ja", COVER))
    lines = [line for page in document for line in page.get_textpage().get_text_range().splitlines()]
    document.close()
    assert len(lines) > 100 and [line for line in lines if line[:1] in "、。）」"] == []


def test_the_page_says_case_reader_day_version_and_where_to_sign():
    page = report_page(fake_results(), Strings("en"), Cover("Case <7>", "Doe^Jane", datetime.date(2025, 4, 1)))
    assert "Case &lt;7&gt;" in page and "Jane Doe" in page and "Doe^Jane" not in page
    assert page.count("Report made on 2025-04-01") == 2 and f"MarrowQuant {__version__}" in page
    assert 'class="sign"' in page and Strings("en")("signature") in page and Strings("en")("as_given") in page
    assert Strings("en")("no_identity") in report_page(fake_results(), Strings("en"))


def test_a_doubt_marks_the_numbers_that_it_is_about_on_page_and_paper():
    results = fake_results()
    about = finding("burden.no_bone")
    exams = (replace(results.exams[0], findings=(*results.exams[0].findings, about)), *results.exams[1:])
    changed = replace(results, exams=exams)
    assert about in doubts_of(index_of("tdv"), exams) and about not in doubts_of(index_of("ff"), exams)
    page = report_page(changed, Strings("en"))
    assert page.count('href="#check"') > report_page(results, Strings("en")).count('href="#check"') and 'id="check"' in page
    document = pypdfium2.PdfDocument(paper(changed, "en", COVER))
    assert Strings("en")("doubt_told")[:30] in document[0].get_textpage().get_text_range()
    document.close()


@pytest.mark.parametrize(("language", "expected"), [("en", "Probability of MDS against aplastic anaemia"), ("ja", "研究のみ")])
def test_a_classifiers_answer_has_its_picture_and_its_card(language, expected):
    card = {"intended_use": "research", "performance_out_of_fold": {}, "translations": {"ja": {"intended_use": "研究のみ"}}}
    picture, squares = png(np.zeros((20, 30, 3))), {"L1": [[0.1, -0.2], [0.0, 0.3]]}
    found = Classification(
        "baseline", "m", "network", "mds", "aplastic_anaemia", 0.73, (0.6, 0.9), {"L1": 0.4}, card, squares, {"ff_p10": -0.7},
        picture=picture,
    )  # fmt: skip
    document = pypdfium2.PdfDocument(paper(replace(fake_results(), classification=found), language, COVER))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    assert expected in text and "73 %" in text and "−0.7" in text and "translations" not in text


def test_series_acquired_alike_are_one_row():
    alike = {"used": True, "role": "dwi", "repetition_time_s": 6.8, "echo_time_s": 0.066, "voxel_mm": (3.5, 3.5, 6.0), "shape": (10, 9, 40)}
    series = [{**alike, "series_number": n, "b_value": b} for n, b in ((24, 900.0), (25, 50.0), (26, 900.0), (30, 50.0))]
    exam = replace(fake_results().exams[0], series=series)
    _, _, lines = protocol_rows(exam, Strings("en"))
    assert [(line[0], line[5]) for line in lines] == [("24–26, 30", "50, 900")]


def test_reference_ranges_of_the_laboratory_stand_beside_the_values(tmp_path):
    sheet = tmp_path / "labs.csv"
    lines = ("検査日,項目,結果,単位,基準範囲", "2025-01-14,haemoglobin,8.8,g/dL,11.6～14.8", "2025-01-14,LDH,262,U/L,≤ 245 U/L",
             "2025-01-14,calcium,2.68,mmol/L,see Dr. Doe: Jane", "2025-01-14,platelets,148,10^9/L,Jane Doe 12",
             "2025-01-14,albumin,3.1,g/dL,3.8以上", "2025-03-18,platelets,221,10³/µL,150－400 10³/µL")  # fmt: skip
    sheet.write_text("\n".join(lines), encoding="utf-8")
    history = read_history(sheet)
    assert [value.reference for value in history.values] == ["11.6~14.8 g/dL", "≤ 245 U/L", "", "", "3.8以上 g/dL", "150-400 10³/μL"]
    assert [found.code for found in history.findings] == ["laboratory.range_unread"]
    results = fake_results()
    exam = replace(results.exams[0], labs={value.test: value for value in history.values})
    ranged = replace(results, exams=(exam, *results.exams[1:]))
    assert results_from_dict(results_to_dict(ranged)).exams[0].labs == exam.labs
    document = pypdfium2.PdfDocument(paper(ranged, "en", COVER))
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    for shown in (text, report_page(ranged, Strings("en"))):
        assert "11.6~14.8" in shown and "245 U/L" in shown and "Reference range" in shown and "Jane" not in shown
        assert Strings("en")("no_reference")[:30] not in shown
    assert Strings("en")("no_reference") in report_page(results, Strings("en"))


def test_another_kind_of_case_is_not_called_myeloma():
    results = fake_results()
    mds = replace(results, settings=replace(results.settings, kind="mds"))
    assert "myeloma" in title_of(results, Strings("en")) and "myeloma" not in title_of(mds, Strings("en"))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_workbook_has_one_sheet_a_table_and_whole_numbers(language, tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed (pip install openpyxl).")
    results, words = fake_results(), Strings(language)
    book = openpyxl.load_workbook(write_workbook(results, tmp_path / "x.xlsx", language))
    assert book.sheetnames[0] == words("summary") and words("change") in book.sheetnames and words("labs") in book.sheetnames
    sheet = book[f"{words('vertebrae')} {words('baseline')}"]
    heads = [cell.value for cell in sheet[1]]
    column = next(n for n, head in enumerate(heads) if head.startswith("FF"))
    assert sheet[2][column].value == results.exams[0].vertebrae[0].measurements["ff"].value
    assert all(cell.data_type != "f" for sheet in book for line in sheet.iter_rows() for cell in line)
