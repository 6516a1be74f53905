"""Conditions that choose patients, and subgroups: what they take, what they refuse, and what is said of many looks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from MarrowQuantLib import cli
from MarrowQuantLib.cohort.reading import read_cohort
from MarrowQuantLib.cohort.subgroups import many_looks, split, where
from MarrowQuantLib.cohort.where import read_condition
from MarrowQuantLib.model import MarrowQuantError


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(3)
    lines = ["record_id,kind,dominance,ff (%),age,response,again"]
    for n in range(60):
        event = n % 2
        ff = "" if n == 7 else f"{30 + 20 * event + rng.normal(0, 12):.1f}"
        kind, dominance = ("Myeloma", "MDS", "AA")[n % 3], ("water", "fat", "")[n // 2 % 3]
        lines.append(f"{n},{kind},{dominance},{ff},{40 + n},{event},{'good' if event else 'bad'}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("condition", "taken"),
    [
        ("kind == 'myeloma'", lambda n: n % 3 == 0),
        ('kind = "MDS"', lambda n: n % 3 == 1),
        ("kind != 'AA' and age < 60", lambda n: n % 3 != 2 and n < 20),
        ("kind in ('MDS', 'AA') or age >= 95", lambda n: n % 3 != 0 or n >= 55),
        ("not (kind == 'AA')", lambda n: n % 3 != 2),
        ("kind not in ('AA')", lambda n: n % 3 != 2),
        ("dominance is missing", lambda n: n // 2 % 3 == 2),
        ("dominance is not missing and age > 90", lambda n: n // 2 % 3 != 2 and n > 50),
        ("`ff (%)` is missing", lambda n: n == 7),
        ("age == 4.5e1", lambda n: n == 5),
        ("dominance == 'water' or kind == 'AA'", lambda n: n // 2 % 3 == 0 or n % 3 == 2),
    ],
)
def test_a_condition_takes_the_rows_it_is_true_of(table, condition, taken):
    cohort = read_cohort(table)
    assert [int(cell) for cell in where(cohort, condition).text("record_id")] == [n for n in range(60) if taken(n)]


def test_a_missing_value_leaves_it_open_and_is_counted(table):
    cohort = read_cohort(table)
    kept, rest = where(cohort, "dominance == 'water'"), where(cohort, "dominance != 'water'")
    assert len(kept) + len(rest) == 40 and "Of 20 it is not known" in kept.findings[-1]


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("", "cannot be read"), ("kind ==", "cannot be read"), ("kind == myeloma", "cannot be read"), ("kind == 'a' age", "cannot be read"),
        ("1 == 1", "column is needed"), ("'a' == 'a'", "column is needed"), ("and", "cannot be read"), ("(kind == 'AA'", "cannot be read"),
        ("sex == 'f'", "has no column 'sex'"), ("kind == 'none'", "true of no row"), ("kind < 'b'", "is a word"),
        ("response == 1", "is the outcome"), ("age > 50 and again == 'good'", "is the outcome"), ("kind > 3", "is not a number"),
        ("__import__('os').system('true')", "cannot be read"),
        ("kind == 'AA'; age", "cannot be read"), ("(" * 60 + "age > 1", "parentheses"),
        ("age > 1 or " * 300 + "age > 1", "longer than"),
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused_in_a_sentence(table, condition, why):
    with pytest.raises(MarrowQuantError, match=why):
        where(read_cohort(table), condition, "response")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        assert read_condition(text).columns
    except MarrowQuantError as error:
        assert str(error)


def test_the_shell_tells_the_counts_and_warns_of_many_looks(table, capsys):
    arguments = ["cohort", "roc", str(table), "--outcome", "response", "--predictor", "ff (%)", "--json"]
    assert cli.main([*arguments, "--where", "kind == 'myeloma'"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["data"]["n"] == 20 and any("20 of 60 rows were taken" in one["sentence"] for one in answer["data"]["findings"])
    assert cli.main([*arguments, "--by", "kind"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {name: part["data"]["n"] for name, part in answer["subgroups"].items()} == {"AA": 20, "MDS": 19, "Myeloma": 20}
    assert "3 subgroups" in answer["warnings"][0] and "14 %" in answer["findings"][0]["sentence"]
    assert cli.main([*arguments, "--by", "response"]) == 1
    assert "is the outcome" in capsys.readouterr().err


def test_a_subgroup_that_cannot_be_analysed_says_why_and_the_others_stay(table, capsys):
    cohort = read_cohort(table)
    assert set(split(cohort, "dominance")) == {"water", "fat"} and "20 rows have no value" in split(cohort, "dominance")["fat"].findings[-1]
    with pytest.raises(MarrowQuantError, match="60 different values"):
        split(cohort, "age")
    table.write_text(table.read_text(encoding="utf-8") + "60,rare,fat,40,50,1,good\n61,rare,fat,41,50,1,good\n", encoding="utf-8")
    assert cli.main(["cohort", "roc", str(table), "--outcome", "response", "--predictor", "age", "--by", "kind", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)["subgroups"]
    assert "same outcome" in answer["rare"]["refused"] and answer["AA"]["data"]["n"] == 20


def test_the_page_of_subgroups_holds_each_with_its_own_files(table, tmp_path, capsys):
    out = tmp_path / "page"
    arguments = ["cohort", "correlate", str(table)]
    arguments += ["--columns", "ff (%)", "age", "--by", "dominance", "--out", str(out), "--language", "ja"]
    assert cli.main(arguments) == 0
    page = (out / "cohort.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2 and "dominance = water" in page and "2個の部分集団" in page
    assert {path.name for path in out.glob("*.csv")} == {"correlations_1.csv", "correlations_2.csv", "interaction.csv"}


def test_an_event_need_not_occur_in_every_part(tmp_path):
    responses = ["CR" if n < 5 else "VGPR" if n < 12 and n % 2 else "PD" for n in range(30)]
    lines = ["record_id,site,response", *(f"{n},{'AB'[n % 2]},{response}" for n, response in enumerate(responses))]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    parts = split(read_cohort(tmp_path / "t.csv"), "site")
    assert [int(part.is_event("response", ("CR", "VGPR")).sum()) for part in parts.values()] == [3, 6]
    with pytest.raises(MarrowQuantError, match="No row has 'sd'"):
        parts["A"].is_event("response", ("SD",))


def test_the_chance_of_a_finding_is_that_of_independent_looks():
    assert f"{100 * (1 - 0.95**5):.0f} %" in many_looks("site", 5)


# ------------------------------------------------------------------------------------------------------------------ factors
def factor_table(path, rare=0):
    rng = np.random.default_rng(11)
    lines = ["record_id,response,cytogenetics,x"]
    for n in range(90):
        event = rng.random() < 0.4
        level = "del17p" if n < rare else ("standard", "t(4;14)")[int(rng.random() < (0.5 if event else 0.2))]
        lines.append(f"{n},{int(event)},{level},{rng.normal(event):.2f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_words_become_a_factor_against_the_most_frequent_level(tmp_path, capsys):
    path = factor_table(tmp_path / "t.csv")
    assert cli.main(["cohort", "logistic", str(path), "--outcome", "response", "--predictors", "x,cytogenetics", "--json"]) == 0
    terms = json.loads(capsys.readouterr().out)["terms"]
    assert list(terms) == ["intercept", "x", "cytogenetics = t(4;14)"]
    flag = [float(row[2] == "t(4;14)") for row in read_cohort(path).rows]
    from MarrowQuantLib.cohort.logistic import fit_logistic

    cohort = read_cohort(path)
    fit = fit_logistic(cohort.numbers("response") > 0, np.column_stack([cohort.numbers("x"), flag]), ("x", "flag"), method="ml")
    assert [terms[name]["coefficient"] for name in terms] == pytest.approx(fit.coefficients.tolist())


def test_a_level_with_too_few_patients_says_so(tmp_path, capsys):
    path = factor_table(tmp_path / "t.csv", rare=4)
    arguments = ["--outcome", "response", "--predictors", "x,cytogenetics"]
    assert cli.main(["cohort", "logistic", str(path), *arguments]) == 1
    assert "cytogenetics = del17p has" in capsys.readouterr().err
    path = factor_table(tmp_path / "u.csv")
    assert cli.main(["cohort", "fit", str(path), *arguments, "--out", str(tmp_path / "m.json"), "--bootstraps", "0"]) == 1
    assert "takes numbers only" in capsys.readouterr().err
