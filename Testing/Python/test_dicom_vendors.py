"""Vendors' ways of saying it for which there is no public file: written here after their documentation and the free converters' notes."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pydicom
import pytest
from helpers.dicom_files import COLUMNS, ROWS, STEP, pixels, write_enhanced, write_image, write_volume
from MarrowQuantLib.dicom import diffusion_sets, scan
from MarrowQuantLib.dicom.csa import csa_numbers
from MarrowQuantLib.model import Role

EPI = {"ScanningSequence": ["EP", "SE"], "EchoTime": 66.0}
UIH = {"Manufacturer": "UIH", **EPI, "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION"]}
UIH_BLOCK = "Image Private Header"
SIEMENS_CSA = (0x0029, "SIEMENS CSA HEADER", 0x10)


def csa_header(**entries: list[str]) -> bytes:
    """A CSA header of the form SV10, as NiBabel's documentation describes it."""
    body = b""
    for name, values in entries.items():
        body += name.encode().ljust(64, b"\0") + struct.pack("<i4siii", len(values), b"IS\0\0", 6, len(values), 77)
        for value in values:
            text = value.encode()
            body += struct.pack("<iiii", len(text), len(text), 77, len(text)) + text.ljust((len(text) + 3) // 4 * 4, b"\0")
    return b"SV10\4\3\2\1" + struct.pack("<II", len(entries), 77) + body


# ----------------------------------------------------------------------------------------------------------------- Siemens
def test_the_b_value_of_an_old_siemens_image_is_in_its_csa_header(tmp_path: Path) -> None:
    for b in ("0", "50", "800"):
        header = csa_header(EchoLinePosition=["64"], B_value=[b, "", ""], DiffusionDirectionality=["ISOTROPIC"])
        write_volume(tmp_path, 3, private={SIEMENS_CSA: ("OB", header)}, ImageType=["ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW"], **EPI)
    volumes = scan(tmp_path)
    assert [(v.role, v.b_value) for v in sorted(volumes, key=lambda v: v.b_value)] == [(Role.DWI, b) for b in (0.0, 50.0, 800.0)]
    assert any("Siemens CSA header, B_value" in sentence for v in volumes for sentence in v.evidence)


def test_the_tag_made_for_it_comes_before_the_csa_header(tmp_path: Path) -> None:
    private = {SIEMENS_CSA: ("OB", csa_header(B_value=["700"])), (0x0019, "SIEMENS MR HEADER", 0x0C): ("IS", "800")}
    write_volume(tmp_path, 3, private=private, **EPI)
    assert scan(tmp_path)[0].b_value == 800.0


@pytest.mark.parametrize(
    "damage",
    [
        lambda header: header[:50],
        lambda header: header.replace(struct.pack("<iiii", 3, 3, 77, 3), struct.pack("<iiii", 3, -100, 77, 3)),
        lambda header: b"CSA1" + header[4:],
        lambda header: None,
    ],
)
def test_a_damaged_csa_header_has_no_entries(damage: Any) -> None:
    header = csa_header(B_value=["800"])
    assert csa_numbers(header, "B_value") == (800.0,)
    assert csa_numbers(damage(header), "B_value") == ()


def test_a_csa_header_that_promises_more_tags_than_it_has_ends_where_its_bytes_end() -> None:
    header = csa_header(B_value=["800"])
    assert csa_numbers(header[:8] + struct.pack("<I", 2**32 - 1) + header[12:], "SliceNormalVector") == ()


# --------------------------------------------------------------------------------------------------------------------- UIH
def test_uih_b_values_are_the_applied_ones_and_the_prescribed_ones_are_told(tmp_path: Path) -> None:
    for b, applied in ((0.0, 0.0), (50.0, 51.2), (800.0, 803.9)):
        private = {(0x0065, UIH_BLOCK, 0x09): ("FD", applied), (0x0065, UIH_BLOCK, 0x0A): ("FD", b)}
        write_volume(tmp_path, 3, private=private, **UIH)
    volumes = scan(tmp_path)
    assert [v.b_value for (one,) in [diffusion_sets(volumes)] for v in one] == [0.0, 51.2, 803.9]
    assert any("UIH (0065,1009), as applied; 800 was prescribed" in sentence for v in volumes for sentence in v.evidence)


@pytest.mark.parametrize("implicit", [False, True])
def test_uih_b_values_are_read_where_only_the_applied_one_is_there(tmp_path: Path, implicit: bool) -> None:
    value = struct.pack("<d", 800.0) if implicit else 800.0
    write_volume(tmp_path, 3, private={(0x0065, UIH_BLOCK, 0x09): ("UN" if implicit else "FD", value)}, implicit=implicit, **UIH)
    (volume,) = scan(tmp_path)
    assert (volume.role, volume.b_value) == (Role.DWI, 800.0)


@pytest.mark.parametrize("n_slices", [5, 6, 9])
def test_uih_grids_are_cut_into_their_slices(tmp_path: Path, n_slices: int) -> None:
    """ceil(sqrt(n)) tiles in a row, as many rows as needed; every slice has its own position in (0065,1051)."""
    _write_grid(tmp_path, n_slices)
    (volume,) = scan(tmp_path)
    loaded = volume.load()
    assert (volume.shape, volume.b_value) == ((COLUMNS, ROWS, n_slices), 800.0)
    for n in range(n_slices):
        np.testing.assert_array_equal(loaded.array[n], pixels(100 * n))
    np.testing.assert_allclose(loaded.ijk_to_ras[:3, 2:], [[0, 10], [0, 20], [STEP, -30]])


def _write_grid(folder: Path, n_slices: int, positions: Optional[int] = None) -> None:
    across = math.ceil(math.sqrt(n_slices))
    down = math.ceil(n_slices / across)
    grid = np.zeros((down * ROWS, across * COLUMNS), np.uint16)
    items = []
    for n in range(n_slices):
        row, column = divmod(n, across)
        grid[row * ROWS : (row + 1) * ROWS, column * COLUMNS : (column + 1) * COLUMNS] = pixels(100 * n)
        item = pydicom.Dataset()
        item.ImagePositionPatient = [-10.0, -20.0, -30.0 + STEP * n]
        items.append(item)
    private = {
        (0x0065, UIH_BLOCK, 0x0A): ("FD", 800.0),
        (0x0065, UIH_BLOCK, 0x50): ("DS", str(n_slices)),
        (0x0065, UIH_BLOCK, 0x51): ("SQ", pydicom.Sequence(items[:positions])),
    }
    write_image(folder, 0, stored=grid, private=private, **{**UIH, "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "VFRAME"]})


def test_a_uih_grid_without_all_positions_is_refused(tmp_path: Path) -> None:
    _write_grid(tmp_path, 6, positions=4)
    assert all("position, orientation or pixel spacing is missing" in volume.problem for volume in scan(tmp_path))


# ------------------------------------------------------------------------------------------------- enhanced multi-frame objects
def _frame(n: int, **macros: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"PlanePositionSequence": {"ImagePositionPatient": [0.0, 0.0, STEP * n]}, **macros}


@pytest.mark.parametrize("manufacturer", ["SIEMENS", "Philips", "GE MEDICAL SYSTEMS", "CANON_MEC"])
def test_enhanced_diffusion_of_any_vendor_is_split_by_b_value_and_direction(tmp_path: Path, manufacturer: str) -> None:
    """b 0, three directions of b 800, and the trace that the scanner computed from them, interleaved by slice."""
    kinds = [("NONE", 0.0, None), *[("DIRECTIONAL", 800.0, axis) for axis in np.eye(3).tolist()], ("ISOTROPIC", 800.0, None)]
    frames = []
    for n in range(4):
        for directionality, b, axis in kinds:
            diffusion: dict[str, Any] = {"DiffusionDirectionality": directionality, "DiffusionBValue": b}
            if axis is not None:
                gradient = pydicom.Dataset()
                gradient.DiffusionGradientOrientation = axis
                diffusion["DiffusionGradientDirectionSequence"] = [gradient]
            word = {"MRImageFrameTypeSequence": {"FrameType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]}}
            frames.append(_frame(n, MRDiffusionSequence=diffusion, **word))
    write_enhanced(tmp_path, frames, Manufacturer=manufacturer)
    volumes = scan(tmp_path)
    assert not any(v.problem for v in volumes)
    ((low, trace),) = diffusion_sets(volumes)
    assert (low.b_value, trace.b_value, len(trace.parts)) == (0.0, 800.0, 1)
    np.testing.assert_array_equal(trace.load().array[2], pixels(2 * len(kinds) + 4))
    (left_out,) = [v for v in volumes if v.role == Role.UNKNOWN]
    assert "3 single gradient directions" in left_out.evidence[0]


def test_an_enhanced_object_with_maps_among_its_frames_gives_each_its_role(tmp_path: Path) -> None:
    frames = [
        _frame(n, MRImageFrameTypeSequence={"FrameType": ["DERIVED" if word != "W" else "ORIGINAL", "PRIMARY", word, word]})
        for word in ("W", "FF", "R2_STAR", "FA")
        for n in range(3)
    ]
    write_enhanced(tmp_path, frames)
    assert {v.role for v in scan(tmp_path)} == {Role.WATER, Role.PDFF, Role.R2STAR, Role.UNKNOWN}


# ------------------------------------------------------------------------------------------------------- decoys in one series
def test_maps_projections_and_captures_within_a_diffusion_series_are_what_they_are(tmp_path: Path) -> None:
    """One series with b 50 and b 800 and, among them, everything a scanner may append; only the two are diffusion to be fitted."""
    dwi = ["ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW"]
    for b in (50.0, 800.0):
        write_volume(tmp_path, 4, DiffusionBValue=b, ImageType=dwi, **EPI)
    appended = {
        "ADC": (["DERIVED", "PRIMARY", "DIFFUSION", "ADC"], Role.ADC),
        "EADC": (["DERIVED", "PRIMARY", "DIFFUSION", "EADC"], Role.UNKNOWN),
        "FA": (["DERIVED", "PRIMARY", "DIFFUSION", "FA"], Role.UNKNOWN),
        "MIP": (["DERIVED", "SECONDARY", "MIP"], Role.UNKNOWN),
        "CALC": (["DERIVED", "PRIMARY", "DIFFUSION", "CALC_BVALUE"], Role.CALCULATED_DWI),
        "CAPTURE": (["DERIVED", "SECONDARY", "SCREEN SAVE"], Role.UNKNOWN),
    }
    for image_type, _ in appended.values():
        write_volume(tmp_path, 4, DiffusionBValue=800.0, ImageType=image_type, stored=np.full((ROWS, COLUMNS), 1100, np.uint16), **EPI)
    volumes = scan(tmp_path)
    ((low, high),) = diffusion_sets(volumes)
    assert (low.b_value, high.b_value) == (50.0, 800.0)
    np.testing.assert_array_equal(high.load().array[1], pixels(1))
    others = sorted(v.role.value for v in volumes if v not in (low, high))
    assert others == sorted(role.value for _, role in appended.values())
    assert all(v.evidence[0] for v in volumes)


# ------------------------------------------------------------------------------------------------------ real-world value maps
def _mapping(code: str, slope: float, intercept: float) -> pydicom.Dataset:
    unit, item = pydicom.Dataset(), pydicom.Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = code, "UCUM", code
    item.RealWorldValueSlope, item.RealWorldValueIntercept, item.MeasurementUnitsCodeSequence = slope, intercept, [unit]
    return item


@pytest.mark.parametrize(
    "word, code, slope, intercept, stored, expected",
    [
        ("FF", "%", 300 / 4095, -100.0, 2730, 100.0),  # Philips' scale of the fat fraction
        ("FF", "[ppth]", 1.0, 0.0, 425, 42.5),
        ("ADC", "um2/s", 0.5, 0.0, 2200, 1100.0),
        ("R2_STAR", "/s", 0.25, 0.0, 200, 50.0),
        ("T2_STAR", "ms", 0.1, 0.0, 250, 40.0),
    ],
)
def test_a_real_world_value_map_gives_the_unit(
    tmp_path: Path, word: str, code: str, slope: float, intercept: float, stored: int, expected: float
) -> None:
    image = np.full((ROWS, COLUMNS), stored, np.uint16)
    mapping = [_mapping(code, slope, intercept)]
    kind = ["DERIVED", "PRIMARY", word, word]
    write_volume(tmp_path, 3, RealWorldValueMappingSequence=mapping, ImageType=kind, stored=image, RescaleSlope=9.0, RescaleIntercept=1.0)
    (volume,) = scan(tmp_path)
    assert f"Real World Value Mapping in {code}" in volume.scaling.sentence
    np.testing.assert_allclose(volume.load().array, expected, rtol=1e-5)


def test_a_scaling_slope_of_zero_is_refused(tmp_path: Path) -> None:
    write_volume(tmp_path, 3, ImageType=["DERIVED", "PRIMARY", "FF", "FF"], RescaleSlope=0, RescaleIntercept=30)
    (volume,) = scan(tmp_path)
    assert "slope in its header is 0" in volume.problem
