"""Fat fraction over the range of tissues, noise and protocols; field ramps; real cases against their references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bench
import fatwater_truth as truth
import numpy as np
from MarrowQuantLib.fatwater import FatWaterFit, fit_fat_water
from scipy.io import loadmat

FF = np.array([0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
R2STAR = np.array([20.0, 50.0, 100.0, 150.0, 250.0])
PATCH = 15  # voxels squared for each pair of FF and R2*
CONDITIONS = (  # title, field strength, echo times in s, SNR, spectrum of the fit; the truth has the Ren marrow spectrum
    ("3 T, 6 echoes, SNR 60", 3.0, 1.2e-3 + 1.0e-3 * np.arange(6), 60, "ren_marrow_9"),
    ("3 T, 6 echoes, SNR 20", 3.0, 1.2e-3 + 1.0e-3 * np.arange(6), 20, "ren_marrow_9"),
    ("1.5 T, 6 echoes, SNR 40", 1.5, 1.2e-3 + 2.0e-3 * np.arange(6), 40, "ren_marrow_9"),
    ("3 T, 4 echoes, SNR 60", 3.0, 1.2e-3 + 1.0e-3 * np.arange(4), 60, "ren_marrow_9"),
    ("3 T, 6 echoes, SNR 60, fitted with Hamilton 9", 3.0, 1.2e-3 + 1.0e-3 * np.arange(6), 60, "hamilton_9"),
    ("3 T, 6 echoes, SNR 60, fitted with ISMRM 6", 3.0, 1.2e-3 + 1.0e-3 * np.arange(6), 60, "ismrm_6"),
)
RAMPS = (  # title, field strength, echo times in s, SNR, field from -span to +span Hz
    ("3 T, 6 echoes, ΔTE 1.6 ms, SNR 10, ±1000 Hz", 3.0, 1.2e-3 + 1.6e-3 * np.arange(6), 10, 1000),
    ("3 T, 4 echoes, ΔTE 1.6 ms, SNR 10, ±1000 Hz", 3.0, 1.2e-3 + 1.6e-3 * np.arange(4), 10, 1000),
    ("1.5 T, 3 echoes, ΔTE 3.2 ms, SNR 30, ±400 Hz", 1.5, 1.6e-3 + 3.2e-3 * np.arange(3), 30, 400),
    ("1.5 T, 4 echoes, ΔTE 3.08 ms, SNR 30, ±400 Hz", 1.5, 1.6e-3 + 3.08e-3 * np.arange(4), 30, 400),
)
SEEDS = range(1, 6)
N_RAMP = 128
CELL = 26  # pixels of the pictures
LARGEST_BIAS = 3.0  # points: full colour


def section(rounds: int) -> str:
    """Everything of this file; ``rounds`` is not used, because nothing is timed."""
    return "\n\n".join([_sweeps(), _ramps(), *_real()])


# ------------------------------------------------------------------------------------------------------------- the sweeps
def _sweeps() -> str:
    rows, panels = [], []
    for title, tesla, times, snr, spectrum in CONDITIONS:
        bias, spread = sweep(tesla, times, snr, spectrum)
        rows.append([title, f"{np.abs(bias).max():.2f}", f"{np.median(bias):+.2f}", f"{np.median(spread):.2f}", f"{spread.max():.2f}"])
        panels.append((title, bias, spread))
    picture = bench.write_picture("fat-fraction-bias-and-spread", _picture(panels))
    header = ["simulated marrow (Ren spectrum)", "largest bias, points", "median bias", "median SD of a voxel", "largest SD"]
    told = f"FF {100 * FF[0]:.0f} … {100 * FF[-1]:.0f} % (across) and R2* {R2STAR[0]:.0f} … {R2STAR[-1]:.0f} 1/s (down), field ±60 Hz:"
    return f"{told}\n\n{bench.table(header, rows)}\n\n{picture}"


def sweep(tesla: float, times: np.ndarray, snr: float, spectrum: str) -> tuple[np.ndarray, np.ndarray]:
    """Bias (of the mean) and standard deviation of FF in points, shape (R2*, FF)."""
    ff, r2star = (np.kron(grid, np.ones((PATCH, PATCH))) for grid in np.meshgrid(FF, R2STAR))
    field_hz = 60 * np.linspace(-1, 1, ff.shape[1]) + 0 * ff
    fit = fit_fat_water(truth.echoes(ff, field_hz, r2star, times, tesla, snr, 1, "ren_marrow_9"), times, tesla, spectrum=spectrum)
    error = (fit.pdff_percent - 100 * ff).reshape(len(R2STAR), PATCH, len(FF), PATCH)
    return error.mean(axis=(1, 3)), error.std(axis=(1, 3))


def _picture(panels: list[tuple[str, np.ndarray, np.ndarray]]) -> str:
    """Bias (left) and standard deviation (right) of every condition, each cell with its number."""
    width, height = 2 * (len(FF) * CELL + 40), len(panels) * (len(R2STAR) * CELL // 2 + 40)
    parts = []
    for n, (title, bias, spread) in enumerate(panels):
        top = n * (len(R2STAR) * CELL // 2 + 40) + 16
        parts.append(f'<text x="4" y="{top}" font-size="11">{title}: bias (left) and SD (right) in points</text>')
        for side, values in enumerate((bias, spread)):
            left = 4 + side * (len(FF) * CELL + 40)
            parts += [
                _cell(left + i * CELL, top + 6 + j * CELL // 2, float(values[j, i])) for j in range(len(R2STAR)) for i in range(len(FF))
            ]
    return f'<svg viewBox="0 0 {width} {height}" width="{width}">' + "".join(parts) + "</svg>"


def _cell(x: float, y: float, value: float) -> str:
    strength = int(255 * (1 - min(abs(value) / LARGEST_BIAS, 1) * 0.7))
    colour = f"rgb(255,{strength},{strength})" if value > 0 else f"rgb({strength},{strength},255)"
    box = f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL // 2 - 1}" fill="{colour}"/>'
    return box + f'<text x="{x + 2}" y="{y + CELL // 2 - 3}" font-size="8">{round(value, 1) + 0.0:.1f}</text>'


# -------------------------------------------------------------------------------------------------------------- the ramps
def _ramps() -> str:
    rows = []
    for title, tesla, times, snr, span in RAMPS:
        worst = {}
        for shape in ("whole", "two regions, a dark gap and a void"):
            for axis in (0, 1):
                worst[shape, axis] = max(ramp(tesla, times, snr, span, axis, seed, shape != "whole") for seed in SEEDS)
        rows.append([title, *(f"{value:.3f}" for value in worst.values())])
    header = ["field ramp", "whole, along j", "whole, along i", "two regions, along j", "two regions, along i"]
    return f"Voxels over 25 points off on field ramps that wrap, in %, the worst of {len(SEEDS)} seeds:\n\n{bench.table(header, rows)}"


def ramp(tesla: float, times: np.ndarray, snr: float, span: float, axis: int, seed: int, broken: bool) -> float:
    """Share of voxels in % that are more than 25 points off.

    ``broken``: two disconnected regions with a gap of little signal between them, and a void where the field is displaced as by metal.
    """
    y, x, inside = truth.disc(N_RAMP)
    ff = np.floor((np.sin(3 * x) * np.cos(4 * y) + 1) / 2 * 15.999) / 15
    field_hz = span * (y if axis == 0 else x)
    gain = np.ones_like(ff)
    if broken:
        gap, distance = np.abs(x - 0.1) < 0.12, np.hypot(x + 0.45, y)
        gain[gap | (distance < 0.12)] = 0.01
        field_hz = field_hz + span * 0.2 * np.exp(-((distance / 0.15) ** 2))
        inside = inside & ~gap & (distance >= 0.15)
    clean = truth.echoes(ff, field_hz, 50 + 0 * ff, times, tesla, 1e9, seed, "ismrm_6") * gain[..., None]
    noise = truth.echoes(ff, field_hz, 1e6 + 0 * ff, times, tesla, snr, seed, "ismrm_6")  # decayed to nothing but noise
    fit = fit_fat_water((clean + noise).astype(np.complex64), times, tesla, spectrum="ismrm_6")
    return 100 * float(np.mean(np.abs(fit.pdff_percent - 100 * ff)[inside] > 25))


# --------------------------------------------------------------------------------------------------------- the real cases
def _real() -> list[str]:
    folder = bench.SHARED_DATA / "fatwater"
    if not folder.is_dir():
        return ["The real cases (../shared/data/fatwater beside the repository) are absent."]
    rows = [_case(folder, case) for case in (12, 13, 17)]
    header = [
        "case, middle slice, all slices fitted",
        "ratio of magnitudes, % over 20 points",
        "FF without bias, %",
        "median difference",
    ]
    bipolar = [_bipolar(folder / f"{name}.mat", title) for name, title in BIPOLAR]
    names = ["bipolar data", "percentiles 1, 50, 99 of FF in the body, %", "residual over signal, uncorrected", "corrected", "what is told"]
    return [
        f"Against an independent three-dimensional graph cut, clipped to 0 … 100 %:\n\n{bench.table(header, rows)}",
        bench.table(names, bipolar),
    ]


BIPOLAR = (("liver_12echo_bipolar", "liver, 12 echoes, 3 T"), ("phantom_16echo_bipolar", "phantom, 16 echoes, 1.5 T"))


def _case(folder: Path, case: int) -> list[str]:
    reference = np.load(folder / f"ff_reference_case{case}.npy")
    fit, mask = fit_case(folder, case)
    middle = len(fit.water) // 2
    inside = mask[middle]
    water, fat = np.abs(fit.water[middle]), np.abs(fit.fat[middle])
    ratio = 100 * fat[inside] / (water[inside] + fat[inside]) - reference[inside]
    discriminated = np.clip(fit.pdff_percent[middle][inside], 0, 100) - reference[inside]
    far = [f"{100 * np.mean(np.abs(difference) > 20):.2f}" for difference in (ratio, discriminated)]
    return [f"{case}", *far, f"{np.median(ratio):+.2f}"]


def fit_case(folder: Path, case: int) -> tuple[FatWaterFit, np.ndarray]:
    """Default fit of a challenge case with the spectrum of its reference, and its mask; shape (k, j, i)."""
    data = load_case(folder, case)
    signal = np.transpose(data.images, (2, 0, 1, 3))
    return fit_fat_water(signal, data.TE, float(data.FieldStrength), spectrum="ismrm_6"), np.transpose(data.mask, (2, 0, 1)) > 0


def load_case(folder: Path, case: int) -> Any:
    """A challenge case as its file names it: ``images`` (j, i, k, echo), ``TE`` in s, ``FieldStrength`` in T, ``mask`` (j, i, k)."""
    return loadmat(folder / f"{case}.mat", squeeze_me=True, struct_as_record=False)["imDataParams"]


def fit_bipolar(path: Path) -> tuple[np.ndarray, list[FatWaterFit]]:
    """Largest magnitude of the echoes, and the fits without and with the correction of the readout."""
    data = loadmat(path)
    signal, times, tesla = np.squeeze(data["data"]), np.ravel(data["te"]).astype(float), float(np.ravel(data["Tesla"])[0])
    return np.abs(signal).max(axis=-1), [fit_fat_water(signal, times, tesla, readout=readout) for readout in ("unipolar", "auto")]


def _bipolar(path: Path, title: str) -> list[str]:
    brightest, fits = fit_bipolar(path)
    body = brightest > 0.1 * np.percentile(brightest, 99)
    residuals = [f"{np.median((fit.residual / brightest)[body]):.4f}" for fit in fits]
    percentiles = ", ".join(f"{value:.1f}" for value in np.nanpercentile(fits[1].pdff_percent[body], [1, 50, 99]))
    return [title, percentiles, *residuals, fits[1].findings[0]]
