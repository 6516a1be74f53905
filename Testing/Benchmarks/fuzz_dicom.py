"""Throws damaged DICOM at the reader: ``python Testing/Benchmarks/fuzz_dicom.py [N] [--first SEED]`` (default 20 000 inputs).

Every input is a small folder of sound images of which one file is damaged in a way that follows from the input's number alone. The reader
must read it or refuse it with one sentence, within ten seconds (of the processor, since the machine may have other work) and two
gigabytes. What fails is listed by its number, to be kept as a test in ``test_dicom_fuzz.py``.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import multiprocessing
import random
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "MarrowQuant"), str(ROOT / "Testing")]

import numpy as np  # noqa: E402
import pydicom  # noqa: E402
from helpers import dicom_files as files  # noqa: E402
from MarrowQuantLib.dicom import group_exams, inspect_table, scan  # noqa: E402
from MarrowQuantLib.io.dicomfiles import write_dicom  # noqa: E402
from MarrowQuantLib.model import MarrowQuantError  # noqa: E402
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless  # noqa: E402

TIME_LIMIT_S, MEMORY_LIMIT_MB = 10, 2000
GUARD_BYTES = 6 << 30  # of address space: a runaway ends in an error here and not in the machine's swap
BATCH = 250  # inputs for one process; a crash of the process is then seen, and costs no more than that
VALUE_TYPES = [b"US", b"SS", b"UL", b"FL", b"FD", b"DS", b"IS", b"CS", b"LO", b"PN", b"DA", b"UI", b"OB", b"OW", b"UN", b"SQ", b"ZZ"]
ODD_TEXTS = ["", "nan", "inf", "-1e308", "1e400", "abc", "\\", "1\\2\\3\\4\\5\\6\\7", "０", "-", "1e-320", "99999999999999999999"]
WANTED = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept", "EchoTime",
          "SeriesNumber", "InstanceNumber", "StudyDate", "SliceThickness", "ImageType", "MagneticFieldStrength")  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ sound images
def write_originals(folder: Path) -> list[Path]:
    """One folder for each form of file that the reader knows; the fuzzer damages copies of them."""
    found = []

    def new(name: str) -> Path:
        found.append(folder / name)
        found[-1].mkdir(parents=True)
        return found[-1]

    siemens_b = (0x0019, "SIEMENS MR HEADER", 0x0C)
    diffusion = {"ScanningSequence": ["EP", "SE"], "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW"], "EchoTime": 66.0}
    target = new("siemens")
    for b in (50, 800):
        files.write_volume(target, 3, private={siemens_b: ("IS", str(b))}, **diffusion)
    target = new("philips")
    scale = {(0x2005, "Philips MR Imaging DD 001", 0x0E): ("FL", 0.5)}
    files.write_volume(target, 3, Manufacturer="Philips", DiffusionBValue=800.0, RescaleSlope=2.0, RescaleIntercept=0, private=scale)
    target = new("implicit")
    files.write_volume(target, 3, implicit=True, ImageType=["DERIVED", "PRIMARY", "M", "FAT_FRACTION"])
    frames = [{"PlanePositionSequence": {"ImagePositionPatient": [0.0, 0.0, 5.0 * n]},
               "MREchoSequence": {"EffectiveEchoTime": 1.15},
               "MRImageFrameTypeSequence": {"FrameType": ["ORIGINAL", "PRIMARY", "W", "W"]}} for n in range(4)]  # fmt: skip
    files.write_enhanced(new("enhanced"), frames)
    target = new("mosaic")
    mosaic = {(0x0019, "SIEMENS MR HEADER", 0x0A): ("US", 4), siemens_b: ("IS", "800"), (0x0029, "SIEMENS CSA HEADER", 0x10): ("OB", csa())}
    files.write_image(target, 0, ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"], SpacingBetweenSlices=5.0, private=mosaic)
    for name, syntax in (("rle", RLELossless), ("deflated", DeflatedExplicitVRLittleEndian)):
        for path in files.write_volume(new(name), 3):
            image = pydicom.dcmread(path)
            if syntax == RLELossless:
                image.compress(RLELossless)
            image.file_meta.TransferSyntaxUID = syntax
            image.save_as(path)
    for path in files.write_volume(new("gzip"), 3):
        path.with_suffix(".dcm.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return found


def csa() -> bytes:
    """A CSA header with one entry."""
    entry = b"SliceNormalVector".ljust(64, b"\0") + struct.pack("<i4sIII", 3, b"FD\0\0", 0, 3, 77)
    for number in (b"0.0", b"0.0", b"1.0"):
        entry += struct.pack("<IIII", 4, 4, 77, 4) + number.ljust(4, b"\0")
    return b"SV10\4\3\2\1" + struct.pack("<II", 1, 77) + entry


# --------------------------------------------------------------------------------------------------------------- damages
def flip_bits(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 2, 8, 64))):
        at = rng.randrange(len(data))
        data[at] ^= 1 << rng.randrange(8)
    return data


def cut_short(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data))]


def overwrite(data: bytearray, rng: random.Random) -> bytearray:
    """A run of zeros, ones or noise somewhere."""
    start, length = rng.randrange(len(data)), rng.randrange(1, 200)
    filling = rng.choice((b"\0" * length, b"\xff" * length, rng.randbytes(length)))
    data[start : start + length] = filling
    return data


def splice(data: bytearray, rng: random.Random) -> bytearray:
    """A stretch left out, or put in twice."""
    a, b = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:a] + data[b:] if rng.random() < 0.5 else data[:b] + data[a:]


def wrong_type(data: bytearray, rng: random.Random) -> bytearray:
    """Another value representation in front of a value."""
    places = [at for vr in VALUE_TYPES for at in _all_of(bytes(data), vr)]
    if places:
        at = rng.choice(places)
        data[at : at + 2] = rng.choice(VALUE_TYPES)
    return data


def _all_of(data: bytes, what: bytes) -> list[int]:
    found, at = [], data.find(what)
    while at >= 0:
        found.append(at)
        at = data.find(what, at + 1)
    return found


def wrong_length(data: bytearray, rng: random.Random) -> bytearray:
    """An absurd length behind a value representation."""
    places = [at for vr in VALUE_TYPES for at in _all_of(bytes(data), vr)]
    if places:
        at = rng.choice(places)
        length = rng.choice((0, 1, 0xFFFF, 0xFFFE, rng.randrange(65536)))
        data[at + 2 : at + 4] = struct.pack("<H", length)
    return data


def absurd_size(data: bytearray, rng: random.Random) -> bytearray:
    """Rows, columns, frames, bits or samples that no image has."""
    image = _parsed(data)
    for keyword in rng.sample(("Rows", "Columns", "NumberOfFrames", "BitsAllocated", "SamplesPerPixel", "PixelRepresentation"), 2):
        setattr(image, keyword, rng.choice((-1, 0, 9, 2**31 - 1) if keyword == "NumberOfFrames" else (0, 1, 7, 255, 8192, 65535)))
    return _written(image)


def odd_numbers(data: bytearray, rng: random.Random) -> bytearray:
    """Texts that are no numbers, or no sensible ones, where numbers are expected."""
    image = _parsed(data)
    for keyword in rng.sample(WANTED, 3):
        text = rng.choice(ODD_TEXTS)
        image.add(pydicom.dataelem.DataElement(pydicom.datadict.tag_for_keyword(keyword), "LO", text))
    return _written(image)


def deep_sequences(data: bytearray, rng: random.Random) -> bytearray:
    """Sequences within sequences, of known and of unknown length."""
    depth = rng.choice((5, 50, 500, 5000, 50000))
    head = struct.pack("<HH", *rng.choice(((0x0008, 0x1140), (0x0040, 0x9096), (0x5200, 0x9229), (0x5200, 0x9230), (0x2005, 0x140F))))
    nested = b"".join((head, b"SQ\0\0\xff\xff\xff\xff", b"\xfe\xff\x00\xe0\xff\xff\xff\xff")) * depth
    if rng.random() < 0.7:
        nested += b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" * depth
    at = data.find(b"\x18\x00")
    return data[:at] + bytearray(nested) + data[at:]


def pixel_bomb(data: bytearray, rng: random.Random) -> bytearray:
    """Few bytes that claim, or unpack to, very many."""
    if rng.random() < 0.3:
        image = _parsed(data)
        image.Rows = image.Columns = rng.choice((4096, 16384, 60000))
        image.NumberOfFrames = rng.choice((1, 100, 10**6))
        image.file_meta.TransferSyntaxUID = rng.choice(("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"))
        image.PixelData = pydicom.encaps.encapsulate([b"\0" * 64 + b"\x81\0" * 500])
        return _written(image)
    size = rng.choices((1 << 20, 1 << 25, (1 << 28) + (1 << 20)), weights=(20, 5, 1))[0]  # the last one is more than the reader unpacks
    if rng.random() < 0.5:
        return bytearray(_packed_zeros(bytes(data), size, gzip_form=True))
    image = _parsed(data)
    image.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    head = io.BytesIO()
    write_dicom(image, head)
    meta_end = 144 + struct.unpack_from("<I", head.getvalue(), 140)[0]
    element = b"\xe1\x7f\x10\x00OB\0\0" + struct.pack("<I", size)
    return bytearray(head.getvalue()[:meta_end] + _packed_zeros(element, size, gzip_form=False))


def _packed_zeros(start: bytes, size: int, gzip_form: bool) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31 if gzip_form else -15)
    zeros = b"\0" * (1 << 20)
    return packer.compress(start) + b"".join(packer.compress(zeros) for _ in range(size >> 20)) + packer.flush()


def other_syntax(data: bytearray, rng: random.Random) -> bytearray:
    """A transfer syntax that the data do not have, or that does not exist."""
    place = data.find(b"1.2.840.10008.1.2")
    if place >= 0:
        name = rng.choice((b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2\0\0", b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.5", b"9.9.9"))
        data[place : place + len(name)] = name
    return data


def _parsed(data: bytearray) -> pydicom.Dataset:
    raw = bytes(data)
    return pydicom.dcmread(io.BytesIO(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw), force=True)


def _written(image: pydicom.Dataset) -> bytearray:
    buffer = io.BytesIO()
    image.save_as(buffer)
    return bytearray(buffer.getvalue())


DAMAGES = (
    flip_bits, flip_bits, cut_short, overwrite, splice, wrong_type, wrong_length, absurd_size, odd_numbers, deep_sequences, pixel_bomb,
    other_syntax,
)  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------- one input
def write_input(seed: int, originals: list[Path], folder: Path) -> str:
    """Write the damaged folder number ``seed`` and say what was done."""
    rng = random.Random(seed)
    original = rng.choice(originals)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder)
    victim = rng.choice(sorted(folder.iterdir()))
    damages = sorted(rng.choices(DAMAGES, k=rng.choice((1, 1, 1, 2))), key=lambda damage: damage is pixel_bomb)  # a bomb last
    if damages == [pixel_bomb, pixel_bomb]:
        damages.pop()  # to lay it, the first one would have to be unpacked
    data = bytearray(victim.read_bytes())
    for damage in damages:
        try:
            data = damage(data, rng) if data else data
        except Exception:
            continue
    victim.write_bytes(bytes(data))
    return f"{original.name}: {', '.join(damage.__name__ for damage in damages)}"


def try_input(folder: Path) -> str:
    """Read a folder as the product does; "read", "refused", or what went wrong."""
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            volumes = scan(folder)
            rows = [volume.as_row(used=True) for volume in volumes]
            json.dumps(rows, allow_nan=False)
            inspect_table(rows)
            group_exams(volumes)
            for volume in volumes:
                if not volume.problem and not np.isreal(volume.load().array).all():
                    return "wrong: complex values"
        outcome = "read"
    except MarrowQuantError as error:
        outcome = _judge_sentence(str(error))
    except BaseException:
        return "failed: " + traceback.format_exc(limit=-3)
    took = time.process_time() - start
    return outcome if took < TIME_LIMIT_S else f"failed: took {took:.1f} s"


def _judge_sentence(text: str) -> str:
    secrets = ("Doe", "Jane", "MQ-4711", "19500101")
    if "\n" in text or not text.endswith((".", "?")) or len(text) > 400 or any(secret in text for secret in secrets):
        return f"failed: not a sentence for a reader: {text!r}"
    return "refused"


# --------------------------------------------------------------------------------------------------------------- the campaign
class Hang(BaseException):
    """No ``Exception``, so that nothing but the fuzzer catches it."""


def _alarm(*_: object) -> None:
    raise Hang(f"more than {TIME_LIMIT_S} s")


def run_batch(seeds: range, originals: list[Path], folder: Path, answers: multiprocessing.Queue) -> None:
    """In a process of its own: every input, and at the end the largest memory this process had."""
    resource.setrlimit(resource.RLIMIT_AS, (GUARD_BYTES, GUARD_BYTES))
    signal.signal(signal.SIGPROF, _alarm)
    for seed in seeds:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pydicom, about what is written here on purpose
            how = write_input(seed, originals, folder)
        signal.setitimer(signal.ITIMER_PROF, TIME_LIMIT_S)
        outcome = try_input(folder)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.put((seed, how, outcome, _largest_memory()))
    answers.put(None)


def _largest_memory() -> float:
    """The largest memory of this program, MB. Linux begins ``ru_maxrss`` at that of who started it (getrusage(2)), VmHWM not (proc(5))."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(float(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts in bytes


Tell = Callable[[int, Counter, "list[str]"], None]


def campaign(first: int, count: int, tell: Tell = lambda *_: None) -> tuple[Counter, list[str], float]:
    """Run inputs ``first`` … ``first + count − 1``: outcomes, failures, and the largest memory in MB."""
    outcomes, failures, memory = Counter(), [], 0.0
    context = multiprocessing.get_context("spawn")  # a fork would have all the memory of who calls
    with tempfile.TemporaryDirectory() as scratch:
        originals = write_originals(Path(scratch) / "originals")
        for start in range(first, first + count, BATCH):
            answers, last = context.Queue(), start - 1
            seeds = range(start, min(start + BATCH, first + count))
            process = context.Process(target=run_batch, args=(seeds, originals, Path(scratch) / "input", answers))
            process.start()
            while True:
                try:
                    answer = answers.get(timeout=12 * TIME_LIMIT_S)
                except Exception:
                    failures.append(f"{last + 1}: the process ended or hung (exit code {process.exitcode})")
                    process.kill()
                    break
                if answer is None:
                    break
                last, how, outcome, used = answer
                if used > max(memory, MEMORY_LIMIT_MB):
                    failures.append(f"{last} ({how}): {used:.0f} MB")
                memory = max(memory, used)
                outcomes[outcome.split(":")[0]] += 1
                if outcome.startswith(("failed", "wrong")):
                    failures.append(f"{last} ({how}): {outcome}")
            process.join()
            tell(start + len(seeds) - first, outcomes, failures)
    return outcomes, failures, memory


def _tell(done: int, outcomes: Counter, failures: list[str]) -> None:
    print(f"{done} inputs: {dict(outcomes)}", *failures, sep="\n", flush=True)
    failures[:] = [failure.splitlines()[0] for failure in failures]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    options = parser.parse_args()
    start = time.perf_counter()
    outcomes, failures, memory = campaign(options.first, options.count, _tell)
    minutes = (time.perf_counter() - start) / 60
    print(f"{dict(outcomes)}, {len(failures)} failures, at most {memory:.0f} MB, {minutes:.1f} minutes")
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()
