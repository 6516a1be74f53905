"""Writing DICOM files, alike with pydicom 2.4 (the last one for Python 3.9) and later: they take the encoding in different ways."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Union

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def write_dicom(dataset: Dataset, target: Union[Path, BinaryIO], complete_meta: bool = True) -> None:
    """Write a data set with its meta information, in the encoding that its transfer syntax names.

    Parameters
    ----------
    dataset : Dataset
        With ``file_meta``, which holds the transfer syntax.
    target : Path or binary file
    complete_meta : bool
        Let pydicom add what PS3.10 asks of the meta information, and refuse a data set that cannot have it.
    """
    import pydicom

    if int(pydicom.__version__.split(".")[0]) >= 3:
        dataset.save_as(target, enforce_file_format=complete_meta)
        return
    syntax = dataset.file_meta.TransferSyntaxUID
    dataset.is_implicit_VR, dataset.is_little_endian = syntax.is_implicit_VR, syntax.is_little_endian
    dataset.save_as(target, write_like_original=not complete_meta)
