"""MarrowQuant in Slicer's DICOM browser: offers the volumes that ``MarrowQuantLib.dicom`` recognises, one for each b-value, station and
Dixon image, scaled to their unit, under names a radiologist understands. The same code reads exam folders in the panel and the shell.
What MarrowQuant wrote is exported from here too, and its report opens as a table of all its numbers.
"""

import logging
from pathlib import Path
from typing import Any

import slicer
from DICOMLib import DICOMLoadable, DICOMPlugin

NAME = "MarrowQuantDICOMPlugin"


class MarrowQuantDICOMPluginClass(DICOMPlugin):
    """Examines the selected series together, because a station's number and a b = 0 without a tag follow from the other series."""

    def __init__(self) -> None:
        super().__init__()
        self.loadType = "MarrowQuant"
        self.tags["modality"] = "0008,0060"
        self.tags["seriesInstanceUID"] = "0020,000E"
        self.tags["instanceUID"] = "0008,0018"

    def examineForImport(self, fileLists: list[list[str]]) -> list[Any]:
        """Loadables of all selected series."""
        reports = [loadable for fileList in fileLists if self._isOf("SR", fileList) for loadable in _reports(fileList)]
        files = [file for fileList in fileLists if self._isOf("MR", fileList) for file in fileList]
        if not files:
            return reports
        loadables = self.getCachedLoadables(files)
        if loadables is None:
            loadables = self.examineFiles(files)
            self.cacheLoadables(files, loadables)
        return [*loadables, *reports] if reports else loadables

    def _isOf(self, modality: str, files: list[str]) -> bool:
        """By the database's cached tag: a large CT must cost nothing here."""
        return bool(files) and slicer.dicomDatabase.fileValue(files[0], self.tags["modality"]) == modality

    def examineFiles(self, files: list[str]) -> list[Any]:
        """Loadables of these files; headers are read, pixels only where the unit of a map must be guessed from its values."""
        from MarrowQuantLib import dicom, workflow
        from MarrowQuantLib.model import MarrowQuantError

        try:
            volumes = dicom.scan_files([Path(file) for file in files])
        except MarrowQuantError as error:
            logging.warning("MarrowQuant offers none of the selected series: %s", error)
            return []
        for problem in dict.fromkeys(volume.problem for volume in volumes if volume.problem):
            logging.warning("MarrowQuant does not offer a volume: %s", problem)
        used = workflow.usable_volumes(volumes)
        usable = [volume for volume in volumes if volume in used or _isMap(volume)]
        return [_loadable(number, volume) for number, volume in enumerate(sorted(usable, key=_place))]

    def load(self, loadable: Any) -> Any:
        """Put the volume into the scene, with role, b-value, unit and quantity on its node, or the report as a table; None if it cannot be
        read any more."""
        if not hasattr(loadable, "marrowQuantVolume"):
            return self._loadReport(loadable)
        from MarrowQuantLib.model import MarrowQuantError
        from MarrowQuantLib.scene.volumes import add_volume

        volume = loadable.marrowQuantVolume
        try:
            node = add_volume(volume.load(), loadable.name, date=volume.exam_date)
        except MarrowQuantError as error:
            logging.error("MarrowQuant cannot load %s: %s", loadable.name, error)
            return None
        uids = [slicer.dicomDatabase.fileValue(file, self.tags["instanceUID"]) for file in loadable.files]
        node.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
        self.addSeriesInSubjectHierarchy(loadable, node)
        return node

    def _loadReport(self, loadable: Any) -> Any:
        from MarrowQuantLib.export.prior import own_report, reported_in
        from MarrowQuantLib.scene.tables import reported_table

        report = own_report(Path(loadable.files[0]))
        if report is None:
            logging.error("MarrowQuant cannot load %s: the file cannot be read any more", loadable.name)
            return None
        node = reported_table(reported_in(report), loadable.name)
        node.SetAttribute("DICOM.instanceUIDs", str(report.SOPInstanceUID))
        self.addSeriesInSubjectHierarchy(loadable, node)
        return node

    def examineForExport(self, subjectHierarchyItemID: int) -> list[Any]:
        """All results of the open case, offered on every node and folder that is part of it; less sure than Slicer's own export of that
        node, which stays the first choice."""
        from MarrowQuantLib.scene.nodes import is_of_case

        if not is_of_case(subjectHierarchyItemID):
            return []
        exportable = slicer.qSlicerDICOMExportable()
        exportable.name = "MarrowQuant results (research)"
        exportable.tooltip = "Segmentations, maps, measurement report and PDF of all exams of the open case, each in its own study"
        exportable.confidence = 0.4
        exportable.subjectHierarchyItemID = subjectHierarchyItemID
        exportable.pluginClass = self.__module__
        exportable.setTag("Modality", "SEG")
        return [exportable]

    def export(self, exportables: list[Any]) -> str:
        """Write the open case's objects and enter them in the DICOM database; a sentence if that cannot be, else empty."""
        from MarrowQuantLib.model import MarrowQuantError
        from MarrowQuantLib.panel.language import reportLanguage, said
        from MarrowQuantLib.panel.packages import ensureForDicom

        logic = slicer.util.getModuleLogic("MarrowQuant")
        try:
            ensureForDicom()
            for directory in dict.fromkeys(exportable.directory for exportable in exportables):
                logic.case.output.export_dicom(Path(directory), reportLanguage(logic.getParameterNode()))
        except MarrowQuantError as error:
            return said(error)
        return ""


def _reports(files: list[str]) -> list[Any]:
    """Our own reports: surer than Slicer's reader of TID 1500 (0.95, 0.96).

    That one shows what was measured in the segments, and of these only the statistic's name (``generateMeasurementInformation`` in
    DICOMPlugins/DICOMTID1500Plugin.py of Slicer 5.13); ours has every number with its quantity.
    """
    from MarrowQuantLib.export.prior import own_report

    found = []
    for file in files:
        report = own_report(Path(file))
        if report is not None:
            loadable = DICOMLoadable()
            loadable.files = [file]
            loadable.name = " ".join(filter(None, (str(report.get("SeriesDescription", "")), str(report.get("StudyDate", "")))))
            loadable.tooltip = "All numbers of a report that MarrowQuant wrote, as a table"
            loadable.confidence, loadable.selected = 0.97, True
            found.append(loadable)
    return found


def _isMap(volume: Any) -> bool:
    """The scanner's ADC map: shown, though the ADC is fitted anew for measuring."""
    return not volume.problem and volume.role.value == "adc"


def _place(volume: Any) -> tuple[bool, str]:
    """The fat fractions of all exams come first, then one exam after the other; a volume without a date stands at the end."""
    return volume.role.value != "pdff", volume.exam_date.isoformat() if volume.exam_date else "without"


class FramesOf(str):
    """Path of a file, of which a loadable holds some frames.

    Of the loadables of a plugin that have the same files, Slicer checks only one (``DICOMLoadableTable.setLoadables`` in
    Modules/Scripted/DICOMLib/DICOMWidgets.py of Slicer), as if they were the same data. A multi-frame file holds many volumes: here two
    paths are the same only if they stand for the same volume. With any other text a path is compared as usual.
    """

    volume: int

    def __new__(cls, path: str, volume: int) -> "FramesOf":
        made = super().__new__(cls, path)
        made.volume = volume
        return made

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) and getattr(other, "volume", self.volume) == self.volume

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def _loadable(number: int, volume: Any) -> Any:
    """Checked for certain: of the loadables of a series Slicer checks those of the highest confidence only
    (``selectHighestConfidenceLoadables`` in DICOMLib/DICOMUtils.py), and its reader of several b-values says 1. How sure it is what a
    volume is stands in the tooltip and in the panel.
    """
    loadable = DICOMLoadable()
    paths = dict.fromkeys(str(frame.pixels.path) for part in volume.parts for frame in part)
    loadable.files = [FramesOf(path, number) for path in paths]
    loadable.name = " ".join(filter(None, (volume.browser_name, volume.exam_date.isoformat() if volume.exam_date else "")))
    loadable.tooltip = "\n".join([*volume.evidence, volume.scaling.sentence, f"{100 * volume.confidence:.0f} % sure"])
    loadable.confidence = 1.0
    loadable.selected = True
    loadable.marrowQuantVolume = volume
    return loadable


class MarrowQuantDICOMPlugin:
    """The hidden module that registers the plugin with Slicer's DICOM module."""

    def __init__(self, parent: Any) -> None:
        parent.title = "MarrowQuant DICOM plugin"
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["The MarrowQuant developers"]
        parent.helpText = "Offers the volumes that MarrowQuant recognises in the DICOM browser. Research use only."
        parent.acknowledgementText = ""
        parent.hidden = True
        if not hasattr(slicer.modules, "dicomPlugins"):
            slicer.modules.dicomPlugins = {}
        slicer.modules.dicomPlugins[NAME] = MarrowQuantDICOMPluginClass
