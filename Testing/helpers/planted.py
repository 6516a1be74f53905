"""A study with a patient's identity planted wherever a DICOM file can hold text, for the tests of the de-identification."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.valuerep import PersonName

from .dicom_files import ENHANCED_MR_IMAGE, MR_IMAGE, write_enhanced, write_image

SECRET = "Geheimrat"  # in the text, whatever the type allows; every planted value holds it or its upper case
JAPANESE = "山田^太郎"
PATIENT = {
    "PatientName": f"{SECRET}^Anna",
    "PatientID": f"{SECRET}-4711",
    "PatientBirthDate": "19500317",
    "AccessionNumber": "A55512345",
    "ReferringPhysicianName": f"{SECRET}^Physician",
    "InstitutionName": f"{SECRET} Clinic",
    "StudyDate": "20250114",
    "ContentDate": "20250114",
    "AcquisitionDate": "20250114",
    "StudyTime": "101112",
    "StudyInstanceUID": "1.2.840.99999.1",
    "SeriesDescription": f"ep2d_diff {SECRET} b50_800",
    "ProtocolName": SECRET,
    "StationName": SECRET,
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Skyra",
    "PatientSex": "F",
    "PatientAge": "092Y",
    "PatientWeight": 61.5,
    "DeviceSerialNumber": "17240",
}
UPPER = SECRET.upper()
PLANTED = {
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UT", "UC", "PN"), SECRET),
    **dict.fromkeys(("CS", "AE"), UPPER),
    "UI": "1.2.71.101.104.101.105.109",
    "UR": f"http://{SECRET}.example",
    "DA": "19500317",
    "DT": "19500317101112",
    "TM": "101112",
    "AS": "092Y",
    "DS": SECRET[:16],
    "IS": SECRET[:12],
    **dict.fromkeys(("OB", "OW", "UN"), SECRET.encode() + b" "),
    **dict.fromkeys(("OF", "OL"), (SECRET * 4).encode()),
    **dict.fromkeys(("OD", "OV"), (SECRET * 8).encode()),
}
ASCII_ONLY = tuple(text.encode() for text in (SECRET, UPPER, "19500317", "A55512345", "1.2.71.101.104.101.105.109"))
ENCODINGS = ("utf-8", "shift_jis", "iso2022_jp")
SECRETS = (*ASCII_ONLY, *(part.encode(encoding) for part in JAPANESE.split("^") for encoding in ENCODINGS))
NEEDED = frozenset(
    ("SOPClassUID", "SOPInstanceUID", "ImageType", "Modality", "PhotometricInterpretation", "SpecificCharacterSet", "BurnedInAnnotation",
     "ConversionType", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "NumberOfFrames", "PixelData", *PATIENT)
)  # fmt: skip


def attributes_of(vr: str, count: int) -> list[int]:
    """Tags of the standard that have this type and that the image does without, evenly over the dictionary."""
    tags = [
        tag
        for tag, (kind, _, _, _, keyword) in sorted(DicomDictionary.items())
        if kind == vr and keyword and keyword not in NEEDED and 0x0008 <= tag >> 16 < 0x7FE0
    ]
    return tags[:: max(len(tags) // count, 1)]


def plant(dataset: Dataset, per_type: int = 8, depth: int = 2) -> int:
    """Put the identity into every type of element, public, unknown and private, and into nested sequences; returns how many were put."""
    count = 0
    for vr, value in PLANTED.items():
        for tag in attributes_of(vr, per_type):
            _put(dataset, tag, vr, value)
            count += 1
        _put(dataset, 0x0018F000 + list(PLANTED).index(vr), vr, value)  # numbers that the standard does not know
        for creator in (f"{SECRET} private", "SIEMENS MR HEADER", "Philips MR Imaging DD 005"):
            block = dataset.private_block(0x0019, creator, create=True)
            _put(dataset, block.get_tag(0x80 + list(PLANTED).index(vr)), vr, value)
            count += 1
    for creator, group, element, vr in (
        ("SIEMENS MR HEADER", 0x0019, 0x0D, "CS"),
        ("SIEMENS CSA HEADER", 0x0029, 0x10, "OB"),
        ("Philips Imaging DD 001", 0x2001, 0x03, "UN"),
        ("Philips MR Imaging DD 001", 0x2005, 0x0E, "UN"),
        ("GEMS_PARM_01", 0x0043, 0x39, "UN"),
        ("SIEMENS MR SDI 02", 0x0021, 0x77, "LO"),
    ):
        _put(dataset, dataset.private_block(group, creator, create=True).get_tag(element), vr, PLANTED[vr])
    for group in (0x5000, 0x6000, 0x6002):
        dataset.add_new((group, 0x0040), "CS", "G")
        dataset.add_new((group, 0x4000), "LT", SECRET)
        dataset.add_new((group, 0x3000), "OW", SECRET.encode() + b" ")
    if depth:
        for add in (
            lambda items: dataset.add_new(0x00400275, "SQ", items),  # request attributes
            lambda items: dataset.add_new(0x00081140, "SQ", items),  # referenced images
            lambda items: dataset.add_new(0x0040A730, "SQ", items),  # content of a structured report
            lambda items: dataset.add_new(0x00181800 + 0x10, "SQ", items),  # a number the standard does not know
            lambda items: dataset.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x0F, "SQ", items),
        ):
            item = Dataset()
            count += plant(item, per_type=2, depth=depth - 1)
            add(Sequence([item]))
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = UPPER, "99LOCAL", SECRET
        dataset.ProcedureCodeSequence = [code]
    return count


def _put(dataset: Dataset, tag: int, vr: str, value: object) -> None:
    """Add an element although its value is not one of its type."""
    dataset.add(DataElement(tag, vr, PersonName(value) if vr == "PN" else value, already_converted=True))


def write_study(folder: Path) -> int:
    """Two classic images, an enhanced one, a secondary capture and objects that are no images; returns how many elements are planted."""
    folder.mkdir(parents=True)
    b_value = {(0x0019, "SIEMENS MR HEADER", 0x0C): ("IS", 800)}
    first = write_image(folder, 0, name=f"{SECRET}_1.dcm", private=b_value, **PATIENT)
    second = write_image(folder, 1, name=f"{SECRET}_2", private=b_value, implicit=True, **PATIENT)
    frames = [
        {"PlanePositionSequence": {"ImagePositionPatient": [0, 0, 5.0 * n]}, "FrameContentSequence": {"FrameComments": SECRET}}
        for n in (0, 1)
    ]
    inner = folder / JAPANESE / SECRET
    inner.mkdir(parents=True)
    enhanced = write_enhanced(inner, frames, **{**PATIENT, "PatientName": JAPANESE, "SpecificCharacterSet": ["", "ISO 2022 IR 87"]})
    return sum(_spoil(path) for path in (first, second, enhanced)) + _add_other_objects(folder)


def _spoil(path: Path) -> int:
    dataset = pydicom.dcmread(path)
    kept = {keyword: dataset[keyword] for keyword in NEEDED if keyword in dataset}
    groups = dataset.get("PerFrameFunctionalGroupsSequence") or []
    count = plant(dataset) + sum(plant(group, per_type=2, depth=1) for group in groups)
    dataset.update({element.tag: element for element in kept.values()})
    for keyword in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "PixelRepresentation"):
        assert keyword in dataset
    dataset.PixelData = dataset.PixelData + SECRET.encode() + b" "
    dataset.preamble = (SECRET * 20).encode()[:128]
    dataset.file_meta.SourceApplicationEntityTitle = UPPER
    dataset.file_meta.PrivateInformationCreatorUID = PLANTED["UI"]
    dataset.file_meta.PrivateInformation = SECRET.encode() + b" "
    dataset.save_as(path)
    vr = b"" if dataset.file_meta.TransferSyntaxUID.is_implicit_VR else b"OB\0\0"
    with path.open("ab") as file:  # data set trailing padding
        file.write(b"\xfc\xff\xfc\xff" + vr + b"\x0a\0\0\0" + SECRET.encode() + b" ")
    return count


def _add_other_objects(folder: Path) -> int:
    storage = "1.2.840.10008.5.1.4.1.1."
    others = {"capture": "7", "report": "88.11", "document": "104.1", "state": "11.1", "raw": "66"}
    for name, end in others.items():
        _other(folder / f"{name}.dcm", SOPClassUID=storage + end)
    _other(folder / "DICOMDIR", SOPClassUID="1.2.840.10008.1.3.10")
    _other(folder / "burned.dcm", BurnedInAnnotation="YES")
    _other(folder / "save.dcm", ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"])
    _other(folder / "colour.dcm", PhotometricInterpretation="RGB")
    _other(folder / "chart.dcm", ImagePositionPatient=None)
    (folder / "notes.txt").write_text(SECRET, encoding="utf-8")
    (folder / f"{SECRET}.pdf").write_bytes(b"%PDF " + SECRET.encode())
    cut = (folder / f"{SECRET}_1.dcm").read_bytes()
    (folder / "cut.dcm").write_bytes(cut[: len(cut) - 90])
    (folder / "damaged.dcm").write_bytes(bytes(128) + b"DICM" + SECRET.encode() * 40)
    return len(others) + 5


def _other(path: Path, **attributes: object) -> None:
    stored = np.frombuffer((SECRET * 30).encode()[:192], np.uint8).reshape(8, 24).astype(np.uint16)
    attributes = {"PatientID": PATIENT["PatientID"], "SeriesDescription": SECRET, **attributes}
    written = write_image(path.parent, 9, stored=stored, name=path.name, **attributes)
    dataset = pydicom.dcmread(written)
    dataset.PhotometricInterpretation = attributes.get("PhotometricInterpretation", "MONOCHROME2")
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.save_as(written)


__all__ = ["ENHANCED_MR_IMAGE", "MR_IMAGE", "PATIENT", "SECRET", "SECRETS", "write_study"]
