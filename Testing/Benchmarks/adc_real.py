"""ADC on two real studies: beside the scanner's maps, another program's fits of the same signals, and a phantom's certificate."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import bench
import numpy as np
from MarrowQuantLib import dicom
from MarrowQuantLib.diffusion import fit_adc
from MarrowQuantLib.model import Role

METHODS = {"wls": "weighted", "ols": "log-linear", "nlls": "non-linear"}
TISSUE_SIGNAL = {"prostatex_0000": 20.0, "caliber_phantom": 50.0}  # at the highest b; about twice what air reaches


def section(_rounds: int) -> str:
    """Agreement with the scanners' own maps, and the phantom vial by vial."""
    data = bench.SHARED_DATA / "dwi"
    if not data.is_dir():
        return "The public data were absent in this run (`../shared/data` beside the repository)."
    header = ["study", "fit", "voxels", "scanner / ours, median", "MAD after scaling, µm²/s", "correlation"]
    rows = [*_beside_the_scanner(data / "prostatex_0000", "pelvis"), *_beside_the_scanner(data / "caliber_phantom", "phantom")]
    text = (
        "ProstateX 0000 (3 T pelvis, trace images b 50, 400, 800) and the CaliberMRI diffusion phantom at 0 °C (3 T, b 0 … 2000, scanned "
        "twice), beside the scanner's own ADC map. Both scanners fit ln S without weights: the log-linear fit is theirs, up to a constant "
        "of 3 % in the pelvis (software of 2011) and 0.3 % in the phantom. Where the decay is not mono-exponential, as in the pelvis, "
        "weighted and non-linear fits follow the low b-values: their median is 4 % higher, and "
        f"{_between_methods(data / 'prostatex_0000')} Keep to one method between exams."
    )
    return "\n\n".join([text, bench.table(header, rows), *_vials(data / "caliber_phantom")])


def _sets(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Signal, shape (k, j, i, b), and b-values of each acquisition."""
    sets = dicom.diffusion_sets(dicom.scan(folder))
    return [(np.stack([v.load().array for v in volumes], axis=-1), np.array([v.b_value for v in volumes])) for volumes in sets]


def _beside_the_scanner(folder: Path, name: str) -> list[list[object]]:
    signal, b_values = _sets(folder)[0]
    scanner = next(v for v in dicom.scan(folder) if v.role == Role.ADC).load().array
    rows = []
    for method, title in METHODS.items():
        ours = fit_adc(signal, b_values, method=method).adc_um2_per_s
        with np.errstate(invalid="ignore"):
            tissue = (signal[..., -1] > TISSUE_SIGNAL[folder.name]) & (ours > 0) & (scanner > 0)
        x, y = ours[tissue].astype(float), scanner[tissue].astype(float)
        scale = np.median(y / x)
        spread, correlation = np.median(np.abs(y - scale * x)), np.corrcoef(x, y)[0, 1]
        rows.append([name, title, f"{x.size:,}", f"{scale:.4f}", f"{spread:.1f}", f"{correlation:.5f}"])
    return rows


def _between_methods(folder: Path) -> str:
    """How far the three fits of one voxel lie apart."""
    signal, b_values = _sets(folder)[0]
    maps = np.stack([fit_adc(signal, b_values, method=method).adc_um2_per_s for method in METHODS])
    with np.errstate(invalid="ignore"):
        tissue = (signal[..., -1] > TISSUE_SIGNAL[folder.name]) & (maps > 0).all(axis=0)
    apart = 100 * np.ptp(maps[:, tissue], axis=0) / np.median(maps[:, tissue], axis=0)
    middle, wide, widest = np.percentile(apart, [50, 90, 99])
    return (
        f"the three fits of one voxel lie {middle:.0f} % apart in the median, over {wide:.0f} % in a tenth and over {widest:.0f} % in a "
        "hundredth of the voxels."
    )


def _vials(folder: Path) -> list[str]:
    """The phantom's vials: fits of the mean signals that mrbias published with its result, and of the two scans' own voxels."""
    with (folder / "dw_000_voxel_data.csv").open(encoding="utf-8") as file:
        vials = defaultdict(list)
        for row in csv.DictReader(file):
            vials[row["RoiLabel"]].append(row)
    first, second = (fit_adc(signal, b_values).adc_um2_per_s for signal, b_values in _sets(folder)[:2])
    rows, same_signals, repeats = [], [], []
    for label, samples in vials.items():
        b = [1e6 * float(row["b-value (s/µm²)"]) for row in samples]
        mean_signal = np.array([float(row["VoxelSignal"]) for row in samples])
        ours = [float(fit_adc(mean_signal, b, method=method).adc_um2_per_s) for method in ("ols", "nlls")]
        theirs, certificate = float(samples[0]["D"]), float(samples[0]["D_reference"])
        k, j, i = (int(samples[0][f"Voxel{axis}"]) for axis in "ZYX")
        around = (slice(k - 1, k + 2), slice(j - 1, j + 2), slice(i - 1, i + 2))
        scans = [float(np.mean(scan[around])) for scan in (first, second)]
        same_signals.append(ours[0] / theirs - 1)
        repeats.append(scans[1] / scans[0] - 1)
        values = [f"{value:.1f}" for value in (theirs, *ours)] + [f"{scan:.0f}" for scan in scans]
        rows.append([label.replace("dw_roi_", ""), f"{certificate:.0f}", *values])
    header = ["vial", "certificate", "mrbias", "ours, log-linear", "ours, non-linear", "ours, weighted, 27 voxels", "repeated scan"]
    reading = (
        f"mrbias, too, is a log-linear fit: largest difference on the same signals {100 * np.max(np.abs(same_signals)):.4f} %. Between the "
        f"two scans: median {100 * np.median(np.abs(repeats)):.2f} %. Every program reads above the certificate on this scan, so that it "
        "speaks of the scan, not of the fit."
    )
    text = "The phantom's vials, µm²/s: fits of the mean signals that mrbias published with its result, and of the scans' voxels:"
    return [text, bench.table(header, rows), reading]
