"""IVIM and kurtosis beside dipy, on simulated tissue with Rician noise and its truth."""

from __future__ import annotations

import bench
import numpy as np

FOLDER = bench.BUILD / "models"
SEED, NOISE = 7, 5.0
VOXELS, DIPY_IVIM_VOXELS = 50_000, 400  # dipy fits about 100 voxels a second
IVIM_B = (0, 10, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 500, 600, 700, 800)
KURTOSIS_B = (0, 500, 1000, 1500, 2000)
DIPY = ("dipy==1.12.1",)


def section(rounds: int) -> str:
    """The two tables. Errors are medians of |fitted - true| over the voxels that all programs were given."""
    _make_workload()
    ivim = bench.compare(
        [
            bench.ours("**MarrowQuant, segmented**", "contenders/ivim_marrowquant.py", FOLDER, "segmented"),
            bench.ours("**MarrowQuant, full**", "contenders/ivim_marrowquant.py", FOLDER, "full"),
            bench.peer(f"dipy 1.12.1, {DIPY_IVIM_VOXELS} voxels", "dipy", DIPY, "contenders/ivim_dipy.py", FOLDER, DIPY_IVIM_VOXELS),
        ],
        rounds,
    )
    kurtosis = bench.compare(
        [
            bench.ours("**MarrowQuant**", "contenders/kurtosis_marrowquant.py", FOLDER),
            bench.peer("dipy 1.12.1, mean-signal kurtosis", "dipy", DIPY, "contenders/kurtosis_dipy.py", FOLDER),
        ],
        rounds,
    )
    ivim_rows = [_row(o, f"ivim_{name}", "ivim_truth", (2, 0, 0)) for o, name in zip(ivim, ("segmented", "full", "dipy"))]
    kurtosis_rows = [_row(o, f"kurtosis_{name}", "kurtosis_truth", (0, 3)) for o, name in zip(kurtosis, ("marrowquant", "dipy"))]
    head = ["program", "voxels per s", "no valid fit, %"]
    units = "median absolute error of"
    return "\n\n".join(
        [
            f"IVIM, {len(IVIM_B)} b-values to 800 s/mm², S0 200 … 1000, f 5 … 30 %, D 300 … 2000, D* 10 000 … 80 000 µm²/s, noise 5:",
            bench.table([*head, f"{units} f, points", f"{units} D, µm²/s", f"{units} D*, µm²/s"], ivim_rows),
            "Kurtosis, b 0, 500, 1000, 1500, 2000 s/mm², S0 200 … 1000, D 300 … 1200 µm²/s, K 0 … 1.2, noise 5:",
            bench.table([*head, f"{units} D, µm²/s", f"{units} K"], kurtosis_rows),
        ]
    )


def _make_workload() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)

    def uniform(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (VOXELS, 1))

    b, s0, f, d, d_star = np.array(IVIM_B) * 1e-6, uniform(200, 1000), uniform(0.05, 0.3), uniform(300, 2000), uniform(1e4, 8e4)
    _save("ivim", s0 * (f * np.exp(-b * d_star) + (1 - f) * np.exp(-b * d)), IVIM_B, (100 * f, d, d_star), rng)
    b, d, k = np.array(KURTOSIS_B) * 1e-6, uniform(300, 1200), uniform(0, 1.2)
    _save("kurtosis", s0 * np.exp(-b * d + (b * d) ** 2 * k / 6), KURTOSIS_B, (d, k), rng)


def _save(name: str, clean: np.ndarray, b_values: tuple[int, ...], truth: tuple[np.ndarray, ...], rng: np.random.Generator) -> None:
    noisy = np.hypot(clean + NOISE * rng.normal(size=clean.shape), NOISE * rng.normal(size=clean.shape))
    np.save(FOLDER / f"{name}.npy", noisy)
    np.save(FOLDER / f"{name}_truth.npy", np.stack([part[:, 0] for part in truth]))
    (FOLDER / f"{name}.bval").write_text(" ".join(map(str, b_values)) + "\n", encoding="ascii")


def _row(outcome: bench.Outcome, fitted_name: str, truth_name: str, digits: tuple[int, ...]) -> list[object]:
    if outcome.missing:
        return [outcome.name, outcome.missing, *["–"] * (len(digits) + 1)]
    fitted = np.load(FOLDER / f"{fitted_name}.npy")
    n_shared = DIPY_IVIM_VOXELS if "ivim" in truth_name else VOXELS
    error = np.nanmedian(np.abs(fitted[:, :n_shared] - np.load(FOLDER / f"{truth_name}.npy")[:, :n_shared]), axis=1)
    missing = 100 * np.mean(~np.isfinite(fitted[0, :n_shared]))
    speed = f"{outcome.numbers['voxels'] / outcome.seconds:,.0f}"
    return [outcome.name, speed, f"{missing:.1f}", *(f"{value:.{n}f}" for value, n in zip(error, digits))]
