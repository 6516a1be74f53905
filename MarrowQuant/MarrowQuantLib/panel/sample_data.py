"""The two digital patients in Slicer's Sample Data module. They are computed on this computer; nothing is downloaded."""

from __future__ import annotations

import html
import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..model import Progress, no_progress
from ..scene.case.choices import READ_FROM
from ..workflow import part

CATEGORY = "MarrowQuant"
SAMPLES = {"MarrowQuant responder": "responder", "MarrowQuant non-responder": "non-responder"}
EDITION = 2  # of the files: what an older MarrowQuant left in the cache is not used


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


def sampleOf(story: str, progress: Progress = no_progress) -> Sample:
    """The sample in Slicer's cache; written there at the first call."""
    return writeSample(Path(slicer.app.cachePath) / "MarrowQuant" / f"{story}-{EDITION}", story, progress)


def registerSampleData(icons: Path) -> None:
    """Add the samples to the Sample Data module, if this Slicer has it.

    Parameters
    ----------
    icons : Path
        Folder of the module's icons.
    """
    try:
        from SampleData import SampleDataLogic
    except ImportError:
        return
    if hasattr(SampleDataLogic, "registerCustomSampleDataCategory"):  # not in Slicer 5.8 and 5.10, where the name is the title
        SampleDataLogic.registerCustomSampleDataCategory(CATEGORY, title=_("MarrowQuant"))
    for name, story in SAMPLES.items():
        # Slicer wants an address and a file name of each sample, also of one that a function makes and nobody downloads.
        SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=name,
            uris=[f"marrowquant:{story}"],
            fileNames=[f"{story}.zip"],
            nodeNames=[name],
            thumbnailFileName=str(icons / "MarrowQuant.png"),
            customDownloader=lambda source, story=story: loadSample(story),
        )


def loadSample(story: str) -> list[Any]:
    """Write the digital patient into Slicer's cache and read it in the module's panel, whether that is open or not.

    Returns
    -------
    list of vtkMRMLScalarVolumeNode
        Empty if it was refused or cancelled; why stands in the footer of the panel and in the log of the Sample Data module.
    """
    widget = slicer.util.getModuleWidget("MarrowQuant")
    widget.initializeParameterNode()
    case = widget.panel.case

    def load(progress: Progress) -> None:
        sample = sampleOf(story, part(progress, 0.0, 0.4))
        with case.reading_instead({**dict(zip(READ_FROM, map(str, sample.folders))), "labsPath": str(sample.labs)}):
            case.read(part(progress, 0.4, 1.0))
        case.laboratory.read(sample.labs)

    if not widget.panel.run(load):
        _tell(widget.panel.ui.statusLabel.text)
        return []
    widget.initializeParameterNode()  # the fields show what is read now
    widget.panel.exams.showRead()
    return [exam.map_node(key) for exam in case.exams.values() for key in exam.maps.maps if exam.map_node(key)]


def _tell(text: str) -> None:
    """Say it where the reader clicked: in the log of the Sample Data module."""
    module = getattr(slicer.modules, "SampleDataWidget", None)
    if module is not None:
        module.logMessage(html.escape(text), logging.ERROR)
    else:
        logging.error("MarrowQuant: the sample was not loaded")
