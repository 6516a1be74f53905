"""Repeatability against pingouin and the published example of Shrout and Fleiss; RAC by the published ADC rules."""

from __future__ import annotations

import datetime
import subprocess

import numpy as np
import pytest
from helpers.readings import READINGS, REFERENCE, SHROUT_FLEISS
from helpers.rscript import need_r
from MarrowQuantLib.followup import compare
from MarrowQuantLib.followup.lesions import NEW, PERSISTING, RESOLVED
from MarrowQuantLib.followup.rac import propose_rac
from MarrowQuantLib.followup.repeatability import read_limits, repeatability, write_limits
from MarrowQuantLib.model import Component, ExamResult, MarrowQuantError, Measurement


@pytest.mark.parametrize(("values", "icc_2_1", "icc_3_1"), REFERENCE)
def test_the_intraclass_correlations_are_those_of_pingouin(values, icc_2_1, icc_3_1):
    found = repeatability(values, index="adc", unit="µm²/s")
    assert found.icc_2_1 == pytest.approx(icc_2_1, abs=1e-6)
    assert found.icc_3_1 == pytest.approx(icc_3_1, abs=1e-6)


R_SCRIPT = """
x <- as.matrix(read.csv(file("stdin"), header = FALSE)); n <- nrow(x); k <- ncol(x)
d <- data.frame(value = as.vector(x), subject = factor(rep(1:n, k)), reading = factor(rep(1:k, each = n)))
two <- summary(aov(value ~ subject + reading, data = d))[[1]][["Mean Sq"]]
one <- summary(aov(value ~ subject, data = d))[[1]][["Mean Sq"]]
b <- two[1]; r <- two[2]; e <- two[3]; diff <- x[, 2] - x[, 1]
limits <- mean(diff) + c(-1.96, 1.96) * sd(diff)
cat(format(c((b - e) / (b + (k - 1) * e + k * (r - e) / n), (b - e) / (b + (k - 1) * e), sqrt(one[2]), limits), digits = 15))
"""


@pytest.mark.parametrize("values", [READINGS, SHROUT_FLEISS[:, :2]], ids=["two scans", "two judges"])
def test_correlations_and_limits_are_those_of_r(values):
    need_r()
    table = "\n".join(",".join(map(repr, row)) for row in values.tolist())
    done = subprocess.run(["Rscript", "--vanilla", "-e", R_SCRIPT], input=table, capture_output=True, text=True, check=True)
    found = repeatability(values, index="adc", unit="µm²/s")
    ours = [found.icc_2_1, found.icc_3_1, found.wsd, found.lower_limit, found.upper_limit]
    np.testing.assert_allclose(ours, [float(number) for number in done.stdout.split()], rtol=1e-9)


def test_the_published_example_of_shrout_and_fleiss():
    found = repeatability(SHROUT_FLEISS, index="x", unit="")
    assert (round(found.icc_2_1, 2), round(found.icc_3_1, 2)) == (0.29, 0.71)


def test_the_limits_are_those_of_the_definitions():
    found = repeatability(READINGS, index="adc", unit="µm²/s", how="two scans on one day")
    difference = READINGS[:, 1] - READINGS[:, 0]
    assert found.wsd == pytest.approx(np.sqrt(np.mean(difference**2) / 2))  # two readings: the variance is half the squared difference
    assert found.rc == pytest.approx(2.7718585822512662 * found.wsd)
    assert found.bias == pytest.approx(difference.mean())
    assert found.upper_limit - found.lower_limit == pytest.approx(2 * 1.96 * difference.std(ddof=1))
    cv = READINGS.std(axis=1, ddof=1) / READINGS.mean(axis=1)
    assert found.wcv_percent == pytest.approx(100 * np.sqrt(np.mean(cv**2)))


def test_a_simulated_index_gives_back_what_it_was_made_with():
    rng = np.random.default_rng(7)
    true = rng.normal(900, 120, 4000)
    found = repeatability(true[:, None] + rng.normal(0, 40, (4000, 2)), index="adc", unit="µm²/s")
    assert found.wsd == pytest.approx(40, rel=0.03)
    assert found.icc_3_1 == pytest.approx(120**2 / (120**2 + 40**2), abs=0.01)
    inside = np.abs(np.diff(true[:, None] + rng.normal(0, 40, (4000, 2)), axis=1)) <= found.rc
    assert inside.mean() == pytest.approx(0.95, abs=0.01)


def test_a_sites_limits_are_kept_in_a_file(tmp_path):
    found = {"adc": repeatability(READINGS, index="adc", unit="µm²/s"), "x": repeatability(SHROUT_FLEISS, index="x", unit="")}
    write_limits(found, tmp_path / "limits.json")
    back = read_limits(tmp_path / "limits.json")
    assert back["adc"] == found["adc"]
    assert np.isnan(back["x"].bias) and back["x"].icc_2_1 == found["x"].icc_2_1
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MarrowQuantError, match=r"other\.json"):
        read_limits(tmp_path / "other.json")


@pytest.mark.parametrize("bad", [READINGS[:2], READINGS[:, :1], READINGS.ravel(), np.where(READINGS > 1200, np.nan, READINGS)])
def test_tables_that_cannot_be_used_are_refused(bad):
    with pytest.raises(MarrowQuantError):
        repeatability(bad, index="adc", unit="µm²/s")


def test_a_sites_limit_takes_the_place_of_the_published_one():
    def exam(day, adc):
        lumbar = {"adc": Measurement("ADC", adc, "µm²/s")}
        return ExamResult("", datetime.date(2025, 1, day), {}, (), lumbar, None, {})

    own = repeatability(READINGS, index="adc", unit="µm²/s", how="two scans on one day")
    for change, inside in ((0.9 * own.rc, True), (1.1 * own.rc, False)):
        (found,) = compare(exam(1, 900.0), exam(2, 900.0 + change), limits={"adc": own})
        flags = [flag for flag in found.findings if flag.startswith("inside measurement error")]
        assert bool(flags) == inside
        assert not flags or ("the site's own" in flags[0] and "two scans on one day" in flags[0])


def lesion(adc, ratio):
    return Component(1, 5.0, np.zeros(3), 20.0, adc, adc, ratio, "accepted", "")


@pytest.mark.parametrize(
    ("before", "after", "category"),
    [
        ((900, 9.0), (1450, 6.0), 1),  # from <= 1400 to > 1400
        ((600, 9.0), (860, 6.0), 1),  # +43 % with falling signal
        ((950, 9.0), (1150, 9.0), 2),  # from <= 1000 to < 1400
        ((1050, 9.0), (1370, 7.0), 2),  # +30 % with falling signal
        ((1050, 9.0), (1370, 9.0), 3),  # the same rise, signal unchanged
        ((900, 9.0), (920, 9.1), 3),
        ((900, 6.0), (880, 8.0), 4),  # rising signal, ADC below 1400
    ],
)
def test_the_category_follows_the_published_adc_rules(before, after, category):
    assert propose_rac(PERSISTING, lesion(*before), lesion(*after)).category == category


def test_changes_are_told_with_minus_signs_and_no_sign_on_zero():
    sentence = propose_rac(PERSISTING, lesion(900, 9), lesion(898, 6)).why
    assert "(0 %)" in sentence and "−33 %" in sentence and "-" not in sentence.replace("high-b", "")


def test_new_and_resolved_lesions_have_their_categories():
    assert propose_rac(NEW, None, lesion(900, 9)).category == 4
    assert propose_rac(RESOLVED, lesion(900, 9), None).category == 1
