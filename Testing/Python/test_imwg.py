"""IMWG categories at and beside every limit of the response table (PMC9954856, table t001), and the stages."""

from __future__ import annotations

import datetime

import pytest
from MarrowQuantLib.model import LabHistory, LabNote, LabValue, MarrowQuantError
from MarrowQuantLib.response import imwg_response, questions_about, read_history, stages_at
from MarrowQuantLib.response.labs import HEADER

BASELINE, AT = datetime.date(2025, 1, 14), datetime.date(2025, 3, 18)
BETWEEN = datetime.date(2025, 2, 16)  # nearer than 28 days to neither date
COMPLETE = {"immunofixation_serum": "negative", "immunofixation_urine": "negative", "plasmacytoma": "absent"}


def history(serum=None, urine=None, kappa=None, free_lambda=None, findings=None, **after):
    """Values as (baseline, [between,] judged), other tests at the date judged."""
    values = []
    for test, course in (("m_protein", serum), ("urine_m_protein", urine), ("flc_kappa", kappa), ("flc_lambda", free_lambda)):
        dates = [BASELINE, AT] if course and len(course) == 2 else [BASELINE, BETWEEN, AT]
        values += [LabValue(test, float(v), "", date) for v, date in zip(course or (), dates)]
    values += [LabValue(test, float(value), "", AT) for test, value in after.items()]
    notes = [LabNote(kind, "", value, AT) for kind, value in (findings or {}).items()]
    return LabHistory(tuple(values), tuple(notes))


def category(**given):
    return imwg_response(history(**given), BASELINE, AT).category


@pytest.mark.parametrize(
    ("serum", "urine", "expected"),
    [
        ((40, 4.0), (500, 99), "VGPR"),  # 90 %, urine below 100
        ((40, 4.1), (500, 99), "PR"),
        ((40, 4.0), (500, 100), "PR"),
        ((40, 20.0), (500, 199), "PR"),  # 50 %, urine below 200
        ((40, 20.0), (5000, 500), "PR"),  # urine 90 % lower
        ((40, 20.1), (500, 199), "MR"),
        ((40, 20.0), (5000, 501), "MR"),  # urine only 89 % lower
        ((40, 30.0), (1000, 500), "MR"),  # 25 % and 50 %
        ((40, 30.1), (1000, 500), "SD"),
        ((40, 30.0), (1000, 501), "SD"),
        ((40, 40.0), (500, 500), "SD"),
        ((20, 25.0), (0, 0), "PD"),  # 25 % and 5 g/L
        ((20, 24.9), (0, 0), "SD"),
        ((24, 29.9), (0, 0), "SD"),  # 5.9 g/L but 24.6 %
        ((60, 75.0), (0, 0), "PD"),  # from 50 g/L on 10 g/L are needed, 15 are there
        ((40, 8.0, 13.0), (0, 0), "PD"),  # counted from the nadir between the exams
        ((40, 8.0, 12.9), (0, 0), "PR"),
        ((40, 0.0, 5.0), (0, 0), "PD"),  # a nadir of zero: the absolute rise decides
        ((40, 38), (300, 500), "PD"),  # urine 200 mg more
        ((40, 38), (300, 499), "SD"),
        ((0, 0), (1000, 100), "PR"),  # M protein in the urine alone
    ],
)
def test_every_limit_of_the_table(serum, urine, expected):
    assert category(serum=serum, urine=urine) == expected


def test_complete_responses_need_every_piece_of_evidence():
    done = {"serum": (40, 0), "urine": (500, 0), "bmpc": 4}
    assert category(**done, findings=COMPLETE) == "CR"
    assert category(**done, findings={**COMPLETE, "clonal_plasma_cells": "absent"}, flc_ratio=1.0) == "sCR"
    assert category(**done, findings={**COMPLETE, "clonal_plasma_cells": "absent"}, flc_ratio=1.7) == "CR"
    assert category(**{**done, "bmpc": 5}, findings=COMPLETE) == "VGPR"
    assert category(**done, findings={**COMPLETE, "plasmacytoma": "present"}) == "VGPR"
    assert category(**done, findings={**COMPLETE, "immunofixation_serum": "positive"}) == "VGPR"
    assert category(serum=(40, 0), urine=(500, 0)) == "VGPR"


def test_m_protein_seen_by_immunofixation_only_is_vgpr():
    response = imwg_response(history(serum=(40, 0), urine=(0, 0), findings={"immunofixation_serum": "positive"}), BASELINE, AT)
    assert (response.category, response.rule) == ("VGPR", "M protein only by immunofixation (serum)")


def test_what_was_missing_is_said():
    response = imwg_response(history(serum=(40, 2)), BASELINE, AT)
    assert response.category == "VGPR"
    assert "the category rests on the serum alone" in response.missing[0]
    assert "for CR: immunofixation of serum" in response.missing
    unknown = imwg_response(LabHistory((LabValue("m_protein", 40.0, "g/L", BASELINE),)), BASELINE, AT)
    assert unknown.category is None
    assert unknown.missing


def test_free_light_chains_decide_a_progression_only_without_measurable_m_protein():
    assert category(serum=(5, 5), kappa=(100, 220), free_lambda=(10, 10)) == "PD"
    assert category(serum=(40, 40), kappa=(100, 220), free_lambda=(10, 10)) == "SD"
    assert category(serum=(5, 5), kappa=(100, 200), free_lambda=(10, 10)) == "SD"  # 100 mg/L exactly is not more than 100


@pytest.mark.parametrize(
    ("values", "cytogenetics", "iss", "r_iss"),
    [
        ({"beta2_microglobulin": 3.4, "albumin": 35, "ldh": 200, "ldh_upper_limit": 240}, "absent", 1, 1),
        ({"beta2_microglobulin": 3.4, "albumin": 35, "ldh": 241, "ldh_upper_limit": 240}, "absent", 1, 2),
        ({"beta2_microglobulin": 3.4, "albumin": 34.9, "ldh": 200, "ldh_upper_limit": 240}, "absent", 2, 2),
        ({"beta2_microglobulin": 5.5, "ldh": 241, "ldh_upper_limit": 240}, "absent", 3, 3),
        ({"beta2_microglobulin": 5.5, "ldh": 200, "ldh_upper_limit": 240}, "absent", 3, 2),
        ({"beta2_microglobulin": 5.5}, "present", 3, 3),
        ({"beta2_microglobulin": 5.5}, "absent", 3, None),
        ({"beta2_microglobulin": 3.4}, "absent", None, None),
        ({}, "present", None, None),
    ],
)
def test_stages(values, cytogenetics, iss, r_iss):
    labs = tuple(LabValue(test, float(value), "", BASELINE) for test, value in values.items())
    notes = [LabNote("cytogenetics", name, "absent", BASELINE) for name in ("del(17p)", "t(14;16)")]
    notes.append(LabNote("cytogenetics", "T(4; 14)", cytogenetics, BASELINE))
    first, revised = stages_at(LabHistory(labs, tuple(notes)), BASELINE)
    assert (first.stage, revised.stage) == (iss, r_iss)
    assert all(stage.stage or stage.missing for stage in (first, revised))


# ------------------------------------------------------------------------------------------------------------- the sheet
def sheet(tmp_path, rows):
    path = tmp_path / "labs.csv"
    path.write_text(",".join(HEADER) + "\n" + rows, encoding="utf-8")
    return path


def test_findings_covariates_and_events_are_read_beside_the_numbers(tmp_path):
    rows = (
        "2025-01-14,M protein,38,g/L\n2025-01-14,serum immunofixation,陽性,\n2025-01-10,cytogenetics t(4;14),present,\n"
        "2025-01-10,sequencing: TP53,wild type,\n2025-01-20,therapy cycle,KRd 1,\n2025-02-02,G-CSF,,\n2025-02-03,輸血,2 units,\n"
        "2025-01-14,urine M protein,0.5,g/24h\n2025-01-14,FLC ratio,1.2,\n"
    )
    read = read_history(sheet(tmp_path, rows))
    assert [(n.kind, n.name, n.value) for n in read.notes] == [
        ("immunofixation_serum", "", "positive"), ("cytogenetics", "t(4;14)", "present"), ("sequencing", "TP53", "wild type"),
        ("therapy_cycle", "", "KRd 1"), ("g_csf", "", ""), ("transfusion", "", "2 units"),
    ]  # fmt: skip
    assert [(v.test, v.value) for v in read.values] == [("m_protein", 38.0), ("urine_m_protein", 500.0), ("flc_ratio", 1.2)]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("2025-01-14,serum immunofixation,perhaps,", "write positive or negative"),
        ("2025-01-14,cytogenetics,present,", "needs a name"),
        ("2025-01-14,cytogenetics t(4;14),,", "is not understood"),
        ("2025-01-14,G-CSF,5,mg", "takes no unit"),
        ("2025-01-14,therapy cycle," + "x" * 61 + ",", "at most 60"),
        ("2025-01-14,G-CSF,=1+1,", "formula"),
        ("2025-01-14,G-CSF,a,\n2025-01-14,g-csf,b,", "repeats the test of line 2"),
    ],
)
def test_an_entry_that_is_not_understood_is_refused(tmp_path, row, sentence):
    with pytest.raises(MarrowQuantError, match=sentence):
        read_history(sheet(tmp_path, row + "\n"))


def test_a_rare_value_is_taken_and_asked_back(tmp_path):
    read = read_history(sheet(tmp_path, "2025-01-14,haemoglobin,4.0,g/dL\n2025-01-14,albumin,38,g/L\n"))
    (question,) = questions_about(read.values)
    assert question.startswith("Haemoglobin 4.0 g/dL on 2025-01-14 is unusual (mostly 45 to 185 g/L)")


def test_r_iss_names_only_what_is_missing():
    values = (LabValue("beta2_microglobulin", 6.1, "mg/L", BASELINE), LabValue("ldh", 262.0, "U/L", BASELINE))
    notes = tuple(LabNote("cytogenetics", name, "absent", BASELINE) for name in ("del(17p)", "t(4;14)", "t(14;16)"))
    _, revised = stages_at(LabHistory(values, notes), BASELINE)
    assert (revised.stage, revised.missing) == (None, ("the laboratory's upper limit of LDH",))


@pytest.mark.parametrize(
    ("value", "stage"), [("absent", 1), ("negative", 1), ("陰性", 1), ("present", 2), ("not tested", None), ("12 %", None)]
)
def test_only_a_clear_word_about_cytogenetics_counts(value, stage):
    amounts = {"beta2_microglobulin": 2.0, "albumin": 40.0, "ldh": 180.0, "ldh_upper_limit": 240.0}
    values = tuple(LabValue(test, amount, "", BASELINE) for test, amount in amounts.items())
    notes = tuple(LabNote("cytogenetics", name, "absent", BASELINE) for name in ("del(17p)", "t(14;16)"))
    history = LabHistory(values, (*notes, LabNote("cytogenetics", "t(4;14)", value, BASELINE)))
    assert stages_at(history, BASELINE)[1].stage == stage
