"""DICOM Segmentations that other programs wrote, as they wrote them: read back, each voxel is where it was put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from MarrowQuantLib import dicom
from MarrowQuantLib.io.imagefiles import read_volumes
from MarrowQuantLib.vertebrae.labelfiles import is_label_file, read_labels

DATA = Path(__file__).parent / "data" / "segmentations"
WRITTEN = {
    "dcmqi": ["Liver"],  # 23 x 38 voxels a slice: its bits run on from slice to slice, within a byte
    "totalsegmentator_axial": ["vertebrae_L5", "vertebrae_L4", "hip_left"],
    "totalsegmentator_sagittal": ["vertebrae_L5", "vertebrae_L4", "hip_left"],
}


def _labels_at(labels, mask):
    """The labels that were put in, at the places of a mask's voxels, and how far these are from the middle of a voxel."""
    exact = labels.to_ijk(mask.to_ras(np.argwhere(mask.array > 0)[:, ::-1]))
    index = np.rint(exact).astype(int)
    return labels.array[tuple(index[:, ::-1].T)], np.abs(exact - index).max()


@pytest.mark.parametrize("name", WRITTEN)
def test_every_segment_is_where_it_was_put_in(name):
    (labels,) = read_volumes(DATA / f"{name}.nrrd")
    segments = dicom.read_segmentation(DATA / f"{name}.dcm")
    assert [segment.label for segment in segments] == WRITTEN[name]
    for number, segment in enumerate(segments, start=1):
        found, off = _labels_at(labels, segment.mask)
        assert len(found) == np.sum(labels.array == number) and np.all(found == number) and off < 1e-3
    union = dicom.read_mask(DATA / f"{name}.dcm")
    assert np.sum(union.array) == np.sum(labels.array > 0)


@pytest.mark.parametrize("name", ["totalsegmentator_axial", "totalsegmentator_sagittal"])
def test_the_vertebrae_of_totalsegmentator_are_taken_by_their_codes(name):
    assert is_label_file(DATA / f"{name}.dcm")
    labelled = read_labels(DATA / f"{name}.dcm")
    assert list(labelled.masks) == ["L4", "L5"] and [note.values["n"] for note in labelled.findings] == [1]  # the hip is told
