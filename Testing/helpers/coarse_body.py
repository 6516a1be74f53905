"""A coarse synthetic body for the tumour load, and a reader's decision on it."""

from __future__ import annotations

import numpy as np
from MarrowQuantLib.model import Volume

SHAPE, SPACING = (60, 48, 64), np.array([7.0, 7.0, 15.0])  # an adult from vertex to knee, 900 mm
MUSCLE = 100.0


def grid():
    matrix = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])
    matrix[:3, 3] = [SPACING[0] * 31.5, SPACING[1] * 23.5, 0.0]
    return matrix


def positions():
    k, j, i = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    m = grid()
    return np.stack(np.broadcast_arrays(m[0, 0] * i + m[0, 3], m[1, 1] * j + m[1, 3], m[2, 2] * k), axis=-1)


def ellipsoid(center, radii):
    return (((positions() - center) / radii) ** 2).sum(axis=-1) < 1


LESIONS = {"left rib": ((-125, 10, 560), (16, 16, 30)), "L3": ((0, -40, 400), (24, 20, 34)), "sternum": ((0, 75, 620), (14, 14, 45))}
ORGANS = {"brain": ((0, 0, 810), (68, 82, 80)), "spleen": ((-88, -20, 475), (28, 40, 50))}


def body(seed=0):
    """High-b image and ADC map: muscle all over, marrow, brain, spleen, cord, two kidneys, bladder, three lesions, noise and air."""
    rng = np.random.default_rng(seed)
    x, y, z = np.moveaxis(positions(), -1, 0)
    signal, adc = np.zeros(SHAPE), np.full(SHAPE, np.nan)

    def paint(where, ratio, value):
        signal[where], adc[where] = ratio * MUSCLE, value

    paint(((x / 165) ** 2 + (y / 105) ** 2 < 1) & (z < 690), 1.0, 1500)
    paint((x**2 + y**2 < 60**2) & (z < 760), 1.0, 1500)
    paint(ellipsoid((0, 0, 810), (82, 98, 92)), 1.0, 1500)
    paint(((x / 22) ** 2 + ((y + 40) / 20) ** 2 < 1) & (z > 250) & (z < 700), 3.2, 420)
    paint((np.abs(x) < 7) & (np.abs(y + 68) < 7) & (z > 430) & (z < 720), 6.0, 950)
    for side in (-1, 1):
        paint(ellipsoid((side * 62, -30, 330), (26, 26, 55)), 6.0, 1350)
    paint(ellipsoid((0, 30, 180), (35, 35, 40)), 6.0, 3000)
    for center, radii in ORGANS.values():
        paint(ellipsoid(center, radii), 8.0, 780)
    for center, radii in LESIONS.values():
        paint(ellipsoid(center, radii), 9.0, 900)
    noise = rng.normal(0, 4, (2, *SHAPE))
    signal = np.hypot(signal + noise[0], noise[1])
    adc += rng.normal(0, 30, SHAPE)
    matrix = grid()
    return Volume(signal.astype(np.float32), matrix, name="b900"), Volume(adc.astype(np.float32), matrix, name="ADC")


def decided(session, burden, label, state):
    """The tumour load at the default thresholds after the reader's word on one of its components."""
    session.decide(burden.components[label - 1].centroid_ras, state)
    return session.update()
