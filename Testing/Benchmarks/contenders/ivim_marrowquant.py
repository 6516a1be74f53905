"""Fit IVIM to ``FOLDER/ivim.npy`` (voxels, b) by METHOD; keep f, D, D* for the judge."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from MarrowQuantLib.diffusion import fit_ivim

folder, method = Path(sys.argv[1]), sys.argv[2]
signal, b_values = np.load(folder / "ivim.npy"), np.loadtxt(folder / "ivim.bval")
start = time.perf_counter()
fit = fit_ivim(signal, b_values, method=method)
seconds = time.perf_counter() - start
np.save(folder / f"ivim_{method}.npy", np.stack([fit.f_percent, fit.d_um2_per_s, fit.d_star_um2_per_s]))
print(json.dumps({"seconds": seconds, "voxels": len(signal)}))
