"""ADC: the workload that MRtrix3 and scipy were measured on, with its truth."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import bench
import numpy as np
import SimpleITK as sitk

SHAPE = (200, 256, 256)  # k, j, i
B_VALUES = (0.0, 50.0, 400.0, 800.0)
NOISE = 10.0
SEED = 42
CURVE_FIT_VOXELS = 20_000  # of 13 million: one voxel takes it 0.2 ms
FOLDER = bench.BUILD / "adc"


def section(rounds: int) -> str:
    """Run all contenders and return the table with its reading."""
    make_workload(FOLDER)
    outcomes = bench.compare([*_ours(), _command_line(), _mrtrix(), _curve_fit()], rounds)
    weighted, nonlinear, command, mrtrix, one_by_one = outcomes
    truth = np.load(FOLDER / "truth.npy").ravel()
    maps = {"wls": weighted, "nlls": nonlinear, "command": command, "mrtrix": mrtrix, "curve_fit": one_by_one}
    rows = [_row(outcome, _rmse(name, truth)) for name, outcome in maps.items()]
    header = ["program", "compute, s", "process, s", "processor of compute, s", "peak memory, MB", "voxels per s", "RMSE, 10⁻⁶ mm²/s"]
    input_mb = int(np.prod(SHAPE)) * len(B_VALUES) * 4 / 1e6
    reading = [
        f"- Input {input_mb:.0f} MB: the weighted fit's process peaks at {weighted.peak_mb / input_mb:.2f} ×, input included.",
        f"- Weighted fit, compute time over MRtrix3's process time: {bench.number(weighted.seconds / mrtrix.seconds)}.",
        f"- The same in processor time: {bench.number(weighted.cpu_s / mrtrix.cpu_s)} (MRtrix3 includes reading and writing its files).",
        "- `marrowquant adc --maps adc s0 --format nii` over `dwi2adc`, which writes the same: "
        f"{bench.number(command.wall_s / mrtrix.wall_s)} × the time, {bench.number(command.cpu_s / mrtrix.cpu_s)} × the processor time, "
        f"{bench.number(command.peak_mb / mrtrix.peak_mb)} × the memory.",
        f"- Non-linear fit over `curve_fit`, voxels per second: {_speed(nonlinear) / _speed(one_by_one):.0f} ×.",
    ]
    return bench.table(header, rows) + "\n\n" + "\n".join(reading)


def make_workload(folder: Path) -> None:
    """Write signal.npy (b, k, j, i), truth.npy (µm²/s) and the same signal as NIfTI with FSL's b-value files."""
    if (folder / "complete").is_file():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(SEED)
    s0 = rng.uniform(200, 1000, SHAPE).astype(np.float32)
    adc = rng.uniform(300, 2500, SHAPE).astype(np.float32)
    signal = np.empty((len(B_VALUES), *SHAPE), np.float32)
    for image, b in zip(signal, B_VALUES):
        clean = s0 * np.exp(-b * 1e-6 * adc)
        first, second = (NOISE * rng.standard_normal(SHAPE, np.float32) for _ in range(2))
        np.hypot(clean + first, second, out=image)
    np.save(folder / "signal.npy", signal)
    np.save(folder / "truth.npy", adc)
    sitk.WriteImage(sitk.GetImageFromArray(signal, isVector=False), str(folder / "signal.nii"))
    (folder / "adc.bval").write_text(" ".join(f"{b:g}" for b in B_VALUES) + "\n", encoding="ascii")
    (folder / "adc.bvec").write_text("0 1 1 1\n0 0 0 0\n0 0 0 0\n", encoding="ascii")
    (folder / "complete").touch()


def _ours() -> list[bench.Contender]:
    return [
        bench.ours("**MarrowQuant, weighted**", "contenders/adc_marrowquant.py", FOLDER, "wls"),
        bench.ours("**MarrowQuant, non-linear**", "contenders/adc_marrowquant.py", FOLDER, "nlls"),
    ]


def _command_line() -> bench.Contender:
    """The whole command, from file to files, with the outputs of ``dwi2adc``."""
    (FOLDER / "signal.bval").write_text((FOLDER / "adc.bval").read_text(encoding="ascii"), encoding="ascii")
    options = ["--out", str(FOLDER / "command"), "--overwrite", "--format", "nii", "--maps", "adc", "s0"]
    command = [sys.executable, "-m", "MarrowQuantLib", "adc", str(FOLDER / "signal.nii"), *options]
    return bench.Contender("**`marrowquant adc`**", command)


def _mrtrix() -> bench.Contender:
    name, program = "MRtrix3 `dwi2adc`", shutil.which("dwi2adc")
    if program is None:
        return bench.Contender(name, missing="is not installed here (`apt-get install mrtrix3`)")
    gradients = ["-fslgrad", str(FOLDER / "adc.bvec"), str(FOLDER / "adc.bval")]
    out = FOLDER / "adc_mrtrix.nii"
    return bench.Contender(name, [program, "-quiet", "-force", "-nthreads", "2", *gradients, str(FOLDER / "signal.nii"), str(out)])


def _curve_fit() -> bench.Contender:
    return bench.ours(f"scipy `curve_fit`, {CURVE_FIT_VOXELS} voxels", "contenders/adc_curve_fit.py", FOLDER, CURVE_FIT_VOXELS)


def _rmse(name: str, truth: np.ndarray) -> float:
    """Root mean square error in µm²/s over the voxels that were fitted."""
    if name == "mrtrix":
        path = FOLDER / "adc_mrtrix.nii"
        # Two volumes, S0 and ADC, the ADC in mm²/s.
        fitted = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[1].ravel() * 1e6 if path.is_file() else np.full(1, np.nan)
    elif name == "command":
        path = FOLDER / "command" / "adc_um2_per_s.nii"
        fitted = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).ravel() if path.is_file() else np.full(1, np.nan)
    else:
        fitted = np.load(FOLDER / f"adc_{name}.npy").ravel()
    difference = fitted.astype(float) - truth[: fitted.size]
    return float(np.sqrt(np.mean(difference**2)))


def _speed(outcome: bench.Outcome) -> float:
    return outcome.numbers.get("voxels", np.prod(SHAPE)) / outcome.seconds


def _row(outcome: bench.Outcome, rmse: float) -> Sequence[object]:
    if outcome.missing:
        return [outcome.name, outcome.missing, *["–"] * 5]
    compute = bench.number(outcome.seconds) if outcome.numbers else "–"  # MRtrix3 does not tell it apart from the process
    process, processor, memory = bench.number(outcome.wall_s), bench.number(outcome.cpu_s), bench.number(outcome.peak_mb, 0)
    return [outcome.name, compute, process, processor, memory, f"{_speed(outcome):,.0f}", bench.number(rmse, 1)]
