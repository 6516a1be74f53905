"""Thick slices divided into thin ones, so that endplates keep their steepness.

The value of a slice is the mean over its thickness, which blurs an endplate once; linear interpolation between slices blurs it again and
makes it equally steep all the way from one slice to the next. Of all curves whose means over the slices are those measured, the one with
the least squared slope is the derivative of the natural cubic spline through the integral (an area-matching spline or "histospline",
known from histograms: Boneva, Kendall & Stefanov 1971, J R Stat Soc B 33:1-70). It has no parameter. It avoids most of the second blur;
the first one stays.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..model import Volume

_FINE_MM = 1.0  # the search looks in steps of about 1 mm; nothing is gained below
_REACH_MM = 120.0  # the search looks up to 75 units of about 1 mm beside the clicks, in a frame that may be turned against the image


def thin_slices(image: Volume, points: Iterable[np.ndarray]) -> Volume:
    """The surroundings of some points on slices about as thin as the pixels are wide.

    Slices are taken to touch each other: a gap between them is not told by the grid. Sagittal stacks stay as they are, because no edge is
    searched for from left to right.

    Parameters
    ----------
    image : Volume
        Shape (k, j, i), finite values, two or more slices.
    points : iterable of ndarray, shape (3,)
        The clicks, RAS mm.

    Returns
    -------
    Volume
        ``image`` itself unless its voxels are 1.5 mm or more along one axis, and 1.5 times as long as along the others.
    """
    spacing = image.spacing_mm
    thick = int(np.argmax(spacing))
    parts = round(float(spacing[thick] / max(*np.delete(spacing, thick), _FINE_MM)))
    sagittal = int(np.argmax(np.abs(image.ijk_to_ras[:3, thick]))) == 0
    return image if parts < 2 or sagittal else _divided(_cut_around(image, points), thick, parts)


def _cut_around(image: Volume, points: Iterable[np.ndarray]) -> Volume:
    """The box of the image that holds all within reach of the points' own box."""
    index, reach = image.to_ijk(np.array(list(points))), image.reach(_REACH_MM)
    size = np.array(image.array.shape[::-1])
    low = np.clip(np.floor(index.min(axis=0) - reach).astype(int), 0, size - 2)
    high = np.clip(np.ceil(index.max(axis=0) + reach).astype(int) + 1, low + 2, size)
    return image.box(low[::-1], high[::-1])


def _divided(image: Volume, thick: int, parts: int) -> Volume:
    """Every slice along index axis ``thick`` (0 is i) as the means over its parts."""
    axis = 2 - thick
    values = np.tensordot(_means_of_parts(image.array.shape[axis], parts), image.array, axes=(1, axis))
    step = np.ones(3)
    step[thick] = 1 / parts
    return image.like(np.ascontiguousarray(np.moveaxis(values, 0, axis)), ijk_to_ras=_on_grid(image, (step - 1) / 2, step))


def _means_of_parts(n_slices: int, parts: int) -> np.ndarray:
    """Matrix from the means of slices to those of their parts, shape (n_slices * parts, n_slices)."""
    from scipy.interpolate import CubicSpline  # here, as most images are not divided

    integral = np.vstack([np.zeros(n_slices), np.cumsum(np.eye(n_slices), axis=0)])
    spline = CubicSpline(np.arange(n_slices + 1), integral, bc_type="natural")
    return (parts * np.diff(spline(np.arange(n_slices * parts + 1) / parts), axis=0)).astype(np.float32)


def _on_grid(image: Volume, start: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Voxel to RAS of a grid that starts at an index (i, j, k) of the image and goes on in these parts of its steps."""
    finer = np.diag([*step, 1.0])
    finer[:3, 3] = start
    return image.ijk_to_ras @ finer
