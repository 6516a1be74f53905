"""``results.json`` as a dataclass: the results of a case, with what a reader of the file needs beside them.

Its JSON Schema follows from it; :func:`write_schema` writes the copy that is packaged and published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from .. import __version__
from ..followup.normal import Band, baseline_band
from ..followup.repeatability import Repeatability
from ..model import (
    RESEARCH_USE_ONLY,
    Change,
    Classification,
    ExamResult,
    Finding,
    LabHistory,
    LesionChange,
    MarrowQuantError,
    RegionChange,
    ResponseEstimate,
    Results,
    Settings,
    Subject,
    as_finding,
)
from ..model.fields import described
from ..response import assess
from ..response.anaemia import BloodResponse
from ..response.imwg import ImwgResponse
from ..response.iss import Stage
from ..vertebrae.levels import LEVELS
from .codec import decode, encode, schema_of

SCHEMA_VERSION = "2.2.0"
READ_VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0", "2.0.0", "2.1.0", SCHEMA_VERSION)
SCHEMA_FILE = Path(__file__).with_name("results.schema.json")
SERIES_FIELDS = (
    "series_number", "series_description", "role", "b_value", "echo_time_s", "repetition_time_s", "flip_angle_deg", "scanner", "voxel_mm",
    "station", "component", "shape", "unit", "quantity", "scaling",
    "confidence", "evidence", "acquisition_group", "used", "problem", "overridden",
)  # fmt: skip


@dataclass(frozen=True)
class Software:
    """What made the file."""

    name: str = described("Program.", default="MarrowQuant")
    version: str = described("Its version.", default=__version__)


@dataclass(frozen=True)
class Laboratory:
    """The laboratory sheet, and what it says of stage and response."""

    history: LabHistory = described(flat=True)
    imwg: Optional[ImwgResponse] = described("Response category; null with one exam or without values.", default=None)
    stages: tuple[Stage, ...] = described("ISS and R-ISS at the baseline.", default=())
    blood: Optional[BloodResponse] = described("Response of MDS or aplastic anaemia by the blood; null for other kinds.", default=None)


@dataclass(frozen=True)
class StatedSubject:
    """Age and sex as the reader gave them, with the published normal fat fraction."""

    age_years: float = described("Age at the baseline, years.", low=0)
    sex: str = described("Sex.", choices=("female", "male"))
    normal_ff: Optional[Band] = described(
        "Published fat fraction of healthy people of this sex and age; null if none is at hand.", default=None
    )
    normal_ff_note: Optional[Finding] = described("Where it comes from, or why there is none.", default=None)


@dataclass(frozen=True)
class Document:
    """One case: one or two exams, their change and the response estimate. Lengths in mm, positions RAS, volumes in mL, ADC in µm²/s, fat
    fraction in %; null where there is no number. Holds no patient identity."""

    schema_version: str = described(
        "Version of this schema; the first number changes when a reader must change, the second when optional fields are added (1.1.0: "
        "laboratory, lesions, distributions, infiltration, and the components' region, fat fraction, seam and name; 1.2.0: stations, "
        "roi_shape; 1.3.0: identity; 2.0.0: findings with code and values in the place of sentences; 2.1.0: level "
        "of a change, kind of case, response by the blood, classification, how numbers and images were made as codes with values; 2.2.0: "
        "pattern on STIR, why a series is taken for what it is, its scaling and its problem as codes with values).",
        choices=(SCHEMA_VERSION,),
    )
    research_use_only: str = described("The sentence that must accompany these numbers.")
    synthetic: bool = described("True if any exam is simulated data.")
    software: Software = described("What made the file.")
    settings: Settings = described("What the reader could set.")
    exams: tuple[ExamResult, ...] = described("Baseline first.")
    changes: tuple[Change, ...] = described("Follow-up minus baseline.")
    response: Optional[ResponseEstimate] = described("Response estimate; null with one exam.")
    findings: tuple[Finding, ...] = described("What the reader should know about the whole case.", default=(), earlier=("warnings",))
    lesions: tuple[LesionChange, ...] = described("What became of each lesion; empty without a follow-up.", default=())
    distributions: tuple[RegionChange, ...] = described(
        "How the voxels of each vertebra, and of the lumbar levels together, changed; empty without a follow-up.", default=()
    )
    laboratory: Optional[Laboratory] = described("Laboratory sheet, stage and response category.", default=None)
    subject: Optional[StatedSubject] = described("The subject, as far as the reader gave it.", default=None)
    movement: tuple[Mapping[str, Any], ...] = described("How the body moved from baseline to follow-up.", default=())
    limits: Mapping[str, Repeatability] = described("The site's own limits of change, by index.", default_factory=dict)
    classification: Optional[Classification] = described("A classifier's answer; null where none was asked.", default=None)


def results_to_dict(results: Results) -> dict[str, Any]:
    """Results in JSON's own types, as ``results.json`` holds them; :func:`results_from_dict` reads them back.

    Of every series only ``SERIES_FIELDS`` are written: no folder, no UID and no patient field is among them.
    """
    return encode(_document(results))


def write_results(results: Results, folder: Path) -> Path:
    """Write ``results.json`` (UTF-8) into an existing folder and return its path. The same results always give the same file."""
    path = Path(folder) / "results.json"
    text = json.dumps(results_to_dict(results), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def results_from_dict(written: Mapping[str, Any]) -> Results:
    """What :func:`results_to_dict` wrote, in this version of the schema or an older one.

    The file holds no images: ``maps`` are empty, and ``Burden.labels`` is a volume without voxels. An older file without a laboratory sheet
    has the exams' own values as one.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not what was written.
    """
    document: Document = decode(Document, written)
    dates = [exam.date for exam in document.exams if exam.date]
    if dates != sorted(dates):
        raise MarrowQuantError(
            "The follow-up ({date}) in these results is earlier than their baseline ({other_date}), so that every change would have the "
            "wrong sign; measure again with the exams in their order.",
            date=dates[-1], other_date=dates[0],
        )  # fmt: skip
    subject, laboratory = document.subject, document.laboratory
    return Results(
        exams=document.exams,
        changes=tuple(_at_level(change) for change in document.changes),
        response=document.response,
        settings=document.settings,
        findings=document.findings,
        history=laboratory.history if laboratory else LabHistory(tuple(lab for exam in document.exams for lab in exam.labs.values())),
        lesions=document.lesions,
        distributions=document.distributions,
        subject=Subject(subject.age_years, subject.sex) if subject else None,
        movement=document.movement,
        limits=document.limits,
        classification=document.classification,
    )


def _at_level(change: Change) -> Change:
    """Up to 2.0.0 the level was a part of the name: "ff_L1"."""
    key, _, level = change.name.rpartition("_")
    return replace(change, name=key, level=level) if not change.level and key == "ff" and level in LEVELS else change


def write_schema(path: Path = SCHEMA_FILE) -> None:
    """Write the schema of this version into a file."""
    schema = schema_of(Document, f"urn:marrowquant:results:{SCHEMA_VERSION}", "MarrowQuant results")
    Path(path).write_text(json.dumps(schema, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _document(results: Results) -> Document:
    assessment = assess(results)
    return Document(
        schema_version=SCHEMA_VERSION,
        research_use_only=RESEARCH_USE_ONLY,
        synthetic=any(exam.synthetic for exam in results.exams),
        software=Software(),
        settings=results.settings,
        exams=tuple(replace(exam, series=tuple(_shown_fields(row) for row in exam.series)) for exam in results.exams),
        changes=results.changes,
        response=results.response,
        findings=tuple(as_finding(found) for found in results.findings),
        lesions=results.lesions,
        distributions=results.distributions,
        laboratory=Laboratory(assessment.history, assessment.imwg, assessment.stages, assessment.blood),
        subject=_stated_subject(results),
        movement=tuple(results.movement),
        limits=results.limits,
        classification=results.classification,
    )


def _shown_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in SERIES_FIELDS if key in row}


def _stated_subject(results: Results) -> Optional[StatedSubject]:
    if results.subject is None:
        return None
    band, told = baseline_band(results)
    return StatedSubject(results.subject.age_years, results.subject.sex, band, as_finding(told) if told else None)
