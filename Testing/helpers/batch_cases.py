"""Many cheap cases from one digital patient: the Dixon maps and one station of diffusion, with ROIs and laboratory values varied.

The exams are shared by all cases, so that writing 200 cases takes a second and each still reads DICOM, fits ADC and writes a report.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from MarrowQuantLib.phantom import PhantomPatient
from MarrowQuantLib.vertebrae import read_markups, write_markups

DIXON, STATION = 201, 304  # of the Philips-like dialect: the Dixon maps, and the diffusion station of the lumbar spine
ROI_ERROR_MM = 1.0
SEED = 6


def write_cases(patient: PhantomPatient, folder: Path, n: int, series: Sequence[int] = (DIXON, STATION)) -> Path:
    """Write ``n`` cases with these series below ``folder`` and return the manifest. The same arguments give the same cases."""
    rng = np.random.default_rng(SEED)
    folder.mkdir(parents=True)
    for exam in (patient.baseline, patient.follow_up):
        _cut_exam(exam, folder / "exams" / exam.name, series)
    markups = {"rois": patient.baseline, "rois_follow_up": patient.follow_up}
    rois = {name: read_markups(exam / "rois.mrk.json") for name, exam in markups.items()}
    rows = []
    for number in range(1, n + 1):
        case = folder / f"p{number:03d}"
        case.mkdir()
        for name, points in rois.items():
            write_markups(case / f"{name}.mrk.json", [_moved(roi, rng) for roi in points])
        fall = float(rng.uniform(0.05, 1.1))
        (case / "labs.csv").write_text(
            f"date,test,value,unit\n2025-01-14,M protein,38.0,g/L\n2025-03-18,M protein,{38.0 * fall:.1f},g/L\n", encoding="utf-8"
        )
        paths = [f"{case.name}/{file}" for file in ("labs.csv", "rois.mrk.json", "rois_follow_up.mrk.json")]
        rows.append([case.name, "exams/baseline", "exams/follow-up", *paths, int(fall < 0.4)])
    manifest = folder / "manifest.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "baseline", "follow_up", "labs", "rois", "rois_follow_up", "responder"])
        writer.writerows(rows)
    return manifest


def _moved(roi, rng: np.random.Generator):
    return replace(roi, center_ras=roi.center_ras + ROI_ERROR_MM * rng.standard_normal(3))


def _cut_exam(exam: Path, target: Path, series: Sequence[int]) -> None:
    target.mkdir(parents=True)
    for path in sorted((exam / "DICOM").iterdir()):
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SeriesNumber"])
        if header.SeriesNumber in series:
            shutil.copy(path, target)
