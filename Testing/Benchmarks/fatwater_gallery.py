"""The real fat–water data in pictures; every region in which ours and the reference differ by more than 20 points; why case 13 differs.

The pictures go to ``build/benchmarks/gallery`` and stay there, because the licences of the images do not allow to publish them; tables and
the plot, in which no image is left, go to the page. From left to right: ours, reference and difference of the challenge cases; FF and
residual without, then with the correction of the bipolar data; in phase, opposed phase and dropout ratio of the dual echo.
"""

from __future__ import annotations

from pathlib import Path

import bench
import numpy as np
import SimpleITK as sitk
from fatwater_sweeps import BIPOLAR, fit_bipolar, fit_case, load_case
from MarrowQuantLib import dicom
from MarrowQuantLib.fatwater import dropout_ratio
from MarrowQuantLib.fatwater.checks import noise_sd
from scipy import ndimage

CASES = {12: "axial thorax and liver, 1.5 T", 13: "coronal thorax, 3 T", 17: "knee, 1.5 T"}
FAR_POINTS = 20
FEWEST_PIXELS = 5  # smaller regions are counted, not listed
ZOOM = 3
LARGEST_RESIDUAL = 0.2  # of the brightest echo: white
DEFINITION_CASE = 13  # the one whose value depends on how the fat fraction is defined
SNR_EDGES = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, 10, 20])
WIDTH, HEIGHT, MARGIN, SPAN = 330, 170, 34, 50  # of a panel of the plot in pixels, and its range in points


def section(rounds: int) -> str:
    """The table of the regions; ``rounds`` is not used, because nothing is timed."""
    folder = bench.SHARED_DATA / "fatwater"
    if not folder.is_dir():
        return "The real cases (../shared/data/fatwater beside the repository) are absent."
    rows, small, definitions, plot = [], [], [], ""
    for case, title in CASES.items():
        fit, mask = fit_case(folder, case)
        middle = len(mask) // 2
        reference = np.load(folder / f"ff_reference_case{case}.npy")
        water, fat = np.abs(fit.water[middle]), np.abs(fit.fat[middle])
        ours, inside = 100 * fat / (water + fat), mask[middle]
        shown = [np.where(inside, values, 0) / 100 for values in (ours, reference)]
        _write_picture(f"case{case}", [*shown, 0.5 + shown[0] - shown[1]])
        regions, rest = _regions(ours, reference, inside, water + fat, fit.swap_suspect[middle], fit.r2star_per_s[middle])
        rows += [[f"{case}, {title}", *row] for row in regions]
        small.append(f"case {case}: {rest[0]} pixels in {rest[1]} regions")
        values = {"ratio of magnitudes": ours, "without bias": np.clip(fit.pdff_percent[middle], 0, 100)}
        definitions.append([str(case), *(f"{100 * np.mean(v[inside] < 0.5):.2f}" for v in (reference, *values.values()))])
        if case == DEFINITION_CASE:
            plot = _definitions_plot(values, reference, inside, np.minimum(water, fat) / _noise(folder, case, inside))
    for name, _ in BIPOLAR:
        _write_bipolar(folder / f"{name}.mat", name)
    _write_dual_echo()
    header = ["case", "row, column", "pixels", "FF ours, %", "FF reference, %", "signal / median", "R2*, 1/s", "swap suspects, %"]
    shares = ["case", *(f"below 0.5 % FF, % of pixels: {name}" for name in ("reference", "ours, ratio", "ours, without bias"))]
    regions = f"{bench.table(header, rows)}\n\nSmaller regions: {'; '.join(small)}."
    return f"{regions}\n\n{bench.table(shares, definitions)}\n\n{plot}"


def _noise(folder: Path, case: int, inside: np.ndarray) -> float:
    """Standard deviation of the complex noise of one echo in the middle slice."""
    images = load_case(folder, case).images
    echo = images[:, :, images.shape[2] // 2, 0]
    size = float(np.sqrt(np.mean(np.abs(echo[inside]) ** 2)))
    return size * noise_sd((echo / size)[None, None], inside[None])


def _regions(
    ours: np.ndarray, reference: np.ndarray, inside: np.ndarray, signal: np.ndarray, suspect: np.ndarray, r2star: np.ndarray
) -> tuple[list[list[str]], tuple[int, int]]:
    """One row for each region of some size, largest first; then pixels and number of the smaller ones."""
    labels, n_labels = ndimage.label((np.abs(ours - reference) > FAR_POINTS) & inside, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=n_labels + 1)[1:]
    usual = np.median(signal[inside])
    rows = []
    for n in np.argsort(-sizes):
        here = labels == n + 1
        if sizes[n] < FEWEST_PIXELS:
            break
        where = ", ".join(f"{value:.0f}" for value in ndimage.center_of_mass(here))
        numbers = [np.median(values[here]) for values in (ours, reference, signal / usual, r2star)]
        told = [f"{value:.{digits}f}" for value, digits in zip(numbers, (0, 0, 2, 0))]
        rows.append([where, str(sizes[n]), *told, f"{100 * np.mean(suspect[here]):.0f}"])
    small = sizes[sizes < FEWEST_PIXELS]
    return rows, (int(small.sum()), len(small))


def _write_bipolar(path: Path, name: str) -> None:
    """FF and residual of the middle slice without the correction, then with it."""
    brightest, fits = fit_bipolar(path)
    middle = len(brightest) // 2 if brightest.ndim == 3 else ...
    panels = []
    for fit in fits:
        panels += [fit.pdff_percent[middle] / 100, fit.residual[middle] / brightest[middle] / LARGEST_RESIDUAL]
    body = brightest[middle] > 0.1 * np.percentile(brightest, 99)
    _write_picture(name, [np.where(body, panel, 0) for panel in panels])


def _write_dual_echo() -> None:
    """In phase, opposed phase and dropout ratio (0 … 100 %) of the middle slice of a magnitude dual echo."""
    volumes = {volume.role.value: volume.load().array for volume in dicom.scan(bench.SHARED_DATA / "inopposed" / "ge_dual_echo")}
    both = [volumes[role][len(volumes[role]) // 2] for role in ("in_phase", "opposed_phase")]
    brightest = np.percentile(both[0], 99.5)
    dropout = dropout_ratio(*both, noise_floor=0.05 * brightest) / 100
    _write_picture("dual_echo", [*(image / brightest for image in both), dropout])


def _write_picture(name: str, panels: list[np.ndarray]) -> None:
    """Panels of one shape side by side as one PNG, 0 black and 1 white."""
    shown = np.concatenate([np.clip(np.nan_to_num(panel), 0, 1) for panel in panels], axis=1)
    picture = np.kron(shown * 255, np.ones((ZOOM, ZOOM))).astype(np.uint8)
    folder = bench.BUILD / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(picture), str(folder / f"{name}.png"))


# ------------------------------------------------------------------------------------------- how the fat fraction is defined
def _definitions_plot(values: dict[str, np.ndarray], reference: np.ndarray, inside: np.ndarray, minor_snr: np.ndarray) -> str:
    """Difference from the reference over the signal-to-noise ratio of the smaller of water and fat, for both definitions."""
    panels = [_panel(n, name, minor_snr[inside], (ours - reference)[inside]) for n, (name, ours) in enumerate(values.items())]
    width, height = 2 * (WIDTH + MARGIN) + 8, HEIGHT + 74
    svg = f'<svg viewBox="0 0 {width} {height}" width="{width}">{"".join(panels)}</svg>'
    picture = bench.write_picture("fat-fraction-definitions", svg)
    return (
        f"Case {DEFINITION_CASE}, ours minus reference over the smaller of water and fat in units of one echo's noise: median, and the "
        f"range of 98 % of the pixels (their number stands below):\n\n{picture}"
    )


def _panel(number: int, title: str, snr: np.ndarray, difference: np.ndarray) -> str:
    left, top, step = MARGIN + number * (WIDTH + MARGIN), 24, WIDTH / len(SNR_EDGES)

    def y(points: float) -> float:
        return top + HEIGHT * (0.5 - np.clip(points, -SPAN, SPAN) / (2 * SPAN))

    parts = [f'<text x="{left}" y="14" font-size="12">{title}, points</text>']
    for points in (-SPAN, -20, 0, 20, SPAN):
        parts.append(f'<line x1="{left}" x2="{left + WIDTH}" y1="{y(points):.1f}" y2="{y(points):.1f}" stroke="#ccc"/>')
        parts.append(f'<text x="{left - 4}" y="{y(points) + 3:.1f}" font-size="9" text-anchor="end">{points}</text>')
    for n, low in enumerate(SNR_EDGES):
        high = SNR_EDGES[n + 1] if n + 1 < len(SNR_EDGES) else np.inf
        here, x = difference[(snr >= low) & (snr < high)], left + n * step
        label = f"{low:g} – {high:g}" if np.isfinite(high) else f"≥ {low:g}"
        for line, text in enumerate((label, here.size)):
            at = f'x="{x + step / 2:.1f}" y="{top + HEIGHT + 12 + 11 * line}"'
            parts.append(f'<text {at} font-size="8" text-anchor="middle">{text}</text>')
        if here.size:
            lowest, median, highest = (y(points) for points in np.percentile(here, [1, 50, 99]))
            box = f'x="{x + 4:.1f}" width="{step - 8:.1f}" y="{highest:.1f}" height="{max(lowest - highest, 1):.1f}"'
            middle = f'x="{x + 4:.1f}" width="{step - 8:.1f}" y="{median - 1:.1f}" height="2"'
            parts += [f'<rect {box} fill="#9ecae1"/>', f'<rect {middle} fill="#08306b"/>']
    parts.append(f'<text x="{left + WIDTH / 2}" y="{top + HEIGHT + 38}" font-size="10" text-anchor="middle">smaller part / noise</text>')
    return "".join(parts)
