"""The ten labelled lumbar spines, a cropped one, and what a segmentation from clicks reaches; shared by tests and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np
from MarrowQuantLib.io.imagefiles import read_volumes
from MarrowQuantLib.model import Volume
from MarrowQuantLib.vertebrae import BodySegmentation, rasterise, segment_bodies
from scipy import io, ndimage

from .studies import STUDIES

SPINE_LABELS = STUDIES / "spine_labels"
SPINES, CROP = SPINE_LABELS / "lumbar_t1", SPINE_LABELS / "tptbox"
LUMBAR = ("L1", "L2", "L3", "L4", "L5")
CLICK_ERROR_MM = 4.0  # standard deviation along each axis
MIDLINE_MM = 16.0
CLICKED = ("L1", "L5")


@dataclass(frozen=True)
class Spine:
    image: Volume
    truth: np.ndarray  # 1 … 5 = L1 … L5
    centers: np.ndarray


def spine(number: int) -> Spine:
    """Case 1 … 10; indices grow towards the feet, to the back and to the right."""
    case = io.loadmat(SPINES / f"{number:02d}.mat")
    centers = np.array(ndimage.center_of_mass(np.ones_like(case["GT"]), case["GT"], range(1, 6)))[:, ::-1] * [1, -1, -1]
    return Spine(Volume(case["I"].astype(np.float32), np.diag([1.0, -1.0, -1.0, 1.0]), name="T1"), case["GT"], centers)


def clicks(case: Spine, number: int, draw: int) -> dict[str, np.ndarray]:
    """What a reader with a steady but inaccurate hand would click."""
    rng = np.random.default_rng([draw, number])
    return {level: case.centers[LUMBAR.index(level)] + rng.normal(0, CLICK_ERROR_MM, 3) for level in CLICKED}


CROP_LEVELS = ("L3", "L4")
_CROP_BODIES = (6, 7)  # vertebra numbers of the two bodies that are in view, all of the first and most of the second
_CORPUS = 49  # sub-region number


def cropped_spine() -> Spine:
    """T2 crop of 78 mm (TPTBox sample) with noise as strong as its marrow's texture; levels unknown, named L3 and L4 here."""
    image = read_volumes(CROP / "sub-mri_label-6_T2w.nii.gz")[0]
    vertebra, region = (read_volumes(CROP / f"sub-mri_seg-{kind}_label-6_msk.nii.gz")[0].array for kind in ("vert", "subreg"))
    truth = sum((n + 1) * ((vertebra == number) & (region == _CORPUS)) for n, number in enumerate(_CROP_BODIES))
    index = np.array(ndimage.center_of_mass(np.ones_like(truth), truth, (1, 2)))[:, ::-1]
    return Spine(image, truth, index @ image.ijk_to_ras[:3, :3].T + image.ijk_to_ras[:3, 3])


def clicks_on_crop(case: Spine, draw: int, levels: Sequence[str] = CROP_LEVELS) -> dict[str, np.ndarray]:
    """As :func:`clicks`, in one body or in both."""
    rng = np.random.default_rng([draw, len(levels)])
    return {level: center + rng.normal(0, CLICK_ERROR_MM, 3) for level, center in zip(levels, case.centers)}


def inverted(case: Spine) -> Spine:
    return Spine(case.image.like(255 - case.image.array), case.truth, case.centers)


def stack(case: Spine, axis: int, thickness: int) -> Spine:
    """Slices of 2 or more mm along an array axis, each about a slice of 1 mm, whose label is the label of their middle; the first is the
    third."""
    weights = np.convolve(np.ones(thickness), [0.5, 0.5]) if thickness % 2 == 0 else np.ones(thickness)
    mean = ndimage.correlate1d(case.image.array, weights / thickness, axis=axis)
    step, start = np.eye(4), np.zeros(4)
    step[2 - axis, 2 - axis], start[2 - axis] = thickness, 2
    matrix = case.image.ijk_to_ras @ step
    matrix[:3, 3] += (case.image.ijk_to_ras @ start)[:3]
    taken = (*[slice(None)] * axis, slice(2, -2, thickness))
    return Spine(Volume(mean[taken], matrix, name="T1"), case.truth[taken], case.centers)


def thick_slices(case: Spine) -> Spine:
    """Sagittal slices of 4 mm."""
    return stack(case, 2, 4)


def axial_slices(case: Spine) -> Spine:
    """Axial slices of 4 mm, in-plane 1 mm."""
    return stack(case, 0, 4)


def shaded_and_noisy(case: Spine) -> Spine:
    """A coil that sees four times as much at the back as in front and fades along the column, and noise of 8 of 255 (Rician)."""
    k, j = (np.linspace(0, 1, n) for n in case.truth.shape[:2])
    gain = 4.0 ** (j[None, :, None] - 0.5) * (0.6 + 0.8 * k[:, None, None])
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 8, (2, *case.truth.shape))
    signal = np.hypot(case.image.array * gain + noise[0], noise[1]).astype(np.float32)
    return Spine(case.image.like(signal), case.truth, case.centers)


def bent(case: Spine, sagitta_mm: int) -> Spine:
    """The column bent to the right as in scoliosis, by whole voxels: not at L1 and L5, the most half-way between them."""
    first, last = -case.centers[[0, -1], 2]
    rows = np.arange(len(case.truth))
    moves = np.rint(sagitta_mm * np.sin(np.pi * np.clip((rows - first) / (last - first), 0, 1))).astype(int)
    columns = np.clip(np.arange(case.truth.shape[2]) - moves[:, None], 0, case.truth.shape[2] - 1)[:, None]
    image, truth = (np.take_along_axis(values, columns, axis=2) for values in (case.image.array, case.truth))
    right = case.centers[:, 0] + np.interp(-case.centers[:, 2], rows, moves)
    return Spine(case.image.like(image), truth, np.column_stack([right, case.centers[:, 1:]]))


VARIANTS: dict[str, Callable[[Spine], Spine]] = {
    "as acquired": lambda case: case,
    "inverted": inverted,
    "4 mm sagittal": thick_slices,
    "4 mm axial": axial_slices,
    "shading and noise": shaded_and_noisy,
}


def measure(case: Spine, found: BodySegmentation) -> dict[str, np.ndarray]:
    """Per level: Dice, Dice near the midline, centre error in mm and its part towards anterior, part of the ROI inside the true body, ROI
    volume in mL, right level, whether the level is doubted, and its uncertainty."""
    names = ("dice", "central", "error", "anterior", "inside", "roi_ml", "level", "doubted", "uncertainty")
    rows: dict[str, list[float]] = {name: [] for name in names}
    k, j, i = np.ogrid[tuple(slice(n) for n in case.truth.shape)]
    right = case.image.ijk_to_ras[0] @ np.array([i, j, k, 1.0], dtype=object)
    for n, body in enumerate(found.bodies):
        mine, true = found.labels.array == n + 1, case.truth == n + 1
        central = np.abs(right - case.centers[n, 0]) <= MIDLINE_MM
        rows["dice"].append(dice(mine, true))
        rows["central"].append(dice(mine & central, true & central))
        rows["error"].append(float(np.linalg.norm(body.center_ras - case.centers[n])))
        rows["anterior"].append(float(body.axes[:, 1] @ (body.center_ras - case.centers[n])))
        mask = rasterise(body.roi, case.image).mask()
        rows["inside"].append(float(true[mask].mean()))
        rows["roi_ml"].append(float(np.prod(body.roi.radii_mm) * 4 / 3 * np.pi / 1000))
        rows["level"].append(float(np.argmin(np.linalg.norm(case.centers - body.center_ras, axis=1)) == n))
        rows["doubted"].append(float(bool(body.findings)))
        rows["uncertainty"].append(body.uncertainty)
    return {name: np.array(values) for name, values in rows.items()}


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def run(case: Spine, number: int, draw: int) -> tuple[BodySegmentation, dict[str, np.ndarray]]:
    found = segment_bodies(case.image, clicks(case, number, draw))
    return found, measure(case, found)
