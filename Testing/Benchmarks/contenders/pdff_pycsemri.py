"""Fit water and fat of ``FOLDER/NAME.npy`` (k, j, i, echo) with pycsemri slice by slice, and keep the maps for the judge."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from pycsemri.fwFit_ComplexLS_1r2star import fwFit_ComplexLS_1r2star
from pycsemri.VARPRO_LUT import VARPRO_LUT

# The six-peak spectrum of the workload. NUM_FMS and SUBSAMPLE are the package's setting for accuracy.
SETTINGS = {
    "species": [
        {"relAmps": [1.0], "frequency": [0.0]},
        {"relAmps": [0.087, 0.693, 0.128, 0.004, 0.039, 0.048], "frequency": [-3.80, -3.40, -2.60, -1.94, -0.39, 0.60]},
    ],
    "range_fm": [-400, 400],
    "NUM_FMS": 101,
    "range_r2star": [0, 200],
    "NUM_R2STARS": 11,
    "SUBSAMPLE": 4,
}


def fit(images: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Magnitude-discriminated fat fraction in %, not clipped, and R2* in 1/s of one slice."""
    data = {"images": images, "TE": times, "FieldStrength": 3.0, "PrecessionIsClockwise": 1}
    start = {**VARPRO_LUT(data, SETTINGS), "masksignal": np.ones(images.shape[:2])}
    result = fwFit_ComplexLS_1r2star(data, SETTINGS, start)
    water, fat = result["water_amp"], result["fat_amp"]
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.abs(water + fat)
        return 100 * np.where(np.abs(fat) > np.abs(water), np.abs(fat) / total, 1 - np.abs(water) / total), result["r2starmap"]


folder, name = Path(sys.argv[1]), sys.argv[2]
times = np.loadtxt(folder / "echo_times_s.txt")
signal = np.load(folder / f"{name}.npy").astype(complex)
start, processor = time.perf_counter(), time.process_time()
maps = [fit(images, times) for images in signal]
seconds, processor = time.perf_counter() - start, time.process_time() - processor
np.savez(folder / f"{name}_pycsemri.npz", ff=np.stack([ff for ff, _ in maps]), r2star=np.stack([r2star for _, r2star in maps]))
print(json.dumps({"seconds": seconds / len(signal), "processor": processor / len(signal)}))
