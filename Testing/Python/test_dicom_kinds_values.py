"""Kinds of faults in what a stored number means, one table a kind: bits, scale, units, text that is no number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from helpers.dicom_files import COLUMNS, ROWS, write_enhanced, write_image
from helpers.kinds import ADC, FF, TRACE, medians, siemens_b, signal, with_code, write_series
from MarrowQuantLib.dicom import scan
from MarrowQuantLib.dicom.elements import plain_numbers
from MarrowQuantLib.dicom.headers import read_files
from MarrowQuantLib.dicom.pixels import read_frames
from MarrowQuantLib.dicom.units import unit_of
from MarrowQuantLib.model import no_progress
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless


# ------------------------------------------------------------------------------------------------------- kind 1: stored bits
def _as_stored(truth: np.ndarray, allocated: int, stored: int, high: int, junk: np.ndarray) -> np.ndarray:
    """The pixels of a file: the value's bits below and with ``high``, anything in the others."""
    shift, mask = high + 1 - stored, ((1 << stored) - 1) << (high + 1 - stored)
    bits = (truth.astype(np.int64).astype(np.uint64) << np.uint64(shift)) & np.uint64(mask)
    return (bits | (junk & np.uint64(~mask & ((1 << allocated) - 1)))).astype(f"<u{allocated // 8}")


def _written(folder: Path, pixels: np.ndarray, form: str, **layout: int) -> Path:
    image = pydicom.dcmread(write_image(folder, 0, name="raw.dcm"))
    image.BitsAllocated, image.PixelData = layout["BitsAllocated"], pixels.tobytes()
    image["PixelData"].VR = "OB" if layout["BitsAllocated"] == 8 else "OW"
    for name, value in (("BitsStored", layout["BitsAllocated"]), ("HighBit", layout["BitsAllocated"] - 1), ("PixelRepresentation", 0)):
        setattr(image, name, value)
    if form == "run lengths":
        image.compress(RLELossless, generate_instance_uid=False)
    for name, value in layout.items():
        setattr(image, name, value)
    path = folder / "image.dcm"
    if form == "big endian":
        image.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        swapped = pixels.view("<u2").astype(">u2") if pixels.itemsize == 1 else pixels.astype(pixels.dtype.newbyteorder(">"))
        image.PixelData = swapped.tobytes()
        image["PixelData"].VR = "OW"
        pydicom.filewriter.dcmwrite(path, image, implicit_vr=False, little_endian=False, force_encoding=True)
        return path
    if form == "deflated":
        image.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    image.save_as(path)
    return path


@pytest.mark.parametrize("form", ["in place", "deflated", "run lengths", "big endian"])
@pytest.mark.parametrize("allocated", [8, 16, 32])
def test_every_layout_of_bits_gives_the_value_in_every_form(tmp_path: Path, form: str, allocated: int) -> None:
    """Forty random layouts each: bits stored, high bit, sign, and junk in the other bits (PS3.5 8.1.1)."""
    if form == "run lengths" and allocated == 32:
        pytest.skip("no encoder here packs 32 bits by run lengths")
    rng = np.random.default_rng(allocated)
    for _ in range(40):
        stored = int(rng.integers(1, allocated + 1))
        high, signed = int(rng.integers(stored - 1, allocated)), bool(rng.integers(2))
        low = -(1 << (stored - 1)) if signed else 0
        truth = rng.integers(low, low + (1 << stored), (ROWS, COLUMNS))
        junk = rng.integers(0, 1 << allocated, (ROWS, COLUMNS), dtype=np.uint64)
        layout = {"BitsAllocated": allocated, "BitsStored": stored, "HighBit": high, "PixelRepresentation": int(signed)}
        path = _written(tmp_path, _as_stored(truth, allocated, stored, high, junk), form, **layout)
        frames, lost = read_files([path], no_progress)
        assert not lost
        np.testing.assert_array_equal(read_frames(frames)[0].astype(np.int64), truth, err_msg=str(layout))


@pytest.mark.parametrize(
    "layout", [{"BitsStored": 17}, {"BitsStored": 12, "HighBit": 3}, {"BitsStored": 12, "HighBit": 16}, {"BitsStored": 0, "HighBit": 5}]
)
def test_bits_that_contradict_each_other_are_refused_or_are_all_bits(tmp_path: Path, layout: dict[str, int]) -> None:
    for k in range(3):
        image = pydicom.dcmread(write_image(tmp_path, k, name=f"{k}.dcm", ImageType=ADC, stored=np.full((ROWS, COLUMNS), 900, np.uint16)))
        for name, value in layout.items():
            setattr(image, name, value)
        image.save_as(tmp_path / f"{k}.dcm")
    (volume,) = scan(tmp_path)
    assert "which bits are stored" in volume.problem or np.nanmedian(volume.load().array) == 900


@pytest.mark.parametrize("padding, limit", [(0, None), (4095, None), (4000, 4095), (-4096, None)])
def test_padding_is_no_value(tmp_path: Path, padding: int, limit: Any) -> None:
    """One value, a range of them, and a negative one."""
    signed = padding < 0
    stored = np.full((ROWS, COLUMNS), 900, np.int16 if signed else np.uint16)
    stored[0] = padding
    write_series(tmp_path, lambda k: stored, ImageType=ADC, PixelPaddingValue=padding, PixelPaddingRangeLimit=limit)
    array = scan(tmp_path)[0].load().array
    assert np.isnan(array[:, 0]).all()
    assert (array[:, 1:] == 900).all()


@pytest.mark.parametrize("kind, role, values, truth", [
    (ADC, "adc", (900, 0, 1200), (900, np.nan, 1200)), (FF, "pdff", (30, 450, 920), (3, 45, 92)),
])  # fmt: skip
def test_padding_does_not_decide_the_scale(tmp_path: Path, kind: list[str], role: str, values: tuple, truth: tuple) -> None:
    """Half of the map is padding, at a value that would be another scale."""
    stored = np.full((ROWS, COLUMNS), 60_000, np.uint16)
    for row, value in enumerate(values):
        stored[row] = value
    write_series(tmp_path, lambda k: stored, ImageType=kind, EchoTime=1.2, PixelPaddingValue=60_000)
    (volume,) = scan(tmp_path)
    array = volume.load().array
    assert volume.role.value == role
    assert np.isnan(array[:, len(values) :]).all()
    np.testing.assert_allclose(array[0, : len(values), 0], truth, rtol=1e-5)


# ------------------------------------------------------------------------------------- kind 2: a scale that is not everywhere
LOST_IN_ONE_SLICE = {
    "slope": {"RescaleSlope": "0.5", "RescaleIntercept": "0"},
    "intercept": {"RescaleSlope": "1", "RescaleIntercept": "-10"},
    "unit": {"RescaleSlope": "0.5", "RescaleIntercept": "0", "RescaleType": "um2/s"},
    "mapping": {"RealWorldValueMappingSequence": with_code("um2/s", 0.5)},
    "mapping among two": {"RealWorldValueMappingSequence": with_code("um2/s", 0.5) + with_code("mm2/s", 5e-7)},
}


@pytest.mark.parametrize("lost", [(2,), (0,), (3,), (1, 2)])
@pytest.mark.parametrize("kind", LOST_IN_ONE_SLICE)
def test_a_scale_that_some_slices_lack_is_refused_naming_them(tmp_path: Path, kind: str, lost: tuple[int, ...]) -> None:
    attributes = {name: (lambda k, value=value: None if k in lost else value) for name, value in LOST_IN_ONE_SLICE[kind].items()}
    write_series(tmp_path, 1600, ImageType=ADC, **attributes)
    (volume,) = scan(tmp_path)
    assert "missing in slice" in volume.problem
    assert ", ".join(str(k + 1) for k in lost) in volume.problem


def _enhanced_adc(folder: Path, own: list, shared: Any = None, top: Any = None) -> list:
    """An enhanced ADC map of as many frames as ``own``; ``own``, ``shared`` and ``top`` are slopes, None where there is none."""

    def scale(slope: Any) -> dict[str, str]:
        return {"RescaleSlope": str(slope), "RescaleIntercept": "0", "RescaleType": "um2/s"}

    frames = []
    for k, slope in enumerate(own):
        frame = {"PlanePositionSequence": {"ImagePositionPatient": [0.0, 0.0, 5.0 * k]}, "MRImageFrameTypeSequence": {"FrameType": ADC}}
        frames.append({**frame, **({} if slope is None else {"PixelValueTransformationSequence": scale(slope)})})
    path = write_enhanced(folder, frames, ImageType=ADC, **({} if top is None else scale(top)))
    image = pydicom.dcmread(path)
    image.PixelData = np.full(image.pixel_array.shape, 900, np.uint16).tobytes()
    if shared is not None:
        item = pydicom.Dataset()
        for name, value in scale(shared).items():
            setattr(item, name, value)
        image.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence = [item]
    image.save_as(path)
    return scan(folder)


@pytest.mark.parametrize("where", ["shared", "top"])
def test_frames_without_their_own_scale_do_not_take_a_general_one(tmp_path: Path, where: str) -> None:
    """A macro stands in the shared groups or in those of the frames, never in both (PS3.3 C.7.6.16)."""
    (volume,) = _enhanced_adc(tmp_path, [1, 1, None, None], **{where: 2})
    assert "missing in slices 3, 4 of 4" in volume.problem


@pytest.mark.parametrize("where", ["shared", "top"])
def test_a_general_scale_counts_where_no_frame_has_its_own(tmp_path: Path, where: str) -> None:
    assert medians(_enhanced_adc(tmp_path, [None] * 4, **{where: 2})) == {"adc": [1800.0]}


@pytest.mark.parametrize("value", ["1", "1.0"])
def test_a_scale_of_one_may_be_missing(tmp_path: Path, value: str) -> None:
    write_series(tmp_path, 900, ImageType=ADC, RescaleSlope=lambda k: None if k == 1 else value, RescaleIntercept="0")
    assert medians(scan(tmp_path)) == {"adc": [900.0]}


def test_a_slope_that_one_whole_b_value_lacks_is_refused(tmp_path: Path) -> None:
    for b, slope in ((0, "2"), (800, None)):
        write_series(tmp_path, signal(b), ImageType=TRACE, private=siemens_b(b), RescaleSlope=slope, RescaleIntercept=slope and "0")
    problems = [volume.problem for volume in scan(tmp_path) if volume.problem]
    assert problems
    assert all("the rescale slope (0028,1053) is missing in all its slices" in problem for problem in problems)


def test_units_that_differ_between_the_slices_are_refused(tmp_path: Path) -> None:
    write_series(tmp_path, 900, ImageType=ADC, RescaleType=lambda k: "um2/s" if k < 2 else "mm2/s", RescaleSlope="1", RescaleIntercept="0")
    assert "Rescale Type (0028,1054) differs" in scan(tmp_path)[0].problem


# ------------------------------------------------------------------------------- kind 3: present but unreadable is not absent
READABLE_TEXT = {
    "0,5": 0.5, "'0.5'": 0.5, " 0.5\t": 0.5, "０．５": 0.5, "slope=0.5": 0.5, "5e-1": 0.5, ".5": 0.5, "+0.5": 0.5,
}  # fmt: skip


@pytest.mark.parametrize("text", READABLE_TEXT)
def test_a_number_that_means_one_thing_is_read(text: str) -> None:
    assert plain_numbers(text) == (READABLE_TEXT[text],)


@pytest.mark.parametrize("text", ["1,000", "12,345", "1_000", "1_5", "0.5.1", "nan", "half", "1/2", "0.5 apples", "1e999", "0.5;0.6", ""])
def test_a_number_that_may_mean_two_things_is_none(text: str) -> None:
    assert plain_numbers(text) == ()


@pytest.mark.parametrize(
    "text, expected", [("0,5", 800.0), ("'0.5'", 800.0), ("1,000", None), ("?", None), ("0.5x", None), ("0.5\\0.6", None)]
)
def test_a_slope_as_odd_text_is_read_or_refused_by_name(tmp_path: Path, text: str, expected: Any) -> None:
    write_series(tmp_path, 1600, ImageType=ADC, RescaleSlope="9999", RescaleIntercept="0")
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        new = text.encode() + b" " * (len(text) % 2)
        path.write_bytes(data.replace(b"DS\x04\x009999", b"DS" + len(new).to_bytes(2, "little") + new))
    (volume,) = scan(tmp_path)
    if expected is None:
        assert "Rescale Slope (0028,1053)" in volume.problem
    else:
        assert np.nanmedian(volume.load().array) == expected


@pytest.mark.parametrize("text, b", [("b=800", 800.0), ("800 s/mm2", 800.0), ("８００", 800.0), ("about 800", None), ("800/50", None)])
def test_a_b_value_as_odd_text_is_read_or_refused_by_name(tmp_path: Path, text: str, b: Any) -> None:
    write_series(tmp_path, signal(0), ImageType=TRACE, private=siemens_b(0))
    private = {(0x19, "SIEMENS MR HEADER", 0x0C): ("UT", text)}
    write_series(tmp_path, signal(800), ImageType=TRACE, private=private, SpecificCharacterSet="ISO_IR 192")
    volumes = scan(tmp_path)
    if b is None:
        assert any("(0019,100C)" in volume.problem for volume in volumes)
        assert [volume.b_value for volume in volumes if not volume.problem] == [0.0]
    else:
        assert sorted(volume.b_value for volume in volumes if not volume.problem) == [0.0, b]


@pytest.mark.parametrize("name", ["EchoTime", "ImagePositionPatient", "PixelSpacing", "ImageOrientationPatient"])
def test_an_unreadable_attribute_that_decides_is_named(tmp_path: Path, name: str) -> None:
    write_series(tmp_path, 900, ImageType=ADC, EchoTime="60")
    for path in tmp_path.iterdir():
        image = pydicom.dcmread(path)
        image[name]._value = "x"
        image[name].VR = "LO"
        image.save_as(path)
    problem = scan(tmp_path)[0].problem
    assert {"EchoTime": "0018,0081", "ImagePositionPatient": "0020,0032", "PixelSpacing": "0028,0030"}.get(name, "0020,0037") in problem


@pytest.mark.parametrize(
    "mapping",
    [
        with_code("um2/s", None, None, RealWorldValueLUTData=[1.0, 2.0]),
        with_code("um2/s", 1.0, 0.0) + with_code("um2/s", 0.5, 0.0),
        with_code("um2/s", 1.0, None),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_and_not_passed_over(tmp_path: Path, mapping: list) -> None:
    write_series(tmp_path, 900, ImageType=ADC, RealWorldValueMappingSequence=mapping)
    assert "Real World Value Mapping (0040,9096)" in scan(tmp_path)[0].problem


# --------------------------------------------------------------------------------------------------------------- kind 4: units
@pytest.mark.parametrize(
    "text, dimension, factor",
    [
        ("10*-6.mm2/s", "diffusivity", 1), ("10^-6 mm2/s", "diffusivity", 1), ("x10-6 mm²/s", "diffusivity", 1),
        ("×10⁻³ mm²/s", "diffusivity", 1e3),
        ("1E-6 mm^2/s", "diffusivity", 1), ("0.001 mm2/s", "diffusivity", 1e3), ("um2/ms", "diffusivity", 1e3), ("μm²/s", "diffusivity", 1),
        ("mm2.s-1", "diffusivity", 1e6), ("cm2/s", "diffusivity", 1e8), ("[10*-6.mm2]/s", "diffusivity", 1),
        ("mm2 per sec", "diffusivity", 1e6),
        ("%", "fraction", 1), ("PCT", "fraction", 1), ("[ppth]", "fraction", 0.1), ("‰", "fraction", 0.1), ("10*-3", "fraction", 0.1),
        ("0.1 %", "fraction", 0.1), ("{fraction}", "fraction", 100), ("1/1000", "fraction", 0.1),
        ("/s", "rate", 1), ("s^-1", "rate", 1), ("1/ms", "rate", 1e3), ("Hz", "frequency", 1), ("kHz", "frequency", 1e3),
        ("rad/s", "angular frequency", 1), ("ms", "time", 1e-3),
        ("0.1 1/s", "rate", 0.1), ("0.001 1/ms", "rate", 1), ("mm^2/s x 10^-6", "diffusivity", 1), ("mm2/s*1e-3", "diffusivity", 1e3),
        ("um2/ms × 10⁻³", "diffusivity", 1), ("1E-3mm**2/sec", "diffusivity", 1e3), ("promille", "fraction", 0.1),
    ],
)  # fmt: skip
def test_a_unit_is_understood_however_it_is_spelled(text: str, dimension: str, factor: float) -> None:
    unit = unit_of(text)
    assert unit is not None
    assert (unit.dimension, unit.factor) == (dimension, pytest.approx(factor))


@pytest.mark.parametrize("text", ["10e-6 mm2/s", "mm2", "HU", "furlong2/s", "mm2/s2", "10*.mm2/s", "mm/s", "10 3 mm2/s", "mm2/s x 10^6"])
def test_a_unit_of_two_meanings_or_none_is_not_understood(text: str) -> None:
    assert unit_of(text) is None


@pytest.mark.parametrize("unit", ["10e-6 mm2/s", "%", "HU", "furlong2/s"])
@pytest.mark.parametrize("where", ["mapping", "rescale type"])
def test_an_unknown_unit_is_refused_by_name_and_not_guessed(tmp_path: Path, unit: str, where: str) -> None:
    stated = {"RealWorldValueMappingSequence": with_code(unit, 1.0)} if where == "mapping" else {"RescaleType": unit, "RescaleSlope": "1"}
    write_series(tmp_path, 900, ImageType=ADC, **stated)
    assert f"'{unit}'" in scan(tmp_path)[0].problem


@pytest.mark.parametrize("unit, slope, expected", [("um2/s", "0.5", 800.0), ("10*-3.mm2/s", "0.0005", 800.0), ("US", "0.5", 800.0)])
def test_a_stated_unit_of_an_adc_map_is_used(tmp_path: Path, unit: str, slope: str, expected: float) -> None:
    write_series(tmp_path, 1600, ImageType=ADC, RescaleType=unit, RescaleSlope=slope, RescaleIntercept="0")
    assert medians(scan(tmp_path)) == {"adc": [expected]}


@pytest.mark.parametrize(
    "word, unit, stored, expected", [("T2_STAR_MAP", "ms", 25, 40.0), ("R2_STAR_MAP", "1/ms", 25, 25000.0), ("R2_STAR_MAP", "ms", 25, 40.0)]
)
def test_the_unit_decides_whether_a_map_is_of_r2_or_of_t2(tmp_path: Path, word: str, unit: str, stored: int, expected: float) -> None:
    kind = ["DERIVED", "PRIMARY", "M", word]
    write_series(tmp_path, stored, ImageType=kind, RescaleType=unit, RescaleSlope="1", RescaleIntercept="0")
    (volume,) = scan(tmp_path)
    assert volume.problem or np.nanmedian(volume.load().array) == pytest.approx(expected)


R2STAR = ["DERIVED", "PRIMARY", "M", "R2_STAR_MAP"]
IMPOSSIBLE = {
    "no prefix": (ADC, {"RescaleType": "mm2/s", "RescaleSlope": "1", "RescaleIntercept": "0"}),
    "negative diffusivity": (ADC, {"RescaleType": "um2/s", "RescaleSlope": "-1", "RescaleIntercept": "0"}),
    "negative offset": (ADC, {"RescaleType": "um2/s", "RescaleSlope": "1", "RescaleIntercept": "-4096"}),
    "negative rate": (R2STAR, {"RescaleType": "1/s", "RescaleSlope": "-0.1", "RescaleIntercept": "0"}),
    "mapping without prefix": (ADC, {"RealWorldValueMappingSequence": with_code("mm2/s", 1.0)}),
    "negative mapping": (ADC, {"RealWorldValueMappingSequence": with_code("um2/s", -1.0)}),
}


@pytest.mark.parametrize("kind", IMPOSSIBLE)
def test_a_unit_that_makes_impossible_values_is_refused(tmp_path: Path, kind: str) -> None:
    image_type, attributes = IMPOSSIBLE[kind]
    write_series(tmp_path, 900, ImageType=image_type, **attributes)
    assert "impossible" in scan(tmp_path)[0].problem


@pytest.mark.parametrize("mapping", [with_code("um2/s", 2.0), with_code("um2/s", 1.0, 500.0), with_code("10*-3.mm2/s", 1e-4)])
def test_a_mapping_that_contradicts_the_rescale_slope_is_refused(tmp_path: Path, mapping: list) -> None:
    stated = {"RescaleType": "um2/s", "RescaleSlope": "1", "RescaleIntercept": "0"}
    write_series(tmp_path, 900, ImageType=ADC, RealWorldValueMappingSequence=mapping, **stated)
    assert "contradicts itself" in scan(tmp_path)[0].problem


def test_a_mapping_without_a_unit_that_gives_other_values_than_the_rescale_slope_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path, 1600, ImageType=ADC, RealWorldValueMappingSequence=with_code("1", 0.5))
    assert "has no unit" in scan(tmp_path)[0].problem


@pytest.mark.parametrize("stated", [{}, {"RescaleType": "um2/s"}])
def test_a_mapping_without_a_unit_that_says_the_same_is_no_contradiction(tmp_path: Path, stated: dict[str, str]) -> None:
    stated = {"RescaleSlope": "0.5", "RescaleIntercept": "0", **stated}
    write_series(tmp_path, 1600, ImageType=ADC, RealWorldValueMappingSequence=with_code("1", 0.5), **stated)
    assert medians(scan(tmp_path)) == {"adc": [800.0]}


@pytest.mark.parametrize("unit, slope", [("um2/s", 1.0), ("10*-3.mm2/s", 0.001), ("mm2/s", 1e-6)])
@pytest.mark.parametrize("rescale", [{"RescaleType": "um2/s", "RescaleSlope": "1"}, {"RescaleType": "US", "RescaleSlope": "3"}])
def test_a_mapping_that_says_the_same_or_stands_alone_is_used(tmp_path: Path, unit: str, slope: float, rescale: dict[str, str]) -> None:
    write_series(tmp_path, 900, ImageType=ADC, RealWorldValueMappingSequence=with_code(unit, slope), RescaleIntercept="0", **rescale)
    assert medians(scan(tmp_path)) == {"adc": [900.0]}


@pytest.mark.parametrize("factor", [0.01, 1.0, 10.0, 2.55, 40.95])
def test_water_and_fat_beside_a_map_without_unit_tell_its_scale(tmp_path: Path, factor: float) -> None:
    """A view of infiltrated marrow: 2 to 9 % fat; by its values alone per cent and per mille could not be told apart."""
    truth = np.linspace(2, 9, ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    for number, (kind, image) in enumerate((("WATER", 100 - truth), ("FAT", truth)), start=1):
        write_series(tmp_path, lambda k: np.rint(100 * image).astype(np.uint16), SeriesNumber=number, SeriesInstanceUID=f"1.2.{number}",  # noqa: B023
                     ImageType=["DERIVED", "PRIMARY", "DIXON", kind], EchoTime=1.2)  # fmt: skip
    slope = "0.0001" if factor == 0.01 else None
    stored = np.rint(truth * (100 if slope else factor)).astype(np.uint16)
    write_series(tmp_path, lambda k: stored, SeriesNumber=3, SeriesInstanceUID="1.2.3", ImageType=FF, EchoTime=1.2, RescaleSlope=slope,
                 RescaleIntercept=slope and "0")  # fmt: skip
    (found,) = [volume for volume in scan(tmp_path) if volume.role.value == "pdff"]
    assert found.problem == ""
    assert np.nanmedian(found.load().array) == pytest.approx(5.5, abs=0.6)


@pytest.mark.parametrize("low, high", [(80, 100), (20, 90), (0, 60), (30, 99)])
def test_a_map_that_may_be_per_cent_or_per_mille_is_not_guessed(tmp_path: Path, low: int, high: int) -> None:
    random = np.random.default_rng(1).integers(low, high, (4, ROWS, COLUMNS)).astype(np.uint16)
    write_series(tmp_path, lambda k: random[k], ImageType=FF, EchoTime=1.2)
    assert "per cent or per mille" in scan(tmp_path)[0].problem


@pytest.mark.parametrize("scale", [2.0, 2.55])
def test_grey_levels_in_sixteen_bits_are_not_taken_for_per_mille(tmp_path: Path, scale: float) -> None:
    """A body with 3 to 92 % fat, stored as half per cents or as the grey levels of a picture."""
    body = np.full((16, 16), 3.0)
    body[:5], body[5:10] = 92.0, 45.0
    write_series(tmp_path, lambda k: np.rint(scale * body).astype(np.uint16), ImageType=FF, EchoTime=1.2)
    assert "may be grey levels of a picture" in scan(tmp_path)[0].problem



# ------------------------------------------------------------------------------------------------ kind 10: field maps
@pytest.mark.parametrize("how", [{"RescaleType": "Hz"}, {"RescaleType": "rad/s"}, {"ImageType": ["DERIVED", "PRIMARY", "M", "B0_MAP"]},
                                 {"SeriesDescription": "B0 map"}, {"SeriesDescription": "Ax IDEAL FieldMap"}])
def test_a_field_map_is_no_echo_and_no_r2star(tmp_path: Path, how: dict[str, Any]) -> None:
    write_series(tmp_path, 50, **{"ImageType": ["DERIVED", "PRIMARY", "M"], "RescaleSlope": "1", "RescaleIntercept": "0", **how})
    (volume,) = scan(tmp_path)
    assert volume.role.value == "field_map"
