"""Results as JSON and CSV: complete, valid, safe to open, and without identity."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json

import jsonschema
import numpy as np
import pytest
from helpers.report_case import fake_results
from MarrowQuantLib import __version__
from MarrowQuantLib.model import RESEARCH_USE_ONLY, Measurement, Results, Settings
from MarrowQuantLib.results import results_to_dict, write_measurements, write_results
from MarrowQuantLib.results.codec import plain
from MarrowQuantLib.results.document import SCHEMA_FILE, SCHEMA_VERSION
from MarrowQuantLib.results.measurements import COLUMNS


@pytest.fixture(scope="module")
def results():
    return fake_results()


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


@pytest.fixture(scope="module")
def table(results, tmp_path_factory):
    path = write_measurements(results, tmp_path_factory.mktemp("table") / "measurements.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def walk(node):
    yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from walk(child)


# ------------------------------------------------------------------------------------------------------------------ JSON
def test_the_written_file_is_valid_under_the_schema(results, validator, tmp_path):
    path = write_results(results, tmp_path)
    assert path.name == "results.json"
    validator.validate(json.loads(path.read_text(encoding="utf-8")))


def test_one_exam_alone_is_valid_too(results, validator):
    baseline = dataclasses.replace(results.exams[0], burden=None, vertebrae=(), lumbar={}, labs={}, maps={}, series=())
    validator.validate(results_to_dict(Results((baseline,), (), None, Settings())))


def test_a_refused_estimate_is_valid_too(results, validator):
    refused = dataclasses.replace(results.response, probability=None, interval=None, contributions=(), findings=("No probability: …",))
    validator.validate(results_to_dict(dataclasses.replace(results, response=refused)))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(extra=1),
        lambda data: data.pop("research_use_only"),
        lambda data: data["exams"][0].pop("date"),
        lambda data: data["exams"][0].update(date="14.1.2025"),
        lambda data: data["exams"][0]["lumbar"]["ff"].update(patient_name="x"),
        lambda data: data["exams"][0]["burden"]["components"][0].update(state="maybe"),
        lambda data: data["response"].update(probability=1.2),
        lambda data: data.update(schema_version="1.3.0"),
    ],
)
def test_the_schema_refuses_what_is_missing_unknown_or_impossible(results, validator, change):
    data = results_to_dict(results)
    change(data)
    assert not validator.is_valid(data)


def test_every_property_in_the_schema_is_described_and_every_object_is_closed():
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    for node in walk(schema):
        if isinstance(node, dict) and isinstance(node.get("properties"), dict):
            assert node["additionalProperties"] is False
            for name, item in node["properties"].items():
                assert item.get("description"), name
    assert schema["properties"]["schema_version"]["enum"][-1] == SCHEMA_VERSION


def test_numbers_arrays_and_dates_survive_and_nan_becomes_null(results):
    data = results_to_dict(results)
    assert data["exams"][0]["date"] == "2025-01-14"
    assert data["exams"][0]["lumbar"]["ff"]["value"] == results.exams[0].lumbar["ff"].value
    assert data["exams"][0]["vertebrae"][0]["center_ras_mm"] == results.exams[0].vertebrae[0].roi.center_ras.tolist()
    assert data["exams"][0]["maps"]["ff"]["shape"] == [120, 160, 12]
    assert data["exams"][0]["burden"]["features"]["kurtosis_excess"] is None
    assert data["changes"][0]["absolute"] == results.changes[0].absolute
    assert data["response"]["probability"] == results.response.probability


def test_version_settings_warnings_and_both_notices_are_in_the_file(results):
    data = results_to_dict(results)
    assert data["software"] == {"name": "MarrowQuant", "version": __version__}
    assert data["settings"]["tdv_adc_window"] == [550.0, 1400.0]
    assert data["research_use_only"] == RESEARCH_USE_ONLY
    assert data["synthetic"] is True
    assert "station 2" in data["exams"][1]["findings"][0]["sentence"]


def test_only_known_fields_of_a_series_are_written(results):
    rows = [row for exam in results_to_dict(results)["exams"] for row in exam["series"]]
    assert all("patient_key" not in row for row in rows)
    assert rows[0]["series_number"] == 401


def test_the_same_results_give_the_same_bytes(results, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert write_results(results, tmp_path / "a").read_bytes() == write_results(results, tmp_path / "b").read_bytes()


def test_plain_turns_numpy_into_plain_values_and_refuses_the_rest():
    value = plain({"a": np.float32(0.5), "b": np.array([[1, 2]]), "c": (np.inf, np.nan), "d": datetime.date(2025, 1, 2)})
    assert value == {"a": 0.5, "b": [[1, 2]], "c": [None, None], "d": "2025-01-02"}
    assert plain(np.bool_(True)) is True
    with pytest.raises(TypeError, match="object has no plain form"):
        plain(object())


# ------------------------------------------------------------------------------------------------------------------- CSV
def rows_of(table, **wanted):
    return [row for row in table if all(row[key] == value for key, value in wanted.items())]


def test_the_table_has_its_columns_a_byte_order_mark_and_a_row_a_number(results, table, tmp_path):
    raw = write_measurements(results, tmp_path / "m.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode())
    (row,) = rows_of(table, exam="baseline", region="L1", quantity="ff")
    assert (row["date"], row["value"], row["unit"], row["n_voxels"], row["fraction_inside"]) == ("2025-01-14", "3.2", "%", "400", "1")


def test_every_kind_of_number_is_in_the_table(results, table):
    tdv = results.exams[1].burden.tdv.value
    assert float(rows_of(table, exam="follow-up", quantity="tdv")[0]["value"]) == pytest.approx(tdv, rel=1e-5)
    assert rows_of(table, exam="baseline", region="laboratory", quantity="m_protein")[0]["value"] == "38"
    assert float(rows_of(table, exam="change", region="L1", quantity="ff")[0]["value"]) == pytest.approx(16.3)
    probability = float(rows_of(table, exam="response", quantity="probability")[0]["value"])
    assert probability == pytest.approx(results.response.probability, rel=1e-5)
    volumes = rows_of(table, exam="baseline", quantity="volume")
    assert len([row for row in volumes if row["region"].startswith("component")]) == len(results.exams[0].burden.components)


def test_features_carry_the_unit_of_their_own(table):
    units = {row["quantity"]: row["unit"] for row in rows_of(table, exam="baseline", region="L1")}
    assert (units["ff.mean"], units["ff.variance"], units["ff.skewness"]) == ("%", "(%)²", "1")


def test_a_number_that_does_not_exist_is_an_empty_cell(table):
    assert rows_of(table, exam="baseline", quantity="gadc.kurtosis_excess")[0]["value"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_text_cannot_run_as_a_formula(results, tmp_path, text):
    lumbar = {"ff": Measurement("FF", -1.5, "%", how=text)}
    exam = dataclasses.replace(results.exams[0], lumbar=lumbar, vertebrae=(), burden=None)
    path = write_measurements(Results((exam,), (), None, Settings()), tmp_path / "m.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["quantity"] == "ff")
    assert row["how"].startswith("'")
    assert row["value"] == "-1.5"


def test_decimals_are_points_and_no_cell_holds_a_line_break(table):
    for row in table:
        assert "," not in row["value"]
        assert all("\n" not in cell for cell in row.values())
