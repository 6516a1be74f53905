"""Pictures of the simulated patient's pelvis, clicks in its ten places, and how much of an ROI lies in the bone's marrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from MarrowQuantLib.model import VertebraROI, Volume
from MarrowQuantLib.phantom import patient, sampling
from MarrowQuantLib.phantom.stories import find_story

from . import simulated_spine, spines

SPACING_MM = (1.5, 1.5, 3.0)
_LOW, _HIGH = np.array([-165.0, -115.0, -285.0]), np.array([165.0, 65.0, -50.0])
_PLACES = {  # in the patient's own frame, right side; the material of its marrow
    "posterior iliac crest": ((58.0, -58.0, -94.0), "{side} pelvis"),
    "iliac wing": ((94.0, -14.0, -90.0), "{side} pelvis"),
    "acetabulum": ((90.0, -4.0, -150.0), "{side} pelvis"),
    "proximal femur": ((96.0, 2.0, -190.0), "{side} femur"),
}


@dataclass(frozen=True)
class SimulatedPelvis:
    """``pictures`` by name, and by place its true ``centers`` (RAS mm) and ``materials``."""

    body: Any
    pictures: dict[str, Volume]
    centers: dict[str, np.ndarray]
    materials: dict[str, str]

    def click(self, place: str, draw: int) -> np.ndarray:
        """A point some mm off the centre, RAS mm."""
        return self.centers[place] + np.random.default_rng([draw, len(place)]).normal(0, spines.CLICK_ERROR_MM / 2, 3)

    def part_inside(self, roi: VertebraROI) -> float:
        """Part of an ellipsoid that lies in the marrow of its bone, sampled at 0.5 mm."""
        reach = float(np.max(roi.radii_mm)) + 1.0
        n = int(np.ceil(2 * reach / 1.0))
        matrix = np.eye(4)
        matrix[:3, 3] = roi.center_ras - (n - 1) / 2
        samples = sampling.sample(self.body, matrix, (n, n, n))
        name = self.materials[roi.level]
        wanted = np.array([float(material == name or material[0] == "F") for material in self.body.materials])  # F1 … are lesions
        mean = samples.mean(wanted)
        k, j, i = np.indices(mean.shape)
        points = np.stack([i, j, k], axis=-1) + matrix[:3, 3]
        inside = ((((points - roi.center_ras) @ roi.axes) / roi.radii_mm) ** 2).sum(axis=-1) < 1
        return float(mean[inside].mean())


def simulated_pelvis(story: str = "responder", exam: int = 1) -> SimulatedPelvis:
    """Two spin echoes of the pelvis."""
    body = patient.make_body(find_story(story), exam)
    matrix = np.diag([*SPACING_MM, 1.0])
    matrix[:3, 3] = body.to_ras(_LOW)
    size = np.rint((_HIGH - _LOW) / SPACING_MM).astype(int)
    samples = sampling.sample(body, matrix, tuple(size[::-1]))
    pictures = {name: simulated_spine._spin_echo(body, samples, *times) for name, times in simulated_spine.SPIN_ECHO_MS.items()}
    centers, materials = {}, {}
    for side, sign in (("right", 1.0), ("left", -1.0)):
        for name, (center, material) in _PLACES.items():
            centers[f"{side} {name}"] = body.to_ras(np.array(center) * [sign, 1.0, 1.0])
            materials[f"{side} {name}"] = material.format(side=side)
        centers[f"{side} sacral ala"] = body.to_ras(body.column["S1"].at(sign * 38, -9, -8))
        materials[f"{side} sacral ala"] = "sacrum"
    return SimulatedPelvis(body, pictures, centers, materials)
