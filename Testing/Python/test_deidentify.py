"""De-identification: nothing of the patient is left, whatever a file holds; the same key gives the same answers; refusals are sentences."""

import ast
import csv
import io
import json
import logging
import re
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers import planted
from helpers.dicom_files import write_enhanced, write_image
from MarrowQuantLib import cli
from MarrowQuantLib.deidentify import deidentify
from MarrowQuantLib.deidentify.keyed import Key
from MarrowQuantLib.deidentify.pixels import UnsafePixels
from MarrowQuantLib.deidentify.rules import OPTION_CODES, Policy, table
from MarrowQuantLib.deidentify.vocabulary import clean_code_string, clean_text
from MarrowQuantLib.dicom import classify
from MarrowQuantLib.model import Cancelled, MarrowQuantError, finding
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The planted study, de-identified once from the command line, with everything that was said while it ran."""
    folder = tmp_path_factory.mktemp("deidentify")
    count = planted.write_study(folder / planted.SECRET / "in")
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger().addHandler(handler)
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = said
    try:
        paths = [folder / planted.SECRET / "in", folder / "out", "--key", folder / "key", "--crosswalk", folder / "who.csv"]
        code = cli.main(["deidentify", *map(str, paths)])
    finally:
        sys.stdout, sys.stderr = stdout, stderr
        logging.getLogger().removeHandler(handler)
    return {"folder": folder, "out": folder / "out", "code": code, "said": said.getvalue(), "count": count}


@pytest.fixture
def image(tmp_path):
    """``image(**attributes)``: one image written, de-identified with the longitudinal profile, and read again."""

    def deidentified(profile="longitudinal", retain=(), private=None, **attributes):
        folder = tmp_path / "in"
        folder.mkdir()
        write_image(folder, 0, private=private, **attributes)
        deidentify(folder, tmp_path / "out", tmp_path / "key", profile=profile, retain=retain)
        return pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))

    return deidentified


# ------------------------------------------------------------------------------------------------------- nothing is left
def test_the_identity_is_planted_often_enough_to_prove_something(study):
    assert study["count"] > 3000
    original = b"".join(path.read_bytes() for path in (study["folder"] / planted.SECRET / "in").rglob("*") if path.is_file())
    assert all(original.count(secret) > 1 for secret in planted.ASCII_ONLY)
    assert "山田".encode("iso2022_jp")[3:7] in original


def test_no_byte_of_the_identity_is_in_anything_that_was_written_or_said(study):
    assert study["code"] == 0
    written = {path: path.read_bytes() for path in study["out"].rglob("*") if path.is_file()}
    assert len(written) == 3 + 2  # images and the audit report in two forms
    said = study["said"].replace(str(study["folder"]), "").encode()
    for content in (*written.values(), *(str(path.relative_to(study["out"])).encode() for path in written), said):
        for secret in planted.SECRETS:
            assert secret.lower() not in content.lower(), secret


@pytest.mark.parametrize("profile, retain", [("basic", ()), ("quantification", ()), ("longitudinal", ("characteristics",))])
def test_no_profile_and_option_lets_a_byte_of_the_identity_through(study, tmp_path, profile, retain):
    source = study["folder"] / planted.SECRET / "in"
    summary = deidentify(source, tmp_path / "out", tmp_path / "key", profile=profile, retain=retain)
    assert len(summary.passed) == 3
    for path in (path for path in (tmp_path / "out").rglob("*") if path.is_file()):
        content = path.relative_to(tmp_path).as_posix().encode() + path.read_bytes()
        assert [secret for secret in planted.SECRETS if secret.lower() in content.lower()] == []


def test_a_device_that_is_named_after_the_patient_loses_the_name_even_if_devices_are_retained(tmp_path):
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in", 0, StationName="MRC35131", **_called(planted.SECRET))
    write_image(tmp_path / "in", 1, StationName=f"{planted.SECRET} MR", **_called(planted.SECRET))
    summary = deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key", retain=["device"])
    assert summary.left_out == []
    assert {pydicom.dcmread(kept).StationName for kept in (tmp_path / "out").rglob("*.dcm")} == {"MRC35131", "MR"}


def _called(name):
    return {"PatientName": f"{name}^Anna", "PatientID": f"{name}-4711"}


@pytest.mark.parametrize("burned, written", [("YES", 0), ("NO", 1), (None, 1)])
def test_burned_in_annotation_decides_for_classic_and_enhanced_images(tmp_path, burned, written):
    """Absent is taken as no for an image that has a position and is no capture: the audit report says that pixels are not searched."""
    (tmp_path / "in").mkdir()
    said = {} if burned is None else {"BurnedInAnnotation": burned}
    frames = [{"PlanePositionSequence": {"ImagePositionPatient": [0, 0, 5.0 * n]}} for n in (0, 1)]
    write_image(tmp_path / "in", 0, **said)
    write_enhanced(tmp_path / "in", frames, **said)
    write_image(tmp_path / "in", 5)  # so that there is something to pass on
    summary = deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key")
    assert len(summary.passed) == 1 + 2 * written
    assert [file.reason for file in summary.left_out] == ["Burned In Annotation says YES"] * (2 - 2 * written)
    assert "text burned into pixels is not searched for" in (tmp_path / "out" / "deidentification.txt").read_text(encoding="utf-8")


def test_only_images_are_passed_on_and_each_file_left_out_has_a_reason(study):
    report = json.loads((study["out"] / "deidentification.json").read_text(encoding="utf-8"))
    assert report["files"] == {"found": 17, "written": 3, "left_out": 14}
    reasons = " | ".join(row["reason"] for row in report["left_out"])
    for kind in (
        "structured report", "encapsulated document", "presentation state", "raw data", "secondary capture", "DICOMDIR", "Burned In",
        "screen save", "colour picture", "without a position", "cut short", "damaged", "no DICOM",
    ):  # fmt: skip
        assert kind in reasons, kind
    assert len(report["left_out"]) == 14


def test_names_of_folders_and_files_are_neutral(study):
    names = [path.relative_to(study["out"]).as_posix() for path in study["out"].rglob("*.dcm")]
    pattern = r"MQ-[A-Z2-7]{10}/study-[0-9a-f]{8}/series-[0-9a-f]{8}/[0-9a-f]{16}\.dcm"
    assert all(re.fullmatch(pattern, name) for name in names)


def test_what_measuring_needs_is_still_there(study):
    images = [pydicom.dcmread(path) for path in study["out"].rglob("*.dcm")]
    classic = [image for image in images if "NumberOfFrames" not in image]
    assert {image[0x0019, 0x100C].value for image in classic if image.get((0x0019, 0x0010))} == {800}
    for image in images:
        assert image.Manufacturer == "SIEMENS"
        assert image.ManufacturerModelName == "Skyra"
        assert image.pixel_array.size
    assert all(image.SeriesDescription == "ep2d_diff b50_800" for image in images)


def test_the_crosswalk_and_the_key_are_for_their_owner_only(study):
    with (study["folder"] / "who.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["original_id"] for row in rows} == {planted.PATIENT["PatientID"]}
    assert len({row["pseudonym"] for row in rows}) == 1
    assert all((study["out"] / row["file"]).is_file() for row in rows)
    if sys.platform != "win32":
        assert all((study["folder"] / name).stat().st_mode & 0o077 == 0 for name in ("key", "who.csv"))


def test_a_deidentified_study_stays_the_same_size_of_pixels(image):
    stored = np.arange(48, dtype=np.uint16).reshape(6, 8)
    assert (image(stored=stored).pixel_array == stored).all()


# ------------------------------------------------------------------------------------------------------------- the rules
def test_the_table_has_the_actions_of_the_standard():
    # rows that have not changed since Supplement 142 (2011) brought the table
    expected = {0x00100010: "Z", 0x00080050: "Z", 0x0020000D: "U", 0x00081030: "X", 0x00400275: "X", 0x00081140: "X/Z/U*"}
    assert {tag: table().actions[tag] for tag in expected} == expected
    assert len(table().actions) > 600


def test_the_codes_are_those_of_the_context_group():
    from pydicom.sr.codedict import codes

    known = {codes.cid7050.__getattr__(name) for name in codes.cid7050.dir()}
    meanings = {code.value: code.meaning for code in known}
    for code in (*OPTION_CODES.values(), *Policy.of("basic").codes):
        assert meanings[code.value].lower() == code.meaning.lower()


def test_the_method_is_written_down(image):
    cleaned = image()
    assert cleaned.PatientIdentityRemoved == "YES"
    written = [item.CodeValue for item in cleaned.DeidentificationMethodCodeSequence]
    assert written == ["113100", "113103", "113104", "113105", "113107", "113111"]
    assert cleaned.LongitudinalTemporalInformationModified == "MODIFIED"


def test_the_basic_profile_removes_dates_and_private_elements(image):
    cleaned = image("basic", private={(0x0019, "SIEMENS MR HEADER", 0x0C): ("IS", 800)}, StudyTime="101112")
    assert not cleaned.StudyDate
    assert not [element for element in cleaned if element.tag.is_private]
    assert cleaned.LongitudinalTemporalInformationModified == "REMOVED"


def test_characteristics_and_device_are_kept_only_when_asked(image):
    cleaned = image(retain=("characteristics", "device"), PatientAge="092Y", PatientSex="F", PatientWeight=61.5, StationName="MRC35131")
    assert (cleaned.PatientAge, cleaned.PatientSex, float(cleaned.PatientWeight), cleaned.StationName) == ("090Y", "F", 61.5, "MRC35131")


def test_characteristics_and_device_go_by_default(image):
    cleaned = image(PatientAge="052Y", PatientSex="F", PatientWeight=61.5, DeviceSerialNumber="17", StationName="MRT1")
    assert "PatientAge" not in cleaned
    assert "PatientWeight" not in cleaned
    assert not cleaned.PatientSex
    assert cleaned.DeviceSerialNumber == cleaned.StationName == "REMOVED"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("SAG mDIXON-Quant L-Spine", "SAG mDIXON-Quant L-Spine"),
        ("*ep_b50_800#3", "*ep_b50_800#3"),
        ("ep2d_diff_tra_DYNDIST_ADC", "ep2d_diff_tra_DYNDIST_ADC"),
        ("WB DWI station 3 Mrs. Geheimrat 17.3.1950", "WB DWI station 3"),
        ("Yamada Taro T1 tse sag", "T1 tse sag"),
        ("tel 090 1234 5678", ""),
        ("02/17/50", ""),
        ("MRN 4711234", ""),
        ("山田太郎 DWI", "DWI"),
        ("MagdalenaFat", ""),
        ("mDIXON_LS_Geheimrat_W", "mDIXON_LS_W"),
        ("T2 (Geheimrat) tra", "T2 tra"),
    ],
)
def test_free_text_keeps_known_words_only(text, kept):
    assert clean_text(text) == kept


def test_every_word_that_the_reader_recognises_in_an_image_type_is_kept():
    source = Path(classify.__file__).read_text(encoding="utf-8")
    constants = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    words = {text.strip() for text in constants if re.fullmatch(r"[A-Z0-9_* ]{1,20}", text)}
    assert {"OP", "FF", "WATER", "R2*", "SCREEN SAVE"} <= words  # they were found in the source
    assert sorted(word for word in words if clean_code_string(word) != word) == []


def test_a_coded_entry_stays_only_if_a_public_dictionary_has_it(image):
    fat, local = Dataset(), Dataset()
    fat.CodeValue, fat.CodingSchemeDesignator, fat.CodeMeaning = "129100", "DCM", "anything"
    local.CodeValue, local.CodingSchemeDesignator, local.CodeMeaning = "YAMADA", "99LOCAL", "Dr Yamada"
    cleaned = image(PurposeOfReferenceCodeSequence=[fat, local])
    assert [item.CodeMeaning for item in cleaned.PurposeOfReferenceCodeSequence] == ["Fat fraction", "removed"]


def test_an_overlay_inside_the_unused_bits_of_the_pixels_is_cleared_and_the_pixels_stay(tmp_path):
    (tmp_path / "in").mkdir()
    stored = np.arange(48, dtype=np.uint16).reshape(6, 8)
    path = write_image(tmp_path / "in", 0, stored=stored | 0x8000)
    dataset = pydicom.dcmread(path)
    dataset.BitsStored, dataset.HighBit = 12, 11
    dataset.add_new(0x60000010, "US", 6)  # rows of an overlay that has no data of its own
    dataset.save_as(path)
    deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key")
    cleaned = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))
    assert (np.frombuffer(cleaned.PixelData, "<u2").reshape(6, 8) == stored).all()
    assert not [element for element in cleaned if element.tag.group == 0x6000]


def test_a_deflated_image_is_written_plain_with_the_same_pixels(tmp_path):
    (tmp_path / "in").mkdir()
    path = write_image(tmp_path / "in", 0)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path)
    deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key")
    cleaned = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))
    assert cleaned.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert cleaned.PixelData == dataset.PixelData


# ---------------------------------------------------------------------------------------------------------- the same key
def test_dates_move_by_one_constant_for_a_patient_and_times_stay(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for n, day in enumerate(("20250114", "20250311")):
        write_image(folder, n, StudyDate=day, AcquisitionDateTime=f"{day}101112.5+0900", StudyInstanceUID=f"1.2.{n}", StudyTime="101112")
    deidentify(folder, tmp_path / "out", tmp_path / "key")
    images = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    days = sorted(np.datetime64(f"{i.StudyDate[:4]}-{i.StudyDate[4:6]}-{i.StudyDate[6:]}") for i in images)
    assert (days[1] - days[0]).astype(int) == 56
    assert days[1] < np.datetime64("2024-06-01")
    assert all(i.StudyTime == "101112" and i.AcquisitionDateTime == f"{i.StudyDate}101112.5+0900" for i in images)


def test_the_same_key_gives_the_same_files_and_another_key_does_not(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    write_image(folder, 0)
    for out, key in (("a", "key 1"), ("b", "key 1"), ("c", "key 2")):
        deidentify(folder, tmp_path / out, tmp_path / key)
    first, same, other = (
        {path.relative_to(tmp_path / out).as_posix(): path.read_bytes() for path in (tmp_path / out).rglob("*.dcm")} for out in "abc"
    )
    assert first == same
    assert not set(first) & set(other)


def test_references_between_files_still_meet(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    target = pydicom.dcmread(write_image(folder, 0)).SOPInstanceUID
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = planted.MR_IMAGE, target
    write_image(folder, 1, ReferencedImageSequence=[reference])
    deidentify(folder, tmp_path / "out", tmp_path / "key")
    images = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    referring = next(i for i in images if "ReferencedImageSequence" in i)
    assert referring.ReferencedImageSequence[0].ReferencedSOPInstanceUID in {i.SOPInstanceUID for i in images}
    assert referring.ReferencedImageSequence[0].ReferencedSOPClassUID == planted.MR_IMAGE


def test_uids_and_pseudonyms_are_valid():
    key = Key(b"k" * 32)
    uids = {key.uid(f"1.2.{n}") for n in range(200)}
    assert len(uids) == 200
    assert all(pydicom.uid.UID(uid).is_valid and uid.startswith("2.25.") for uid in uids)
    assert all(-4017 <= key.shift_days(str(n)) <= -365 for n in range(200))


# -------------------------------------------------------------------------------------------------------------- refusals
def test_key_and_crosswalk_inside_the_output_are_refused(tmp_path):
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in", 0)
    out = tmp_path / "out"
    for key, crosswalk in ((out / "key", None), (out / "deep" / "key", None), (tmp_path / "key", out / "who.csv")):
        with pytest.raises(MarrowQuantError, match="would lie in the output folder"):
            deidentify(tmp_path / "in", out, key, crosswalk=crosswalk)
    assert not out.exists()
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: (folder / "out").mkdir() or (folder / "out" / "old").touch(), "not empty"),
        (lambda folder: (folder / "key").write_text("short"), "no key"),
        (lambda folder: [path.unlink() for path in (folder / "in").iterdir()], "No file of the input"),
        (lambda folder: (folder / "who.csv").touch(), "exists already"),
    ],
)
def test_bad_input_is_refused_with_a_sentence_and_leaves_nothing(tmp_path, prepare, message):
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in", 0)
    prepare(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(MarrowQuantError, match=message):
        deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key", crosswalk=tmp_path / "who.csv")
    assert sorted(tmp_path.rglob("*")) == before


def test_output_inside_the_input_is_refused(tmp_path):
    write_image(tmp_path, 0)
    with pytest.raises(MarrowQuantError, match="lies in the input"):
        deidentify(tmp_path, tmp_path / "out", tmp_path.parent / "key")


def test_a_cancel_leaves_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    for n in range(3):
        write_image(tmp_path / "in", n)

    def cancel(fraction, text):
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key", progress=cancel)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_file_that_the_cleaning_failed_on_is_not_written(tmp_path, monkeypatch):
    from MarrowQuantLib.deidentify import clean

    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in", 0, PatientName="Geheimrat^Anna", SequenceName="geheimrat")
    monkeypatch.setattr(clean, "clean_text", lambda text, own: text)
    with pytest.raises(MarrowQuantError, match="identity was still found"):
        deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key")
    assert not (tmp_path / "out").exists()


def test_a_spreadsheet_does_not_compute_a_patient_id(tmp_path):
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in", 0, PatientID="=1+1")
    deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key", crosswalk=tmp_path / "who.csv")
    assert "'=1+1," in (tmp_path / "who.csv").read_text(encoding="utf-8-sig")


def test_why_a_file_is_left_out_is_said_in_japanese_too():
    texts = [finding("left_out.capture"), finding("left_out.pixels", why=UnsafePixels("it has pixels of several types"))]
    assert [str(text) for text in texts] == [
        "a secondary capture: text may be burned into its pixels", "its pixels cannot be passed on: it has pixels of several types"
    ]  # fmt: skip
    assert all(text.in_language("ja").isascii() is False and "pixels" not in text.in_language("ja") for text in texts)
