"""What every diffusion fit does with its input: check it, and work through it in chunks on two threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, Literal, Optional, Union

import numpy as np

from ..io.arguments import number_array
from ..io.threads import in_threads, keep_freed_memory
from ..model import Finding, MarrowQuantError, Numbers, Progress, finding

SMALLEST_PLAUSIBLE_MAX_B = 10.0  # s/mm²; our choice: no body protocol ends below it, and in ms/µm² all b-values do
LARGEST_PLAUSIBLE_B = 50_000.0  # s/mm²; our choice: beyond every clinical and preclinical protocol, so the unit is wrong
SAME_B = 0.5  # s/mm²; b-values closer than this are the same: vendors store integers, some with rounding
CHUNK = 1 << 16  # voxels: two threads seldom wait for each other, and their working arrays take some 12 MB
RISE = 1.1  # our choice: noise and scaling by series may brighten an image a little; more is no decay
LOOKED_AT = 1 << 17  # voxels, evenly spread, that tell how bright an image is
MANY_CHUNKS = 32  # fewer are not worth the block of memory that keep_freed_memory asks for

FitChunk = Callable[[np.ndarray], Sequence[np.ndarray]]
"""From samples, shape (n_b, n), to the maps of these n voxels; NaN in the first map where a voxel has no fit."""


@dataclass(frozen=True)
class Samples:
    """Checked input of a fit.

    Attributes
    ----------
    table : ndarray, shape (n_voxels, n_all_b)
        The signal, without a copy where its memory order allows.
    columns : ndarray of int
        The columns used.
    b : ndarray of float32, shape (n_b,)
        The b-values used, in ms/µm² (of order one, which float32 likes).
    b_values : tuple of float
        The same in s/mm², as given.
    inside : ndarray of int or None
        The voxels to fit; None: all.
    shape : tuple of int
        Of the maps.
    order : {"C", "F"}
        How ``table`` counts the voxels.
    """

    table: np.ndarray
    columns: np.ndarray
    b: np.ndarray
    b_values: tuple[float, ...]
    inside: Optional[np.ndarray]
    shape: tuple[int, ...]
    order: Literal["C", "F"]


def prepare(
    signal: np.ndarray,
    b_values: Numbers,
    *,
    fewest: int,
    what: str,
    b_used: Optional[Sequence[float]] = None,
    mask: Optional[np.ndarray] = None,
) -> Samples:
    """Check the input of a fit that needs ``fewest`` different b-values; ``what`` is its name in the sentences.

    Raises
    ------
    MarrowQuantError
        Lengths that do not match, too few different b-values, b-values not in s/mm², no real image, an empty mask or one of another grid.
    """
    signal = number_array(signal, "diffusion images")
    b = number_array(b_values, "b-values").astype(float)
    if signal.ndim < 1 or b.ndim != 1 or signal.shape[-1] != b.size:
        raise MarrowQuantError(
            "The last axis of the signal (shape {shape}) must have one entry for each of the {b} b-values.",
            shape=str(signal.shape), b=b.size,
        )
    shape = signal.shape[:-1]
    if np.prod(shape) == 0:
        raise MarrowQuantError("The images (shape {shape}) hold no voxel, so there is nothing to fit.", shape=str(shape))
    columns = _columns_used(b, b_used, fewest, what)
    order: Literal["C", "F"] = "F" if signal.ndim > 2 and signal.flags.f_contiguous else "C"
    table = signal.reshape(-1, b.size, order=order)
    scaled = (b[columns] / 1000.0).astype(np.float32)
    return Samples(table, columns, scaled, tuple(b[columns].tolist()), _inside(mask, shape, order), shape, order)


def rising(signal: np.ndarray, b_values: Numbers, station: int) -> list[Finding]:
    """Where images become brighter with the b-value, which diffusion never does.

    Then the b-values stand in another order than the images, or the images were scaled each in its own way.

    Parameters
    ----------
    signal : ndarray, shape (..., n_b)
    b_values : sequence of float
        s/mm².
    station : int
        Which the finding names.

    Returns
    -------
    list of Finding
        The first two neighbouring b-values of which the higher one has the brighter image; empty if there are none.
    """
    b = np.asarray(b_values, float)
    table = signal.reshape(-1, b.size, order="F" if signal.ndim > 2 and signal.flags.f_contiguous else "C")
    chosen = table[:: max(1, len(table) // LOOKED_AT)].astype(np.float64)
    sums = chosen[np.isfinite(chosen).all(axis=1)].sum(axis=0)
    shells: list[tuple[float, float]] = []
    for value, total in sorted(zip(b.tolist(), sums.tolist())):
        if not shells or value - shells[-1][0] > SAME_B:
            shells.append((value, total))
    for (low, before), (high, after) in zip(shells, shells[1:]):
        if after > RISE * before > 0:
            return [finding("diffusion.rising", station=station, low=low, high=high, percent=100 * (after / before - 1))]
    return []


def fit_in_chunks(samples: Samples, fit: FitChunk, n_maps: int, text: str, progress: Progress) -> tuple[list[np.ndarray], int]:
    """Fit chunk by chunk.

    Returns
    -------
    maps : list of ndarray of float32, each of ``samples.shape``
        NaN outside the mask.
    n_excluded : int
        Voxels to be fitted whose first map is NaN.
    """
    maps = [np.empty(len(samples.table), np.float32) for _ in range(n_maps)]  # its pages come into being in the threads
    if samples.inside is not None:
        for values in maps:
            values.fill(np.nan)
    n_inside = len(samples.table) if samples.inside is None else len(samples.inside)

    def one(start: int) -> int:
        where: Union[slice, np.ndarray] = slice(start, min(start + CHUNK, n_inside))
        if samples.inside is not None:
            where = samples.inside[where]
        for values, part in zip(maps, fit(_chunk(samples, where))):
            values[where] = part
        return int(np.count_nonzero(np.isfinite(maps[0][where])))

    starts, n_valid = range(0, n_inside, CHUNK), 0
    if len(starts) > MANY_CHUNKS:
        keep_freed_memory()
    progress(0.0, text)
    for start, fitted in zip(starts, in_threads(one, starts)):
        n_valid += fitted
        progress(min(start + CHUNK, n_inside) / n_inside, text)
    return [values.reshape(samples.shape, order=samples.order) for values in maps], n_inside - n_valid


def _chunk(samples: Samples, where: Union[slice, np.ndarray]) -> np.ndarray:
    """float32, shape (n_b, n), b-values apart so that the arithmetic runs along memory. Too large for the format: infinite."""
    table = samples.table[where]
    chunk = np.empty((samples.columns.size, len(table)), np.float32)
    with np.errstate(over="ignore"):
        for row, column in zip(chunk, samples.columns):
            row[...] = table[:, column]
    return chunk


def _columns_used(b: np.ndarray, b_used: Optional[Sequence[float]], fewest: int, what: str) -> np.ndarray:
    if not np.all(np.isfinite(b)) or np.any(b < 0):
        raise MarrowQuantError("The b-values {b} contain a negative or missing one; check the series.", b=b.tolist())
    columns = np.arange(b.size)
    if b_used is not None:
        wanted = number_array(b_used, "b-values asked for").astype(float).ravel()
        is_wanted = np.abs(b[:, None] - wanted[None, :]) <= SAME_B
        if not is_wanted.any(axis=0).all():
            raise MarrowQuantError(
                "Of the b-values asked for, {wanted}, not all were acquired ({b} s/mm²).",
                wanted=wanted.tolist(), b=b.tolist(),
            )
        columns = np.flatnonzero(is_wanted.any(axis=1))
    used = b[columns]
    if used.size and 0 < used.max() < SMALLEST_PLAUSIBLE_MAX_B:
        raise MarrowQuantError("The b-values {used} look like ms/µm²; give them in s/mm² (1 ms/µm² = 1000 s/mm²).", used=used.tolist())
    if n_different(used) < fewest:
        count = {2: "two", 3: "three", 4: "four"}[fewest]
        raise MarrowQuantError(
            "The {what} needs at least {count} different b-values; there is only {used} s/mm².",
            what=what, count=count, used=used.tolist(),
        )
    if used.max() > LARGEST_PLAUSIBLE_B:
        raise MarrowQuantError("The b-values {used} look like s/m² or s/cm²; give them in s/mm².", used=used.tolist())
    return columns


def n_different(b_values: np.ndarray) -> int:
    """How many of the b-values (s/mm²) are further apart than rounding."""
    ordered = np.sort(b_values)
    return int(ordered.size > 0) + int(np.count_nonzero(np.diff(ordered) > SAME_B))


def _inside(mask: Optional[np.ndarray], shape: tuple[int, ...], order: Literal["C", "F"]) -> Optional[np.ndarray]:
    if mask is None:
        return None
    mask = np.asarray(mask, dtype=bool)
    if mask.shape != shape:
        raise MarrowQuantError(
            "The mask has shape {shape} but the images have {other_shape}; they must lie on the same grid.",
            shape=str(mask.shape), other_shape=str(shape),
        )
    inside = np.flatnonzero(mask.ravel(order=order))
    if inside.size == 0:
        raise MarrowQuantError("The mask is empty, so there is nothing to fit; draw a region first.")
    return inside
