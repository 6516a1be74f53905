"""Sentences of Docs/deidentification.md that no other test holds, each one checked on a few small images."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import pydicom
import pytest
from helpers.dicom_files import MR_IMAGE, write_image
from MarrowQuantLib import cli
from MarrowQuantLib.deidentify import clean, deidentify
from MarrowQuantLib.deidentify.check import words_of
from MarrowQuantLib.deidentify.keyed import Key
from MarrowQuantLib.deidentify.pixels import clean_pixels
from MarrowQuantLib.deidentify.rules import DUMMY, EMPTY, NEWER_DATES, REMOVE, TABLE_FILE, Policy, table
from MarrowQuantLib.deidentify.screen import reason_to_leave_out
from MarrowQuantLib.dicom.csa import csa_numbers
from MarrowQuantLib.io.identity import IdentityWords, without_long_numbers
from MarrowQuantLib.model import MarrowQuantError
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless

ROOT = Path(__file__).resolve().parents[2]
# Some of what is planted breaks the standard on purpose, and pydicom says so.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
B_VALUE = {(0x0019, "SIEMENS MR HEADER", 0x0C): ("IS", 800)}


@pytest.fixture
def source(tmp_path):
    """The input folder, still empty."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def cleaned(source, **options):
    """The data sets that were written."""
    deidentify(source, source.parent / "out", source.parent / "key", **options)
    return [pydicom.dcmread(path) for path in sorted((source.parent / "out").rglob("*.dcm"))]


def codes_of(image):
    return [item.CodeValue for item in image.DeidentificationMethodCodeSequence]


# -------------------------------------------------------------------------------------------------------------- profiles
def test_the_basic_profile_keeps_no_description(source):
    write_image(source, 0, SeriesDescription="T2 tse sag", ProtocolName="T2 tse sag", private=B_VALUE)
    (image,) = cleaned(source, profile="basic")
    assert codes_of(image) == ["113100"]
    assert not image.get("SeriesDescription")
    assert "T2" not in str(image.get("ProtocolName"))


def test_the_profile_quantification_keeps_b_values_and_no_date(source):
    write_image(source, 0, AcquisitionDate="20250114", AcquisitionDateTime="20250114101112", InstanceCreationDate="20250114",
                SeriesDescription="T2 tse sag", private=B_VALUE)  # fmt: skip
    (image,) = cleaned(source, profile="quantification")
    assert codes_of(image) == ["113100", "113103", "113104", "113105", "113111"]
    assert image[0x0019, 0x100C].value == 800
    assert image.SeriesDescription == "T2 tse sag"
    assert [str(element) for element in image if element.VR in ("DA", "DT") and str(element.value or "1900")[:4] != "1900"] == []
    assert image.LongitudinalTemporalInformationModified == "REMOVED"


def test_the_command_with_both_options_and_a_crosswalk_does_what_the_page_says(source, tmp_path):
    write_image(source, 0, StationName="MRC35131", DeviceSerialNumber="35131", PatientSize=1.71, PatientAge="061Y")
    options = ["--key", tmp_path / "key", "--retain", "device", "characteristics", "--crosswalk", tmp_path / "who.csv"]
    assert cli.main(["deidentify", *map(str, (source, tmp_path / "out", *options))]) == 0
    image = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))
    assert codes_of(image) == ["113100", "113103", "113104", "113105", "113107", "113108", "113109", "113111"]
    assert (image.StationName, image.DeviceSerialNumber) == ("MRC35131", "35131")
    assert (float(image.PatientSize), image.PatientAge) == (1.71, "061Y")
    assert "MQ-4711" in (tmp_path / "who.csv").read_text(encoding="utf-8-sig")


def test_the_laboratory_sheet_moves_by_the_same_days_as_the_images(source, tmp_path):
    write_image(source, 0)  # of 2025-01-14
    (tmp_path / "labs.csv").write_text("date,test,value,unit\n2025-01-14,M protein,3.2,g/dL\n", encoding="utf-8")
    assert cli.main(["deidentify", *map(str, (source, tmp_path / "out", "--key", tmp_path / "key", "--labs", tmp_path / "labs.csv"))]) == 0
    (row,) = (tmp_path / "out" / "labs.csv").read_text(encoding="utf-8").splitlines()[1:]
    date = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm"))).StudyDate
    assert date != "20250114"
    assert row.split(",")[0].replace("-", "") == date


def test_the_method_names_the_edition_of_the_standard(source):
    write_image(source, 0)
    (image,) = cleaned(source)
    assert "PS3.15 2026c Annex E" in image.DeidentificationMethod
    assert table().edition == "2026c"


def test_the_section_of_the_panel_has_no_crosswalk_and_no_laboratory_sheet():
    root = ElementTree.parse(ROOT / "MarrowQuant" / "Resources" / "UI" / "MarrowQuant.ui").getroot()
    section = next(widget for widget in root.iter("widget") if widget.get("name") == "deidentifySection")
    assert section.findtext("property[@name='text']/string") == "8 De-identify"
    names = [str(widget.get("name")).lower() for widget in section.iter("widget")]
    assert "deidentifybutton" in names
    assert [name for name in names if "crosswalk" in name or "lab" in name.replace("label", "")] == []


# --------------------------------------------------------------------------------------------------------------- the key
def test_pseudonyms_names_shifts_and_uids_are_hmac_sha256_under_the_secret():
    secret = bytes(range(32))
    key = Key(secret)

    def digest(kind):
        return hmac.new(secret, f"{kind}\0who".encode(), hashlib.sha256).digest()

    assert key.pseudonym("who") == "MQ-" + base64.b32encode(digest("patient")).decode()[:10]
    assert key.name("series", "who") == digest("series").hex()[:8]
    assert key.shift_days("who") == -365 - int.from_bytes(digest("shift")[:8], "big") % 3652
    number = int(key.uid("who")[len("2.25.") :])
    fixed = ~((0xF << 76) | (0x3 << 62))  # version and variant of a UUID (RFC 4122) are not from the digest
    assert number & fixed == int.from_bytes(digest("uid")[:16], "big") & fixed


def test_no_crosswalk_is_written_unless_it_is_asked_for(source, tmp_path):
    write_image(source, 0)
    cleaned(source)
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out", "key"}
    assert list(tmp_path.rglob("*.csv")) == []


@pytest.mark.parametrize("studies, count", [(("1.2.1", "1.2.2"), 2), (("1.2.1", "1.2.1"), 1)])
def test_without_any_name_of_a_patient_the_study_tells_them_apart(source, studies, count):
    for n, study in enumerate(studies):
        write_image(source, n, PatientID="", PatientName="", PatientBirthDate="", StudyInstanceUID=study)
    assert len({image.PatientID for image in cleaned(source)}) == count


# -------------------------------------------------------------------------------------------------------------- elements
def test_where_the_table_leaves_a_choice_a_dummy_is_taken_before_an_empty_value():
    policy = Policy.of("basic")
    chosen = {tag: code for tag, code in table().actions.items() if code in {"X/Z", "X/D", "X/Z/D", "Z/D"}}
    assert set(chosen.values()) == {"X/Z", "X/D", "X/Z/D", "Z/D"}
    plain = {tag: code for tag, code in chosen.items() if dictionary_VR(tag) != "SQ"}
    assert {tag for tag, code in plain.items() if policy.action(tag, dictionary_VR(tag)) != (DUMMY if "D" in code else EMPTY)} == set()
    sequences = {tag: policy.action(tag, "SQ") for tag in set(chosen) - set(plain)}
    assert {done for tag, done in sequences.items() if "D" in chosen[tag]} == {"cleaned"}
    assert {tag: done for tag, done in sequences.items() if "D" not in chosen[tag] and done != REMOVE} == {0x00400555: EMPTY}


@pytest.mark.parametrize("profile, retain", [("basic", ()), ("quantification", ()), ("longitudinal", ("device", "characteristics"))])
def test_the_birth_date_is_emptied_and_the_birth_time_removed_in_every_profile(source, profile, retain):
    write_image(source, 0, PatientBirthTime="010203")
    (image,) = cleaned(source, profile=profile, retain=retain)
    assert "PatientBirthDate" in image and not image.PatientBirthDate
    assert "PatientBirthTime" not in image


def test_dates_of_contrast_and_frames_are_shifted_and_one_that_the_table_does_not_name_goes(source):
    assert 0x0008041F not in table().actions  # Study Update DateTime
    assert not NEWER_DATES & table().options["dates"]
    write_image(source, 0, ContrastBolusStartTime="101112", FrameReferenceDateTime="20250114101112", StudyUpdateDateTime="20250114101112")
    (image,) = cleaned(source)
    assert image.StudyDate != "20250114"
    assert image.FrameReferenceDateTime == image.StudyDate + "101112"
    assert image.ContrastBolusStartTime == "101112"
    assert "StudyUpdateDateTime" not in image


@pytest.mark.parametrize("phone, kept", [(None, "312345678"), ("03-1234-5678", "0"), ("0312345678", "0")])
def test_a_telephone_number_goes_from_numbers_too(source, phone, kept):
    write_image(source, 0, PatientTelephoneNumbers=phone, AcquisitionNumber="312345678")
    (image,) = cleaned(source)
    assert str(image.AcquisitionNumber) == kept


def test_a_plain_unit_of_ucum_stays_though_no_dictionary_lists_it(source):
    items = []
    for value, scheme in (("1/s", "UCUM"), ("[yamada]", "UCUM"), ("1/s", "99X")):
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, "of Dr Yamada"
        items.append(item)
    write_image(source, 0, PurposeOfReferenceCodeSequence=items)
    (image,) = cleaned(source)
    assert [item.CodeMeaning for item in image.PurposeOfReferenceCodeSequence] == ["1/s", "removed", "removed"]


def csa(**entries):
    """A Siemens CSA header of the form SV10, as NiBabel's documentation describes it."""
    body = b""
    for name, values in entries.items():
        body += struct.pack("<64si4siii", name.encode(), len(values), b"LO\0\0", 19, len(values), 77)
        for text in (value.encode() for value in values):
            body += struct.pack("<iiii", len(text), len(text), 77, len(text)) + text + b"\0" * (-len(text) % 4)
    return b"SV10\4\3\2\1" + struct.pack("<II", len(entries), 77) + body


def test_of_a_siemens_csa_header_only_the_numbers_stay_that_are_measured_with(source):
    header = csa(PatientName=["Geheimrat"], B_value=["800"], NumberOfImagesInMosaic=["25"], SliceNormalVector=["0", "0", "1"],
                 EchoLinePosition=["64"])  # fmt: skip
    assert csa_numbers(header, "EchoLinePosition") == (64.0,)
    write_image(source, 0, private={(0x0029, "SIEMENS CSA HEADER", 0x10): ("OB", header)})
    (image,) = cleaned(source)
    left = image[0x0029, 0x1010].value
    assert [csa_numbers(left, name) for name in ("B_value", "NumberOfImagesInMosaic", "SliceNormalVector")] == [(800,), (25,), (0, 0, 1)]
    assert b"Geheimrat" not in left and b"PatientName" not in left and b"EchoLinePosition" not in left


# ----------------------------------------------------------------------------------------------------------- what is left out
def test_what_cannot_be_decoded_is_left_out_and_the_rest_is_written(source, tmp_path):
    write_image(source, 0)
    dataset = pydicom.dcmread(path := write_image(source, 1))
    dataset.PixelData = encapsulate([b"no codestream at all"])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    dataset.save_as(path)
    summary = deidentify(source, tmp_path / "out", tmp_path / "key")
    assert len(summary.passed) == 1
    assert ["compressed pixels are damaged" in str(file.reason) for file in summary.left_out] == [True]


@pytest.mark.parametrize(
    "change, code",
    [
        ({}, None),
        ({"ConversionType": "WSD"}, "left_out.screen_save"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "left_out.screen_save"),
        ({"ImageType": ["DERIVED", "SECONDARY CAPTURE"]}, "left_out.screen_save"),
        ({"PhotometricInterpretation": "RGB"}, "left_out.colour"),
        ({"BurnedInAnnotation": "YES"}, "left_out.burned_in"),
        ({"ImagePositionPatient": None}, "left_out.no_position"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "left_out.other"),  # CT
    ],
)
def test_each_sign_of_text_in_the_picture_leaves_an_image_out(source, change, code):
    dataset = pydicom.dcmread(write_image(source, 0))
    for keyword, value in change.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    reason = reason_to_leave_out(dataset, MR_IMAGE)
    assert (reason.code if reason else None) == code


def test_a_grid_of_united_imaging_has_its_positions_in_a_private_sequence_and_is_passed_on(source):
    tile = Dataset()
    tile.ImagePositionPatient = [0, 0, 5]
    block = {(0x0065, "Image Private Header", 0x51): ("SQ", pydicom.Sequence([tile]))}
    write_image(source, 0, ImagePositionPatient=None, private=block)
    (image,) = cleaned(source)
    assert list(image[0x0065, 0x1051].value[0].ImagePositionPatient) == [0, 0, 5]


def test_a_second_file_of_the_same_image_is_left_out_and_listed(source, tmp_path):
    for name in ("a.dcm", "b.dcm"):
        write_image(source, 0, name=name, SOPInstanceUID="1.2.3.4")
    summary = deidentify(source, tmp_path / "out", tmp_path / "key")
    assert len(summary.passed) == 1
    assert [(file.number, str(file.reason)) for file in summary.left_out] == [(2, "a second file of the same image")]


@pytest.mark.parametrize("named", [{"ReferringPhysicianName": "Geheimrat^Anna"}, {"InstitutionName": "Geheimrat Clinic"}])
def test_the_second_look_knows_physicians_and_institution(source, tmp_path, monkeypatch, named):
    path = write_image(source, 0, SequenceName="geheimrat", **named)
    assert b"geheimrat" in words_of(pydicom.dcmread(path))
    monkeypatch.setattr(clean, "clean_text", lambda text, own: text)
    with pytest.raises(MarrowQuantError, match="identity was still found"):
        deidentify(source, tmp_path / "out", tmp_path / "key")
    assert not (tmp_path / "out").exists()


def test_the_report_numbers_the_files_of_the_sorted_list_and_names_none(source, tmp_path):
    (source / "a-geheimrat.txt").write_text("no DICOM", encoding="utf-8")
    write_image(source, 0, name="b-geheimrat.dcm")
    (source / "c-geheimrat.txt").write_text("no DICOM", encoding="utf-8")
    cleaned(source)
    report = json.loads((tmp_path / "out" / "deidentification.json").read_text(encoding="utf-8"))
    assert [row["number"] for row in report["left_out"]] == [1, 3]
    assert {"attribute": "(0010,0010)", "name": "Patient's Name", "done": "replaced", "times": 1} in report["attributes"]
    text = (tmp_path / "out" / "deidentification.txt").read_text(encoding="utf-8")
    assert "(0010,0010) Patient's Name: replaced, 1" in text
    assert "geheimrat" not in (text + json.dumps(report)).lower() and "4711" not in text + json.dumps(report)


def test_floating_point_pixels_that_are_no_number_all_get_the_same_form_and_infinity_stays():
    image = Dataset()
    image.Rows, image.Columns = 1, 4
    image.FloatPixelData = b"ZZ\xc0\x7f" + b"QQ\xff\xff" + struct.pack("<ff", float("inf"), 1.5)
    assert clean_pixels(image, ExplicitVRLittleEndian) == ExplicitVRLittleEndian
    first, second, *rest = (image.FloatPixelData[n : n + 4] for n in range(0, 16, 4))
    assert first == second and b"Z" not in first
    assert rest == [struct.pack("<f", float("inf")), struct.pack("<f", 1.5)]


@pytest.mark.parametrize(
    "syntax, written",
    [(ExplicitVRBigEndian, ExplicitVRLittleEndian), (ExplicitVRLittleEndian, ExplicitVRLittleEndian),
     (ImplicitVRLittleEndian, ImplicitVRLittleEndian)],
)  # fmt: skip
def test_pixels_are_written_little_endian(syntax, written):
    image = Dataset()
    image.Rows, image.Columns, image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 1, 2, 16, 16, 15, 0
    image.add_new(0x7FE00010, "OW", struct.pack(">HH" if syntax == ExplicitVRBigEndian else "<HH", 258, 3))
    assert clean_pixels(image, syntax) == written
    assert image.PixelData == struct.pack("<HH", 258, 3)


# -------------------------------------------------------------------------------------------------------- page and scenes
def test_the_page_says_the_size_of_the_table_and_its_edition():
    page = (ROOT / "Docs" / "deidentification.md").read_text(encoding="utf-8")
    (size,) = re.findall(r"\((\d+) kB\) from the first two", page)
    assert int(size) == round(TABLE_FILE.stat().st_size / 1000)
    assert f"edition {table().edition}" in page


@pytest.mark.parametrize(
    "value, text, left",
    [("LI^YUAN", "Li came with Yuan", "Li came with removed"), ("123", "123 slices", "123 slices"), ("4711", "4711 T2", "removed T2"),
     ("山^太郎", "山 T2, 太郎 T1", "山 T2, removed T1")],
)  # fmt: skip
def test_short_parts_of_a_name_and_short_numbers_stay_in_a_share_safe_text(value, text, left):
    assert IdentityWords([value]).removed_from(text) == left


@pytest.mark.parametrize("text, stays", [("T2 12345", True), ("T2 123456", False), ("T2 1234567", False)])
def test_numbers_of_six_digits_and_more_go_from_a_description(text, stays):
    assert (without_long_numbers(text) == text) is stays
    assert ("12345" in without_long_numbers(text)) is stays


def test_the_secret_of_the_computer_lies_in_the_home_folder_unless_another_place_is_named(monkeypatch, tmp_path):
    from MarrowQuantLib.exam.identity import identity_of_header

    header = Dataset()
    header.PatientID, header.FrameOfReferenceUID = "4711", "1.2.3"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    home, other = tmp_path / ".marrowquant" / "identity.key", tmp_path / "other.key"
    monkeypatch.setenv("MARROWQUANT_IDENTITY_KEY", str(other))
    first = identity_of_header(header)
    assert other.is_file() and not home.exists()
    monkeypatch.delenv("MARROWQUANT_IDENTITY_KEY")
    assert identity_of_header(header) != first and home.is_file()
