"""Tables and numbers that nobody prepared: each ends in one sentence, or in what R gives; none in a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from MarrowQuantLib import cli
from MarrowQuantLib.cohort.logistic import fit_logistic
from MarrowQuantLib.cohort.procedure import Procedure
from MarrowQuantLib.cohort.reading import read_cohort
from MarrowQuantLib.cohort.study import analyses
from MarrowQuantLib.cohort.survival import log_rank
from MarrowQuantLib.cohort.validation import validate
from MarrowQuantLib.cohort.where import read_condition
from MarrowQuantLib.cohort.words_signed import CELLS
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.report import fonts


def _table(path, header, rows):
    path.write_text("\n".join([header, *(",".join(str(cell) for cell in row) for row in rows)]) + "\n", encoding="utf-8")
    return path


def _said(capsys, *arguments):
    assert cli.main(["cohort", *(str(one) for one in arguments)]) == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith("marrowquant: ") and "\n" not in said and said.endswith(".")
    return said


@pytest.mark.parametrize(
    ("status", "time", "words"),
    [
        (lambda n: n % 2, lambda n: 5, "All events happened at one time"),
        (lambda n: 1 - n % 2, lambda n: 1 if n % 2 else n + 10, "under observation"),  # group B left before the first event
        (lambda n: 0, lambda n: n + 1, "needs two groups and an event"),
        (lambda n: 1, lambda n: n - 3, "numbers of 0 or more"),
        (lambda n: 1, lambda n: 0, "all happened at one time"),
    ],
)
def test_odd_times_end_in_a_sentence(tmp_path, capsys, status, time, words):
    group = "A" if words.startswith("All") else None  # Cox alone: the log-rank test of tied times has an answer
    rows = [(n, time(n), status(n), group or ("A" if n % 2 == 0 else "B"), n * 7 % 11) for n in range(40)]
    table = _table(tmp_path / "t.csv", "record_id,t,s,g,x", rows)
    assert words in _said(capsys, "survival", table, "--time", "t", "--status", "s", "--group", "g", "--predictors", "x")


def test_everybody_may_have_had_the_event(tmp_path, capsys):
    rows = [(n, time, 1, x) for n, (time, x) in enumerate(zip((3, 5, 5, 8, 9, 12), (1, 4, 2, 5, 3, 2)))]
    table = _table(tmp_path / "t.csv", "record_id,t,s,x", rows)
    assert cli.main(["cohort", "survival", str(table), "--time", "t", "--status", "s", "--predictors", "x", "--json"]) == 0
    cox = json.loads(capsys.readouterr().out)["cox"]["terms"]["x"]  # R 4.2.2, survival 3.5.3: coxph(Surv(t, s) ~ x)
    assert cox["coefficient"] == pytest.approx(-0.0182774370271, rel=1e-6)
    assert cox["standard_error"] == pytest.approx(0.396623137446, rel=1e-6)


def test_a_group_that_left_before_the_first_event_counts_as_in_r():
    time = np.array([1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    event = np.array([0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1], dtype=bool)
    test = log_rank(time, event, list("AAABCBCBCCBCBB"))  # R 4.2.2, survival 3.5.3: survdiff
    assert test.statistic == pytest.approx(0.646408596999, rel=1e-6) and test.freedom == 1
    assert test.expected == pytest.approx((0.0, 5.033549784, 2.966450216), rel=1e-6)


def test_patients_are_not_chosen_by_the_time_to_their_event(tmp_path, capsys):
    table = _table(tmp_path / "t.csv", "record_id,t,s,x", [(n, n + 1, n % 2, n * 7 % 11) for n in range(40)])
    arguments = ("survival", table, "--time", "t", "--status", "s")
    assert "is the outcome" in _said(capsys, *arguments, "--where", "t > 12")
    assert "is the outcome" in _said(capsys, *arguments, "--by", "s")
    assert cli.main(["cohort", *map(str, arguments), "--where", "x > 3"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("linear", "--response", "x", "--terms", "z"),
        ("correlate", "--columns", "x", "z", "--given", "y"),
        ("logistic", "--outcome", "y", "--predictors", "x,z"),
        ("impute", "--outcome", "y", "--predictors", "x,z"),
        ("paired", "--before", "x", "--after", "z"),
        ("groups", "--outcome", "g", "--predictors", "x,z"),
        ("survival", "--time", "t", "--status", "y", "--predictors", "x,z"),
    ],
)
def test_no_patient_with_all_values(tmp_path, capsys, arguments):
    rows = [(n, n % 2, "" if n % 2 else n, n if n % 2 else "", "ABC"[n % 3], n + 1) for n in range(40)]
    table = _table(tmp_path / "t.csv", "record_id,y,x,z,g,t", rows)
    assert "same outcome" not in _said(capsys, arguments[0], table, *arguments[1:])


def test_firth_is_not_advised_where_firth_failed():
    rng = np.random.default_rng(5)
    x = rng.normal(50, 10, 60)
    nearly = np.column_stack([x, x * (1 + 1e-9 * np.arange(60))])
    y = rng.random(60) < 0.5
    for method, advice in (("ml", True), ("firth", False)):
        with pytest.raises(MarrowQuantError) as said:
            fit_logistic(y, nearly, ["x", "z"], method=method)
        assert ("use Firth's method" in str(said.value)) is advice
    alone = np.eye(60)[:, :20]  # each differs in one patient only, so that one at least is constant in every resample
    with pytest.raises(MarrowQuantError) as said:
        validate(Procedure("firth"), y, alone, [f"x{n}" for n in range(20)], bootstraps=2)
    assert "Firth's method cannot be fitted to resamples" in str(said.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("auc --auc 0.8 --power 1.5", "power"),
        ("auc --auc 0.8 --power 0", "power"),
        ("auc --auc 0.8 --alpha 2", "power"),
        ("auc --auc 0.8 --alpha -1", "power"),
        ("auc --auc 0.8 --ratio inf", "both sides"),
        ("auc --auc 0.8 --width 2", "narrower"),
        ("auc --auc 0.8 --width 0", "narrower"),
        ("difference --first 0.8 --second 0.7 --power nan", "power"),
    ],
)
def test_impossible_sizes(capsys, arguments, words):
    assert words in _said(capsys, "size", *arguments.split())


@pytest.mark.parametrize("made_by", [None, "MarrowQuant", [], -1])
def test_a_result_that_does_not_say_what_made_it_is_left_out(tmp_path, made_by):
    cli.main(["cohort", "example", "--out", str(tmp_path / "cases")])
    file = sorted((tmp_path / "cases").rglob("results.json"))[0]
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), "software": made_by}), encoding="utf-8")
    cohort = read_cohort(tmp_path / "cases")
    assert len(cohort) == 49 and any("left out" in note for note in cohort.findings)


def test_conditions_as_a_japanese_keyboard_writes_them(tmp_path):
    table = _table(tmp_path / "t.csv", "record_id,施設,ＦＦ,o'k", [(n, ("東京", "北海道")[n % 2], n, n) for n in range(8)])
    cohort = read_cohort(table)
    for condition, taken in (
        ("施設＝＝'東京'　and　ＦＦ＞３", [4, 6]),
        ("（ＦＦ　＜＝　２）", [0, 1, 2]),
        ("施設　in　（'東京'，'京都'）", [0, 2, 4, 6]),
        ("`o'k` < 2", [0, 1]),
    ):
        assert np.flatnonzero(read_condition(condition).decide(cohort) == 1).tolist() == taken
    with pytest.raises(MarrowQuantError, match="backquotes"):
        read_condition("o'k < 2")


def test_one_place_finds_the_fonts():
    library = Path(fonts.__file__).parents[1]
    assert [path.name for path in library.rglob("*.py") if "ipaexg" in path.read_text(encoding="utf-8")] == ["fonts.py"]


@pytest.mark.parametrize(("interval", "found"), [((0.4, 0.6), True), ((0.51, 0.7), False), (None, False)])
def test_the_study_does_not_call_reproduced_what_its_sample_does_not_show(interval, found):
    assert analyses._found(analyses._within(interval, 0.5)) == (analyses.BY_CONSTRUCTION if found else analyses.MISSED)
    assert analyses.MISSED in CELLS
