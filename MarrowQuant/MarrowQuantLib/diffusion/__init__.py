"""Diffusion: ADC, IVIM, kurtosis, images at computed b-values, trace images of directions, and stitching of stations."""

from __future__ import annotations

from .adc import AdcFit, computed_b, fit_adc
from .align import Alignment, align, group_stations
from .ivim import IvimFit, fit_ivim
from .kurtosis import KurtosisFit, fit_kurtosis
from .samples import rising
from .stations import Stitched, stitch
from .trace import trace_image

__all__ = [
    "AdcFit",
    "Alignment",
    "IvimFit",
    "KurtosisFit",
    "Stitched",
    "align",
    "computed_b",
    "fit_adc",
    "fit_ivim",
    "fit_kurtosis",
    "group_stations",
    "rising",
    "stitch",
    "trace_image",
]
