"""pyradiomics' first-order features of FOLDER's image, under our names."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

import SimpleITK as sitk
from radiomics import firstorder

logging.getLogger("radiomics").setLevel(logging.ERROR)
NAMES = {
    "mean": "Mean", "variance": "Variance", "skewness": "Skewness", "median": "Median", "min": "Minimum", "max": "Maximum",
    "p10": "10Percentile", "p90": "90Percentile", "iqr": "InterquartileRange", "range": "Range", "mad": "MeanAbsoluteDeviation",
    "robust_mad": "RobustMeanAbsoluteDeviation", "energy": "Energy", "rms": "RootMeanSquared", "histogram_entropy": "Entropy",
    "histogram_uniformity": "Uniformity",
}  # fmt: skip

folder, levels = Path(sys.argv[1]), int(sys.argv[2])
image, mask = (sitk.ReadImage(str(folder / name)) for name in ("image.nii", "mask.nii"))
start = time.perf_counter()
extractor = firstorder.RadiomicsFirstOrder(image, mask, binCount=levels)
extractor.enableAllFeatures()
found = extractor.execute()
features = {ours: float(found[theirs]) for ours, theirs in NAMES.items()}
features["kurtosis_excess"] = float(found["Kurtosis"]) - 3.0  # pyradiomics does not subtract the 3 of the normal distribution
print(json.dumps({"seconds": time.perf_counter() - start, "features": features}))
