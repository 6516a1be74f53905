"""Many results, several sites, and REDCap: the index of a folder, merging with its conflicts, the dictionary's round trip."""

from __future__ import annotations

import csv
import json
import os
import re

import numpy as np
import pytest
from MarrowQuantLib import cli
from MarrowQuantLib.cohort import index, reading
from MarrowQuantLib.cohort.dictionary import HEADER, Field, fields, misfits, read_dictionary, write_dictionary
from MarrowQuantLib.cohort.example import write_example
from MarrowQuantLib.cohort.merge import merge
from MarrowQuantLib.cohort.reading import read_cohort
from MarrowQuantLib.model import MarrowQuantError


# -------------------------------------------------------------------------------------------------------------------- index
@pytest.fixture
def cases(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "FEWEST", 10)
    return write_example(tmp_path / "cases")


@pytest.fixture
def opened(monkeypatch):
    """The cases whose file was opened, in order."""
    names = []
    plain = reading._load
    monkeypatch.setattr(reading, "_load", lambda file, where: (names.append(where), plain(file, where))[1])
    return names


def test_the_second_reading_opens_only_what_changed(cases, opened):
    first = read_cohort(cases)
    assert len(opened) == 50 and (cases / index.FILE).exists()
    opened.clear()
    assert read_cohort(cases) == first and not opened
    assert read_cohort(cases, long=True).header[:4] == ("id", "date", "days", "exam") and not opened
    file = cases / "case-07" / "results.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["exams"][0]["lumbar"]["ff"]["value"] = 12.5
    file.write_text(json.dumps(content), encoding="utf-8")
    changed = read_cohort(cases)
    assert opened == ["case-07"] and changed.numbers("ff_baseline")[6] == 12.5
    (cases / "case-08" / "results.json").unlink()
    assert len(read_cohort(cases)) == 49


@pytest.mark.parametrize("broken", ["", "{}", '{"format": 1, "made_with": "0.0.0 x", "files": {}}', "[]", '{"format": 1, "files": 3}'])
def test_an_index_that_is_not_ours_is_made_anew(cases, opened, broken):
    first = read_cohort(cases)
    (cases / index.FILE).write_text(broken, encoding="utf-8")
    opened.clear()
    assert read_cohort(cases) == first and len(opened) == 50


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="The superuser may write anywhere.")
def test_a_folder_that_cannot_be_written_to_is_read_all_the_same(cases):
    cases.chmod(0o500)
    assert len(read_cohort(cases)) == 50 and not (cases / index.FILE).exists()


def test_few_results_leave_no_file_behind(tmp_path):
    read_cohort(write_example(tmp_path / "cases"))
    assert not (tmp_path / "cases" / index.FILE).exists()


# -------------------------------------------------------------------------------------------------------------------- sites
def table(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def sites(tmp_path):
    rng = np.random.default_rng(1)
    first = [(f"P{n}", f"{30 + n}", f"{x:.1f}", "CR") for n, x in enumerate(rng.uniform(20, 40, 8))]
    second = [("P3", "33.0", "", "PR"), *((f"P{n}", f"{30 + n}", f"{x:.2f}", "SD") for n, x in enumerate(rng.uniform(2, 4, 8), 20))]
    return (
        table(tmp_path / "Hiroshima.csv", ("record_id", "ff", "m_protein", "best_response"), first),
        table(tmp_path / "Kyoto.csv", ("record_id", "ff", "m_protein", "best_response"), second),
        table(tmp_path / "Osaka.csv", ("record_id", "ff", "age_years"), [("P40", "50", "61"), ("P0", "30", "70")]),
    )


def test_sites_become_one_table_and_what_differs_is_listed(sites, tmp_path, capsys):
    out = tmp_path / "all.csv"
    assert cli.main(["cohort", "merge", *map(str, sites), "--out", str(out)]) == 0
    told = capsys.readouterr().err
    assert "2 records are in several tables" in told and "Osaka has no column m_protein, best_response" in told
    assert "m_protein: the medians of the sites differ" in told and "ff: the medians" not in told and "1 conflicts" in told
    merged = read_cohort(out)
    assert len(merged) == 17 and merged.header == ("record_id", "site", "ff", "m_protein", "best_response", "age_years")
    rows = {row[0]: row for row in merged.rows}
    assert rows["P3"][1] == "Hiroshima+Kyoto" and rows["P3"][2] == "33" and rows["P3"][4] == ""  # 33 and 33.0 are the same
    assert rows["P0"][1] == "Hiroshima+Osaka" and rows["P0"][5] == "70"
    conflicts = (tmp_path / "all-conflicts.csv").read_text(encoding="utf-8-sig").splitlines()
    assert conflicts[1:] == ["P3,best_response,Hiroshima,CR,Kyoto,PR"]


def test_sites_that_number_their_patients_themselves_stay_apart(sites):
    merged = merge(sites, own_ids=True)
    assert len(merged.rows) == 19 and not merged.conflicts and merged.rows[0][0] == "Hiroshima-P0"


def test_tables_that_cannot_be_merged_are_refused(sites, tmp_path):
    with pytest.raises(MarrowQuantError, match="two tables or more"):
        merge(sites[:1])
    with pytest.raises(MarrowQuantError, match="no column with IDs"):
        merge([sites[0], table(tmp_path / "x.csv", ("a", "b"), [(1, 2)])])
    with pytest.raises(MarrowQuantError, match="same patient"):
        merge([sites[0], table(tmp_path / "y.csv", ("record_id", "b"), [(1, 2), (1, 3)])])
    with pytest.raises(MarrowQuantError, match="named Kyoto"):
        (tmp_path / "other").mkdir()
        merge([sites[1], table(tmp_path / "other" / "Kyoto.csv", ("record_id", "b"), [(1, 2)])])


# ------------------------------------------------------------------------------------------------------------------- REDCap
def test_the_dictionary_comes_back_as_it_was_written(tmp_path):
    path = write_dictionary(tmp_path / "dictionary.csv")
    assert read_dictionary(path) == tuple(fields())
    again = write_dictionary(tmp_path / "again.csv", read_dictionary(path))
    assert again.read_bytes() == path.read_bytes()
    names = [one.name for one in fields()]
    assert names[0] == "record_id" and len(set(names)) == len(names)


def test_the_dictionary_keeps_the_rules_that_redcap_checks_when_it_is_uploaded():
    for one in fields():
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,99}", one.name) and re.fullmatch(r"[a-z][a-z0-9_]*", one.form)
        assert one.kind in {"text", "dropdown"} and one.validation in {"", "number", "date_ymd"}
        assert bool(one.choices) == (one.kind == "dropdown") and not (one.choices and one.validation)
        codes = [code for code, _ in one.choices]
        assert all(re.fullmatch(r"[A-Za-z0-9_]+", code) for code in codes) and len(set(codes)) == len(codes)
        assert one.label.strip() and not any("|" in label or not label for _, label in one.choices)


def test_labels_and_other_dates_are_told_with_what_redcap_takes(tmp_path):
    path = table(tmp_path / "t.csv", ("record_id", "kind", "exam_date"), [(1, "red marrow", "6.5.2024"), (2, "MDS", "2024-05-06")])
    told = misfits(read_cohort(path), tuple(fields()))
    assert told == (
        "kind: 'red marrow' is a label, and REDCap takes its code red_marrow (1 of 2 values).",
        "exam_date: '6.5.2024' is no date as YYYY-MM-DD (1 of 2 values).",
    )


def test_a_table_that_was_entered_by_the_dictionary_is_read_with_every_value(tmp_path):
    """Records as REDCap exports them raw: choices by their value, dates as YYYY-MM-DD, numbers with a point."""
    rng = np.random.default_rng(5)
    known = tuple(fields())

    def cell(one: Field, n: int) -> str:
        if one.name == "record_id":
            return str(n + 1)
        if one.choices:
            return one.choices[int(rng.integers(len(one.choices)))][0]
        return {"number": f"{rng.normal(50, 10):.2f}", "date_ymd": "2024-05-06"}.get(one.validation, "A")

    rows = [[cell(one, n) for one in known] for n in range(30)]
    path = table(tmp_path / "export.csv", [one.name for one in known], rows)
    cohort = read_cohort(path)
    assert [list(row) for row in cohort.rows] == rows and cohort.id_column == "record_id"
    assert not misfits(cohort, known)
    for one in known:
        if one.validation == "number":
            assert np.isfinite(cohort.numbers(one.name)).all()


def test_what_does_not_fit_the_dictionary_is_told(tmp_path, capsys):
    path = table(tmp_path / "t.csv", ("record_id", "dominance", "ff_baseline", "own"), [(1, "water", "30", "x"), (2, "both", "many", "y")])
    assert cli.main(["cohort", "dictionary", "--check", str(path)]) == 1
    told = capsys.readouterr().out
    assert "dominance: 'both' is none of its choices (1 of 2 values)" in told and "own: the dictionary has no such field" in told
    assert "ff_baseline: Line 3" in told
    assert cli.main(["cohort", "dictionary", "--out", str(tmp_path / "d.csv")]) == 0
    assert cli.main(["cohort", "dictionary", "--check", str(path), "--against", str(path)]) == 1
    assert "no data dictionary of REDCap" in capsys.readouterr().err
    bad = table(tmp_path / "bad.csv", HEADER, [("Age!", *[""] * 17)])
    with pytest.raises(MarrowQuantError, match="cannot be a field"):
        read_dictionary(bad)


def test_files_that_cannot_be_used_are_told_and_stop_nobody_else(cases, opened):
    (cases / "case-03" / "results.json").write_text("{", encoding="utf-8")
    content = json.loads((cases / "case-04" / "results.json").read_text(encoding="utf-8"))
    del content["exams"][0]["date"]
    (cases / "case-04" / "results.json").write_text(json.dumps(content), encoding="utf-8")
    (cases / "case-05" / "results.json").unlink()
    for _ in range(2):  # the second time from the index: what could not be used is tried again
        opened.clear()
        cohort = read_cohort(cases)
        assert len(cohort) == 47
        assert cohort.findings[0].startswith("2 of 49 files named results.json cannot be used and were left out. The first: case-03/")
    assert opened == ["case-03", "case-04"]
    for n in (*range(1, 3), *range(6, 51)):
        (cases / f"case-{n:02d}" / "results.json").unlink()
    with pytest.raises(MarrowQuantError, match="cannot be read as JSON"):
        read_cohort(cases)


def test_what_is_left_aside_while_reading_has_no_column(cases, monkeypatch):
    """The same table without it, and with the JSON reader that is always there."""
    quick = read_cohort(cases)
    (cases / index.FILE).unlink()
    monkeypatch.setattr(reading, "_without_parts", lambda case: case)
    monkeypatch.setattr(reading, "read_json_quickly", reading_slowly)
    assert read_cohort(cases) == quick and read_cohort(cases, long=True).rows


def reading_slowly(path):
    return json.loads(path.read_text(encoding="utf-8"))
