"""First-order features of the masked voxels of FOLDER's image."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import SimpleITK as sitk
from MarrowQuantLib.features import first_order

folder, levels = Path(sys.argv[1]), int(sys.argv[2])
image, mask = (sitk.GetArrayFromImage(sitk.ReadImage(str(folder / name))) for name in ("image.nii", "mask.nii"))
start = time.perf_counter()
features = first_order(image[mask > 0], levels=levels)
print(json.dumps({"seconds": time.perf_counter() - start, "features": features}))
