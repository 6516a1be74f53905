"""What an answer rests on, by taking parts of the pictures away: a whole body, or a small square of one.

Occlusion (Zeiler and Fergus 2014, ECCV) is the plainest of the explanations; saliency maps fail tests of trust (Arun 2021, Radiol Artif
Intell 3:e200267). A square is filled with the means of its own picture: that of the marrow inside the body, that of the rest outside. Size
and step are our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np
from scipy.ndimage import map_coordinates

from ..model import Volume
from ..report.images import ACCEPTED_RGB, PHYSIOLOGICAL_RGB, png
from ..vertebrae.segment import Body
from .patches import Preparation

WINDOW, STEP = 8, 8
_PICTURE_MM = 0.75  # a pixel of the picture
_OPACITY = 0.55
LogOdds = Callable[[np.ndarray], float]
"""From patches, shape (bodies, channels, rows, columns), to the log odds of the event."""


@dataclass(frozen=True)
class Occlusion:
    """Log odds with everything, less those without a part; above zero: the part speaks for the event.

    Attributes
    ----------
    body : ndarray, shape (bodies,)
        Zero where there is one body only.
    region : ndarray, shape (bodies, rows / STEP, columns / STEP)
    """

    body: np.ndarray
    region: np.ndarray


def occlude(patches: np.ndarray, marrow: np.ndarray, log_odds: LogOdds) -> Occlusion:
    """Take away every body, and every square, in turn.

    Parameters
    ----------
    patches : ndarray, shape (bodies, channels, rows, columns)
    marrow : ndarray of bool, shape (bodies, rows, columns)
    log_odds : callable
    """
    whole, n = log_odds(patches), len(patches)
    body = np.array([whole - log_odds(np.delete(patches, m, axis=0)) if n > 1 else 0.0 for m in range(n)])
    starts = range(0, patches.shape[2] - WINDOW + 1, STEP)
    region = np.zeros((n, len(starts), len(starts)))
    for m in range(n):
        inside = marrow[m] if marrow[m].any() else np.ones_like(marrow[m])
        fill = np.where(inside, _mean(patches[m], inside), _mean(patches[m], ~inside))
        for a, row in enumerate(starts):
            for b, column in enumerate(starts):
                changed = patches.copy()
                square = slice(row, row + WINDOW), slice(column, column + WINDOW)
                changed[m][:, square[0], square[1]] = fill[:, square[0], square[1]]
                region[m, a, b] = whole - log_odds(changed)
    return Occlusion(body, region)


def _mean(patch: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Mean of each channel in a region, shape (channels, 1, 1); 0 where the region is empty."""
    return (patch[:, where].mean(axis=1) if where.any() else np.zeros(len(patch)))[:, None, None]


def occlusion_picture(volume: Volume, bodies: Sequence[Body], found: Occlusion, settings: Preparation) -> bytes:
    """The image with the squares drawn where they were taken away; vermilion speaks for the event and blue against it. A PNG file.

    Left as it is, right with the squares. The plane follows the bodies from side to side, as each picture was cut through its own body.

    Parameters
    ----------
    volume : Volume
        The first channel, as it was acquired.
    bodies : sequence of Body
        Those of ``found``, in its order.
    found : Occlusion
    settings : Preparation
        Of the pictures.
    """
    points = _plane(bodies, settings)
    where = np.moveaxis(volume.to_ijk(points)[..., ::-1], -1, 0)
    signal = map_coordinates(np.nan_to_num(np.asarray(volume.array, dtype=np.float64)), where, order=1, mode="constant")
    grey = np.repeat(255.0 * np.clip(signal / max(float(np.percentile(signal, 99.5)), 1e-6), 0, 1)[..., None], 3, axis=2)
    strength = _on_plane(points, bodies, found, settings)[..., None] / max(float(np.abs(found.region).max()), 1e-9)
    weight = _OPACITY * np.abs(strength)
    coloured = (1 - weight) * grey + weight * np.where(strength > 0, ACCEPTED_RGB, PHYSIOLOGICAL_RGB)
    return png(np.hstack([grey, coloured]))


def _plane(bodies: Sequence[Body], settings: Preparation) -> np.ndarray:
    """RAS positions of the picture's pixels, shape (rows, columns, 3): from head to foot, from front to back."""
    centers = np.array([body.center_ras for body in bodies])
    reach = 0.75 * settings.pixels * settings.pixel_mm
    down = np.arange(centers[:, 2].max() + reach, centers[:, 2].min() - reach, -_PICTURE_MM)
    back = np.arange(centers[:, 1].max() + reach, centers[:, 1].min() - reach, -_PICTURE_MM)
    order = np.argsort(centers[:, 2])
    across = np.interp(down, centers[order, 2], centers[order, 0])
    return np.stack([np.repeat(across[:, None], back.size, axis=1), *np.meshgrid(back, down)], axis=-1)


def _on_plane(points: np.ndarray, bodies: Sequence[Body], found: Occlusion, settings: Preparation) -> np.ndarray:
    """What each pixel's square is worth, of the body that is nearest along the column; 0 outside of the pictures."""
    value, nearest = np.zeros(points.shape[:2]), np.full(points.shape[:2], np.inf)
    half = settings.pixels * settings.pixel_mm / 2
    for body, region in zip(bodies, found.region):
        back, down = ((points - body.center_ras) @ -body.axes[:, n] for n in (1, 2))
        row, column = (np.floor((along + half) / (STEP * settings.pixel_mm)).astype(int) for along in (down, back))
        here = (row >= 0) & (column >= 0) & (row < len(region)) & (column < len(region)) & (np.abs(down) < nearest)
        value[here], nearest[here] = region[row[here], column[here]], np.abs(down)[here]
    return value
