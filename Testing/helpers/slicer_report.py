"""What 3D Slicer's own reader makes of a report: the same steps as its plugin, in the same order, on dcmqi's answers.

After ``load``, ``metadata2vtkTableNode`` and ``assignTrackingUniqueIdentifier`` in Modules/Scripted/DICOMPlugins/DICOMTID1500Plugin.py of
Slicer 5.13; that of the extension QuantitativeReporting, which Slicer 5.8 loads reports with, takes the same steps.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import highdicom
from pydicom import dcmread

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


@dataclass
class Segment:
    """A segment in the scene: its name, and the tags that the reader puts on it."""

    name: str
    number: int
    of: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Table:
    """The table in the scene: names of the columns, the texts of each row, and which of them stand under the name of something else, or
    under none, which Slicer does not notice."""

    columns: list[str]
    rows: list[list[str]]
    misplaced: list[str]


def open_report(path: Path, database: Iterable[Path], program: Callable[[str], str], work: Path) -> tuple[Table, list[Segment]]:
    """The table that Slicer shows, and the segments of the segmentation that it took last.

    Raises
    ------
    IndexError
        Where Slicer's plugin raises it.
    """
    work.mkdir(exist_ok=True)
    report = dcmread(path)
    assert highdicom.sr.EnhancedSR.from_dataset(report, copy=True).content.get_planar_roi_measurement_groups() == []
    segments: list[Segment] = []
    for file in (file for series in _segmentations(report) for file in database if _series_of(file) == series):
        segments = _load_segmentation(file, program("segimage2itkimage"), work / file.stem)
    told = work / f"{path.stem}.json"
    asked = [program("tid1500reader"), "--inputDICOM", path, "--outputMetadata", told]
    subprocess.run(asked, capture_output=True, check=True)
    groups = json.loads(told.read_text(encoding="utf-8"))["Measurements"]
    table = Table(["Tracking Identifier", *map(_column, groups[0]["measurementItems"])], [], [])
    for group in groups:
        items = group["measurementItems"]
        table.rows.append([group["TrackingIdentifier"], *(item["value"] for item in items)])
        under = [*table.columns[1:], *[""] * len(items)]
        table.misplaced += [f"{table.rows[-1][0]}: {_column(item)}" for item, title in zip(items, under) if title != _column(item)]
    for number, group in enumerate(groups):
        segments[number].tags["TrackingUniqueIdentifier"] = group["TrackingUniqueIdentifier"]
    return table, segments


def _series_of(file: Path) -> str:
    return str(dcmread(file, stop_before_pixels=True).SeriesInstanceUID)


def _segmentations(report: Any) -> list[str]:
    """Series of the segmentations that the report's evidence names."""
    series = [one for study in report.CurrentRequestedProcedureEvidenceSequence for one in study.ReferencedSeriesSequence]
    return [one.SeriesInstanceUID for one in series for sop in one.ReferencedSOPSequence if sop.ReferencedSOPClassUID == SEGMENTATION]


def _load_segmentation(file: Path, program: str, folder: Path) -> list[Segment]:
    folder.mkdir()
    subprocess.run([program, "--inputDICOM", file, "--outputDirectory", folder, "--mergeSegments"], capture_output=True, check=True)
    told = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["segmentAttributes"]
    uid = dcmread(file, stop_before_pixels=True).SOPInstanceUID
    return [Segment(segment["SegmentLabel"], segment["labelID"], uid) for image in told for segment in image]


def _column(item: dict[str, Any]) -> str:
    """The title that the plugin gives; it names the statistic where there is one, else the quantity."""
    about = item.get("derivationModifier") or item["quantity"]
    return f"{about['CodeMeaning']} [{item['units']['CodeValue']}]"
