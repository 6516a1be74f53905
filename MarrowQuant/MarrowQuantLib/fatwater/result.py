"""What a water–fat fit gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..model import Finding
from .spectra import FatSpectrum

# Larger standard deviations tell nothing, and are not told: fat fractions lie within this, R2* of marrow with much iron does (our choice).
MOST_PERCENT, MOST_R2STAR_PER_S = 100.0, 1300.0


@dataclass(frozen=True)
class FatWaterFit:
    """Result of a water–fat fit. Maps have the shape of the signal without its echo axis; NaN where there was no signal.

    Attributes
    ----------
    pdff_percent : ndarray of float32
        Fat fraction in %, not clipped: noise may carry it below 0 or above 100. See :func:`fraction.discriminated`; from magnitude images
        it is F / (W + F) of the fitted amplitudes.
    r2star_per_s : ndarray of float32
        R2* in 1/s, not clipped.
    field_map_hz : ndarray of float32
        Field offset in Hz. Evenly spaced echoes determine it up to multiples of ``field_period_hz`` only; magnitude images do not
        determine it at all (NaN).
    water, fat : ndarray of complex64, or float32 from magnitude images
        Amplitudes at t = 0 in the unit of the signal.
    residual : ndarray of float32
        Root mean square of the misfit over the echoes, in the unit of the signal.
    swap_suspect : ndarray of bool
        Voxels where the solution with water and fat exchanged fits almost as well: for complex echoes the neighbours taken into account.
    conjugated : bool
        The phase of the data turned the other way, and the conjugated signal was fitted; ``field_map_hz``, ``water`` and ``fat`` belong to
        that signal.
    field_period_hz : float
        1/ΔTE for evenly spaced echoes, otherwise infinite.
    n_excluded : int
        Voxels (inside the mask) without a fit: zero, NaN or infinite signal.
    spectrum : FatSpectrum
        The fat spectrum used; fat fractions from different spectra differ by a few points.
    findings : tuple of Finding
        Why the result may be wrong.
    readout : str
        "unipolar"; or "bipolar" where a phase between odd and even echoes was fitted and removed; "" for magnitude images.
    pdff_sd_percent, r2star_sd_per_s : ndarray of float32 or None
        Standard deviations of the fat fraction in percentage points and of R2* in 1/s: the Cramér–Rao bound at the fitted values for the
        noise found in the data, and near the noise the width of the likelihood (:mod:`.uncertainty`, :mod:`.magnitude`). NaN where they
        would span all values that are possible: there nothing is known.
    noise_sd : ndarray of float32 or None
        Standard deviation of the noise around each voxel, in the unit of the signal: of the complex number; for magnitude images of one
        component.
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
    findings: tuple[Finding, ...] = ()
    readout: str = "unipolar"
    pdff_sd_percent: Optional[np.ndarray] = None
    r2star_sd_per_s: Optional[np.ndarray] = None
    noise_sd: Optional[np.ndarray] = None


TISSUE = 0.1  # of the 99th percentile of brightness; our choice
ABOVE_NOISE = 2.5  # standard deviations of noise: air alone has one; our choice


def tissue(signal: np.ndarray, fit: FatWaterFit) -> np.ndarray:
    """Voxels with a fit that are brighter than the noise, and not far darker than the rest: the body.

    Parameters
    ----------
    signal : ndarray, shape (..., n_echoes)
        What was fitted. Water and fat of the fit do not do: in air R2* may be anything, and so are they.
    fit : FatWaterFit

    Returns
    -------
    ndarray of bool, shape (...)
    """
    brightness = np.sqrt(np.mean(np.abs(signal) ** 2, axis=-1))
    body = np.isfinite(fit.pdff_percent) & (brightness > TISSUE * np.percentile(brightness[np.isfinite(brightness)], 99))
    return body if fit.noise_sd is None else body & (brightness > ABOVE_NOISE * fit.noise_sd)
