"""``marrowquant repeatability``: a table of readings in, a site's limits out."""

from __future__ import annotations

import json

import pytest
from helpers.readings import READINGS, REFERENCE
from MarrowQuantLib import cli
from MarrowQuantLib.followup.repeatability import read_limits


def write(path, rows, header="subject,first,second", separator=","):
    lines = [header, *(separator.join(str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "readings.csv", [(f"S{n}", *row) for n, row in enumerate(READINGS)])


def run(*arguments):
    return cli.main(["repeatability", *map(str, arguments)])


def test_the_result_is_that_of_pingouin_and_becomes_the_sites_limit(table, tmp_path, capsys):
    limits = tmp_path / "limits.json"
    assert run(table, "--index", "adc", "--how", "two scans on one day", "--out", limits, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    _, icc_2_1, icc_3_1 = REFERENCE[0]
    assert told["icc_2_1"] == pytest.approx(icc_2_1, abs=1e-6) and told["icc_3_1"] == pytest.approx(icc_3_1, abs=1e-6)
    assert (told["n_subjects"], told["n_readings"], told["unit"], told["notes"]) == (15, 2, "µm²/s", [])
    saved = read_limits(limits)["adc"]
    assert saved.rc == told["rc"] and saved.how == "two scans on one day"


def test_a_second_index_is_added_to_the_same_file(table, tmp_path):
    limits = tmp_path / "limits.json"
    for index in ("adc", "ff"):
        assert run(table, "--index", index, "--out", limits) == 0
    assert set(read_limits(limits)) == {"adc", "ff"}


def test_the_text_names_every_number_with_its_unit(table, capsys):
    assert run(table, "--index", "adc", "--readings", "first,second") == 0
    told = capsys.readouterr().out
    assert "15 subjects" in told and "ICC(2,1), ICC(3,1)              0.8838, 0.8915" in told
    assert told.count("µm²/s") == 4


def test_a_subject_without_second_reading_is_left_out_and_told(tmp_path, capsys):
    rows = [("A", 10, 11), ("B", 20, ""), ("C", 30, 29), ("D", 40, 42)]
    assert run(write(tmp_path / "t.csv", rows), "--index", "ff", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["n_subjects"] == 3
    assert any("1 of 4 values are missing" in note for note in told["notes"])
    assert any("uncertain" in note for note in told["notes"])


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        ([("A", 1, 2), ("A", 2, 3), ("B", 3, 4)], "subject,first,second", "same patient"),
        ([("A", 1), ("B", 2), ("C", 3)], "subject,first", "add the second reading"),
        ([("A", 1, "high"), ("B", 2, 3), ("C", 3, 4)], "subject,first,second", "is not a number"),
        ([("A", 1, 2), ("B", 2, 3)], "subject,first,second", "at least 3 subjects"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(tmp_path, capsys, rows, header, said):
    limits = tmp_path / "limits.json"
    assert run(write(tmp_path / "t.csv", rows, header), "--index", "ff", "--out", limits) != 0
    told = capsys.readouterr().err
    assert said in told and "Traceback" not in told
    assert not limits.exists()
