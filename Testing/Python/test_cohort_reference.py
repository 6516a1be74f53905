"""The cohort's statistics against R's on public data, from a file and, where R is installed, live."""

import csv
import json
import shutil
import subprocess

import numpy as np
import pytest
from MarrowQuantLib.cohort import logistic, roc
from MarrowQuantLib.cohort.reading import read_cohort
from MarrowQuantLib.response import binormal
from scipy import optimize, stats
from scipy.special import expit, log_expit

SEX2 = ("age", "oc", "vic", "vicl", "vis", "dia")
REMISSION = ("cell", "smear", "infil", "li", "blast", "temp")


@pytest.fixture
def reference(shared_data):
    return json.loads((shared_data / "references.json").read_text())


def table(shared_data, name, outcome, columns, events=()):
    cohort = read_cohort(shared_data / "statistics" / name, outcome=outcome)
    return cohort.is_event(outcome, events) > 0, np.column_stack([cohort.numbers(column) for column in columns])


@pytest.fixture
def asah(shared_data):
    return table(shared_data, "aSAH.csv", "outcome", ("s100b", "ndka", "wfns"), ("Poor",))


@pytest.mark.parametrize(("n", "marker"), [(0, "s100b"), (1, "ndka"), (2, "wfns")])
def test_auc_its_variance_and_interval_are_those_of_proc(asah, reference, n, marker):
    outcome, x = asah
    found, known = roc.roc(outcome, x[:, n]), reference["asah"]
    assert found.auc == pytest.approx(known["auc"][marker], rel=1e-6)
    assert found.variance == pytest.approx(known["delong_variance"][marker], rel=1e-6)
    assert found.delong_interval == pytest.approx(known["delong_ci95"][marker], rel=2e-6)  # the file gives six decimals


@pytest.mark.parametrize(("first", "second", "name"), [(0, 1, "s100b_vs_ndka"), (2, 0, "wfns_vs_s100b")])
def test_the_paired_comparison_is_that_of_proc(asah, reference, first, second, name):
    outcome, x = asah
    found, known = roc.compare_rocs(outcome, x[:, first], x[:, second]), reference["asah"]["delong_test"][name]
    assert found.z == pytest.approx(known["z"], rel=1e-6)
    assert found.p == pytest.approx(known["p"], rel=1e-6)


def test_youdens_cut_off_is_that_of_proc_and_its_bootstrap_interval_holds_it(asah, reference):
    outcome, x = asah
    found, known = roc.roc(outcome, x[:, 0]).cut_off, reference["asah"]["youden_s100b"]
    assert found.threshold == pytest.approx(known["threshold"], rel=1e-9)
    assert found.sensitivity == pytest.approx(known["sensitivity"], rel=1e-6)
    assert found.specificity == pytest.approx(known["specificity"], rel=1e-6)
    assert found.threshold_interval[0] <= known["threshold"] <= found.threshold_interval[1]


def test_logistic_regression_is_that_of_r(asah, shared_data, reference):
    outcome, x = asah
    known = reference["asah"]["logistic_poor_on_s100b_wfns"]
    fit = logistic.fit_logistic(outcome, x[:, [0, 2]], ("s100b", "wfns"))
    assert fit.coefficients == pytest.approx(known["coef"], abs=1e-5)
    assert fit.log_likelihood == pytest.approx(known["loglik"], abs=1e-5)
    assert roc.roc(outcome, fit.probability(x[:, [0, 2]]), bootstraps=50).auc == pytest.approx(known["auc"], rel=1e-6)
    known = reference["remission"]["logistic_li"]
    remission, li = table(shared_data, "remission.csv", "remiss", ("li",))
    fit = logistic.fit_logistic(remission, li, ("li",))
    assert fit.coefficients == pytest.approx(known["coef"], abs=1e-5)
    assert fit.standard_errors[1] == pytest.approx(known["se_li"], abs=1e-5)
    assert fit.log_likelihood == pytest.approx(known["loglik"], abs=1e-5)
    assert roc.roc(remission, li[:, 0], bootstraps=50).auc == pytest.approx(known["auc"], rel=1e-6)


def test_the_three_variable_model_is_that_of_the_sas_manual(shared_data, reference):
    known = reference["remission"]["logistic_cell_li_temp"]
    outcome, x = table(shared_data, "remission.csv", "remiss", ("cell", "li", "temp"))
    fit = logistic.fit_logistic(outcome, x, ("cell", "li", "temp"))
    assert fit.coefficients == pytest.approx(known["coef"], abs=1e-5)
    assert -2 * fit.log_likelihood == pytest.approx(known["minus2loglik"], abs=1e-5)
    curve = roc.roc(outcome, fit.probability(x), bootstraps=50)
    assert curve.auc == pytest.approx(known["auc"], rel=1e-6)
    assert curve.delong_interval == pytest.approx(known["delong_ci95"], rel=1e-6)


def test_firths_estimates_are_those_of_brglm2(shared_data, reference):
    outcome, x = table(shared_data, "remission.csv", "remiss", REMISSION)
    fit = logistic.fit_logistic(outcome, x, REMISSION, method="firth", inference=False)
    assert fit.coefficients == pytest.approx(reference["remission"]["firth_all6"]["coef"], abs=1e-5)
    outcome, x = table(shared_data, "sex2.csv", "case", SEX2)
    fit = logistic.fit_logistic(outcome, x, SEX2, method="firth")
    known = reference["sex2"]
    assert fit.coefficients == pytest.approx([known["firth"][name] for name in ("intercept", *SEX2)], abs=1e-5)
    assert fit.log_likelihood == pytest.approx(known["penalised_loglik"], abs=1e-5)


def penalised(beta, x, y):
    eta = x @ beta
    p = expit(eta)
    log_det = np.linalg.slogdet(x.T @ (x * (p * (1 - p))[:, None]))[1]
    return float(np.sum(y * log_expit(eta) + (1 - y) * log_expit(-eta)) + 0.5 * log_det)


@pytest.fixture
def sex2(shared_data):
    outcome, x = table(shared_data, "sex2.csv", "case", SEX2)
    return outcome, x, logistic.fit_logistic(outcome, x, SEX2, method="firth")


@pytest.mark.parametrize("name", ["age", "dia"])
def test_the_penalised_likelihood_ratio_test_agrees_with_a_general_optimiser(sex2, name):
    outcome, x, fit = sex2
    j = 1 + SEX2.index(name)
    design, others = np.column_stack([np.ones(len(x)), x]), [n for n in range(7) if n != j]
    best = optimize.minimize(
        lambda part: -penalised(np.insert(part, j, 0.0), design, outcome), fit.coefficients[others], method="BFGS", options={"gtol": 1e-9}
    )
    assert fit.p[j] == pytest.approx(stats.chi2.sf(2 * (fit.log_likelihood + best.fun), 1), rel=1e-6)


@pytest.mark.parametrize("j", range(7))
def test_both_ends_of_a_profile_interval_cost_exactly_the_quantile(sex2, j):
    outcome, x, fit = sex2
    design, others = np.column_stack([np.ones(len(x)), x]), [n for n in range(7) if n != j]
    for end in fit.intervals[j]:
        best = optimize.minimize(
            lambda part, end=end: -penalised(np.insert(part, j, end), design, outcome), fit.coefficients[others], options={"gtol": 1e-8}
        )
        assert 2 * (fit.log_likelihood + best.fun) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)


@pytest.mark.parametrize("name", ["age", "dia"])
def test_the_p_values_of_the_reference_file_come_from_another_packages_null_fit(sex2, reference, name):
    """firthlogist 0.5 sets a column to zero and takes the hat matrix from a QR of that, which still has the full rank: a null fit that does
    not maximise the penalised likelihood. Done in the same way, the same data give its p; ours is the maximum (test above)."""
    outcome, x, fit = sex2
    y, design, j = outcome.astype(float), np.column_stack([x, np.ones(len(x))]), SEX2.index(name)
    beta = np.zeros(7)
    for _ in range(100):
        p = expit(design @ beta)
        root = design * np.sqrt(p * (1 - p))[:, None]
        root[:, j] = 0.0
        hat = (np.linalg.qr(root)[0] ** 2).sum(axis=1)
        beta += np.linalg.lstsq(root.T @ root, design.T @ (y - p + hat * (0.5 - p)), rcond=None)[0]
    theirs = stats.chi2.sf(2 * (fit.log_likelihood - penalised(beta, design, y)), 1)
    assert theirs == pytest.approx(reference["sex2"]["penalised_lr_p"][name], rel=5e-4)
    assert penalised(beta, design, y) < fit.log_likelihood - stats.chi2.isf(fit.p[1 + j], 1) / 2  # lower than the maximum that we found


def test_the_arithmetic_of_the_published_aucs_is_that_of_the_reference(reference):
    known = reference["binormal_from_the_published_auc"]
    d = [float(binormal.effect_size(known[key])) for key in ("auc_ff", "auc_m_protein")]
    assert d == pytest.approx([known["d_ff"], known["d_m_protein"]], abs=5e-4)
    for rho, auc in known["combined_auc_by_within_group_correlation"].items():
        assert float(binormal.combined_auc(*d, float(rho))) == pytest.approx(auc, abs=5e-4)
    for key, interval in (("auc_ff", "logit_ci95_ff"), ("auc_m_protein", "logit_ci95_m_protein")):
        assert binormal.auc_interval(known[key], known["n_event"], known["n_no_event"]) == pytest.approx(known[interval], abs=5e-4)


R_CODE = """
suppressMessages({library(pROC); library(brglm2)}); d <- read.csv("data.csv")
a <- roc(d$y, d$a, quiet=TRUE, direction="<"); b <- roc(d$y, d$b, quiet=TRUE, direction="<"); t <- roc.test(a, b)
best <- coords(a, "best", best.method="youden", ret="threshold", transpose=FALSE)$threshold[1]
f <- glm(y ~ a + b, data=d, family=binomial, method="brglmFit", type="AS_mean", epsilon=1e-10)
m <- glm(y ~ a + b, data=d, family=binomial, epsilon=1e-12)
w <- wilcox.test(d$a[d$y==1], d$a[d$y==0], exact=FALSE)
cat(sprintf("%.12g", c(auc(a), var(a), t$statistic, t$p.value, best, coef(f), coef(m), sqrt(diag(vcov(m))), as.numeric(logLik(m)),
  w$p.value, cor(d$a, d$b, method="spearman"), p.adjust(c(.01,.04,.03), "holm"), p.adjust(c(.01,.04,.03), "BH"))), sep="\\n")
"""


def test_r_gives_the_same_numbers_live(tmp_path):
    if not shutil.which("Rscript"):
        pytest.skip("R is not installed (apt install r-base-core r-cran-proc r-cran-brglm2).")
    if subprocess.run(["Rscript", "-e", "library(pROC); library(brglm2)"], capture_output=True, check=False).returncode:
        pytest.skip("R is there, but not its packages pROC and brglm2 (apt install r-cran-proc r-cran-brglm2).")
    from MarrowQuantLib.cohort import comparisons

    rng = np.random.default_rng(7)
    outcome = rng.random(80) < 0.35
    a = np.round(rng.normal(outcome * 1.2, 1.0), 1)  # rounded, so that there are ties
    b = np.round(rng.normal(outcome * 0.7, 1.0), 2)
    with (tmp_path / "data.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["y", "a", "b"])
        writer.writerows(zip(outcome.astype(int), a, b))
    done = subprocess.run(["Rscript", "-e", R_CODE], cwd=tmp_path, capture_output=True, text=True, check=True)
    theirs = [float(line) for line in done.stdout.split()]
    curve, paired = roc.roc(outcome, a, direction="higher"), roc.compare_rocs(outcome, a, b)
    x = np.column_stack([a, b])
    firth, plain = (logistic.fit_logistic(outcome, x, ("a", "b"), method=method, inference=False) for method in ("firth", "ml"))
    ours = [
        curve.auc, curve.variance, paired.z, paired.p, curve.cut_off.threshold, *firth.coefficients, *plain.coefficients,
        *plain.standard_errors, plain.log_likelihood, comparisons.mann_whitney(outcome, a).p, comparisons.spearman(a, b).rho,
        *comparisons.adjust([0.01, 0.04, 0.03], "holm"), *comparisons.adjust([0.01, 0.04, 0.03], "bh"),
    ]  # fmt: skip
    assert ours == pytest.approx(theirs, rel=1e-6)
