"""The digital patient's lumbar spine, with diffusion images on their own grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from MarrowQuantLib.model import Role, VertebraROI, Volume
from MarrowQuantLib.phantom import dixon, dwi
from MarrowQuantLib.phantom.patient import make_body
from MarrowQuantLib.phantom.sampling import sample
from MarrowQuantLib.phantom.stories import find_story

LUMBAR = ("L1", "L2", "L3", "L4", "L5")


def lumbar_exam():
    """Maps of the digital patient's lumbar spine, with diffusion images on their own grid, and ROIs in the true bodies."""
    body = make_body(find_story("responder"), 0)
    rng = np.random.default_rng(3)
    products = dixon.simulate_dixon(body, rng).products
    matrix = dwi.dwi_grid()
    matrix[2, 3] = -150.0
    samples = sample(body, matrix, (50, dwi.ROWS, dwi.COLUMNS))
    images = [noisy(samples.mean(dwi.material_signal(body, b)), rng) for b in (50.0, 900.0)]
    low, high = (Volume(image, matrix, Role.DWI, name=name) for image, name in zip(images, ("b50", "b900")))
    adc = low.like((1e6 * np.log(low.array / high.array) / 850).astype(np.float32), role=Role.ADC, unit="µm²/s", name="ADC")
    maps = {"ff": products[Role.PDFF], "water": products[Role.WATER], "in_phase": products[Role.IN_PHASE]}
    vertebrae = [body.column[level] for level in LUMBAR]
    axes = body.body_to_ras[:3, :3]
    rois = [VertebraROI(v.level, body.to_ras(v.center), axes @ v.axes, np.array([12.0, 9.0, 7.0])) for v in vertebrae]
    return {**maps, "dwi_low": low, "adc": adc}, rois


def noisy(signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = dwi.NOISE * rng.standard_normal((2, *signal.shape), dtype=np.float32)
    return np.hypot(signal + noise[0], noise[1])


def displaced(maps, mm):
    """The diffusion images as if everything in them lay elsewhere by ``mm`` (R, A, S)."""
    moved = dict(maps)
    for key in ("dwi_low", "adc"):
        matrix = maps[key].ijk_to_ras.copy()
        matrix[:3, 3] += mm
        moved[key] = replace(maps[key], ijk_to_ras=matrix)
    return moved
