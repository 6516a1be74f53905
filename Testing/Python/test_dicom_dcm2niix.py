"""Geometry, b-values and echo times against the free converter dcm2niix, run here on the public data."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple, Optional

import nibabel
import numpy as np
import pytest
from MarrowQuantLib.dicom import SeriesVolume, scan
from MarrowQuantLib.model import Role


class Converted(NamedTuple):
    """One volume of dcm2niix: values (i, j, k), voxel to RAS, what its JSON says, and its b-value."""

    values: np.ndarray
    ijk_to_ras: np.ndarray
    about: dict
    b_value: Optional[float]


def _convert(source: Path, target: Path) -> list[Converted]:
    if shutil.which("dcm2niix") is None:
        pytest.skip("dcm2niix is not installed (apt-get install dcm2niix).")
    command = ["dcm2niix", "-z", "n", "-f", "%s_%e", "-o", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found = []
    for path in sorted(target.glob("*.nii")):
        image = nibabel.load(path)
        about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        table = path.with_suffix(".bval")
        values = np.asarray(image.dataobj, np.float32)
        b_values = [float(word) for word in table.read_text().split()] if table.is_file() else []
        volumes = np.moveaxis(values, 3, 0) if values.ndim == 4 else [values]
        for n, volume in enumerate(volumes):
            found.append(Converted(volume, image.affine, about, b_values[n] if len(b_values) == len(volumes) else None))
    return found


def _assert_same(ours: SeriesVolume, theirs: Converted) -> None:
    """The same value at the same place in the patient: positions of the corners within 0.01 mm, values equal to float32."""
    volume = ours.load()
    to_theirs = np.linalg.inv(theirs.ijk_to_ras) @ volume.ijk_to_ras
    assert sorted(ours.shape) == sorted(theirs.values.shape)
    top = np.array(ours.shape) - 1
    corners = np.array([[i, j, k, 1] for i in (0, top[0]) for j in (0, top[1]) for k in (0, top[2])]).T
    index = to_theirs @ corners
    spacing = np.linalg.norm(theirs.ijk_to_ras[:3, :3], axis=0)
    assert (np.abs(index - np.round(index))[:3].max(axis=1) * spacing).max() < 0.01
    i, j, k = np.meshgrid(*[np.arange(n) for n in ours.shape], indexing="ij")
    at = np.einsum("ab,b...->a...", np.round(to_theirs[:3]).astype(int), np.stack([i, j, k, np.ones_like(i)]))
    np.testing.assert_allclose(theirs.values[tuple(at)], volume.array.transpose(2, 1, 0), rtol=1e-6)


def test_the_ge_dual_echo_agrees_with_dcm2niix(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "inopposed" / "ge_dual_echo"
    theirs = {round(volume.about["EchoTime"], 6): volume for volume in _convert(folder, tmp_path)}
    ours = scan(folder)
    assert sorted(theirs) == sorted(round(volume.echo_time_s, 6) for volume in ours) == [0.002044, 0.004212]
    for volume in ours:
        _assert_same(volume, theirs[round(volume.echo_time_s, 6)])


def test_the_diffusion_of_prostatex_agrees_with_dcm2niix(shared_data: Path, tmp_path: Path) -> None:
    """dcm2niix writes no b-values for these trace images, and no order is promised: each of its volumes is one of ours, by values."""
    folder = shared_data / "dwi" / "prostatex_0000"
    converted = _convert(folder, tmp_path)
    ours = [volume for volume in scan(folder) if volume.role in (Role.DWI, Role.T2, Role.ADC)]
    assert len(ours) == 7
    for volume in ours:
        candidates = [other for other in converted if other.about["SeriesNumber"] == volume.series_number]
        assert candidates, f"dcm2niix did not convert series {volume.series_number}"
        means = [abs(float(other.values.mean()) - float(np.nan_to_num(volume.load().array).mean())) for other in candidates]
        if volume.role == Role.ADC:  # ours is empty where the scanner wrote 0
            np.testing.assert_allclose(float(candidates[0].values.mean()), np.nan_to_num(volume.load().array).mean(), rtol=1e-5)
        else:
            _assert_same(volume, candidates[int(np.argmin(means))])
