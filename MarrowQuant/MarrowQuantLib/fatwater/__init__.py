"""Water and fat: separation of complex echoes, fat spectra, fat fraction and dropout ratio from the scanner's images."""

from __future__ import annotations

from .complexfit import fit_fat_water
from .magnitude import fit_fat_water_magnitude
from .result import FatWaterFit
from .spectra import SPECTRA, FatSpectrum, fat_phasor
from .twopoint import check_pdff_scale, dropout_ratio, fat_fraction

__all__ = [
    "SPECTRA",
    "FatSpectrum",
    "FatWaterFit",
    "check_pdff_scale",
    "dropout_ratio",
    "fat_fraction",
    "fat_phasor",
    "fit_fat_water",
    "fit_fat_water_magnitude",
]
