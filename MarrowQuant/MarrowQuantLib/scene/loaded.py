"""Volumes that Slicer's DICOM browser loaded: the files that they came from, so that an exam is read without choosing its folder."""

from __future__ import annotations

from pathlib import Path

import slicer

from ..model import MarrowQuantError
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


def _instances() -> list[str]:
    nodes = [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if not tag(node, "exam")]
    return list(dict.fromkeys(uid for node in nodes for uid in (node.GetAttribute(UIDS) or "").split()))
