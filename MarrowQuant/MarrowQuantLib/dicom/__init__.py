"""Reading DICOM: from a folder to recognised, sorted, scaled volumes.

>>> volumes = scan(Path("exam"))            # doctest: +SKIP
>>> exam = group_exams(volumes)[0]          # doctest: +SKIP
>>> array = exam.volumes[0].load().array    # doctest: +SKIP
"""

from .grouping import ExamFiles, diffusion_sets, group_exams
from .series import scan
from .table import inspect_table
from .volume import SeriesVolume

__all__ = ["ExamFiles", "SeriesVolume", "diffusion_sets", "group_exams", "inspect_table", "scan"]
