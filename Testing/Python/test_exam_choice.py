"""Which series is measured where an exam holds several of one kind, and that the others are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.kinds import FF, write_series
from MarrowQuantLib.dicom import group_exams, scan
from MarrowQuantLib.exam.maps import make_exam_maps
from MarrowQuantLib.model import Settings, Volume

SAGITTAL = {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1], "ImagePositionPatient": lambda k: [5.0 * k, 0.0, 0.0]}
SPIN_ECHO = {"ScanningSequence": "SE", "RepetitionTime": 500.0, "EchoTime": 10.0, "SeriesDescription": "t1_tse"}


def _map(folder: Path, name: str) -> tuple[Volume, list[str]]:
    per_cent = {"RescaleType": "%", "RescaleSlope": "0.1", "RescaleIntercept": "0"}
    write_series(folder, 400, ImageType=FF, **per_cent, SeriesNumber=2, SeriesInstanceUID="1.2.2")
    (exam,) = group_exams(scan(folder))
    made = make_exam_maps(exam, "baseline", Settings())
    return made.maps[name], [str(found) for found in made.findings if found.code == "exam.other_series"]


@pytest.mark.parametrize("number", [5, 9])
def test_of_two_t1_series_the_sagittal_one_is_taken_though_it_is_smaller(tmp_path: Path, number: int) -> None:
    write_series(tmp_path, 700, 12, **SPIN_ECHO, SeriesNumber=7, SeriesInstanceUID="1.2.7")
    write_series(tmp_path, 300, 5, **SPIN_ECHO, **SAGITTAL, SeriesNumber=number, SeriesInstanceUID="1.2.5")
    t1, told = _map(tmp_path, "t1")
    assert float(np.median(t1.array)) == 300.0
    assert told == [f"Series {number} was measured; left aside were the images of the same kind of series 7."]


def test_of_two_sagittal_t1_series_that_without_a_contrast_agent_is_taken(tmp_path: Path) -> None:
    write_series(tmp_path, 700, 6, **SPIN_ECHO, **SAGITTAL, SeriesNumber=5, SeriesInstanceUID="1.2.5", ContrastBolusAgent="gadobutrol")
    write_series(tmp_path, 300, 6, **SPIN_ECHO, **SAGITTAL, SeriesNumber=9, SeriesInstanceUID="1.2.9")
    t1, told = _map(tmp_path, "t1")
    assert float(np.median(t1.array)) == 300.0
    assert told == ["Series 9 was measured; left aside were the images of the same kind of series 5."]


def test_one_series_of_each_kind_is_no_finding(tmp_path: Path) -> None:
    write_series(tmp_path, 300, 6, **SPIN_ECHO, **SAGITTAL, SeriesNumber=9, SeriesInstanceUID="1.2.9")
    assert _map(tmp_path, "t1")[1] == []
