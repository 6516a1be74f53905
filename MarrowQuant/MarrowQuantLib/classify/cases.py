"""From images and bodies to a patient of a data set: pictures, indices, texture, the proposed pattern on STIR."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..cohort.cells import NO_VALUE, BadCell, parse_number
from ..exam.maps import ExamMaps
from ..features import first_order
from ..features.texture import cooccurrence
from ..io.jsonfiles import read_json
from ..model import Finding, MarrowQuantError, Progress, Role, Volume, finding, no_progress
from ..phantom.marrow import AA, LEVELS, MDS, SpineCase
from ..vertebrae import take_over
from ..vertebrae.labelfiles import LabelledVertebrae
from ..vertebrae.measure import measure_vertebrae
from ..vertebrae.segfile import cut_to_box
from ..vertebrae.segment import Bodies
from .dataset import Dataset, Patient
from .patches import Preparation, PreparedSpine, input_digest, prepare
from .stir import propose_pattern

MEASURED = ("ff", "adc", "r2star", "t1_to_discs", "dropout_ratio")
"""Indices of the multiparametric arms, as the exam's measuring names them."""
HISTOGRAM = ("sd", "p10", "p90", "skewness")
TEXTURE_LEVELS = 16
_TEXTURE_RANGE = (0.0, 4.0)  # of the normalised T1 signal


def bodies_of(labels: Volume, levels: Sequence[str]) -> Bodies:
    """The bodies of a label image whose numbers 1, 2 … are these levels."""
    masks = {level: cut_to_box(labels, labels.array == n + 1) for n, level in enumerate(levels) if (labels.array == n + 1).any()}
    return take_over(LabelledVertebrae(masks, (), labels))


def scanner_of(maps: ExamMaps) -> str:
    """Manufacturer and model of the scanner as the headers name them, of the T1 images where there are some; "" where it is not told."""
    used = [row for row in maps.series if row.get("used") and row.get("scanner")]
    own = [row for row in used if row.get("role") == Role.T1.value]
    return str((own or used or [{"scanner": ""}])[0]["scanner"])


def says_synthetic(maps: ExamMaps) -> bool:
    """True where every series that was used says that it is simulated; the flag of an exam is set by a single one."""
    return maps.synthetic and all(row.get("synthetic", True) for row in maps.series if row.get("used"))


def make_patient(
    record_id: str, row: Mapping[str, Any], maps: Mapping[str, Volume], bodies: Bodies, settings: Preparation, cache: Optional[Path] = None
) -> Patient:
    """One patient of a data set.

    Parameters
    ----------
    record_id : str
    row : mapping
        kind, site, scanner, age_years, platelets, synthetic: what a table says.
    maps : mapping
        Images and maps by key, as for :func:`prepare`; in_phase and opposed_phase too, for the dropout ratio.
    bodies : Bodies
    settings : Preparation
    cache : Path, optional
        Folder in which pictures that were made ready are kept by the hash of their input.

    Raises
    ------
    MarrowQuantError
        As :func:`prepare`; or if age, platelets or pattern are no such numbers.
    """
    maps = {key: volume if np.isfinite(volume.array).all() else _without_infinite(volume) for key, volume in maps.items()}
    spine = _cached(maps, bodies, settings, cache)
    indices = {**measured_indices(maps, bodies), **picture_indices(spine, settings)}
    pattern = propose_pattern(maps["stir"], bodies) if "stir" in maps else None
    given = _number(row, "stir_pattern", 1, 4)
    return Patient(
        record_id,
        str(row["kind"]),
        spine.patches,
        spine.marrow,
        spine.levels,
        site=str(row.get("site") or ""),
        scanner=str(row.get("scanner") or ""),
        age_years=_number(row, "age_years", 0.0, 120.0),
        platelets=_number(row, "platelets", 0.0, 3000.0),
        synthetic=bool(row.get("synthetic", False)),
        indices=indices,
        image_hash=spine.image_hash,
        statistics=spine.statistics,
        stir_pattern=int(given) if math.isfinite(given) else pattern.pattern if pattern else None,
        findings=spine.findings,
    )


def _without_infinite(volume: Volume) -> Volume:
    return volume.like(np.where(np.isinf(volume.array), np.nan, volume.array))


def measured_indices(maps: Mapping[str, Volume], bodies: Bodies) -> dict[str, float]:
    """Means over the bodies of what the exam's measuring gives, and the histogram of the fat fraction."""
    rois = bodies.rois
    try:
        vertebrae, _ = measure_vertebrae(maps, rois)
    except MarrowQuantError:
        return {}
    found: dict[str, float] = {}
    for name in MEASURED:
        values = [vertebra.measurements[name].value for vertebra in vertebrae if name in vertebra.measurements]
        found[name] = float(np.mean(values)) if values else math.nan
    for feature in HISTOGRAM:
        values = [vertebra.features["ff"][feature] for vertebra in vertebrae if "ff" in vertebra.features]
        found[f"ff_{feature}"] = _mean(values)
    return found


def picture_indices(spine: PreparedSpine, settings: Preparation) -> dict[str, float]:
    """Histogram and texture of the first channel, means over the bodies; texture by grey-level co-occurrence."""
    name, found = settings.channels[0], []
    for patch, inside in zip(spine.patches[:, 0], spine.marrow):
        values = first_order(patch[inside], levels=TEXTURE_LEVELS)
        low, high = _TEXTURE_RANGE
        level = np.clip(np.floor(TEXTURE_LEVELS * (patch - low) / (high - low)), 0, TEXTURE_LEVELS - 1).astype(int) + 1
        one = {f"{name}_{key}": values[key] for key in (*HISTOGRAM, "histogram_entropy")}
        for distance in (1, 3):
            grey = cooccurrence(level, inside, distance=distance)
            one.update({f"texture_{key}_{distance}": value for key, value in grey.items()})
        found.append(one)
    return {key: _mean([one[key] for one in found]) for key in found[0]}


def _mean(values: Sequence[float]) -> float:
    """Of the values that are known; NaN without any."""
    known = [value for value in values if math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan


def simulated_dataset(cases: Sequence[SpineCase], settings: Optional[Preparation] = None, progress: Progress = no_progress) -> Dataset:
    """The data set of a simulated cohort."""
    settings = settings or Preparation()
    patients, told = [], [finding("classify.simulated")]
    for n, case in enumerate(cases):
        progress(n / len(cases), f"Pictures of patient {n + 1} of {len(cases)}")
        patients.append(make_patient(case.record_id, case.row, case.maps, bodies_of(case.labels, LEVELS), settings))
    readers = sorted({name for case in cases for name in case.row if name.startswith("reader_")})
    scores = {name: {case.record_id: float(case.row[name]) for case in cases} for name in readers}
    return Dataset(tuple(patients), settings, MDS, AA, scores, tuple(told))


def _cached(maps: Mapping[str, Volume], bodies: Bodies, settings: Preparation, cache: Optional[Path]) -> PreparedSpine:
    if cache is None:
        return prepare(maps, bodies, settings)
    key = input_digest({name: maps[name] for name in settings.channels if name in maps}, bodies, settings)
    file = Path(cache) / f"{key}.npz"
    try:
        told = read_json(file.with_suffix(".json"))
        with np.load(file, allow_pickle=False) as arrays:
            return PreparedSpine(
                tuple(told["levels"]),
                arrays["patches"],
                arrays["marrow"],
                told["image_hash"],
                told["statistics"],
                tuple(_finding(each) for each in told["findings"]),
            )
    except (OSError, ValueError, KeyError):
        spine = prepare(maps, bodies, settings)
        _keep(spine, file)
        return spine


def _keep(spine: PreparedSpine, file: Path) -> None:
    import json

    from ..model.findings import finding_to_plain

    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, patches=spine.patches, marrow=spine.marrow)
    told = {
        "levels": list(spine.levels),
        "image_hash": spine.image_hash,
        "statistics": dict(spine.statistics),
        "findings": [finding_to_plain(found) for found in spine.findings],
    }
    file.with_suffix(".json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def _finding(written: Any) -> Finding:
    from ..model.findings import finding_from_plain

    return finding_from_plain(written)


def _number(row: Mapping[str, Any], name: str, low: float, high: float) -> float:
    """A number of a row; NaN where it is not known.

    Raises
    ------
    MarrowQuantError
        If what stands there is no number within the limits, such as a date: it would count as not known.
    """
    value = row.get(name)
    if value is None or (isinstance(value, str) and value.strip().lower() in NO_VALUE) or (isinstance(value, float) and math.isnan(value)):
        return math.nan
    try:
        number = parse_number(value) if isinstance(value, str) else float(value)
    except (BadCell, TypeError, ValueError):
        number = math.nan
    if not low <= number <= high:
        raise MarrowQuantError(
            "What stands in the column {column} is no number from {low:g} to {high:g}; correct it, or leave it empty.",
            column=name, low=low, high=high,
        )  # fmt: skip
    return number
