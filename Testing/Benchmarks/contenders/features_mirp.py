"""MIRP's statistical and histogram features of FOLDER's image, under our names."""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
import mirp  # noqa: E402

NAMES = {
    "mean": "stat_mean", "variance": "stat_var", "skewness": "stat_skew", "kurtosis_excess": "stat_kurt", "median": "stat_median",
    "min": "stat_min", "max": "stat_max", "p10": "stat_p10", "p90": "stat_p90", "iqr": "stat_iqr", "range": "stat_range",
    "mad": "stat_mad", "robust_mad": "stat_rmad", "median_absolute_deviation": "stat_medad", "cov": "stat_cov", "qcod": "stat_qcod",
    "energy": "stat_energy", "rms": "stat_rms", "histogram_entropy": "ih_entropy", "histogram_uniformity": "ih_uniformity",
}  # fmt: skip

folder, levels = Path(sys.argv[1]), int(sys.argv[2])
start = time.perf_counter()
table = mirp.extract_features(
    image=str(folder / "image.nii"),
    mask=str(folder / "mask.nii"),
    base_feature_families=["statistics", "intensity_histogram"],
    base_discretisation_method="fixed_bin_number",
    base_discretisation_n_bins=levels,
)[0]
features = {}
for ours, theirs in NAMES.items():
    column = next(name for name in table.columns if name == theirs or name.startswith(f"{theirs}_fbn"))
    features[ours] = float(table[column].iloc[0])
print(json.dumps({"seconds": time.perf_counter() - start, "features": features}))
