"""Iron: fast decay over field, echoes, fat fraction and place; where water and fat are exchanged, and the standard deviations.

The table of R2*, the rule of the rival and the limits were chosen on seeds 3 and 4; what the page shows is judged on other seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import bench
import fatwater_truth as truth
import numpy as np
from MarrowQuantLib.fatwater import fat_phasor, fit_fat_water, refine

SPECTRUM = "ren_marrow_9"
FIELDS_T = (1.5, 3.0)
SPACINGS_MS = (0.9, 1.2, 1.6, 2.0, 2.3)
ECHOES = (4, 6, 8)
R2STAR = (150.0, 230.0, 350.0, 500.0, 700.0, 1000.0)
FF = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95)
PLACES = ("everywhere", "a third", "an organ", "a vertebra")
SNRS = (15.0, 30.0, 100.0)
SNR, N, SEED = 50.0, 36, 101
FIRST_ECHO_S = 1.1e-3
WRONG = 25.0  # points
CELL = 30  # pixels


def section(rounds: int) -> str:
    """Everything of this file; ``rounds`` is not used, because nothing is timed."""
    swaps = {(tesla, spacing): _protocol(tesla, spacing) for tesla, spacing in product(FIELDS_T, SPACINGS_MS)}
    rows = []
    for (tesla, spacing), shares in swaps.items():
        row = [_name(tesla, spacing)]
        for place in range(len(PLACES)):
            row += [f"{np.nanmax(shares[place, ..., n]):.1f}" for n in (0, 1)]
        rows.append([*row, f"{100 * np.mean(np.nanmax(shares[..., 0], axis=0) > 5):.0f}"])
    header = ["protocol", *(f"{place}: {what}" for place in PLACES for what in ("wrong, %", "and not marked, %")), "cells over 5 %"]
    everywhere = {_name(*protocol): shares[0, ..., 0] for protocol, shares in swaps.items()}
    unmarked = {_name(*protocol): shares[..., 1].max(axis=0) for protocol, shares in swaps.items()}
    pictures = [
        bench.write_picture("iron-swaps", _picture(everywhere, [f"{n} echoes: wrong, %" for n in ECHOES])),
        "Wrong without a mark, in the worst of the four places:",
        bench.write_picture("iron-not-marked", _picture(unmarked, [f"{n} echoes: not marked, %" for n in ECHOES])),
    ]
    told = (
        f"Marrow with iron among tissue of 5 and 90 % fat, SNR {SNR:.0f}, R2* {R2STAR[0]:.0f} … {R2STAR[-1]:.0f} 1/s, FF 0 … 95 %, 4, 6 "
        f"and 8 echoes from 1.1 ms, the sign of the phase not given. *Wrong*: FF over {WRONG:.0f} points off in voxels where maximum "
        "likelihood started at the truth is not; the worst cell of R2*, FF and echoes. *Not marked*: and no swap suspect. The fourth "
        "place, a mask of one vertebra, has 56 voxels, so that one of them is 1.8 %."
    )
    return "\n\n".join([told, bench.table(header, rows), *pictures, _noise(), _coverage()])


def _name(tesla: float, spacing_ms: float) -> str:
    return f"{tesla} T, ΔTE {spacing_ms} ms"


def _noise() -> str:
    """The same over SNR: the worst cell of a protocol that is usual at each field."""
    rows, panels = [], {}
    for tesla, spacing in ((1.5, 1.6), (3.0, 1.2)):
        times = FIRST_ECHO_S + 1e-3 * spacing * np.arange(6)
        by_snr = []
        for snr in SNRS:
            shares = np.array([[_cell(place, times, tesla, *where, snr) for where in product(R2STAR, FF)] for place in PLACES])
            rows.append([f"{_name(tesla, spacing)}, SNR {snr:.0f}", *(f"{worst:.1f}" for worst in shares.max(axis=1).ravel())])
            by_snr.append(shares[0, :, 0].reshape(len(R2STAR), len(FF)))
        panels[_name(tesla, spacing)] = np.array(by_snr)
    header = ["six echoes", *(f"{place}: {what}" for place in PLACES for what in ("wrong, %", "and not marked, %"))]
    picture = bench.write_picture("iron-noise", _picture(panels, [f"SNR {snr:.0f}, everywhere: wrong, %" for snr in SNRS]))
    return "The same over the noise:\n\n" + bench.table(header, rows) + "\n\n" + picture


def _protocol(tesla: float, spacing_ms: float) -> np.ndarray:
    """Share of wrong, and of wrong and unmarked voxels in %, shape (places, echoes, R2*, FF, 2)."""
    shares = np.zeros((len(PLACES), len(ECHOES), len(R2STAR), len(FF), 2))
    for index in np.ndindex(shares.shape[:-1]):
        place, echoes, decay, fraction = (values[n] for values, n in zip((PLACES, ECHOES, R2STAR, FF), index))
        shares[index] = _cell(place, FIRST_ECHO_S + 1e-3 * spacing_ms * np.arange(echoes), tesla, decay, fraction)
    return shares


def _cell(place: str, times: np.ndarray, tesla: float, r2star: float, fraction: float, snr: float = SNR) -> tuple[float, float]:
    y, x = np.meshgrid(np.linspace(-1, 1, N), np.linspace(-1, 1, N), indexing="ij")
    where = {
        "everywhere": x > -2, "a third": x < -0.4, "an organ": np.hypot(x - 0.3, y + 0.2) < 0.4,
        "a vertebra": (np.abs(x) < 0.25) & (np.abs(y) < 0.2),
    }[place]  # fmt: skip
    ff = np.where(where, fraction, np.where((3 * x + 10) // 1 % 2 == 0, 0.05, 0.9))
    field_hz, decay = 80 * (x**2 - 0.5 * y**2) + 30 * y, np.where(where, r2star, 40.0)
    signal = truth.echoes(ff, field_hz, decay, times, tesla, snr, SEED, SPECTRUM)
    fit = fit_fat_water(signal, times, tesla)
    best = _from_truth(signal, field_hz, decay, times, tesla)
    tells = where & (np.abs(best - 100 * ff) <= WRONG)
    wrong = tells & (np.abs(_ratio(fit.water, fit.fat) - 100 * ff) > WRONG)
    size = np.count_nonzero(where)
    return 100 * np.count_nonzero(wrong) / size, 100 * np.count_nonzero(wrong & ~fit.swap_suspect) / size


def _from_truth(signal: np.ndarray, field_hz: np.ndarray, r2star: np.ndarray, times: np.ndarray, tesla: float) -> np.ndarray:
    """FF in % of maximum likelihood in each voxel alone, started at the truth."""
    found = _likeliest(signal, field_hz, r2star, times, tesla)
    return _ratio(found.water, found.fat).reshape(field_hz.shape)


def _likeliest(signal: np.ndarray, field_hz: np.ndarray, r2star: np.ndarray, times: np.ndarray, tesla: float) -> refine.Refined:
    """Maximum likelihood in each voxel alone, started at the truth, arrays of shape (n,)."""
    at = refine.echoes(times, fat_phasor(times, tesla, SPECTRUM))
    flat = np.moveaxis(signal, -1, 0).reshape(len(times), -1) / np.float32(1000)
    found = refine.refine(flat, field_hz.ravel(), r2star.ravel(), at)
    for _ in range(2):  # twelve steps in all
        found = refine.refine(flat, found.rate.imag / (2 * np.pi), -found.rate.real, at)
    return found


def _spread(error: np.ndarray, signal: np.ndarray, truth_of: tuple[np.ndarray, ...], times: np.ndarray, tesla: float) -> str:
    """Spread of FF over that of maximum likelihood started at the truth, where this is off by over 25 points in under 1 % of the voxels."""
    fraction, field_hz, decay = truth_of
    found = _likeliest(signal, field_hz, decay, times, tesla)
    best = 100 * (found.fat / (found.water + found.fat)).real.reshape(fraction.shape) - 100 * fraction  # they start in phase
    good = np.isfinite(best) & (np.abs(best) < WRONG)
    return f"{np.std(error[good]) / np.std(best[good]):.2f}" if np.mean(good) > 0.99 else f"{100 * np.mean(~good):.0f} % swap"


def _ratio(water: np.ndarray, fat: np.ndarray) -> np.ndarray:
    return 100 * np.abs(fat) / (np.abs(water) + np.abs(fat))


def _picture(protocols: dict[str, np.ndarray], titles: Sequence[str]) -> str:
    """A row of panels for each protocol, of shape (panels, R2*, FF): FF across and R2* down."""
    width, height = len(FF) * CELL + 44, len(R2STAR) * CELL // 2 + 32
    parts = []
    for n, (name, panels) in enumerate(protocols.items()):
        for m, (panel, title) in enumerate(zip(panels, titles)):
            left, top = m * width + 34, n * height + 24
            parts.append(f'<text x="{left}" y="{top - 2}" font-size="9">{name}, {title}</text>')
            parts += [
                f'<text x="{left - 30}" y="{top + (j + 1) * CELL // 2 - 4}" font-size="8">{r:.0f} 1/s</text>' for j, r in enumerate(R2STAR)
            ]
            for j, i in np.ndindex(panel.shape):
                shade = int(255 * (1 - 0.7 * min(panel[j, i] / 50, 1)))
                x, y = left + i * CELL, top + 2 + j * CELL // 2
                parts.append(f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL // 2 - 1}" fill="rgb(255,{shade},{shade})"/>')
                parts.append(f'<text x="{x + 2}" y="{y + CELL // 2 - 4}" font-size="8">{panel[j, i]:.{int(0 < panel[j, i] < 9.5)}f}</text>')
    across = [
        f'<text x="{m * width + 34 + i * CELL}" y="{len(protocols) * height + 4}" font-size="8">{100 * fraction:.0f} % fat</text>'
        for m in range(len(titles)) for i, fraction in enumerate(FF)
    ]  # fmt: skip
    total = len(titles) * width, len(protocols) * height + 10
    return f'<svg viewBox="0 0 {total[0]} {total[1]}" width="{total[0]}">' + "".join(parts + across) + "</svg>"


def _coverage() -> str:
    """How often two standard deviations hold the truth, and the spread over the bound."""
    rows = []
    for (tesla, spacing), snr, decay in product(((3.0, 0.98), (3.0, 1.6), (1.5, 2.0)), (10, 20, 60), (40.0, 200.0, 400.0)):
        times = 1.15e-3 + 1e-3 * spacing * np.arange(6)
        cells = []
        for fraction in (0.0, 0.05, 0.2, 0.5, 0.8):
            shape = np.ones((3, 64, 64))
            signal = truth.echoes(fraction * shape, np.linspace(-60, 60, 64) * shape, decay * shape, times, tesla, snr, SEED, SPECTRUM)
            fit = fit_fat_water(signal, times, tesla)
            error = fit.pdff_percent - 100 * fraction
            held = 100 * np.mean(np.abs(error) < 2 * fit.pdff_sd_percent, where=np.isfinite(fit.pdff_sd_percent))
            known = np.isfinite(fit.r2star_sd_per_s)
            rate = 100 * np.mean(np.abs(fit.r2star_per_s - decay) < 2 * fit.r2star_sd_per_s, where=known)
            of_told = np.std(error) / np.nanmedian(fit.pdff_sd_percent)
            of_best = _spread(error, signal, (fraction * shape, np.linspace(-60, 60, 64) * shape, decay * shape), times, tesla)
            cells.append(f"{held:.0f} / {rate:.0f} ({np.mean(error):+.2f}; {of_told:.2f}; {of_best})")
        rows.append([f"{_name(tesla, spacing)}, SNR {snr}, R2* {decay:.0f} 1/s", *cells])
    told = (
        "Voxels whose truth lies within two standard deviations, % of FF / of R2*, of those that are told; in brackets the bias of FF in "
        "points, the spread of FF over the median of the standard deviations told, and over the spread of maximum likelihood started at "
        "the truth (or the share of voxels in which this is wrong itself, if that is 1 % or more):"
    )
    return f"{told}\n\n{bench.table(['six echoes', 'FF 0 %', '5 %', '20 %', '50 %', '80 %'], rows)}"
