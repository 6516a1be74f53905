"""Intravoxel incoherent motion: S(b) / S0 = f exp(-b D*) + (1 - f) exp(-b D) (Le Bihan et al., Radiology 1988;168:497).

D* is the whole decay rate of the perfusion part, as this formula says; some authors write D* + D for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import MarrowQuantError, Progress, no_progress
from .levenberg import least_squares
from .samples import Samples, fit_in_chunks, n_different, prepare

METHODS = ("segmented", "full")
B_SPLIT = 200.0  # s/mm²; above it perfusion has decayed: the usual second step begins there
PERFUSION_B = 100.0  # s/mm²; perfusion is seen below it
D_STAR_LIMITS = (5e3, 1e5)  # µm²/s; the range usually reported for D*, taken as limits by our choice
LARGEST_D = 4.0  # µm²/ms; our choice: above free water at body temperature (3), below the lowest D*
GRID = 48  # candidates for D*, evenly spaced in its logarithm; our choice
GRID_D = np.concatenate([np.arange(0.0, 2.0, 0.1), np.arange(2.0, LARGEST_D + 0.1, 0.25)])  # µm²/ms; starts of the full fit; our choice


@dataclass(frozen=True)
class IvimFit:
    """Result of :func:`fit_ivim`. The maps have the shape of the signal without its last axis; NaN where there is no valid fit.

    Attributes
    ----------
    f_percent : ndarray of float32
        Perfusion fraction in %, within 0 … 100.
    d_um2_per_s : ndarray of float32
        Diffusivity of the tissue in µm²/s.
    d_star_um2_per_s : ndarray of float32
        Decay rate of the perfusion part in µm²/s; NaN also where f is 0, for then it does not exist.
    s0 : ndarray of float32
        Signal at b = 0 in the unit of the input.
    residual : ndarray of float32
        Root mean square of measured minus fitted signal, in the unit of the input.
    valid : ndarray of bool
    at_limit : ndarray of bool
        Valid voxels where f is 0 or D* at one of its limits: the data do not determine D* there.
    b_values : tuple of float
        The b-values used, s/mm².
    method : str
        "segmented" or "full".
    n_excluded : int
        Voxels inside the mask that have no valid fit.
    """

    f_percent: np.ndarray
    d_um2_per_s: np.ndarray
    d_star_um2_per_s: np.ndarray
    s0: np.ndarray
    residual: np.ndarray
    valid: np.ndarray
    at_limit: np.ndarray
    b_values: tuple[float, ...]
    method: str
    n_excluded: int


def fit_ivim(
    signal: np.ndarray,
    b_values: Sequence[float],
    *,
    method: str = "segmented",
    b_split: float = B_SPLIT,
    d_star_limits: tuple[float, float] = D_STAR_LIMITS,
    b_used: Optional[Sequence[float]] = None,
    mask: Optional[np.ndarray] = None,
    progress: Progress = no_progress,
) -> IvimFit:
    """Fit perfusion fraction, diffusivity and pseudo-diffusivity in every voxel.

    "segmented": D and S0 (1 - f) from the samples above ``b_split`` by the weighted log-linear fit; then, with these fixed, S0 f and D*
    from all samples. Steady, but D* below about 1 / ``b_split`` leaks into D. "full": the optimum of bounded least squares on all samples.

    Parameters
    ----------
    signal : ndarray, shape (..., n_b)
        Magnitude images, b last; any real type.
    b_values : sequence of float, length n_b
        s/mm²; two different ones above ``b_split``, two at or below it, one of them above 0 and below 100.
    method : {"segmented", "full"}
    b_split : float
        s/mm².
    d_star_limits : (float, float)
        µm²/s.
    b_used : sequence of float, optional
        Use only these.
    mask : ndarray of bool, shape (...), optional
        Fit only here.
    progress : callable, optional
        ``progress(fraction, text)``.

    Returns
    -------
    IvimFit

    Raises
    ------
    MarrowQuantError
        Lengths that do not match, b-values that do not show perfusion or are not in s/mm², an empty mask, an unknown method, empty limits.
    """
    if method not in METHODS:
        raise MarrowQuantError("The IVIM method '{method}' is not known; use one of {methods}.", method=method, methods=list(METHODS))
    low, high = d_star_limits
    if not LARGEST_D * 1000 <= low < high < np.inf:
        raise MarrowQuantError(
            "D* cannot lie between {low} and {high} µm²/s; give two limits above {largest_d:g}, lower first.",
            low=low, high=high, largest_d=LARGEST_D * 1000,
        )
    samples = prepare(signal, b_values, fewest=4, what="IVIM model", b_used=b_used, mask=mask)
    _check_b_for_perfusion(samples, b_split)
    fitter = _Fitter(samples.b.astype(float), b_split / 1000, (low / 1000, high / 1000), method)
    maps, n_excluded = fit_in_chunks(samples, fitter.fit, 5, "Fitting IVIM", progress)
    f, d, d_star, s0, residual = maps
    valid = np.isfinite(f)
    with np.errstate(invalid="ignore"):
        at_limit = valid & ~((d_star > low * 1.001) & (d_star < high * 0.999))  # NaN, where f is 0, too
    return IvimFit(f, d, d_star, s0, residual, valid, at_limit, samples.b_values, method, n_excluded)


def ivim_signal(parameters: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The signal of (S0, f, D, D*), shape (4, n), at b, shape (n_b,), and its derivatives, shape (4, n_b, n). b D is dimensionless."""
    s0, f, d, d_star = parameters
    tissue, blood = np.exp(np.multiply.outer(-b, d)), np.exp(np.multiply.outer(-b, d_star))
    shape = f * blood + (1 - f) * tissue
    b = b[:, None]
    return s0 * shape, np.stack([shape, s0 * (blood - tissue), -b * s0 * (1 - f) * tissue, -b * s0 * f * blood])


def shows_perfusion(b_values: Sequence[float], b_split: float = B_SPLIT) -> bool:
    """True if the b-values, s/mm², can tell perfusion from diffusion: two above ``b_split``, two up to it, one between 0 and 100."""
    b = np.array(b_values, dtype=float)
    return n_different(b[b > b_split]) >= 2 and n_different(b[b <= b_split]) >= 2 and bool(np.any((b > 0) & (b < PERFUSION_B)))


def _check_b_for_perfusion(samples: Samples, b_split: float) -> None:
    b = np.array(samples.b_values)
    if not shows_perfusion(samples.b_values, b_split):
        raise MarrowQuantError(
            "The b-values {b} do not show perfusion: IVIM needs two above {b_split:g} s/mm², and two up to it with one between 0 and "
            "{perfusion_b:g}.",
            b=b.tolist(), b_split=b_split, perfusion_b=PERFUSION_B,
        )


class _Fitter:
    """Fits chunks of one protocol. b in ms/µm², diffusivities in µm²/ms."""

    def __init__(self, b: np.ndarray, b_split: float, d_star_limits: tuple[float, float], method: str) -> None:
        self.b, self.d_star_limits, self.is_full = b, d_star_limits, method == "full"
        self.high_b = b > b_split
        self.candidates = np.geomspace(*d_star_limits, GRID)

    def fit(self, signal: np.ndarray) -> list[np.ndarray]:
        """f in %, D and D* in µm²/s, S0, residual of (n_b, n) samples."""
        maps = np.full((5, signal.shape[1]), np.nan)
        usable = (signal.min(axis=0) > 0) & (signal.max(axis=0) < np.inf)
        measured = signal[:, usable].astype(float)
        if measured.size:
            scale = measured.max(axis=0)
            measured /= scale
            parameters, valid = self._full(measured) if self.is_full else self._segmented(measured)
            s0, f, d, d_star = parameters
            residual = np.sqrt(np.mean((measured - ivim_signal(parameters, self.b)[0]) ** 2, axis=0))
            d_star = np.where(f > 0, d_star, np.nan)
            maps[:, usable] = np.where(valid, [100 * f, 1000 * d, 1000 * d_star, s0 * scale, residual * scale], np.nan)
        return list(maps)

    def _segmented(self, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        d, tissue = _log_linear(signal[self.high_b], self.b[self.high_b])
        valid = (d > 0) & (d < LARGEST_D)
        d = np.clip(d, 0.0, LARGEST_D)
        rest = signal - tissue * np.exp(np.multiply.outer(-self.b, d))
        d_star, blood = self._one_exponential(rest)
        s0 = blood + tissue
        return np.stack([s0, blood / s0, d, d_star]), valid

    def _one_exponential(self, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """D* and amplitude ≥ 0 of the best exponential through ``rest``: for a given D* the amplitude is linear least squares.

        The best of the candidates, then the vertex of the parabola through it and its neighbours in log D*.
        """
        decays = np.exp(np.multiply.outer(-self.candidates, self.b))  # (GRID, n_b)
        energy = np.sum(decays**2, axis=1, keepdims=True)
        explained = np.maximum(decays @ rest, 0.0) ** 2 / energy  # by how much the sum of squares falls
        best = np.clip(np.argmax(explained, axis=0), 1, GRID - 2)
        before, at, after = (np.take_along_axis(explained, (best + n)[None], axis=0)[0] for n in (-1, 0, 1))
        curvature = before - 2 * at + after
        safe = np.where(curvature < 0, curvature, -1.0)
        shift = np.where(curvature < 0, np.clip(0.5 * (before - after) / safe, -1, 1), np.where(after > before, 1.0, -1.0))
        ratio = np.log(self.candidates[1] / self.candidates[0])
        d_star = np.clip(self.candidates[best] * np.exp(shift * ratio), *self.d_star_limits)
        decay = np.exp(np.multiply.outer(-self.b, d_star))
        return d_star, np.maximum(np.sum(decay * rest, axis=0), 0.0) / np.sum(decay**2, axis=0)

    def _full(self, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        start = self._best_of_grid(signal)
        start[1] = np.clip(start[1], 0.01, 0.99)  # from f = 0 the sum of squares does not depend on D*
        lower, upper = (0.0, 0.0, 0.0, self.d_star_limits[0]), (np.inf, 1.0, LARGEST_D, self.d_star_limits[1])
        return least_squares(lambda p: ivim_signal(p, self.b), signal, start, lower, upper)

    def _best_of_grid(self, signal: np.ndarray) -> np.ndarray:
        """(S0, f, D, D*) of the least sum of squares on a grid of D and D*: for given ones both amplitudes are linear, and not negative."""
        blood = np.exp(np.multiply.outer(-self.candidates, self.b))  # (GRID, n_b)
        blood_match, blood_energy = blood @ signal, np.sum(blood**2, axis=1)[:, None]
        lowest, start = np.full(signal.shape[1], -np.inf), np.empty((4, signal.shape[1]))
        for d in GRID_D:
            tissue = np.exp(-d * self.b)
            match, energy, overlap = tissue @ signal, tissue @ tissue, (blood @ tissue)[:, None]
            determinant = blood_energy * energy - overlap**2
            of_blood = np.maximum(blood_match * energy - match * overlap, 0.0) / determinant
            of_tissue = (match - of_blood * overlap) / energy
            explained = of_blood * blood_match + of_tissue * match
            explained[of_tissue < 0] = -np.inf
            best = np.argmax(explained, axis=0)[None]
            value, of_blood, of_tissue = (np.take_along_axis(a, best, axis=0)[0] for a in (explained, of_blood, of_tissue))
            total = of_blood + of_tissue
            better = (value > lowest) & (total > 0)
            found = np.stack([total, of_blood / np.where(better, total, 1.0), np.full_like(total, d), self.candidates[best[0]]])
            start, lowest = np.where(better, found, start), np.where(better, value, lowest)
        return start


def _log_linear(signal: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Diffusivity and intercept by the log-linear fit with weights S²."""
    weights, log_signal = signal * signal, np.log(signal)
    total = weights.sum(axis=0)
    mean_b, mean_log = b @ weights / total, (weights * log_signal).sum(axis=0) / total
    from_mean = weights * (b[:, None] - mean_b)
    slope = (from_mean * log_signal).sum(axis=0) / np.maximum(b @ from_mean, np.finfo(float).tiny)
    return -slope, np.exp(np.clip(mean_log - slope * mean_b, -50, 50))
