"""Fit IVIM to the first N voxels of ``FOLDER/ivim.npy`` with dipy's trust-region fit; keep f, D, D*."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from dipy.core.gradients import gradient_table
from dipy.reconst.ivim import IvimModel

folder, n_voxels = Path(sys.argv[1]), int(sys.argv[2])
signal, b_values = np.load(folder / "ivim.npy")[:n_voxels], np.loadtxt(folder / "ivim.bval")
directions = np.where(b_values[:, None] > 0, [1.0, 0.0, 0.0], 0.0)
model = IvimModel(gradient_table(b_values, bvecs=directions, b0_threshold=0), fit_method="trr")
start = time.perf_counter()
fit = model.fit(signal)
seconds = time.perf_counter() - start
np.save(folder / "ivim_dipy.npy", np.stack([100 * fit.perfusion_fraction, 1e6 * fit.D, 1e6 * fit.D_star]))
print(json.dumps({"seconds": seconds, "voxels": n_voxels}))
