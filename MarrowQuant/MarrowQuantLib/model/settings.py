"""What a reader can set or says."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import described


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

    tdv_signal_ratio: float = described("High-b signal over median muscle signal from which on a voxel is a candidate.", default=5.0)
    tdv_adc_window: tuple[float, float] = described(
        "ADC in µm²/s that a candidate must have: lower and upper limit.", default=(550.0, 1400.0)
    )
    min_component_ml: float = described("Components smaller than this, in mL, are left out.", default=0.3)
    adc_class_edges: tuple[float, ...] = described(
        "Edges of the ADC classes of the accepted volume in µm²/s, ascending.", default=(900.0, 1400.0)
    )
    roi_radii_mm: tuple[float, float, float] = described(
        "Half-lengths of a vertebral ROI: left-right, anterior-posterior, cranio-caudal.", default=(12.0, 9.0, 7.0)
    )
    roi_shape: str = described(
        "Shape of a vertebral ROI that has none of its own.", default="ellipsoid", choices=("ellipsoid", "cylinder", "box")
    )
    refine_rois: bool = described("Whether ROIs are moved on images that show the column elsewhere than the Dixon images.", default=True)
    fat_spectrum: str = described("Fat spectrum of the fit to the echoes.", default="ren_marrow_9")


@dataclass(frozen=True)
class Subject:
    """Age in years at the baseline and sex ("female", "male"), as the reader gave them to see published normal values; never read from
    the images."""

    age_years: float = described("Age at the baseline, years.", low=0)
    sex: str = described("Sex.", choices=("female", "male"))
