"""Two exams whose dates are the same, or exchanged in a stored file: no category, no traceback, no change with the wrong sign."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers.example_results import make_results
from MarrowQuantLib.model import MarrowQuantError
from MarrowQuantLib.report import write_report
from MarrowQuantLib.response import assess
from MarrowQuantLib.results import read_results, write_results


def test_results_whose_follow_up_is_earlier_are_refused(tmp_path):
    write_results(make_results(), tmp_path)
    path = tmp_path / "results.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    first, second = written["exams"]
    first["date"], second["date"] = second["date"], first["date"]
    path.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(MarrowQuantError, match="earlier than their baseline"):
        read_results(path)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_exams_of_one_date_have_a_report_and_no_category(tmp_path, language):
    results = make_results()
    results = replace(results, exams=tuple(replace(exam, date=results.exams[0].date) for exam in results.exams))
    assert assess(make_results()).imwg is not None and assess(results).imwg is None
    assert write_report(results, tmp_path / "report.html", language).is_file()


def test_the_report_calls_the_follow_up_after_its_cycles(tmp_path):
    from MarrowQuantLib.model import LabHistory, LabNote

    results = make_results()
    date = results.exams[0].date
    results = replace(
        results, history=LabHistory(notes=(LabNote("therapy_cycle", "", "", date), LabNote("therapy_cycle", "", "", date.replace(month=2))))
    )
    for language, words in (("en", "After cycle 2"), ("ja", "2コース後")):
        page = write_report(results, tmp_path / "report.html", language).read_text(encoding="utf-8")
        assert words in page
