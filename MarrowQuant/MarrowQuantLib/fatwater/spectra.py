"""Fat spectra: chemical shifts relative to water and relative amplitudes of the fat peaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

import numpy as np

from ..model import MarrowQuantError, Numbers

GAMMA_BAR_HZ_PER_T = 42.577478518e6  # proton gyromagnetic ratio over 2π (CODATA 2018)


@dataclass(frozen=True)
class FatSpectrum:
    """Peaks of fat.

    Attributes
    ----------
    name : str
        Key under which it is chosen and recorded.
    shifts_ppm : tuple of float
        Chemical shift minus that of water; negative for the main peak.
    amplitudes : tuple of float
        Relative amplitudes as published; they are normalised to the sum 1 when used.
    source : str
        Where the numbers come from.
    """

    name: str
    shifts_ppm: tuple[float, ...]
    amplitudes: tuple[float, ...]
    source: str


_NINE_PEAKS = (-3.80, -3.40, -3.10, -2.68, -2.46, -1.95, -0.50, 0.49, 0.59)

SPECTRA = {
    spectrum.name: spectrum
    for spectrum in (
        FatSpectrum(
            "ren_marrow_9",
            _NINE_PEAKS,
            (90, 584, 60, 85, 60, 15, 40, 10, 57),
            "Ren et al., J Lipid Res 2008;49:2055 (tibial bone marrow), in the normalisation used for spine by the BMRR group, Munich",
        ),
        FatSpectrum(
            "hamilton_9",
            _NINE_PEAKS,
            (0.088, 0.642, 0.058, 0.062, 0.058, 0.006, 0.039, 0.010, 0.037),
            "Hamilton et al., NMR Biomed 2011;24:784 (liver)",
        ),
        FatSpectrum(
            "ismrm_6",
            (-3.80, -3.40, -2.60, -1.94, -0.39, 0.60),
            (0.087, 0.693, 0.128, 0.004, 0.039, 0.048),
            "Six-peak model of the ISMRM 2012 fat-water toolbox and challenge",
        ),
    )
}


def get_spectrum(spectrum: Union[str, FatSpectrum]) -> FatSpectrum:
    """The spectrum of that name; a :class:`FatSpectrum` is returned as it is.

    Raises
    ------
    MarrowQuantError
        The name is not known.
    """
    if isinstance(spectrum, FatSpectrum):
        return spectrum
    if spectrum not in SPECTRA:
        raise MarrowQuantError(
            "The fat spectrum '{spectrum}' is not known; use one of {spectra}.",
            spectrum=spectrum, spectra=list(SPECTRA),
        )
    return SPECTRA[spectrum]


def fat_phasor(
    echo_times_s: Numbers, field_strength_t: float, spectrum: Union[str, FatSpectrum] = "ren_marrow_9"
) -> np.ndarray:
    """Signal of pure fat of amplitude one, without relaxation and field offset: c(t) = Σ a_m exp(2πi f_m t), f_m = γ̄ B0 δ_m.

    Parameters
    ----------
    echo_times_s : sequence of float
        Echo times in seconds.
    field_strength_t : float
        Field strength in tesla.
    spectrum : str or FatSpectrum
        "ren_marrow_9", "hamilton_9" or "ismrm_6".

    Returns
    -------
    ndarray of complex128, shape (n_echoes,)

    Raises
    ------
    MarrowQuantError
        The spectrum is not known.
    """
    chosen = get_spectrum(spectrum)
    amplitudes = np.asarray(chosen.amplitudes, dtype=float)
    frequencies_hz = GAMMA_BAR_HZ_PER_T * 1e-6 * field_strength_t * np.asarray(chosen.shifts_ppm)
    phases = 2j * np.pi * np.outer(np.asarray(echo_times_s, dtype=float), frequencies_hz)
    return np.exp(phases) @ (amplitudes / amplitudes.sum())
