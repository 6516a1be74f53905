"""Findings are codes with values; their sentences are made in the reader's language, and none is missing in Japanese."""

import copy
import doctest
import html
import pickle
import re
from dataclasses import replace

import messages
import numpy as np
import pytest
from babel.messages.pofile import read_po
from helpers.report_case import fake_results
from MarrowQuantLib.model import MarrowQuantError, Measurement, findings, made
from MarrowQuantLib.model.findings import Finding, as_finding, finding, grouped, sentence
from MarrowQuantLib.report.html import write_report
from MarrowQuantLib.response import assess
from MarrowQuantLib.response.iss import NOT_VERIFIED
from MarrowQuantLib.results.codec import decode, encode
from MarrowQuantLib.words import catalogue
from MarrowQuantLib.words.findings import FINDINGS, TOLD

NO_VOLUME = MarrowQuantError("{name} is not a volume (shape {shape}); load it again.", name="b900", shape="()")
FEW = {"map": "fat fraction", "n": 3}


def test_the_example_of_the_module_holds():
    assert doctest.testmod(findings).failed == 0


@pytest.mark.parametrize("code", [code for code in FINDINGS if code != TOLD])
def test_every_code_has_a_severity_and_a_japanese_sentence_with_the_same_values(code):
    severity, template = FINDINGS[code]
    assert severity in findings.SEVERITIES
    japanese = catalogue.translated(template, "ja")
    has_words = re.sub(r"\{[^{}]*\}", "", template)
    assert japanese != template or not has_words, "words/ja.po lacks it"
    assert catalogue.names_in(japanese) == catalogue.names_in(template)


def test_every_error_has_a_japanese_sentence_with_the_same_values():
    """After a new error: ``python Testing/messages.py``, then its Japanese in words/ja.po."""
    lacking = []
    for template, where in messages.error_messages().items():
        japanese = catalogue.translated(template, "ja")
        if japanese == template or catalogue.names_in(japanese) != catalogue.names_in(template):
            lacking.append((where, template))
    assert lacking == []


def test_every_error_is_made_of_a_template_that_stands_in_the_call():
    """A sentence that is put together before has no translation; only what reads errors back from a file may."""
    others = [f"{path.name}:{call.lineno}" for path, call in messages.error_calls() if not isinstance(call.args[0], messages.ast.Constant)]
    assert [place.split(":")[0] for place in others] == ["findings.py"], others


def test_an_error_that_names_values_gives_each_of_them():
    for path, call in messages.error_calls():
        if call.keywords and all(keyword.arg for keyword in call.keywords) and hasattr(call.args[0], "value"):
            assert catalogue.names_in(call.args[0].value) <= {keyword.arg for keyword in call.keywords}, (path.name, call.lineno)


def test_our_reader_of_the_catalogue_and_babels_agree():
    with messages.CATALOGUE.open("rb") as file:
        read = {(message.context, message.id): message.string for message in read_po(file) if message.id and message.string}
    assert read and catalogue.read_po(messages.CATALOGUE.read_text(encoding="utf-8")) == read


def test_fuzzy_entries_continued_lines_and_escapes_are_read_as_gettext_means_them():
    text = 'msgid ""\nmsgstr "head\\n"\n\n'
    text += '#, fuzzy\nmsgid "a"\nmsgstr "b"\n\n#. c\nmsgctxt "word"\nmsgid ""\n"one "\n"\\"two\\""\nmsgstr "x"\n"y"\n'
    assert catalogue.read_po(text) == {("word", 'one "two"'): "xy"}


def test_the_english_sentence_is_the_text_so_that_it_can_be_joined_and_compared():
    found = finding("roi.few_voxels", level="L3", **FEW)
    assert "\n".join([found, "other"]) == "L3: only 3 voxels on the fat fraction map; the number is uncertain.\nother"
    assert finding("roi.few_voxels", level="L3", map="ADC", n=1) == "L3: only 1 voxel on the ADC map; the number is uncertain."


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda found: pickle.loads(pickle.dumps(found))], ids=["deepcopy", "pickle"])
def test_a_copy_knows_what_the_finding_knows(copied):
    found = copied(finding("roi.cut", level="L3", map="ADC", percent=np.float32(50.0)))
    assert (found.code, found.severity, found.about, found.values) == ("roi.cut", "check", {"level": "L3", "map": "ADC"}, {"percent": 50.0})


def test_equal_findings_of_several_levels_become_one_and_others_stay():
    two = [finding("roi.few_voxels", level=level, **FEW) for level in ("L1", "L3", "L1")]
    other = finding("roi.few_voxels", level="L2", map="ADC", n=3)
    assert grouped([two[0], other, *two[1:], "a bare sentence", "a bare sentence"]) == (
        "L1, L3: only 3 voxels on the fat fraction map; the number is uncertain.", other, "a bare sentence"
    )
    assert grouped(two)[0].in_language("ja").startswith("L1、L3：")


def test_values_that_are_findings_errors_unknown_or_words_are_said_in_the_language_too():
    error = MarrowQuantError("{level}: only {n:voxel|voxels} on the {map} map; the number is uncertain.", level="L1", **FEW)
    assert str(error).startswith("L1: only 3 voxels")
    values = {"why": error, "what": as_finding("x"), "none": None, "exams": ("baseline",)}
    told = catalogue.filled("{why} {what} {none} {exams}", values, "ja")
    assert told == "L1：脂肪分画マップ上のボクセルが3個しかなく、値は不確かである。 x 不明 治療前"


def test_an_error_keeps_its_template_and_values_between_processes_and_its_braces_without_values():
    error = pickle.loads(pickle.dumps(MarrowQuantError("{n} is odd", n=3)))
    assert (str(error), error.template, error.values, sentence(error)) == ("3 is odd", "{n} is odd", {"n": 3}, "3 is odd")
    assert str(MarrowQuantError("{'a': 1} is no table")) == "{'a': 1} is no table"


def test_a_finding_that_lacks_a_value_or_has_no_row_is_refused_where_it_is_made():
    with pytest.raises(KeyError):
        finding("roi.few_voxels", level="L3", map="ADC")
    with pytest.raises(KeyError):
        Finding("roi.unheard_of", {})


def test_the_japanese_report_says_every_finding_in_japanese(tmp_path):
    results = fake_results()
    told = (
        finding("roi.few_voxels", level="L3", **FEW),
        finding("burden.unmeasured", why=MarrowQuantError("Give one label file for each exam.")),
        finding("diffusion.station_apart", station=3, why=NO_VOLUME),
    )
    exams = tuple(replace(exam, findings=told) for exam in results.exams)
    results = replace(results, exams=exams, findings=told, response=replace(results.response, findings=told))
    page = write_report(results, tmp_path / "report.html", "ja").read_text(encoding="utf-8")
    english = [*told, *(found for change in results.changes for found in change.findings), *map(str, assess(results).imwg.findings)]
    english += [assess(results).imwg.rule, NOT_VERIFIED]
    assert [sentence for sentence in map(html.escape, english) if sentence in page] == []
    assert all(html.escape(found.in_language("ja")) in page for found in told)


def test_how_a_number_was_made_is_said_in_the_language_also_after_reading_and_older_files_as_they_were_written():
    how = made(finding("made.roi_median"), finding("made.adc", b_values=(50.0, 900.0)), "", made(finding("made.series", series=4)))
    written = Measurement("ADC", 700.0, "µm²/s", 12, how=how)
    again, older = (decode(Measurement, {**encode(written), "how": told}).how for told in (encode(written)["how"], str(how)))
    assert str(again) == str(older) == "median; weighted least squares over b 50, 900 s/mm²; series 4"
    assert [step.code for step in again.all_values["steps"]] == ["made.roi_median", "made.adc", "made.series"]
    assert again.in_language("ja") == "中央値；b 50、900 s/mm²の重み付き最小二乗法；シリーズ4"
    assert older.code == TOLD and older.in_language("ja") == older
    assert not made() and not encode(Measurement("ADC", 1.0, ""))["how"]["sentence"]
