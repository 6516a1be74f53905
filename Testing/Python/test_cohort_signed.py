"""The numbers of the signed cohort page against R (committed, and live where R is there), and the study's document."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers.rscript import need_r
from MarrowQuantLib import cli
from MarrowQuantLib.cohort import characteristics as table1
from MarrowQuantLib.cohort import samplesize, survival
from MarrowQuantLib.cohort.accuracy import predictive_values, two_by_two, wilson
from MarrowQuantLib.cohort.imputation import impute_logistic, pool
from MarrowQuantLib.cohort.part import p_text
from MarrowQuantLib.cohort.reading import read_cohort
from MarrowQuantLib.cohort.roc import roc
from MarrowQuantLib.cohort.said import said
from MarrowQuantLib.cohort.study import effects
from MarrowQuantLib.cohort.study.simulate import dropout_of
from MarrowQuantLib.cohort.validation import smooth_calibration
from MarrowQuantLib.model import MarrowQuantError, finding

DATA = Path(__file__).parent / "data" / "statistics" / "signed"
PACKAGES = ("survival", "pROC", "mice", "jsonlite")
TABLEONE = {
    "a": 0.6274911245972754, "b": 0.2798349730782545, "c": 0.8350481509820312, "flag": 0.5582458012659252,
    "group": 0.051693413759668405,
}  # fmt: skip
"""Standardised differences of tableone 0.9.6 (Python) between patients without and with the event."""


@pytest.fixture(scope="module")
def patients():
    return read_cohort(DATA / "patients.csv")


@pytest.fixture(scope="module")
def committed():
    return json.loads((DATA / "reference.json").read_text(encoding="utf-8"))


def columns(cohort, *names):
    return [cohort.numbers(name) for name in names]


def ours(cohort):
    """The numbers of reference.R that no random number is in, from this project."""
    time, event, a, b, flag = columns(cohort, "time", "event", "a", "b", "flag")
    event, group = event > 0, cohort.text("group")
    cox = survival.fit_cox(time, event, np.column_stack([a, b, flag]), ("a", "b", "flag"))
    curve, two = survival.kaplan_meier(time, event), survival.log_rank(time, event, flag.astype(str).tolist())
    three = survival.log_rank(time, event, group)
    groups = [a[np.array(group) == name] for name in "ABC"]
    share = 1 / (1 + np.exp(-0.8 * a))
    counts = np.array([[((np.array(group) == name) & (flag == value)).sum() for value in (0, 1)] for name in "ABC"], dtype=float)
    one, other = (
        pool(("x",), np.array(q)[:, None], np.array(u)[:, None], 57)
        for q, u in (((0.51, 0.62, 0.44, 0.58, 0.49), (0.021, 0.019, 0.024, 0.02, 0.022)), ((1.2, 1.4, 0.9), (0.1, 0.12, 0.09)))
    )
    riley = samplesize.size_of_model(8, 0.3, cox_snell=0.2)
    return {
        "cox": {
            "coefficients": cox.coefficients, "errors": cox.standard_errors,
            "log_likelihood": [cox.null_log_likelihood, cox.log_likelihood],
            "concordance": [cox.concordance], "proportional": [*(x for x, _ in cox.proportional), cox.proportional_together[0]],
            "proportional_p": [*(p for _, p in cox.proportional), cox.proportional_together[2]],
        },
        "kaplan_meier": {"survival": curve.survival, "error": curve.standard_errors, "low": curve.low, "high": curve.high,
                         "median": [curve.median]},
        "log_rank": {"two": [two.statistic], "two_expected": two.expected, "three": [three.statistic], "three_p": [three.p]},
        "wilson": [*wilson(7, 23).interval, *wilson(0, 12).interval],
        "lowess": smooth_calibration(event, share)[:, 1],
        "welch": [table1.welch([a[flag == 0], a[flag == 1]]), table1.welch(groups)],
        "kruskal": [table1._number_test(groups, True)[1]],
        "chi": [table1._count_test(counts)[1]],
        "fisher": [table1._count_test(np.array([[1.0, 6.0], [9.0, 3.0]]))[1]],
        "pool": {name: [p.estimates[0], p.standard_errors[0], p.freedom[0], p.missing_information[0]] for name, p in
                 (("a", one), ("b", other))},
        "sizes": {
            "auc": [samplesize.size_of_auc(0.7, ratio=2).events], "interval": [samplesize.size_of_interval(0.85, 0.15).events],
            "pair": [samplesize.size_of_difference(0.9, 0.8, 0.4, ratio=1.5).events],
            "variance": [samplesize.hanley_variance(0.847, 15, 35)],
            "riley": [riley.shrinkage, riley.small_difference, riley.overall_risk], "cox_snell": [samplesize.cox_snell_of(0.8, 0.3)],
        },
    }  # fmt: skip


def compare(mine, theirs, where=""):
    """Every number to 1e-6, by the names of the reference."""
    for name, value in mine.items():
        if isinstance(value, dict):
            compare(value, theirs[name], f"{where}{name}.")
        else:
            expected = np.array([np.nan if x is None else x for x in theirs[name]], dtype=float)
            assert np.asarray(value, dtype=float) == pytest.approx(expected, rel=1e-6, abs=1e-9, nan_ok=True), where + name


def test_every_number_is_that_of_r_as_it_was_committed(patients, committed):
    compare(ours(patients), committed)


def test_the_band_and_the_imputation_are_those_of_r_within_their_random_error(patients, committed):
    event, a = columns(patients, "event", "a")
    curve = roc(event > 0, a, direction="higher", bootstraps=4000)
    specificities = np.arange(0.9, 0.0, -0.2)
    band = np.column_stack([np.interp(1 - specificities, curve.band[:, 0], curve.band[:, n]) for n in (1, 2)])
    assert np.abs(band - np.array(committed["band"])).max() < 0.04  # 4000 samples each; a step of a sensitivity is 1 / 57
    pooled = impute_logistic(patients, "event", ("a", "c"), tables=40).pooled
    theirs = committed["imputed"]
    assert np.abs(pooled.estimates - theirs["estimate"]).max() < 0.3 * min(theirs["error"])
    assert pooled.standard_errors == pytest.approx(theirs["error"], rel=0.15)


def test_a_column_of_words_explains_the_gaps_of_the_others(patients, tmp_path):
    """mice 3.15: ``mice(m[, c("event", "a", "c", "group")], 100, method = c("", "norm", "norm", ""), seed = 2)`` pooled over ``glm``."""
    theirs = {
        "a": (0.5152227, 0.3258097), "c": (0.6385749, 0.2632747), "group = B": (0.1266831, 0.6253810), "group = C": (0.2359932, 0.5718665),
    }  # fmt: skip
    pooled = impute_logistic(patients, "event", ("a", "c", "group"), tables=30).pooled
    for name, (estimate, error) in theirs.items():
        n = pooled.names.index(name)
        assert abs(pooled.estimates[n] - estimate) < 0.3 * error and pooled.standard_errors[n] == pytest.approx(error, rel=0.15)
    lines = (DATA / "patients.csv").read_text(encoding="utf-8").replace(",B,", ",,", 1)
    (tmp_path / "t.csv").write_text(lines, encoding="utf-8")
    with pytest.raises(MarrowQuantError, match="group is a column of words and has gaps"):
        impute_logistic(read_cohort(tmp_path / "t.csv"), "event", ("a", "c", "group"))


def test_r_gives_the_same_numbers_live(patients, tmp_path):
    need_r(*PACKAGES)
    shutil.copy(DATA / "patients.csv", tmp_path)
    done = subprocess.run(["Rscript", str(DATA / "reference.R")], cwd=tmp_path, capture_output=True, text=True, check=True)
    compare(ours(patients), json.loads(done.stdout))


def test_statsmodels_finds_the_same_hazards(patients):
    hazards = pytest.importorskip("statsmodels.duration.hazard_regression", reason="statsmodels is not installed.")
    time, event, a, b, flag = columns(patients, "time", "event", "a", "b", "flag")
    x = np.column_stack([a, b, flag])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = hazards.PHReg(time, x, status=event, ties="efron").fit()
    mine = survival.fit_cox(time, event > 0, x, ("a", "b", "flag"))
    assert mine.coefficients == pytest.approx(theirs.params, rel=1e-5) and mine.standard_errors == pytest.approx(theirs.bse, rel=1e-4)


def test_standardised_differences_are_tableone_s(patients):
    found = table1.characteristics(patients, "event", ("a", "b", "c", "flag", "group"), skewed=("b",))
    by_column = {line.column: line.differences[0] for line in found.lines if line.differences}
    assert by_column == pytest.approx(TABLEONE, rel=1e-9)
    assert found.sizes == (33, 57) and {line.column: line.missing for line in found.lines if line.missing} == {"c": 11}


def test_the_published_example_of_a_model_s_size():
    """Riley et al., BMJ 2020;368:m441: R² 0.288, 24 parameters, 17.4 % events need 662 patients."""
    assert samplesize.size_of_model(24, 0.174, cox_snell=0.288).total == 662


def test_the_size_found_is_the_smallest_that_is_enough():
    found = samplesize.size_of_auc(0.75, ratio=2.0)
    n, others = found.events, found.others
    assert samplesize.power_of_auc(0.75, n, others) >= 0.8 > samplesize.power_of_auc(0.75, n - 1, others - 2)


@pytest.mark.parametrize("wrong", [{"auc": 1.2}, {"auc": 0.5}, {"auc": 0.8, "ratio": 0.0}, {"auc": float("nan")}])
def test_sizes_of_impossible_numbers_are_refused(wrong):
    with pytest.raises(MarrowQuantError):
        samplesize.size_of_auc(**wrong)


def test_counts_and_predictive_values_by_hand():
    outcome, called = np.array([1, 1, 1, 0, 0, 0, 0], dtype=bool), np.array([1, 1, 0, 1, 0, 0, 0], dtype=bool)
    table = two_by_two(outcome, called)
    assert (table.true_positive, table.false_positive, table.false_negative, table.true_negative) == (2, 1, 1, 3)
    assert predictive_values(2 / 3, 3 / 4, 3 / 7) == pytest.approx((table.positive_predictive.value, table.negative_predictive.value))


def test_p_values_by_convention():
    assert [p_text(p) for p in (0.0, 0.00099, 0.0011, 0.04999, 0.2, 0.999)] == ["<0.001", "<0.001", "0.001", "0.050", "0.20", ">0.99"]


@pytest.mark.parametrize(
    ("time", "event", "why"),
    [([-1.0, 2, 3], [1, 1, 1], "numbers of 0 or more"), ([], [], "numbers of 0 or more"), ([1.0, 2, 3], [1, 0, 0], "events are too few")],
)
def test_survival_refuses_what_it_cannot_use(time, event, why):
    with pytest.raises(MarrowQuantError, match=why):
        survival.fit_cox(np.array(time), np.array(event, dtype=bool), np.arange(len(time), dtype=float)[:, None], ("x",))


def test_a_predictor_that_orders_all_events_has_no_hazard_ratio():
    time = np.arange(1.0, 31.0)
    with pytest.raises(MarrowQuantError, match="order the events completely"):
        survival.fit_cox(time, np.ones(30, dtype=bool), -time[:, None], ("x",))


def test_survival_and_table_and_imputation_in_the_shell(tmp_path, capsys):
    source = str(DATA / "patients.csv")
    out = tmp_path / "page"
    arguments = ["cohort", "survival", source, "--time", "time", "--status", "event", "--group", "group", "--predictors", "a,flag"]
    assert cli.main([*arguments, "--json", "--out", str(out), "--language", "ja"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["groups"]["A"]["n"] == 33 and 0 < answer["log_rank"]["p"] < 1
    page = (out / "cohort.html").read_text(encoding="utf-8")
    assert "ハザード比" in page and "ログランク検定" in page and "リスク集合の患者数" in page
    assert cli.main(["cohort", "table1", source, "--group", "group", "--columns", "a,b,c,flag", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["groups"] == {"A": 33, "B": 26, "C": 31}
    assert cli.main(["cohort", "impute", source, "--outcome", "event", "--predictors", "a,c", "--tables", "3", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["data"]["n"] == 90 and answer["data"]["n_complete"] == 79 and answer["tables"] == 3
    assert cli.main(["cohort", "size", "model", "--parameters", "24", "--prevalence", "0.174", "--r2", "0.288", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 662
    assert cli.main(["cohort", "size", "difference", "--first", "0.9", "--second", "0.9"]) == 1
    assert "No number of patients" in capsys.readouterr().err


def test_a_signed_page_holds_flow_table_inputs_and_checklist_in_four_formats(tmp_path):
    for package in ("PIL", "openpyxl", "docx", "fpdf", "matplotlib_fontja"):
        pytest.importorskip(package, reason=f"{package} is not installed.")
    source = DATA / "patients.csv"
    arguments = ["cohort", "report", str(source), "--outcome", "event", "--predictors", "a,c", "--bootstraps", "2", "--signed"]
    assert cli.main([*arguments, "--out", str(tmp_path)]) == 0
    page = (tmp_path / "cohort.html").read_text(encoding="utf-8")
    assert hashlib.sha256(source.read_bytes()).hexdigest() in page and "TRIPOD checklist" in page and "11 without a value" in page
    assert "At Youden&#x27;s cut-off" in page and "Table 1" in page and page.count("<figcaption>") == page.count("<svg")
    for kind in ("pdf", "xlsx", "docx"):
        assert (tmp_path / f"cohort.{kind}").stat().st_size > 5000
    with (tmp_path / "flow.csv").open(encoding="utf-8-sig") as file:
        assert list(csv.reader(file))[1] == ["event", "90", "11", "79"]


# -------------------------------------------------------------------------------------------------------------------- study
def test_the_simulated_dropout_is_that_of_the_marrow_spectrum():
    """Computed with the nine peaks of Ren's marrow spectrum at 3 T, TE 1.15 and 2.30 ms: 15.3, 48.4, 84.5 and 27.7 %."""
    assert dropout_of(np.array([10.0, 30.0, 50.0, 90.0])) == pytest.approx([15.3, 48.4, 84.5, 27.7], abs=0.06)


def test_every_effect_names_its_source_or_is_assumed():
    standings = {effects.PUBLISHED, effects.COMPUTED, effects.ASSUMED}
    told = [source for group in effects.GROUPS for source in group.sources.values()] + [row[2:] for row in effects.OTHERS]
    assert all(how in standings and (source or how == effects.ASSUMED) for how, source in told)
    assert all(set(group.sources) == {"n", "age", "male", "ff", "adc", "platelets"} for group in effects.GROUPS)
    assert sum(group.n for group in effects.GROUPS) == 200


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    for package in ("sklearn", "statsmodels", "PIL", "openpyxl", "docx", "fpdf", "matplotlib_fontja"):
        pytest.importorskip(package, reason=f"{package} is not installed.")
    folder = tmp_path_factory.mktemp("study") / "out"
    scores = folder.parent / "scores.csv"
    rows = [(f"{kind}-{n + 1:02d}", (kind == "mds") * 0.3 + (n * 37 % 100) / 100) for kind in ("mds", "aa") for n in range(35)]
    with scores.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("record_id", "network_score"), *rows])
    assert cli.main(["cohort", "study", "--out", str(folder), "--bootstraps", "2", "--language", "ja", "--scores", str(scores)]) == 0
    return folder


def test_the_study_is_one_document_of_four_kinds(study):
    page = (study / "ja" / "cohort.html").read_text(encoding="utf-8")
    assert page.count("<svg") == page.count("<figcaption>") >= 25  # every figure has its caption
    headings = ("患者の流れ", "表1：患者の特性", "化学シフト", "解析B", "進行までの時間", "症例数と検出力", "TRIPODチェックリスト")
    for heading in (*headings, "入力とバージョン"):
        assert heading in page
    assert "設定により再現" in page and "患者ではありません" in page and "ネットワークのスコア" in page
    assert (study / "ja" / "cohort.pdf").read_bytes().startswith(b"%PDF")
    with zipfile.ZipFile(study / "ja" / "cohort.docx") as word:
        assert "TRIPOD" in word.read("word/document.xml").decode()
    import openpyxl

    book = openpyxl.load_workbook(study / "ja" / "cohort.xlsx", read_only=True)
    assert {"beside", "flow", "patients_table1", "c_model", "progression_cox", "tripod"} <= set(book.sheetnames)
    assert list(book["flow"].iter_rows(min_row=3, values_only=True))[2][1:] == (50, 0, 50)


def test_what_was_put_in_is_found_again(study):
    with (study / "ja" / "beside.csv").open(encoding="utf-8-sig") as file:
        beside = {row["statement"]: row for row in csv.DictReader(file)}
    assert float(beside["AUC of the change of fat fraction"]["re-enacted"].split()[0]) > 0.9
    water = beside["Water-dominant myeloma: dropout ratio and plasma cells"]["re-enacted"]
    assert water.startswith("ρ −0.") and "p <0.001" in water
    weak = beside["Controls: dropout ratio and age"]
    low, high = (float(end.replace("−", "-")) for end in weak["re-enacted"].split("（")[1].split("）")[0].split("～"))
    assert (weak["how"] == "direction by construction, size assumed") == (high < 0 and low > -1.0)  # none is claimed whose interval holds 0
    test = beside["Dropout ratio: infiltration against haematopoietic marrow"]
    low, high = (float(end) for end in test["re-enacted"].split("(")[1].split(")")[0].split("–"))
    assert low < 0.5 < high and test["how"] == "reproduced by construction"


def test_covariates_enter_or_the_document_says_why_not(study):
    with (study / "ja" / "covariates_cox.csv").open(encoding="utf-8-sig") as file:
        terms = [row["term"] for row in csv.DictReader(file)]
    page = (study / "ja" / "cohort.html").read_text(encoding="utf-8")
    assert terms[:2] == ["responder", "tdv_baseline"]
    for name, label in (("ras_mutation", "RAS遺伝子"), ("tp53_mutation", "TP53遺伝子")):
        assert any(term.startswith(name) for term in terms) or f"{label}（KRASまたはNRAS）、シーケンスは共変量に含めなかった" in page or (
            f"{label}、シーケンスは共変量に含めなかった" in page
        )


def test_every_figure_is_numbered_and_no_name_is_cut(study):
    page = (study / "ja" / "cohort.html").read_text(encoding="utf-8")
    assert [f"図{n}．" in page for n in range(1, page.count("<svg") + 1)] == [True] * page.count("<svg")
    assert "…" not in page.split("<main>")[1]


def test_a_number_and_its_spread_stay_in_one_line_of_the_pdf(study):
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed.")
    with (study / "ja" / "patients_table1.csv").open(encoding="utf-8-sig") as file:
        cells = next(csv.reader(list(file)[1:]))[2:6]
    document = pdfium.PdfDocument(study / "ja" / "cohort.pdf")
    text = "\n".join(page.get_textpage().get_text_range() for page in document).replace("\u00a0", " ")
    assert all(cell in text for cell in cells if "±" in cell) and any("±" in cell for cell in cells)


def test_a_study_writes_into_a_new_folder_only(study, capsys):
    assert cli.main(["cohort", "study", "--out", str(study)]) == 1
    assert "is not empty" in capsys.readouterr().err


def test_sentences_about_the_data_are_told_in_japanese():
    assert said("age: 3 of 50 values are missing.", "ja") == "age：50個中3個の値が欠測。"
    assert said("A sentence of the reader.", "ja") == "A sentence of the reader."
    assert said(finding("cohort.few", count=4, step=25.0), "ja") == said(str(finding("cohort.few", count=4, step=25.0)), "ja") != ""
    assert "小さい方の群は4例" in said(finding("cohort.few", count=4, step=25.0), "ja")


def test_two_readings_stand_in_the_report_with_their_limits(tmp_path, capsys):
    """Bland and Altman's limits written out; ICC and the rest are those of ``followup.repeatability``."""
    rng = np.random.default_rng(6)
    first = rng.normal(50, 10, 40)
    second = first + rng.normal(1, 2, 40)
    rows = [f"{n},{n % 2},{rng.normal(n % 2):.3f},{a:.3f},{b:.3f}" for n, (a, b) in enumerate(zip(first, second))]
    (tmp_path / "t.csv").write_text("\n".join(["id,event,m,one,two", *rows]) + "\n", encoding="utf-8")
    arguments = ["cohort", "report", str(tmp_path / "t.csv"), "--outcome", "event", "--predictors", "m", "--bootstraps", "2"]
    assert cli.main([*arguments, "--readings", "one,two", "--out", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "readers.csv").open(encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    difference = np.round(second, 3) - np.round(first, 3)
    reach = 1.96 * difference.std(ddof=1)
    ends = [float(row[f"{end} limit of agreement"]) for end in ("lower", "upper")]
    assert ends == pytest.approx([difference.mean() - reach, difference.mean() + reach], rel=1e-3)
    capsys.readouterr()
    assert cli.main([*arguments, "--readings", "one", "--out", str(tmp_path / "other")]) == 1
    assert "need two columns" in capsys.readouterr().err
