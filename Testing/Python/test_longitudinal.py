"""Change between two exams: sizes, units, and the flags that keep a number from being over-read."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest
from MarrowQuantLib.followup import INDICES, compare, index_of, label_of
from MarrowQuantLib.followup.change import unmatched_findings
from MarrowQuantLib.model import ExamResult, LabValue, MarrowQuantError, Measurement, VertebraResult, VertebraROI

BASELINE, FOLLOW_UP = datetime.date(2025, 1, 14), datetime.date(2025, 3, 18)


def vertebra(level, ff, excluded=None):
    roi = VertebraROI(level, np.zeros(3), np.eye(3), np.full(3, 9.0), excluded=excluded)
    return VertebraResult(roi, {"ff": Measurement("FF", ff, "%")})


def exam(date=BASELINE, *, ff=None, labs=(), vertebrae=(), adc=None, **protocol):
    lumbar = {key: Measurement(key, value, "") for key, value in (("ff", ff), ("adc", adc)) if value is not None}
    values = {test: LabValue(test, value, "g/L", date) for test, value in labs}
    return ExamResult("exam", date, {}, tuple(vertebrae), lumbar, None, values, protocol=protocol)


def change_of(name, first, second):
    return next(change for change in compare(first, second) if (change.name, change.level) == (name, ""))


def kinds(change):
    return [flag.code for flag in change.findings]


def test_the_illustrated_case_is_23_points_and_1150_percent_and_its_relative_change_is_flagged():
    change = change_of("ff", exam(ff=2.0), exam(FOLLOW_UP, ff=25.0))
    assert change.absolute == pytest.approx(23.0)
    assert change.absolute_unit == "percentage points"
    assert change.relative_percent == pytest.approx(1150.0)
    assert kinds(change) == ["change.small_baseline"]


def test_a_baseline_of_zero_has_no_relative_change_and_says_so():
    change = change_of("m_protein", exam(labs=[("m_protein", 0.0)]), exam(FOLLOW_UP, labs=[("m_protein", 4.0)]))
    assert change.relative_percent is None
    assert change.absolute == 4.0
    assert kinds(change) == ["change.undefined"]


def test_a_negative_baseline_has_no_relative_change_because_its_sign_would_be_wrong():
    change = change_of("ff", exam(ff=-0.4), exam(FOLLOW_UP, ff=8.0))
    assert change.relative_percent is None
    assert "negative" in change.findings[0]


@pytest.mark.parametrize(("follow_up", "inside"), [(31.0, True), (33.0, True), (33.1, False), (26.9, False)])
def test_a_fat_fraction_change_up_to_3_points_is_inside_measurement_error(follow_up, inside):
    change = change_of("ff", exam(ff=30.0), exam(FOLLOW_UP, ff=follow_up))
    assert ("change.inside_limit" in kinds(change)) is inside


@pytest.mark.parametrize(("follow_up", "inside"), [(889.0, True), (511.0, True), (900.0, False), (500.0, False)])
def test_an_adc_change_is_judged_relative_to_its_baseline(follow_up, inside):
    change = change_of("adc", exam(adc=700.0), exam(FOLLOW_UP, adc=follow_up))
    assert ("change.inside_limit" in kinds(change)) is inside


def test_other_b_values_flag_the_adc_and_not_the_fat_fraction():
    first, second = exam(ff=20, adc=700, b_values=[50, 900]), exam(FOLLOW_UP, ff=30, adc=1000, b_values=[0, 1000])
    assert kinds(change_of("adc", first, second)) == ["change.protocol"]
    assert "50, 900 at baseline, 0, 1000 at follow-up" in change_of("adc", first, second).findings[0]
    assert kinds(change_of("ff", first, second)) == []


def test_other_echo_times_and_another_origin_flag_the_fat_fraction_and_not_the_adc():
    first = exam(ff=20, adc=700, echo_times_s=[0.00115, 0.0023], ff_origin="ff_vendor")
    second = exam(FOLLOW_UP, ff=30, adc=1000, echo_times_s=[0.0012, 0.0024], ff_origin="ff_six_echo")
    assert kinds(change_of("ff", first, second)) == ["change.protocol", "change.protocol"]
    assert kinds(change_of("adc", first, second)) == []


def test_the_field_strength_concerns_every_image_index_and_no_laboratory_value():
    first, second = (exam(date, ff=v, adc=v * 30, labs=[("m_protein", v)], field_strength_t=t)
                     for date, v, t in ((BASELINE, 20, 3.0), (FOLLOW_UP, 30, 1.5)))
    assert kinds(change_of("ff", first, second)) == ["change.protocol"]
    assert kinds(change_of("adc", first, second)) == ["change.protocol"]
    assert kinds(change_of("m_protein", first, second)) == []


def test_rounded_headers_are_the_same_protocol():
    first, second = exam(ff=20, field_strength_t=3.0), exam(FOLLOW_UP, ff=30, field_strength_t=2.98)
    assert change_of("ff", first, second).findings == ()


def test_a_protocol_known_for_one_exam_only_is_said():
    change = change_of("adc", exam(adc=700, b_values=[50, 900]), exam(FOLLOW_UP, adc=1000))
    assert "not known at follow-up" in change.findings[0]


def test_every_vertebra_that_both_exams_have_gets_a_change_and_excluded_ones_do_not():
    first = exam(ff=20, vertebrae=[vertebra("L1", 10), vertebra("L2", 20), vertebra("L3", 30, excluded="fracture"), vertebra("L4", np.nan)])
    second = exam(FOLLOW_UP, ff=30, vertebrae=[vertebra("L1", 15), vertebra("L2", 21), vertebra("L3", 31), vertebra("L4", 40)])
    changes = {change.level: change for change in compare(first, second) if change.level}
    assert list(changes) == ["L1", "L2"] and {change.name for change in changes.values()} == {"ff"}
    assert changes["L1"].absolute == pytest.approx(5.0)
    assert "change.inside_limit" in kinds(changes["L2"])
    mean = change_of("ff", first, second)
    assert "change.levels" in kinds(mean)
    assert (mean.baseline, mean.follow_up) == (15.0, 18.0)  # L1 and L2, which both means hold


@pytest.mark.parametrize(
    ("before", "after", "means"),
    [
        ({"L1": 10, "L2": 20, "L3": 60}, {"L1": 12, "L2": 24}, (15.0, 18.0)),
        ({"L1": 10}, {"L1": 12, "L5": 90}, (10.0, 12.0)),
        ({"T12": 90, "L1": 10, "L2": 20}, {"L1": 12, "L2": 24}, None),  # a thoracic level is in no mean
        ({"L1": 10, "L2": 20}, {"L1": 12, "L2": 24}, None),
    ],
)
def test_unlike_means_are_compared_over_the_levels_that_both_have(before, after, means):
    first = exam(ff=30, vertebrae=[vertebra(level, value) for level, value in before.items()])
    second = exam(FOLLOW_UP, ff=18, vertebrae=[vertebra(level, value) for level, value in after.items()])
    change = change_of("ff", first, second)
    assert (change.baseline, change.follow_up) == (means or (30.0, 18.0))
    assert ("change.levels" in kinds(change)) == (means is not None)


def test_means_without_a_common_level_are_not_compared_and_that_is_said():
    first, second = exam(ff=10, vertebrae=[vertebra("L1", 10)]), exam(FOLLOW_UP, ff=30, vertebrae=[vertebra("L4", 30)])
    assert [change.name for change in compare(first, second)] == []
    (told,) = unmatched_findings(first, second)
    assert told.code == "change.no_common_level" and "L1" in told and "L4" in told
    assert unmatched_findings(first, first) == ()


def test_an_index_without_a_number_in_one_exam_has_no_change():
    assert compare(exam(ff=np.nan, adc=700), exam(FOLLOW_UP, ff=20)) == ()


def test_exchanged_exams_are_refused():
    with pytest.raises(MarrowQuantError, match="earlier than the baseline"):
        compare(exam(FOLLOW_UP, ff=20), exam(BASELINE, ff=30))


def test_every_index_has_both_labels_a_unit_and_a_source_for_every_limit():
    for index in INDICES:
        assert index.label_en and index.label_ja and index.unit and index.change_unit
        for limit in (index.floor, index.limit):
            assert limit is None or (limit.value > 0 and limit.source)
    assert label_of("ff", level="L1") == "FF L1"
    assert label_of("ff", "ja", "L1") == "FF L1"
    with pytest.raises(KeyError):
        index_of("unheard_of")


def noisy(date, value, error, key="ff"):
    """An exam of one level, whose value has a standard error."""
    made = exam(date, **{key: value}, vertebrae=[vertebra("L1", value), vertebra("L2", value)])
    levels = [replace(v, measurements={k: replace(m, standard_error=error) for k, m in v.measurements.items()}) for v in made.vertebrae]
    return replace(made, vertebrae=tuple(levels))


@pytest.mark.parametrize(
    ("error", "change_points", "inside"),
    [(None, 3.5, False), (0.1, 3.05, False), (1.0, 3.5, True), (1.0, 3.7, False), (3.0, 6.5, True), (3.0, 7.0, False)],
)
def test_a_change_is_judged_by_repeatability_and_the_noise_of_both_values_together(error, change_points, inside):
    first, second = noisy(BASELINE, 30.0, error), noisy(FOLLOW_UP, 30.0 + change_points, error)
    change = change_of("ff", first, second)
    # both levels: √(3² + (1.96 · √2 e / √2)²) for their mean
    assert ("change.inside_limit" in kinds(change)) is inside
    if inside:
        assert "noise of both values" in change.findings[0]
        assert "ノイズ" in change.findings[0].in_language("ja")


def test_the_noise_of_a_level_is_its_own_and_not_that_of_the_mean():
    first, second = noisy(BASELINE, 30.0, 1.0), noisy(FOLLOW_UP, 33.8, 1.0)
    assert "change.inside_limit" not in kinds(change_of("ff", first, second))
    (level,) = [change for change in compare(first, second) if change.level == "L1"]
    assert "change.inside_limit" in kinds(level)  # √(3² + (1.96 √2)²) = 4.1
