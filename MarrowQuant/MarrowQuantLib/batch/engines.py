"""Where the cases run: in this process, in several processes of this machine, or on the workers of a Dask scheduler.

Each engine yields an outcome for every case in the order in which they end, and none lets a worker that dies take other cases with it.
"""

from __future__ import annotations

import multiprocessing
import os
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from ..model import MarrowQuantError, Progress, finding, no_progress
from .job import FAILED, BatchOptions, Outcome, run_case, unexpected
from .manifest import Case

# One thread a process: the cases themselves fill the cores, and competing threads of BLAS and ITK only slow each other down.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)  # fmt: skip
_LOST = finding("batch.ended")


def in_this_process(cases: Sequence[Case], options: BatchOptions, progress: Progress = no_progress) -> Iterator[Outcome]:
    """One case after the other; ``progress`` follows each case."""
    for case in cases:
        yield run_case(case, options, progress)


def in_processes(cases: Sequence[Case], options: BatchOptions, jobs: int) -> Iterator[Outcome]:
    """``jobs`` processes of this machine.

    A process that dies breaks the whole pool; the cases it then held are run again, each alone in a fresh process, so that only the one
    that kills its process fails.
    """
    waiting = list(cases)
    with _one_thread_each():
        while waiting:
            suspects: list[Case] = []
            yield from _pool(waiting, suspects, options, jobs)
            for case in suspects:
                again: list[Case] = []
                yield from _pool([case], again, options, 1)
                if again:
                    yield Outcome(case.label, FAILED, _LOST)


def _pool(waiting: list[Case], suspects: list[Case], options: BatchOptions, jobs: int) -> Iterator[Outcome]:
    """Run cases off ``waiting`` until it is empty or the pool breaks; then ``suspects`` holds the cases that were running."""
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    running: dict[Future, Case] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running[pool.submit(run_case, waiting[0], options)] = waiting[0]
                waiting.pop(0)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                outcome = future.result()
                del running[future]
                yield outcome
    except BrokenProcessPool:
        suspects += running.values()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started inside inherit one thread for BLAS and ITK; both read it once, when they are loaded."""
    kept = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def on_dask(cases: Sequence[Case], options: BatchOptions, scheduler: str) -> Iterator[Outcome]:
    """The workers of a Dask scheduler; a case whose worker dies is given to another worker by the scheduler.

    Raises
    ------
    MarrowQuantError
        If Dask is not installed, or the scheduler does not answer.
    """
    try:
        import distributed
    except ImportError:
        raise MarrowQuantError(
            "A scheduler needs Dask distributed, which is not installed; install it with: python -m pip install 'marrowquant[dask]'."
        ) from None
    try:
        client = distributed.Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, TimeoutError, ValueError):
        raise MarrowQuantError(
            "The scheduler {scheduler} does not answer; start 'dask scheduler' and check the address.",
            scheduler=scheduler,
        ) from None
    with client:
        run = uuid.uuid4().hex
        futures = {client.submit(run_case, case, options, key=f"{case.label}-{run}", pure=False): case for case in cases}
        try:
            for future in distributed.as_completed(futures, loop=client.loop):
                error = future.exception()
                yield future.result() if error is None else Outcome(futures[future].label, FAILED, _dask_sentence(error))
        except (OSError, distributed.CancelledError):
            raise MarrowQuantError(
                "The scheduler {scheduler} was lost; start it again and resume the batch.",
                scheduler=scheduler,
            ) from None


def _dask_sentence(error: BaseException) -> str:
    return _LOST if type(error).__name__ == "KilledWorker" else unexpected(error)
