"""Water and fat from two complex echoes, one near opposed phase and one near in phase.

Two magnitudes allow two fat fractions, one on each side of the drop's maximum. The phase from echo to echo decides: less the phase of the
model it is that of the field, which is smooth for the right solution and jumps for the wrong one (two-point methods with flexible echo
times: Eggers et al., MRM 2011;65:96; Berglund et al., MRM 2011;65:994). Here the smooth solution is found by the belief propagation that
also serves more echoes (fieldmap). R2* is not known from two echoes and is neglected.
"""

from __future__ import annotations

from typing import Optional, Union

import numpy as np

from ..model import MarrowQuantError, Numbers, Progress, finding, no_progress
from . import fieldmap
from .checks import checked, prepared
from .result import FatWaterFit
from .spectra import GAMMA_BAR_HZ_PER_T, FatSpectrum, fat_phasor, get_spectrum

N_LABELS = 64  # phases of the field from echo to echo that are searched; our choice
N_FRACTIONS = 1001  # fat fractions of the table: a tenth of a point apart
BLOCK = 3  # voxels in-plane, as for more echoes
SUSPECT_MARGIN = 0.1  # of a block's energy, as for more echoes
LEAST_OPPOSITION = 0.5  # of the smaller over the larger echo at the strongest cancellation; above it the pair does not separate


def fit_dual_echo(
    signal: np.ndarray,
    echo_times_s: Numbers,
    field_strength_t: float,
    *,
    spectrum: Union[str, FatSpectrum] = "ren_marrow_9",
    mask: Optional[np.ndarray] = None,
    conjugate: bool = False,
    progress: Progress = no_progress,
) -> FatWaterFit:
    """Separate water and fat in two complex echoes.

    Parameters
    ----------
    signal : ndarray of complex, shape (k, j, i, 2) or (j, i, 2)
        Complex images, echo last.
    echo_times_s : sequence of two floats
        Echo times in seconds, one near opposed phase and one near in phase.
    field_strength_t, spectrum, mask, progress
        See :func:`fit_fat_water`.
    conjugate : bool
        The phase turns the other way than in the model; two echoes cannot tell.

    Returns
    -------
    FatWaterFit
        ``r2star_per_s`` is NaN; ``water`` and ``fat`` are real amplitudes; ``residual`` is the misfit of the phase between the echoes.

    Raises
    ------
    MarrowQuantError
        No complex pair, wrong echo times or field strength, or echo times at which water and fat do not cancel in either echo.
    """
    if not np.iscomplexobj(signal):
        raise MarrowQuantError("Two magnitude echoes fold the fat fraction above 50 %; give complex images or use the dropout ratio.")
    signal, times, inside = checked(signal, echo_times_s, field_strength_t, mask, 2)
    _check_two(times)
    chosen = get_spectrum(spectrum)
    order = np.argsort(times)
    echoes, fitted, scale = prepared(signal, order, inside, np.complex64)
    if conjugate:
        np.conj(echoes, out=echoes)
    phasor = fat_phasor(times[order], field_strength_t, chosen)
    progress(0.1, "Solving both solutions")
    fractions, sizes, phases = _candidates(echoes, phasor)
    spacing_s = float(np.ptp(times))
    angle, suspect = _smooth_phase(phases, sizes, spacing_s, field_strength_t, progress)
    nearer = np.abs(_wrapped(phases - angle)).argmin(axis=0)
    fraction, size, phase = (np.take_along_axis(values, nearer[None], axis=0)[0] for values in (fractions, sizes, phases))
    error = np.abs(_wrapped(phase - angle))
    shape, nan = signal.shape[:-1], np.float32(np.nan)
    progress(1.0, "Water and fat separated")

    def whole(values: np.ndarray) -> np.ndarray:
        return np.where(fitted, values, nan).astype(np.float32).reshape(shape)

    return FatWaterFit(
        pdff_percent=whole(100 * fraction),
        r2star_per_s=np.full(shape, nan),
        field_map_hz=whole(angle / (2 * np.pi * spacing_s)),
        water=whole((1 - fraction) * size * scale),
        fat=whole(fraction * size * scale),
        residual=whole(size * error * scale),
        swap_suspect=(suspect & fitted).reshape(shape),
        conjugated=conjugate,
        field_period_hz=1 / spacing_s,
        n_excluded=int(np.count_nonzero(inside) - np.count_nonzero(fitted)),
        spectrum=chosen,
        findings=(finding("fatwater.two_echoes"),),
    )


def _check_two(times_s: np.ndarray) -> None:
    if times_s.size != 2:
        raise MarrowQuantError(
            "The dual-echo fit takes two echoes, and there are {times}; use fit_fat_water for three or more.",
            times=times_s.size,
        )


def _candidates(echoes: np.ndarray, phasor: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fat fraction, amplitude W + F and phase of the field from echo to echo of both solutions, each of shape (2, k, j, i)."""
    grid = np.linspace(0, 1, N_FRACTIONS)
    model = (1 - grid) + grid * phasor[:, None]
    sizes = np.abs(model)
    opposed = int(np.argmin(sizes.min(axis=1)))
    ratio = sizes[opposed] / sizes[1 - opposed]
    if ratio.min() > LEAST_OPPOSITION:
        raise MarrowQuantError("Water and fat do not cancel at either echo time, so two echoes cannot separate them; check the echo times.")
    turn = int(np.argmin(ratio))
    with np.errstate(divide="ignore", invalid="ignore"):
        measured = np.abs(echoes[opposed]) / np.abs(echoes[1 - opposed])
    measured = np.nan_to_num(measured, posinf=ratio.max())
    below = np.interp(measured, *_rising(ratio[turn::-1], grid[turn::-1]))
    above = np.interp(measured, *_rising(ratio[turn:], grid[turn:]))
    fractions = np.stack([below, above])
    turned = np.angle(echoes[1] * np.conj(echoes[0]))
    phases, amplitudes = [], []
    for fraction in fractions:
        first, second = ((1 - fraction) + fraction * value for value in phasor)
        phases.append(_wrapped(turned - np.angle(second * np.conj(first))))
        predicted = np.abs(np.stack([first, second]))
        amplitudes.append(np.sum(predicted * np.abs(echoes), axis=0) / np.sum(predicted**2, axis=0))
    return fractions, np.stack(amplitudes), np.stack(phases)


def _rising(ratio: np.ndarray, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The branch that starts at the turn, up to where the ratio stops rising, so that it can be inverted."""
    stop = 1 + int(np.argmax(ratio))
    return np.maximum.accumulate(ratio[:stop]), grid[:stop]


def _smooth_phase(
    phases: np.ndarray, sizes: np.ndarray, spacing_s: float, field_strength_t: float, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """The phase that is smooth over blocks, in radians and shape (k, j, i); and which voxels are suspect."""
    labels_rad = (np.arange(N_LABELS) - N_LABELS // 2) * (2 * np.pi / N_LABELS)
    energies = np.square(sizes.mean(axis=0))
    cost, pooled = [], []
    for k in range(phases.shape[1]):
        progress(0.2 + 0.1 * k / phases.shape[1], "Searching the field")
        misfit = 1 - np.cos(phases[:, None, k] - labels_rad[None, :, None, None])
        cost.append(_pooled((energies[k] * misfit.min(axis=0)).astype(np.float32)))
        pooled.append(_pooled(energies[k][None])[0])
    energy = np.stack(pooled)
    step_ppm = 1e6 / (spacing_s * N_LABELS * GAMMA_BAR_HZ_PER_T * field_strength_t)
    labels, margin = fieldmap.block_labels(np.stack(cost, axis=1), energy, step_ppm, True, progress=progress)
    smooth = fieldmap.upsample_labels(labels, N_LABELS, True, BLOCK, phases.shape[1:])
    suspect = (margin < SUSPECT_MARGIN * energy) & (energy > SUSPECT_MARGIN * energy.mean())
    suspect = np.repeat(np.repeat(suspect, BLOCK, axis=1), BLOCK, axis=2)[:, : phases.shape[2], : phases.shape[3]]
    return _wrapped(smooth * (2 * np.pi / N_LABELS) - np.pi), suspect


def _pooled(values: np.ndarray) -> np.ndarray:
    """Sums over blocks in-plane, shape (n, j, i)."""
    summed = np.add.reduceat(values, np.arange(0, values.shape[1], BLOCK), axis=1)
    return np.add.reduceat(summed, np.arange(0, values.shape[2], BLOCK), axis=2)


def _wrapped(angle: np.ndarray) -> np.ndarray:
    return (angle + np.pi) % (2 * np.pi) - np.pi
