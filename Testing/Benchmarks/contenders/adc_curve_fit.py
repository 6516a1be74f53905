"""Fit the ADC of the first N voxels of ``FOLDER/signal.npy`` with scipy's ``curve_fit``, one after the other."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit

folder, n_voxels = Path(sys.argv[1]), int(sys.argv[2])
b = np.loadtxt(folder / "adc.bval") / 1000.0
signal = np.load(folder / "signal.npy", mmap_mode="r").reshape(b.size, -1)[:, :n_voxels].T.astype(float)


def model(x, s0, d):
    return s0 * np.exp(-x * d)


start, processor = time.perf_counter(), time.process_time()
adc = [1000.0 * curve_fit(model, b, voxel, p0=(voxel[0], 1.0))[0][1] for voxel in signal]
seconds, processor = time.perf_counter() - start, time.process_time() - processor
np.save(folder / "adc_curve_fit.npy", np.array(adc, np.float32))
print(json.dumps({"seconds": seconds, "cpu_seconds": processor, "voxels": n_voxels}))
