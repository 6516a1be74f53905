"""Small DICOM files for the tests of the reader: a bright slope whose values are known, and whatever attributes a test needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pydicom
from MarrowQuantLib.io.dicomfiles import write_dicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4.1"
ROWS, COLUMNS, SPACING, STEP = 6, 8, 2.0, 5.0
AXIAL = [1, 0, 0, 0, 1, 0]


def pixels(offset: int = 0) -> np.ndarray:
    """Stored values of one slice; no two pixels are equal, so that a flipped or transposed image is seen."""
    return (np.arange(ROWS * COLUMNS, dtype=np.uint16).reshape(ROWS, COLUMNS) + 100 + offset).astype(np.uint16)


def write_image(
    folder: Path,
    slice_number: int,
    *,
    stored: Optional[np.ndarray] = None,
    private: Optional[Mapping[tuple[int, str, int], tuple[str, Any]]] = None,
    implicit: bool = False,
    name: Optional[str] = None,
    **attributes: Any,
) -> Path:
    """Write one classic MR image; ``private`` maps (group, creator, last byte) to (VR, value)."""
    stored = pixels(slice_number) if stored is None else stored
    image = FileDataset("", {}, file_meta=_meta(MR_IMAGE, implicit), preamble=b"\0" * 128)
    defaults = {
        "SOPClassUID": MR_IMAGE,
        "SOPInstanceUID": pydicom.uid.generate_uid(),
        "StudyDate": "20250114",
        "Modality": "MR",
        "Manufacturer": "SIEMENS",
        "PatientName": "Doe^Jane",
        "PatientID": "MQ-4711",
        "PatientBirthDate": "19500101",
        "SeriesDescription": "test",
        "SeriesInstanceUID": "1.2.3.1",
        "SeriesNumber": 1,
        "InstanceNumber": slice_number + 1,
        "ImageType": ["ORIGINAL", "PRIMARY", "M"],
        "ImagePositionPatient": [-10.0, -20.0, STEP * slice_number],
        "ImageOrientationPatient": AXIAL,
        "PixelSpacing": [SPACING, SPACING],
        "SliceThickness": STEP,
        "MagneticFieldStrength": 3,
        "FrameOfReferenceUID": "1.2.3.9",
    }
    for keyword, value in {**defaults, **attributes}.items():
        if value is not None:
            setattr(image, keyword, value)
    for (group, creator, element), (vr, value) in (private or {}).items():
        image.private_block(group, creator, create=True).add_new(element, vr, value)
    add_pixels(image, stored)
    path = folder / (name or f"s{image.get('SeriesNumber')}_{image.SOPInstanceUID.rsplit('.', 1)[-1]}.dcm")
    write_dicom(image, path)
    return path


def write_volume(folder: Path, n_slices: int = 4, **attributes: Any) -> list[Path]:
    """Write the slices of one volume."""
    return [write_image(folder, n, **attributes) for n in range(n_slices)]


def write_enhanced(folder: Path, frames: list[Mapping[str, Any]], **attributes: Any) -> Path:
    """Write one enhanced MR object; each frame names its functional groups, as {sequence keyword: {attribute: value}}."""
    image = FileDataset("", {}, file_meta=_meta(ENHANCED_MR_IMAGE, False), preamble=b"\0" * 128)
    defaults = {
        "SOPClassUID": ENHANCED_MR_IMAGE,
        "SOPInstanceUID": pydicom.uid.generate_uid(),
        "StudyDate": "20250114",
        "Modality": "MR",
        "Manufacturer": "Philips",
        "PatientID": "MQ-4711",
        "SeriesInstanceUID": "1.2.3.2",
        "SeriesNumber": 2,
        "MagneticFieldStrength": 3,
        "NumberOfFrames": len(frames),
    }
    for keyword, value in {**defaults, **attributes}.items():
        setattr(image, keyword, value)
    shared = {
        "PlaneOrientationSequence": {"ImageOrientationPatient": AXIAL},
        "PixelMeasuresSequence": {"PixelSpacing": [SPACING, SPACING], "SliceThickness": STEP},
    }
    image.SharedFunctionalGroupsSequence = [_group(shared)]
    image.PerFrameFunctionalGroupsSequence = [_group(frame) for frame in frames]
    add_pixels(image, np.stack([pixels(n) for n in range(len(frames))]))
    path = folder / "enhanced.dcm"
    write_dicom(image, path)
    return path


def _group(macros: Mapping[str, Mapping[str, Any]]) -> Dataset:
    group = Dataset()
    for sequence, values in macros.items():
        item = Dataset()
        for keyword, value in values.items():
            setattr(item, keyword, value)
        setattr(group, sequence, [item])
    return group


def add_pixels(image: Dataset, stored: np.ndarray) -> None:
    image.Rows, image.Columns = stored.shape[-2:]
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit = 15
    image.PixelRepresentation = int(stored.dtype.kind == "i")
    image.PixelData = stored.tobytes()


def _meta(sop_class: str, implicit: bool) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    return meta
