"""The traps of real archives, on the digital patient cut small: what is read is the same, bit by bit, or refused with a sentence.

Every trap changes a copy of a sound exam. Whatever is then still offered as measurable must equal the sound exam's volume in values and
geometry; what is not must be named in a sentence. So no trap can change a number unseen.
"""

from __future__ import annotations

import gc
import gzip
import io
import random
import shutil
import warnings
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.encaps
import pydicom.fileset
import pytest
from helpers.dicom_files import write_volume
from helpers.small_exams import small_exam, write_small
from MarrowQuantLib import workflow
from MarrowQuantLib.dicom import SeriesVolume, scan
from MarrowQuantLib.model import MarrowQuantError, Role, Volume
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

DIALECTS = ("philips", "siemens", "ge")
UNUSED = (Role.UNKNOWN, Role.LOCALIZER, Role.CALCULATED_DWI)
Trap = Callable[[Path], None]


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, dict[Hashable, Volume]]]:
    """A dialect's folder and what a reader finds in it."""
    known: dict[str, tuple[Path, dict[Hashable, Volume]]] = {}

    def get(dialect: str) -> tuple[Path, dict[Hashable, Volume]]:
        if dialect not in known:
            folder = tmp_path_factory.mktemp(dialect)
            write_small(folder, dialect)
            volumes = scan(folder)
            assert not any(volume.problem for volume in volumes)
            known[dialect] = (folder, _measurable(volumes))
        return known[dialect]

    return get


def _measurable(volumes: list[SeriesVolume]) -> dict[Hashable, Volume]:
    """Everything that a measurement could use, by what it is."""
    found: dict[Hashable, Volume] = {}
    for volume in volumes:
        if volume.role not in UNUSED and not volume.problem:
            key = (volume.role.value, volume.station, volume.b_value, volume.echo_time_s, volume.component)
            assert key not in found, f"{key} is offered twice"
            found[key] = volume.load()
    return found


def _copy(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _edit(path: Path, change: Callable[[pydicom.Dataset], Any]) -> None:
    image = pydicom.dcmread(path)
    change(image)
    image.save_as(path)


def _assert_same(found: dict[Hashable, Volume], expected: dict[Hashable, Volume]) -> None:
    assert set(found) == set(expected)
    for key, volume in expected.items():
        np.testing.assert_array_equal(found[key].array, volume.array, err_msg=str(key))
        np.testing.assert_allclose(found[key].ijk_to_ras, volume.ijk_to_ras, atol=1e-6)


# ------------------------------------------------------------------------------------------------- traps that change nothing
def shuffled_names(folder: Path) -> None:
    paths = _files(folder)
    order = list(range(len(paths)))
    random.Random(4).shuffle(order)
    for number, path in zip(order, paths):
        path.rename(folder / f"scan.{number:04d}")  # no extension that means anything


def subfolders_with_japanese_and_spaces(folder: Path) -> None:
    for number, path in enumerate(_files(folder)):
        target = folder / f"検査 {number % 3}" / "画像 データ"
        target.mkdir(parents=True, exist_ok=True)
        path.rename(target / path.name)


def packed_by_gzip(folder: Path) -> None:
    for path in _files(folder):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 1))
        path.unlink()


def implicit_types(folder: Path) -> None:
    _resave(folder, ImplicitVRLittleEndian)


def big_endian(folder: Path) -> None:
    """Philips' private FL and the enhanced object included."""
    for path in _files(folder):
        image = pydicom.dcmread(path)
        image.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        image.PixelData = np.frombuffer(image.PixelData, "<u2").astype(">u2").tobytes()
        for element in image.iterall():
            assert element.VR  # decoded while the byte order is still known
        pydicom.dcmwrite(path, image, implicit_vr=False, little_endian=False)


def _resave(folder: Path, syntax: str) -> None:
    for path in _files(folder):
        image = pydicom.dcmread(path)
        image.file_meta.TransferSyntaxUID = syntax
        pydicom.dcmwrite(path, image, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)


def run_length_encoded(folder: Path) -> None:
    for path in _files(folder):
        _edit(path, lambda image: image.compress(RLELossless, generate_instance_uid=False))


def jpeg_ls(folder: Path) -> None:
    pytest.importorskip("jpeg_ls", reason="pyjpegls, which Slicer bundles, is not installed.")
    for path in _files(folder):
        _edit(path, lambda image: image.compress(JPEGLSLossless, generate_instance_uid=False))


def jpeg_2000(folder: Path) -> None:
    """Lossless code streams written by Pillow, which Slicer bundles."""
    image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed.")

    def compress(image: pydicom.Dataset) -> None:
        frames = image.pixel_array.reshape(-1, image.Rows, image.Columns)
        streams = []
        for frame in frames:
            stream = io.BytesIO()
            image_module.fromarray(frame).save(stream, format="JPEG2000", irreversible=False, no_jp2=True)
            streams.append(stream.getvalue())
        image.BitsStored, image.HighBit = 16, 15  # what the code stream says of itself
        image.PixelData = pydicom.encaps.encapsulate(streams)
        image["PixelData"].VR, image["PixelData"].is_undefined_length = "OB", True
        image.file_meta.TransferSyntaxUID = JPEG2000Lossless

    for path in _files(folder):
        _edit(path, compress)


def no_preamble(folder: Path) -> None:
    """Data sets as old archives keep them: without preamble, magic and meta information."""
    _resave(folder, ImplicitVRLittleEndian)
    for path in _files(folder):
        data = path.read_bytes()
        path.write_bytes(data[144 + int.from_bytes(data[140:144], "little") :])


def negative_spacing(folder: Path) -> None:
    for path in _files(folder):
        _edit(path, lambda image: image.__setattr__("SpacingBetweenSlices", -1.0) if "SpacingBetweenSlices" in image else None)


def descriptions_that_say_nothing(folder: Path) -> None:
    for path in _files(folder):
        _edit(path, lambda image: image.__setattr__("SeriesDescription", "MR"))


def one_slice_twice(folder: Path) -> None:
    path = _files(folder)[-3]
    shutil.copy(path, folder / "copy of it")


def japanese_name(folder: Path) -> None:
    def rename(image: pydicom.Dataset) -> None:
        image.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
        image.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"

    for path in _files(folder):
        _edit(path, rename)


def dicomdir(folder: Path) -> None:
    """A file set as a CD holds it: DICOMDIR, short upper-case names, no extension; the originals are removed."""
    file_set = pydicom.fileset.FileSet()
    for path in _files(folder):
        file_set.add(path)
    target = folder.with_name(folder.name + "-disc")
    file_set.write(target)
    with warnings.catch_warnings():  # a file set removes its stage when it is collected, and warns of that in whatever test runs then
        warnings.simplefilter("ignore", ResourceWarning)
        del file_set
        gc.collect()
    shutil.rmtree(folder)
    target.rename(folder)
    assert (folder / "DICOMDIR").is_file()


def other_files(folder: Path) -> None:
    (folder / "labs.csv").write_text("date,test,value,unit\n")
    (folder / "notes.txt.gz").write_bytes(gzip.compress(b"notes" * 100))
    (folder / "Thumbs.db").write_bytes(b"\0" * 5000)


def decoys(folder: Path) -> None:
    """Series that look like the real ones: maps, projections, captures, calculated images, another orientation."""
    first = pydicom.dcmread(_files(folder)[-1], stop_before_pixels=True)
    shared = {k: first.get(k) for k in ("PatientID", "PatientName", "PatientBirthDate", "StudyDate", "Manufacturer", "FrameOfReferenceUID")}
    epi = {"ScanningSequence": ["EP", "SE"], "EchoTime": 66.0, "RepetitionTime": 6800.0}
    kinds: list[dict[str, Any]] = [
        {"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "FA"], **epi},
        {"ImageType": ["DERIVED", "SECONDARY", "DIFFUSION", "EADC"], **epi},
        {"ImageType": ["DERIVED", "PRIMARY", "MIP"], "DiffusionBValue": 900.0, **epi},
        {"ImageType": ["DERIVED", "PRIMARY", "PROJECTION IMAGE", "DIFFUSION"], "DiffusionBValue": 900.0, **epi},
        {"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "CALC_BVALUE"], "DiffusionBValue": 1500.0, **epi},
        {"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"], "DiffusionBValue": 900.0},
        {"ImageType": ["DERIVED", "SECONDARY"], "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "SeriesDescription": "dwi b900"},
        {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
    ]
    for number, kind in enumerate(kinds, start=900):
        write_volume(folder, 3, SeriesNumber=number, SeriesInstanceUID=f"1.2.9.{number}", **{**shared, **kind})


@pytest.mark.parametrize(
    "trap, dialects",
    [
        (shuffled_names, DIALECTS),
        (subfolders_with_japanese_and_spaces, ("ge",)),
        (packed_by_gzip, ("philips",)),
        (implicit_types, ("philips", "ge")),
        (big_endian, ("philips",)),
        (run_length_encoded, ("philips",)),
        (jpeg_ls, ("philips",)),
        (jpeg_2000, ("philips",)),
        (no_preamble, ("ge",)),
        (negative_spacing, ("ge",)),
        (descriptions_that_say_nothing, ("philips",)),
        (one_slice_twice, DIALECTS),
        (japanese_name, ("siemens",)),
        (dicomdir, ("philips",)),
        (other_files, ("philips",)),
        (decoys, DIALECTS),
    ],
)
def test_what_does_not_matter_changes_nothing(sound: Callable, tmp_path: Path, trap: Trap, dialects: tuple[str, ...]) -> None:
    for dialect in dialects:
        original, expected = sound(dialect)
        folder = _copy(original, tmp_path / dialect)
        trap(folder)
        _assert_same(_measurable(scan(folder)), expected)


def test_no_decoy_is_ever_fitted(sound: Callable, tmp_path: Path) -> None:
    folder = _copy(sound("siemens")[0], tmp_path / "exam")
    decoys(folder)
    found = {volume.series_number: volume for volume in scan(folder) if volume.series_number >= 900}
    assert sorted(found) == list(range(900, 908))
    assert {volume.role for volume in found.values()} <= set(UNUSED)
    assert all(volume.evidence[0] for volume in found.values())


def test_philips_scales_that_differ_from_slice_to_slice_are_undone(sound: Callable, tmp_path: Path) -> None:
    """Every second slice is stored doubled, with twice the scale slope and another rescale slope: the same signal."""
    original, expected = sound("philips")
    folder = _copy(original, tmp_path / "exam")

    def rescale(image: pydicom.Dataset) -> None:
        if "DiffusionBValue" in image and image.InstanceNumber % 2:
            image.PixelData = (2 * image.pixel_array).astype("<u2").tobytes()
            image.BitsStored, image.HighBit = 16, 15
            image.RescaleSlope = 3.5
            image[0x2005, 0x100E].value = 2 * image[0x2005, 0x100E].value

    for path in _files(folder):
        _edit(path, rescale)
    found = _measurable(scan(folder))
    assert set(found) == set(expected)
    for key, volume in expected.items():
        np.testing.assert_allclose(found[key].array, volume.array, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("vectors", [([0, -1, 0], [1, 0, 0]), ([0.6, 0.8, 0], [-0.8, 0.6, 0])])
def test_a_patient_who_lies_on_the_side_keeps_all_values(sound: Callable, tmp_path: Path, vectors: tuple[list[float], list[float]]) -> None:
    """Every position and direction turned together about the long axis: decubitus, oblique."""
    original, expected = sound("siemens")
    folder = _copy(original, tmp_path / "exam")
    turn = np.array([*vectors, [0, 0, 1]], float).T

    def rotate(image: pydicom.Dataset) -> None:
        image.ImagePositionPatient = np.round(turn @ np.array(image.ImagePositionPatient, float), 6).tolist()
        directions = np.array(image.ImageOrientationPatient, float).reshape(2, 3) @ turn.T
        image.ImageOrientationPatient = np.round(directions.ravel(), 9).tolist()

    for path in _files(folder):
        _edit(path, rotate)
    found = _measurable(scan(folder))
    assert set(found) == set(expected)
    lps = np.diag([-1.0, -1.0, 1.0])
    for key, volume in expected.items():
        np.testing.assert_array_equal(found[key].array, volume.array)
        np.testing.assert_allclose(found[key].ijk_to_ras[:3], lps @ turn @ lps @ volume.ijk_to_ras[:3], atol=1e-4)


# ---------------------------------------------------------------------------------------------------- traps that are refused
def _of_series(folder: Path, number: int) -> list[Path]:
    """A series' files, in order of instance number."""
    images = [(pydicom.dcmread(path, stop_before_pixels=True), path) for path in _files(folder)]
    chosen = [(image.InstanceNumber, path) for image, path in images if image.SeriesNumber == number]
    return [path for _, path in sorted(chosen)]


SERIES = {"siemens": 25, "ge": 11, "philips": 301}  # diffusion of the first station; Siemens' b 400 alone


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("lost, why", [(2, "1 slice is missing: after slice"), (0, "1 slice is missing at an end")])
def test_a_missing_slice_refuses_its_volume_and_no_other(sound: Callable, tmp_path: Path, dialect: str, lost: int, why: str) -> None:
    original, expected = sound(dialect)
    folder = _copy(original, tmp_path / "exam")
    _of_series(folder, SERIES[dialect])[lost].unlink()
    volumes = scan(folder)
    (refused,) = [volume for volume in volumes if volume.problem]
    assert refused.role == Role.DWI
    assert why in refused.problem
    found = _measurable(volumes)
    (missing,) = set(expected) - set(found)
    assert missing[:3] == ("dwi", 1, refused.b_value)
    _assert_same(found, {key: volume for key, volume in expected.items() if key != missing})


def test_a_shorter_slab_that_was_meant_so_is_not_refused(tmp_path: Path) -> None:
    """Half as many slices are another field of view and no loss."""
    for word, n_slices in (("W", 20), ("F", 10)):
        write_volume(tmp_path, n_slices, ImageType=["ORIGINAL", "PRIMARY", word, word])
    assert {(volume.shape[2], volume.problem) for volume in scan(tmp_path)} == {(20, ""), (10, "")}


@pytest.mark.parametrize("dialect", ("philips", "siemens"))
def test_a_truncated_file_is_refused_by_its_name(sound: Callable, tmp_path: Path, dialect: str) -> None:
    folder = _copy(sound(dialect)[0], tmp_path / "exam")
    path = _of_series(folder, SERIES[dialect])[3]
    path.write_bytes(path.read_bytes()[:-100])
    volumes = scan(folder)
    (volume,) = [volume for volume in volumes if volume.problem]
    assert f"{path.name} is cut short" in volume.problem
    assert sum(not volume.problem for volume in volumes) > 3


def test_a_truncated_gzip_file_is_named_and_its_neighbours_are_not_trusted(sound: Callable, tmp_path: Path) -> None:
    folder = _copy(sound("philips")[0], tmp_path / "exam")
    packed_by_gzip(folder)
    path = _files(folder)[0]
    path.write_bytes(path.read_bytes()[:-20])
    volumes = scan(folder)
    assert any(path.name in volume.problem for volume in volumes)
    assert sum(not volume.problem for volume in volumes) > 3


@pytest.mark.parametrize("dialect", ("ge",))
def test_a_slice_exchanged_with_another_image_is_refused(sound: Callable, tmp_path: Path, dialect: str) -> None:
    """A slice at a position that exists already, with other pixels: nobody can know which is right."""
    original, expected = sound(dialect)
    folder = _copy(original, tmp_path / "exam")
    first, second, *_ = _of_series(folder, SERIES[dialect])
    shutil.copy(first, folder / "another")
    position = pydicom.dcmread(second).ImagePositionPatient
    _edit(folder / "another", lambda image: image.__setattr__("ImagePositionPatient", position))
    volumes = scan(folder)
    (refused,) = [volume for volume in volumes if volume.problem]
    assert "position that another slice already has" in refused.problem
    assert len(_measurable(volumes)) == len(expected) - 1


@pytest.mark.parametrize("dialect", ("philips",))
def test_sheared_slices_as_of_a_tilted_gantry_are_refused(sound: Callable, tmp_path: Path, dialect: str) -> None:
    folder = _copy(sound(dialect)[0], tmp_path / "exam")
    for path in _of_series(folder, SERIES[dialect]):

        def tilt(image: pydicom.Dataset) -> None:
            x, y, z = map(float, image.ImagePositionPatient)
            image.ImagePositionPatient = [x, y + 0.4 * z, z]

        _edit(path, tilt)
    problems = {volume.problem for volume in scan(folder) if volume.series_number == SERIES[dialect]}
    assert problems
    assert all("drift sideways" in problem for problem in problems)


def test_two_patients_in_one_folder_are_refused(sound: Callable, tmp_path: Path) -> None:
    folder = _copy(sound("philips")[0], tmp_path / "exam")
    write_small(tmp_path / "exam" / "other", "philips", seed=2)
    with pytest.raises(MarrowQuantError, match="different patients"):
        workflow.read_exams([folder])


def test_two_exams_of_one_patient_on_one_day_never_mix(sound: Callable, tmp_path: Path) -> None:
    """Siemens and GE on the same day under the same ID: every volume is one scanner's, none is made of both."""
    folder = tmp_path / "exam"
    _copy(sound("siemens")[0], folder / "a")
    _copy(sound("ge")[0], folder / "b")
    for volume in scan(folder):
        folders = {frame.pixels.path.parent for part in volume.parts for frame in part}
        assert len(folders) == 1


def test_a_crop_of_the_phase_images_does_not_change_their_scale(sound: Callable) -> None:
    """The scale is decided once for all echoes; an echo whose phase happens to stay small must not be taken for milliradians.

    One and a half steps of 2π / 4096: half a step is rounding, one is between 4095 and 4096 steps for a turn.
    """
    _, expected = sound("siemens")
    truth = np.angle(small_exam().dixon.echoes)
    times = sorted({key[3] for key in expected if key[0] == "multi_echo"})
    for n, time in enumerate(times):
        phase = expected[("multi_echo", None, None, time, "phase")].array
        np.testing.assert_allclose(np.exp(1j * phase), np.exp(1j * truth[..., n]), atol=1.5 * 2 * np.pi / 4096)
