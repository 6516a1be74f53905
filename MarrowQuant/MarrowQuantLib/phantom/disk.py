"""Writes the digital patient: DICOM of two exams in a vendor's dialect, the reader's points, the laboratory sheet and the truth."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..io.atomic import in_one_step
from ..model import MarrowQuantError, Progress, no_progress, part
from . import ge, philips, siemens
from .classic import write_classic
from .enhanced import write_enhanced
from .exam import TDV_MEANING, SimulatedExam, simulate_exam
from .header import SYNTHETIC, Identity
from .stacks import Series
from .stories import EXAM_DATES, EXAM_LABELS, Story, find_story

MARKUPS_SCHEMA = "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/markups-schema-v1.0.3.json#"


class Dialect(NamedTuple):
    """How a vendor writes."""

    manufacturer: str
    series: Callable[[SimulatedExam], list[Series]]


DIALECTS = {
    "philips": Dialect(philips.MANUFACTURER, philips.series),
    "siemens": Dialect(siemens.MANUFACTURER, siemens.series),
    "ge": Dialect(ge.MANUFACTURER, ge.series),
}


@dataclass(frozen=True)
class PhantomPatient:
    """Where the digital patient was written.

    Attributes
    ----------
    folder, baseline, follow_up : Path
        The patient's folder and one folder an exam.
    labs, truth : Path
        ``labs.csv`` and ``truth.json``.
    """

    folder: Path
    baseline: Path
    follow_up: Path
    labs: Path
    truth: Path

    @classmethod
    def at(cls, folder: Path) -> PhantomPatient:
        """The patient that was written into this folder."""
        return cls(folder, folder / EXAM_LABELS[0], folder / EXAM_LABELS[1], folder / "labs.csv", folder / "truth.json")


def write_patient(
    folder: Path, *, story: str = "responder", dialect: str = "philips", seed: int = 1, progress: Progress = no_progress
) -> PhantomPatient:
    """Write one digital patient with two exams.

    Parameters
    ----------
    folder : Path
        Must not exist, or be empty. Nothing is left behind when writing fails or is cancelled.
    story : {"responder", "non-responder"}
    dialect : {"philips", "siemens", "ge"}
        Whose way of writing DICOM is imitated.
    seed : int
        Noise, field map and reader error follow from it; the same seed gives the same files.
    progress : callable

    Raises
    ------
    MarrowQuantError
        When the folder holds files, cannot be written, or story or dialect is unknown.
    """
    folder = Path(folder)
    chosen = find_story(story)
    if dialect not in DIALECTS:
        raise MarrowQuantError(
            "There is no DICOM dialect called '{dialect}'; choose one of: {dialects}.",
            dialect=dialect, dialects=list(DIALECTS),
        )
    with in_one_step(folder) as unfinished:
        _write_all(unfinished, chosen, dialect, seed, progress)
    return PhantomPatient.at(folder)


def _write_all(folder: Path, story: Story, dialect: str, seed: int, progress: Progress) -> None:
    exams = []
    for index, label in enumerate(EXAM_LABELS):
        exam = simulate_exam(story.name, index, seed, part(progress, index / 2, (index + 0.5) / 2))
        _write_exam(exam, folder / label, dialect, part(progress, (index + 0.5) / 2, (index + 1) / 2))
        exams.append(exam.truth)
    _write_labs(story, folder / "labs.csv")
    truth = {
        "synthetic": SYNTHETIC,
        "story": story.name,
        "dialect": dialect,
        "seed": seed,
        "tdv_meaning": TDV_MEANING,
        "labs": {test: {"baseline": first, "follow-up": second, "unit": unit} for test, (first, second, unit) in story.labs.items()},
        "exams": exams,
    }
    _write_json(truth, folder / "truth.json")
    progress(1.0, "The digital patient is written")


def _write_exam(exam: SimulatedExam, folder: Path, dialect: str, progress: Progress) -> None:
    manufacturer, describe = DIALECTS[dialect]
    identity = Identity(exam.story, dialect, manufacturer, exam.seed, exam.index, exam.date)
    dicom_folder = folder / "DICOM"
    dicom_folder.mkdir(parents=True)
    all_series = describe(exam)
    number = 1
    for n, series in enumerate(all_series):
        progress(n / len(all_series), f"Writing {series.description}, {exam.label}")
        number += (write_enhanced if series.enhanced else write_classic)(series, identity, dicom_folder, number)
    _write_json(_markups(exam), folder / "rois.mrk.json")


def _write_labs(story: Story, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["date", "test", "value", "unit"])
        for index, date in enumerate(EXAM_DATES):
            rows.writerows([date.isoformat(), test, values[index], values[2]] for test, values in story.labs.items())
        rows.writerows([date.isoformat(), *entry] for date, *entry in story.course)


def _markups(exam: SimulatedExam) -> dict[str, Any]:
    """The reader's points as 3D Slicer writes a point list: LPS mm, one control point a level."""
    points = [
        {
            "id": str(number),
            "label": level,
            "description": "",
            "associatedNodeID": "",
            "position": np.round(ras * (-1, -1, 1), 4).tolist(),
            "orientation": [-1.0, -0.0, -0.0, -0.0, -1.0, -0.0, 0.0, 0.0, 1.0],
            "selected": True,
            "locked": False,
            "visibility": True,
            "positionStatus": "defined",
        }
        for number, (level, ras) in enumerate(exam.points.items(), start=1)
    ]
    markup = {
        "type": "Fiducial",
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": False,
        "fixedNumberOfControlPoints": False,
        "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": len(points),
        "controlPoints": points,
        "measurements": [],
    }
    return {"@schema": MARKUPS_SCHEMA, "markups": [markup]}


def _write_json(content: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
