"""Reading DICOM written for the purpose: sorting, splitting, scaling, roles, and what must be refused."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers.dicom_files import COLUMNS, ENHANCED_MR_IMAGE, ROWS, SPACING, STEP, pixels, write_enhanced, write_image, write_volume
from MarrowQuantLib.dicom import diffusion_sets, group_exams, inspect_table, scan
from MarrowQuantLib.model import Cancelled, MarrowQuantError, Role
from pydicom.uid import RLELossless

GRADIENT_ECHO = {"ScanningSequence": "GR", "RepetitionTime": 9.0, "FlipAngle": 3.0}
DIFFUSION = {"ScanningSequence": "EP", "ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "TRACEW"], "EchoTime": 66.0}
SIEMENS_B = (0x0019, "SIEMENS MR HEADER", 0x0C)
GE_B, GE_COMPONENT = (0x0043, "GEMS_PARM_01", 0x39), (0x0043, "GEMS_PARM_01", 0x2F)
PHILIPS_SCALE = (0x2005, "Philips MR Imaging DD 001", 0x0E)


# ---------------------------------------------------------------------------------------------------------------- geometry
def test_shuffled_slices_are_sorted_by_position(tmp_path: Path) -> None:
    order = list(range(7))
    random.Random(1).shuffle(order)
    for number, n in enumerate(order):
        write_image(tmp_path, n, InstanceNumber=number, name=f"{number}.dcm")
    (volume,) = scan(tmp_path)
    loaded = volume.load()
    assert loaded.array.dtype == np.float32
    assert loaded.array.shape == (7, ROWS, COLUMNS)
    np.testing.assert_array_equal(loaded.array, [pixels(n) for n in range(7)])
    expected = [[-SPACING, 0, 0, 10], [0, -SPACING, 0, 20], [0, 0, STEP, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(loaded.ijk_to_ras, expected)


def test_slice_spacing_comes_from_positions_not_from_a_wrong_header(tmp_path: Path) -> None:
    write_volume(tmp_path, SpacingBetweenSlices=-1.0, SliceThickness=99.0)
    (volume,) = scan(tmp_path)
    assert not volume.problem
    assert volume.ijk_to_ras[2, 2] == pytest.approx(STEP)


def test_anisotropic_pixels_and_sagittal_slices_go_to_the_right_axes(tmp_path: Path) -> None:
    """Sagittal: rows run down the body, columns front to back; PixelSpacing names the step between rows first."""
    for n in range(3):
        write_image(
            tmp_path, n, ImageOrientationPatient=[0, 1, 0, 0, 0, -1], PixelSpacing=[3.0, 1.5], ImagePositionPatient=[7.0 * n, -40.0, 90.0]
        )
    (volume,) = scan(tmp_path)
    ijk_to_ras = volume.ijk_to_ras
    assert volume.shape == (COLUMNS, ROWS, 3)
    np.testing.assert_allclose(ijk_to_ras @ [1, 0, 0, 0], [0, -1.5, 0, 0])
    np.testing.assert_allclose(ijk_to_ras @ [0, 1, 0, 0], [0, 0, -3.0, 0])
    # the normal of this orientation points to the patient's right, so the slice furthest left comes first
    np.testing.assert_allclose(ijk_to_ras @ [0, 0, 0, 1], [-14.0, 40.0, 90.0, 1])
    np.testing.assert_allclose(ijk_to_ras @ [0, 0, 1, 0], [7.0, 0, 0, 0])


def test_a_missing_slice_refuses_the_volume_with_the_reason(tmp_path: Path) -> None:
    for n in (0, 1, 2, 4, 5):
        write_image(tmp_path, n)
    (volume,) = scan(tmp_path)
    assert volume.problem == "1 slice is missing: after slice 3 of 5 the step is 10.00 mm, elsewhere 5.00 mm"
    assert volume.confidence == 0
    assert any("missing" in sentence for sentence in volume.evidence)
    with pytest.raises(MarrowQuantError, match="Series 1 cannot be measured: 1 slice is missing"):
        volume.load()


def test_uneven_and_sheared_stacks_are_refused(tmp_path: Path) -> None:
    for n, z in enumerate((0.0, 5.0, 11.5, 16.5, 21.5)):
        write_image(tmp_path, n, ImagePositionPatient=[0.0, 0.0, z])
    for n in range(5):
        write_image(tmp_path, n, SeriesNumber=2, SeriesInstanceUID="1.2.3.5", ImagePositionPatient=[0.0, 1.0 * n, STEP * n])
    uneven, sheared = scan(tmp_path)
    assert "not evenly spaced" in uneven.problem
    assert "drift sideways by 2.0 pixels" in sheared.problem


def test_a_slice_without_position_is_refused(tmp_path: Path) -> None:
    write_volume(tmp_path, ImagePositionPatient=None)
    assert all("position, orientation or pixel spacing is missing" in volume.problem for volume in scan(tmp_path))


# -------------------------------------------------------------------------------------------------- copies and repeats
def test_an_identical_copy_is_kept_once_and_said(tmp_path: Path) -> None:
    paths = write_volume(tmp_path)
    (tmp_path / "copy.dcm").write_bytes(paths[2].read_bytes())
    (volume,) = scan(tmp_path)
    assert not volume.problem
    assert volume.shape[2] == 4
    assert any("twice with identical pixels" in sentence for sentence in volume.evidence)


def test_a_copy_of_the_whole_folder_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    for path in write_volume(tmp_path):
        (tmp_path / "again" / path.name).write_bytes(path.read_bytes())
    (volume,) = scan(tmp_path)
    assert not volume.problem
    assert volume.shape[2] == 4


def test_a_different_image_at_one_position_refuses_the_volume(tmp_path: Path) -> None:
    write_volume(tmp_path)
    write_image(tmp_path, 2, stored=pixels(50))
    (volume,) = scan(tmp_path)
    assert "1 slice lies at a position that another slice already has, with different content" in volume.problem


def test_a_repeat_of_all_positions_becomes_a_second_volume(tmp_path: Path) -> None:
    for n in range(4):
        write_image(tmp_path, n, InstanceNumber=2 * n)
        write_image(tmp_path, n, InstanceNumber=2 * n + 1, stored=pixels(50 + n))
    first, second = scan(tmp_path)
    assert not first.problem
    assert not second.problem
    np.testing.assert_array_equal(first.load().array[3], pixels(3))
    np.testing.assert_array_equal(second.load().array[3], pixels(53))
    assert (first.acquisition_group, second.acquisition_group) == (1, 2)


def test_two_overlapping_stations_in_one_series_are_told_apart(tmp_path: Path) -> None:
    """Slices 0…5 and, after the table has moved, 4…9: the overlap has two images at one position."""
    for number, n in enumerate([*range(9, 3, -1), *range(5, -1, -1)]):
        write_image(tmp_path, n, InstanceNumber=number + 1, stored=pixels(number), private={SIEMENS_B: ("IS", "800")}, **DIFFUSION)
    volumes = scan(tmp_path)
    assert [(v.station, v.shape[2], v.ijk_to_ras[2, 3]) for v in volumes] == [(1, 6, 4 * STEP), (2, 6, 0.0)]
    assert not any(v.problem for v in volumes)


# ---------------------------------------------------------------------------------------------------------------- b-values
@pytest.mark.parametrize("vr, value", [("IS", "800"), ("OB", b"800 "), ("UN", b"800")])
def test_siemens_b_values_also_arrive_as_bytes(tmp_path: Path, vr: str, value: object) -> None:
    write_volume(tmp_path, private={SIEMENS_B: (vr, value)}, **DIFFUSION)
    (volume,) = scan(tmp_path)
    assert (volume.role, volume.b_value) == (Role.DWI, 800.0)


def test_ge_b_values_are_taken_modulo_a_billion(tmp_path: Path) -> None:
    ge = {"Manufacturer": "GE MEDICAL SYSTEMS", "ScanningSequence": ["EP", "SE"], "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"]}
    for number, b in enumerate((0, 1000000750, 50)):
        write_volume(tmp_path, private={GE_B: ("IS", [b, 8, 0, 0])}, InstanceNumber=number, **ge)
    volumes = scan(tmp_path)
    assert sorted(v.b_value for v in volumes) == [0.0, 50.0, 750.0]
    assert {v.role for v in volumes} == {Role.DWI}


def test_a_private_number_of_another_vendor_is_not_a_b_value(tmp_path: Path) -> None:
    write_volume(tmp_path, Manufacturer="GE MEDICAL SYSTEMS", private={(0x0019, "GEMS_ACQU_01", 0x0C): ("IS", "800")})
    (volume,) = scan(tmp_path)
    assert (volume.role, volume.b_value) == (Role.UNKNOWN, None)


def test_b0_without_a_tag_is_understood_from_its_neighbours(tmp_path: Path) -> None:
    canon = {"Manufacturer": "CANON_MEC", "ScanningSequence": ["SE", "EP"], "ImageType": ["ORIGINAL", "PRIMARY"], "EchoTime": 79.0}
    write_volume(tmp_path, **canon)
    write_volume(tmp_path, **canon, DiffusionBValue=1000.0)
    low, high = sorted(scan(tmp_path), key=lambda v: v.b_value)
    assert (low.role, low.b_value, high.b_value) == (Role.DWI, 0.0, 1000.0)
    assert low.confidence < high.confidence
    assert "taken as b 0" in low.evidence[0]


def test_b0_without_a_tag_is_understood_from_the_neighbouring_series(tmp_path: Path) -> None:
    canon = {"Manufacturer": "CANON_MEC", "ScanningSequence": ["SE", "EP"], "ImageType": ["ORIGINAL", "PRIMARY"], "EchoTime": 79.0}
    write_volume(tmp_path, **canon)
    write_volume(tmp_path, **canon, DiffusionBValue=1000.0, SeriesNumber=2, SeriesInstanceUID="1.2.3.6")
    assert [(v.role, v.b_value) for v in scan(tmp_path)] == [(Role.DWI, 0.0), (Role.DWI, 1000.0)]


@pytest.mark.parametrize(
    "changes",
    [
        {"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "CALC_BVALUE"]},
        {"SequenceName": "*ep_b50_800"},
        {"SeriesDescription": "wb dwi calc b1500"},
    ],
)
def test_a_calculated_b_value_is_never_dwi(tmp_path: Path, changes: dict) -> None:
    write_volume(tmp_path, private={SIEMENS_B: ("IS", "1500")}, **{**DIFFUSION, **changes})
    (volume,) = scan(tmp_path)
    assert volume.role == Role.CALCULATED_DWI
    assert "not acquired" in volume.evidence[0]
    assert diffusion_sets([volume]) == []


def test_an_adc_map_that_keeps_a_b_value_is_not_dwi(tmp_path: Path) -> None:
    write_volume(
        tmp_path, DiffusionBValue=800.0, Manufacturer="GE MEDICAL SYSTEMS", ImageType=["DERIVED", "SECONDARY"],
        SeriesDescription="Apparent Diffusion Coefficient (mm2/s)", stored=np.full((ROWS, COLUMNS), 1100, np.uint16),
    )  # fmt: skip
    (volume,) = scan(tmp_path)
    assert volume.role == Role.ADC


def test_stations_are_numbered_from_the_head_and_sets_are_complete(tmp_path: Path) -> None:
    """Three stations, acquired from the feet upwards, each with its own series for each b-value."""
    number = 0
    for z0 in (-200.0, -100.0, 0.0):
        for b in (800, 50):
            number += 1
            for n in range(20):
                write_image(
                    tmp_path, n, SeriesNumber=number, SeriesInstanceUID=f"1.2.3.{100 + number}", private={SIEMENS_B: ("IS", str(b))},
                    ImagePositionPatient=[0.0, 0.0, z0 + 6.0 * n], **DIFFUSION,
                )  # fmt: skip
    volumes = scan(tmp_path)
    assert [[(v.series_number, v.station, v.b_value) for v in one] for one in diffusion_sets(volumes)] == [
        [(6, 1, 50.0), (5, 1, 800.0)],
        [(4, 2, 50.0), (3, 2, 800.0)],
        [(2, 3, 50.0), (1, 3, 800.0)],
    ]
    assert {v.acquisition_group for v in volumes} == {1}


# ------------------------------------------------------------------------------------------------------------------- Dixon
@pytest.mark.parametrize("order", [("IP", "OP", "F", "W"), ("OP", "W", "IP", "F")])
def test_dixon_images_are_known_by_image_type_not_by_order(tmp_path: Path, order: tuple[str, ...]) -> None:
    for number, word in enumerate(order):
        image_type = ["ORIGINAL", "PRIMARY", word, word]
        write_volume(tmp_path, ImageType=image_type, InstanceNumber=number, stored=np.full((ROWS, COLUMNS), ord(word[0]), np.uint16))
    found = {v.role: v.load().array[0, 0, 0] for v in scan(tmp_path)}
    assert found == {Role.IN_PHASE: ord("I"), Role.OPPOSED_PHASE: ord("O"), Role.FAT: ord("F"), Role.WATER: ord("W")}


@pytest.mark.parametrize(
    "tesla, times, roles",
    [
        (1.5, (2.3, 4.6), ("opposed_phase", "in_phase")),
        (3.0, (1.15, 2.3), ("opposed_phase", "in_phase")),
        (3.0, (2.46, 3.69), ("in_phase", "opposed_phase")),
        (15000, (2.3, 4.6), ("opposed_phase", "in_phase")),
        (3.0, (2.3, 4.6), ("multi_echo", "multi_echo")),
    ],
)
def test_in_and_opposed_phase_follow_from_echo_time_and_field(tmp_path: Path, tesla: float, times: tuple, roles: tuple) -> None:
    """At 3 T, 2.3 and 4.6 ms are both in phase and make no pair. Some scanners write the field in gauss."""
    for number, time in enumerate(times):
        write_volume(tmp_path, EchoTime=time, MagneticFieldStrength=tesla, InstanceNumber=number, **GRADIENT_ECHO)
    assert tuple(v.role.value for v in sorted(scan(tmp_path), key=lambda v: v.echo_time_s)) == roles


def test_a_dual_echo_in_two_series_is_recognised(tmp_path: Path) -> None:
    for number, time in enumerate((2.3, 4.6), start=1):
        uid = f"1.2.3.{number}"
        write_volume(tmp_path, EchoTime=time, MagneticFieldStrength=1.5, SeriesNumber=number, SeriesInstanceUID=uid, **GRADIENT_ECHO)
    assert [v.role.value for v in scan(tmp_path)] == ["opposed_phase", "in_phase"]


def test_complex_echoes_of_ge_are_split_by_component(tmp_path: Path) -> None:
    for time in (1.1, 2.2, 3.3):
        for code in (2, 3):
            signed = pixels(code).astype(np.int16) - 120
            private = {GE_COMPONENT: ("SS", code)}
            write_volume(tmp_path, 3, EchoTime=time, Manufacturer="GE MEDICAL SYSTEMS", private=private, stored=signed, **GRADIENT_ECHO)
    volumes = scan(tmp_path)
    assert {(v.echo_time_s, v.component) for v in volumes} == {(t, c) for t in (0.0011, 0.0022, 0.0033) for c in ("real", "imaginary")}
    assert {v.role for v in volumes} == {Role.MULTI_ECHO}
    assert volumes[0].load().array.min() < 0


@pytest.mark.parametrize("water_first", [False, True])
def test_ideal_iq_by_temporal_position_is_named_by_its_images(tmp_path: Path, water_first: bool) -> None:
    """The two orders that were seen differ; in phase = water + fat tells which one it is."""
    random_numbers = np.random.default_rng(5)
    fat_fraction = random_numbers.uniform(0, 1, (ROWS, COLUMNS))
    water, fat = 800 * (1 - fat_fraction), 800 * fat_fraction
    in_phase, opposed, percent = 0.95 * (water + fat), 0.97 * np.abs(water - fat), 100 * fat_fraction
    relaxation = np.full((ROWS, COLUMNS), 20.0)
    images = [water, fat, in_phase, opposed] if water_first else [in_phase, opposed, water, fat]
    for position, image in enumerate([*images, percent, relaxation], start=1):
        stored = np.rint(image).astype(np.uint16)
        write_volume(tmp_path, 3, Manufacturer="GE MEDICAL SYSTEMS", TemporalPositionIdentifier=position, stored=stored, **GRADIENT_ECHO)
    found = {v.role: v.load() for v in scan(tmp_path)}
    assert set(found) == {Role.WATER, Role.FAT, Role.IN_PHASE, Role.OPPOSED_PHASE, Role.PDFF, Role.R2STAR}
    np.testing.assert_allclose(found[Role.WATER].array[0], water, atol=0.5)
    np.testing.assert_allclose(found[Role.PDFF].array[0], percent, atol=0.5)
    assert found[Role.R2STAR].array[0, 0, 0] == pytest.approx(50.0 if water_first else 20.0)  # the other order ends with T2* in ms


def test_six_temporal_positions_that_are_no_ideal_series_stay_unknown(tmp_path: Path) -> None:
    random_numbers = np.random.default_rng(6)
    for position in range(1, 7):
        stored = random_numbers.integers(0, 900, (ROWS, COLUMNS)).astype(np.uint16)
        write_volume(tmp_path, 3, Manufacturer="GE MEDICAL SYSTEMS", TemporalPositionIdentifier=position, stored=stored, **GRADIENT_ECHO)
    assert {v.role for v in scan(tmp_path)} == {Role.UNKNOWN}


# ----------------------------------------------------------------------------------------------------------------- scaling
def test_philips_slopes_that_differ_between_b_values_are_undone(tmp_path: Path) -> None:
    """FP = (SV·RS + RI) / (RS·SS): one true signal, stored with two scale slopes, comes back the same."""
    true_signal = np.linspace(10, 400, ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    for b, scale_slope, rescale_slope in ((50.0, 8.0, 1.5), (800.0, 2.0, 6.1)):
        stored = np.rint(true_signal * scale_slope).astype(np.uint16)
        write_volume(
            tmp_path, Manufacturer="Philips Medical Systems", DiffusionBValue=b, stored=stored, RescaleSlope=rescale_slope,
            RescaleIntercept=0, RescaleType="normalized", private={PHILIPS_SCALE: ("FL", scale_slope)},
        )  # fmt: skip
    low, high = (volume.load() for volume in sorted(scan(tmp_path), key=lambda v: v.b_value))
    np.testing.assert_allclose(low.array[0], true_signal, atol=0.1)
    np.testing.assert_allclose(high.array[0], true_signal, atol=0.3)
    assert "floating point" in low.source[1]


def test_equal_philips_slopes_give_displayed_values(tmp_path: Path) -> None:
    write_volume(
        tmp_path, Manufacturer="Philips Medical Systems", DiffusionBValue=800.0, RescaleSlope=2.0, RescaleIntercept=5.0,
        private={PHILIPS_SCALE: ("FL", 0.25)},
    )  # fmt: skip
    (volume,) = scan(tmp_path)
    np.testing.assert_allclose(volume.load().array[1], pixels(1) * 2.0 + 5.0)


def test_philips_scale_slopes_also_arrive_as_bytes(tmp_path: Path) -> None:
    for b, slope in ((50.0, 8.0), (800.0, 2.0)):
        private = {PHILIPS_SCALE: ("UN", np.float32(slope).tobytes())}
        stored = np.full((ROWS, COLUMNS), 100 * slope, np.uint16)
        write_volume(tmp_path, Manufacturer="Philips", DiffusionBValue=b, RescaleSlope=1.0, private=private, implicit=True, stored=stored)
    for volume in scan(tmp_path):
        np.testing.assert_allclose(volume.load().array, 100.0)


def test_philips_fat_fraction_uses_displayed_values(tmp_path: Path) -> None:
    """0 … 4095 stands for −100 … 200 %: 1365 is 0 %, 2730 is 100 %."""
    stored = np.full((ROWS, COLUMNS), 2730, np.uint16)
    stored[0, 0], stored[0, 1] = 1365, 0
    write_volume(
        tmp_path, Manufacturer="Philips", ImageType=["DERIVED", "PRIMARY", "FF", "FF"], stored=stored, RescaleSlope=300 / 4095,
        RescaleIntercept=-100, private={PHILIPS_SCALE: ("FL", 0.01)},
    )  # fmt: skip
    (volume,) = scan(tmp_path)
    loaded = volume.load()
    assert (loaded.role, loaded.unit) == (Role.PDFF, "%")
    np.testing.assert_allclose(loaded.array[0, 0, :3], [0.0, -100.0, 100.0], atol=1e-3)


@pytest.mark.parametrize("largest, expected", [(1, 100.0), (1000, 100.0), (100, 100.0)])
def test_the_scale_of_a_fat_fraction_map_without_unit_is_guessed_and_said(tmp_path: Path, largest: int, expected: float) -> None:
    stored = np.full((ROWS, COLUMNS), largest, np.uint16)
    stored[:2] = 0
    write_volume(tmp_path, ImageType=["DERIVED", "PRIMARY", "M", "FAT_FRACTION"], stored=stored)
    (volume,) = scan(tmp_path)
    assert volume.load().array.max() == pytest.approx(expected)
    assert "no unit in the header" in volume.scaling.sentence


def test_a_fat_fraction_map_of_no_known_scale_is_refused(tmp_path: Path) -> None:
    write_volume(tmp_path, ImageType=["DERIVED", "PRIMARY", "M", "FAT_FRACTION"], stored=np.full((ROWS, COLUMNS), 60000, np.uint16))
    (volume,) = scan(tmp_path)
    assert volume.problem
    assert volume.confidence == 0


@pytest.mark.parametrize("slope", [1.0, 1e-3, 1e-6])
def test_adc_maps_in_any_usual_unit_become_um2_per_s(tmp_path: Path, slope: float) -> None:
    stored = np.full((ROWS, COLUMNS), 1100, np.uint16)
    stored[0, 0] = 0
    write_volume(tmp_path, ImageType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC"], stored=stored, RescaleSlope=slope, RescaleIntercept=0)
    (volume,) = scan(tmp_path)
    loaded = volume.load()
    assert loaded.unit == "µm²/s"
    assert loaded.array[0, 1, 1] == pytest.approx(1100, rel=1e-5)
    assert np.isnan(loaded.array[0, 0, 0])  # the scanner's mask has no value


def test_a_real_world_value_map_decides_before_any_guess(tmp_path: Path) -> None:
    unit = pydicom.Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "mm2/s", "UCUM", "square millimetre per second"
    mapping = pydicom.Dataset()
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept, mapping.MeasurementUnitsCodeSequence = 1e-6, 0.0, [unit]
    stored = np.full((ROWS, COLUMNS), 1100, np.uint16)
    write_volume(tmp_path, RealWorldValueMappingSequence=[mapping], stored=stored, RescaleSlope=7.0, RescaleIntercept=3.0)
    (volume,) = scan(tmp_path)
    assert volume.role == Role.ADC
    assert volume.load().array[0, 0, 0] == pytest.approx(1100, rel=1e-5)


def test_t2star_in_ms_becomes_r2star_and_zero_is_empty(tmp_path: Path) -> None:
    stored = np.full((ROWS, COLUMNS), 25, np.uint16)
    stored[0, 0] = 0
    write_volume(tmp_path, Manufacturer="Philips", ImageType=["DERIVED", "PRIMARY", "T2_STAR", "T2_STAR"], stored=stored)
    (volume,) = scan(tmp_path)
    loaded = volume.load()
    assert (loaded.role, loaded.unit, loaded.array[0, 1, 1]) == (Role.R2STAR, "1/s", pytest.approx(40.0))
    assert np.isnan(loaded.array[0, 0, 0])


@pytest.mark.parametrize(
    "image, rescale, radians",
    [
        (np.array([0, 1024, 2048, 3072, 4095]), None, [-np.pi, -np.pi / 2, 0, np.pi / 2, np.pi * 2047 / 2048]),
        (np.array([0, 1024, 2048, 3072, 4095]), (2.0, -4096.0), [-np.pi, -np.pi / 2, 0, np.pi / 2, np.pi * 2047 / 2048]),
        (np.array([-3142, -1571, 0, 1571, 3142]), None, [-3.142, -1.571, 0, 1.571, 3.142]),
    ],
)
def test_phase_comes_in_radians(tmp_path: Path, image: np.ndarray, rescale: object, radians: list[float]) -> None:
    stored = np.resize(image, (ROWS, COLUMNS)).astype(np.int16)
    scaling = {} if rescale is None else {"RescaleSlope": rescale[0], "RescaleIntercept": rescale[1]}
    for time in (1.1, 2.2, 3.3):
        write_volume(tmp_path, ImageType=["ORIGINAL", "PRIMARY", "P"], EchoTime=time, stored=stored, **GRADIENT_ECHO, **scaling)
    volume = scan(tmp_path)[0]
    assert (volume.component, volume.unit) == ("phase", "rad")
    np.testing.assert_allclose(volume.load().array[0].ravel()[:5], radians, atol=1e-3)


# ---------------------------------------------------------------------------------------------------------------- enhanced
def test_frames_of_an_enhanced_object_are_sorted_into_volumes(tmp_path: Path) -> None:
    """Water and fat of three slices in an arbitrary order, each with its own scaling."""
    frames, order = [], [(2, "W"), (0, "F"), (1, "W"), (0, "W"), (2, "F"), (1, "F")]
    for n, word in order:
        frames.append(
            {
                "PlanePositionSequence": {"ImagePositionPatient": [0.0, 0.0, STEP * n]},
                "MRImageFrameTypeSequence": {"FrameType": ["ORIGINAL", "PRIMARY", word, word]},
                "MREchoSequence": {"EffectiveEchoTime": 1.15},
                "PixelValueTransformationSequence": {"RescaleSlope": 1.0 + n, "RescaleIntercept": 0.0, "RescaleType": "US"},
            }
        )
    write_enhanced(tmp_path, frames, ImageType=["ORIGINAL", "PRIMARY", "DIXON", "MIXED"])
    volumes = {v.role: v for v in scan(tmp_path)}
    assert set(volumes) == {Role.WATER, Role.FAT}
    water = volumes[Role.WATER].load()
    for n in range(3):
        np.testing.assert_allclose(water.array[n], pixels(order.index((n, "W"))) * (1.0 + n))
    assert water.echo_time_s == pytest.approx(1.15e-3)
    np.testing.assert_allclose(water.ijk_to_ras[:3, 2], [0, 0, STEP])


def test_an_enhanced_object_with_missing_frame_headers_is_an_error(tmp_path: Path) -> None:
    frame = {"PlanePositionSequence": {"ImagePositionPatient": [0.0, 0.0, 0.0]}}
    path = write_enhanced(tmp_path, [frame, frame])
    image = pydicom.dcmread(path)
    assert image.SOPClassUID == ENHANCED_MR_IMAGE
    del image.PerFrameFunctionalGroupsSequence[1]
    image.save_as(path)
    with pytest.raises(MarrowQuantError, match=r"enhanced\.dcm is damaged"):
        scan(tmp_path)


# ---------------------------------------------------------------------------------------------------- other kinds of image
@pytest.mark.parametrize(
    "attributes, role",
    [
        ({"ScanningSequence": "SE", "RepetitionTime": 500, "EchoTime": 10}, Role.T1),
        ({"ScanningSequence": "SE", "RepetitionTime": 4000, "EchoTime": 100}, Role.T2),
        ({"ScanningSequence": ["SE", "IR"], "RepetitionTime": 4000, "EchoTime": 60, "InversionTime": 220}, Role.STIR),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, Role.LOCALIZER),
        ({"ImageType": ["DERIVED", "PRIMARY", "MIP"], "SeriesDescription": "ADC MIP"}, Role.UNKNOWN),
    ],
)
def test_other_images_are_named_by_tags_first(tmp_path: Path, attributes: dict, role: Role) -> None:
    write_volume(tmp_path, **attributes)
    (volume,) = scan(tmp_path)
    assert volume.role == role
    assert volume.evidence[0]


def test_a_description_is_believed_last_and_least(tmp_path: Path) -> None:
    write_volume(tmp_path, SeriesDescription="t1_vibe_sag")
    write_volume(tmp_path, SeriesDescription="something else", SeriesNumber=2, SeriesInstanceUID="1.2.3.7")
    described, unknown = scan(tmp_path)
    assert (described.role, described.confidence, unknown.role, unknown.confidence) == (Role.T1, 0.5, Role.UNKNOWN, 0.0)
    assert described.evidence == ('only the series description says so ("t1")',)


@pytest.mark.parametrize(
    "description, role",
    [
        ("t1_vibe_dixon_tra_bh_W", Role.WATER),
        ("t1_vibe_dixon_tra_bh_F", Role.FAT),
        ("t1_vibe_dixon_tra_bh_opp", Role.OPPOSED_PHASE),
        ("t1_vibe_dixon_tra_bh_in", Role.IN_PHASE),
        ("Ax T1 post op", Role.T1),
        ("T2 FatSat", Role.T2),
        ("WB STIR cor", Role.STIR),
        ("Survey", Role.LOCALIZER),
        ("b800 ADC (exponential)", Role.UNKNOWN),
    ],
)
def test_series_descriptions_are_read_with_care(tmp_path: Path, description: str, role: Role) -> None:
    write_volume(tmp_path, SeriesDescription=description)
    assert scan(tmp_path)[0].role == role


def test_a_localizer_alone_is_read_and_nothing_can_be_fitted(tmp_path: Path) -> None:
    for orientation in ([1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1]):
        write_image(tmp_path, 0, ImageOrientationPatient=orientation)
    volumes = scan(tmp_path)
    assert [v.role for v in volumes] == [Role.LOCALIZER] * 3
    assert diffusion_sets(volumes) == []


# ------------------------------------------------------------------------------------------------ patients, dates, identity
def test_two_patients_and_two_dates_are_kept_apart_and_oldest_first(tmp_path: Path) -> None:
    write_volume(tmp_path, StudyDate="20250401", SeriesInstanceUID="1.2.3.21")
    write_volume(tmp_path, StudyDate="20250114", SeriesInstanceUID="1.2.3.22")
    write_volume(tmp_path, StudyDate="20250301", SeriesInstanceUID="1.2.3.23", PatientID="MQ-9")
    exams = group_exams(scan(tmp_path))
    assert [str(exam.date) for exam in exams] == ["2025-01-14", "2025-03-01", "2025-04-01"]
    assert exams[0].patient_key == exams[2].patient_key != exams[1].patient_key
    assert len(exams[0].patient_key) == 16


def test_identity_leaves_no_trace_in_what_is_kept(tmp_path: Path) -> None:
    write_volume(tmp_path, SeriesDescription="ep2d Doe Jane MQ-4711 b800", private={SIEMENS_B: ("IS", "800")}, **DIFFUSION)
    (volume,) = scan(tmp_path)
    assert volume.series_description == "ep2d [removed] [removed] b800"
    row = volume.as_row(used=True)
    for secret in ("Doe", "Jane", "MQ-4711", "19500101"):
        assert secret not in json.dumps(row) + inspect_table([row]) + repr(volume)


@pytest.mark.parametrize(
    "character_set, name, description, kept",
    [
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "拡散 山田太郎 b800", "拡散 [removed][removed] b800"),
        (["ISO 2022 IR 6", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "DWI やまだ b50_800", "DWI [removed] b50_800"),
        (["ISO_IR 192"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "DWI 山田 YAMADA_b800", "DWI [removed] [removed]_b800"),
        (["ISO_IR 13"], "ﾔﾏﾀﾞ^ﾀﾛｳ", "DWI ﾔﾏﾀﾞ", "DWI [removed]"),
        (["ISO_IR 100"], "Müller^Öz", "müller dwi", "[removed] dwi"),
    ],
)
def test_names_in_any_script_are_removed_from_descriptions(
    tmp_path: Path, character_set: list[str], name: str, description: str, kept: str
) -> None:
    identity = {"SpecificCharacterSet": character_set, "PatientName": name}
    for path in write_volume(tmp_path, **identity):
        image = pydicom.dcmread(path)
        encoding = {"ISO_IR 13": "shift_jis"}.get(character_set[0])
        image.SeriesDescription = description if encoding is None else "x"
        image.save_as(path)
        if encoding:
            text = description.encode(encoding)
            data = path.read_bytes()
            at = data.index(b"\x08\x00\x3e\x10LO\x02\x00x ")
            padded = text + b" " * (len(text) % 2)
            path.write_bytes(data[: at + 6] + len(padded).to_bytes(2, "little") + padded + data[at + 10 :])
    (volume,) = scan(tmp_path)
    assert volume.series_description == kept


def test_an_exam_without_a_date_is_an_exam_without_a_date(tmp_path: Path) -> None:
    write_volume(tmp_path, StudyDate=None)
    (exam,) = group_exams(scan(tmp_path))
    assert exam.date is None


def test_files_that_say_synthetic_are_synthetic(tmp_path: Path) -> None:
    write_volume(tmp_path)
    assert not scan(tmp_path)[0].synthetic
    for path in tmp_path.glob("*.dcm"):
        image = pydicom.dcmread(path)
        image.add_new(0x0008001C, "CS", "YES")
        image.save_as(path)
    assert scan(tmp_path)[0].synthetic


def test_the_row_and_the_table_hold_what_a_reader_needs(tmp_path: Path) -> None:
    write_volume(tmp_path, private={SIEMENS_B: ("IS", "800")}, **DIFFUSION)
    (volume,) = scan(tmp_path)
    row = json.loads(json.dumps(volume.as_row(used=True)))
    assert row["shape"] == [COLUMNS, ROWS, 4]
    assert np.shape(row["ijk_to_ras"]) == (4, 4)
    assert (row["role"], row["b_value"], row["echo_time_s"], row["station"], row["used"]) == ("dwi", 800.0, 0.066, None, True)
    assert (row["exam_date"], row["acquisition_group"], row["problem"], row["unit"]) == ("2025-01-14", 1, "", "")
    table = inspect_table([row]).splitlines()
    assert table[0].split()[:2] == ["series", "role"]
    assert table[2].split()[:4] == ["1", "dwi", "800", "66"]
    assert table[2].endswith("b 800 s/mm² by Siemens (0019,100C)")


# ------------------------------------------------------------------------------------------------------------------ errors
def test_folders_without_images_are_errors_and_other_files_are_skipped(tmp_path: Path) -> None:
    with pytest.raises(MarrowQuantError, match="does not exist"):
        scan(tmp_path / "nowhere")
    with pytest.raises(MarrowQuantError, match="is empty"):
        scan(tmp_path)
    (tmp_path / "labs.csv").write_text("date,test,value,unit\n" * 50)
    (tmp_path / "rois.mrk.json").write_text("{}")
    with pytest.raises(MarrowQuantError, match="no MR image"):
        scan(tmp_path)
    write_volume(tmp_path)
    assert len(scan(tmp_path)) == 1


def test_other_dicom_objects_are_skipped_and_screen_captures_are_not_measured(tmp_path: Path) -> None:
    """A treatment plan and a report have no pixels; a picture in colour has, but no quantity."""
    write_volume(tmp_path)
    for n, sop_class in enumerate(("1.2.840.10008.5.1.4.1.1.481.5", "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.4.2")):
        image = pydicom.dcmread(write_image(tmp_path, n, name=f"other{n}.dcm"))
        image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = sop_class
        del image.PixelData
        image.save_as(tmp_path / f"other{n}.dcm")
    image = pydicom.dcmread(write_image(tmp_path, 0, name="capture.dcm", SeriesNumber=9, SeriesInstanceUID="1.2.3.8"))
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PlanarConfiguration, image.BitsAllocated = 3, "RGB", 0, 8
    image.PixelData = bytes(3 * ROWS * COLUMNS)
    image.save_as(tmp_path / "capture.dcm")
    volumes = scan(tmp_path)
    assert [(v.series_number, v.role) for v in volumes] == [(1, Role.UNKNOWN), (9, Role.UNKNOWN)]
    assert "screen capture" in volumes[1].evidence[0]
    with pytest.raises(MarrowQuantError, match="colour picture"):
        volumes[1].load()


@pytest.mark.parametrize("keep", [0, 100, 140, 400, 0.7, 0.99])
def test_a_file_that_was_cut_short_is_named_and_its_volume_is_not_used(tmp_path: Path, keep: float) -> None:
    (tmp_path / "sub").mkdir()
    write_volume(tmp_path)
    path = write_image(tmp_path / "sub", 4, name="broken.dcm")
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if 0 < keep < 1 else int(keep)])
    volumes = scan(tmp_path)
    assert any(re.search(r"sub/broken\.dcm is (damaged|cut short)", volume.problem) for volume in volumes)
    assert not any(volume.shape[2] == 5 and not volume.problem for volume in volumes)
    known = keep in (0.7, 0.99)  # so much of the header is left that the series is known
    assert not known or all(volume.problem for volume in volumes)


def test_random_damage_ends_in_an_error_sentence_or_a_sound_volume(tmp_path: Path) -> None:
    """Fuzz: 200 headers with a few random bytes changed."""
    content = bytearray(write_image(tmp_path, 0, name="a.dcm", private={SIEMENS_B: ("IS", "800")}, **DIFFUSION).read_bytes())
    random_numbers = random.Random(3)
    for _ in range(200):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[random_numbers.randrange(132, len(content) - 96)] = random_numbers.randrange(256)
        (tmp_path / "a.dcm").write_bytes(damaged)
        try:
            for volume in scan(tmp_path):
                volume.as_row(used=False)
                if not volume.problem:
                    volume.load()
        except MarrowQuantError as error:
            assert "Doe" not in str(error)


def test_compressed_pixels_are_decoded_and_unknown_ones_explained(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for path in write_volume(tmp_path):
        image = pydicom.dcmread(path)
        image.compress(RLELossless)
        image.save_as(path)
    (volume,) = scan(tmp_path)
    np.testing.assert_array_equal(volume.load().array[2], pixels(2))
    path = next(tmp_path.glob("*.dcm"))
    image = pydicom.dcmread(path)
    image.PixelData = pydicom.encaps.encapsulate([b"\xff" * 64])  # no run-length code
    image.save_as(path)
    with pytest.raises(MarrowQuantError, match=r"cannot be decoded \(RLE Lossless\)"):
        _ = [volume.load() for volume in scan(tmp_path)]
    assert caplog.text == ""  # pydicom's remarks would name the folder


@pytest.mark.parametrize("lost", [1, 8, 9, 60, 120])
def test_compressed_pixels_that_are_cut_short_are_found_without_decoding_them(tmp_path: Path, lost: int) -> None:
    path = write_volume(tmp_path)[0]
    image = pydicom.dcmread(path)
    image.compress(RLELossless)
    image.save_as(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    (volume,) = scan(tmp_path)
    assert "is cut short inside its compressed pixels" in volume.problem


def test_compressed_pixels_without_a_fragment_are_refused(tmp_path: Path) -> None:
    path = write_volume(tmp_path)[0]
    image = pydicom.dcmread(path)
    image.compress(RLELossless)
    image.PixelData = bytes.fromhex("feff00e000000000feffdde000000000")
    image.save_as(path)
    (volume,) = scan(tmp_path)
    assert "is cut short inside its compressed pixels" in volume.problem


def test_a_file_that_vanishes_after_the_scan_is_an_error(tmp_path: Path) -> None:
    paths = write_volume(tmp_path)
    (volume,) = scan(tmp_path)
    paths[1].unlink()
    with pytest.raises(MarrowQuantError, match="cannot be read any more"):
        volume.load()


def test_scanning_can_be_cancelled(tmp_path: Path) -> None:
    write_volume(tmp_path)

    def cancel(fraction: float, text: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        scan(tmp_path, cancel)
