"""Editing rows of recognised volumes: what was typed becomes one entry a volume, or a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.dicom_files import write_volume
from MarrowQuantLib import dicom
from MarrowQuantLib.dicom import edits
from MarrowQuantLib.model import MarrowQuantError

EPI = {"ScanningSequence": ["EP", "SE"], "EchoTime": 66.0, "Manufacturer": "SIEMENS"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Series 1: b 50 and b 800 in one series; series 2: nothing that a rule knows; both on two dates."""
    for date in ("20250114", "20250401"):
        place = {"StudyDate": date, "SeriesInstanceUID": f"1.2.{date}.1"}
        for b in (50.0, 800.0):
            write_volume(tmp_path, 3, DiffusionBValue=b, **place, **EPI)
        write_volume(tmp_path, 3, SeriesNumber=2, **{**place, "SeriesInstanceUID": f"1.2.{date}.2"})
    return tmp_path


def rows_of(folder: Path, entries: list[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    return [volume.as_row(used=True) for volume in dicom.scan(folder, overrides=dicom.overrides_from(list(entries)))]


def test_an_entry_changes_its_row_and_no_other(folder: Path) -> None:
    before = rows_of(folder)
    row = next(row for row in before if (row["b_value"], row["exam_date"]) == (50.0, "2025-04-01"))
    entries = edits.edited([], row, "b_value", 40.0)
    after = rows_of(folder, json.loads(json.dumps(entries)))
    assert [(r["b_value"], r["exam_date"]) for r in after if r["override"]] == [(40.0, "2025-04-01")]
    assert [r for r in after if not r["override"]] == [r for r in before if r is not row]


def test_a_changed_row_can_be_changed_again_because_it_is_chosen_by_its_header(folder: Path) -> None:
    row = next(row for row in rows_of(folder) if row["role"] == "unknown")
    entries = edits.edited([], row, "role", "dwi")
    entries = edits.edited(entries, row, "b_value", 900.0)
    row = next(row for row in rows_of(folder, entries) if row["override"])
    assert (row["role"], row["b_value"], row["override"]) == ("dwi", 900.0, {"role": "dwi", "b_value": 900.0})
    entries = edits.edited(entries, row, "b_value", 1000.0)
    assert edits.changes_of(entries, row) == {"role": "dwi", "b_value": 1000.0}
    assert len(entries) == 1


@pytest.mark.parametrize("taken_back", [None, "unknown"])
def test_nothing_and_what_the_header_says_take_a_change_back(folder: Path, taken_back: Any) -> None:
    row = next(row for row in rows_of(folder) if row["role"] == "unknown")
    entries = edits.edited([], row, "role", "dwi")
    entries = edits.edited(entries, row, "b_value", 900.0)
    assert edits.edited(entries, row, "role", taken_back) == []  # a b-value has no meaning without the role


def test_a_b_value_is_only_for_diffusion_images(folder: Path) -> None:
    row = next(row for row in rows_of(folder) if row["role"] == "unknown")
    with pytest.raises(MarrowQuantError, match="set the role of this volume to diffusion first"):
        edits.edited([], row, "b_value", 50.0)


def test_a_series_without_a_number_cannot_be_changed(tmp_path: Path) -> None:
    write_volume(tmp_path, 3, SeriesNumber=None)
    (row,) = rows_of(tmp_path)
    assert not edits.can_be_edited(row)
    with pytest.raises(MarrowQuantError, match="has no number"):
        edits.edited([], row, "role", "t1")


def test_entries_of_a_date_are_left_out(folder: Path) -> None:
    entries: list[dict[str, Any]] = []
    for row in rows_of(folder):
        entries = edits.edited(entries, row, "scale", 2.0)
    assert len(entries) == 6
    assert {entry["exam_date"] for entry in edits.without_dates(entries, ["2025-01-14"])} == {"2025-04-01"}


@pytest.mark.parametrize("text", ["[", "[1]", '[{"series": 1}]', '[{"series": 1, "role": "ADC"}]', "[" * 100_000])
def test_stored_entries_that_were_damaged_are_refused(text: str) -> None:
    with pytest.raises(MarrowQuantError, match="stored in this scene cannot be read"):
        edits.entries_from_text(text)


@pytest.mark.parametrize(
    "text, value", [("800", 800.0), (" 800 s/mm² ", 800.0), ("0", 0.0), ("８００", 800.0), ("1e3 s/mm2", 1000.0), ("", None)]
)
def test_b_values_as_they_are_typed(text: str, value: float) -> None:
    assert edits.b_value_from_text(text) == value


@pytest.mark.parametrize("text", ["-1", "b800", "800 mm", "1.2.3", "100001", "1e400", "nan", "800,5"])
def test_what_is_no_b_value_is_refused(text: str) -> None:
    with pytest.raises(MarrowQuantError, match="is not a b-value; write a number of s/mm²"):
        edits.b_value_from_text(text)


@pytest.mark.parametrize("text, value", [("1000", 1000.0), ("× 1000 µm²/s", 1000.0), ("0.1um2/s", 0.1), (" ", None)])
def test_scales_as_they_are_typed(text: str, value: float) -> None:
    assert edits.scale_from_text(text, "µm²/s") == value


@pytest.mark.parametrize("text", ["0", "-2", "1000 %", "ten", "1e16"])
def test_what_is_no_scale_is_refused(text: str) -> None:
    with pytest.raises(MarrowQuantError, match="displayed values into values in µm²/s"):
        edits.scale_from_text(text, "µm²/s")


@pytest.mark.parametrize("key, value", [("b_value", 100001), ("b_value", 10**400), ("scale", 1e16), ("scale", float("inf"))])
def test_absurd_numbers_in_a_file_of_overrides_are_refused(key: str, value: float) -> None:
    with pytest.raises(MarrowQuantError, match=f"Override 1 is not understood: {key} must be a number"):
        dicom.overrides_from([{"series": 1, key: value}])
