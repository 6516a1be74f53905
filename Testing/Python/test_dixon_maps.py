"""Dixon stations are joined head to feet, whatever the order of series and files; sets of echoes never mix stations or repeats."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.dicom_files import COLUMNS, ROWS, STEP, write_image
from MarrowQuantLib import dicom, workflow
from MarrowQuantLib.exam.maps import ExamMaps
from MarrowQuantLib.fatwater import fat_phasor
from MarrowQuantLib.model import Settings

KINDS = {"W": "WATER", "F": "FAT", "IN": "IN_PHASE", "OPP": "OPP_PHASE"}
N_SLICES, OVERLAP = 6, 2
SHIFT = N_SLICES - OVERLAP
TIMES_S = 1e-3 * np.array([1.2, 3.2, 5.2, 7.2])


def value(kind: str, k: int) -> int:
    """Stored value of slice ``k`` of the whole body: water falls and fat rises by the slice."""
    water, fat = 1000 - 20 * k, 100 + 20 * k
    return {"W": water, "F": fat, "IN": water + fat, "OPP": abs(water - fat)}[kind]


def fat_fraction(k: int) -> float:
    return 100 * value("F", k) / (value("W", k) + value("F", k))


def write_stations(folder: Path, n_stations: int, *, one_series: bool, seed: int = 0, **attributes: Any) -> None:
    """Overlapping stations in random order of series, kinds and file names; the receiver gain differs between the stations."""
    rng = random.Random(seed)
    images = [(station, kind) for station in range(n_stations) for kind in KINDS]
    rng.shuffle(images)
    names = rng.sample(range(10_000), len(images) * N_SLICES)
    for number, (station, kind) in enumerate(images, start=1):
        for n in range(N_SLICES):
            k = station * SHIFT + n
            series = 1 if one_series else number
            place = {"SeriesNumber": series, "SeriesInstanceUID": f"1.2.3.{series}", "AcquisitionNumber": station + 1}
            write_image(
                folder, k, stored=np.full((ROWS, COLUMNS), value(kind, k) * (station + 1), np.uint16), InstanceNumber=names[-1] + 1,
                name=f"{names.pop()}", ImageType=["DERIVED", "PRIMARY", "DIXON", KINDS[kind]], **{**place, **attributes},
            )  # fmt: skip


def maps_of(folder: Path) -> ExamMaps:
    (exam,) = dicom.group_exams(dicom.scan(folder))
    return workflow.make_maps(exam, "baseline", Settings())


@pytest.mark.parametrize("n_stations", [1, 2, 4])
@pytest.mark.parametrize("one_series", [True, False])
def test_any_number_of_stations_in_any_order_is_one_fat_fraction_map(tmp_path: Path, n_stations: int, one_series: bool) -> None:
    write_stations(tmp_path, n_stations, one_series=one_series, seed=n_stations)
    exam = maps_of(tmp_path)
    n_slices = N_SLICES + (n_stations - 1) * SHIFT
    for key in ("ff", "water", "fat", "in_phase", "opposed_phase"):
        assert exam.maps[key].array.shape == (n_slices, ROWS, COLUMNS), key
    expected = np.array([fat_fraction(k) for k in range(n_slices)])
    np.testing.assert_allclose(exam.maps["ff"].array, np.broadcast_to(expected[:, None, None], (n_slices, ROWS, COLUMNS)), rtol=1e-5)
    np.testing.assert_allclose(exam.maps["ff"].ijk_to_ras[2], [0, 0, STEP, 0], atol=1e-6)
    assert all(row["used"] for row in exam.series)
    assert not [warning for warning in exam.findings if "station" in warning]


def test_a_station_without_fat_is_said_and_leaves_a_gap(tmp_path: Path) -> None:
    write_stations(tmp_path, 3, one_series=False)
    for volume in dicom.scan(tmp_path):
        if volume.role.value == "fat" and volume.station == 2:
            for frame in volume.parts[0]:
                frame.pixels.path.unlink()
    exam = maps_of(tmp_path)
    assert "Water and fat do not have the same stations; their fat fraction is that of station 1, 3." in exam.findings
    known = np.isfinite(exam.maps["ff"].array).all(axis=(1, 2))
    assert known.tolist() == [True] * 6 + [False] * 2 + [True] * 6
    assert exam.maps["ff"].array[8, 0, 0] == pytest.approx(fat_fraction(8))


def test_stations_that_cannot_be_joined_leave_one_and_a_sentence(tmp_path: Path) -> None:
    """Coronal slabs one below the other: no common slices to stack."""
    for station in range(2):
        for number, kind in enumerate(KINDS, start=1):
            for n in range(N_SLICES):
                write_image(
                    tmp_path, n, stored=np.full((ROWS, COLUMNS), value(kind, n), np.uint16), SeriesNumber=10 * station + number,
                    SeriesInstanceUID=f"1.2.{station}.{number}", ImageType=["DERIVED", "PRIMARY", "DIXON", KINDS[kind]],
                    ImageOrientationPatient=[1, 0, 0, 0, 0, -1], ImagePositionPatient=[0.0, STEP * n, -10.0 * station],
                )  # fmt: skip
    exam = maps_of(tmp_path)
    assert exam.maps["ff"].array.shape[0] == N_SLICES
    (warning,) = [warning for warning in exam.findings if "cannot be joined" in warning]
    assert warning.startswith("The Dixon stations cannot be joined, and only station 1 is measured: Station ")


# ---------------------------------------------------------------------------------------------------------------- echoes
def write_echoes(folder: Path, station: int, fat_percent: float, *, first_series: int, components: tuple[str, ...] = ("R", "I")) -> None:
    signal = 1000 * (1 - fat_percent / 100 + fat_percent / 100 * fat_phasor(TIMES_S, 3.0, "ren_marrow_9"))
    for number, component in enumerate(components):
        stored, code = {"R": (signal.real, 2), "I": (signal.imag, 3), "M": (np.abs(signal), 0)}[component]
        for echo, time in enumerate(TIMES_S):
            for n in range(3):
                write_image(
                    folder, station * 2 + n, stored=np.full((ROWS, COLUMNS), round(stored[echo]), np.int16), EchoTime=1e3 * time,
                    SeriesNumber=first_series + number, SeriesInstanceUID=f"1.2.3.{first_series + number}", Manufacturer="GE MEDICAL",
                    private={(0x0043, "GEMS_PARM_01", 0x2F): ("SS", code)},
                )  # fmt: skip


def test_echoes_of_several_stations_are_fitted_station_by_station_and_joined(tmp_path: Path) -> None:
    write_echoes(tmp_path, 0, 60.0, first_series=5)
    write_echoes(tmp_path, 1, 20.0, first_series=1)
    exam = maps_of(tmp_path)
    ff = exam.maps["ff_six_echo"].array.mean(axis=(1, 2))
    np.testing.assert_allclose(ff[[0, 1, 3, 4]], [60, 60, 20, 20], atol=0.2)
    assert 20 < ff[2] < 60  # the overlap is a mean
    assert exam.maps["water"].array.shape[0] == 5


def test_echoes_whose_imaginary_part_is_lost_at_one_station_are_not_paired_with_another_station(tmp_path: Path) -> None:
    write_echoes(tmp_path, 0, 60.0, first_series=5)
    write_echoes(tmp_path, 1, 20.0, first_series=1, components=("R",))
    exam = maps_of(tmp_path)
    np.testing.assert_allclose(exam.maps["ff_six_echo"].array, 60.0, atol=0.2)
    assert exam.maps["ff_six_echo"].ijk_to_ras[2, 3] == pytest.approx(0.0)


def test_magnitude_echoes_give_in_and_opposed_phase_and_a_third_one(tmp_path: Path) -> None:
    write_echoes(tmp_path, 0, 20.0, first_series=1, components=("M",))
    exam = maps_of(tmp_path)
    assert set(exam.maps) == {"opposed_phase", "in_phase", "third_echo"}
    times = [exam.maps[key].echo_time_s for key in ("opposed_phase", "in_phase", "third_echo")]
    assert times == pytest.approx([1.2e-3, 7.2e-3, 3.2e-3]) and exam.maps["third_echo"].field_strength_t == 3.0
