"""How long a large study takes to be recognised: ``python Testing/Benchmarks/reading.py [N_FILES]`` (default 5000).

Writes single-frame images of many series as a whole-body exam has them (several b-values at several stations, Dixon images, decoys), and
recognises them. Wall time and processor time are told apart, because the machine may have other work; memory is the process's peak.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "MarrowQuant"), str(ROOT / "Testing")]

import numpy as np  # noqa: E402
import pydicom  # noqa: E402
from helpers import dicom_files as files  # noqa: E402
from MarrowQuantLib.dicom import scan  # noqa: E402

SLICES, STATIONS, B_VALUES, SIZE = 50, 5, (50, 400, 900), 128
DIXON = ("W", "F", "IP", "OP")
PRIVATE_BYTES = 20_000  # a header as long as scanners write it: private elements outweigh the public ones


def write_study(folder: Path, n_files: int) -> int:
    """Write ``n_files`` images and return how many volumes they are."""
    written = volumes = 0
    while written < n_files:
        series = volumes + 1
        count = min(SLICES, n_files - written)
        template = _template(folder, series)
        for k in range(count):
            template.SOPInstanceUID = template.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.{series}.{k + 1}"
            template.InstanceNumber = k + 1
            template.ImagePositionPatient = [-200.0, -200.0, 5.0 * k - SLICES * 5.0 * (series % STATIONS)]
            buffer = BytesIO()
            template.save_as(buffer)
            (folder / f"IM{written + k:06d}").write_bytes(buffer.getvalue())
        written += count
        volumes += 1
    return volumes


def _template(folder: Path, series: int) -> pydicom.Dataset:
    is_diffusion = series % 2 == 0
    word = DIXON[series // 2 % len(DIXON)]
    private = {(0x0029, "SIEMENS CSA HEADER", 0x20): ("OB", bytes(PRIVATE_BYTES))}
    if is_diffusion:
        private[(0x0019, "SIEMENS MR HEADER", 0x0C)] = ("IS", str(B_VALUES[series // 2 % len(B_VALUES)]))
    path = files.write_image(
        folder, 0, stored=np.zeros((SIZE, SIZE), np.uint16), private=private, SeriesNumber=series, SeriesInstanceUID=f"1.2.826.1.{series}",
        ImageType=["ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW"] if is_diffusion else ["ORIGINAL", "PRIMARY", "M", word],
        ScanningSequence=["EP", "SE"] if is_diffusion else "GR", EchoTime=66.0 if is_diffusion else 1.15, name="template",
    )  # fmt: skip
    image = pydicom.dcmread(path)
    path.unlink()
    return image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="?", type=int, default=5000)
    n_files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as scratch:
        n_volumes = write_study(Path(scratch), n_files)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall, cpu = time.perf_counter(), time.process_time()
        volumes = scan(Path(scratch))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    if len(volumes) != n_volumes or any(volume.problem for volume in volumes):
        raise SystemExit(f"{len(volumes)} volumes were recognised, {n_volumes} were written")
    print(f"{n_files} files, {n_volumes} volumes: {wall:.1f} s, of which {cpu:.1f} s of the processor; {memory:.0f} MB more memory")


if __name__ == "__main__":
    main()
