"""NIfTI, NRRD and MetaImage as other programs write them: rounded axes, keys of their own, cut files, sizes that cannot be."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
import SimpleITK as sitk
from MarrowQuantLib.io import nifti
from MarrowQuantLib.io.imagefiles import read_volumes
from MarrowQuantLib.model import MarrowQuantError

DATA = np.random.default_rng(3).integers(0, 900, (3, 4, 5, 6)).astype(np.int16)  # volume, k, j, i
AFFINE = np.array([[2.0, 0, 0, -10], [0, 2, 0, -20], [0, 0, 5, 30], [0, 0, 0, 1]])


def oblique():
    """A matrix of three rotations with voxels of 2 × 2 × 5 mm."""
    a, b, c = 0.3, 0.2, 0.1
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    matrix = AFFINE.copy()
    matrix[:3, :3] = x @ y @ z @ np.diag([2, 2, 5])
    return matrix


def nifti_bytes(sform=AFFINE, change=lambda header: None, data=DATA):
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 4, *data.shape[::-1], 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 2, 2, 5, 1, 1, 1, 1)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = 2
    struct.pack_into("<2h", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, *sform[:3].ravel())
    header[344:348] = b"n+1\0"
    change(header)
    return bytes(header) + data.astype("<i2").tobytes()


def read(tmp_path, raw, name="image.nii"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return read_volumes(path)


@pytest.mark.parametrize("decimals", [6, 4, 3, 2])
def test_axes_that_another_program_rounded_are_read(tmp_path, decimals):
    matrix = oblique()
    matrix[:3, :3] = np.round(matrix[:3, :3], decimals)
    found = read(tmp_path, nifti_bytes(matrix))[0]
    assert np.allclose(found.ijk_to_ras, oblique(), atol=0.6 * 10**-decimals + 1e-5)
    axes = found.ijk_to_ras[:3, :3] / np.linalg.norm(found.ijk_to_ras[:3, :3], axis=0)
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-9)


@pytest.mark.parametrize("shear", [0.2, 1.1])
def test_sheared_axes_are_refused(tmp_path, shear):
    matrix = AFFINE.copy()
    matrix[0, 2] += shear
    with pytest.raises(MarrowQuantError, match="right angles"):
        read(tmp_path, nifti_bytes(matrix))


def pack(code, at, *values):
    return lambda header: struct.pack_into("<" + code, header, at, *values)


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        (pack("3f", 80, 1, 1, 1), 1), (pack("3f", 80, 0, 0, 0), 1), (pack("2f", 112, 0.5, 3), 0.5), (pack("2f", 112, np.nan, np.nan), 1),
        (pack("2f", 112, 0, 5), 1), (pack("b", 123, 0), 1), (pack("b", 123, 10), 1), (pack("8h", 40, 5, 6, 5, 4, 1, 3, 1, 1), 1),
        (pack("4s", 344, b"\0\0\0\0"), 1),
    ],
)  # fmt: skip
def test_what_writers_leave_in_a_header_does_not_change_the_image(tmp_path, change, factor):
    found = read(tmp_path, nifti_bytes(change=change), "image.nii.gz")
    assert len(found) == 3
    assert np.allclose(found[1].array, DATA[1] * factor + (3 if factor == 0.5 else 0))
    assert np.allclose(found[0].ijk_to_ras, AFFINE)


@pytest.mark.parametrize("name", ["image.nii", "image.nii.gz"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.999])
def test_a_cut_file_is_told_and_never_filled_with_zeros(tmp_path, name, share):
    raw = nifti_bytes()
    with pytest.raises(MarrowQuantError, match="cut short"):
        read(tmp_path, raw[: int(share * len(raw))], name)
    packed = gzip.compress(raw)
    (tmp_path / "packed.nii.gz").write_bytes(packed[: int(share * len(packed))])
    with pytest.raises(MarrowQuantError, match="cut short"):
        read_volumes(tmp_path / "packed.nii.gz")


@pytest.mark.parametrize("name", ["image.nii", "image.nii.gz"])
def test_an_absurd_size_is_refused_before_memory_is_taken(tmp_path, name):
    with pytest.raises(MarrowQuantError, match="cut short"):
        read(tmp_path, nifti_bytes(change=pack("8h", 40, 3, 30000, 30000, 30000, 1, 1, 1, 1)), name)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (pack("8h", 40, 3, -6, 5, 4, 1, 1, 1, 1), "dimensions are impossible"), (pack("8h", 40, 0, 6, 5, 4, 1, 1, 1, 1), "impossible"),
        (pack("8h", 40, 5, 6, 5, 2, 2, 3, 1, 1), "5 dimensions"), (pack("8h", 40, 2, 6, 5, 1, 1, 1, 1, 1), "2 dimensions"),
        (pack("h", 70, 32), "complex"), (pack("h", 70, 128), "colours"), (pack("b", 123, 1), "would be 2e"),
        (pack("b", 123, 3), "which no image"),
        (pack("4f", 280, 0, 0, 0, 0), "no length"), (pack("f", 280, np.nan), "cannot be right"), (pack("i", 0, 12), "no NIfTI"),
    ],
)  # fmt: skip
def test_what_cannot_be_an_image_of_a_body_is_named(tmp_path, change, sentence):
    with pytest.raises(MarrowQuantError, match=sentence):
        read(tmp_path, nifti_bytes(change=change))


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f4", "f8", "i1", "u4"])
@pytest.mark.parametrize("version", ["Nifti1Image", "Nifti2Image"])
@pytest.mark.parametrize("form", ["sform", "qform", "both", "none"])
def test_the_reader_agrees_with_nibabel(tmp_path, dtype, version, form):
    nibabel = pytest.importorskip("nibabel")
    image = getattr(nibabel, version)(np.moveaxis(DATA, 0, -1).transpose(2, 1, 0, 3).astype(dtype), None)
    image.header.set_zooms((2, 2, 5, 1))
    if form in ("sform", "both"):
        image.set_sform(oblique(), 1)
    if form in ("qform", "both"):
        image.set_qform(oblique() @ np.diag([1, 1, -1, 1]) if form == "qform" else oblique(), 1)
    image.to_filename(tmp_path / "image.nii.gz")
    expected = nibabel.load(tmp_path / "image.nii.gz")
    found = nifti.read_nifti(tmp_path / "image.nii.gz")
    assert np.allclose(found.volumes, np.asarray(expected.dataobj).T, atol=0)
    # Without any matrix nibabel centres the image and mirrors it; the standard puts the first voxel at the origin.
    wanted = np.diag([2.0, 2.0, 5.0, 1.0]) if form == "none" else expected.affine
    assert np.allclose(found.ijk_to_ras, wanted, atol=1e-4)


# ---------------------------------------------------------------------------------------------------------------- NRRD, MetaImage
def nrrd(tmp_path, data, pairs=(), name="image.nrrd", encoding="raw", **fields):
    """A NRRD of an array with the fastest axis first."""
    lines = ["NRRD0005", "type: short", f"dimension: {data.ndim}", f"sizes: {' '.join(map(str, data.shape))}", "endian: little",
             f"encoding: {encoding}", *(f"{key.replace('_', ' ')}: {value}" for key, value in fields.items()), *pairs]  # fmt: skip
    raw = np.asfortranarray(data).astype("<i2").tobytes(order="F")
    path = tmp_path / name
    path.write_bytes(("\n".join(lines) + "\n\n").encode() + (gzip.compress(raw) if encoding == "gzip" else raw))
    return path


LIST_LAST = DATA.transpose(3, 2, 1, 0)
SPACE = {"space": "left-posterior-superior", "space_origin": "(10,20,30)"}
DIRECTIONS = "(-2,0,0) (0,-2,0) (0,0,5)"


def gradients(lengths, b=800):
    return ["modality:=DWMRI", f"DWMRI_b-value:={b}"] + [f"DWMRI_gradient_{n:04d}:={length} 0 0" for n, length in enumerate(lengths)]


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
@pytest.mark.parametrize("list_first", [False, True])
def test_b_values_of_slicers_nrrd(tmp_path, encoding, list_first):
    data = np.moveaxis(LIST_LAST, -1, 0) if list_first else LIST_LAST
    directions = f"none {DIRECTIONS}" if list_first else f"{DIRECTIONS} none"
    kinds = "list space space space" if list_first else "space space space list"
    path = nrrd(tmp_path, data, gradients((0, 0.5**0.5, 1)), encoding=encoding, **SPACE, space_directions=directions, kinds=kinds)
    found = read_volumes(path)
    assert [v.b_value for v in found] == pytest.approx([0, 400, 800])
    assert np.array_equal(found[1].array, DATA[1])
    assert np.allclose(found[0].ijk_to_ras, AFFINE)


@pytest.mark.parametrize(
    ("pairs", "b_values"),
    [
        (["DWMRI_b-value:=1000", "DWMRI_gradient_0000:=0 0 0", "DWMRI_gradient_0001:=0 1 0", "DWMRI_NEX_0001:=2"], [0, 1000, 1000]),
        (["DWMRI_b-value:=1000", *(f"DWMRI_B-matrix_{n:04d}:={b} 0 0 0 0 0" for n, b in enumerate((0, 500, 1000)))], [0, 500, 1000]),
        (gradients((0, 2, 2)), [0, 800, 800]),
        (gradients((0, 1)), [None] * 3),
        (gradients((0, "x", 1)), [None] * 3),
        (["DWMRI_b-value:=abc", *gradients((0, 1, 1))[2:]], [None] * 3),
        ([], [None] * 3),
    ],
)
def test_other_keys_of_diffusion_in_nrrd(tmp_path, pairs, b_values):
    path = nrrd(tmp_path, LIST_LAST, pairs, **SPACE, space_directions=f"{DIRECTIONS} none", kinds="space space space list")
    assert [v.b_value for v in read_volumes(path)] == b_values


def test_a_nrrd_in_ras_and_one_with_spacings_only(tmp_path):
    fields = {"space": "right-anterior-superior", "space_origin": "(-10,-20,30)", "space_directions": "(2,0,0) (0,2,0) (0,0,5)"}
    ras = nrrd(tmp_path, LIST_LAST[..., 0], **fields)
    assert np.allclose(read_volumes(ras)[0].ijk_to_ras, AFFINE)
    plain = nrrd(tmp_path, LIST_LAST[..., 0], name="plain.nrrd", spacings="2 2 5")
    assert np.allclose(np.abs(np.diag(read_volumes(plain)[0].ijk_to_ras)), [2, 2, 5, 1])


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("share", [0.6, 0.95])
def test_a_cut_nrrd_or_metaimage_is_told(tmp_path, suffix, compress, share):
    path = tmp_path / f"image{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(DATA[0]), str(path), compress)
    raw = path.read_bytes()
    start = raw.index(b"\n\n") + 2 if suffix == ".nrrd" else raw.index(b"LOCAL\n") + 6
    assert np.array_equal(read_volumes(path)[0].array, DATA[0])
    path.write_bytes(raw[: start + int(share * (len(raw) - start))])
    with pytest.raises(MarrowQuantError):
        read_volumes(path)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@pytest.mark.parametrize("compress", [False, True])
def test_an_absurd_size_of_nrrd_or_metaimage_is_refused_before_memory_is_taken(tmp_path, suffix, compress):
    path = tmp_path / f"image{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(DATA[0]), str(path), compress)
    raw = path.read_bytes().replace(b"6 5 4", b"30000 30000 30000", 1)
    path.write_bytes(raw)
    with pytest.raises(MarrowQuantError):
        read_volumes(path)
