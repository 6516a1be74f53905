"""An exam read back from ``results.json``, as far as a follow-up is compared with it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from ..model import (
    Burden,
    Component,
    ExamResult,
    Infiltration,
    LabValue,
    Measurement,
    Profile,
    Seam,
    Stitching,
    VertebraResult,
    VertebraROI,
    Volume,
    identity_from_plain,
)


def exam_from_plain(exam: Mapping[str, Any], volumes: Mapping[str, Volume]) -> ExamResult:
    """The exam with its measurements, ROIs and components; histograms and features stay in the file.

    Parameters
    ----------
    exam : mapping
        An entry of ``exams`` in ``results.json``.
    volumes : mapping of str to Volume
        Images to register, and ``labels``, the components.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the entry is not what :func:`results_to_dict` writes.
    """
    maps = {name: volume for name, volume in volumes.items() if name != "labels"}
    burden = exam.get("burden")
    return ExamResult(
        label="baseline",
        date=datetime.date.fromisoformat(exam["date"]) if exam["date"] else None,
        maps=maps,
        vertebrae=tuple(_vertebra(entry) for entry in exam["vertebrae"]),
        lumbar={key: _measurement(entry) for key, entry in exam["lumbar"].items()},
        burden=_burden(burden, volumes["labels"]) if burden else None,
        labs={test: _lab(entry) for test, entry in exam["labs"].items()},
        series=tuple(exam["series"]),
        protocol=exam["protocol"],
        synthetic=bool(exam["synthetic"]),
        warnings=tuple(exam["warnings"]),
        stitching=stitching_from_dict(exam.get("stations")),
        identity=identity_from_plain(exam.get("identity")),
    )


def stitching_from_dict(entry: Optional[Mapping[str, Any]]) -> Optional[Stitching]:
    """What :func:`~.to_json.stitching_to_dict` wrote."""
    if entry is None:
        return None
    seams = tuple(
        Seam(
            stations=tuple(n - 1 for n in seam["stations"]),
            position_ras=np.array(seam["position_ras_mm"], dtype=float),
            n_slices=int(seam["slices"]),
            step_before=_number(seam["step_before"]),
            step_after=_number(seam["step_after"]),
        )
        for seam in entry["seams"]
    )
    profile = Profile(*(np.array(entry["profile"][key], dtype=float) for key in ("height_mm", "before", "after")))
    return Stitching(seams, tuple(float(gain) for gain in entry["gains"]), profile)


def _number(value: Optional[float]) -> float:
    return float("nan") if value is None else float(value)


def _measurement(entry: Mapping[str, Any]) -> Measurement:
    return Measurement(**{**entry, "value": _number(entry["value"])})


def _lab(entry: Mapping[str, Any]) -> LabValue:
    return LabValue(**{**entry, "date": datetime.date.fromisoformat(entry["date"])})


def _vertebra(entry: Mapping[str, Any]) -> VertebraResult:
    center, axes, radii = (np.array(entry[key], dtype=float) for key in ("center_ras_mm", "axes_ras", "radii_mm"))
    roi = VertebraROI(entry["level"], center, axes, radii, entry["shape"], entry["excluded"])
    return VertebraResult(roi, {key: _measurement(value) for key, value in entry["measurements"].items()}, flags=tuple(entry["flags"]))


def _burden(entry: Mapping[str, Any], labels: Volume) -> Burden:
    infiltration = entry.get("infiltration")
    if infiltration:
        tuples = {key: tuple(infiltration[key]) for key in ("infiltrated_levels", "focal_labels")}
        infiltration = Infiltration(**{**infiltration, **tuples})
    return Burden(
        labels=labels,
        components=tuple(_component(component) for component in entry["components"]),
        muscle_signal=float(entry["muscle_signal"]),
        signal_ratio_threshold=float(entry["signal_ratio_threshold"]),
        adc_window=tuple(entry["adc_window_um2_per_s"]),
        tdv=_measurement(entry["tdv"]),
        gadc=_measurement(entry["gadc"]),
        features=entry["features"],
        histogram=None,
        class_volumes_ml=entry["class_volumes_ml"],
        flags=tuple(entry["flags"]),
        infiltration=infiltration,
    )


def _component(entry: Mapping[str, Any]) -> Component:
    return Component(
        label=int(entry["label"]),
        volume_ml=float(entry["volume_ml"]),
        centroid_ras=np.array(entry["centroid_ras_mm"], dtype=float),
        longest_diameter_mm=float(entry["longest_diameter_mm"]),
        adc_median=float(entry["adc_median_um2_per_s"]),
        adc_mean=float(entry["adc_mean_um2_per_s"]),
        signal_ratio=float(entry["signal_ratio"]),
        state=entry["state"],
        reason=entry["reason"],
        region=entry.get("region", ""),
        ff_median=entry.get("ff_median_percent"),
        ff_voxels=int(entry.get("ff_voxels", 0)),
        near_seam=bool(entry.get("near_seam", False)),
        lesion_id=entry.get("lesion_id", ""),
    )
