"""The main job as a whole process: two simulated exams from DICOM to the report, with laboratory values."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import bench

NAME = "**`marrowquant analyze`**, two exams"


def section(rounds: int) -> str:
    """One row: the medians over ``rounds`` runs."""
    patient, command = bench.BUILD / "patient", [sys.executable, "-m", "MarrowQuantLib"]
    if not patient.exists():
        bench.compare([bench.Contender("patient", [*command, "phantom", "--out", str(patient)])], 1)
    with tempfile.TemporaryDirectory() as folder:
        exams = [str(patient / name) for name in ("baseline", "follow-up")]
        job = [*command, "analyze", *exams, "--labs", str(patient / "labs.csv"), "--out", str(Path(folder) / "results"), "--overwrite"]
        ran = bench.compare([bench.Contender(NAME, job)], rounds)[0]
    cells = [ran.missing, "–", "–"] if ran.missing else [f"{ran.wall_s:.1f}", f"{ran.cpu_s:.1f}", f"{ran.peak_mb:.0f}"]
    return bench.table(["program", "process, s", "processor, s", "peak memory, MB"], [[NAME, *cells]])
