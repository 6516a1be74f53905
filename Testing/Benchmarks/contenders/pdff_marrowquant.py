"""Fit water and fat of ``FOLDER/NAME.npy`` (k, j, i, echo), and keep the maps for the judge.

Without an argument more the volume is fitted as a whole; with ``slices`` slice by slice.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from MarrowQuantLib.fatwater import fit_fat_water

folder, name = Path(sys.argv[1]), sys.argv[2]
times = np.loadtxt(folder / "echo_times_s.txt")
signal = np.load(folder / f"{name}.npy")
parts = [signal[k : k + 1] for k in range(len(signal))] if sys.argv[3:] == ["slices"] else [signal]
fit_fat_water(signal[:1, :24, :24], times, 3.0, spectrum="ismrm_6")  # what is loaded on first use is not the fit
calls: list[float] = []
start, processor = time.perf_counter(), time.process_time()
fits = [
    fit_fat_water(part, times, 3.0, spectrum="ismrm_6", progress=lambda fraction, text: calls.append(time.perf_counter())) for part in parts
]
seconds, processor = time.perf_counter() - start, time.process_time() - processor
np.savez(
    folder / f"{name}_marrowquant.npz",
    ff=np.concatenate([fit.pdff_percent for fit in fits]),
    r2star=np.concatenate([fit.r2star_per_s for fit in fits]),
)
longest_silence = float(np.diff([start, *calls, start + seconds]).max())
print(json.dumps({"seconds": seconds / len(signal), "processor": processor / len(signal), "silence": longest_silence}))
