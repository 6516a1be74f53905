"""Bias and spread of the ADC fits over ADC, signal-to-noise ratio and choice of b-values."""

from __future__ import annotations

from collections.abc import Sequence

import bench
import numpy as np
from heatmaps import HeatMap, heat_maps
from MarrowQuantLib.diffusion import fit_adc

ADC = (100, 300, 500, 700, 1000, 1500, 2000, 3000)  # µm²/s: fatty marrow, normal marrow, tumour, treated tumour, fluid
SNR = (80, 40, 20, 10, 5)  # S0 over the standard deviation of the noise
B_SETS = ((0, 50, 400, 800), (50, 400, 900), (50, 900))
METHODS = (("weighted", {"method": "wls"}), ("non-linear", {"method": "nlls"}), ("log-linear", {"method": "ols"}))
FLOORED = ("weighted, samples under 3 σ left out", {"method": "wls", "noise_floor": 3.0})
VOXELS, SEED = 4000, 11


def section(_rounds: int) -> str:
    """Two pictures and their reading."""
    text = (
        f"{VOXELS} voxels a cell with Rician noise; SNR is S0 over the standard deviation of the noise. *Bias* is the mean of fitted minus "
        "true, *SD* the standard deviation, both in µm²/s over the voxels with a fit."
    )
    at = SNR.index(10), ADC.index(1000)
    biases = ", ".join(f"{name} {sweep(B_SETS[0], options)[0][at]:+.0f}" for name, options in METHODS)
    reading = (
        "Where the signal at the highest b drowns in the noise, every fit reads the ADC too low. The weighted fit does so first, because "
        f"its weights come from the noisy samples themselves: at ADC 1000, SNR 10, b 0, 50, 400, 800 the biases are {biases} µm²/s. Choose "
        "non-linear for noisy images."
    )
    floor = (
        "Leaving out samples under three standard deviations (`noise_floor`) is no cure: it keeps the samples that noise has raised, and "
        "leaves the low b-values alone to tell the slope. It helps only fast diffusion, whose samples are nothing but noise; so it is off "
        "unless asked for:"
    )
    return "\n\n".join([text, _fits_picture(), reading, floor, _floor_picture()])


def sweep(b_values: Sequence[float], options: dict[str, object], voxels: int = VOXELS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bias and SD in µm²/s, and the percentage of voxels without a fit; shape (SNR, ADC) each. The noise has σ = 1."""
    rng = np.random.default_rng(SEED)
    b, adc, snr = np.asarray(b_values, float), np.array(ADC, float), np.array(SNR, float)
    clean = snr[:, None, None, None] * np.exp(-1e-6 * adc[:, None, None] * b) * np.ones((1, 1, voxels, 1))
    signal = np.hypot(clean + rng.normal(size=clean.shape), rng.normal(size=clean.shape))
    error = fit_adc(signal, b, **options).adc_um2_per_s - adc[:, None]
    return np.nanmean(error, axis=2), np.nanstd(error, axis=2), 100 * np.mean(np.isnan(error), axis=2)


def _fits_picture() -> str:
    rows = []
    for b_values in B_SETS:
        name = "b " + ", ".join(map(str, b_values))
        row = []
        for method, options in METHODS:
            bias, _, _ = sweep(b_values, options)
            row.append(HeatMap(f"bias, {method}, {name}", bias, 200.0))
        _, spread, _ = sweep(b_values, METHODS[0][1])
        rows.append([*row, HeatMap(f"SD, weighted, {name}", spread, 600.0)])
    return bench.write_picture("adc-bias-and-spread", _picture(rows, "Bias and spread of the ADC over ADC, SNR and b-values"))


def _floor_picture() -> str:
    b_values = B_SETS[0]
    (method, plain), (floored, options) = METHODS[0], FLOORED
    bias, spread, missing = sweep(b_values, options)
    row = [
        HeatMap(f"bias, {method}", sweep(b_values, plain)[0], 200.0),
        HeatMap(f"bias, {floored}", bias, 200.0),
        HeatMap("SD, samples under 3 σ left out", spread, 600.0),
        HeatMap("voxels without a fit, %", missing, 100.0),
    ]
    return bench.write_picture("adc-noise-floor", _picture([row], "Bias of the ADC with and without samples in the noise floor"))


def _picture(rows: Sequence[Sequence[HeatMap]], label: str) -> str:
    return heat_maps(rows, ADC, SNR, "true ADC, µm²/s", "SNR", label)
