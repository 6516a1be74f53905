"""Water–fat separation from complex multi-echo data, with R2* and a fat spectrum of several peaks.

The model is s(t) = (W + F c(t)) exp(2πiψt - R2* t) with one R2* for water and fat. The steps: residuals on a table of fields (varpro), a
smooth field on blocks (fieldmap), Gauss–Newton in every voxel (refine), for a bipolar readout the phase between odd and even echoes
(readout), and the fat fraction by magnitude discrimination (fraction).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional, Union

import numpy as np

from ..io.threads import in_threads
from ..model import MarrowQuantError, Progress, no_progress
from . import fieldmap, fraction, varpro
from . import readout as bipolar
from . import refine as refinement
from .checks import checked, noise_sd, prepared
from .result import FatWaterFit
from .spectra import FatSpectrum, fat_phasor, get_spectrum

FEWEST_ECHOES = 3  # three complex numbers for two complex amplitudes, field and R2*
BLOCK = 3  # voxels in-plane; the field is smooth on this scale, and the joint residual of a block is much less noisy
MOST_BLOCKS = 200_000  # bounds the memory of the field search: larger volumes get larger blocks
MOST_BLOCKS_FOR_SIGN = 1_000  # evenly spread blocks decide which way the phase turns
SUSPECT_MARGIN = 0.1  # of a block's energy; our choice: on ISMRM case 12 a third of these voxels differ from another program by > 25 points
SUSPECT_ENERGY = 0.1  # of the mean energy; darker blocks are not judged
CHUNK = 1 << 11  # voxels refined at once: fits the cache, and is too small for BLAS to wake its threads, which costs more than it gains
READOUTS = ("auto", "unipolar", "bipolar")
READOUT_STEPS = 3  # Gauss–Newton steps of the odd–even phase after each field search


@dataclass(frozen=True)
class _Separated:
    """Maps of shape (k, j, i), NaN where nothing is fitted; ``rate`` is z = 2πiψ - R2* in 1/s."""

    rate: np.ndarray
    water: np.ndarray
    fat: np.ndarray
    residual: np.ndarray
    minor_gain: np.ndarray
    suspect: np.ndarray
    mean_hz: float
    conjugated: bool


@dataclass(frozen=True)
class _Problem:
    """What stays the same while one data set is fitted."""

    fitted: np.ndarray
    times: np.ndarray
    phasor: np.ndarray
    table: varpro.FieldTable
    coupling: fieldmap.Coupling
    at: refinement.Echoes


def fit_fat_water(
    signal: np.ndarray,
    echo_times_s: Sequence[float],
    field_strength_t: float,
    *,
    spectrum: Union[str, FatSpectrum] = "ren_marrow_9",
    mask: Optional[np.ndarray] = None,
    conjugate: Optional[bool] = None,
    readout: str = "auto",
    coupling: fieldmap.Coupling = fieldmap.USUAL_COUPLING,
    progress: Progress = no_progress,
) -> FatWaterFit:
    """Separate water and fat.

    Parameters
    ----------
    signal : ndarray of complex, shape (k, j, i, n_echoes) or (j, i, n_echoes)
        Complex images, echo last.
    echo_times_s : sequence of float, length n_echoes
        Echo times in seconds, in any order; at least three.
    field_strength_t : float
        Field strength in tesla.
    spectrum : str or FatSpectrum
        "ren_marrow_9" (default), "hamilton_9" or "ismrm_6".
    mask : ndarray of bool, shape of one echo, optional
        Fit only here.
    conjugate : bool, optional
        Whether the phase turns the other way than in the model, where fat has a negative frequency. By default both are tried, and the
        lower residual wins.
    readout : {"auto", "unipolar", "bipolar"}
        Bipolar: a smooth phase and amplitude between odd and even echoes is fitted and removed (five or more echoes). By default this is
        done where the data show such a phase.
    coupling : fieldmap.Coupling, optional
        How strongly the field is kept smooth.
    progress : callable, optional
        ``progress(fraction, text)``.

    Returns
    -------
    FatWaterFit

    Raises
    ------
    MarrowQuantError
        Magnitude-only or empty data, lengths that do not match, fewer than three echoes, echo times not in seconds, an empty mask.
    """
    signal, times, inside = checked(signal, echo_times_s, field_strength_t, mask, FEWEST_ECHOES)
    if not np.iscomplexobj(signal):
        raise MarrowQuantError("The water-fat fit needs complex images (magnitude and phase); these are magnitude images only.")
    if readout not in READOUTS:
        raise MarrowQuantError(f"The readout '{readout}' is not known; use one of {', '.join(READOUTS)}.")
    if readout == "bipolar" and times.size < bipolar.FEWEST_ECHOES:
        raise MarrowQuantError(f"A bipolar readout needs at least {bipolar.FEWEST_ECHOES} echoes to be corrected; there are {times.size}.")
    chosen = get_spectrum(spectrum)
    order = np.argsort(times)
    echoes, fitted, scale = prepared(signal, order, inside, np.complex64)
    problem = _problem(times[order], field_strength_t, chosen, fitted, coupling)
    found = _separated(echoes, problem, conjugate, progress)
    found, readout, warnings = _corrected(echoes, problem, found, readout, progress)
    minor_sd = np.float32(noise_sd(echoes[0], fitted)) * found.minor_gain
    period_hz = problem.table.period_hz
    field = _unwrapped(found.rate.imag / np.float32(2 * np.pi), found.mean_hz, period_hz)
    shape = signal.shape[:-1]
    return FatWaterFit(
        pdff_percent=fraction.discriminated(found.water, found.fat, minor_sd).reshape(shape),
        r2star_per_s=-found.rate.real.reshape(shape),
        field_map_hz=np.where(fitted, field, np.float32(np.nan)).reshape(shape),
        water=(found.water * scale).reshape(shape),
        fat=(found.fat * scale).reshape(shape),
        residual=(found.residual * scale).reshape(shape),
        swap_suspect=(found.suspect & fitted).reshape(shape),
        conjugated=found.conjugated,
        field_period_hz=period_hz,
        n_excluded=int(np.count_nonzero(inside) - np.count_nonzero(fitted)),
        spectrum=chosen,
        warnings=warnings,
        readout=readout,
    )


def _problem(
    times: np.ndarray, field_strength_t: float, spectrum: FatSpectrum, fitted: np.ndarray, coupling: fieldmap.Coupling
) -> _Problem:
    phasor = fat_phasor(times, field_strength_t, spectrum)
    table = varpro.field_table(times, field_strength_t, phasor)
    return _Problem(fitted, times, phasor, table, coupling, refinement.echoes(times, phasor))


def _separated(echoes: np.ndarray, problem: _Problem, conjugate: Optional[bool], progress: Progress) -> _Separated:
    """Field search and refinement. Where the phase turns the other way, ``echoes`` is conjugated in place."""
    block = _block_size(problem.fitted.shape)
    features, conjugated = _block_features(echoes, problem.table, block, conjugate, progress)
    if conjugated:
        np.conj(echoes, out=echoes)
    start, suspect, mean_hz = _start(features, problem, block, progress)
    return _Separated(*_refined(echoes, problem.fitted, start, problem.at, progress), suspect, mean_hz, conjugated)


def _corrected(
    echoes: np.ndarray, problem: _Problem, found: _Separated, readout: str, progress: Progress
) -> tuple[_Separated, str, tuple[str, ...]]:
    """With the phase between odd and even echoes removed, if there is one; what the readout was, and what the reader should know.

    The first field search saw the phase, so the search is repeated on the corrected echoes.
    """

    def degrees() -> float:
        return bipolar.odd_even_degrees(echoes, found.rate, found.water, found.fat, problem.times, problem.phasor)

    if readout == "unipolar" or len(echoes) < bipolar.FEWEST_ECHOES:
        wrong = len(echoes) >= bipolar.FEWEST_ECHOES and degrees() >= bipolar.LARGEST_DEGREES
        return found, "unipolar", (_told(degrees(), "not corrected, so the fat fraction may be wrong"),) if wrong else ()
    before = degrees()
    if readout == "auto" and before < bipolar.LARGEST_DEGREES:
        return found, "unipolar", ()
    for _ in range(2):
        for _ in range(READOUT_STEPS):
            bipolar.remove(echoes, bipolar.step(echoes, found.rate, found.water, found.fat, problem.times, problem.phasor))
            start = found.rate.imag / np.float32(2 * np.pi), -found.rate.real
            refined = _refined(echoes, problem.fitted, start, problem.at, progress)
            found = _Separated(*refined, found.suspect, found.mean_hz, found.conjugated)
        again = _separated(echoes, problem, False, progress)
        found = replace(again, conjugated=found.conjugated)
    after = degrees()
    if after >= bipolar.LARGEST_DEGREES:
        return found, "bipolar", (_told(before, f"corrected down to {after:.1f}°, so the fat fraction may still be wrong"),)
    return found, "bipolar", (_told(before, f"corrected by a smooth phase, which leaves {after:.1f}°"),)


def _told(degrees: float, what: str) -> str:
    return f"Odd and even echoes differ in phase by {degrees:.1f}° after the fit (bipolar readout): {what}."


def _block_size(shape: tuple[int, ...]) -> int:
    block = BLOCK
    while shape[0] * -(-shape[1] // block) * -(-shape[2] // block) > MOST_BLOCKS:
        block += 1
    return block


def _block_features(
    echoes: np.ndarray, table: varpro.FieldTable, block: int, conjugate: Optional[bool], progress: Progress
) -> tuple[np.ndarray, bool]:
    """Gram features of the blocks, shape (n_features, k, j, i), and whether they are those of the conjugated data."""

    def one(k: int) -> np.ndarray:
        return _pool(varpro.gram_features(echoes[:, k]), block)

    progress(0.0, "Searching the field")
    pooled = []
    for k, pool in enumerate(in_threads(one, range(echoes.shape[1]))):
        pooled.append(pool)
        progress(0.3 * k / echoes.shape[1], "Searching the field")
    features = np.stack(pooled, axis=1)
    if conjugate is None:
        some = features.reshape(len(features), -1)
        some = np.ascontiguousarray(some[:, :: 1 + some.shape[1] // MOST_BLOCKS_FOR_SIGN])
        lowest = [table.cost(f).min(axis=0).sum(dtype=float) for f in (some, varpro.conjugated(some, len(echoes)))]
        conjugate = lowest[1] < lowest[0]
    return (varpro.conjugated(features, len(echoes)) if conjugate else features), bool(conjugate)


def _start(
    features: np.ndarray, problem: _Problem, block: int, progress: Progress
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, float]:
    """Where the refinement starts: field in Hz and R2* of each voxel; then which voxels are suspect, and the mean field in Hz."""
    table, shape = problem.table, problem.fitted.shape
    n_features, *grid = features.shape
    flat = features.reshape(n_features, -1)
    energy = features[: len(problem.times)].sum(axis=0)
    cost = table.cost(flat).reshape(-1, *grid)
    labels, margin = fieldmap.block_labels(cost, energy, table.step_ppm, table.circular, problem.coupling, progress)
    suspect = (margin < SUSPECT_MARGIN * energy) & (energy > SUSPECT_ENERGY * energy.mean())

    def nearest(values: np.ndarray) -> np.ndarray:
        return np.repeat(np.repeat(values, block, axis=1), block, axis=2)[:, : shape[1], : shape[2]]

    field_hz = table.field_hz[0] + fieldmap.upsample_labels(labels, len(table.field_hz), table.circular, block, shape) * table.step_hz
    angle = 2j * np.pi / (len(table.field_hz) * table.step_hz)
    mean_hz = float((np.log(np.sum(energy * np.exp(angle * table.field_hz[labels]))) / angle).real)
    r2star = nearest(table.best_r2star(flat, labels.ravel()).reshape(grid))
    return (field_hz, r2star), nearest(suspect), mean_hz


def _pool(features: np.ndarray, block: int) -> np.ndarray:
    """Sums over blocks in-plane, shape (n, j, i); incomplete blocks at the border are summed as they are."""
    for axis in (1, 2):
        whole = np.moveaxis(features, axis, -1)  # a view; strided sums are faster than np.add.reduceat
        summed = whole[..., ::block].copy()
        for n in range(1, block):
            part = whole[..., n::block]
            summed[..., : part.shape[-1]] += part
        features = np.moveaxis(summed, -1, axis)
    return features


def _refined(
    echoes: np.ndarray, fitted: np.ndarray, start: tuple[np.ndarray, np.ndarray], at: refinement.Echoes, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rate, water, fat, residual and noise gain of all voxels, NaN where nothing is fitted; ``start`` is field in Hz and R2*."""
    flat = echoes.reshape(len(echoes), -1)
    wanted = np.flatnonzero(fitted)
    start_hz, start_r2star = (values.ravel() for values in start)
    maps = tuple(np.full(fitted.size, np.nan, dtype) for dtype in (np.complex64,) * 3 + (np.float32,) * 2)

    def one(first: int) -> None:
        here = wanted[first : first + CHUNK]
        for values, fit in zip(maps, refinement.refine(flat[:, here], start_hz[here], start_r2star[here], at)):
            values[here] = fit

    progress(0.5, "Fitting water and fat")
    starts = range(0, wanted.size, CHUNK)
    for first, _ in zip(starts, in_threads(one, starts)):
        progress(0.5 + 0.5 * first / wanted.size, "Fitting water and fat")
    progress(1.0, "Water and fat fitted")
    return tuple(values.reshape(fitted.shape) for values in maps)


def _unwrapped(field_hz: np.ndarray, mean_hz: float, period_hz: float) -> np.ndarray:
    """The multiple of the period nearest to the mean field; the fat fraction does not depend on it."""
    if np.isinf(period_hz):
        return field_hz
    lowest = np.float32(mean_hz - period_hz / 2)
    return (field_hz - lowest) % np.float32(period_hz) + lowest
