"""Pictures of the simulated patient's spine, the true bodies in it, and clicks on them; shared by tests and benchmarks.

Six contrasts of the lumbar spine, as the Dixon exam shows it, and two spin echoes of any part of the column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from MarrowQuantLib.model import Role, VertebraROI, Volume
from MarrowQuantLib.phantom import dixon, patient, sampling
from MarrowQuantLib.phantom.stories import find_story
from MarrowQuantLib.vertebrae import BodySegmentation, levels_between

from . import spines

# Relaxation times of water and fat in ms at 3 T, (T1, T2), our choice: rounded, so that the contrasts are those that a radiologist knows.
WATER_MS = {
    "csf": (4000.0, 1500.0),
    "disc": (1200.0, 80.0),
    "muscle": (1400.0, 35.0),
    "blood": (1900.0, 150.0),
    "bladder": (4000.0, 1500.0),
}
OTHER_WATER_MS = (1100.0, 50.0)
FAT_MS = (370.0, 70.0)
SPIN_ECHO_MS = {"T1": (600.0, 10.0), "T2": (4000.0, 90.0)}  # repetition time, echo time
LUMBAR_SPACING_MM = 36.0
PICTURES = {"water": Role.WATER, "fat": Role.FAT, "in phase": Role.IN_PHASE, "FF": Role.PDFF}


@dataclass(frozen=True)
class SimulatedSpine:
    """``pictures`` by name, the body they are of, and the true ``centers`` of the levels in view, cranial first, RAS mm."""

    body: Any
    pictures: dict[str, Volume]
    centers: dict[str, np.ndarray]
    click_error_mm: float = spines.CLICK_ERROR_MM

    def case(self, name: str) -> spines.Spine:
        """A picture with the true bodies on its grid."""
        image = self.pictures[name]
        kji = np.indices(image.array.shape).reshape(3, -1)
        ras = kji[::-1].T @ image.ijk_to_ras[:3, :3].T + image.ijk_to_ras[:3, 3]
        truth = sum((n + 1) * self.inside(level, ras).reshape(image.array.shape) for n, level in enumerate(self.centers))
        return spines.Spine(image, truth, np.array(list(self.centers.values())))

    def clicks(self, seed: int = 0, levels: Sequence[str] = ()) -> dict[str, np.ndarray]:
        """On the first and the last level unless others are named; in the lumbar spine with the same error as on the real ones."""
        rng = np.random.default_rng(seed)
        first, *_, last = self.centers
        return {level: self.centers[level] + rng.normal(0, self.click_error_mm, 3) for level in levels or (first, last)}

    def measure(self, case: spines.Spine, found: BodySegmentation) -> dict[str, np.ndarray]:
        """As :func:`spines.measure`, with the part of each ROI inside the true body itself, not inside its voxels."""
        return {**spines.measure(case, found), "inside": np.array([self.part_inside(body.roi) for body in found.bodies])}

    def part_inside(self, roi: VertebraROI) -> float:
        """Part of an ellipsoid that lies inside the true body, from some 4000 points of its volume."""
        rng = np.random.default_rng(0)
        points = rng.uniform(-1, 1, (8000, 3))
        points = points[(points**2).sum(axis=1) < 1] * roi.radii_mm @ roi.axes.T + roi.center_ras
        return float(self.inside(roi.level, points).mean())

    def inside(self, level: str, points: np.ndarray) -> np.ndarray:
        """True where points, RAS mm, shape (..., 3), lie inside the true body."""
        own = (points - self.body.body_to_ras[:3, 3]) @ self.body.body_to_ras[:3, :3]
        return self.body.column[level].marrow.inside(*np.moveaxis(own, -1, 0))


def simulated_spine(story: str = "responder", exam: int = 0) -> SimulatedSpine:
    """The Dixon pictures that the simulator makes, and two spin echoes."""
    body = patient.make_body(find_story(story), exam)
    products = dixon.simulate_dixon(body, np.random.default_rng(1)).products
    samples = sampling.sample(body, dixon.dixon_grid(), dixon.SHAPE)
    spin_echoes = {name: _spin_echo(body, samples, *times) for name, times in SPIN_ECHO_MS.items()}
    pictures = {**spin_echoes, **{name: products[role] for name, role in PICTURES.items()}}
    return SimulatedSpine(body, pictures, {level: body.to_ras(body.column[level].center) for level in spines.LUMBAR})


PART_SPACING_MM = (1.2, 1.2, 3.3)  # within sagittal slices and across them: two spin echoes of any part of the column
_BESIDE_MM, _DEPTH_MM, _WIDTH_MM = 35.0, 150.0, 66.0  # seen above and below the outermost centres; front to back; left to right


def simulated_part(first: str, last: str, story: str = "responder", exam: int = 0) -> SimulatedSpine:
    """T1 and T2 pictures of the levels from one to another; the click's error shrinks with their distance."""
    body = patient.make_body(find_story(story), exam)
    centers = {level: body.to_ras(body.column[level].center) for level in levels_between(first, last)}
    upper, lower = centers[first], centers[last]
    step = np.array(PART_SPACING_MM)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]) * step
    size = np.rint(np.array([_DEPTH_MM, np.linalg.norm(upper - lower) + 2 * _BESIDE_MM, _WIDTH_MM]) / step).astype(int)
    matrix[:3, 3] = (upper + lower) / 2 - matrix[:3, :3] @ (size - 1) / 2
    samples = sampling.sample(body, matrix, tuple(size[::-1]))
    spacing = np.linalg.norm(np.diff(list(centers.values()), axis=0), axis=1).min()
    pictures = {name: _spin_echo(body, samples, *times) for name, times in SPIN_ECHO_MS.items()}
    return SimulatedSpine(body, pictures, centers, min(1.0, spacing / LUMBAR_SPACING_MM) * spines.CLICK_ERROR_MM)


def _spin_echo(body: Any, samples: Any, repetition_ms: float, echo_ms: float) -> Volume:
    """Signal of a spin echo, M (1 - exp(-TR / T1)) exp(-TE / T2) for water and for fat, with noise of 0.01."""
    density, fraction = body.table("density", "ff")

    def weight(t1: float, t2: float) -> float:
        return (1 - np.exp(-repetition_ms / t1)) * np.exp(-echo_ms / t2)

    water = np.array([weight(*WATER_MS.get(name, OTHER_WATER_MS)) for name in body.materials])
    mean = samples.mean(density * ((1 - fraction / 100) * water + fraction / 100 * weight(*FAT_MS)))
    noise = np.random.default_rng(3).normal(0, 0.01, mean.shape)
    return Volume((mean + noise).astype(np.float32), samples.ijk_to_ras)
