"""Vertebral ROIs on a map's own grid: which voxels are inside, how much of the shape is in view, and the ROI's default frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..model import MarrowQuantError, VertebraROI, Volume
from .levels import is_counted, place_index

SHAPES = ("ellipsoid", "cylinder", "box")
DISC_RADIUS_MM = 2.5
"""Cranio-caudal half-length of a cylinder that is called a disc: 5 mm high, about one usual slice (our choice)."""

_TIE_MM = 1e-6  # rounding of a voxel centre that lies exactly on a face must not decide on which side it falls
_SAMPLES = 40  # samples per axis for the fraction in view: 64 000 in the enclosing box, fraction exact to about 0.2 %


@dataclass(frozen=True)
class RoiVoxels:
    """The voxels of one map whose centres lie inside an ROI.

    Attributes
    ----------
    values : ndarray, shape (n_voxels,)
        Values of the map, NaN left out, in raster order (k, j, i).
    n_voxels : int
        Number of ``values``.
    n_without_value : int
        Voxels inside the ROI that are NaN in the map.
    fraction_inside : float
        Part of the shape's volume inside the map's field of view, 0 … 1.
    bounds : tuple of three slices
        The (k, j, i) box that holds the ROI.
    local_mask : ndarray of bool
        Inside the ROI, on ``bounds``; voxels without a value are True as well.
    shape : tuple of int
        (k, j, i) shape of the map.
    """

    values: np.ndarray
    n_voxels: int
    n_without_value: int
    fraction_inside: float
    bounds: tuple[slice, slice, slice]
    local_mask: np.ndarray
    shape: tuple[int, ...]

    def mask(self) -> np.ndarray:
        """The ROI on the whole grid of the map: bool, shape (k, j, i)."""
        full = np.zeros(self.shape, dtype=bool)
        full[self.bounds] = self.local_mask
        return full


def inside_shape(local: np.ndarray, shape: str) -> np.ndarray:
    """True where points lie inside a unit shape.

    A box and the ends of a cylinder are half-open, −1 ≤ u < 1, so that two boxes side by side share no voxel and a box of whole
    voxels has the volume of its voxels (the closed rule counts the centres on both faces).

    Parameters
    ----------
    local : ndarray, shape (..., 3)
        Positions in the ROI's own frame divided by its radii.
    shape : {"ellipsoid", "cylinder", "box"}

    Raises
    ------
    MarrowQuantError
        If the shape is none of these.
    """
    if shape == "ellipsoid":
        return np.einsum("...a,...a->...", local, local) < 1.0
    if shape == "cylinder":
        return (local[..., 0] ** 2 + local[..., 1] ** 2 < 1.0) & _half_open(local[..., 2])
    if shape == "box":
        return _half_open(local[..., 0]) & _half_open(local[..., 1]) & _half_open(local[..., 2])
    raise MarrowQuantError("\"{shape}\" is not an ROI shape; use ellipsoid, cylinder or box.", shape=str(shape))


def _half_open(u: np.ndarray) -> np.ndarray:
    return (u >= -1.0) & (u < 1.0)


def rasterise(roi: VertebraROI, volume: Volume) -> RoiVoxels:
    """Voxels of ``volume`` whose centres lie inside ``roi``, on the volume's own grid: no map is resampled.

    Parameters
    ----------
    roi : VertebraROI
    volume : Volume
        Array of shape (k, j, i).

    Returns
    -------
    RoiVoxels

    Raises
    ------
    MarrowQuantError
        If the ROI lies completely outside the field of view, or its size or shape is not usable.
    """
    _check(roi, volume)
    fraction = _fraction_inside(roi, volume)
    if fraction == 0.0:
        raise MarrowQuantError(
            "The ROI of {level} lies completely outside the field of view of {name}; move the ROI, or check that both belong to the same "
            "exam.",
            level=roi.level, name=_name(volume),
        )
    bounds, mask = _mask(roi, volume)
    values = volume.array[bounds][mask]
    has_value = np.isfinite(values)
    n_valid = int(has_value.sum())
    return RoiVoxels(
        values=values[has_value],
        n_voxels=n_valid,
        n_without_value=int(values.size - n_valid),
        fraction_inside=fraction,
        bounds=bounds,
        local_mask=mask,
        shape=volume.array.shape,
    )


def values_inside(roi: VertebraROI, volume: Volume) -> np.ndarray:
    """The values of the voxels that :func:`rasterise` finds, and nothing about the field of view: empty outside it."""
    bounds, mask = _mask(roi, volume)
    values = volume.array[bounds][mask]
    return values[np.isfinite(values)]


def _mask(roi: VertebraROI, volume: Volume) -> tuple[tuple[slice, slice, slice], np.ndarray]:
    """The box that holds an ROI on a map's grid, and which of its voxels lie inside."""
    bounds = _bounding_box(roi, volume)
    k, j, i = np.ogrid[bounds]
    to_local = roi.axes.T / roi.radii_mm[:, None] @ volume.ijk_to_ras[:3, :3]
    shift = (roi.axes.T @ (volume.to_ras((0, 0, 0)) - roi.center_ras)) / roi.radii_mm
    # A tie is moved outwards by the same tiny step on every axis, so that the lower face is in and the upper face is out.
    tie = _TIE_MM / roi.radii_mm
    local = np.stack([to_local[a, 0] * i + to_local[a, 1] * j + to_local[a, 2] * k + (shift[a] + tie[a]) for a in range(3)], axis=-1)
    return bounds, inside_shape(local, roi.shape)


def _check(roi: VertebraROI, volume: Volume) -> None:
    if volume.array.ndim != 3:
        raise MarrowQuantError(
            "{name} is not a three-dimensional map, so no ROI can be measured on it; choose another map.",
            name=_name(volume),
        )
    if not (np.all(np.isfinite(roi.radii_mm)) and np.all(np.asarray(roi.radii_mm) > 0)):
        raise MarrowQuantError("The ROI of {level} has no size; give three half-lengths above 0 mm.", level=roi.level)
    if not np.all(np.isfinite(roi.center_ras)):
        raise MarrowQuantError("The ROI of {level} has no position; place it again.", level=roi.level)


def _name(volume: Volume) -> str:
    return volume.name or volume.quantity or volume.role.value


def _bounding_box(roi: VertebraROI, volume: Volume) -> tuple[slice, slice, slice]:
    """Index box, cut to the grid, around the ROI's enclosing box: a linear map reaches furthest at sum |column| x radius."""
    center, reach = _center_and_reach(roi, volume)
    return volume.slices_between(center - reach, center + reach)


def _center_and_reach(roi: VertebraROI, volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """The ROI's centre and half its enclosing box, indices i, j, k."""
    center = volume.to_ijk(roi.center_ras)
    return center, np.abs(volume.to_ijk(roi.center_ras + (roi.axes * roi.radii_mm).T) - center).sum(axis=0)


def _fraction_inside(roi: VertebraROI, volume: Volume) -> float:
    """Part of the shape's volume in view, by midpoints of a fine lattice in the ROI's frame; a voxel reaches half an index around
    its centre."""
    center, reach = _center_and_reach(roi, volume)
    if np.all(center - reach >= -0.5) and np.all(center + reach < np.array(volume.array.shape[::-1]) - 0.5):
        return 1.0
    return float(volume.sees(_lattice(roi.shape) @ (roi.axes * roi.radii_mm).T + roi.center_ras).mean())


@lru_cache(maxsize=3)
def _lattice(shape: str) -> np.ndarray:
    """Points spread evenly over a shape of radius one, shape (n, 3)."""
    u = (np.arange(_SAMPLES) + 0.5) * (2.0 / _SAMPLES) - 1.0
    lattice = np.stack(np.meshgrid(u, u, u, indexing="ij"), axis=-1).reshape(-1, 3)
    return lattice[inside_shape(lattice, shape)]


_LEAST_DESCENT = 0.2  # of a step from one centre to the next, as part of its length (78° from straight down), our choice


def default_axes(centers_ras: np.ndarray) -> np.ndarray:
    """The ROIs' frames that follow the column: third axis along its tangent, first axis left–right.

    Inside the column the tangent is the mean direction of the two neighbouring segments; at its ends the last turn is carried on by
    half, as the direction of a segment belongs to its middle (our choice).

    Parameters
    ----------
    centers_ras : ndarray, shape (n, 3)
        Centres in RAS mm, from cranial to caudal. A single centre gets the patient's axes.

    Returns
    -------
    ndarray, shape (n, 3, 3)
        Orthonormal columns: left–right, posterior–anterior, caudal–cranial.

    Raises
    ------
    MarrowQuantError
        If the centres do not go down the patient.
    """
    centers = np.asarray(centers_ras, dtype=float).reshape(-1, 3)
    if len(centers) == 1:
        return np.eye(3)[None]
    segments = centers[:-1] - centers[1:]
    length = np.linalg.norm(segments, axis=1, keepdims=True)
    # From L5 to S1 a column may lie as flat as 60° to 70°, and clicks scatter; swapped labels go up.
    if np.any(segments[:, 2:] <= _LEAST_DESCENT * length):
        raise MarrowQuantError(
            "The vertebral points do not go down the patient in the order of their levels; check the labels: the cranial level lies on top."
        )
    segments = segments / length
    turns = np.diff(segments, axis=0) / 2 if len(segments) > 1 else np.zeros((1, 3))
    tangents = np.vstack([segments[:1] - turns[:1], (segments[:-1] + segments[1:]) / 2, segments[-1:] + turns[-1:]])
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    first = np.array([1.0, 0.0, 0.0]) - tangents[:, :1] * tangents
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return np.stack([first, np.cross(tangents, first), tangents], axis=-1)


def column_axes(names: Sequence[str], centers_ras: np.ndarray) -> np.ndarray:
    """As :func:`default_axes` for the levels that are counted; the patient's axes for the lower sacrum and places in the pelvis.

    Parameters
    ----------
    names : sequence of str
        Of the ROIs, in the order of ``levels.ORDER``.
    centers_ras : ndarray, shape (n, 3)

    Returns
    -------
    ndarray, shape (n, 3, 3)

    Raises
    ------
    MarrowQuantError
        If the centres of the column do not go down the patient.
    """
    frames = np.tile(np.eye(3), (len(names), 1, 1))
    column = np.array([is_counted(name) or name in ("T13", "L6") for name in names], dtype=bool)
    if column.any():
        frames[column] = default_axes(np.asarray(centers_ras, dtype=float)[column])
    return frames


def follow_column(rois: Sequence[VertebraROI]) -> list[VertebraROI]:
    """The ROIs from cranial to caudal, each with the frame :func:`default_axes` gives it."""
    ordered = sorted(rois, key=lambda roi: place_index(roi.level))
    axes = column_axes([roi.level for roi in ordered], np.array([roi.center_ras for roi in ordered]))
    return [replace(roi, axes=frame) for roi, frame in zip(ordered, axes)]
