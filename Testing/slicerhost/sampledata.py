"""The Python side of Slicer's Sample Data module: what it takes from other modules, and what its buttons do with it.

Names and refusals are those of Slicer 5.13. Slicer 5.8 and 5.10 lack ``registerCustomSampleDataCategory``; a test removes it.
"""

from __future__ import annotations

import logging
import sys
from types import ModuleType
from typing import Any, Callable, Optional


def _as_list(value: Any, count: int) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value] * count


class SampleDataSource:
    """One sample: what is downloaded under which name, or a function that is called instead."""

    def __init__(
        self,
        sampleName: Optional[str] = None,
        sampleDescription: Optional[str] = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        checksums: Any = None,
        loadFiles: Any = None,
        customDownloader: Optional[Callable[[Any], Any]] = None,
        thumbnailFileName: Optional[str] = None,
        loadFileTypes: Any = None,
        loadFileProperties: Any = None,
        loadFileType: Any = None,
    ) -> None:
        self.sampleName, self.sampleDescription = sampleName, sampleDescription or sampleName
        self.uris = [uris] if isinstance(uris, str) else uris
        count = len(self.uris)  # None has no length: this is how Slicer refuses a sample without addresses
        self.fileNames = [fileNames] if isinstance(fileNames, str) else fileNames
        self.nodeNames, self.checksums = _as_list(nodeNames, count), _as_list(checksums, count)
        self.loadFiles, self.loadFileTypes = _as_list(loadFiles, count), _as_list(loadFileTypes or loadFileType, count)
        self.customDownloader, self.thumbnailFileName = customDownloader, thumbnailFileName
        self.loadFileProperties = loadFileProperties or {}
        lengths = {len(part) for part in (self.uris, self.fileNames, self.nodeNames, self.checksums, self.loadFiles, self.loadFileTypes)}
        if len(lengths) > 1:
            raise ValueError("All fields of sample data source must have the same length")

    def click(self) -> Any:
        """What the sample's button in the module does (the host's own method)."""
        return self.customDownloader(self)


class SampleDataLogic:
    """Samples by category, in ``slicer.modules.sampleDataSources``."""

    @staticmethod
    def sampleDataSourcesByCategory(category: Optional[str] = None) -> Any:
        import slicer

        if not hasattr(slicer.modules, "sampleDataSources"):
            slicer.modules.sampleDataSources = {}
        sources = slicer.modules.sampleDataSources
        return sources if category is None else sources.get(category, [])

    @staticmethod
    def registerCustomSampleDataCategory(category: str, title: str) -> None:
        SampleDataLogic.sampleDataSourcesByCategory().setdefault(category, [])

    @staticmethod
    def registerCustomSampleDataSource(category: str = "Custom", sampleName: Optional[str] = None, **source: Any) -> None:
        made = SampleDataSource(sampleName=sampleName, **source)
        known = SampleDataLogic.sampleDataSourcesByCategory().setdefault(category, [])
        if made.sampleName not in [other.sampleName for other in known]:
            known.append(made)

    def sourceForSampleName(self, sampleName: str) -> Optional[SampleDataSource]:
        sources = [source for category in self.sampleDataSourcesByCategory().values() for source in category]
        return next((source for source in sources if source.sampleName == sampleName), None)


class SampleDataWidget:
    """The module's panel, as far as others talk to it: the log at its bottom (``messages`` is the host's own)."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, str]] = []

    def logMessage(self, message: str, logLevel: int = logging.DEBUG) -> None:
        self.messages.append((logLevel, message))


def install() -> None:
    """Make ``import SampleData`` work."""
    module = ModuleType("SampleData")
    for cls in (SampleDataSource, SampleDataLogic, SampleDataWidget):
        setattr(module, cls.__name__, cls)
    sys.modules["SampleData"] = module
