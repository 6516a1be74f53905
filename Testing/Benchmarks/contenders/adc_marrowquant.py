"""Fit the ADC of ``FOLDER/signal.npy`` (b first) by METHOD, and keep the map for the judge."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from MarrowQuantLib.diffusion import fit_adc

folder, method = Path(sys.argv[1]), sys.argv[2]
b_values = np.loadtxt(folder / "adc.bval")
signal = np.moveaxis(np.load(folder / "signal.npy"), 0, -1)
start, processor = time.perf_counter(), time.process_time()
fit = fit_adc(signal, b_values, method=method)
seconds, processor = time.perf_counter() - start, time.process_time() - processor
np.save(folder / f"adc_{method}.npy", fit.adc_um2_per_s)
print(json.dumps({"seconds": seconds, "cpu_seconds": processor, "voxels": fit.valid.size}))
