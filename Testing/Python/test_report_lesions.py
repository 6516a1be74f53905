"""The report's table of the lesions of both exams: names, numbers with units, both languages, and nothing where there is nothing."""

from __future__ import annotations

import dataclasses
import re

import pytest
from helpers.report_case import fake_results
from MarrowQuantLib.followup.lesion_rows import lesion_rows
from MarrowQuantLib.followup.lesions import KINDS, UNCERTAIN
from MarrowQuantLib.followup.region_loads import region_loads
from MarrowQuantLib.model import Infiltration, LesionChange, Results, finding
from MarrowQuantLib.report.html import report_page
from MarrowQuantLib.report.lesions import MAX_ROWS, lesions_section, regions_section
from MarrowQuantLib.report.strings import LANGUAGES, Strings
from MarrowQuantLib.results.measurements import measurement_rows


def named(exam, names, **changes):
    """The exam with names for its components (label to name) and other fields of the first named one."""
    components = tuple(dataclasses.replace(c, lesion_id=names[c.label]) if c.label in names else c for c in exam.burden.components)
    components = tuple(dataclasses.replace(c, **changes) if c.lesion_id == "#3" else c for c in components)
    return dataclasses.replace(exam, burden=dataclasses.replace(exam.burden, components=components))


@pytest.fixture(scope="module")
def results() -> Results:
    """The invented case with one lesion of every kind."""
    case = fake_results()
    first = named(case.exams[0], {2: "#2", 3: "#3", 4: "#4"}, ff_median=4.0, longest_diameter_mm=80.4)
    second = named(case.exams[1], {2: "#2a", 3: "#3", 4: "#5"}, ff_median=21.5, longest_diameter_mm=44.4)
    lesions = (
        LesionChange("persisting", ("#3",), ("#3",), "pelvis and sacrum", 100.0, 40.0, 820.0, 1080.0, 0.97, 2, "ADC 820 to 1080 <why>."),
        LesionChange("split", ("#2",), ("#2a", "#2b"), "pelvis and sacrum", 240.0, 60.0, 750.0, 1010.0, 0.9, 2, "ADC rose."),
        LesionChange("resolved", ("#4",), (), "lumbar spine", 90.0, 0.0, 700.0, None, 1.0, 1, "No signal is left."),
        LesionChange("merged", ("#6", "#7"), ("#6",), "long bones", 12.0, 15.0, 900.0, 905.0, 0.8, 3, "no change by these rules."),
        LesionChange("new", (), ("#5",), "skull", 0.0, 3.2, None, 900.0, 1.0, 4, "New lesion."),
    )
    return dataclasses.replace(case, exams=(first, second), lesions=lesions)


def test_a_row_holds_the_numbers_of_both_exams(results):
    persisting, split, resolved, _, new = lesion_rows(results)
    assert (persisting.diameter_mm, persisting.ff_percent) == ((80.4, 44.4), (4.0, 21.5))
    assert persisting.volume_change_ml == pytest.approx(-60.0) and persisting.volume_change_percent == pytest.approx(-60.0)
    assert persisting.adc_change == pytest.approx(260.0)
    assert split.name == "#2 → #2a, #2b" and persisting.name == "#3"
    assert resolved.adc_change is None and resolved.diameter_mm[1] is None
    assert new.volume_change_percent is None and new.diameter_mm[0] is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_section_shows_every_lesion_with_its_numbers(results, language):
    words = Strings(language)
    section = lesions_section(results, words)
    assert section in report_page(results, words)
    rows = dict(re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', section))
    assert list(rows) == ["#3", "#2 → #2a, #2b", "#4", "#6, #7 → #6", "#5"]
    numbers = ("100.0 → 40.0", "−60.0 (−60 %)", "80 → 44", "820 → 1080", "+260", "4.0 → 21.5", "97 %")
    for part in (words("persisting"), words("pelvis and sacrum"), *numbers):
        assert part in rows["#3"], part
    assert "90.0 → –" in rows["#4"] and "700 → –" in rows["#4"]
    assert "– → 3.2" in rows["#5"] and "%" not in rows["#5"]
    assert all(f"{words(kind)} 1" in section for kind in KINDS if kind != UNCERTAIN)
    assert "&lt;why&gt;" in section and "<why>" not in section
    assert "mL" in section and "µm²/s" in section


def test_without_matched_lesions_there_is_no_section(results):
    words = Strings("en")
    assert lesions_section(dataclasses.replace(results, lesions=()), words) == ""
    assert lesions_section(dataclasses.replace(results, exams=results.exams[:1]), words) == ""


def test_a_long_list_is_cut_and_says_so(results):
    many = dataclasses.replace(results, lesions=results.lesions[:1] * (MAX_ROWS + 7))
    section = lesions_section(many, Strings("en"))
    assert section.count('<th scope="row">') == MAX_ROWS and "7 more lesions" in section


@pytest.mark.parametrize(("n", "flagged"), [(1, False), (2, True)])
def test_more_than_one_focal_lesion_is_flagged(results, n, flagged):
    remark = finding("burden.imwg_focal", n=n) if n > 1 else None
    pattern = Infiltration("focal", n, 30.0, 0, (), 0, tuple(range(n)), "the rule", remark)
    exam = dataclasses.replace(results.exams[0], burden=dataclasses.replace(results.exams[0].burden, infiltration=pattern))
    page = report_page(dataclasses.replace(results, exams=(exam,)), Strings("en"))
    assert f"{n} focal lesions longer than 5 mm" in page
    assert ("IMWG criterion: more than one" in page) is flagged


def _with_pieces(exam, pieces):
    """The exam whose tumour load has just these accepted and rejected pieces: (region, mL, ADC, state)."""
    one = exam.burden.components[0]
    made = tuple(
        dataclasses.replace(one, label=n, region=region, volume_ml=ml, adc_mean=adc, state=state)
        for n, (region, ml, adc, state) in enumerate(pieces, start=1)
    )
    return dataclasses.replace(exam, burden=dataclasses.replace(exam.burden, components=made))


@pytest.fixture(scope="module")
def by_region(results) -> Results:
    """Two lumbar pieces that became one, a rejected one, and a cervical one that is new."""
    first = _with_pieces(results.exams[0], [("lumbar spine", 30.0, 700.0, "accepted"), ("lumbar spine", 10.0, 1100.0, "accepted"),
                                            ("pelvis and sacrum", 50.0, 900.0, "rejected")])  # fmt: skip
    second = _with_pieces(results.exams[1], [("lumbar spine", 25.0, 1200.0, "accepted"), ("cervical spine", 3.0, 800.0, "accepted")])
    lesions = (
        LesionChange("persisting", ("#1",), ("#1",), "lumbar spine", 30.0, 25.0, 700.0, 1200.0, 0.9, 1, "rose"),
        LesionChange("persisting", ("#2",), ("#2",), "lumbar spine", 10.0, 9.0, 1100.0, 1100.0, 0.9, 3, "same"),
        LesionChange("new", (), ("#3",), "cervical spine", 0.0, 3.0, None, 800.0, 1.0, 4, "new"),
    )
    return dataclasses.replace(results, exams=(first, second), lesions=lesions)


def test_the_load_of_a_region_is_the_sum_of_its_accepted_pieces_with_the_response_of_most_of_it(by_region):
    cervical, lumbar = region_loads(by_region)
    assert (lumbar.pieces, lumbar.volume_ml, (lumbar.rac, lumbar.second_rac)) == ((2, 1), (40.0, 25.0), (1, 3))
    assert lumbar.adc == (pytest.approx(800.0), 1200.0)
    assert (cervical.volume_ml, cervical.adc[0], cervical.rac, cervical.second_rac) == ((0.0, 3.0), None, 4, None)
    alone = region_loads(dataclasses.replace(by_region, exams=by_region.exams[:1], lesions=()))
    assert [(load.region, load.volume_ml, load.rac) for load in alone] == [("lumbar spine", (40.0, None), None)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_regions_stand_in_the_report_and_in_the_csv(by_region, language):
    words = Strings(language)
    section = regions_section(by_region, words)
    assert section in report_page(by_region, words)
    rows = dict(re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', section))
    assert all(part in rows[words("lumbar spine")] for part in ("2 → 1", "40.0 → 25.0", "−15.0", "800 → 1200", "<td>1</td>", "<td>3</td>"))
    alone = regions_section(dataclasses.replace(by_region, exams=by_region.exams[:1], lesions=()), words)
    assert "40.0" in alone and "→" not in alone and "RAC</th>" not in alone
    values = [(row[0], row[3], row[4]) for row in measurement_rows(by_region) if row[2] == "lumbar spine"]
    assert ("change", "volume_change", -15.0) in values and ("change", "rac", 1) in values and ("change", "second_rac", 3) in values
    assert [value for _, key, value in values if key == "volume"] == [40.0, 25.0]
