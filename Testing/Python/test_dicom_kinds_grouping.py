"""Kinds of faults in what belongs together, one table a kind: series, b-values, directions, computed images, stations, mosaics."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.dicom_files import STEP, write_enhanced
from helpers.kinds import ADC, ORIGINAL, TRACE, siemens_b, signal, write_series
from MarrowQuantLib import cli
from MarrowQuantLib.dicom import SeriesVolume, diffusion_sets, overrides_from, scan
from MarrowQuantLib.diffusion import fit_adc
from MarrowQuantLib.model import Role

DIRECTIONS = (((1, 0, 0), 500.0), ((0, 1, 0), 1000.0), ((0, 0, 1), 1500.0))  # their mean is 1000 µm²/s
GE = {"Manufacturer": "GE MEDICAL SYSTEMS"}
GE_B, GE_GRADIENT = (0x43, "GEMS_PARM_01", 0x39), (0x19, "GEMS_ACQU_01")


def adc_of(volumes: list[SeriesVolume]) -> tuple[list[float], list[float]]:
    """The b-values of the only complete set, and the smallest and largest ADC fitted over it."""
    (found,) = [one for one in diffusion_sets(volumes) if len(one) > 1]
    b_values = [float(volume.b_value or 0) for volume in found]
    fit = fit_adc(np.stack([volume.load().array for volume in found], -1), b_values)
    return b_values, [float(np.nanmin(fit.adc_um2_per_s)), float(np.nanmax(fit.adc_um2_per_s))]


def assert_adc(volumes: list[SeriesVolume], b_values: Optional[list[float]] = None) -> None:
    found, adc = adc_of(volumes)
    assert adc == pytest.approx([1000, 1000], rel=0.02)
    assert b_values is None or found == pytest.approx(b_values)


# ------------------------------------------------------------------------------------------- kind 5: the series UID is no wall
def _direction(folder: Path, n: int, b: float, direction: Optional[tuple], adc: float, **more: Any) -> None:
    number = lambda k: 10 * n + k + 1  # noqa: E731
    write_series(folder, signal(b, adc), ImageType=ORIGINAL, private=siemens_b(b, direction), InstanceNumber=number, **more)


SCATTERED = {
    "a UID a volume": lambda n, k: {"SeriesInstanceUID": f"1.2.{n}", "SeriesNumber": 7},
    "a UID and a number a volume": lambda n, k: {"SeriesInstanceUID": f"1.2.{n}", "SeriesNumber": 7 + n},
    "a UID a file": lambda n, k: {"SeriesInstanceUID": f"1.2.{n}.{k}", "SeriesNumber": 7},
    "a UID and a number a file": lambda n, k: {"SeriesInstanceUID": f"1.2.{n}.{k}", "SeriesNumber": 100 * n + k},
    "a frame of reference a file": lambda n, k: {"SeriesInstanceUID": f"1.2.{n}.{k}", "FrameOfReferenceUID": f"1.3.{n}.{k}"},
    "no number at all": lambda n, k: {"SeriesInstanceUID": f"1.2.{n}.{k}", "SeriesNumber": None},
}


@pytest.mark.parametrize("how", SCATTERED)
def test_directions_of_one_acquisition_are_found_however_they_are_scattered(tmp_path: Path, how: str) -> None:
    for n, (b, (direction, adc)) in enumerate([(0.0, (None, 0.0)), *((800.0, one) for one in DIRECTIONS)]):
        of_slice = {name: (lambda k, n=n, name=name: SCATTERED[how](n, k)[name]) for name in SCATTERED[how](0, 0)}
        _direction(tmp_path, n, b, direction, adc, **of_slice)
    assert_adc(scan(tmp_path), [0, 800])


def test_every_other_slice_in_another_series_makes_one_volume(tmp_path: Path) -> None:
    for part in (0, 1):
        write_series(tmp_path, 900, n=5, ImageType=ADC, SeriesNumber=4 + part, SeriesInstanceUID=f"1.2.{part}",
                     ImagePositionPatient=lambda k: [0.0, 0.0, 10.0 * k + 5.0 * part])  # noqa: B023  # fmt: skip
    assert [volume.shape[2] for volume in scan(tmp_path)] == [10]


def test_two_repeats_with_one_series_number_stay_two(tmp_path: Path) -> None:
    for repeat in (1, 2):
        for b in (0, 800):
            who = {"SeriesInstanceUID": f"1.2.{repeat}", "SeriesNumber": 7}
            write_series(tmp_path, signal(b) + repeat, ImageType=TRACE, private=siemens_b(b), **who)
    sets = diffusion_sets(scan(tmp_path))
    assert [[volume.b_value for volume in one] for one in sets] == [[0.0, 800.0]] * 2
    assert [int(one[0].load().array[0, 0, 0]) for one in sets] == [10001, 10002]


def test_one_direction_alone_is_told(tmp_path: Path) -> None:
    for n, (b, direction) in enumerate(((0.0, None), (800.0, (1, 0, 0)))):
        _direction(tmp_path, n, b, direction, 1000)
    (found,) = [volume for volume in scan(tmp_path) if volume.b_value]
    assert any("only 1 gradient direction" in sentence for sentence in found.evidence)


@pytest.mark.parametrize("word", ["TRACEW", "TRACE", "ISOTROPIC"])
def test_a_trace_image_is_never_called_a_direction(tmp_path: Path, word: str) -> None:
    """Some scanners leave the attributes of a direction in the header of the trace image."""
    kind = ["DERIVED", "PRIMARY", "DIFFUSION", word]
    for b in (0, 800):
        write_series(tmp_path, signal(b), ImageType=kind, private=siemens_b(b, (1, 0, 0) if b else None))
    volumes = scan(tmp_path)
    assert not any("gradient direction" in sentence for volume in volumes for sentence in volume.evidence)
    assert_adc(volumes)


# --------------------------------------------------------------------------------------------------------- kind 6: b-values
@pytest.mark.parametrize("applied", [(795, 800, 805), (780, 800, 820), (47, 50, 53), (700, 800, 900), (799.5, 800, 800.5)])
def test_b_values_that_scatter_over_directions_are_one_shell(tmp_path: Path, applied: tuple[float, ...]) -> None:
    _direction(tmp_path, 0, 0, None, 0)
    for n, (b, (direction, _)) in enumerate(zip(applied, DIRECTIONS), start=1):
        _direction(tmp_path, n, b, direction, 1000)
    volumes = scan(tmp_path)
    assert_adc(volumes, [0, round(float(np.mean(applied)), 1)])
    assert any("shell" in sentence for volume in volumes for sentence in volume.evidence)


def test_b_values_that_scatter_over_the_slices_of_one_volume_are_one(tmp_path: Path) -> None:
    write_series(tmp_path, signal(0), ImageType=TRACE, private=siemens_b(0))
    write_series(tmp_path, signal(800), ImageType=TRACE, private=lambda k: siemens_b(798 + k))
    assert_adc(scan(tmp_path), [0, 799.5])


@pytest.mark.parametrize("b_values", [(0, 10, 20, 30, 50, 80), (0, 50, 60, 70), (0, 100, 200, 800, 1000)])
@pytest.mark.parametrize("n_directions", [1, 3])
def test_low_b_values_of_a_perfusion_scan_stay_apart(tmp_path: Path, b_values: tuple[int, ...], n_directions: int) -> None:
    n = 0
    for b in b_values:
        for direction, _ in DIRECTIONS[: n_directions if b else 1]:
            _direction(tmp_path, n, b, direction if b and n_directions > 1 else None, 1000, AcquisitionNumber=n)
            n += 1
    assert_adc(scan(tmp_path), list(b_values))


def _ge(b: float, gradient: tuple[float, ...]) -> dict:
    found: dict = {GE_B: ("IS", [1000000000 + int(b), 8, 0, 0])}
    found.update({(*GE_GRADIENT, 0xBB + axis): ("DS", f"{component:.6f}") for axis, component in enumerate(gradient)})
    return found


def test_ge_scales_the_gradient_and_not_the_b_value_of_a_tensor_scan(tmp_path: Path) -> None:
    """Two shells of one nominal b 1000: gradients of length 1, and of length sqrt(0.5)."""
    axes = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    for n, (scale, axis) in enumerate([(0.0, axes[0]), *((0.5, axis) for axis in axes), *((1.0, axis) for axis in axes)]):
        gradient = tuple(component * scale**0.5 for component in axis)
        write_series(tmp_path, signal(1000 * scale), ImageType=["ORIGINAL", "PRIMARY", "OTHER"], private=_ge(1000, gradient), **GE,
                     InstanceNumber=lambda k: 10 * n + k + 1, AcquisitionNumber=n + 1)  # noqa: B023  # fmt: skip
    assert_adc(scan(tmp_path), [0, 500, 1000])


@pytest.mark.parametrize("flag", [0, 100_000, 1_000_000, 1_000_000_000, 1_300_000_000])
@pytest.mark.parametrize("vr", ["IS", "LO"])
def test_the_flag_that_ge_adds_to_a_b_value_is_taken_off(tmp_path: Path, flag: int, vr: str) -> None:
    for b in (50, 800):
        numbers = [flag + b, 8, 0, 0]
        private = {GE_B: (vr, numbers if vr == "IS" else "\\".join(map(str, numbers)))}
        write_series(tmp_path, signal(b), ImageType=["ORIGINAL", "PRIMARY", "OTHER"], private=private, **GE)
    assert_adc(scan(tmp_path), [50, 800])


@pytest.mark.parametrize("dummy", [0.001, 0.1, 0.5])
def test_a_dummy_b_value_is_zero(tmp_path: Path, dummy: float) -> None:
    for b in (dummy, 800.0):
        write_series(tmp_path, signal(b), Manufacturer="Philips", ImageType=["ORIGINAL", "PRIMARY", "M", "SE"], DiffusionBValue=b)
    assert_adc(scan(tmp_path), [0, 800])


@pytest.mark.parametrize(
    "public, private, expected",
    [((0, 0, 0), (0, 50, 800), [0, 50, 800]), ((800, 800, 800), (0, 50, 800), [0, 50, 800]), ((0, 50, 800), (0, 0, 0), [0, 50, 800]),
     ((0, 50, 800), (0, 50, 805), [0, 50, 800]), ((0, 50, 800), (0, 400, 1000), None)],
)  # fmt: skip
def test_two_statements_that_contradict_each_other(tmp_path: Path, public: tuple, private: tuple, expected: Optional[list]) -> None:
    """What is the same in all images while the other one varies is a dummy; else neither is believed."""
    for n in range(3):
        b = (expected or public)[n]
        write_series(tmp_path, signal(b), ImageType=TRACE, DiffusionBValue=float(public[n]), private=siemens_b(private[n]),
                     InstanceNumber=lambda k: 10 * n + k + 1)  # noqa: B023  # fmt: skip
    volumes = scan(tmp_path)
    if expected:
        assert_adc(volumes, expected)
    else:
        assert sum("contradicts itself" in volume.problem for volume in volumes) == 2


@pytest.mark.parametrize(
    "texts, confidence",
    [
        ([{"SequenceName": "*ep_b0"}, {"SequenceName": "*ep_b50t"}, {"SequenceName": "*ep_b800t"}], 0.8),
        ([{"SequenceName": "re_b0"}, {"SequenceName": "re_b50t"}, {"SequenceName": "re_b800t"}], 0.8),
        ([{"ImageComments": "b=0"}, {"ImageComments": "b=50(0,0,1)"}, {"ImageComments": "b=800(0,0,1)"}], 0.8),
        ([{"SeriesDescription": f"Ax DWI b{b}", "SeriesNumber": b + 1, "SeriesInstanceUID": f"1.2.{b}"} for b in (0, 50, 800)], 0.5),
        ([{"SeriesDescription": f"DWI_b={b}", "SeriesNumber": b + 1, "SeriesInstanceUID": f"1.2.{b}"} for b in (0, 50, 800)], 0.5),
        ([{"ProtocolName": f"dwi b {b}", "SeriesNumber": b + 1, "SeriesInstanceUID": f"1.2.{b}"} for b in (0, 50, 800)], 0.5),
    ],
)  # fmt: skip
def test_a_b_value_that_only_a_text_tells_is_read_with_less_confidence(tmp_path: Path, texts: list[dict], confidence: float) -> None:
    for n, (b, text) in enumerate(zip((0, 50, 800), texts)):
        write_series(tmp_path, signal(b), ImageType=["ORIGINAL", "PRIMARY", "OTHER"], ScanningSequence="EP",
                     InstanceNumber=lambda k: 10 * n + k + 1, **text)  # noqa: B023  # fmt: skip
    volumes = scan(tmp_path)
    assert_adc(volumes, [0, 50, 800])
    assert max(volume.confidence for volume in volumes if volume.b_value) == confidence


@pytest.mark.parametrize("word, component", [("P", "phase"), ("R", "real"), ("I", "imaginary")])
@pytest.mark.parametrize("number", [3, 4])
def test_the_phase_of_a_diffusion_image_enters_no_fit(tmp_path: Path, word: str, component: str, number: int) -> None:
    """In the series of the magnitude, or in one of its own."""
    for n, b in enumerate((0, 800)):
        instance = lambda k, n=n: 10 * n + k + 1  # noqa: E731
        write_series(tmp_path, signal(b), ImageType=TRACE, private=siemens_b(b), SeriesNumber=3, InstanceNumber=instance)
    write_series(tmp_path, 2048, ImageType=["ORIGINAL", "PRIMARY", word, "ND"], private=siemens_b(800), SeriesNumber=number,
                 SeriesInstanceUID=f"1.2.{number}", InstanceNumber=lambda k: 90 + k)  # fmt: skip
    volumes = scan(tmp_path)
    assert_adc(volumes, [0, 800])
    (left,) = [volume for volume in volumes if volume.component == component]
    assert left.role == Role.UNKNOWN
    assert component in left.evidence[0]


@pytest.mark.parametrize("text", ["ep2d_diff_b50_400_800", "DWI b50 and b800", "DWI", "diffusion"])
def test_without_a_b_value_it_is_said_how_to_give_it_and_an_override_does(tmp_path: Path, text: str) -> None:
    for n, b in enumerate((50, 800)):
        write_series(tmp_path, signal(b), ImageType=["ORIGINAL", "PRIMARY", "OTHER"], ScanningSequence="EP", SeriesDescription=text,
                     AcquisitionNumber=n + 1, InstanceNumber=lambda k: 10 * n + k + 1)  # noqa: B023  # fmt: skip
    volumes = scan(tmp_path)
    assert [volume.role for volume in volumes] == [Role.DWI] * 2
    assert all("b_value" in volume.problem and "--overrides" in volume.problem for volume in volumes)
    entries = [{"series": 1, "select": dict(volume.select), "b_value": b} for volume, b in zip(volumes, (50, 800))]
    assert_adc(scan(tmp_path, overrides=overrides_from(entries)), [50, 800])


def test_slices_that_lost_their_b_value_are_not_taken_for_b_zero(tmp_path: Path) -> None:
    write_series(tmp_path, signal(50), ImageType=TRACE, private=siemens_b(50))
    write_series(tmp_path, signal(800), ImageType=TRACE, private=lambda k: siemens_b(800) if k < 2 else None)
    volumes = scan(tmp_path)
    assert not any(volume.b_value == 0 and not volume.problem for volume in volumes)


# ------------------------------------------------------------------------------------------------- kind 8: computed images
@pytest.mark.parametrize(
    "described, kind",
    [
        ("Synthetic DWI", ["DERIVED", "SECONDARY", "SYNTHETIC"]), ("anything at all", ["DERIVED", "SECONDARY", "OTHER"]),
        ("b1500", ["DERIVED", "PRIMARY"]), ("hoch b1500", ["DERIVED", "SECONDARY", "PROCESSED"]),
        ("hoher b-Wert", ["DERIVED", "PRIMARY", "M"]),
    ],
)  # fmt: skip
def test_a_derived_image_at_a_b_value_nobody_acquired_was_computed(tmp_path: Path, described: str, kind: list[str]) -> None:
    for b, derived in ((50, False), (1000, False), (1500, True)):
        more = {"ImageType": kind, "SeriesDescription": described, "SeriesNumber": 500, "SeriesInstanceUID": "1.5"} if derived else {}
        write_series(tmp_path, signal(b), **{"ImageType": ["ORIGINAL", "PRIMARY", "OTHER"], **more}, private=siemens_b(b))
    volumes = scan(tmp_path)
    assert [volume.b_value for volume in volumes if volume.role == Role.CALCULATED_DWI] == [1500.0]
    assert_adc(volumes, [50, 1000])


def test_a_derived_copy_is_not_counted_beside_its_source(tmp_path: Path) -> None:
    for number, kind in ((5, ["ORIGINAL", "PRIMARY", "OTHER"]), (50, ["DERIVED", "SECONDARY", "FILTERED"])):
        for b in (50, 1000):
            write_series(tmp_path, signal(b), ImageType=kind, private=siemens_b(b), SeriesNumber=number, SeriesInstanceUID=f"1.{number}")
    volumes = scan(tmp_path)
    assert [volume.series_number for volume in volumes if volume.role == Role.DWI] == [5, 5]


def test_a_volume_composed_of_stations_is_not_counted_beside_them(tmp_path: Path) -> None:
    for b in (50, 800):
        for station in range(3):
            who = {"SeriesNumber": 3 + station, "SeriesInstanceUID": f"1.{station}", "private": siemens_b(b)}
            place = lambda k: [-10.0, -20.0, 30.0 * station + STEP * k]  # noqa: B023, E731
            write_series(tmp_path, signal(b), n=8, ImageType=TRACE, ImagePositionPatient=place, **who)
        who = {"SeriesNumber": 9, "SeriesInstanceUID": "1.9", "private": siemens_b(b)}
        write_series(tmp_path, signal(b), n=20, ImageType=["DERIVED", "SECONDARY", "DIFFUSION", "COMPOSED"], **who)
    volumes = scan(tmp_path)
    assert {volume.series_number for volume in volumes if volume.role == Role.DWI} == {3, 4, 5}


# ------------------------------------------------------------------------------------------- kind 9: stations in one series
STATIONS = {
    "overlapping": (0, 30, 60), "overlapping by a half slice": (0, 37.5, 75), "with a gap": (0, 60, 120), "abutting": (0, 40, 80),
    "uneven": (0, 25, 70), "from below": (60, 30, 0), "two": (0, 30),
}  # fmt: skip
TOLD_BY = {
    "acquisition number": lambda n: {"AcquisitionNumber": n + 1, "InstanceNumber": lambda k: 50 * n + k + 1},
    "acquisition time": lambda n: {"AcquisitionTime": f"10{n}000", "InstanceNumber": lambda k: 50 * n + k + 1},
    "series UID": lambda n: {"SeriesInstanceUID": f"1.2.{n}", "InstanceNumber": lambda k: 50 * n + k + 1},
    "numbers that begin anew": lambda n: {"InstanceNumber": lambda k: k + 1},
    "numbers that go on": lambda n: {"InstanceNumber": lambda k: 8 * n + k + 1},
    "numbers from above": lambda n: {"InstanceNumber": lambda k: 8 - k},
}
NOT_TOLD = {("numbers that begin anew", "with a gap"), ("numbers that go on", "with a gap"), ("numbers from above", "with a gap"),
            ("numbers that go on", "from below")}  # fmt: skip


@pytest.mark.parametrize("told", TOLD_BY)
@pytest.mark.parametrize("how", STATIONS)
def test_stations_in_one_series_are_told_apart(tmp_path: Path, how: str, told: str) -> None:
    """Eight slices each. Where they join without a seam, one volume is right, too; where nothing tells, a refusal, never scraps."""
    for n, start in enumerate(STATIONS[how]):
        for b in (50, 800):
            write_series(tmp_path, signal(b) + n, n=8, ImageType=TRACE, private=siemens_b(b), **TOLD_BY[told](n), SeriesNumber=9,
                         ImagePositionPatient=lambda k: [-10.0, -20.0, start + STEP * k])  # noqa: B023  # fmt: skip
    volumes = scan(tmp_path)
    lengths = sorted(volume.shape[2] for volume in volumes if not volume.problem and volume.b_value == 800)
    whole = [[8] * len(STATIONS[how]), *([[8 * len(STATIONS[how])]] if how == "abutting" else [])]
    assert lengths in whole or (lengths == [] and (told, how) in NOT_TOLD), [volume.evidence for volume in volumes]


@pytest.mark.parametrize("lost", [3, 5])
def test_a_lost_slice_makes_no_two_stations(tmp_path: Path, lost: int) -> None:
    for b in (50, 800):
        write_series(tmp_path, signal(b), n=10, ImageType=TRACE, private=siemens_b(b), name=lambda k: f"{b}-{k}.dcm")  # noqa: B023
    (tmp_path / f"800-{lost}.dcm").unlink()
    assert not any(volume.b_value == 800 and not volume.problem for volume in scan(tmp_path))


def test_slices_far_apart_are_no_volume(tmp_path: Path) -> None:
    write_series(tmp_path, 900, n=4, ImageType=TRACE, private=siemens_b(50), ImagePositionPatient=lambda k: [0.0, 0.0, 40.0 * k])
    assert "thick" in scan(tmp_path)[0].problem


# ------------------------------------------------------------------------------------------------------------ kind 10: mosaics
@pytest.mark.parametrize(
    "attributes",
    [{"ImageType": [*ORIGINAL, "MOSAIC"]}, {"ImageType": ORIGINAL, "AcquisitionMatrix": [16, 0, 0, 16]},
     {"ImageType": [*ORIGINAL, "VFRAME"], "Manufacturer": "UIH"}],
)  # fmt: skip
def test_a_mosaic_that_lost_its_number_of_tiles_is_refused(tmp_path: Path, attributes: dict[str, Any]) -> None:
    for b in (0, 800):
        write_series(tmp_path, lambda k: np.full((64, 64), signal(b), np.uint16), n=1, DiffusionBValue=float(b), **attributes)  # noqa: B023
    volumes = scan(tmp_path)
    assert volumes
    assert all("tiles" in volume.problem for volume in volumes)


N_TILES = (0x19, "SIEMENS MR HEADER", 0x0A)


@pytest.mark.parametrize(
    "attributes",
    [{"private": {N_TILES: ("US", 30)}},  # 6 × 6 tiles of 64 pixels do not make 64
     {"private": {N_TILES: ("US", 16)}, "AcquisitionMatrix": [0, 10, 10, 0]},  # tiles of 16 pixels, of 10 that were acquired
     {"ImageType": ORIGINAL, "AcquisitionMatrix": [16, 0, 0, 16], "Manufacturer": "UIH"},
     {"ImageType": ORIGINAL, "private": {(0x65, "Image Private Header", 0x50): ("DS", "16")}, "Manufacturer": "UIH"}],
)  # fmt: skip
def test_a_mosaic_whose_tiles_cannot_be_told_is_not_one_slice(tmp_path: Path, attributes: dict[str, Any]) -> None:
    more = {"ImageType": [*ORIGINAL, "MOSAIC"], "DiffusionBValue": 800.0, **attributes}
    write_series(tmp_path, lambda k: np.full((64, 64), 900, np.uint16), n=1, **more)
    assert all(volume.problem for volume in scan(tmp_path))


# -------------------------------------------------------------------------------------------------------- big enhanced objects
def test_an_enhanced_object_of_1200_frames_is_read(tmp_path: Path) -> None:
    def frame(n: int) -> dict[str, Any]:
        volume, k = divmod(n, 40)
        return {
            "PlanePositionSequence": {"ImagePositionPatient": [0.0, 0.0, STEP * k]},
            "MRDiffusionSequence": {"DiffusionBValue": 50.0 * volume, "DiffusionDirectionality": "ISOTROPIC" if volume else "NONE"},
            "FrameContentSequence": {"TemporalPositionIndex": volume + 1, "InStackPositionNumber": k + 1, "StackID": "1"},
            "PixelValueTransformationSequence": {"RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": "US"},
            "MREchoSequence": {"EffectiveEchoTime": 60.0},
            "MRImageFrameTypeSequence": {"FrameType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]},
        }

    write_enhanced(tmp_path, [frame(n) for n in range(1200)])
    volumes = scan(tmp_path)
    assert [(volume.b_value, volume.shape[2], volume.problem) for volume in volumes] == [(50.0 * n, 40, "") for n in range(30)]


# ------------------------------------------------------------------------------ kind 7: directions of NIfTI and of DICOM agree
@pytest.mark.parametrize("with_bvec", [True, False])
@pytest.mark.parametrize("b_values", [(0, 800, 800, 800), (0, 795, 800, 805), (0.001, 800, 800, 800)])
def test_nifti_with_directions_gives_the_adc_of_dicom(tmp_path: Path, b_values: tuple[float, ...], with_bvec: bool) -> None:
    nifti, out = tmp_path / "dwi.nii.gz", tmp_path / "out"
    for n, (b, (direction, adc)) in enumerate(zip(b_values, ((None, 0.0), *DIRECTIONS))):
        _direction(tmp_path / "dicom", n, 0 if b < 1 else b, direction, adc)
    stored = [np.full((4, 6, 8), signal(b, adc), np.float32) for b, (_, adc) in zip(b_values, ((None, 0.0), *DIRECTIONS))]
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(image) for image in stored]), str(nifti))
    (tmp_path / "dwi.bval").write_text(" ".join(map(str, b_values)))
    if with_bvec:
        (tmp_path / "dwi.bvec").write_text("0 1 0 0\n0 0 1 0\n0 0 0 1\n")
    assert cli.main(["adc", str(nifti), "--out", str(out)]) == 0
    adc = sitk.GetArrayFromImage(sitk.ReadImage(str(out / "adc_um2_per_s.nii.gz")))
    assert float(np.median(adc)) == pytest.approx(adc_of(scan(tmp_path / "dicom"))[1][0], rel=1e-3)
    assert float(np.median(adc)) == pytest.approx(1000, rel=0.01)


@pytest.mark.parametrize("text", ["0 1 0\n0 0 1\n0 0 0\n", "x y z\n", "0 1 0 0\n"])
def test_a_file_of_directions_that_does_not_fit_is_told(tmp_path: Path, text: str, capsys: pytest.CaptureFixture) -> None:
    image = sitk.JoinSeries([sitk.GetImageFromArray(np.ones((4, 6, 8), np.float32)) for _ in range(4)])
    sitk.WriteImage(image, str(tmp_path / "dwi.nii.gz"))
    (tmp_path / "dwi.bval").write_text("0 800 800 800")
    (tmp_path / "dwi.bvec").write_text(text)
    assert cli.main(["adc", str(tmp_path / "dwi.nii.gz"), "--out", str(tmp_path / "out")]) == 1
    assert "bvec" in capsys.readouterr().err


@pytest.mark.parametrize(
    "odd",
    [{"EchoTime": lambda k: None if k == 2 else 60.0}, {"EchoTime": lambda k: None if k == 5 else 60.0},
     {"PixelSpacing": lambda k: [2.0, 2.0] if k else [2.0001, 1.9999]}, {"StudyDate": lambda k: None if k == 5 else "20250114"}],
)  # fmt: skip
def test_one_slice_whose_header_is_a_little_other_stays_in_its_volume(tmp_path: Path, odd: dict[str, Any]) -> None:
    write_series(tmp_path, 900, n=6, ImageType=ADC, StudyInstanceUID="1.9", **odd)
    assert [volume.shape[2] for volume in scan(tmp_path)] == [6]


def test_files_that_lost_their_series_number_stay_in_their_series(tmp_path: Path) -> None:
    write_series(tmp_path, 900, n=6, ImageType=ADC, SeriesNumber=lambda k: 5 if k < 3 else None)
    assert [volume.shape[2] for volume in scan(tmp_path)] == [6]
