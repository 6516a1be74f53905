"""Read results.json back: as plain data, or as the exams that a comparison needs."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..model import (
    Burden,
    ExamIdentity,
    ExamResult,
    LabHistory,
    LabNote,
    LabValue,
    MarrowQuantError,
    Measurement,
    Relation,
    VertebraResult,
    VertebraROI,
    Volume,
    identities_in,
    identity_from_plain,
    relation,
)
from ..model.findings import as_finding
from .to_json import SCHEMA_VERSION


def load_results(path: Path) -> dict[str, Any]:
    """The parsed results of one case.

    Parameters
    ----------
    path : Path
        A results.json, or the folder that holds one.

    Raises
    ------
    MarrowQuantError
        If there is none, or it is not a results file that this program can read.
    """
    path = Path(path)
    path = path / "results.json" if path.is_dir() else path
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise MarrowQuantError(
            "There is no {file} to read there; run 'marrowquant analyze' first, or correct the path.",
            file=path.name,
        ) from None
    except ValueError:
        raise MarrowQuantError("{file} is not valid JSON; use a results.json that MarrowQuant wrote.", file=path.name) from None
    if not isinstance(results, dict) or not isinstance(results.get("exams"), list) or not results["exams"]:
        raise MarrowQuantError("{file} holds no exams; use a results.json that MarrowQuant wrote.", file=path.name)
    version = str(results.get("schema_version"))
    if version.split(".", maxsplit=1)[0] != SCHEMA_VERSION.split(".", maxsplit=1)[0]:
        raise MarrowQuantError(
            "{file} has the schema version {version}, this program reads {schema_version}; analyse it again.",
            file=path.name, version=version, schema_version=SCHEMA_VERSION,
        )
    return results


def refuse_several_patients(cases: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to put parsed results of several patients together as those of one.

    Raises
    ------
    MarrowQuantError
        If two of them are certainly of different patients.
    """
    known: list[ExamIdentity] = []
    for case in cases:
        exams = identities_in(case)
        if relation(known, exams) is Relation.OTHER:
            raise MarrowQuantError("The results are of different patients (name, ID or birth date differ); give those of one patient.")
        known += exams


def exam_from_dict(exam: Mapping[str, Any]) -> ExamResult:
    """One exam of a results.json with everything that a comparison reads: levels, means, tumour load, laboratory values, protocol.

    The file holds no images, so ``maps`` is empty and the burden's labels are a volume without voxels.
    """
    return ExamResult(
        label=exam["label"],
        date=datetime.date.fromisoformat(exam["date"]) if exam["date"] else None,
        maps={},
        vertebrae=tuple(_vertebra(entry) for entry in exam["vertebrae"]),
        lumbar={key: Measurement(**value) for key, value in _known(exam["lumbar"]).items()},
        burden=_burden(exam["burden"]) if exam["burden"] else None,
        labs={test: _lab(value) for test, value in exam["labs"].items()},
        protocol=exam["protocol"],
        synthetic=exam["synthetic"],
        warnings=tuple(exam["warnings"]),
        identity=identity_from_plain(exam.get("identity")),
    )


def history_from_dict(results: Mapping[str, Any]) -> LabHistory:
    """The laboratory sheet that was stored with the results, else the exams' own values."""
    stored = results.get("laboratory") or {"values": [lab for exam in results["exams"] for lab in exam["labs"].values()], "notes": []}
    notes = tuple(LabNote(**{**note, "date": datetime.date.fromisoformat(note["date"])}) for note in stored["notes"])
    remarks = tuple(as_finding(remark) for remark in stored.get("remarks", ()))  # an older file has none
    return LabHistory(tuple(_lab(value) for value in stored["values"]), notes, remarks)


def _known(measurements: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry for key, entry in measurements.items() if entry["value"] is not None}


def _vertebra(entry: Mapping[str, Any]) -> VertebraResult:
    center, axes, radii = (np.array(entry[key]) for key in ("center_ras_mm", "axes_ras", "radii_mm"))
    roi = VertebraROI(entry["level"], center, axes, radii, entry["shape"], entry["excluded"])
    return VertebraResult(roi, {key: Measurement(**value) for key, value in _known(entry["measurements"]).items()})


def _lab(entry: Mapping[str, Any]) -> LabValue:
    return LabValue(**{**entry, "date": datetime.date.fromisoformat(entry["date"])})


def _burden(entry: Mapping[str, Any]) -> Burden:
    unknown = {"value": math.nan}  # a number that the file holds as null
    tdv, gadc = (Measurement(**{**entry[key], **({} if entry[key]["value"] is not None else unknown)}) for key in ("tdv", "gadc"))
    no_image = Volume(np.zeros((0, 0, 0), np.int32), np.eye(4))
    return Burden(
        labels=no_image,
        components=(),
        muscle_signal=entry["muscle_signal"],
        signal_ratio_threshold=entry["signal_ratio_threshold"],
        adc_window=tuple(entry["adc_window_um2_per_s"]),
        tdv=tdv,
        gadc=gadc,
        features=entry["features"],
        histogram=None,
        class_volumes_ml=entry["class_volumes_ml"],
    )
