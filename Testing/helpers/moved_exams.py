"""The two small exams with texture to register; at follow-up the patient lies elsewhere."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from MarrowQuantLib.model import Role

from . import fake_exams

SHIFT = np.array([6.0, -6.0, 12.0])  # RAS mm, whole voxels of the diffusion grid
LABELS = ("baseline", "follow-up")
BLOBS = np.random.default_rng(5).uniform((-60, -60, -110, -1), (60, 60, 110, 1), (80, 4))


def tissue(volume, shift):
    """Smooth texture that moves with the patient, on a volume's grid."""
    k, j, i = np.indices(volume.array.shape, dtype=float)
    points = np.stack([i, j, k], axis=-1) @ volume.ijk_to_ras[:3, :3].T + volume.ijk_to_ras[:3, 3] - shift
    values = sum(b[3] * np.exp(-np.sum((points - b[:3]) ** 2, axis=-1) / (2 * 15.0**2)) for b in BLOBS)
    return (300 + 100 * values).astype(np.float32)


@functools.lru_cache(maxsize=2)
def exam_maps(label):
    """The exam of ``fake_exams`` with water and low-b images that show texture, moved by ``SHIFT`` at follow-up."""
    maps = fake_exams.exam_maps(label)
    shift = SHIFT if label == "follow-up" else np.zeros(3)
    steps = np.rint(shift / 6.0).astype(int)
    found = dict(maps.maps)
    for key in ("dwi_high", "adc"):
        found[key] = found[key].like(np.roll(found[key].array, tuple(steps[::-1]), axis=(0, 1, 2)))
    found["water"] = found["water"].like(tissue(found["water"], shift))
    found["dwi_low"] = found["dwi_high"].like(tissue(found["dwi_high"], shift), role=Role.DWI, name="b50", b_value=50.0)
    return dataclasses.replace(maps, maps=found)
