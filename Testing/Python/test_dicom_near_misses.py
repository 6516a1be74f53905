"""Files that nearly agree: header lines an end slice lost, scattered b-values, uneven repeats, values outside a mapping, records."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import numpy as np
import pytest
from helpers.dicom_files import COLUMNS, ROWS, STEP
from helpers.kinds import ADC, FF, ORIGINAL, TRACE, siemens_b, signal, with_code, write_series
from MarrowQuantLib import cli, workflow
from MarrowQuantLib.dicom import group_exams, scan
from MarrowQuantLib.dicom.patients import patient_from, relation
from MarrowQuantLib.diffusion import fit_adc
from MarrowQuantLib.exam.maps import make_exam_maps
from MarrowQuantLib.model import Role, Settings

WATER, FAT = (["DERIVED", "PRIMARY", "DIXON", kind] for kind in ("WATER", "FAT"))


# ------------------------------------------------------------------------------------------ a header line that one slice lost
def _but(k: int, value: Any, lost: int = 3) -> Any:
    return None if k == lost else value


LOST = {
    "ImageType": lambda k: _but(k, ADC), "EchoTime": lambda k: _but(k, 60.0), "FrameOfReferenceUID": lambda k: _but(k, "1.2.3.9"),
    "SeriesNumber": lambda k: _but(k, 1), "InstanceNumber": lambda k: _but(k, k + 1), "StudyInstanceUID": lambda k: _but(k, "1.9"),
}  # fmt: skip
PLACE = {
    "ImagePositionPatient": lambda k: _but(k, [0.0, 0.0, STEP * k]), "PixelSpacing": lambda k: _but(k, [2.0, 2.0]),
    "ImageOrientationPatient": lambda k: _but(k, [1, 0, 0, 0, 1, 0]),
}  # fmt: skip


@pytest.mark.parametrize("name", LOST)
def test_what_an_end_slice_lost_is_known_from_the_others(tmp_path: Path, name: str) -> None:
    write_series(tmp_path, 1000, **{"ImageType": ADC, "EchoTime": 60.0, "StudyInstanceUID": "1.9", name: LOST[name]})
    (volume,) = scan(tmp_path)
    assert volume.shape[2] == 4
    assert not volume.problem


@pytest.mark.parametrize("name", PLACE)
def test_a_volume_whose_end_slice_lost_its_place_is_not_measured(tmp_path: Path, name: str) -> None:
    write_series(tmp_path, 1000, ImageType=ADC, **{name: PLACE[name]})
    assert all(volume.problem for volume in scan(tmp_path))


def test_an_image_without_a_type_goes_to_the_only_volume_that_lacks_it(tmp_path: Path) -> None:
    for value, kind, lost in ((500, WATER, None), (400, FAT, 5)):
        write_series(tmp_path, value, n=6, EchoTime=1.2, ImageType=lambda k, kind=kind, lost=lost: _but(k, kind, lost))
    assert {volume.role: volume.shape[2] for volume in scan(tmp_path)} == {Role.WATER: 6, Role.FAT: 6}
    assert all(np.ptp(volume.load().array) == 0 for volume in scan(tmp_path))


def test_where_two_volumes_lack_it_none_is_measured(tmp_path: Path) -> None:
    for value, kind in ((500, WATER), (400, FAT)):
        write_series(tmp_path, value, n=6, EchoTime=1.2, ImageType=lambda k, kind=kind: _but(k, kind, 5))
    assert not any(volume.role in (Role.WATER, Role.FAT) and not volume.problem for volume in scan(tmp_path))


@pytest.mark.parametrize(
    "changed", [{"ImageType": lambda k: [*FAT, "NORM"] if k == 11 else FAT}, {"EchoTime": lambda k: 1.3 if k == 0 else 1.2},
                {"FrameOfReferenceUID": lambda k: "1.7" if k == 11 else "1.8"}])  # fmt: skip
def test_a_slice_that_continues_a_volume_and_differs_is_no_volume_of_its_own(tmp_path: Path, changed: dict) -> None:
    write_series(tmp_path, 500, n=12, **{"ImageType": FAT, "EchoTime": 1.2, **changed})
    assert all(volume.problem for volume in scan(tmp_path))


# --------------------------------------------------------------------------------------------------------- b-values as applied
@pytest.mark.parametrize(
    "low, high",
    [((46, 52, 50, 54), (800,) * 4), ((0, 0, 0, 0), (700, 860, 810, 790)), ((1, 4, 2, 3), (798, 799, 800, 801)),
     ((50, 50, 50, 50), (790, 810, 790, 810))],
)  # fmt: skip
def test_b_values_that_scatter_from_slice_to_slice_are_one(tmp_path: Path, low: tuple, high: tuple) -> None:
    for applied in (low, high):
        b = float(np.mean(applied))
        write_series(tmp_path, signal(b), ImageType=TRACE, private=lambda k, applied=applied: siemens_b(applied[k]))
    volumes = scan(tmp_path)
    assert [volume.shape[2] for volume in volumes] == [4, 4]
    assert not any(volume.problem for volume in volumes)
    assert [volume.b_value for volume in volumes] == pytest.approx([np.mean(low), np.mean(high)])


def test_table_positions_with_other_b_values_are_not_slices_of_one(tmp_path: Path) -> None:
    for station, applied in enumerate(((0, 50, 800), (0, 58, 860))):
        for b in applied:
            place = {"ImagePositionPatient": lambda k, station=station: [0.0, 0.0, STEP * (k + 8 * station)]}
            write_series(tmp_path, signal(b), n=8, ImageType=TRACE, private=siemens_b(b), AcquisitionNumber=station, **place)
    assert sorted({volume.b_value for volume in scan(tmp_path)}) == [0, 50, 58, 800, 860]


@pytest.mark.parametrize("text", ["50\\800", "0\\50", "800\\801"])
def test_two_b_values_in_one_element_are_refused_by_name(tmp_path: Path, text: str) -> None:
    write_series(tmp_path, signal(50), ImageType=TRACE, private=siemens_b(text))
    (volume,) = scan(tmp_path)
    assert "(0019,100C)" in volume.problem


def test_two_echo_times_in_one_element_are_refused_by_name(tmp_path: Path) -> None:
    write_series(tmp_path, 500, ImageType=WATER, EchoTime=lambda k: [1.2, 2.4])
    assert "Echo Time" in scan(tmp_path)[0].problem


NAMES = [("DWI b50", "DWI b800"), ("ep2d_diff_b50", "ep2d_diff_b800"), ("DWIBS b=50", "DWIBS b=800"), ("DW b 50", "DW b 800"),
         ("b50", "b800"), ("Diffusion b-50", "Diffusion b-800")]  # fmt: skip


@pytest.mark.parametrize("names", NAMES)
def test_a_plain_series_whose_description_names_diffusion_and_b_is_believed_a_little(tmp_path: Path, names: tuple[str, str]) -> None:
    for n, (name, b) in enumerate(zip(names, (50, 800))):
        write_series(tmp_path, signal(b), SeriesDescription=name, SeriesNumber=n, SeriesInstanceUID=f"1.2.{n}")
    assert [(volume.b_value, volume.confidence) for volume in scan(tmp_path)] == [(50, 0.5), (800, 0.5)]


@pytest.mark.parametrize("name", ["DWI", "Ax DWI 800", "Diffusion", "ep2d_diff_tra"])
def test_a_plain_series_that_names_diffusion_alone_says_what_is_missing(tmp_path: Path, name: str) -> None:
    write_series(tmp_path, 900, SeriesDescription=name)
    assert "b-value" in scan(tmp_path)[0].problem


@pytest.mark.parametrize("name", ["DWI ADC b800", "T2 different", "b8 plan", "FA b1000", "diff_kurtosis b800", "DWI b50_800"])
def test_a_description_of_something_else_is_no_diffusion_image(tmp_path: Path, name: str) -> None:
    write_series(tmp_path, 900, SeriesDescription=name)
    (volume,) = scan(tmp_path)
    assert volume.role != Role.DWI or volume.problem


# ------------------------------------------------------------------------------------------------------------- uneven repeats
def _repeats(folder: Path, counts: dict[int, int], numbered: bool, **more: Any) -> None:
    n = 0
    for b, count in counts.items():
        for repeat in range(count):
            number = {"AcquisitionNumber": n} if numbered else {}
            write_series(folder, signal(b) * (repeat + 1), ImageType=TRACE, private=siemens_b(b),
                         InstanceNumber=lambda k, n=n: 10 * n + k + 1, **number, **more)  # fmt: skip
            n += 1


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("counts", [{0: 4, 800: 2}, {0: 2, 800: 1}, {50: 1, 400: 3, 800: 4}])
def test_images_that_were_acquired_more_often_than_others_are_averaged(tmp_path: Path, counts: dict[int, int], numbered: bool) -> None:
    _repeats(tmp_path, counts, numbered)
    volumes = scan(tmp_path)
    assert [volume.b_value for volume in volumes] == list(counts)
    for volume, (b, count) in zip(volumes, counts.items()):
        mean = signal(b) * np.exp(np.log(np.arange(1, count + 1)).mean())
        assert volume.load().array == pytest.approx(mean, rel=1e-3)
        assert (count == 1) or any(f"geometric mean of {count} images" in sentence for sentence in volume.evidence)


def test_directions_and_b_0_repeated_give_the_trace_and_the_directions_are_counted_once(tmp_path: Path) -> None:
    n = 0
    for direction, repeats in ((None, 3), ((1, 0, 0), 2), ((0, 1, 0), 2)):
        for _ in range(repeats):
            b = 800 if direction else 0
            number = {"InstanceNumber": lambda k, n=n: 10 * n + k}
            write_series(tmp_path, signal(b) + n, ImageType=ORIGINAL, private=siemens_b(b, direction), **number)
            n += 1
    low, high = scan(tmp_path)
    assert (len(low.parts), len(high.parts)) == (3, 4)
    assert high.acquisition["n_directions"] == 2
    assert [found.code for found in group_exams([low, high])[0].findings] == ["reading.few_directions"]


def test_what_was_acquired_again_and_is_not_used_is_told(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    data = tmp_path / "exam"
    _repeats(data, {0: 1, 800: 1}, False, SeriesNumber=3, SeriesInstanceUID="1.3")
    _repeats(data, {0: 1}, False, SeriesNumber=4, SeriesInstanceUID="1.4")
    (exam,) = workflow.read_exams([data])
    (told,) = [found for found in make_exam_maps(exam, "baseline", Settings()).findings if found.code == "diffusion.unused"]
    assert "b 0" in told
    assert "series 4" in told
    assert cli.main(["adc", str(data), "--out", str(tmp_path / "out")]) == 0
    assert "Series 4, DWI b0 is not used" in capsys.readouterr().out


@pytest.mark.parametrize("other", [(50, 800), (49, 790), (52.5, 840)])
def test_stations_with_other_applied_b_values_are_each_fitted_with_their_own(tmp_path: Path, other: tuple[float, float]) -> None:
    for station, applied in enumerate(((50, 800), other)):
        for b in applied:
            place = {"ImagePositionPatient": lambda k, station=station: [0.0, 0.0, STEP * (k + 8 * station)]}
            write_series(tmp_path, signal(b), n=8, ImageType=TRACE, DiffusionBValue=float(b), SeriesNumber=station + 1,
                         SeriesInstanceUID=f"1.{station}", **place)  # fmt: skip
    (exam,) = workflow.read_exams([tmp_path])
    maps = make_exam_maps(exam, "baseline", Settings())
    adc = maps.maps["adc"].array
    assert adc.shape[0] == 16
    assert np.nanmin(adc) == pytest.approx(1000, rel=5e-3)
    assert np.nanmax(adc) == pytest.approx(1000, rel=5e-3)
    told = [found.code for found in maps.findings if found.code.startswith("diffusion.b_")]
    assert told == ([] if other == (50, 800) else ["diffusion.b_by_station"] * 2)


# ------------------------------------------------------------------------------------------- values that a mapping leaves out
def _mapped(folder: Path, first: Any, last: Any, stored: Optional[np.ndarray] = None, double: bool = False) -> Any:
    slope = np.tile(np.arange(COLUMNS, dtype=np.uint16) * 200 + 300, (ROWS, 1)) if stored is None else stored
    name = "DoubleFloatRealWorldValue{}ValueMapped" if double else "RealWorldValue{}ValueMapped"
    kind = {name.format("First"): first, name.format("Last"): last}
    write_series(folder, lambda k: slope, ImageType=ADC, RealWorldValueMappingSequence=with_code("um2/s", 2.0, **kind))
    return scan(folder)[0]


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("first, last, empty", [(0, 1299, 3), (500, 4095, 1), (500, 1300, 3), (0, 65535, 0), (None, None, 0)])
def test_values_outside_the_range_of_a_mapping_are_empty(tmp_path: Path, first: Any, last: Any, empty: int, double: bool) -> None:
    number = float if double and first is not None else (lambda value: value)
    volume = _mapped(tmp_path, number(first), number(last), double=double)
    assert not volume.problem
    values = volume.load().array[0, 0]
    assert int(np.isnan(values).sum()) == empty
    assert np.nanmax(values) <= 2.0 * (last if last is not None else 65535)
    assert ("others are empty" in volume.scaling.sentence) == (first is not None)


@pytest.mark.parametrize("first, last", [(2000, 4095), (0, 0), (5000, 100)])
def test_a_mapping_whose_range_cannot_be_right_is_refused(tmp_path: Path, first: int, last: int) -> None:
    assert "Real World Value Mapping" in _mapped(tmp_path, first, last).problem


def test_a_range_of_signed_values_may_be_written_as_unsigned(tmp_path: Path) -> None:
    stored = np.tile(np.linspace(-40, 300, COLUMNS).astype(np.int16), (ROWS, 1))
    slopes = with_code("%", 0.1)
    for tag, value in ((0x00409216, 65536 - 10), (0x00409211, 1000)):
        slopes[0].add_new(tag, "US", value)
    write_series(tmp_path, lambda k: stored, ImageType=FF, RealWorldValueMappingSequence=slopes)
    values = scan(tmp_path)[0].load().array[0, 0]
    assert np.isnan(values).tolist() == (stored[0] < -10).tolist()


# -------------------------------------------------------------------------------------------------------- records of a patient
WHO = {"patient_id": "4711-A", "name": "Miller^Richard", "birth_date": "19500101", "sex": "M"}
TOLD = [
    ({"sex": "F"}, True, ("sex",)), ({"sex": "F", "name": "Jones^Mary"}, True, ("name", "sex")),
    ({"sex": "f", "birth_date": ""}, True, ("sex",)), ({"sex": "F", "birth_date": "", "patient_id": ""}, False, ("sex",)),
    ({"sex": "O"}, True, ()), ({"sex": ""}, True, ()),
    ({"sex": "male"}, True, ()), ({"patient_id": "4711-a"}, True, ("spelling of the patient ID",)),
    ({"patient_id": "４７１１-A"}, True, ()), ({"name": "Richard^Miller"}, True, ("order of the name's parts",)),
    ({"name": "Richard, Miller"}, True, ("order of the name's parts",)), ({"name": "Miller, Richard"}, True, ()),
    ({"name": "Richard Miller"}, True, ()), ({"name": "Miller^Richard^^Dr"}, True, ()),
    ({"name": "美羅^理"}, True, ("script of the name",)), ({"name": "=美羅^理"}, True, ("script of the name",)),
    ({"name": "Miller^Richard=美羅^理"}, True, ()),
    ({"name": "ミラー^リチャード"}, True, ("script of the name",)), ({"name": "理^美羅", "patient_id": "9"}, False, ("patient ID",)),
]  # fmt: skip


@pytest.mark.parametrize("changed, same, differing", TOLD)
def test_what_is_written_differently_in_two_records_is_told(changed: dict[str, str], same: bool, differing: tuple[str, ...]) -> None:
    found = relation(patient_from(**WHO), patient_from(**{**WHO, **changed}))
    assert (found.same, found.differing) == (same, differing)
    assert relation(patient_from(**{**WHO, **changed}), patient_from(**WHO)).differing == differing


def test_an_exam_whose_records_have_another_sex_says_so_in_both_languages(tmp_path: Path) -> None:
    for n, sex in enumerate("MF"):
        write_series(tmp_path, 500, SeriesNumber=n, SeriesInstanceUID=f"1.2.{n}", PatientSex=sex, ImageType=(WATER, FAT)[n], EchoTime=1.2)
    (exam,) = workflow.read_exams([tmp_path])
    (told,) = exam.findings
    assert "sex" in told
    assert "性別" in told.in_language("ja")


def test_the_fit_of_images_of_files_is_that_of_dicom(tmp_path: Path) -> None:
    """Three images of b 0 and one of b 800 give one ADC, whatever the form of the file."""
    _repeats(tmp_path, {0: 3, 800: 1}, True)
    low, high = (volume.load() for volume in scan(tmp_path))
    stored = np.array([1, 2, 3]) * float(signal(0))
    own = fit_adc(np.array([[np.exp(np.log(stored).mean()), signal(800)]]), [0, 800]).adc_um2_per_s
    fit = fit_adc(np.stack([low.array, high.array], -1), [0, 800]).adc_um2_per_s
    assert np.nanmax(fit) == pytest.approx(float(own[0]), rel=1e-4)
