"""Damaged files are read or refused with a sentence: a few hundred of the fuzzer's inputs, and every one that ever failed."""

from __future__ import annotations

import signal
import sys
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from MarrowQuantLib.deidentify import deidentify
from MarrowQuantLib.model import MarrowQuantError

pytest.importorskip("resource", reason="the fuzzer limits memory as Unix does")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Benchmarks"))
import fuzz_dicom

# 16, 145, 250: pydicom's own exception for a value of the wrong length; 186: a deflated stream that ends before its bytes do;
# 793, 1999: a scaling slope beyond float32
# 15767, 18484, 18541: compressed pixels without a fragment; 1 000 002: a series number of 309 digits in a sentence
SEEDS_THAT_FAILED = (16, 145, 186, 250, 793, 1999, 2363, 2456, 2874, 10269, 15767, 18484, 18541, 1_000_002)


@contextmanager
def no_hang() -> Iterator[None]:
    """End what would run for minutes, as the fuzzer ends it."""
    before = signal.signal(signal.SIGPROF, fuzz_dicom._alarm)
    signal.setitimer(signal.ITIMER_PROF, fuzz_dicom.TIME_LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return fuzz_dicom.write_originals(tmp_path_factory.mktemp("originals"))


def test_the_undamaged_originals_are_read(originals: list[Path]) -> None:
    """Otherwise the fuzzer would only prove that everything is refused."""
    assert {original.name: fuzz_dicom.try_input(original) for original in originals} == {original.name: "read" for original in originals}


@pytest.mark.parametrize("seed", SEEDS_THAT_FAILED)
def test_what_once_failed_is_refused_or_read(originals: list[Path], tmp_path: Path, seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, about what is damaged here on purpose
        fuzz_dicom.write_input(seed, originals, tmp_path / "input")
    assert fuzz_dicom.try_input(tmp_path / "input") in ("read", "refused")


@pytest.mark.parametrize("form", ["implicit", "rle", "enhanced", "siemens"])
@pytest.mark.parametrize("size", [1 << 25, (1 << 28) + (1 << 20)])
def test_zeros_behind_an_image_are_not_read_as_millions_of_empty_elements(
    originals: list[Path], tmp_path: Path, form: str, size: int
) -> None:
    """Once took minutes: 32 MB, and more than the reader unpacks."""
    (original,) = [folder for folder in originals if folder.name == form]
    image = sorted(original.iterdir())[0].read_bytes()
    (tmp_path / "bomb.gz").write_bytes(fuzz_dicom._packed_zeros(image, size, gzip_form=True))
    assert fuzz_dicom.try_input(tmp_path) in ("read", "refused")


@pytest.mark.parametrize("size", [1 << 22, 1 << 27])
def test_zeros_inside_a_deflated_image_are_not_read_as_millions_of_empty_elements(originals: list[Path], tmp_path: Path, size: int) -> None:
    """Once took two seconds for 4 MB, which are 18 kB in the file."""
    (original,) = [folder for folder in originals if folder.name == "deflated"]
    data = sorted(original.iterdir())[0].read_bytes()
    start = 144 + int.from_bytes(data[140:144], "little")
    elements = zlib.decompress(data[start:], -zlib.MAX_WBITS)
    at = elements.index(b"\x18\x00")
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = b"".join(map(packer.compress, (elements[:at], bytes(size), elements[at:]))) + packer.flush()
    (tmp_path / "bomb").mkdir()
    (tmp_path / "bomb" / "bomb.dcm").write_bytes(data[:start] + packed)
    assert fuzz_dicom.try_input(tmp_path / "bomb") == "refused"
    with no_hang(), pytest.raises(MarrowQuantError, match="damaged, or cut short"):
        deidentify(tmp_path / "bomb", tmp_path / "out", tmp_path / "key")


@pytest.mark.parametrize("seed", [34, 2456, 10269])
def test_damaged_images_are_deidentified_or_left_out_in_time(originals: list[Path], tmp_path: Path, seed: int) -> None:
    """34 once took minutes: zeros behind an image."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fuzz_dicom.write_input(seed, originals, tmp_path / "input")
    with no_hang():
        try:
            deidentify(tmp_path / "input", tmp_path / "out", tmp_path / "key")
        except MarrowQuantError as error:
            assert str(error).endswith(".")


def test_three_hundred_damaged_folders_make_no_crash_no_hang_and_no_flood() -> None:
    """Other inputs than those of the full run; Docs/dicom-conformance.md tells about that."""
    outcomes, failures, memory = fuzz_dicom.campaign(first=1_000_000, count=300)
    assert failures == []
    assert sum(outcomes.values()) == 300
    assert min(outcomes["read"], outcomes["refused"]) >= 30  # both happen
    assert memory < fuzz_dicom.MEMORY_LIMIT_MB
