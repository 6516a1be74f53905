"""The course over time, the response command on stored results, and the published normal values."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.example_results import make_results
from MarrowQuantLib import cli
from MarrowQuantLib.followup import compare, index_of
from MarrowQuantLib.followup.normal import BANDS, normal_band
from MarrowQuantLib.model import LabHistory, LabNote, LabValue, MarrowQuantError, Subject
from MarrowQuantLib.report import write_report
from MarrowQuantLib.report.timeline import is_inside_error, timeline_of, timeline_svg
from MarrowQuantLib.results import read_results, results_from_dict, results_to_dict, write_results

DAY = datetime.date
LABS = (
    "date,test,value,unit\n2025-01-14,M protein,40,g/L\n2025-02-14,M protein,12,g/L\n2025-03-18,M protein,3.9,g/L\n"
    "2025-01-14,albumin,38,g/L\n2025-01-14,beta2-microglobulin,3.0,mg/L\n2025-01-20,therapy cycle,KRd 1,\n2025-02-02,G-CSF,,\n"
)


@pytest.fixture(scope="module")
def made_results():
    return make_results()


@pytest.fixture
def stored(tmp_path):
    (tmp_path / "case").mkdir()
    write_results(make_results(), tmp_path / "case")
    (tmp_path / "labs.csv").write_text(LABS, encoding="utf-8")
    return tmp_path


def test_exams_that_are_in_two_results_count_once(made_results):
    timeline = timeline_of([made_results, made_results])
    assert [date for date, _ in timeline.points["ff"]] == [DAY(2025, 1, 14), DAY(2025, 3, 18)]
    assert [value for _, value in timeline.points["ff"]] == [12.0, 31.0]


def test_results_that_disagree_about_one_date_are_refused(made_results):
    written = json.loads(json.dumps(results_to_dict(made_results)))
    written["exams"][0]["lumbar"]["ff"]["value"] = 13.0
    other = results_from_dict(written)
    with pytest.raises(MarrowQuantError, match="2025-01-14 disagree"):
        timeline_of([made_results, other])


def test_nothing_to_draw_is_said():
    with pytest.raises(MarrowQuantError, match="nothing to draw"):
        timeline_of([], LabHistory((LabValue("calcium", 2.4, "mmol/L", DAY(2025, 1, 1)),)))


def test_the_picture_shows_every_date_event_and_verdict(made_results):
    history = LabHistory(
        (LabValue("haemoglobin", 88.0, "g/L", DAY(2025, 5, 2)),), (LabNote("therapy_cycle", "", "<KRd> 1", DAY(2025, 2, 1)),)
    )
    drawn = timeline_svg(timeline_of([made_results], history))
    root = ET.fromstring(drawn)
    texts = [element.text for element in root.iter("text")]
    assert {"2025-01-14", "2025-03-18", "2025-05-02", "▼", "<KRd> 1", "+19.0 points", "larger than error"} <= set(texts)
    xs = sorted({float(c.get("cx")) for c in root.iter("circle")})
    days = [0, (DAY(2025, 3, 18) - DAY(2025, 1, 14)).days, (DAY(2025, 5, 2) - DAY(2025, 1, 14)).days]
    assert (xs[1] - xs[0]) / (xs[2] - xs[0]) == pytest.approx(days[1] / days[2], abs=2e-3)


@pytest.mark.parametrize(("key", "after", "inside"), [("ff", 15.0, True), ("ff", 15.1, False), ("tdv", 12.0, False)])
def test_a_verdict_follows_the_limit_of_the_index(key, after, inside):
    assert is_inside_error(index_of(key), 12.0, after) is inside


def test_relative_limits_are_relative():
    assert is_inside_error(index_of("adc"), 800.0, 1016.0)
    assert not is_inside_error(index_of("adc"), 800.0, 1017.0)


def test_normal_values_are_those_of_the_publication_and_nothing_else():
    assert {(b.sex, b.age_from): (b.mean, b.sd) for b in BANDS} == {
        ("male", 20): (32.0, 8.0), ("female", 20): (27.2, 6.0), ("male", 30): (35.3, 6.7), ("female", 30): (27.3, 6.2),
    }  # fmt: skip
    band, words = normal_band(39.9, "female", "ff_vendor")
    assert band.mean == 27.3
    assert "Baum 2018" in words and "3 T" in words
    band, words = normal_band(66.0, "male", "ff_six_echo")
    assert band is None
    assert "No published PDFF" in words and "about 50 % on average (chemical-shift misregistration" in words
    assert normal_band(70.0, "female", "ff_vendor")[1].endswith("is at hand.")
    assert "signal fraction" in normal_band(35.0, "male", "ff_water_fat")[1]


# -------------------------------------------------------------------------------------------------------------- stored results
def test_an_exam_read_back_compares_as_before(made_results):
    exams = make_results().exams
    again = results_from_dict(json.loads(json.dumps(results_to_dict(made_results)))).exams
    assert [(c.name, c.absolute) for c in compare(*again)] == [(c.name, c.absolute) for c in compare(*exams)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "not valid JSON"), ("[]", "holds no exams"), ('{"exams": [1], "schema_version": "9.0"}', "schema version 9.0")],
)
def test_a_file_that_is_no_result_is_refused(tmp_path, text, sentence):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(MarrowQuantError, match=sentence):
        read_results(tmp_path)


def test_the_response_command_keeps_the_components_of_stored_results(stored, capsys):
    assert cli.main(["response", str(stored / "case"), str(stored / "case")]) == 0
    counted = [sum(c.state == "accepted" for c in exam.burden.components) for exam in make_results().exams]
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Tumour load")]
    assert min(counted) > 0 and [f"in {n} components" in line for n, line in zip(counted, lines)] == [True, True]


def test_the_response_command_reads_stored_results_and_the_sheet(stored, capsys):
    assert cli.main(["response", str(stored / "case"), str(stored / "case"), "--labs", str(stored / "labs.csv"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["baseline"], answer["follow_up"]) == ("2025-01-14", "2025-03-18")
    assert answer["predictors"]["ff_change"] == pytest.approx(19.0)
    assert answer["predictors"]["m_protein_change"] == pytest.approx(-90.25)
    assert 0 < answer["response"]["interval"][0] < answer["response"]["probability"] < answer["response"]["interval"][1] <= 1
    assert answer["imwg"]["category"] == "VGPR"
    assert answer["stages"][0]["stage"] == 1


def test_the_response_command_prints_the_same_as_text(stored, capsys):
    assert cli.main(["response", str(stored / "case" / "results.json"), str(stored / "case"), "--labs", str(stored / "labs.csv")]) == 0
    printed = capsys.readouterr().out
    assert "Probability of CR/VGPR" in printed
    assert "IMWG response category: VGPR (serum M protein 90 % lower" in printed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes.")
def test_a_reader_of_the_output_may_stop_early(stored):
    command = [sys.executable, "-m", "MarrowQuantLib", "response", str(stored / "case"), str(stored / "case"), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_results_and_dicom_cannot_be_mixed(stored, capsys):
    (stored / "dicom").mkdir()
    assert cli.main(["response", str(stored / "case"), str(stored / "dicom")]) == 1
    assert "two of the same kind" in capsys.readouterr().err


def test_the_timeline_command_writes_a_picture(stored, capsys):
    (stored / "labs.csv").write_text("date,test,value,unit\n2025-06-01,M protein,1.0,g/L\n", encoding="utf-8")
    out = stored / "t.svg"
    arguments = [str(stored / "case"), "--labs", str(stored / "labs.csv"), "--out", str(out), "--age", "66", "--sex", "male"]
    assert cli.main(["timeline", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "3 dates" in printed
    assert "of unknown origin" in printed
    assert ET.parse(out).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_the_report_shows_category_stage_and_course(tmp_path):
    from MarrowQuantLib.response import read_history

    (tmp_path / "labs.csv").write_text(LABS, encoding="utf-8")
    exams = tuple(replace(exam, labs={}) for exam in make_results().exams)
    results = make_results(exams=exams, history=read_history(tmp_path / "labs.csv"))
    page = write_report(results, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<b>VGPR</b>: serum M protein 90 % lower" in page
    assert "ISS 1" in page
    assert "to be checked against Greipp 2005" in page
    assert "KRd 1" in page


def test_age_and_sex_put_the_published_band_beside_the_baseline(tmp_path):
    results = make_results()
    baseline = replace(results.exams[0], protocol={**results.exams[0].protocol, "ff_origin": "ff_vendor"})
    results = replace(results, exams=(baseline, *results.exams[1:]), subject=Subject(35.0, "female"))
    page = write_report(results, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Grey band: published normal fat fraction, mean ± SD: Healthy female, 30 to 39 years: 27.3 ± 6.2 %" in page
    stored = results_to_dict(results)["subject"]
    assert (stored["age_years"], stored["normal_ff"]["mean"]) == (35.0, 27.3)
    older = replace(results, subject=Subject(66.0, "male"))
    page = write_report(older, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Grey band" not in page and "No published PDFF" in page


def test_without_age_and_sex_nothing_is_said_of_normal_values(tmp_path):
    page = write_report(make_results(), tmp_path / "report.html").read_text(encoding="utf-8")
    assert "normal fat fraction" not in page
    assert results_to_dict(make_results())["subject"] is None


def test_age_without_sex_is_refused(stored, capsys):
    assert cli.main(["timeline", str(stored / "case"), "--age", "66"]) == 1
    assert "belong together" in capsys.readouterr().err
    assert cli.main(["timeline", str(stored / "case"), "--age", "660", "--sex", "male"]) == 1
    assert "not possible" in capsys.readouterr().err


def test_the_course_says_its_change_with_the_unit_and_the_value_of_every_date(made_results):
    history = LabHistory((LabValue("m_protein", 21.0, "g/L", DAY(2025, 2, 12)), LabValue("m_protein", 2.0, "g/L", DAY(2025, 6, 1))))
    svg = timeline_svg(timeline_of([made_results], history))
    texts = [element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]
    first = made_results.exams[0].labs["m_protein"].value
    assert "21.0" in texts and "2.0" in texts
    assert f"−{first - 2.0:.1f} g/L" in texts


def test_the_category_stands_in_the_summary_too(tmp_path):
    page = write_report(make_results(), tmp_path / "report.html").read_text(encoding="utf-8")
    summary = page.split("<h2>")[1]
    assert "Response by IMWG criteria: <b>" in summary
