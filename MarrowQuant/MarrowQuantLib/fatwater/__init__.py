"""Water and fat: separation of complex, magnitude and dual echoes, fat spectra, and what the scanner's own images allow."""

from __future__ import annotations

from .complexfit import fit_fat_water
from .dualecho import fit_dual_echo
from .fold import side_of_fold
from .magnitude import fit_fat_water_magnitude
from .result import FatWaterFit, tissue
from .spectra import SPECTRA, FatSpectrum, fat_phasor
from .swaps import SwappedSlices, find_swapped_slices, swap_back, swapped_disc, swapped_levels
from .t1bias import LONGEST_TR_S, T1_FAT_S, T1_WATER_S, apparent_fat_fraction
from .twopoint import check_pdff_scale, dropout_ratio, fat_fraction

__all__ = [
    "LONGEST_TR_S",
    "SPECTRA",
    "T1_FAT_S",
    "T1_WATER_S",
    "FatSpectrum",
    "FatWaterFit",
    "SwappedSlices",
    "apparent_fat_fraction",
    "check_pdff_scale",
    "dropout_ratio",
    "fat_fraction",
    "fat_phasor",
    "find_swapped_slices",
    "fit_dual_echo",
    "fit_fat_water",
    "fit_fat_water_magnitude",
    "side_of_fold",
    "swap_back",
    "swapped_disc",
    "swapped_levels",
    "tissue",
]
