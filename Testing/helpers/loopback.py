"""A Dask scheduler and its workers as separate processes of this machine, ended by their ids when the block is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import MarrowQuantLib

START_S = 60.0


@contextmanager
def dask_cluster(workers: int, folder: Path) -> Iterator[str]:
    """Start a scheduler and ``workers`` workers of one thread each; yields the scheduler's address.

    The workers have no nanny, so a worker that is killed stays away.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
        "PYTHONPATH": str(Path(MarrowQuantLib.__file__).parents[1]),
    }  # fmt: skip
    file = folder / "scheduler.json"
    started: list[subprocess.Popen] = []

    def start(kind: str, name: str, *options: str) -> None:
        with (folder / f"{name}.log").open("w") as log:
            command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, "--scheduler-file", str(file)]
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT))

    try:
        start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        for n in range(workers):
            local = str(folder / f"local-{n}")
            start("worker", f"worker-{n}", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", local)
        yield _address(file, workers)
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(file: Path, workers: int) -> str:
    import json

    import distributed

    deadline = time.monotonic() + START_S
    while not file.is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=START_S)
    return address


def kill_a_busy_worker(address: str) -> int:
    """Kill one worker that is measuring a case, without warning; returns its process id."""
    import distributed

    with distributed.Client(address, set_as_default=False) as client:
        pids = client.run(os.getpid)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            busy = [worker for worker, tasks in client.processing().items() if tasks]
            if busy:
                os.kill(pids[busy[0]], 9)
                return pids[busy[0]]
            time.sleep(0.02)
    raise TimeoutError("no worker was given a case")
