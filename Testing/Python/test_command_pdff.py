"""``marrowquant pdff`` on image files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.echoes import SIX_ECHOES, columns, simulate
from MarrowQuantLib.cli import main

FF, FIELD, R2STAR, INSIDE = columns(40)
SIGNAL = simulate(FF, FIELD, R2STAR, spectrum="ren_marrow_9")[None] * INSIDE[..., None]


def write(folder: Path, name: str, array: np.ndarray) -> str:
    image = sitk.GetImageFromArray(array.astype(np.float32), isVector=False)
    image.SetSpacing((1.5, 1.5, 4.0, 1.0)[: array.ndim])
    image.SetOrigin((10.0, -20.0, 30.0, 0.0)[: array.ndim])
    sitk.WriteImage(image, str(folder / name))
    return str(folder / name)


def read(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def times_ms() -> list[str]:
    return [f"{1e3 * t:.4f}" for t in SIX_ECHOES]


def test_magnitude_and_phase_with_sidecars_give_maps_on_the_same_grid(tmp_path, capsys):
    magnitudes = [write(tmp_path, f"e{n}.nii.gz", np.abs(SIGNAL[..., n])) for n in range(6)]
    phases = [write(tmp_path, f"e{n}_ph.nii.gz", np.round(np.angle(SIGNAL[..., n]) * 4096 / np.pi)) for n in range(6)]
    for n, time in enumerate(SIX_ECHOES):
        (tmp_path / f"e{n}.json").write_text(json.dumps({"EchoTime": time, "MagneticFieldStrength": 3}))
    assert main(["pdff", *magnitudes, "--phase", *phases, "--out", str(tmp_path / "out")]) == 0
    ff = read(tmp_path / "out" / "pdff_percent.nii.gz")[0]
    assert np.abs(ff - 100 * FF)[INSIDE].max() < 0.5
    assert np.abs(read(tmp_path / "out" / "r2star_per_s.nii.gz")[0] - R2STAR)[INSIDE].max() < 3
    written, given = (sitk.ReadImage(str(path)) for path in (tmp_path / "out" / "water.nii.gz", magnitudes[0]))
    assert written.GetOrigin() == pytest.approx(given.GetOrigin()) and written.GetSpacing() == pytest.approx(given.GetSpacing())
    printed = capsys.readouterr().out
    assert "6 complex echoes, fat spectrum ren_marrow_9" in printed and " %" in printed and "1/s" in printed


def test_real_and_imaginary_four_dimensional_nrrd_take_echo_times_from_the_command_line(tmp_path):
    real, imaginary = (
        write(tmp_path, f"{name}.nrrd", np.moveaxis(part, -1, 0)) for name, part in (("re", SIGNAL.real), ("im", SIGNAL.imag))
    )
    options = ["--imaginary", imaginary, "--te-ms", *times_ms(), "--tesla", "3", "--out", str(tmp_path / "out"), "--format", "nrrd"]
    assert main(["pdff", real, *options]) == 0
    ff = read(tmp_path / "out" / "pdff_percent.nrrd")[0]
    assert np.abs(ff - 100 * FF)[INSIDE].max() < 0.1
    assert np.isnan(ff[~INSIDE]).all()  # in NIfTI too, but SimpleITK reads NaN as 0 there


def test_a_slab_is_swapped_back_in_one_call(tmp_path, capsys):
    volume = np.repeat(SIGNAL, 3, axis=0)
    magnitudes = [write(tmp_path, f"e{n}.nrrd", np.abs(volume[..., n])) for n in range(6)]
    phases = [write(tmp_path, f"p{n}.nrrd", np.angle(volume[..., n])) for n in range(6)]
    options = ["--te-ms", *times_ms(), "--tesla", "3", "--format", "nrrd", "--out", str(tmp_path / "out"), "--swap-back"]
    assert main(["pdff", *magnitudes, "--phase", *phases, *options, "1"]) == 0
    ff, water, fat = (read(tmp_path / "out" / f"{name}.nrrd") for name in ("pdff_percent", "water", "fat"))
    assert np.abs(ff[0] - 100 * FF)[INSIDE].max() < 0.1 and np.abs(ff[1] - (100 - 100 * FF))[INSIDE].max() < 0.1
    np.testing.assert_allclose(water[1], fat[2], atol=2.0)
    assert main(["pdff", *magnitudes, "--phase", *phases, *options, "3", "--overwrite"]) != 0
    assert "3 lies outside the volume of 3 slices" in capsys.readouterr().err


def test_magnitude_alone_writes_the_standard_deviation_and_says_what_it_cannot_know(tmp_path, capsys):
    magnitude = write(tmp_path, "m.nii", np.moveaxis(np.abs(SIGNAL), -1, 0))
    assert main(["pdff", magnitude, "--te-ms", *times_ms(), "--tesla", "3", "--out", str(tmp_path / "out")]) == 0
    assert np.median(np.abs(read(tmp_path / "out" / "pdff_percent.nii.gz")[0] - 100 * FF)[INSIDE]) < 0.1
    assert (tmp_path / "out" / "pdff_sd_percent.nii.gz").is_file() and not (tmp_path / "out" / "field_map_hz.nii.gz").exists()
    assert "cannot tell water from fat" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "give --te-ms"),
        (["--te-ms", "1", "2"], "6 echo images and 2 echo times"),
        (["--te-ms", *times_ms()], "--tesla"),
        (["--te-ms", *(f"{t:.6f}" for t in 1e9 * SIX_ECHOES), "--tesla", "3"], "give them in ms"),
    ],
)
def test_missing_echo_times_or_field_strength_is_a_sentence(tmp_path, capsys, options, says):
    magnitude = write(tmp_path, "m.nii", np.moveaxis(np.abs(SIGNAL), -1, 0))
    assert main(["pdff", magnitude, *options, "--out", str(tmp_path / "out")]) != 0
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_phase_in_no_known_scale_is_refused(tmp_path, capsys):
    magnitude = write(tmp_path, "m.nii", np.moveaxis(np.abs(SIGNAL), -1, 0))
    phase = write(tmp_path, "p.nii", 9000 * np.moveaxis(np.angle(SIGNAL), -1, 0))
    options = ["--te-ms", *times_ms(), "--tesla", "3", "--out", str(tmp_path / "out")]
    assert main(["pdff", magnitude, "--phase", phase, *options]) != 0
    assert "no known scale" in capsys.readouterr().err


@pytest.mark.parametrize(("second", "says"), [("--phase", "image 2 of 6 holds one value"), ("--imaginary", "hold no negative value")])
def test_parts_that_are_no_phase_or_no_real_and_imaginary_parts_are_refused(tmp_path, capsys, second, says):
    signal = simulate(np.full((12, 12), 0.3), np.zeros((12, 12)), np.full((12, 12), 40.0), snr=50)
    phase = np.where(np.arange(6) == 0, np.angle(signal), 0)
    first, other = (np.abs(signal), phase) if second == "--phase" else (signal.real + 2048, signal.imag + 2048)
    images = [[write(tmp_path, f"{name}{n}.nii", part[None, ..., n]) for n in range(6)] for name, part in (("a", first), ("b", other))]
    options = ["--te-ms", *times_ms(), "--tesla", "3", "--out", str(tmp_path / "maps")]
    assert main(["pdff", *images[0], second, *images[1], *options]) == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("mistake", ["turned round", "real parts", "twice the same", "no values"])
def test_images_in_the_wrong_places_are_refused(tmp_path, capsys, mistake):
    signal = simulate(np.full((12, 12), 0.3), np.zeros((12, 12)), np.full((12, 12), 40.0), snr=50)
    signal = signal * np.exp(2j * np.pi * np.arange(12) / 12)[:, None]
    magnitude, phase = np.abs(signal), np.angle(signal)
    first, second = {
        "turned round": (phase, magnitude), "real parts": (signal.real, phase), "twice the same": (phase % (2 * np.pi),) * 2,
        "no values": (magnitude, np.nan * phase),
    }[mistake]  # fmt: skip
    images = [[write(tmp_path, f"{name}{n}.nii", part[None, ..., n]) for n in range(6)] for name, part in (("a", first), ("b", second))]
    options = ["--te-ms", *times_ms(), "--tesla", "3", "--out", str(tmp_path / "maps")]
    assert main(["pdff", *images[0], "--phase", *images[1], *options]) == 1
    said = capsys.readouterr().err
    assert ("image 1 of 6 holds one value" if mistake == "no values" else "give the magnitudes first") in said


def test_a_dicom_folder_is_fitted_from_its_headers(digital_patient, tmp_path, capsys):
    assert main(["pdff", str(digital_patient("responder", "philips").baseline), "--out", str(tmp_path / "out")]) == 0
    assert "6 complex echoes" in capsys.readouterr().out
    ff = read(tmp_path / "out" / "pdff_percent.nii.gz")
    assert ff.ndim == 3 and 5 < np.nanmedian(ff) < 95


def test_complex_images_and_echo_times_in_seconds_are_read(tmp_path, capsys):
    paths = []
    for n in range(6):
        image = sitk.GetImageFromArray(SIGNAL[..., n].astype(np.complex64))
        paths.append(str(tmp_path / f"e{n}.nii.gz"))
        sitk.WriteImage(image, paths[-1])
    options = ["--te-ms", *[f"{t:.7f}" for t in SIX_ECHOES], "--tesla", "3", "--out", str(tmp_path / "out"), "--format", "nrrd"]
    assert main(["pdff", *paths, *options]) == 0
    assert np.abs(read(tmp_path / "out" / "pdff_percent.nrrd")[0] - 100 * FF)[INSIDE].max() < 0.5
    assert np.isfinite(read(tmp_path / "out" / "r2star_sd_per_s.nrrd")[0])[INSIDE].all()
    assert main(["pdff", *paths, "--phase", *paths, *options]) != 0
    assert "complex already" in capsys.readouterr().err


def test_the_sign_of_the_phase_can_be_given_and_is_told(tmp_path, capsys):
    magnitude = write(tmp_path, "m.nii", np.moveaxis(np.abs(SIGNAL), -1, 0))
    phase = write(tmp_path, "p.nii", np.moveaxis(-np.angle(SIGNAL), -1, 0))
    options = ["--phase", phase, "--te-ms", *times_ms(), "--tesla", "3", "--format", "nrrd"]
    for sign in ([], ["--conjugate"]):
        assert main(["pdff", magnitude, *options, *sign, "--out", str(tmp_path / f"out{len(sign)}")]) == 0
        assert "conjugated" in capsys.readouterr().out
        assert np.abs(read(tmp_path / f"out{len(sign)}" / "pdff_percent.nrrd")[0] - 100 * FF)[INSIDE].max() < 0.5
    assert main(["pdff", magnitude, *options, "--no-conjugate", "--out", str(tmp_path / "wrong")]) == 0
    assert "conjugated" not in capsys.readouterr().out
    assert np.abs(read(tmp_path / "wrong" / "pdff_percent.nrrd")[0] - 100 * FF)[INSIDE].mean() > 20
