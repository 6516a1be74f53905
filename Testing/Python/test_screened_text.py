"""Free text of the source never reaches results, report or scene with what tells who the patient is."""

from __future__ import annotations

import pytest
from helpers.dicom_files import write_volume
from MarrowQuantLib import dicom
from MarrowQuantLib.io.identity import date_forms, without_long_numbers

WHO = {
    "PatientName": "Doe^Jane", "PatientID": "PID-4711", "PatientBirthDate": "19511224", "AccessionNumber": "ACC98765",
    "OperatorsName": "Tall^Tom",
    "ReferringPhysicianName": "Kuroda^Ken", "InstitutionName": "Seaside Clinic", "OtherPatientNames": "Roe^Jill", "StudyID": "S5544",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("T2 *24.12.1951 sag", "T2 *[removed] sag"), ("T2 19511224", "T2 [removed]"), ("T2 1951/12/24", "T2 [removed]"),
        ("T2 12-24-51", "T2 [removed]"), ("T2 511224", "T2 [removed]"), ("Dr Kuroda ADC", "Dr [removed] ADC"), ("ADC ACC98765",
        "ADC [removed]"),
        ("ADC by TALL, Tom", "ADC by [removed], [removed]"), ("seaside clinic DWI", "[removed] DWI"), ("Jill DWI", "[removed] DWI"),
        ("S5544 DWI", "[removed] DWI"), ("4711 ADC", "[removed] ADC"), ("tel 090-1234-5678", "tel [removed]"), ("20250114 follow",
        "[removed] follow"),
        ("ep2d_diff_b50-400-800", "ep2d_diff_b50-400-800"), ("DWI b50 400 800", "DWI b50 400 800"), ("T2 1.5 mm 256x256",
        "T2 1.5 mm 256x256"),
    ],
)  # fmt: skip
def test_a_series_description_is_screened(tmp_path, text, left):
    write_volume(tmp_path, SeriesDescription=text, **WHO)
    (volume,) = dicom.scan(tmp_path)
    assert volume.series_description == left


def test_a_date_has_many_forms():
    forms = set(date_forms("19510304"))
    assert {"19510304", "04031951", "03041951", "510304", "1951-03-04", "4.3.1951", "3/4/51", "04.03.51"} <= forms
    assert list(date_forms("text")) == []


@pytest.mark.parametrize("text", ["b1000", "T2 5.3.0", "1.5 2.5", "12345", "0-400-800", "256x256x40"])
def test_numbers_of_the_scan_are_no_long_numbers(text):
    assert without_long_numbers(text) == text
