"""What the fits accept, and the sentences about what they do not."""

from __future__ import annotations

from typing import Optional

import numpy as np

from .. import noise
from ..io.arguments import is_finite_number, number_array
from ..io.threads import in_threads, keep_freed_memory
from ..model import Finding, MarrowQuantError, Numbers, finding

LONGEST_ECHO_S = 0.2  # no gradient echo of marrow is later; in milliseconds all are
FIELD_STRENGTHS_T = (0.05, 15.0)  # tesla; wide enough for every scanner, and too narrow for gauss or megahertz
TISSUE = 0.2  # of the root mean square signal; our choice
# Of the signal, and over the noise, from which what a fit leaves over is told; our choice: the cases of Docs/accuracy-and-speed.md leave
# up to 0.05 of the signal, echoes in a wrong order 0.1 to 0.4 and 3 to 66 times the noise.
MISFIT_OF_SIGNAL, MISFIT_OVER_NOISE = 0.1, 3.0


def checked(
    signal: np.ndarray, echo_times_s: Numbers, field_strength_t: float, mask: Optional[np.ndarray], fewest_echoes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signal, echo times and mask as arrays.

    Raises
    ------
    MarrowQuantError
        No numbers, lengths that do not match, too few echoes, echo times not in seconds or given twice, no scanner's field strength, an
        empty mask.
    """
    signal = number_array(signal, "images", complex_too=True)
    times = number_array(echo_times_s, "echo times").astype(float)
    if signal.ndim not in (3, 4) or times.ndim != 1 or signal.shape[-1] != times.size:
        raise MarrowQuantError(
            "Images of shape {shape} do not fit {times} echo times; echoes must be on the last axis.",
            shape=str(signal.shape), times=times.size,
        )
    if times.size < fewest_echoes:
        raise MarrowQuantError(
            "This water-fat fit needs at least {fewest_echoes} echoes, and there are {times}.",
            fewest_echoes=fewest_echoes, times=times.size,
        )
    if not np.all(np.isfinite(times)) or np.any(times <= 0):
        raise MarrowQuantError("The echo times {times} contain a missing or non-positive one; check the series.", times=times.tolist())
    if times.max() > LONGEST_ECHO_S:
        raise MarrowQuantError("The echo times {times} look like milliseconds; give them in seconds.", times=times.tolist())
    if np.diff(np.sort(times)).min() < 1e-6:
        raise MarrowQuantError("The echo times {times} contain one twice; give each echo once.", times=times.tolist())
    if not is_finite_number(field_strength_t) or not FIELD_STRENGTHS_T[0] <= field_strength_t <= FIELD_STRENGTHS_T[1]:
        raise MarrowQuantError(
            "A field strength of {field_strength_t} T is not that of a scanner; give it in tesla.",
            field_strength_t=field_strength_t,
        )
    inside = np.ones(signal.shape[:-1], bool) if mask is None else np.asarray(mask, dtype=bool)
    if inside.shape != signal.shape[:-1]:
        raise MarrowQuantError(
            "The mask has shape {shape}, the images {other_shape}; they must lie on the same grid.",
            shape=str(inside.shape), other_shape=str(signal.shape[:-1]),
        )
    if not inside.any():
        raise MarrowQuantError("The mask is empty, so there is nothing to fit; draw a region first.")
    return signal, times, inside


def prepared(signal: np.ndarray, order: np.ndarray, inside: np.ndarray, dtype: type) -> tuple[np.ndarray, np.ndarray, np.float32]:
    """Echoes first, (n_echoes, k, j, i), scaled to order one and zero where nothing is fitted; which voxels are fitted; the scale.

    Raises
    ------
    MarrowQuantError
        No voxel with finite signal.
    """
    keep_freed_memory()
    if signal.ndim == 3:
        signal, inside = signal[None], inside[None]
    echoes = np.empty((len(order), *inside.shape), dtype)
    magnitude = np.empty(inside.shape, np.float32)

    def sort(k: int) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            echoes[:, k] = np.moveaxis(signal[k][..., order], -1, 0)
            np.abs(echoes[:, k]).max(axis=0, out=magnitude[k])  # NaN and infinity pass through

    for _ in in_threads(sort, range(len(inside))):
        pass
    fitted = inside & np.isfinite(magnitude) & (magnitude > 0)
    if not fitted.any():
        raise MarrowQuantError("The images hold no finite signal where the fit is wanted; check the series or the mask.")
    scale = np.float32(np.sqrt(np.mean(np.square(magnitude[fitted], dtype=float))))
    np.copyto(echoes, 0, where=~fitted)
    for n, echo in zip(order, echoes):
        if not echo.any():
            raise MarrowQuantError(
                "Echo {n} of {n_echoes} holds no signal where the fit is wanted; check the series, or leave this echo out.",
                n=int(n) + 1, n_echoes=len(order),
            )
    echoes *= 1 / scale
    return echoes, fitted, scale


def noise_sd(echoes: np.ndarray, fitted: np.ndarray) -> float:
    """Standard deviation of the noise of echoes of order one, shape (n_echoes, k, j, i); see :func:`.noise.of_neighbours`.

    From the brightest echo: in the first one water and fat may oppose each other, and leave too little signal to tell noise from.
    """
    brightest = max(echoes, key=lambda echo: np.vdot(echo, echo).real)
    return noise.of_neighbours(brightest, fitted & (np.abs(brightest) > TISSUE))


def unlike_model(misfit: np.ndarray, echoes: np.ndarray, fitted: np.ndarray, noise_of_echo: float, n_unknowns: int) -> tuple[Finding, ...]:
    """A finding where the signal does not follow the model, as with echoes in a wrong order.

    Parameters
    ----------
    misfit : ndarray, shape (k, j, i)
        Mean square over the echoes.
    echoes : ndarray, shape (n_echoes, k, j, i)
        Of order one.
    fitted : ndarray of bool, shape (k, j, i)
    noise_of_echo : float
        Its standard deviation, from neighbours.
    n_unknowns : int
        Numbers that the fit takes from a voxel, each as complex or real as the echoes.
    """
    n_echoes, body = len(echoes), fitted & np.isfinite(misfit) & (np.abs(echoes).max(axis=0) > TISSUE)
    if n_echoes <= n_unknowns or not body.any():
        return ()
    of_signal = float(np.sqrt(np.median(misfit[body] / np.mean(np.abs(echoes[:, body]) ** 2, axis=0))))
    left = float(np.sqrt(np.median(misfit[body]) * n_echoes / (n_echoes - n_unknowns)))
    if of_signal < MISFIT_OF_SIGNAL or left < MISFIT_OVER_NOISE * noise_of_echo or not noise_of_echo:
        return ()
    return (finding("fatwater.misfit", percent=100 * of_signal, times=left / noise_of_echo),)
