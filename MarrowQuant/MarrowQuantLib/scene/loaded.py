"""Volumes that Slicer's DICOM browser loaded: the files that they came from, so that an exam is read without choosing its folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

import slicer

from ..exam.identity import identity_of_file
from ..model import ExamIdentity, MarrowQuantError
from .nodes import tag

UIDS = "DICOM.instanceUIDs"  # attribute by which Slicer's DICOM plugins tell the instances of a volume


def has_loaded_volumes() -> bool:
    """True if the scene holds volumes that the DICOM browser loaded."""
    return bool(_instances())


def loaded_files() -> list[Path]:
    """The files of all volumes that the DICOM browser loaded, each once; empty if there is no such volume.

    Raises
    ------
    MarrowQuantError
        If the DICOM database does not know the files any more, or they are gone.
    """
    instances = _instances()
    database = getattr(slicer, "dicomDatabase", None)  # Slicer has one once its DICOM module was set up
    paths = [database.fileForInstance(uid) if database else "" for uid in instances]
    missing = sum(1 for path in paths if not path or not Path(path).is_file())
    if missing:
        raise MarrowQuantError(
            "{n} of {total} images that the volumes in the scene were loaded from are not in Slicer's DICOM database any more; import them "
            "again, or choose the folders of the exams.",
            n=missing, total=len(paths),
        )  # fmt: skip
    return [Path(path) for path in dict.fromkeys(paths)]


def enter_in_database(folder: Path) -> None:
    """Have the DICOM files of a folder in Slicer's DICOM database, by reference; nothing where no database is open."""
    database = getattr(slicer, "dicomDatabase", None)
    if not database or not database.isOpen:
        return
    from DICOMLib import DICOMUtils

    DICOMUtils.importDicom(str(folder), database)


def volumes_of_another(exams: Sequence[ExamIdentity]) -> list[Any]:
    """The volumes that the DICOM browser loaded and that are certainly of another patient than these exams.

    What lies in a Frame of Reference of one of the exams was imaged with it, whatever its header says of the patient. A volume whose
    files are gone tells nothing.
    """
    known = {frame for exam in exams for frame in exam.frames}
    found = ((node, _identity(node)) for node in _volumes()) if exams else ()
    return [
        node
        for node, identity in found
        if known.isdisjoint(identity.frames) and any(exam.is_of_another_patient(identity) for exam in exams)
    ]


def _identity(node: Any) -> ExamIdentity:
    """Whose volume it is, by the first of its files."""
    database = getattr(slicer, "dicomDatabase", None)
    path = database.fileForInstance(node.GetAttribute(UIDS).split()[0]) if database else ""
    return _of_file(path) or ExamIdentity()


@lru_cache(maxsize=1024)
def _of_file(path: str) -> Optional[ExamIdentity]:
    return identity_of_file(Path(path)) if path and Path(path).is_file() else None


def _volumes() -> Iterator[Any]:
    """Those that the DICOM browser loaded; those that MarrowQuant made of them are no such."""
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if not tag(node, "exam") and (node.GetAttribute(UIDS) or "").split():
            yield node


def _instances() -> list[str]:
    return list(dict.fromkeys(uid for node in _volumes() for uid in node.GetAttribute(UIDS).split()))
