"""Water–fat separation from complex multi-echo data, with R2* and a fat spectrum of several peaks.

The model is s(t) = (W + F c(t)) exp(2πiψt - R2* t) with one R2* for water and fat. The steps: residuals on a table of fields (varpro), a
smooth field on blocks (fieldmap), Gauss–Newton in every voxel (refine), and the fat fraction by magnitude discrimination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, Union

import numpy as np
from scipy import ndimage

from ..model import MarrowQuantError, Progress, no_progress
from . import fieldmap, varpro
from . import refine as refinement
from .spectra import FatSpectrum, fat_phasor, get_spectrum

FEWEST_ECHOES = 3  # three complex numbers for two complex amplitudes, field and R2*
LONGEST_ECHO_S = 0.2  # no gradient echo of marrow is later; in milliseconds all are
FIELD_STRENGTHS_T = (0.05, 15.0)
BLOCK = 3  # voxels in-plane; the field is smooth on this scale, and the joint residual of a block is much less noisy
MOST_BLOCKS = 200_000  # bounds the memory of the field search: larger volumes get larger blocks
MOST_BLOCKS_FOR_SIGN = 5_000  # evenly spread blocks decide which way the phase turns
SUSPECT_MARGIN = 0.1  # of a block's energy; our choice: on ISMRM case 12 a third of these voxels differ from another program by > 25 points
SUSPECT_ENERGY = 0.1  # of the mean energy; darker blocks are not judged
PHASE_SMOOTHING = 4.0  # voxels: standard deviation of the Gaussian that averages the water–fat phase, see _fat_fraction
PHASE_PULL = 0.25  # weight of "no phase difference" in that average
FEWEST_ECHOES_FOR_READOUT = 5  # with fewer, the fit itself absorbs a difference of odd and even echoes
LARGEST_ODD_EVEN_DEGREES = 1.0  # our choice: unipolar data, simulated and real, stay below 0.6, real bipolar data lie between 1.8 and 11
CHUNK = 1 << 11  # voxels refined at once: fits the cache, and is too small for BLAS to wake its threads, which costs more than it gains


@dataclass(frozen=True)
class FatWaterFit:
    """Result of :func:`fit_fat_water`. Maps have the shape of the signal without its echo axis; NaN where there was no signal.

    Attributes
    ----------
    pdff_percent : ndarray of float32
        Fat fraction in %, magnitude-discriminated and not clipped: noise may carry it below 0 or above 100.
    r2star_per_s : ndarray of float32
        R2* in 1/s, not clipped.
    field_map_hz : ndarray of float32
        Field offset in Hz. Evenly spaced echoes determine it up to multiples of ``field_period_hz`` only.
    water, fat : ndarray of complex64
        Amplitudes at t = 0 in the unit of the signal.
    residual : ndarray of float32
        Root mean square of the complex misfit over the echoes, in the unit of the signal.
    swap_suspect : ndarray of bool
        Voxels where the solution with water and fat exchanged fits almost as well, the neighbours taken into account.
    conjugated : bool
        The phase of the data turned the other way, and the conjugated signal was fitted; ``field_map_hz``, ``water`` and ``fat`` belong to
        that signal.
    field_period_hz : float
        1/ΔTE for evenly spaced echoes, otherwise infinite.
    n_excluded : int
        Voxels (inside the mask) without a fit: zero, NaN or infinite signal.
    spectrum : FatSpectrum
        The fat spectrum used; fat fractions from different spectra differ by a few points.
    warnings : tuple of str
        Why the result may be wrong, one sentence each.
    """

    pdff_percent: np.ndarray
    r2star_per_s: np.ndarray
    field_map_hz: np.ndarray
    water: np.ndarray
    fat: np.ndarray
    residual: np.ndarray
    swap_suspect: np.ndarray
    conjugated: bool
    field_period_hz: float
    n_excluded: int
    spectrum: FatSpectrum
    warnings: tuple[str, ...] = ()


def fit_fat_water(
    signal: np.ndarray,
    echo_times_s: Sequence[float],
    field_strength_t: float,
    *,
    spectrum: Union[str, FatSpectrum] = "ren_marrow_9",
    mask: Optional[np.ndarray] = None,
    conjugate: Optional[bool] = None,
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
    signal, times, inside = _checked(signal, echo_times_s, field_strength_t, mask)
    chosen = get_spectrum(spectrum)
    order = np.argsort(times)
    times = times[order]
    echoes, fitted, scale = _prepared(signal, order, inside)
    phasor = fat_phasor(times, field_strength_t, chosen)
    table = varpro.field_table(times, field_strength_t, phasor)

    block = _block_size(fitted.shape)
    features, conjugated = _block_features(echoes, table, block, conjugate, progress)
    if conjugated:
        np.conj(echoes, out=echoes)
    progress(0.3, "Finding the field map")
    start_hz, start_r2star, suspect, mean_hz = _start(features, table, coupling, block, fitted.shape)
    rate, water, fat, residual = _refined(echoes, fitted, start_hz, start_r2star, refinement.echoes(times, phasor), progress)
    period_hz = table.step_hz * len(table.field_hz) if table.circular else float("inf")
    warnings = _readout_warnings(echoes, rate, water, fat, times, phasor)
    field = _unwrapped(rate.imag / np.float32(2 * np.pi), mean_hz, period_hz)
    shape = signal.shape[:-1]
    nan = np.float32(np.nan)
    return FatWaterFit(
        pdff_percent=_fat_fraction(water, fat).reshape(shape),
        r2star_per_s=np.where(fitted, -rate.real, nan).reshape(shape),
        field_map_hz=np.where(fitted, field, nan).reshape(shape),
        water=(water * scale).reshape(shape),
        fat=(fat * scale).reshape(shape),
        residual=(residual * scale).reshape(shape),
        swap_suspect=(suspect & fitted).reshape(shape),
        conjugated=conjugated,
        field_period_hz=period_hz,
        n_excluded=int(np.count_nonzero(inside) - np.count_nonzero(fitted)),
        spectrum=chosen,
        warnings=warnings,
    )


def _checked(
    signal: np.ndarray, echo_times_s: Sequence[float], field_strength_t: float, mask: Optional[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signal, echo times and mask, or a sentence about what is wrong with them."""
    signal = np.asarray(signal)
    times = np.asarray(echo_times_s, dtype=float)
    if not np.iscomplexobj(signal):
        raise MarrowQuantError("The water-fat fit needs complex images (magnitude and phase); these are magnitude images only.")
    if signal.ndim not in (3, 4) or times.ndim != 1 or signal.shape[-1] != times.size:
        raise MarrowQuantError(f"Images of shape {signal.shape} do not fit {times.size} echo times; echoes must be on the last axis.")
    if times.size < FEWEST_ECHOES:
        raise MarrowQuantError(f"The water-fat fit needs at least {FEWEST_ECHOES} echoes, and there are {times.size}.")
    if not np.all(np.isfinite(times)) or np.any(times <= 0):
        raise MarrowQuantError(f"The echo times {times.tolist()} contain a missing or non-positive one; check the series.")
    if times.max() > LONGEST_ECHO_S:
        raise MarrowQuantError(f"The echo times {times.tolist()} look like milliseconds; give them in seconds.")
    if np.diff(np.sort(times)).min() < 1e-6:
        raise MarrowQuantError(f"The echo times {times.tolist()} contain one twice; give each echo once.")
    if not FIELD_STRENGTHS_T[0] <= field_strength_t <= FIELD_STRENGTHS_T[1]:
        raise MarrowQuantError(f"A field strength of {field_strength_t} T is not that of a scanner; give it in tesla.")
    inside = np.ones(signal.shape[:-1], bool) if mask is None else np.asarray(mask, dtype=bool)
    if inside.shape != signal.shape[:-1]:
        raise MarrowQuantError(f"The mask has shape {inside.shape}, the images {signal.shape[:-1]}; they must lie on the same grid.")
    if not inside.any():
        raise MarrowQuantError("The mask is empty, so there is nothing to fit; draw a region first.")
    return signal, times, inside


def _prepared(signal: np.ndarray, order: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.float32]:
    """Echoes first, (n_echoes, k, j, i), scaled to order one and zero where nothing is fitted; which voxels are fitted; the scale."""
    if signal.ndim == 3:
        signal, inside = signal[None], inside[None]
    echoes = np.empty((len(order), *inside.shape), np.complex64)
    with np.errstate(over="ignore", invalid="ignore"):
        for n, echo in enumerate(order):
            echoes[n] = signal[..., echo]
        magnitude = np.abs(echoes).max(axis=0)  # NaN and infinity pass through
    fitted = inside & np.isfinite(magnitude) & (magnitude > 0)
    if not fitted.any():
        raise MarrowQuantError("The images hold no finite signal where the fit is wanted; check the series or the mask.")
    scale = np.float32(np.sqrt(np.mean(np.square(magnitude[fitted], dtype=float))))
    echoes[:, ~fitted] = 0
    echoes /= scale
    return echoes, fitted, scale


def _block_size(shape: tuple[int, ...]) -> int:
    block = BLOCK
    while shape[0] * -(-shape[1] // block) * -(-shape[2] // block) > MOST_BLOCKS:
        block += 1
    return block


def _block_features(
    echoes: np.ndarray, table: varpro.FieldTable, block: int, conjugate: Optional[bool], progress: Progress
) -> tuple[np.ndarray, bool]:
    """Gram features of the blocks, shape (n_features, k, j, i), and whether they are those of the conjugated data."""
    pooled = []
    for k in range(echoes.shape[1]):
        progress(0.3 * k / echoes.shape[1], "Searching the field")
        pooled.append(_pool(varpro.gram_features(echoes[:, k]), block))
    features = np.stack(pooled, axis=1)
    if conjugate is None:
        some = features.reshape(len(features), -1)
        some = np.ascontiguousarray(some[:, :: 1 + some.shape[1] // MOST_BLOCKS_FOR_SIGN])
        lowest = [table.cost(f).min(axis=0).sum(dtype=float) for f in (some, varpro.conjugated(some, len(echoes)))]
        conjugate = lowest[1] < lowest[0]
    return (varpro.conjugated(features, len(echoes)) if conjugate else features), bool(conjugate)


def _start(
    features: np.ndarray, table: varpro.FieldTable, coupling: fieldmap.Coupling, block: int, shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Where the refinement starts: field in Hz and R2* of each voxel; then which voxels are suspect, and the mean field in Hz."""
    n_features, *grid = features.shape
    flat = features.reshape(n_features, -1)
    energy = features[: int(np.sqrt(n_features))].sum(axis=0)
    labels, margin = fieldmap.block_labels(table.cost(flat).reshape(-1, *grid), energy, table.step_ppm, table.circular, coupling)
    suspect = (margin < SUSPECT_MARGIN * energy) & (energy > SUSPECT_ENERGY * energy.mean())

    def nearest(values: np.ndarray) -> np.ndarray:
        return np.repeat(np.repeat(values, block, axis=1), block, axis=2)[:, : shape[1], : shape[2]]

    field_hz = table.field_hz[0] + fieldmap.upsample_labels(labels, len(table.field_hz), table.circular, block, shape) * table.step_hz
    angle = 2j * np.pi / (len(table.field_hz) * table.step_hz)
    mean_hz = float((np.log(np.sum(energy * np.exp(angle * table.field_hz[labels]))) / angle).real)
    return field_hz, nearest(table.best_r2star(flat, labels.ravel()).reshape(grid)), nearest(suspect), mean_hz


def _pool(features: np.ndarray, block: int) -> np.ndarray:
    """Sums over blocks in-plane, shape (n, j, i); incomplete blocks at the border are summed as they are."""
    summed = np.add.reduceat(features, np.arange(0, features.shape[1], block), axis=1)
    return np.add.reduceat(summed, np.arange(0, features.shape[2], block), axis=2)


def _refined(
    echoes: np.ndarray,
    fitted: np.ndarray,
    start_hz: np.ndarray,
    start_r2star: np.ndarray,
    at: refinement.Echoes,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rate, water, fat and residual of all voxels, NaN where nothing is fitted."""
    flat = echoes.reshape(len(echoes), -1)
    wanted = np.flatnonzero(fitted)
    start_hz, start_r2star = start_hz.ravel(), start_r2star.ravel()
    rate, water, fat = (np.full(fitted.size, np.nan, np.complex64) for _ in range(3))
    residual = np.full(fitted.size, np.nan, np.float32)
    for first in range(0, wanted.size, CHUNK):
        progress(0.5 + 0.5 * first / wanted.size, "Fitting water and fat")
        here = wanted[first : first + CHUNK]
        start = start_hz[here], start_r2star[here]
        rate[here], water[here], fat[here], residual[here] = refinement.refine(flat[:, here], *start, at)
    progress(1.0, "Water and fat fitted")
    return rate.reshape(fitted.shape), water.reshape(fitted.shape), fat.reshape(fitted.shape), residual.reshape(fitted.shape)


def _readout_warnings(
    echoes: np.ndarray, rate: np.ndarray, water: np.ndarray, fat: np.ndarray, times: np.ndarray, phasor: np.ndarray
) -> tuple[str, ...]:
    """A sentence if odd and even echoes differ in phase over whole regions, in the brightest slice: a bipolar readout, not corrected."""
    if len(echoes) < FEWEST_ECHOES_FOR_READOUT:
        return ()
    k = int(np.argmax([np.vdot(slice_, slice_).real for slice_ in np.moveaxis(echoes, 1, 0)]))
    times, phasor = (values.astype(np.complex64).reshape(-1, 1, 1) for values in (times, phasor))
    model = (water[k] + fat[k] * phasor) * np.exp(rate[k] * times)
    match = np.where(np.isfinite(model), echoes[:, k] * np.conj(model), 0)
    difference = match[1::2].sum(axis=0) * np.conj(match[::2].sum(axis=0))
    smooth = ndimage.gaussian_filter(difference.real, PHASE_SMOOTHING) + 1j * ndimage.gaussian_filter(difference.imag, PHASE_SMOOTHING)
    degrees = float(np.degrees(np.sum(np.abs(difference) * np.abs(np.angle(smooth))) / np.sum(np.abs(difference))))
    if degrees < LARGEST_ODD_EVEN_DEGREES:
        return ()
    return (f"Odd and even echoes differ in phase by {degrees:.1f}° after the fit (bipolar readout?), so the fat fraction may be wrong.",)


def _unwrapped(field_hz: np.ndarray, mean_hz: float, period_hz: float) -> np.ndarray:
    """The multiple of the period nearest to the mean field; the fat fraction does not depend on it."""
    if np.isinf(period_hz):
        return field_hz
    lowest = np.float32(mean_hz - period_hz / 2)
    return (field_hz - lowest) % np.float32(period_hz) + lowest


def _fat_fraction(water: np.ndarray, fat: np.ndarray) -> np.ndarray:
    """Magnitude-discriminated fat fraction in % (Liu et al., MRM 2007;58:354): not biased by noise at either end.

    |F| / |W + F| where fat dominates, else 1 - |W| / |W + F|. The complex sum assumes that water and fat start in phase; an error of the
    echo times or of the phase correction breaks that. So the phase between them, averaged over the neighbourhood, is removed from the fat
    first (our addition), with a pull towards zero where it is not coherent and therefore noise.
    """
    product = np.where(np.isfinite(water), fat * np.conj(water), 0)
    sigma = (0, PHASE_SMOOTHING, PHASE_SMOOTHING)
    real, imaginary, size = (ndimage.gaussian_filter(part, sigma) for part in (product.real, product.imag, np.abs(product)))
    phase = np.arctan2(imaginary, real + np.float32(PHASE_PULL) * size)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.abs(water + fat * np.exp(-1j * phase))
        ratio = np.where(np.abs(fat) > np.abs(water), np.abs(fat) / total, 1 - np.abs(water) / total)
    return np.where(np.isfinite(ratio), 100 * ratio, np.nan).astype(np.float32)
