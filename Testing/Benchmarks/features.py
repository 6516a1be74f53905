"""First-order features beside MIRP and pyradiomics, on one large region."""

from __future__ import annotations

import bench
import numpy as np
import SimpleITK as sitk

FOLDER = bench.BUILD / "features"
SHAPE, LEVELS, SEED = (96, 128, 128), 32, 3
PYRADIOMICS = ("pyradiomics==3.0.1",)
BUILD_WITH = ("numpy<2", "setuptools", "wheel", "versioneer")  # pyradiomics' build imports these without naming them
MIRP = ("mirp==2.4.0",)


def section(rounds: int) -> str:
    """The table of time and memory, and of the largest disagreement over the features that both have."""
    n_voxels = _make_workload()
    arguments = (FOLDER, LEVELS)
    outcomes = bench.compare(
        [
            bench.ours("**MarrowQuant**", "contenders/features_marrowquant.py", *arguments),
            bench.peer("MIRP 2.4.0, reading files", "mirp", MIRP, "contenders/features_mirp.py", *arguments),
            bench.peer(
                "pyradiomics 3.0.1", "pyradiomics", PYRADIOMICS, "contenders/features_pyradiomics.py", *arguments, build_with=BUILD_WITH
            ),
        ],
        rounds,
    )
    ours = outcomes[0].numbers["features"]
    header = ["program", "compute, s", "process, s", "peak memory, MB", "features compared", "largest relative difference"]
    text = f"One region of {n_voxels:,} voxels, {LEVELS} grey levels:"
    return text + "\n\n" + bench.table(header, [_row(outcome, ours) for outcome in outcomes])


def _make_workload() -> int:
    """An ellipsoid of two tissues; returns its number of voxels."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    mask = (sum(axis**2 for axis in axes) < 0.97).astype(np.uint8)
    tissue = np.where(axes[0] > 0.3, rng.normal(1300, 200, SHAPE), rng.gamma(9.0, 70.0, SHAPE))
    sitk.WriteImage(sitk.GetImageFromArray(tissue.astype(np.float32)), str(FOLDER / "image.nii"))
    sitk.WriteImage(sitk.GetImageFromArray(mask), str(FOLDER / "mask.nii"))
    return int(mask.sum())


def _row(outcome: bench.Outcome, ours: dict[str, float]) -> list[object]:
    if outcome.missing:
        return [outcome.name, outcome.missing, *["–"] * 4]
    times = [bench.number(outcome.seconds), bench.number(outcome.wall_s), bench.number(outcome.peak_mb, 0)]
    theirs = outcome.numbers["features"]
    if theirs == ours:
        return [outcome.name, *times, "–", "–"]
    name = max(theirs, key=lambda key: abs(theirs[key] - ours[key]) / max(abs(ours[key]), 1e-12))
    difference = abs(theirs[name] - ours[name]) / abs(ours[name])
    return [outcome.name, *times, len(theirs), f"{difference:.1e} ({name.replace('_', ' ')})"]
