"""Stand-in for Slicer's ``DICOMLib``: as much of it as a DICOM plugin uses, under the names and signatures of Slicer 5.13."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Optional

import pydicom


class DICOMLoadable:
    def __init__(self, qLoadable: Optional[Any] = None) -> None:
        self.files: list[str] = []
        self.name = "Unknown"
        self.tooltip = "No further information available"
        self.warning = ""
        self.selected = False
        self.confidence = 0.5


class Exportable:
    """``slicer.qSlicerDICOMExportable``."""

    def __init__(self) -> None:
        self.name = self.tooltip = self.directory = self.pluginClass = ""
        self.confidence, self.subjectHierarchyItemID = 0.0, 0
        self._tags: dict[str, str] = {}

    def setTag(self, name: str, value: str) -> None:
        self._tags[name] = value

    def tag(self, name: str) -> str:
        return self._tags.get(name, "")


class DICOMPlugin:
    def __init__(self) -> None:
        self.loadType = "Generic DICOM"
        self.tags = {"seriesDescription": "0008,103E", "seriesNumber": "0020,0011"}
        self.loadableCache: dict[str, list[Any]] = {}
        self.in_subject_hierarchy: list[tuple[Any, Any]] = []

    def hashFiles(self, files: list[str]) -> str:
        return "\n".join(files)

    def getCachedLoadables(self, files: list[str]) -> Optional[list[Any]]:
        return self.loadableCache.get(self.hashFiles(files))

    def cacheLoadables(self, files: list[str], loadables: list[Any]) -> None:
        self.loadableCache[self.hashFiles(files)] = loadables

    def addSeriesInSubjectHierarchy(self, loadable: Any, dataNode: Any) -> None:
        self.in_subject_hierarchy.append((loadable, dataNode))


class DicomDatabase:
    """``slicer.dicomDatabase`` for files on disk; counts how often it had to look."""

    def __init__(self) -> None:
        self.asked = 0
        self.files: dict[str, str] = {}  # SOP Instance UID to file

    def fileForInstance(self, sopInstanceUID: str) -> str:
        return self.files.get(sopInstanceUID, "")

    def fileValue(self, file: str, tag: str) -> str:
        self.asked += 1
        value = pydicom.dcmread(file, stop_before_pixels=True).get(tuple(int(part, 16) for part in tag.split(",")))
        return "" if value is None else str(value.value)


def choose(loadables: dict[Any, list[DICOMLoadable]]) -> None:
    """Check and uncheck as Slicer does between examining and showing: ``DICOMUtils.selectHighestConfidenceLoadables``, then what
    ``DICOMLoadableTable.setLoadables`` does with loadables of the same files."""
    import slicer

    of_series: dict[str, list[DICOMLoadable]] = {}
    for loadable in (one for offered in loadables.values() for one in offered):
        of_series.setdefault(slicer.dicomDatabase.fileValue(loadable.files[0], "0020,000E"), []).append(loadable)
    for members in of_series.values():
        highest = max(loadable.confidence for loadable in members)
        for loadable in members:
            loadable.selected = loadable.confidence == highest
    for offered in loadables.values():
        for number, loadable in enumerate(offered):
            if any(before.selected and not set(before.files) ^ set(loadable.files) for before in offered[:number]):
                loadable.selected = False


def module() -> ModuleType:
    """What ``import DICOMLib`` gives."""
    found = ModuleType("DICOMLib")
    found.DICOMLoadable, found.DICOMPlugin = DICOMLoadable, DICOMPlugin
    return found
