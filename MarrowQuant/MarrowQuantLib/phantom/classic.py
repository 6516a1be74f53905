"""Writes a series as single-frame MR Image Storage, one file a slice."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..io.dicomfiles import write_dicom
from .header import Identity, add_private, decimal, new_file, orientation, pixel_tags, position, set_tags, spacing, window
from .stacks import Series, Stack

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"


def write_classic(series: Series, identity: Identity, folder: Path, first_number: int) -> int:
    """Write every slice of every stack into ``folder``.

    Parameters
    ----------
    series : Series
    identity : Identity
    folder : Path
        Exists.
    first_number : int
        Number of the first file; the names are neutral, as an archive makes them.

    Returns
    -------
    int
        How many files were written.
    """
    instance = 0
    for stack in series.stacks:
        dataset = _encoded(_template(series, stack, identity))
        for k in range(len(stack.pixels)):
            instance += 1
            uid = identity.uid("instance", series.number, instance)
            dataset.SOPInstanceUID = uid
            dataset.file_meta.MediaStorageSOPInstanceUID = uid
            dataset.InstanceNumber = instance
            dataset.ImagePositionPatient = position(stack.ijk_to_ras, k)
            dataset.SliceLocation = round(k * float(dataset.SpacingBetweenSlices), 6)
            dataset.add_new("PixelData", "OW", stack.pixels[k].astype("<i2" if stack.pixels.dtype.kind == "i" else "<u2").tobytes())
            write_dicom(dataset, folder / f"IM{first_number + instance - 1:05d}.dcm", complete_meta=False)
    return instance


def _encoded(dataset: FileDataset) -> FileDataset:
    """The same dataset with its elements as bytes, so that what all slices share is encoded once and not at every slice."""
    from pydicom import dcmread

    buffer = BytesIO()
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SeriesInstanceUID  # replaced in every slice
    write_dicom(dataset, buffer, complete_meta=False)
    buffer.seek(0)
    return dcmread(buffer)


def _template(series: Series, stack: Stack, identity: Identity) -> FileDataset:
    """All that the slices of one stack have in common."""
    dataset = new_file(identity, series, MR_IMAGE_STORAGE)
    pixel_spacing, between = spacing(stack.ijk_to_ras)
    slope, intercept = stack.rescale[:2] if stack.rescale else (1.0, 0.0)
    center, width = window(stack.pixels, slope, intercept)
    set_tags(
        dataset,
        {
            "ImageType": list(stack.image_type),
            "SliceThickness": between,
            "SpacingBetweenSlices": between,
            "PixelSpacing": pixel_spacing,
            "ImageOrientationPatient": orientation(stack.ijk_to_ras),
            "WindowCenter": center,
            "WindowWidth": width,
            **pixel_tags(stack.pixels),
            **series.tags,
            **stack.tags,
        },
    )
    if stack.rescale:
        dataset.RescaleSlope = decimal(slope)
        dataset.RescaleIntercept = decimal(intercept)
        dataset.RescaleType = stack.rescale.kind
    add_private(dataset, stack.private)
    return dataset
