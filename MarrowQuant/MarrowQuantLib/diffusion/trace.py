"""The trace-weighted image of single gradient directions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..model import MarrowQuantError


def trace_image(directions: Iterable[np.ndarray]) -> np.ndarray:
    """Geometric mean of images of one b-value along different directions.

    With S_d = S0 exp(-b D_d) the geometric mean is S0 exp(-b mean(D_d)): of three orthogonal directions (or any set that covers the
    sphere evenly) it decays with the mean diffusivity. The arithmetic mean does not, and underestimates it.

    Parameters
    ----------
    directions : iterable of ndarray, all of one shape
        Magnitude images; they are read one after the other, so a generator keeps memory low.

    Returns
    -------
    ndarray of float32
        Zero where any direction is zero or negative (no signal), NaN where any is NaN.

    Raises
    ------
    MarrowQuantError
        No image, or images of different shapes.
    """
    total, count = np.zeros(0, np.float32), 0
    for image in directions:
        if count and np.shape(image) != total.shape:
            raise MarrowQuantError(
                "The gradient directions have shapes {shape} and {other_shape}; they must be the same.",
                shape=str(total.shape), other_shape=str(np.shape(image)),
            )
        with np.errstate(divide="ignore", over="ignore"):  # the logarithm of a zero signal is -inf, and the mean 0
            logarithm = np.log(np.maximum(np.asarray(image, np.float32), np.float32(0)))
        total = logarithm if count == 0 else total + logarithm
        count += 1
    if count == 0:
        raise MarrowQuantError("There is no gradient direction to average; give one image or more.")
    return np.exp(total / np.float32(count))
