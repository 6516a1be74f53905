"""Whether subgroups differ: the tests of interaction against R (committed, and live where R is there), in shell, page and panel's case."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from helpers.rscript import need_r
from MarrowQuantLib import cli
from MarrowQuantLib.cohort import interaction
from MarrowQuantLib.cohort.reading import read_cohort

DATA = Path(__file__).parent / "data" / "statistics" / "signed"
PACKAGES = ("survival", "pROC", "jsonlite")


@pytest.fixture(scope="module")
def patients():
    return read_cohort(DATA / "patients.csv")


def ours(cohort):
    """The numbers of interaction.R from this project."""

    def row(test):
        within = [test.freedom_within] if test.freedom_within else []
        return [test.statistic, test.freedom, *within, test.p]

    found = {
        "logistic": interaction.of_logistic(cohort, "group", "event", ["a", "b"]),
        "cox": interaction.of_cox(cohort, "group", "time", "event", ["a", "b"]),
        "linear": interaction.of_linear(cohort, "group", "b", ["a", "time"]),
    }
    assert not any(each.refused for each in found.values())
    answer = {kind: {test.name: row(test) for test in each.tests} for kind, each in found.items()}
    two = interaction.of_auc(cohort, "flag", "event", ["a"]).tests[0]
    return {
        **answer,
        "auc": row(interaction.of_auc(cohort, "group", "event", ["a"]).tests[0]), "auc_two": row(two), "unpaired_d2": [two.statistic],
        "spearman": row(interaction.of_correlation(cohort, "group", "a", ["b"]).tests[0]),
        "pairs": row(interaction.of_pairs(cohort, "group", [("a", "c")]).tests[0]),
    }  # fmt: skip


def compare(mine, theirs):
    assert mine.keys() == theirs.keys()
    for key, value in theirs.items():
        if isinstance(value, dict):
            compare(mine[key], value)
        else:
            assert mine[key] == pytest.approx(value, rel=1e-6), key


def test_committed_numbers_of_r(patients):
    compare(ours(patients), json.loads((DATA / "interaction.json").read_text(encoding="utf-8")))


def test_r_gives_the_same_numbers_live(patients, tmp_path):
    need_r(*PACKAGES)
    shutil.copy(DATA / "patients.csv", tmp_path)
    done = subprocess.run(["Rscript", str(DATA / "interaction.R")], cwd=tmp_path, capture_output=True, text=True, check=True)
    compare(ours(patients), json.loads(done.stdout))


@pytest.fixture
def differing(tmp_path):
    """A marker that speaks for the event at site A and against it at site B; nothing else differs."""
    rng = np.random.default_rng(4)
    lines = ["record_id,site,event,marker,other,time"]
    for n in range(120):
        site, event = "AB"[n % 2], n // 2 % 2
        marker = rng.normal((1.2 if site == "A" else -1.2) * event)
        lines.append(f"{n},{site},{event},{marker:.3f},{rng.normal():.3f},{rng.exponential(2.0 if event else 5.0):.2f}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_effect_that_differs_is_found_and_one_that_does_not_is_not(differing):
    cohort = read_cohort(differing)
    for found in (interaction.of_logistic(cohort, "site", "event", ["marker", "other"]),
                  interaction.of_auc(cohort, "site", "event", ["marker", "other"])):  # fmt: skip
        marker, other = found.adjusted
        assert marker < 1e-6 and other > 0.05


def test_of_groups_that_separate_two_are_compared_by_the_penalised_likelihood(tmp_path):
    rng = np.random.default_rng(1)
    rows = [f"{n},{'AB'[n % 2]},{n // 2 % 2},{(5.0 if n // 2 % 2 else 0.0) + rng.uniform(0, 1):.3f}" for n in range(40)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["id,site,event,marker", *rows]) + "\n", encoding="utf-8")
    test = interaction.of_logistic(read_cohort(path), "site", "event", ["marker"]).tests[0]
    assert test.test == interaction.PENALISED and 0.05 < test.p <= 1.0


def run(capsys, *words):
    code = cli.main(["cohort", *words])
    return code, capsys.readouterr()


@pytest.mark.parametrize(
    "words",
    [
        ("roc", "--outcome", "event", "--predictor", "marker"),
        ("logistic", "--outcome", "event", "--predictors", "marker,other"),
        ("compare", "--outcome", "event", "--predictors", "marker,other"),
        ("correlate", "--columns", "marker", "other"),
        ("paired", "--before", "marker", "--after", "other"),
        ("linear", "--response", "other", "--terms", "marker"),
        ("survival", "--time", "time", "--status", "event", "--predictors", "marker"),
    ],
)
def test_every_analysis_of_subgroups_says_whether_they_differ(differing, capsys, words):
    code, told = run(capsys, words[0], str(differing), *words[1:], "--by", "site", "--json")
    answer = json.loads(told.out)
    assert code == 0 and set(answer["subgroups"]) == {"A", "B"}
    assert answer["interaction"] and all(0 <= test["p"] <= test["adjusted_p"] <= 1 for test in answer["interaction"])


def test_the_page_has_its_table_and_what_could_not_be_tested_is_told(differing, capsys, tmp_path):
    words = [
        "correlate",
        str(differing),
        "--columns",
        "marker",
        "other",
        "--by",
        "site",
        "--out",
        str(tmp_path / "page"),
        "--language",
        "ja",
    ]
    code, _ = run(capsys, *words)
    page = (tmp_path / "page" / "cohort.html").read_text(encoding="utf-8")
    assert code == 0 and "部分集団間で異なるか" in page and "CochranのQ" in page
    cohort = read_cohort(differing)
    refused = (
        interaction.of_pairs(cohort, "site", [("marker", "other")]),
        interaction.of_linear(cohort, "site", "other", ["event", "marker"]),
    )
    assert not any(found.refused for found in refused)
    constant = tmp_path / "constant.csv"
    constant.write_text("\n".join(["id,site,event,x", *(f"{n},{'AB'[n % 2]},{n // 2 % 2},{n if n % 2 else 7}" for n in range(40))]) + "\n")
    found = interaction.of_logistic(read_cohort(constant), "site", "event", ["x"])
    assert not found.tests and "could not be tested" in found.refused[0]
