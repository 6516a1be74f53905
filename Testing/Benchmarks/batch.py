"""Throughput of the batch with one and two processes, and a Dask scheduler with three workers of which one is killed.

    .venv/bin/python Testing/Benchmarks/batch.py --cases 200 --out /tmp/batch-proof

Writes the table of Docs/batch.md (with ``--page``), and ends with an error if a result differs between the engines.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
    os.environ[name] = "1"  # before numpy is loaded: one process must not use two cores
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "MarrowQuant"), str(ROOT / "Testing")]

from helpers.batch_cases import DIXON, STATION, write_cases  # noqa: E402
from helpers.loopback import dask_cluster, kill_a_busy_worker  # noqa: E402
from MarrowQuantLib import batch, phantom  # noqa: E402

PAGE = ROOT / "Docs" / "batch.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
TABLES = ("cases.csv", "cohort.csv")
LOAD = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--out", type=Path, required=True, help="folder to create")
    parser.add_argument("--patient", type=Path, help="a digital patient (responder, philips) written before")
    parser.add_argument("--diffusion", action="store_true", help="with a station of diffusion, four times the work")
    parser.add_argument("--page", action="store_true", help="write the table into Docs/batch.md")
    options = parser.parse_args()
    patient = phantom.PhantomPatient.at(options.patient) if options.patient else phantom.write_patient(options.out / "patient", seed=1)
    manifest = write_cases(patient, options.out / "cases", options.cases, series=(DIXON, STATION) if options.diffusion else (DIXON,))
    one = timed("one process", manifest, options.out / "one", options.cases)
    two = timed("two processes", manifest, options.out / "two", options.cases, jobs=2)
    dask, killed = with_dask(manifest, options.out / "dask", options.cases)
    written = [[(options.out / run / table).read_bytes() for table in TABLES] for run in ("one", "two", "dask")]
    same = written[0] == written[1] == written[2]
    rows = [("one process", one), ("two processes", two), ("Dask, three workers, one killed", dask)]
    lines = [
        f"{options.cases} cases on {os.cpu_count()} cores, {datetime.date.today()}; load before the start {LOAD:.1f}.", "",
        "| engine | s | cases/min | against one process | processor seconds |", "| --- | --- | --- | --- | --- |",
        *(f"| {name} | {s:.0f} | {60 * options.cases / s:.0f} | {one[0] / s:.2f} × | {cpu:.0f} |" for name, (s, cpu) in rows), "",
        f"Killed workers: {killed}. cases.csv and cohort.csv of the three runs are {'the same, byte for byte' if same else 'DIFFERENT'}.",
    ]  # fmt: skip
    print("\n".join(lines))
    if options.page:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        PAGE.write_text("\n".join([before + BEGIN, *lines, END]) + rest.split(END)[1], encoding="utf-8")
    return 0 if same and killed else 1


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def timed(name: str, manifest: Path, out: Path, expected: int, **engine: object) -> tuple[float, float]:
    start, used = time.perf_counter(), processor_seconds()
    report = batch.run(manifest, out, **engine)
    seconds, used = time.perf_counter() - start, processor_seconds() - used
    if report.counts != {"done": expected}:
        raise SystemExit(f"{name}: {report.counts}")
    print(f"{name}: {seconds:.1f} s, processor {used:.1f} s", file=sys.stderr, flush=True)
    return seconds, used


def with_dask(manifest: Path, out: Path, expected: int) -> tuple[tuple[float, float], int]:
    killed: list[int] = []

    def kill_once(fraction: float, text: str) -> None:
        if not killed and fraction > 0.3:
            killed.append(kill_a_busy_worker(address))

    used = processor_seconds()
    with dask_cluster(3, out.with_name("cluster")) as address:
        seconds, _ = timed("Dask", manifest, out, expected, scheduler=address, progress=kill_once)
    return (seconds, processor_seconds() - used), len(killed)  # the workers have ended only here


if __name__ == "__main__":
    raise SystemExit(main())
