"""Fat fraction: the workload that pycsemri was measured on, five seeds of it, and a whole volume."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import bench
import fatwater_truth as truth
import numpy as np
import SimpleITK as sitk

FOLDER = bench.BUILD / "pdff"
SEEDS = (7, 8, 9, 10, 11)
SNR = 60
SLICES = 40
SWAP_POINTS = 25
BOUND = "maximum likelihood started at the truth reaches 0.481 points and 4.79 1/s (measured once)"

# The newest version whose wheel runs on processors without AVX-512; the later ones stop there with signal 4. Same method, same settings.
PEER_VERSION = "0.2.5"


def section(rounds: int) -> str:
    """Run the contenders on the single slices and on the volume, and return both tables."""
    _make_workloads()
    slices = bench.ours("**MarrowQuant**", "contenders/pdff_marrowquant.py", FOLDER, "slices", "slices")
    single = bench.compare([slices, _pycsemri("slices")], rounds)
    whole = [
        bench.ours("**MarrowQuant**, whole volume", "contenders/pdff_marrowquant.py", FOLDER, "volume"),
        bench.ours("**MarrowQuant**, slice by slice", "contenders/pdff_marrowquant.py", FOLDER, "volume", "slices"),
    ]
    volume = bench.compare(whole, 1)
    command = bench.compare([_command_line()], 1)[0]
    header = [
        "program",
        "s per slice",
        "processor s per slice",
        "FF mean abs. error, points",
        "median bias",
        f"over {SWAP_POINTS} points, %",
        "R2* median abs. error, 1/s",
    ]
    rows = [_row(outcome, "slices", name) for outcome, name in zip(single, ("marrowquant", "pycsemri"))]
    volume_rows = [
        [
            o.name,
            bench.number(SLICES * o.seconds, 1),
            bench.number(SLICES * o.numbers["processor"], 1),
            bench.number(o.peak_mb, 0),
            bench.number(o.numbers.get("silence", np.nan), 2),
        ]
        for o in volume
    ]
    cost = [bench.number(command.wall_s, 1), bench.number(command.cpu_s, 1), bench.number(command.peak_mb, 0)]
    volume_rows.append([command.name, *cost, "–"])
    reading = [f"- {len(SEEDS)} slices of 192 × 192 voxels, one for each seed; the bound: {BOUND}.", *_ratios(single, volume[0])]
    volume_table = bench.table(
        ["192 × 192 × 40 × 6 volume", "compute, s", "processor, s", "peak memory, MB", "longest time without progress, s"], volume_rows
    )
    return "\n\n".join([bench.table(header, rows), "\n".join(reading), volume_table])


def _ratios(single: Sequence[bench.Outcome], volume: bench.Outcome) -> list[str]:
    """How many times as fast as the peer, where it ran."""
    if single[1].missing:
        return [f"- {single[1].name} {single[1].missing}, so there is no ratio."]
    volume_ratio = single[1].seconds / volume.seconds
    of_processor = single[1].numbers["processor"] / single[0].numbers["processor"]
    return [
        f"- Per slice MarrowQuant is {single[1].seconds / single[0].seconds:.1f} × as fast as {single[1].name} in this run, and takes "
        f"{of_processor:.1f} × less of the processor.",
        f"- The volume of {SLICES} slices is fitted {volume_ratio:.1f} × as fast as its loop over as many slices.",
    ]


def _make_workloads() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    slices = [truth.workload(SNR, seed) for seed in SEEDS]
    np.save(FOLDER / "slices.npy", np.stack([signal for signal, *_ in slices]))
    np.save(FOLDER / "volume.npy", np.stack([truth.workload(SNR, seed)[0] for seed in range(SLICES)]))
    np.savetxt(FOLDER / "echo_times_s.txt", truth.SIX_ECHOES)
    for n, echo in enumerate(np.moveaxis(np.load(FOLDER / "volume.npy"), -1, 0)):
        sitk.WriteImage(sitk.GetImageFromArray(echo), str(FOLDER / f"echo{n}.nii"))


def _command_line() -> bench.Contender:
    """The whole command, from complex files to nine maps."""
    echoes = [str(FOLDER / f"echo{n}.nii") for n in range(len(truth.SIX_ECHOES))]
    options = ["--te-ms", *(f"{1000 * t:.4f}" for t in truth.SIX_ECHOES), "--tesla", "3", "--spectrum", "ismrm_6", "--format", "nii"]
    command = [sys.executable, "-m", "MarrowQuantLib", "pdff", *echoes, *options, "--out", str(FOLDER / "command"), "--overwrite"]
    return bench.Contender("**`marrowquant pdff`**, whole process", command)


def _pycsemri(name: str) -> bench.Contender:
    packages = [f"pycsemri=={PEER_VERSION}", "numpy", "scipy"]
    return bench.peer(f"pycsemri {PEER_VERSION}", "pycsemri", packages, "contenders/pdff_pycsemri.py", FOLDER, name)


def _row(outcome: bench.Outcome, workload: str, program: str) -> list[str]:
    if outcome.missing:
        return [outcome.name, outcome.missing, *["–"] * 5]
    maps = np.load(FOLDER / f"{workload}_{program}.npz")
    _, ff, r2star, inside = truth.workload(SNR, SEEDS[0])
    error = (maps["ff"] - ff)[:, inside]
    swapped = 100 * np.mean(np.abs(error) > SWAP_POINTS)
    decay = np.median(np.abs(maps["r2star"] - r2star)[:, inside])
    numbers = (np.mean(np.abs(error)), np.median(error), swapped, decay)
    times = (bench.number(value, 3) for value in (outcome.seconds, outcome.numbers["processor"]))
    return [outcome.name, *times, *(bench.number(float(n), d) for n, d in zip(numbers, (4, 4, 3, 2)))]
