"""What axial slices of 4 mm cost near the midline: ``python Testing/Benchmarks/vertebrae_axial.py [--draws 2]`` prints the table of
``Docs/vertebrae.md``.

A body found on slices of 1 mm and cut at every fourth slice has lost nothing but resolution of the label; a true label taken through the
4 mm grid and back tells how much detail that grid holds; slices interpolated by a cubic spline tell what linear interpolation costs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing" / "Python"), str(ROOT / "MarrowQuant")]

import spines  # noqa: E402 (after the path)
from bench import table  # noqa: E402
from MarrowQuantLib.model import Volume  # noqa: E402
from scipy import ndimage  # noqa: E402
from scipy.interpolate import CubicSpline  # noqa: E402

SLICES = slice(2, -2, 4)  # as spines.axial_slices takes them
PARTS = 4


def central_dice(case: spines.Spine, labels: np.ndarray) -> list[float]:
    """Dice of every body within ``spines.MIDLINE_MM`` of its midline."""
    right = case.image.ijk_to_ras[0, 0] * np.arange(case.truth.shape[2]) + case.image.ijk_to_ras[0, 3]
    near = [np.abs(right - center[0]) <= spines.MIDLINE_MM for center in case.centers]
    return [spines.dice((labels == n + 1)[..., near[n]], (case.truth == n + 1)[..., near[n]]) for n in range(len(near))]


def there_and_back(full: spines.Spine) -> np.ndarray:
    """The true labels from 4 mm slices again on 1 mm: linear, at least half."""
    slices = (np.arange(len(full.truth)) - SLICES.start) / PARTS
    at = np.stack(np.meshgrid(slices, *(np.arange(n) for n in full.truth.shape[1:]), indexing="ij"))
    labels = np.zeros_like(full.truth)
    for n in range(1, len(spines.LUMBAR) + 1):
        share = ndimage.map_coordinates((full.truth[SLICES] == n).astype(np.float32), at, order=1, mode="nearest")
        labels[share >= 0.5] = n
    return labels


def subdivided(image: Volume) -> Volume:
    """Three slices more between every two, by a cubic spline."""
    count = len(image.array)
    places = np.arange((count - 1) * PARTS + 1) / PARTS
    values = CubicSpline(np.arange(count), image.array, axis=0)(places).astype(np.float32)
    return Volume(values, image.ijk_to_ras @ np.diag([1.0, 1.0, 1 / PARTS, 1.0]), name=image.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2)
    draws = parser.parse_args().draws
    rows: dict[str, list[float]] = {
        "true label, through the 4 mm slices and back": [],
        "found on 1 mm slices, cut at every fourth": [],
        "found on 4 mm slices, cubic between them": [],
        "found on 4 mm slices (as shipped)": [],
    }
    bound, cut, cubic, shipped = rows.values()
    for number in range(1, 11):
        full = spines.spine(number)
        axial = spines.axial_slices(full)
        between = subdivided(axial.image)
        bound += central_dice(full, there_and_back(full))
        for draw in range(draws):
            clicks = spines.clicks(full, number, draw)
            cut += central_dice(axial, spines.segment_bodies(full.image, clicks).labels.array[SLICES])
            cubic += central_dice(axial, spines.segment_bodies(between, clicks).labels.array[::PARTS])
            shipped += central_dice(axial, spines.segment_bodies(axial.image, clicks).labels.array)
    lines = [[name, " / ".join(f"{np.percentile(values, p):.3f}" for p in (50, 5, 0))] for name, values in rows.items()]
    sys.stdout.write(table(["labels", "near the midline, median / 5th / worst"], lines) + "\n")


if __name__ == "__main__":
    main()
