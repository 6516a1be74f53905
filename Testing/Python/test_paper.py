"""The report as PDF and as workbook: what stands on every page, in both languages, with one exam and two."""

from __future__ import annotations

import datetime

import pytest
from helpers.report_case import fake_results
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.report.paper import Cover, first_page_png, paper
from MarrowQuantLib.report.shown import levels_of, marks, shortened
from MarrowQuantLib.report.strings import Strings
from MarrowQuantLib.report.workbook import write_workbook
from MarrowQuantLib.results import rows

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


def test_one_exam_has_no_change_and_no_estimate():
    from dataclasses import replace

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
