"""Reading DICOM: from a folder to recognised, sorted, scaled volumes.

>>> volumes = scan(Path("exam"))            # doctest: +SKIP
>>> exam = group_exams(volumes)[0]          # doctest: +SKIP
>>> array = exam.volumes[0].load().array    # doctest: +SKIP
"""

from . import edits
from .exams import ExamFiles, ReaderMustSay, group_exams, in_order, one_patient, with_date
from .grouping import diffusion_sets
from .listing import inspect_table
from .overrides import Override, overrides_from, read_overrides, refuse_unused
from .segmentation import DicomSegment, is_segmentation_object, read_mask, read_segmentation
from .series import scan, scan_files
from .series_volume import SeriesVolume

__all__ = [
    "DicomSegment",
    "ExamFiles",
    "Override",
    "ReaderMustSay",
    "SeriesVolume",
    "diffusion_sets",
    "edits",
    "group_exams",
    "in_order",
    "inspect_table",
    "is_segmentation_object",
    "one_patient",
    "overrides_from",
    "read_mask",
    "read_overrides",
    "read_segmentation",
    "refuse_unused",
    "scan",
    "scan_files",
    "with_date",
]
