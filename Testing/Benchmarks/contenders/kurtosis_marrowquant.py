"""Fit the kurtosis of ``FOLDER/kurtosis.npy`` (voxels, b); keep D and K for the judge."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from MarrowQuantLib.diffusion import fit_kurtosis

folder = Path(sys.argv[1])
signal, b_values = np.load(folder / "kurtosis.npy"), np.loadtxt(folder / "kurtosis.bval")
start = time.perf_counter()
fit = fit_kurtosis(signal, b_values)
seconds = time.perf_counter() - start
np.save(folder / "kurtosis_marrowquant.npy", np.stack([fit.d_um2_per_s, fit.kurtosis]))
print(json.dumps({"seconds": seconds, "voxels": len(signal)}))
