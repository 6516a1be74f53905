"""Results as plain data: ``results.json``, valid under ``results.schema.json``.

The file carries no patient identity: of every series only the fields named here are written, and no folder, UID or patient field is among
them. The same results always give the same file.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Optional

import numpy as np

from .. import __version__
from ..followup.normal import baseline_band
from ..model import (
    RESEARCH_USE_ONLY,
    Burden,
    Change,
    Component,
    ExamResult,
    Histogram,
    LabHistory,
    LabValue,
    Measurement,
    ResponseEstimate,
    Results,
    Stitching,
    VertebraResult,
    Volume,
)
from ..response import assess

SCHEMA_VERSION = "1.3.0"  # 1.0.0 to 1.2.0 are read too: they lack optional fields only
SCHEMA_FILE = Path(__file__).with_name("results.schema.json")
SERIES_FIELDS = (
    "series_number", "series_description", "role", "b_value", "echo_time_s", "station", "component", "shape", "unit", "quantity", "scaling",
    "confidence", "evidence", "acquisition_group", "used", "problem", "overridden",
)  # fmt: skip


def results_to_dict(results: Results) -> dict[str, Any]:
    """Results as dictionaries, lists, numbers and text.

    NaN and infinity become None, arrays become lists; dates are ISO 8601. Positions are RAS in mm, shapes are (i, j, k); units stand beside
    every number.

    Raises
    ------
    TypeError
        If ``results`` holds an object that has no plain form.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "research_use_only": RESEARCH_USE_ONLY,
        "synthetic": any(exam.synthetic for exam in results.exams),
        "software": {"name": "MarrowQuant", "version": __version__},
        "settings": plain(dataclasses.asdict(results.settings)),
        "exams": [_exam(exam) for exam in results.exams],
        "changes": [_change(change) for change in results.changes],
        "lesions": [plain(dataclasses.asdict(lesion)) for lesion in results.lesions],
        "distributions": [plain(dataclasses.asdict(change)) for change in results.distributions],
        "response": _response(results.response) if results.response else None,
        "laboratory": _laboratory(results),
        "subject": _subject(results),
        "warnings": list(results.warnings),
    }


def write_results(results: Results, folder: Path) -> Path:
    """Write ``results.json`` (UTF-8) into an existing folder and return its path."""
    path = Path(folder) / "results.json"
    text = json.dumps(results_to_dict(results), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def plain(value: Any) -> Any:
    """``value`` in JSON's own types; see :func:`results_to_dict` for the rules."""
    if isinstance(value, (Enum, np.generic)):
        return plain(value.value if isinstance(value, Enum) else value.item())
    if value is None or isinstance(value, (bool, int, float, str)):
        return None if isinstance(value, float) and not math.isfinite(value) else value
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def _exam(exam: ExamResult) -> dict[str, Any]:
    return {
        "label": exam.label,
        "date": exam.date.isoformat() if exam.date else None,
        "synthetic": exam.synthetic,
        "identity": exam.identity.plain(),
        "protocol": plain(exam.protocol),
        "maps": {key: _volume(volume) for key, volume in exam.maps.items()},
        "vertebrae": [_vertebra(vertebra) for vertebra in exam.vertebrae],
        "lumbar": {key: _measurement(measurement) for key, measurement in exam.lumbar.items()},
        "burden": _burden(exam.burden) if exam.burden else None,
        "burden_parts": [
            {"number": part.number, "reason": part.reason, "burden": _burden(part.burden)} for part in exam.burden_parts
        ],
        "stations": stitching_to_dict(exam.stitching),
        "labs": {test: _lab(value) for test, value in exam.labs.items()},
        "series": [{key: plain(row[key]) for key in SERIES_FIELDS if key in row} for row in exam.series],
        "warnings": list(exam.warnings),
    }


def stitching_to_dict(stitching: Optional[Stitching]) -> Optional[dict[str, Any]]:
    """How the stations were joined, as plain data; None for a single one."""
    if stitching is None:
        return None
    profile = stitching.profile
    return {
        "gains": plain(stitching.gains),
        "seams": [
            {
                "stations": [n + 1 for n in seam.stations],
                "position_ras_mm": plain(seam.position_ras),
                "slices": seam.n_slices,
                "step_before": plain(seam.step_before),
                "step_after": plain(seam.step_after),
            }
            for seam in stitching.seams
        ],
        "profile": {"height_mm": plain(profile.height_mm), "before": plain(profile.before), "after": plain(profile.after)},
    }


def _volume(volume: Volume) -> dict[str, Any]:
    return {
        "name": volume.name,
        "quantity": volume.quantity,
        "unit": volume.unit,
        "shape": [int(n) for n in volume.array.shape[2::-1]],
        "spacing_mm": plain(volume.spacing_mm),
        "b_value": plain(volume.b_value),
        "source": list(volume.source),
    }


def _vertebra(vertebra: VertebraResult) -> dict[str, Any]:
    roi = vertebra.roi
    return {
        "level": roi.level,
        "shape": roi.shape,
        "center_ras_mm": plain(roi.center_ras),
        "axes_ras": plain(roi.axes),
        "radii_mm": plain(roi.radii_mm),
        "excluded": roi.excluded,
        "measurements": {key: _measurement(measurement) for key, measurement in vertebra.measurements.items()},
        "features": plain(vertebra.features),
        "histograms": {key: _histogram(histogram) for key, histogram in vertebra.histograms.items()},
        "flags": list(vertebra.flags),
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    return plain(dataclasses.asdict(measurement))


def _histogram(histogram: Optional[Histogram]) -> Optional[dict[str, Any]]:
    return plain(dataclasses.asdict(histogram)) if histogram else None


def _burden(burden: Burden) -> dict[str, Any]:
    return {
        "tdv": _measurement(burden.tdv),
        "gadc": _measurement(burden.gadc),
        "muscle_signal": plain(burden.muscle_signal),
        "signal_ratio_threshold": plain(burden.signal_ratio_threshold),
        "adc_window_um2_per_s": plain(burden.adc_window),
        "class_volumes_ml": plain(burden.class_volumes_ml),
        "features": plain(burden.features),
        "histogram": _histogram(burden.histogram),
        "components": [_component(component) for component in burden.components],
        "flags": list(burden.flags),
        "infiltration": plain(dataclasses.asdict(burden.infiltration)) if burden.infiltration else None,
    }


def _component(component: Component) -> dict[str, Any]:
    return {
        "label": int(component.label),
        "state": component.state,
        "reason": component.reason,
        "volume_ml": plain(component.volume_ml),
        "centroid_ras_mm": plain(component.centroid_ras),
        "longest_diameter_mm": plain(component.longest_diameter_mm),
        "adc_median_um2_per_s": plain(component.adc_median),
        "adc_mean_um2_per_s": plain(component.adc_mean),
        "signal_ratio": plain(component.signal_ratio),
        "region": component.region,
        "ff_median_percent": plain(component.ff_median),
        "ff_voxels": int(component.ff_voxels),
        "near_seam": bool(component.near_seam),
        "lesion_id": component.lesion_id,
    }


def _lab(value: LabValue) -> dict[str, Any]:
    return plain(dataclasses.asdict(value))


def _subject(results: Results) -> Optional[dict[str, Any]]:
    if results.subject is None:
        return None
    band, told = baseline_band(results)
    return {**dataclasses.asdict(results.subject), "normal_ff": dataclasses.asdict(band) if band else None, "normal_ff_note": told}


def _laboratory(results: Results) -> dict[str, Any]:
    assessment = assess(results)
    return {
        **history_to_dict(assessment.history),
        "imwg": plain(dataclasses.asdict(assessment.imwg)) if assessment.imwg else None,
        "stages": [plain(dataclasses.asdict(stage)) for stage in assessment.stages],
    }


def history_to_dict(history: LabHistory) -> dict[str, Any]:
    """Values and notes of a laboratory sheet; :func:`load.history_from_dict` reads them back."""
    return {
        "values": [_lab(value) for value in history.values],
        "notes": [plain(dataclasses.asdict(note)) for note in history.notes],
        "remarks": [str(remark) for remark in history.remarks],
    }


def _change(change: Change) -> dict[str, Any]:
    return plain(dataclasses.asdict(change))


def _response(response: ResponseEstimate) -> dict[str, Any]:
    return {
        "model_id": response.model_id,
        "label": response.label,
        "probability": plain(response.probability),
        "interval": plain(response.interval),
        "contributions": [plain(dataclasses.asdict(contribution)) for contribution in response.contributions],
        "card": plain(response.card),
        "warnings": list(response.warnings),
    }
