"""Fit the kurtosis of ``FOLDER/kurtosis.npy`` with dipy's mean-signal kurtosis; keep D and K."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from dipy.core.gradients import gradient_table
from dipy.reconst.msdki import MeanDiffusionKurtosisModel

folder = Path(sys.argv[1])
signal, b_values = np.load(folder / "kurtosis.npy"), np.loadtxt(folder / "kurtosis.bval")
directions = np.where(b_values[:, None] > 0, [1.0, 0.0, 0.0], 0.0)
model = MeanDiffusionKurtosisModel(gradient_table(b_values, bvecs=directions))
start = time.perf_counter()
fit = model.fit(signal)
seconds = time.perf_counter() - start
np.save(folder / "kurtosis_dipy.npy", np.stack([1e6 * fit.msd, fit.msk]))
print(json.dumps({"seconds": seconds, "voxels": len(signal)}))
