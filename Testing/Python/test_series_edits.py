"""What the reader changed in the series, in the scene and without Qt: two exams, read again, and another patient's folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import parameters
from helpers.dicom_files import COLUMNS, ROWS, write_volume

EPI = {"ScanningSequence": ["EP", "SE"], "EchoTime": 66.0, "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW"]}
DATES = {"before": "20250114", "after": "20250318", "other": "20250402"}


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Three exams with the same series numbers: b 0, which should be b 50, and b 800."""
    found = {}
    for name, date in DATES.items():
        found[name] = tmp_path / name
        found[name].mkdir()
        for number, (b, signal) in enumerate(((0.0, 1000), (800.0, 400)), start=1):
            place = {"StudyDate": date, "SeriesNumber": number, "SeriesInstanceUID": f"1.2.{date}.{number}"}
            write_volume(found[name], 3, DiffusionBValue=b, stored=np.full((ROWS, COLUMNS), signal, np.uint16), **place, **EPI)
    return found


@pytest.fixture
def case(slicer_scene, folders):
    from MarrowQuantLib.scene.case.case import Case

    case = Case(parameters())
    read(case, folders["before"], folders["after"])
    for label in ("baseline", "follow-up"):
        case.series_edits.edit(case.series_rows(label)[0], "b_value", {"baseline": 50.0, "follow-up": 100.0}[label])
    case.read()
    return case


def read(case, baseline: Path, follow_up: Path) -> None:
    case.parameters.baselineFolder, case.parameters.followUpFolder = str(baseline), str(follow_up)
    case.read()


def b_values(case) -> dict[str, list[float]]:
    return {label: [row["b_value"] for row in case.series_rows(label)] for label in ("baseline", "follow-up")}


def adc(case, label: str) -> float:
    return float(np.nanmedian(case.exams[label].maps.maps["adc"].array))


def test_each_exam_has_its_own_changes_and_the_results_keep_them(case):
    from MarrowQuantLib.results import results_to_dict

    assert b_values(case) == {"baseline": [50.0, 800.0], "follow-up": [100.0, 800.0]}
    assert adc(case, "baseline") == pytest.approx(np.log(2.5) / 750 * 1e6, rel=1e-4)
    assert adc(case, "follow-up") == pytest.approx(np.log(2.5) / 700 * 1e6, rel=1e-4)
    for exam in results_to_dict(case.results())["exams"]:
        assert [row["overridden"] for row in exam["series"]] == [["b_value"], []]
        assert any("b_value set by the reader" in found["sentence"] for found in exam["findings"])


def test_another_follow_up_keeps_the_changes_of_the_baseline_only(case, folders):
    read(case, folders["before"], folders["other"])
    assert b_values(case) == {"baseline": [50.0, 800.0], "follow-up": [0.0, 800.0]}
    assert [entry["exam_date"] for entry in json.loads(case.parameters.seriesOverrides)] == ["2025-01-14"]


def test_a_reading_that_fails_changes_nothing(case, folders):
    before = case.parameters.seriesOverrides
    with pytest.raises(ValueError, match="does not exist"):
        read(case, folders["other"], folders["other"] / "nowhere")
    assert case.parameters.seriesOverrides == before
    assert b_values(case) == {"baseline": [50.0, 800.0], "follow-up": [100.0, 800.0]}


def test_undone_changes_are_gone_after_the_next_reading(case):
    case.series_edits.undo()
    case.read()
    assert b_values(case) == {"baseline": [0.0, 800.0], "follow-up": [0.0, 800.0]}
