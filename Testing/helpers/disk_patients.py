"""Two patients on disk, of two vendors' dialects, whose headers, paths, sheets, limits and points bear their marks; read as they are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from .small_exams import small_exam, write_small
from .two_patients import A, B, Patient

TEXTS = ("StudyDescription", "InstitutionName", "StationName", "PatientComments", "ReferringPhysicianName", "ImageComments")
DEPTH, HEIGHT = -2.7, 25.1  # A and S coordinates of a point inside the small exams, in mm


@dataclass(frozen=True)
class DiskPatient(Patient):
    """A patient whose exams are DICOM files in ``dialect``; ``scale`` of the intensities makes the images another's, too."""

    dialect: str = ""
    seed: int = 1

    @property
    def scale(self) -> float:
        return 1.0 + 0.01 * self.seed

    @property
    def marks(self) -> tuple[str, ...]:
        days = self.dates()
        return (*super().marks, *(day.strftime("%Y%m%d") for day in days), *(day.strftime("%Y/%m/%d") for day in days))

    def write(self, root: Path) -> None:
        for n, name in enumerate(("baseline", "follow-up")):
            self._write_exam(root / f"{self.word}-{name}", n)
        first, second = self.dates()
        lines = [f"{first},M protein,{self.protein},g/L", f"{second},M protein,1{self.protein},g/L", f"{second},therapy,{self.word},"]
        (root / f"{self.word}-labs.csv").write_text("\n".join(["date,test,value,unit", *lines]) + "\n", encoding="utf-8")

    def _write_exam(self, folder: Path, n: int) -> None:
        exam = small_exam()
        stations = tuple(tuple(replace(v, array=v.array * self.scale) for v in station) for station in exam.stations)
        exam = replace(exam, index=n, date=self.dates()[n], stations=stations)
        for path in write_small(folder, self.dialect, exam=exam, seed=self.seed):
            file = pydicom.dcmread(path)
            file.PatientName, file.PatientID, file.PatientBirthDate = f"{self.word}^ANNA", f"{self.word}-ID", f"{self.year - 60}0101"
            for name in TEXTS:
                setattr(file, name, f"{self.word} {name}"[:16])
            file.SeriesDescription = f"{file.SeriesDescription} {self.word}"
            file.save_as(path.with_name(f"{self.word}-{path.name}"))
            path.unlink()


SIEMENS, GE, PHILIPS = "siemens", "ge", "philips"


def pair(first: str, second: str) -> tuple[DiskPatient, DiskPatient]:
    """The two patients, each of a dialect."""
    fields = [{name: getattr(patient, name) for name in ("word", "protein", "x", "ratio", "age", "year")} for patient in (A, B)]
    return DiskPatient(**fields[0], dialect=first, seed=1), DiskPatient(**fields[1], dialect=second, seed=2)


def images_in_scene() -> dict[str, str]:
    """A digest of the voxels of every volume in the scene, by the node's name."""
    import slicer

    found = {}
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if node.GetImageData() is not None:
            found[node.GetName()] = _digest(slicer.util.arrayFromVolume(node))
    return found


def images_in_memory(case: Any) -> dict[str, str]:
    """A digest of every diffusion map that the case holds: those differ from patient to patient by the scale."""
    return {f"{exam.label} {key}": _digest(exam.maps.maps[key].array) for exam in case.exams.values() for key in exam.maps.maps}


def _digest(array: Any) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
