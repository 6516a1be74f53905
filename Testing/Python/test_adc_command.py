"""``marrowquant adc`` on files as other programs write them, and on DICOM."""

from __future__ import annotations

import re
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from MarrowQuantLib import cli, dicom
from MarrowQuantLib.model import Volume

B_VALUES = (0.0, 50.0, 400.0, 800.0)
TURN = np.array([[np.cos(0.2), -np.sin(0.2), 0], [np.sin(0.2), np.cos(0.2), 0], [0, 0, 1]])
AFFINE = np.eye(4)  # oblique, RAS
AFFINE[:3, :3], AFFINE[:3, 3] = TURN * (-1.5, 1.25, 5), (90, -120, -40)


@pytest.fixture
def truth():
    return np.random.default_rng(0).uniform(300, 2500, (5, 6, 7))  # (i, j, k), as nibabel


@pytest.fixture
def signal(truth):
    return (800 * np.exp(-np.array(B_VALUES) * truth[..., None] * 1e-6)).astype(np.float32)


def run(*arguments):
    return cli.main(["adc", *map(str, arguments)])


def test_a_four_dimensional_nifti_with_its_bval_file(tmp_path, truth, signal, capsys):
    nibabel.save(nibabel.Nifti1Image(signal, AFFINE), tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").write_text("0 50 400 800\n")
    assert run(tmp_path / "dwi.nii.gz", "--computed-b", 1500, "--out", tmp_path / "maps") == 0
    fitted = nibabel.load(tmp_path / "maps" / "adc_um2_per_s.nii.gz")
    np.testing.assert_allclose(fitted.get_fdata(), truth, atol=0.1)
    computed = nibabel.load(tmp_path / "maps" / "computed_b1500.nii.gz").get_fdata()
    np.testing.assert_allclose(computed, 800 * np.exp(-1500e-6 * truth), rtol=1e-3)
    np.testing.assert_allclose(fitted.affine, AFFINE, atol=1e-4)
    assert nibabel.load(tmp_path / "maps" / "s0.nii.gz").get_fdata() == pytest.approx(800, rel=1e-4)
    assert nibabel.load(tmp_path / "maps" / "residual.nii.gz").get_fdata().max() < 0.1
    assert "µm²/s over 210 voxels" in capsys.readouterr().out


def test_one_image_a_b_value_in_any_order_with_b_on_the_command_line(tmp_path, truth, signal):
    order = (2, 0, 3, 1)
    for n in order:
        nibabel.save(nibabel.Nifti1Image(signal[..., n], np.diag([2, 2, 4, 1])), tmp_path / f"b{n}.nii")
    paths = [tmp_path / f"b{n}.nii" for n in order]
    b_values = [B_VALUES[n] for n in order]
    assert run(*paths, "--b", *b_values, "--method", "nlls", "--format", "nrrd", "--out", tmp_path / "maps") == 0
    image = sitk.ReadImage(str(tmp_path / "maps" / "adc_um2_per_s.nrrd"))
    np.testing.assert_allclose(sitk.GetArrayFromImage(image).T, truth, atol=0.1)
    assert image.GetSpacing() == (2, 2, 4)


def test_nrrd_with_several_components_a_voxel_and_a_choice_of_b(tmp_path, truth, signal):
    spoiled = signal * np.array([1.5, 1, 1, 1], np.float32)  # perfusion
    sitk.WriteImage(sitk.GetImageFromArray(spoiled.transpose(2, 1, 0, 3), isVector=True), str(tmp_path / "dwi.nrrd"))
    options = ("--b", *B_VALUES, "--use-b", 50, 400, 800)
    assert run(tmp_path / "dwi.nrrd", *options, "--out", tmp_path / "maps") == 0
    np.testing.assert_allclose(nibabel.load(tmp_path / "maps" / "adc_um2_per_s.nii.gz").get_fdata(), truth, atol=0.1)


def test_a_dicom_folder(tmp_path, shared_data, capsys):
    assert run(shared_data / "dwi" / "prostatex_0000", "--out", tmp_path / "maps") == 0
    out = capsys.readouterr().out
    assert "b 50, 400, 800 s/mm²" in out
    fitted = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "maps" / "adc_um2_per_s.nii.gz")))
    assert 500 < np.nanmedian(fitted) < 2500


def test_of_several_sets_it_says_which_an_analysis_uses(tmp_path, monkeypatch, capsys):
    def volume(number, b):
        image = Volume(np.full((2, 2, 2), 500 * np.exp(-b * 1e-3), np.float32), np.eye(4), b_value=b)
        return SimpleNamespace(series_number=number, station=None, load=lambda: image)

    b_values = {4: (0.0, 800.0), 7: (0.0, 50.0, 800.0), 9: (50.0, 400.0, 800.0)}
    monkeypatch.setattr(dicom, "scan", lambda *folder, **options: [])
    monkeypatch.setattr(dicom, "diffusion_sets", lambda volumes: [[volume(number, b) for b in own] for number, own in b_values.items()])
    (tmp_path / "in").mkdir()
    assert run(tmp_path / "in", "--out", tmp_path / "maps") == 0
    told = capsys.readouterr().out.splitlines()[0]
    assert told.startswith("There are 3 sets of diffusion images: series-4 (b 0, 800); series-7 (b 0, 50, 800); series-9 (b 50, 400, 800).")
    assert told.endswith("an analysis uses the longest: series-7.")


def test_repeated_acquisitions_of_one_series_do_not_overwrite_each_other(tmp_path, monkeypatch):
    def volume(group, b):
        image = Volume(np.full((2, 2, 2), 500 * np.exp(-b * group * 1e-3), np.float32), np.eye(4), b_value=b)
        return SimpleNamespace(series_number=7, station=None, load=lambda: image)

    monkeypatch.setattr(dicom, "scan", lambda *folder, **options: [])
    monkeypatch.setattr(dicom, "diffusion_sets", lambda volumes: [[volume(group, b) for b in (0.0, 800.0)] for group in (1, 2)])
    (tmp_path / "in").mkdir()
    assert run(tmp_path / "in", "--out", tmp_path / "maps") == 0
    found = sorted((tmp_path / "maps").glob("adc_um2_per_s*"))
    assert [path.name for path in found] == ["adc_um2_per_s_series-7.nii.gz", "adc_um2_per_s_series-7_2.nii.gz"]
    assert [nibabel.load(path).get_fdata().mean() for path in found] == pytest.approx([1000, 2000], abs=0.1)


@pytest.mark.parametrize(
    ("make", "options", "says"),
    [
        ("nothing", ("missing.nii", "--b", 0, 800), "no file 'missing.nii'"),
        ("text", ("dwi.nii", "--b", 0, 800), "cannot be read as an image"),
        ("image", ("dwi.nii",), "no b-values for 'dwi.nii'"),
        ("image", ("dwi.nii", "--b", 0, 800), "4 images but 2 b-values"),
        ("image", ("dwi.nii", "--b", 0, 0.05, 0.4, 0.8), "ms/µm²"),
        ("sheared", ("dwi.nii", "--b", 0, 50, 400, 800), "right angles"),
        ("bad bval", ("dwi.nii",), "does not hold numbers"),
        ("two grids", ("dwi.nii", "other.nii", "--b", 0, 50, 400, 800, 900, 950, 1000, 1100), "one grid"),
        ("empty folder", ("in",), "no DICOM|no diffusion|empty|nothing"),
    ],
)
def test_input_that_cannot_be_used_ends_with_a_sentence(tmp_path, signal, capsys, make, options, says):
    (tmp_path / "in").mkdir()
    if make == "text":
        (tmp_path / "dwi.nii").write_text("hello")
    if make in ("image", "bad bval", "two grids"):
        nibabel.save(nibabel.Nifti1Image(signal, np.eye(4)), tmp_path / "dwi.nii")
    if make == "sheared":
        affine = np.eye(4)
        affine[0, 1] = 0.3
        nibabel.save(nibabel.Nifti1Image(signal, affine), tmp_path / "dwi.nii")
    if make == "bad bval":
        (tmp_path / "dwi.bval").write_text("zero fifty")
    if make == "two grids":
        nibabel.save(nibabel.Nifti1Image(signal, np.diag([3, 3, 3, 1])), tmp_path / "other.nii")
    arguments = [tmp_path / o if isinstance(o, str) and not o.startswith("--") else o for o in options]
    assert run(*arguments, "--out", tmp_path / "maps") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and re.search(says, error)
    assert not (tmp_path / "maps").exists() or not list((tmp_path / "maps").iterdir())


def test_ivim_and_kurtosis_have_a_door(tmp_path, capsys):
    b = np.array([0, 10, 20, 40, 60, 80, 100, 200, 400, 600, 800], float)
    ivim = 500 * (0.15 * np.exp(-b * 0.02) + 0.85 * np.exp(-b * 900e-6))
    kurtosis = 500 * np.exp(-b * 900e-6 + (b * 900e-6) ** 2 * 0.8 / 6)
    for model, signal, expected in (("ivim", ivim, {"f_percent": 15, "d_um2_per_s": 900}), ("kurtosis", kurtosis, {"kurtosis": 0.8})):
        folder = tmp_path / model
        folder.mkdir()
        nibabel.save(nibabel.Nifti1Image(np.broadcast_to(signal, (3, 3, 2, b.size)).astype(np.float32), np.eye(4)), folder / "dwi.nii.gz")
        (folder / "dwi.bval").write_text(" ".join(map(str, b)))
        assert run(folder / "dwi.nii.gz", "--model", model, "--out", folder / "maps") == 0
        for name, value in expected.items():
            found = nibabel.load(folder / "maps" / f"{model}_{name}.nii.gz").get_fdata()
            assert found == pytest.approx(np.full((3, 3, 2), value), rel=0.01)
        assert "0 voxels have no valid fit" in capsys.readouterr().out
    assert run(folder / "dwi.nii.gz", "--model", "ivim", "--method", "nlls", "--out", tmp_path / "no") != 0


X, Y, ZERO = "1 0 0", "0 1 0", "0 0 0"
ALONG_ONE = {"one direction": (X, X, X), "one axis both ways": (X, "-1 0 0", X)}
ALONG_SEVERAL = {"two directions": (X, Y, X), "trace images": (ZERO, ZERO, ZERO), "a trace image among them": (X, ZERO, X), "no file": None}


def with_directions(folder, signal, ways):
    nibabel.save(nibabel.Nifti1Image(signal, AFFINE), folder / "dwi.nii.gz")
    (folder / "dwi.bval").write_text("0 50 400 800\n")
    if ways:
        columns = [way.split() for way in (ZERO, *ways)]
        (folder / "dwi.bvec").write_text("\n".join(" ".join(row) for row in zip(*columns)))
    assert run(folder / "dwi.nii.gz", "--maps", "adc", "--out", folder / "maps") == 0


@pytest.mark.parametrize("ways", ALONG_ONE.values(), ids=ALONG_ONE)
def test_a_single_direction_is_said_to_be_no_mean(tmp_path, signal, capsys, ways):
    with_directions(tmp_path, signal, ways)
    assert "single gradient direction" in capsys.readouterr().out


@pytest.mark.parametrize("ways", ALONG_SEVERAL.values(), ids=ALONG_SEVERAL)
def test_several_directions_and_trace_images_are_not(tmp_path, signal, capsys, ways):
    with_directions(tmp_path, signal, ways)
    assert "single gradient direction" not in capsys.readouterr().out


@pytest.mark.parametrize("text", ["0 5_0 400 800", "0 50 400 8_00"])
def test_an_underscore_is_no_part_of_a_b_value(tmp_path, signal, capsys, text):
    nibabel.save(nibabel.Nifti1Image(signal, AFFINE), tmp_path / "dwi.nii.gz")
    (tmp_path / "dwi.bval").write_text(text)
    assert run(tmp_path / "dwi.nii.gz", "--out", tmp_path / "maps") == 1
    assert "does not hold numbers" in capsys.readouterr().err


@pytest.mark.parametrize("b_values, told", [
    ((800, 400, 50, 0), True), ((0, 50, 800, 400), True), ((50, 0, 400, 800), False), ((0, 50, 400, 800), False),
])  # fmt: skip
@pytest.mark.parametrize("options", [(), ("--model", "kurtosis")])
def test_b_values_in_another_order_than_the_images_are_told(tmp_path, signal, capsys, b_values, told, options):
    """Between b 0 and 50 the signal hardly falls: that order cannot be told from the images, and costs little."""
    nibabel.save(nibabel.Nifti1Image(signal, AFFINE), tmp_path / "dwi.nii.gz")
    assert run(tmp_path / "dwi.nii.gz", "--b", *b_values, *options, "--out", tmp_path / "maps") == 0
    assert ("stand in another order" in capsys.readouterr().out) is told
