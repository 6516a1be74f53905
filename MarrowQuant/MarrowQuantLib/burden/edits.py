"""Voxels that the reader painted or erased by hand. They are decisions: they hold at every threshold.

A painted voxel becomes part of a component of its own, whatever it touches: painting a lesion beside a kidney must not call the kidney
tumour, nor a threshold take the paint away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

import numpy as np

from ..model import ACCEPTED, PHYSIOLOGICAL, REJECTED, finding
from .pieces import Pieces, connected, find_pieces

STATES = (ACCEPTED, PHYSIOLOGICAL, REJECTED)
"""State n + 1 of a voxel is ``STATES[n]``; 0 is none."""

ERASED = len(STATES) + 1
SPLIT, ORGAN = ERASED + 1, ERASED + 2
"""Classes of the parts of a piece that were cut off: what lies outside bone, and a large organ."""

PAINTED = finding("burden.painted")


def edited(codes: Optional[np.ndarray], before: np.ndarray, after: np.ndarray) -> Optional[np.ndarray]:
    """What was edited by hand until now, with the voxels whose state differs between ``before`` and ``after``.

    Parameters
    ----------
    codes : ndarray of uint8, or None
        1 to 3 where a state was painted, :data:`ERASED` where a voxel was taken out, 0 elsewhere.
    before, after : ndarray of uint8
        State of each voxel as it was shown, and as the reader left it; same shape.

    Returns
    -------
    ndarray of uint8, or None
        ``codes`` itself where nothing differs.
    """
    changed = before != after
    if not changed.any():
        return codes
    result = np.zeros(before.shape, dtype=np.uint8) if codes is None else codes.copy()
    result[changed] = np.where(after[changed] == 0, ERASED, after[changed])
    return result


def pieces_apart(
    flat: np.ndarray, classes: np.ndarray, shape: tuple[int, int, int], positions_ras: np.ndarray, voxel_ml: float, min_volume_ml: float
) -> Pieces:
    """Connected pieces of voxels of one class each: of at least ``min_volume_ml`` where the class is 0 or from :data:`SPLIT` on, of any
    size where it was painted.

    Parameters
    ----------
    flat : ndarray, shape (m,)
        Flat indices, ascending.
    classes : ndarray of int, shape (m,)
        0, a state that was painted, or ``SPLIT`` or ``ORGAN`` for what was cut off from a piece that reaches out of bone.
    shape : (int, int, int)
    positions_ras : ndarray, shape (m, 3)
    """
    painted = (classes > 0) & (classes < SPLIT)
    free = np.flatnonzero(~painted)
    apart = flat.astype(np.int64) + classes.astype(np.int64) * ((shape[0] + 1) * shape[1] * shape[2])
    free = free[np.argsort(apart[free], kind="stable")]
    tall = ((shape[0] + 1) * (ORGAN + 1), *shape[1:])
    label, count = connected(apart[free], tall)
    large = np.bincount(label, minlength=count + 1) * voxel_ml >= min_volume_ml
    kept = np.concatenate([free[large[label]], np.flatnonzero(painted)])
    # Each class in a volume of its own, one above the other with an empty slice between: pieces then hold one class only.
    kept = kept[np.argsort(apart[kept], kind="stable")]
    pieces = find_pieces(apart[kept], tall, positions_ras[kept], voxel_ml, 0.0)
    return replace(pieces, order=kept[pieces.order])


class Edits:
    """The edits on the grid of one high-b image.

    Parameters
    ----------
    codes : ndarray of uint8, shape (k, j, i)
        See :func:`edited`.
    """

    def __init__(self, codes: np.ndarray) -> None:
        self._codes = codes
        self.painted = np.flatnonzero((codes > 0) & (codes < ERASED))

    def untouched(self, flat: np.ndarray) -> np.ndarray:
        """True for those of the voxels (flat indices) that the reader left alone; bool, shape (m,)."""
        return self._codes.ravel()[flat] == 0

    def find_pieces(self, flat: np.ndarray, positions_ras: np.ndarray, voxel_ml: float, min_volume_ml: float) -> Pieces:
        """Connected pieces of the untouched voxels of at least ``min_volume_ml``, and of the painted ones of any size.

        Parameters
        ----------
        flat : ndarray, shape (m,)
            Flat indices of both, ascending.
        positions_ras : ndarray, shape (m, 3)
        """
        return pieces_apart(flat, self._codes.ravel()[flat], self._codes.shape, positions_ras, voxel_ml, min_volume_ml)

    def classes(self, flat: np.ndarray) -> np.ndarray:
        """0 or the painted state of each voxel (flat indices), shape (m,)."""
        return self._codes.ravel()[flat]

    def state_of(self, pieces: Pieces, flat: np.ndarray) -> list[Optional[str]]:
        """The state that each piece was painted in; None for one that was not."""
        codes = self._codes.ravel()[flat[pieces.order[pieces.starts[:-1]]]]
        return [STATES[code - 1] if code else None for code in codes]
