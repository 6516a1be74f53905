"""MarrowQuant in Slicer's DICOM browser: offers the volumes that ``MarrowQuantLib.dicom`` recognises, one for each b-value, station and
Dixon image, scaled to their unit, under names a radiologist understands. The same code reads exam folders in the panel and the shell.
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
        files = [file for fileList in fileLists if self._isMR(fileList) for file in fileList]
        if not files:
            return []
        loadables = self.getCachedLoadables(files)
        if loadables is None:
            loadables = self.examineFiles(files)
            self.cacheLoadables(files, loadables)
        return loadables

    def _isMR(self, files: list[str]) -> bool:
        """By the database's cached tag: a large CT must cost nothing here."""
        return bool(files) and slicer.dicomDatabase.fileValue(files[0], self.tags["modality"]) == "MR"

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
        return [_loadable(volume) for volume in volumes if workflow.volume_is_usable(volume) or _isMap(volume)]

    def load(self, loadable: Any) -> Any:
        """Put the volume into the scene, with role, b-value, unit and quantity on its node; None if it cannot be read any more."""
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


def _isMap(volume: Any) -> bool:
    """The scanner's ADC map: shown, though the ADC is fitted anew for measuring."""
    return not volume.problem and volume.role.value == "adc"


def _loadable(volume: Any) -> Any:
    loadable = DICOMLoadable()
    loadable.files = list(dict.fromkeys(str(frame.pixels.path) for part in volume.parts for frame in part))
    loadable.name = volume.browser_name
    loadable.tooltip = "\n".join([*volume.evidence, volume.scaling.sentence])
    loadable.confidence = volume.confidence  # Slicer's own reader of scalar volumes says 0.5
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
