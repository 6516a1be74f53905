"""A vertebral ROI and what was measured in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

import numpy as np

from .fields import described
from .findings import Finding
from .made import made


@dataclass(frozen=True)
class VertebraROI:
    """A measurement region in one vertebral body, in physical space; it is rasterised on the grid of each map it measures.

    Attributes
    ----------
    level : str
        "T10" … "S1", "T13", "L6", "S2" … "S5", or a place in the pelvis such as "right posterior iliac crest".
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
    place_sd_mm : float or None
        How exactly its body was found: standard deviation of its place on each axis; None where nobody searched for it.
    """

    level: str = described("Vertebral level, C1 to S5 with T13 and L6, or a place in the pelvis such as right posterior iliac crest.")
    center_ras: np.ndarray = described("Centre.", json="center_ras_mm", shape=(3,))
    axes: np.ndarray = described(
        "Orthonormal matrix; its columns are the ROI's left-right, posterior-anterior and caudal-cranial directions.",
        json="axes_ras",
    )  # fmt: skip
    radii_mm: np.ndarray = described("Half-lengths along these axes.", shape=(3,))
    shape: str = described("Form of the ROI.", default="ellipsoid", choices=("ellipsoid", "cylinder", "box"))
    excluded: Optional[str] = described("Reason why the level is not in the mean.", default=None)
    place_sd_mm: Optional[float] = described(
        "How exactly its body was found: standard deviation of its place on each axis; null where it was not searched for.",
        default=None, low=0,
    )  # fmt: skip


@dataclass(frozen=True)
class Measurement:
    """A number a reader can trust: value, unit, how many voxels, how much of the ROI was in view, and how it was made."""

    name: str = described("What was measured.")
    value: float = described("The number.")
    unit: str = described("Its unit.")
    n_voxels: Optional[int] = described("Voxels that it was made from.", default=None, low=0)
    fraction_inside: Optional[float] = described("Part of the region inside the field of view.", default=None, low=0, high=1)
    how: Finding = described("How it was made, step by step.", default=made())
    standard_error: Optional[float] = described(
        "Standard error of the value from the noise in its voxels, by how neighbours differ; repeated exams differ by more.",
        default=None, low=0,
    )  # fmt: skip
    placement_error: Optional[float] = described(
        "Standard deviation of the value that the place of its region brings, by moving it along its axes by its place_sd_mm, or 1 mm.",
        default=None, low=0,
    )  # fmt: skip


@dataclass(frozen=True)
class Histogram:
    """Counts per bin, ready to plot. ``edges`` has one entry more than ``counts``."""

    edges: np.ndarray = described("Bin edges, one more than counts.", shape=(-1,))
    counts: np.ndarray = described("Voxels per bin.", shape=(-1,))
    quantity: str = described("What is counted.")
    unit: str = described("Unit of the edges.")


@dataclass(frozen=True)
class VertebraResult:
    """All that was measured in one ROI.

    ``features`` holds the first-order features per map ("ff", "adc"); ``moved_rois`` the ROI on those maps that show the column elsewhere.
    """

    roi: VertebraROI = described(flat=True)
    measurements: Mapping[str, Measurement] = described("By index: ff, adc, dropout_ratio, r2star …")
    features: Mapping[str, Mapping[str, float]] = described("By quantity.", default_factory=dict)
    histograms: Mapping[str, Histogram] = described("By quantity.", default_factory=dict)
    findings: tuple[Finding, ...] = described("Doubts about this ROI.", default=(), earlier=("flags",))
    moved_rois: Mapping[str, VertebraROI] = described("The ROI by map, on maps that show the column elsewhere.", default_factory=dict)
