"""The report as a document in the PACS: an Encapsulated PDF, and its first page as a Secondary Capture that every viewer shows."""

from __future__ import annotations

import datetime
import io
from typing import TYPE_CHECKING

from .. import __version__
from .objects import MODEL, Series, equipment, finish, new_uid
from .prior import MANUFACTURER

if TYPE_CHECKING:
    from pydicom import Dataset

ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_FROM_STUDY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "StudyInstanceUID", "StudyID", "StudyDate", "StudyTime",
    "AccessionNumber", "ReferringPhysicianName", "StudyDescription",
)  # fmt: skip
TITLE = "MarrowQuant report (research use only)"


def encapsulated_pdf(pdf: bytes, source: Dataset, series: Series) -> Dataset:
    """A PDF as an Encapsulated PDF object (PS3.3 A.45.1) of the study of ``source``."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    dataset = Dataset()
    for keyword in _FROM_STUDY:
        if keyword in source:
            dataset[keyword] = source[keyword]
    now = datetime.datetime.now()
    dataset.SOPClassUID, dataset.SOPInstanceUID = ENCAPSULATED_PDF, new_uid()
    dataset.Modality, dataset.ConversionType = "DOC", "WSD"
    dataset.SeriesInstanceUID, dataset.SeriesNumber, dataset.SeriesDescription = series.uid, series.number, series.description
    dataset.InstanceNumber = 1
    dataset.Manufacturer, dataset.ManufacturerModelName, dataset.SoftwareVersions = MANUFACTURER, MODEL, __version__
    dataset.DeviceSerialNumber = "0"
    dataset.ContentDate = dataset.InstanceCreationDate = now.strftime("%Y%m%d")
    dataset.ContentTime = dataset.InstanceCreationTime = now.strftime("%H%M%S")
    dataset.AcquisitionDateTime = ""
    dataset.BurnedInAnnotation = "NO"  # the page bears the label that the reader chose, and nothing from the images' headers
    dataset.DocumentTitle, dataset.ConceptNameCodeSequence = TITLE, []
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(pdf)
    dataset.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = UID(ENCAPSULATED_PDF), dataset.SOPInstanceUID
    return finish(dataset, source)


def secondary_capture(png: bytes, source: Dataset, series: Series) -> Dataset:
    """A picture of a page as a Secondary Capture of the study of ``source``."""
    import highdicom as hd
    import numpy as np
    from PIL import Image
    from pydicom.uid import ExplicitVRLittleEndian

    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    common = {key: value for key, value in equipment(series).items() if key not in ("device_serial_number",)}
    dataset = hd.sc.SCImage.from_ref_dataset(
        source, pixels, photometric_interpretation="RGB", bits_allocated=8, coordinate_system="PATIENT",
        patient_orientation=("L", "F"), transfer_syntax_uid=ExplicitVRLittleEndian, **common,
    )  # fmt: skip
    dataset.BurnedInAnnotation = "NO"
    return finish(dataset, source)
