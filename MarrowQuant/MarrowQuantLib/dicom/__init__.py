"""Reading DICOM: from a folder to recognised, sorted, scaled volumes.

>>> volumes = scan(Path("exam"))            # doctest: +SKIP
>>> exam = group_exams(volumes)[0]          # doctest: +SKIP
>>> array = exam.volumes[0].load().array    # doctest: +SKIP
"""

from . import edits
from .grouping import ExamFiles, diffusion_sets, group_exams
from .listing import inspect_table
from .overrides import Override, overrides_from, read_overrides, refuse_unused
from .series import scan, scan_files
from .series_volume import SeriesVolume

__all__ = [
    "ExamFiles",
    "Override",
    "SeriesVolume",
    "diffusion_sets",
    "edits",
    "group_exams",
    "inspect_table",
    "overrides_from",
    "read_overrides",
    "refuse_unused",
    "scan",
    "scan_files",
]
