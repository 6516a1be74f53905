"""Kinds of faults in whose files they are, when they were made, whether they are whole, and how they are packed: one table a kind."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Optional

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from helpers.dicom_files import write_image
from helpers.kinds import ADC, FF, TRACE, medians, siemens_b, signal, write_series
from MarrowQuantLib import workflow
from MarrowQuantLib.dicom import group_exams, overrides_from, scan
from MarrowQuantLib.dicom.headers import read_files
from MarrowQuantLib.dicom.patients import Patient, patient_from, relation, united
from MarrowQuantLib.dicom.pixels import read_frames
from MarrowQuantLib.model import MarrowQuantError, no_progress
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_fragmented_frames
from pydicom.sequence import Sequence

WHO = {"PatientName": "Miller^Richard", "PatientID": "4711-A", "PatientBirthDate": "19500101"}


# ---------------------------------------------------------------------------------------------------------- kind 11: identity
def _patient(**changed: str) -> Patient:
    who = {**WHO, **changed}
    return patient_from(who["PatientID"], who["PatientName"], who["PatientBirthDate"])


SAME = [
    ({"PatientName": "Miller^Richard^^^"}, ()), ({"PatientName": "MILLER^RICHARD"}, ()), ({"PatientName": "Miller, Richard"}, ()),
    ({"PatientName": "Richard Miller"}, ()), ({"PatientName": "Miller^Richard^James"}, ()), ({"PatientName": "Miller^Richard=美羅^理"}, ()),
    ({"PatientName": "=美羅^理"}, ("script of the name",)), ({"PatientName": ""}, ()), ({"PatientBirthDate": ""}, ()),
    ({"PatientBirthDate": "19000101"}, ()), ({"PatientID": ""}, ()), ({"PatientID": " 4711-A "}, ()),
    ({"PatientID": "4711-a"}, ("spelling of the patient ID",)), ({"PatientID": "0004711A"}, ("spelling of the patient ID",)),
    ({"PatientID": "4711A"}, ("spelling of the patient ID",)), ({"PatientName": "Jones^Richard"}, ("name",)),
    ({"PatientName": "Anonymous"}, ()), ({"PatientID": "NONE"}, ()), ({"PatientBirthDate": "1950.01.01"}, ()),
]  # fmt: skip
OTHER = [
    ({"PatientID": "9902"}, ("patient ID",)), ({"PatientBirthDate": "19720811"}, ("birth date",)),
    ({"PatientName": "Jones^Mary", "PatientID": "9902"}, ("patient ID", "name")),
    ({"PatientName": "Jones^Mary", "PatientBirthDate": ""}, ("name",)),
    ({"PatientName": "Jones^Mary", "PatientID": "9902", "PatientBirthDate": "19720811"}, ("patient ID", "name", "birth date")),
]  # fmt: skip


@pytest.mark.parametrize("changed, differing", SAME)
def test_one_patient_is_one_however_the_records_are_written(changed: dict[str, str], differing: tuple[str, ...]) -> None:
    found = relation(_patient(), _patient(**changed))
    assert found.same
    assert found.differing == differing


@pytest.mark.parametrize("changed, differing", OTHER)
def test_two_patients_are_two_and_it_is_said_what_differs(changed: dict[str, str], differing: tuple[str, ...]) -> None:
    found = relation(_patient(), _patient(**changed))
    assert not found.same
    assert found.differing == differing


def test_records_of_nobody_are_not_checked_and_that_is_told() -> None:
    assert relation(_patient(), patient_from("", "", "")).unchecked
    assert relation(patient_from("ANON", "Anonymous", ""), patient_from("ANON", "Anonymous", "")).unchecked


def test_no_hash_holds_a_name_and_the_same_people_have_the_same_key() -> None:
    first, second = _patient(), _patient(PatientName="Jones^Richard")
    assert first.key == second.key
    assert "iller" not in repr(first).lower()
    assert len(set(united([first, second, _patient(PatientID="9902")]).values())) == 2


def _exam(folder: Path, date: Optional[str] = "20250114", **more: Any) -> Path:
    for number, kind in enumerate(("WATER", "FAT"), start=2):
        of_series = {"SeriesNumber": number, "SeriesInstanceUID": f"1.2.{number}", "ImageType": ["ORIGINAL", "PRIMARY", "DIXON", kind]}
        write_series(folder, 500, EchoTime=1.2, StudyDate=date, **of_series, **more)
    return folder


def test_records_that_differ_inside_an_exam_are_told(tmp_path: Path) -> None:
    write_series(tmp_path, 500, SeriesNumber=2, SeriesInstanceUID="1.2.2", **WHO)
    write_series(tmp_path, 500, SeriesNumber=3, SeriesInstanceUID="1.2.3", **{**WHO, "PatientName": "Jones^Richard"})
    (exam,) = workflow.read_exams([tmp_path])
    assert [found.code for found in exam.findings] == ["reading.identity_differs"]
    assert "name" in exam.findings[0]
    assert len({volume.patient_key for volume in exam.volumes}) == 1


def test_the_reader_may_say_that_two_records_are_one_patient(tmp_path: Path) -> None:
    folders = [_exam(tmp_path / "a"), _exam(tmp_path / "b", "20250318", PatientID="9902")]
    with pytest.raises(MarrowQuantError, match="differ in patient ID"):
        workflow.read_exams(folders)
    exams = workflow.read_exams(folders, same_patient=True)
    assert [found.code for found in exams[1].findings] == ["reading.identity_said"]
    assert exams[0].patient_key == exams[1].patient_key


# ------------------------------------------------------------------------------------------------------------- kind 11: dates
DATES = {
    "study": {"StudyDate": "20250114"}, "series": {"SeriesDate": "20250114"}, "acquisition": {"AcquisitionDate": "2025.01.14"},
    "acquisition with time": {"AcquisitionDateTime": "20250114101112.5+0900"}, "content": {"ContentDate": "20250114"},
    "procedure step": {"PerformedProcedureStepStartDate": "20250114"}, "instance": {"InstanceCreationDate": "20250114"},
    "dummy first": {"StudyDate": "19000101", "AcquisitionDate": "20250114"},
    "other dummy": {"StudyDate": "11111111", "SeriesDate": "20250114"},
    "empty first": {"StudyDate": "", "SeriesDate": "20250114"},
}  # fmt: skip


@pytest.mark.parametrize("where", DATES)
def test_any_attribute_dates_an_exam(tmp_path: Path, where: str) -> None:
    write_series(tmp_path, 500, **{"StudyDate": None, **DATES[where]})
    (exam,) = group_exams(scan(tmp_path))
    assert exam.date == datetime.date(2025, 1, 14)


@pytest.mark.parametrize("date", [None, "", "19000101", "19700101", "19800101", "00010101", "99991231", "18000101", "11111111", "soon"])
def test_what_is_no_date_is_none_and_one_exam_needs_none(tmp_path: Path, date: Optional[str]) -> None:
    (exam,) = workflow.read_exams([_exam(tmp_path / "a", date)])
    assert exam.date is None


def test_a_series_without_a_date_belongs_to_its_study(tmp_path: Path) -> None:
    _exam(tmp_path, StudyInstanceUID="1.9")
    write_series(tmp_path, 500, SeriesNumber=7, SeriesInstanceUID="1.2.7", StudyDate=None, StudyInstanceUID="1.9")
    (exam,) = group_exams(scan(tmp_path))
    assert len({volume.series_number for volume in exam.volumes}) == 3


@pytest.mark.parametrize(
    "dates", [(None, None), ("19000101", "19000101"), ("20250114", None), ("20250114", "20250114"), (None, "20250114")]
)
def test_without_two_dates_the_order_given_counts_and_is_told(tmp_path: Path, dates: tuple[Optional[str], ...]) -> None:
    folders = [_exam(tmp_path / str(n), date, StudyInstanceUID=f"1.{n}") for n, date in enumerate(dates)]
    exams = workflow.read_exams(folders)
    assert [exam.folder for exam in exams] == folders
    assert exams[1].findings[-1].code in ("reading.no_interval", "reading.same_date")
    given = [datetime.date(2025, 1, 14), datetime.date(2025, 3, 18)]
    exams = workflow.read_exams(folders, dates=given)
    assert [exam.date for exam in exams] == given
    assert [found.code for found in exams[1].findings] == ["reading.date_given"]


def test_the_same_exam_twice_is_refused(tmp_path: Path) -> None:
    folder = _exam(tmp_path / "a")
    with pytest.raises(MarrowQuantError, match="the same images"):
        workflow.read_exams([folder, shutil.copytree(folder, tmp_path / "b")])


def test_an_override_gives_the_date(tmp_path: Path) -> None:
    folder = _exam(tmp_path / "a", None)
    (exam,) = workflow.read_exams([folder], overrides=overrides_from([{"series": 2, "date": "2025-01-14"}]))
    assert exam.date == datetime.date(2025, 1, 14)


# ------------------------------------------------------------------------------------------- kind 12: one bad file, one volume
def _bad_length(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _bad_header(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def _bad_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200] + bytes(range(256)) * 3)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.dcm")


@pytest.mark.parametrize("spoil", [_bad_length, _bad_header, _bad_bytes, _empty, _dangling])
@pytest.mark.parametrize("place", [0, 2, 5])
def test_one_bad_file_spoils_its_volume_and_no_other(tmp_path: Path, spoil: Callable[[Path], None], place: int) -> None:
    """First, inner and last slice; the maps of the other series are used, and what may lack a slice is not."""
    for number, kind in ((1, ADC), (2, FF), (3, ["ORIGINAL", "PRIMARY", "DIXON", "WATER"])):
        unit = {"RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": "um2/s" if number == 1 else "US"}
        write_series(tmp_path, 800, n=6, SeriesNumber=number, SeriesInstanceUID=f"1.2.{number}", ImageType=kind, EchoTime=1.2,
                     name=lambda k: f"{number}-{k}.dcm", **unit)  # noqa: B023  # fmt: skip
    spoil(tmp_path / f"1-{place}.dcm")
    volumes = scan(tmp_path)
    assert any(f"1-{place}.dcm" in volume.problem for volume in volumes)
    assert not any(volume.series_number == 1 and not volume.problem for volume in volumes)
    assert any(volume.series_number == 3 and not volume.problem for volume in volumes)
    assert "Doe" not in "".join(volume.problem for volume in volumes)


def test_a_volume_with_a_whole_sibling_is_used(tmp_path: Path) -> None:
    for b in (0, 400, 800):
        write_series(tmp_path, signal(b), ImageType=TRACE, private=siemens_b(b), name=lambda k: f"{b:03}-{k}.dcm")  # noqa: B023
    (tmp_path / "800-3.dcm").write_bytes(b"")
    sound = [volume.b_value for volume in scan(tmp_path) if not volume.problem]
    assert sound == [0.0, 400.0]


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_series(tmp_path / "open", 500)
    real = os.walk

    def walk(top: Path, onerror: Callable[[OSError], None]) -> Any:
        onerror(PermissionError(13, "Permission denied", str(tmp_path / "closed")))
        return real(top)

    monkeypatch.setattr(os, "walk", walk)
    volumes = scan(tmp_path)
    assert "closed cannot be read (Permission denied)" in volumes[-1].problem
    assert not volumes[0].problem


def test_only_bad_files_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"")
    with pytest.raises(MarrowQuantError, match=r"a\.dcm"):
        scan(tmp_path)


def test_the_exam_tells_of_the_file_that_was_left_out(tmp_path: Path) -> None:
    _exam(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.dcm").write_bytes(b"")
    (exam,) = workflow.read_exams([tmp_path])
    assert [found.code for found in exam.findings] == ["reading.file_left_out"]
    assert "sub/x.dcm" in exam.findings[0]


# ------------------------------------------------------------------------------------------------ kind 13: transfer syntaxes
def _by_gdcm(name: str) -> Callable[[Path], None]:
    def pack(path: Path) -> None:
        image = pydicom.dcmread(path)
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.UseCompressionOn()
        writer.SetCompressor(name)
        writer.SetFileName(str(path.with_suffix(".tmp.dcm")))
        writer.Execute(sitk.GetImageFromArray(image.pixel_array[None]))
        packed = pydicom.dcmread(path.with_suffix(".tmp.dcm"))
        path.with_suffix(".tmp.dcm").unlink()
        image.file_meta.TransferSyntaxUID = packed.file_meta.TransferSyntaxUID
        image.PixelData = packed.PixelData
        image["PixelData"].VR = "OB"
        image.save_as(path)

    return pack


def _by_dcmtk(*command: str) -> Callable[[Path], None]:
    def pack(path: Path) -> None:
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} (DCMTK) is not installed")
        subprocess.run([*command, str(path), str(path)], check=True, capture_output=True)

    return pack


def _by_pydicom(syntax: str) -> Callable[[Path], None]:
    def pack(path: Path) -> None:
        image = pydicom.dcmread(path)
        try:
            image.compress(syntax, generate_instance_uid=False)
        except (RuntimeError, NotImplementedError, ImportError):
            pytest.skip("no encoder of this syntax is installed")
        image.save_as(path)

    return pack


PACKED = {
    "JPEG lossless (GDCM)": _by_gdcm("JPEG"), "JPEG 2000 (GDCM)": _by_gdcm("JPEG2000"),
    "JPEG lossless, first order (DCMTK)": _by_dcmtk("dcmcjpeg", "+e1"),
    "JPEG lossless, another order (DCMTK)": _by_dcmtk("dcmcjpeg", "+el", "+sv", "4"),
    "JPEG-LS (DCMTK)": _by_dcmtk("dcmcjpls", "+el"), "RLE (DCMTK)": _by_dcmtk("dcmcrle"),
    "JPEG-LS (CharLS)": _by_pydicom("1.2.840.10008.1.2.4.80"), "JPEG 2000 (OpenJPEG)": _by_pydicom("1.2.840.10008.1.2.4.90"),
    "RLE (pydicom)": _by_pydicom("1.2.840.10008.1.2.5"),
}  # fmt: skip


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("how", PACKED)
def test_every_common_lossless_syntax_gives_the_same_values(tmp_path: Path, how: str, signed: bool) -> None:
    pattern = (np.add.outer(np.arange(24) * 37, np.arange(32) * 5) % 1900 + 100).astype(np.int16 if signed else np.uint16)
    pattern[0, 0] = -7 if signed else 7
    write_series(tmp_path, lambda k: pattern + np.asarray(k, pattern.dtype), ImageType=ADC, RescaleType="um2/s", RescaleSlope="1",
                 RescaleIntercept="0", SpecificCharacterSet="ISO_IR 100")  # fmt: skip
    for path in tmp_path.iterdir():
        PACKED[how](path)
    (volume,) = scan(tmp_path)
    assert (volume.problem, volume.findings) == ("", ())
    np.testing.assert_array_equal(volume.load().array[2], pattern + 2)


@pytest.mark.parametrize("command", [("dcmcjpeg", "+eb"), ("dcmcjpeg", "+ee"), ("dcmcjpls", "+en", "+md", "2")])
def test_compression_with_loss_is_told(tmp_path: Path, command: tuple[str, ...]) -> None:
    unit = {"RescaleType": "um2/s", "RescaleSlope": "1", "RescaleIntercept": "0"}
    write_series(tmp_path, 900, ImageType=ADC, SpecificCharacterSet="ISO_IR 100", **unit)
    for path in tmp_path.iterdir():
        _by_dcmtk(*command)(path)
    (volume,) = scan(tmp_path)
    assert [how.code for how in volume.findings] == ["recognised.lossy_ratio"]
    (exam,) = group_exams([volume])
    assert exam.findings[0].code == "reading.remarked"


LOSSY_CODE = Dataset()
LOSSY_CODE.CodeValue, LOSSY_CODE.CodingSchemeDesignator, LOSSY_CODE.CodeMeaning = "113040", "DCM", "Lossy Compression"


@pytest.mark.parametrize(("remark", "said"), [
    ("lossy", {"LossyImageCompression": "01"}),
    ("lossy_ratio", {"LossyImageCompressionRatio": "25"}),
    ("lossy", {"DerivationDescription": "Lossy compression 20:1"}),
    ("lossy", {"DerivationCodeSequence": Sequence([LOSSY_CODE])}),
    ("lossy_ratio", {"LossyImageCompression": "01", "LossyImageCompressionRatio": ["10", "5"]}),
    ("contrast_agent", {"ContrastBolusAgent": "gadobutrol"}),
    ("contrast_agent", {"ContrastBolusAgentSequence": Sequence([Dataset()])}),
    ("contrast_agent", {"ContrastBolusVolume": "7.5"}),
    ("burned_in", {"BurnedInAnnotation": "YES"}),
    ("distorted", {"VolumetricProperties": "DISTORTED"}),
    ("logarithm", {"PixelIntensityRelationship": "LOG"}),
    ("reformatted", {"ImageType": ["DERIVED", "SECONDARY", "MPR", "ADC"]}),
])
def test_what_the_header_says_of_its_images_is_passed_on(tmp_path: Path, remark: str, said: dict[str, Any]) -> None:
    write_series(tmp_path, 900, **{"ImageType": ADC, **said})
    (volume,) = scan(tmp_path)
    assert [str(found.code) for found in volume.findings] == [f"recognised.{remark}"]
    (exam,) = group_exams([volume])
    assert [found.code for found in exam.findings] == ["reading.remarked"]


@pytest.mark.parametrize("said", [
    {"LossyImageCompression": "00", "LossyImageCompressionRatio": "1"}, {"DerivationDescription": "lossless JPEG, no loss"},
    {"DerivationDescription": "not lossy compressed"}, {"ContrastBolusVolume": "0"},
    {"ContrastBolusAgent": "NONE"}, {"BurnedInAnnotation": "NO"}, {"VolumetricProperties": "VOLUME"},
])  # fmt: skip
def test_a_header_that_says_nothing_unusual_brings_no_remark(tmp_path: Path, said: dict[str, Any]) -> None:
    write_series(tmp_path, 900, ImageType=ADC, **said)
    assert scan(tmp_path)[0].findings == ()


@pytest.mark.parametrize(("vr", "value"), [("LO", "abc"), ("US", 5)])
def test_a_broken_remark_breaks_no_image(tmp_path: Path, vr: str, value: Any) -> None:
    write_series(tmp_path, 900, ImageType=ADC)
    for path in tmp_path.iterdir():
        image = pydicom.dcmread(path)
        image[0x00089215] = DataElement(0x00089215, vr, value)
        image.save_as(path)
    (volume,) = scan(tmp_path)
    assert (volume.problem, volume.findings) == ("", ())


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.57", "1.2.3.4.5"])
def test_what_cannot_be_decoded_is_said_before_it_is_loaded(tmp_path: Path, syntax: str) -> None:
    for path in (write_image(tmp_path, k, ImageType=ADC) for k in range(3)):
        image = pydicom.dcmread(path)
        image.file_meta.TransferSyntaxUID = syntax
        image.PixelData = encapsulate([b"\x12\x34" * 50])
        image["PixelData"].VR = "OB"
        image.save_as(path, implicit_vr=False, little_endian=True)
    (volume,) = scan(tmp_path)
    assert "cannot be decoded" in volume.problem


def test_frames_of_a_compressed_object_come_in_their_order(tmp_path: Path) -> None:
    frames = []
    for k in range(3):
        path = write_image(tmp_path, k, name=f"{k}.dcm", stored=np.full((16, 16), 100 * k + 7, np.uint16))
        _by_gdcm("JPEG")(path)
        frames.append(b"".join(next(generate_fragmented_frames(pydicom.dcmread(path).PixelData, number_of_frames=1))))
    image = pydicom.dcmread(tmp_path / "0.dcm")
    image.NumberOfFrames, image.PixelData = 3, encapsulate(frames)
    for path in tmp_path.iterdir():
        path.unlink()
    image.save_as(tmp_path / "all.dcm")
    frames_read, _ = read_files([tmp_path / "all.dcm"], no_progress)
    assert [int(pixels[0, 0]) for pixels in read_frames(frames_read)] == [7, 107, 207]


def test_no_value_depends_on_how_an_archive_packs(tmp_path: Path) -> None:
    write_series(tmp_path / "raw", lambda k: np.full((16, 16), 700 + k, np.uint16), ImageType=ADC)
    shutil.copytree(tmp_path / "raw", tmp_path / "packed")
    for path in (tmp_path / "packed").iterdir():
        _by_gdcm("JPEG2000")(path)
    assert medians(scan(tmp_path / "raw")) == medians(scan(tmp_path / "packed"))
