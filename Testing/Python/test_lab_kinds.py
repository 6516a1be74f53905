"""Laboratory sheets as hospitals have them: many ways to write one value, read as one; what can mean two things is asked back."""

from __future__ import annotations

import datetime

import pytest
from MarrowQuantLib.model import LabHistory, LabNote, LabValue, MarrowQuantError, finding
from MarrowQuantLib.response import imwg_response, laboratory_findings, read_history
from MarrowQuantLib.response.lab_dates import order_in, parse_date
from MarrowQuantLib.response.lab_findings import about_distance
from MarrowQuantLib.response.lab_notes import NOTE_KINDS
from MarrowQuantLib.response.lab_numbers import read_written
from MarrowQuantLib.response.lab_tests import LAB_TESTS

HEADER = "date,test,value,unit\n"
DAY, LATER = datetime.date(2025, 1, 14), datetime.date(2025, 3, 18)


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "labs.csv"
    path.write_bytes(text.encode(encoding))
    return read_history(path)


@pytest.mark.parametrize(
    "text",
    ["2025-01-14", "2025/1/14", "2025.01.14", "20250114", "2025-01-14 00:00:00", "2025/1/14 0:00", "2025年1月14日",
     "2025年01月14日 8時30分",
     "R7.1.14", "R07/01/14", "令和7年1月14日", "Ｒ７．１．１４", "R70114", "R070114", "Reiwa 7.1.14",
     "14-Jan-2025", "14JAN2025", "January 14, 2025",
     "14 January 2025", "2025 Jan 14",
     "14.01.2025", "01/14/2025", "14/1/2025 08:30", "2025-01-14T08:30:00Z", "2025-01-14T08:30:00+09:00", "2025/01/14(火)",
     "20250114083000"],
)  # fmt: skip
def test_a_day_that_can_be_meant_in_one_way_only_is_read(text):
    assert parse_date(text) == DAY


@pytest.mark.parametrize(("text", "date"), [("H31.4.30", (2019, 4, 30)), ("令和元年5月1日", (2019, 5, 1)), ("S64.1.7", (1989, 1, 7))])
def test_the_eras_begin_in_the_year_after_their_zero(text, date):
    assert parse_date(text) == datetime.date(*date)


@pytest.mark.parametrize("text", ["03/04/2025", "3-4-2025", "25/01/14", "45671", "2025-02-30", "2025-13-01", "14 Foo 2025", "", "R0.1.14",
"R00114", "R71314", "yesterday"])
def test_a_date_that_can_mean_two_days_or_none_is_not_guessed(text):
    assert parse_date(text) is None


@pytest.mark.parametrize("sign", ["，", "；", "、"])
def test_separators_of_a_japanese_keyboard_are_read(tmp_path, sign):
    lines = (("日付", "項目", "結果", "単位"), ("令和7年1月14日", "M蛋白", "３８", "g/L"))
    history = read(tmp_path, "".join(sign.join(cells) + "\n" for cells in lines))
    assert [(value.date, value.value) for value in history.values] == [(DAY, 38.0)]


def test_one_clear_date_of_a_sheet_tells_the_order_of_the_others(tmp_path):
    assert order_in(["03/04/2025", "14/01/2025"]) == "day first"
    assert order_in(["03/04/2025", "01/14/2025"]) == "month first"
    assert order_in(["13/01/2025", "01/14/2025", "03/04/2025"]) == ""
    history = read(tmp_path, HEADER + "14/01/2025,M protein,38,g/L\n03/04/2025,M protein,3,g/L\n")
    assert history.values[1].date == datetime.date(2025, 4, 3)
    assert "day first" in " ".join(history.findings)


@pytest.mark.parametrize(
    ("text", "number"),
    [("412 H", 412), ("*412", 412), ("412*", 412), ("412 (H)", 412), ("H 412", 412), ("412H", 412), ("↑412", 412),
     ("412高", None), ("412 高", 412),
     ("38,5", 38.5), ("0,125", 0.125), ("1,234.5", 1234.5), ("1.234,5", 1234.5), ("148 000", 148000), ("1'200", 1200), ("１２．３", 12.3),
     ("1,234,567", 1234567), ("3.8e1", 38), ("38.5 (12-45)", 38.5), ("1,200", None), ("abc", None), ("about 3", None), ("3 8", None),
     ("38..5", None), ("12:5", None)],
)  # fmt: skip
def test_a_number_is_read_with_flags_beside_it_and_refused_where_it_can_be_two(text, number):
    written = read_written(text)
    assert (written and not written.unit and written.number) == number or (number is None and (written is None or written.unit))


@pytest.mark.parametrize(
    ("cell", "value", "censored"),
    [("<1.0", 1.0, "below"), ("＜1.0", 1.0, "below"), ("≦0.5", 0.5, "below"), ("< 0,5", 0.5, "below"), ("0.5未満", 0.5, "below"),
     ("0.5以下", 0.5, "below"), ("<1.0 g/L", 1.0, "below"), (">60", 60.0, "above"), ("60以上", 60.0, "above"),
     ("not detected", 0, "not detected"),
     ("Not Detected", 0, "not detected"), ("n.d.", 0, "not detected"), ("ND", 0, "not detected"), ("(-)", 0, "not detected"),
     ("（－）", 0, "not detected"), ("検出せず", 0, "not detected"), ("検出限界以下", 0, "not detected"), ("陰性", 0, "not detected"),
     ("undetectable", 0, "not detected"), ("negative", 0, "not detected")],
)  # fmt: skip
def test_a_censored_value_counts_as_its_limit_and_the_rule_is_shown(tmp_path, cell, value, censored):
    history = read(tmp_path, HEADER + f'2025-01-14,M蛋白,"{cell}",g/L\n')
    (found,) = history.values
    assert (found.value, found.censored) == (value, censored)
    (rule,) = [told for told in laboratory_findings(history, []) if told.code.startswith("laboratory.")]
    assert cell in rule
    assert "counts as" in rule
    assert rule.in_language("ja") != rule


def test_a_vanished_m_protein_is_a_deep_response(tmp_path):
    for cell in ("<1.0", "not detected", "検出せず"):
        history = read(tmp_path, HEADER + f"2025-01-14,M protein,38,g/L\n2025-03-18,M protein,{cell},g/L\n")
        assert imwg_response(history, DAY, LATER).category == "VGPR"


def test_n_d_of_a_test_that_cannot_vanish_means_not_done_and_is_told(tmp_path):
    rows = ("Hb,n.d.,g/dL", "Alb,,g/dL", "Ca,未実施,mg/dL", "M protein,38,g/L")
    history = read(tmp_path, HEADER + "".join(f"2025-01-14,{row}\n" for row in rows))
    assert [value.test for value in history.values] == ["m_protein"]
    assert "3 lines" in " ".join(history.findings)
    assert "2, 3, 4" in " ".join(history.findings)


@pytest.mark.parametrize(
    ("row", "value"),
    [("M protein,3800,mg/dL", 38), ("M protein,38,mg/mL", 38), ("M protein,38,g per L", 38), ("M protein,3.8,gm/dL", 38),
     ("M protein,3.8 g/dL,", 38),
     ("M protein,３．８,ｇ／ｄＬ", 38), ("M protein,3.8,㎎/㎗", 0.038), ("Plt,148,K/uL", 148), ("Plt,148,10^3/mm3", 148),
     ("Plt,148000,/µL", 148),
     ("Plt,14.8,万/µL", 148), ("Plt,14.8万,/µL", 148), ("Plt,14.8,×10⁴/µL", 148), ("Plt,148,10E9/L", 148), ("Plt,148,Tsd/µl", 148),
     ("Plt,148,10(9)/L", 148), ("β2MG,6100,µg/L", 6.1), ("β2MG,6100,ng/mL", 6.1), ("urine M protein,1.2,g/day", 1200),
     ("urine M protein,1200,mg/24時間", 1200), ("Ca,5,mEq/L", 2.5), ("LDH,4,µkat/L", 240), ("Cre,0.1,mmol/L", 100),
     ("Hb,12.4,g/100mL", 124),
     ("Hb (g/dL),12.4,", 124), ("BMPC,40%,", 40), ("κ/λ比,1.2,", 1.2)],
)  # fmt: skip
def test_units_as_laboratories_print_them(tmp_path, row, value):
    (found,) = read(tmp_path, HEADER + f"2025-01-14,{row}\n").values
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "日付,検査,値,単位\n2025-01-14,M蛋白,38,g/L\n",
        "検査日,検査項目,結果,単位\n2025/01/14,M蛋白定量,3.8,g/dL\n",
        "採血日,項目名,検査値,単位,判定,基準範囲\n令和7年1月14日,M蛋白,3.8,g/dL,H,0-0\n",
        "Collection date;Analyte;Result;Units\n14.01.2025;M-Protein;3,8;g/dl\n",
        "患者一覧\n\n検査日,項目,結果,単位\nR7.1.14,M蛋白,3.8,g/dL\n",
        "date,M protein (g/dL),Hb (g/dL),comment\n2025-01-14,3.8,9.8,x\n",
        "項目,単位,2025/1/14,2025/3/18\nM蛋白,g/dL,3.8,\nヘモグロビン,g/dL,9.8,11\n",
        "sep=;\ndate;test;value;unit\n2025-01-14;M protein;38,0;g/L\n",
        "date\ttest\tvalue\tunit\n2025-01-14\tM protein\t38\tg/L\n",
        '"","date","test","value","unit"\n"1","2025-01-14","M protein",38,"g/L"\n',
        '"date" "test" "value" "unit"\n"1" "2025-01-14" "M protein" 38 "g/L"\n',
        "date|test|value|unit\n2025-01-14|M protein|38|g/L\n",
        "date,test,value,unit,,\n2025-01-14,M protein,38,g/L,,\n,,,,,\n",
        "\ufeffdate,test,value,unit\r2025-01-14,M protein,38\u00a0,\u00a0g/L\r",
    ],
)
def test_sheets_of_many_programs_hold_the_same_value(tmp_path, text):
    value = read(tmp_path, text).values[0]
    assert (value.test, value.date, value.value) == ("m_protein", DAY, pytest.approx(38))


def test_all_faults_of_a_sheet_are_told_at_once_with_their_lines(tmp_path):
    rows = ("2025-01-14,M protein,about 3,g/L", "2025-02-30,Hb,9,g/dL", "2025-01-14,Alb,38,furlongs", "2025-01-14,Ca,2.4,mmol/L",
            "2025-01-14,=A1,2,g/L")  # fmt: skip
    with pytest.raises(MarrowQuantError) as caught:
        read(tmp_path, HEADER + "\n".join(rows))
    for line, words in ((2, "not a number"), (3, "2025-02-30"), (4, "furlongs"), (6, "formula")):
        assert f"Line {line}: " in str(caught.value)
        assert words in str(caught.value)
    assert "Line 5" not in str(caught.value)
    assert str(caught.value).startswith("4 lines of labs.csv")


def test_an_unknown_test_is_kept_and_named_and_a_slip_is_asked_back(tmp_path):
    history = read(tmp_path, HEADER + "2025-01-14,cholesterol,5,mmol/L\n2025-01-14,M protien,38,g/L\n")
    assert history.notes == (
        LabNote("other_test", "cholesterol", "5 mmol/L", DAY), LabNote("other_test", "M protien", "38 g/L", DAY),
    )  # fmt: skip
    told = laboratory_findings(history, [])
    assert [found.code for found in told] == ["laboratory.unknown_test", "laboratory.misspelt_test"]
    assert "'M protein'" in told[1]


def test_the_same_value_twice_is_one_and_two_values_of_a_day_are_asked_back(tmp_path):
    row = "2025-01-14,M protein,38,g/L\n"
    assert len(read(tmp_path, HEADER + row + row).values) == 1
    with pytest.raises(MarrowQuantError, match=r"Line 3 .*line 2"):
        read(tmp_path, HEADER + row + "2025-01-14,M protein,39,g/L\n")


def test_a_value_of_a_wrong_year_is_told_with_its_distance():
    history = LabHistory((LabValue("m_protein", 38.0, "g/L", DAY), LabValue("m_protein", 0.5, "g/L", datetime.date(2026, 3, 18))))
    told = about_distance(history, {"baseline": DAY, "follow-up": LATER})
    assert [found.code for found in told] == ["laboratory.exam_without", "laboratory.far_from_exams"]
    assert told[0].values["days"] == told[1].values["days"] == 365
    assert told[0].severity == "serious"
    assert "治療後" in told[0].in_language("ja")


def test_values_of_the_exams_are_not_told():
    history = LabHistory((LabValue("m_protein", 38.0, "g/L", DAY), LabValue("m_protein", 0.5, "g/L", LATER)))
    assert about_distance(history, {"baseline": DAY, "follow-up": LATER}) == ()


@pytest.mark.parametrize("word", ["negative", "陰性", "(-)", "検出せず", "Negative", "not detected", "negative (repeat)"])
def test_a_negative_immunofixation_in_many_words(tmp_path, word):
    (note,) = read(tmp_path, HEADER + f"2025-01-14,免疫固定法（血清）,{word},\n").notes
    assert (note.kind, note.value) == ("immunofixation_serum", "negative")


@pytest.mark.parametrize("column", ["patient", "Patient ID", "MRN", "ID", "患者ID", "氏名", "カルテ番号", "name", "case"])
def test_a_sheet_of_two_patients_is_refused_without_naming_them(tmp_path, column):
    """On one date, or on two: the values of one would stand as the other's follow-up."""
    rows = f"{column},{HEADER}0017,2025-01-14,M protein,38,g/L\n23,2025-03-18,M protein,12,g/L\n"
    with pytest.raises(MarrowQuantError, match="2 patients") as refused:
        read(tmp_path, rows)
    assert "17" not in str(refused.value)


@pytest.mark.parametrize("column, values", [
    ("patient", ("A", "a", "")), ("patient", ("0017", "17", "１７")), ("ID", ("1", "2", "3")), ("comment", ("A", "B", "C")),
])  # fmt: skip
def test_one_patient_written_in_two_ways_and_numbers_of_lines_are_no_two_patients(tmp_path, column, values):
    days = ("2025-01-14", "2025-02-14", "2025-03-18")
    rows = "".join(f"{value},{day},M protein,38,g/L\n" for value, day in zip(values, days))
    assert len(read(tmp_path, f"{column},{HEADER}{rows}").values) == 3


@pytest.mark.parametrize(("column", "whose"), [("MRN", ("4711", "90210", "5150")), ("生年月日", ("S25.3.1", "1950/3/1", "S26.3.1"))])
def test_numbers_that_do_not_count_the_lines_and_birth_dates_tell_patients_apart(tmp_path, column, whose):
    days = ("2025-01-14", "2025-02-14", "2025-03-18")
    with pytest.raises(MarrowQuantError, match=f"{len(set(whose)) if column == 'MRN' else 2} patients"):
        read(tmp_path, f"{column},{HEADER}" + "".join(f"{one},{day},M protein,38,g/L\n" for one, day in zip(whose, days)))
    assert len(read(tmp_path, f"{column},{HEADER}" + "".join(f"{whose[0]},{day},M protein,38,g/L\n" for day in days)).values) == 3


def test_a_value_without_a_unit_is_asked_for_it(tmp_path):
    with pytest.raises(MarrowQuantError, match="Haemoglobin has no unit; give the value in g/L"):
        read(tmp_path, HEADER + "2025-01-14,Hb,8.8,\n")


@pytest.mark.parametrize("named", [*LAB_TESTS, *NOTE_KINDS], ids=lambda named: named.key)
def test_a_japanese_sentence_names_a_test_as_the_japanese_table_does(named):
    told = finding("laboratory.far_from_exams", date=DAY, exam="baseline", days=40, most=28, tests=(named.label_en,))
    assert f"（{named.label_ja}）" in told.in_language("ja")
