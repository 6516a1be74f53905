"""A lumbar spine of the digital patient for registration: as it lies at either exam, or bent at every vertebra by a known amount."""

from __future__ import annotations

import numpy as np
from MarrowQuantLib.model import Role, VertebraROI, Volume
from MarrowQuantLib.phantom.patient import make_body
from MarrowQuantLib.phantom.sampling import sample
from MarrowQuantLib.phantom.stories import find_story
from scipy import ndimage
from scipy.spatial.transform import Rotation

LEVELS = ("L1", "L2", "L3", "L4", "L5")
SHAPE = (20, 128, 80)


def picture(exam: int) -> tuple[Volume, list[VertebraROI]]:
    """Proton density of the lumbar spine with noise, sagittal slices of 4 mm, and the true bodies."""
    body = make_body(find_story("responder"), exam)
    matrix = np.array([[0.0, 0.0, 4.0, -38.0], [-2.0, 0.0, 0.0, 80.0], [0.0, -2.0, 0.0, 130.0], [0.0, 0.0, 0.0, 1.0]])
    density, fat = body.table("density", "ff")
    signal = sample(body, matrix, SHAPE).mean(1000 * density * (1 - 0.3 * fat / 100))
    noisy = signal + np.random.default_rng(exam).normal(0, 15, SHAPE)
    rois = [
        VertebraROI(n, body.to_ras(body.column[n].center), body.body_to_ras[:3, :3] @ body.column[n].axes, np.array([12.0, 9.0, 7.0]))
        for n in LEVELS
    ]
    return Volume(noisy.astype(np.float32), matrix, Role.IN_PHASE), rois


def bent(volume: Volume, rois: list[VertebraROI], seed: int) -> tuple[Volume, list[np.ndarray]]:
    """Every vertebra turned by up to 10° and moved by up to 15 mm; the tissue between them follows both. Returns the true centres too."""
    rng = np.random.default_rng(seed)
    together = rng.normal(size=3)
    together *= 9 / np.linalg.norm(together)
    moves = []
    for roi in rois:
        own, axis = rng.normal(size=3), rng.normal(size=3)
        own *= rng.uniform(0, 6) / np.linalg.norm(own)
        turn = Rotation.from_rotvec(np.radians(rng.uniform(5, 10)) * axis / np.linalg.norm(axis)).as_matrix()
        moves.append((turn, roi.center_ras, roi.center_ras + together + own))
    k, j, i = np.indices(volume.array.shape)
    points = (np.stack([i, j, k, np.ones_like(i)], axis=-1) @ volume.ijk_to_ras.T)[..., :3]
    weights = np.array([np.exp(-0.5 * (np.linalg.norm(points - to, axis=-1) / 10) ** 2) + 1e-12 for _, _, to in moves])
    weights /= weights.sum(axis=0)
    origin = sum(w[..., None] * ((points - to) @ turn + at) for w, (turn, at, to) in zip(weights, moves))
    inverse = np.linalg.inv(volume.ijk_to_ras)
    index = (origin @ inverse[:3, :3].T + inverse[:3, 3])[..., ::-1]
    return volume.like(ndimage.map_coordinates(volume.array, np.moveaxis(index, -1, 0), order=1)), [to for _, _, to in moves]
