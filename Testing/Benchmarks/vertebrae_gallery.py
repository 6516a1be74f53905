"""Pictures of all bodies found in the labelled spines: ``python Testing/Benchmarks/vertebrae_gallery.py [PICTURE …]``.

They go to ``build/benchmarks/vertebrae`` and stay there, because the licence of the images does not allow to publish them. A row has the
ten spines, cut sagittally through the middle of L3 to L5: found in red, labelled in green, both in yellow; a doubted body has a blue
square in its middle. The cropped spine follows in a picture of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / path) for path in ("Testing", "MarrowQuant")]

from bench import BUILD  # noqa: E402
from helpers import spines  # noqa: E402 (after the path)
from MarrowQuantLib.vertebrae import BodySegmentation  # noqa: E402
from scipy import ndimage  # noqa: E402

FOLDER = BUILD / "vertebrae"
PIXEL_MM = 0.75
BEFORE_MM, BEHIND_MM, ABOVE_MM, BELOW_MM = 45.0, 40.0, 40.0, 45.0  # seen about the first and the last centre
RED, GREEN, YELLOW, BLUE = (230, 40, 40), (40, 220, 60), (240, 230, 60), (60, 120, 255)


def panel(case: spines.Spine, found: BodySegmentation) -> np.ndarray:
    """One spine, RGB, shape (rows, columns, 3): cranial above, anterior on the left."""
    centers = np.array([body.center_ras for body in found.bodies])
    s = np.arange(centers[:, 2].max() + ABOVE_MM, centers[:, 2].min() - BELOW_MM, -PIXEL_MM)
    a = np.arange(centers[:, 1].max() + BEFORE_MM, centers[:, 1].min() - BEHIND_MM, -PIXEL_MM)
    right = np.median(centers[-3:, 0])
    ras = np.stack(np.broadcast_arrays(right, a[None, :], s[:, None]), axis=-1)
    inverse = np.linalg.inv(case.image.ijk_to_ras)
    at = np.moveaxis((ras @ inverse[:3, :3].T + inverse[:3, 3])[..., ::-1], -1, 0)
    grey = ndimage.map_coordinates(case.image.array, at, order=1)
    low, high = np.percentile(grey, (1, 99))
    rgb = np.repeat((255 * np.clip((grey - low) / (high - low), 0, 1))[..., None], 3, axis=-1).astype(np.uint8)
    mine, true = (_edges(ndimage.map_coordinates(labels, at, order=0)) for labels in (found.labels.array, case.truth))
    rgb[mine], rgb[true], rgb[mine & true] = RED, GREEN, YELLOW
    for body in found.bodies:
        if body.findings:
            row, column = int((s[0] - body.center_ras[2]) / PIXEL_MM), int((a[0] - body.center_ras[1]) / PIXEL_MM)
            rgb[row - 2 : row + 3, column - 2 : column + 3] = BLUE
    return rgb


def _edges(labels: np.ndarray) -> np.ndarray:
    """The outermost pixels of every label."""
    return (labels > 0) & (ndimage.minimum_filter(labels, 3) < labels)


def write(path: Path, panels: list[np.ndarray]) -> None:
    """Panels side by side as one PNG."""
    rows = max(len(each) for each in panels)
    padded = [np.pad(each, ((0, rows - len(each)), (0, 4), (0, 0))) for each in panels]
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(np.concatenate(padded, axis=1), isVector=True)
    sitk.WriteImage(image, str(path), useCompression=True, compressionLevel=9)


def main() -> None:
    for name in sys.argv[1:] or spines.VARIANTS:
        cases = {number: spines.VARIANTS[name](spines.spine(number)) for number in range(1, 11)}
        panels = [panel(case, spines.segment_bodies(case.image, spines.clicks(case, number, 0))) for number, case in cases.items()]
        write(FOLDER / f"{name.replace(' ', '-')}.png", panels)
    case = spines.cropped_spine()
    clicks = [spines.clicks_on_crop(case, draw) for draw in range(10)]
    write(FOLDER / "cropped.png", [panel(case, spines.segment_bodies(case.image, each)) for each in clicks])


if __name__ == "__main__":
    main()
