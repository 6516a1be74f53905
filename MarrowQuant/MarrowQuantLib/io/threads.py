"""Two threads for work that numpy does outside Python's lock."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, TypeVar

import numpy as np

THREADS = min(2, os.cpu_count() or 1)  # more would only wait for memory
LARGE_BLOCK = 16 << 20  # bytes

Part = TypeVar("Part")
Result = TypeVar("Result")


def keep_freed_memory() -> None:
    """Call once before many small parts with temporary arrays.

    Until glibc has seen a large block freed, it returns the memory of temporary arrays to the system, and their pages are faulted in again
    and again: a tenth (fat–water fit) to a half (ADC) of the processor time, measured. Elsewhere this does nothing.
    """
    np.empty(LARGE_BLOCK, np.uint8)


def in_threads(work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
    """``work`` of each part, in order. Where the caller stops, the parts that wait are dropped; a single part needs no thread."""
    if len(parts) == 1:
        yield work(parts[0])
        return
    pool = ThreadPoolExecutor(THREADS)
    try:
        yield from pool.map(work, parts)
    finally:
        pool.shutdown(cancel_futures=True)
