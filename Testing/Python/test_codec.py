"""Results survive the way to JSON and back, whatever they hold; the schema says what is written; older files are still read."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import typing
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from helpers.report_case import fake_results
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from MarrowQuantLib.followup.repeatability import Repeatability
from MarrowQuantLib.model import ExamResult, Finding, MarrowQuantError, Results, Volume, as_finding, finding
from MarrowQuantLib.model.fields import FIELD
from MarrowQuantLib.results import read_results, results_from_dict, results_to_dict, write_results
from MarrowQuantLib.results.codec import decode, encode, schema_of
from MarrowQuantLib.results.document import READ_VERSIONS, SCHEMA_FILE, SCHEMA_VERSION, SERIES_FIELDS, write_schema

OLD = Path(__file__).parent / "data" / "results"
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
NUMBERS = st.floats(-1e9, 1e9) | st.just(math.nan)
FINITE = st.floats(-1e9, 1e9)
FINDINGS = st.one_of(
    st.builds(as_finding, WORDS),
    st.builds(lambda level, n: finding("roi.few_voxels", level=level, map="ADC", n=n), WORDS, st.integers(0, 99)),
    st.builds(lambda level: finding("carried.no_lesions", why=MarrowQuantError("{level} is odd.", level=level)), WORDS),
    st.builds(lambda b: finding("diffusion.b_missing", b_values=b), st.lists(FINITE, min_size=1, max_size=3)),
)


def strategy_of(annotation, told):  # noqa: PLR0911 (one return a kind)
    """Values of an annotation, whole dataclasses included."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Union:
        inner = FINITE if arguments[0] is float and told.get("low") is None else strategy_of(arguments[0], told)
        return st.none() | inner
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(strategy_of(arguments[0], told), max_size=1).map(tuple)
    if origin is tuple:
        return st.tuples(*(strategy_of(each, told) for each in arguments))
    if origin in (dict, typing.get_origin(typing.Mapping[str, int])):
        return st.dictionaries(st.sampled_from(SERIES_FIELDS), strategy_of(arguments[1], told), max_size=2)
    if origin is not None:
        return st.lists(strategy_of(arguments[0], told), max_size=1).map(tuple)
    low, high = told.get("low"), told.get("high")
    if annotation is float and low is not None:
        return st.floats(low, 1e9 if high is None else high)
    if annotation is int and low is not None:
        return st.integers(low, 99 if high is None else high)
    simple = {
        float: NUMBERS, int: st.integers(-9, 9), bool: st.booleans(), str: WORDS, Finding: FINDINGS,
        datetime.date: st.dates(), np.ndarray: st.lists(FINITE, min_size=3, max_size=3).map(np.array),
        typing.Any: st.none() | FINITE | WORDS,
    }  # fmt: skip
    if told.get("choices"):
        return st.sampled_from(told["choices"])
    return simple[annotation] if annotation in simple else instances_of(annotation)


def instances_of(kind):
    hints = typing.get_type_hints(kind)
    values = {}
    for field in dataclasses.fields(kind):
        told = field.metadata.get(FIELD, {})
        if "when_read" in told:
            values[field.name] = st.builds(told["when_read"])
        elif (kind, field.name) == (Results, "limits"):
            values[field.name] = st.dictionaries(st.sampled_from(("ff", "adc")), instances_of(Repeatability), max_size=2)
        elif not told.get("hidden"):
            values[field.name] = strategy_of(hints[field.name], told)
    return st.builds(kind, **values)


def same(first, second):  # noqa: PLR0911 (one return a kind)
    """Equal in type and value; NaN equals NaN."""
    if isinstance(first, Volume):
        return first.array.size == second.array.size == 0
    if dataclasses.is_dataclass(first):
        return type(first) is type(second) and all(
            same(getattr(first, field.name), getattr(second, field.name)) for field in dataclasses.fields(first)
        )
    if isinstance(first, Finding):
        return isinstance(second, Finding) and (first, first.code, first.about, first.values.keys()) == (
            second, second.code, second.about, second.values.keys()
        )  # fmt: skip
    if isinstance(first, np.ndarray):
        return np.array_equal(first, second, equal_nan=True)
    if isinstance(first, (tuple, list)):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    both_nan = all(isinstance(each, float) and math.isnan(each) for each in (first, second))
    return first == second or both_nan


def through_text(plain):
    return json.loads(json.dumps(plain, allow_nan=False))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(instances_of(ExamResult))
def test_an_exam_comes_back_as_it_was_with_features_histograms_parts_and_findings(exam):
    assert same(decode(ExamResult, through_text(encode(exam))), exam)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(instances_of(Results))
def test_results_are_valid_under_the_schema_and_come_back_as_they_were(results):
    if len({exam.date for exam in results.exams}) != len(results.exams) or len(results.exams) not in (1, 2):
        results = dataclasses.replace(results, exams=())
    if not results.exams:
        return
    written = through_text(results_to_dict(results))
    jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))).validate(written)
    back = results_from_dict(written)
    assert same(dataclasses.replace(back, history=results.history), results)


def test_the_invented_case_comes_back_whole_but_for_its_images():
    results = fake_results()
    back = results_from_dict(through_text(results_to_dict(results)))
    assert [len(exam.burden.components) for exam in back.exams] == [len(exam.burden.components) for exam in results.exams] != [0, 0]
    assert same(back.exams[0].vertebrae[0].histograms["ff"], results.exams[0].vertebrae[0].histograms["ff"])
    assert same(back.exams[0].burden.histogram, results.exams[0].burden.histogram)
    assert back.changes == results.changes and all(isinstance(flag, Finding) for change in back.changes for flag in change.findings)
    assert results_to_dict(back)["changes"] == results_to_dict(results)["changes"]


def told(written, name):
    """The findings of a part of a file; up to 1.3.0 they were sentences under another name."""
    return tuple(each["sentence"] for each in written["findings"]) if "findings" in written else tuple(written[name])


@pytest.mark.parametrize("version", READ_VERSIONS[:-1])
def test_files_of_every_older_version_are_read(version):
    results, old = read_results(OLD / f"{version}.json"), json.loads((OLD / f"{version}.json").read_text(encoding="utf-8"))
    assert old["schema_version"] == version
    for exam, written in zip(results.exams, old["exams"]):
        assert exam.date.isoformat() == written["date"] and exam.findings == told(written, "warnings")
        assert exam.burden.tdv.value == written["burden"]["tdv"]["value"]
        assert [c.volume_ml for c in exam.burden.components] == [c["volume_ml"] for c in written["burden"]["components"]]
        assert [v.findings for v in exam.vertebrae] == [told(v, "flags") for v in written["vertebrae"]]
        assert {key: m.value for key, m in exam.lumbar.items()} == {key: m["value"] for key, m in written["lumbar"].items()}
    assert len(results.history.values) == sum(len(exam.labs) for exam in results.exams)
    assert results.response.findings == told(old["response"], "warnings")
    levels = [vertebra.roi.level for vertebra in results.exams[0].vertebrae if vertebra.roi.excluded is None]
    assert [change.level for change in results.changes if change.level] == levels != []
    assert {change.name for change in results.changes if change.level} == {"ff"}


def test_the_packaged_schema_is_the_one_that_follows_from_the_dataclasses(tmp_path):
    write_schema(tmp_path / "schema.json")
    made = (tmp_path / "schema.json").read_text(encoding="utf-8")
    message = 'python -c "from MarrowQuantLib.results.document import write_schema; write_schema()"'
    assert SCHEMA_FILE.read_text(encoding="utf-8") == made, f"write it anew: {message}"


def test_a_new_field_of_a_dataclass_is_written_read_and_in_the_schema():
    @dataclasses.dataclass(frozen=True)
    class Wider(ExamResult):
        height_m: float = 1.7

    Wider.__module__ = ExamResult.__module__
    exam = Wider(**{field.name: getattr(fake_results().exams[0], field.name) for field in dataclasses.fields(ExamResult)}, height_m=1.8)
    assert encode(exam)["height_m"] == 1.8 and decode(Wider, encode(exam)).height_m == 1.8
    assert schema_of(Wider, "x", "x")["properties"]["height_m"]["type"] == ["number", "null"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"schema_version": "3.0.0", "exams": [{}]}', "has the schema version 3.0.0"),
        ('{"schema_version": "2.0.0", "exams": [{"label": "baseline"}]}', "lacks parts"),
        ('{"schema_version": "2.0.0", "exams": []}', "holds no exams"),
        ("{", "not valid JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(tmp_path, content, told):
    (tmp_path / "results.json").write_text(content, encoding="utf-8")
    with pytest.raises(MarrowQuantError, match=told):
        read_results(tmp_path)


def test_a_finding_of_a_later_version_is_read_as_its_sentence():
    written = {"code": "moon.full", "severity": "note", "about": {}, "values": {"n": 1}, "sentence": "The moon is full."}
    results = results_to_dict(fake_results())
    results["findings"] = [written]
    back = results_from_dict(results)
    assert back.findings == ("The moon is full.",) and back.findings[0].code == "told"


def test_what_is_written_holds_findings_as_code_values_and_sentence(tmp_path):
    results = dataclasses.replace(fake_results(), findings=(finding("roi.few_voxels", level="L3", map="ADC", n=3),))
    written = json.loads(write_results(results, tmp_path).read_text(encoding="utf-8"))
    assert written["findings"] == [
        {
            "code": "roi.few_voxels",
            "severity": "check",
            "about": {"level": "L3", "map": "ADC"},
            "values": {"n": 3},
            "sentence": "L3: only 3 voxels on the ADC map; the number is uncertain.",
        }
    ]
    assert written["schema_version"] == SCHEMA_VERSION
