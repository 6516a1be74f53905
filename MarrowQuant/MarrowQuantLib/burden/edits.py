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
        shape = self._codes.shape
        state = self._codes.ravel()[flat]
        free = np.flatnonzero(state == 0)
        label, count = connected(flat[free], shape)
        large = np.bincount(label, minlength=count + 1) * voxel_ml >= min_volume_ml
        kept = np.concatenate([free[large[label]], np.flatnonzero(state)])
        # Each state in a volume of its own, one above the other with an empty slice between: pieces then hold one state only.
        apart = flat[kept].astype(np.int64) + state[kept].astype(np.int64) * ((shape[0] + 1) * shape[1] * shape[2])
        kept = kept[np.argsort(apart, kind="stable")]
        pieces = find_pieces(np.sort(apart), ((shape[0] + 1) * ERASED, *shape[1:]), positions_ras[kept], voxel_ml, 0.0)
        return replace(pieces, order=kept[pieces.order])

    def state_of(self, pieces: Pieces, flat: np.ndarray) -> list[Optional[str]]:
        """The state that each piece was painted in; None for one that was not."""
        codes = self._codes.ravel()[flat[pieces.order[pieces.starts[:-1]]]]
        return [STATES[code - 1] if code else None for code in codes]
