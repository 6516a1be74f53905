"""The DICOM header that every file of the digital patient shares: plainly synthetic, with identifiers that follow from the seed."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..model import RAS_TO_LPS
from .stacks import PrivateTag, Series

if TYPE_CHECKING:
    from pydicom.dataset import Dataset, FileDataset
    from pydicom.uid import UID

PATIENT_NAME = "PHANTOM^MARROWQUANT"
SYNTHETIC = "SYNTHETIC: simulated by MarrowQuant, no patient. Research use only."
_CONSTANT = {
    "SpecificCharacterSet": "ISO_IR 100",
    "AccessionNumber": "",
    "Modality": "MR",
    "ManufacturerModelName": "MarrowQuant digital patient",
    "DeviceSerialNumber": "0",
    "SoftwareVersions": "MarrowQuant",
    "ReferringPhysicianName": "",
    "StudyDescription": "SYNTHETIC whole-body and lumbar MRI",
    "PatientName": PATIENT_NAME,
    "PatientBirthDate": "",
    "PatientSex": "O",
    "PatientIdentityRemoved": "YES",
    "DeidentificationMethod": "Never had an identity: simulated",
    "PatientPosition": "HFS",
    "MagneticFieldStrength": 3.0,
    "ImagingFrequency": 127.732,
    "ImagedNucleus": "1H",
    "PositionReferenceIndicator": "",
    "AcquisitionNumber": 1,
    "ImageComments": SYNTHETIC,
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "BurnedInAnnotation": "NO",
    "LossyImageCompression": "00",
    "PresentationLUTShape": "IDENTITY",
}


@dataclass(frozen=True)
class Identity:
    """Whose exam it is; every UID is a hash of these and of its own place in the exam.

    Attributes
    ----------
    story, dialect, manufacturer : str
    seed, exam_index : int
    date : datetime.date
    """

    story: str
    dialect: str
    manufacturer: str
    seed: int
    exam_index: int
    date: datetime.date

    @property
    def patient_id(self) -> str:
        """An ID that says that nobody bears it."""
        return f"MQ-PHANTOM-{self.story.upper()}-{self.seed}"

    def uid(self, *place: Any) -> UID:
        """A UID that is always the same for the same place, and no other place's: series 1, image 11 is not series 11, image 1."""
        from pydicom.uid import generate_uid

        parts = ("MarrowQuant phantom", self.story, self.dialect, self.seed, self.exam_index, *place)
        return generate_uid(entropy_srcs=[json.dumps(parts)])  # one source: pydicom hashes several without what separates them


def new_file(identity: Identity, series: Series, sop_class: str) -> FileDataset:
    """A dataset with patient, study, series and equipment; no image yet.

    Parameters
    ----------
    identity : Identity
    series : Series
    sop_class : str
        UID of the SOP class.
    """
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.FileMetaInformationGroupLength = 0
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = generate_uid(entropy_srcs=["MarrowQuant phantom"])
    meta.ImplementationVersionName = "MARROWQUANT"
    dataset = FileDataset("", {}, preamble=b"\0" * 128, file_meta=meta, is_implicit_VR=False, is_little_endian=True)
    set_tags(dataset, {"SOPClassUID": sop_class, **_CONSTANT, **_moments(identity, series)})
    set_tags(
        dataset,
        {
            "Manufacturer": identity.manufacturer,
            "PatientID": identity.patient_id,
            "SeriesDescription": series.description,
            "ProtocolName": series.description,
            "StudyInstanceUID": identity.uid("study"),
            "SeriesInstanceUID": identity.uid("series", series.number),
            "FrameOfReferenceUID": identity.uid("frame of reference"),
            "StudyID": str(identity.exam_index + 1),
            "SeriesNumber": series.number,
        },
    )
    return dataset


def _moments(identity: Identity, series: Series) -> dict[str, str]:
    """Dates and times: the exam starts at ten, each series at its own minute."""
    date = identity.date.strftime("%Y%m%d")
    minute = f"10{series.number % 60:02d}00"
    kinds = ("InstanceCreation", "Study", "Series", "Acquisition", "Content")
    dates = {f"{kind}Date": date for kind in kinds}
    return {**dates, **{f"{kind}Time": minute for kind in kinds}, "StudyTime": "100000"}


def set_tags(dataset: Dataset, tags: dict[str, Any]) -> None:
    """Set elements by keyword."""
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)


def add_private(dataset: Dataset, tags: tuple[PrivateTag, ...]) -> None:
    """Add private elements with their creators."""
    for tag in tags:
        dataset.private_block(tag.group, tag.creator, create=True).add_new(tag.element, tag.vr, tag.value)


def decimal(value: float) -> str:
    """A number as DICOM's decimal string: at most sixteen characters, as many digits as fit."""
    from pydicom.valuerep import format_number_as_ds

    return format_number_as_ds(float(value))


def orientation(ijk_to_ras: np.ndarray) -> list[float]:
    """Image Orientation (Patient): LPS direction cosines along the columns' and the rows' index."""
    directions = (RAS_TO_LPS @ ijk_to_ras)[:3, :2]
    cosines = directions / np.linalg.norm(directions, axis=0)
    return [round(float(c), 9) + 0.0 for c in cosines.T.ravel()]


def position(ijk_to_ras: np.ndarray, k: int) -> list[float]:
    """Image Position (Patient): LPS mm of the first pixel of slice ``k``."""
    return [round(float(p), 6) + 0.0 for p in (RAS_TO_LPS @ ijk_to_ras @ np.array([0, 0, k, 1.0]))[:3]]


def spacing(ijk_to_ras: np.ndarray) -> tuple[list[float], float]:
    """Pixel Spacing (rows, columns) and the distance between slices, mm."""
    column_step, row_step, slice_step = (round(float(s), 6) for s in np.linalg.norm(ijk_to_ras[:3, :3], axis=0))
    return [row_step, column_step], slice_step


def pixel_tags(pixels: np.ndarray) -> dict[str, Any]:
    """Rows, columns and how integers are stored."""
    signed = pixels.dtype == np.int16
    return {
        "Rows": pixels.shape[1],
        "Columns": pixels.shape[2],
        "BitsAllocated": 16,
        "BitsStored": 16 if signed else 12,
        "HighBit": 15 if signed else 11,
        "PixelRepresentation": int(signed),
    }


def window(pixels: np.ndarray, slope: float = 1.0, intercept: float = 0.0) -> tuple[float, float]:
    """Window centre and width that show the stack as a whole, in rescaled values."""
    low, high = (slope * float(p) + intercept for p in np.percentile(pixels, (1, 99.5)))
    return round((low + high) / 2, 3), round(max(high - low, 1.0), 3)
