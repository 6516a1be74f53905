"""Reading a cohort, what is said about bad input, and the way from simulated results to report and response model."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from MarrowQuantLib import cli
from MarrowQuantLib.cohort import adopt, analysis, cells, comparisons, example, groups, linear, logistic, report, roc, validation
from MarrowQuantLib.cohort.procedure import Procedure, intercept_for_mean
from MarrowQuantLib.cohort.reading import read_cohort
from MarrowQuantLib.cohort.table import findings
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.response import load_model
from MarrowQuantLib.results.record import case_columns
from scipy import stats


@pytest.fixture
def written(tmp_path):
    def write(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def patients(n_event, n_no_event, seed=1, shift=1.5):
    rng = np.random.default_rng(seed)
    outcome = np.arange(n_event + n_no_event) < n_event
    return outcome, rng.normal(size=(outcome.size, 2)) + shift * outcome[:, None] * [1.0, 0.5]


GOOD = "id,y,x\na,1,1.5\nb,0,2\nc,1,3\nd,0,1\ne,1,4\nf,0,0.5\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD.replace(",0,", ",1,"), "same outcome in 'y'"),
        (GOOD.replace("1.5", "about 3"), "Line 2 of table.csv, column 'x': 'about 3' is not a number"),
        (GOOD.replace("1.5", "<0.1"), "'<0.1' is not a number"),
        (GOOD.replace("\nb,", "\na,"), "same patient in lines 2, 3"),
        (GOOD.replace("1.5", "=1+1"), "Line 2 of table.csv, column 'x', holds a spreadsheet formula"),
        (GOOD.replace("1.5", "@SUM(A1)"), "holds a spreadsheet formula"),
        (GOOD.replace("1.5", "1,5"), "line 2 has 4 cells instead of 3"),
        (GOOD.replace("1.5", '"1,5"').replace("0.5", "0.25"), "decimal comma and others with a decimal point"),
        (GOOD.replace(",", ";").replace("1.5", "1,500").replace("0.5", "7"), "may be a decimal or a thousands sign"),
        ("id,y,x\na,1,1\nb,0,2\nc,1,3\n", "Only 3 patients"),
        (GOOD.replace("y,x", "y,y"), "'y' more than once"),
        (GOOD.replace(",1,", ",high,").replace(",0,", ",low,"), "not clear which is the event"),
        ("id,y,x\n", "a header but no rows"),
        ("", "is empty"),
        ('id,y,x\na,"1,2\n', "is a quotation mark closed?"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(written, text, sentence):
    with pytest.raises(MarrowQuantError) as caught:
        analysis.select(read_cohort(written(text), outcome="y"), "y", ("x",))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda outcome, x: (outcome, np.column_stack([x[:, 0], np.ones(len(x))])), "b has the same value in every patient"),
        (lambda outcome, x: (outcome, np.column_stack([x[:, 0], 2 * x[:, 0] + 1])), "follows exactly from the others"),
        (lambda outcome, x: (outcome, np.column_stack([outcome * 5.0 + x[:, 0] % 1, x[:, 1]])), "separate the two groups completely"),
        (lambda outcome, x: (outcome & False, x), "same outcome"),
        (lambda outcome, x: (outcome[13:17], x[13:17]), "too few"),
    ],
    ids=["constant", "collinear", "separation", "one class", "four patients"],
)
def test_a_regression_that_cannot_be_made_is_refused_with_a_sentence(change, sentence):
    outcome, x = change(*patients(15, 35))
    with pytest.raises(MarrowQuantError) as caught:
        logistic.fit_logistic(outcome, x, ("a", "b"))
    assert sentence in str(caught.value)


def test_firth_answers_where_the_groups_are_separated_completely():
    outcome, x = patients(15, 35)
    fit = logistic.fit_logistic(outcome, np.column_stack([outcome * 5.0 + x[:, 0] % 1, x[:, 1]]), ("a", "b"), method="firth")
    assert np.all(np.isfinite(fit.coefficients))
    assert fit.intervals[1, 0] > 0
    assert fit.p[1] < 1e-6


def test_firth_converges_on_every_resample_of_separated_groups():
    outcome, x = patients(15, 35, shift=6.0)
    rng = np.random.default_rng(0)
    for _ in range(60):
        rows = rng.integers(50, size=50)
        fit = logistic.fit_logistic(outcome[rows], x[rows], ("a", "b"), method="firth", inference=False)
        assert np.all(np.isfinite(fit.standard_errors))


def test_a_table_with_semicolons_and_decimal_commas_gives_the_same_numbers(written):
    plain = read_cohort(written(GOOD)).numbers("x")
    comma = read_cohort(written(GOOD.replace(",", ";").replace(".", ","), "comma.csv", "cp932"))
    assert comma.numbers("x") == pytest.approx(plain)
    assert "decimal commas; '1,5' was read as 1.5" in comma.findings[0]


def test_missing_values_and_duplicates_are_said_before_anything_is_computed(written):
    cohort = read_cohort(written("id,date,y,x\na,2024-01-01,1,NA\na,2024-01-01,0,2\nb,2024-01-01,1,.\nc,,0,\n"))
    said = " ".join(findings(cohort, ("y", "x")))
    assert "x: 3 of 4 values are missing." in said
    assert "3 of 4 rows are left out" in said
    assert "Lines 2, 3 repeat an ID on the same date" in said


def test_what_is_written_for_a_spreadsheet_runs_nothing_and_is_read_back_under_a_comma_locale(tmp_path):
    rows = [("=cmd|' /C calc'!A0", 1.5), ("@x", -2.25), ("+1-1", float("nan"))]
    path = cells.write_table(tmp_path / "t.csv", ("name", "value"), rows, decimal_comma=True)
    back = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    assert [row[0][0] for row in back[1:]] == ["'", "'", "'"]
    assert read_cohort(path).numbers("value") == pytest.approx([1.5, -2.25, np.nan], nan_ok=True)


def test_an_auc_of_one_has_no_interval_and_says_so(written):
    table = "id,y,x\n" + "".join(f"{n},{int(n > 5)},{n}\n" for n in range(12))
    found = analysis.analyse_roc(analysis.select(read_cohort(written(table)), "y", ("x",)))
    assert found.first.auc == 1.0
    assert found.first.interval is None
    assert any("separates the groups completely" in warning for warning in found.findings)


def test_the_interval_near_one_is_made_on_the_logit_scale_and_covers_the_truth_as_often_as_it_says():
    rng, inside = np.random.default_rng(5), 0
    for _ in range(300):
        outcome = np.arange(80) < 30
        low, high = roc.roc(outcome, rng.normal(outcome * 2.0), bootstraps=2).interval
        inside += low <= stats.norm.cdf(2.0 / np.sqrt(2.0)) <= high
        assert 0.0 < low < high < 1.0
    assert 0.91 <= inside / 300 <= 0.985  # 0.95 ± 3 standard errors, and what an interval of 30 and 50 patients loses


def test_a_curve_begins_at_0_0_and_ends_at_1_1_and_never_falls():
    outcome, x = patients(15, 35)
    curve = roc.roc(outcome, x[:, 0], bootstraps=10)
    for rate in (curve.false_positive_rate, curve.sensitivity):
        assert (rate[0], rate[-1]) == (0.0, 1.0)
        assert np.all(np.diff(rate) >= 0.0)
    area = np.sum(np.diff(curve.false_positive_rate) * (curve.sensitivity[1:] + curve.sensitivity[:-1]) / 2.0)
    assert area == pytest.approx(curve.auc)


def test_the_bootstrap_of_the_auc_has_the_spread_that_delong_gives():
    outcome, x = patients(40, 60)
    curve = roc.roc(outcome, x[:, 0])
    width = np.diff(curve.bootstrap_interval)[0]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(curve.variance), rel=0.1)


def test_a_partial_correlation_is_what_remains_after_the_common_cause():
    rng = np.random.default_rng(2)
    age = rng.normal(size=200)
    first, second = age + 0.3 * rng.normal(size=200), age + 0.3 * rng.normal(size=200)
    assert comparisons.spearman(first, second).rho == pytest.approx(stats.spearmanr(first, second).statistic, rel=1e-12)
    partial = comparisons.spearman(first, second, age, ("age",))
    assert abs(partial.rho) < 0.2 < comparisons.spearman(first, second).rho
    assert partial.interval[0] < partial.rho < partial.interval[1]


def test_paired_and_group_effects_have_the_sign_and_size_of_what_was_put_in():
    rng = np.random.default_rng(4)
    before = rng.normal(30, 5, 25)
    paired = comparisons.wilcoxon(before, before + 4 + rng.normal(0, 0.5, 25))
    assert paired.effect == 1.0
    assert paired.shift == pytest.approx(4.0, abs=0.3)
    outcome, x = patients(15, 35)
    group = comparisons.mann_whitney(outcome, x[:, 0])
    assert group.effect == pytest.approx(2 * roc.auc_of_groups(x[outcome, 0], x[~outcome, 0]) - 1)


def test_the_intercept_correction_makes_the_mean_probability_the_share_of_events():
    outcome, x = patients(8, 42)
    model = Procedure("firth").run(outcome, x, ("a", "b"))
    assert model.probability(x).mean() == pytest.approx(outcome.mean(), abs=1e-9)
    assert intercept_for_mean(outcome, np.zeros(50)) == pytest.approx(np.log(8 / 42))


def test_ridge_without_penalty_is_maximum_likelihood_and_with_a_large_one_is_nothing():
    outcome, x = patients(20, 30, shift=0.8)
    ml = logistic.fit_logistic(outcome, x, ("a", "b"))
    none, much = (logistic.fit_logistic(outcome, x, ("a", "b"), method="ridge", penalty=penalty) for penalty in (0.0, 1e6))
    assert none.coefficients == pytest.approx(ml.coefficients, abs=1e-6)
    assert much.coefficients[1:] == pytest.approx([0, 0], abs=1e-3)


def test_ridge_agrees_with_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed.")
    outcome, x = patients(20, 30, shift=0.8)
    ours = logistic.fit_logistic(outcome, x, ("a", "b"), method="ridge", penalty=2.0)
    theirs = linear_model.LogisticRegression(C=0.5, tol=1e-12, max_iter=10000).fit(x / x.std(axis=0), outcome)
    assert ours.coefficients[1:] == pytest.approx(theirs.coef_[0] / x.std(axis=0), abs=1e-5)


def test_validation_finds_that_noise_predicts_nothing():
    outcome, x = patients(15, 35, shift=0.0)
    noise = np.column_stack([x, np.random.default_rng(9).normal(size=(50, 3))])
    found = validation.validate(Procedure("firth"), outcome, noise, tuple("abcde"), bootstraps=60, repeats=2)
    assert found.apparent.auc > 0.62
    assert found.optimism.auc > 0.08
    assert found.corrected.auc < 0.62
    assert any("too optimistic" in warning for warning in found.findings)
    assert any("3.0 a predictor" in warning for warning in found.findings)


def test_elimination_drops_noise_and_says_how_often_each_predictor_stayed():
    outcome, x = patients(30, 40, shift=2.0)
    noise = np.random.default_rng(3).normal(size=(70, 1))
    found = validation.validate(Procedure("firth", select=True), outcome, np.column_stack([x[:, :1], noise]), ("x", "noise"),
                                bootstraps=12, repeats=1)  # fmt: skip
    assert found.selected["x"] == 1.0
    assert found.selected["noise"] < 0.7


def test_net_benefit_is_that_of_the_definition():
    outcome, probability = np.array([True, True, False, False]), np.array([0.9, 0.4, 0.6, 0.1])
    found = validation.net_benefit(outcome, probability, np.array([0.5, 0.2]))
    assert found["model"] == pytest.approx([1 / 4 - 1 / 4, 2 / 4 - 1 / 4 * 0.25])
    assert found["all"] == pytest.approx([0.0, 0.5 - 0.5 * 0.25])


def test_three_groups_are_told_apart_by_both_methods():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed.")
    rng = np.random.default_rng(6)
    labels = np.repeat(["myeloma", "ineffective", "red marrow"], 20)
    x = rng.normal(size=(60, 2)) + np.repeat([[0, 0], [4, 0], [0, 4]], 20, axis=0)
    for method in groups.METHODS:
        found = groups.fit_groups(labels, x, ("ff", "adc"), method=method)
        assert found.confusion.sum() == pytest.approx(60)
        assert found.balanced_accuracy > 0.9
    with pytest.raises(MarrowQuantError, match="three or more"):
        groups.fit_groups(labels[:40], x[:40], ("ff", "adc"))


def test_least_squares_and_the_mixed_model_find_the_slope_that_was_put_in():
    pytest.importorskip("statsmodels", reason="statsmodels is not installed.")
    rng = np.random.default_rng(8)
    who, months = np.repeat(np.arange(30), 4), np.tile([0.0, 2.0, 4.0, 6.0], 30)
    ff = 10 + 1.5 * months + rng.normal(0, 4, 30)[who] + rng.normal(0, 1, 120)
    mixed = linear.fit_mixed(ff, months, ("months",), [str(n) for n in who])
    assert mixed.coefficients[1] == pytest.approx(1.5, abs=0.15)
    assert mixed.patient_sd == pytest.approx(4.0, abs=1.5)
    assert mixed.residual_sd == pytest.approx(1.0, abs=0.2)
    plain = linear.fit_linear(ff, months, ("months",))
    known = stats.linregress(months, ff)
    assert plain.coefficients == pytest.approx([known.intercept, known.slope])
    assert plain.p[1] == pytest.approx(known.pvalue)
    assert mixed.standard_errors[1] < plain.standard_errors[1]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return example.write_example(tmp_path_factory.mktemp("cohort") / "cases")


def chosen_from(folder):
    cohort = read_cohort(folder, outcomes=folder / "outcomes.csv")
    return analysis.select(cohort, example.OUTCOME, ("ff_change", "m_protein_change"), example.EVENTS)


def test_the_simulated_study_has_the_published_design(simulated):
    chosen = chosen_from(simulated)
    assert chosen.outcome.sum() == 15
    assert chosen.outcome.size == 50
    assert chosen.findings == ("50 of 50 cases are simulated: these are no patients.",)


def test_simulated_effects_give_the_published_aucs_within_simulation_error():
    rng, aucs = np.random.default_rng(0), []
    outcome = np.arange(50) < 15
    for _ in range(400):
        axes = example.response_axes(outcome, rng)
        aucs.append([roc.auc_of_groups(column[outcome], column[~outcome]) for column in axes.T])
    error = np.std(aucs, axis=0) / 20
    assert np.all(np.abs(np.mean(aucs, axis=0) - [0.964, 0.847]) < 3 * error)


def test_a_copy_of_a_case_is_refused(simulated, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_bytes((simulated / "case-01" / "results.json").read_bytes())
    with pytest.raises(MarrowQuantError, match="copy of those"):
        read_cohort(tmp_path)


def test_from_simulated_results_to_the_roc_figure_and_the_multivariable_table(simulated, tmp_path, capsys):
    arguments = ["cohort", "report", str(simulated), "--outcomes", str(simulated / "outcomes.csv"), "--outcome", "best_response"]
    arguments += ["--event", "CR,VGPR", "--predictors", "ff_change,m_protein_change", "--bootstraps", "20", "--out", str(tmp_path / "out")]
    assert cli.main([*arguments, "--json"]) == 0
    names = json.loads(capsys.readouterr().out)
    assert {"cohort.html", "roc.svg", "model.csv", "calibration.svg", "decision_curve.svg", "forest.svg", "methods.txt"} <= set(names)
    rows = list(csv.reader((tmp_path / "out" / "model.csv").read_text(encoding="utf-8-sig").splitlines()))
    fit = logistic.fit_logistic(chosen_from(simulated).outcome, chosen_from(simulated).predictors, ("a", "b"), method="firth")
    assert float(rows[2][1]) == pytest.approx(fit.coefficients[1], rel=1e-4)
    methods = (tmp_path / "out" / "methods.txt").read_text(encoding="utf-8")
    assert "20 bootstrap samples" in methods
    assert "backward elimination" not in methods
    page = (tmp_path / "out" / "cohort.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 6
    assert {name[:-4] for name in names if name.endswith(".svg")} == {name[:-4] for name in names if name.endswith(".png")}
    assert "http" not in page.replace("http-equiv", "")


def test_a_fitted_model_is_read_back_offered_and_gives_the_same_probability(simulated, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MARROWQUANT_MODELS", str(tmp_path / "models"))
    arguments = ["cohort", "fit", str(simulated), "--outcomes", str(simulated / "outcomes.csv"), "--outcome", "best_response"]
    arguments += ["--event", "CR,VGPR", "--predictors", "ff_change,m_protein_change", "--bootstraps", "10", "--offer"]
    assert cli.main([*arguments, "--out", str(tmp_path / "own.json"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["validation"]["bootstraps"] == 10
    chosen, model = chosen_from(simulated), load_model(tmp_path / "models" / "own.json")
    developed = Procedure("firth").run(chosen.outcome, chosen.predictors, chosen.names)
    estimate = model.predict(dict(zip(chosen.names, chosen.predictors[3])))
    assert estimate.probability == pytest.approx(float(developed.probability(chosen.predictors)[3]), rel=1e-9)
    assert estimate.card["n"] == 50
    assert estimate.card["validation"]["bootstraps"] == 10
    assert cli.main([*arguments, "--out", str(tmp_path / "own.json")]) == 1
    assert "already" in capsys.readouterr().err


def test_roc_and_logistic_answer_as_json(written, capsys):
    path = written("id,y,x,z\n" + "".join(f"{n},{int(n % 3 == 0)},{n % 7},{(n * 5) % 11}\n" for n in range(40)))
    assert cli.main(["cohort", "roc", str(path), "--outcome", "y", "--predictor", "x", "--compare", "z", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer["comparison"]) >= {"z", "p"}
    assert {"auc", "delong_variance", "cut_off", "bootstrap_interval"} <= set(answer["predictors"]["x"])
    assert cli.main(["cohort", "logistic", str(path), "--outcome", "y", "--predictors", "x,z", "--firth", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["method"] == "firth"
    assert list(answer["terms"]) == ["intercept", "x", "z"]


def test_a_report_cannot_be_written_over_a_file(simulated, written):
    chosen = chosen_from(simulated)
    with pytest.raises(MarrowQuantError, match="cannot be written to"):
        report.write_cohort_report(chosen, Procedure(), written("x", "taken"), bootstraps=1)


def test_a_model_needs_a_name_that_can_be_a_file():
    outcome, x = patients(15, 35)
    developed = Procedure().run(outcome, x, ("a", "b"))
    with pytest.raises(MarrowQuantError, match="cannot be a model's name"):
        adopt.model_spec(Procedure(), developed, x, outcome="y", model_id="../x", source="test")


REDCAP_HEADER = (
    "Variable / Field Name|Form Name|Section Header|Field Type|Field Label|Choices, Calculations, OR Slider Labels|Field Note|"
    "Text Validation Type OR Show Slider Number|Text Validation Min|Text Validation Max|Identifier?|"
    "Branching Logic (Show field only if...)|Required Field?|Custom Alignment|Question Number (surveys only)|Matrix Group Name|"
    "Matrix Ranking?|Field Annotation"
)  # as REDCap exports a project's own dictionary


def test_the_data_dictionary_has_redcaps_columns_and_names_those_that_results_give(simulated):
    path = Path(__file__).resolve().parents[2] / "Docs" / "data-dictionary.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    names = [row[0] for row in rows[1:]]
    assert "|".join(rows[0]) == REDCAP_HEADER
    assert {len(row) for row in rows} == {18}
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name) and "__" not in name and not name.endswith("_") for name in names)
    assert {row[3] for row in rows[1:]} <= {"text", "dropdown"}
    assert {row[7] for row in rows[1:]} <= {"", "number", "date_ymd"}
    assert names[0] == "record_id"
    assert len(set(names)) == len(names)
    assert set(read_cohort(simulated).header) - {"id"} <= set(names)
    assert set(case_columns()) < set(names)


def test_a_long_cohort_from_results_counts_days_from_the_first_exam(simulated):
    cohort = read_cohort(simulated, long=True)
    assert len(cohort) == 100
    assert set(cohort.numbers("days")) == {0.0, 70.0}
    wide = read_cohort(simulated)
    assert cohort.numbers("ff")[::2] == pytest.approx(wide.numbers("ff_baseline"))
    assert cohort.numbers("m_protein")[1::2] == pytest.approx(wide.numbers("m_protein_follow_up"))


def test_results_that_lack_parts_are_refused_with_a_sentence(simulated, tmp_path):
    case = json.loads((simulated / "case-01" / "results.json").read_text(encoding="utf-8"))
    del case["exams"][0]["date"]
    (tmp_path / "results.json").write_text(json.dumps(case), encoding="utf-8")
    with pytest.raises(MarrowQuantError, match="lacks parts of a MarrowQuant result"):
        read_cohort(tmp_path)


@pytest.mark.parametrize("text", ["=1+1", " =1+1", "\t=1+1", "\r\n@SUM(A1)", "＝1+1", "＋cmd", "－2+3", "+1-1"])
def test_no_text_is_written_that_a_spreadsheet_runs(text):
    assert cells.safe_cell(text).startswith("'")
    assert cells.is_formula(text)


@pytest.mark.parametrize("text", ["-1.5", "＋５", "-", "1-2", "a=b"])
def test_numbers_and_plain_text_are_no_formulas(text):
    assert not cells.is_formula(text)


def test_a_written_table_opens_in_japanese_and_in_comma_locales(tmp_path):
    rows = [("脂肪分画", 12.5, -0.25, 3), ("β2", 1e-7, float("inf"), 1234567)]
    for comma, separator in ((False, ","), (True, ";")):
        raw = cells.write_table(tmp_path / "t.csv", ("name", "a", "b", "n"), rows, decimal_comma=comma).read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")  # with the mark Excel takes the file for UTF-8, in Japan too
        assert raw.count(b"\r\n") == 3
        lines = [line.split(separator) for line in raw.decode("utf-8-sig").splitlines()]
        assert [len(line) for line in lines] == [4, 4, 4]
        assert lines[1] == (["脂肪分画", "12,5", "-0,25", "3"] if comma else ["脂肪分画", "12.5", "-0.25", "3"])
        assert lines[2][1:] == ["1e-07", "", "1234567"]
        cohort = read_cohort(tmp_path / "t.csv")
        assert cohort.numbers("a") == pytest.approx([12.5, 1e-7])


@pytest.fixture
def repeated_dates(written):
    rng = np.random.default_rng(3)
    lines = [
        f"p{n},2024-0{visit + 1}-01,{visit},{10 + n % 5 + 2 * visit + rng.normal():.3f},{rng.normal():.3f},{'abc'[n % 3]}"
        for n in range(18)
        for visit in range(3)
    ]
    return written("id,date,month,ff,noise,group\n" + "\n".join(lines) + "\n")


def answered(arguments, capsys):
    assert cli.main(["cohort", *(str(item) for item in arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_mixed_model_is_asked_for_on_a_table_of_dates_and_other_tests_refuse_it(repeated_dates, capsys):
    pytest.importorskip("statsmodels", reason="statsmodels is not installed.")
    answer = answered(["linear", repeated_dates, "--response", "ff", "--terms", "month", "--mixed"], capsys)
    assert answer["n_patients"] == 18
    assert answer["terms"]["month"]["coefficient"] == pytest.approx(2.0, abs=0.5)
    assert cli.main(["cohort", "linear", str(repeated_dates), "--response", "ff", "--terms", "month"]) == 1
    assert "same patient in lines" in capsys.readouterr().err


def test_paired_test_and_partial_correlation_are_commands(simulated, capsys):
    answer = answered(["paired", simulated, "--before", "m_protein_baseline", "--after", "m_protein_follow_up"], capsys)
    assert answer["pairs"][0]["n"] == 50
    columns = ["correlate", simulated, "--columns", "ff_change", "m_protein_change", "--given", "ff_baseline"]
    answer = answered(columns, capsys)
    assert answer["pairs"][0]["rho"] < 0
    assert answer["pairs"][0]["covariates"] == ["ff_baseline"]


def test_without_json_a_terminal_shows_every_test_under_its_columns(simulated, capsys):
    columns = ["--before", "ff_baseline,adc_baseline", "--after", "ff_follow_up,adc_follow_up"]
    assert cli.main(["cohort", "paired", str(simulated), *columns]) == 0
    first, second = capsys.readouterr().out.split("pairs:\n")[1].split("\n\n")
    assert first.splitlines()[:2] == ["  first: ff_baseline", "  second: ff_follow_up"]
    assert second.splitlines()[0] == "  first: adc_baseline"
    assert cli.main(["cohort", "paired", str(simulated), *columns[:3], "ff_follow_up"]) == 1
    assert "give each its partner" in capsys.readouterr().err


def test_three_groups_are_a_command(repeated_dates, capsys):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed.")
    table = repeated_dates.read_text().splitlines()
    repeated_dates.write_text("\n".join([table[0], *table[1::3]]) + "\n")
    answer = answered(["groups", repeated_dates, "--outcome", "group", "--predictors", "ff,noise", "--method", "lda"], capsys)
    assert answer["groups"] == ["a", "b", "c"]
    assert sum(sum(row.values()) for row in answer["assigned"].values()) == pytest.approx(18)
    assert list(answer["coefficients"]["a"]) == ["intercept", "ff", "noise"]


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_the_unit_of_a_column_changes_coefficients_by_its_size_and_nothing_else(unit):
    outcome, x = patients(15, 35)
    x[:, 1] += 20.0
    for method in ("ml", "firth", "ridge"):
        plain, scaled = (logistic.fit_logistic(outcome, values, ("a", "b"), method=method) for values in (x, x * [1.0, unit]))
        assert scaled.coefficients * [1, 1, unit] == pytest.approx(plain.coefficients, rel=1e-6)
        assert scaled.p == pytest.approx(plain.p, rel=1e-5, nan_ok=True)
        assert scaled.log_likelihood == pytest.approx(plain.log_likelihood + (np.log(unit) if method == "firth" else 0.0), rel=1e-9)
    response = 3.0 + x @ [1.0, 2.0] + np.random.default_rng(1).normal(size=50)
    plain, scaled = (linear.fit_linear(response, values, ("a", "b")) for values in (x, x * [1.0, unit]))
    assert scaled.coefficients * [1, 1, unit] == pytest.approx(plain.coefficients, rel=1e-8)
    assert scaled.p == pytest.approx(plain.p, rel=1e-8)


@pytest.mark.parametrize(("cell", "sentence"), [("1e300", "too far from 1"), ("1e-200", "too far from 1")])
def test_a_number_that_no_computation_survives_is_refused(written, cell, sentence):
    with pytest.raises(MarrowQuantError, match=sentence):
        read_cohort(written(GOOD.replace("1.5", cell))).numbers("x")


def test_a_column_that_hardly_varies_is_refused_in_every_regression():
    outcome, x = patients(15, 35)
    x[:, 0] += 1e9
    for fit in (lambda: logistic.fit_logistic(outcome, x, ("a", "b")), lambda: linear.fit_linear(x[:, 1], x[:, :1], ("a",))):
        with pytest.raises(MarrowQuantError, match="a varies by less than a millionth of its size"):
            fit()
