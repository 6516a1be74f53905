"""Public scanner data, against what their sources and another converter say about them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers.studies import ABSENT, STUDIES
from MarrowQuantLib.dicom import SeriesVolume, diffusion_sets, group_exams, inspect_table, scan
from MarrowQuantLib.model import Role

VENDORS = (
    "canon_6_1_classic", "ge_mr28", "philips_2_5_classic", "philips_5_3_classic", "siemens_e11_mosaic_hfdl",
    "siemens_xa60_enhanced_directions", "siemens_xa61_enhanced_trace",
)  # fmt: skip


@pytest.fixture(scope="module")
def data() -> Path:
    if not STUDIES.is_dir():
        pytest.skip(ABSENT)
    return STUDIES


def _of_role(volumes: list[SeriesVolume], role: Role) -> list[SeriesVolume]:
    return [volume for volume in volumes if volume.role == role]


def test_every_volume_of_prostatex_is_recognised(data: Path) -> None:
    volumes = scan(data / "dwi" / "prostatex_0000")
    assert [(v.series_number, v.role.value, v.b_value) for v in volumes] == [
        (3, "t2", None),
        (4, "t2", None),
        (5, "t2", None),
        (6, "dwi", 50.0),
        (6, "dwi", 400.0),
        (6, "dwi", 800.0),
        (7, "adc", None),
        (8, "calculated_dwi", 1000.0),
        (9, "unknown", None),
    ]
    assert [[v.b_value for v in one] for one in diffusion_sets(volumes)] == [[50.0, 400.0, 800.0]]
    assert not any(v.problem for v in volumes)


def test_prostatex_pixels_lie_where_each_file_says(data: Path) -> None:
    """Every slice of b 800 is found in the volume at the position its own header gives, row by row."""
    volume = next(v for v in scan(data / "dwi" / "prostatex_0000") if v.b_value == 800.0)
    loaded = volume.load()
    ras_to_ijk = np.linalg.inv(loaded.ijk_to_ras)
    found = 0
    for path in (data / "dwi" / "prostatex_0000").rglob("*.dcm"):
        image = pydicom.dcmread(path)
        if int(image.SeriesNumber) != 6 or b"800" not in image[0x0019, 0x100C].value:
            continue
        corner = np.array([*image.ImagePositionPatient, 1.0], float) * [-1, -1, 1, 1]
        i, j, k, _ = ras_to_ijk @ corner
        assert (i, j, k) == pytest.approx((0, 0, round(k)), abs=1e-3)
        np.testing.assert_array_equal(loaded.array[round(k)], image.pixel_array)
        found += 1
    assert found == loaded.array.shape[0] == 19


def test_the_scanners_adc_maps_are_in_um2_per_s(data: Path) -> None:
    """Prostate and pelvic muscle lie between 800 and 2000 µm²/s; the diffusion phantom's certificate reaches 1127 µm²/s (water, 0 °C)."""
    prostate = _of_role(scan(data / "dwi" / "prostatex_0000"), Role.ADC)[0].load()
    phantom = _of_role(scan(data / "dwi" / "caliber_phantom" / "4001"), Role.ADC)[0].load()
    assert prostate.unit == phantom.unit == "µm²/s"
    centre = prostate.array[8:11, 54:74, 32:52]
    assert 800 < np.nanmedian(centre) < 2000
    assert 1000 < np.nanmedian(phantom.array[12, 54:74, 54:74]) < 1300


def test_repeated_acquisitions_with_a_series_for_each_b_value_are_two_sets(data: Path) -> None:
    volumes = scan(data / "dwi" / "caliber_phantom")
    sets = diffusion_sets(volumes)
    assert [[(v.series_number, v.b_value) for v in one] for one in sets] == [
        [(3001, 0.0), (3002, 500.0), (3003, 1000.0), (3004, 1500.0), (3005, 2000.0)],
        [(5001, 0.0), (5002, 500.0), (5003, 1000.0), (5004, 1500.0), (5005, 2000.0)],
    ]
    assert [(v.series_number, v.acquisition_group) for v in _of_role(volumes, Role.ADC)] == [(4001, 1), (6001, 2)]
    assert all(v.station is None for v in volumes)


def test_vials_of_the_diffusion_phantom_agree_with_another_tool(data: Path) -> None:
    """At the centres of the 13 vials that mrbias gives, over 3 × 3 voxels: its mean signals (over b 0) and its mean of the ADC map.

    Its ROIs are larger than ours, hence 0.04 of the b 0 signal and 25 µm²/s, twice the spread inside a vial; the vials reach from 120 to
    1180 µm²/s, so that a flipped or shifted volume could not pass.
    """
    volumes = [v for v in scan(data / "dwi" / "caliber_phantom") if v.acquisition_group == 1]
    signals = {v.b_value: v.load().array for v in _of_role(volumes, Role.DWI)}
    adc = _of_role(volumes, Role.ADC)[0].load().array
    with (data / "dwi" / "caliber_phantom" / "dw_000_voxel_data.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 13 * 5
    for row in rows:
        i, j, k = (int(float(row[f"Voxel{axis}"])) for axis in "XYZ")
        box = np.s_[k, j - 1 : j + 2, i - 1 : i + 2]
        b_value = round(float(row["b-value (s/µm²)"]) * 1e6)
        assert signals[b_value][box].mean() / signals[0][box].mean() == pytest.approx(float(row["VoxelSignal"]), abs=0.04)
        assert adc[box].mean() == pytest.approx(float(row["DerivedMap_adc_000_value"]), abs=25)


def test_ge_dual_echo_in_one_series_is_opposed_and_in_phase(data: Path) -> None:
    volumes = scan(data / "inopposed" / "ge_dual_echo")
    assert [(v.role.value, v.echo_time_s, v.shape) for v in volumes] == [
        ("opposed_phase", pytest.approx(2.044e-3), (512, 512, 20)),
        ("in_phase", pytest.approx(4.212e-3), (512, 512, 20)),
    ]
    opposed, in_phase = (v.load() for v in volumes)
    assert in_phase.same_grid(opposed)
    # out of phase, voxels of water and fat cancel: marrow and fat borders lose signal, nothing gains much
    body = in_phase.array > np.percentile(in_phase.array, 75)
    assert np.median(opposed.array[body] / in_phase.array[body]) < 1.0


@pytest.mark.parametrize("vendor", VENDORS)
def test_geometry_and_b_values_agree_with_dcm2niix(data: Path, vendor: str) -> None:
    """Corner voxels within 0.01 mm of dcm2niix; b-values the same; where it lists n images of a b-value, n directions were averaged."""
    (reference,) = json.loads((data / "vendor_dwi" / "reference_dcm2niix.json").read_text())[vendor]
    volumes = _of_role(scan(data / "vendor_dwi" / vendor), Role.DWI)
    ni, nj, nk = reference["shape"][:3]
    flip_rows = np.eye(4)  # dcm2niix stores rows upside down
    flip_rows[1, 1], flip_rows[1, 3] = -1, nj - 1
    matrix = np.vstack([np.reshape(reference["srow_ras"], (3, 4)), [0, 0, 0, 1]]) @ flip_rows
    corners = np.array([[i, j, k, 1] for i in (0, ni - 1) for j in (0, nj - 1) for k in (0, nk - 1)]).T
    for volume in volumes:
        assert volume.shape == (ni, nj, nk)
        assert np.abs((matrix - volume.ijk_to_ras) @ corners).max() < 0.01
        assert volume.echo_time_s == pytest.approx(reference["echo_time_s"], abs=1e-6)
    if reference["b_values"] is None:
        assert [v.b_value for v in volumes] == [0.0, 2000.0]  # as the files say; dcm2niix writes none for trace images
        return
    assert [v.b_value for v in volumes] == sorted(set(reference["b_values"]))
    if not vendor.startswith("philips"):  # Philips adds its own trace image, which is used instead of the directions
        assert [len(v.parts) for v in volumes] == [reference["b_values"].count(v.b_value) for v in volumes]


def test_philips_trace_image_is_used_and_the_directions_are_listed(data: Path) -> None:
    volumes = scan(data / "vendor_dwi" / "philips_5_3_classic")
    trace = next(v for v in volumes if v.role == Role.DWI and v.b_value == 2000)
    assert len(trace.parts) == 1
    (left_out,) = _of_role(volumes, Role.UNKNOWN)
    assert "15 single gradient directions" in left_out.evidence[0]


def test_a_direction_mean_is_the_geometric_mean_of_its_images(data: Path) -> None:
    weighted = next(v for v in scan(data / "vendor_dwi" / "canon_6_1_classic") if v.b_value == 1500)
    images = []
    for part in weighted.parts:
        images.append(np.stack([pydicom.dcmread(frame.pixels.path).pixel_array for frame in part]).astype(float))
    product = np.prod(np.maximum(images, 0), axis=0)
    np.testing.assert_allclose(weighted.load().array, product ** (1 / 12), rtol=1e-4, atol=1e-3)


def test_no_identity_is_kept_of_real_exams(data: Path) -> None:
    volumes = scan(data / "dwi" / "caliber_phantom" / "3001")
    image = pydicom.dcmread(next((data / "dwi" / "caliber_phantom" / "3001").glob("*")), stop_before_pixels=True)
    kept = repr(volumes) + inspect_table([v.as_row(True) for v in volumes]) + json.dumps([v.as_row(True) for v in volumes])
    assert str(image.PatientName) not in kept
    assert str(image.PatientID) not in kept
    assert len(group_exams(volumes)) == 1
