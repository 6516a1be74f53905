"""Two threads for work that numpy does outside Python's lock."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, TypeVar

import numpy as np

THREADS = min(2, os.cpu_count() or 1)  # more would only wait for memory
LARGE_BLOCK = 16 << 20  # bytes
LARGEST_PRODUCT = 1 << 19  # real multiplications: well below where OpenBLAS wakes its threads, which are twice as many (0.3.31, measured)
LARGEST_COMPLEX_PRODUCT = 1 << 16  # where it wakes them for complex ones

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


def columns(left: np.ndarray) -> int:
    """How many columns ``left`` of shape (n, m) is multiplied by at once without waking the threads of BLAS.

    They wait for the next product by turning in circles, for tens of milliseconds, beside the threads that work.
    """
    return max(1, (LARGEST_COMPLEX_PRODUCT if np.iscomplexobj(left) else LARGEST_PRODUCT) // left.size)


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``left @ right`` of shapes (n, m) and (m, many), in parts of :func:`columns`."""
    width, many = columns(left), right.shape[1]
    if many <= width:
        return left @ right
    out = np.empty((len(left), many), np.result_type(left, right))
    for first in range(0, many, width):
        np.matmul(left, right[:, first : first + width], out=out[:, first : first + width])
    return out
