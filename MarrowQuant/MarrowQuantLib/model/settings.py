"""What a reader can set or says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What a reader can set. The sources of the defaults are told where they are used.

    Attributes
    ----------
    tdv_signal_ratio : float
        High-b signal over median muscle signal above which a voxel is a candidate (``burden``).
    tdv_adc_window : (float, float)
        ADC in µm²/s that a candidate must have (``burden``).
    min_component_ml : float
        Smaller components are noise.
    adc_class_edges : tuple of float
        Edges of the ADC classes of the accepted volume in µm²/s, ascending. The default follows the colour classes of total-tumour-load
        tools as remembered, without a paper behind them; 1400 is that of MET-RADS-P.
    roi_radii_mm : (float, float, float)
        Default half-lengths of a vertebral ROI: left–right, anterior–posterior, cranio-caudal.
    roi_shape : {"ellipsoid", "cylinder", "box"}
        Default shape of a vertebral ROI; a disc is a flat cylinder, whose axis is the body's own cranio-caudal one.
    refine_rois : bool
        Whether ROIs are moved on images that show the column elsewhere than the Dixon images (``vertebrae.refine``).
    fat_spectrum : str
        Fat spectrum for the six-echo fit (``fatwater``).
    """

    tdv_signal_ratio: float = 5.0
    tdv_adc_window: tuple[float, float] = (550.0, 1400.0)
    min_component_ml: float = 0.3
    adc_class_edges: tuple[float, ...] = (900.0, 1400.0)
    roi_radii_mm: tuple[float, float, float] = (12.0, 9.0, 7.0)
    roi_shape: str = "ellipsoid"
    refine_rois: bool = True
    fat_spectrum: str = "ren_marrow_9"


@dataclass(frozen=True)
class Subject:
    """Age in years at the baseline and sex ("female", "male"), as the reader gave them to see published normal values; never read from
    the images."""

    age_years: float
    sex: str
