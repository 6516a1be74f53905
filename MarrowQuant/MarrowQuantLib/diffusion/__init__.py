"""Diffusion: the apparent diffusion coefficient, images at computed b-values, and stitching of stations."""

from __future__ import annotations

from .adc import AdcFit, computed_b, fit_adc
from .stations import Seam, Stitched, stitch

__all__ = ["AdcFit", "Seam", "Stitched", "computed_b", "fit_adc", "stitch"]
