"""Water–fat separation from complex multi-echo data, with R2* and a fat spectrum of several peaks.

The model is s(t) = (W + F c(t)) exp(2πiψt - R2* t) with one R2* for water and fat. The steps: residuals on a table of fields (varpro), a
smooth field on blocks (fieldmap), Gauss–Newton in every voxel (refine), for a bipolar readout the phase between odd and even echoes
(readout), and the fat fraction without bias at its ends (fraction).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Callable, Optional, Union

import numpy as np

from .. import noise
from ..io.threads import in_threads
from ..model import Finding, MarrowQuantError, Numbers, Progress, finding, no_progress
from . import fieldmap, fraction, precession, rivals, uncertainty, varpro
from . import readout as bipolar
from . import refine as refinement
from .checks import checked, noise_sd, prepared, unlike_model
from .result import MOST_PERCENT, MOST_R2STAR_PER_S, FatWaterFit
from .spectra import FatSpectrum, fat_phasor, get_spectrum

FEWEST_ECHOES = 3  # three complex numbers for two complex amplitudes, field and R2*
BLOCK = 3  # voxels in-plane; the field is smooth on this scale, and the joint residual of a block is much less noisy
MOST_BLOCKS = 200_000  # bounds the memory of the field search: larger volumes get larger blocks
SUSPECT_MARGIN = 0.1  # of a block's energy; our choice: on ISMRM case 12 a third of these voxels differ from another program by > 25 points
SUSPECT_SD_POINTS = 20.0  # standard deviation of the fat fraction beyond which the data do not tell water from fat
CLEAR_ECHO = 3.0  # standard deviations: complex noise alone exceeds them in exp(-9) = 0.01 % of the echoes
SUSPECT_AROUND = 3  # voxels in-plane, of which this share beyond that standard deviation makes the middle one a suspect; our choice
SUSPECT_AROUND_SHARE = 0.3
FAST_PER_S = 200.0  # R2* from which a voxel is refined from other starts, too; our choice
FAST_STARTS_PER_S = (250.0, 1000.0)  # the decay of marrow with little and with much iron; our choice
GONE_PER_S = (0.0, 100.0, 200.0, 350.0, 500.0, 700.0, 900.0, 1200.0)  # tried where the signal is gone after two echoes
AS_LIKELY = 4.0  # of the noise variance as difference of the squared misfits: e⁻⁴ is the ratio of the likelihoods; our choice
RIVAL_SHARE = 0.01  # of the voxels with signal, from which the reader is told of regions whose rival fits as well; our choice
SUSPECT_ENERGY = 0.1  # of the mean energy; darker blocks are not judged
CHUNK = 1 << 13  # voxels refined at once: fits the cache, and is large enough that two threads seldom wait for each other (measured)
FEWEST_CHUNKS = 8  # below, as in a single slice, two threads take longer than one (measured)
READOUTS = ("auto", "unipolar", "bipolar")
READOUT_STEPS = 3  # Gauss–Newton steps of the odd–even phase after each field search


_Fitter = Callable[[np.ndarray, np.ndarray, np.ndarray, refinement.Echoes], refinement.Refined]
"""From signal, field in Hz and R2* to a solution: :func:`.refine.refine` or :func:`.refine.solved`."""


@dataclass(frozen=True)
class _Separated:
    """Maps of shape (k, j, i), NaN where nothing is fitted: the fit, voxels that the field search doubts, voxels whose region has a rival
    as good, voxels with enough signal to be judged; the mean field, and the sign of the phase."""

    fit: refinement.Refined
    suspect: np.ndarray
    rival: np.ndarray
    judged: np.ndarray
    mean_hz: float
    sign: precession.Sign


@dataclass(frozen=True)
class _Start:
    """Where the refinement starts, maps of shape (k, j, i): field in Hz and R2* of the solution chosen and of its rival, the region that a
    voxel belongs to (-1: without a rival), the part of blocks that prefer their rivals (-1: none), voxels that the search doubts, voxels
    with enough signal to be judged; and the mean field."""

    chosen: tuple[np.ndarray, np.ndarray]
    rival: tuple[np.ndarray, np.ndarray]
    region: np.ndarray
    part: np.ndarray
    suspect: np.ndarray
    judged: np.ndarray
    mean_hz: float


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
    echo_times_s: Numbers,
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
        lower residual wins; where both are alike the sign of the model is kept, and a warning says so.
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
    _check_readout(readout, times.size)
    chosen = get_spectrum(spectrum)
    order = np.argsort(times)
    echoes, fitted, scale = prepared(signal, order, inside, np.complex64)
    problem = _problem(times[order], field_strength_t, chosen, fitted, coupling)
    found = _separated(echoes, problem, conjugate, progress)
    found, readout, findings = _corrected(echoes, problem, found, readout, progress)
    of_neighbours = noise_sd(echoes, fitted)
    unlike = unlike_model(found.fit.misfit, echoes, fitted, of_neighbours, FEWEST_ECHOES)
    return replace(
        _maps(found, problem, echoes, scale, signal.shape[:-1], chosen, np.float32(of_neighbours)),
        n_excluded=int(np.count_nonzero(inside) - np.count_nonzero(fitted)),
        findings=(*unlike, *_doubts(found, fitted), *findings),
        readout=readout,
    )


def _check_readout(readout: str, n_echoes: int) -> None:
    if readout not in READOUTS:
        raise MarrowQuantError("The readout '{readout}' is not known; use one of {readouts}.", readout=readout, readouts=list(READOUTS))
    if readout == "bipolar" and n_echoes < bipolar.FEWEST_ECHOES:
        raise MarrowQuantError(
            "A bipolar readout needs at least {fewest_echoes} echoes to be corrected; there are {times}.",
            fewest_echoes=bipolar.FEWEST_ECHOES, times=n_echoes,
        )


def _maps(
    found: _Separated, problem: _Problem, echoes: np.ndarray, scale: np.float32, shape: tuple[int, ...], spectrum: FatSpectrum,
    of_neighbours: np.float32,
) -> FatWaterFit:
    """The maps in the unit of the signal, each of ``shape``, with their standard deviations; ``of_neighbours`` is the noise of an echo."""
    fit, fitted, period_hz = found.fit, problem.fitted, problem.table.period_hz
    minor_sd = of_neighbours * fit.minor_gain
    if len(echoes) > FEWEST_ECHOES:
        sd = noise.around(len(echoes) * fit.misfit, len(echoes) - FEWEST_ECHOES)
    else:  # the fit leaves nothing over
        sd = np.full(fitted.shape, of_neighbours)
    fraction_gain, rate_sd = uncertainty.of_fit(echoes, fit, sd, fitted & found.judged, problem.at)
    field = _unwrapped(fit.rate.imag / np.float32(2 * np.pi), found.mean_hz, period_hz)
    pdff, total = fraction.discriminated(fit.water, fit.fat, minor_sd)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        pdff_sd = np.float32(100) * sd * fraction_gain / total**2
    return FatWaterFit(
        pdff_percent=pdff.reshape(shape),
        r2star_per_s=-fit.rate.real.reshape(shape),
        field_map_hz=np.where(fitted, field, np.float32(np.nan)).reshape(shape),
        water=(fit.water * scale).reshape(shape),
        fat=(fit.fat * scale).reshape(shape),
        residual=(np.sqrt(fit.misfit) * scale).reshape(shape),
        swap_suspect=(fitted & (found.suspect | found.rival | _untold(pdff_sd, fitted & found.judged))).reshape(shape),
        conjugated=found.sign.conjugated,
        field_period_hz=period_hz,
        n_excluded=0,
        spectrum=spectrum,
        pdff_sd_percent=noise.told(pdff_sd, MOST_PERCENT).reshape(shape),
        r2star_sd_per_s=noise.told(rate_sd, MOST_R2STAR_PER_S).reshape(shape),
        noise_sd=(sd * scale).reshape(shape),
    )


def _untold(pdff_sd: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Voxels where the data do not tell water from fat: by the standard deviation of their fat fraction, and by those of their neighbours,
    because the bound at a wrong solution can be small."""
    from scipy import ndimage  # here, as the module loads without it

    untold = pdff_sd > SUSPECT_SD_POINTS
    size = (1, SUSPECT_AROUND, SUSPECT_AROUND)
    share = [ndimage.uniform_filter((which & judged).astype(np.float32), size, mode="nearest") for which in (untold, judged)]
    return untold | (judged & (share[0] > SUSPECT_AROUND_SHARE * share[1]))


def _problem(
    times: np.ndarray, field_strength_t: float, spectrum: FatSpectrum, fitted: np.ndarray, coupling: fieldmap.Coupling
) -> _Problem:
    phasor = fat_phasor(times, field_strength_t, spectrum)
    table = varpro.field_table(times, field_strength_t, phasor)
    return _Problem(fitted, times, phasor, table, coupling, refinement.echoes(times, phasor))


def _separated(echoes: np.ndarray, problem: _Problem, conjugate: Optional[bool], progress: Progress) -> _Separated:
    """Field search and refinement. Where the phase turns the other way, ``echoes`` is conjugated in place."""
    block = _block_size(problem.fitted.shape)
    features = _block_features(echoes, block, progress)
    sign = precession.found(echoes, features, block, problem.table, problem.at) if conjugate is None else precession.Sign(conjugate, True)
    if not sign.is_clear and len(echoes) > FEWEST_ECHOES:
        return _of_both_signs(echoes, features, block, problem, sign, progress)
    if sign.conjugated:
        np.conj(echoes, out=echoes)
        features = varpro.conjugated(features, len(echoes))
    return _of_sign(echoes, features, block, problem, sign, progress)


def _of_sign(
    echoes: np.ndarray, features: np.ndarray, block: int, problem: _Problem, sign: precession.Sign, progress: Progress
) -> _Separated:
    start = _start(features, problem, block, progress)
    fit = _refined(echoes, problem.fitted, start.chosen, problem.at, progress)
    rival = _without_rivals(echoes, problem, start, fit)
    unsure = _unsure(echoes, problem, start, fit)
    return _Separated(fit, start.suspect | unsure, rival, start.judged, start.mean_hz, sign)


def _gone(echoes: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Voxels whose signal is lost in the noise from the third echo on, as where the decay is fast: two echoes do not tell water, fat and
    decay apart."""
    clear = np.float32(CLEAR_ECHO) * sd
    return (np.abs(echoes[:2]).max(axis=0) > clear) & (np.abs(echoes[2:]).max(axis=0) <= clear)


def _unsure(echoes: np.ndarray, problem: _Problem, start: _Start, fit: refinement.Refined) -> np.ndarray:
    """Voxels of fast decay that other R2* to start from read otherwise, as well as the noise tells; where they read clearly better, their
    solution is put into ``fit`` (in place). Voxels whose signal is gone after two echoes, if another R2* explains them as well."""
    n, shape = len(echoes), problem.fitted.shape
    unsure = np.zeros(problem.fitted.size, bool)
    if n == FEWEST_ECHOES:  # three echoes fit everything exactly
        return unsure.reshape(shape)
    sd = noise.around(n * fit.misfit, n - FEWEST_ECHOES)
    found = refinement.Refined(*(values.reshape(-1) for values in fit))

    def read_again(which: np.ndarray, r2star_per_s: Sequence[float], fitter: _Fitter, takes: bool) -> None:
        here = np.flatnonzero((problem.fitted & which).ravel())
        if not here.size:
            return
        signal, field_hz, noise_square = echoes.reshape(n, -1)[:, here], start.chosen[0].ravel()[here], sd.ravel()[here] ** 2 / n
        for r2star in r2star_per_s:
            again = fitter(signal, field_hz, np.full(here.size, r2star, np.float32), problem.at)
            before = rivals.fat_share(found.water[here], found.fat[here])
            apart = np.abs(rivals.fat_share(again.water, again.fat) - before) > rivals.SAME_SOLUTION
            gain = (found.misfit[here] - again.misfit) / noise_square
            unsure[here] |= apart & (np.abs(gain) < AS_LIKELY)
            taken = np.flatnonzero(takes & (gain > AS_LIKELY))
            for values, new in zip(found, again):
                values[here[taken]] = new[taken]

    read_again(start.judged & (-fit.rate.real > FAST_PER_S), FAST_STARTS_PER_S, refinement.refine, takes=True)
    read_again(_gone(echoes, sd), GONE_PER_S, refinement.solved, takes=False)
    return unsure.reshape(shape)


def _of_both_signs(
    echoes: np.ndarray, features: np.ndarray, block: int, problem: _Problem, quick: precession.Sign, progress: Progress
) -> _Separated:
    """Both signs fitted whole, and the one that leaves less over, here as in the ``quick`` look. Where neither does, voxels that the other
    sign reads otherwise are suspects."""
    turned = np.conj(echoes)
    as_is = _of_sign(echoes, features, block, problem, precession.Sign(False, False), progress)
    other = _of_sign(turned, varpro.conjugated(features, len(echoes)), block, problem, precession.Sign(True, False), progress)
    compared = as_is.judged & problem.fitted
    sign = precession.better(as_is.fit.misfit[compared], other.fit.misfit[compared])
    if sign.conjugated != quick.conjugated:  # each has its own freedom to fit noise, so that neither is to be believed alone
        sign = precession.Sign(False, False)
    if sign.conjugated:
        echoes[...] = turned
        as_is, other = other, as_is
    if not sign.is_clear:
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.abs(rivals.fat_share(as_is.fit.water, as_is.fit.fat) - rivals.fat_share(other.fit.water, other.fit.fat))
        as_is = replace(as_is, suspect=as_is.suspect | (apart > rivals.SAME_SOLUTION))
    return replace(as_is, sign=sign)


def _without_rivals(echoes: np.ndarray, problem: _Problem, start: _Start, fit: refinement.Refined) -> np.ndarray:
    """Put the rival solution into ``fit`` (in place) in regions where it is the better one; voxels of regions where both are as good, and
    of parts of a region (and a block around them) where the rival is clearly better although it is not in the whole."""
    if len(echoes) == FEWEST_ECHOES:  # as many numbers as unknowns: every solution fits a voxel
        return np.zeros(problem.fitted.shape, bool)
    region = np.where(problem.fitted, start.region, -1).ravel()
    flat, found = echoes.reshape(len(echoes), -1), refinement.Refined(*(values.reshape(-1) for values in fit))
    rival_hz, rival_r2star = (values.ravel() for values in start.rival)

    def refit(voxels: np.ndarray) -> refinement.Refined:
        return refinement.refine(flat[:, voxels], rival_hz[voxels], rival_r2star[voxels], problem.at)

    better, doubtful, _ = rivals.verdict(region, found, refit)
    here = np.flatnonzero(np.isin(region, better))
    for first in range(0, here.size, CHUNK):
        some = here[first : first + CHUNK]
        for values, rival in zip(found, refit(some)):
            values[some] = rival
    part = np.where(problem.fitted.ravel() & ~np.isin(region, better), start.part.ravel(), -1)
    apart = np.isin(part, rivals.verdict(part, found, refit)[2]).reshape(start.region.shape)
    if apart.any():
        from scipy import ndimage  # here, as the module loads without it

        apart = ndimage.maximum_filter(apart, (1, 2 * BLOCK + 1, 2 * BLOCK + 1)) & start.judged & problem.fitted
    return np.isin(region, doubtful).reshape(apart.shape) | apart


def _corrected(
    echoes: np.ndarray, problem: _Problem, found: _Separated, readout: str, progress: Progress
) -> tuple[_Separated, str, tuple[Finding, ...]]:
    """With the phase between odd and even echoes removed, if that improves the fit; what the readout was; what the reader should know.

    The first field search saw the phase, so the search is repeated on the corrected echoes.
    """

    def degrees(separated: _Separated) -> float:
        fit = separated.fit
        return bipolar.odd_even_degrees(echoes, fit.rate, fit.water, fit.fat, problem.times, problem.phasor)

    if len(echoes) < bipolar.FEWEST_ECHOES:
        return found, "unipolar", ()
    before = degrees(found)
    if readout != "bipolar" and before < bipolar.LARGEST_DEGREES:
        return found, "unipolar", ()
    if readout == "unipolar":
        return found, "unipolar", (finding("fatwater.bipolar_left", degrees=before),)
    uncorrected, corrected = echoes.copy(), found
    for _ in range(2):
        for _ in range(READOUT_STEPS):
            fit = corrected.fit
            bipolar.remove(echoes, bipolar.step(echoes, fit.rate, fit.water, fit.fat, problem.times, problem.phasor))
            start = fit.rate.imag / np.float32(2 * np.pi), -fit.rate.real
            corrected = replace(corrected, fit=_refined(echoes, problem.fitted, start, problem.at, progress))
        corrected = replace(_separated(echoes, problem, False, progress), sign=found.sign)
    if not _is_better(corrected.fit.misfit, found.fit.misfit):
        echoes[...] = uncorrected
        return found, "unipolar", (finding("fatwater.bipolar_no_gain", degrees=before),)
    left = degrees(corrected)
    code = "fatwater.bipolar" if left < bipolar.LARGEST_DEGREES else "fatwater.bipolar_rest"
    return corrected, "bipolar", (finding(code, degrees=before, left=left),)


def _is_better(misfit: np.ndarray, before: np.ndarray) -> bool:
    """Whether the misfit fell in sum by more than noise makes it: the few coefficients of the correction explain next to none by chance."""
    fall = (before - misfit)[np.isfinite(misfit) & np.isfinite(before)].astype(float)
    return bool(fall.sum() > rivals.CLEAR * np.sqrt(np.sum(fall**2)))


def _doubts(found: _Separated, fitted: np.ndarray) -> tuple[Finding, ...]:
    """What the reader should know of the sign of the phase, and of regions whose rival fits as well."""
    told = [] if found.sign.is_clear else [finding("fatwater.sign")]
    n, judged = int(np.count_nonzero(found.rival & fitted)), np.count_nonzero(found.judged & fitted)
    if n > RIVAL_SHARE * judged:
        told.append(finding("fatwater.rival", n=n, percent=100 * n / judged))
    return tuple(told)


def _block_size(shape: tuple[int, ...]) -> int:
    block = BLOCK
    while shape[0] * -(-shape[1] // block) * -(-shape[2] // block) > MOST_BLOCKS:
        block += 1
    return block


def _block_features(echoes: np.ndarray, block: int, progress: Progress) -> np.ndarray:
    """Gram features of the blocks, shape (n_features, k, j, i)."""

    def one(k: int) -> np.ndarray:
        return _pool(varpro.gram_features(echoes[:, k]), block)

    progress(0.0, "Searching the field")
    pooled = []
    for k, pool in enumerate(in_threads(one, range(echoes.shape[1]))):
        pooled.append(pool)
        progress(0.3 * k / echoes.shape[1], "Searching the field")
    return np.stack(pooled, axis=1)


def _start(features: np.ndarray, problem: _Problem, block: int, progress: Progress) -> _Start:
    table, shape = problem.table, problem.fitted.shape
    n_features, *grid = features.shape
    flat = features.reshape(n_features, -1)
    energy = features[: len(problem.times)].sum(axis=0)
    cost = table.cost(flat).reshape(-1, *grid)
    labels, margin = fieldmap.block_labels(cost, energy, table.step_ppm, table.circular, problem.coupling, progress)
    judged = energy > SUSPECT_ENERGY * energy.mean()
    found = rivals.find(cost, labels, judged, fieldmap.truncation(problem.coupling, table.step_ppm, len(cost)), table.circular)

    def nearest(values: np.ndarray) -> np.ndarray:
        return np.repeat(np.repeat(values, block, axis=1), block, axis=2)[:, : shape[1], : shape[2]]

    def r2star(which: np.ndarray) -> np.ndarray:
        return nearest(table.best_r2star(flat, which.ravel()).reshape(grid))

    field_hz = table.field_hz[0] + fieldmap.upsample_labels(labels, len(table.field_hz), table.circular, block, shape) * table.step_hz
    angle = 2j * np.pi / (len(table.field_hz) * table.step_hz)
    mean_hz = float((np.log(np.sum(energy * np.exp(angle * table.field_hz[labels]))) / angle).real)
    rival_hz = field_hz + nearest(((found.rival - labels) * table.step_hz).astype(np.float32))
    return _Start(
        chosen=(field_hz, r2star(labels)),
        rival=(rival_hz, r2star(found.rival)),
        region=nearest(np.where(found.rival < 0, -1, found.region)),
        part=nearest(found.part),
        suspect=nearest((margin < SUSPECT_MARGIN * energy) & judged),
        judged=nearest(judged),
        mean_hz=mean_hz,
    )


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
) -> refinement.Refined:
    """The optimum of all voxels, NaN where nothing is fitted; ``start`` is field in Hz and R2*."""
    flat = echoes.reshape(len(echoes), -1)
    wanted = np.flatnonzero(fitted)
    start_hz, start_r2star = (values.ravel() for values in start)
    maps = refinement.Refined(*(np.full(fitted.size, np.nan, dtype) for dtype in (np.complex64,) * 3 + (np.float32,) * 4))

    def one(first: int) -> np.ndarray:
        here = wanted[first : first + CHUNK]
        begun, going = refinement.begun(flat[:, here], start_hz[here], start_r2star[here], at)
        for values, fit in zip(maps, begun):
            values[here] = fit
        return here[going]

    def more(first: int) -> None:
        refinement.go_on(maps, flat, going[first : first + CHUNK], at)

    progress(0.5, "Fitting water and fat")
    starts = range(0, wanted.size, CHUNK)
    worked = map if len(starts) < FEWEST_CHUNKS else in_threads
    left = [np.empty(0, np.intp)]
    for first, unfinished in zip(starts, worked(one, starts)):
        left.append(unfinished)
        progress(0.5 + 0.45 * first / wanted.size, "Fitting water and fat")
    going = np.concatenate(left)
    starts = range(0, going.size, CHUNK)
    for first, _ in zip(starts, worked(more, starts)):
        progress(0.95 + 0.05 * first / going.size, "Fitting water and fat")
    progress(1.0, "Water and fat fitted")
    return refinement.Refined(*(values.reshape(fitted.shape) for values in maps))


def _unwrapped(field_hz: np.ndarray, mean_hz: float, period_hz: float) -> np.ndarray:
    """The multiple of the period nearest to the mean field; the fat fraction does not depend on it."""
    if np.isinf(period_hz):
        return field_hz
    lowest = np.float32(mean_hz - period_hz / 2)
    return (field_hz - lowest) % np.float32(period_hz) + lowest
