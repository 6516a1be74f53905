"""A vertebral ROI and what was measured in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

import numpy as np


@dataclass(frozen=True)
class VertebraROI:
    """A measurement region in one vertebral body, in physical space; it is rasterised on the grid of each map it measures.

    Attributes
    ----------
    level : str
        "T10" … "S1".
    center_ras : ndarray, shape (3,)
        Centre in RAS mm.
    axes : ndarray, shape (3, 3)
        Orthonormal columns: the ROI's own left–right, posterior–anterior and caudal–cranial directions in RAS.
    radii_mm : ndarray, shape (3,)
        Half-lengths along these axes.
    shape : {"ellipsoid", "cylinder", "box"}
        A cylinder's axis is the third one.
    excluded : str or None
        Reason why the level must not enter the mean (fracture, haemangioma …).
    """

    level: str
    center_ras: np.ndarray
    axes: np.ndarray
    radii_mm: np.ndarray
    shape: str = "ellipsoid"
    excluded: Optional[str] = None


@dataclass(frozen=True)
class Measurement:
    """A number a reader can trust: value, unit, how many voxels, how much of the ROI was in view, and how it was made."""

    name: str
    value: float
    unit: str
    n_voxels: Optional[int] = None
    fraction_inside: Optional[float] = None
    how: str = ""


@dataclass(frozen=True)
class Histogram:
    """Counts per bin, ready to plot. ``edges`` has one entry more than ``counts``."""

    edges: np.ndarray
    counts: np.ndarray
    quantity: str
    unit: str


@dataclass(frozen=True)
class VertebraResult:
    """All that was measured in one ROI.

    ``features`` holds the first-order features per map ("ff", "adc"); ``moved_rois`` the ROI on those maps that show the column elsewhere.
    """

    roi: VertebraROI
    measurements: Mapping[str, Measurement]
    features: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    moved_rois: Mapping[str, VertebraROI] = field(default_factory=dict)
