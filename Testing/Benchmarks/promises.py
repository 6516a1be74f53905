"""What the engine promises, a row each, with the figure that was found: measured here on seeds of its own, or read from the other sections.

Run it last: a figure of another section is the one that stands on the page.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import bench
import fatwater_truth as truth
import iron
import numpy as np
from MarrowQuantLib.cohort import groups, linear
from MarrowQuantLib.diffusion import fit_adc, fit_ivim
from MarrowQuantLib.fatwater import fit_fat_water, fit_fat_water_magnitude, scales, tissue
from MarrowQuantLib.model import MarrowQuantError
from scipy import optimize

SEED = 202  # of nothing that was chosen
N = 48
HELD = (92.0, 98.0)  # % of the voxels
IVIM_B = np.array([0, 10, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800], float)
STUDIES = 400


def section(rounds: int) -> str:
    """The table; ``rounds`` is not used, because nothing is timed here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # none may reach a user
        rows = [
            *_iron(), _sign(), _island(), *_coverage(), _low_end(), _summary(), _bipolar(), _phase(), _echo_times(),
            _ivim(), _non_linear(), _real_spread(), *_statistics(), *_speed(),
        ]  # fmt: skip
    return bench.table(["what is promised", "bound", "found", "from"], rows)


# ---------------------------------------------------------------------------------------------------------- from the page
def _text(name: str) -> str:
    page = bench.PAGE.read_text(encoding="utf-8")
    return page.split(f"<!-- begin {name} -->")[1].split(f"<!-- end {name} -->")[0]


def _found(name: str, pattern: str) -> str:
    """The first group of the pattern in a section of the page, "–" where it does not stand there."""
    match = re.search(pattern, _text(name))
    return match.group(1) if match else "–"


def _rows(name: str, first: str) -> list[list[str]]:
    """The cells of the rows of a section whose first cell matches."""
    lines = [line.strip("| ").split(" | ") for line in _text(name).splitlines() if line.startswith("|")]
    return [cells for cells in lines if re.search(first, cells[0])]


def _iron() -> list[list[str]]:
    protocols = [[float(cell) for cell in cells[1:9]] for cells in _rows("iron", r"^\d\.\d T, ΔTE [\d.]+ ms$")]
    unmarked = np.array(protocols)[:, 1::2].max(axis=0)
    where = ", ".join(f"{place} {worst:.1f} %" for place, worst in zip(iron.PLACES, unmarked))
    ratios = {
        decay: [float(ratio) for row in _rows("iron", f"R2\\* {decay} 1/s$") for ratio in re.findall(r"; ([\d.]+); ", " ".join(row))]
        for decay in (40, 200, 400)
    }
    spread = "; ".join(f"R2* {decay} 1/s: median {np.median(values):.2f}, worst {max(values):.2f}" for decay, values in ratios.items())
    return [
        ["iron exchanges no voxel that maximum likelihood does not, or marks it", "–", f"not marked, in the worst cell: {where}", "iron"],
        ["spread of FF over the standard deviation told, SNR 10 to 60", "–", spread, "iron"],
        ["spread of FF over that of maximum likelihood started at the truth, where this does not swap", "1.1", _of_best(), "iron"],
    ]


def _of_best() -> str:
    cells = " ".join(" ".join(row[1:]) for row in _rows("iron", r"R2\* \d+ 1/s$"))
    ratios, swaps = [float(found) for found in re.findall(r"; ([\d.]+)\)", cells)], re.findall(r"; (\d+) % swap\)", cells)
    if not ratios:
        return "–"
    swapping = f"; in {len(swaps)} more cells it swaps up to {max(map(int, swaps))} % itself" if swaps else ""
    return f"median {np.median(ratios):.2f}, worst {max(ratios):.2f} of {len(ratios)} cells{swapping}"


def _real_spread() -> list[str]:
    real = _found("adc-real", r"the three fits of one voxel (lie \d+ % apart in the median[^.]*)")
    rng, b, apart = np.random.default_rng(SEED), np.array([50, 400, 800.0]), []
    for snr in (30, 15, 10):
        f, d, d_star = (rng.uniform(*limits, (20_000, 1)) for limits in ((0.05, 0.2), (500, 1500), (1e4, 5e4)))
        clean = 100 * (f * np.exp(-d_star * b * 1e-6) + (1 - f) * np.exp(-d * b * 1e-6))
        signal = _rician(clean, 100 / snr, rng)
        maps = np.stack([fit_adc(signal, b, method=method).adc_um2_per_s for method in ("wls", "ols", "nlls")])
        apart.append(f"{np.nanmedian(100 * np.ptp(maps, axis=0) / np.median(maps, axis=0)):.0f} % at SNR {snr}")
    told = f"on real data they {real}; in simulated marrow with perfusion, b 50, 400, 800, in the median {', '.join(apart)}"
    return ["the spread between the three ADC fits is told", "–", told, "adc-real, promises"]


def _speed() -> list[list[str]]:
    per_slice = _found("pdff", r"Per slice MarrowQuant is ([\d.]+) ×")
    processor = _found("pdff", r"takes ([\d.]+) × less of the processor")
    volume = _found("pdff", r"slices is fitted ([\d.]+) × as fast")
    time, memory = _found("adc", r"([\d.]+) × the time"), _found("adc", r"([\d.]+) × the memory")
    job = " ".join(f"{of_wall} s, {of_processor} s of the processor" for _, of_wall, of_processor, _ in _rows("main-job", "analyze"))
    of_pycsemri = f"{per_slice} ×; of processor time {processor} ×; a volume of 40 slices {volume} ×"
    return [
        ["`pdff` as fast as pycsemri, per slice", "10 ×", of_pycsemri, "pdff"],
        ["`marrowquant adc` over `dwi2adc`: time, memory", "1.5 ×", f"{time} ×, {memory} ×", "adc"],
        ["the main job on two exams, a process of its own", "8 s (aim)", job or "–", "main-job"],
    ]


# -------------------------------------------------------------------------------------------------------------- measured
def _echoes(fraction: object, decay: object, tesla: float, times: np.ndarray, snr: float, seed: int = SEED) -> np.ndarray:
    shape = np.ones((2, N, N))
    return truth.echoes(fraction * shape, np.linspace(-60, 60, N) * shape, decay * shape, times, tesla, snr, seed, iron.SPECTRUM)


def _times(spacing_ms: float, n: int = 6) -> np.ndarray:
    return 1.15e-3 + 1e-3 * spacing_ms * np.arange(n)


def _sign() -> list[str]:
    wrong = untold = n = 0
    for tesla, spacing, decay, fraction in ((1.5, 1.6, 40, 0.1), (1.5, 1.2, 350, 0.05), (3.0, 0.98, 200, 0.4), (3.0, 1.2, 500, 0.05),
                                            (1.5, 1.2, 700, 0.9), (3.0, 1.6, 60, 0.8)):  # fmt: skip
        signal = _echoes(fraction, decay, tesla, _times(spacing), 40)
        for turned in (False, True):
            fit = fit_fat_water(np.conj(signal) if turned else signal, _times(spacing), tesla)
            is_wrong = fit.conjugated != turned
            told = "fatwater.sign" in [said.code for said in fit.findings]
            n, wrong, untold = n + 1, wrong + is_wrong, untold + (is_wrong and not told)
    told = f"{untold} of {n} wrong and not told ({wrong} wrong)"
    return ["the sign of the phase is found, or the doubt is told", "0", told, "promises"]


def _island() -> list[str]:
    y, x = np.meshgrid(*[np.linspace(-1, 1, 60)] * 2, indexing="ij")
    island, rim = np.hypot(x, y) < 0.47, np.abs(np.hypot(x, y) - 0.6) > 0.14
    wrong = marked = 0
    for seed in range(SEED, SEED + 6):
        field_hz = np.where(island, 217.0, 0.0)  # 3.4 ppm at 1.5 T
        times = _times(2.2)
        signal = truth.echoes(np.where(island, 0.03, 0.9), field_hz, 40 + 0 * x, times, 1.5, 40, seed, iron.SPECTRUM)
        fit = fit_fat_water(signal * np.where(rim, 1.0, 0.02)[..., None], times, 1.5)
        off = island & (np.abs(iron._ratio(fit.water, fit.fat) - 3) > iron.WRONG)
        wrong, marked = wrong + np.count_nonzero(off), marked + np.count_nonzero(off & fit.swap_suspect)
    # Here water and fat differ by a tenth of a turn before the signal is gone, and nothing tells them apart.
    times = _times(0.9, 4)
    untold = fit_fat_water(_echoes(0.0, 700.0, 1.5, times, 50), times, 1.5, conjugate=False).swap_suspect
    told = (
        f"an island of muscle: {wrong} of {6 * np.count_nonzero(island)} voxels exchanged, {marked} of these marked; "
        f"R2* 700 1/s, 1.5 T, four echoes 0.9 ms apart: {100 * np.mean(untold):.0f} % marked"
    )
    return ["a region whose rival fits as well is marked as a whole", "all", told, "promises"]


def _held(error: np.ndarray, sd: np.ndarray) -> float:
    known = np.isfinite(error) & np.isfinite(sd)
    return float(100 * np.mean(np.abs(error[known]) < 2 * sd[known]))


def _range(shares: Sequence[float]) -> str:
    outside = sum(not HELD[0] <= share <= HELD[1] for share in shares)
    return f"{min(shares):.0f} to {max(shares):.0f} %; {outside} of {len(shares)} cells outside"


def _coverage() -> list[list[str]]:
    complex_ones: dict[str, list[float]] = {"FF": [], "R2*": []}
    for tesla, spacing in ((3.0, 0.98), (1.5, 2.0), (3.0, 1.3)):
        for snr, decay, fraction in product((10, 20, 60), (40.0, 200.0, 400.0), (0.0, 0.1, 0.4, 0.9)):
            fit = fit_fat_water(_echoes(fraction, decay, tesla, _times(spacing), snr), _times(spacing), tesla)
            complex_ones["FF"].append(_held(fit.pdff_percent - 100 * fraction, fit.pdff_sd_percent))
            complex_ones["R2*"].append(_held(fit.r2star_per_s - decay, fit.r2star_sd_per_s))
    rows = [("complex echoes, FF, R2* to 400 1/s", complex_ones["FF"]), ("complex echoes, R2* itself", complex_ones["R2*"])]
    rows += _magnitude_coverage()
    rows += [("ADC, weighted", _adc_coverage("wls")), ("ADC, non-linear", _adc_coverage("nlls")), ("ADC, log-linear", _adc_coverage("ols"))]
    return [[f"two standard deviations hold the truth: {name}", "92 to 98 %", _range(shares), "promises"] for name, shares in rows]


def _magnitude_coverage() -> list[tuple[str, list[float]]]:
    sure, open_ones, rates = [], [], []
    for (spacing, n), snr, decay, fraction in product(((0.98, 6), (1.15, 8)), (10, 20, 60), (40, 150), (0.0, 0.1, 0.3, 0.6, 0.9)):
        fit = fit_fat_water_magnitude(np.abs(_echoes(fraction, decay, 3.0, _times(spacing, n), snr)), _times(spacing, n), 3.0)
        held = _held(fit.pdff_percent - 100 * fraction, fit.pdff_sd_percent)
        (open_ones if np.mean(fit.swap_suspect) > 0.3 else sure).append(held)
        rates.append(_held(fit.r2star_per_s - decay, fit.r2star_sd_per_s))
    names = "FF", "FF where over 30 % of the voxels have two solutions", "R2*"
    return [(f"magnitude echoes, {name}", shares) for name, shares in zip(names, (sure, open_ones, rates))]


def _adc_coverage(method: str) -> list[float]:
    rng, shares = np.random.default_rng(SEED), []
    for b in ((0, 50, 400, 800), (50, 800), (50, 400, 900), (0, 500, 1000)):
        for snr, adc in product((10, 20, 60), (400, 900, 1400, 1900)):
            if snr * np.exp(-max(b) * 1e-6 * adc) < 2:
                continue  # the noise floor rules
            signal = _rician(100 * np.exp(-np.array(b) * 1e-6 * adc) * np.ones((2, N, N, 1)), 100 / snr, rng)
            fit = fit_adc(signal, b, method=method)
            shares.append(_held(fit.adc_um2_per_s - adc, fit.adc_sd_um2_per_s))
    return shares


def _rician(clean: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    return np.hypot(clean + sigma * rng.standard_normal(clean.shape), sigma * rng.standard_normal(clean.shape))


def _low_end() -> list[str]:
    biases = []
    for (tesla, spacing), decay, fraction in product(((3.0, 0.98), (1.5, 2.0)), (40, 120, 200), (0, 0.02, 0.05)):
        signals = [_echoes(fraction, decay, tesla, _times(spacing), 10, SEED + n) for n in range(3)]
        biases.append(np.mean([fit_fat_water(signal, _times(spacing), tesla).pdff_percent for signal in signals]) - 100 * fraction)
    iron_too = []
    for fraction in (0, 0.02, 0.05):
        signals = [_echoes(fraction, 400, 3.0, _times(0.98), 10, SEED + n) for n in range(6)]
        iron_too.append(np.mean([fit_fat_water(signal, _times(0.98), 3.0).pdff_percent for signal in signals]) - 100 * fraction)
    told = f"{max(map(abs, biases)):.2f} points to R2* 200 1/s; {max(map(abs, iron_too)):.2f} at 400 1/s, 3 T"
    return ["bias of FF 0 to 5 % at SNR 10", "0.5 points", told, "promises"]


def _summary() -> list[str]:
    y, x, body = truth.disc(96)
    clean = truth.echoes(0.4 + 0 * x, 60 * x, 40 + 0 * x, _times(0.98), 3.0, 20, SEED, iron.SPECTRUM)
    air = truth.echoes(0 * x, 0 * x, 1e5 + 0 * x, _times(0.98), 3.0, 20, SEED, iron.SPECTRUM)
    inside = body & (np.hypot(x, y) < 0.6)
    signal = np.where(inside[..., None], clean, air)
    fit = fit_fat_water(signal, _times(0.98), 3.0)
    found = tissue(signal, fit)
    n, size = np.count_nonzero(found), np.count_nonzero(inside)
    told = f"median {np.median(fit.pdff_percent[found]):.1f} % over {n} voxels, of a disc of {size} in noise"
    return ["the line that `pdff` prints is about the body", "40.0 %", told, "promises"]


def _bipolar() -> list[str]:
    kept = 0
    for seed in range(SEED, SEED + 10):
        fit = fit_fat_water(_echoes(0.3, 50, 3.0, _times(0.98), 30, seed), _times(0.98), 3.0, readout="bipolar")
        kept += fit.readout == "bipolar"
    real = "; ".join(f"{row[0]}: residual {row[2]} to {row[3]}" for row in _rows("fatwater-sweeps", r"^(liver|phantom), \d+ echoes"))
    told = f"{kept} of 10 unipolar sets; {real}"
    return ["a bipolar correction is kept only where it beats chance", "0", told, "promises, fatwater-sweeps"]


def _phase() -> list[str]:
    phase = np.random.default_rng(SEED).uniform(-np.pi, np.pi, 20_000)
    turns = phase / (2 * np.pi)
    right = {
        "±π": phase, "0 … 2π": phase % (2 * np.pi), "±180°": np.degrees(phase), "0 … 360°": np.degrees(phase) % 360,
        "±4096": np.rint(turns * 8191), "0 … 4095": np.rint((turns % 1) * 4095), "0 … 8191": np.rint((turns % 1) * 8191),
        "±2048": np.rint(turns * 4095), "milliradians": 1000 * phase, "whole milliradians": np.rint(1000 * phase),
    }  # fmt: skip
    refused = {
        "±1": 2 * turns, "0 … 1": turns % 1, "0 … 255": np.rint((turns % 1) * 255), "0 … 65535": np.rint((turns % 1) * 65535),
        "±100": 200 * turns, "±1800": np.rint(10 * np.degrees(phase)), "±18000": np.rint(100 * np.degrees(phase)),
        "whole radians": np.rint(phase), "±π/2": phase / 2, "±2π": 2 * phase,
    }  # fmt: skip
    good = sum(_apart(scales.radians(stored), phase) < 0.01 for stored in right.values())
    no = 0
    for stored in refused.values():
        try:
            scales.radians(stored)
        except MarrowQuantError:
            no += 1
    told = f"{good} of {len(right)} read, {no} of {len(refused)} refused"
    return ["scales of the phase are told apart or refused", "all", told, "promises"]


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(np.angle(np.exp(1j * (first - second)))).max())


def _echo_times() -> list[str]:
    rng, right, n = np.random.default_rng(SEED), 0, 0
    for _ in range(100):
        times = rng.uniform(0.5e-3, 5e-3) + rng.uniform(0.4e-3, 5e-3) * np.arange(rng.integers(2, 12))
        for unit in (1.0, 1e3, 1e6):
            n, right = n + 1, right + bool(np.allclose(scales.echo_times_s(times * unit), times))
    return ["echo times in s, ms and µs are told apart", "all", f"{right} of {n}", "promises"]


def _ivim() -> list[str]:
    rng, n = np.random.default_rng(SEED), 150
    f, d, d_star = rng.uniform(0.03, 0.3, n), rng.uniform(300, 2000, n), rng.uniform(8000, 80000, n)
    clean = 500 * (f[:, None] * np.exp(-np.outer(d_star, IVIM_B) * 1e-6) + (1 - f[:, None]) * np.exp(-np.outer(d, IVIM_B) * 1e-6))
    signal = _rician(clean, 500 / 20, rng)
    fit = fit_ivim(signal, IVIM_B, method="full")
    b, worse = IVIM_B * 1e-3, 0
    for values, residual in zip(signal, fit.residual):

        def misfit(p: np.ndarray, values: np.ndarray = values) -> np.ndarray:
            return p[0] * (p[1] * np.exp(-b * p[3]) + (1 - p[1]) * np.exp(-b * p[2])) - values

        limits = ([0, 0, 0, 5], [np.inf, 1, 4, 100])
        starts = ([values.max(), 0.1, 1.0, 20.0], [values.max(), 0.3, 0.5, 10.0])
        best = min(2 * optimize.least_squares(misfit, x, bounds=limits, x_scale=[500, 0.1, 1, 20]).cost for x in starts)
        worse += residual**2 * b.size > 1.001 * best
    told = f"{n - np.count_nonzero(fit.valid)} of {n} voxels without a fit, {worse} above scipy's minimum by 0.1 %"
    return ["full IVIM is the maximum-likelihood answer, SNR 20", "0", told, "promises"]


def _non_linear() -> list[str]:
    b, worst = np.array([0, 50, 400, 800.0]), 0.0
    for snr in (3, 10, 40):
        signal = _rician(100 * np.exp(-b * 1.2e-3) * np.ones((400, 1)), 100 / snr, np.random.default_rng(SEED))
        fit = fit_adc(signal, b, method="nlls")
        adc = np.linspace(-3000, 20000, 46001)
        decay = np.exp(-np.outer(adc, b) * 1e-6)
        explained = np.maximum(decay @ signal.T, 0) ** 2 / np.sum(decay**2, axis=1, keepdims=True)
        best = adc[np.argmax(explained, axis=0)]
        inner = (best < 19000) & (best > -2900)
        worst = max(worst, float(np.abs(fit.adc_um2_per_s - best)[inner].max()))
    told = f"{worst:.1f} µm²/s off a search in steps of 0.5"
    return ["the non-linear ADC is the least-squares optimum, SNR 3 to 40", "1 µm²/s", told, "promises"]


def _statistics() -> list[list[str]]:
    rng, patient = np.random.default_rng(SEED), np.repeat(np.arange(8), 3)
    terms = np.column_stack([np.tile([0.0, 90.0, 180.0], 8), patient % 2])
    hits = 0
    for _ in range(STUDIES):
        response = 30 - 0.01 * terms[:, 0] + np.repeat(rng.normal(0, 4, 8), 3) + rng.normal(0, 2, 24)
        hits += linear.fit_mixed(response, terms, ("days", "group"), [str(n) for n in patient]).p[2] < 0.05
    kind = np.repeat([0, 1, 2], [20, 24, 28])
    ff, age = 30 + 6 * kind + rng.normal(0, 8, kind.size), 60 + 3 * (kind == 1) + rng.normal(0, 9, kind.size)
    x, labels = np.column_stack([ff, age]), np.array(["a", "b", "c"])[kind]
    likelihood = groups.fit_groups(labels, x, ("ff", "age")).likelihood
    coefficients, errors = _multinomial(x, kind)
    apart = max(np.abs(likelihood.coefficients - coefficients).max(), np.abs(likelihood.standard_errors / errors - 1).max())
    return [
        ["mixed model of 8 patients: type-I error at 5 %", "7 %", f"{100 * hits / STUDIES:.1f} % of {STUDIES} studies", "promises"],
        ["linear discriminant as MASS::lda: posteriors", "1e-6", _discriminant(x, labels), "promises"],
        ["multinomial by maximum likelihood, with standard errors", "–", f"{apart:.0e} off a maximum and a Hessian of scipy", "promises"],
    ]


def _multinomial(x: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and standard errors by a general optimiser and numerical second derivatives, on scaled columns."""
    middle, size = x.mean(axis=0), x.std(axis=0)
    design = np.column_stack([np.ones(len(x)), (x - middle) / size])

    def loss(p: np.ndarray) -> float:
        scores = np.column_stack([np.zeros(len(x)), design @ p.reshape(2, 3).T])
        return float(np.sum(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(x)), kind]))

    best = optimize.minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-9}).x
    best = optimize.minimize(loss, best, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000}).x
    step = 1e-3 * np.eye(6)
    hessian = np.array([
        [(loss(best + a + b) - loss(best + a - b) - loss(best - a + b) + loss(best - a - b)) / 4e-6 for b in step] for a in step
    ])
    back = np.array([[1, *(-middle / size)], [0, 1 / size[0], 0], [0, 0, 1 / size[1]]])
    covariance = np.kron(np.eye(2), back) @ np.linalg.inv(hessian) @ np.kron(np.eye(2), back).T
    return best.reshape(2, 3) @ back.T, np.sqrt(np.diag(covariance)).reshape(2, 3)


def _discriminant(x: np.ndarray, labels: np.ndarray) -> str:
    if shutil.which("Rscript") is None:
        return "R is not installed"
    with tempfile.TemporaryDirectory() as folder:
        table, program = Path(folder) / "table.csv", Path(folder) / "lda.R"
        table.write_text("\n".join(["ff,age,kind", *(f"{a!r},{b!r},{c}" for (a, b), c in zip(x.tolist(), labels))]), encoding="utf-8")
        program.write_text(
            f'd <- read.csv("{table.as_posix()}"); p <- predict(MASS::lda(d[, 1:2], d$kind), d[, 1:2])$posterior\n'
            'write(format(t(p), digits = 15), "", ncolumns = 1)\n', encoding="utf-8"
        )  # fmt: skip
        done = subprocess.run(["Rscript", str(program)], capture_output=True, text=True, check=False)
    if done.returncode:
        return "R has no MASS"
    theirs = np.array(done.stdout.split(), float).reshape(-1, 3)
    ours = groups.Discriminant().fit(x, labels).predict_proba(x)
    return f"{np.abs(ours - theirs).max():.0e} at most"
