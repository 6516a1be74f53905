"""The noise of images, from what fits leave over and from how neighbours differ."""

from __future__ import annotations

from typing import Union

import numpy as np

SMOOTHING = 3.0  # voxels in-plane: some hundred of them tell the noise to a tenth even where a fit leaves one sample over; our choice
NORMAL_MAD = 0.6745  # median absolute deviation of a normal distribution of standard deviation one


def around(squares: np.ndarray, freedom: Union[float, np.ndarray]) -> np.ndarray:
    """Standard deviation of the noise around each voxel from the misfit of a fit: noise may vary in space, as after parallel imaging.

    Parameters
    ----------
    squares : ndarray, shape (..., j, i) or (n,)
        Sum of squares of the misfit over the samples, NaN where there is no fit. A list of voxels without neighbours has one noise level.
    freedom : float or ndarray of the same shape
        How many samples the fit leaves to the noise: what the sum of squares is for noise of one, on average.

    Returns
    -------
    ndarray of float32, same shape
        NaN where no voxel around has a fit.
    """
    from scipy import ndimage  # here, as a fit alone does without it

    known = np.isfinite(squares) & np.isfinite(freedom)
    sizes = np.where(known, squares, 0).astype(np.float32), np.where(known, freedom, 0).astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        if squares.ndim < 2:
            return np.full(squares.shape, np.sqrt(sizes[0].sum(dtype=float) / sizes[1].sum(dtype=float)), np.float32)
        sigma = (0,) * (squares.ndim - 2) + (SMOOTHING,) * 2
        return np.sqrt(ndimage.gaussian_filter(sizes[0], sigma) / ndimage.gaussian_filter(sizes[1], sigma))


def of_neighbours(image: np.ndarray, tissue: np.ndarray) -> float:
    """Standard deviation of the noise of one image, shape (k, j, i), from what differs between diagonal neighbours in-plane.

    For complex data that of the complex number (both components together). The median absolute deviation of the second mixed difference,
    taken in tissue only, because many scanners blank the background (the estimator of Donoho and Johnstone, Biometrika 1994;81:425, with
    the plain difference as its wavelet). 0 where no tissue has neighbours.
    """

    def cells(values: np.ndarray) -> tuple[np.ndarray, ...]:
        return values[:, :-1, :-1], values[:, 1:, :-1], values[:, :-1, 1:], values[:, 1:, 1:]

    a, b, c, d = cells(image)
    inside = np.logical_and.reduce(cells(tissue))
    if not inside.any():
        return 0.0
    mixed = (a - b - c + d)[inside] / 2
    parts = (mixed.real, mixed.imag) if np.iscomplexobj(mixed) else (mixed,)
    return float(np.sqrt(sum((np.median(np.abs(part)) / NORMAL_MAD) ** 2 for part in parts)))


def told(sd: np.ndarray, largest: float) -> np.ndarray:
    """Standard deviations as a map shows them: NaN where they exceed ``largest``, the range of the values that are possible.

    A bound is propagated to first order at what was fitted. Where a fit of noise ran away it may be 10²⁰, which says no more than that
    nothing is known.
    """
    return np.where(sd <= np.float32(largest), sd, np.float32(np.nan))
