"""The real fat–water cases beside their reference, and every region in which both differ by more than 20 points.

The pictures (ours, reference, difference, from left to right) go to ``build/benchmarks/gallery`` and stay there, because the licence of the
images does not allow to publish them; the table goes to the page.
"""

from __future__ import annotations

import bench
import numpy as np
import SimpleITK as sitk
from fatwater_sweeps import fit_case
from scipy import ndimage

CASES = {12: "axial thorax and liver, 1.5 T", 13: "coronal thorax, 3 T", 17: "knee, 1.5 T"}
FAR_POINTS = 20
FEWEST_PIXELS = 5  # smaller regions are counted, not listed
ZOOM = 3


def section(rounds: int) -> str:
    """The table of the regions; ``rounds`` is not used, because nothing is timed."""
    folder = bench.SHARED_DATA / "fatwater"
    if not folder.is_dir():
        return "The real cases (../shared/data/fatwater beside the repository) are absent."
    rows, small = [], []
    for case, title in CASES.items():
        fit, mask = fit_case(folder, case)
        middle = len(mask) // 2
        reference = np.load(folder / f"ff_reference_case{case}.npy")
        water, fat = np.abs(fit.water[middle]), np.abs(fit.fat[middle])
        ours = 100 * fat / (water + fat)
        _write_picture(case, ours, reference, mask[middle])
        regions, rest = _regions(ours, reference, mask[middle], water + fat, fit.swap_suspect[middle], fit.r2star_per_s[middle])
        rows += [[f"{case}, {title}", *row] for row in regions]
        small.append(f"case {case}: {rest[0]} pixels in {rest[1]} regions")
    header = ["case", "row, column", "pixels", "FF ours, %", "FF reference, %", "signal / median", "R2*, 1/s", "swap suspects, %"]
    return f"{bench.table(header, rows)}\n\nSmaller regions: {'; '.join(small)}."


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


def _write_picture(case: int, ours: np.ndarray, reference: np.ndarray, inside: np.ndarray) -> None:
    """Ours and the reference from 0 (black) to 100 % (white), and the difference around grey, as one PNG."""
    panels = [np.where(inside, np.clip(np.nan_to_num(values), 0, 100), 0) for values in (ours, reference)]
    panels.append(np.clip(50 + (panels[0] - panels[1]), 0, 100))
    picture = np.kron(np.concatenate(panels, axis=1) * 2.55, np.ones((ZOOM, ZOOM))).astype(np.uint8)
    folder = bench.BUILD / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(picture), str(folder / f"case{case}.png"))
