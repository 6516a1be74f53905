"""Which patient a file is of, so that one patient gets one pseudonym and two get two.

The rules are those by which exams are put together (``dicom.patients``): the same ID and birth date are one patient. An ID alone is not
enough, because two hospitals may give one number to two persons; without a birth date the name and the issuer of the ID count too. Within
a run, a file that lacks the birth date goes with the files that contradict it in nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pydicom
from pydicom.dataset import Dataset

from ..dicom.files import BoundedReader, is_dicom, open_file, quiet_pydicom
from ..dicom.headers import DAMAGE
from ..dicom.patients import Patient, patient_from, relation

_WANTED = ("PatientID", "PatientName", "PatientBirthDate", "IssuerOfPatientID", "SpecificCharacterSet")


class _Named(NamedTuple):
    patient: Patient
    issuer: str


class Patients:
    """The patients of all files of a run.

    Parameters
    ----------
    files : sequence of Path
    source : Path
        Folder that they lie in.
    """

    def __init__(self, files: Sequence[Path], source: Path) -> None:
        found: dict[_Named, None] = {}
        with quiet_pydicom():
            for path in files:
                try:
                    with open_file(path) as file:
                        if is_dicom(file.read(132), path):
                            file.seek(0)
                            reader = BoundedReader(file)
                            dataset = pydicom.dcmread(reader, force=True, stop_before_pixels=True, specific_tags=list(_WANTED))
                            found[_named(dataset)] = None
                except (OSError, *DAMAGE):
                    continue
        full = sorted(found, key=lambda one: (one.patient.birth == "", one.patient.key, one.issuer))
        self._same = {one: next(other for other in full if other == one or _is_same(other, one)) for one in full}

    def key_of(self, dataset: Dataset) -> str:
        """What tells this patient from others; the study, if the file does not say who it is of."""
        one = _named(dataset)
        one = self._same.get(one, one)
        if not one.patient.key:
            return f"study\0{dataset.get('StudyInstanceUID') or ''}"
        return f"patient\0{one.patient.key}" if one.patient.birth else f"patient\0{one.patient.key}\0{one.issuer}"


def _named(dataset: Dataset) -> _Named:
    texts = (str(dataset.get(name) or "").strip(" \0") for name in _WANTED[:4])
    patient_id, name, birth_date, issuer = texts
    return _Named(patient_from(patient_id, name, birth_date), " ".join(issuer.casefold().split()))


def _is_same(known: _Named, other: _Named) -> bool:
    """One patient, if ID, name, birth date and issuer contradict each other in nothing, and something agrees."""
    if not known.patient.key or not other.patient.key:
        return False
    if known.patient.birth and other.patient.birth:
        return known.patient.key == other.patient.key
    same = relation(known.patient, other.patient)
    return same.same and not same.unchecked and not (known.issuer and other.issuer and known.issuer != other.issuer)
