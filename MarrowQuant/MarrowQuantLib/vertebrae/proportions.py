"""How large vertebrae usually are along the column: spacing, height, depth and width of the bodies, relative to lumbar ones.

The lumbar part of the spacing was measured by us (ten lumbar spines, MyoSegmenTUM-spine); all other numbers are rounded from what anatomy
textbooks show of adults, not checked against a source: priors for a search, no statement on a patient.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .levels import LEVELS, level_index

# Level: distance to the next centre below, height, depth and width of the body, over those of a lumbar vertebra; linear between them.
_KNOTS = {
    "C3": (0.52, 0.49, 0.43, 0.37),
    "C5": (0.52, 0.49, 0.44, 0.41),
    "C7": (0.56, 0.54, 0.51, 0.50),
    "T1": (0.60, 0.60, 0.53, 0.56),
    "T3": (0.62, 0.66, 0.63, 0.56),
    "T6": (0.68, 0.72, 0.73, 0.60),
    "T9": (0.77, 0.80, 0.82, 0.70),
    "T12": (0.90, 0.93, 0.90, 0.88),
    "L1": (0.95, 1.00, 1.00, 1.00),
    "L5": (0.90, 1.00, 1.00, 1.00),
    "S1": (0.90, 0.98, 0.87, 1.00),
}
_LUMBAR_SPACING = {"L1": 0.238, "L2": 0.255, "L3": 0.263, "L4": 0.244, "L5": 0.225}  # of the way from L1 to L5; L5 is our choice
_TABLE = np.array(
    [np.interp(np.arange(len(LEVELS)), [level_index(level) for level in _KNOTS], column) for column in zip(*_KNOTS.values())]
)


def relative_spacing(level: str) -> float:
    """Distance from a level to the next one below, as a part of the way from L1 to L5."""
    return _LUMBAR_SPACING.get(level) or float(_TABLE[0, level_index(level)]) / 4


def relative_height(levels: Sequence[str]) -> np.ndarray:
    """Height of each body over that of a lumbar one, shape (n,)."""
    return _TABLE[1, [level_index(level) for level in levels]]


def relative_depth(levels: Sequence[str]) -> np.ndarray:
    """Front-to-back depth of each body over that of a lumbar one, shape (n,)."""
    return _TABLE[2, [level_index(level) for level in levels]]


def relative_width(levels: Sequence[str]) -> np.ndarray:
    """Left-right width of each body over that of a lumbar one, shape (n,)."""
    return _TABLE[3, [level_index(level) for level in levels]]


def size(levels: Sequence[str]) -> float:
    """Mean height of these bodies over that of lumbar ones: what the shapes learned on lumbar spines are shrunk by."""
    return float(relative_height(levels).mean())
