"""An image with its geometry, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Optional

import numpy as np

from .basics import Numbers

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Turns RAS into LPS, and LPS into RAS: DICOM, SimpleITK and Slicer's files are LPS, everything here is RAS."""


class Role(str, Enum):
    """What a volume is. The values are the words used in the panel, the report and the JSON."""

    PDFF = "pdff"
    WATER = "water"
    FAT = "fat"
    IN_PHASE = "in_phase"
    OPPOSED_PHASE = "opposed_phase"
    MULTI_ECHO = "multi_echo"
    R2STAR = "r2star"
    FIELD_MAP = "field_map"  # where the main field is off, in Hz: never measured
    DWI = "dwi"
    ADC = "adc"
    T1 = "t1"
    T2 = "t2"
    STIR = "stir"
    CALCULATED_DWI = "calculated_dwi"  # an image at a b-value that was never acquired: never fitted
    LOCALIZER = "localizer"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Volume:
    """An image with its geometry, quantity and unit.

    Attributes
    ----------
    array : ndarray, shape (k, j, i)
        Voxel values in ``unit``; NaN marks a voxel without a value.
    ijk_to_ras : ndarray, shape (4, 4)
        Voxel index (i, j, k, 1) to RAS position in mm.
    role, quantity, unit, name
        What it is, what its numbers mean ("PDFF", "ADC", "signal"), their unit, and the name a reader sees.
    b_value : float or None
        Diffusion weighting in s/mm².
    echo_time_s : float or None
        Echo time in seconds.
    station : int or None
        Table position, 1 = most cranial.
    source : tuple of Finding
        How it was made, a step each, codes "made.…" (provenance). Why stations are a part of their own is the last step.
    field_strength_t : float or None
        Of the scanner, in tesla.
    """

    array: np.ndarray
    ijk_to_ras: np.ndarray
    role: Role = Role.UNKNOWN
    unit: str = ""
    quantity: str = ""
    name: str = ""
    b_value: Optional[float] = None
    echo_time_s: Optional[float] = None
    station: Optional[int] = None
    source: tuple[str, ...] = ()  # findings; a bare sentence is known as a sentence only
    field_strength_t: Optional[float] = None

    @property
    def spacing_mm(self) -> np.ndarray:
        """Voxel size along i, j, k in mm."""
        return np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0)

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in mL."""
        return float(abs(np.linalg.det(self.ijk_to_ras[:3, :3])) / 1000.0)

    @property
    def is_orthogonal(self) -> bool:
        """True if the axes are at right angles, as image files demand it."""
        directions = self.ijk_to_ras[:3, :3] / self.spacing_mm
        return bool(np.allclose(directions.T @ directions, np.eye(3), atol=1e-3))

    def to_ras(self, ijk: Numbers) -> np.ndarray:
        """Positions of voxel indices.

        Parameters
        ----------
        ijk : array_like, shape (…, 3)
            Indices (i, j, k); voxel centres are whole numbers, and what lies between them is between.

        Returns
        -------
        ndarray, shape (…, 3)
            RAS in mm.
        """
        return np.asarray(ijk) @ self.ijk_to_ras[:3, :3].T + self.ijk_to_ras[:3, 3]

    def to_ijk(self, ras: Numbers) -> np.ndarray:
        """Voxel indices (i, j, k), with what lies between, of positions in RAS mm, shape (…, 3): the inverse of :meth:`to_ras`."""
        ras_to_ijk = np.linalg.inv(self.ijk_to_ras)
        return np.asarray(ras) @ ras_to_ijk[:3, :3].T + ras_to_ijk[:3, 3]

    def reach(self, radius_mm: float) -> np.ndarray:
        """How many voxels along i, j, k a sphere of this radius reaches."""
        return radius_mm * np.linalg.norm(np.linalg.inv(self.ijk_to_ras)[:3, :3], axis=1)

    def sees(self, ras: Numbers) -> np.ndarray:
        """True for positions in RAS mm, shape (…, 3), that lie in a voxel: it reaches half an index around its centre."""
        ijk = self.to_ijk(ras)
        return np.all((ijk >= -0.5) & (ijk < np.array(self.array.shape[::-1]) - 0.5), axis=-1)

    def lattice(self, start_ras: Numbers, steps_ras: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Matrix and offset with which ``scipy.ndimage.affine_transform`` samples the array on a lattice.

        Parameters
        ----------
        start_ras : array_like, shape (3,)
            Position of the lattice's first point, RAS mm.
        steps_ras : ndarray, shape (3, 3)
            In its columns the steps of the lattice's three axes, RAS mm.
        """
        return (np.linalg.inv(self.ijk_to_ras)[:3, :3] @ steps_ras)[::-1], self.to_ijk(start_ras)[::-1]

    def box(self, low: Sequence[int], high: Sequence[int]) -> Volume:
        """The voxels from index ``low`` to before ``high``, each (k, j, i), where they lie."""
        matrix = self.ijk_to_ras.copy()
        matrix[:3, 3] = self.to_ras(low[::-1])
        return replace(self, array=self.array[tuple(slice(a, b) for a, b in zip(low, high))], ijk_to_ras=matrix)

    def slices_between(self, low_ijk: np.ndarray, high_ijk: np.ndarray) -> tuple[slice, slice, slice]:
        """Slices along k, j, i, cut to the grid, that hold every voxel between two places given as indices i, j, k."""
        size = np.array(self.array.shape[2::-1])
        first = np.clip(np.floor(low_ijk).astype(int), 0, size)
        end = np.clip(np.ceil(high_ijk).astype(int) + 1, first, size)
        i, j, k = (slice(int(a), int(b)) for a, b in zip(first, end))
        return k, j, i

    def same_grid(self, other: Volume, tolerance_mm: float = 1e-2) -> bool:
        """True if both have the same shape and every voxel centre agrees within ``tolerance_mm``."""
        if self.array.shape[:3] != other.array.shape[:3]:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.array.shape[2::-1]], [1])).reshape(4, -1)
        return bool(np.abs((self.ijk_to_ras - other.ijk_to_ras) @ corners).max() <= tolerance_mm)

    def like(self, array: np.ndarray, **changes: Any) -> Volume:
        """The same grid with other values (and other fields, by keyword)."""
        return replace(self, array=array, **changes)
