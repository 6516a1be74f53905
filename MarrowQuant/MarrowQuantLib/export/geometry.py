"""Our volumes on DICOM's grids: array (k, j, i) and RAS against frames, rows, columns and LPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..model import RAS_TO_LPS, MarrowQuantError, Volume

if TYPE_CHECKING:
    import highdicom


def to_highdicom(volume: Volume, frame_of_reference: str) -> highdicom.Volume:
    """A volume as highdicom takes it: the same voxels, axes (k, j, i) = (frame, row, column), positions LPS in mm.

    Raises
    ------
    MarrowQuantError
        If the grid is sheared, which these objects cannot hold.
    """
    import highdicom

    if not volume.is_orthogonal:
        raise MarrowQuantError("The image's axes are not at right angles, so no DICOM map can hold them; resample the image first.")
    affine = (RAS_TO_LPS @ volume.ijk_to_ras)[:, [2, 1, 0, 3]]
    return highdicom.Volume(
        volume.array, _at_right_angles(affine), coordinate_system="PATIENT", frame_of_reference_uid=frame_of_reference
    )


def _at_right_angles(affine: np.ndarray) -> np.ndarray:
    """The nearest matrix with orthogonal columns of the same lengths: the rounding of headers (DS, 16 characters) is taken out."""
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    left, _, right = np.linalg.svd(affine[:3, :3] / lengths)
    exact = affine.copy()
    exact[:3, :3] = (left @ right) * lengths
    return exact
