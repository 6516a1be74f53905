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

from ..report.images import ACCEPTED_RGB, PHYSIOLOGICAL_RGB, png

WINDOW, STEP = 8, 8
_SCALE = 3  # pixels of the picture for one of a patch
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


def occlusion_picture(patches: np.ndarray, found: Occlusion, levels: Sequence[str]) -> bytes:
    """The straightened bodies one below the other, first channel; vermilion speaks for the event and blue against it. A PNG file."""
    largest = max(float(np.abs(found.region).max()), 1e-9)
    top = max(float(np.percentile(patches[:, 0], 99.5)), 1e-6)
    strips = []
    for patch, region in zip(patches[:, 0], found.region):
        grey = np.repeat((255 * np.clip(patch / top, 0, 1))[..., None], 3, axis=2)
        strength = np.zeros(patch.shape)
        block = np.kron(region, np.ones((STEP, STEP)))
        strength[: block.shape[0], : block.shape[1]] = block / largest
        colour = np.where(strength[..., None] > 0, ACCEPTED_RGB, PHYSIOLOGICAL_RGB)
        weight = _OPACITY * np.abs(strength)[..., None]
        strips.append(np.hstack([grey, (1 - weight) * grey + weight * colour]))
    picture = np.vstack(strips)[: len(levels) * patches.shape[2]]
    return png(np.kron(picture, np.ones((_SCALE, _SCALE, 1))))
