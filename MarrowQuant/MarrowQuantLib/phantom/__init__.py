"""The digital patient: a physics-based simulator that writes what a scanner would (ring 1).

``write_patient`` writes two exams as DICOM; ``simulate_exam`` gives one exam in memory.
"""

from __future__ import annotations

from .disk import DIALECTS, PhantomPatient, write_patient
from .exam import SimulatedExam, simulate_exam
from .stories import STORIES

__all__ = ["DIALECTS", "STORIES", "PhantomPatient", "SimulatedExam", "simulate_exam", "write_patient"]
