"""Values of a volume at points of another grid, by the nearest voxel; nothing is interpolated."""

from __future__ import annotations

import numpy as np

from ..model import MarrowQuantError, Volume


def values_at(volume: Volume, points_ras: np.ndarray) -> np.ndarray:
    """Value of the voxel in which each point lies; 0 outside the volume.

    Parameters
    ----------
    volume : Volume
        Array of shape (k, j, i).
    points_ras : ndarray, shape (n, 3)
        RAS mm.

    Returns
    -------
    ndarray, shape (n,)
        In the volume's own type.
    """
    kji = np.rint(volume.to_ijk(points_ras)).astype(int)[:, ::-1]
    inside = np.all((kji >= 0) & (kji < volume.array.shape), axis=1)
    values = np.zeros(len(points_ras), dtype=volume.array.dtype)
    values[inside] = volume.array[tuple(kji[inside].T)]
    return values


def check_mask(mask: Volume, image: Volume) -> None:
    """Refuse a mask that shows nothing of an image.

    Raises
    ------
    MarrowQuantError
        If the mask is empty, or none of it lies in the image.
    """
    kji = np.argwhere(np.nan_to_num(mask.array) > 0)
    if not len(kji):
        raise MarrowQuantError("The skeleton mask is empty; draw or choose one that marks bone, or measure without a mask.")
    if not image.sees(mask.to_ras(kji[:, ::-1])).any():
        raise MarrowQuantError("The skeleton mask lies outside the diffusion images; choose the mask that belongs to this exam.")
