"""Which way the phase turns: scanners and converters write it with either sign, and the wrong one exchanges water and fat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import varpro
from .refine import Echoes, refine

MOST_VOXELS = 2_000  # evenly spread over the tissue; our choice
TISSUE = 0.2  # of the mean energy of a block; our choice
CLEAR = 3.0  # standard deviations of the summed difference of misfits; our choice
OF_BLOCKS = 1.5  # ratio of the misfits of blocks: with three echoes the wrong sign may leave 0.8 of what the right one does; our choice
BEYOND_DOUBT = 10.0  # the same, where the field was not searched: in iron a nearer search can turn 5 standard deviations round; our choice


class Sign(NamedTuple):
    """Whether the phase turns the other way than in the model, and whether the data tell so."""

    conjugated: bool
    is_clear: bool


def found(echoes: np.ndarray, features: np.ndarray, block: int, table: varpro.FieldTable, at: Echoes) -> Sign:
    """Try both signs in voxels spread over the tissue, each refined from the best field and R2* of the table.

    The table alone does not decide: where the decay is fast the misfit of its nearest R2* may be larger than that of a swap. Nor is each
    voxel's best field the one that a search with neighbours finds: where this quick look leaves a doubt, fit both and call :func:`better`.
    Three echoes fit every voxel, and leave of a block mostly what the table leaves: there the sign is found only where one leaves far less.

    Parameters
    ----------
    echoes : ndarray of complex64, shape (n_echoes, k, j, i)
    features : ndarray of float32, shape (n_features, k', j', i')
        Gram features of blocks of ``block`` × ``block`` voxels.
    block : int
    table : varpro.FieldTable
    at : Echoes
    """
    n_echoes = len(echoes)
    energy = features[:n_echoes].sum(axis=0)
    tissue = np.repeat(np.repeat(energy > TISSUE * energy.mean(), block, axis=1), block, axis=2)[:, : echoes.shape[2], : echoes.shape[3]]
    voxels = np.flatnonzero(tissue & (np.abs(echoes[0]) > 0))
    k, j, i = np.unravel_index(voxels[:: 1 + voxels.size // MOST_VOXELS], tissue.shape)
    some, signal = features[:, k, j // block, i // block], echoes[:, k, j, i]
    misfits = []
    for gram, values in ((some, signal), (varpro.conjugated(some, n_echoes), np.conj(signal))):
        cost = table.cost(gram)
        if n_echoes == 3:  # three complex numbers fit every voxel exactly; only blocks tell
            misfits.append(cost.min(axis=0).astype(float))
            continue
        labels = np.argmin(cost, axis=0)
        misfits.append(refine(values, table.field_hz[labels], table.best_r2star(gram, labels), at).misfit.astype(float))
    as_is, turned = misfits
    if n_echoes > 3:
        return better(as_is, turned, BEYOND_DOUBT)
    sums = sorted((as_is.sum(), turned.sum()))
    return better(as_is, turned) if sums[1] > OF_BLOCKS * sums[0] else Sign(False, False)


def better(as_is: np.ndarray, turned: np.ndarray, clear: float = CLEAR) -> Sign:
    """Which of both signs leaves less over, from the misfits of the same voxels, shape (n,); NaN does not count.

    Below :data:`CLEAR` standard deviations of the summed difference the sign of the model is kept; from ``clear`` of them it is clear.
    """
    excess = as_is.astype(float) - turned
    excess = excess[np.isfinite(excess)]
    size = np.sqrt(np.sum(excess**2))
    return Sign(bool(excess.sum() > CLEAR * size), bool(abs(excess.sum()) > clear * size))
