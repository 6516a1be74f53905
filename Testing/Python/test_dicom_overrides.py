"""The reader's decisions against the headers: applied, told, kept in the results, and refused with a sentence when not understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.dicom_files import COLUMNS, ROWS, write_volume
from MarrowQuantLib import dicom, workflow
from MarrowQuantLib.batch.job import BatchOptions, fingerprint, run_case
from MarrowQuantLib.batch.manifest import read_manifest
from MarrowQuantLib.cli import main
from MarrowQuantLib.model import MarrowQuantError, Role, Settings

EPI = {"ScanningSequence": ["EP", "SE"], "EchoTime": 66.0, "Manufacturer": "SIEMENS"}


def _scan(folder: Path, *entries: dict[str, Any]) -> list[dicom.SeriesVolume]:
    return dicom.scan(folder, overrides=dicom.overrides_from(list(entries)))


@pytest.fixture
def two_b_values(tmp_path: Path) -> Path:
    """Series 1 with b 0 that should be b 50, series 2 with b 800: signals 1000 and 400."""
    for number, (b, signal) in enumerate(((0.0, 1000), (800.0, 400)), start=1):
        stored = np.full((ROWS, COLUMNS), signal, np.uint16)
        image_type = ["ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW"]
        place = {"SeriesNumber": number, "SeriesInstanceUID": f"1.2.3.{number}"}
        write_volume(tmp_path, 3, DiffusionBValue=b, stored=stored, ImageType=image_type, **place, **EPI)
    return tmp_path


def test_a_role_and_a_scale_make_an_unknown_series_an_adc_map(tmp_path: Path) -> None:
    write_volume(tmp_path, 3, stored=np.full((ROWS, COLUMNS), 12, np.uint16), SeriesNumber=7)
    assert dicom.scan(tmp_path)[0].role == Role.UNKNOWN
    (volume,) = _scan(tmp_path, {"series": 7, "role": "adc", "scale": 100})
    loaded = volume.load()
    assert (loaded.role, loaded.unit) == (Role.ADC, "µm²/s")
    np.testing.assert_allclose(loaded.array, 1200.0)
    assert volume.evidence[0] == "adc by the reader's decision; the header says unknown (no rule recognised it)"
    assert "× 100 by the reader's decision" in volume.scaling.sentence
    assert volume.as_row(used=True)["overridden"] == ["role", "scale"]


def test_a_b_value_changes_the_adc_as_the_formula_says(two_b_values: Path) -> None:
    """ln(1000 / 400) / 750 instead of / 800: 1221.7 and 1145.4 µm²/s."""
    adc = {}
    for entries in ([], [{"series": 1, "b_value": 50}]):
        (exam,) = workflow.read_exams([two_b_values], overrides=dicom.overrides_from(entries))
        maps = workflow.make_maps(exam, "baseline", Settings())
        adc[len(entries)] = float(np.nanmedian(maps.maps["adc"].array))
    assert adc[0] == pytest.approx(np.log(2.5) / 800 * 1e6, rel=1e-4)
    assert adc[1] == pytest.approx(np.log(2.5) / 750 * 1e6, rel=1e-4)
    assert any("b_value set by the reader" in warning for warning in maps.findings)
    assert [row["overridden"] for row in maps.series] == [["b_value"], []]


def test_an_excluded_series_is_listed_and_not_used(two_b_values: Path) -> None:
    low, high = _scan(two_b_values, {"series": 2, "exclude": True})
    assert (low.problem, high.problem) == ("", "excluded by the reader's decision")
    with pytest.raises(MarrowQuantError, match="Series 2 cannot be measured: excluded"):
        high.load()


def test_selectors_choose_one_volume_of_a_series(tmp_path: Path) -> None:
    for b in (50.0, 800.0):
        write_volume(tmp_path, 3, DiffusionBValue=b, **EPI)
    found = _scan(tmp_path, {"series": 1, "select": {"b_value": 800, "role": "dwi", "echo_time_ms": 66.0}, "scale": 2})
    volumes = sorted(found, key=lambda volume: volume.b_value)
    assert [volume.as_row(used=True)["overridden"] for volume in volumes] == [[], ["scale"]]
    np.testing.assert_allclose(volumes[1].load().array, 2 * volumes[0].load().array)


def test_a_date_keeps_an_override_to_one_exam(tmp_path: Path) -> None:
    for number, date in enumerate(("20250114", "20250401"), start=1):
        write_volume(tmp_path, 3, StudyDate=date, SeriesInstanceUID=f"1.2.3.{number}")
    volumes = _scan(tmp_path, {"series": 1, "exam_date": "2025-04-01", "role": "t1"})
    assert [volume.role for volume in volumes] == [Role.UNKNOWN, Role.T1]


def test_dwi_without_a_b_value_is_refused_until_the_reader_gives_one(tmp_path: Path) -> None:
    write_volume(tmp_path, 3)
    (volume,) = _scan(tmp_path, {"series": 1, "role": "dwi"})
    assert "give b_value in the override too" in volume.problem
    (volume,) = _scan(tmp_path, {"series": 1, "role": "dwi", "b_value": 900})
    assert (volume.problem, volume.b_value) == ("", 900.0)


@pytest.mark.parametrize(
    "entry, why",
    [
        ({"role": "adc"}, "series must be the number of a series"),
        ({"series": True, "role": "adc"}, "series must be the number of a series"),
        ({"series": 1}, "it sets none of role, b_value, scale, exclude"),
        ({"series": 1, "role": "ADC"}, "role must be one of pdff, water"),
        ({"series": 1, "b_value": -1}, "b_value must be a number of 0 or more"),
        ({"series": 1, "b_value": float("nan")}, "b_value must be a number of 0 or more"),
        ({"series": 1, "scale": 0}, "scale must be a number above 0"),
        ({"series": 1, "scale": "1000"}, "scale must be a number above 0"),
        ({"series": 1, "exclude": "yes"}, "exclude must be true or false"),
        ({"series": 1, "bvalue": 50}, "unknown key 'bvalue'"),
        ({"series": 1, "select": {"te": 2.3}, "exclude": True}, "unknown key 'te'"),
        ({"series": 1, "select": [], "exclude": True}, "select must be an object"),
        ({"series": 1, "select": {"station": 1.5}, "exclude": True}, "station must be a whole number"),
        ({"series": 1, "exam_date": "14.1.2025", "exclude": True}, "exam_date must look like 2025-01-14"),
    ],
)
def test_what_is_not_understood_is_said_in_one_sentence(entry: dict[str, Any], why: str) -> None:
    with pytest.raises(MarrowQuantError, match=r"^Override 2 is not understood: ") as caught:
        dicom.overrides_from([{"series": 1, "exclude": True}, entry])
    assert why in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "text, why", [("{", "is not JSON"), ("[" * 100_000, "is not JSON"), ('{"series": 1}', "must be a list"), ("[1]", "list")]
)
def test_a_file_that_is_no_list_of_objects_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "overrides.json"
    path.write_text(text)
    with pytest.raises(MarrowQuantError, match=why):
        dicom.read_overrides(path)
    with pytest.raises(MarrowQuantError, match="cannot be read"):
        dicom.read_overrides(tmp_path / "none.json")


def test_why_an_override_is_not_understood_is_told_in_japanese_too() -> None:
    with pytest.raises(MarrowQuantError) as caught:
        dicom.overrides_from([{"series": 1, "scale": -2}])
    assert "scale は 0 より大きく" in caught.value.in_language("ja")


def test_an_override_about_no_volume_is_refused(two_b_values: Path) -> None:
    overrides = dicom.overrides_from([{"series": 1, "select": {"b_value": 400}, "exclude": True}])
    with pytest.raises(MarrowQuantError, match="Override 1 is about no volume: series 1 has none with b_value 400"):
        workflow.read_exams([two_b_values], overrides=overrides)


def test_inspect_takes_a_file_of_overrides(two_b_values: Path, capsys: pytest.CaptureFixture) -> None:
    path = two_b_values.parent / "overrides.json"
    path.write_text(json.dumps([{"series": 1, "b_value": 50}]))
    assert main(["inspect", str(two_b_values), "--json", "--overrides", str(path)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["b_value"], row["overridden"]) for row in rows] == [(50.0, ["b_value"]), (800.0, [])]
    path.write_text(json.dumps([{"series": 12, "b_value": 50}]))
    assert main(["inspect", str(two_b_values), "--overrides", str(path)]) != 0
    assert "there is no series 12" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["burden", "follow"])
def test_every_command_that_measures_takes_overrides(
    two_b_values: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    path = two_b_values.parent / "overrides.json"
    path.write_text(json.dumps([{"series": 1, "b_value": 50}]))
    given = []

    def measure(*args: Any, overrides: Any, **options: Any) -> None:
        given.extend(overrides)
        raise MarrowQuantError("Enough for this test.")

    monkeypatch.setattr(workflow, {"burden": "analyze", "follow": "follow"}[command], measure)
    monkeypatch.setattr(workflow, "read_baseline", lambda folder: None)
    exams = [str(two_b_values)] * (2 if command == "follow" else 1)
    assert main([command, *exams, "--out", str(two_b_values.parent / "out"), "--overrides", str(path)]) != 0
    assert [(override.series, override.b_value) for override in given] == [(1, 50.0)]


def test_a_case_of_a_batch_takes_overrides_and_is_measured_anew_when_they_change(two_b_values: Path) -> None:
    root = two_b_values.parent / "batch"
    root.mkdir()
    (root / "manifest.csv").write_text(f"case,baseline,overrides\np001,{two_b_values},overrides.json\n")
    hashes = set()
    for b in (50, 100):
        (root / "overrides.json").write_text(json.dumps([{"series": 1, "b_value": b}]))
        (case,) = read_manifest(root / "manifest.csv")
        options = BatchOptions(root / f"out {b}")
        assert run_case(case, options).status == "done"
        series = json.loads((root / f"out {b}" / "cases" / "p001" / "results.json").read_text())["exams"][0]["series"]
        assert [(row["b_value"], row["overridden"]) for row in series] == [(float(b), ["b_value"]), (800.0, [])]
        hashes.add(fingerprint(case, options))
    assert len(hashes) == 2
