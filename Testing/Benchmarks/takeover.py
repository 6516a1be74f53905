"""Write what ``Docs/vertebrae.md`` says about labels that are taken over and about displaced diffusion images.

``python Testing/Benchmarks/takeover.py``; about a minute.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MarrowQuant")]

from bench import table  # noqa: E402
from helpers import spines  # noqa: E402 (after the path)
from helpers.lumbar import displaced, lumbar_exam  # noqa: E402
from MarrowQuantLib.io import imagefiles  # noqa: E402
from MarrowQuantLib.model import Volume  # noqa: E402
from MarrowQuantLib.phantom.shapes import Drum, Part, paint  # noqa: E402
from MarrowQuantLib.phantom.spine import _posterior_elements, vertebrae  # noqa: E402
from MarrowQuantLib.vertebrae import LabelledVertebrae, find_shift, paint_bodies, rasterise, take_over  # noqa: E402
from MarrowQuantLib.vertebrae.segfile import cut_to_box  # noqa: E402
from vertebrae import write_sections  # noqa: E402

SAMPLE = ROOT.parent / "shared" / "data" / "spine_labels" / "tptbox"
COLUMN = ("T12", "L1", "L2", "L3", "L4", "L5")
SHIFTS_MM = ((0, 0, 0), (0, 4, 0), (0, -4, 0), (2, -6, 3), (-3, 8, -2))


def row(labels: Volume, levels: tuple[str, ...], bodies: np.ndarray) -> dict[str, np.ndarray]:
    """Take labels 1, 2 … over and compare with the true bodies on the same grid."""
    masks = {level: cut_to_box(labels, labels.array == n) for n, level in enumerate(levels, start=1)}
    start = time.process_time()
    found = take_over(LabelledVertebrae(masks, (), labels))
    seconds = time.process_time() - start
    painted, image = paint_bodies(found, labels).array, labels.like(labels.array.astype(np.float32))
    inside = [bodies[rasterise(body.roi, image).mask()] == n for n, body in enumerate(found.bodies, start=1)]
    return {
        "dice": np.array([spines.dice(painted == n, bodies == n) for n in range(1, len(levels) + 1)]),
        "inside": np.array([part.mean() for part in inside]),
        "ml": np.array([4 / 3 * np.pi * np.prod(body.roi.radii_mm) / 1000 for body in found.bodies]),
        "seconds": np.array([seconds / len(levels)]),
    }


def simulated(spacing: tuple[float, ...]) -> tuple[Volume, np.ndarray]:
    """Whole vertebrae of the digital patient, and their bodies."""
    matrix = np.diag([*spacing, 1.0])
    matrix[:3, 3] = -60, -90, -120
    shape = tuple(int(length / step) for length, step in zip((260, 140, 120), spacing[::-1]))
    whole, bodies = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    for number, level in enumerate(COLUMN, start=1):
        vertebra = vertebrae()[level]
        body = Part(Drum(vertebra.center, vertebra.radii, vertebra.axes), "bone")
        arch = [Part(part.shape, "bone") for part in _posterior_elements(vertebra)]
        whole[paint([*arch, body], {"bone": 1}, shape, matrix) > 0] = number
        bodies[paint([body], {"bone": 1}, shape, matrix) > 0] = number
    return Volume(whole, matrix), bodies


def takeover_table() -> str:
    rows = {}
    for variant in ("as acquired", "4 mm sagittal", "4 mm axial"):
        cases = [spines.VARIANTS[variant](spines.spine(number)) for number in range(1, 11)]
        found = [row(case.image.like(case.truth.astype(np.int32)), spines.LUMBAR, case.truth) for case in cases]
        rows[f"ten lumbar spines, labels of bodies, {variant}"] = {key: np.concatenate([one[key] for one in found]) for key in found[0]}
    vertebra, parts = (imagefiles.read_volumes(SAMPLE / f"sub-mri_seg-{name}_label-6_msk.nii.gz")[0].array for name in ("vert", "subreg"))
    whole = imagefiles.read_volumes(SAMPLE / "sub-mri_seg-vert_label-6_msk.nii.gz")[0]
    labels = np.where(np.isin(vertebra, (6, 7)), vertebra - 5, 0).astype(np.int32)  # the third one is cut by the picture's edge
    rows["TPTBox sample, two whole vertebrae"] = row(whole.like(labels), ("L1", "L2"), np.where(parts == 49, labels, 0))
    for spacing in ((1, 1, 1), (3, 3, 3), (4, 1, 1), (1, 1, 4)):
        labels, bodies = simulated(spacing)
        rows[f"digital patient, six whole vertebrae, {' × '.join(map(str, spacing))} mm"] = row(labels, COLUMN, bodies)
    head = ["labels", "Dice of the bodies, lowest", "ROI inside, lowest", "smallest ROI (mL)", "CPU a level (s)"]
    lines = []
    for name, found in rows.items():
        numbers = f"{found['dice'].min():.3f}", f"{found['inside'].min():.3f}", f"{found['ml'].min():.1f}", f"{found['seconds'].mean():.2f}"
        lines.append([name, *numbers])
    return table(head, lines)


def shift_table() -> str:
    maps, rois = lumbar_exam()
    lines = []
    for reference in ("in_phase", "water", "ff"):
        start = time.process_time()
        found = [find_shift(maps[reference], displaced(maps, mm)["dwi_low"], rois) for mm in SHIFTS_MM]
        seconds = (time.process_time() - start) / len(SHIFTS_MM)
        errors = [np.abs(shift.mm - mm).max() for shift, mm in zip(found, SHIFTS_MM)]
        lines.append([reference, f"{errors[0]:.2f}", f"{max(errors[1:]):.2f}", f"{seconds:.2f}"])
    head = ["Dixon image", "aligned: largest component found (mm)", "displaced by 4–9 mm: largest error on an axis (mm)", "CPU (s)"]
    return table(head, lines)


if __name__ == "__main__":
    write_sections({"takeover": takeover_table(), "shifts": shift_table()})
