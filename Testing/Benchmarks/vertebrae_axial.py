"""What thick slices cost near the midline: ``python Testing/Benchmarks/vertebrae_axial.py [--draws 2]`` prints both tables of
``Docs/vertebrae.md``.

The first takes axial slices of 4 mm. A body found on slices of 1 mm and cut at every fourth slice has lost nothing but resolution of the
label; a true label taken through the 4 mm grid and back tells how much detail that grid holds; slices already divided to 1 mm by linear or
cubic interpolation, which the search uses as they are, tell what the way of dividing them is worth. The second takes other slices.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import spines  # noqa: E402 (after the path)
from MarrowQuantLib.model import Volume  # noqa: E402
from scipy import ndimage  # noqa: E402
from scipy.interpolate import make_interp_spline  # noqa: E402

PARTS = 4
SLICES = slice(2, -2, PARTS)  # as spines.axial_slices takes them
LINEAR, CUBIC = 1, 3
AXIAL, CORONAL = 0, 1  # array axis across the slices
OTHER_SLICES = {
    "axial 2 mm": (AXIAL, 2),
    "axial 3 mm": (AXIAL, 3),
    "axial 5 mm": (AXIAL, 5),
    "axial 6 mm": (AXIAL, 6),
    "coronal 4 mm": (CORONAL, 4),
}


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


def found_on_divided(case: spines.Spine, clicks: dict[str, np.ndarray], axis: int, parts: int, degree: int) -> np.ndarray:
    """Labels on the slices of ``case``, found with ``parts - 1`` slices more between every two, by a spline of this degree."""
    count = case.truth.shape[axis]
    places = np.arange((count - 1) * parts + 1) / parts
    values = make_interp_spline(np.arange(count), case.image.array, k=degree, axis=axis)(places).astype(np.float32)
    step = np.ones(4)
    step[2 - axis] = 1 / parts
    divided = Volume(values, case.image.ijk_to_ras @ np.diag(step), name=case.image.name)
    labels = spines.segment_bodies(divided, clicks).labels.array
    return np.moveaxis(np.moveaxis(labels, axis, 0)[::parts], 0, axis)


def axial_table(draws: int) -> str:
    """Axial slices of 4 mm: what the grid holds, and what each way of dividing the slices finds."""
    rows: dict[str, list[float]] = {
        "true label, through the 4 mm slices and back": [],
        "found on 1 mm slices, cut at every fourth": [],
        "found on 4 mm slices, linear between them": [],
        "found on 4 mm slices, cubic between them": [],
        "found on 4 mm slices (as shipped)": [],
    }
    bound, cut, linear, cubic, shipped = rows.values()
    for number in range(1, 11):
        full = spines.spine(number)
        axial = spines.axial_slices(full)
        bound += central_dice(full, there_and_back(full))
        for draw in range(draws):
            clicks = spines.clicks(full, number, draw)
            cut += central_dice(axial, spines.segment_bodies(full.image, clicks).labels.array[SLICES])
            linear += central_dice(axial, found_on_divided(axial, clicks, AXIAL, PARTS, LINEAR))
            cubic += central_dice(axial, found_on_divided(axial, clicks, AXIAL, PARTS, CUBIC))
            shipped += central_dice(axial, spines.segment_bodies(axial.image, clicks).labels.array)
    return table(["labels", "near the midline, median / 5th / worst"], [[name, _percentiles(values)] for name, values in rows.items()])


def other_slices_table(draws: int) -> str:
    """Slices of other thickness and direction, linear between them and as shipped."""
    lines = []
    for name, (axis, thickness) in OTHER_SLICES.items():
        linear: list[float] = []
        shipped: list[float] = []
        for number in range(1, 11):
            case = spines.stack(spines.spine(number), axis, thickness)
            for draw in range(draws):
                clicks = spines.clicks(case, number, draw)
                linear += central_dice(case, found_on_divided(case, clicks, axis, thickness, LINEAR))
                shipped += central_dice(case, spines.segment_bodies(case.image, clicks).labels.array)
        lines.append([name, _percentiles(linear), _percentiles(shipped)])
    return table(["slices", "linear between them", "as shipped"], lines)


def _percentiles(values: list[float]) -> str:
    return " / ".join(f"{np.percentile(values, p):.3f}" for p in (50, 5, 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2)
    draws = parser.parse_args().draws
    sys.stdout.write(f"{axial_table(draws)}\n\n{other_slices_table(draws)}\n")


if __name__ == "__main__":
    main()
