"""One reader for every table that people make: encodings, separators, workbooks, and what spreadsheets add."""

from __future__ import annotations

import datetime
import zipfile

import pytest
from MarrowQuantLib.batch.manifest import read_manifest
from MarrowQuantLib.cohort.reading import read_cohort
from MarrowQuantLib.cohort.table import findings
from MarrowQuantLib.io.sheets import read_sheet
from MarrowQuantLib.io.textfiles import decoded
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.response import read_history

JAPANESE = ("日付,検査,値,単位\n2025-01-14,M蛋白,3.8,g/dL\n", "case,baseline,性別\np001,p001,女\n", "血小板,18.5,万/μL\n",
"クレアチニン\n", "検査,κ/λ比\n")
WESTERN = (
    "date,x,µmol/L\n", "Größe,y\n", "créatinine,hémoglobine,protéine monoclonale\n", "Université,é,ß\n",
    "Kreatinin,Hämoglobin,\n", "Müller;Weiß;größer\n",
    "x±y,10³/µL\n", "L’âge;naïve;œuf – “q”\n", "Ação;não;coração\n", "año;señal;niño\n", "GRÖSSE\n", "ÄRZTE;É\n", "5 µm – 3 ‰\n",
)  # fmt: skip
TEXTS = [
    *((encoding, text) for encoding in ("cp932", "euc_jp", "utf-8", "utf-8-sig", "utf-16", "iso2022_jp") for text in JAPANESE),
    *(("cp932", text) for text in ("date,ﾍﾓｸﾞﾛﾋﾞﾝ,Alb\n", "ｱﾙﾌﾞﾐﾝ,ｸﾚｱﾁﾆﾝ,ｶﾙｼｳﾑ\n", "山田 太郎,鬱\n", "備考\n免疫固定法（血清）\n",
    "①,㎎\n")),
    *(("cp1252", text) for text in WESTERN),
    *(("mac_roman", text) for text in ("Größe,y\n", "creatinine,118,µmol/L\n", "hémoglobine\n", "Müller\n")),
    ("utf-16-le", "date,test\n1,2\n"), ("utf-16-be", "date,日付\n1,2\n"), ("utf-32", "日付\n"),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "text"), TEXTS)
def test_a_text_is_read_in_the_encoding_it_was_saved_in(encoding, text):
    found = decoded(text.encode(encoding))
    assert found.text.lstrip("\ufeff") == text
    assert found.is_inferred == (encoding in {"cp932", "euc_jp", "cp1252", "mac_roman"})


@pytest.mark.parametrize(
    "raw", [b"\x89PNG\r\n\x1a\n\0\0", bytes(range(128, 256)), "日付".encode("utf-16") + b"\0", b"a\0b\0\0\0"]
)
def test_what_is_no_text_or_in_no_known_encoding_is_not_guessed(raw):
    assert decoded(raw) is None


def written(tmp_path, text, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n", "a;b\n1;2\n", "a\tb\n1\t2\n", "a|b\n1|2\n",
        "sep=;\na;b\n1;2\n", '"sep=,"\na,b\n1,2\n', "a,b,,\n1,2,,\n,,,\n", ",a,b\n0,1,2\n",
        '"","a","b"\n"1",1,2\n', '"a" "b"\n"1" 1 2\n', "a b\n1 2\n", "a,b\r1,2\r", "a,b\r\n\r\n1,2\r\n", "\ufeffa,b\n1,2",
        " a , b \n 1 , 2 \n",
        "a,b\n1,2,,,\n", "a\u200b,b\n1,2\n",
    ],
)  # fmt: skip
def test_one_table_in_many_forms(tmp_path, text):
    sheet = read_sheet(written(tmp_path, text), "table")
    assert (sheet.header, sheet.rows) == (("a", "b"), (("1", "2"),))


def test_a_column_without_a_name_is_kept_where_it_says_something_and_told(tmp_path):
    sheet = read_sheet(written(tmp_path, ",a,\nanna,1,x\nbert,2,\n"), "table")
    assert sheet.header == ("unnamed_1", "a", "unnamed_3")
    assert [note.code for note in sheet.findings] == ["sheet.unnamed_column"] * 2


def test_all_broken_rows_are_named(tmp_path):
    with pytest.raises(MarrowQuantError, match="line 3 has 3 cells instead of 2, line 5 has 1 cells"):
        read_sheet(written(tmp_path, "a,b\n1,2\n1,2,3\n1,2\n1\n"), "table")


def workbook(tmp_path, rows, name="table.xlsx", change=lambda book: None):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book)
    book.save(tmp_path / name)
    return tmp_path / name


def test_a_workbook_is_read_like_a_text(tmp_path):
    day = datetime.datetime(2025, 1, 14)
    path = workbook(tmp_path, [["日付", "検査", "値",
    "単位"], [day, "M蛋白", 3.8, "g/dL"], [day, "Hb", 9.8, "g/dL"], [None, None, None, None]])
    history = read_history(path)
    assert [(value.test, value.value, str(value.date)) for value in history.values] == [
        ("m_protein", pytest.approx(38), "2025-01-14"), ("haemoglobin", pytest.approx(98), "2025-01-14"),
    ]  # fmt: skip


def test_a_percentage_of_a_workbook_is_what_the_person_sees(tmp_path):
    def percent(book):
        book.active["C2"].number_format = "0%"

    path = workbook(tmp_path, [["date", "test", "value", "unit"], ["2025-01-14", "BMPC", 0.4, "%"]], change=percent)
    assert read_history(path).values[0].value == 40


def test_a_cell_merged_over_several_lines_holds_for_each_of_them(tmp_path):
    first, second = datetime.datetime(2025, 1, 14), datetime.datetime(2025, 3, 18)
    rows = [["検査結果報告書"], ["検査日", "項目", "値", "単位"], [first, "M蛋白", 3.8, "g/dL"], [None, "Hb", 8.8, "g/dL"],
            [second, "M蛋白", 0.4, "g/dL"], [None, "Hb", 11, "g/dL"], [None, None, None, None]]  # fmt: skip

    def merge(book):
        for cells in ("A1:D1", "A3:A4", "A5:A7"):
            book.active.merge_cells(cells)

    history = read_history(workbook(tmp_path, rows, change=merge))
    assert [(value.test, value.date.month) for value in history.values] == [
        ("m_protein", 1), ("haemoglobin", 1), ("m_protein", 3), ("haemoglobin", 3),
    ]  # fmt: skip


def test_the_sheet_with_the_header_is_taken_from_a_workbook_and_the_others_are_told(tmp_path):
    def more(book):
        sheet = book.create_sheet()
        for row in (["date", "test", "value", "unit"], ["2025-01-14", "M protein", 38, "g/L"]):
            sheet.append(row)

    history = read_history(workbook(tmp_path, [["notes"], ["nothing"]], change=more))
    assert history.values[0].value == 38
    assert "sheet.other_sheets" in [remark.code for remark in history.findings]


def test_a_manifest_and_a_cohort_are_read_from_workbooks(tmp_path):
    (tmp_path / "p1").mkdir()
    (case,) = read_manifest(workbook(tmp_path, [["case", "baseline"], ["p1", "p1"]]))
    assert case.problem == ""
    cohort = read_cohort(workbook(tmp_path, [["id", "y"], ["a", 1], ["b", 0.5]], "cohort.xlsx"))
    assert cohort.rows == (("a", "1"), ("b", "0.5"))


def test_a_formula_without_a_value_is_asked_back(tmp_path):
    path = workbook(tmp_path, [["date", "test", "value", "unit"], ["2025-01-14", "M protein", "=1+1", "g/L"]])
    with pytest.raises(MarrowQuantError, match=r"Row 2 .* formula without a value"):
        read_history(path)


def test_a_workbook_that_is_old_damaged_or_a_bomb_is_named(tmp_path, monkeypatch):
    old = tmp_path / "old.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    with pytest.raises(MarrowQuantError, match=r"old Excel \(\.xls\)"):
        read_history(old)
    pytest.importorskip("openpyxl")
    damaged = tmp_path / "damaged.xlsx"
    damaged.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(MarrowQuantError, match="cannot be read as an Excel workbook"):
        read_history(damaged)
    monkeypatch.setattr("MarrowQuantLib.io.workbooks._LARGEST_UNPACKED", 1000)
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", bytes(100_000))
    with pytest.raises(MarrowQuantError, match="unpacks to more"):
        read_history(bomb)


def test_without_openpyxl_a_workbook_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "labs.xlsx"
    path.write_bytes(b"PK\x03\x04")
    monkeypatch.setitem(__import__("MarrowQuantLib.io.packages", fromlist=["x"])._ENTRY, "openpyxl", "no_such_package")
    with pytest.raises(MarrowQuantError, match=r"openpyxl is needed for Excel workbooks such as labs\.xlsx"):
        read_history(path)


COHORT = [(f"p{n:02d}", n % 2, 10 + n / 2 + 3 * (n % 2)) for n in range(24)]


def cohort_of(tmp_path, outcomes=("0", "1"), values=None):
    rows = [f"{name},{outcomes[event]},{(values or {}).get(n, value)}" for n, (name, event, value) in enumerate(COHORT)]
    return read_cohort(written(tmp_path, "\n".join(["id,y,x", *rows])), outcome="y")


@pytest.mark.parametrize(
    "outcomes", [("N", "Y"), ("０", "１"), ("no", "Yes"), ("False", "TRUE"), ("absent", "present"), ("陰性", "陽性"), ("無",
    "有"), ("なし", "あり"),
                 ("いいえ", "はい"), ("-", "+"), ("Ｎ", "Ｙ"), ("0.0", "1.0"), ("nein", "ja")],
)  # fmt: skip
def test_an_outcome_in_many_words(tmp_path, outcomes):
    assert cohort_of(tmp_path, outcomes).is_event("y").tolist() == [event for _, event, _ in COHORT]


@pytest.mark.parametrize("word", ["#N/A", "NA", "N/A", "<NA>", "NaN", "-", "--", "?", ".", "#NV", "欠測", "不明", "missing", "ＮＡ"])
def test_words_for_a_missing_value_are_missing_and_told(tmp_path, word):
    cohort = cohort_of(tmp_path, values={3: word})
    assert cohort.missing(["x"]) == {"x": 1}
    assert any("missing" in told for told in findings(cohort, ["y", "x"]))


@pytest.mark.parametrize("code", ["999", "9999", "-9", "-1", "-99", "888888", "0.0001e-3"])
def test_a_code_among_values_is_told(tmp_path, code):
    told = " ".join(findings(cohort_of(tmp_path, values={3: code}), ["y", "x"]))
    assert ("stands far" in told) == (code != "0.0001e-3")


def test_values_that_belong_together_are_not_told(tmp_path):
    assert not any("stands far" in told for told in findings(cohort_of(tmp_path), ["y", "x"]))
