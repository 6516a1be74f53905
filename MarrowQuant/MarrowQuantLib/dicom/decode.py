"""Compressed pixels, decoded by what is installed: pydicom's own decoders and plug-ins, else GDCM, which SimpleITK brings.

GDCM reads JPEG (baseline, extended, lossless), JPEG-LS, JPEG 2000 and RLE, and SimpleITK is a dependency of this project, so that these
read in every installation. SimpleITK would apply the rescale slope and may sort the frames of an enhanced object; it is therefore given a
bare file in a temporary folder that holds the pixels and their layout and nothing else, no identity either.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from ..io.dicomfiles import write_dicom
from .syntaxes import RLE

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
LAYOUT = (
    "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "NumberOfFrames", "PlanarConfiguration", "PixelData",
)  # fmt: skip


def decoded(dataset: Dataset, syntax: str) -> np.ndarray:
    """All frames of a data set with compressed pixels.

    Raises
    ------
    Exception
        Whatever the last decoder raises.
    """
    if syntax == RLE:  # every bit as it lies in the file: pydicom would clear those beyond Bits Stored, and take the highest as the sign
        dataset.BitsStored, dataset.PixelRepresentation = dataset.BitsAllocated, 0
        dataset.HighBit = dataset.BitsAllocated - 1
        return dataset.pixel_array
    try:
        return dataset.pixel_array
    except Exception:
        return _by_gdcm(dataset, syntax)


def _by_gdcm(dataset: Dataset, syntax: str) -> np.ndarray:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = UID(SECONDARY_CAPTURE), UID(syntax)
    meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    bare = Dataset()
    bare.file_meta = meta
    bare.SOPClassUID, bare.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    for name in LAYOUT:
        if name in dataset:
            bare[name] = dataset[name]
    with tempfile.TemporaryDirectory(prefix="mq") as folder:
        path = Path(folder) / "pixels.dcm"
        write_dicom(bare, path)
        talks = sitk.ProcessObject.GetGlobalWarningDisplay()
        sitk.ProcessObject.SetGlobalWarningDisplay(False)  # the sentence is ours
        try:
            return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
        finally:
            sitk.ProcessObject.SetGlobalWarningDisplay(talks)
