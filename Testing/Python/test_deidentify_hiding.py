"""Every place in which a data set can hold text or pixels: nothing planted there is in what was written, and the pixels stay."""

from __future__ import annotations

import shutil
import struct

import numpy as np
import pydicom
import pytest
from helpers.dicom_files import write_image
from MarrowQuantLib.deidentify import deidentify, folder
from MarrowQuantLib.deidentify.identity import identity_of
from MarrowQuantLib.deidentify.keyed import KeyAppeared, write_secret
from MarrowQuantLib.deidentify.patients import Patients
from MarrowQuantLib.model import MarrowQuantError
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

# What is planted breaks the standard on purpose, and pydicom says so while it is written and read.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

SECRET = b"ZZSECRETTEXTZZ"
WORD = SECRET.decode()
STORED = np.random.default_rng(1).integers(50, 900, (8, 10)).astype(np.uint16)
SOP_INSTANCE = 0x00080018


def prepared(tmp_path, change=lambda dataset: None, raw=lambda data: data, **attributes):
    """An input folder with one image of 12 of 16 bits, changed as a data set and then as bytes."""
    (tmp_path / "in").mkdir(exist_ok=True)
    path = write_image(tmp_path / "in", 0, stored=STORED, **attributes)
    dataset = pydicom.dcmread(path)
    dataset.BitsStored, dataset.HighBit = 12, 11
    change(dataset)
    dataset.save_as(path)
    path.write_bytes(raw(path.read_bytes()))
    return tmp_path / "in"


def cleaned(tmp_path, **options):
    """What was written: bytes of all files together, and the data sets; nothing if all was left out."""
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    try:
        deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key", **options)
    except MarrowQuantError as error:
        assert "No file of the input" in str(error)
    files = sorted((tmp_path / "out").rglob("*.dcm"))
    return b"".join(path.read_bytes() for path in files), [pydicom.dcmread(path) for path in files]


def values(dataset):
    return np.frombuffer(dataset.PixelData, "<u2").reshape(8, 10)


# ---------------------------------------------------------------------------------------------------------------- elements
def put(tag, vr, value):
    return lambda dataset: dataset.add_new(tag, vr, value)


def in_sequence(tag, *elements):
    def change(dataset):
        item = Dataset()
        for element in elements:
            item.add_new(*element)
        dataset.add_new(tag, "SQ", Sequence([item]))

    return change


def private(group, creator, element, vr, value):
    return lambda dataset: dataset.private_block(group, creator, create=True).add_new(element, vr, value)


def with_comment(dataset):
    dataset.add_new(0x00204000, "LT", WORD)
    return dataset


def many(*changes):
    def change(dataset):
        for each in changes:
            each(dataset)

    return change


PLACES = {
    "comments": put(0x00204000, "LT", WORD),
    "text of the wrong type, as bytes": put(0x00204000, "OB", SECRET),
    "text of the wrong type, as numbers": put(0x00204000, "US", list(np.frombuffer(SECRET, "<u2"))),
    "text of the wrong type, as floats": put(0x0008103E, "FD", list(np.frombuffer(SECRET + b"ZZ", "<f8"))),
    "numbers, more than there may be": put(0x00280106, "US", list(np.frombuffer(SECRET, "<u2"))),
    "numbers, as many as one likes": put(0x00181271, "FD", list(np.frombuffer(SECRET + b"ZZ", "<f8"))),
    "tags": put(0x00280009, "AT", list(np.frombuffer(SECRET[:12], "<u4"))),
    "padding value": put(0x00280120, "US", list(np.frombuffer(SECRET, "<u2"))),
    "palette": put(0x00281201, "OW", SECRET),
    "lookup table": in_sequence(0x00283000, (0x00283002, "US", [256, 0, 16]), (0x00283006, "OW", SECRET), (0x00283003, "LO", WORD)),
    "display table": in_sequence(0x00283010, (0x00283006, "US", list(np.frombuffer(SECRET, "<u2")))),
    "icon": in_sequence(0x00880200, (0x00280010, "US", 2), (0x7FE00010, "OW", SECRET)),
    "pixels in a sequence": in_sequence(0x00081140, (0x7FE00010, "OW", SECRET)),
    "overlay": many(put(0x60000010, "US", 8), put(0x60003000, "OW", SECRET), put(0x60000022, "LO", WORD)),
    "overlay of a later group": put(0x601E3000, "OW", SECRET),
    "curve": put(0x50003000, "OW", SECRET),
    "audio": put(0x50002000, "UL", list(np.frombuffer(SECRET[:12], "<u4"))),
    "digital signature": in_sequence(0xFFFAFFFA, (0x04000120, "OB", SECRET), (0x04000115, "OB", SECRET)),
    "trailing padding": put(0xFFFCFFFC, "OB", SECRET),
    "attribute changes": in_sequence(0x04000561, (0x04000564, "LO", WORD)),
    "encrypted attributes": in_sequence(0x04000500, (0x04000520, "OB", SECRET)),
    "unknown public element": put(0x00191234 - 0x10000 + 0x00011111, "LO", WORD),
    "private": private(0x0099, WORD, 1, "LO", WORD),
    "private, called like a known one": private(0x0019, "SIEMENS MR HEADER", 0x0D, "CS", WORD),
    "private number as text": private(0x0019, "SIEMENS MR HEADER", 0x0C, "UN", SECRET),
    "private, known creator and unknown element": private(0x0019, "SIEMENS MR HEADER", 0x77, "LO", WORD),
    "private sequence": private(0x0065, "Image Private Header", 0x51, "SQ", Sequence([Dataset()])),
    "Siemens header": private(0x0029, "SIEMENS CSA HEADER", 0x10, "OB", b"SV10\4\3\2\1" + SECRET * 30),
    "code": in_sequence(0x00081032, (0x00080100, "SH", WORD), (0x00080104, "LO", WORD), (0x00080102, "SH", "99X")),
    "code, long": in_sequence(0x00081032, (0x00080119, "UC", WORD), (0x00080120, "UR", f"urn:{WORD}")),
    "character set": put(0x00080005, "CS", WORD),
    "type of image": put(0x00080008, "CS", ["ORIGINAL", "PRIMARY", WORD]),
    "number with dots": put(0x00181030, "LO", "Z.Z." + WORD),
    "text behind a zero": put(0x0008103E, "LO", "T2\0" + WORD),
    "text behind line ends": put(0x00181030, "LO", "T2\r\n\f" + WORD),
    "window explanation": put(0x00281055, "LO", WORD),
    "nested deeply": in_sequence(0x00081140, (0x00081140, "SQ", Sequence([with_comment(Dataset())]))),
    "uid that is a text": put(0x00080014, "UI", WORD),
    "frame of reference": put(0x00200052, "UI", f"1.2.{WORD}"),
}  # fmt: skip


# types of one number: NumPy's, and how many letters of the text one value holds
NUMBERS = {"US": "<u2", "SS": "<i2", "UL": "<u4", "SL": "<i4", "UV": "<u8", "SV": "<i8", "FL": "<f4", "FD": "<f8"}
NEEDED = frozenset((0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080060, 0x00080064, 0x00200032, 0x00200037, 0x00280006, 0x00280030,
                    0x00280301))  # without these the image is no image, or one that is left out as a whole  # fmt: skip


def planted_value(vr):
    """The text in the form of this type, as far as it fits."""
    if vr in NUMBERS:
        size = np.dtype(NUMBERS[vr]).itemsize
        return np.frombuffer(SECRET[: min(len(SECRET), 12) // size * size], NUMBERS[vr]).tolist()
    codes = [str(code) for code in SECRET]
    forms = {"IS": codes, "DS": codes, "AS": "ZZSE", "DA": "ZZSECRET", "UI": f"1.2.{WORD}", "AT": [0x5A5A5345, 0x43524554]}
    return forms.get(vr, SECRET * 4 if vr in ("OB", "OW", "OF", "OD", "OL", "OV", "UN") else WORD)


def plant_everywhere(dataset):
    for tag, (types, *_) in DicomDictionary.items():
        group, vr = tag >> 16, types.split(" ")[0]
        shape = group == 0x0028 and tag & 0xFFFF < 0x0110
        if group < 8 or group in (0x7FE0, 0xFFFE) or shape or tag in NEEDED or tag in (0x52009229, 0x52009230):
            continue
        if vr == "SQ":
            in_sequence(tag, *[(one, kind, WORD) for one, kind in ((0x00204000, "LT"), (0x0040A160, "UT"), (0x0040A123, "PN"))])(dataset)
        else:
            dataset.add_new(tag, vr, planted_value(vr))
    assert len(dataset) > 4_900  # as the page says


def texts_in(element):
    """The bytes of an element's value, and its whole numbers as codes of letters."""
    found = element.value if isinstance(element.value, (list, MultiValue)) else [element.value]
    if element.VR in NUMBERS:
        return np.array(found, NUMBERS[element.VR]).tobytes()
    if element.VR in ("IS", "DS"):
        return bytes(int(value) % 256 for value in found if value not in (None, ""))
    return str(element.value).encode()


@pytest.mark.parametrize(("profile", "retain"), [("basic", ()), ("longitudinal", ()), ("longitudinal", ("device", "characteristics"))])
def test_no_attribute_of_the_dictionary_keeps_a_text_in_any_form(tmp_path, profile, retain):
    with pydicom.config.disable_value_validation():
        prepared(tmp_path, plant_everywhere)
        data, (dataset,) = cleaned(tmp_path, profile=profile, retain=retain)
        kept = [f"{element.tag} {element.VR}" for element in dataset.iterall() if element.VR != "SQ" and b"SECRET" in texts_in(element)]
    assert kept == []
    assert b"SECRET" not in data


PARTS = (["1950", "1", "1"], ["7", "1950", "01", "01"], ["1", "1", "1950"], [str(code) for code in b"Doe Jane"])


@pytest.mark.parametrize("values", PARTS)
def test_numbers_that_are_parts_of_the_birth_date_or_letters_of_the_name_go(tmp_path, values):
    prepared(tmp_path, put(0x00181271, "DS", values), PatientBirthDate="19500101", PatientName="Doe^Jane")
    _, (dataset,) = cleaned(tmp_path)
    assert 0x00181271 not in dataset


@pytest.mark.parametrize("values", [["90", "85", "80"], ["65", "66", "67", "68", "69", "70", "71", "72", "73"], ["2019", "1", "1"]])
def test_other_lists_of_numbers_stay(tmp_path, values):
    prepared(tmp_path, put(0x00186060, "FL", [float(value) for value in values]), PatientBirthDate="19500101")
    _, (dataset,) = cleaned(tmp_path)
    assert list(dataset[0x00186060].value) == [float(value) for value in values]


@pytest.mark.parametrize("profile", ["basic", "longitudinal"])
@pytest.mark.parametrize("place", PLACES)
def test_an_element_holds_no_text_afterwards(tmp_path, place, profile):
    def change(dataset):
        PLACES[place](dataset)

    prepared(tmp_path, change)
    data, images = cleaned(tmp_path, profile=profile)
    assert SECRET not in data
    assert len(images) == 1
    assert (values(images[0]) == STORED).all()


def test_preamble_meta_and_the_end_of_the_file_hold_no_text(tmp_path):
    def change(dataset):
        dataset.preamble = (SECRET * 10)[:128]
        dataset.file_meta.SourceApplicationEntityTitle = WORD
        dataset.file_meta.PrivateInformationCreatorUID, dataset.file_meta.PrivateInformation = "1.2.3", SECRET
        dataset.file_meta.ImplementationVersionName = WORD
        dataset["PixelData"].value = dataset.PixelData + SECRET

    prepared(tmp_path, change, raw=lambda data: data + struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, len(SECRET)) + SECRET)
    data, images = cleaned(tmp_path)
    assert SECRET not in data
    assert (values(images[0]) == STORED).all()


def test_meta_that_says_another_class_than_the_data_set_is_left_out(tmp_path):
    prepared(tmp_path, put(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7"))
    assert cleaned(tmp_path) == (b"", [])


# ------------------------------------------------------------------------------------------------------------------ pixels
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("allocated", "stored", "high"), [(16, 12, 11), (16, 12, 13), (16, 10, 15), (16, 16, 15), (8, 7, 6),
(32, 20, 19)])
def test_unused_bits_are_cleared_and_the_values_stay(tmp_path, allocated, stored, high, signed):
    rng = np.random.default_rng(2)
    kind, size = "i" if signed else "u", allocated // 8
    wanted = rng.integers(-(1 << stored - 1) if signed else 0, 1 << (stored - 1 if signed else stored), STORED.shape)
    low = high + 1 - stored
    mask = ((1 << stored) - 1) << low
    junk = rng.integers(0, 1 << allocated, STORED.shape, np.int64) & ~mask

    def change(dataset):
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = allocated, stored, high, int(signed)
        dataset.PixelData = (((wanted << low) & mask) | junk).astype(np.int64).astype(f"<u{size}").tobytes()

    prepared(tmp_path, change)
    _, (image,) = cleaned(tmp_path)
    words = np.frombuffer(image.PixelData, f"<{kind}{size}", STORED.size).reshape(STORED.shape)
    assert (words.astype(np.int64) == wanted << low).all()


def test_padding_bits_of_one_bit_pixels_are_cleared(tmp_path):
    def change(dataset):
        dataset.Rows, dataset.Columns = 3, 3
        dataset.BitsAllocated = dataset.BitsStored = 1
        dataset.HighBit = 0
        dataset.PixelData = b"\xff\xff"

    prepared(tmp_path, change)
    _, (image,) = cleaned(tmp_path)
    assert image.PixelData == b"\xff\x01"


@pytest.mark.parametrize(("keyword", "kind"), [("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")])
def test_floating_point_pixels_hold_no_text_behind_them_or_in_what_is_no_number(tmp_path, keyword, kind):
    numbers = STORED.astype(kind)
    numbers[0, :2] = np.nan, np.inf
    raw = bytearray(numbers.tobytes())
    raw[:4] = (b"ZZ\xff\x7f" if kind == "f4" else b"ZZZZ")  # a NaN with a text in its payload

    def change(dataset):
        del dataset.PixelData
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.30"
        setattr(dataset, keyword, bytes(raw) + SECRET)

    prepared(tmp_path, change)
    data, (image,) = cleaned(tmp_path)
    assert SECRET not in data
    assert b"ZZ" not in getattr(image, keyword)[:8]
    found = np.frombuffer(getattr(image, keyword), kind)
    assert np.array_equal(found[1:], numbers.ravel()[1:], equal_nan=True)


def test_a_second_kind_of_pixels_is_left_out(tmp_path):
    prepared(tmp_path, put(0x7FE00008, "OF", SECRET + b"ZZ"))
    assert cleaned(tmp_path) == (b"", [])


def test_a_big_endian_image_is_checked_and_written_with_the_same_values(tmp_path):
    (tmp_path / "in").mkdir()
    path = write_image(tmp_path / "in", 0, stored=STORED, PatientName="Geheimrat^Anna", SeriesDescription="T2 geheimrat")
    source = pydicom.dcmread(path)
    dataset = Dataset({element.tag: element for element in source})
    dataset.file_meta = source.file_meta
    dataset.PixelData = STORED.astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.preamble = b"\0" * 128
    dataset.save_as(path, implicit_vr=False, little_endian=False, enforce_file_format=True)
    data, (image,) = cleaned(tmp_path)
    assert b"eheimrat" not in data
    assert (values(image) == STORED).all()


def compressed(fragments, syntax):
    def change(dataset):
        dataset.PixelData = encapsulate(fragments)
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
        dataset.file_meta.TransferSyntaxUID = syntax

    return change


def run_lengths():
    dataset = Dataset()
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel, dataset.BitsAllocated, dataset.NumberOfFrames = 8, 10, 1, 16, 1
    path_free = pydicom.dcmread(run_lengths.path)
    path_free.compress(RLELossless)
    return next(iter(generate_frames(path_free.PixelData, number_of_frames=1)))


@pytest.fixture
def rle_frame(tmp_path):
    (tmp_path / "plain").mkdir()
    run_lengths.path = write_image(tmp_path / "plain", 0, stored=STORED)
    return run_lengths()


@pytest.mark.parametrize("place", ["behind", "second fragment", "offset table", "extended offsets"])
def test_text_beside_run_lengths_goes_and_the_values_stay(tmp_path, rle_frame, place):
    even = SECRET
    fragments = {"behind": [rle_frame + even], "second fragment": [rle_frame, even]}.get(place, [rle_frame])

    def change(dataset):
        compressed(fragments, RLELossless)(dataset)
        if place == "offset table":
            item = b"\xfe\xff\x00\xe0" + struct.pack("<I", 16) + SECRET + b"ZZ"
            dataset["PixelData"].value = item + dataset.PixelData[dataset.PixelData.index(b"\xfe\xff\x00\xe0", 4) :]
        if place == "extended offsets":
            dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = SECRET + b"ZZ", SECRET + b"ZZ"

    prepared(tmp_path, change)
    data, images = cleaned(tmp_path)
    assert SECRET not in data
    assert all((values(image) == STORED).all() for image in images)
    assert place in {"offset table", "second fragment"} or len(images) == 1


def test_text_in_jpeg_ls_segments_goes_and_the_values_stay(tmp_path):
    jpeg_ls = pytest.importorskip("jpeg_ls")
    stream = bytes(jpeg_ls.encode(STORED).tobytes())
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(SECRET)) + SECRET
    application = b"\xff\xe5" + struct.pack(">H", 2 + len(SECRET)) + SECRET
    for n, spoiled in enumerate((stream, stream[:2] + comment + application + stream[2:], stream + SECRET)):
        (tmp_path / str(n)).mkdir()
        prepared(tmp_path / str(n), compressed([spoiled + b"\0" * (len(spoiled) % 2)], JPEGLSLossless))
        data, images = cleaned(tmp_path / str(n))
        assert SECRET not in data
        assert all((values(image) == STORED).all() for image in images)
        assert n == 2 or len(images) == 1


def test_text_in_a_jpeg_2000_box_or_comment_goes_and_the_values_stay(tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    import io

    file = io.BytesIO()
    pillow.fromarray(STORED).save(file, "JPEG2000", irreversible=False, no_jp2=True)
    stream = file.getvalue()
    comment = b"\xff\x64" + struct.pack(">HH", 4 + len(SECRET), 1) + SECRET
    at = 4 + int.from_bytes(stream[4:6], "big")
    box = struct.pack(">I", 8 + len(SECRET)) + b"xml " + SECRET
    boxed = io.BytesIO()
    pillow.fromarray(STORED).save(boxed, "JPEG2000", irreversible=False)
    for n, spoiled in enumerate((stream, stream[:at] + comment + stream[at:], stream + SECRET, boxed.getvalue() + box)):
        (tmp_path / str(n)).mkdir()
        change = compressed([spoiled + b"\0" * (len(spoiled) % 2)], JPEG2000Lossless)
        layout = many(put(0x00280101, "US", 16), put(0x00280102, "US", 15))
        prepared(tmp_path / str(n), many(layout, change))
        data, images = cleaned(tmp_path / str(n))
        assert SECRET not in data
        assert all((values(image) == STORED).all() for image in images)
        assert n > 1 or len(images) == 1


# -------------------------------------------------------------------------------------------------- names, numbers, dates
@pytest.mark.parametrize(
    ("name", "text", "left"),
    [("LONG^MAX", "LONG MAX pelvis", "pelvis"), ("LONG^MAX", "Long, Max T2", "T2"), ("LONG^MAX", "LongMax T2", "T2"),
     ("Axial^Head", "T2 AXIAL", "T2"),
     ("Test^Phantom", "phantom T2", "phantom T2"), ("山田^太郎=Hip^Long", "long hip T1", "T1")],
)  # fmt: skip
def test_a_name_made_of_technical_words_goes(tmp_path, name, text, left):
    prepared(tmp_path, SpecificCharacterSet="ISO_IR 192", PatientName=name, SeriesDescription=text)
    _, (image,) = cleaned(tmp_path)
    assert image.SeriesDescription == left


def test_the_names_of_staff_go_too_and_a_name_as_a_code_string(tmp_path):
    prepared(tmp_path, OperatorsName="Short^Tim", PatientName="Long^Max", ProtocolName="tim T2 max", ImageType=["ORIGINAL",
    "PRIMARY", "LONG MAX"])
    _, (image,) = cleaned(tmp_path)
    assert image.ProtocolName == "T2"
    assert list(image.ImageType) == ["ORIGINAL", "PRIMARY", "OTHER"]


@pytest.mark.parametrize("form", ["19511224", "24121951", "12241951", "511224", "241251"])
@pytest.mark.parametrize("keyword", ["AcquisitionNumber", "TriggerTime", "SpacingBetweenSlices", "ImagesInAcquisition",
"NumberOfTemporalPositions"])
def test_a_birth_date_as_a_number_goes(tmp_path, keyword, form):
    prepared(tmp_path, PatientBirthDate="19511224", **{keyword: form})
    _, (image,) = cleaned(tmp_path)
    assert str(image.get(keyword)) in {"0", "0.0", "None"}


@pytest.mark.parametrize(
    "change",
    [put(0x00280108, "UL", 19511224), put(0x00189073, "FD", 19511224.0), private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "19511224"),
     put(0x00181060, "LO", "19.51.12.24"), put(0x00201002, "IS", "00071234567"), put(0x00181060, "DS", "71234567.0"),
     put(0x00201002, "IS", "987654")],
)  # fmt: skip
def test_numbers_of_the_patient_go_from_every_type(tmp_path, change):
    prepared(tmp_path, change, PatientBirthDate="19511224", PatientID="0071234567", AccessionNumber="A987654")
    _, (image,) = cleaned(tmp_path)
    left = str(image)
    assert not [number for number in ("19511224", "19.51", "71234567", "987654") if number in left]


def test_a_maker_that_is_called_like_the_patient_stays(tmp_path):
    prepared(tmp_path, PatientName="GE^Healthcare", Manufacturer="GE MEDICAL SYSTEMS", SeriesDescription="GE T2")
    _, (image,) = cleaned(tmp_path)
    assert (image.Manufacturer, image.SeriesDescription) == ("GE MEDICAL SYSTEMS", "T2")


def test_numbers_of_the_scan_stay(tmp_path):
    prepared(tmp_path, EchoTime="1.5", RepetitionTime="500", AcquisitionNumber="12", SAR="0.1234", PatientID="12")
    _, (image,) = cleaned(tmp_path)
    assert (float(image.EchoTime), int(image.AcquisitionNumber), float(image.SAR)) == (1.5, 12, 0.1234)


def test_dates_follow_their_own_rows_of_the_table(tmp_path):
    prepared(tmp_path, PatientBirthDate="19300101", PatientBirthTime="010203", StudyDate="20240115", StudyTime="101112",
             InstanceCreationDate="20240115", DateOfLastCalibration="20230101", PatientAge="094Y")  # fmt: skip
    _, (image,) = cleaned(tmp_path, retain=["characteristics"])
    assert not image.get("PatientBirthDate")
    assert not image.get("PatientBirthTime")
    assert "DateOfLastCalibration" not in image
    assert image.PatientAge == "090Y"
    assert len({image.StudyDate, image.InstanceCreationDate}) == 1
    assert image.StudyDate not in {"20240115", "19000101"}
    assert image.StudyTime == "101112"


# ------------------------------------------------------------------------------------------------------ who is one patient
def pseudonyms(tmp_path, *people, out="out"):
    shutil.rmtree(tmp_path / "in", ignore_errors=True)
    shutil.rmtree(tmp_path / out, ignore_errors=True)
    (tmp_path / "in").mkdir()
    for n, person in enumerate(people):
        who = {"PatientID": "12345", "PatientName": "Alpha^Anna", "PatientBirthDate": "19500101", **person}
        write_image(tmp_path / "in", n, StudyInstanceUID=f"1.2.{n}", SeriesInstanceUID=f"1.2.{n}.1", **who)
    deidentify(tmp_path / "in", tmp_path / out, tmp_path / "key")
    return {str(pydicom.dcmread(path).PatientID) for path in (tmp_path / out).rglob("*.dcm")}


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ({}, {"PatientName": "Beta^Bert", "PatientBirthDate": "19800202", "IssuerOfPatientID": "B"}, 2),
        ({}, {"PatientBirthDate": "19800202"}, 2),
        ({"PatientBirthDate": ""}, {"PatientBirthDate": "", "PatientName": "Beta^Bert"}, 2),
        ({"PatientBirthDate": "", "IssuerOfPatientID": "A"}, {"PatientBirthDate": "", "IssuerOfPatientID": "B"}, 2),
        ({"PatientBirthDate": "19000101"}, {"PatientBirthDate": "19000101", "PatientName": "Beta^Bert"}, 2),
        ({}, {"PatientName": "Alpha^Anna^^^"}, 1), ({}, {"PatientName": "Gamma^Anna"}, 1), ({}, {"PatientBirthDate": ""}, 1),
        ({"PatientID": "0012345"}, {"PatientID": "12345"}, 1), ({"PatientName": "ALPHA^ANNA"}, {"PatientName": "Alpha, Anna"}, 1),
        ({"IssuerOfPatientID": "A"}, {}, 1),
    ],
)  # fmt: skip
def test_one_patient_has_one_pseudonym_and_two_have_two(tmp_path, first, second, count):
    assert len(pseudonyms(tmp_path, first, second)) == count


def test_runs_side_by_side_and_one_after_the_other_agree(tmp_path):
    both = pseudonyms(tmp_path, {}, {"PatientBirthDate": "19800202"})
    alone = [pseudonyms(tmp_path, person, out=f"out{n}") for n, person in enumerate(({}, {"PatientBirthDate": "19800202"}))]
    assert set.union(*alone) == both


def test_a_key_that_another_run_wrote_meanwhile_counts(tmp_path, monkeypatch):
    prepared(tmp_path)
    original = folder.write_secret
    other = b"o" * 32

    def too_late(path, secret):
        monkeypatch.setattr(folder, "write_secret", original)
        write_secret(path, other)
        original(path, secret)

    monkeypatch.setattr(folder, "write_secret", too_late)
    _, (first,) = cleaned(tmp_path)
    _, (second,) = cleaned(tmp_path)
    assert first.PatientID == second.PatientID
    with pytest.raises(KeyAppeared):
        write_secret(tmp_path / "key", b"x" * 32)


# ---------------------------------------------------------------------------------------------------------------- the ends
def test_a_file_name_that_is_no_text_is_named_by_its_bytes_in_the_crosswalk(tmp_path):
    source = prepared(tmp_path)
    path = next(source.iterdir())
    try:
        path.rename(f"{source}/\udc8a\udcb3\udcff.dcm")
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    _, images = cleaned(tmp_path, crosswalk=tmp_path / "who.csv")
    assert len(images) == 1
    assert "udc8a" in (tmp_path / "who.csv").read_text(encoding="utf-8-sig")


def test_a_run_that_fails_at_the_end_leaves_no_crosswalk_no_key_and_no_output(tmp_path, monkeypatch):
    prepared(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder.audit, "write", full)
    with pytest.raises(MarrowQuantError, match="No space left"):
        deidentify(tmp_path / "in", tmp_path / "out", tmp_path / "key", crosswalk=tmp_path / "who.csv")
    assert sorted(tmp_path.rglob("*")) == before


def test_the_identity_has_the_words_and_numbers_of_all_who_are_named():
    dataset = Dataset()
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Long^Max^^Dr", "PID-0071234567", "19511224"
    dataset.ReferringPhysicianName, dataset.OperatorsName = "Short^Tim", ["A^B", "Tall^Tom"]
    found = identity_of(dataset)
    assert {"long", "max", "short", "tim", "tall", "tom", "pid"} <= found.words
    assert {"71234567", "19511224", "24121951", "511224"} <= found.numbers
    assert found.is_number("0071234567")
    assert found.is_number("19511224.0")
    assert not found.is_number("1.5")


def test_patients_of_unreadable_files_do_no_harm(tmp_path):
    (tmp_path / "x.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    assert Patients([tmp_path / "x.dcm", tmp_path / "gone"], tmp_path).key_of(Dataset()).startswith("study")




NAME_IN_PIXELS = {  # the characters of a word, as pixels
    "one a byte": lambda word: np.frombuffer(word, "<u2"),
    "one a pixel": lambda word: np.frombuffer(word, np.uint8).astype("<u2"),
    "in capitals": lambda word: np.frombuffer(word.upper(), "<u2"),
}


@pytest.mark.parametrize("form", NAME_IN_PIXELS)
@pytest.mark.parametrize("syntax", [None, RLELossless])
def test_a_name_written_into_the_pixels_leaves_the_file_out(tmp_path, form, syntax):
    def change(dataset):
        written = NAME_IN_PIXELS[form](b"Yamadahana")
        stored = STORED.copy()
        stored.ravel()[7 : 7 + written.size] = written
        dataset.BitsStored, dataset.HighBit = 16, 15
        dataset.PatientName, dataset.PixelData = "Yamadahana^Ko", stored.tobytes()
        if syntax:
            dataset.compress(syntax, generate_instance_uid=False)

    prepared(tmp_path, change)
    assert cleaned(tmp_path)[1] == []


@pytest.mark.parametrize("name", ["Yamadahana^Ko", "Li^Bo", "=山田^花子"])
def test_pixels_without_a_name_are_passed_on(tmp_path, name):
    prepared(tmp_path, lambda dataset: setattr(dataset, "PatientName", name), SpecificCharacterSet="ISO_IR 192")
    (written,) = cleaned(tmp_path)[1]
    np.testing.assert_array_equal(values(written), STORED)
