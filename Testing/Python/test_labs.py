"""The laboratory sheet: what it accepts, and that nothing wrong passes silently."""

from __future__ import annotations

import datetime

import pytest
from MarrowQuantLib.model import LabHistory, LabNote, LabValue, MarrowQuantError
from MarrowQuantLib.response import LAB_TESTS, event_findings, find_test, labs_for, read_cell, read_labs
from MarrowQuantLib.response.lab_tests import number_in

HEADER = "date,test,value,unit\n"
DAY = datetime.date(2025, 1, 14)


def sheet(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "labs.csv"
    path.write_bytes(text.encode(encoding))
    return path


def read_one(tmp_path, row):
    (value,) = read_labs(sheet(tmp_path, HEADER + row + "\n"))
    return value


def test_a_plain_sheet_is_read_in_its_order(tmp_path):
    values = read_labs(sheet(tmp_path, HEADER + "2025-01-14,M protein,38.0,g/L\n2025-03-18,haemoglobin,9.8,g/dL\n"))
    assert values == [
        LabValue("m_protein", 38.0, "g/L", DAY, "38.0 g/L"),
        LabValue("haemoglobin", 98.0, "g/L", datetime.date(2025, 3, 18), "9.8 g/dL"),
    ]


@pytest.mark.parametrize(
    ("row", "test", "value"),
    [
        ("2025-01-14,M-protein,3.8,g/dL", "m_protein", 38.0),
        ("2025-01-14,beta2-microglobulin,4.2,mg/L", "beta2_microglobulin", 4.2),
        ("2025-01-14,β2-microglobulin,4.2,\u00b5g/mL", "beta2_microglobulin", 4.2),
        ("2025-01-14,β₂ Microglobulin,4.2,\u03bcg/mL", "beta2_microglobulin", 4.2),
        ("2025-01-14,Creatinine,1.0,mg/dL", "creatinine", 88.4),
        ("2025-01-14,calcium,10.0,mg/dL", "calcium", 2.495),
        ("2025-01-14,platelets,18.5,万/µL", "platelets", 185.0),
        ("2025-01-14,血小板,18.5,×10⁴/µL", "platelets", 185.0),
        ("2025-01-14,PLT,185,x10^9/L", "platelets", 185.0),
        ("2025-01-14,kappa free light chain,12,mg/dL", "flc_kappa", 120.0),
        ("2025/1/14,Ｍ蛋白,３．８,ｇ／ｄＬ", "m_protein", 38.0),
        ("2025-01-14,LDH,190,IU/L", "ldh", 190.0),
        ("2025-01-14,BMPC,40,%", "bmpc", 40.0),
    ],
)
def test_names_and_units_are_recognised_and_converted(tmp_path, row, test, value):
    read = read_one(tmp_path, row)
    assert (read.test, read.date) == (test, DAY)
    assert read.value == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_japanese_sheet_is_read_in_every_usual_encoding(tmp_path, encoding):
    text = HEADER + "2025-01-14,M蛋白,3.8,g/dL\n2025-01-14,ヘモグロビン,9.8,g/dL\n"
    assert [value.test for value in read_labs(sheet(tmp_path, text, encoding))] == ["m_protein", "haemoglobin"]


def test_columns_may_stand_in_any_order_and_empty_lines_do_not_matter(tmp_path):
    (value,) = read_labs(sheet(tmp_path, "Test,Unit,Value,Date\n\n,,,\nM protein,g/L,38,2025-01-14\n"))
    assert value.value == 38.0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (HEADER, "header but no value"),
        ("2025-01-14,M protein,38,g/L\n", "does not begin with the header"),
        ("date\ttest\tvalue\tunit\n", "header but no value"),
        (HEADER + "2025-01-14,M protein,38,mmol/L\n", "Line 2 .*unit 'mmol/L' is not known for M protein; give the value in g/L or g/dL"),
        (HEADER + "2025-01-14,M protein,38,\n", "Line 2 .*M protein has no unit"),
        (HEADER + "2025-01-14,haemoglobin,9.8,g/L\n", "Line 2 .*not possible .*20 to 250 g/L"),
        (HEADER + "2025-01-14,M protein,-3,g/L\n", "not possible"),
        (HEADER + "2025-01-14,M protein,3e9,g/L\n", "not possible"),
        (HEADER + '2025-01-14,FLC ratio,"1,200",1\n', "Line 2 .*read as two numbers"),
        ("date;test;value;unit\n2025-01-14;FLC ratio;1.200;1\n", "Line 2 .*read as two numbers"),
        (HEADER + "2025-01-14,M protein,38,5,g/L\n", "line 2 has 5 cells instead of 4.*decimal comma"),
        (HEADER + "2025-01-14,M protein,38\n", "3 cells instead of 4"),
        (HEADER + "2025-01-14,M protein,about 3,g/L\n", "not a number"),
        (HEADER + "2025-01-14,M protein,(+),g/L\n", "not a number"),
        (HEADER + "2025-01-14,M protein,38 or so,g/L\n", "not a number"),
        (HEADER + "2025-01-14,haemoglobin,not detected,g/L\n", "not a number"),
        (HEADER + "2025-01-14,M protein,3.8 g/dL,g/L\n", "another unit"),
        (HEADER + "2025-01-14,,3.8,g/L\n", "names no test"),
        (HEADER + "03/04/2025,M protein,38,g/L\n", "date '03/04/2025' is not understood, or can mean two days"),
        (HEADER + "25/01/14,M protein,38,g/L\n", "can mean two days"),
        (HEADER + "45671,M protein,38,g/L\n", "serial number"),
        (HEADER + "2025-02-30,M protein,38,g/L\n", "date '2025-02-30' is not understood"),
        (HEADER + "2205-01-14,M protein,38,g/L\n", "in the future"),
        (HEADER + "2025-01-14,M protein,38,g/L\n2025-01-14,Mタンパク,3.9,g/dL\n", "Line 3 .*repeats the test of line 2"),
        (HEADER + "2025-01-14,=HYPERLINK(0),38,g/L\n", "formula"),
        (HEADER + "2025-01-14,M protein,-A1,g/L\n", "formula"),
        (HEADER + '2025-01-14,"M protein,38,g/L\n', "not valid CSV"),
    ],
)
def test_a_wrong_sheet_is_refused_with_one_sentence(tmp_path, text, sentence):
    with pytest.raises(MarrowQuantError, match=sentence) as caught:
        read_labs(sheet(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("raw", [b"\x89PNG\r\n\x1a\n\x00\x00", bytes(range(128, 256))])
def test_a_file_that_is_no_text_is_refused(tmp_path, raw):
    path = tmp_path / "labs.csv"
    path.write_bytes(raw)
    with pytest.raises(MarrowQuantError, match="not a text file"):
        read_labs(path)


def test_a_missing_sheet_is_refused(tmp_path):
    with pytest.raises(MarrowQuantError, match="cannot be read"):
        read_labs(tmp_path / "none.csv")


def test_no_two_tests_share_a_name():
    for test in LAB_TESTS:
        for name in (test.key, test.label_en, test.label_ja, *test.aliases):
            assert find_test(name) is test


def m_protein(year, month, day, value=1.0):
    return LabValue("m_protein", value, "g/L", datetime.date(year, month, day))


def test_each_exam_gets_the_nearest_value_within_four_weeks():
    labs = [m_protein(2025, 1, 1, 40), m_protein(2025, 1, 12, 38), m_protein(2025, 3, 20, 9), m_protein(2025, 6, 1, 2)]
    first, second = labs_for(labs, [DAY, datetime.date(2025, 3, 18)])
    assert (first["m_protein"].value, second["m_protein"].value) == (38, 9)


def test_a_value_between_two_close_exams_serves_only_one_of_them():
    first, second = labs_for([m_protein(2025, 1, 24)], [DAY, datetime.date(2025, 2, 4)])
    assert "m_protein" in first
    assert second == {}


def test_a_value_too_far_away_is_not_taken():
    assert labs_for([m_protein(2025, 2, 12)], [DAY]) == [{}]
    assert labs_for([m_protein(2025, 2, 11)], [DAY])[0]["m_protein"].value == 1.0
    assert labs_for([], [DAY]) == [{}]
    assert labs_for([m_protein(2025, 2, 11)], []) == []


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("3.8 g/dL", "", 38), ("3.8g/dL", "", 38), ("38", "", 38), ("3.8", "g/dL", 38), ("38 g/L", "g/dL", 38), ("３８", "", 38)],
)
def test_a_typed_cell_is_read_in_its_own_unit_else_the_chosen_one_else_the_usual_one(text, unit, value):
    assert read_cell(text, find_test("m_protein"), DAY, unit).value == pytest.approx(value)


@pytest.mark.parametrize("text", ["15 万/µL", "150 ×10⁹/L", "150 10^3/µL"])
def test_a_typed_unit_may_hold_digits(text):
    assert read_cell(text, find_test("platelets"), DAY).value == pytest.approx(150)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("about 90", "is not a number"), ("90 furlongs", "'furlongs' is not known"), ("-3", "not possible"), ("1e9", "not possible"),
     ("1,500 mg/dL", "read as two numbers"), ("", "is not a number")],
)  # fmt: skip
def test_what_a_cell_cannot_mean_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(MarrowQuantError, match=sentence):
        read_cell(text, find_test("creatinine"), DAY)


def test_a_value_is_shown_in_the_unit_chosen():
    value = read_cell("1.0 mg/dL", find_test("creatinine"), DAY)
    assert number_in(value, "µmol/L") == "88.4"
    assert number_in(value, "mg/dL") == "1.0"


# ------------------------------------------------------------------------------------------------------ therapy near an exam
def cautions(kind, date):
    return event_findings(LabHistory(notes=(LabNote(kind, "", "", date),)), {"baseline": DAY})


def test_g_csf_within_four_weeks_before_an_exam_is_told_and_no_other():
    (sentence,) = cautions("g_csf", DAY - datetime.timedelta(days=28))
    assert "28 days before the baseline" in sentence
    assert "on the day of the baseline" in cautions("g_csf", DAY)[0]
    assert cautions("g_csf", DAY - datetime.timedelta(days=29)) == ()
    assert cautions("g_csf", DAY + datetime.timedelta(days=1)) == ()


def test_a_transfusion_before_an_exam_is_told_however_long_ago_because_iron_stays():
    (sentence,) = cautions("transfusion", DAY - datetime.timedelta(days=90))
    assert "R2*" in sentence and "haemoglobin" in sentence
    assert cautions("transfusion", DAY + datetime.timedelta(days=1)) == ()
    assert cautions("therapy_cycle", DAY) == ()
