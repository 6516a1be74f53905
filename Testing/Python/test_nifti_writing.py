"""NIfTI files as we write them, read by others."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from MarrowQuantLib.io import imagefiles
from MarrowQuantLib.model import MarrowQuantError, Volume
from scipy.spatial.transform import Rotation

ARRAY = np.random.default_rng(1).normal(size=(4, 5, 6)).astype(np.float32)


def matrices():
    rng = np.random.default_rng(2)
    for n in range(12):
        axes = Rotation.random(random_state=n).as_matrix() if n > 3 else np.diag([(-1.0) ** (n & 1), (-1.0) ** (n >> 1), 1.0])
        matrix = np.eye(4)
        matrix[:3, :3] = axes * rng.uniform(0.5, 6, 3) * [1, 1, -1 if n % 2 else 1]
        matrix[:3, 3] = rng.normal(0, 100, 3)
        yield matrix


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("matrix", list(matrices()))
def test_others_read_voxels_and_geometry(tmp_path, matrix, suffix):
    path = tmp_path / f"map{suffix}"
    imagefiles.write_volume(Volume(ARRAY, matrix, name="ADC", unit="µm²/s"), path)
    theirs = nibabel.load(path)
    np.testing.assert_array_equal(np.asarray(theirs.dataobj), ARRAY.T)
    for form in (theirs.get_sform(), theirs.get_qform()):
        np.testing.assert_allclose(form, matrix, atol=1e-4)
    assert theirs.header["descrip"].tobytes().rstrip(b"\0").decode() == "ADC in µm²/s" and theirs.header.get_xyzt_units()[0] == "mm"
    itk = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(itk), ARRAY)
    np.testing.assert_allclose(imagefiles.grid_of(itk), matrix, atol=1e-4)
    (ours,) = imagefiles.read_volumes(path)
    np.testing.assert_array_equal(ours.array, ARRAY)


def test_a_large_map_is_packed_in_several_members_and_nan_stays(tmp_path):
    large = np.zeros((40, 400, 400), np.float32)  # 26 MB
    large[0, 0, 0], large[-1] = np.nan, 7
    path = tmp_path / "large.nii.gz"
    imagefiles.write_volume(Volume(large, np.eye(4)), path)
    np.testing.assert_array_equal(np.asarray(nibabel.load(path).dataobj).T, large)
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[-1, 5, 5] == 7


def test_masks_and_long_texts_are_written(tmp_path):
    imagefiles.write_volume(Volume((ARRAY > 0).astype(np.uint8), np.eye(4), name="µ" * 60), tmp_path / "mask.nii")
    theirs = nibabel.load(tmp_path / "mask.nii")
    assert theirs.get_data_dtype() == np.uint8 and theirs.header["descrip"].tobytes().rstrip(b"\0").decode() == "µ" * 39


def test_a_folder_that_is_missing_is_a_sentence(tmp_path):
    with pytest.raises(MarrowQuantError, match="cannot be written"):
        imagefiles.write_volume(Volume(ARRAY, np.eye(4)), tmp_path / "missing" / "map.nii")
