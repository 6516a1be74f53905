"""The two digital patients in Slicer's Sample Data module. They are computed on this computer; nothing is downloaded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import slicer
from slicer.i18n import tr as _

from ..model import Progress, no_progress

CATEGORY = "MarrowQuant"
SAMPLES = {"MarrowQuant responder": "responder", "MarrowQuant non-responder": "non-responder"}


@dataclass(frozen=True)
class Sample:
    """Where a digital patient was written: exam folders baseline first, laboratory sheet, and what the numbers should be."""

    folders: tuple[Path, Path]
    labs: Path
    truth: Mapping[str, Any]


def writeSample(folder: Path, story: str, progress: Progress = no_progress) -> Sample:
    """Write a digital patient unless a complete one is there already; see ``phantom.write_patient``."""
    from ..phantom import write_patient

    truth = folder / "truth.json"
    if not truth.is_file():
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted run left
        write_patient(folder, story=story, progress=progress)
    return Sample((folder / "baseline", folder / "follow-up"), folder / "labs.csv", json.loads(truth.read_text(encoding="utf-8")))


def registerSampleData(icons: Path, makeLogic: Callable[[], Any]) -> None:
    """Add the samples to the Sample Data module, if this Slicer has it.

    Parameters
    ----------
    icons : Path
        Folder of the module's icons.
    makeLogic : callable
        Makes a ``MarrowQuantLogic``.
    """
    try:
        import SampleData
    except ImportError:
        return
    SampleData.SampleDataLogic.registerCustomSampleDataCategory(CATEGORY, title=_("MarrowQuant"))
    for name, story in SAMPLES.items():
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=name,
            thumbnailFileName=str(icons / "MarrowQuant.png"),
            customDownloader=lambda source, story=story: loadSample(story, makeLogic()),
        )


def loadSample(story: str, logic: Any) -> list[Any]:
    """Write the digital patient into Slicer's cache, read both exams and the laboratory sheet, and return the volume nodes."""
    sample = writeSample(Path(slicer.app.cachePath) / "MarrowQuant" / story, story)
    parameters = logic.getParameterNode()
    parameters.baselineFolder, parameters.followUpFolder = map(str, sample.folders)
    parameters.labsPath = str(sample.labs)
    logic.case.read()
    logic.case.laboratory.read(sample.labs)
    return [exam.map_node(key) for exam in logic.case.exams.values() for key in exam.maps.maps if exam.map_node(key)]
