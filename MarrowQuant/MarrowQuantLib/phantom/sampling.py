"""From the painted body to voxels: every voxel is the mean of 2 × 2 × 2 points, so edges have partial volume as in a scanner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from .patient import Body
from .shapes import paint

SUPERSAMPLING = 2
TEXTURE_MM = 1.5  # width of the Gaussian that smooths the marrow texture, our choice: small against a vertebral ROI


@dataclass(frozen=True)
class Samples:
    """Material numbers on a grid twice as fine as the voxels.

    Attributes
    ----------
    labels : ndarray of uint8, shape (2k, 2j, 2i)
    ijk_to_ras : ndarray, shape (4, 4)
        Of the voxels, not of the samples.
    """

    labels: np.ndarray
    ijk_to_ras: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the voxels, (k, j, i)."""
        return tuple(n // SUPERSAMPLING for n in self.labels.shape)

    def mean(self, by_material: np.ndarray) -> np.ndarray:
        """Voxel mean of a quantity that is constant in each material.

        Parameters
        ----------
        by_material : ndarray, shape (materials,)
            Real or complex.

        Returns
        -------
        ndarray, shape (k, j, i)
        """
        k, j, i = self.shape
        n = SUPERSAMPLING
        single = by_material.astype(np.complex64 if np.iscomplexobj(by_material) else np.float32)
        total = np.zeros((k, j, i), dtype=single.dtype)
        for offset in np.ndindex(n, n, n):
            total += single[self.labels[offset[0] :: n, offset[1] :: n, offset[2] :: n]]
        return total / n**3

    def texture(self, rng: np.random.Generator) -> np.ndarray:
        """A smooth random field of mean 0 and standard deviation 1, shape (k, j, i): marrow is not uniform."""
        spacing = np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0)[::-1]
        field = gaussian_filter(rng.standard_normal(self.shape, dtype=np.float32), TEXTURE_MM / spacing)
        return (field - field.mean()) / field.std()

    def ras(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions of the voxel centres in mm, three arrays of shape (k, j, i)."""
        k, j, i = (np.arange(n, dtype=np.float32) for n in self.shape)
        rows = self.ijk_to_ras.astype(np.float32)[:3]
        return tuple((r[3] + r[2] * k)[:, None, None] + (r[1] * j)[None, :, None] + (r[0] * i)[None, None, :] for r in rows)


def sample(body: Body, ijk_to_ras: np.ndarray, shape: tuple[int, int, int]) -> Samples:
    """Paint ``body`` as it lies in the scanner on a voxel grid (k, j, i), supersampled."""
    n = SUPERSAMPLING
    to_voxel = np.diag([1 / n, 1 / n, 1 / n, 1.0])
    to_voxel[:3, 3] = (1 / n - 1) / 2  # sample 0 lies a quarter of a voxel before the voxel's centre when n = 2
    fine = np.linalg.inv(body.body_to_ras) @ ijk_to_ras @ to_voxel
    labels = paint(body.parts, body.values, (n * shape[0], n * shape[1], n * shape[2]), fine)
    return Samples(labels, np.asarray(ijk_to_ras, dtype=float))
